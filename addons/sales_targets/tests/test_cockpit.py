"""The cockpit: its numbers are the credits', its rights the user's."""

from collections import defaultdict
from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tests import BaseCase, tagged

from odoo.addons.sales_force.tests.credit_rows import CreditRows

from ..planning.curve import add, daily
from ..planning.periods import choose, periods
from .test_plan import TargetCase

TODAY = "2031-02-12 12:00:00"
MONTHS = [date(2031, number, 1) for number in range(1, 13)]


class TestPeriods(BaseCase):
    def test_all(self):
        found = periods(MONTHS)
        self.assertEqual(len(found), 12 + 4 + 1)
        by_key = {period.key: period for period in found}
        self.assertEqual(by_key["month:2031-02"].stop, date(2031, 2, 28))
        self.assertEqual(by_key["quarter:2031-10"].stop, date(2031, 12, 31))
        self.assertEqual(by_key["total"][2:], (date(2031, 1, 1), date(2031, 12, 31)))

    def test_short_quarter(self):
        short = periods(MONTHS[:4])[-2]
        self.assertEqual((short.start, short.stop), (MONTHS[3], date(2031, 4, 30)))

    def test_choice(self):
        found = periods(MONTHS)
        for wanted, today, key in (
            ("month", date(2031, 5, 31), "month:2031-05"),
            ("month", date(2030, 5, 31), "month:2031-01"),
            ("month", date(2032, 5, 31), "month:2031-12"),
            ("quarter", date(2031, 5, 31), "quarter:2031-04"),
            ("quarter:2031-01", date(2031, 5, 31), "quarter:2031-01"),
            ("total", date(2031, 5, 31), "total"),
        ):
            self.assertEqual(choose(found, wanted, today).key, key)
        self.assertIsNone(choose(found, "week", MONTHS[0]))


class TestCurve(BaseCase):
    @given(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
        st.dictionaries(st.integers(0, 120), st.integers(0, 1000)),
    )
    def test_days_sum_to_their_month(self, targets, weights):
        months = dict(zip(MONTHS, targets, strict=False))
        days = {MONTHS[0] + timedelta(days=n): value for n, value in weights.items()}
        found = defaultdict(int)
        for day, value in daily(months, days).items():
            found[day.replace(day=1)] += value
        self.assertEqual(dict(found), months)

    def test_added(self):
        day = MONTHS[0]
        self.assertEqual(add([{day: 1}, {day: 2}]), {day: 3})


class CockpitCase(CreditRows, TargetCase):
    """The leader has three reps, the peer leader one; some credits of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("second", "third"):
            cls.users[name] = cls._user(name, "sales_force.group_sales_rep")
            cls.reps[name] = cls._rep(cls.users[name], cls.reps["leader"])
        cls.plan.action_publish()
        cls.visits = cls._plan(
            name="Visits 2031",
            kind="supporting",
            metric_id=cls.env.ref("sales_force.sales_metric_visits").id,
            value=1200,
            profile="even",
        )
        cls.visits.action_publish()
        for name, value, day in (
            ("rep", 1000.25, "2031-01-10"),
            ("rep", 25000, "2031-02-03"),
            ("rep", -120.5, "2031-02-12"),
            ("second", 8000, "2031-02-08"),
            ("third", 300, "2031-02-20"),
            ("peer", 4000.75, "2031-02-04"),
            ("leader", 500, "2031-02-04"),
            ("rep", 777, "2030-12-31"),
        ):
            cls._credit("INVOICED", cls.reps[name], value, date.fromisoformat(day))
        cls._credit(
            "INVOICED", cls.reps["rep"], 99, date(2031, 2, 5), overlay=True, part=1
        )
        cls._credit("INVOICED", cls.env["sales.rep"], 60, date(2031, 2, 6))
        cls._credit("VISITS", cls.reps["rep"], 7, date(2031, 2, 6))

    def _cockpit(self, who, target=None, period="month", **parameters):
        plans = self.env["sales.target.plan"].with_user(self.users[who])
        with freeze_time(TODAY):
            return plans.get_cockpit(target and target.id, period, **parameters)

    def _node(self, name, plan=None):
        return (
            (plan or self.plan)
            ._get_leaves()
            .filtered(lambda leaf: leaf.rep_id == self.reps[name])
        )

    def _brute(self, names, start, stop):
        """Credit by credit, in Python."""
        return round(
            sum(
                credit.value
                for credit in self.env["sales.credit"].search([])
                if credit.rep_id in [self.reps[name] for name in names]
                and credit.metric_id == self.metric
                and not credit.overlay
                and date.fromisoformat(start) <= credit.date
                and credit.date <= date.fromisoformat(stop)
            ),
            2,
        )


@tagged("post_install", "-at_install")
class TestCockpit(CockpitCase):
    def test_numbers_are_the_credits(self):
        """Of every period, of a rep, a leader's people and the company."""
        for who, names in (
            ("rep", ["rep"]),
            ("leader", ["rep", "second", "third"]),
            ("director", [*self.reps]),
        ):
            for period in self._cockpit(who)["periods"]:
                found = self._cockpit(who, period=period["key"])
                start, stop = period["start"].isoformat(), period["stop"].isoformat()
                achieved = self._brute(names, start, stop)
                if who == "director" and start <= "2031-02-06" <= stop:
                    achieved += 60  # credited to nobody
                self.assertEqual(found["figures"]["achieved"], round(achieved, 2))
                days = found["days"]
                self.assertEqual(round(sum(day[2] for day in days), 2), achieved)
                self.assertAlmostEqual(
                    sum(day[1] for day in days), found["figures"]["target"], 0
                )

    def test_numbers_are_those_of_the_target(self):
        """A month and the whole plan are what the rows say of themselves."""
        root = self.plan._get_root()
        leaf = self._node("rep")
        for target in (root, leaf):
            for row, period in (
                (target, "total"),
                (target.month_ids[1], "month:2031-02"),
                (target.month_ids[0], "month:2031-01"),
                (target.month_ids[5], "month:2031-06"),
            ):
                figures = self._cockpit("director", target, period)["figures"]
                with freeze_time(TODAY):
                    row.invalidate_recordset()
                    for name in ("achieved", "expected", "gap", "landing", "required"):
                        self.assertEqual(figures[name] or 0, row[name], (name, period))
                    self.assertEqual(figures["target"], row.value)
                    # What came the year before tells something.
                    self.assertTrue(row.landing_known)
                    for name in ("landing_p10", "landing_p50", "landing_p90"):
                        self.assertEqual(figures[name], row[name], (name, period))
                    self.assertAlmostEqual(figures["pace"] or 0, row.pace_index, 2)
                    self.assertAlmostEqual(figures["attainment"], row.attainment, 5)

    def test_expected_is_where_the_curve_is_today(self):
        for who in ("rep", "leader", "director"):
            found = self._cockpit(who, period="total")
            due = sum(day[1] for day in found["days"] if day[0] <= found["today"])
            self.assertAlmostEqual(due, found["figures"]["expected"], 0)

    def test_children_sum_to_their_parent(self):
        found = self._cockpit("director")
        whole = sum(child["achieved"] for child in found["children"])
        # The leader carries no target, and 60 are nobody's.
        self.assertEqual(found["others"], 560)
        self.assertEqual(round(whole + 560, 2), found["figures"]["achieved"])
        found = self._cockpit("leader")
        self.assertEqual(found["others"], 0)
        for name in ("achieved", "target", "expected"):
            self.assertAlmostEqual(
                sum(child[name] for child in found["children"]), found["figures"][name]
            )

    def test_who_needs_help(self):
        found = self._cockpit("leader")
        names = {child["id"]: child["name"] for child in found["children"]}
        self.assertNotIn("Peer", names.values())
        # The second is ahead, the first far ahead.
        self.assertEqual([names[id_] for id_ in found["help"]], ["Third"])
        [third] = [child for child in found["children"] if child["name"] == "Third"]
        self.assertEqual(third["behind"], round(third["expected"] - 300, 2))
        self.assertAlmostEqual(third["pace"], 300 / third["expected"], 4)

    def test_days(self):
        found = self._cockpit("rep")
        days = {day: rest for day, *rest in found["days"]}
        self.assertEqual(len(days), 28)
        self.assertEqual(days[date(2031, 2, 3)][1:], [25000, False])
        self.assertEqual(days[date(2031, 2, 12)][1], -120.5)
        # Saturday
        self.assertEqual(days[date(2031, 2, 8)], [0, 0, True])
        self.assertGreater(days[date(2031, 2, 7)][0], 0)

    def test_supporting_goals_are_apart(self):
        found = self._cockpit("rep")
        self.assertEqual(found["plan"]["id"], self.plan.id)
        [goal] = found["goals"]
        self.assertEqual(goal["metric"], self.visits.metric_id.name)
        self.assertEqual(goal["figures"]["achieved"], 7)
        self.assertEqual(goal["target_id"], self._node("rep", self.visits).id)
        shown = self._cockpit("rep", plan_id=self.visits.id)
        for name, value in goal["figures"].items():
            self.assertEqual(shown["figures"][name], value)
        [goal] = self._cockpit("leader")["goals"]
        self.assertEqual((goal["target_id"], goal["figures"]["achieved"]), (False, 7))

    def test_whole_picture_of_each_role(self):
        """Own figures only; nothing of hedges; the way up ends at the own top."""
        mine, theirs = self._node("rep"), self._node("peer")
        for who, target, allowed in (
            ("rep", mine, True),
            ("rep", theirs, False),
            ("rep", self._node("second"), False),
            ("rep", self.plan._get_root(), False),
            ("leader", mine, True),
            ("leader", theirs, False),
            ("leader", self.plan._get_root(), False),
            ("director", theirs, True),
            ("operations", theirs, True),
            ("finance", mine, True),
            ("foreigner", mine, False),
        ):
            if not allowed:
                with self.assertRaises(AccessError):
                    self._cockpit(who, target)
                continue
            found = self._cockpit(who, target)
            self.assertEqual(found["target"]["id"], target.id)
            self.assertNotIn("assigned", str(found))
            self.assertNotIn("hedge", str(found))
        self.assertFalse(self._cockpit("rep")["children"])
        path = self._cockpit("leader", mine)["target"]["path"]
        self.assertEqual(path, [{"id": False, "name": "My People"}])
        path = self._cockpit("director", mine)["target"]["path"]
        self.assertEqual([step["name"] for step in path], [self.company.name])
        self.assertEqual(self._cockpit("rep")["target"]["path"], [])

    def test_a_month_opens_as_its_total(self):
        leaf = self._node("rep")
        found = self._cockpit("rep", leaf.month_ids[3])
        self.assertEqual(found["target"]["id"], leaf.id)

    def test_credits_behind(self):
        """What opens sums to the figure, without overlays."""
        for who, target in (
            ("rep", self._node("rep")),
            ("leader", self._node("rep") + self._node("third")),
            ("director", self.plan._get_root()),
        ):
            user = self.users[who]
            action = target.with_user(user).action_open_credits(
                "2031-02-01", "2031-02-28"
            )
            credits_ = self.env["sales.credit"].with_user(user)
            found = credits_.search(Domain(action["domain"]))
            self.assertFalse(any(found.mapped("overlay")))
            with freeze_time(TODAY):
                achieved = sum(
                    sum(
                        value
                        for first, value in target._get_achieved(self.plan)[
                            node.key
                        ].items()
                        if first == date(2031, 2, 1)
                    )
                    for node in target
                )
            self.assertAlmostEqual(sum(found.mapped("value")), float(achieved))
        root = self.plan._get_root().with_user(self.users["director"])
        action = root.action_open_credits("2031-02-01", "2031-02-28", True)
        found = self.env["sales.credit"].search(Domain(action["domain"]))
        self.assertEqual(sum(found.mapped("value")), 560)
        with self.assertRaises(AccessError):
            root.with_user(self.users["rep"]).action_open_credits(
                "2031-02-01", "2031-02-28"
            )

    def test_who_moved(self):
        """The old place keeps what was; what comes after counts elsewhere."""
        leaf = self._node("rep")
        leaf._update(active_to=date(2031, 2, 3))
        found = self._cockpit("director", leaf)
        self.assertEqual(found["figures"]["achieved"], 25000)
        self.assertEqual(sum(day[2] for day in found["days"]), 25000)
        leader = self._cockpit("leader")
        self.assertNotIn(leaf.id, leader["help"])
        others = self._cockpit("director")["others"]
        self.assertEqual(others, 560 - 120.5)
        root = self.plan._get_root()
        action = root.action_open_credits("2031-02-01", "2031-02-28", others=True)
        found = self.env["sales.credit"].search(Domain(action["domain"]))
        self.assertEqual(round(sum(found.mapped("value")), 2), others)

    def test_of_a_unit(self):
        """All of the unit counts, who has left it as well, and opens."""
        unit = self._plan(
            name="The leader's", kind="supporting", top_rep_id=self.reps["leader"].id
        )
        unit.action_publish()
        self.reps["second"].active = False
        found = self._cockpit("director", unit._get_root())
        names = ["leader", "rep", "second", "third"]
        achieved = self._brute(names, "2031-02-01", "2031-02-28")
        self.assertEqual(found["figures"]["achieved"], achieved)
        self.assertEqual(round(sum(day[2] for day in found["days"]), 2), achieved)
        action = unit._get_root().action_open_credits("2031-02-01", "2031-02-28")
        credits_ = self.env["sales.credit"].search(Domain(action["domain"]))
        self.assertEqual(round(sum(credits_.mapped("value")), 2), achieved)
        # What the leader sold counts for nobody below.
        self.assertEqual(found["others"], 500)

    def test_nothing_to_show(self):
        for who, status in (("rep", "nothing"), ("director", "no_plan")):
            self._hide_plans()
            found = self._cockpit(who)
            self.assertEqual(found["status"], status)
            self.assertEqual(found["can_create"], who == "director")
        self.assertEqual(self._cockpit("rep")["leader"], "Leader")
        stranger = self._user("stranger", "sales_force.group_sales_rep")
        self.users["stranger"] = stranger
        self.assertEqual(self._cockpit("stranger")["status"], "no_rep")

    def _hide_plans(self):
        (self.plan | self.visits).state = "draft"

    def test_bad_input(self):
        with self.assertRaisesRegex(UserError, "no period named"):
            self._cockpit("rep", period="week")
        leaf = self._node("rep")
        id_ = leaf.id
        self.env.cr.execute("DELETE FROM sales_target WHERE id = %s", [id_])
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "is no more"):
            self._cockpit("rep", leaf)

    def test_queries(self):
        """As many for a hundred below as for three."""

        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            found = self._cockpit("leader")
            queries = [self.cr.sql_log_count - before]
            leader = self.env(user=self.users["leader"])
            meeting = leader["sales.meeting"].browse(meeting_id)
            with freeze_time(TODAY):
                for read in (
                    leader["sales.target"].get_explanation,
                    meeting.action_refresh,
                ):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    before = self.cr.sql_log_count
                    read()
                    queries.append(self.cr.sql_log_count - before)
            return queries, len(found["children"])

        with freeze_time(TODAY):
            meetings = self.env["sales.meeting"].with_user(self.users["leader"])
            meeting_id = meetings.action_open_week()["res_id"]
        count()
        few, children = count()
        self.assertEqual(children, 3)
        users = self.env["res.users"].create(
            [
                {
                    "name": f"More {number}",
                    "login": f"sf_more_{number}",
                    "group_ids": [
                        Command.set(self.env.ref("sales_force.group_sales_rep").ids)
                    ],
                }
                for number in range(97)
            ]
        )
        self.env["sales.rep"].create(
            [
                {
                    "user_id": user.id,
                    "company_id": self.company.id,
                    "parent_id": self.reps["leader"].id,
                    "state": "active",
                }
                for user in users
            ]
        )
        self.plan.action_decompose()
        self.visits.action_decompose()
        meetings.browse(meeting_id).sudo().attendee_ids = self.reps["leader"].child_ids
        count()
        many, children = count()
        self.assertEqual(children, 100)
        for before, after in zip(few, many, strict=True):
            self.assertLessEqual(after, before + 2, (few, many))


@tagged("post_install", "-at_install")
class TestExplanation(CockpitCase):
    def _explain(self, who, nodes, *span):
        with freeze_time(TODAY):
            return nodes.with_user(self.users[who]).get_explanation(*span)

    def test_of_one_it_is_the_deviation(self):
        leaf = self._node("rep")
        span = "2031-02-01", "2031-02-28"
        found = self._explain("rep", leaf, *span)
        with freeze_time(TODAY):
            deviation = leaf.get_deviation(*span)
        for name in ("planned", "actual", "gap", "rows", "residual"):
            self.assertEqual(found[name], deviation[name])
        self.assertEqual(found["target"]["ids"], leaf.ids)
        self.assertFalse(found["may_delegate"])

    def test_several_sum(self):
        """Causes of the leader's people sum, each and all; nothing is left."""
        found = self._explain(
            "leader", self.env["sales.target"], "2031-02-01", "2031-02-28"
        )
        self.assertEqual(len(found["children"]), 3)
        for name in ("planned", "actual", "gap"):
            whole = sum(child[name] for child in found["children"])
            self.assertAlmostEqual(found[name], whole, 2)
        effects = [row for row in found["rows"] if row["kind"] == "effect"]
        self.assertEqual(round(sum(row["value"] for row in effects), 2), found["gap"])
        self.assertEqual(found["residual"], 0)
        for row in effects:
            whole = sum(child["effects"][row["key"]] for child in found["children"])
            self.assertAlmostEqual(row["value"], whole, 2)
        largest = found["largest"]
        self.assertLess(largest["value"], 0)
        worst = {
            child["id"]: child["effects"][largest["key"]] for child in found["children"]
        }
        self.assertEqual(largest["target_id"], min(worst, key=worst.get))
        with freeze_time(TODAY):
            for child in found["children"]:
                alone = self.env["sales.target"].browse(child["id"])
                alone = alone.get_deviation("2031-02-01", "2031-02-28")
                for row in alone["rows"]:
                    if row["kind"] == "effect":
                        self.assertEqual(child["effects"][row["key"]], row["value"])
        self.assertTrue(found["may_delegate"])

    def test_credits_of_a_driver(self):
        leaf = self._node("rep").with_user(self.users["rep"])
        action = leaf.action_open_credits("2031-02-01", "2031-02-28", code="VISITS")
        found = self.env["sales.credit"].search(Domain(action["domain"]))
        self.assertEqual(sum(found.mapped("value")), 7)

    def test_rights(self):
        span = "2031-02-01", "2031-02-28"
        with self.assertRaises(AccessError):
            self._explain("rep", self._node("peer"), *span)
        (self.plan | self.visits).state = "draft"
        with self.assertRaisesRegex(UserError, "No target is assigned"):
            self._explain("rep", self.env["sales.target"], *span)
