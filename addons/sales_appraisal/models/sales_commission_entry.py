from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one

KINDS = [
    ("earning", "Earning"),
    ("override", "Override"),
    ("bonus", "Bonus"),
    ("floor", "Minimum of a Rule"),
    ("adjustment", "Adjustment"),
    ("hold", "Held Back"),
    ("release", "Release"),
    ("clawback", "Claw-back"),
    ("unpaid", "Unpaid"),
    ("lost", "Customer Lost"),
    ("dispute", "Dispute"),
    ("guarantee", "Guarantee"),
    ("draw", "Draw"),
    ("recovery", "Draw Recovery"),
    ("carried", "Draw Recovery for Former Plan"),
    ("forgiveness", "Forgiveness"),
]


class SalesCommissionEntry(models.Model):
    """What a rep is paid more or less for one cause: the ledger of pay.

    Written by the runs of statements only. While its statement is open an entry follows
    the facts; after that it stays, and what would be different now is an adjustment in
    the rep's open statement, which names the entry that it corrects.

    The key of the credit is copied: a credit may vanish, what was paid for it does not.
    """

    _name = "sales.commission.entry"
    _description = "Commission Entry"
    _inherit = ["sales.sourced.mixin"]
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "kind"

    statement_id = LedgerMany2one(
        "sales.commission.statement", required=True, readonly=True, index=True
    )
    company_id = LedgerMany2one("res.company", required=True, readonly=True)
    rep_id = LedgerMany2one("sales.rep", required=True, readonly=True)
    rule_id = LedgerMany2one("sales.commission.rule", required=True, readonly=True)
    period_from = fields.Date(
        "Period From",
        required=True,
        readonly=True,
        help="The first day of the period that it is about: of an adjustment the one "
        "that is corrected.",
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    subject = fields.Selection(
        KINDS,
        "About",
        required=True,
        readonly=True,
        help="What an adjustment corrects.",
    )
    date = fields.Date(required=True, readonly=True, help="Of the fact behind it.")
    base = fields.Float(
        "Counted",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="What counts of the credit, in the plan's currency where it is money.",
    )
    factor = fields.Float(
        "Counts Times",
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="By how much a credit counts whose line has a certain discount or margin; "
        "what is counted includes it.",
    )
    position = fields.Float(
        "Counted Before",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="What counted before in the period: the place in the table.",
    )
    amount = fields.Monetary(readonly=True)
    currency_id = LedgerMany2one("res.currency", required=True, readonly=True)
    corrects_id = LedgerMany2one("sales.commission.entry", "Corrects", readonly=True)
    partner_id = LedgerMany2one("res.partner", "Customer", readonly=True)
    product_id = LedgerMany2one("product.product", "Product", readonly=True)

    # The cause: the key of the credit
    level = fields.Integer(
        "Levels Below",
        readonly=True,
        aggregator=None,
        help="How far below the credit is; 0: the rep's own.",
    )
    metric_id = LedgerMany2one("sales.metric", readonly=True)
    source = fields.Char(required=True, readonly=True)
    scope_id = fields.Integer(readonly=True, aggregator=None)
    part = fields.Integer(required=True, aggregator=None)
    # 0 where the credit names no salesperson.
    user_id = fields.Integer("Salesperson", required=True, readonly=True)
    overlay = fields.Boolean(required=True, readonly=True)
    credit_id = fields.Many2one("sales.credit", compute="_compute_credit_id")

    # The key also finds what a rule has given for a period. Texts, which cost most to
    # compare, come last, where hardly any two are left to tell apart.
    _cause_uniq = models.UniqueIndex(
        "(rep_id, rule_id, period_from, statement_id, res_id, part, user_id, level, "
        "overlay, subject, source, res_model)"
    )
    # What was paid for a document; what was held, by day.
    _scope_idx = models.Index("(scope_id)")
    _held_idx = models.Index("(rule_id, date) WHERE subject = 'hold'")

    def _compute_credit_id(self):
        """The credit that an entry copied; empty when it is gone."""
        credits = (
            self.env["sales.credit"]
            # sudo: which credit it is, is the entry's own content
            .sudo()
            .search(
                Domain("scope_id", "in", self.mapped("scope_id"))
                & Domain("res_id", "in", self.mapped("res_id"))
            )
        )
        by_key = {credit._get_key(): credit for credit in credits}
        for entry in self:
            entry.credit_id = by_key.get(entry._get_key())

    def _get_key(self):
        return (
            *(self.source, self.scope_id, self.metric_id.id, self.res_model),
            *(self.res_id, self.part, self.user_id, self.overlay),
        )

    # Written by runs only

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def unlink(self):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())  # pylint: disable=no-raise-unlink

    def _readonly_message(self):
        return self.env._(
            "Entries follow from facts and rules. Change the documents, or the plan's "
            "next version, instead."
        )


class SalesCredit(models.Model):
    _inherit = "sales.credit"

    def _get_key(self):
        """What an entry of commission copies of a credit."""
        return (
            *(self.source, self.scope_id, self.metric_id.id, self.res_model),
            *(self.res_id, self.part, self.user_id.id or 0, self.overlay),
        )
