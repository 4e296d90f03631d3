from odoo import fields, models
from odoo.tools import SQL

from ..ledger.crediting import local_date


class SalesKeptCost(models.Model):
    """What one unit cost when it was invoiced, which Odoo does not keep."""

    _name = "sales.kept.cost"
    _description = "Unit Cost of an Invoice Line"
    _log_access = False

    move_line_id = fields.Many2one(
        "account.move.line", required=True, ondelete="cascade", readonly=True
    )
    product_id = fields.Many2one("product.product", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    unit_cost = fields.Float(
        digits=(16, 6),
        readonly=True,
        help="Per unit of the product, in company currency, when the invoice was "
        "posted: the order line's purchase price where known, else the product's "
        "cost that day.",
    )
    estimated = fields.Boolean(
        readonly=True,
        help="The invoice is older than this addon: the cost at its installation.",
    )

    _move_line_uniq = models.UniqueIndex("(move_line_id)")


class SalesKeptDate(models.Model):
    """The first day of something that Odoo overwrites or does not record."""

    _name = "sales.kept.date"
    _description = "First Date of a Document"
    _log_access = False

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("sent", "Quotation sent"),
            ("won", "Opportunity won"),
            ("lost", "Opportunity lost"),
            ("ordering", "Customer's first orders"),
            ("holding", "Rep's customers"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Date(required=True, readonly=True)

    _document_uniq = models.UniqueIndex("(res_model, res_id, kind)")

    def _keep(self, records, kind):
        """Today is the day, in the timezone of each company's calendar; set once."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_kept_date (res_model, res_id, kind, date)
                SELECT %(model)s, d.id, %(kind)s, %(today)s
                FROM %(table)s d
                LEFT JOIN res_company c ON c.id = d.company_id
                LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
                WHERE d.id = ANY(%(ids)s)
                ON CONFLICT (res_model, res_id, kind) DO NOTHING""",
                model=records._name,
                kind=kind,
                today=local_date(
                    SQL("%s", self.env.cr.now()), "COALESCE(rc.tz, 'UTC')"
                ),
                table=SQL.identifier(records._table),
                ids=records.ids,
            )
        )

    def _forget(self, records):
        self.env.cr.execute(
            SQL(
                "DELETE FROM sales_kept_date WHERE res_model = %s AND res_id = ANY(%s)",
                records._name,
                records.ids,
            )
        )


class SalesKeptClass(models.Model):
    """Which class a customer had until a day: classes follow today's turnover, and what
    is paid by class follows the class of its own day. The first class also counts for
    the days before."""

    _name = "sales.kept.class"
    _description = "Former Class of a Customer"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="Since when it is another.")
    class_id = fields.Many2one(
        "sales.customer.class",
        "Class Before",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    _day_uniq = models.UniqueIndex("(partner_id, company_id, date)")
