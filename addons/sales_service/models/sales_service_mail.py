"""Letters become tickets, and answers find theirs."""

import logging
from functools import partial

from odoo import api, fields, models
from odoo.service.model import retrying
from odoo.tools import email_normalize, email_split, plaintext2html
from odoo.tools.mail import generate_tracking_message_id

from ..tickets.mail import (
    enclosed,
    make_readable,
    printable,
    subject_line,
    words,
)
from .sales_service_ticket import INTERNAL

_logger = logging.getLogger(__name__)

TICKET = "sales.service.ticket"
# In the context of mail that colleagues get.
_TO_AGENTS = "sales_service_to_agents"
# That the queue is started in a transaction.
_MAILED = "sales_service.mailed"
# A subject may be a novel; the number of a ticket is at its beginning.
_WORDS = 50


class MailThread(models.AbstractModel):
    """What core's gateway does with letters to a service team.

    Other letters are only parsed with more patience: where a letter goes is not known
    yet when it is parsed, and one that cannot be parsed is gone.
    """

    _inherit = "mail.thread"

    @api.model
    def message_process(self, model, message, *args, **kwargs):
        """A letter that is fetched is tried again where its ticket is just written.

        What comes in by a request is anyway; Odoo's fetching gives a letter up at the
        first error. It has a transaction for each, and commits it.
        """
        process = partial(super().message_process, model, message, *args, **kwargs)
        if "default_fetchmail_server_id" in self.env.context:
            return retrying(process, self.env)
        return process()

    @api.model
    def message_parse(self, message, save_original=False):
        try:
            make_readable(message)
            parsed = super().message_parse(message, save_original=save_original)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # Python's parser of headers and Odoo's of bodies raise any of these.
            _logger.info("A letter could not be read, it is kept whole", exc_info=True)
            parsed = super().message_parse(enclosed(message))
        for name in ("subject", "body", "email_from", "from", "message_id"):
            value = parsed.get(name)
            if isinstance(value, str):
                parsed[name] = type(value)(printable(value))
        parsed["attachments"] = [
            one._replace(fname=printable(one.fname)) for one in parsed["attachments"]
        ]
        return parsed

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        # sudo: the gateway puts letters where they belong, whoever runs it
        return self.env[TICKET].sudo()._route_letter(message, message_dict, routes)

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        if (
            route
            and route[0] == TICKET
            and self.env["sales.service.letter"]._why_ignored(message, message_dict)
        ):
            # A program is not told that its letter is not accepted either: it answers.
            route = (*route[:4], None)
        return super()._routing_check_route(
            message, message_dict, route, raise_exception
        )

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        is_loop = super()._detect_loop_sender(message, message_dict, routes)
        if is_loop:
            # sudo: what came in is written down, whoever runs the gateway
            letter = self.env["sales.service.letter"].sudo()._find(message_dict)
            letter.fate = "loop"
        return is_loop


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    make_contacts = fields.Boolean(
        "New Senders Become Contacts",
        default=True,
        help="Who writes to the team and is not known becomes a contact. Otherwise the "
        "ticket has the address only.",
    )
    letter_ids = fields.One2many("sales.service.letter", "team_id", "Incoming Mail")
    ignored_count = fields.Integer(
        "Ignored Mail",
        compute="_compute_ignored_count",
        groups="sales_service.group_service_dispatcher",
    )

    def _compute_ignored_count(self):
        counts = dict(
            self.env["sales.service.letter"]._read_group(
                [("team_id", "in", self.ids), ("is_ignored", "=", True)],
                ["team_id"],
                ["times:sum"],
            )
        )
        for team in self:
            team.ignored_count = counts.get(team._origin, 0)


class SalesServiceTicket(models.Model):
    """Letters become tickets, and answers find theirs."""

    _inherit = "sales.service.ticket"

    previous_id = fields.Many2one(
        "sales.service.ticket",
        "Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=INTERNAL,
        help="The ticket that the customer answered to when it was long closed.",
    )

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """Who has no address that can be read did not send what all others have."""
        if not email_from_normalized:
            return None
        return super()._detect_loop_sender_domain(email_from_normalized)

    @api.model
    def _route_letter(self, message, message_dict, routes):
        """What core has found out, as far as it goes to tickets.

        Letters of programs are written down and go nowhere; one letter goes to one
        ticket, also where it was sent to two teams.
        """
        Letter = self.env["sales.service.letter"]
        ours = [route for route in routes if route[0] == TICKET]
        others = [route for route in routes if route[0] != TICKET]
        if not ours and not message_dict.get("is_bounce"):
            return routes
        why = Letter._why_ignored(message, message_dict)
        if why:
            team, ticket = self._get_addressed(message_dict, ours)
            if ours or team:
                Letter._keep(message_dict, team, why[0], ticket, why[1])
            return others
        model, thread_id, values, user_id, alias = ours[0]
        ticket, follows = self._find_thread(
            message_dict, self.browse(thread_id or []), values
        )
        team = ticket.team_id or follows.team_id or self._get_team(values)
        if not team and not self._is_served(self.env.company):
            self._bounce_unserved(message, message_dict)
            return others
        if not Letter._keep(
            message_dict, team, "reply" if ticket else "new", ticket or None
        ):
            return others
        if ticket.id != thread_id:
            # The message that it answers is in another thread.
            message_dict.pop("parent_id", None)
        if follows:
            values = {
                **(values or {}),
                "team_id": team.id,
                "previous_id": follows.id,
            }
        return [*others, (model, ticket.id or 0, values, user_id, alias)]

    @api.model
    def _bounce_unserved(self, message, message_dict):
        """Tell who wrote that nobody takes tickets here."""
        self.env["mail.thread"]._routing_create_bounce_email(
            message_dict["email_from"],
            plaintext2html(self._get_unserved(self.env.company)),
            message,
            # As core's own, so that an answer to it is known as one.
            references=" ".join(
                (
                    message_dict["message_id"],
                    generate_tracking_message_id("loop-detection-bounce-email"),
                )
            ),
        )

    @api.model
    def _get_team(self, values):
        return (
            self.env["sales.service.team"]
            .browse((values or {}).get("team_id"))
            .exists()
        )

    @api.model
    def _get_addressed(self, message_dict, routes):
        """Whose letter it is, ``(team, ticket)``, where it goes no further."""
        for _model, thread_id, values, _user_id, _alias in routes:
            ticket = self.browse(thread_id or []).exists()
            return ticket.team_id or self._get_team(values), ticket
        bounced = message_dict.get("bounced_message")
        if bounced and bounced.model == TICKET:
            ticket = self.browse(bounced.res_id).exists()
            return ticket.team_id, ticket
        addresses = [one.lower() for one in email_split(message_dict["recipients"])]
        return self.env["sales.service.team"].search(
            [("alias_full_name", "in", addresses)], limit=1
        ), self.browse()

    @api.model
    def _find_thread(self, message_dict, ticket, values):
        """The ticket that a letter answers, and else the one that it goes on from.

        :param ticket: that the references of the letter lead to, maybe none
        :return: ``(ticket, ticket that is over)``, one of them or both none
        """
        ticket = ticket.exists() or self._find_by_number(message_dict, values)
        while ticket.merged_into_id:
            ticket = ticket.merged_into_id
        if not ticket or ticket.is_open or ticket._is_reopenable():
            return ticket, self.browse()
        writer = self.env["mail.thread"]._mail_find_user_for_gateway(
            message_dict["email_from"]
        )
        if writer and not writer.share:
            return ticket, self.browse()
        return self.browse(), ticket

    @api.model
    def _find_by_number(self, message_dict, values):
        """By a number in the subject, of the same customer only."""
        sender = email_normalize(message_dict["email_from"])
        numbers = words(message_dict.get("subject"))[:_WORDS]
        if not sender or not numbers:
            return self.browse()
        company = self._get_team(values).company_id or self.env.company
        customers = (
            self.env["res.partner"]
            .search([("email_normalized", "=", sender)])
            .commercial_partner_id
        )
        return self.search(
            [("company_id", "=", company.id), ("number", "in", numbers)]
        ).filtered(
            lambda one: (
                email_normalize(one.partner_email) == sender
                or one.commercial_partner_id in customers
            )
        )[:1]

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        values = dict(custom_values or {})
        team = self._get_team(values)
        company = team.company_id or self.env.company
        self = self.with_company(company)
        sender = email_normalize(msg_dict.get("email_from"))
        partner = self._get_sender(sender, msg_dict.get("email_from"), team, company)
        if partner and not msg_dict.get("author_id"):
            msg_dict["author_id"] = partner.id
        ticket = super().message_new(
            msg_dict,
            {
                "partner_id": partner.id,
                **values,
                "company_id": company.id,
                "name": subject_line(msg_dict.get("subject"))
                or self.env._("No subject"),
                "channel": "email",
            },
        )
        ticket.partner_email = sender or msg_dict.get("email_from")
        # sudo: what came in is written down
        self.env["sales.service.letter"].sudo()._find(msg_dict).ticket_id = ticket
        ticket._say_follows()
        return ticket

    @api.model
    def _get_sender(self, address, email_from, team, company):
        """Who wrote, as a contact that a ticket of the company may have."""
        if not address:
            return self.env["res.partner"]
        return team._partner_find_from_emails_single(
            [email_from],
            filter_found=lambda one: one.company_id in (company, company.browse()),
            no_create=not team.make_contacts,
        )

    def _say_follows(self):
        for ticket in self.filtered("previous_id"):
            before = ticket.previous_id
            ticket._message_log(
                body=self.env._(
                    "The customer answered to %(ticket)s, which was over.",
                    ticket=before._get_html_link(),
                )
            )
            before._message_log(
                body=self.env._(
                    "The customer's answer became %(ticket)s.",
                    ticket=ticket._get_html_link(),
                )
            )

    def _message_auto_subscribe_notify(self, partner_ids, template):
        """Who is given a ticket is written to from the queue, which starts at once.

        Nobody who hands tickets out waits for the mail server.
        """
        if self.env.context.get("mail_auto_subscribe_no_notify"):
            return
        queued = self.with_context(mail_notify_force_send=False, **{_TO_AGENTS: True})
        super(SalesServiceTicket, queued)._message_auto_subscribe_notify(
            partner_ids, template
        )
        self._start_mail()

    def _mail_get_partners(self, introspect_fields=False):
        """Mail to agents has no customer, for whom links would be made."""
        if self.env.context.get(_TO_AGENTS):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields=introspect_fields)

    @api.model
    def _start_mail(self):
        """Mail that is queued leaves when this transaction is committed, not hourly."""
        data = self.env.cr.precommit.data
        if not data.get(_MAILED):
            data[_MAILED] = True
            # sudo: whoever has caused the mail
            queue = self.env["ir.cron"].sudo()
            queue.browse(
                self.env["ir.model.data"]._xmlid_to_res_id(
                    "mail.ir_cron_mail_scheduler_action"
                )
            )._trigger()

    def _message_post_after_hook(self, message, msg_values):
        if (
            message.message_type == "email"
            and message.subtype_id == self._creation_subtype()
            and not self.description
        ):
            # With links to its pictures, which its own body has by now.
            self.description = message.body
        return super()._message_post_after_hook(message, msg_values)
