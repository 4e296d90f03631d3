"""After a complaint the salesperson calls the customer."""

from odoo import fields, models

_TYPE = "sales_service.mail_activity_type_callback"


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    is_complaint = fields.Boolean(
        "Complaint",
        help="When such a ticket is resolved, the customer's salesperson is to call.",
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "resolved":
            # sudo: the salesperson calls, whoever resolved it
            self.sudo().filtered("category_id.is_complaint")._plan_callbacks()
        return result

    def _plan_callbacks(self):
        """By the end of the next working day, once a ticket."""
        told = (
            self.env["mail.activity"]
            .with_context(active_test=False)
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("activity_type_id", "=", self.env.ref(_TYPE).id),
                ]
            )
        )
        tickets = self - self.browse(told.mapped("res_id"))
        now = self._get_now()
        days = tickets._get_days_after(
            dict.fromkeys(tickets, now), dict.fromkeys(tickets, 1)
        )
        for ticket in tickets:
            user = ticket.commercial_partner_id.user_id
            if user and ticket._is_seen_by(user):
                words = ticket.with_context(lang=user.lang).env
                ticket.activity_schedule(
                    _TYPE,
                    date_deadline=days[ticket][0],
                    summary=words._("Is the customer satisfied again?"),
                    user_id=user.id,
                )
