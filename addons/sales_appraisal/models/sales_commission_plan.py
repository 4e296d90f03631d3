from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..scoring.periods import parts
from .sales_population_mixin import POPULATION
from .sales_version_mixin import SalesVersionMixin


class SalesCommissionPlan(models.Model):
    """What some reps are paid for. In force it does not change any more: another
    version begins with another period, and what is paid keeps the version it was paid
    with."""

    _name = "sales.commission.plan"
    _description = "Commission Plan"
    _inherit = ["sales.version.mixin", "sales.population.mixin", "mail.thread"]
    _order = "sequence, name, version desc, id"
    _check_company_auto = True
    _sales_stamped = SalesVersionMixin._sales_stamped | {"first_id"}
    _sales_fixed = (
        SalesVersionMixin._sales_fixed
        | POPULATION
        | {"currency_id", "rule_ids", "leaver_days", "leaver_hold", "leaver_hold_days"}
    )
    _sales_common = ("company_id", "period", "currency_id")

    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        tracking=True,
        help="What is paid, and what amounts of its tables are in. What is sold is "
        "converted at the rate of its date.",
    )
    former_id = fields.Many2one(
        "sales.commission.plan",
        "Version Before",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    first_id = fields.Many2one(
        "sales.commission.plan",
        "First Version",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="Empty on the first version itself.",
    )
    leaver_days = fields.Integer(
        "Counts After Leaving (days)",
        help="What is credited to a rep in so many days after the last one is still "
        "paid; 0: what is credited until the last day.",
    )
    rule_ids = fields.One2many("sales.commission.rule", "plan_id", "Rules", copy=True)
    statement_count = fields.Integer(compute="_compute_statement_count")

    _leaver_days_positive = models.Constraint(
        "CHECK (leaver_days BETWEEN 0 AND 3660)",
        "Days after leaving are not negative, and ten years at most.",
    )

    def _compute_statement_count(self):
        counts = dict(
            self.env["sales.commission.statement"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.statement_count = counts.get(plan._origin, 0)

    # Versions

    def action_publish(self):
        """Pay by this version from its first day on.

        :raise UserError: without rules, or when it begins before the version that it
            follows
        """
        result = super().action_publish()
        for plan in self.filtered("former_id"):
            # sudo: open statements follow the version that pays their period
            self.env["sales.commission.statement"].sudo()._pass_on(plan.former_id, plan)
        return result

    def _check_complete(self):
        if not self.rule_ids:
            raise UserError(
                self.env._("%(plan)s has no rules.", plan=self.display_name)
            )
        self._check_unsettled()
        return super()._check_complete()

    def _check_unsettled(self):
        """:raise UserError: when the version before has closed one of its periods"""
        closed = (
            self.env["sales.commission.statement"]
            # sudo: whether anybody's statement is closed, and no more, is asked
            .sudo()
            .search(
                [
                    ("plan_id", "=", self.former_id.id),
                    ("date_from", ">=", self.date_from),
                    ("state", "!=", "open"),
                ],
                limit=1,
            )
        )
        if self.former_id and closed:
            raise UserError(
                self.env._(
                    "%(plan)s cannot begin so early: a statement of that period is "
                    "closed.",
                    plan=self.display_name,
                )
            )

    def _make_next(self):
        later = super()._make_next()
        # sudo: stamped by the system; who may write has copied it
        later.sudo().first_id = self.first_id or self
        for rule, copied in zip(self.rule_ids, later.rule_ids, strict=True):
            copied.former_id = rule
        return later

    def action_open_statements(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_statement_action"
        )
        return {**action, "domain": [("plan_id", "in", self.ids)], "context": {}}

    # Periods and people

    def _get_in_force(self, company, day):
        """The versions that pay the periods which hold a day."""
        plans = self.search(
            [("company_id", "=", company.id), ("state", "in", ("published", "retired"))]
        )
        return plans.filtered(lambda plan: plan._pays(plan._get_bounds(day)[0]))

    def _pays(self, start):
        """Whether a period that begins on a day is paid by this version."""
        return self.date_from <= start and (not self.date_to or start <= self.date_to)

    def _get_members(self, start, stop, reps=None):
        """Whom a plan is for, on which days of a period.

        :param reps: only of these
        :return: ``[(rep's id, first day, last day)]``
        """
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            "|",
            ("date_start", "=", False),
            ("date_start", "<=", stop),
            "|",
            ("date_end", "=", False),
            ("date_end", ">=", start - timedelta(days=self.leaver_days)),
        ]
        if reps is not None:
            domain.append(("id", "in", reps.ids))
        found = (
            self.env["sales.rep"]
            .with_context(active_test=False)
            .search_fetch(domain, ["grade_id", "date_start", "date_end"])
        )
        roles = self.env["sales.scorecard"]._get_roles(found, start, stop)
        rows = []
        for rep in found:
            changes = [
                (day, self._fits(role) or None)
                for day, role, _manager in roles.get(rep.id, ())
            ]
            first = max(start, rep.date_start or start)
            last = stop
            if rep.date_end:
                last = min(stop, rep.date_end + timedelta(days=self.leaver_days))
            rows += [
                (rep.id, begin, end)
                for begin, end, _fits in parts(first, last, changes)
            ]
        return rows
