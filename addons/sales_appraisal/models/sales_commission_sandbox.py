import re
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..commission import credited
from ..scoring import periods as calendar
from ..scoring.periods import MONTHS

ROLES = (
    "sales_force.group_sales_operations,sales_force.group_sales_director,"
    "sales_force.group_sales_finance"
)
# What rules give by themselves. Holds, releases and what is taken back follow entries
# that were booked: of what would have been booked there are none.
COMPARED = ("earning", "override", "bonus", "floor")
# So many periods back there are to choose from.
PERIODS = 60
_SIDE = re.compile(r"(version|booked)-(\d{1,9})")


class Side(NamedTuple):
    """What is compared: what a version would pay, or what was booked of plans."""

    key: str
    name: str
    booked: bool
    #: the version; of what was booked all versions that have paid
    plans: Any
    currency: Any
    period: str


class SalesCommissionSandbox(models.AbstractModel):
    """What versions of plans would pay everybody for periods that are over, by the
    statements of a run, which are read and not written: two sides beside each other.

    Nothing is kept, not even for the next call: a screen asks period by period, and
    has what it got summed up.
    """

    _name = "sales.commission.sandbox"
    _description = "What a Commission Plan Would Have Paid"

    @api.model
    def _check_rights(self):
        """:raise AccessError: for who is neither operations, director nor finance"""
        if not self.env.su and not self.env.user.has_groups(ROLES):
            raise AccessError(
                self.env._(
                    "Sales operations, directors and finance compare commission plans."
                )
            )

    # What there is to compare

    @api.model
    @api.readonly
    def get_options(self, left=None, right=None):
        """What there is to choose from, and what is chosen.

        :param str left: ``version-<id>``, ``booked-<id of a first version>`` or
            ``booked-0``: of all plans; None: what fits the right side
        :param str right: ``version-<id>``; None: the last version in force
        :return: ``left`` and ``right`` (False where there is no plan), ``lefts`` and
            ``rights`` (``key``, ``name``), ``periods`` (``start``, ``name``), and
            ``first`` and ``last``: the starts of the year that ends with the last
            period that is over, of what was booked since something was
        :raise AccessError: see ``_check_rights``
        :raise UserError: where the arguments are none
        """
        self._check_rights()
        plan = self._get_version(right).plans if right else self._get_default()
        if not plan:
            return {"right": False}
        company = plan.company_id
        if left and self._parse(left)[1].exists().company_id not in (
            company,
            self.env["res.company"],
        ):
            left = None
        left = self._get_side(left or plan._get_compared(), company)
        right = self._get_side(f"version-{plan.id}", company)
        plans = self.env["sales.commission.plan"].search(
            [("company_id", "=", company.id)]
        )
        versions = [
            {"key": side.key, "name": side.name}
            for side in (self._make_version(one) for one in plans)
        ]
        booked = [self._make_booked(company)] + [
            self._make_booked(company, first)
            for first in plans.filtered(
                lambda one: not one.first_id and one.state != "draft"
            )
        ]
        self.env["sales.credit"]._process_pending()
        periods = self._get_periods(company, self._get_unit(left, right))
        over = [period for period in periods if period["over"]] or periods
        begun = self._get_begin(left)
        over = [period for period in over if period["start"] >= begun] or over[-1:]
        count = 12 // MONTHS[self._get_unit(left, right)]
        return {
            "left": left.key,
            "right": right.key,
            "lefts": [{"key": one.key, "name": one.name} for one in booked] + versions,
            "rights": versions,
            "periods": periods,
            "first": over[-count:][0]["start"] if over else False,
            "last": over[-1]["start"] if over else False,
        }

    def _get_default(self):
        """The version that is looked at first: in force, else a draft."""
        plans = self.env["sales.commission.plan"].search(
            [("company_id", "=", self.env.company.id)]
        )
        return (
            plans.filtered(lambda one: one.state == "published")
            or plans.filtered(lambda one: one.state == "draft")
            or plans
        )[:1]

    def _get_periods(self, company, unit):
        """The periods in which anything was sold, up to that of today."""
        metric = self.env["sales.metric"]._ids_by_code().get("INVOICED")
        [(first,)] = self.env.execute_query(
            SQL(
                """SELECT min(date) FROM sales_credit
                WHERE metric_id = %s AND company_id = %s""",
                metric,
                company.id,
            )
        )
        today = company._get_sales_today()
        if not first:
            return []
        ends = company._get_scorecard_year_end()
        return [
            {
                "start": str(start),
                # sudo: only the name of a period
                "name": company.sudo()._label_period(unit, start),
                "over": calendar.bounds(unit, start, ends)[1] < today,
            }
            for start in calendar.firsts(unit, first, today, ends)[-PERIODS:]
        ]

    def _get_begin(self, side):
        """The first period of which something was booked; empty: it does not matter."""
        if not side.booked:
            return ""
        [(first,)] = self.env.execute_query(
            SQL(
                """SELECT min(date_from) FROM sales_commission_statement
                WHERE plan_id = ANY(%s)""",
                side.plans.ids,
            )
        )
        return str(first or "")

    def _parse(self, key):
        found = _SIDE.fullmatch(key) if isinstance(key, str) else None
        if not found:
            raise UserError(self.env._("Compare what?"))
        return found[1], self.env["sales.commission.plan"].browse(int(found[2]) or [])

    def _get_version(self, key):
        side = self._get_side(key)
        if side.booked:
            raise UserError(self.env._("Compare what?"))
        return side

    def _get_side(self, key, company=None):
        """
        :param company: whose plan it must be
        :raise UserError: where it is none
        :raise AccessError: where the plan cannot be read
        """
        kind, plan = self._parse(key)
        if plan and not plan.exists():
            raise UserError(self.env._("This plan is no more."))
        plan.check_access("read")
        if company and plan and plan.company_id != company:
            raise UserError(self.env._("Compare plans of one company."))
        if kind == "version":
            if not plan:
                raise UserError(self.env._("Compare what?"))
            return self._make_version(plan)
        return self._make_booked(company or plan.company_id, plan)

    def _make_version(self, plan):
        name = plan.display_name
        if plan.state == "draft":
            name = self.env._("%(plan)s – draft", plan=name)
        return Side(
            f"version-{plan.id}", name, False, plan, plan.currency_id, plan.period
        )

    def _make_booked(self, company, first=None):
        model = self.env["sales.commission.plan"].with_context(active_test=False)
        if first:
            plans = first._get_live_versions()
            name = self.env._("Earned by %(plan)s", plan=first.name)
        else:
            plans = model.search(
                [("company_id", "=", company.id), ("state", "!=", "draft")]
            )
            name = self.env._("Earned by all plans")
        currencies = plans.currency_id
        return Side(
            f"booked-{first.id if first else 0}",
            name,
            True,
            plans,
            currencies if len(currencies) == 1 else company.currency_id,
            max(plans.mapped("period"), key=MONTHS.get, default="month"),
        )

    @staticmethod
    def _get_unit(left, right):
        """The longer one of two periods."""
        return max(left.period, right.period, key=MONTHS.get)

    def _get_pair(self, left, right):
        """:return: the sides, their company, and the currency of both"""
        self._check_rights()
        right = self._get_version(right)
        company = right.plans.company_id
        left = self._get_side(left, company)
        currency = left.currency
        if currency != right.currency:
            currency = company.currency_id
        return left, right, company, currency

    def _get_bounds(self, left, right, company, start):
        """The period of both sides that holds a day.

        :raise UserError: for what is no day, or has not begun
        """
        try:
            day = fields.Date.to_date(start)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("Which period?")) from error
        if not day or day > company._get_sales_today():
            raise UserError(self.env._("Which period?"))
        ends = company._get_scorecard_year_end()
        return calendar.bounds(self._get_unit(left, right), day, ends)

    # One period

    @api.model
    @api.readonly
    def get_period(self, left, right, start):
        """What both sides give everybody for one period, the longer one of theirs.

        Amounts are whole numbers of the smallest amount, see ``_get_places``, in the
        currency of both sides, else in the company's at the rates of documents' dates.

        :param left, right: see ``get_options``
        :param str start: a day of the period, not after today
        :return: ``start``, ``name``, ``rows`` (rep's id, left, right, sold; None who is
            not on the side), ``revenue`` (what they and everybody below invoiced),
            ``besides`` (``{subject: amount}`` booked and not compared) and ``others``
            (what other plans have paid the same people)
        :raise AccessError: see ``_check_rights``
        :raise UserError: where the arguments are none
        """
        left, right, company, currency = self._get_pair(left, right)
        start, stop = self._get_bounds(left, right, company, start)
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        amounts = [self._read(side, start, stop, currency) for side in (left, right)]
        reps = sorted({*amounts[0], *amounts[1]})
        sold = self._read_sold(company, reps, start, stop, currency)

        def whole(amount):
            return None if amount is None else self._get_whole(amount, currency)

        besides, others = {}, Decimal(0)
        if left.booked:
            besides = self._read_besides(left, start, stop, currency)
            others = self._read_others(left, company, reps, start, stop, currency)
        return {
            "start": str(start),
            # sudo: only the name of a period
            "name": company.sudo()._label_period(self._get_unit(left, right), start),
            "rows": [
                [
                    rep,
                    *(whole(side.get(rep)) for side in amounts),
                    whole(sold.get(rep, Decimal(0))),
                ]
                for rep in reps
            ],
            "revenue": whole(
                sum(sold.values())
                + self._read_below(company, reps, start, stop, currency)
            ),
            "besides": {subject: whole(value) for subject, value in besides.items()},
            "others": whole(others),
        }

    @staticmethod
    def _get_places(currency):
        """Decimals of what is paid: limits and bonuses have two in any currency."""
        return max(currency.decimal_places, 2)

    def _get_whole(self, amount, currency):
        shifted = Decimal(amount).scaleb(self._get_places(currency))
        return int(shifted.to_integral_value(ROUND_HALF_UP))

    def _read(self, side, start, stop, currency):
        """``{rep's id: Decimal}`` of everybody on a side, who gets nothing too."""
        if side.booked:
            return self._read_booked(side, start, stop, currency)
        found = defaultdict(Decimal)
        plan = self._get_tried(side)
        for first, last in self._get_parts(plan, start, stop):
            for rep, amount in self._read_version(plan, first, last, currency).items():
                found[rep] += amount
        return found

    @staticmethod
    def _get_tried(side):
        """The version, as if no statement was closed."""
        # sudo: targets and cards are read as by a run; who asks was checked
        return side.plans.sudo().with_context(sales_as_open=True)

    @staticmethod
    def _get_parts(plan, start, stop):
        """The plan's periods that begin on some days."""
        ends = plan.company_id._get_scorecard_year_end()
        return [
            plan._get_bounds(first)
            for first in calendar.firsts(plan.period, start, stop, ends)
            if first >= start
        ]

    def _read_version(self, plan, start, stop, currency):
        """What a version gives for one of its periods."""
        members = plan._get_members(start, stop)
        found = dict.fromkeys((rep for rep, _first, _last in members), Decimal(0))
        if not members:
            return found
        value = self._convert(SQL("l.amount"), plan, plan.currency_id, currency, "l")
        for rule in plan.rule_ids:
            lines = rule._select_lines(start, stop, members, list(found))
            for subject in lines.keys() & set(COMPARED):
                for rep, amount in self.env.execute_query(
                    SQL(
                        "SELECT rep_id, sum(%s)::text FROM (%s) l GROUP BY rep_id",
                        value,
                        lines[subject],
                    )
                ):
                    found[rep] += Decimal(amount)
        return found

    @staticmethod
    def _convert(value, plan, source, currency, alias):
        """Money of a currency in another one, at the rate of its own date."""
        if source == currency:
            return value
        date = SQL.identifier(alias, "date")
        return credited.converted(value, plan.company_id, currency, date, source)

    def _read_booked(self, side, start, stop, currency):
        """What runs have booked of some periods, later corrections too."""
        found = {
            rep: Decimal(0)
            for (rep,) in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT rep_id FROM sales_commission_statement
                    WHERE plan_id = ANY(%s) AND date_from BETWEEN %s AND %s""",
                    side.plans.ids,
                    start,
                    stop,
                )
            )
        }
        for rep, _subject, amount in self._read_entries(
            side.plans,
            SQL("subject = ANY(%s)", list(COMPARED)),
            start,
            stop,
            currency,
        ):
            found[rep] = found.get(rep, Decimal(0)) + amount
        return found

    def _read_entries(self, plans, condition, start, stop, currency):
        """``(rep's id, subject, Decimal)`` of what is booked of some periods."""
        for source in plans.currency_id:
            rules = plans.filtered(
                lambda one, source=source: one.currency_id == source
            ).rule_ids
            value = self._convert(SQL("e.amount"), plans[:1], source, currency, "e")
            for rep, subject, amount in self.env.execute_query(
                SQL(
                    """SELECT e.rep_id, e.subject, sum(%s)::text
                    FROM sales_commission_entry e
                    WHERE e.rule_id = ANY(%s) AND e.period_from BETWEEN %s AND %s
                        AND %s
                    GROUP BY e.rep_id, e.subject""",
                    value,
                    rules.ids,
                    start,
                    stop,
                    condition,
                )
            ):
                yield rep, subject, Decimal(amount)

    def _read_besides(self, side, start, stop, currency):
        """What is booked for the same periods and cannot be compared, by subject."""
        found = defaultdict(Decimal)
        for _rep, subject, amount in self._read_entries(
            side.plans,
            SQL("subject <> ALL(%s)", list(COMPARED)),
            start,
            stop,
            currency,
        ):
            found[subject] += amount
        return found

    def _read_others(self, side, company, reps, start, stop, currency):
        """What plans that are not compared have paid the same people."""
        plans = self._make_booked(company).plans - side.plans
        return sum(
            (
                amount
                for _rep, _subject, amount in self._read_entries(
                    plans,
                    SQL("rep_id = ANY(%s) AND subject = ANY(%s)", reps, list(COMPARED)),
                    start,
                    stop,
                    currency,
                )
            ),
            Decimal(0),
        )

    def _select_invoiced(self, company, start, stop, currency):
        """``(value in a currency, conditions)`` of what was invoiced, as SQL."""
        value = SQL("c.value")
        if currency != company.currency_id:
            value = credited.converted(value, company, currency)
        return value, SQL(
            """c.metric_id = %s AND c.company_id = %s AND c.date BETWEEN %s AND %s
            AND NOT c.overlay""",
            self.env["sales.metric"]._ids_by_code().get("INVOICED"),
            company.id,
            start,
            stop,
        )

    def _read_sold(self, company, reps, start, stop, currency):
        """What each rep has invoiced, without overlays."""
        value, condition = self._select_invoiced(company, start, stop, currency)
        return {
            rep: Decimal(amount)
            for rep, amount in self.env.execute_query(
                SQL(
                    """SELECT c.rep_id, sum(%s)::text FROM sales_credit c
                    WHERE %s AND c.rep_id = ANY(%s) GROUP BY c.rep_id""",
                    value,
                    condition,
                    reps,
                )
            )
        }

    def _read_below(self, company, reps, start, stop, currency):
        """What everybody below reps has invoiced besides them."""
        value, condition = self._select_invoiced(company, start, stop, currency)
        members = [(rep, start, stop) for rep in reps]
        [(amount,)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(sum(%(value)s), 0)::text FROM sales_credit c
                WHERE %(condition)s AND c.rep_id <> ALL(%(reps)s) AND EXISTS (
                    SELECT FROM (%(below)s) p WHERE p.credited_id = c.rep_id
                        AND c.date BETWEEN p.date_from AND p.date_to
                )""",
                value=value,
                condition=condition,
                reps=reps,
                below=credited.below(members, company.id, (1, 20)),
            )
        )
        return Decimal(amount)
