"""Reps whose place has changed, and whose targets nobody has transferred."""

from odoo import fields, models

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
        """Reps whose place has changed: ``[(kind, rep's id)]``."""
        self.ensure_one()
        if self.state not in ("committed", "running"):
            return []
        rows = self._read_rows()
        nodes = self._build_tree(rows)
        first = self._get_months()[self._count_frozen(self._get_months()) :]
        left, came = set(), set()
        for key, node in nodes.items():
            if node.level != "rep":
                continue
            if key not in rows:
                came.add(node.res_id)
            elif node.former and any(
                rows[key][month]["value"] for month in first[1:] if month in rows[key]
            ):
                left.add(node.res_id)
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
        self.ensure_one()
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
