from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..scoring.periods import payday
from .sales_commission_entry_text import exact
from .sales_commission_payout import PAY_BY

FINANCE = "sales_force.group_sales_finance"


class SalesCommissionPlan(models.Model):
    _name = "sales.commission.plan"
    _inherit = ["sales.commission.plan", "analytic.mixin"]

    pay_by = fields.Selection(
        PAY_BY,
        "Paid By",
        default="payroll",
        required=True,
        tracking=True,
        help="Payroll: a file for the payroll of employees. Journal entry: one for "
        "each statement. Vendor bill: of external agents, with fiscal position and "
        "taxes; a credit note where it is negative.",
    )
    pay_months = fields.Integer(
        "Months After the Period",
        default=1,
        tracking=True,
        help="In which month a period is paid: 0 in that of its last day, 1 in the one "
        "after it.",
    )
    pay_day = fields.Integer(
        "Day of the Month",
        default=15,
        tracking=True,
        help="31: the last day of the month, also of a shorter one. Nothing is due "
        "before the period is over.",
    )
    expense_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost', "
        "'expense_other'))]",
        help="Where the cost of the commission is booked. Empty: the account in the "
        "settings, and for bills that of the product.",
    )

    _pay_months_within = models.Constraint(
        "CHECK (pay_months BETWEEN 0 AND 24)",
        "A period is paid within 24 months.",
    )
    _pay_day_within = models.Constraint(
        "CHECK (pay_day BETWEEN 1 AND 31)", "A day of the month is from 1 to 31."
    )

    def _get_expense_account(self):
        """:raise UserError: when there is none"""
        self.ensure_one()
        account = (
            self.expense_account_id
            or self.company_id.sales_commission_expense_account_id
        )
        if not account:
            raise UserError(
                self.env._(
                    "%(plan)s has no expense account for commission: choose one on the "
                    "plan, or in the settings of Sales Force.",
                    plan=self.display_name,
                )
            )
        return account


class SalesRep(models.Model):
    _inherit = "sales.rep"

    payroll_number = fields.Char(
        copy=False,
        help="How payroll knows the rep. Empty: the badge of the employee.",
    )
    commission_partner_id = fields.Many2one(
        "res.partner",
        "Bills Commission As",
        check_company=True,
        help="The agency of an external agent, who is paid by vendor bills. Empty: the "
        "rep's own contact.",
    )

    def _get_commission_partner(self):
        """To whom commission is owed."""
        self.ensure_one()
        return self.commission_partner_id or self.partner_id


class SalesCommissionStatement(models.Model):
    """Paying what finance has approved, and taking it back."""

    _inherit = "sales.commission.statement"

    payment_ids = fields.One2many(
        "sales.commission.payment",
        "statement_id",
        "Payments",
        readonly=True,
        groups=FINANCE,
    )
    payout_id = fields.Many2one(
        "sales.commission.payout",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        groups=FINANCE,
    )
    payment_move_id = fields.Many2one(
        "account.move",
        "Entry or Bill",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        groups=FINANCE,
    )
    pay_by = fields.Selection(related="plan_id.pay_by")
    pay_date = fields.Date(
        "To Be Paid On",
        compute="_compute_pay_date",
        compute_sudo=True,
        store=True,
        help="By the payout calendar of the plan.",
    )
    may_pay = fields.Boolean(compute="_compute_may")
    may_unpay = fields.Boolean(compute="_compute_may")
    bill_state = fields.Selection(
        lambda self: (
            self.env["account.move"]
            ._fields["payment_state"]
            ._description_selection(self.env)
        ),
        "Bill",
        compute="_compute_bill_state",
        compute_sudo=True,
        help="How far the vendor bill is paid.",
    )

    def _is_stamped(self, name):
        stamped = ("payout_id", "payment_move_id", "pay_date")
        return name in stamped or super()._is_stamped(name)

    @api.depends("plan_id.pay_months", "plan_id.pay_day", "date_to")
    def _compute_pay_date(self):
        for statement in self:
            plan = statement.plan_id
            statement.pay_date = statement.date_to and payday(
                statement.date_to, plan.pay_months, plan.pay_day
            )

    @api.depends("payout_id.kind", "payment_move_id.payment_state")
    def _compute_bill_state(self):
        for statement in self:
            statement.bill_state = (
                statement.payout_id.kind == "bill"
                and statement.payment_move_id.payment_state
            )

    @api.depends("payout_id", "amount", "pay_by")
    def _compute_may(self):
        super()._compute_may()
        finance = self.env.user.has_group(FINANCE)
        for statement in self:
            # sudo: whether it is in a payout, told to finance only
            payout = statement.sudo().payout_id
            may = finance and not statement.is_mine
            statement.may_unpay = may and bool(payout)
            # What is negative waits for a later statement that is paid with it.
            statement.may_pay = (
                may
                and not payout
                and statement.state == "validated"
                and (statement.amount > 0 or statement.pay_by == "bill")
            )
            statement.waits_for_me |= statement.may_pay

    @api.model
    def _get_waiting(self):
        waiting = super()._get_waiting()
        if not self.env.user.has_group(FINANCE):
            return waiting
        return waiting | (
            Domain("state", "=", "validated")
            & Domain("payout_id", "=", False)
            & Domain("user_id", "!=", self.env.uid)
            & (Domain("amount", ">", 0) | Domain("pay_by", "=", "bill"))
        )

    def write(self, vals):
        if vals.get("state", "paid") not in ("validated", "paid"):
            self._check_not_paid()
        return super().write(vals)

    def _check_not_paid(self):
        """:raise UserError: naming those that are paid or being paid"""
        self._refuse(
            [
                self.env._(
                    "%(statement)s is in %(payout)s: take the payment back first.",
                    statement=one.display_name,
                    payout=one.payout_id.name,
                )
                # sudo: whether it is paid; its number may be told
                for one in self.sudo()
                if one.payout_id
            ]
        )

    # Paying

    def _close_empty(self):
        """Statements of nothing are at their end, without a payout.

        :return: those that were
        """
        empty = self.filtered(lambda one: not one._get_payable()[one])
        empty.write({"state": "paid"})
        return empty

    def action_pay(self):
        """Pay of statements those that can be: those of a company, a currency and a way
        of paying together. What is paid already is not paid again.

        What is negative carries over until it is settled with a later statement of the
        rep that is paid in the same way; only bills may be negative themselves. Of what
        is nothing there is no payout.

        :return: what shows the payouts, and says which were left, and why
        :raise AccessError: for who is not finance, and on one's own pay
        :raise UserError: before finance has approved, and where nothing is to be paid
        """
        self._check_finance()
        self._lock_open((self | self._get_carried()).ids)
        paid = self.filtered(lambda one: one.payout_id or one.state == "paid")
        able, left = (self - paid)._split("pay")
        # sudo: who may pay was checked above; it writes what nobody may by hand
        due = (able | able._get_carried()).sudo()
        empty = due._close_empty()
        due -= empty
        amounts = due._get_payable()
        skipped = due._get_skipped(amounts)
        left += skipped._describe_skipped()
        if skipped == due and skipped and not empty:
            self._refuse(left)
        made = (due - skipped)._pay(amounts).sudo(False)
        payouts = paid.payout_id | made
        if able or not payouts:
            left += paid._describe_paid()
        return self._report(
            left + empty._describe_empty(), payouts and payouts._get_action()
        )

    def _check_payer(self):
        self._check_finance()
        self._refuse([one._describe_own() for one in self if one.is_mine], AccessError)

    def _check_finance(self):
        if not self.env.user.has_group(FINANCE):
            raise AccessError(self.env._("Commission is paid by finance."))
        self.check_access("read")

    def _get_obstacle_pay(self):
        if self.is_mine:
            return AccessError(self._describe_own())
        return self._get_obstacle_state("validated")

    def _describe_own(self):
        return self.env._(
            "%(statement)s is yours: somebody else has to do it.",
            statement=self.display_name,
        )

    def _describe_paid(self):
        return [
            self.env._("%(statement)s is paid already.", statement=one.display_name)
            for one in self
        ]

    def _describe_empty(self):
        return [
            self.env._(
                "%(statement)s: there is nothing to pay, so it is settled without a "
                "payout.",
                statement=one.display_name,
            )
            for one in self
        ]

    def _get_payable(self):
        """What there is to pay: ``{statement: Decimal}``, in the plan's currency."""
        return {one: exact(one.amount) for one in self}

    def _get_pot(self):
        """What may be settled with each other."""
        return self.rep_id, self.company_id, self.currency_id, self.pay_by

    def _get_carried(self):
        """What the same reps were not paid so far, since it was not positive."""
        pots = {one._get_pot() for one in self}
        return self.search(
            [
                ("rep_id", "in", self.rep_id.ids),
                ("state", "=", "validated"),
                ("amount", "<=", 0),
            ]
        ).filtered(lambda one: not one.payout_id and one._get_pot() in pots)

    def _get_skipped(self, amounts):
        """Those of which nothing is to be paid, all of a rep together."""
        skipped = self.browse()
        for (*_whose, pay_by), mine in self.grouped(lambda one: one._get_pot()).items():
            each = [amounts[one] for one in mine]
            if not any(each) or (pay_by != "bill" and sum(each) < 0):
                skipped |= mine
        return skipped

    def _describe_skipped(self):
        return [
            self.env._(
                "%(statement)s: nothing to pay. What is negative is settled with a "
                "later statement.",
                statement=one.display_name,
            )
            for one in self
        ]

    def _pay(self, amounts):
        payouts = self.env["sales.commission.payout"]
        for statements in self.grouped(
            lambda one: (one.company_id, one.currency_id, one.pay_by)
        ).values():
            payouts |= payouts._pay(statements, amounts)
        return payouts

    def _set_paid(self, payout, moves):
        """A bill is paid in accounting; what else is paid now."""
        for move, statements in self.grouped(moves.get).items():
            values = {
                "payout_id": payout.id,
                "payment_move_id": move.id if move else False,
            }
            if payout.kind != "bill":
                values["state"] = "paid"
            statements.write(values)
        if payout.kind == "bill":
            self._follow_bills()

    def _follow_bills(self):
        """Paid is what the bill says, in both directions."""
        billed = self.filtered(lambda one: one.payout_id.kind == "bill")
        paid = billed.filtered(lambda one: one.payment_move_id.payment_state == "paid")
        paid.filtered(lambda one: one.state != "paid").write({"state": "paid"})
        (billed - paid).filtered(lambda one: one.state == "paid").write(
            {"state": "validated"}
        )
        billed.payout_id._update_state()

    # Taking back

    def _get_settled_together(self):
        settled = {(one.payout_id, one.rep_id) for one in self}
        billed = self.filtered(lambda one: one.payout_id.kind == "bill")
        bills = billed.payment_move_id
        return self | self.search([("payout_id", "in", self.payout_id.ids)]).filtered(
            lambda one: (
                (one.payout_id, one.rep_id) in settled or one.payment_move_id in bills
            )
        )

    def action_unpay(self):
        """Asks why."""
        self._check_payer()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take Payment Back"),
            "res_model": "sales.commission.unpay",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_statement_ids": self.ids},
        }

    def _unpay(self, reason):
        """Take payments back, with what was settled together: a bill as a whole, else
        all of a rep in the payout.

        :raise AccessError: for who is not finance, and on one's own pay
        :raise UserError: where nothing was paid, or money has moved in accounting
        """
        self._check_payer()
        whole = self._get_settled_together()
        whole._check_payer()
        whole._lock_open(whole.ids)
        whole._refuse(
            [
                self.env._("%(statement)s is not paid.", statement=one.display_name)
                for one in whole
                if not one.payout_id
            ]
        )
        # sudo: who may was checked above; it writes what nobody may by hand
        paid = whole.sudo()
        payouts = paid.payout_id
        payouts._undo_moves(paid.payment_move_id)
        paid.payment_ids._get_standing()._take_back(reason)
        paid.write({"state": "validated", "payout_id": False, "payment_move_id": False})
        payouts._update_state()
        for one in paid:
            one.message_post(
                body=self.env._("The payment was taken back: %(why)s", why=reason)
            )
