from odoo import api, fields, models
from odoo.exceptions import ValidationError

MEASURES = [
    ("playbook", "Playbook"),
    ("training", "Training"),
    ("coaching", "Coaching"),
    ("stock", "Stock"),
    ("price", "Price approval"),
    ("credit", "Payment terms"),
    ("cover", "Cover"),
    ("other", "Other"),
]


KINDS = [("rate", "Rate"), ("mix", "Product mix")]


class SalesDriver(models.Model):
    """A step on the way to a core metric: how much of it one of the step before brings.

    The drivers of a core metric in their order are a chain: visits a working day,
    quotations per visit, orders per quotation, value of an order, part collected. The
    last one's metric is the core metric, so that the product is what comes in. Rates
    are per working day, per count or a part of an amount, in company currency.

    A product mix is no step: it splits one in what it was worth at an equal mix of
    categories and what the mix has made of that.
    """

    _name = "sales.driver"
    _description = "Sales Driver"
    _order = "core_metric_id, company_id, sequence, id"

    name = fields.Char(
        required=True, translate=True, help="Of the rate: orders per quotation."
    )
    core_metric_id = fields.Many2one(
        "sales.metric",
        "Core Metric",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('kind', '=', 'additive')]",
        help="What this is a step on the way to.",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        help="A company with drivers of its own for a goal does not use the common "
        "ones. Empty: all companies.",
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        KINDS,
        default="rate",
        required=True,
        help="Rate: a step of the way. Product mix: which part of a step's rate is due "
        "to the product categories that were sold; gaps show it beside the step.",
    )
    metric_id = fields.Many2one(
        "sales.metric",
        "Counted",
        required=True,
        ondelete="restrict",
        domain="[('kind', '=', 'additive')]",
        help="The rate is this divided by what the driver before counts; of the first "
        "one, by working days. The last one counts the goal itself. Of a product mix: "
        "the step that it splits.",
    )
    basis = fields.Char("Rate", compute="_compute_basis")
    default_rate = fields.Float(
        digits=(16, 4),
        aggregator=None,
        help="Used while the company has little to learn from. 0: not said, and then "
        "nothing is assumed.",
    )
    window_days = fields.Integer(
        "Days Looked Back",
        default=90,
        required=True,
        aggregator=None,
        help="The rate of a rep is that of so many days before, drawn towards the "
        "team's where the rep has few of them.",
    )
    measure_kind = fields.Selection(
        MEASURES, "Measure", help="What helps when this driver costs most."
    )
    measure = fields.Text(
        "What to Do",
        translate=True,
        help="Suggested when this driver is the largest cause of a gap.",
    )
    measure_url = fields.Char("Link", help="Where the playbook or the course is.")

    _metric_uniq = models.UniqueIndex(
        "(core_metric_id, COALESCE(company_id, 0), metric_id) WHERE kind = 'rate'",
        "A metric is one step of a goal only.",
    )
    _mix_uniq = models.UniqueIndex(
        "(core_metric_id, COALESCE(company_id, 0)) WHERE kind = 'mix'",
        "A goal has one product mix.",
    )
    _rate_positive = models.Constraint(
        "CHECK (default_rate >= 0)", "A default rate is not negative; 0 is not said."
    )
    _window_range = models.Constraint(
        "CHECK (window_days BETWEEN 1 AND 730)",
        "Rates are of the last 1 to 730 days.",
    )

    @api.depends("metric_id.name", "core_metric_id", "company_id", "sequence", "kind")
    def _compute_basis(self):
        chains = {}
        for driver in self:
            if driver.kind == "mix":
                driver.basis = self.env._(
                    "%(metric)s by Product Category", metric=driver.metric_id.name or ""
                )
                continue
            key = driver.core_metric_id, driver.company_id
            if key not in chains:
                chains[key] = self.search(
                    [
                        ("core_metric_id", "=", key[0].id),
                        ("company_id", "=", key[1].id),
                        ("kind", "=", "rate"),
                    ]
                )
            chain = chains[key]
            number = chain.ids.index(driver.id) if driver in chain else 0
            driver.basis = self.env._(
                "%(metric)s / %(before)s",
                metric=driver.metric_id.name or "",
                before=chain[number - 1].metric_id.name
                if number
                else self.env._("Working Days"),
            )

    @api.constrains("core_metric_id", "metric_id")
    def _check_additive(self):
        for driver in self:
            for metric in driver.core_metric_id + driver.metric_id:
                if metric.kind == "ratio":
                    raise ValidationError(
                        self.env._(
                            "%(metric)s is a ratio: a driver counts what can be added, "
                            "and the rate between two of them is the ratio.",
                            metric=metric.name,
                        )
                    )

    @api.constrains("core_metric_id", "metric_id", "sequence", "company_id", "kind")
    def _check_order(self):
        """Nothing comes after the goal itself."""
        for driver in self:
            chain = self.search(
                [
                    ("core_metric_id", "=", driver.core_metric_id.id),
                    ("company_id", "=", driver.company_id.id),
                    ("kind", "=", "rate"),
                ]
            )
            goal = chain.filtered(lambda step: step.metric_id == step.core_metric_id)
            if goal and chain[-1] != goal:
                raise ValidationError(
                    self.env._(
                        "%(goal)s is the last step on the way to itself.",
                        goal=goal.metric_id.name,
                    )
                )

    @api.model
    def _get_chain(self, metric, company):
        """The steps to a core metric in order: the company's own, else the common.

        None where the last step to the goal is missing: its product would be something
        else.
        """
        # sudo: how the goal is reached is the same for whoever asks
        drivers = self.sudo()
        for owner in (company, self.env["res.company"]):
            chain = drivers.search(
                [
                    ("core_metric_id", "=", metric.id),
                    ("company_id", "=", owner.id),
                    ("kind", "=", "rate"),
                ]
            )
            if chain:
                return chain if chain[-1].metric_id == metric else chain.browse()
        return drivers.browse()
