from openpyxl import Workbook

from odoo import fields, models

from odoo.addons.sales_force import workbook

_NUMBER, _PERCENT = "0.00", "0.0%"
WIDTH = 16


class SalesAppraisalAnalysis(models.AbstractModel):
    """The analysis as a workbook: a sheet for each part, and the cards themselves."""

    _inherit = "sales.appraisal.analysis"

    def _get_workbook(self, period=None, day=None, team_id=None):
        """
        :return: ``(name, bytes)``, of the company and in the language of the user
        :raise AccessError: see ``get_analysis``
        """
        data = self.get_analysis(period, day, team_id)
        book = Workbook()
        book.remove(book.active)
        for title, columns, rows in self._get_sheets(data):
            workbook.write_table(
                book.create_sheet(title),
                [(heading, WIDTH, number) for heading, _key, number in columns],
                ([row.get(key) for _heading, key, _number in columns] for row in rows),
            )
        name = self.env._("Score Analysis")
        if data["chosen"]:
            name = f"{name} {data['chosen']['name']}"
        return name, workbook.save(book)

    def _get_sheets(self, data):
        """``(title, [(heading, key, number format)], rows)`` of each sheet."""
        _ = self.env._
        name, count = (_("Name"), "name", None), (_("Cards"), "count", "0")
        mean, spread = (_("Mean"), "mean", _NUMBER), (_("Spread"), "spread", _NUMBER)
        verdict = (_("Finding"), "verdict", None)
        yield (
            _("Scorecards"),
            [
                (_("Rep"), "rep", None),
                (_("Team"), "team", None),
                (_("Score"), "score", _NUMBER),
                (_("Grade"), "grade", None),
                (_("Status"), "state", None),
            ],
            self._get_card_rows(data),
        )
        yield (
            _("Lines"),
            [
                name,
                count,
                mean,
                spread,
                (_("Points Left"), "lost", _NUMBER),
                (_("Correlation"), "rho", _NUMBER),
                (_("From"), "low", _NUMBER),
                (_("To"), "high", _NUMBER),
                (_("Pairs"), "pairs", "0"),
                verdict,
            ],
            [
                {
                    **kpi,
                    **(kpi["association"] or {}),
                    "count": kpi["count"],
                    "pairs": kpi["association"] and kpi["association"]["count"],
                }
                for kpi in data.get("kpis", [])
            ],
        )
        yield (
            _("Teams"),
            [
                name,
                count,
                mean,
                spread,
                (_("Lowest"), "lowest", _NUMBER),
                (_("Highest"), "highest", _NUMBER),
            ],
            data.get("teams", []),
        )
        yield (
            _("Managers"),
            [
                name,
                count,
                (_("Judgement"), "judgement", _NUMBER),
                (_("By the Facts"), "facts", _NUMBER),
                (_("Difference"), "difference", _NUMBER),
                (_("Against the Others"), "against", _NUMBER),
                spread,
                verdict,
            ],
            data.get("managers", []),
        )
        yield (
            _("Team Health"),
            [
                name,
                (_("People"), "heads", "0"),
                (_("Joined"), "joiners", "0"),
                (_("Left"), "leavers", "0"),
                (_("Turnover"), "turnover", _PERCENT),
                (_("Months to Target"), "ramp", "0.0"),
                (_("Not There Yet"), "ramp_open", "0"),
                (_("Attainment"), "attainment", _PERCENT),
                (_("Top Three of the Result"), "top_share", _PERCENT),
                (_("Top Three of the Target"), "top_of_target", _PERCENT),
            ],
            data.get("health", []),
        )

    def _get_card_rows(self, data):
        if not data["chosen"]:
            return []
        chosen = data["chosen"]
        cards = self.env["sales.scorecard"].search(
            self._get_domain(chosen["period"], data["team_id"])
            & fields.Domain("period_from", "=", chosen["period_from"]),
            order="score desc, id",
        )
        states = dict(cards._fields["state"]._description_selection(self.env))
        return [
            {
                "rep": card.rep_id.name,
                "team": card.team_id.name or "",
                "score": card.score,
                "grade": card.grade_id.name or "",
                "state": states[card.state],
            }
            for card in cards
        ]
