from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date, formatLang

from odoo.addons.sales_force.locking import write_lock

from ..commission.disputed import FOLLOWING
from ..commission.schedule import round_to
from .sales_commission_entry_text import exact
from .sales_commission_flow import TO_DECIDE


class SalesCommissionDispute(models.Model):
    """Disputed, decided by somebody above, or withdrawn; late ones go further up."""

    _inherit = "sales.commission.dispute"

    @api.model
    def _open(self, entry, reason, text, evidence=None):
        """Dispute a line of pay, whether or not its statement is closed or paid.

        :param evidence: attachments of the user, or None
        :raise AccessError: for everybody but the rep and sales operations
        :raise UserError: without saying what is wrong, and while another one is open
        """
        entry.ensure_one()
        entry.check_access("read")
        if not entry._is_disputant():
            raise AccessError(
                self.env._("A line is disputed by whose pay it is, or by operations.")
            )
        if not (text and text.strip()):
            raise UserError(self.env._("Say what is wrong."))
        # Of two at once the second finds what the first has said.
        self.env.flush_all()
        write_lock(entry.statement_id)
        if self.sudo().search_count(  # sudo: whether there is one
            [("entry_id", "=", entry.id), ("state", "=", "open")], limit=1
        ):
            raise UserError(self.env._("There is an open dispute of it already."))
        # sudo: stamped by the system; who may dispute was checked above
        line = entry.sudo()
        company = line.company_id
        due = self._count_on(company)
        judge = self._get_judges(line.statement_id, self.env.user)[:1]
        # sudo: as above
        dispute = self.sudo().create(
            {
                **self._prepare_copied(line),
                "reason": reason,
                "text": text,
                "opened_by_id": self.env.uid,
                "opened_on": fields.Datetime.now(),
                "due_on": due,
                "judge_id": judge.id,
                "judge_due_on": due,
            }
        )
        dispute.amount_before = dispute._get_paid()
        if evidence:
            evidence.check_access("write")
            # sudo: onto a document that the user does not write; checked above
            evidence.sudo().write({"res_model": self._name, "res_id": dispute.id})
            # sudo: the same files
            dispute.evidence_ids = evidence.sudo()
        dispute.message_subscribe((dispute.user_id | self.env.user).partner_id.ids)
        dispute._ask_judge()
        return dispute.with_env(self.env)

    @api.model
    def _prepare_copied(self, line):
        """What the line is about; what a decision has corrected, is about the same."""
        about = line._get_dispute() or line
        assignment = line.rep_id._get_assignment(line.date)
        return {
            "entry_id": line.id,
            "statement_id": line.statement_id.id,
            "company_id": line.company_id.id,
            "rep_id": line.rep_id.id,
            "team_id": (assignment.team_id or line.rep_id.team_id).id,
            # A rule may give something in a period that a later version pays.
            "plan_id": (line.plan_id._get_paying(about.period_from) or line.plan_id).id,
            "rule_id": line.rule_id.id,
            "currency_id": line.currency_id.id,
            "partner_id": line.partner_id.id,
            **{
                name: about[name]
                for name in (
                    *("period_from", "subject", "scope_id"),
                    *("res_model", "res_id", "part"),
                )
            },
        }

    @api.model
    def _count_on(self, company):
        """The last of the company's working days for a decision that begins today."""
        return self.env["sales.scorecard"]._add_working_days(
            company,
            company.sudo().sales_dispute_days,  # sudo: only a setting
        )

    @api.model
    def _get_judges(self, statement, disputant):
        """Who may decide, the nearest above first: never who has disputed."""
        return statement._get_approvers() - disputant

    # Decisions

    def action_decide(self):
        """Ask for the decision."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide on the Dispute"),
            "res_model": "sales.commission.dispute.decide",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_dispute_id": self.id},
        }

    def _correct(self, amount, decision):
        """Grant it: the rep's open statement makes up for the difference.

        :param amount: what is to be paid instead for what the dispute is about, in the
            plan's currency, exact in its unit; what the documents bring later counts
            towards it
        :raise AccessError: for who does not approve the pay, and who has disputed it
        :raise UserError: without a reason, for a part of a unit, when it is decided
            already, when so much is paid anyway, or for what is made up for by itself
        """
        dispute = self._begin(decision)
        hindrance = dispute._get_hindrance()
        if hindrance:
            raise UserError(hindrance)
        amount = exact(amount)
        unit = dispute.rule_id._get_unit()
        if amount != round_to(amount, unit):
            raise UserError(
                self.env._(
                    "%(amount)s is not a whole number of %(unit)s %(currency)s.",
                    amount=amount,
                    unit=unit.normalize(),
                    currency=dispute.currency_id.name,
                )
            )
        dispute._settle_again()
        paid = dispute._get_paid()
        if amount == paid:
            raise UserError(
                self.env._(
                    "%(amount)s is what is paid for it. What should it be? Else refuse "
                    "the dispute.",
                    amount=dispute._format(amount),
                )
            )
        dispute._decide(
            "corrected",
            decision,
            amount=amount - paid,
            amount_after=amount,
            amount_ruled=dispute._get_ruled()._get_total(),
        )
        dispute._settle_again()

    def _get_hindrance(self):
        """Why no other amount can be paid for what the dispute is about, or False."""
        self.ensure_one()
        return self.subject in FOLLOWING and self.env._(
            "What is held back, taken back for a time, advanced or guaranteed follows "
            "from other lines and is made up for by itself. Decide on the line that "
            "has earned it, or correct the document or the agreement, and choose that "
            "it was corrected."
        )

    def _accept_facts(self, decision):
        """Documents, credits or splits were corrected: what follows is paid already.

        The period is settled anew first, so that what follows is there.

        :raise AccessError: for who does not approve the pay, and who has disputed it
        :raise UserError: when what is paid for it has not changed since
        """
        dispute = self._begin(decision)
        dispute._settle_again()
        after = dispute._get_paid()
        if after == exact(dispute.amount_before):
            raise UserError(
                self.env._(
                    "What is paid for it is still %(amount)s: correct the documents "
                    "first, or decide otherwise.",
                    amount=dispute._format(after),
                )
            )
        dispute._decide(
            "facts",
            decision,
            amount=after - exact(dispute.amount_before),
            amount_after=after,
        )

    def _refuse_dispute(self, decision):
        """What is paid stays.

        :raise AccessError: for who does not approve the pay, and who has disputed it
        :raise UserError: without a reason, or when it is decided already
        """
        dispute = self._begin(decision)
        dispute._decide("refused", decision, amount_after=dispute._get_paid())

    def action_withdraw(self):
        """The rep, or who has disputed, does not insist.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        self.env.flush_all()
        write_lock(self)
        self._check_state("open")
        for dispute in self:
            if not dispute._is_side():
                raise AccessError(self.env._("Who has disputed it withdraws it."))
            # sudo: stamped by the system; who may was checked above
            dispute.sudo()._decide("withdrawn", False, amount_after=dispute._get_paid())
        return True

    def _begin(self, decision):
        """One after the other: the second finds what the first has decided.

        :return: the dispute as the system writes it, once it is sure who may
        """
        self.ensure_one()
        self.check_access("read")
        if not self._is_judge():
            raise AccessError(
                self.env._(
                    "Who approves the rep's pay decides, and never on the own pay or "
                    "the own dispute."
                )
            )
        if not (decision and decision.strip()):
            raise UserError(self.env._("Say why."))
        self.env.flush_all()
        write_lock(self)
        self._check_state("open")
        return self.sudo()  # sudo: stamped by the system; who decides was checked

    def _decide(self, state, decision, **values):
        today = self.company_id._get_sales_today()
        self.write(
            {
                "state": state,
                "decision": decision,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "days": self._count_days(today),
                "decided_late": bool(self.due_on and self.due_on < today),
                **values,
            }
        )
        self.activity_unlink([TO_DECIDE])
        if state != "withdrawn":
            self.message_post(
                body=self.env._(
                    "%(outcome)s: %(reason)s",
                    outcome=dict(
                        self._fields["state"]._description_selection(self.env)
                    )[state],
                    reason=decision,
                ),
                partner_ids=(self.user_id - self.env.user).partner_id.ids,
            )

    def _count_days(self, today):
        """Working days of the company since it was disputed; 0: on the same day."""
        company = self.company_id
        opened = company._get_sales_date(self.opened_on)
        hours = self.env["sales.working.time"].working_days(company, opened, today)
        return sum(1 for day, count in hours[company].items() if count and day > opened)

    def _settle_again(self):
        plan, start = self.plan_id, self.period_from
        self.statement_id._settle(plan, *plan._get_bounds(start), self.rep_id)

    def _format(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    # Waiting

    def _ask_judge(self):
        """An activity for who decides, until the day it goes further up."""
        for dispute in self.filtered("judge_id"):
            text = dispute.with_context(lang=dispute.judge_id.lang or self.env.lang)
            text.activity_schedule(
                TO_DECIDE,
                dispute.judge_due_on,
                summary=text.env._("Decide on the dispute"),
                user_id=dispute.judge_id.id,
            )

    @api.model
    def _cron_escalate(self):
        """What is not decided in time, the next above decides."""
        waiting = self.search([("state", "=", "open"), ("judge_due_on", "!=", False)])
        for company, disputes in waiting.grouped("company_id").items():
            disputes._escalate(company._get_sales_today())

    def _escalate(self, today):
        """Of what is late the next above decides; where nobody is, it stays."""
        for dispute in self:
            if dispute.judge_due_on >= today:
                continue
            judges = self._get_judges(dispute.statement_id, dispute.opened_by_id)
            ids = judges.ids
            place = (
                ids.index(dispute.judge_id.id) + 1 if dispute.judge_id in judges else 0
            )
            judge, late = judges[place : place + 1], dispute.judge_due_on
            if not judge:
                continue
            dispute.activity_unlink([TO_DECIDE])
            dispute.write(
                {
                    "judge_id": judge.id,
                    "judge_due_on": self._count_on(dispute.company_id),
                    "escalations": dispute.escalations + 1,
                }
            )
            dispute._ask_judge()
            dispute.message_post(
                body=self.env._(
                    "Not decided by %(day)s: %(judge)s decides now.",
                    day=format_date(self.env, late),
                    judge=judge.name,
                )
            )
