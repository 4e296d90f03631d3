from odoo import fields, models


class SalesProtectionMixin(models.AbstractModel):
    """The rules by which a customer is protected; see ``sales_force/customers/pool``.

    A pool has them; a customer keeps those of the day of its claim until the pool's
    are applied to it.
    """

    _name = "sales.protection.mixin"
    _description = "Protection of Customers"

    day_kind = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        "Days Are",
        help="Working days are those of the company's calendar.",
    )
    protection_days = fields.Integer(
        "Protected For (days)",
        aggregator=None,
        help="From the day of the claim. A customer's class may say otherwise.",
    )
    extension_days = fields.Integer(
        "Extended By (days)",
        aggregator=None,
        help="From the day of a qualifying action; never shortens the protection.",
    )
    limit_days = fields.Integer(
        "At Most (days)",
        aggregator=None,
        help="From the day of the claim, whatever is done; 0: no limit.",
    )
    extend_activity = fields.Boolean("A done activity extends")
    extend_quotation = fields.Boolean("A quotation sent extends")
    extend_order = fields.Boolean("An order extends")
    extend_opportunity = fields.Boolean("A new opportunity extends")
    extend_visit = fields.Boolean("An effective visit extends")
    exempt_open_order = fields.Boolean(
        "Spare Open Orders",
        help="Never take a customer who has an order that is not fully invoiced.",
    )
    exempt_order_days = fields.Integer(
        "Spare Orders Of (days)",
        aggregator=None,
        help="Never take a customer who ordered within so many days; 0: take also "
        "them.",
    )
    exempt_won_days = fields.Integer(
        "Spare Won Deals Of (days)",
        aggregator=None,
        help="Never take a customer of whom an opportunity was won within so many "
        "days; 0: take also them.",
    )
    exempt_contract = fields.Boolean(
        "Spare Running Contracts",
        help="Never take a customer who has a running contract.",
    )
