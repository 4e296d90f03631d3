from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from .portal import TICKET, ServicePortal


class AppointmentPortal(ServicePortal):
    """What a customer does with the appointment of a ticket."""

    @http.route(
        "/my/tickets/<int:ticket_id>/appointment/<any(choose,wish,change,cancel):word>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_my_appointment(
        self, ticket_id, word, access_token=None, window_id=None, text=None, **_kw
    ):
        """Choose a window, ask for another time, change or cancel."""
        try:
            ticket = self._document_check_access(TICKET, ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        appointment = ticket._get_customer_appointment()
        if not appointment or not self._may_answer(ticket):
            return request.redirect(ticket.access_url)
        user = request.env.user
        partner = ticket.partner_id if user._is_public() else user.partner_id
        problem = None
        try:
            with request.env.cr.savepoint():
                if word == "choose":
                    number = int(window_id) if (window_id or "").isdecimal() else 0
                    if not appointment._choose(number):
                        problem = request.env._(
                            "This time has just been taken. Please choose another one."
                        )
                elif word == "wish":
                    appointment._wish_other(partner, text)
                elif word == "change":
                    appointment._change_by_customer()
                else:
                    appointment._cancel_by_customer(partner)
        except UserError as error:
            problem = str(error)
        if problem:
            return self._show_ticket(ticket, access_token, problem=problem)
        token = f"?access_token={access_token}" if access_token else ""
        return request.redirect(f"{ticket.access_url}{token}#appointment")

    @http.route(
        "/my/tickets/<int:ticket_id>/appointment.ics",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def portal_my_appointment_file(self, ticket_id, access_token=None, **_kw):
        """The agreed arrival window as a file for a calendar."""
        try:
            ticket = self._document_check_access(TICKET, ticket_id, access_token)
        except (AccessError, MissingError):
            raise NotFound() from None
        appointment = ticket._get_customer_appointment()
        if not appointment or not appointment._is_agreed():
            raise NotFound()
        name = f"{ticket.number}.ics"
        return request.make_response(
            appointment._get_ics(),
            headers=[
                ("Content-Type", "text/calendar; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
