from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..deals.aging import sql_today


class SalesOwedMixin(models.AbstractModel):
    """A document about items that a customer owes: whose the customer is, its is.

    Which items it is about is said once, when it is made: by ``item_ids``, of which
    the maker has to read each. They stay in ``line_ids``, when they are paid as well.
    """

    _name = "sales.owed.mixin"
    _description = "Document about What a Customer Owes"
    _inherit = ["sales.stamped.mixin", "sales.owned.mixin"]

    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('parent_id', '=', False)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    item_ids = fields.Many2many(
        "sales.receivable",
        string="Open Items",
        compute="_compute_item_ids",
        inverse="_inverse_item_ids",
        help="Empty: all that is overdue, else all that is open.",
    )

    @api.depends("line_ids")
    def _compute_item_ids(self):
        for document in self:
            # sudo: only their ids; which of them may be read is asked below
            ids = document.sudo().line_ids.line_id.ids
            document.item_ids = document.item_ids.search([("id", "in", ids)])

    def _inverse_item_ids(self):
        for document in self:
            if document.line_ids:
                raise UserError(
                    self.env._(
                        "%(document)s: which items it is about stays as it is.",
                        document=document.display_name,
                    )
                )
            document._take_items(document.item_ids or document._get_all_items())

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        for document in documents:
            if not document.line_ids:
                document._take_items(document._get_all_items())
        return documents

    def write(self, vals):
        fixed = {"partner_id", "company_id"} & vals.keys()
        if fixed and not self.env.su:
            raise UserError(
                self.env._("Whose items they are stays as it is: make another one.")
            )
        return super().write(vals)

    def _get_all_items(self):
        """The items of the customer: those that are overdue, else all."""
        items = self.env["sales.receivable"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("residual", ">", 0),
            ]
        )
        return items.filtered("overdue") or items

    def _take_items(self, items):
        """Keep which items it is about.

        :raise UserError: without items, or for those of somebody else
        :raise AccessError: for items that the user may not read
        """
        self.ensure_one()
        # What a rep may not read is not found, whatever id is sent.
        found = items.search([("id", "in", items.ids)])
        if set(found.ids) != set(items.ids):
            raise AccessError(
                self.env._("There are items among them that you may not read.")
            )
        if not items:
            raise UserError(
                self.env._(
                    "%(customer)s has no open items.",
                    customer=self.partner_id.display_name,
                )
            )
        if (
            items.partner_id != self.partner_id
            or items.company_id != self.company_id
            or any(item.residual <= 0 for item in items)
        ):
            raise UserError(
                self.env._(
                    "Choose what %(customer)s owes %(company)s, and no credits.",
                    customer=self.partner_id.display_name,
                    company=self.company_id.name,
                )
            )
        # sudo: the items were checked above, and lines are kept by the system
        self.sudo().line_ids = [
            Command.create({"line_id": item.id, "amount": item.residual})
            for item in items
        ]

    @api.model
    def _sql_today(self, company):
        """Today where each company works.

        :param SQL company: the id of the company
        """
        # sudo: of any company the day is known
        companies = self.env["res.company"].sudo().search([])
        return sql_today({one.id: one._get_sales_today() for one in companies}, company)


class SalesOwedLineMixin(models.AbstractModel):
    """An item that a document is about; written by the system only."""

    _name = "sales.owed.line.mixin"
    _description = "Item of a Document"
    _log_access = False

    line_id = fields.Many2one(
        "account.move.line",
        "Journal Item",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        groups="base.group_system",
    )
    amount = fields.Monetary(
        "Open Then",
        currency_field="company_currency_id",
        readonly=True,
        help="In company currency.",
    )
    residual = fields.Monetary(
        "Open Now", currency_field="company_currency_id", compute="_compute_item"
    )
    company_currency_id = fields.Many2one(
        "res.currency", "Company Currency", compute="_compute_item"
    )
    document_name = fields.Char("Document", compute="_compute_item")
    date_due = fields.Date("Due", compute="_compute_item")

    @api.depends("line_id")
    def _compute_item(self):
        """What may be known of the item by whoever may read the document about it."""
        # sudo: see above
        for record, known in zip(self, self.sudo(), strict=True):
            line = known.line_id
            record.residual = line.amount_residual
            record.company_currency_id = line.company_currency_id
            record.document_name = line.move_id.name
            record.date_due = line.date_maturity or line.date
