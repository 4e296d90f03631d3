"""What customers see of their tickets, and what they may do with them."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..tickets.mail import subject_line

# What a state is called where the customer reads it.
CUSTOMER_STATES = {
    "new": "received",
    "reopened": "received",
    "assigned": "working",
    "accepted": "working",
    "in_progress": "working",
    "waiting_customer": "asking",
    "waiting_parts": "waiting",
    "waiting_other": "waiting",
    "resolved": "solved",
    "closed": "closed",
    "cancelled": "cancelled",
}


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    is_portal = fields.Boolean(
        "On the Portal", default=True, help="Customers can choose it for a new ticket."
    )

    @api.model
    def _get_for_portal(self, company):
        """What customers of a company choose from."""
        # sudo: customers read the names of what they can ask for, nothing else
        return self.sudo().search(
            [("is_portal", "=", True), ("company_id", "in", (company.id, False))]
        )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    customer_state = fields.Selection(
        [
            ("received", "Received"),
            ("working", "In work"),
            ("asking", "Waiting for you"),
            ("waiting", "Waiting for parts or others"),
            ("solved", "Solved"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        "Status for the Customer",
        compute="_compute_customer_state",
    )

    @api.depends("state")
    def _compute_customer_state(self):
        for ticket in self:
            ticket.customer_state = CUSTOMER_STATES[ticket.state]

    @api.model
    def _open_by_customer(self, partner, category, subject, text, files=()):
        """A new ticket of a customer who is logged in; of the company in force.

        :param category: one of ``_get_for_portal``, or none
        :param str text: plain
        :param files: pairs of name and content
        :raise UserError: where it says nothing, or the category is not offered
        """
        subject = subject_line(subject)
        company = self.env.company
        if not subject or not (text or "").strip():
            raise UserError(
                self.env._("Tell us in a few words and in detail what you need.")
            )
        if category - category._get_for_portal(company):
            raise UserError(self.env._("Choose a category of the list."))
        # sudo: customers make tickets by this form only, about themselves
        ticket = self.sudo().create(
            {
                "name": subject,
                "description": plaintext2html(text.strip()),
                "partner_id": partner.id,
                "category_id": category.id,
                "company_id": company.id,
                "channel": "portal",
            }
        )
        if files:
            ticket._post_of_customer(partner, "", files)
        return ticket

    def _post_of_customer(self, partner, text, files=()):
        self.ensure_one()
        self.message_post(
            body=text,
            attachments=list(files),
            author_id=partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _confirm_by_customer(self, partner):
        """The customer says that it is solved; said twice, it is said.

        Whoever calls has checked that the customer may see the ticket.
        """
        self.ensure_one()
        # sudo: the customer's word closes, though customers do not write tickets
        ticket = self.sudo()
        if ticket.state == "closed":
            return
        ticket._step("close")
        ticket._message_log(
            body=self.env._("The customer has confirmed that it is solved."),
            author_id=partner.id,
        )

    def _reopen_by_customer(self, partner, text):
        """The customer says that it is not solved, and what is missing.

        Whoever calls has checked that the customer may see the ticket.

        :raise UserError: where nothing is said, or it was closed too long ago
        """
        self.ensure_one()
        # sudo: the customer's word reopens, though customers do not write tickets
        ticket = self.sudo()
        if ticket.is_open:
            return
        if not (text or "").strip():
            raise UserError(self.env._("Tell us what is still to be done."))
        if not ticket._is_reopenable():
            raise UserError(
                self.env._(
                    "%(ticket)s was closed too long ago: please open a new one.",
                    ticket=ticket.display_name,
                )
            )
        ticket._post_of_customer(partner, text.strip())
        # A customer's message has reopened it; one of our own people's has not.
        if not ticket.is_open:
            ticket._step("reopen")

    def _get_first_files(self):
        """What came with the letter that the ticket was made of."""
        self.ensure_one()
        first = self.message_ids.filtered(
            lambda one: (
                one.message_type == "email"
                and one.subtype_id == self._creation_subtype()
            )
        )
        files = first.attachment_ids
        files.generate_access_token()
        return files
