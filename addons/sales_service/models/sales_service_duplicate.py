"""Tickets about the same matter: told while they are taken down, and merged."""

from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date

from odoo.addons.sales_force.locking import write_lock

from ..tickets.similar import similar
from ..tickets.states import OPEN

# Of a customer who has more open tickets, the newest are compared and listed.
_LOOKED_AT = 100
_LISTED = 10
# What was said and sent; who changed what stays where it happened.
_MOVED = ("comment", "email", "email_outgoing")


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    duplicate_days = fields.Integer(
        "Duplicates Within (days)",
        default=30,
        help="A ticket is called a likely duplicate of an open one of the same "
        "customer that came in so many days before, about the same product, category "
        "or subject.",
    )

    _duplicate_positive = models.Constraint(
        "CHECK (duplicate_days >= 0)", "Days are not negative."
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    duplicate_hint = fields.Html(
        "Likely Duplicates", compute="_compute_duplicate_hint", sanitize=False
    )

    @api.depends("partner_id", "product_id", "category_id", "name", "state", "team_id")
    def _compute_duplicate_hint(self):
        for ticket in self:
            duplicates = ticket._find_duplicates() if ticket.is_open else self.browse()
            ticket.duplicate_hint = duplicates._get_lines()

    def _find_duplicates(self):
        """Open tickets that are likely about the same, the newest first.

        They are with ``sudo``: agents are told of colleagues' too, others of those
        that they may read.
        """
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        if not customer:
            # sudo: nothing, for callers that go on with what they get
            return self.sudo().browse()
        looked_in = self
        if self.env.user.has_group("sales_service.group_service_agent"):
            # sudo: a colleague's ticket is a duplicate as well
            looked_in = self.sudo()
        near = looked_in.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
                ("is_open", "=", True),
                ("id", "not in", self._origin.ids),
                (
                    "opened_at",
                    ">=",
                    (self.opened_at or self._get_now())
                    # sudo: a setting of the team
                    - timedelta(days=self.team_id.sudo().duplicate_days),
                ),
            ],
            order="id desc",
            limit=_LOOKED_AT,
        )
        # sudo: who may read them is shown who works on them
        return near.sudo().filtered(
            lambda one: (
                (self.product_id and one.product_id == self.product_id)
                or (self.category_id and one.category_id == self.category_id)
                or similar(one.name, self.name)
            )
        )

    def _get_lines(self):
        """A list to look at: number, day, subject, status and agent of each ticket.

        For tickets with ``sudo``; those that the user may open are links.
        """
        if not self:
            return False
        states = dict(self._fields["state"]._description_selection(self.env))
        may_open = set(self.sudo(False)._filtered_access("read").ids)
        lines = []
        for ticket in self[:_LISTED]:
            number = ticket.number or ""
            if ticket.id in may_open:
                number = Markup('<a href="/odoo/tickets/%s">%s</a>') % (
                    ticket.id,
                    number,
                )
            rest = (
                format_date(self.env, ticket.opened_at),
                ticket.name,
                states[ticket.state],
                ticket.user_id.name,
            )
            lines.append(
                Markup("<li>%s · %s</li>") % (number, " · ".join(filter(None, rest)))
            )
        if len(self) > _LISTED:
            more = self.env._("and %(count)s more", count=len(self) - _LISTED)
            lines.append(Markup("<li>%s</li>") % more)
        return Markup('<ul class="mb-0">%s</ul>') % Markup("").join(lines)

    def action_merge(self):
        """Choose the ticket that duplicates are merged into, in a dialog.

        On one ticket: with those that it is likely a duplicate of.
        """
        tickets = self
        if len(self) == 1:
            tickets |= self.browse(self._find_duplicates().ids)._filtered_access(
                "write"
            )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_merge_action"
        )
        return {**action, "context": {"default_ticket_ids": tickets.ids}}

    def _merge_into(self, target):
        """Merge tickets of the same customer; what was said and sent moves.

        The merged are cancelled and say where they went, to the customer too.

        :raise UserError: for one that is not open, or of another customer
        """
        target.ensure_one()
        tickets = self - target
        (tickets | target).check_access("write")
        # Two merges the other way round at once end in one of them.
        write_lock(tickets | target)
        (tickets | target).invalidate_recordset(["state", "merged_into_id"])
        (tickets | target)._check_state(*OPEN)
        self._refuse(
            [
                self.env._(
                    "%(ticket)s is of another customer or company than %(target)s.",
                    ticket=ticket.display_name,
                    target=target.display_name,
                )
                for ticket in tickets
                if not ticket._is_of_same_customer(target)
            ]
        )
        if not tickets:
            raise UserError(self.env._("Choose two tickets or more."))
        # sudo: messages, files and stamped fields; the right to write was checked
        target, tickets = target.sudo(), tickets.sudo()
        # What goes on is not caused by what ends in it.
        while target.parent_id in tickets:
            target.parent_id = target.parent_id.parent_id
        for ticket in tickets:
            ticket._move_thread(target)
            ticket.child_ids.parent_id = target
            ticket._step("cancel", merged_into_id=target.id)
            ticket._tell_merged(target)

    def _step(self, step, **vals):
        """Who is reopened is no longer merged: letters to it are its own again."""
        if step == "reopen":
            vals["merged_into_id"] = False
        return super()._step(step, **vals)

    def _is_of_same_customer(self, other):
        if self.company_id != other.company_id:
            return False
        if self.commercial_partner_id or other.commercial_partner_id:
            return self.commercial_partner_id == other.commercial_partner_id
        address = email_normalize(self.partner_email)
        return bool(address) and address == email_normalize(other.partner_email)

    def _move_thread(self, target):
        messages = self.message_ids.filtered(lambda one: one.message_type in _MOVED)
        # The letter that made this ticket is one of several of the other.
        messages.filtered(lambda one: one.subtype_id == self._creation_subtype()).write(
            {"subtype_id": self.env.ref("mail.mt_comment").id}
        )
        messages.write({"res_id": target.id})
        self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("res_field", "=", False),
            ]
        ).res_id = target.id
        target.message_subscribe(self.message_partner_ids.ids)
        target._message_log(
            body=Markup("%s%s")
            % (
                self.env._(
                    "%(ticket)s was merged into this one.",
                    ticket=self._get_html_link(title=self.display_name),
                ),
                self.description or "",
            )
        )

    def _tell_merged(self, target):
        self._post_by_system(
            self.env._(
                "Your request %(number)s is about the same as %(other)s: we go on with "
                "both there.",
                number=self.number,
                other=target.number,
            ),
            self.partner_id,
        )
