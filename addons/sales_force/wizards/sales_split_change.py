from odoo import api, fields, models
from odoo.fields import Command

from ..models.split_documents import sum_shares


class SalesSplitChange(models.TransientModel):
    """Splits a document or a line of an invoice, also for who may not write it."""

    _name = "sales.split.change"
    _description = "Split of a Document"

    order_id = fields.Many2one("sale.order", "Order", readonly=True)
    move_id = fields.Many2one("account.move", "Invoice", readonly=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    move_line_id = fields.Many2one(
        "account.move.line",
        "Only the Line",
        domain="[('move_id', '=', move_id), ('display_type', '=', 'product')]",
        help="Empty: all lines that have no split of their own.",
    )
    share_ids = fields.One2many(
        "sales.split.change.share",
        "change_id",
        "Reps",
        compute="_compute_share_ids",
        store=True,
        readonly=False,
    )
    total = fields.Float(
        "Shares (%)", digits=(5, 2), compute="_compute_total", help="Without overlays."
    )

    @api.depends("order_id", "move_id")
    def _compute_company_id(self):
        for change in self:
            change.company_id = change._get_document().company_id

    @api.depends("order_id", "move_id", "move_line_id")
    def _compute_share_ids(self):
        for change in self:
            change.share_ids = [Command.clear()] + [
                Command.create(
                    {
                        "rep_id": split.rep_id.id,
                        "share": split.share,
                        "overlay": split.overlay,
                    }
                )
                for split in change._get_splits()
            ]

    @api.depends("share_ids.share", "share_ids.overlay")
    def _compute_total(self):
        for change in self:
            change.total = sum_shares(change.share_ids)

    def _get_document(self):
        return (self.order_id or self.move_id)._origin

    def _get_splits(self):
        line = self.move_line_id._origin
        return (line or self._get_document()).sales_split_ids

    def action_apply(self):
        """Replace the split; none left means: as the order, else the salesperson.

        :raise ValidationError: when the shares do not sum to 100 %
        """
        self.ensure_one()
        self._get_document().check_access("read")
        self._get_splits().unlink()
        splits = self.env["sales.split"].create(
            [
                {
                    "order_id": self.order_id.id,
                    "move_id": self.move_id.id,
                    "move_line_id": self.move_line_id.id,
                    "sequence": number,
                    "rep_id": share.rep_id.id,
                    "share": share.share,
                    "overlay": share.overlay,
                }
                for number, share in enumerate(self.share_ids)
            ]
        )
        if splits:
            # Say now what would be refused at the end of the transaction.
            splits._check_sums(splits._targets())
        return {"type": "ir.actions.act_window_close"}


class SalesSplitChangeShare(models.TransientModel):
    _name = "sales.split.change.share"
    _description = "Share of an Invoice"

    change_id = fields.Many2one("sales.split.change", required=True, ondelete="cascade")
    rep_id = fields.Many2one("sales.rep", required=True)
    share = fields.Float("Share (%)", digits=(5, 2), required=True, default=100.0)
    overlay = fields.Boolean(help="Credited on top; excluded from company totals.")
