from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount

from ..deals import contracts as life
from ..deals import fulfilment
from ..locking import write_lock
from .sales_contract_figures import INTERNAL

# What stays as it was agreed once a contract is with the customer.
_AGREED = frozenset(
    (
        *("partner_id", "kind", "title", "date_start", "date_end", "amount", "note"),
        *("currency_id", "company_id", "payment_term_id", "rebate_percent"),
        *("response_hours", "visits_included", "parts_included"),
    )
)
_SIGNED = frozenset(("signed_document", "signed_document_name"))


class SalesContract(models.Model):
    """What is agreed with a customer: of which kind, over how much, from when to when.

    People decide its ``state``: it is sent, signed ("running"), terminated, or replaced
    by an amendment. Where in its life a signed contract is (``phase``) follows from its
    dates and today alone.

    An amendment is a new version: the versions of a contract have one ``root_id``, and
    what is ordered under any of them counts for all. A renewal is a contract of its
    own, that follows its ``previous_id``.
    """

    _name = "sales.contract"
    _description = "Contract"
    _inherit = [
        "sales.stamped.mixin",
        "sales.owned.mixin",
        "sales.contract.figures",
        "portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        (
            *("name", "state", "terminated_on", "sent_on"),
            *("signature", "signed_by", "signed_on"),
            *("version", "root_id", "former_id", "previous_id"),
        )
    )

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    title = fields.Char("Subject", tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer Company",
        store=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Owner",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
        domain="[('share', '=', False)]",
        help="Follows the customer's salesperson until it is set by hand.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("standard", "Standard"),
            ("framework", "Framework"),
            ("special", "Special agreement"),
            ("service", "Service"),
        ],
        default="standard",
        required=True,
        help="Framework: orders call off agreed prices and quantities. Special "
        "agreement: prices, rebates or terms of their own. Service: response times, "
        "visits and parts.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("running", "Signed"),
            ("terminated", "Terminated"),
            ("replaced", "Replaced"),
        ],
        "Agreement Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    phase = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("signed", "Signed"),
            ("running", "Running"),
            ("expiring", "Expiring"),
            ("ended", "Ended"),
            ("terminated", "Terminated"),
            ("replaced", "Replaced"),
        ],
        "Status",
        compute="_compute_phase",
        search="_search_phase",
        help="What was decided, and of a signed contract where it is by its dates: it "
        "expires within 90 days.",
    )
    date_start = fields.Date(
        "First Day",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        tracking=True,
    )
    date_end = fields.Date(
        "Last Day",
        index="btree_not_null",
        tracking=True,
        help="Empty: until further notice.",
    )
    amount = fields.Monetary(
        help="Committed in all, untaxed; 0: what the lines commit.", tracking=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    line_ids = fields.One2many("sales.contract.line", "contract_id", copy=True)
    milestone_ids = fields.One2many("sales.contract.milestone", "contract_id")
    payment_term_id = fields.Many2one(
        "account.payment.term",
        "Payment Terms",
        check_company=True,
        help="Of orders under this contract. Empty: the customer's.",
    )
    rebate_percent = fields.Float(
        "Rebate (%)",
        digits=(5, 2),
        help="Agreed on what is invoiced under this contract; it is no discount and "
        "lowers no price. From the signature on it is accrued and settled, by the "
        "quarter, as a rebate agreement.",
    )
    response_hours = fields.Float(
        "Response Within", help="Working hours to the first answer; 0: not agreed."
    )
    visits_included = fields.Integer(
        help="So many visits cost the customer nothing; 0: without a limit."
    )
    parts_included = fields.Boolean(help="Parts cost the customer nothing.")
    end_reason = fields.Char(
        "Reason of the End",
        copy=False,
        tracking=True,
        groups=INTERNAL,
        help="Why it was terminated.",
    )
    terminated_on = fields.Date("Terminated", readonly=True, copy=False)
    note = fields.Html("Terms")

    sent_on = fields.Date("Sent", readonly=True, copy=False)
    signature = fields.Image(
        copy=False, attachment=True, max_width=1024, max_height=1024, readonly=True
    )
    signed_by = fields.Char(copy=False, readonly=True)
    signed_on = fields.Datetime("Signed", copy=False, readonly=True)
    signed_document = fields.Binary(
        copy=False,
        attachment=True,
        help="The scan of what was signed on paper, where it was not signed online.",
    )
    signed_document_name = fields.Char("Name of the Scan", copy=False)

    version = fields.Integer(default=1, readonly=True, copy=False)
    root_id = fields.Many2one(
        "sales.contract",
        "First Version",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
    )
    former_id = fields.Many2one(
        "sales.contract",
        "Amends",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    amendment_ids = fields.One2many("sales.contract", "former_id", "Amended By")
    previous_id = fields.Many2one(
        "sales.contract",
        "Renews",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    next_ids = fields.One2many("sales.contract", "previous_id", "Renewed By")
    committed_amount = fields.Monetary("Committed", compute="_compute_fulfilment")
    order_count = fields.Integer("Orders", compute="_compute_order_count")

    _dates = models.Constraint(
        "CHECK (date_end >= date_start)", "A contract ends after it begins."
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "An amount is not negative."
    )
    _terms_positive = models.Constraint(
        "CHECK (rebate_percent BETWEEN 0 AND 100 AND response_hours >= 0 "
        "AND visits_included >= 0)",
        "A rebate is from 0 to 100 %, hours and visits are not negative.",
    )

    @api.depends("partner_id")
    def _compute_user_id(self):
        for contract in self:
            # sudo: whose the customer is, is no secret to who may choose it
            customer = contract.partner_id.sudo().commercial_partner_id
            contract.user_id = contract.user_id or customer.user_id or self.env.user

    @api.depends("state", "date_start", "date_end", "company_id")
    def _compute_phase(self):
        today = {company: company._get_sales_today() for company in self.company_id}
        for contract in self:
            contract.phase = life.phase(
                contract.state,
                contract.date_start,
                contract.date_end,
                today.get(contract.company_id),
            )

    @api.model
    def _search_phase(self, operator, value):
        if operator != "in":
            return NotImplemented
        decided = [name for name in value if name not in life.DATED]
        domain = Domain("state", "in", decided)
        # sudo: only where companies work
        for company in self.env["res.company"].sudo().search([]):
            for name in set(value) & set(life.DATED):
                domain |= self._domain_of_phase(name, company)
        return domain

    @api.model
    def _domain_of_phase(self, name, company):
        starts, ends = life.dated(name, company._get_sales_today())
        domain = Domain("state", "=", "running") & Domain("company_id", "=", company.id)
        for field, (first, last) in (("date_start", starts), ("date_end", ends)):
            if last:
                domain &= Domain(field, "<=", last)
            elif first and field == "date_end":
                domain &= Domain(field, "=", False) | Domain(field, ">=", first)
                continue
            if first:
                domain &= Domain(field, ">=", first)
        return domain

    def _compute_order_count(self):
        orders = self.env["sale.order"]._read_group(
            [("sales_contract_id.root_id", "in", self.root_id.ids)],
            ["sales_contract_id"],
            ["__count"],
        )
        counts = defaultdict(int)
        for contract, count in orders:
            # sudo: an older version
            counts[contract.sudo().root_id.id] += count
        for contract in self:
            contract.order_count = counts[contract.root_id.id]

    @api.depends("name", "title", "version")
    def _compute_display_name(self):
        for contract in self:
            number = contract.name if contract.name != "/" else None
            if contract.version > 1:
                number = f"{number}/{contract.version}"
            contract.display_name = " ".join(filter(None, (number, contract.title)))

    def _compute_access_url(self):
        super()._compute_access_url()
        for contract in self:
            contract.access_url = f"/my/contracts/{contract.id}"

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        for contract in contracts.sudo():  # sudo: stamped by the system
            if contract.name == "/":
                sequence = self.env["ir.sequence"].with_company(contract.company_id)
                contract.name = sequence.next_by_code("sales.contract") or "/"
            if not contract.root_id:
                contract.root_id = contract
        return contracts

    def write(self, vals):
        if not self.env.su:
            self._check_agreed(vals)
        result = super().write(vals)
        if "user_id" in vals:
            # Not to somebody whose contracts one may not write.
            self.check_access("write")
        return result

    def _get_agreed(self):
        """The fields that stay as they are once the customer has the contract."""
        return _AGREED

    def _check_agreed(self, vals):
        """:raise UserError: where this would change what was agreed"""
        for names, states in (
            (self._get_agreed(), ("draft",)),
            (_SIGNED, ("draft", "sent")),
        ):
            if names.isdisjoint(vals):
                continue
            self._refuse(
                [
                    self.env._(
                        "%(contract)s is agreed and stays as it is: amend it.",
                        contract=contract.display_name,
                    )
                    for contract in self
                    if contract.state not in states
                ]
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        if any(contract.state != "draft" for contract in self):
            raise UserError(
                self.env._(
                    "A contract that was agreed cannot be deleted: terminate it."
                )
            )

    # Fulfilment

    @api.model
    def _get_days(self):
        """Of each company its id, today, and the tolerance as a share."""
        return [
            (
                company.id,
                company._get_sales_today(),
                company.sales_contract_tolerance / 100,
            )
            # sudo: only settings
            for company in self.env["res.company"].sudo().search([])
        ]

    def _get_fulfilled(self):
        return {**super()._get_fulfilled(), "committed": "committed_amount"}

    def _get_fulfilled_contracts(self):
        """Of the versions of a contract the one that is agreed: orders count once."""
        return self.filtered(
            lambda one: (
                one.state in ("running", "terminated")
                or (one.state != "replaced" and not one.former_id)
            )
        )

    def _read_ordered(self, without):
        """What is ordered under a contract: ``{line id or None: (quantity, amount)}``.

        :param without: orders that do not count
        """
        self.ensure_one()
        self.env["sale.order"].flush_model(["state", "sales_contract_id"])
        self.env["sale.order.line"].flush_model()
        self.env["sales.contract.line"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            fulfilment.left(self.ids, self._get_days(), without.ids)
        )
        return {line: (quantity or 0, amount) for _id, line, quantity, amount in rows}

    # The life of a contract

    @api.model
    def _domain_in_force(self, company, day):
        """Contracts of a company whose prices and services hold on a day."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "running")
            & Domain("date_start", "<=", day)
            & (Domain("date_end", "=", False) | Domain("date_end", ">=", day))
        )

    def _is_in_force(self, day):
        self.ensure_one()
        phase = life.phase(self.state, self.date_start, self.date_end, day)
        return phase in life.IN_FORCE

    def _check_can_be_sent(self):
        """The door through which a contract goes to its customer, or is signed.

        :raise UserError: where something is in the way
        """
        self._check_state("draft", "sent")
        self._refuse(
            [
                self.env._(
                    "%(contract)s would be over: its last day has passed.",
                    contract=contract.name,
                )
                for contract in self
                if contract._is_late()
            ]
        )
        self._refuse(
            [
                self.env._(
                    "%(contract)s amends a contract that is not in force any more.",
                    contract=contract.display_name,
                )
                for contract in self
                # sudo: the version before may be another rep's
                if contract.former_id and contract.former_id.sudo().state != "running"
            ]
        )

    def _is_late(self):
        today = self.company_id._get_sales_today()
        return bool(self.date_end and self.date_end < today)

    def action_send(self):
        """Write to the customer, with the contract and the link to sign it."""
        self.ensure_one()
        self.check_access("write")
        self._check_can_be_sent()
        template = self.env.ref("sales_force.mail_template_sales_contract", False)
        return {
            "name": self.env._("Send"),
            "type": "ir.actions.act_window",
            "view_mode": "form",
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_template_id": template and template.id,
                "default_composition_mode": "comment",
                "force_email": True,
                "mark_sales_contract_sent": True,
            },
        }

    def message_post(self, **kwargs):
        # Customers post as well, with whatever context.
        sent = self.env.context.get("mark_sales_contract_sent")
        if sent and self.env.user._is_internal():
            self.filtered(lambda one: one.state == "draft").action_mark_sent()
        return super().message_post(**kwargs)

    def action_mark_sent(self):
        """The customer has it: it can be signed on the portal, and stays as it is."""
        self.check_access("write")
        self._check_state("draft")
        self._check_can_be_sent()
        for company, contracts in self.grouped("company_id").items():
            # sudo: stamped by the system
            contracts.sudo().write(
                {"state": "sent", "sent_on": company._get_sales_today()}
            )

    def action_draft(self):
        """It is worked on again: the customer cannot sign it any more."""
        self.check_access("write")
        self._check_state("sent")
        # sudo: stamped by the system
        self.sudo().write({"state": "draft", "sent_on": False})

    def action_start(self):
        """It was signed on paper: it runs, from its first day on.

        :raise UserError: without the scan, or for one that is over already
        """
        self.check_access("write")
        self._refuse(
            [
                self.env._(
                    "Upload the signed document of %(contract)s first.",
                    contract=contract.display_name,
                )
                for contract in self
                if not contract.signed_document
            ]
        )
        self._start()

    def _has_to_be_signed(self):
        """Whether the customer can sign it on the portal."""
        self.ensure_one()
        former = self.former_id
        return (
            self.state == "sent"
            and not self._is_late()
            and (not former or former.state == "running")
        )

    def _sign(self, name, signature):
        """The customer signs on the portal."""
        self.ensure_one()
        self.write({"signed_by": name, "signature": signature})
        self._start()
        self.message_post(
            body=self.env._("Signed by %(name)s.", name=name),
            author_id=self.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )

    def _start(self):
        write_lock(self | self.former_id)
        self._check_can_be_sent()
        contracts = self.sudo()  # sudo: stamped by the system
        contracts.write({"state": "running", "signed_on": fields.Datetime.now()})
        for contract in contracts.filtered("former_id"):
            contract._replace(contract.former_id)

    def _replace(self, former):
        """This amendment takes the place of the version before."""
        former.state = "replaced"
        former.milestone_ids.contract_id = self
        quotations = self.env["sale.order"].search(
            [
                ("sales_contract_id", "=", former.id),
                ("state", "in", ("draft", "sent")),
            ]
        )
        quotations._put_under_contract(self)

    def action_ask_reason(self):
        """Say why it ends before its last day, and end it."""
        self.ensure_one()
        view = self.env.ref("sales_force.sales_contract_view_form_end")
        return {
            "name": self.env._("Terminate"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_terminate(self):
        """It ends before its last day.

        :raise ValidationError: without a reason
        """
        self.check_access("write")
        for contract in self:
            if contract.phase not in ("signed", *life.IN_FORCE):
                raise UserError(
                    self.env._("%(contract)s does not run.", contract=contract.name)
                )
            if not contract.end_reason:
                raise ValidationError(
                    self.env._(
                        "Say why %(contract)s is terminated.", contract=contract.name
                    )
                )
            # sudo: stamped by the system
            contract.sudo().write(
                {
                    "state": "terminated",
                    "terminated_on": contract.company_id._get_sales_today(),
                }
            )

    def action_amend(self):
        """A new version of a signed contract, to be agreed in its place.

        The former holds until the new one is signed.
        """
        self.ensure_one()
        self.check_access("write")
        self._check_state("running")
        write_lock(self)
        if self.amendment_ids:
            raise UserError(
                self.env._(
                    "%(contract)s is being amended already.",
                    contract=self.display_name,
                )
            )
        # sudo: stamped by the system
        amendment = self.sudo().copy(
            {
                "name": self.name,
                "version": self.version + 1,
                "root_id": self.root_id.id,
                "former_id": self.id,
            }
        )
        for line, copied in zip(
            self.line_ids.sorted("id"), amendment.line_ids.sorted("id"), strict=True
        ):
            copied.origin_id = line.origin_id
        return amendment.sudo(False)._open()

    def action_renew(self):
        """The contract that follows this one, for as long."""
        self.ensure_one()
        self.check_access("write")
        if self.phase not in (*life.IN_FORCE, "ended") or not self.date_end:
            raise UserError(
                self.env._(
                    "%(contract)s has no last day after which it could be renewed, or "
                    "is not signed.",
                    contract=self.display_name,
                )
            )
        if self.next_ids:
            return self.next_ids[0]._open()
        start = self.date_end + timedelta(days=1)
        # Years and months stay whole ones.
        length = relativedelta(start, self.date_start)
        # sudo: stamped by the system
        renewal = self.sudo().copy(
            {
                "previous_id": self.id,
                "date_start": start,
                "date_end": start + length - timedelta(days=1),
            }
        )
        for line in renewal.line_ids:
            line.date_from = line.date_from and line.date_from + length
            line.date_to = line.date_to and line.date_to + length
        return renewal.sudo(False)._open()

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_open_orders(self):
        """The orders under all versions of this contract."""
        self.ensure_one()
        return {
            "name": self.env._("Orders"),
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "views": [(False, "list"), (False, "form")],
            "domain": [("sales_contract_id.root_id", "=", self.root_id.id)],
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_sales_contract_id": self.id,
            },
        }

    def action_open_versions(self):
        """All versions of this contract, and those that it renews or that renew it."""
        self.ensure_one()
        chain = contracts = self.search([("root_id", "=", self.root_id.id)])
        while contracts:
            contracts = contracts.previous_id + contracts.next_ids
            contracts = self.search([("root_id", "in", contracts.root_id.ids)]) - chain
            chain += contracts
        return {
            "name": self.env._("Versions and Renewals"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", chain.ids)],
        }

    def _get_line(self, product, day):
        """The line that says what a product costs on a day, maybe none.

        That of the product comes before those of its categories, of which the nearest
        counts.
        """
        # In whose period; ``parent_path`` of the category ends with its own id.
        lines = self.line_ids.filtered(lambda line: line._is_on(day))
        own = lines.filtered(lambda line: line.product_id == product)
        if own:
            return own[0]
        path = (product.categ_id.parent_path or "").split("/")
        return lines.filtered(
            lambda line: line.categ_id and str(line.categ_id.id) in path
        ).sorted(lambda line: -path.index(str(line.categ_id.id)))[:1]

    def _get_current(self):
        """The version that is agreed now: the last one that was signed."""
        current = self
        while current.state == "replaced":
            current = current.amendment_ids.filtered(
                lambda one: one.state in ("running", "replaced", "terminated")
            )
        return current

    def _describe_room(self, _quantity, amount):
        return format_amount(self.env, amount, self.currency_id)

    def _is_beyond(self, _quantity, amount, _left, left_amount):
        return self.currency_id.compare_amounts(amount, left_amount) > 0

    def _get_report_name(self):
        return self.display_name.replace("/", "-")
