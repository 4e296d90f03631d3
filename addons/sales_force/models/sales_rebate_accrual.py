from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from ..deals.rebates import PLACES
from ..ledger.few import units as in_units


class SalesRebateAccrual(models.Model):
    """The part of a period's rebate that a credit of the ledger earned.

    What is on a credit note is never changed: what later changes come to is a row of
    its own, of the day on which it was found. All rows of a key sum to what the credit
    earns by the ledger as it is now.
    """

    _name = "sales.rebate.accrual"
    _description = "Rebate Accrual"
    _inherit = ["sales.sourced.mixin"]
    _order = "date desc, id desc"
    _log_access = False

    period_id = fields.Many2one(
        "sales.rebate.period",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    agreement_id = fields.Many2one(
        related="period_id.agreement_id", store=True, index=True
    )
    partner_id = fields.Many2one(related="agreement_id.partner_id", store=True)
    company_id = fields.Many2one(related="agreement_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    credit_id = fields.Many2one(
        "sales.credit",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: the document no longer counts.",
    )
    user_key = fields.Integer(
        "Credited User", readonly=True, aggregator=None, help="0: nobody."
    )
    product_id = fields.Many2one("product.product", readonly=True, ondelete="set null")
    date = fields.Date(
        required=True,
        readonly=True,
        help="Of the invoice; of a difference to what is settled the day on which it "
        "was found.",
    )
    value = fields.Float(
        "Counted",
        digits=(16, 2),
        readonly=True,
        help="Of the credit: amount or quantity, as the agreement counts.",
    )
    amount = fields.Monetary("Rebate", readonly=True)
    is_difference = fields.Boolean(
        "Difference", readonly=True, help="To what is settled already."
    )
    move_id = fields.Many2one(
        "account.move",
        "Credit Note",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    _open_uniq = models.UniqueIndex(
        "(period_id, res_id, res_model, part, user_key) WHERE move_id IS NULL"
    )

    @api.model
    def _merge(self, agreements, wanted):
        """Make what is open the difference between what is earned and what is settled.

        :param dict wanted: ``{(period's id, res_model, res_id, part, user):
            (credit's id, product's id, date, value, amount in units)}``
        """
        self.env.flush_all()
        settled, held = self._read_rows(agreements)
        today = {one.id: one.company_id._get_sales_today() for one in agreements}
        places = {one.id: one.currency_id.decimal_places for one in agreements}
        of_period = self._get_agreements(agreements)
        rows = []
        for key in sorted(wanted.keys() | settled.keys()):
            agreement_id = of_period[key[0]]
            credit_id, product_id, day, value, units = wanted.get(
                key, (None, None, None, 0, 0)
            )
            scale = places[agreement_id]
            difference = key in settled
            if difference:
                product_id = product_id or settled[key][1]
                units -= in_units(settled[key][0], scale)
                day = held.get(key, (None, today[agreement_id]))[1]
            if units:
                amount = Decimal(units).scaleb(-scale)
                counted = Decimal(value).scaleb(-PLACES)
                row = credit_id, product_id, day, counted, amount
                rows.append((agreement_id, *key, *row, difference))
        self._write_rows(agreements, rows)

    @api.model
    def _get_agreements(self, agreements):
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, agreement_id FROM sales_rebate_period "
                    "WHERE agreement_id = ANY(%s)",
                    list(agreements.ids),
                )
            )
        )

    @api.model
    def _read_rows(self, agreements):
        """``{key: (amount settled, product's id)}`` and ``{key: (amount, date)}``."""
        settled, held = {}, {}
        for *key, is_open, amount, product_id, day in self.env.execute_query(
            SQL(
                """SELECT period_id, res_model, res_id, part, user_key,
                    move_id IS NULL, sum(amount)::text, max(product_id), max(date)
                FROM sales_rebate_accrual WHERE agreement_id = ANY(%s)
                GROUP BY period_id, res_model, res_id, part, user_key, move_id IS NULL
                """,
                list(agreements.ids),
            )
        ):
            if is_open:
                held[tuple(key)] = amount, day
            else:
                settled[tuple(key)] = amount, product_id
        return settled, held

    @api.model
    def _write_rows(self, agreements, rows):
        types = "integer integer varchar integer integer integer integer integer date"
        types = [*types.split(), "numeric", "numeric", "boolean"]
        columns = [list(column) for column in zip(*rows, strict=True)] or [
            [] for _type in types
        ]
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS MATERIALIZED (
                    SELECT * FROM unnest(%(columns)s) AS v(
                        agreement_id, period_id, res_model, res_id, part, user_key,
                        credit_id, product_id, date, value, amount, is_difference
                    )
                ), gone AS (
                    DELETE FROM sales_rebate_accrual r
                    WHERE r.agreement_id = ANY(%(ids)s) AND r.move_id IS NULL
                      AND NOT EXISTS (
                        SELECT FROM wanted w
                        WHERE (w.period_id, w.res_id, w.res_model, w.part, w.user_key)
                            = (r.period_id, r.res_id, r.res_model, r.part, r.user_key)
                      )
                )
                INSERT INTO sales_rebate_accrual AS r (
                    agreement_id, period_id, res_model, res_id, part, user_key,
                    credit_id, product_id, date, value, amount, is_difference,
                    partner_id, company_id
                )
                SELECT w.*, a.partner_id, a.company_id
                FROM wanted w JOIN sales_rebate_agreement a ON a.id = w.agreement_id
                ON CONFLICT (period_id, res_id, res_model, part, user_key)
                    WHERE move_id IS NULL
                DO UPDATE SET credit_id = excluded.credit_id,
                    product_id = excluded.product_id, date = excluded.date,
                    value = excluded.value, amount = excluded.amount,
                    is_difference = excluded.is_difference
                WHERE (r.credit_id, r.product_id, r.date, r.value, r.amount,
                        r.is_difference)
                    IS DISTINCT FROM (excluded.credit_id, excluded.product_id,
                        excluded.date, excluded.value, excluded.amount,
                        excluded.is_difference)
                """,
                ids=list(agreements.ids),
                columns=SQL(", ").join(
                    SQL("%s::%s[]", column, SQL(type_))
                    for column, type_ in zip(columns, types, strict=True)
                ),
            )
        )

    def _get_sign(self):
        """Of what they sum to: 1, 0 or -1."""
        total = sum(self.mapped("amount"))
        return self.company_id.currency_id.compare_amounts(total, 0)

    def _make_note(self, company, partner, today):
        """The draft credit note of these accruals, with a line for each period.

        An invoice where they sum to less than nothing.
        """
        product = company.sales_rebate_product_id
        move = self.env["account.move"].with_company(company)
        currency = company.currency_id
        amounts = {
            period: currency.round(sum(parts.mapped("amount")))
            for period, parts in self.grouped("period_id").items()
        }
        sign = self._get_sign()
        # Prices may have fewer decimals than the currency.
        digits = self.env["decimal.precision"].precision_get("Product Price")
        lot = 100 if currency.decimal_places > digits else 1
        note = move.create(
            {
                "move_type": "out_refund" if sign > 0 else "out_invoice",
                "company_id": company.id,
                "partner_id": partner.id,
                "currency_id": currency.id,
                "invoice_date": today,
                "invoice_user_id": partner.user_id.id,
                "sales_is_rebate": True,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": period._describe(),
                            "quantity": 1 / lot,
                            "price_unit": sign * amount * lot,
                        }
                    )
                    for period, amount in amounts.items()
                    if amount
                ],
            }
        )
        for line in note.invoice_line_ids.filtered("tax_ids.price_include"):
            line.price_unit = line.tax_ids.compute_all(
                line.price_unit, currency, handle_price_include=False
            )["total_included"]
        self.move_id = note
        self.env["sales.rebate.period"]._forget()
        return note

    def action_open_credit(self):
        """The credits of the ledger that these rebates were earned by."""
        return self.env["sales.credit"]._prepare_action(
            "sales_credit_action_documents",
            self.env._("Credits of Rebates"),
            [("id", "in", self.credit_id.ids)],
            ["by_metric"],
        )
