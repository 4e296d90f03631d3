from decimal import Decimal

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..commission import credited

ROLES = "sales_force.group_sales_operations,sales_force.group_sales_director"


class SalesCommissionSandbox(models.AbstractModel):
    """What a version would pay everybody for a past period, by the statements of a run,
    which are read and not written.

    Before holds, releases and claw-backs: those follow entries that were booked.
    """

    _name = "sales.commission.sandbox"
    _description = "What a Commission Plan Would Have Paid"

    @api.model
    def _check_rights(self):
        """:raise AccessError: for users who are neither operations nor directors"""
        if not self.env.su and not self.env.user.has_groups(ROLES):
            raise AccessError(
                self.env._("Sales operations and directors try plans on the past.")
            )

    @api.model
    def _get_period(self, plan, day):
        """What a version gives for the period that holds a day, and what was got.

        :return: ``{rep's id: (would be paid, got, invoiced)}``: Decimals, the first
            two in the plan's currency, the last in the company's
        :raise AccessError: see ``_check_rights``
        """
        self._check_rights()
        plan.check_access("read")
        # sudo: targets and cards are read as by a run; who asks was checked
        plan = plan.sudo()
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        start, stop = plan._get_bounds(day)
        members = plan._get_members(start, stop)
        reps = sorted({rep for rep, _first, _last in members})
        if not reps:
            return {}
        paid = dict.fromkeys(reps, Decimal(0))
        for rule in plan.rule_ids:
            for select in rule._select_lines(start, stop, members, reps).values():
                for rep, amount in self.env.execute_query(
                    SQL(
                        "SELECT rep_id, sum(amount) FROM (%s) l GROUP BY rep_id",
                        select,
                    )
                ):
                    paid[rep] += Decimal(amount)
        got = self._read_got(plan, start, reps)
        invoiced = self._read_invoiced(plan, members)
        zero = Decimal(0)
        return {
            rep: (amount, got.get(rep, zero), invoiced.get(rep, zero))
            for rep, amount in paid.items()
        }

    def _read_got(self, plan, start, reps):
        """Earnings, overrides, bonuses and minimums that are booked of a period."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT rep_id, sum(amount) FROM sales_commission_entry
                    WHERE rep_id = ANY(%s) AND company_id = %s AND period_from = %s
                        AND currency_id = %s
                        AND subject IN ('earning', 'override', 'bonus', 'floor')
                    GROUP BY rep_id""",
                    reps,
                    plan.company_id.id,
                    start,
                    plan.currency_id.id,
                )
            )
        )

    def _read_invoiced(self, plan, members):
        """What the same people invoiced on the same days, without overlays."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT p.rep_id, sum(c.value) FROM (%s) p
                    JOIN sales_credit c ON c.rep_id = p.credited_id
                        AND c.date BETWEEN p.date_from AND p.date_to
                        AND NOT c.overlay AND c.company_id = %s
                    JOIN sales_metric m ON m.id = c.metric_id AND m.code = 'INVOICED'
                    GROUP BY p.rep_id""",
                    credited.own(members),
                    plan.company_id.id,
                )
            )
        )
