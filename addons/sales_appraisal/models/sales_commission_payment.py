from odoo import fields, models


class SalesCommissionPayment(models.Model):
    """What was paid for a statement, and what was taken back: never changed, only
    added to, so that the payments of a statement sum to what it is paid today.

    Written by ``sales.commission.payout`` only, as the superuser; nobody has the right.
    """

    _name = "sales.commission.payment"
    _description = "Commission Payment"
    _order = "id"
    _rec_name = "statement_id"

    payout_id = fields.Many2one(
        "sales.commission.payout",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    statement_id = fields.Many2one(
        "sales.commission.statement",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        required=True, readonly=True, help="Negative where it was taken back."
    )
    date = fields.Date(required=True, readonly=True)
    number = fields.Integer(
        required=True,
        readonly=True,
        aggregator=None,
        help="How often the statement was taken back before.",
    )
    move_id = fields.Many2one(
        "account.move",
        "Entry or Bill",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    reverses_id = fields.Many2one(
        "sales.commission.payment",
        "Takes Back",
        readonly=True,
        ondelete="restrict",
    )
    reason = fields.Char(readonly=True, help="Why it was taken back.")

    # Whoever pays at the same time pays the same number again.
    _paid_once = models.UniqueIndex(
        "(statement_id, number) WHERE reverses_id IS NULL",
        "A statement is paid already.",
    )
    _taken_back_once = models.UniqueIndex(
        "(reverses_id) WHERE reverses_id IS NOT NULL",
        "A payment is taken back already.",
    )

    def _get_standing(self):
        """Those that were not taken back."""
        counter = self.search([("reverses_id", "in", self.ids)])
        return self.filtered(lambda one: not one.reverses_id) - counter.reverses_id

    def _take_back(self, reason):
        """Counter rows of payments that stand."""
        return self.create(
            [
                {
                    "payout_id": payment.payout_id.id,
                    "statement_id": payment.statement_id.id,
                    "rep_id": payment.rep_id.id,
                    "company_id": payment.company_id.id,
                    "currency_id": payment.currency_id.id,
                    "amount": -payment.amount,
                    "date": payment.company_id._get_sales_today(),
                    "number": payment.number,
                    "move_id": payment.move_id.id,
                    "reverses_id": payment.id,
                    "reason": reason,
                }
                for payment in self
            ]
        )
