from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .sales_population_mixin import POPULATION

PERIODS = [
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half", "Half-year"),
    ("year", "Year"),
]
STATES = [("draft", "Draft"), ("published", "In Force"), ("retired", "Replaced")]
# What a version in force keeps: whom it is for, and what it scores by.
_FIXED = POPULATION | frozenset(
    (
        "company_id",
        "period",
        "date_from",
        "subject",
        "line_ids",
        "forced",
        "forced_minimum",
    )
)


class SalesScorecardTemplate(models.Model):
    """What a period of some reps is scored by. In force it does not change any more:
    another version begins with another period."""

    _name = "sales.scorecard.template"
    _description = "Scorecard Template"
    _inherit = ["sales.stamped.mixin", "sales.population.mixin", "mail.thread"]
    _order = "sequence, name, version desc, id"
    _check_company_auto = True
    _sales_stamped = frozenset(("state", "version", "former_id", "date_to"))

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    sequence = fields.Integer(
        default=10, help="A rep has the card of the first template that fits."
    )
    active = fields.Boolean(default=True)
    period = fields.Selection(PERIODS, default="month", required=True, tracking=True)
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    former_id = fields.Many2one(
        "sales.scorecard.template",
        "Version Before",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    date_from = fields.Date(
        "In Force From",
        required=True,
        default=lambda self: self.env.company._get_sales_today().replace(day=1),
        tracking=True,
        help="Periods that begin on this day or later are scored by this version.",
    )
    date_to = fields.Date(
        "Until",
        readonly=True,
        copy=False,
        help="Periods that begin later are scored by the next version.",
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

    _version_uniq = models.UniqueIndex(
        "(former_id) WHERE former_id IS NOT NULL AND active",
        "There is a next version already.",
    )
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

    @api.depends("name", "version")
    def _compute_display_name(self):
        for template in self:
            template.display_name = (
                self.env._(
                    "%(template)s (version %(number)s)",
                    template=template.name,
                    number=template.version,
                )
                if template.version > 1
                else template.name or ""
            )

    def write(self, vals):
        if _FIXED & vals.keys():
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for a version that was in force"""
        for template in self:
            if template.state != "draft":
                raise UserError(
                    self.env._(
                        "%(template)s is in force: make another version instead.",
                        template=template.display_name,
                    )
                )

    # Versions

    def action_publish(self):
        """Score by this version from its first day on.

        :raise UserError: when its weights do not sum to 100 % or it begins before the
            version that it follows
        """
        for template in self:
            template.check_access("write")
            template._check_draft()
            template._check_complete()
            former = template.former_id
            if former and former.date_from >= template.date_from:
                raise UserError(
                    self.env._(
                        "%(template)s begins no later than the version before.",
                        template=template.display_name,
                    )
                )
            # sudo: stamped by the system; the right to write was checked above
            template.sudo().state = "published"
            if former:
                # sudo: stamped by the system; it makes room for its next version
                former.sudo().write(
                    {
                        "state": "retired",
                        "date_to": fields.Date.subtract(template.date_from, days=1),
                    }
                )
        return True

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

    def action_new_version(self):
        """A draft with the same lines, to be changed and published."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "draft":
            raise UserError(self.env._("This version is a draft: change it."))
        later = self.search([("former_id", "=", self.id)], limit=1)
        if not later:
            today = self.company_id._get_sales_today()
            later = self.copy({"name": self.name})
            # sudo: stamped by the system; the right to write was checked above
            later.sudo().write(
                {
                    "former_id": self.id,
                    "version": self.version + 1,
                    "date_from": fields.Date.add(today, months=1).replace(day=1),
                }
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": later.id,
            "views": [(False, "form")],
        }

    def copy_data(self, default=None):
        """A copy keeps its name only as the next version."""
        vals_list = super().copy_data(default)
        if not (default and "name" in default):
            for template, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%(name)s (copy)", name=template.name)
        return vals_list

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

    @api.constrains("former_id", "company_id", "period", "subject")
    def _check_former(self):
        for template in self.filtered("former_id"):
            former = template.former_id
            if (former.company_id, former.period, former.subject) != (
                template.company_id,
                template.period,
                template.subject,
            ):
                raise ValidationError(
                    self.env._("A version is of the same company and period.")
                )
