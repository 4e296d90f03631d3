from odoo import fields, models


class SalesChannelTier(models.Model):
    """What a channel partner has reached, as Gold, Silver, Registered."""

    _name = "sales.channel.tier"
    _description = "Channel Tier"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    deal_days = fields.Integer(
        "Deals Protected For (days)",
        default=90,
        aggregator=None,
        help="A deal that a partner of this tier registers is protected for so many "
        "days from its approval.",
    )

    _deal_days_positive = models.Constraint(
        "CHECK (deal_days > 0)", "A registered deal is protected for at least a day."
    )
