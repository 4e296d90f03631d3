"""Disputes of commission: waiting, granted, refused, and gone to the next above."""

from datetime import timedelta

from odoo import fields

# For how many days, about what, and what is answered; None: it waits.
DISPUTES = (
    (
        2,
        "credit",
        ("I brought the customer, and share nothing.", "客户是我开发的，不应分成。"),
        None,
        None,
    ),
    (
        12,
        "calculation",
        (
            "The higher rate was agreed for this order in writing.",
            "该订单书面约定了更高的提成比例。",
        ),
        "corrected",
        ("Right, the director agreed to it.", "属实，总监当时已同意。"),
    ),
    (
        6,
        "rule",
        ("The bonus should count as well.", "奖金也应计入。"),
        "refused",
        ("The plan does not say so.", "提成方案没有这样规定。"),
    ),
    (
        15,
        "data",
        ("The discount on the invoice is wrong.", "发票上的折扣有误。"),
        None,
        None,
    ),
)
AMOUNT = 25


class Disputes:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        # Who decides has it on the list of things to do, without a mail.
        self.env = env(
            context={
                **env.context,
                "mail_activity_automation_skip": False,
                "mail_activity_quick_update": True,
            }
        )
        self.company, self.word = company, word

    def load(self):
        statements = self.env["sales.commission.statement"].search(
            [("company_id", "=", self.company.id), ("state", "!=", "open")]
        )
        lines = [
            mine.entry_ids.filtered(lambda one: one.subject == "earning")[:1]
            for mine in sorted(
                statements.grouped("rep_id").values(),
                # Who can log in sees one of the own.
                key=lambda mine: mine.rep_id.user_id.login != "rep",
            )
        ]
        for line, dispute in zip(filter(None, lines), DISPUTES, strict=False):
            self.dispute(line, *dispute)
        self.env["sales.commission.dispute"]._cron_escalate()

    def dispute(self, line, days, reason, text, outcome, decision):
        user = line.rep_id.user_id
        disputes = self.env["sales.commission.dispute"].with_user(user)
        dispute = disputes._open(line.with_user(user), reason, self.word(text))
        due = dispute.due_on - timedelta(days=days)
        # sudo: demo data is of earlier days; stamped by the system otherwise
        dispute.sudo().write(
            {
                "opened_on": fields.Datetime.now() - timedelta(days=days),
                **dict.fromkeys(("due_on", "judge_due_on"), due),
            }
        )
        judged = dispute.with_user(dispute.judge_id)
        if outcome == "corrected":
            judged._correct(judged._get_paid() + AMOUNT, self.word(decision))
        elif outcome:
            judged._refuse_dispute(self.word(decision))
