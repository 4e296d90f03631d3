from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesCustomerClass(models.Model):
    """A class of customers by their share of turnover, and what it asks of reps."""

    _name = "sales.customer.class"
    _description = "Customer Class"
    _order = "company_id, share_upto, id"

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: for every company that has no classes of its own.",
    )
    share_upto = fields.Float(
        "Up to (%)",
        digits=(5, 2),
        required=True,
        help="Customers by falling turnover of the last twelve months belong to this "
        "class until it and the classes before it hold this share of the company's "
        "turnover. The last class takes everybody else who bought.",
    )
    visit_days = fields.Integer(
        "Visit Every (days)", help="How often a customer should be visited; 0: never."
    )
    follow_up_days = fields.Integer(
        "Contact Every (days)",
        help="After how many days without contact a customer needs a follow-up; 0: "
        "never.",
    )
    protection_days = fields.Integer(
        "Protected For (days)",
        help="How long a rep keeps such a customer without doing anything; 0: as long "
        "as the pool says.",
    )
    dormant_days = fields.Integer(
        "Dormant After (days)",
        help="Without an order or invoice; 0: as in the company's settings.",
    )
    lost_days = fields.Integer(
        "Lost After (days)",
        help="Without an order or invoice; 0: as in the company's settings.",
    )
    customer_count = fields.Integer("Customers", compute="_compute_customer_count")

    _share_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), share_upto)",
        "Two classes of a company reach to the same share.",
    )
    _share_range = models.Constraint(
        "CHECK (share_upto > 0 AND share_upto <= 100)",
        "A share is more than 0 and at most 100 percent.",
    )
    _days_positive = models.Constraint(
        "CHECK (visit_days >= 0 AND follow_up_days >= 0 AND protection_days >= 0 "
        "AND dormant_days >= 0 AND lost_days >= 0)",
        "Days cannot be negative.",
    )
    _protection_bound = models.Constraint(
        "CHECK (protection_days <= 730)",
        "A class protects for at most two years (730 days).",
    )

    @api.constrains("dormant_days", "lost_days", "company_id")
    def _check_silence(self):
        for class_ in self:
            company = class_.company_id or self.env.company
            dormant = class_.dormant_days or company.sales_dormant_days
            lost = class_.lost_days or company.sales_lost_days
            if dormant >= lost:
                raise ValidationError(
                    self.env._(
                        "Customers of class %(name)s would be lost after %(lost)s days "
                        "but dormant only after %(dormant)s. Let them be lost later.",
                        name=class_.name,
                        lost=lost,
                        dormant=dormant,
                    )
                )

    def _compute_customer_count(self):
        counts = dict(
            self.env["sales.customer"]._read_group(
                [("class_id", "in", self.ids)], ["class_id"], ["__count"]
            )
        )
        for class_ in self:
            class_.customer_count = counts.get(class_, 0)

    def _get_of(self, company):
        """The classes that count in a company, by rising share."""
        # sudo: the nightly computation and whoever starts it use the same classes
        classes = self.sudo()
        own = classes.search([("company_id", "=", company.id)], order="share_upto")
        return own or classes.search([("company_id", "=", False)], order="share_upto")

    def action_open_customers(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_customer_action_all"
        )
        return {**action, "domain": [("class_id", "in", self.ids)]}
