"""Multipliers, minimums, and the attainment of targets."""

from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .commission_common import CommissionCase

JANUARY = date(2031, 1, 10)


class TestMultiplier(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        grades = cls.env["sales.scorecard.grade"].search([])
        cls.best, cls.worst = grades[0], grades[-1]

    def _multiplied(self, multiplier="score", rows=((0, 0.5), (90, 1.5)), **rule):
        key = "grade_id" if multiplier == "grade" else "start"
        return self._plan(
            {
                "multiplier": multiplier,
                "card_factor_ids": [
                    Command.create({key: x, "factor": factor}) for x, factor in rows
                ],
                **rule,
            }
        )

    def _confirm(self, value=100):
        self._open()
        card = self._card()
        self._judge(card, value)
        card.sudo().action_confirm()
        return card

    def test_waits(self):
        """Before the confirmation the judgement is in no figure and in no word."""
        self._multiplied()
        self._sell("rep", 1000)
        self._run()
        statement = self._statement()
        self.assertEqual(statement.amount, 100)
        self.assertIn("no scorecard", statement.rule_notes)
        self._open()
        card = self._card()
        self._judge(card, 0)
        self.assertEqual(card.state, "calibration")
        for user in ("rep", "leader", "operations"):
            self.statements.with_user(self.users[user]).sudo()._run(
                self.company, JANUARY
            )
            self.assertEqual(statement.amount, 100)
        statement.invalidate_recordset()
        seen = statement.with_user(self.users["rep"])
        self.assertIn(card.display_name, seen.rule_notes)
        card.sudo().action_confirm()
        self._run()
        self.assertEqual(card.score, 60)
        self.assertEqual(statement.amount, 50)
        statement.invalidate_recordset()
        self.assertFalse(seen.rule_notes)

    def test_after_closing(self):
        """A card confirmed after the statement closed leads to adjustments."""
        self._multiplied()
        self._sell("rep", 1000)
        self._sell("rep", 33.33)
        self._run()
        january = self._statement()
        self._close(january)
        card = self._confirm()
        self.assertGreaterEqual(card.score, 90)
        self._run()
        self.assertEqual(january.amount, 103.33)
        later = self.entries.search(
            [("rep_id", "=", self.reps["rep"].id), ("kind", "=", "adjustment")]
        )
        self.assertEqual(later.corrects_id, january.entry_ids)
        self.assertEqual(set(later.mapped("subject")), {"earning"})
        self.assertEqual(float(self._paid()), 155)  # 154.995, half away from zero

    def test_grade(self):
        plan = self._multiplied("grade", [(self.best.id, 2), (self.worst.id, 0)])
        self._sell("rep", 1000)
        card = self._confirm()
        for grade, amount in ((self.best, 200), (self.worst, 0)):
            card.sudo().grade_id = grade
            self._run()
            self.assertEqual(self._statement(plan=plan).amount, amount)
        others = self.env["sales.scorecard.grade"].search([]) - self.best - self.worst
        card.sudo().grade_id = others[0]
        self._run()
        self.assertEqual(self._statement(plan=plan).amount, 100)

    def test_bonus_and_cap(self):
        self._multiplied(
            kind="bonus",
            table="amount",
            tier_ids=self._tiers((1, 33.33), value="amount"),
        )
        capped = self._multiplied(cap=120)
        self._sell("rep", 1000)
        self._confirm()
        self._run()
        found = sorted(self._statement().mapped("amount"))
        self.assertEqual(found, [50, capped.rule_ids.cap])

    def test_parts(self):
        """Of several cards each weighs its days; what is not confirmed is 1."""
        rep = self.reps["rep"]
        teams = self.env["crm.team"].create([{"name": "One"}, {"name": "Two"}])
        rep._change_assignment(date(2030, 1, 1), {"team_id": teams[0].id})
        rep._change_assignment(date(2031, 1, 11), {"team_id": teams[1].id})
        self._multiplied("grade", [(self.best.id, 2), (self.worst.id, 0.5)])
        self._sell("rep", 1000)
        self._open()
        first, second = self._card().sorted("date_from")
        self.assertEqual(str(second.date_from), "2031-01-11")
        first.sudo().write({"state": "confirmed", "grade_id": self.best.id})
        self._run()
        statement = self._statement()
        self.assertEqual(statement.amount, 132.26)  # (10 x 2 + 21) / 31
        self.assertIn(second.display_name, statement.rule_notes)
        second.sudo().write({"state": "confirmed", "grade_id": self.worst.id})
        self._run()
        self.assertEqual(statement.amount, 98.39)  # (10 x 2 + 21 x 0.5) / 31

    def test_appeal(self):
        """What an appeal opens again stands until it is confirmed anew."""
        self._multiplied()
        self._sell("rep", 1000)
        card = self._confirm(0)
        self._run()
        statement = self._statement()
        self.assertEqual(statement.amount, 50)
        mine = card.with_user(self.users["rep"])
        action = mine.action_appeal()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["rep"])
            .with_context(**action["context"])
            .create({"reason": "No"})
        )
        wizard.action_apply()
        self.assertEqual(card.state, "appealed")
        self._run()
        self.assertEqual(statement.amount, 50)
        by_director = card.appeal_ids.with_user(self.users["director"])
        by_director._decide("granted", "Yes")
        self._line(card, "Judgement").sudo().manager_value = 100
        self._run()
        self.assertEqual((card.state, statement.amount), ("calibration", 50))
        card.sudo().action_confirm()
        self._run()
        self.assertEqual(statement.amount, 150)

    def test_refused(self):
        for rows, multiplier in (((), "score"), (((1, 1),), "grade")):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self._plan(
                    {
                        "multiplier": multiplier,
                        "card_factor_ids": [
                            Command.create({"start": x, "factor": factor})
                            for x, factor in rows
                        ],
                    },
                    publish=False,
                )


class TestFloor(CommissionCase):
    def test_floor(self):
        """An entry of its own fills up to what the rule pays at least."""
        self._plan({"floor": 80})
        self._sell("rep", 300)
        self._run()
        entries = self._statement().entry_ids.sorted("amount")
        self.assertEqual(entries.mapped("kind"), ["earning", "floor"])
        self.assertEqual(entries.mapped("amount"), [30, 50])
        self.assertEqual(self._statement("peer").amount, 80)
        self._sell("rep", 900)
        self._run()
        self.assertEqual(self._statement().amount, 120)
        self.assertNotIn("floor", self._statement().entry_ids.mapped("kind"))

    def test_closed(self):
        """What later becomes known takes back from the minimum what it earns."""
        self._plan({"floor": 80})
        self._sell("rep", 300)
        self._run()
        self._close(self._statement())
        self._sell("rep", 200, "2031-01-11")
        self._run()
        self.assertEqual(self._paid(), 80)
        self._sell("rep", 500, "2031-01-12")
        self._run()
        self.assertEqual(self._paid(), 100)

    def test_part(self):
        """Who is there for a part of the period has the part of the minimum."""
        self._plan({"floor": 310}, leaver_days=60)
        self.reps["rep"].write({"date_start": "2031-01-11"})
        self.reps["peer"].write({"state": "left", "date_end": "2031-01-10"})
        self._run()
        self._run(date(2031, 2, 10))
        self.assertEqual(self._statement("rep").amount, 210)
        self.assertEqual(self._statement("peer").amount, 100)
        self.assertEqual(self._statement("peer", 2).amount, 0)

    def test_above_cap(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self._plan({"floor": 80, "cap": 50}, publish=False)


class TestAttainment(CommissionCase):
    def _goals(self, metric="INVOICED", **values):
        """A published target; what each rep is to reach in January."""
        plan = self.env["sales.target.plan"].create(
            {
                "name": f"{metric} 2031",
                "company_id": self.company.id,
                "metric_id": self._metric(metric).id,
                "stage": "growth",
                "stage_reason": "Few of them know us",
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "value": 1_200_000,
                **values,
            }
        )
        plan.action_publish()
        days = self.env["sales.target.day"].search(
            [
                ("plan_id", "=", plan.id),
                ("date", ">=", "2031-01-01"),
                ("date", "<=", "2031-01-31"),
            ]
        )
        return {
            name: round(sum(d.value for d in days if d.rep_id == rep), 2)
            for name, rep in self.reps.items()
        }

    def _table(self, **rule):
        return {
            "table": "attainment",
            "mode": "whole",
            "tier_ids": self._tiers((0, 1), (50, 2), (100, 3)),
            **rule,
        }

    def test_whole(self):
        goal = self._goals()["rep"]
        self.assertGreater(goal, 0)
        self._plan(self._table())
        half = round(goal / 2, 2)
        self._sell("rep", half + 0.01)
        self._run()
        self.assertEqual(self._statement().amount, round((half + 0.01) * 0.02, 2))
        self._sell("rep", goal - half)
        self._run()
        self.assertAlmostEqual(self._statement().amount, (goal + 0.01) * 0.03, 2)

    def test_override(self):
        """A manager attains the targets of everybody below."""
        goals = self._goals()
        below = goals["rep"]
        self._plan(self._table(credited="override", level_to=2))
        self._sell("rep", below)
        self._sell("leader", 10 * below)
        self._run()
        self.assertAlmostEqual(self._statement("leader").amount, below * 0.03, 2)
        self.assertAlmostEqual(self._statement("manager").amount, 11 * below * 0.03, 2)

    def test_another(self):
        """The rate by what is ordered, on what is collected; bonus, too."""
        goal = self._goals("ORDERED")["rep"]
        other = {"attained_metric_id": self._metric("ORDERED").id}
        rates = self._plan(self._table(**other))
        bonus = self._plan(
            {
                "kind": "bonus",
                "table": "attainment",
                "tier_ids": self._tiers((100, 500), value="amount"),
                **other,
            }
        )
        slices = self._plan(self._table(mode="progressive", **other))
        self._sell("rep", 1000)
        order = self._order(self.users["rep"], confirm=False)
        order.order_line.price_unit = goal
        order.action_confirm()
        order.date_order = "2031-01-20 10:00:00"
        self._run()
        self.assertEqual(self._statement(plan=rates).amount, 30)
        self.assertEqual(self._statement(plan=bonus).amount, 500)
        self.assertEqual(self._statement(plan=bonus).entry_ids.base, goal)
        # Slices go by the base, which has no target.
        self.assertEqual(self._statement(plan=slices).amount, 0)

    def test_no_target(self):
        """Nothing, and the statement says why; another's attainment is not asked."""
        plan = self._plan(self._table())
        self._sell("rep", 1000)
        self._run()
        statement = self._statement(plan=plan).with_user(self.users["rep"])
        self.assertEqual(statement.amount, 0)
        self.assertIn("no target of", statement.rule_notes)
        self._goals()
        statement.invalidate_recordset()
        self.assertFalse(statement.rule_notes)

    def test_currency(self):
        """The target is converted as what is reached is."""
        foreign = self.env.ref("base.EUR")
        foreign.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", foreign.id)]).unlink()
        rates.create({"currency_id": foreign.id, "name": "2031-01-01", "rate": 2})
        goal = self._goals()["rep"]
        self._plan(self._table(), currency_id=foreign.id)
        self._sell("rep", round(goal * 0.9, 2))
        self._run()
        self.assertAlmostEqual(
            self._statement().amount, round(goal * 0.9, 2) * 2 * 0.02, 2
        )
