from odoo import api, fields, models
from odoo.exceptions import UserError

from .sales_population_mixin import POPULATION
from .sales_version_mixin import SalesVersionMixin


class SalesScorecardTemplate(models.Model):
    """What a period of some reps is scored by. In force it does not change any more:
    another version begins with another period."""

    _name = "sales.scorecard.template"
    _description = "Scorecard Template"
    _inherit = ["sales.version.mixin", "sales.population.mixin", "mail.thread"]
    _order = "sequence, name, version desc, id"
    _check_company_auto = True
    _sales_fixed = (
        SalesVersionMixin._sales_fixed
        | POPULATION
        | {"subject", "line_ids", "forced", "forced_minimum"}
    )
    _sales_common = ("company_id", "period", "subject")

    sequence = fields.Integer(
        help="A rep has the card of the first template that fits."
    )
    former_id = fields.Many2one(
        "sales.scorecard.template",
        "Version Before",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    # Whom it is for, besides the mixin's fields
    subject = fields.Selection(
        [("reps", "Reps"), ("teams", "Teams")],
        "Cards Of",
        default="reps",
        required=True,
        tracking=True,
        help="A team's card counts its members, each on the days in the team; the "
        "team's leader answers for it.",
    )

    line_ids = fields.One2many(
        "sales.scorecard.template.line", "template_id", "Lines", copy=True
    )
    weight_total = fields.Float(
        "Weights Together", compute="_compute_weight_total", digits=(5, 2)
    )
    with_self = fields.Boolean(
        "Self-assessment", default=True, help="Reps assess themselves first."
    )
    self_days = fields.Integer(
        "Days for the Self-assessment",
        default=3,
        help="Working days of the company, from when the card is handed to the rep.",
    )
    manager_days = fields.Integer(
        "Days for the Manager",
        default=5,
        help="Working days of the company, from when the card is handed to the "
        "manager.",
    )
    calibration_days = fields.Integer(
        "Days for the Calibration", default=5, help="Working days of the company."
    )
    forced = fields.Boolean(
        "Forced Distribution",
        help="In calibration, grades can be given by the shares of the grades instead "
        "of the score. Everybody sees that it is so.",
    )
    forced_minimum = fields.Integer(
        "From So Many People",
        default=10,
        help="In a smaller group the grade is that of the score.",
    )
    card_count = fields.Integer(compute="_compute_card_count")

    _days_positive = models.Constraint(
        "CHECK (LEAST(self_days, manager_days, calibration_days) > 0)",
        "Everybody has one working day at least.",
    )
    _minimum_positive = models.Constraint(
        "CHECK (forced_minimum > 0)", "A group has one person at least."
    )

    @api.depends("line_ids.weight", "line_ids.function")
    def _compute_weight_total(self):
        for template in self:
            template.weight_total = sum(template.line_ids.mapped("weight"))

    def _compute_card_count(self):
        counts = dict(
            self.env["sales.scorecard"]._read_group(
                [("template_id", "in", self.ids)], ["template_id"], ["__count"]
            )
        )
        for template in self:
            template.card_count = counts.get(template._origin, 0)

    def _check_complete(self):
        if not self.line_ids:
            raise UserError(
                self.env._("%(template)s has no lines.", template=self.display_name)
            )
        total = sum(line._get_weight() for line in self.line_ids)
        if total != 10_000:
            raise UserError(
                self.env._(
                    "The weights of %(template)s sum to %(total)s %%, not to 100 %%.",
                    template=self.display_name,
                    total=total / 100,
                )
            )
        self.line_ids._check_function()
        self.line_ids._check_subject()
        return super()._check_complete()

    def action_open_cards(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_scorecard_action"
        )
        return {**action, "domain": [("template_id", "in", self.ids)], "context": {}}

    # Population

    def _fits_team(self, team_id):
        """Whether a template is for a team."""
        self.ensure_one()
        return not self.team_ids or team_id in self.team_ids.ids
