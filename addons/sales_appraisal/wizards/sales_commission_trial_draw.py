from odoo import models

from ..commission import draws, owed
from ..models.sales_commission_rule import exact


class SalesCommissionTrial(models.TransientModel):
    """What would be guaranteed, advanced or given back of what the rules would pay.

    Beginning with what the rep owes by the plan's versions in force.
    """

    _inherit = "sales.commission.trial"

    def _try(self):
        tried = super()._try()
        # sudo: agreements and entries are read as by a run; who tries was checked
        plan = self.plan_id.sudo()
        if not plan.rule_ids._get_advances():
            return tried
        bounds, rep = (self.date_from, self.date_to), self.rep_id._origin
        statements = self.env["sales.commission.statement"].sudo()  # sudo: as above
        balances = {}
        if "draw" in plan.rule_ids.mapped("kind"):
            rule_ids = plan._get_live_versions().rule_ids.ids
            query = owed.before(rule_ids, self.date_from, rep.ids)
            balances = statements._read_decimals(query)
        forgiven = statements.env["sales.commission.forgiveness"]._get_forgiven(
            plan, rep.ids, bounds
        )
        earned = sum((exact(rule["amount"], 6) for rule in tried), draws.ZERO)
        members = plan._get_members(*bounds, rep)
        periods = plan._get_draw_periods(bounds, members, {rep.id: earned}, forgiven)
        lines = statements._get_draw_lines(plan, bounds, periods, balances, forgiven)
        return [
            self._try_advance(rule, found, lines[rule.kind])
            if rule.kind in lines
            else found
            for rule, found in zip(plan.rule_ids, tried, strict=True)
        ]

    def _try_advance(self, rule, found, lines):
        """What a guarantee or a draw gives, as ``_try_rule``."""
        rows = [
            {
                **{"subject": subject, "source": row[1], "res_model": row[2]},
                **{"res_id": row[3], "date": row[4], "base": float(row[5])},
                **{"position": float(row[6]), "amount": float(row[7])},
                **{"scope_id": 0, "part": 0},
                **{"metric_id": None, "user_id": 0, "overlay": False},
                **{"partner_id": None, "factor": None},
            }
            for subject, subject_rows in lines.items()
            for row in subject_rows
        ]
        return {
            **found,
            "amount": sum(row["amount"] for row in rows),
            "count": len(rows),
            "lines": self._name_lines(rule, rows),
        }
