from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What stays as it was agreed once a contract runs.
_AGREED = frozenset(("partner_id", "kind", "date_start", "currency_id", "company_id"))


class SalesContract(models.Model):
    """What is agreed with a customer: of which kind, over how much, from when to when.

    While it runs the customer is not recycled, if the pool spares contracts; before it
    ends, follow-up rules call its owner.
    """

    _name = "sales.contract"
    _description = "Contract"
    _inherit = [
        "sales.stamped.mixin",
        "sales.owned.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset({"name", "state", "terminated_on"})

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
            ("running", "Running"),
            ("ended", "Ended"),
            ("terminated", "Terminated"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
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
    amount = fields.Monetary(help="Agreed, untaxed; 0: no amount.", tracking=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    end_reason = fields.Char(
        "Reason of the End", copy=False, tracking=True, help="Why it was terminated."
    )
    terminated_on = fields.Date("Terminated", readonly=True, copy=False)
    note = fields.Html("Terms")

    _dates = models.Constraint(
        "CHECK (date_end >= date_start)", "A contract ends after it begins."
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "An amount is not negative."
    )

    @api.depends("partner_id")
    def _compute_user_id(self):
        for contract in self:
            # sudo: whose the customer is, is no secret to who may choose it
            customer = contract.partner_id.sudo().commercial_partner_id
            contract.user_id = contract.user_id or customer.user_id or self.env.user

    @api.depends("name", "title")
    def _compute_display_name(self):
        for contract in self:
            contract.display_name = " ".join(
                filter(None, (contract.name, contract.title))
            )

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        for contract in contracts:
            sequence = self.env["ir.sequence"].with_company(contract.company_id)
            # sudo: the number is the system's
            contract.sudo().name = sequence.next_by_code("sales.contract") or "/"
        return contracts

    def write(self, vals):
        if not self.env.su and not _AGREED.isdisjoint(vals):
            if running := self.filtered(lambda contract: contract.state != "draft"):
                raise UserError(
                    self.env._(
                        "%(contract)s is agreed: its customer, kind and first day stay "
                        "as they are.",
                        contract=running[0].display_name,
                    )
                )
        result = super().write(vals)
        if "user_id" in vals:
            # Not to somebody whose contracts one may not write.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        if any(contract.state != "draft" for contract in self):
            raise UserError(
                self.env._(
                    "A contract that was agreed cannot be deleted: terminate it."
                )
            )

    def action_start(self):
        """It is signed: it runs, from its first day on.

        :raise UserError: for one that is over already
        """
        self.check_access("write")
        for contract in self:
            today = contract.company_id._get_sales_today()
            if contract.state != "draft":
                raise UserError(
                    self.env._("%(contract)s runs already.", contract=contract.name)
                )
            if contract.date_end and contract.date_end < today:
                raise UserError(
                    self.env._(
                        "%(contract)s would be over: its last day has passed.",
                        contract=contract.name,
                    )
                )
        self.sudo().state = "running"  # sudo: stamped by the system

    def action_terminate(self):
        """It ends before its last day.

        :raise ValidationError: without a reason
        """
        self.check_access("write")
        for contract in self:
            if contract.state != "running":
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

    @api.model
    def _cron_end(self):
        """Contracts whose last day has passed where their company works are over."""
        for company in self.env["res.company"].search([]):
            self.search(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "running"),
                    ("date_end", "<", company._get_sales_today()),
                ]
            ).state = "ended"
