from odoo import api, fields, models

PAY_BY = [
    ("payroll", "Payroll"),
    ("entry", "Journal Entry"),
    ("bill", "Vendor Bill"),
]


class SalesCommissionPayout(models.Model):
    """Statements of a company and a currency that were paid together, in one way.

    Made by ``action_pay`` of statements as the superuser; nobody may write it.
    """

    _name = "sales.commission.payout"
    _description = "Commission Payout"
    _order = "date desc, id desc"

    name = fields.Char("Payment Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    kind = fields.Selection(PAY_BY, "Paid By", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting for Bills"),
            ("paid", "Paid"),
            ("undone", "Taken Back"),
        ],
        "Status",
        required=True,
        readonly=True,
        help="Waiting: bills are paid in accounting. Taken back: all of it was.",
    )
    payment_ids = fields.One2many(
        "sales.commission.payment", "payout_id", "Payments", readonly=True
    )
    statement_ids = fields.One2many(
        "sales.commission.statement", "payout_id", "Statements", readonly=True
    )
    statement_count = fields.Integer(compute="_compute_amount")
    move_count = fields.Integer(compute="_compute_amount")
    is_taken_back = fields.Boolean(compute="_compute_is_taken_back")
    amount = fields.Monetary(
        compute="_compute_amount", help="What was paid less what was taken back."
    )
    file_id = fields.Many2one(
        "ir.attachment",
        "Payroll File",
        readonly=True,
        help="What was made for payroll when it was paid.",
    )

    _name_uniq = models.UniqueIndex("(name, company_id)")

    @api.depends("payment_ids")
    def _compute_amount(self):
        rows = self.env["sales.commission.payment"]._read_group(
            [("payout_id", "in", self.ids)],
            ["payout_id"],
            ["amount:sum", "statement_id:count_distinct", "move_id:count_distinct"],
        )
        found = {payout: figures for payout, *figures in rows}
        for payout in self:
            amount, statements, moves = found.get(payout._origin, (0, 0, 0))
            payout.amount = amount
            payout.statement_count = statements
            payout.move_count = moves

    @api.depends("payment_ids.reverses_id")
    def _compute_is_taken_back(self):
        """Whether anything of it was."""
        for payout in self:
            payout.is_taken_back = bool(payout.payment_ids.reverses_id)

    # Paying

    @api.model
    def _pay(self, statements, amounts):
        """One payout of statements of one company, currency and way of paying.

        The statements of each rep are worth paying together.

        :param dict amounts: ``{statement: Decimal}``, in the currency of the plan
        """
        plan, company = statements[0].plan_id, statements.company_id
        payout = self.create(
            {
                "name": self.env["ir.sequence"]
                .with_company(company)
                .next_by_code(self._name),
                "company_id": company.id,
                "currency_id": plan.currency_id.id,
                "kind": plan.pay_by,
                "date": company._get_sales_today(),
                "user_id": self.env.uid,
                "state": "waiting" if plan.pay_by == "bill" else "paid",
            }
        ).with_company(company)
        moves = {}
        if payout.kind != "payroll":
            moves = payout._make_moves(statements, amounts)
        payout._add_payments(statements, amounts, moves)
        statements._set_paid(payout, moves)
        if payout.kind == "payroll":
            payout._attach_file()
        return payout

    def _add_payments(self, statements, amounts, moves):
        earlier = dict(
            self.env["sales.commission.payment"]._read_group(
                [
                    ("statement_id", "in", statements.ids),
                    ("reverses_id", "!=", False),
                ],
                ["statement_id"],
                ["__count"],
            )
        )
        return self.env["sales.commission.payment"].create(
            [
                {
                    "payout_id": self.id,
                    "statement_id": statement.id,
                    "rep_id": statement.rep_id.id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "amount": amounts[statement],
                    "date": self.date,
                    "number": earlier.get(statement, 0),
                    "move_id": moves[statement].id if statement in moves else False,
                }
                for statement in statements
            ]
        )

    def _update_state(self):
        for payout in self:
            states = set(payout.statement_ids.mapped("state"))
            payout.state = (
                "undone" if not states else "paid" if states == {"paid"} else "waiting"
            )

    def _make_moves(self, statements, amounts):
        """:return: ``{statement: account.move}``"""
        self.ensure_one()
        if self.kind == "bill":
            return self._make_bills(statements, amounts)
        return self._make_entries(statements, amounts)

    # Screens

    def _get_action(self):
        """What shows payouts."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_payout_action"
        )
        if len(self) == 1:
            return {**action, "res_id": self.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", self.ids)], "context": {}}

    def action_open_statements(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statements"),
            "res_model": "sales.commission.statement",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.payment_ids.statement_id.ids)],
        }

    def action_open_moves(self):
        """Entries or bills, and what reverses them, as accounting lets the user."""
        self.ensure_one()
        # sudo: only ids; what is shown of them is read as the user
        moves = self.payment_ids.sudo().move_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Entries and Bills"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", (moves | moves.reversal_move_ids).ids)],
            "context": {"create": False},
        }
