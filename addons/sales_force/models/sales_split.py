from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..locking import write_lock


class SalesSplit(models.Model):
    """A beneficiary's share of an order, an invoice or one invoice line.

    The shares of a document sum to 100 %. Overlays are credited on top, to people who
    helped, and count in no company total.
    """

    _name = "sales.split"
    _description = "Credit Split"
    _inherit = ["sales.stamped.mixin"]
    _order = "overlay, sequence, id"
    _rec_name = "rep_id"

    order_id = fields.Many2one(
        "sale.order", ondelete="cascade", index="btree_not_null", copy=False
    )
    move_id = fields.Many2one(
        "account.move",
        "Invoice",
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        "Invoice Line",
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
        domain="[('move_id', '=', move_id), ('display_type', '=', 'product')]",
        help="Empty: all lines of the invoice that have no split of their own.",
    )
    target = fields.Integer(
        "Split Document",
        compute="_compute_target",
        store=True,
        index=True,
        help="What the split applies to: four times the id of the order, plus one for "
        "an invoice, plus two for an invoice line.",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True
    )
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        index=True,
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    share = fields.Float(
        "Share (%)",
        digits=(5, 2),
        required=True,
        default=100.0,
        help="Percent of the document's amounts and counts, two decimals.",
    )
    overlay = fields.Boolean(
        required=True,
        default=False,
        help="Credited on top of the shares; excluded from every company total.",
    )
    sequence = fields.Integer(default=10)

    _share_positive = models.Constraint(
        "CHECK (share > 0 AND share <= 100)",
        "A share is more than 0 and at most 100 percent.",
    )
    _one_document = models.Constraint(
        "CHECK ((order_id IS NULL) <> (move_id IS NULL) "
        "AND (move_line_id IS NULL OR move_id IS NOT NULL))",
        "A split belongs to one order or to one invoice.",
    )
    _beneficiary_uniq = models.UniqueIndex(
        "(target, rep_id, overlay)",
        "A rep has one share and one overlay of a document.",
    )

    @api.depends("order_id", "move_id", "move_line_id")
    def _compute_target(self):
        for split in self:
            if split.move_line_id:
                split.target = split.move_line_id.id * 4 + 2
            elif split.move_id:
                split.target = split.move_id.id * 4 + 1
            else:
                split.target = split.order_id.id * 4

    @api.depends("order_id.company_id", "move_id.company_id")
    def _compute_company_id(self):
        for split in self:
            split.company_id = split.order_id.company_id or split.move_id.company_id

    @api.constrains("rep_id", "company_id", "move_line_id", "move_id")
    def _check_document(self):
        for split in self:
            if split.rep_id.company_id != split.company_id:
                raise ValidationError(
                    self.env._(
                        "%(rep)s is a rep of %(rep_company)s and cannot share a "
                        "document of %(company)s.",
                        rep=split.rep_id.name,
                        rep_company=split.rep_id.company_id.name,
                        company=split.company_id.name,
                    )
                )
            if split.move_line_id and split.move_line_id.move_id != split.move_id:
                raise ValidationError(
                    self.env._("A split's line must be a line of its invoice.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("move_line_id") and not vals.get("move_id"):
                line = self.env["account.move.line"].browse(vals["move_line_id"])
                vals["move_id"] = line.move_id.id
        splits = super().create(vals_list)
        splits._touch()
        return splits

    def write(self, vals):
        self._touch()
        result = super().write(vals)
        self._touch()
        if {"order_id", "move_id", "move_line_id"} & vals.keys():
            # Not to a document whose split one may not change.
            self.check_access("write")
        return result

    def unlink(self):
        self._touch()
        return super().unlink()

    def _touch(self):
        """Derive the documents' credits again, and let nobody else do so meanwhile.

        Writing the documents' rows makes a transaction that confirms, posts or pays
        one of them at the same time fail to serialize, so it is retried.
        """
        credit = self.env["sales.credit"]
        orders, moves = self.order_id.ids, self.move_id.ids
        if orders:
            self.env.cr.execute(
                SQL(
                    """UPDATE sale_order_line SET order_id = order_id
                    WHERE order_id IN %(ids)s;
                    UPDATE sale_order SET id = id WHERE id IN %(ids)s""",
                    ids=tuple(orders),
                )
            )
            credit._mark("order", orders)
            credit._mark("customer", orders, "order")
            credit._mark("delivery", orders)
            # sudo: who is credited with an order is credited with its invoices
            lines = self.sudo().order_id.order_line
            credit._mark_invoices(lines._lock_invoices())
        if moves:
            write_lock(self.move_id)
            credit._mark_invoices(moves)
        changed = self.env.cr.precommit.data.setdefault("sales_force.splits", {})
        changed.update(dict.fromkeys(self._targets(), self.env.uid))

    def _targets(self):
        self.flush_recordset(["target"])
        return set(self.mapped("target"))

    def _log_splits(self, targets):
        """Tell on the documents how they are split from now on.

        :param dict targets: the user who changed the split, by its target
        """
        splits = self.search([("target", "in", list(targets))], order="sequence, id")
        by_target = splits.grouped("target")
        for target in sorted(targets):
            id_, kind = divmod(target, 4)
            model = ("sale.order", "account.move", "account.move.line")[kind]
            document = self.env[model].browse(id_).exists()
            if kind == 2:
                document = document.move_id
            if document:
                # sudo: whoever splits a document tells it there
                document = document.sudo()
                author = document.env["res.users"].browse(targets[target])
                document._message_log(
                    author_id=author.partner_id.id,
                    body=self.env._(
                        "Credit split: %(shares)s",
                        shares=self._describe(by_target.get(target, self.browse())),
                    ),
                )

    def _describe(self, splits):
        shares = [
            self.env._("%(rep)s %(share)g %% on top", rep=s.rep_id.name, share=s.share)
            if s.overlay
            else self.env._("%(rep)s %(share)g %%", rep=s.rep_id.name, share=s.share)
            for s in splits
        ]
        return ", ".join(shares) or self.env._("none")

    def _check_sums(self, targets):
        """:raise ValidationError: when the shares of a target do not sum to 100 %."""
        rows = self.env.execute_query(
            SQL(
                """SELECT min(order_id), min(move_id), sum(share)
                FROM sales_split WHERE target IN %s AND NOT overlay
                GROUP BY target HAVING sum(share) <> 100""",
                tuple(targets),
            )
        )
        for order_id, move_id, total in rows:
            document = (
                self.env["sale.order"].browse(order_id)
                if order_id
                else self.env["account.move"].browse(move_id)
            )
            raise ValidationError(
                self.env._(
                    "The shares of %(document)s sum to %(total)s %%, not to 100 %%.",
                    document=document.display_name,
                    total=float(total),
                )
            )
