from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import formatLang

from ..commission import owed
from .sales_commission_rule import exact

# What an agreement is about; for something else another one is made.
_FIXED = frozenset(("rep_id", "plan_id", "kind"))


class SalesCommissionDraw(models.Model):
    """What is guaranteed or advanced to a single rep, without a version of the plan.

    A change counts for all its periods; of those that are closed it makes adjustments.
    """

    _name = "sales.commission.draw"
    _description = "Agreement on a Draw or a Guarantee"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "date_from desc, rep_id, id"
    _check_company_auto = True

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        tracking=True,
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    plan_id = fields.Many2one(
        "sales.commission.plan",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        domain="[('state', '!=', 'draft'), ('first_id', '=', False)]",
        help="Whose commission is filled up, and gives back what is owed; all its "
        "versions.",
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    period = fields.Selection(related="plan_id.period", string="Each")
    kind = fields.Selection(
        [("draw", "Draw"), ("guarantee", "Guarantee")],
        default="draw",
        required=True,
        tracking=True,
        help="Draw: what is advanced on commission is owed, and given back from what "
        "later periods earn. Guarantee: what a period pays at least, never given back; "
        "the same as a draw that is not recoverable.",
    )
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="What a whole period pays at least; of a part of it in proportion to its "
        "days. It goes before what the plan has for everybody.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._get_sales_today().replace(day=1),
    )
    date_to = fields.Date(
        "Until", tracking=True, help="The last day. Empty: until it is ended."
    )
    note = fields.Text(
        "What Was Agreed", help="What was agreed, and why; the rep reads it."
    )
    owed = fields.Monetary(
        "Owed Today",
        compute="_compute_owed",
        help="What was advanced to the rep by the plan, less what was given back and "
        "forgiven.",
    )
    may_forgive = fields.Boolean(compute="_compute_owed")

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A draw or a guarantee is not negative."
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "An agreement ends before it begins.",
    )
    # Ranges instead of equality: gist knows no integers without an extension.
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist ("
        "int8range(2 * rep_id::bigint + (kind = 'draw')::integer, "
        "2 * rep_id::bigint + (kind = 'draw')::integer, '[]') WITH &&, "
        "int4range(plan_id, plan_id, '[]') WITH &&, "
        "daterange(date_from, date_to, '[]') WITH &&)",
        "There is an agreement with the rep on some of these days already: change or "
        "end that one.",
    )

    @api.depends("rep_id", "kind", "amount", "currency_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for draw in self:
            draw.display_name = bool(draw.rep_id) and self.env._(
                "%(kind)s of %(amount)s for %(rep)s",
                kind=kinds.get(draw.kind, ""),
                amount=formatLang(self.env, draw.amount, currency_obj=draw.currency_id),
                rep=draw.rep_id.name,
            )

    @api.depends("rep_id", "plan_id")
    @api.depends_context("uid")
    def _compute_owed(self):
        finance = self.env.user.has_group("sales_force.group_sales_finance")
        for plan, draws in self.grouped("plan_id").items():
            # sudo: who may read an agreement may know what is owed of it
            balances = plan.sudo()._read_owed(draws.rep_id.ids)
            for draw in draws:
                draw.owed = balances.get(draw.rep_id.id, 0)
                draw.may_forgive = (
                    draw.owed > 0 and finance and draw.rep_id.user_id != self.env.user
                )

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: for an agreement with oneself"""
        plans = self.env["sales.commission.plan"]
        vals_list = [
            {**vals, "plan_id": plans.browse(vals.get("plan_id"))._get_family().id}
            for vals in vals_list
        ]
        agreements = super().create(vals_list)
        agreements._check_not_mine()
        for agreement in agreements:
            if agreement.plan_id.state == "draft":
                raise UserError(
                    self.env._(
                        "%(plan)s is not in force yet.",
                        plan=agreement.plan_id.display_name,
                    )
                )
            agreement.plan_id._share_advances(agreement.kind)
        agreements._settle(agreements._get_begins())
        return agreements

    def write(self, vals):
        """:raise AccessError: for the own agreement"""
        if _FIXED & vals.keys():
            raise UserError(
                self.env._(
                    "What an agreement is about stays: end this one, and make another."
                )
            )
        self._check_not_mine()
        begins = self._get_begins()
        result = super().write(vals)
        if {"amount", "date_from", "date_to"} & vals.keys():
            earlier = self._get_begins()
            self._settle({one: min(begins[one], earlier[one]) for one in self})
        return result

    def _check_not_mine(self):
        """:raise AccessError: where somebody is to decide about the own pay"""
        self._refuse(
            [
                self.env._(
                    "%(agreement)s is about your own pay: somebody else has to do it.",
                    agreement=one.display_name,
                )
                for one in self
                if one.rep_id.user_id == self.env.user and not self.env.su
            ],
            AccessError,
        )

    def _get_begins(self):
        return {one: one.date_from for one in self}

    def _settle(self, begins):
        """Make statements what is agreed now, from a day on.

        :param dict begins: ``{agreement: day}``
        """
        # sudo: entries are written by runs only; only of the reps who are concerned
        for one in self.sudo():
            one.plan_id._settle_from(begins[one], one.rep_id)

    def action_forgive(self):
        """Ask how much finance forgives."""
        self.ensure_one()
        return self.env["sales.commission.forgiveness"]._ask(
            self.rep_id, self.plan_id, self.owed
        )

    @api.model
    def _get_agreed(self, plan, reps, bounds):
        """What goes before the amounts of a plan in a period.

        :return: ``{(rep's id, kind): [(first day, last day, amount)]}``
        """
        agreed = defaultdict(list)
        for one in self.search(
            [
                ("plan_id", "=", plan._get_family().id),
                ("rep_id", "in", reps.ids),
                ("date_from", "<=", bounds[1]),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", bounds[0]),
            ]
        ):
            agreed[one.rep_id.id, one.kind].append(
                (one.date_from, one.date_to or date.max, exact(one.amount, 6))
            )
        return agreed


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def _read_owed(self, rep_ids):
        """What reps owe of all versions: ``{rep's id: Decimal}``."""
        return self.env["sales.commission.statement"]._read_decimals(
            owed.before(self._get_versions().rule_ids.ids, date.max, rep_ids)
        )

    def _settle_from(self, day, rep):
        """Settle the period that holds a day, and with it what is owed later."""
        statements = self.env["sales.commission.statement"]
        versions = self._get_live_versions()
        for period in self.env["sales.commission.stamp"]._get_periods(versions):
            if period[2] >= day:
                statements._settle(*period, rep)
                break
