from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.mail import email_normalize

from odoo.addons.sales_force.locking import write_lock

from .sales_scorecard import LIVE
from .sales_scorecard_opening import QUIET

STATES = [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")]
# What the system sets, and in which state the rest may still be changed by hand.
_STAMPED = frozenset(
    ("state", "survey_id", "minimum", "reminded_on", "answers_kept", "closed_on")
)
_ALWAYS = frozenset(("name", "remind_days"))
_RUNNING = _ALWAYS | {"deadline"}


class SalesFeedbackRound(models.Model):
    """Colleagues, reports and customers are asked about some reps.

    Who was asked is known to who asks; who answered, and what, to nobody: see
    ``survey.user_input`` and ``sales.feedback.answer``.
    """

    _name = "sales.feedback.round"
    _description = "360° Feedback Round"
    _inherit = ["sales.stamped.mixin"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _sales_stamped = _STAMPED

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    state = fields.Selection(
        STATES, "Status", default="draft", required=True, readonly=True, copy=False
    )
    date_from = fields.Date(
        "About the Time From",
        required=True,
        default=lambda self: self._default_quarter(0),
        help="Scorecards of this time count the feedback.",
    )
    date_to = fields.Date(
        "Until", required=True, default=lambda self: self._default_quarter(1)
    )
    deadline = fields.Date(
        required=True,
        default=lambda self: (
            self.env.company._get_sales_today() + relativedelta(weeks=2)
        ),
        help="The last day for answers. The night after, the round closes by itself.",
    )
    remind_days = fields.Integer(
        "Remind Before (Days)",
        default=3,
        help="So many days before the deadline, who has not answered yet is reminded. "
        "Nobody sees who that is.",
    )
    questionnaire_id = fields.Many2one(
        "survey.survey",
        required=True,
        ondelete="restrict",
        domain="[('survey_type', '=', 'sales_feedback')]",
        default=lambda self: self.env.ref(
            "sales_appraisal.sales_feedback_survey", raise_if_not_found=False
        ),
        help="Each section gives a score, from its scales, matrices and choices with "
        "points; texts are comments.",
    )
    survey_id = fields.Many2one(
        "survey.survey",
        "Questions as Sent",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    template_id = fields.Many2one(
        "sales.scorecard.template",
        "Reps With This Scorecard",
        check_company=True,
        domain="[('state', '=', 'published')]",
        help="Whom a proposal begins with. Empty: reps with any scorecard or none.",
    )
    team_ids = fields.Many2many(
        "crm.team",
        "sales_feedback_round_team_rel",
        "round_id",
        "team_id",
        "Teams",
        check_company=True,
        help="Whom a proposal begins with. Empty: every team.",
    )
    peer_limit = fields.Integer(
        "Colleagues",
        default=8,
        help="Of the same team or manager; of more, so many are drawn. 0: none.",
    )
    report_limit = fields.Integer(
        "Direct Reports", default=20, help="0: who reports to a rep is not asked."
    )
    with_manager = fields.Boolean(
        "Manager",
        help="The manager's answer counts among all; alone it is never shown.",
    )
    customer_limit = fields.Integer(
        "Customers",
        default=5,
        help="Contacts with an e-mail address of the rep's own customers, who were "
        "served last first. 0: none.",
    )
    subject_ids = fields.One2many("sales.feedback.subject", "round_id", "Reps")
    subject_count = fields.Integer("Reps Asked About", compute="_compute_counts")
    participant_count = fields.Integer("Asked", compute="_compute_counts")
    answer_count = fields.Integer("Answered", compute="_compute_counts")
    answers_kept = fields.Integer(readonly=True, copy=False)
    minimum = fields.Integer(
        "Shown From (Answers)",
        readonly=True,
        copy=False,
        help="As the company's setting was when people were asked.",
    )
    reminded_on = fields.Date("Last Reminder", readonly=True, copy=False)
    closed_on = fields.Date("Closed", readonly=True, copy=False)

    _dates = models.Constraint(
        "CHECK (date_from <= date_to)", "The time begins before it ends."
    )
    _limits = models.Constraint(
        "CHECK (LEAST(peer_limit, report_limit, customer_limit, remind_days) >= 0)",
        "Numbers are not negative.",
    )

    @api.model
    def _default_quarter(self, end):
        """The first or last day of the quarter."""
        today = self.env.company._get_sales_today()
        first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
        return first + relativedelta(months=3, days=-1) if end else first

    @api.depends("state", "subject_ids.participant_ids")
    def _compute_counts(self):
        subjects = dict(
            self.env["sales.feedback.subject"]._read_group(
                [("round_id", "in", self.ids)], ["round_id"], ["__count"]
            )
        )
        asked = dict(
            self.env["sales.feedback.participant"]._read_group(
                [("round_id", "in", self.ids)], ["round_id"], ["__count"]
            )
        )
        answered = dict(
            self.env["survey.user_input"]
            # sudo: how many, and of the whole round only
            .sudo()
            ._read_group(
                [
                    ("sales_participant_id.round_id", "in", self.ids),
                    ("state", "=", "done"),
                ],
                ["survey_id"],
                ["__count"],
            )
        )
        for one in self:
            one.subject_count = subjects.get(one._origin, 0)
            one.participant_count = asked.get(one._origin, 0)
            one.answer_count = (
                one.answers_kept
                if one.state == "closed"
                # sudo: only which survey is counted
                else answered.get(one.sudo().survey_id, 0)
            )

    @api.constrains("company_id")
    def _check_subjects(self):
        self.subject_ids._check_rep_company()

    # Writing

    def write(self, vals):
        if not self.env.su:
            for one in self:
                allowed = {"running": _RUNNING, "closed": _ALWAYS}.get(one.state)
                if allowed is not None and vals.keys() - allowed:
                    raise UserError(
                        self.env._(
                            "%(round)s was sent: it stays as people were asked.",
                            round=one.name,
                        )
                    )
        result = super().write(vals)
        if "deadline" in vals:
            self.filtered(lambda one: one.state == "running")._set_deadline()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._check_state("draft")

    def _lock(self, state):
        """Whoever changes the round at the same time, adds somebody to it or sends an
        answer is waited for, or waits and is run again on what is left.

        :raise UserError: when it is in another state
        """
        self.check_access("write")
        self.env.flush_all()
        # It keeps the rows from being referenced meanwhile.
        self.env.cr.execute(
            SQL(
                "SELECT id FROM sales_feedback_round WHERE id = ANY(%s) ORDER BY id "
                "FOR UPDATE",
                self.ids,
            )
        )
        write_lock(self)
        self.invalidate_recordset(["state"])
        self._check_state(state)

    # Asking

    def action_send(self):
        """Ask everybody chosen, by e-mail with a link of their own.

        :raise UserError: without reps, with too few people for somebody, for people
            without an e-mail address, with a deadline that is over
        """
        self._lock("draft")
        for one in self:
            one._check_complete()
            # sudo: tokens and the survey are nobody's; the right to send was checked
            one.sudo()._send()
        return True

    def _check_complete(self):
        _ = self.env._
        if self.deadline < self.company_id._get_sales_today():
            raise UserError(_("The deadline is over."))
        if not self.subject_ids:
            raise UserError(_("Whom is the feedback about? Add reps, or propose them."))
        if not self.questionnaire_id._get_scored_questions():
            raise UserError(
                _(
                    "%(survey)s has no scale, matrix or choice with points: there is "
                    "nothing to score.",
                    survey=self.questionnaire_id.title,
                )
            )
        people = self.subject_ids.participant_ids
        silent = people.filtered(
            lambda one: not email_normalize(one.partner_id.email or "")
        )
        if silent:
            raise UserError(
                _(
                    "Without an e-mail address they cannot be asked: %(names)s.",
                    names=", ".join(silent.partner_id.mapped("name")),
                )
            )
        minimum = self.company_id.sales_feedback_minimum
        few = self.subject_ids.filtered(lambda one: len(one.participant_ids) < minimum)
        if few:
            raise UserError(
                _(
                    "With fewer than %(minimum)s people nothing could be shown about "
                    "%(names)s: ask more people, or remove them.",
                    minimum=minimum,
                    names=", ".join(few.rep_id.mapped("name")),
                )
            )
        people._check_addresses()

    def _send(self):
        self.ensure_one()
        # Nothing about an answer belongs to who sent the round.
        env = self.with_user(SUPERUSER_ID).with_context(**QUIET).env
        survey = self.with_env(env).questionnaire_id._copy_for_feedback()
        self.write(
            {
                "state": "running",
                "survey_id": survey.id,
                "minimum": self.company_id.sales_feedback_minimum,
            }
        )
        people = self.with_env(env).subject_ids.participant_ids
        for one in people:
            one.email = email_normalize(one.partner_id.email)
        questions = [
            fields.Command.set(survey._prepare_user_input_predefined_questions().ids)
        ]
        languages = {lang.code: lang.id for lang in env["res.lang"].search([])}
        env["survey.user_input"].create(
            [
                {
                    "survey_id": survey.id,
                    "sales_participant_id": one.id,
                    "lang_id": languages.get(one.partner_id.lang),
                    "predefined_question_ids": questions,
                }
                for one in people
            ]
        )
        self._set_deadline()
        people._mail()

    def _set_deadline(self):
        """Answers are taken until the end of the day where the company works."""
        for one in self:
            if one.deadline < one.company_id._get_sales_today():
                raise UserError(self.env._("The deadline is over."))
            zone = ZoneInfo(one.company_id._get_sales_timezone())
            stop = datetime.combine(one.deadline, time.max, zone)
            # sudo: until when the links work; the right to set it was checked by write
            one.sudo()._get_inputs().write(
                {
                    "deadline": stop.astimezone(timezone.utc).replace(
                        tzinfo=None, microsecond=0
                    )
                }
            )

    def _get_inputs(self):
        return self.env["survey.user_input"].search(
            [("sales_participant_id.round_id", "in", self.ids)]
        )

    def action_remind(self):
        """Write once more to who has not answered; not twice a day.

        :raise UserError: when a reminder went out today
        """
        self._lock("running")
        for one in self:
            if one.reminded_on == one.company_id._get_sales_today():
                raise UserError(self.env._("A reminder went out today already."))
            # sudo: who has not answered is nobody's to know
            one.sudo()._remind()
        return True

    def _remind(self):
        self.reminded_on = self.company_id._get_sales_today()
        waiting = self._get_inputs().filtered(lambda one: one.state != "done")
        waiting.sales_participant_id._mail(reminder=True)

    # Closing

    def action_close(self):
        """Show what was answered, once for all, and forget who answered.

        :raise UserError: when it is closed already
        """
        self._lock("running")
        for one in self:
            # sudo: answers are nobody's to read; the right to close was checked
            one.sudo()._close()
        return True

    def _close(self):
        self.ensure_one()
        inputs = self._get_inputs()
        self.write(
            {
                "state": "closed",
                "closed_on": self.company_id._get_sales_today(),
                "answers_kept": len(inputs.filtered(lambda one: one.state == "done")),
            }
        )
        self.subject_ids._conclude(self.minimum)
        inputs._forget()
        self.survey_id.action_archive()
        self.env["sales.scorecard"].search(
            [
                ("rep_id", "in", self.subject_ids.rep_id.ids),
                ("state", "in", LIVE[:3]),
                ("date_from", "<=", self.date_to),
                ("date_to", ">=", self.date_from),
            ]
        )._compute_results()

    @api.model
    def _cron_feedback(self):
        """Each night: rounds past their deadline close, others remind in time; each in
        its own transaction."""
        running = self.search([("state", "=", "running")])
        self.env["ir.cron"]._commit_progress(remaining=len(running))
        for one in running:
            # Whoever is at it, or has been since the last commit, does it.
            if one.try_lock_for_update().state == "running":
                one._follow()
            self.env["ir.cron"]._commit_progress(1)

    def _follow(self):
        today = self.company_id._get_sales_today()
        remind_on = self.deadline - relativedelta(days=self.remind_days)
        if self.deadline < today:
            self._close()
        elif remind_on <= today and not (
            self.reminded_on and self.reminded_on >= remind_on
        ):
            self._remind()

    @api.model
    def _forget_all(self):
        """With the app go its questionnaires, and what was answered to them."""
        self.env.cr.execute("DELETE FROM sales_feedback_round")
        self.env.invalidate_all(flush=False)
        self.env["survey.survey"].with_context(active_test=False).search(
            [("survey_type", "=", "sales_feedback")]
        ).unlink()

    def action_open_subjects(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_feedback_subject_action"
        )
        return {**action, "domain": [("round_id", "in", self.ids)], "context": {}}
