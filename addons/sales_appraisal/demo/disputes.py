"""Disputes of commission: one granted, one refused, one that waits."""

# What is said, and what is answered; None: it waits.
DISPUTES = (
    (
        "calculation",
        (
            "The higher rate was agreed for this order in writing.",
            "该订单书面约定了更高的提成比例。",
        ),
        "corrected",
        ("Right: the mail of the director is attached.", "属实，总监的邮件见附件。"),
    ),
    (
        "rule",
        ("The bonus should count as well.", "奖金也应计入。"),
        "refused",
        ("The plan does not say so.", "提成方案没有这样规定。"),
    ),
    (
        "credit",
        ("I brought the customer, and share nothing.", "客户是我开发的，不应分成。"),
        None,
        None,
    ),
)
AMOUNT = 25


class Disputes:
    """:param env: superuser's, of the company; :param word: picks the language"""

    def __init__(self, env, company, word):
        self.env, self.company, self.word = env, company, word

    def load(self):
        statements = self.env["sales.commission.statement"].search(
            [("company_id", "=", self.company.id), ("state", "!=", "open")]
        )
        lines = [
            mine.entry_ids.filtered(lambda one: one.subject == "earning")[:1]
            for _rep, mine in statements.grouped("rep_id").items()
        ]
        for line, (reason, text, outcome, decision) in zip(
            filter(None, lines), DISPUTES, strict=False
        ):
            self.dispute(line, reason, self.word(text), outcome, decision)

    def dispute(self, line, reason, text, outcome, decision):
        user = line.rep_id.user_id
        disputes = self.env["sales.commission.dispute"].with_user(user)
        dispute = disputes._open(line.with_user(user), reason, text)
        if not outcome:
            return
        judged = dispute.with_user(dispute.judge_id)
        if outcome == "corrected":
            judged._correct(AMOUNT, self.word(decision))
        else:
            judged._refuse_dispute(self.word(decision))
