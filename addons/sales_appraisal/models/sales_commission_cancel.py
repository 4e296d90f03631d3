from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..commission import booking, cancelled

# Metrics of orders whose credits are gone with the order.
ORDERS = ("ORDERED", "ORDERS")


class SalesCommissionRule(models.Model):
    """What an order does that is cancelled, or becomes less, after it was paid."""

    _inherit = "sales.commission.rule"

    cancelled = fields.Selection(
        [
            ("base", "Counts as if it had never been"),
            ("paid", "Takes back what was paid"),
            ("kept", "Stays paid"),
        ],
        "Cancelled Order of a Closed Period",
        default="base",
        required=True,
        help="What becomes of commission on an order that is cancelled, or whose "
        "quantity or price is lowered, after the statement of its period was "
        "submitted. "
        "As if it had never been: its period is computed anew without it, also what "
        "other orders have earned in the tiers that it reached, and the differences "
        "are corrections. Takes back: the part that is cancelled is taken back at the "
        "rate that was actually paid, also if that was the rate of a tier, or nothing "
        "above a limit, and nothing else changes in its period. Stays paid: nothing is "
        "taken back. What is taken back is on the rep's first statement that is open. "
        "Until the statement is submitted, and where the order has passed to others, "
        "what counts is always the order as it is. The sum over time is then not what "
        "would be paid if the order had never been.",
    )

    is_of_orders = fields.Boolean(compute="_compute_is_of_orders")

    @api.depends("metric_id")
    def _compute_is_of_orders(self):
        for rule in self:
            rule.is_of_orders = rule.metric_id.code in ORDERS

    @api.constrains("metric_id", "kind", "cancelled")
    def _check_cancelled(self):
        for rule in self:
            if rule.cancelled != "base" and (
                rule.kind != "rate" or rule.metric_id.code not in ORDERS
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: a cancelled order takes back only what was paid for "
                        "orders.",
                        rule=rule.name,
                    )
                )

    def _has_remains(self):
        return self.cancelled == "paid"

    def _select_base(self, start, stop, members):
        counted = super()._select_base(start, stop, members)
        if self.cancelled == "base":
            return counted
        former = self._select_former(start, stop, members)
        if not former:
            return cancelled.counting(counted) if self._has_remains() else counted
        return cancelled.counted_on(counted, former, self._has_remains())

    def _select_former(self, start, stop, members):
        """What was counted before: by closed statements; of a plan that is only tried
        by those of any plan, so that it pays for orders cancelled since as well."""
        reps = {rep for rep, _first, _last in members}
        subject = self._get_subject()
        if not self.env.context.get("sales_as_open"):
            return booking.closed(self, start, reps, subject)
        rules = self._get_counting_same(start, stop, members)
        return rules and cancelled.known(rules.ids, start, stop, reps, subject)

    def _get_counting_same(self, start, stop, members):
        """The rules in force that count the same credits, as much: of the plan's other
        versions, or where none of them pays these days, of other plans."""
        counted = super()._select_base(start, stop, members)
        rules = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("metric_id", "=", self.metric_id.id),
                ("kind", "=", self.kind),
                ("plan_id.state", "!=", "draft"),
                ("plan_id.date_from", "<=", stop),
                "|",
                ("plan_id.date_to", "=", False),
                ("plan_id.date_to", ">=", start),
            ]
        ).filtered(
            lambda rule: (
                super(SalesCommissionRule, rule)._select_base(start, stop, members)
                == counted
            )
        )
        return rules & self.plan_id._get_versions().rule_ids or rules
