"""What to sell next: on the page of a customer and on a quotation."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class SalesCustomer(models.Model):
    _inherit = "sales.customer"

    @api.readonly
    def get_recommendations(self, limit=10):
        """What to sell next to a customer, the best first.

        :param int limit: how many products at most, up to 100
        :return: ``[{product_id, product, reason}]``
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: the customer's own class and industry count, which the user may read
        partner = self.partner_id.sudo()
        return self.env["sales.product.affinity"]._recommend(
            self.company_id, partner, min(max(int(limit), 1), 100)
        )[partner]

    def action_quote(self, product_id):
        """A new quotation for the customer with a product."""
        self.ensure_one()
        action = self._prepare_new("sale.order")
        line = {"product_id": product_id, "product_uom_qty": 1}
        action["context"]["default_order_line"] = [fields.Command.create(line)]
        return action


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.readonly
    def get_recommendations(self, limit=10):
        """What else to sell with a quotation, the best first.

        By what the customer bought and by what is on the quotation already.

        :param int limit: how many products at most, up to 100
        :return: ``[{product_id, product, reason}]``
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: the customer of a quotation that the user may read
        partner = self.sudo().partner_id.commercial_partner_id
        if not partner:
            return []
        return self.env["sales.product.affinity"]._recommend(
            self.company_id,
            partner,
            min(max(int(limit), 1), 100),
            extra=self.order_line.product_id.ids,
        )[partner]

    def action_add_product(self, product_id):
        """Add a recommended product to a quotation.

        :raise UserError: when the order is confirmed, cancelled or locked
        """
        self.ensure_one()
        if self.state not in ("draft", "sent"):
            raise UserError(self.env._("Products are added to quotations only."))
        self.env["sale.order.line"].create(
            {"order_id": self.id, "product_id": product_id, "product_uom_qty": 1}
        )
        return True
