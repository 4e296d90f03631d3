from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.sales_force.ledger.crediting import local_date

# A rate is no sum: it is made of the sums that it divides.
_RATE = "rate:sum"


class SalesServiceQuality(models.Model):
    """Tickets per 1,000 pieces sold, by product, lot and supplier, day by day.

    Sold is what was delivered to customers less what they returned, in the product's
    unit, on the day it was done; tickets are those that came in, but for cancelled
    ones. Days are those where the company works. A lot's supplier is who delivered it,
    else the product's first vendor.
    """

    _name = "sales.service.quality"
    _description = "Quality of Products"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "product_id"
    _depends = {
        "sales.service.ticket": [
            *("company_id", "product_id", "lot_id", "state", "opened_at"),
        ],
        "stock.move.line": [
            *("company_id", "product_id", "lot_id", "state", "date"),
            *("quantity_product_uom", "location_id", "location_dest_id", "move_id"),
        ],
        "stock.move": ["picking_id"],
        "stock.location": ["usage"],
        "res.company": ["resource_calendar_id"],
        "resource.calendar": ["tz"],
        "stock.picking": ["partner_id"],
        "product.supplierinfo": [
            *("product_tmpl_id", "product_id", "partner_id", "company_id", "sequence"),
        ],
    }

    company_id = fields.Many2one("res.company", "Company", readonly=True)
    date = fields.Date(readonly=True)
    product_id = fields.Many2one("product.product", "Product", readonly=True)
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    lot_id = fields.Many2one("stock.lot", "Lot/Serial", readonly=True)
    supplier_id = fields.Many2one("res.partner", "Supplier", readonly=True)
    sold = fields.Float(digits="Product Unit", readonly=True)
    tickets = fields.Integer(readonly=True)
    rate = fields.Float(
        "Tickets per 1,000 Sold",
        digits=(16, 2),
        readonly=True,
        help="Empty where nothing was sold.",
    )

    @property
    def _table_query(self):
        # PostgreSQL looks at the days and products that are asked for only, since there
        # is no window over all rows, and for suppliers only where they are asked for,
        # since what is joined is unique. A row's id is made of the first of its moves
        # and tickets, which are in no other row.
        return SQL(
            """
            SELECT t.id, t.company_id, t.date, t.product_id, pt.categ_id, t.lot_id,
                COALESCE(receipt.partner_id, vendor.partner_id) AS supplier_id,
                t.sold, t.tickets,
                1000 * t.tickets / NULLIF(t.sold, 0) AS rate
            FROM (
                SELECT min(f.id) AS id, f.company_id, %(day)s AS date,
                    f.product_id, f.lot_id,
                    sum(f.sold) AS sold, sum(f.tickets)::integer AS tickets
                FROM (
                    SELECT 2 * l.id AS id, l.company_id, l.date AS moment,
                        l.product_id, l.lot_id,
                        l.quantity_product_uom
                            * CASE target.usage WHEN 'customer' THEN 1 ELSE -1 END
                            AS sold,
                        0 AS tickets
                    FROM stock_move_line l
                    JOIN stock_location origin ON origin.id = l.location_id
                    JOIN stock_location target ON target.id = l.location_dest_id
                    WHERE l.state = 'done'
                      AND (origin.usage = 'customer') <> (target.usage = 'customer')
                    UNION ALL
                    SELECT 2 * id + 1, company_id, opened_at, product_id, lot_id, 0, 1
                    FROM sales_service_ticket
                    WHERE product_id IS NOT NULL AND state <> 'cancelled'
                ) f
                JOIN res_company c ON c.id = f.company_id
                LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
                GROUP BY 2, 3, 4, 5
            ) t
            JOIN product_product v ON v.id = t.product_id
            JOIN product_template pt ON pt.id = v.product_tmpl_id
            LEFT JOIN (
                SELECT DISTINCT ON (l.lot_id) l.lot_id, p.partner_id
                FROM stock_move_line l
                JOIN stock_location origin ON origin.id = l.location_id
                    AND origin.usage = 'supplier'
                JOIN stock_move m ON m.id = l.move_id
                JOIN stock_picking p ON p.id = m.picking_id
                WHERE l.lot_id IS NOT NULL AND l.state = 'done'
                ORDER BY l.lot_id, l.date, l.id
            ) receipt ON receipt.lot_id = t.lot_id
            LEFT JOIN (
                SELECT DISTINCT ON (c.id, v.id)
                    c.id AS company_id, v.id AS product_id, s.partner_id
                FROM product_supplierinfo s
                JOIN product_product v ON v.product_tmpl_id = s.product_tmpl_id
                    AND (s.product_id IS NULL OR s.product_id = v.id)
                JOIN res_company c ON (s.company_id IS NULL OR s.company_id = c.id)
                ORDER BY c.id, v.id, s.sequence, s.id
            ) vendor ON vendor.company_id = t.company_id
                AND vendor.product_id = t.product_id
            """,
            day=local_date("f.moment", "COALESCE(rc.tz, 'UTC')"),
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != _RATE:
            return super()._read_group_select(aggregate_spec, query)
        tickets, sold = (
            self._field_to_sql(self._table, name, query) for name in ("tickets", "sold")
        )
        return SQL("1000 * sum(%s) / NULLIF(sum(%s), 0)", tickets, sold)

    def action_open_tickets(self):
        """The tickets of the day with the product, and with the lot if there is one."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        start, stop = self.company_id._get_sales_day(self.date)
        domain = [
            ("company_id", "=", self.company_id.id),
            ("product_id", "=", self.product_id.id),
            ("lot_id", "=", self.lot_id.id),
            ("state", "!=", "cancelled"),
            ("opened_at", ">=", start),
            ("opened_at", "<", stop),
        ]
        return {**action, "domain": domain, "context": {}}
