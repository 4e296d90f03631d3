from odoo import fields, models


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
        digits=False,
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
        ],
        required=True,
        readonly=True,
    )
    date = fields.Date(required=True, readonly=True)

    _document_uniq = models.UniqueIndex("(res_model, res_id, kind)")
