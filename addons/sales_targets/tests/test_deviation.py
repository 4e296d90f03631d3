"""Why a target was missed: the worked example, sums over the tree, and measures."""

from datetime import date, timedelta
from random import Random

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from .. import uninstall_hook
from ..planning.deviation import causes, exact_causes, joined, planned_counts
from .test_drivers import DriverCase

amounts = st.integers(0, 10**6)
rate = st.one_of(st.none(), st.fractions(0, 50, max_denominator=20))


class TestPlanned(BaseCase):
    @given(amounts, st.integers(0, 25), st.lists(rate, min_size=1, max_size=5))
    def test_reaches_the_target(self, target, days, steps):
        counts = planned_counts(target, days, steps)
        self.assertEqual((counts[0], counts[-1]), (days, target))
        for number, before in enumerate(counts[1:-1], 1):
            if before:
                self.assertEqual(before * steps[number], counts[number + 1])

    @given(
        st.lists(st.integers(-5, 30), min_size=5, max_size=5),
        st.lists(st.integers(-5, 30), min_size=5, max_size=5),
    )
    @settings(deadline=None)
    def test_nothing_is_hidden_in_the_rounding(self, planned, actual):
        """The exact parts sum to the gap, so that rounding moves no whole unit."""
        planned[0], actual[0] = abs(planned[0]), abs(actual[0])
        gap = actual[-1] - planned[-1]
        exact = exact_causes(planned, actual)
        self.assertEqual(sum(exact), gap)
        for part, whole in zip(exact, causes(planned, actual, gap), strict=True):
            self.assertLess(abs(part - whole), 1)
        for number in joined(planned, actual):
            self.assertEqual(exact[number], 0)


@tagged("post_install", "-at_install")
class TestDeviation(DriverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._defaults(
            VISITS=8, QUOTATIONS=0.5, ORDERS=0.25, ORDERED=8000, COLLECTED=0.8
        )
        cls._mix("ORDERED")
        cls.holidays = cls.env["sales.calendar.day"]
        cls._close(date(2031, 6, 3))
        cls.goal = cls._plan(
            name="Collected 2031",
            metric_id=cls.collected.id,
            kind="supporting",
            stage=False,
            profile="even",
            value=9_000_000,
            hedge_company=10,
            hedge_team=5,
        )
        with freeze_time("2030-12-20 12:00:00"):
            cls.goal.action_publish()
            june = cls._node(cls.reps["rep"]).month_ids.filtered(
                lambda month: month.date_from == date(2031, 6, 1)
            )
            cls.goal.set_cells([{"id": june.id, "value": 128_000}], "An example")
            cls.goal.action_commit()

    @classmethod
    def _close(cls, day):
        cls.holidays.create(
            {
                "name": "Closed",
                "date": day,
                "kind": "holiday",
                "company_id": cls.company.id,
            }
        )

    @classmethod
    def _node(cls, rep=None, team=None):
        domain = [("plan_id", "=", cls.goal.id), ("period", "=", "total")]
        if rep:
            domain += [("level", "=", "rep"), ("rep_id", "=", rep.id)]
        elif team:
            domain += [("level", "=", "team"), ("team_id", "=", team.id)]
        else:
            domain += [("level", "=", "company")]
        return cls.env["sales.target"].search(domain)

    def _read(self, node, start="2031-06-01", stop="2031-06-30", now="2031-07-02"):
        with freeze_time(f"{now} 12:00:00"):
            return node.get_deviation(start, stop)

    @staticmethod
    def _effects(found):
        return {row["key"]: row["value"] for row in found["rows"]}

    def _example(self):
        for number in (10, 11):
            self._close(date(2031, 6, number))
        rep, day = self.reps["rep"], date(2031, 6, 20)
        self._credit(
            [
                (rep, "VISITS", day, 135),
                (rep, "QUOTATIONS", day, 64.8),
                (rep, "ORDERS", day, 16.2),
                (rep, "ORDERED", day, 132_840),
                (rep, "COLLECTED", day, 92_988),
            ]
        )

    def test_worked_example(self):
        self._example()
        found = self._read(self._node(self.reps["rep"]))
        self.assertEqual(
            [(row["key"], row["value"]) for row in found["rows"]],
            [
                ("planned", 128_000),
                ("days", -11_545.27),
                ("VISITS", -7_079.72),
                ("QUOTATIONS", -4_480.90),
                ("ORDERS", 0),
                ("ORDERED", 2_715.14),
                ("mix", 0),
                ("COLLECTED", -14_621.25),
                ("actual", 92_988),
            ],
        )
        self.assertEqual((found["gap"], found["residual"]), (-35_012, 0))
        self.assertEqual(
            [row["planned_rate"] for row in found["rows"][1:-1]],
            [20, 8, 0.5, 0.25, 8000, 1, 0.8],
        )
        self.assertEqual(
            [round(row["actual_rate"], 6) for row in found["rows"][1:-1]],
            [18, 7.5, 0.48, 0.25, 8200, 1, 0.7],
        )
        self.assertEqual(found["largest"]["key"], "COLLECTED")
        self.assertEqual(found["rows"][-2]["stop"], found["actual"])
        # The rates since do not change what was planned.
        self._credit([(self.reps["rep"], "ORDERS", date(2031, 5, 2), 90)])
        again = self._read(self._node(self.reps["rep"]))
        self.assertEqual(again["rows"], found["rows"])

    def test_sums_over_the_tree(self):
        """Children's gaps and causes sum, the hedge and strangers are named."""
        random = Random(11)
        people = [*self.reps.values(), self.fellow, None]
        people.remove(self.reps["foreigner"])
        self._credit(
            [
                (
                    random.choice(people),
                    random.choice(
                        ("VISITS", "QUOTATIONS", "ORDERS", "ORDERED", "COLLECTED")
                    ),
                    date(2031, 5, 1) + timedelta(days=random.randint(0, 90)),
                    random.randint(-100, 9_000) / 7,
                )
                for _number in range(400)
            ]
        )
        leaves = self.goal._get_leaves()
        for start, stop, now in (
            ("2031-06-01", "2031-06-30", "2031-08-01"),
            ("2031-05-12", "2031-07-08", "2031-08-01"),
            ("2031-01-01", "2031-12-31", "2031-06-13"),
        ):
            sums, gaps = {}, 0
            for leaf in leaves:
                found = self._read(leaf, start, stop, now)
                self.assertEqual(found["residual"], 0)
                gaps += round(100 * found["gap"])
                for row in found["rows"][1:-1]:
                    cents = round(100 * row["value"])
                    sums[row["key"]] = sums.get(row["key"], 0) + cents
            self.assertEqual(sum(sums.values()), gaps)
            root = self._read(self._node(), start, stop, now)
            effects = {
                row["key"]: round(100 * row["value"]) for row in root["rows"][1:-1]
            }
            self.assertEqual({key: effects.get(key) for key in sums}, sums)
            self.assertGreater(effects["hedge"], 0)
            self.assertIn("outside", effects)
            self.assertEqual(sum(effects.values()), round(100 * root["gap"]))
            self.assertEqual(root["residual"], 0)
            names = set(sums)
            for key in names:
                self.assertEqual(
                    sum(
                        round(100 * child["effects"][key]) for child in root["children"]
                    ),
                    sums[key],
                )
            for child in root["children"]:
                self.assertEqual(
                    round(100 * sum(child["effects"].values())),
                    round(100 * child["gap"]),
                )

    def test_what_is_not_recorded(self):
        """Who is not seen visiting has no visits per day: days and orders remain."""
        rep = self.reps["rep"]
        self._credit(
            [
                (rep, "ORDERS", date(2031, 6, 20), 20),
                (rep, "ORDERED", date(2031, 6, 20), 160_000),
                (rep, "COLLECTED", date(2031, 6, 20), 100_000),
            ]
        )
        found = self._read(self._node(rep))
        effects = self._effects(found)
        self.assertEqual((effects["VISITS"], effects["QUOTATIONS"]), (0, 0))
        self.assertEqual(effects["COLLECTED"], -28_000)
        [orders] = [row for row in found["rows"] if row["key"] == "ORDERS"]
        self.assertEqual(orders["joined"], ["VISITS", "QUOTATIONS"])
        self.assertEqual(found["residual"], 0)

    def test_nothing_came(self):
        found = self._read(self._node(self.reps["rep"]))
        self.assertEqual((found["gap"], found["residual"]), (-128_000, 0))
        self.assertEqual(found["largest"]["key"], "VISITS")
        self.assertFalse(found["reasons"])

    def test_counts_once(self):
        """What is below another one asked for, or twice the same, is in it already."""
        self._example()
        root, node = self._node(), self._node(self.reps["rep"])
        june = node.month_ids.filtered(lambda month: month.date_from.month == 6)
        peer = self._node(self.reps["peer"])
        targets = self.env["sales.target"]
        with freeze_time("2031-07-02 12:00:00"):

            def explain(*ids):
                return targets.browse(ids).get_explanation("2031-06-01", "2031-06-30")

            self.assertEqual(explain(node.id, root.id), explain(root.id))
            self.assertEqual(explain(node.id, june.id), explain(node.id))
            self.assertEqual(explain(node.id, node.id), explain(node.id))
            both = explain(node.id, peer.id, june.id, peer.id)
            self.assertEqual(both, explain(node.id, peer.id))
            self.assertEqual(
                both["planned"],
                explain(node.id)["planned"] + explain(peer.id)["planned"],
            )
            self.assertEqual(len(both["children"]), 2)

    def test_reasons(self):
        """What reps have said about their misses, as far as one follows them."""
        day = date(2031, 6, 3)
        plans = self.env["sales.work.plan"]._make(
            self.reps["rep"] + self.reps["peer"], day
        )
        reasons = self.env["sales.miss.reason"].search([], limit=2)
        plans.item_ids.create(
            [
                {
                    "plan_id": plan.id,
                    "kind": "task",
                    "name": "Call",
                    "state": "missed",
                    "reason_id": reason.id,
                }
                for plan in plans
                for reason in (reasons[0], *reasons)
            ]
        )
        self.env.flush_all()
        told = [
            {"name": reason.name, "count": count}
            for reason, count in zip(reasons, (2, 1), strict=True)
        ]
        node = self._node(self.reps["rep"])
        for who in ("rep", "leader"):
            found = self._read(node.with_user(self.users[who]))
            self.assertEqual(found["reasons"], told)
        self.assertFalse(self._read(node, start="2031-06-04")["reasons"])
        with freeze_time("2031-07-02 12:00:00"):
            both = node + self._node(self.reps["peer"])
            found = both.get_explanation("2031-06-01", "2031-06-30")
        self.assertEqual([row["count"] for row in found["reasons"]], [4, 2])

    def test_uninstalled(self):
        """Measures that were done do not keep their kind in the database."""
        kind = self.env.ref("sales_targets.mail_activity_type_measure")
        task = self.reps["rep"].activity_schedule(
            "sales_targets.mail_activity_type_measure", user_id=self.env.uid
        )
        task.action_feedback("Done")
        self.env.flush_all()
        uninstall_hook(self.env)
        self.env.invalidate_all()
        kind.unlink()
        self.assertFalse(kind.exists())

    def test_no_drivers(self):
        """A metric without a chain: days, and what a day brought."""
        plan = self._plan(
            name="Lost",
            metric_id=self.by_code["LOST"].id,
            kind="supporting",
            value=1200,
        )
        plan.action_publish()
        plan.action_commit()
        leaf = plan._get_leaves()[0]
        found = self._read(leaf)
        self.assertEqual(
            [row["key"] for row in found["rows"]], ["planned", "days", "rate", "actual"]
        )
        self.assertEqual(found["residual"], 0)

    def test_came_later(self):
        """Who has joined since the plan was committed has the rates of the time."""
        with freeze_time("2031-05-05 12:00:00"):
            newcomer = self._rep(self._user("newcomer", "sales_force.group_sales_rep"))
            self.goal.sudo().action_decompose()
        node = self._node(newcomer)
        self.assertFalse(node.planned_rates)
        found = self._read(node)
        self.assertEqual(found["residual"], 0)
        self.assertGreater(found["planned"], 0)
        self.assertEqual(found["rows"][1]["planned_rate"], 20)

    def test_periods(self):
        node = self._node(self.reps["rep"])
        with self.assertRaisesRegex(UserError, "begins on"):
            self._read(node, now="2031-05-30")
        with self.assertRaisesRegex(UserError, "no period"):
            self._read(node, "2032-06-01", "2032-06-30")
        found = self._read(node, now="2031-06-16")
        self.assertEqual(found["date_to"], date(2031, 6, 16))
        days = self.env["sales.target.day"].search(
            [
                ("target_id.total_id", "=", node.id),
                ("date", ">=", "2031-06-01"),
                ("date", "<=", "2031-06-16"),
            ]
        )
        self.assertAlmostEqual(found["planned"], sum(days.mapped("value")))
        month = node.month_ids.filtered(lambda row: row.date_from.month == 6)
        self.assertEqual(self._read(month, None, None)["planned"], 128_000)

    def test_roles(self):
        self._example()
        node = self._node(self.reps["rep"])
        for role, allowed in (
            ("rep", True),
            ("peer", False),
            ("leader", True),
            ("peer_leader", False),
            ("director", True),
            ("operations", True),
            ("finance", True),
            ("foreigner", False),
        ):
            mine = node.with_user(self.users[role])
            if allowed:
                self.assertEqual(self._read(mine)["gap"], -35_012, role)
                continue
            with self.assertRaises(AccessError):
                self._read(mine)
            with self.assertRaises(AccessError):
                self._take(mine, self.users[role])

    def _take(self, node, user, cause="COLLECTED", **values):
        with freeze_time("2031-07-02 12:00:00"):
            return node.action_take_measure(
                cause,
                user.id,
                values.pop("date", "2031-07-10"),
                values.pop("note", None),
                "2031-06-01",
                "2031-06-30",
            )

    def test_measure(self):
        """A task with owner and date; taken twice it is one."""
        self._example()
        chain = self.driver._get_chain(self.collected, self.company)
        chain[-1].write({"measure": "Visit who is overdue", "measure_kind": "credit"})
        node = self._node(self.reps["rep"]).with_user(self.users["leader"])
        first = self._take(node, self.users["rep"])
        again = self._take(node, self.users["rep"], date="2031-07-15")
        self.assertEqual(first, again)
        task = self.env["mail.activity"].browse(first)
        self.assertEqual(
            (task.res_model, task.res_id), ("sales.rep", self.reps["rep"].id)
        )
        self.assertEqual(task.user_id, self.users["rep"])
        self.assertEqual(task.date_deadline, date(2031, 7, 15))
        self.assertEqual(task.sales_target_id, node.sudo(False).with_user(1))
        self.assertIn("14,621.25", task.note)
        self.assertIn("Visit who is overdue", task.note)
        tasks = self._read(node)["tasks"]
        self.assertEqual([found["id"] for found in tasks], [first])
        # Done, it is over: the next one is new.
        task.action_done()
        self.assertFalse(self._read(node)["tasks"])
        self.assertNotEqual(self._take(node, self.users["rep"]), first)
        # Another cause is another task; the company's is on the plan.
        other = self._take(node, self.users["leader"], "days", note="Ask for cover")
        self.assertIn("Ask for cover", self.env["mail.activity"].browse(other).note)
        node = self._node().with_user(self.users["director"])
        node.sudo().flush_recordset()
        root = self.env["mail.activity"].browse(
            self._take(node, self.users["director"])
        )
        self.assertEqual(root.sales_target_id.id, node.id)

    def test_measure_is_stamped(self):
        """Which deviation a task is about is set by the system, for whoever asks."""
        self._example()
        node = self._node(self.reps["rep"])
        task = self.env["mail.activity"].browse(
            self._take(node.with_user(self.users["leader"]), self.users["rep"])
        )
        other = self._node(self.reps["peer"])
        for role in ("rep", "leader", "director"):
            mine = task.with_user(self.users[role])
            for values in (
                {"sales_target_id": other.id},
                {"sales_cause": "days"},
                {"sales_date_from": "2031-01-01"},
                {"sales_date_to": False},
            ):
                with self.assertRaisesRegex(UserError, "set by the system"):
                    mine.write(values)
        partner = self.env["res.partner"].create({"name": "Somebody"})
        values = {
            "res_model_id": self.env["ir.model"]._get_id("res.partner"),
            "res_id": partner.id,
            "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            "user_id": self.users["leader"].id,
        }
        mine = self.env["mail.activity"].with_user(self.users["leader"])
        with self.assertRaisesRegex(UserError, "set by the system"):
            mine.create({**values, "sales_target_id": other.id})
        made = mine.with_context(default_sales_target_id=other.id).create(values)
        self.assertFalse(made.sales_target_id)
        made.summary = "Call"

    def test_measure_refused(self):
        self._example()
        node = self._node(self.reps["rep"]).with_user(self.users["rep"])
        with self.assertRaisesRegex(AccessError, "take it yourself"):
            self._take(node, self.users["leader"])
        self.assertTrue(self._take(node, self.users["rep"]))
        leader = node.with_user(self.users["leader"])
        for values, message in (
            ({"user": self.users["foreigner"]}, "somebody of the company"),
            ({"user": self.env["res.users"]}, "somebody of the company"),
            ({"date": "soon"}, "no date"),
            ({"date": False}, "until when"),
            ({"cause": "actual"}, "no cause"),
            ({"cause": "Nonsense"}, "no cause"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self._take(leader, **{"user": self.users["rep"], **values})

    def test_queries(self):
        """As many for a few reps as for many; some have come since the commitment."""
        counts = []
        for more in (1, 15):
            with freeze_time("2031-05-05 12:00:00"):
                for number in range(more):
                    self._rep(
                        self._user(
                            f"more{more}_{number}", "sales_force.group_sales_rep"
                        ),
                        team_id=self.team.id,
                    )
                self.goal.action_decompose()
            node = self._node()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._read(node, "2031-05-10", "2031-06-20")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3)
        self.assertLess(counts[1], 70)
