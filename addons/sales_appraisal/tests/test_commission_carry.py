"""What is owed of a draw follows a rep to another plan."""

from datetime import date

from odoo.fields import Command

from .test_commission_draws import FEBRUARY, JANUARY, MARCH, DrawCase


class CarryCase(DrawCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.teams = cls.env["crm.team"].create(
            [{"name": name, "company_id": cls.company.id} for name in "ABC"]
        )

    def _move(self, name, team, day):
        """From a day on a rep is of another team, and so of its plan."""
        rep = self.reps[name]
        values = {"rep_id": rep.id, "date_from": day, "team_id": team.id}
        same = rep.assignment_ids.filtered(lambda one: one.date_from == day)
        if same:
            same.team_id = team
        else:
            manager = rep.assignment_ids.sorted("date_from")[-1:].manager_id
            self.env["sales.rep.assignment"].create(
                {**values, "manager_id": manager.id}
            )

    def _of(self, team, *rules, **values):
        return self._plan(
            *rules, name=team.name, team_ids=[Command.set(team.ids)], **values
        )

    def _owed(self, plan, name="rep"):
        return plan._read_owed(self.reps[name].ids).get(self.reps[name].id, 0)


class TestCarry(CarryCase):
    def setUp(self):
        super().setUp()
        first, second, _third = self.teams
        self._move("rep", first, date(2031, 1, 1))
        self._move("rep", second, date(2031, 2, 1))
        terms = {"recovery_percent": 50}
        self.plan = self._of(first, {}, self._advance("draw", (1, 1000), **terms))
        self._sell("rep", 2000)
        self._run(JANUARY)

    def _subjects(self, month, plan):
        entries = self._statement("rep", month, plan).entry_ids
        return {entry.subject: entry.amount for entry in entries}

    def test_share_of_former(self):
        """A plan without a draw gives back by the share of the former one."""
        other = self._of(self.teams[1])
        self._sell("rep", 6000, "2031-02-10")
        self._sell("rep", 20_000, "2031-03-10")
        self._settle()
        self.assertEqual(self._subjects(1, self.plan), {"earning": 200, "draw": 800})
        self.assertEqual(self._subjects(2, other), {"earning": 600, "carried": -300})
        self.assertEqual(self._subjects(3, other), {"earning": 2000, "carried": -500})
        self.assertEqual(self._owed(self.plan), 0)
        statement = self._statement("rep", 2, other)
        self.assertEqual(
            [statement[name] for name in ("owed_before", "given_back", "owed")],
            [800, 300, 500],
        )
        self.assertIn("800.00", statement.owed_note)
        self.assertIn(self.plan.name, statement.owed_note)
        back = statement.entry_ids.filtered(lambda one: one.subject == "carried")
        self.assertEqual(back.kind, "carried")
        for shown in (
            "600.00",
            "300.00",
            "800.00",
            "500.00",
            f"that {self.plan.name} ",
        ):
            self.assertIn(shown, back.explanation)
        self.assertIn(f"Draw ({self.plan.name})", statement.by_rule)
        self.assertFalse(self._statement("rep", 3, other).owed)

    def test_share_of_new(self):
        """A plan with a draw gives back by its own share, first to itself."""
        other = self._of(
            self.teams[1], {}, self._advance("draw", (1, 500), recovery_percent=100)
        )
        self._sell("rep", 4000, "2031-02-10")
        self._sell("rep", 9000, "2031-03-10")
        self._settle()
        self.assertEqual(self._subjects(2, other), {"earning": 400, "draw": 100})
        self.assertEqual(
            self._subjects(3, other),
            {"earning": 900, "recovery": -100, "carried": -300},
        )
        self.assertEqual(self._owed(self.plan), 500)
        statement = self._statement("rep", 3, other)
        self.assertEqual([statement.owed_before, statement.owed], [900, 500])

    def test_late(self):
        """What changes later in the former plan changes what is given back since."""
        other = self._of(self.teams[1])
        self._sell("rep", 20_000, "2031-02-10")
        self._settle()
        self._close(self._statement("rep", 1, self.plan))
        self._close(self._statement("rep", 2, other))
        self._sell("rep", 5000, "2031-01-20")
        self._run(JANUARY)
        self.assertEqual(self._subjects(2, other), {"earning": 2000, "carried": -800})
        self.assertEqual(self._subjects(3, other), {"carried": 500})
        self.assertEqual(self._statement("rep", 3, other).entry_ids.kind, "adjustment")
        self.assertEqual(self._owed(self.plan), 0)
        self._settle(MARCH, FEBRUARY, JANUARY)
        self.assertEqual(self._subjects(3, other), {"carried": 500})

    def test_both(self):
        """While the former plan still pays the rep it takes back itself."""
        self._move("rep", self.teams[0], date(2031, 2, 1))
        self._move("rep", self.teams[1], date(2031, 2, 15))
        other = self._of(self.teams[1])
        self._sell("rep", 6000, "2031-02-20")
        self._sell("rep", 6000, "2031-03-10")
        self._settle()
        self.assertEqual(self._subjects(2, other), {"earning": 600})
        self.assertEqual(self._subjects(2, self.plan), {"draw": 500})
        self.assertEqual(self._subjects(3, other), {"earning": 600, "carried": -300})

    def test_back(self):
        """Who comes back gives back there what is still owed."""
        self._move("rep", self.teams[0], date(2031, 3, 1))
        other = self._of(self.teams[1])
        self._sell("rep", 6000, "2031-02-10")
        self._sell("rep", 14_000, "2031-03-10")
        self._settle()
        self.assertEqual(self._subjects(2, other)["carried"], -300)
        self.assertEqual(
            self._subjects(3, self.plan), {"earning": 1400, "recovery": -200}
        )
        self.assertEqual(self._owed(self.plan), 300)

    def test_forgiven(self):
        """Finance forgives it on a statement of the new plan, before it is given
        back."""
        other = self._of(self.teams[1])
        self._sell("rep", 6000, "2031-03-10")
        self._settle()
        statement = self._statement("rep", 3, other).with_user(self.users["finance"])
        self.assertTrue(statement.may_forgive)
        context = statement.action_forgive()["context"]
        self.assertEqual(context["default_plan_id"], self.plan.id)
        self.assertEqual(context["default_amount"], 500)
        self._forgive(400)
        self.assertEqual(self._subjects(3, other), {"earning": 600, "carried": -300})
        self.assertEqual(self._owed(self.plan), 100)

    def test_other_currency(self):
        """What is paid in another currency gives nothing back."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self._of(self.teams[1], currency_id=euro.id)
        self._sell("rep", 6000, "2031-02-10")
        self._settle()
        self.assertEqual(self._subjects(2, other).keys(), {"earning"})
        self.assertFalse(self._statement("rep", 2, other).owed_before)
        self.assertEqual(self._owed(self.plan), 800)

    def test_queries(self):
        """As many for all who have moved as for one."""
        other = self._of(self.teams[1])
        names = ("rep", "peer", "leader", "peer_leader")

        def count():
            self._settle()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.statements._settle(self.plan, *self.plan._get_bounds(JANUARY))
            return self.env.cr.sql_log_count - before

        self._sell("rep", 6000, "2031-02-10")
        count()
        few = count()
        for name in names[1:]:
            self._move(name, self.teams[0], date(2031, 1, 1))
            self._move(name, self.teams[1], date(2031, 2, 1))
            self._sell(name, 6000, "2031-02-10")
        count()
        self.assertEqual(count(), few)
        for name in names:
            carried = self._statement(name, 2, other).entry_ids.filtered(
                lambda one: one.subject == "carried"
            )
            self.assertEqual(carried.amount, -300, name)
