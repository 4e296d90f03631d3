from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .commission_common import CommissionCase

TIERS = ((0, 2), (1000, 3), (2000, 5))


class TestCommissionStanding(CommissionCase):
    """Where a rep is in a table, what is missing to the next tier, what it brings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2031-01-20 12:00:00"))

    def _standing(self, *rules, sold=1500):
        self._plan(*rules)
        self._sell("rep", sold)
        self._run()
        places = self._statement().with_user(self.users["rep"]).standing or []
        return [
            {
                name: value.replace("\xa0", "") if isinstance(value, str) else value
                for name, value in place.items()
            }
            for place in places
        ]

    def test_progressive(self):
        [place] = self._standing(
            {"table": "amount", "tier_ids": self._tiers(*TIERS)},
            {"metric": "INVOICED"},
        )
        self.assertEqual((place["place"], place["part"]), (1500, 50))
        self.assertEqual(place["reached"], "$1,500.00 Invoiced")
        # 1,000 at 2 % and 500 at 3 %; 500 more at 3 %.
        self.assertEqual(place["earned"], "$35.00")
        self.assertEqual(
            place["next"],
            "$500.00 more bring $15.00, and from there on 5 % is paid instead of 3 %",
        )
        self.assertIn([1000, 20], [list(point) for point in place["points"]])

    def test_whole(self):
        [place] = self._standing(
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers(*TIERS)}
        )
        # 5 % of 2,000 instead of 3 % of 1,500.
        self.assertEqual(
            place["next"],
            "$500.00 more bring $55.00: then 5 % is paid on everything",
        )

    def test_bonus(self):
        [place] = self._standing(
            {
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((1000, 100), (2000, 300), value="amount"),
            }
        )
        self.assertEqual(place["earned"], "$100.00")
        self.assertEqual(place["next"], "$500.00 more bring $200.00")

    def test_limits(self):
        """What a minimum gives anyway is not brought by the next tier."""
        tiers = self._tiers(*TIERS)
        [place] = self._standing({"table": "amount", "tier_ids": tiers, "floor": 45})
        self.assertEqual(place["earned"], "$45.00")
        self.assertTrue(place["next"].startswith("$500.00 more bring $5.00"))

    def test_cap(self):
        tiers = self._tiers(*TIERS)
        [place] = self._standing({"table": "amount", "tier_ids": tiers, "cap": 30})
        self.assertEqual(place["next"], "The rule pays $30.00 at most")
        self.assertEqual(max(y for _x, y in place["points"]), 30)

    def test_top(self):
        [place] = self._standing(
            {"table": "amount", "tier_ids": self._tiers(*TIERS)}, sold=5000
        )
        self.assertEqual(place["next"], "The highest tier is reached")
        # The curve goes on to the place.
        self.assertEqual(list(place["points"][-1]), [5000, 200])

    def test_nothing(self):
        """Without a target there is no place; closed statements have none either."""
        rule = {"table": "attainment", "tier_ids": self._tiers((0, 1), (100, 2))}
        self.assertFalse(self._standing(rule, {}))
        self._close(self._statement())
        self.assertFalse(self._statement().standing)

    def test_guarantee(self):
        """The rows of a guarantee are months: no table to be in."""
        guarantee = {
            "kind": "guarantee",
            "metric_id": False,
            "tier_ids": self._tiers((1, 100), value="amount"),
        }
        [place] = self._standing(
            guarantee, {"table": "amount", "tier_ids": self._tiers(*TIERS)}
        )
        self.assertEqual(place["earned"], "$35.00")

    def test_over(self):
        """What is missing is not made up for once the period is over."""
        rule = {"table": "amount", "tier_ids": self._tiers(*TIERS)}
        with freeze_time("2031-02-02 12:00:00"):
            self.env.invalidate_all()
            [place] = self._standing(rule)
        self.assertEqual((place["next"], place["earned"]), ("", "$35.00"))

    def test_history(self):
        """What the plan paid before, in any version; nothing of others."""
        plan = self._plan()
        for month in (1, 2):
            self._sell("rep", 100 * month, date(2031, month, 10))
            self._sell("peer", 5000, date(2031, month, 10))
            self._run(date(2031, month, 10))
        later = plan.browse(plan.action_new_version()["res_id"])
        later.date_from = "2031-02-01"
        later.action_publish()
        february = self._statement(month=2)
        self.assertEqual(february.plan_id, later)
        history = february.with_user(self.users["rep"]).history
        self.assertEqual([row["amount"] for row in history], [10, 0])
        self._run(date(2031, 2, 10))
        self.env.invalidate_all()
        history = february.with_user(self.users["rep"]).history
        self.assertEqual([row["amount"] for row in history], [10, 20])
        self.assertEqual([row["current"] for row in history], [False, True])
        self.assertEqual(len(self._statement(month=1).history), 1)

    def test_queries(self):
        """As many for a list of statements as for one."""
        self._plan(
            {"table": "amount", "tier_ids": self._tiers(*TIERS)},
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers(*TIERS)},
        )
        self._sell("rep", 1500)
        self._run()
        everybody = self.statements.search([("date_from", "=", "2031-01-01")])

        def count(statements):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            statements.mapped("standing")
            statements.mapped("history")
            return self.env.cr.sql_log_count - before

        count(everybody)
        self.assertGreater(len(everybody), 4)
        self.assertLessEqual(count(everybody), count(everybody[:1]))


class TestRuleText(CommissionCase):
    maxDiff = None

    def test_summary(self):
        """What a rule uses is said, and nothing else."""
        grade = self.grades["A"]
        rules = self._plan(
            {},
            {
                "hold_percent": 30,
                "refund": "paid",
                "unpaid": "back",
                "unpaid_days": 45,
                "decelerator": "discount",
                "line_factor_ids": [
                    Command.create({"use": "line", "start": 10, "factor": 0.5})
                ],
                "multiplier": "grade",
                "card_factor_ids": [
                    Command.create({"use": "card", "grade_id": grade.id, "factor": 2})
                ],
                "floor": 50,
                "cap": 100,
            },
            {"credited": "override", "level_to": 2},
            {
                "product_ids": self.product.ids,
                "customer_age": "new",
                "discount_bound": "between",
                "discount_from": 5,
                "discount_below": 10,
            },
            publish=False,
        ).rule_ids
        self.assertEqual(
            [summary.replace("\xa0", "") for summary in rules.mapped("summary")],
            [
                "10 % of Invoiced",
                "10 % of Invoiced; lines with a discount count less; times a factor by "
                "the grade of the scorecard; at least $50.00; at most $100.00; 30 % is "
                "held back until the customer pays; credit notes take back what was "
                "paid; what is not paid 45 days after it is due is taken back",
                "10 % of Invoiced; on levels 1 to 2 below",
                f"10 % of Invoiced; only Products: {self.product.display_name}; only "
                "Customers: New customers; only Discount: Between 5 – 10 %",
            ],
        )
        plain, limited, *_others = rules
        self.assertFalse(plain.curve)
        self.assertEqual(
            [tuple(point) for point in limited.curve["points"]],
            [(0, 50), (500, 50), (1000, 100), (2000, 100)],
        )
