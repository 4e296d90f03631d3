"""What changes credits: each document says which of its fields do, and which sources.

The ORM inserts every row through ``_create`` and writes every row through
``_write_multi``, whatever set the field (a form, an import, a computation, another
module). Watching there finds all changes, and costs neither a query nor a pass over
what did not change.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ..ledger.invoice import SALE_TYPES

# Who may read splits; for everybody else documents have no such field.
SPLIT_GROUPS = (
    "sales_force.group_sales_rep,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)


def _is_product(line):
    return line.display_type == "product"


def _created_owners(records, data_list):
    """The owners with which records were just inserted, by id."""
    return {
        record.id: data["stored"]["user_id"]
        for record, data in zip(records, data_list, strict=True)
        if data["stored"].get("user_id")
    }


def _written_owners(rows):
    """The owners that are being written, by id."""
    return {id_: vals["user_id"] for id_, vals in rows if "user_id" in vals}


class SalesCreditedMixin(models.AbstractModel):
    """A document that the credit ledger follows."""

    _name = "sales.credited.mixin"
    _description = "Credited Document"

    # Stored fields that decide about credits.
    _credit_fields = frozenset()

    def _create(self, data_list):
        records = super()._create(data_list)
        self._get_new().update(records._ids)
        records._mark_credits()
        return records

    def _get_new(self):
        """The ids of those just created, of which not all is computed yet.

        Who computes what is new takes it out of this set: a document has nothing
        before, so that nothing has to be looked up or undone for it.
        """
        return self.env.cr.cache.setdefault(("sales_force.new", self._name), set())

    def _write_multi(self, vals_list):
        watched = self._credit_fields
        changed, ids = set(), []
        for id_, vals in zip(self._ids, vals_list, strict=True):
            if not watched.isdisjoint(vals):
                changed.update(watched.intersection(vals))
                ids.append(id_)
        super()._write_multi(vals_list)
        if ids:
            self.browse(ids)._mark_credits(changed)

    def unlink(self):
        if self:
            self._mark_credits()
        return super().unlink()

    def _mark_credits(self, changed=None):
        """Mark what may have to be credited anew.

        :param set changed: names of watched fields; None where the documents are new
            or about to go
        """
        raise NotImplementedError


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sales.credited.mixin"]

    sales_split_ids = fields.One2many(
        "sales.split",
        "order_id",
        "Credit Split",
        groups=SPLIT_GROUPS,
        help="Who is credited with this order and its invoices. Empty: the "
        "salesperson, with 100 %.",
    )

    _credit_fields = frozenset(
        (
            "state",
            "date_order",
            "user_id",
            "team_id",
            "partner_id",
            "company_id",
            "currency_id",
            "currency_rate",
            "sales_channel_id",
        )
    )
    # Confirming delivers nothing, so it does not derive deliveries.
    _delivery_fields = _credit_fields - {"state", "date_order"}

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda o: o.state == "sent")._keep_date_sent()
        return orders

    def write(self, vals):
        sent = self.browse()
        if vals.get("state") == "sent":
            sent = self.filtered(lambda o: o.state != "sent")
        result = super().write(vals)
        sent._keep_date_sent()
        return result

    def _keep_date_sent(self):
        if self:
            self.env["sales.kept.date"]._keep(self, "sent")

    def _write_multi(self, vals_list):
        # The customer who loses an order may lose his first one.
        moved = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if "partner_id" in vals
        ]
        if moved:
            self._mark_customers(moved)
        return super()._write_multi(vals_list)

    def _mark_customers(self, order_ids):
        """Mark the customers that orders have in the database now."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT p.commercial_partner_id
                FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
                WHERE o.id = ANY(%s)""",
                list(order_ids),
            )
        )
        self.env["sales.credit"]._mark("customer", [row[0] for row in rows])

    def _mark_credits(self, changed=None):
        credit = self.env["sales.credit"]
        # sudo: whoever changes an order changes its credits
        orders = self.sudo()
        if changed and "state" in changed:
            confirmed = orders.filtered(lambda o: o.state != "sent")
        elif changed:
            confirmed = orders.filtered(lambda o: o.state == "sale")
        else:
            orders = orders.filtered(lambda o: o.state in ("sent", "sale"))
            confirmed = orders.filtered(lambda o: o.state == "sale")
        credit._mark("order", orders.ids)
        credit._mark("customer", confirmed.ids, "order")
        if changed and changed & self._delivery_fields:
            credit._mark("delivery", confirmed.ids)
        if changed and "sales_channel_id" in changed:
            credit._mark_invoices(confirmed.order_line._lock_invoices())

    def unlink(self):
        self.env["sales.credit"]._mark("order", self.ids)
        self.env["sales.credit"]._mark("delivery", self.ids)
        # sudo: the lines go with the order, whoever may delete that
        lines = self.sudo().order_line
        self.env["sales.credit"]._mark_invoices(lines._lock_invoices())
        self._mark_customers(self.ids)
        self.env["sales.kept.date"]._forget(self)
        return super().unlink()


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            "price_subtotal",
            "product_uom_qty",
            "product_uom_id",
            "product_id",
            "display_type",
            "is_downpayment",
        )
    )

    def _mark_credits(self, changed=None):
        # sudo: whoever changes an order changes its credits
        orders = self.sudo().order_id.filtered(lambda o: o.state == "sale")
        self.env["sales.credit"]._mark("order", orders.ids)
        if changed:
            self.env["sales.credit"]._mark("delivery", orders.ids)

    def _lock_invoices(self):
        """Let nobody else derive the credits of these lines' invoices meanwhile.

        Writing the invoices' rows makes a transaction that posts or pays one of them
        at the same time fail to serialize, so it is retried.

        :return: the invoices' ids
        """
        if not self:
            return []
        rows = self.env.execute_query(
            SQL(
                """UPDATE account_move SET id = id WHERE id IN (
                    SELECT l.move_id
                    FROM sale_order_line_invoice_rel rel
                    JOIN account_move_line l ON l.id = rel.invoice_line_id
                    WHERE rel.order_line_id = ANY(%s)
                ) RETURNING id""",
                self.ids,
            )
        )
        return [row[0] for row in rows]

    def unlink(self):
        self.env["sales.credit"]._mark_invoices(self._lock_invoices())
        return super().unlink()


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            "state",
            "quantity",
            "date",
            "product_id",
            "product_uom",
            "location_id",
            "location_dest_id",
            "sale_line_id",
        )
    )

    def _write_multi(self, vals_list):
        moved = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if "sale_line_id" in vals
        ]
        if moved:
            # The orders that they belonged to until now.
            rows = self.env.execute_query(
                SQL(
                    """SELECT DISTINCT l.order_id
                    FROM stock_move m JOIN sale_order_line l ON l.id = m.sale_line_id
                    WHERE m.id = ANY(%s) AND m.state = 'done'""",
                    moved,
                )
            )
            self.env["sales.credit"]._mark("delivery", [row[0] for row in rows])
        super()._write_multi(vals_list)

    def _mark_credits(self, changed=None):
        # sudo: whoever delivers changes credits
        moves = self.sudo().filtered(lambda m: m.state == "done" and m.sale_line_id)
        self.env["sales.credit"]._mark("delivery", moves.ids, "move")


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "sales.credited.mixin"]

    sales_split_ids = fields.One2many(
        "sales.split",
        "move_id",
        "Credit Split",
        groups=SPLIT_GROUPS,
        domain=[("move_line_id", "=", False)],
        help="Who is credited with this invoice. Empty: as the order is split, else "
        "the salesperson, with 100 %.",
    )

    _credit_fields = frozenset(
        (
            "state",
            "posted_before",
            "date",
            "invoice_date",
            "invoice_date_due",
            "invoice_user_id",
            "team_id",
            "commercial_partner_id",
            "company_id",
            "currency_id",
            "move_type",
            "journal_id",
            "amount_total_signed",
            "amount_total_in_currency_signed",
        )
    )

    def _mark_credits(self, changed=None):
        # sudo: whoever changes an invoice changes its credits
        moves = self.sudo()
        if not changed or "state" not in changed:
            moves = moves.filtered(lambda m: m.state == "posted")
        credit = self.env["sales.credit"]
        invoices = moves.filtered(lambda m: m.move_type in SALE_TYPES)
        credit._mark("invoice", invoices.ids)
        if changed and "posted_before" in changed:
            # Invoices that are posted for the first time and have no cash yet.
            invoices = invoices.filtered(
                lambda m: m.payment_state != "not_paid"
                or m.company_id.sales_collect_at_validation
            )
        credit._mark("cash", invoices.ids)
        entries = moves.filtered(lambda m: m.move_type == "entry")
        credit._mark("receipt", entries.ids)
        credit._mark("cash", entries.ids, "entry")

    def copy(self, default=None):
        """Copies, credit notes among them, are credited as the invoice is."""
        copies = super().copy(default)
        for move, copy in zip(self, copies, strict=True):
            move._copy_split(copy)
        return copies

    def _copy_split(self, copy):
        # sudo: also whoever must not change a split makes credit notes
        split = self.sudo().env["sales.split"].search([("move_id", "=", self.id)])
        lines = {
            line: copied
            for line, copied in zip(
                self.line_ids.filtered(_is_product).sorted("id"),
                copy.line_ids.filtered(_is_product).sorted("id"),
                strict=False,
            )
        }
        split.create(
            [
                {
                    "move_id": copy.id,
                    "move_line_id": lines[part.move_line_id].id
                    if part.move_line_id
                    else False,
                    "rep_id": part.rep_id.id,
                    "share": part.share,
                    "overlay": part.overlay,
                    "sequence": part.sequence,
                }
                for part in split
                if not part.move_line_id or part.move_line_id in lines
            ]
        )

    def write(self, vals):
        result = super().write(vals)
        if "matched_payment_ids" in vals:
            self.env["sales.credit"]._mark("cash", self.ids)
        return result


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "sales.credited.mixin"]

    sales_split_ids = fields.One2many(
        "sales.split",
        "move_line_id",
        "Credit Split",
        groups=SPLIT_GROUPS,
        help="Who is credited with this line. Empty: as the invoice is split.",
    )

    _credit_fields = frozenset(
        (
            "balance",
            "amount_currency",
            "currency_id",
            "price_total",
            "quantity",
            "product_id",
            "product_uom_id",
            "partner_id",
            "account_id",
            "display_type",
            "date_maturity",
            "is_downpayment",
        )
    )

    def _mark_credits(self, changed=None):
        # sudo: whoever changes an invoice changes its credits
        moves = self.sudo().move_id.filtered(lambda m: m.state == "posted")
        moves._mark_credits()


class AccountPartialReconcile(models.Model):
    _name = "account.partial.reconcile"
    _inherit = ["account.partial.reconcile", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            "debit_move_id",
            "credit_move_id",
            "amount",
            "debit_amount_currency",
            "credit_amount_currency",
            "max_date",
        )
    )

    def _mark_credits(self, changed=None):
        # sudo: whoever reconciles changes the cash of an invoice
        lines = self.sudo().debit_move_id + self.sudo().credit_move_id
        invoices = lines.move_id.filtered(lambda m: m.move_type in SALE_TYPES)
        credit = self.env["sales.credit"]
        credit._mark("cash", invoices.ids)
        if any(company.sales_collect_at_validation for company in lines.company_id):
            credit._mark("receipt", lines.move_id.ids)


class AccountPayment(models.Model):
    """Payments without a journal entry, where the company counts them."""

    _name = "account.payment"
    _inherit = ["account.payment", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            "state",
            "amount",
            "amount_company_currency_signed",
            "date",
            "currency_id",
            "partner_id",
            "partner_type",
            "payment_type",
            "move_id",
            "outstanding_account_id",
        )
    )

    def _mark_credits(self, changed=None):
        # sudo: whoever validates a payment changes the cash of its invoices
        payments = self.sudo().filtered(
            lambda p: p.company_id.sales_collect_at_validation
        )
        credit = self.env["sales.credit"]
        credit._mark("payment", payments.ids)
        credit._mark("cash", payments.ids, "payment")
        if changed and "outstanding_account_id" in changed:
            # sudo: as above
            self.sudo().move_id._mark_credits()

    def write(self, vals):
        if "invoice_ids" in vals:
            self._mark_invoices()
        result = super().write(vals)
        if "invoice_ids" in vals:
            self._mark_invoices()
        return result

    def _mark_invoices(self):
        # sudo: as above
        self.env["sales.credit"]._mark("cash", self.sudo().invoice_ids.ids)

    def unlink(self):
        self._mark_invoices()
        return super().unlink()


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "sales.credited.mixin"]

    _credit_fields = frozenset(
        ("won_status", "type", "user_id", "team_id", "partner_id", "company_id")
    )

    def _create(self, data_list):
        leads = super()._create(data_list)
        # Who is created is open, and counted, when its status is computed.
        self.env["sales.ownership"]._log(
            self.browse(), _created_owners(leads, data_list), created=True
        )
        return leads

    def _write_multi(self, vals_list):
        ownership = self.env["sales.ownership"]
        rows = list(zip(self._ids, vals_list, strict=True))
        changes = ownership._log(self.browse(), _written_owners(rows))
        super()._write_multi(vals_list)
        self._get_new().difference_update(
            id_ for id_, vals in rows if "won_status" in vals
        )
        reopened = [
            id_
            for id_, vals in rows
            if vals.get("active")
            or vals.get("won_status") == "pending"
            or "company_id" in vals
        ]
        ownership._settle_leads(changes, reopened)

    def _mark_credits(self, changed=None):
        # sudo: whoever changes an opportunity changes its credits
        leads, new = self.sudo(), self._get_new()
        if changed and "won_status" in changed:
            leads = leads.filtered(
                lambda lead: lead.won_status != "pending" or lead.id not in new
            )
        else:
            leads = leads.filtered(lambda lead: lead.won_status in ("won", "lost"))
        self.env["sales.credit"]._mark("lead", leads.ids)

    def unlink(self):
        self.env["sales.credit"]._mark("lead", self.ids)
        self.env["sales.kept.date"]._forget(self)
        return super().unlink()


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            "sales_territory_id",
            "sales_channel_id",
            "commercial_partner_id",
            "user_id",
        )
    )

    def _create(self, data_list):
        partners = super()._create(data_list)
        self.env["sales.ownership"]._log(
            self.browse(), _created_owners(partners, data_list), created=True
        )
        return partners

    def _write_multi(self, vals_list):
        rows = list(zip(self._ids, vals_list, strict=True))
        ownership = self.env["sales.ownership"]
        changes = ownership._log(self.browse(), _written_owners(rows))
        moved = {id_ for id_, vals in rows if "commercial_partner_id" in vals}
        new = self._get_new() & moved
        self._get_new().difference_update(new)
        if moved := list(moved - new):
            # The customer whom they belonged to until now.
            former = self.env.execute_query(
                SQL(
                    """SELECT commercial_partner_id FROM res_partner
                    WHERE id = ANY(%s) AND commercial_partner_id IS NOT NULL""",
                    moved,
                )
            )
            if former:
                self.env["sales.credit"]._mark("customer", [row[0] for row in former])
                self.env["sales.credit"]._mark_partners(moved)
        super()._write_multi(vals_list)
        # Who is created becomes a customer when its commercial entity is known.
        joined = [
            id_
            for id_, vals in rows
            if vals.get("active")
            or vals.get("commercial_partner_id") == id_
            or "company_id" in vals
        ]
        ownership._settle(changes, joined)

    def _mark_credits(self, changed=None):
        # Nothing can have been credited for a partner who is new.
        changed = (changed or set()) - {"commercial_partner_id"}
        if changed == {"user_id"}:
            self.env["sales.credit"]._mark("*owner", self.ids)
        elif changed:
            self.env["sales.credit"]._mark("*partner_id", self.ids)

    def unlink(self):
        self.env["sales.credit"]._mark("*partner_id", self.ids)
        return super().unlink()


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def unlink(self):
        self.env["sales.credit"]._mark("*team_id", self.ids)
        return super().unlink()


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        # sudo: only compares; who may change a calendar is checked by super
        moved = "tz" in vals and any(c.tz != vals["tz"] for c in self.sudo())
        result = super().write(vals)
        if moved:
            self.env.registry.clear_cache()
            self.env["sales.credit"]._mark_all()
        return result
