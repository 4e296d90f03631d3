from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import content_disposition, request

from ..tickets.mail import printable
from .portal import ServicePortal


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

        def act(ticket, partner):
            appointment = ticket._get_customer_appointment()
            if not appointment:
                return None
            if word == "choose":
                number = int(window_id) if (window_id or "").isdecimal() else 0
                if not appointment._choose(number):
                    return request.env._(
                        "This time has just been taken. Please choose another one."
                    )
            elif word == "wish":
                appointment._wish_other(partner, printable(text))
            elif word == "change":
                appointment._change_by_customer()
            else:
                appointment._cancel_by_customer(partner)
            return None

        return self._act(ticket_id, access_token, act, "#appointment")

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
            ticket = self._get_ticket(ticket_id, access_token)
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
