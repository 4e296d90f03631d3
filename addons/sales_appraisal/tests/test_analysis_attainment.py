from datetime import date

from odoo.tests import tagged

from odoo.addons.sales_force.tests.credit_rows import CreditRows

from ..scoring.analysis import Goal, attainment
from .common import AppraisalCase

# Of fiscal quarters that end in the middle of a month, and a month.
SPANS = [
    (date(2030, 12, 16), date(2031, 3, 15)),
    (date(2031, 3, 16), date(2031, 6, 15)),
    (date(2031, 5, 1), date(2031, 5, 31)),
]


@tagged("post_install", "-at_install")
class TestAttainment(CreditRows, AppraisalCase):
    """Core goals and what was achieved of them, on the days of a period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plans = cls.env["sales.target.plan"]
        for code, kind, value, start, stop in (
            ("INVOICED", "core", 120_000, "2031-01-01", "2031-04-30"),
            ("ORDERS", "supporting", 240, "2031-03-01", "2031-12-31"),
        ):
            plan = cls.plans.create(
                {
                    "name": code,
                    "company_id": cls.company.id,
                    "metric_id": cls._metric(code).id,
                    "kind": kind,
                    "stage": "growth",
                    "stage_reason": "Few of them know us",
                    "date_from": start,
                    "date_to": stop,
                    "value": value,
                }
            )
            plan.action_publish()
            cls.plans |= plan
        for number, day in enumerate(
            (
                "2031-01-10",
                "2031-03-15",
                "2031-03-16",
                "2031-03-31",
                "2031-04-30",
                "2031-05-02",
                "2031-06-15",
                "2031-06-16",
            )
        ):
            for code in ("INVOICED", "ORDERS"):
                value = 100 * (number + 1) if code == "INVOICED" else 1
                cls._credit(code, cls.reps["rep"], value, day)

    def _oracle(self, plan, span):
        """Day by day; a credit counts in months in which there is a target."""
        rep = self.reps["rep"]
        days = self.env["sales.target.day"].search(
            [
                ("target_id.plan_id", "=", plan.id),
                ("rep_id", "=", rep.id),
                ("date", ">=", span[0]),
                ("date", "<=", span[1]),
            ]
        )
        months = {day.date.replace(day=1) for day in days}
        credits = self.env["sales.credit"].search(
            [
                ("metric_id", "=", plan.metric_id.id),
                ("rep_id", "=", rep.id),
                ("date", ">=", span[0]),
                ("date", "<=", span[1]),
            ]
        )
        return Goal(
            plan.metric_id.id,
            round(sum(days.mapped("value")), 2),
            sum(
                credit.value
                for credit in credits
                if credit.date.replace(day=1) in months
            ),
            len(days.filtered("value")),
        )

    def _read(self, *spans):
        found = self.env["sales.appraisal.analysis"]._read_attainment(
            self.company, spans
        )
        return {
            start: [goal._replace(target=round(goal.target, 2)) for goal in goals]
            for (rep, start), goals in found.items()
            if rep == self.reps["rep"].id
        }

    def test_days_of_the_period(self):
        """Also where the fiscal year ends in the middle of a month."""
        plan = self.plans[0]
        found = self._read(*SPANS)
        for span in SPANS[:2]:
            self.assertEqual(found[span[0]], [self._oracle(plan, span)])
        self.assertEqual(found[SPANS[0][0]][0].achieved, 100 + 200)
        self.assertEqual(found[SPANS[1][0]][0].achieved, 300 + 400 + 500)
        # Without a core goal: not zero, but nothing.
        self.assertNotIn(SPANS[2][0], found)

    def test_metrics_stay_apart(self):
        """Money and orders of the same months are not added up."""
        self.plans.flush_recordset()
        self.env.cr.execute(
            "UPDATE sales_target_plan SET kind = 'core' WHERE id = ANY(%s)",
            [self.plans.ids],
        )
        self.plans.invalidate_recordset()
        found = self._read(*SPANS)
        for span in SPANS:
            oracle = [self._oracle(plan, span) for plan in self.plans]
            self.assertEqual(
                sorted(found[span[0]]),
                sorted(goal for goal in oracle if goal.target),
            )
        money, orders = found[SPANS[1][0]]
        self.assertAlmostEqual(
            attainment([money, orders]),
            (
                money.days * money.achieved / money.target
                + orders.days * orders.achieved / orders.target
            )
            / (money.days + orders.days),
        )
