import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.sales_targets.models.sales_target_deviation import RATE

from .sales_coaching import OPEN

_logger = logging.getLogger(__name__)


class SalesCoachingRule(models.Model):
    """When a plan opens by itself, as a draft for the coach: far from the target.

    What follows from scores is a matter of ``sales.consequence.rule``.
    """

    _name = "sales.coaching.rule"
    _description = "Coaching Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: in all companies.")
    below = fields.Float(
        "Attainment Below (%)",
        default=80,
        digits=(16, 2),
        help="Of the month's core goal.",
    )
    times = fields.Integer("Months Running", default=1)
    coaching_ids = fields.One2many("sales.coaching", "rule_id", "Plans")

    _times = models.Constraint(
        "CHECK (times BETWEEN 1 AND 12)", "1 to 12 times running."
    )

    @api.model
    def _apply(self):
        """Once a day: open what rules ask for, for reps without an open plan."""
        for company in self.env["res.company"].search([]):
            for rule in self.search([("company_id", "in", (False, company.id))]):
                rule._apply_to(company)

    def _apply_to(self, company):
        """Of each rep the core goal of the months before this one."""
        first = company._get_sales_today().replace(day=1)
        months = [first - relativedelta(months=n) for n in range(1, self.times + 1)]
        plans = self.env["sales.coaching"]
        busy = plans.search([("company_id", "=", company.id), ("state", "in", OPEN)])
        known = plans.search(
            [("company_id", "=", company.id), ("period_from", "=", months[0])]
        )
        targets = self.env["sales.target"].search(
            [
                ("company_id", "=", company.id),
                ("plan_id.kind", "=", "core"),
                ("plan_id.state", "!=", "draft"),
                ("period", "=", "month"),
                ("level", "=", "rep"),
                ("date_from", "in", months),
                ("value", ">", 0),
                ("rep_id", "not in", (busy | known).rep_id.ids),
                ("rep_id.state", "!=", "left"),
                ("rep_id.parent_id", "!=", False),
            ],
            order="date_from desc, id",
        )
        for rep, some in targets.grouped("rep_id").items():
            if {target.date_from for target in some} == set(months) and all(
                100 * target.attainment < self.below for target in some
            ):
                # The plan keeps its words: they are in the language of who reads it.
                lang = rep.parent_id.user_id.lang or self.env.lang
                self.with_context(lang=lang)._open(some[0])

    def _open(self, target):
        """Open a plan for the largest cause, if it is a matter of coaching and there is
        anybody who could coach, and tell the coach."""
        target = target.with_env(self.env)
        found = target.get_deviation()
        largest = found["largest"]
        if not largest or not (largest["driver_id"] or largest["key"] == RATE):
            return
        try:
            with self.env.cr.savepoint():
                plan = target._open_coaching(largest["key"], found, rule=self)
        except UserError as error:
            _logger.info("Coaching rule %s: %s", self.id, error)
            return
        plan._ask_review()
