from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..deals import replenishment, supply
from ..locking import write_lock
from ..wording import listed

_READ = (
    "sale.order",
    "sale.order.line",
    "stock.quant",
    "stock.move",
    "stock.location",
    "stock.warehouse.orderpoint",
    "purchase.order",
    "purchase.order.line",
    "product.product",
    "product.template",
    "product.supplierinfo",
    "sales.rep",
)


class SalesSupply(models.Model):
    """What of a product a warehouse has, gets and needs: read only, never stored.

    Reps see what they have sold within the last 90 days, managers what those below
    have.
    """

    _name = "sales.supply"
    _description = "Stock and Supply"
    _auto = False
    _order = "short desc, expires_soon desc, cover, product_id"
    _rec_name = "product_id"

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one("product.category", "Category", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    rep_ids = fields.Many2many(
        "sales.rep",
        string="Sold By",
        compute="_compute_rep_ids",
        search="_search_rep_ids",
        help="Who has sold the product from the warehouse within the last 90 days.",
    )

    on_hand = fields.Float(digits="Product Unit", readonly=True)
    free = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="On hand, neither reserved nor to be removed.",
    )
    incoming = fields.Float("On Its Way", digits="Product Unit", readonly=True)
    next_date = fields.Datetime(
        "Next Receipt", readonly=True, help="Of what was bought."
    )
    outgoing = fields.Float("Promised", digits="Product Unit", readonly=True)
    asked = fields.Float(
        "Asked of Vendors",
        digits="Product Unit",
        readonly=True,
        help="On requests for quotation, not ordered yet.",
    )
    forecast = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="On hand and on its way, less what is promised or to be removed.",
    )
    sold = fields.Float(
        "Sold (90 Days)", digits="Product Unit", readonly=True, help="By everybody."
    )
    cover = fields.Float(
        "Lasts (Days)",
        digits=(16, 0),
        readonly=True,
        aggregator=None,
        help="How long the forecast lasts at the sales of the last 90 days.",
    )
    expiring = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="What nobody has reserved and expires within 90 days.",
    )
    expires = fields.Datetime("First Expiry", readonly=True)
    has_rule = fields.Boolean("Reordering Rule", readonly=True)
    point = fields.Float(
        "Reorder Below",
        digits="Product Unit",
        readonly=True,
        aggregator=None,
        help="The minimum of the reordering rules; without any what is sold until a "
        "purchase arrives.",
    )
    target = fields.Float(
        "Reorder Up To",
        digits="Product Unit",
        readonly=True,
        aggregator=None,
        help="The maximum of the reordering rules; without any what is sold until a "
        "purchase arrives, and 30 days longer.",
    )
    multiple = fields.Float(readonly=True, aggregator=None)
    lead = fields.Integer("Lead Time (Days)", readonly=True, aggregator=None)
    short = fields.Boolean(readonly=True)
    expires_soon = fields.Boolean(readonly=True)
    over_stocked = fields.Boolean(
        readonly=True,
        help="More than what is sold in 180 days, and than the maximum of the rules.",
    )
    comes = fields.Boolean("On the Way", readonly=True)
    suggested = fields.Float(
        "Suggested Order",
        digits="Product Unit",
        compute="_compute_suggested",
        help="What brings the forecast up to the target again, beyond what is asked of "
        "vendors already.",
    )

    @property
    def _table_query(self):
        company = self.env.company
        return supply.table(company._get_sales_today(), *company._get_sales_day())

    def _search(self, *args, **kwargs):
        for model in _READ:
            self.env[model].flush_model()
        return super()._search(*args, **kwargs)

    @api.depends("product_id", "warehouse_id")
    def _compute_rep_ids(self):
        start, _stop = self.env.company._get_sales_day()
        found = defaultdict(set)
        for product_id, warehouse_id, rep_id in self.env.execute_query(
            supply.sold_by(
                start,
                SQL("l.product_id = ANY(%s)", self.product_id.ids),
                SQL("l.warehouse_id = ANY(%s)", self.warehouse_id.ids),
            )
        ):
            found[product_id, warehouse_id].add(rep_id)
        for row in self:
            row.rep_ids = sorted(found[row.product_id.id, row.warehouse_id.id])

    @api.model
    def _search_rep_ids(self, operator, value):
        if operator not in ("in", "child_of"):
            return NotImplemented
        # sudo: only decides what matches
        reps = self.env["sales.rep"].sudo().with_context(active_test=False)
        query = reps._search([("id", operator, value)])
        if query.is_empty():
            return Domain.FALSE
        start, _stop = self.env.company._get_sales_day()

        def to_sql(model, alias, _query):
            return SQL(
                "EXISTS (SELECT FROM (%s) s WHERE s.rep_id IN %s)",
                supply.sold_by(
                    start,
                    SQL("l.product_id = %s", SQL.identifier(alias, "product_id")),
                    SQL("l.warehouse_id = %s", SQL.identifier(alias, "warehouse_id")),
                ),
                query.subselect(),
            )

        return Domain.custom(to_sql=to_sql)

    @api.depends("forecast", "asked", "point", "target", "multiple")
    def _compute_suggested(self):
        for row in self:
            row.suggested = replenishment.order_quantity(
                row.forecast + row.asked, row.point, row.target, row.multiple
            )

    def action_make_rfqs(self):
        """Ask vendors for what is suggested, one request for each.

        What is asked of them already is not asked again.

        :raise AccessError: for reps who lead nobody
        :raise UserError: where nothing is to be ordered
        """
        self.check_access("read")
        if not self.env.user.has_group("sales_force.group_sales_manager"):
            raise AccessError(
                self.env._("Managers turn suggestions into requests for quotation.")
            )
        # sudo: of rows that a manager may read, for the buyers
        rows = self.sudo()
        write_lock(rows.warehouse_id)
        rows.invalidate_recordset()
        rows = rows.filtered("suggested")
        if not rows:
            raise UserError(
                self.env._(
                    "Nothing is to be ordered: the forecast is enough, or vendors have "
                    "been asked already."
                )
            )
        lines = rows.env["purchase.order"]._make_sales_rfqs(
            [(row.product_id, row.warehouse_id, row.suggested, {}) for row in rows],
            self.env._("Stock and Supply"),
        )
        missing = [row for row, line in zip(rows, lines, strict=True) if not line]
        orders = rows.env["purchase.order"].union(*(line.order_id for line in lines))
        message = self.env._(
            "%(lines)s products are asked for on %(orders)s requests for quotation.",
            lines=len(rows) - len(missing),
            orders=len(orders),
        )
        if missing:
            message += " " + self.env._(
                "Without a vendor: %(products)s.",
                products=listed(
                    self.env, [row.product_id.display_name for row in missing]
                ),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if missing else "success",
                "message": message,
                "sticky": bool(missing),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
