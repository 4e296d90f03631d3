import uuid
from base64 import b64decode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.orm.models import NO_ACCESS
from odoo.tools import plaintext2html
from odoo.tools.misc import split_every

from odoo.addons.sales_force.locking import write_lock

from .sales_service_ticket import PAST

POINTS = (1, 2, 3, 4, 5)
# A comment is cut off after so many characters.
LENGTH = 4000
# How the links begin that stand for the secret ones.
SEALED = "/service/rate/sealed-"
# So many customers are reminded in one transaction.
BATCH = 50
# What is taken from the template of a mail.
_RENDERED = (
    "subject",
    "body_html",
    "email_from",
    "email_to",
    "email_cc",
    "partner_to",
    "lang",
    "report_template_ids",
)


class SalesServiceRating(models.Model):
    """What a customer says about one resolution of a ticket, once.

    It is asked for when the ticket is resolved, and given on a page that its secret
    token opens, without login. Odoo's own ratings may be changed by every employee;
    these are nobody's to write. Moments are in UTC.
    """

    _name = "sales.service.rating"
    _description = "Rating of a Ticket"
    _inherit = ["sales.service.recorded.mixin", "sales.credited.mixin"]
    _order = "rated_at desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "sales.service.ticket",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="ticket_id.company_id", store=True, index=True, precompute=True
    )
    team_id = fields.Many2one(related="ticket_id.team_id", store=True, precompute=True)
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        readonly=True,
        index="btree_not_null",
        help="Who had the ticket when it was resolved.",
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    points = fields.Integer(
        "Rating", readonly=True, aggregator="avg", help="From 1 to 5."
    )
    comment = fields.Text(readonly=True)
    reason_ids = fields.Many2many(
        "sales.service.rating.reason",
        "sales_service_rating_reason_rel",
        "rating_id",
        "reason_id",
        "Reasons",
        readonly=True,
    )
    asked_at = fields.Datetime("Asked For", readonly=True)
    reminded_at = fields.Datetime("Reminded", readonly=True)
    rated_at = fields.Datetime("Rated On", readonly=True, index="btree_not_null")
    # Who knows it rates as the customer.
    token = fields.Char(
        readonly=True,
        copy=False,
        required=True,
        groups=NO_ACCESS,
        default=lambda self: uuid.uuid4().hex,
    )

    _token_uniq = models.UniqueIndex("(token)")
    _one_asked = models.UniqueIndex("(ticket_id) WHERE rated_at IS NULL")
    _points_range = models.Constraint(
        "CHECK (rated_at IS NULL OR points BETWEEN 1 AND 5)",
        "A rating is from 1 to 5.",
    )

    _credit_fields = frozenset(("points", "rated_at", "user_id"))

    def _mark_credits(self, changed=None):
        # What is only asked for is no rating yet.
        given = self.filtered("rated_at")
        self.env["sales.credit"]._mark("ticket", given.ticket_id.ids)

    # Rating

    @api.model
    def _find(self, token):
        """The rating that a token opens, as superuser: who has the token may rate."""
        # sudo: the token is the right
        return self.sudo().search([("token", "=", token)], limit=1)

    def _get_url(self):
        """The page to rate on: for the customer's eyes only."""
        self.ensure_one()
        # sudo: nobody reads the token; it goes to the customer
        return f"{self.get_base_url()}/service/rate/{self.sudo().token}"

    def _get_sealed_url(self):
        """What stands for the page where agents read the customer's mail as well.

        It opens nothing. The customer's copy has the page instead of it.
        """
        self.ensure_one()
        return f"{self.get_base_url()}{SEALED}{self.id}"

    def _may_be_given(self):
        return not self.rated_at and self.ticket_id.state in ("resolved", "closed")

    def _give(self, points, reasons=(), comment=None):
        """The customer rates; only once.

        :param int points: from 1 to 5
        :param reasons: ids of ``sales.service.rating.reason``
        :return: whether it was given now
        :raise UserError: for other points, or while the ticket is worked on
        """
        self.ensure_one()
        if points not in POINTS:
            raise UserError(self.env._("Choose one of the five faces."))
        # Of two at once the second sees what the first has said.
        write_lock(self)
        self.invalidate_recordset()
        if self.rated_at:
            return False
        if not self._may_be_given():
            raise UserError(
                self.env._("We are working on your request again. Rate it afterwards.")
            )
        known = self.env["sales.service.rating.reason"].search([("id", "in", reasons)])
        self.write(
            {
                "points": points,
                "reason_ids": known.ids,
                "comment": (comment or "").strip()[:LENGTH],
                "rated_at": self.ticket_id._get_now(),
            }
        )
        self._log()
        if points <= self.team_id.low_points:
            self._plan_talk()
        return True

    def _log(self):
        """Write the rating down on the ticket, in the customer's name."""
        # The page is in the customer's language, the ticket in the agent's.
        said = self.with_context(lang=self.user_id.lang or self.env.lang)
        words = [
            said.env._("Rating: %(points)s of 5", points=self.points),
            ", ".join(said.reason_ids.mapped("name")),
            self.comment,
        ]
        self.ticket_id.message_post(
            body=plaintext2html("\n".join(filter(None, words))),
            author_id=self.partner_id.id or None,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )

    def _plan_talk(self):
        """Somebody above the agent talks with a customer who is not content.

        One who still has to is not asked a second time.
        """
        ticket = self.ticket_id
        talk = "sales_service.mail_activity_type_talk"
        if ticket.activity_search([talk], only_automated=False):
            return
        chief = ticket._get_chief(ticket.team_id.dispatcher_ids)
        if chief:
            words = self.with_context(lang=chief.lang).env
            ticket.activity_schedule(
                talk,
                summary=words._("Rating %(points)s of 5", points=self.points),
                note=plaintext2html(self.comment or ""),
                user_id=chief.id,
            )

    # Asking

    @api.model
    def _cron_remind(self):
        """Hourly: remind each customer once who has not rated after the team's days."""
        asked = self.search(
            [
                ("rated_at", "=", False),
                ("reminded_at", "=", False),
                ("team_id.rating_request", "=", True),
                ("team_id.remind_days", ">", 0),
                ("ticket_id.state", "in", ("resolved", "closed")),
            ],
            order="id",
        )
        days = asked.ticket_id._get_days_after(
            {one.ticket_id: one.asked_at for one in asked},
            {one.ticket_id: one.team_id.remind_days for one in asked},
        )
        due = asked.filtered(
            lambda one: days[one.ticket_id][0] < days[one.ticket_id][1]
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for ids in split_every(BATCH, due.ids, list):
            ratings = self.browse(ids).exists().filtered(self._is_unanswered)
            ratings.reminded_at = ratings.ticket_id._get_now()
            ratings.ticket_id._mail("sales_service.mail_template_reminder")
            self.env["ir.cron"]._commit_progress(len(ids))

    @api.model
    def _is_unanswered(self, rating):
        """Meanwhile the customer may have rated, or written."""
        return not rating.reminded_at and rating._may_be_given()


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    rating_request = fields.Boolean(
        "Ask for a Rating",
        default=True,
        help="The mail that tells the customer that a ticket is resolved asks how "
        "content he is.",
    )
    remind_days = fields.Integer(
        "Remind After (working days)",
        default=3,
        help="A customer who has not rated is reminded once. 0: never.",
    )
    low_points = fields.Integer(
        "Low Rating",
        default=2,
        help="With so many points or fewer somebody above the agent is to talk with "
        "the customer. 0: never.",
    )

    _remind_days_positive = models.Constraint(
        "CHECK (remind_days >= 0)", "Days are not negative."
    )
    _low_points_range = models.Constraint(
        "CHECK (low_points BETWEEN 0 AND 4)", "A low rating is from 1 to 4; 0: none is."
    )


class SalesServiceTicket(models.Model):
    """How a ticket's customer is asked, and what he said."""

    _inherit = "sales.service.ticket"

    service_rating_ids = fields.One2many(
        "sales.service.rating", "ticket_id", "Customer's Ratings", readonly=True
    )

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "resolved":
            # sudo: the customer is asked, whoever resolved it
            tickets = self.sudo()
            tickets._ask()
            tickets._mail("sales_service.mail_template_resolved")
        return result

    def _ask(self):
        """Have a rating to be given for this resolution."""
        Rating = self.env["sales.service.rating"]
        tickets = self.filtered(
            lambda one: one.partner_id and one.team_id.rating_request
        )
        now = self._get_now()
        asked = Rating.search(
            [("ticket_id", "in", tickets.ids), ("rated_at", "=", False)]
        )
        for rating in asked:
            rating.write(
                {
                    "user_id": rating.ticket_id.user_id.id,
                    "partner_id": rating.ticket_id.partner_id.id,
                    "asked_at": now,
                    "reminded_at": False,
                }
            )
        Rating.create(
            [
                {
                    "ticket_id": ticket.id,
                    "user_id": ticket.user_id.id,
                    "partner_id": ticket.partner_id.id,
                    "asked_at": now,
                }
                for ticket in tickets - asked.ticket_id
            ]
        )

    def _mail(self, template, make_files=None):
        """Write to the customers who have an address, in their languages.

        As ``message_post_with_source``, but the template is rendered for all of them at
        once, and without a composer for each, which takes as long as the rest.

        :param make_files: makes the attachments of the mail of one ticket
        """
        # What demo data says of the past is mailed to nobody.
        if self.env.cr.cache.get(PAST):
            return
        template = self.env.ref(template, raise_if_not_found=False)
        if not template:
            return
        tickets = self.filtered("partner_id.email")
        if not tickets:
            return
        rendered = template._generate_template(
            tickets.ids, _RENDERED, find_or_create_partners=True
        )
        authors = self._get_authors({one["email_from"] for one in rendered.values()})
        for ticket in tickets:
            values = rendered[ticket.id]
            files = template.attachment_ids.copy(
                {"res_model": ticket._name, "res_id": ticket.id}
            )
            if make_files:
                files += make_files()
            ticket.message_post(
                body=values["body_html"],
                subject=values["subject"],
                email_from=values["email_from"] or None,
                author_id=authors.get(values["email_from"]),
                partner_ids=values["partner_ids"],
                attachment_ids=files.ids,
                attachments=[
                    (name, b64decode(content))
                    for name, content in values["attachments"]
                ],
                subtype_xmlid="mail.mt_note",
                email_layout_xmlid="mail.mail_notification_light",
                force_email_lang=values["lang"],
                force_send=False,
                mail_auto_delete=template.auto_delete,
                mail_server_id=template.mail_server_id.id,
                record_company_id=ticket.company_id.id,
                record_alias_domain_id=ticket.company_id.alias_domain_id.id,
            )
        self._start_mail()

    def _get_authors(self, addresses):
        """Whose they are; those of the agents are not looked up."""
        people = self.user_id.partner_id
        authors = {agent.email_formatted: agent.id for agent in people}
        thread = self.env["mail.thread"]
        for address in filter(None, addresses - authors.keys()):
            found = thread._partner_find_from_emails_single([address], no_create=True)
            authors[address] = found.id
        return authors

    def _notify_by_email_render_layout(
        self, message, recipients_group, *args, **kwargs
    ):
        """The customer's copy, and no other, opens the page to rate on."""
        body = super()._notify_by_email_render_layout(
            message, recipients_group, *args, **kwargs
        )
        if SEALED in body:
            rating = self._get_open_rating()
            if recipients_group.get("recipients_ids") == rating.partner_id.ids:
                body = body.replace(rating._get_sealed_url(), rating._get_url())
        return body

    def _get_open_rating(self):
        """What the customer may still rate, maybe an empty record.

        For mails and for pages that the customer alone sees.
        """
        self.ensure_one()
        # sudo: a customer has no right to ratings; this one is asked of him
        return self.sudo().service_rating_ids.filtered(lambda one: one._may_be_given())[
            :1
        ]
