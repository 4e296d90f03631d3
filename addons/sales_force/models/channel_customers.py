"""Customers who sell on: their tier and history, and who is behind their orders."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

_CUSTOMER_GROUPS = "sales_force.group_sales_rep,sales_force.group_sales_operations"
_KEPT = frozenset(("sales_channel_id", "sales_tier_id"))


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_tier_id = fields.Many2one(
        "sales.channel.tier",
        "Channel Tier",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="Set by sales operations; who had which one when is kept.",
    )
    sales_resells = fields.Boolean(
        related="sales_channel_id.resells",
        string="Is Channel Partner",
        groups="base.group_user",
    )
    sales_authorization_ids = fields.One2many(
        "sales.channel.authorization", "partner_id", groups=_CUSTOMER_GROUPS
    )
    sales_channel_history_ids = fields.One2many(
        "sales.channel.history", "partner_id", groups=_CUSTOMER_GROUPS
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("sales_tier_id") for vals in vals_list):
            self._check_tier()
        partners = super().create(vals_list)
        # sudo: what it is, is kept whoever made it
        selling = partners.sudo().browse(
            partner.id
            for partner, vals in zip(partners, vals_list, strict=True)
            if not _KEPT.isdisjoint(vals)
        )
        selling = selling.filtered(
            lambda partner: partner.sales_resells and not partner.parent_id
        )
        nothing = (selling.sales_channel_id[:0], selling.sales_tier_id[:0])
        self.env["sales.channel.history"]._log(selling, dict.fromkeys(selling, nothing))
        return partners

    def write(self, vals):
        if _KEPT.isdisjoint(vals):
            return super().write(vals)
        partners = self.sudo()  # sudo: what it was is kept, whoever changes it
        former = {
            partner: (partner.sales_channel_id, partner.sales_tier_id)
            for partner in partners
        }
        if "sales_tier_id" in vals and any(
            tier.id != (vals["sales_tier_id"] or False)
            for _channel, tier in former.values()
        ):
            self._check_tier()
        result = super().write(vals)
        self.env["sales.channel.history"]._log(
            partners.filtered(lambda one: one.commercial_partner_id == one), former
        )
        return result

    def _check_tier(self):
        """:raise AccessError: for who is not sales operations"""
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(
                self.env._("Only sales operations give channel partners their tier.")
            )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_end_customer_id = fields.Many2one(
        "res.partner",
        "End Customer",
        index="btree_not_null",
        check_company=True,
        help="Who buys from the channel partner.",
    )
    sales_resells = fields.Boolean(
        related="sales_channel_id.resells", string="Ordered by Channel Partner"
    )

    def _get_invoice_grouping_keys(self):
        return [*super()._get_invoice_grouping_keys(), "sales_end_customer_id"]

    def _prepare_invoice(self):
        return {
            **super()._prepare_invoice(),
            "sales_end_customer_id": self.sales_end_customer_id.id,
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    sales_end_customer_id = fields.Many2one(
        "res.partner",
        "End Customer",
        index="btree_not_null",
        check_company=True,
        help="Who buys from the channel partner.",
    )


class SaleReport(models.Model):
    _inherit = "sale.report"

    sales_end_customer_id = fields.Many2one(
        "res.partner", "End Customer", readonly=True
    )

    def _select_additional_fields(self):
        return {
            **super()._select_additional_fields(),
            "sales_end_customer_id": "s.sales_end_customer_id",
        }


class AccountInvoiceReport(models.Model):
    _inherit = "account.invoice.report"

    sales_end_customer_id = fields.Many2one(
        "res.partner", "End Customer", readonly=True
    )

    def _select(self):
        return SQL("%s, move.sales_end_customer_id", super()._select())
