from odoo import api, fields, models
from odoo.tools import SQL

from ..deals import fulfilment

# The fields, by the names of the statement's columns.
_FIELDS = {
    "ordered": "ordered_amount",
    "delivered": "delivered_amount",
    "invoiced": "invoiced_amount",
    "collected": "collected_amount",
    "overdue": "overdue_amount",
    "expected": "expected_amount",
    "progress": "progress",
    "projected_end": "projected_end",
    "is_behind": "is_behind",
}
INTERNAL = "base.group_user"


class SalesContractFigures(models.AbstractModel):
    """What was agreed and how far it is fulfilled, read as a set.

    See ``deals/fulfilment.py`` for what the figures mean.
    """

    _name = "sales.contract.figures"
    _description = "Fulfilment of What Was Agreed"

    # What the rows of the statement are about.
    _fulfilment_key = "contract_id"

    currency_id = fields.Many2one("res.currency")
    ordered_amount = fields.Monetary("Ordered", compute="_compute_fulfilment")
    delivered_amount = fields.Monetary(
        "Delivered", compute="_compute_fulfilment", help="Less what was returned."
    )
    invoiced_amount = fields.Monetary(
        "Invoiced", compute="_compute_fulfilment", help="Less credit notes, untaxed."
    )
    collected_amount = fields.Monetary(
        "Collected", compute="_compute_fulfilment", help="Cash, without tax."
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        compute="_compute_fulfilment",
        help="Open and past its due date, without tax.",
    )
    expected_amount = fields.Monetary(
        "Expected by Today",
        compute="_compute_fulfilment",
        groups=INTERNAL,
        help="On a straight line from the first to the last day.",
    )
    progress = fields.Float(
        "Ordered (%)",
        compute="_compute_fulfilment",
        digits=(16, 1),
        help="Of what is committed: of the quantity where there is one, else of the "
        "amount.",
    )
    projected_end = fields.Date(
        "Fulfilled On",
        compute="_compute_fulfilment",
        groups=INTERNAL,
        help="When all is ordered, if it goes on as it did until today.",
    )
    is_behind = fields.Boolean(
        "Behind Plan",
        compute="_compute_fulfilment",
        search="_search_is_behind",
        help="Less is ordered than the straight line expects, by more than the "
        "settings tolerate.",
    )

    def _compute_fulfilment(self):
        figures = self._read_fulfilment()
        for record in self:
            found = figures.get(record._origin.id, {})
            for column, name in self._get_fulfilled().items():
                record[name] = found.get(column) or False

    def _get_fulfilled(self):
        """The fields by the columns of the statement."""
        return _FIELDS

    def _get_fulfilled_contracts(self):
        """The contracts of these records."""
        raise NotImplementedError

    def _read_fulfilment(self):
        """``{id: row}`` of these records, by one statement."""
        ids = self._get_fulfilled_contracts()._origin.ids
        if not ids:
            return {}
        return self._fetch_fulfilment(ids)

    @api.model
    def _fetch_fulfilment(self, contract_ids=None):
        """``{id: row}`` of contracts, or of the lines of contracts.

        :param contract_ids: None: of all that are signed
        """
        # What is pending is in the documents and the ledger first.
        self.env["sales.credit"]._process_pending()
        metrics = self.env["sales.metric"]._ids_by_code()
        figures = fulfilment.figures(
            self.env["sales.contract"]._get_days(),
            metrics.get("COLLECTED_NET"),
            contract_ids,
            self._fulfilment_key == "line_id",
        )
        # Compiling it takes longer than running it.
        self.env.cr.execute(SQL("SET LOCAL jit = off; %s", figures))
        return {row[self._fulfilment_key]: row for row in self.env.cr.dictfetchall()}

    @api.model
    def _search_is_behind(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        found = self._fetch_fulfilment()
        ids = [key for key, row in found.items() if row["is_behind"]]
        wanted = (True in value) == (operator == "in")
        return [("id", "in" if wanted else "not in", ids)]
