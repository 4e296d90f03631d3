"""One page per customer: what happened, what is open, what was paid for what."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

AMOUNTS = ("quoted_amount", "uninvoiced_amount", "unpaid_amount", "overdue_amount")
PHASES = ("before", "sale", "after")


@dataclass(frozen=True)
class TimelineKind:
    """A kind of document in a customer's timeline.

    Fields are named as the document's; ``currency`` empty means company currency.
    """

    code: str
    name: str
    model: str
    phase: str
    icon: str
    date: str
    domain: tuple = ()
    partner: str = "partner_id"
    title: str = "display_name"
    status: str = ""
    amount: str = ""
    currency: str = "currency_id"


class SalesCustomer(models.Model):
    _inherit = "sales.customer"

    quoted_amount = fields.Monetary(
        "Quoted",
        compute="_compute_open_amounts",
        help="Untaxed, of quotations that have not expired, of all salespeople.",
    )
    uninvoiced_amount = fields.Monetary(
        "Ordered, Not Invoiced",
        compute="_compute_open_amounts",
        help="Untaxed, of confirmed orders of all salespeople.",
    )
    unpaid_amount = fields.Monetary(
        "Unpaid",
        compute="_compute_open_amounts",
        help="What is still to be paid of posted invoices, minus credit notes.",
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        compute="_compute_open_amounts",
        help="The unpaid instalments whose due date has passed.",
    )
    contact_ids = fields.One2many(related="partner_id.child_ids", string="Contacts")
    next_step = fields.Char(compute="_compute_next_step")
    next_step_date = fields.Date("Next Step On", compute="_compute_next_step")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_open_amounts(self):
        """In company currency, in one query for all customers.

        Whoever may read a customer with an owner may know what is open, also with
        colleagues; of a customer in the pool counts what the user may read.
        """
        for model in (
            "sale.order",
            "sale.order.line",
            "account.move",
            "account.move.line",
            "res.partner",
        ):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT e.id, o.quoted, o.uninvoiced, m.unpaid, m.overdue
                FROM sales_customer e
                JOIN res_partner c ON c.id = e.partner_id
                LEFT JOIN LATERAL (
                    SELECT
                        sum(o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1))
                            FILTER (WHERE o.state IN ('draft', 'sent') AND COALESCE(
                                o.validity_date, %(today)s) >= %(today)s),
                        sum((SELECT sum(l.price_subtotal - l.untaxed_amount_invoiced)
                                FROM sale_order_line l WHERE l.order_id = o.id)
                            / COALESCE(NULLIF(o.currency_rate, 0), 1))
                            FILTER (WHERE o.state = 'sale')
                    FROM res_partner p
                    JOIN sale_order o ON o.partner_id = p.id
                        AND o.company_id = e.company_id
                    WHERE p.commercial_partner_id = e.partner_id
                      AND (c.user_id IS NOT NULL OR %(order_readable)s)
                ) o(quoted, uninvoiced) ON TRUE
                LEFT JOIN LATERAL (
                    SELECT sum(l.amount_residual),
                        sum(l.amount_residual)
                            FILTER (WHERE l.date_maturity < %(today)s)
                    FROM account_move m
                    JOIN account_move_line l ON l.move_id = m.id
                    JOIN account_account a ON a.id = l.account_id
                        AND a.account_type = 'asset_receivable'
                    WHERE m.commercial_partner_id = e.partner_id
                      AND m.company_id = e.company_id AND m.state = 'posted'
                      AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                      AND m.payment_state
                        IN ('not_paid', 'partial', 'in_payment', 'blocked')
                      AND (c.user_id IS NOT NULL OR %(invoice_readable)s)
                ) m(unpaid, overdue) ON TRUE
                WHERE e.id = ANY(%(ids)s)
                """,
                today=self.env.company._get_sales_today(),
                order_readable=self._sql_readable("sale.order", SQL("o.id")),
                invoice_readable=self._sql_readable("account.move", SQL("m.id")),
                ids=self._origin.ids,
            )
        )
        found = {id_: amounts for id_, *amounts in rows}
        for customer in self:
            amounts = found.get(customer._origin.id, (0.0,) * len(AMOUNTS))
            for name, amount in zip(AMOUNTS, amounts, strict=True):
                customer[name] = customer.currency_id.round(float(amount or 0))

    def _sql_readable(self, model, id_):
        """Whether the user may read a document.

        :param SQL id_: the id of the document
        """
        documents = self.env[model].with_context(active_test=False)
        if not documents.has_access("read"):
            return SQL("FALSE")
        query = documents._search(Domain.TRUE)
        if query.is_empty():
            return SQL("FALSE")
        return SQL(
            "EXISTS (SELECT FROM %s WHERE %s = %s AND %s)",
            query.from_clause,
            SQL.identifier(query.table, "id"),
            id_,
            query.where_clause or SQL("TRUE"),
        )

    @api.depends_context("uid", "lang")
    def _compute_next_step(self):
        """The activity that is due first, on the customer, an opportunity or an order.

        Of those that the user may see.
        """
        owners = {}
        partners = self._get_partners()
        for customer in self:
            for partner_id in partners[customer]:
                owners[partner_id] = customer.id
        domain = Domain.FALSE
        of_document = {}
        for model, ids in (
            ("res.partner", list(owners)),
            *(
                (name, self.env[name].search([("partner_id", "in", list(owners))]).ids)
                for name in ("crm.lead", "sale.order")
            ),
        ):
            for record in self.env[model].sudo().browse(ids):  # sudo: only whose it is
                partner = record if model == "res.partner" else record.partner_id
                of_document[model, record.id] = owners[partner.id]
            domain |= Domain("res_model", "=", model) & Domain("res_id", "in", ids)
        first = {}
        for activity in self.env["mail.activity"].search(
            domain, order="date_deadline, id"
        ):
            first.setdefault(of_document[activity.res_model, activity.res_id], activity)
        causes = (
            self.env["sales.followup"]
            # sudo: only whether a rule has raised it
            .sudo()
            .search(
                [("activity_id", "in", [activity.id for activity in first.values()])]
            )
            .activity_id
        )
        for customer in self:
            activity = first.get(customer._origin.id)
            name = activity and (activity.summary or activity.activity_type_id.name)
            if activity and activity in causes:
                # A rule names what is wrong, not what to do.
                name = self.env._("Follow up: %(cause)s", cause=name)
            customer.next_step = name
            customer.next_step_date = activity and activity.date_deadline

    def _get_partners(self):
        """Ids of the customers and all their contacts, ``{customer: [ids]}``."""
        rows = (
            self.env["res.partner"]
            # sudo: who belongs to a customer whom the user may read
            .sudo()
            .with_context(active_test=False)
            ._read_group(
                [("commercial_partner_id", "in", self.partner_id.ids)],
                ["commercial_partner_id"],
                ["id:array_agg"],
            )
        )
        ids = {partner.id: ids for partner, ids in rows}
        return {customer: ids.get(customer.partner_id.id, []) for customer in self}

    # Timeline

    @api.model
    def _get_timeline_kinds(self):
        """What a timeline is made of; other addons add their documents."""
        _ = self.env._
        invoice = {
            "model": "account.move",
            "date": "invoice_date",
            "status": "payment_state",
            "amount": "amount_total_in_currency_signed",
        }
        return [
            TimelineKind(
                code="lead",
                name=_("Opportunity"),
                model="crm.lead",
                phase="before",
                icon="fa-star",
                date="create_date",
                status="stage_id",
                amount="expected_revenue",
                currency="company_currency",
            ),
            TimelineKind(
                code="meeting",
                name=_("Meeting"),
                model="calendar.event",
                phase="before",
                icon="fa-calendar",
                date="start",
                partner="partner_ids",
            ),
            TimelineKind(
                code="activity",
                name=_("Activity done"),
                model="mail.activity",
                phase="before",
                icon="fa-check",
                date="date_done",
                domain=(("active", "=", False), ("res_model", "=", "res.partner")),
                partner="res_id",
                status="activity_type_id",
            ),
            TimelineKind(
                code="quotation",
                name=_("Quotation"),
                model="sale.order",
                phase="before",
                icon="fa-file-text-o",
                date="create_date",
                domain=(("state", "in", ("draft", "sent", "cancel")),),
                status="state",
                amount="amount_total",
            ),
            TimelineKind(
                code="order",
                name=_("Order"),
                model="sale.order",
                phase="sale",
                icon="fa-shopping-cart",
                date="date_order",
                domain=(("state", "=", "sale"),),
                status="delivery_status",
                amount="amount_total",
            ),
            TimelineKind(
                code="contract",
                name=_("Contract"),
                model="sales.contract",
                phase="sale",
                icon="fa-handshake-o",
                date="date_start",
                domain=(("state", "not in", ("draft", "sent", "replaced")),),
                status="phase",
                amount="amount",
            ),
            TimelineKind(
                code="delivery",
                name=_("Delivery"),
                model="stock.picking",
                phase="sale",
                icon="fa-truck",
                date="date_done",
                domain=(
                    ("state", "=", "done"),
                    ("picking_type_code", "=", "outgoing"),
                ),
            ),
            TimelineKind(
                code="return",
                name=_("Return of goods"),
                model="stock.picking",
                phase="after",
                icon="fa-reply",
                date="date_done",
                domain=(
                    ("state", "=", "done"),
                    ("picking_type_code", "=", "incoming"),
                ),
            ),
            TimelineKind(
                code="invoice",
                name=_("Invoice"),
                phase="sale",
                icon="fa-file-o",
                domain=(
                    ("state", "=", "posted"),
                    ("move_type", "in", ("out_invoice", "out_receipt")),
                ),
                **invoice,
            ),
            TimelineKind(
                code="refund",
                name=_("Credit note"),
                phase="after",
                icon="fa-undo",
                domain=(("state", "=", "posted"), ("move_type", "=", "out_refund")),
                **invoice,
            ),
            TimelineKind(
                code="payment",
                name=_("Payment"),
                model="account.payment",
                phase="after",
                icon="fa-money",
                date="date",
                domain=(
                    ("state", "in", ("in_process", "paid")),
                    ("partner_type", "=", "customer"),
                ),
                status="state",
                amount="amount_signed",
            ),
        ]

    @api.readonly
    def get_timeline(self, phase=None, limit=20):
        """What happened with a customer, the latest first.

        Documents that the user may not open show kind, date, number, state and amount
        when the customer has an owner, who must know them; of a customer in the pool
        only what the user may read is shown.

        :param str phase: ``before`` the sale, ``sale`` or ``after``; all when empty
        :param int limit: how many lines at most, up to 1000
        :return: ``lines`` (``id kind name icon phase date title status amount
            currency_id res_model res_id``, res_id False where it may not be opened;
            dates as the server writes them, moments in UTC) and ``more``
        :raise UserError: for an unknown phase
        """
        self.ensure_one()
        self.check_access("read")
        if phase and phase not in PHASES:
            raise UserError(self.env._("There is no phase named %(name)s.", name=phase))
        limit = min(max(int(limit), 1), 1000)
        partner_ids = self._get_partners()[self]
        found = []
        for number, kind in enumerate(self._get_timeline_kinds()):
            if not phase or phase == kind.phase:
                found += [
                    (
                        self._get_moment(kind, document),
                        number,
                        document.id,
                        kind,
                        document,
                    )
                    for document in self._find_documents(kind, partner_ids, limit + 1)
                ]
        found.sort(key=lambda line: line[:3], reverse=True)
        lines = found[:limit]
        readable = self._get_readable(document for *_key, document in lines)
        return {
            "lines": [
                self._prepare_line(kind, document, document in readable)
                for *_key, kind, document in lines
            ],
            "more": len(found) > limit,
        }

    def _find_documents(self, kind, partner_ids, limit):
        model = self.env[kind.model].with_context(active_test=False)
        masked = bool(self.user_id)
        if not masked and not model.has_access("read"):
            return model
        # sudo: what is masked shows no more than the owner must know
        documents = model.sudo() if masked else model
        domain = Domain(kind.partner, "in", partner_ids) & Domain(list(kind.domain))
        domain &= Domain(kind.date, "!=", False)
        if "company_id" in documents._fields:
            domain &= Domain("company_id", "in", (self.company_id.id, False))
        return documents.search(domain, order=f"{kind.date} desc, id desc", limit=limit)

    def _get_moment(self, kind, document):
        """By what lines are ordered: a day comes after the moments in it."""
        date = document[kind.date]
        if isinstance(date, datetime):
            return date
        return datetime.combine(date, time.max)

    def _get_readable(self, documents):
        ids = defaultdict(list)
        for document in documents:
            ids[document._name].append(document.id)
        readable = set()
        for name, found in ids.items():
            records = self.env[name].browse(found)
            readable.update(records._filtered_access("read"))
        return readable

    def _prepare_line(self, kind, document, readable):
        currency = document[kind.currency] if kind.amount else None
        return {
            "id": f"{kind.code},{document.id}",
            "kind": kind.code,
            "name": kind.name,
            "icon": kind.icon,
            "phase": kind.phase,
            "date": document._fields[kind.date].convert_to_write(
                document[kind.date], document
            ),
            "title": self._get_title(kind, document),
            "status": self._get_status(kind, document),
            "amount": kind.amount and document[kind.amount],
            "currency_id": currency and currency.id,
            "res_model": kind.model,
            "res_id": readable and document.id,
        }

    def _get_title(self, kind, document):
        """The field that the kind names; where it is empty the document's name."""
        title = document[kind.title]
        if isinstance(title, models.BaseModel):
            title = title.display_name
        return title or document.display_name

    def _get_status(self, kind, document):
        if not kind.status:
            return False
        field = document._fields[kind.status]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(
                document[kind.status], False
            )
        return document[kind.status].display_name

    # Prices and relations

    @api.readonly
    def get_prices(self, limit=40):
        """The last price of each product that the customer ordered, the latest first.

        Of orders of all salespeople, which who owns the customer must know; of a
        customer in the pool only of those that the user may read.

        :param int limit: how many products at most, up to 1000
        :return: ``[{product_id, product, date, quantity, unit, price_unit, discount,
            currency_id}]``; price per unit in the order's currency before discount,
            date in UTC, discount in percent
        """
        self.ensure_one()
        self.check_access("read")
        for model in ("sale.order", "sale.order.line", "res.partner"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT * FROM (
                    SELECT DISTINCT ON (l.product_id) l.product_id, o.date_order,
                        l.product_uom_qty, l.product_uom_id, l.price_unit, l.discount,
                        o.currency_id
                    FROM res_partner p
                    JOIN sale_order o ON o.partner_id = p.id AND o.state = 'sale'
                        AND o.company_id = %(company)s AND %(readable)s
                    JOIN sale_order_line l ON l.order_id = o.id
                        AND l.display_type IS NULL AND l.is_downpayment IS NOT TRUE
                        AND l.product_id IS NOT NULL AND l.product_uom_qty > 0
                    WHERE p.commercial_partner_id = %(partner)s
                    ORDER BY l.product_id, o.date_order DESC, l.id DESC
                ) last ORDER BY date_order DESC, product_id LIMIT %(limit)s
                """,
                company=self.company_id.id,
                partner=self.partner_id.id,
                readable=SQL("TRUE")
                if self.user_id
                else self._sql_readable("sale.order", SQL("o.id")),
                limit=min(max(int(limit), 1), 1000),
            )
        )
        # sudo: the names of what the customer bought
        products = self.env["product.product"].sudo().browse([row[0] for row in rows])
        units = products.env["uom.uom"].browse([row[3] for row in rows])
        return [
            {
                "product_id": product.id,
                "product": product.display_name,
                "date": fields.Datetime.to_string(row[1]),
                "quantity": float(row[2]),
                "unit": unit.display_name,
                "price_unit": float(row[4]),
                "discount": float(row[5] or 0),
                "currency_id": row[6],
            }
            for row, product, unit in zip(rows, products, units, strict=True)
        ]

    @api.readonly
    def get_relations(self):
        """Customers who have to do with this one, and how.

        Of one group, with a contact of the same e-mail address, or one referred the
        other. Only those whom the user may read.

        :return: ``[{partner_id, partner, kind, contact}]``; kind is ``above``,
            ``below`` or ``beside`` in the group, ``contact``, ``referrer`` (who
            referred this one) or ``referred``
        """
        self.ensure_one()
        self.check_access("read")
        self.env["res.partner"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH own AS (
                    SELECT id, parent_id, sales_referrer_id, email_normalized, active
                    FROM res_partner WHERE commercial_partner_id = %(id)s
                )
                SELECT 'above', parent_id, NULL::integer FROM own
                WHERE id = %(id)s AND parent_id IS NOT NULL
                UNION ALL
                SELECT 'below', b.id, NULL FROM res_partner b
                WHERE b.parent_id = %(id)s AND b.commercial_partner_id = b.id
                UNION ALL
                SELECT 'beside', b.id, NULL FROM own
                JOIN res_partner b ON b.parent_id = own.parent_id AND b.id <> own.id
                    AND b.commercial_partner_id = b.id
                WHERE own.id = %(id)s
                UNION ALL
                SELECT 'contact', o.commercial_partner_id, min(own.id) FROM own
                JOIN res_partner o ON o.email_normalized = own.email_normalized
                    AND o.commercial_partner_id <> %(id)s AND o.active
                WHERE own.active AND own.email_normalized <> ''
                GROUP BY o.commercial_partner_id
                UNION ALL
                SELECT 'referrer', r.commercial_partner_id,
                    NULLIF(r.id, r.commercial_partner_id) FROM own
                JOIN res_partner r ON r.id = own.sales_referrer_id
                WHERE own.id = %(id)s AND r.commercial_partner_id <> %(id)s
                UNION ALL
                SELECT 'referred', b.id, own.id FROM own
                JOIN res_partner b ON b.sales_referrer_id = own.id
                    AND b.commercial_partner_id = b.id AND b.id <> %(id)s
                """,
                id=self.partner_id.id,
            )
        )
        partners = self.env["res.partner"].browse({row[1] for row in rows})
        readable = partners.exists()._filtered_access("read")
        # sudo: the names of contacts of customers whom the user reads
        contacts = self.env["res.partner"].sudo()
        return [
            {
                "partner_id": partner_id,
                "partner": readable.browse(partner_id).display_name,
                "kind": kind,
                "contact": contact_id and contacts.browse(contact_id).name or False,
            }
            for kind, partner_id, contact_id in rows
            if partner_id in readable._ids
        ]

    def action_open_relation(self, partner_id):
        """The card of a related customer, else the contact."""
        partner = self.env["res.partner"].browse(partner_id)
        partner.check_access("read")
        card = self.search(
            [("partner_id", "=", partner_id), ("company_id", "=", self.company_id.id)]
        )
        record = card or partner
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    # Actions

    def action_new_opportunity(self):
        return self._prepare_new("crm.lead", type="opportunity")

    def action_new_quotation(self):
        return self._prepare_new("sale.order")

    def _prepare_new(self, model, **values):
        self.ensure_one()
        values["partner_id"] = self.partner_id.id
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "views": [(False, "form")],
            "context": {f"default_{name}": value for name, value in values.items()},
        }

    def action_plan(self):
        """Plan the next step."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan the Next Step"),
            "res_model": "mail.activity.schedule",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "active_model": "res.partner",
                "active_id": self.partner_id.id,
                "active_ids": self.partner_id.ids,
            },
        }
