"""One core goal at a time, which fits the stage of the market."""

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools.misc import format_date

from odoo.addons.sales_force.locking import write_lock

# What a company asks for in each stage of its market, by metric.
STAGE_METRICS = {
    "growth": ("ORDERED", "INVOICED", "COLLECTED"),
    "maturity": ("MARGIN",),
    "leadership": ("MARKET_SHARE",),
}


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    @api.constrains("kind", "stage", "metric_id", "stage_reason")
    def _check_stage(self):
        for plan in self.filtered(lambda plan: plan.kind == "core"):
            metrics = self.env["sales.metric"].search(
                [("code", "in", STAGE_METRICS.get(plan.stage, ()))]
            )
            fitting = metrics._get_parts() | metrics
            if plan.metric_id not in fitting:
                raise ValidationError(
                    self.env._(
                        "In the stage “%(stage)s” the core goal is one of: "
                        "%(metrics)s. Choose another stage, or make %(metric)s a "
                        "supporting goal.",
                        stage=dict(
                            plan._fields["stage"]._description_selection(self.env)
                        ).get(plan.stage, ""),
                        metrics=", ".join(metrics.mapped("name")),
                        metric=plan.metric_id.name,
                    )
                )
            if not plan.stage_reason:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: say why the market is in this stage.", plan=plan.name
                    )
                )

    @api.constrains("kind", "date_from", "date_to", "company_id", "top_rep_id", "state")
    def _check_one_core(self):
        """One core goal for a unit and all below it, at any time."""
        core = self.filtered(lambda plan: plan.kind == "core")
        if not core:
            return
        # Two plans at once would not see each other: the second is run again.
        write_lock(core.company_id)
        for plan in core:
            # sudo: a plan that one does not see is in the way all the same
            for other in self.sudo().search(
                [
                    ("id", "!=", plan.id),
                    ("kind", "=", "core"),
                    ("company_id", "=", plan.company_id.id),
                    ("date_from", "<=", plan.date_to),
                    ("date_to", ">=", plan.date_from),
                ]
            ):
                if plan._meets(other):
                    raise ValidationError(
                        self.env._(
                            "“%(other)s” is the core goal of %(unit)s from %(start)s "
                            "to %(stop)s already. Several equal goals are none: make "
                            "this one a supporting goal.",
                            other=other.name,
                            unit=other.top_rep_id.name or other.company_id.name,
                            start=format_date(self.env, other.date_from),
                            stop=format_date(self.env, other.date_to),
                        )
                    )

    def _meets(self, other):
        """Whether two plans are for people of the same branch."""
        # sudo: only whether one is above the other
        mine, theirs = self.sudo().top_rep_id, other.sudo().top_rep_id
        if not mine or not theirs:
            return True
        return mine.parent_path.startswith(theirs.parent_path) or (
            theirs.parent_path.startswith(mine.parent_path)
        )
