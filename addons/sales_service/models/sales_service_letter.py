import hashlib
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import email_normalize

from ..tickets.mail import automatic, printable

_logger = logging.getLogger(__name__)

# What a unique index holds for sure.
_KEY_LENGTH = 200
KEPT_DAYS = 180


class SalesServiceLetter(models.Model):
    """What came in by mail for the service, and what became of it.

    A row for each Message-ID, so that no letter is lost silently and none is taken
    twice, not even by two workers at once: the second waits for the first here.
    """

    _name = "sales.service.letter"
    _description = "Incoming Mail"
    _order = "id desc"
    _rec_name = "subject"

    message_id = fields.Char("Message-ID", required=True, readonly=True)
    fate = fields.Selection(
        [
            ("new", "New ticket"),
            ("reply", "Reply"),
            ("automatic", "Automatic mail"),
            ("own", "From one of our own addresses"),
            ("bounce", "Undelivered mail that came back"),
            ("loop", "Too many of one sender"),
        ],
        "Became",
        required=True,
        readonly=True,
    )
    is_ignored = fields.Boolean(
        "Ignored", compute="_compute_is_ignored", search="_search_is_ignored"
    )
    detail = fields.Char("Told By", readonly=True, help="What its headers say.")
    times = fields.Integer("Received (times)", default=1, readonly=True)
    email_from = fields.Char("Sender", readonly=True)
    subject = fields.Char(readonly=True)
    team_id = fields.Many2one(
        "sales.service.team", "Team", readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id")
    ticket_id = fields.Many2one(
        "sales.service.ticket",
        "Ticket",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _once = models.UniqueIndex("(message_id)")
    _date_idx = models.Index("(create_date)")

    @api.depends("fate")
    def _compute_is_ignored(self):
        for letter in self:
            letter.is_ignored = letter.fate not in ("new", "reply")

    @api.model
    def _search_is_ignored(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("fate", "not in" if True in value else "in", ("new", "reply"))]

    @api.model
    def _get_key(self, message_id):
        if len(message_id) > _KEY_LENGTH:
            return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
        return printable(message_id)

    @api.model
    def _find(self, message_dict):
        return self.search(
            [("message_id", "=", self._get_key(message_dict["message_id"]))]
        )

    @api.model
    def _why_ignored(self, message, message_dict):
        """``(fate, detail)`` of what is no request of a person; None: it is one."""
        if message_dict.get("is_bounce"):
            return "bounce", message_dict.get("bounced_email") or False
        sender = email_normalize(message_dict["email_from"]) or ""
        # sudo: whose addresses are ours is no secret of the gateway's user
        if self.env["mail.alias.domain"].sudo()._find_aliases([sender]):
            return "own", sender
        header = automatic(message)
        # sudo: as core does with the list of trusted senders
        if header and not self.env["mail.gateway.allowed"].sudo().search_count(
            [("email_normalized", "=", sender)], limit=1
        ):
            return "automatic", printable(f"{header}: {message[header]}")
        return None

    @api.model
    def _keep(self, message_dict, team, fate, ticket=None, detail=False):
        """Write a letter down.

        :return: it; nothing where it was written down before
        """
        known = self._find(message_dict)
        if known:
            known.times += 1
            return self.browse()
        letter = self.create(
            {
                "message_id": self._get_key(message_dict["message_id"]),
                "fate": fate,
                "detail": detail,
                "email_from": message_dict["email_from"],
                "subject": message_dict.get("subject"),
                "team_id": team.id,
                "ticket_id": ticket and ticket.id,
            }
        )
        if letter.is_ignored:
            _logger.info(
                "Mail %s from %s to team %s ignored: %s (%s)",
                letter.message_id,
                letter.email_from,
                team.id,
                fate,
                detail,
            )
        return letter

    @api.autovacuum
    def _gc_letters(self):
        self.search(
            [("create_date", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))]
        ).unlink()
