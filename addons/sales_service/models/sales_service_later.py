"""What a customer says to a ticket that is over reaches who works on."""

from odoo import models

_CARRIED = ("category_id", "product_id", "lot_id", "sale_order_id")


class SalesServiceTicket(models.Model):
    """As letters do, see ``_find_thread``; on the portal the page of the old one is
    still there to write on.
    """

    _inherit = "sales.service.ticket"

    def _hear_customer(self, message):
        result = super()._hear_customer(message)
        if not self.is_open:
            self._pass_on(message)
        return result

    def _pass_on(self, message):
        """To the ticket that it was merged into, else to one that follows this.

        Called as superuser.
        """
        self.ensure_one()
        goes_on = self.merged_into_id or self.search(
            [("previous_id", "=", self.id)], order="id desc", limit=1
        )
        if goes_on and (
            self.merged_into_id or goes_on.is_open or goes_on._is_reopenable()
        ):
            goes_on._repeat_message(message)
        else:
            goes_on = self._open_follower(message)
        self._say_passed_on(message, goes_on)

    def _repeat_message(self, message):
        """What was said on another ticket, as said on this one."""
        self.ensure_one()
        # Written by whoever wrote the other.
        self.message_post(
            body=message.body,
            attachment_ids=self._copy_files(message).ids,
            author_id=message.author_id.id or False,
            email_from=message.email_from,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _copy_files(self, message):
        return self.env["ir.attachment"].concat(
            *(
                one.copy({"res_model": self._name, "res_id": self.id})
                for one in message.attachment_ids
            )
        )

    def _open_follower(self, message):
        """A ticket that goes on from this one, of who wrote."""
        self.ensure_one()
        partner = self.partner_id
        if message.author_id.commercial_partner_id == self.commercial_partner_id:
            partner = message.author_id
        vals = {name: self[name].id for name in _CARRIED}
        if not self.category_id.active:
            vals["category_id"] = False
        follower = self.create(
            {
                **vals,
                "name": self.name,
                "description": message.body,
                "partner_id": partner.id,
                "company_id": self.company_id.id,
                "team_id": self.team_id.id,
                "channel": "portal",
                "previous_id": self.id,
            }
        )
        follower._copy_files(message)
        follower._say_follows()
        return follower

    def _say_passed_on(self, message, ticket):
        """Tell who wrote where we go on."""
        words = self.with_context(lang=message.author_id.lang or self.env.lang).env
        self._post_by_system(
            words._(
                "Your request %(number)s is over: we go on with your message in "
                "%(other)s.",
                number=self.number,
                other=ticket.number,
            ),
            message.author_id,
        )

    def _post_by_system(self, body, partners):
        """A message to them that is no answer, which a time limit waits for."""
        self.message_post(
            body=body,
            partner_ids=partners.ids,
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
        )
