from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..scoring.periods import bounds, parts
from .sales_population_mixin import POPULATION
from .sales_scorecard_template import PERIODS, STATES

# What a version in force keeps: whom it is for, and what it pays by.
_FIXED = POPULATION | frozenset(
    (
        *("company_id", "currency_id", "period", "date_from", "rule_ids"),
        *("leaver_days", "leaver_hold", "leaver_hold_days"),
    )
)


class SalesCommissionPlan(models.Model):
    """What some reps are paid for. In force it does not change any more: another
    version begins with another period, and what is paid keeps the version it was paid
    with."""

    _name = "sales.commission.plan"
    _description = "Commission Plan"
    _inherit = ["sales.stamped.mixin", "sales.population.mixin", "mail.thread"]
    _order = "sequence, name, version desc, id"
    _check_company_auto = True
    _sales_stamped = frozenset(("state", "version", "former_id", "first_id", "date_to"))

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    period = fields.Selection(PERIODS, default="month", required=True, tracking=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        tracking=True,
        help="What is paid, and what amounts of its tables are in. What is sold is "
        "converted at the rate of its date.",
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
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
    date_from = fields.Date(
        "In Force From",
        required=True,
        default=lambda self: self.env.company._get_sales_today().replace(day=1),
        tracking=True,
        help="Periods that begin on this day or later are paid by this version.",
    )
    date_to = fields.Date(
        "Until",
        readonly=True,
        copy=False,
        help="Periods that begin later are paid by the next version.",
    )

    leaver_days = fields.Integer(
        "Counts After Leaving (days)",
        help="What is credited to a rep in so many days after the last one is still "
        "paid; 0: what is credited until the last day.",
    )
    rule_ids = fields.One2many("sales.commission.rule", "plan_id", "Rules", copy=True)
    statement_count = fields.Integer(compute="_compute_statement_count")

    _version_uniq = models.UniqueIndex(
        "(former_id) WHERE former_id IS NOT NULL AND active",
        "There is a next version already.",
    )
    _leaver_days_positive = models.Constraint(
        "CHECK (leaver_days BETWEEN 0 AND 3660)",
        "Days after leaving are not negative, and ten years at most.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = (
                self.env._(
                    "%(plan)s (version %(number)s)",
                    plan=plan.name,
                    number=plan.version,
                )
                if plan.version > 1
                else plan.name or ""
            )

    def _compute_statement_count(self):
        counts = dict(
            self.env["sales.commission.statement"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.statement_count = counts.get(plan._origin, 0)

    @api.constrains("former_id", "company_id", "period", "currency_id")
    def _check_former(self):
        for plan in self.filtered("former_id"):
            former = plan.former_id
            if (former.company_id, former.period, former.currency_id) != (
                plan.company_id,
                plan.period,
                plan.currency_id,
            ):
                raise ValidationError(
                    self.env._("A version is of the same company, period and currency.")
                )

    def write(self, vals):
        if _FIXED & vals.keys():
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for a version that was in force"""
        for plan in self:
            if plan.state != "draft":
                raise UserError(
                    self.env._(
                        "%(plan)s is in force: make another version instead.",
                        plan=plan.display_name,
                    )
                )

    # Versions

    def action_publish(self):
        """Pay by this version from its first day on.

        :raise UserError: without rules, or when it begins before the version that it
            follows
        """
        for plan in self:
            plan.check_access("write")
            plan._check_draft()
            if not plan.rule_ids:
                raise UserError(
                    self.env._("%(plan)s has no rules.", plan=plan.display_name)
                )
            former = plan.former_id
            if former and former.date_from >= plan.date_from:
                raise UserError(
                    self.env._(
                        "%(plan)s begins no later than the version before.",
                        plan=plan.display_name,
                    )
                )
            plan._check_unsettled()
            # sudo: stamped by the system; the right to write was checked above
            plan.sudo().state = "published"
            if former:
                # sudo: stamped by the system; it makes room for its next version
                former.sudo().write(
                    {
                        "state": "retired",
                        "date_to": fields.Date.subtract(plan.date_from, days=1),
                    }
                )
                # sudo: open statements follow the version that pays their period
                self.env["sales.commission.statement"].sudo()._pass_on(former, plan)
        return True

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

    def action_new_version(self):
        """A draft with the same rules, to be changed and published."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "draft":
            raise UserError(self.env._("This version is a draft: change it."))
        later = self.search([("former_id", "=", self.id)], limit=1)
        if not later:
            later = self.copy({"name": self.name})
            for rule, copied in zip(self.rule_ids, later.rule_ids, strict=True):
                copied.former_id = rule
            today = self.company_id._get_sales_today()
            _start, stop = self._get_bounds(today)
            # sudo: stamped by the system; the right to write was checked above
            later.sudo().write(
                {
                    "former_id": self.id,
                    "first_id": (self.first_id or self).id,
                    "version": self.version + 1,
                    "date_from": stop + timedelta(days=1),
                }
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": later.id,
            "views": [(False, "form")],
        }

    def copy_data(self, default=None):
        """A copy keeps its name only as the next version."""
        vals_list = super().copy_data(default)
        if not (default and "name" in default):
            for plan, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%(name)s (copy)", name=plan.name)
        return vals_list

    def action_open_statements(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_statement_action"
        )
        return {**action, "domain": [("plan_id", "in", self.ids)], "context": {}}

    # Periods and people

    def _get_bounds(self, day):
        """The first and last day of the plan's period that holds a day."""
        return bounds(self.period, day, self.company_id._get_scorecard_year_end())

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
