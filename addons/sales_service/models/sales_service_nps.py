"""Would you recommend us? Asked by Odoo's survey, once a contact and period."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import split_every

from odoo.addons.sales_force.periods import compare

from ..tickets import nps
from .sales_service_ticket import PAST

# So many contacts are asked in one transaction.
BATCH = 50
# So many days a contact has for the answer.
DAYS = 30
# Who was not asked so many days after the period is not asked any more.
_LATE = timedelta(days=30)
# The mean of all answers, as a whole number.
_SCORE = "nps:avg"


class SalesServiceNps(models.Model):
    """That a contact was asked for a period, and what he answered.

    Of a period those are asked whose tickets of the team were resolved in it. Moments
    are in UTC, periods in the company's timezone.
    """

    _name = "sales.service.nps"
    _description = "Recommendation (NPS)"
    _inherit = ["sales.service.recorded.mixin"]
    _order = "answered_at desc, id desc"
    _rec_name = "partner_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    team_id = fields.Many2one(
        "sales.service.team", "Team", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Contact", required=True, readonly=True, ondelete="cascade"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer",
        store=True,
        index=True,
    )
    class_id = fields.Many2one(
        "sales.customer.class",
        "Customer Class",
        readonly=True,
        help="Of the customer when the contact was asked.",
    )
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("Period", required=True, readonly=True, help="Its last day.")
    user_input_id = fields.Many2one(
        "survey.user_input",
        "Survey Answer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="survey.group_survey_user",
    )
    asked_at = fields.Datetime("Asked", readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    score = fields.Integer(
        "Answer", readonly=True, aggregator="avg", help="From 0 to 10."
    )
    comment = fields.Text("Why", readonly=True)
    answered = fields.Float(
        "Response Rate",
        readonly=True,
        aggregator="avg",
        help="Share of the contacts who were asked and have answered.",
    )
    nps = fields.Integer(
        "Net Promoter Score",
        readonly=True,
        aggregator="avg",
        help="Percent of promoters (9 and 10) less percent of detractors (0 to 6). "
        "Empty with fewer than five answers.",
    )

    _once = models.UniqueIndex("(company_id, partner_id, date_to)")

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """The score of a group; a mean of single answers is none."""
        if aggregate_spec != _SCORE:
            return super()._read_group_select(aggregate_spec, query)
        value, at = (
            self._field_to_sql(self._table, name, query)
            for name in ("nps", "answered_at")
        )
        return SQL(
            "CASE WHEN count(%(at)s) >= %(minimum)s "
            "THEN round(avg(%(value)s) FILTER (WHERE %(at)s IS NOT NULL)) END",
            at=at,
            value=value,
            minimum=nps.MINIMUM,
        )

    # Asking

    @api.model
    def _cron_ask(self):
        """Each day: ask for the periods that have ended; who is asked is marked so.

        A mail waits in the transaction that marks its contact: a run that is killed
        asks nobody twice.
        """
        teams = self.env["sales.service.team"].search([("nps_period", "!=", False)])
        for team in teams:
            team._plan_nps()
        since = self.env["sales.service.ticket"]._get_now().date() - _LATE
        waiting = self.search([("asked_at", "=", False)], order="id")
        late = waiting.filtered(lambda one: one.date_to < since)
        late.unlink()
        waiting -= late
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for ids in split_every(BATCH, waiting.ids, list):
            self.browse(ids).exists()._ask()
            self.env["ir.cron"]._commit_progress(len(ids))

    def _ask(self):
        """Make each contact's own link to the survey, and mail it."""
        survey = self.env.ref("sales_service.survey_nps")
        now = self.env["sales.service.ticket"]._get_now()
        asked = self.filtered(
            lambda one: not one.asked_at and one.partner_id._may_be_surveyed()
        )
        for one in asked:
            one.write(
                {
                    "user_input_id": survey._create_answer(
                        partner=one.partner_id,
                        check_attempts=False,
                        deadline=now + timedelta(days=DAYS),
                    ).id,
                    "asked_at": now,
                    # Who was not asked yet is no share of those who were.
                    "answered": 0,
                }
            )
        # Who has said since that he wants none is not asked at all.
        (self - asked).filtered(lambda one: not one.asked_at).unlink()
        # What demo data says of the past is mailed to nobody.
        if asked and not self.env.cr.cache.get(PAST):
            template = self.env.ref("sales_service.mail_template_nps")
            template.send_mail_batch(
                asked.ids, email_layout_xmlid="mail.mail_notification_light"
            )

    def _get_url(self):
        """The survey, for the contact's eyes only."""
        self.ensure_one()
        # sudo: the link is the right to answer; it goes to the contact
        answer = self.sudo().user_input_id
        return f"{self.get_base_url()}{answer.get_start_url()}"

    def _get_stop_url(self):
        """Where the contact says that he wants no more of it."""
        self.ensure_one()
        # sudo: see _get_url
        token = self.sudo().user_input_id.access_token
        return f"{self.get_base_url()}/service/nps/{token}"

    @api.model
    def _find(self, token):
        """Whom a token belongs to, as superuser: who has the token may opt out."""
        # sudo: the token is the right
        return self.sudo().search([("user_input_id.access_token", "=", token)], limit=1)

    # Answers

    def _take(self):
        """Take over what was answered; a survey without a score is no answer."""
        for one in self:
            lines = one.user_input_id.user_input_line_ids.filtered(
                lambda line: not line.skipped
            )
            scale = lines.filtered(lambda line: line.answer_type == "scale")[:1]
            if not scale or one.answered_at:
                continue
            words = lines.filtered(lambda line: line.answer_type == "text_box")
            one.write(
                {
                    "score": scale.value_scale,
                    "nps": nps.value(scale.value_scale),
                    "answered": 1,
                    "comment": "\n".join(words.mapped("value_text_box")),
                    "answered_at": self.env["sales.service.ticket"]._get_now(),
                }
            )


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    def _mark_done(self):
        result = super()._mark_done()
        # sudo: the customer's answer, to a question that we have asked
        asked = self.env["sales.service.nps"].sudo()
        asked.search([("user_input_id", "in", self.ids)])._take()
        return result


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_nps_opt_out = fields.Boolean(
        "No Satisfaction Surveys",
        help="The contact is not asked whether he would recommend us.",
    )

    def _may_be_surveyed(self):
        """Whether the contact has an address, and has not forbidden to use it so."""
        self.ensure_one()
        return bool(
            self.active
            and self.email_normalized
            and not self.is_blacklisted
            and not self.sales_nps_opt_out
        )

    def _stop_surveys(self):
        """Nobody writes to that address any more, whatever contacts have it."""
        same = self.with_context(active_test=False).search(
            [("email_normalized", "in", self.mapped("email_normalized"))]
        )
        (self | same).sales_nps_opt_out = True


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    nps_period = fields.Selection(
        [("month", "Monthly"), ("quarter", "Quarterly"), ("year", "Yearly")],
        "Recommendation Survey",
        help="After each period contacts whose tickets were resolved in it are asked "
        "by mail whether they would recommend us (net promoter score). Empty: never.",
    )

    def _plan_nps(self):
        """Note down who is to be asked for the period that has ended."""
        self.ensure_one()
        company = self.company_id
        today = company._get_sales_today()
        period = compare(self.nps_period, today).whole_previous
        if period.stop < today - _LATE:
            return
        start, _ = company._get_sales_day(period.start)
        _, stop = company._get_sales_day(period.stop)
        tickets = self.env["sales.service.ticket"]
        rows = tickets._read_group(
            [
                ("team_id", "=", self.id),
                ("state", "in", ("resolved", "closed")),
                ("resolved_at", ">=", start),
                ("resolved_at", "<", stop),
                ("partner_id.partner_share", "=", True),
            ],
            ["partner_id"],
            ["id:max"],
            order="partner_id",
        )
        asked = self.env["sales.service.nps"]
        # Who was asked about any of these days is not asked again.
        known = asked.search(
            [
                ("company_id", "=", company.id),
                ("date_to", ">=", period.start),
                ("date_from", "<=", period.stop),
            ]
        ).partner_id
        addresses = set(known.mapped("email_normalized"))
        last = {}
        for partner, id_ in rows:
            address = partner.email_normalized
            # Of several contacts with one address one is asked.
            if address not in addresses and partner._may_be_surveyed():
                addresses.add(address)
                last[partner] = tickets.browse(id_)
        classes = tickets.union(*last.values())._get_customer_classes()
        asked.create(
            [
                {
                    "company_id": company.id,
                    "team_id": self.id,
                    "partner_id": partner.id,
                    "class_id": ticket in classes and classes[ticket].id,
                    "date_from": period.start,
                    "date_to": period.stop,
                }
                for partner, ticket in last.items()
            ]
        )
