from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..deals.aging import open_items

# What is divided by what, and times how many days.
RATIOS = {"dso": ("receivable", "billed"), "collection_rate": ("collected", "due")}


class SalesCollectionReport(models.Model):
    """Days sales outstanding and collection rate, by rep and territory.

    DSO = what is receivable at the end of a period ÷ what was billed on credit in it ×
    its days (Credit Research Foundation, *Glossary of Credit Terms*, "Days Sales
    Outstanding"). Receivable are all open items, credits subtracted; billed is
    ``BILLED`` of the ledger, with tax as the items are, of the company's last
    ``sales_dso_days`` days. Both are of the customer's salesperson and territory.

    ``COLLECTION_RATE`` is the ledger's: ``COLLECTED`` ÷ ``DUE`` of the same days, of
    whom they were credited to. Ratios are of the sums of a group, never of ratios.
    """

    _name = "sales.collection.report"
    _description = "Analysis of Collections"
    _inherit = ["sales.owned.mixin"]
    _auto = False
    _order = "partner_id, id"
    _rec_name = "partner_id"
    # With all that the open items depend on.
    _depends = {"sales.receivable": []}

    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    territory_id = fields.Many2one("sales.territory", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    days = fields.Integer("Days of the Period", readonly=True, aggregator="max")
    receivable = fields.Monetary(
        currency_field="company_currency_id", readonly=True, help="Open today."
    )
    overdue = fields.Monetary(
        currency_field="company_currency_id", readonly=True, help="Overdue today."
    )
    billed = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="With tax, in the days of the period.",
    )
    due = fields.Monetary(
        "Fell Due",
        currency_field="company_currency_id",
        readonly=True,
        help="With tax, in the days of the period.",
    )
    collected = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="In the days of the period.",
    )
    dso = fields.Float(
        "Days Sales Outstanding",
        readonly=True,
        aggregator="avg",
        help="Receivable ÷ billed × days of the period.",
    )
    collection_rate = fields.Float(
        "Collection Rate (%)",
        readonly=True,
        aggregator="avg",
        help="Collected ÷ fell due, in the days of the period.",
    )

    @property
    def _table_query(self):
        days = self.env["sales.receivable"]._get_days()
        metrics = self.env["sales.credit"]._metrics()
        spans = SQL(", ").join(
            SQL(
                "(%s, %s::date, %s::date, %s)",
                company.id,
                day - timedelta(days=company.sales_dso_days - 1),
                day,
                company.sales_dso_days,
            )
            for company, day in days.items()
        )
        return SQL(
            """
            SELECT f.*, NULL::float AS dso, NULL::float AS collection_rate, span.days
            FROM (
                SELECT i.id * 2::bigint AS id, i.partner_id, i.user_id, i.territory_id,
                    i.company_id, i.residual AS receivable, i.overdue, 0.0 AS billed,
                    0.0 AS due, 0.0 AS collected
                FROM (%(items)s) i
                UNION ALL
                SELECT c.id * 2::bigint + 1, c.partner_id,
                    CASE WHEN c.metric_id = %(billed)s THEN p.user_id
                        ELSE c.user_id END,
                    CASE WHEN c.metric_id = %(billed)s THEN p.sales_territory_id
                        ELSE c.territory_id END,
                    c.company_id, 0, 0,
                    CASE WHEN c.metric_id = %(billed)s THEN c.value ELSE 0 END,
                    CASE WHEN c.metric_id = %(due)s THEN c.value ELSE 0 END,
                    CASE WHEN c.metric_id = %(collected)s THEN c.value ELSE 0 END
                FROM sales_credit c
                JOIN (VALUES %(spans)s) span(company_id, start, stop, days)
                    ON span.company_id = c.company_id
                LEFT JOIN res_partner p ON p.id = c.partner_id
                WHERE c.metric_id IN (%(billed)s, %(due)s, %(collected)s)
                  AND NOT c.overlay AND c.date BETWEEN span.start AND span.stop
            ) f
            JOIN (VALUES %(spans)s) span(company_id, start, stop, days)
                ON span.company_id = f.company_id
            """,
            items=open_items({company.id: day for company, day in days.items()}),
            spans=spans,
            billed=metrics["BILLED"],
            due=metrics["DUE"],
            collected=metrics["COLLECTED"],
        )

    def _search(self, *args, **kwargs):
        self.env["sales.credit"]._process_pending()
        # What was read before may have been paid meanwhile.
        self.invalidate_model(flush=False)
        return super()._search(*args, **kwargs)

    def _read_group_select(self, aggregate_spec, query):
        name = aggregate_spec.split(":")[0]
        if name not in RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        top, bottom = (
            SQL("sum(%s)", self._field_to_sql(self._table, part, query))
            for part in RATIOS[name]
        )
        factor = SQL("100.0")
        if name == "dso":
            factor = SQL("max(%s)", self._field_to_sql(self._table, "days", query))
        return SQL("%s / NULLIF(%s, 0) * %s", top, bottom, factor)

    def action_open_items(self):
        """The open items of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_receivable_action"
        )
        return {
            **action,
            "domain": [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
            ],
            "context": {},
        }
