from odoo import fields, models


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


def _is_within(record, ancestor):
    return bool(record) and record.parent_path.startswith(ancestor.parent_path)
