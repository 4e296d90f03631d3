from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SalesChannelMixin(models.AbstractModel):
    """What is agreed with a channel partner: whose customer the partner is, sees it."""

    _name = "sales.channel.mixin"
    _description = "Of a Channel Partner"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        "Channel Partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('sales_channel_id.resells', '=', True), ('parent_id', '=', False)]",
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Rep")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    @api.constrains("partner_id")
    def _check_partner(self):
        for record in self:
            # sudo: what kind of customer it is, is no secret
            partner = record.partner_id.sudo()
            if (
                not partner.sales_channel_id.resells
                or partner.commercial_partner_id != partner
            ):
                raise ValidationError(
                    self.env._(
                        "%(partner)s is no channel partner: give the company itself a "
                        "sales channel whose customers sell on, as distributor or "
                        "agent.",
                        partner=partner.display_name,
                    )
                )
