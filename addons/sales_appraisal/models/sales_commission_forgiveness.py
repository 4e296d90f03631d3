from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.locking import write_lock

from .sales_commission_rule import exact


class SalesCommissionForgiveness(models.Model):
    """What finance has forgiven of what a rep owes: less is owed, nothing is paid."""

    _name = "sales.commission.forgiveness"
    _description = "Forgiveness of a Draw"
    _inherit = ["sales.stamped.mixin"]
    _order = "date desc, id desc"
    _rec_name = "reason"
    _check_company_auto = True
    _sales_stamped = frozenset(("date", "revoked_by_id", "revoked_on"))

    rep_id = fields.Many2one(
        "sales.rep", required=True, ondelete="restrict", check_company=True, index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    plan_id = fields.Many2one(
        "sales.commission.plan", required=True, ondelete="restrict", check_company=True
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    amount = fields.Monetary(
        required=True,
        help="So much less is owed. Nothing is paid or taken for it.",
    )
    reason = fields.Char(required=True)
    date = fields.Date(
        required=True,
        readonly=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    revoked_by_id = fields.Many2one("res.users", readonly=True)
    revoked_on = fields.Datetime(readonly=True)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "What is forgiven is more than nothing."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Forgive, at once.

        :raise AccessError: for what oneself owes
        :raise UserError: for more than is owed
        """
        self.browse().check_access("create")
        ids = {vals["rep_id"] for vals in vals_list if vals.get("rep_id")}
        # Two at once do not forgive the same.
        write_lock(self.env["sales.rep"].browse(ids))
        plans = self.env["sales.commission.plan"]
        vals_list = [
            {**vals, "plan_id": plans.browse(vals.get("plan_id"))._get_family().id}
            for vals in vals_list
        ]
        forgiven = super().create(vals_list)
        forgiven._check_not_mine()
        for one in forgiven:
            # sudo: what is owed; who forgives may know it
            plan = one.plan_id.sudo()
            balance = plan._read_owed(one.rep_id.ids).get(one.rep_id.id, 0)
            if exact(one.amount, 6) > balance:
                raise UserError(
                    self.env._(
                        "%(rep)s owes %(amount)s: no more than that can be forgiven.",
                        rep=one.rep_id.name,
                        amount=formatLang(
                            self.env, float(balance), currency_obj=one.currency_id
                        ),
                    )
                )
            one._settle()
        return forgiven

    def action_revoke(self):
        """What was forgiven by mistake is owed again.

        :raise AccessError: for everybody but finance, and for the own
        """
        if not self.env.user.has_group("sales_force.group_sales_finance"):
            raise AccessError(self.env._("Finance forgives, and takes it back."))
        self.check_access("read")
        self._check_not_mine()
        write_lock(self.rep_id)
        # sudo: stamped by the system; who may was checked above
        for one in self.sudo().filtered(lambda one: not one.revoked_on):
            one.write(
                {"revoked_by_id": self.env.uid, "revoked_on": fields.Datetime.now()}
            )
            one._settle()
        return True

    def _check_not_mine(self):
        self._refuse(
            [
                self.env._("Nobody forgives what oneself owes.")
                for one in self
                if one.rep_id.user_id == self.env.user and not self.env.su
            ],
            AccessError,
        )

    def _settle(self):
        # sudo: entries are written by runs only; only of the rep who is concerned
        for one in self.sudo():
            one.plan_id._settle_from(one.date, one.rep_id)

    @api.model
    def _ask(self, rep, plan, amount):
        """The dialog that forgives."""
        view = self.env.ref(
            "sales_appraisal.sales_commission_forgiveness_view_form_new"
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Forgive"),
            "res_model": self._name,
            "views": [(view.id, "form")],
            "target": "new",
            "context": {
                "default_rep_id": rep.id,
                "default_plan_id": plan._get_family().id,
                "default_amount": amount,
            },
        }

    @api.model
    def _get_forgiven(self, plan, rep_ids, bounds):
        """What was forgiven in a period, in its order: ``{rep's id: records}``."""
        found = defaultdict(self.browse)
        for one in self.search(
            [
                ("plan_id", "=", plan._get_family().id),
                ("rep_id", "in", rep_ids),
                ("date", ">=", bounds[0]),
                ("date", "<=", bounds[1]),
                ("revoked_on", "=", False),
            ],
            order="id",
        ):
            found[one.rep_id.id] |= one
        return found
