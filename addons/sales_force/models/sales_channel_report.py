from odoo import api, fields, models
from odoo.tools import SQL

# Measures by the metrics whose credits they add up.
_MEASURES = {"ordered": "ORDERED", "invoiced": "INVOICED", "collected": "COLLECTED"}


class SalesChannelReport(models.Model):
    """Sales by the channel and tier that a customer had on the day.

    Each line is a credit of the ledger; who may read the credit reads the line.
    """

    _name = "sales.channel.report"
    _description = "Channel Mix"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "sales.credit": [
            "metric_id",
            "date",
            "rep_id",
            "user_id",
            "manager_id",
            "territory_id",
            "partner_id",
            "product_id",
            "company_id",
            "value",
            "overlay",
        ],
        "sales.channel.history": [
            "partner_id",
            "channel_id",
            "tier_id",
            "date_from",
            "date_to",
        ],
        "res.partner": ["sales_channel_id", "sales_tier_id"],
    }

    date = fields.Date(readonly=True)
    channel_id = fields.Many2one("sales.channel", readonly=True)
    tier_id = fields.Many2one("sales.channel.tier", "Channel Tier", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    product_id = fields.Many2one("product.product", "Product", readonly=True)
    product_categ_id = fields.Many2one(
        "product.category", "Product Group", readonly=True
    )
    territory_id = fields.Many2one("sales.territory", readonly=True)
    rep_id = fields.Many2one("sales.rep", "Rep", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    manager_id = fields.Many2one("sales.rep", "Manager", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    ordered = fields.Monetary(readonly=True)
    invoiced = fields.Monetary(readonly=True)
    collected = fields.Monetary(readonly=True)

    @property
    def _table_query(self):
        metrics = self.env["sales.metric"]._ids_by_code()
        metrics = {name: metrics.get(code) for name, code in _MEASURES.items()}
        return SQL(
            """
            SELECT c.id, c.date, c.partner_id, c.product_id, c.territory_id, c.rep_id,
                c.user_id, c.manager_id, c.company_id, o.currency_id,
                t.categ_id AS product_categ_id,
                CASE WHEN h.id IS NULL THEN p.sales_channel_id ELSE h.channel_id END
                    AS channel_id,
                CASE WHEN h.id IS NULL THEN p.sales_tier_id ELSE h.tier_id END
                    AS tier_id,
                %(values)s
            FROM sales_credit c
            JOIN res_company o ON o.id = c.company_id
            LEFT JOIN res_partner p ON p.id = c.partner_id
            LEFT JOIN LATERAL (
                SELECT h.id, h.channel_id, h.tier_id FROM sales_channel_history h
                WHERE h.partner_id = c.partner_id
                  AND c.date BETWEEN COALESCE(h.date_from, '-infinity')
                    AND COALESCE(h.date_to, 'infinity')
                ORDER BY h.id DESC LIMIT 1
            ) h ON TRUE
            LEFT JOIN product_product pp ON pp.id = c.product_id
            LEFT JOIN product_template t ON t.id = pp.product_tmpl_id
            WHERE NOT c.overlay AND c.metric_id = ANY(%(metrics)s)
            """,
            values=SQL(", ").join(
                SQL(
                    "CASE WHEN c.metric_id = %s THEN c.value ELSE 0 END AS %s",
                    metric,
                    SQL.identifier(name),
                )
                for name, metric in metrics.items()
            ),
            metrics=[metric for metric in metrics.values() if metric],
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["sales.credit"]._process_pending()
        return super()._search(domain, *args, **kwargs)
