"""Requests for quotation for what the sales need."""

from odoo import models


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    def _make_sales_rfqs(self, needs, origin):
        """Draft purchase orders, one for each vendor, warehouse and currency.

        :param needs: ``[(product, warehouse, quantity, values)]``, quantity in the
            product's unit, values for the line beside them
        :return: the line of each need; empty where the product has no vendor
        """
        grouped = {}
        lines = [self.env["purchase.order.line"]] * len(needs)
        for number, (product, warehouse, quantity, values) in enumerate(needs):
            company = warehouse.company_id
            vendor = product._get_sales_vendors(company).get(product)
            if not vendor:
                continue
            least = vendor.product_uom_id._compute_quantity(
                vendor.min_qty, product.uom_id
            )
            key = vendor.partner_id, warehouse, vendor.currency_id
            grouped.setdefault(key, []).append(
                (
                    number,
                    {
                        "product_id": product.id,
                        "product_qty": max(quantity, least),
                        "product_uom_id": product.uom_id.id,
                        **values,
                    },
                )
            )
        # Whoever asks is no buyer, and hears nothing of what vendors write.
        quiet = self.with_context(mail_create_nosubscribe=True)
        buys = self.env.user.has_group("purchase.group_purchase_user")
        for (partner, warehouse, currency), found in grouped.items():
            company = warehouse.company_id
            buyer = self.env.user if buys else company.sales_supply_user_id
            order = quiet.with_company(company).create(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "user_id": buyer.id,
                    "currency_id": currency.id,
                    "picking_type_id": warehouse.in_type_id.id,
                    "origin": origin,
                }
            )
            made = self.env["purchase.order.line"].create(
                [{"order_id": order.id, **values} for _number, values in found]
            )
            for (number, _values), line in zip(found, made, strict=True):
                lines[number] = line
        return lines
