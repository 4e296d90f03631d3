from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..commission import credited, schedule

CREDITED = [
    ("own", "Own credits"),
    ("overlay", "Overlay credits"),
    ("both", "Own and overlay credits"),
    ("override", "Credits of everybody below"),
]
MODES = [
    ("whole", "The rate reached, on everything"),
    ("progressive", "Each slice at its own rate"),
    ("interpolated", "The rate between two tiers, on everything"),
]


def exact(value, digits=2):
    """A float of so many digits as it is meant."""
    return Decimal(f"{value or 0.0:.{digits}f}")


class SalesCommissionRule(models.Model):
    """What a plan pays for: a base, a filter and a rate, or a bonus on reaching."""

    _name = "sales.commission.rule"
    _description = "Commission Rule"
    _inherit = ["sales.version.part.mixin", "sales.stamped.mixin"]
    _order = "plan_id, sequence, id"
    _sales_whole = "plan_id"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "sales.commission.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    plan_state = fields.Selection(related="plan_id.state")
    currency_id = fields.Many2one(related="plan_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True, help="What is paid for, in words.")
    kind = fields.Selection(
        [
            ("rate", "At a Rate"),
            ("bonus", "Bonus on Reaching"),
            ("guarantee", "Guarantee"),
            ("draw", "Draw"),
        ],
        "Pays",
        default="rate",
        required=True,
        help="Guarantee: what a period pays at least, never given back; the same as a "
        "draw that is not recoverable. Draw: what is advanced on commission, and given "
        "back from what later periods earn.",
    )

    # What counts
    metric_id = fields.Many2one(
        "sales.metric",
        "Base",
        ondelete="restrict",
        domain="[('kind', '=', 'additive')]",
        help="What is added up: ordered, invoiced, collected, margin, quantity, new "
        "customers …",
    )
    credited = fields.Selection(
        CREDITED,
        "Counts",
        default="own",
        required=True,
        help="Own: what the rep is credited with, after splits. Overlay: what is "
        "credited on top. Everybody below: the override of a manager; each credit "
        "counts once at each level, through the manager's own chain on its date.",
    )
    level_from = fields.Integer(
        "From Level", default=1, help="1: who reports to the rep."
    )
    level_to = fields.Integer("To Level", default=1)
    product_ids = fields.Many2many(
        "product.product",
        "sales_commission_rule_product_rel",
        "rule_id",
        "product_id",
        "Products",
        check_company=True,
        help="Empty: of every product.",
    )
    categ_ids = fields.Many2many(
        "product.category",
        "sales_commission_rule_categ_rel",
        "rule_id",
        "categ_id",
        "Product Categories",
        help="With all that is below them. Empty: of every category.",
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        "sales_commission_rule_territory_rel",
        "rule_id",
        "territory_id",
        "Territories of Customers",
        check_company=True,
        help="With all that is below them. Empty: of every territory.",
    )
    channel_ids = fields.Many2many(
        "sales.channel",
        "sales_commission_rule_channel_rel",
        "rule_id",
        "channel_id",
        "Channels",
        help="Empty: of every channel.",
    )

    # What is paid
    rate_unit = fields.Selection(
        [("percent", "Percent of the base"), ("amount", "Amount for each unit")],
        "Rate Is",
        default="percent",
        required=True,
        help="An amount for each unit suits pieces and counts: new customers, orders.",
    )
    table = fields.Selection(
        [
            ("none", "One rate"),
            ("amount", "By what is reached"),
            ("attainment", "By attainment of the target"),
        ],
        "Table",
        default="none",
        required=True,
        help="What decides about the rate. Attainment: the percent reached of the "
        "rep's target of the same metric; of an override, of the targets of everybody "
        "below. Without a target nothing is paid by attainment, and the statement says "
        "so.",
    )
    rate = fields.Float("Commission Rate", digits=(16, 4))
    mode = fields.Selection(MODES, default="progressive", required=True)
    each = fields.Boolean(
        "Add Up",
        help="The bonuses of all tiers reached; otherwise that of the highest one.",
    )
    tier_ids = fields.One2many("sales.commission.tier", "rule_id", "Tiers", copy=True)
    cap = fields.Float(
        "At Most",
        digits=(16, 2),
        help="What the rule pays at most in a period; 0: without limit.",
    )

    _rate_positive = models.Constraint(
        "CHECK (rate >= 0 AND cap >= 0)", "Rates and limits are not negative."
    )
    _metric_given = models.Constraint(
        "CHECK (metric_id IS NOT NULL OR kind IN ('guarantee', 'draw'))",
        "A rate or a bonus is paid for something: choose the base.",
    )
    _levels_ordered = models.Constraint(
        "CHECK (level_from BETWEEN 1 AND level_to AND level_to <= 20)",
        "Levels go from 1 to 20, and the first is not above the last.",
    )

    @api.onchange("metric_id")
    def _onchange_metric(self):
        if not self.name:
            self.name = self.metric_id.name
        if self.metric_id and self.metric_id.unit != "money":
            self.rate_unit = "amount"

    @api.constrains("metric_id", "rate_unit", "kind")
    def _check_metric(self):
        for rule in self:
            if rule.metric_id.kind == "ratio":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is a ratio, and cannot be divided among documents: "
                        "pay for what can be added up.",
                        metric=rule.metric_id.name,
                    )
                )
            if (
                rule.kind == "rate"
                and rule.rate_unit == "percent"
                and rule.metric_id.unit != "money"
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: %(metric)s is no money: pay an amount for each.",
                        rule=rule.name,
                        metric=rule.metric_id.name,
                    )
                )

    @api.constrains("kind", "table", "tier_ids")
    def _check_tiers(self):
        for rule in self:
            if rule.kind == "bonus" and rule.table == "none":
                raise ValidationError(
                    self.env._("%(rule)s: a bonus on reaching what?", rule=rule.name)
                )
            if rule.table != "none" and not rule.tier_ids:
                raise ValidationError(
                    self.env._("%(rule)s: give the tiers.", rule=rule.name)
                )

    # What counts, as SQL

    def _get_levels(self):
        """The levels of an override; None for a rep's own credits."""
        self.ensure_one()
        return (self.level_from, self.level_to) if self.credited == "override" else None

    def _get_people(self, members):
        """Whose credits count for whom: see ``commission.credited``."""
        levels = self._get_levels()
        if not levels:
            return credited.own(members)
        return credited.below(members, self.company_id.id, levels)

    def _get_credits(self, start, stop):
        """The credits of these days that the rule is about, as a relation."""
        return self._select_credits(start, stop, self._get_domain())

    def _select_credits(self, start, stop, domain):
        query = (
            self.env["sales.credit"]
            .with_context(active_test=False)
            ._search(
                Domain("company_id", "=", self.company_id.id)
                & Domain("date", ">=", start)
                & Domain("date", "<=", stop)
                & domain
            )
        )
        return SQL("(%s)", query.select(SQL("%s.*", SQL.identifier(query.table))))

    def _get_domain(self):
        """Which credits are the base, whoever's and whenever."""
        domain = Domain("metric_id", "=", self.metric_id.id)
        domain &= self._get_overlay_domain()
        if self.product_ids:
            domain &= Domain("product_id", "in", self.product_ids.ids)
        if self.categ_ids:
            domain &= Domain("product_id.categ_id", "child_of", self.categ_ids.ids)
        if self.territory_ids:
            domain &= Domain("territory_id", "child_of", self.territory_ids.ids)
        if self.channel_ids:
            domain &= Domain("channel_id", "in", self.channel_ids.ids)
        return domain

    def _get_overlay_domain(self):
        if self.credited == "both":
            return Domain.TRUE
        # What is credited on top would count twice for whoever is above.
        return Domain("overlay", "=", self.credited == "overlay")

    def _get_value(self):
        """What is counted of a credit ``c``; money in the plan's currency."""
        currency = self.currency_id
        if self.metric_id.unit != "money" or currency == self.company_id.currency_id:
            return SQL("c.value")
        return credited.converted(SQL("c.value"), self.company_id, currency)

    # What is paid

    def _get_schedule(self, standing):
        """What a rep earns on a running total.

        :param standing: see ``sales_commission_run.Standing``
        :return: a ``schedule.Schedule``, or None where nothing can be said
        """
        self.ensure_one()
        made = self._make_schedule(standing.reached, standing.goal)
        if made:
            cap = exact(self.cap) if self.cap else None
            made = made._replace(cap=cap, factor=standing.factor)
        return made

    def _make_schedule(self, reached, goal):
        times = 1 if self.rate_unit == "percent" else 100
        if self.table == "none":
            return schedule.flat(times * exact(self.rate, 4))
        if self.table == "attainment" and not goal:
            return None
        part = goal / 100 if self.table == "attainment" else 1
        tiers = [
            (exact(tier.start) * part, times * exact(tier.rate, 4))
            for tier in self.tier_ids
        ]
        if self.mode == "progressive":
            return schedule.progressive(tiers)
        return getattr(schedule, self.mode)(tiers, reached)

    def _get_bonus(self, standing):
        """The bonus on what a rep has reached; 0 where there is no target to reach."""
        goal = standing.goal
        if self.table == "attainment" and not goal:
            return Decimal(0)
        part = goal / 100 if self.table == "attainment" else 1
        tiers = [
            (exact(tier.start) * part, exact(tier.amount)) for tier in self.tier_ids
        ]
        bonus = schedule.bonus(tiers, standing.reached, self.each)
        bonus = schedule.round_to(bonus * standing.factor, self._get_unit())
        return min(bonus, exact(self.cap)) if self.cap else bonus

    def _needs_reached(self):
        """Whether what is reached in the whole period decides about a rate."""
        return self.kind == "bonus" or (
            self.table != "none" and self.mode != "progressive"
        )

    def _needs_total(self):
        """Whether what counts of the whole period decides about anything."""
        return self._needs_reached() and self._get_attained() == self.metric_id

    def _get_attained(self):
        """What is compared with the table; see ``sales_commission_attainment``."""
        return self.metric_id

    def _weighs(self):
        """Whether credits count by a factor ``c.factor``."""
        return False


class SalesCommissionTier(models.Model):
    """From where on which rate, or which bonus, is paid."""

    _name = "sales.commission.tier"
    _description = "Tier of a Commission Rule"
    _inherit = ["sales.version.part.mixin"]
    _order = "rule_id, start, id"
    _sales_whole = "rule_id.plan_id"

    rule_id = fields.Many2one(
        "sales.commission.rule", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="rule_id.currency_id")
    start = fields.Float(
        "From",
        digits=(16, 2),
        help="What is reached, or the percent of the target; it belongs to the tier.",
    )
    rate = fields.Float("Commission Rate", digits=(16, 4))
    amount = fields.Float("Bonus", digits=(16, 2))

    _start_uniq = models.UniqueIndex(
        "(rule_id, start)", "Two tiers of a rule begin at the same value."
    )
    _positive = models.Constraint(
        "CHECK (start >= 0 AND rate >= 0 AND amount >= 0)",
        "Tiers begin at zero or above, and pay nothing negative.",
    )
