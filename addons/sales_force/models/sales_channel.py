from odoo import fields, models


class SalesChannel(models.Model):
    """The way by which goods reach customers: direct, distributor, agent, online."""

    _name = "sales.channel"
    _description = "Sales Channel"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="The name that rules and imports use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    resells = fields.Boolean(
        "Channel Partners",
        help="Customers of this channel sell on to customers of their own: they have a "
        "tier, authorised territories, rebates and registered deals.",
    )

    _code_uniq = models.UniqueIndex("(code)", "A channel's code must be unique.")
