from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..commission import booking, lost

EARNED = ("earning", "override")
# What holds, releases, or takes back until it is paid.
OTHERS = ("hold", "release", "unpaid")
# About, to tell months that are too few.
DAYS_OF_MONTH = 30.5


class SalesCommissionRule(models.Model):
    """What was paid for a customer who is lost soon after is taken back."""

    _inherit = "sales.commission.rule"

    lost_months = fields.Integer(
        "Customer Lost Within (months)",
        help="What was paid for a customer's orders and invoices is taken back when "
        "the customer is lost within so many months after the document: all that is "
        "paid for it then, at the rate that was actually paid, less what is held back "
        "or taken back anyway, in the period of the day on which the customer is lost. "
        "It is given again when the customer is one again. 0: it stays paid.",
    )

    lost_note = fields.Char(compute="_compute_lost_note")

    _lost_months_range = models.Constraint(
        "CHECK (lost_months BETWEEN 0 AND 120)",
        "Months until a customer is lost are not negative, and ten years at most.",
    )

    @api.constrains("kind", "lost_months")
    def _check_lost(self):
        for rule in self:
            if rule.lost_months and rule.kind != "rate":
                raise ValidationError(
                    self.env._(
                        "%(rule)s: a bonus is paid for no customer, so none of it can "
                        "be taken back when one is lost.",
                        rule=rule.name,
                    )
                )

    @api.depends("lost_months", "company_id")
    @api.depends_context("lang")
    def _compute_lost_note(self):
        """When months are fewer than the silence after which a customer is lost."""
        for rule in self:
            days = (rule.company_id or self.env.company).sales_lost_days
            rule.lost_note = (
                self.env._(
                    "Customers are lost after %(days)s days without an order or "
                    "invoice: within fewer months this is only for those who are set "
                    "to lost by hand.",
                    days=days,
                )
                if 0 < rule.lost_months * DAYS_OF_MONTH <= days
                else False
            )

    def _follows_entries(self):
        return bool(self.lost_months) or super()._follows_entries()

    def _get_asked(self, name):
        asked = super()._get_asked(name)
        if self.lost_months:
            asked[f"losses {self.company_id.id}"] = self._select_losses
        return asked

    def _select_losses(self, first, last):
        """Who was lost, and returned, when."""
        return SQL(
            """SELECT company_id, 'losses ' || company_id,
                date_trunc('month', date)::date,
                'losses ' || sum(hashtextextended(
                    concat_ws(' ', id, partner_id, stage, date), 0))
            FROM sales_customer_stage
            WHERE company_id = %s AND date BETWEEN %s AND %s
                AND 'lost' IN (stage, previous_stage)
            GROUP BY 1, 2, 3""",
            self.company_id.id,
            first,
            last,
        )

    def _get_cash_dependent(self, start, stop, version, reps):
        yield from super()._get_cash_dependent(start, stop, version, reps)
        if self.lost_months:
            lines = self._select_lost(start, stop, reps)
            yield booking.Entries(self, start, lines, "lost", version)

    def _select_lost(self, start, stop, reps):
        """Lines of what is taken back on some days for customers who are lost."""
        lines = lost.take_back(start, stop, **self._get_lost_terms())
        return self._only(lines, reps)

    def _get_family(self):
        """The rule, those that it continues, and those that continue it."""
        return self.plan_id._get_versions().rule_ids.filtered(
            lambda rule: rule in self._get_continued() or self in rule._get_continued()
        )

    def _get_lost_terms(self):
        """What decides about documents of customers who are lost, see ``lost``."""
        return {
            "rule_id": self.id,
            "rule_ids": self._get_family().ids,
            "company_id": self.company_id.id,
            "months": self.lost_months,
            "earned": EARNED,
            "back": ("clawback",),
            "others": OTHERS,
            "ordered": self.metric_id.code in ("ORDERED", "ORDERS", "NEW_CUSTOMERS"),
        }
