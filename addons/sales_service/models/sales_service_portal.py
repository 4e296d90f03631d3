"""What customers see of their tickets, and what they may do with them."""

import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.orm.models import NO_ACCESS
from odoo.tools import plaintext2html

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.wording import listed

from ..tickets import forms
from ..tickets.mail import subject_line
from .sales_service_form_file import get_type

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


class SalesServiceFormVersion(models.Model):
    _inherit = "sales.service.form.version"

    def _get_for_customer(self):
        """The questions that customers are asked, as superuser."""
        # sudo: customers read what they are asked, nothing else
        return self.sudo().question_ids.filtered(lambda one: not one.is_internal)

    def _check_still_asked(self, given):
        """That what a customer filled in is not of a version before.

        :param dict given: lists of what was entered or sent, by key
        :raise UserError: naming what is not asked any more
        """
        # sudo: customers are told the names of what they were asked
        version = self.sudo()
        keys = set(version.question_ids.mapped("key"))
        gone = version.category_id.form_version_ids._get_for_customer().filtered(
            lambda one: one.key not in keys and any(given.get(one.key, ()))
        )
        if gone:
            raise UserError(
                self.env._(
                    "What we ask has changed meanwhile, %(questions)s is not asked any "
                    "more. Please look through the form once more, then send it.",
                    questions=listed(
                        self.env, dict.fromkeys(f"“{one.name}”" for one in gone)
                    ),
                )
            )


class SalesServiceFormQuestion(models.Model):
    _inherit = "sales.service.form.question"

    def _read_customer(self, texts, files):
        """Answers that a customer sent by a form in the browser.

        :param dict texts: lists of what was entered, by key
        :param dict files: lists of pairs of name and content, by key
        :return: ``(values by key, values of sales.service.form.file)``
        :raise UserError: for what is no answer to its question
        """
        values, sent, wrong = {}, [], self.browse()
        timezone = str(self.env.tz)
        for question in self:
            entered = texts.get(question.key, [])
            found = files.get(question.key, [])
            try:
                if question.kind == "signature":
                    found = [_drawn(text) for text in entered if text]
                if question._is_file():
                    sent += [
                        {
                            "question_id": question.id,
                            "name": name,
                            "content": base64.b64encode(content),
                        }
                        for name, content in found
                    ]
                    continue
                values[question.key] = forms.parsed(
                    question.kind, entered, question._get_options(), timezone
                )
            except forms.WrongAnswer:
                wrong |= question
        self.env["sales.service.ticket"]._refuse(
            [
                self.env._("That is no answer to “%(question)s”.", question=one.name)
                for one in wrong
            ]
        )
        return values, sent


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    customer_state = fields.Selection(
        [
            ("received", "Received"),
            ("working", "In progress"),
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

    # Who knows it speaks as the customer: it goes into his mails only.
    access_token = fields.Char(groups=NO_ACCESS)
    # Of the form that it was sent with: sent twice, it is one ticket.
    portal_key = fields.Char(copy=False, readonly=True, groups=NO_ACCESS)

    _portal_key_uniq = models.UniqueIndex(
        "(create_uid, portal_key) WHERE portal_key IS NOT NULL"
    )

    def _is_told_token(self):
        """Whether the link without login is for the current user: not our people."""
        return self.env.su or not self.env.user._is_internal()

    def _portal_ensure_token(self):
        # sudo: nobody reads it; whoever calls puts it where the customer alone looks
        return super(SalesServiceTicket, self.sudo())._portal_ensure_token()

    def get_portal_url(
        self,
        suffix=None,
        report_type=None,
        download=None,
        query_string=None,
        anchor=None,
    ):
        """As core's; our own people get the page that asks them for a login."""
        url = super().get_portal_url(
            suffix, report_type, download, query_string, anchor
        )
        if not self._is_told_token():
            # sudo: taken out of what core has put it into
            url = url.replace(f"access_token={self.sudo().access_token}", "", 1)
        return url.replace("?&", "?")

    def _get_share_url(
        self, redirect=False, signup_partner=False, pid=None, share_token=True
    ):
        if not self._is_told_token():
            pid, share_token = None, False
        return super()._get_share_url(redirect, signup_partner, pid, share_token)

    @api.model
    def _get_thread_with_access(self, thread_id, *, token=None, **kwargs):
        """As core's, which compares the token of what it has let in."""
        thread = super()._get_thread_with_access(thread_id, token=token, **kwargs)
        # sudo: nobody reads the token; core does the same for who has but the token
        return thread.sudo() if token else thread

    def _sign_token(self, pid):
        # sudo: nobody reads what is signed with; the signature goes to the customer
        return super(SalesServiceTicket, self.sudo())._sign_token(pid)

    @api.model
    def _open_by_customer(
        self,
        partner,
        category,
        subject,
        text,
        files=(),
        texts=None,
        sent=None,
        key=None,
    ):
        """A new ticket of a customer who is logged in; of the company in force.

        :param category: one of ``_get_for_portal``, or none
        :param str text: plain
        :param files: pairs of name and content
        :param dict texts: answers to the category's form, see ``_read_customer``
        :param dict sent: files that answer it, likewise
        :param str key: of what was sent; sent again, it is the same ticket
        :raise UserError: where it says nothing, the category is not offered, or the
            form is not answered
        """
        if key:
            # Of two at once the second sees what the first has opened.
            write_lock(partner)
            # sudo: their own ticket, by what only their browser knows
            known = self.sudo().search(
                [("portal_key", "=", key), ("create_uid", "=", self.env.uid)]
            )
            if known:
                return known
        subject = subject_line(subject)
        company = self.env.company
        if not subject or not (text or "").strip():
            raise UserError(
                self.env._("Tell us in a few words and in detail what you need.")
            )
        if not self._is_served(company):
            raise UserError(self._get_unserved(company))
        if category - category._get_for_portal(company):
            raise UserError(self.env._("Choose a category of the list."))
        self._check_files(files)
        version = category._get_form()
        version._check_still_asked({**(texts or {}), **(sent or {})})
        questions = version._get_for_customer()
        values, sent = questions._read_customer(texts or {}, sent or {})
        # sudo: customers make tickets by this form only, about themselves
        ticket = self.sudo().create(
            {
                "name": subject,
                "description": plaintext2html(text.strip()),
                "partner_id": partner.id,
                "category_id": category.id,
                "company_id": company.id,
                "channel": "portal",
                "properties": values,
                "form_file_ids": [Command.create(one) for one in sent],
                "portal_key": key or False,
            }
        )
        ticket._check_customer_answered()
        if files:
            ticket._post_of_customer(partner, "", files)
        return ticket

    @api.model
    def _is_served(self, company):
        """Whether somebody takes tickets of the company."""
        # sudo: customers are told only that there is somebody
        teams = self.env["sales.service.team"].sudo()
        return bool(teams.search_count([("company_id", "=", company.id)], limit=1))

    @api.model
    def _get_unserved(self, company):
        """What customers are told where nobody takes tickets."""
        return self.env._(
            "%(company)s takes no requests in this way yet. Please write to your "
            "contact, or call.",
            company=company.name,
        )

    @api.model
    def _check_files(self, files):
        """:raise UserError: for files that customers cannot send"""
        if len(files) > forms.MOST:
            raise UserError(
                self.env._("Send at most %(count)s files.", count=forms.MOST)
            )
        self._refuse(
            [
                self.env._(
                    "%(file)s is not taken: send pictures, PDF, office documents, "
                    "texts or ZIP of at most %(size)s MB.",
                    file=name,
                    size=forms.LARGEST // 2**20,
                )
                for name, content in files
                if len(content) > forms.LARGEST or get_type(content) not in forms.TYPES
            ]
        )

    def _check_customer_answered(self):
        """:raise UserError: naming what a customer has to answer on intake"""
        self.ensure_one()
        missing = self._get_missing(forms.INTAKE, internal=False)
        self._refuse(
            [
                self.env._("Please answer “%(question)s”.", question=question.name)
                for question in missing
            ]
        )

    def _get_open_questions(self):
        """What a customer may still answer, as superuser.

        What is answered already is the agents' to correct: they may act on it.
        """
        self.ensure_one()
        # sudo: whoever calls has checked that the customer may see the ticket
        ticket = self.sudo()
        questions = ticket.form_version_id._get_for_customer()
        if not ticket.is_open:
            return questions.browse()
        answers, files = ticket._get_answers(), ticket.form_file_ids.question_id
        return questions.filtered(
            lambda one: one.key not in answers and one not in files
        )

    def _answer_by_customer(self, partner, texts, sent):
        """The customer answers what was open of the form.

        Whoever calls has checked that the customer may see the ticket.

        :raise UserError: for what is no answer, or where nothing is answered
        """
        self.ensure_one()
        # sudo: what is open is the customer's to answer
        ticket = self.sudo()
        # Of two at once the second sees what the first has answered.
        write_lock(ticket)
        ticket.invalidate_recordset()
        questions = ticket._get_open_questions()
        values, sent = questions._read_customer(texts, sent)
        values = {key: value for key, value in values.items() if value is not None}
        if not values and not sent:
            raise UserError(self.env._("Answer at least one question."))
        ticket.write(
            {
                "properties": values,
                "form_file_ids": [Command.create(one) for one in sent],
            }
        )
        answered = questions.filtered(
            lambda one: (
                one.key in values or one.id in [file["question_id"] for file in sent]
            )
        )
        # As every word of the customer: who waited for it goes on.
        ticket._post_of_customer(
            partner,
            self.env._(
                "Answered: %(questions)s",
                questions=listed(self.env, answered.mapped("name")),
            ),
        )

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


def _drawn(text):
    """A signature as the browser sends it, ``(name, content)``."""
    kind, _comma, content = text.partition(",")
    if kind != "data:image/png;base64":
        raise forms.WrongAnswer
    try:
        return False, base64.b64decode(content, validate=True)
    except (ValueError, binascii.Error) as error:
        raise forms.WrongAnswer from error
