from odoo import api, fields, models
from odoo.exceptions import AccessError

LEVEL_NAMES = [
    ("company", "Company"),
    ("territory", "Territory"),
    ("team", "Team"),
    ("rep", "Rep"),
    ("holding", "Holding line"),
]
ANSWERS = [
    ("none", "Not answered"),
    ("accepted", "Accepted"),
    ("countered", "Counter-proposal"),
    ("settled", "Settled"),
]
HELD = [
    ("year", "Locked"),
    ("least", "Growth at least"),
    ("most", "Growth at most"),
]
# Who sees more than an own number.
FOLLOWER_GROUPS = (
    "sales_force.group_sales_leader,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)


class SalesTarget(models.Model):
    """What a company, territory, team or rep is to achieve: in all, or in a month.

    A node of the tree has a row for the whole period (``total``) and one for each
    month; months sum to the total, and the children's values to what is assigned, in
    every month and in total. In company currency, or a count, as the metric says.
    Rows are written by the plan only.
    """

    _name = "sales.target"
    _description = "Target"
    _order = "plan_id, period desc, key, date_from"
    _rec_name = "name"
    _log_access = False

    plan_id = fields.Many2one(
        "sales.target.plan", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    metric_id = fields.Many2one(related="plan_id.metric_id")
    plan_state = fields.Selection(related="plan_id.state", string="Plan Status")
    key = fields.Char(required=True, readonly=True, help="The path from the company.")
    parent_id = fields.Many2one(
        "sales.target",
        "Above",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Of the same month, or in total.",
    )
    total_id = fields.Many2one(
        "sales.target",
        "Total",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    month_ids = fields.One2many("sales.target", "total_id", "Months")
    child_ids = fields.One2many("sales.target", "parent_id", "Below")
    period = fields.Selection(
        [("total", "In total"), ("month", "Month")], required=True, readonly=True
    )
    level = fields.Selection(LEVEL_NAMES, required=True, readonly=True)
    rep_id = fields.Many2one(
        "sales.rep",
        "Responsible",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Whose target it is; of a team or territory, who leads all its reps.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, ondelete="restrict"
    )
    territory_id = fields.Many2one(
        "sales.territory", readonly=True, ondelete="restrict"
    )
    name = fields.Char(compute="_compute_name")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)

    value = fields.Float("Target", digits=(16, 2), readonly=True)
    assigned_value = fields.Float(
        "Assigned Below",
        digits=(16, 2),
        readonly=True,
        help="What those below answer for together: the target and the hedge.",
    )
    baseline = fields.Float(
        "Year Before",
        digits=(16, 2),
        readonly=True,
        help="Of the same period of the year before.",
    )
    baseline_known = fields.Boolean(
        readonly=True, help="Whether there was anybody the year before."
    )
    growth = fields.Float(
        "Growth (%)", compute="_compute_growth", digits=(16, 1), aggregator=None
    )
    locked = fields.Boolean(readonly=True, help="It stays; the others take the rest.")
    # Of the total only
    share = fields.Float(
        "Share (%)",
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        groups=FOLLOWER_GROUPS,
        help="Of what is assigned by the node above, by the weights.",
    )
    held = fields.Selection(
        HELD, "Held By", readonly=True, help="What decided instead of the weights."
    )
    basis = fields.Json(readonly=True, help="What each weight is based on.")
    why = fields.Text("Why This Number", compute="_compute_why")
    active_from = fields.Date(
        readonly=True, help="The first day on which a rep's credits count here."
    )
    active_to = fields.Date(
        readonly=True,
        help="The last day; the rep has moved or left since. Empty: still here.",
    )
    manual_weight = fields.Float(
        readonly=True,
        digits=(16, 2),
        help="The weight by hand, in proportion to the siblings'; 0: not said.",
    )
    answer = fields.Selection(ANSWERS, readonly=True)
    answer_date = fields.Date("Answered On", readonly=True)
    proposed_value = fields.Float("Proposed Instead", digits=(16, 2), readonly=True)
    answer_reason = fields.Text("Reason", readonly=True)
    is_mine = fields.Boolean(compute="_compute_is_mine")

    _key_uniq = models.UniqueIndex("(plan_id, key, period, date_from)")
    _period_idx = models.Index("(plan_id, period, level)")

    @api.depends("level", "rep_id.name", "team_id.name", "territory_id.name")
    def _compute_name(self):
        for target in self:
            named = {
                "company": target.company_id,
                "territory": target.territory_id,
                "team": target.team_id,
                "rep": target.rep_id,
            }.get(target.level or "company")
            target.name = (
                # sudo: who may read a target may know whose it is
                self.env._("Holding line") if named is None else named.sudo().name
            )

    @api.depends("value", "baseline", "baseline_known")
    def _compute_growth(self):
        for target in self:
            known = target.baseline_known and target.baseline > 0
            target.growth = (
                100 * (target.value / target.baseline - 1) if known else False
            )

    @api.depends_context("uid")
    @api.depends("rep_id")
    def _compute_is_mine(self):
        mine = self.env.user.sales_rep_ids
        for target in self:
            target.is_mine = target.rep_id in mine

    @api.depends("basis", "share", "held", "value", "locked", "level")
    def _compute_why(self):
        """One line in words and figures: weights, hedge, guardrail, lock, rounding."""
        for target in self:
            target.why = target._explain() if target.period == "total" else False

    def _explain(self):
        _ = self.env._
        plan, above = self.plan_id, self.parent_id
        if not self.key or "/" not in self.key:
            return _(
                "The plan's target, over %(months)s months.",
                months=len(plan._get_months()) if plan.date_from else 0,
            )
        # sudo: a number is explained by the one above, which need not be shown
        assigned = above.sudo().assigned_value
        number = self.env["ir.qweb.field.float"].value_to_html
        parts = []
        if self.held == "year":
            parts.append(_("locked at this value"))
        else:
            for name, found in (self.basis or {}).items():
                value, share = found
                label = plan._fields[f"weight_{name}"]._description_string(self.env)
                weight = plan[f"weight_{name}"]
                if value is None:
                    parts.append(
                        _(
                            "%(label)s not known: %(share)s %% as the average "
                            "(weight %(weight)s)",
                            label=label,
                            share=number(share, {"precision": 1}),
                            weight=number(weight, {"precision": 0}),
                        )
                    )
                else:
                    parts.append(
                        _(
                            "%(label)s %(value)s: %(share)s %% (weight %(weight)s)",
                            label=label,
                            value=number(value, {"precision": 0}),
                            share=number(share, {"precision": 1}),
                            weight=number(weight, {"precision": 0}),
                        )
                    )
            if not parts:
                parts.append(_("the same as its siblings"))
        if self.held in ("least", "most"):
            limit = plan.growth_min if self.held == "least" else plan.growth_max
            parts.append(
                _(
                    "growth limited to %(limit)s %% against %(baseline)s",
                    limit=number(limit, {"precision": 0}),
                    baseline=number(self.baseline, {"precision": 0}),
                )
            )
        parts = ", ".join(parts)
        if not above.has_access("read"):
            # Reps see their own number: with its share the sum above would be known.
            return _(
                "By weight: %(parts)s; rounded to %(unit)s.",
                parts=parts,
                unit=plan.unit,
            )
        return _(
            "%(share)s %% of what is assigned (%(assigned)s): %(parts)s; rounded to "
            "%(unit)s.",
            share=number(
                100 * self.value / assigned if assigned else 0, {"precision": 1}
            ),
            assigned=number(assigned, {"precision": 0}),
            parts=parts,
            unit=plan.unit,
        )

    # Writing: by the plan only

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def unlink(self):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())  # pylint: disable=no-raise-unlink

    def _readonly_message(self):
        return self.env._("Targets are changed on the board of their plan.")

    def _update(self, **values):
        """Write columns of these rows, past the ORM's refusal."""
        return super().write(values)
