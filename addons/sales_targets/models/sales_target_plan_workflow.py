"""From a draft to what was achieved: a plan is divided, published, committed."""

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from .. import asked


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def action_decompose(self):
        """Divide the target over territories, teams, reps and months.

        What is locked stays; the same input gives the same result. Of a running plan
        the months that are over stay as they are.

        :return: the board of a single plan, as an action
        :raise UserError: when locks and guardrails cannot be met together: naming what
            is in the way and how much; then nothing is saved
        """
        for plan in self:
            plan._check_planner()
            if plan.state == "closed":
                raise UserError(self.env._("%(plan)s is closed.", plan=plan.name))
            plan._decompose(self.env._("Divided again"))
        return self.action_open_board() if len(self) == 1 else True

    def action_publish(self):
        """Show everybody the proposed target, and ask for the answer."""
        for plan in self:
            plan._check_planner()
            if plan.state != "draft":
                raise UserError(
                    self.env._("%(plan)s is published already.", plan=plan.name)
                )
            if not plan.target_ids:
                plan._decompose()
            plan._check_whole()
            plan.sudo().state = "proposed"  # sudo: stamped by the system
            self.env["sales.target.version"]._open(plan, self.env._("Published"))
            self.env["sales.target.day"]._derive(plan)
            plan._get_leaves()._ask()
        return True

    def action_commit(self):
        """The targets hold; a period that has begun runs.

        :raise UserError: while counter-proposals are open
        """
        for plan in self:
            plan._check_planner()
            if plan.state != "proposed":
                raise UserError(self.env._("%(plan)s is not proposed.", plan=plan.name))
            if plan.countered_count:
                raise UserError(
                    self.env._(
                        "%(plan)s has %(count)s counter-proposals that are not "
                        "answered: accept them or keep the target.",
                        plan=plan.name,
                        count=plan.countered_count,
                    )
                )
            plan.sudo().state = "committed"  # sudo: stamped by the system
            plan._keep_drivers()
            plan._get_leaves()._stop_asking()
        self._start()
        return True

    def action_close(self):
        """Nothing changes any more; what was achieved is kept with the targets."""
        for plan in self:
            plan._check_planner()
            if plan.state not in ("committed", "running"):
                raise UserError(self.env._("Only a plan that runs can be closed."))
            if plan.date_to >= plan.company_id._get_sales_today():
                raise UserError(
                    self.env._(
                        "%(plan)s runs until %(date)s.",
                        plan=plan.name,
                        date=format_date(self.env, plan.date_to),
                    )
                )
            plan.target_ids._keep_achieved()
            plan.sudo().state = "closed"  # sudo: stamped by the system
        return True

    def action_open_targets(self):
        """The tree of targets."""
        asked.one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_action"
        )
        return {**action, "domain": [("plan_id", "=", self.id)]}

    def action_import(self):
        """The plan as a spreadsheet, and back."""
        asked.one(self)
        self.check_access("read")
        wizard = self.env["sales.target.import"].create({"plan_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Targets in Excel"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_open_versions(self):
        asked.one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_targets.sales_target_version_action"
        )
        return {**action, "domain": [("plan_id", "=", self.id)]}

    def _check_planner(self):
        """:raise AccessError: for who does not plan for the company"""
        self.check_access("write")
        if not self.env.su and not any(
            self.env.user.has_group(group)
            for group in (
                "sales_force.group_sales_director",
                "sales_force.group_sales_operations",
            )
        ):
            raise AccessError(
                self.env._("Directors and sales operations plan for the company.")
            )

    def _check_whole(self):
        """:raise UserError: when the tree is not the plan's value any more"""
        self.ensure_one()
        root = self._get_root()
        if self._to_units(root.value) != self._to_units(self.value):
            raise UserError(
                self.env._(
                    "%(plan)s was changed since it was divided: divide it again.",
                    plan=self.name,
                )
            )

    def _get_root(self):
        return self.env["sales.target"].search(
            [
                ("plan_id", "=", self.id),
                ("level", "=", "company"),
                ("period", "=", "total"),
            ]
        )

    def _get_leaves(self):
        """The reps' totals."""
        return self.env["sales.target"].search(
            [
                ("plan_id", "in", self.ids),
                ("level", "=", "rep"),
                ("period", "=", "total"),
            ]
        )

    def _start(self):
        """Committed plans whose period has begun run."""
        for plan in self:
            if (
                plan.state == "committed"
                and plan.date_from <= plan.company_id._get_sales_today()
            ):
                plan.sudo().state = "running"  # sudo: stamped by the system

    @api.model
    def _cron_start(self):
        """Hourly: a day begins at another hour in each timezone."""
        self.search([("state", "=", "committed")])._start()
