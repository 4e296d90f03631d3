import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tickets import forms

# Numbers are compared by their last digits: the same with and without the country.
_DIGITS = 8
_FOUND = 20
_HISTORY = 50


class SalesServiceCall(models.TransientModel):
    """A call: who it is, what they have open and had before, and the new ticket."""

    _name = "sales.service.call"
    _description = "Take a Call"
    _inherit = ["sales.service.form.mixin"]

    caller = fields.Char(help="A phone number, or a name.")
    found_ids = fields.Many2many("res.partner", compute="_compute_found_ids")
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
    )
    category_id = fields.Many2one("sales.service.category", "Category")
    # Written with the answers: on creation Odoo drops those to a form it is not told.
    form_version_id = fields.Many2one(
        "sales.service.form.version",
        "Form",
        compute="_compute_form_version_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    properties = fields.Properties("Answers", definition="form_version_id.definition")
    form_help = fields.Html("Hints", related="form_version_id.help")
    product_id = fields.Many2one("product.product", "Product")
    name = fields.Char("Subject")
    description = fields.Html("Request")
    duplicate_hint = fields.Html(compute="_compute_duplicate_hint", sanitize=False)
    open_hint = fields.Html("Open", compute="_compute_history", sanitize=False)
    history_hint = fields.Html(
        "Earlier Tickets", compute="_compute_history", sanitize=False
    )

    @api.depends("caller")
    def _compute_found_ids(self):
        Partner = self.env["res.partner"]
        for call in self:
            caller = (call.caller or "").strip()
            digits = re.sub(r"\D", "", caller)
            if not caller:
                call.found_ids = False
                continue
            domain = Domain("complete_name", "ilike", caller)
            if len(digits) >= 3:
                domain |= Domain("phone_mobile_search", "ilike", self._get_tail(digits))
            call.found_ids = Partner.search(domain, limit=_FOUND)

    @api.model
    def _get_tail(self, digits):
        """The last digits; with more, where two zeros would pass for ``+``."""
        for length in range(_DIGITS, len(digits)):
            if not digits[-length:].startswith("00"):
                return digits[-length:]
        return digits

    @api.depends("found_ids")
    def _compute_partner_id(self):
        """Who is found alone is who calls."""
        for call in self:
            found = call.found_ids._origin
            if len(found) == 1:
                call.partner_id = found
            elif found and call.partner_id not in found:
                call.partner_id = False

    def _get_ticket_values(self):
        return {
            "name": self.name,
            "partner_id": self.partner_id.id,
            "category_id": self.category_id.id,
            "product_id": self.product_id.id,
            "description": self.description,
            "channel": "phone",
        }

    @api.depends("partner_id", "category_id", "product_id", "name")
    def _compute_duplicate_hint(self):
        for call in self:
            ticket = self.env["sales.service.ticket"].new(call._get_ticket_values())
            call.duplicate_hint = ticket._find_duplicates()._get_lines()

    @api.depends("partner_id")
    def _compute_history(self):
        # sudo: who takes a call sees what the customer has asked for, also of a
        # colleague; numbers and subjects, which open as far as the user's rights go
        Ticket = self.env["sales.service.ticket"].sudo()
        for call in self:
            customer = call.partner_id.commercial_partner_id
            tickets = Ticket.browse()
            if customer:
                tickets = Ticket.search(
                    [
                        ("commercial_partner_id", "=", customer._origin.id),
                        ("company_id", "=", self.env.company.id),
                    ],
                    order="id desc",
                    limit=_HISTORY,
                )
            running = tickets.filtered("is_open")
            call.open_hint = running._get_lines()
            call.history_hint = (tickets - running)._get_lines()

    def action_open_ticket(self):
        """Make the ticket and open it.

        :raise UserError: without customer or subject, or what the form needs
        """
        self.ensure_one()
        if not self.partner_id or not (self.name or "").strip():
            raise UserError(
                self.env._("Write down who calls, and in a few words what about.")
            )
        ticket = self.env["sales.service.ticket"].create(
            {
                **self._get_ticket_values(),
                "properties": forms.given(self.properties),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.service.ticket",
            "res_id": ticket.id,
            "views": [(False, "form")],
        }
