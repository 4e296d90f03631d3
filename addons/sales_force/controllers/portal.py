from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import request, route

from odoo.addons.sale.controllers import portal
from odoo.addons.sale_management.controllers.portal import (
    CustomerPortal as OptionPortal,
)


def _is_closed(model, document):
    """Whether it is a quotation that is not approved; then nobody sees it as final."""
    return model == "sale.order" and not document._is_sales_door_open()


class CustomerPortal(OptionPortal):
    """A customer finds a quotation being prepared, never an error."""

    def _document_check_access(self, model_name, document_id, access_token=None):
        document = super()._document_check_access(
            model_name, document_id, access_token=access_token
        )
        if _is_closed(model_name, document):
            raise AccessError(request.env._("This quotation is being prepared."))
        return document

    def _find_closed(self, order_id, access_token):
        """The quotation that a customer may read once it is approved, or None."""
        try:
            document = super()._document_check_access(
                "sale.order", order_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return None
        return document if _is_closed("sale.order", document) else None

    @route()
    def portal_order_page(self, order_id, access_token=None, **kwargs):
        closed = self._find_closed(order_id, access_token)
        if not closed:
            return super().portal_order_page(
                order_id, access_token=access_token, **kwargs
            )
        if closed.state != "sent":
            return request.redirect("/my")
        return request.render(
            "sales_force.quotation_being_prepared",
            {"sale_order": closed, "page_name": "quote"},
        )

    @route()
    def portal_quote_accept(self, order_id, access_token=None, **kwargs):
        token = access_token or request.httprequest.args.get("access_token")
        if closed := self._find_closed(order_id, token):
            return {"force_refresh": True, "redirect_url": closed.get_portal_url()}
        return super().portal_quote_accept(
            order_id, access_token=access_token, **kwargs
        )

    @route()
    def portal_quote_option_update(
        self, order_id, line_id, access_token=None, **kwargs
    ):
        """The page of what is closed is read anew, and tells so."""
        if self._find_closed(order_id, access_token):
            return None
        return super().portal_quote_option_update(
            order_id, line_id, access_token=access_token, **kwargs
        )


class PaymentPortal(portal.PaymentPortal):
    @route()
    def portal_order_transaction(self, order_id, access_token, **kwargs):
        if self._find_closed(order_id, access_token):
            raise ValidationError(
                request.env._(
                    "This quotation is being revised: nothing was paid. You hear from "
                    "us shortly."
                )
            )
        return super().portal_order_transaction(order_id, access_token, **kwargs)
