from datetime import date
from decimal import Decimal

from odoo.fields import Command

from .common import AppraisalCase


class CommissionCase(AppraisalCase):
    """Plans of commission by the month from January 2031."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.commission.plan"].search([]).action_archive()
        cls.statements = cls.env["sales.commission.statement"]
        cls.entries = cls.env["sales.commission.entry"]

    @classmethod
    def _plan(cls, *rules, publish=True, **values):
        plan = cls.env["sales.commission.plan"].create(
            {
                "name": "Commission",
                "company_id": cls.company.id,
                "period": "month",
                "date_from": "2031-01-01",
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Invoiced",
                            "metric_id": cls._metric(rule.pop("metric", "INVOICED")).id,
                            "rate": 10,
                            **rule,
                        }
                    )
                    for rule in rules or ({},)
                ],
                **values,
            }
        )
        if publish:
            plan.action_publish()
        return plan

    @staticmethod
    def _tiers(*tiers, value="rate"):
        return [Command.create({"start": start, value: x}) for start, x in tiers]

    def _run(self, day=date(2031, 1, 10), reps=None):
        return self.statements._run(self.company, day, reps)

    def _statement(self, name="rep", month=1, plan=None):
        domain = [
            ("rep_id", "=", self.reps[name].id),
            ("date_from", "=", date(2031, month, 1)),
        ]
        if plan:
            domain.append(("plan_id", "=", plan.id))
        return self.statements.search(domain)

    def _paid(self, name="rep"):
        """What a rep has of all statements together."""
        entries = self.entries.search([("rep_id", "=", self.reps[name].id)])
        return sum(Decimal(str(entry.amount)) for entry in entries)

    def _close(self, statements, state="paid"):
        statements.sudo().state = state
        self.env.flush_all()
