"""Reps whose place has changed, and whose targets nobody has transferred."""

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from .. import asked
from .sales_target_board import COMPANY_PLANNERS


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    unsettled_count = fields.Integer(
        "Staff Changes",
        compute="_compute_unsettled_count",
        help="Reps who left, moved or came, whose targets nobody has transferred.",
    )

    def _compute_unsettled_count(self):
        for plan in self:
            plan.unsettled_count = len(plan._get_unsettled())

    def _get_unsettled(self):
        """Reps whose place has changed: ``[(kind, rep's id)]``.

        With as many queries for any number of them.
        """
        self.ensure_one()
        if self.state not in ("committed", "running"):
            return []
        today = self.company_id._get_sales_today()
        # Who left this month keeps it: what is after it, or after the first one.
        later = max(today, self.date_from) + relativedelta(day=1, months=1)
        placed = {
            key: (rep, carries)
            for key, rep, carries in self.env.execute_query(
                SQL(
                    """SELECT key, rep_id, bool_or(value <> 0 AND date_from >= %s
                        AND period = 'month')
                    FROM sales_target WHERE plan_id = %s AND level = 'rep'
                    GROUP BY key, rep_id""",
                    later,
                    self.id,
                )
            )
        }
        here = {
            key: node.res_id
            for key, node in self._build_current().items()
            if node.level == "rep"
        }
        came = {rep for key, rep in here.items() if key not in placed}
        left = {
            rep for key, (rep, carries) in placed.items() if carries and key not in here
        }
        return [
            ("move" if rep in left and rep in came else kind, rep)
            for kind, reps in (("leave", left), ("join", came - left))
            for rep in sorted(reps)
        ]

    def _get_planned_reps(self):
        """The ids of the reps for whom the user plans: all, or who is below."""
        reps = self.env["sales.rep"].with_context(active_test=False)
        domain = [("company_id", "=", self.company_id.id)]
        if not self.env.su and not any(map(self.env.user.has_group, COMPANY_PLANNERS)):
            domain.append(("id", "child_of", self.env.user.sales_rep_ids.ids))
        return set(reps.search(domain)._ids)

    def action_open_transfers(self):
        """Staff changes: a draft for each that nobody has settled."""
        asked.one(self)
        self.check_access("read")
        # Two clicks at once: the second finds what the first has made.
        self._lock_plan()
        transfers = self.env["sales.target.transfer"]
        drafts = transfers.search([("plan_id", "=", self.id), ("state", "=", "draft")])
        if transfers.has_access("create"):
            planned = self._get_planned_reps()
            transfers.create(
                [
                    {
                        "plan_id": self.id,
                        "rep_id": rep,
                        "kind": kind,
                        "destination": "along" if kind == "move" else "heirs",
                        "date_from": self.company_id._get_sales_today(),
                    }
                    for kind, rep in self._get_unsettled()
                    if rep in planned and rep not in drafts.rep_id.ids
                ]
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_transfer_action"
        )
        return {
            **action,
            "domain": [("plan_id", "=", self.id)],
            "context": {"default_plan_id": self.id},
        }
