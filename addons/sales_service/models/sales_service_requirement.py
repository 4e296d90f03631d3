from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesServiceRequirement(models.Model):
    """What tickets of a team ask of who gets them, by category or product.

    All that fit a ticket count together.
    """

    _name = "sales.service.requirement"
    _description = "Dispatch Requirement"
    _order = "team_id, sequence, id"
    _rec_name = "team_id"
    _check_company_auto = True

    team_id = fields.Many2one(
        "sales.service.team", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id")
    sequence = fields.Integer(default=10)
    category_ids = fields.Many2many(
        "sales.service.category",
        "sales_service_requirement_category_rel",
        "requirement_id",
        "category_id",
        "Categories",
        check_company=True,
        help="With those that are part of them. Empty: of every category.",
    )
    product_categ_ids = fields.Many2many(
        "product.category",
        "sales_service_requirement_product_categ_rel",
        "requirement_id",
        "product_categ_id",
        "Product Categories",
        help="With those below. Empty: of every product, and without one.",
    )
    course_ids = fields.Many2many(
        "sales.course",
        "sales_service_requirement_course_rel",
        "requirement_id",
        "course_id",
        "Certificates",
        check_company=True,
        help="Who gets the ticket has a valid certificate of each.",
    )
    skill_ids = fields.One2many(
        "sales.service.requirement.skill",
        "requirement_id",
        "Skills",
        copy=True,
        help="Who gets the ticket has each of them, at this level or above.",
    )
    by_language = fields.Boolean(
        "Customer's Language", help="Who gets the ticket speaks it."
    )
    by_territory = fields.Boolean(
        "Customer's Territory", help="Who gets the ticket covers it."
    )
    on_site = fields.Boolean(
        "On Site", help="The work is at the customer's: the way there counts."
    )
    part_ids = fields.Many2many(
        "product.product",
        "sales_service_requirement_part_rel",
        "requirement_id",
        "product_id",
        "Usual Parts",
        check_company=True,
        help="Who has more of them in the van comes first.",
    )

    def _fits(self, ticket):
        """Whether it asks something of a ticket."""
        self.ensure_one()
        return all(
            not wanted or any(_is_within(of_ticket, one) for one in wanted)
            for wanted, of_ticket in (
                (self.category_ids, ticket.category_id),
                (self.product_categ_ids, ticket.product_id.categ_id),
            )
        )


class SalesServiceRequirementSkill(models.Model):
    """A skill that tickets ask for, and how well it is to be mastered."""

    _name = "sales.service.requirement.skill"
    _description = "Required Skill"
    _order = "requirement_id, skill_id, id"

    requirement_id = fields.Many2one(
        "sales.service.requirement", required=True, index=True, ondelete="cascade"
    )
    skill_id = fields.Many2one("hr.skill", required=True, ondelete="cascade")
    skill_type_id = fields.Many2one(related="skill_id.skill_type_id")
    skill_level_id = fields.Many2one(
        "hr.skill.level",
        "Minimum Level",
        required=True,
        ondelete="restrict",
        compute="_compute_skill_level_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('skill_type_id', '=', skill_type_id)]",
    )

    _skill_uniq = models.UniqueIndex(
        "(requirement_id, skill_id)", "A skill is asked for once."
    )

    @api.depends("skill_id", "skill_level_id")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.skill_id.name}: {one.skill_level_id.name}"

    @api.depends("skill_id")
    def _compute_skill_level_id(self):
        """By default the lowest of the skill's own levels."""
        for one in self:
            levels = one.skill_id.skill_type_id.skill_level_ids
            if one.skill_level_id not in levels:
                one.skill_level_id = levels.sorted("level_progress")[:1]

    @api.constrains("skill_id", "skill_level_id")
    def _check_level(self):
        for one in self:
            if one.skill_level_id.skill_type_id != one.skill_type_id:
                raise ValidationError(
                    self.env._(
                        "%(level)s is no level of %(skill)s.",
                        level=one.skill_level_id.name,
                        skill=one.skill_id.name,
                    )
                )


def _is_within(record, ancestor):
    return bool(record) and record.parent_path.startswith(ancestor.parent_path)
