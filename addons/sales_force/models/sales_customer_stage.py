from odoo import fields, models
from odoo.tools import SQL

STAGES = [
    ("target", "Target"),
    ("interested", "Interested"),
    ("customer", "Customer"),
    ("dormant", "Dormant"),
    ("lost", "Lost Customer"),
]


class SalesStagedMixin(models.AbstractModel):
    """Groups by stage come in the order of a customer's life, not of the alphabet."""

    _name = "sales.staged.mixin"
    _description = "Grouped by Stages of Customers"

    def _read_group_orderby(self, order, groupby_terms, query):
        stages = [stage for stage, _label in STAGES]
        terms = {
            name: SQL("array_position(%s::varchar[], %s)", stages, term)
            if getattr(self._fields.get(name), "selection", None) is STAGES
            else term
            for name, term in groupby_terms.items()
        }
        result = super()._read_group_orderby(order, terms, query)
        for name, term in terms.items():
            # Ordering by a many2one changes what is grouped by.
            if getattr(self._fields.get(name), "selection", None) is not STAGES:
                groupby_terms[name] = term
        return result


class SalesCustomerStage(models.Model):
    """When a customer reached which stage of its life: written by the system."""

    _name = "sales.customer.stage"
    _description = "Customer Lifecycle"
    _inherit = ["sales.staged.mixin"]
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "partner_id"

    customer_id = fields.Many2one(
        "sales.customer",
        "Customer Card",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Salesperson", readonly=True, help="Who owned the customer then."
    )
    territory_id = fields.Many2one("sales.territory", readonly=True)
    channel_id = fields.Many2one("sales.channel", readonly=True)
    previous_stage = fields.Selection(STAGES, "From", readonly=True)
    stage = fields.Selection(STAGES, "To", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    days = fields.Integer(
        "Days in Stage Before",
        readonly=True,
        aggregator="avg",
        help="Since the stage before was reached.",
    )
    reason = fields.Char(readonly=True)

    _partner_date_idx = models.Index("(partner_id, date)")
    _company_date_idx = models.Index("(company_id, date)")
