from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesServiceCategory(models.Model):
    """What a ticket is about; it decides the team."""

    _name = "sales.service.category"
    _description = "Service Category"
    _parent_name = "parent_id"
    _parent_store = True
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one(
        "sales.service.category",
        "Part Of",
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    display_name = fields.Char(recursive=True)
    parent_path = fields.Char(index=True)
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        help="Empty: for all companies.",
    )
    team_id = fields.Many2one(
        "sales.service.team",
        "Team",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Where its tickets go; empty: as the category above says.",
    )
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")],
        default="1",
        required=True,
        help="Of its new tickets.",
    )

    @api.depends("name", "parent_id.display_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for category in self:
            above = category.parent_id.display_name
            category.display_name = (
                f"{above} / {category.name}" if above else category.name
            )

    @api.depends("team_id")
    def _compute_company_id(self):
        """A team makes a new category its company's, and any where there is only one.

        Who works for one company sees no field to choose it.
        """
        # sudo: how many companies there are, also those one does not work for
        is_only = self.env["res.company"].sudo().search_count([], limit=2) == 1
        for category in self:
            company = category.company_id
            if is_only or not category._origin:
                company = company or category.team_id.company_id
            category.company_id = company

    @api.constrains("team_id", "company_id")
    def _check_team(self):
        for category in self:
            if category.team_id and not category.company_id:
                raise ValidationError(
                    self.env._(
                        "%(category)s is for all companies: it has no team of one "
                        "company. Choose a company, or leave the team empty.",
                        category=category.display_name,
                    )
                )

    def unlink(self):
        """Policies of the category are of one category less."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _get_path(self):
        """The ids of the category and of those above, from the top; none of none."""
        return [int(id_) for id_ in (self.parent_path or "").split("/") if id_]

    def _get_team(self):
        """The team of the category, or of the nearest above that has one."""
        category = self
        while category and not category.team_id.active:
            category = category.parent_id
        return category.team_id
