from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.mail import email_normalize, formataddr
from odoo.tools.misc import format_date

from .sales_feedback_result import AUDIENCES
from .sales_scorecard_opening import QUIET


class SalesFeedbackParticipant(models.Model):
    """Somebody who is asked about a rep. Whether they answered is not written here."""

    _name = "sales.feedback.participant"
    _description = "Asked for 360° Feedback"
    _inherit = ["sales.stamped.mixin"]
    _order = "subject_id, audience, partner_id"
    _sales_stamped = frozenset(("email",))

    subject_id = fields.Many2one(
        "sales.feedback.subject",
        "About",
        required=True,
        ondelete="cascade",
        index=True,
    )
    round_id = fields.Many2one(related="subject_id.round_id", store=True, index=True)
    company_id = fields.Many2one(related="subject_id.company_id", store=True)
    state = fields.Selection(related="subject_id.state", string="Status", store=True)
    rep_name = fields.Char("Rep", related="subject_id.rep_id.name")
    round_name = fields.Char("Name of the Round", related="round_id.name")
    deadline = fields.Date(related="round_id.deadline")
    audience = fields.Selection(AUDIENCES, "As", required=True, default="peer")
    partner_id = fields.Many2one(
        "res.partner",
        "Person",
        required=True,
        ondelete="restrict",
        index=True,
    )
    email = fields.Char(
        readonly=True,
        copy=False,
        help="As it was when people were asked: the link goes nowhere else.",
    )
    is_open = fields.Boolean("Waits for Me", compute="_compute_is_open")

    _person_uniq = models.UniqueIndex(
        "(subject_id, partner_id)",
        "A person is asked about a rep once, in one audience only.",
    )

    @api.depends_context("uid")
    def _compute_is_open(self):
        """Only what is the reader's own; customers have their mail, and no contact
        that becomes a user's, as by a merge, opens what a customer began."""
        mine = self.filtered(
            lambda one: one.partner_id == self.env.user.partner_id
            and one.state == "running"
            and one.audience != "customer"
        )
        # sudo: whether the reader answered
        waiting = mine.sudo()._get_inputs().filtered(lambda one: one.state != "done")
        open_ids = set(waiting.sales_participant_id.ids)
        for one in self:
            one.is_open = one.id in open_ids

    @api.depends("rep_name", "round_name")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.rep_name or ''} · {one.round_name or ''}"

    @api.constrains("partner_id", "subject_id", "audience")
    def _check_person(self):
        for one in self:
            # sudo: whether somebody is a colleague
            users = one.partner_id.sudo().with_context(active_test=False).user_ids
            if users & one.subject_id.user_id:
                raise ValidationError(
                    self.env._(
                        "%(rep)s does not answer about themselves.", rep=one.rep_name
                    )
                )
            inside = bool(users.filtered(lambda user: not user.share))
            if inside == (one.audience == "customer"):
                raise ValidationError(
                    self.env._(
                        "%(person)s: customers are people outside, all others have a "
                        "user of their own.",
                        person=one.partner_id.name,
                    )
                )

    def _check_addresses(self):
        """:raise UserError: when a mailbox would be asked twice about a rep"""
        seen = {}
        for one in self:
            key = (one.subject_id, email_normalize(one.partner_id.email))
            if key in seen:
                raise UserError(
                    self.env._(
                        "%(one)s and %(other)s have the same e-mail address: about "
                        "%(rep)s it is asked once.",
                        one=seen[key].partner_id.name,
                        other=one.partner_id.name,
                        rep=one.rep_name,
                    )
                )
            seen[key] = one

    @api.model_create_multi
    def create(self, vals_list):
        people = super().create(vals_list)
        people.round_id._check_state("draft")
        return people

    def write(self, vals):
        if not self.env.su:
            self.round_id._check_state("draft")
        result = super().write(vals)
        if "subject_id" in vals:
            self.round_id._check_state("draft")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self.round_id._check_state("draft")

    def _get_inputs(self):
        return self.env["survey.user_input"].search(
            [("sales_participant_id", "in", self.ids)]
        )

    def action_answer(self):
        """The questions, for the one who is asked.

        :raise AccessError: for everybody else
        :raise UserError: when the round is closed, or they answered
        """
        self.ensure_one()
        self.check_access("read")
        if self.partner_id != self.env.user.partner_id:
            raise AccessError(self.env._("Others answer for themselves."))
        if not self.is_open:
            raise UserError(
                self.env._("You have answered, or the round is closed. Thank you.")
            )
        # sudo: the reader's own link
        inputs = self.sudo()._get_inputs()
        return {
            "type": "ir.actions.act_url",
            "url": inputs.get_start_url(),
            "target": "self",
        }

    def _mail(self, reminder=False):
        """Write to everybody, each with their own link, in their language.

        The messages hang on no document, have no author among users, name no user as
        their maker, and go when they are sent: else who reads messages could read
        whom a reminder went to, and follow the link.
        """
        people = self.with_user(SUPERUSER_ID).with_context(**QUIET)
        inputs = people._get_inputs().grouped("sales_participant_id")
        root = people.env.ref("base.partner_root")
        people.env["mail.mail"].create(
            [one._prepare_mail(inputs[one], root, reminder) for one in people]
        )

    def _prepare_mail(self, answer, root, reminder):
        """:param root: whose mail it is: nobody's"""
        person = self.with_context(lang=self.partner_id.lang or self.env.lang)
        _ = person.env._
        sender = self.company_id.partner_id.email_formatted or root.email_formatted
        return {
            "author_id": root.id,
            "email_from": sender,
            "reply_to": sender,
            "email_to": formataddr((self.partner_id.name or "", self.email)),
            "subject": _("Reminder: your feedback about %(rep)s", rep=self.rep_name)
            if reminder
            else _("Your feedback about %(rep)s", rep=self.rep_name),
            "body_html": person.env["ir.qweb"]._render(
                "sales_appraisal.sales_feedback_mail",
                {
                    "person": person,
                    "reminder": reminder,
                    "deadline": format_date(person.env, person.deadline),
                    "link": f"{self.get_base_url()}{answer.get_start_url()}",
                },
                minimal_qcontext=True,
            ),
            "auto_delete": True,
            "model": False,
            "res_id": False,
        }
