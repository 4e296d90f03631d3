from collections import defaultdict
from operator import itemgetter

from openpyxl import Workbook

from odoo import models

from .. import workbook
from .sales_home import CREDITED

_WIDE, _NARROW = 34, 17
_NUMBERS = {"money": "#,##0.00", "count": "#,##0"}
_PERCENT = "0.0%"
_BEFORE = "_last_year"


class SalesHome(models.AbstractModel):
    """The home as a workbook: as it is shown, by person, by department, the ranking.

    What was credited is of the manager of its day, as in the analysis of departments;
    what stands today is of today's manager. Either adds up to the figures.
    """

    _inherit = "sales.home"

    def _get_workbook(self, period="month"):
        """
        :return: ``(name, bytes)``, of the current company and in the user's language
        :raise AccessError, UserError: see ``get_home``
        """
        data = self.get_home(period)
        people, departments, managers = self._read_parts(period)
        book = Workbook()
        book.remove(book.active)
        for title, columns, rows in (
            self._get_sheet_figures(data),
            self._get_sheet_people(data, people, managers),
            self._get_sheet_departments(data, departments),
            self._get_sheet_ranking(period),
        ):
            workbook.write_table(book.create_sheet(title), columns, rows)
        rows = book.worksheets[0].iter_rows(min_row=2, min_col=2, max_col=3)
        for figure, cells in zip(data["figures"], rows, strict=True):
            for cell in cells:
                cell.number_format = _NUMBERS[figure["unit"]]
        name = self.env._(
            "Home %(company)s %(day)s",
            company=self.env.company.name,
            day=self.env.company._get_sales_today(),
        )
        return name, workbook.save(book)

    def _read_parts(self, period):
        """What the figures are made of, by their codes.

        :return: ``{user id: {code: value}}``, ``{manager id: {code: value}}`` and
            today's managers ``{user id: sales.rep}``
        """
        # sudo: a salesperson's manager is no secret to who may read the figures
        reps = self.env["sales.rep"].sudo().with_context(active_test=False)
        managers = {
            rep.user_id.id: rep.parent_id
            for rep in reps.search([("company_id", "=", self.env.company.id)])
        }
        people = defaultdict(lambda: defaultdict(float))
        departments = defaultdict(lambda: defaultdict(float))

        def add(user, manager, code, value):
            for part in (people[user.id], departments[manager.id]):
                part[code] = self.env.company.currency_id.round(part[code] + value)

        spans = self._get_spans(period)
        metrics = self.env["sales.metric"].search([("code", "in", CREDITED)])
        for suffix, span in (("", spans.current), (_BEFORE, spans.last_year)):
            for metric, user, manager, value in self.env["sales.credit"]._read_group(
                self._domain_credits(span, metrics),
                ["metric_id", "user_id", "manager_id"],
                ["value:sum"],
            ):
                add(user, manager, metric.code + suffix, value or 0.0)
        for code, figure in self._get_figures().items():
            for user, value in self.env[figure.model]._read_group(
                figure.domain, ["user_id"], [figure.aggregate]
            ):
                add(user, managers.get(user.id, reps), code, value or 0.0)
        return people, departments, managers

    def _get_sheet_figures(self, data):
        _ = self.env._
        columns = [
            (_("Name"), _WIDE, None),
            (_("Value"), _NARROW, None),
            (_("Same Days Last Year"), _NARROW, None),
            (_("Change"), _NARROW, _PERCENT),
            (_("Detail"), _WIDE, None),
        ]
        rows = []
        for figure in data["figures"]:
            value, before = figure["value"], figure["last_year"]
            change = (value - before) / abs(before) if before else None
            rows.append([figure["name"], value, before, change, figure["detail"]])
        return _("Figures"), columns, rows

    def _get_sheet_people(self, data, people, managers):
        _ = self.env._
        columns, codes = self._get_columns(data)
        names = self._get_names("res.users", people)
        rows = [
            [
                names.get(user, _("Nobody")),
                managers[user].name or None if user in managers else None,
                *(values.get(code, 0.0) for code in codes),
            ]
            for user, values in people.items()
        ]
        headings = [(_("Salesperson"), _WIDE, None), (_("Department"), _WIDE, None)]
        return _("People"), headings + columns, sorted(rows, key=itemgetter(0))

    def _get_sheet_departments(self, data, departments):
        _ = self.env._
        columns, codes = self._get_columns(data)
        names = self._get_names("sales.rep", departments)
        rows = [
            [
                names.get(manager, _("None")),
                *(values.get(code, 0.0) for code in codes),
            ]
            for manager, values in departments.items()
        ]
        headings = [(_("Department"), _WIDE, None)]
        return _("Departments"), headings + columns, sorted(rows, key=itemgetter(0))

    def _get_names(self, model, ids):
        # sudo: names alone, as any analysis shows them of its groups
        records = self.env[model].sudo().browse(filter(None, ids))
        return {record.id: record.name for record in records}

    def _get_columns(self, data):
        """A column for each figure, and for its year before where it has one."""
        columns, codes = [], []
        for figure in data["figures"]:
            number = _NUMBERS[figure["unit"]]
            columns.append((figure["name"], _NARROW, number))
            codes.append(figure["code"])
            if figure["last_year"] is not None:
                name = self.env._("%(figure)s Last Year", figure=figure["name"])
                columns.append((name, _NARROW, number))
                codes.append(figure["code"] + _BEFORE)
        return columns, codes

    def _get_sheet_ranking(self, period):
        _ = self.env._
        columns = [
            (_("Rank"), 8, None),
            (_("Rep"), _WIDE, None),
            (_("Ordered"), _NARROW, _NUMBERS["money"]),
        ]
        rows = [[x["rank"], x["name"], x["value"]] for x in self._read_ranking(period)]
        return _("Ranking"), columns, rows
