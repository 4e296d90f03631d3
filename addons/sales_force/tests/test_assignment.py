"""Dated assignments: no gaps, no overlaps, no circles, whoever changes them when."""

from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import errors

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ConcurrentCase, SalesForceCase

START = date(2024, 1, 1)


@tagged("post_install", "-at_install")
class TestAssignment(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.teams = cls.env["crm.team"].create([{"name": "T1"}, {"name": "T2"}])
        cls.rep = cls.reps["rep"]
        cls.assignments = cls.rep.assignment_ids

    def _assign(self, date_from, rep=None, **values):
        return self.env["sales.rep.assignment"].create(
            {"rep_id": (rep or self.rep).id, "date_from": date_from, **values}
        )

    def _spans(self, rep=None):
        assignments = (rep or self.rep).assignment_ids.sorted("date_from")
        return [
            (str(a.date_from), str(a.date_to) if a.date_to else None)
            for a in assignments
        ]

    def _check_chain(self, rep):
        """Each ends the day before the next one starts; the last one is open."""
        rep.invalidate_recordset(["assignment_ids"])
        assignments = rep.assignment_ids.sorted("date_from")
        for this, following in zip(assignments, assignments[1:], strict=False):
            self.assertEqual(this.date_to, following.date_from - timedelta(days=1))
        self.assertFalse(assignments[-1:].date_to)
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")

    def test_first_assignment(self):
        self.assertEqual(self._spans(), [("2020-01-01", None)])
        self.assertEqual(self.assignments.manager_id, self.reps["leader"])

    def test_new_one_closes_the_former(self):
        self._assign("2024-03-01", team_id=self.teams[0].id)
        self._assign("2024-02-01")
        self.assertEqual(
            self._spans(),
            [
                ("2020-01-01", "2024-01-31"),
                ("2024-02-01", "2024-02-29"),
                ("2024-03-01", None),
            ],
        )
        self._check_chain(self.rep)

    def test_deleting_and_moving_leave_no_gap(self):
        middle = self._assign("2024-02-01")
        last = self._assign("2024-03-01")
        middle.unlink()
        self.assertEqual(
            self._spans(), [("2020-01-01", "2024-02-29"), ("2024-03-01", None)]
        )
        last.date_from = "2024-01-15"
        self.assertEqual(
            self._spans(), [("2020-01-01", "2024-01-14"), ("2024-01-15", None)]
        )
        last.unlink()
        self.assertEqual(self._spans(), [("2020-01-01", None)])
        self._check_chain(self.rep)

    @mute_logger("odoo.sql_db")
    def test_one_start_per_day(self):
        with self.assertRaises(errors.UniqueViolation):
            self._assign("2020-01-01")

    def test_end_is_derived(self):
        """An end may be given, as an import does, if it is the one that results."""
        self.env["sales.rep.assignment"].create(
            [
                {
                    "rep_id": self.rep.id,
                    "date_from": "2024-01-01",
                    "date_to": "2024-06-30",
                },
                {"rep_id": self.rep.id, "date_from": "2024-07-01"},
            ]
        )
        self._check_chain(self.rep)
        with self.assertRaises(ValidationError):
            self._assign("2025-01-01", date_to="2025-06-30")
        with self.assertRaises(ValidationError):
            self.rep.assignment_ids[:1].date_to = "2030-01-01"

    @mute_logger("odoo.sql_db")
    def test_database_refuses_overlap(self):
        self.env.flush_all()
        with self.assertRaises(errors.ExclusionViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                """INSERT INTO sales_rep_assignment (rep_id, company_id, date_from)
                VALUES (%s, %s, '2024-01-01');
                SET CONSTRAINTS ALL IMMEDIATE""",
                [self.rep.id, self.company.id],
            )

    @freeze_time("2024-05-15")
    def test_profile_follows_today(self):
        future = self._assign(
            "2024-06-01",
            manager_id=self.reps["manager"].id,
            team_id=self.teams[1].id,
        )
        self.assertEqual(self.rep.parent_id, self.reps["leader"])
        with freeze_time("2024-06-01"):
            self.env["sales.rep"]._cron_sync_assignment()
            self.assertEqual(self.rep.parent_id, self.reps["manager"])
            self.assertEqual(self.rep.team_id, self.teams[1])
            self.assertEqual(
                self.rep.parent_path,
                f"{self.reps['manager'].parent_path}{self.rep.id}/",
            )
        future.date_from = "2024-05-01"
        self.assertEqual(self.rep.team_id, self.teams[1])
        future.unlink()
        self.assertEqual(self.rep.parent_id, self.reps["leader"])
        self.assertFalse(self.rep.team_id)

    @freeze_time("2024-05-15")
    def test_writing_the_profile_assigns_from_today(self):
        self.rep.write({"team_id": self.teams[0].id})
        self.assertEqual(
            self._spans(), [("2020-01-01", "2024-05-14"), ("2024-05-15", None)]
        )
        current = self.rep._get_assignment(date(2024, 5, 15))
        self.assertEqual(current.manager_id, self.reps["leader"])
        self.assertEqual(current.team_id, self.teams[0])
        self.rep.parent_id = self.reps["manager"]
        self.assertEqual(len(self.rep.assignment_ids), 2)
        self.assertEqual(self.rep.parent_id, self.reps["manager"])

    def test_first_assignment_follows_hire_date(self):
        self._assign("2024-05-01")
        self.rep.date_start = "2019-01-01"
        self.assertEqual(self._spans()[0], ("2019-01-01", "2024-04-30"))
        with self.assertRaises(ValidationError):
            self.rep.date_start = "2024-05-01"
        self.assignments.date_from = "2019-06-01"
        self.rep.date_start = "2018-01-01"
        self.assertEqual(self._spans()[0], ("2019-06-01", "2024-04-30"))

    @freeze_time("2024-05-15")
    def test_territories_change_one_by_one(self):
        """Adding and removing one, as a form does, keeps the others."""
        one, two, three = self.env["sales.territory"].create(
            [{"name": name} for name in ("One", "Two", "Three")]
        )
        self.assignments.territory_ids = one + two
        self.rep.write(
            {"territory_ids": [Command.link(three.id), Command.unlink(one.id)]}
        )
        self.assertEqual(len(self.rep.assignment_ids), 2)
        self.assertEqual(self.assignments.territory_ids, one + two)
        self.assertEqual(self.rep.territory_ids, two + three)
        self.rep.write({"territory_ids": [Command.unlink(two.id)]})
        self.assertEqual(len(self.rep.assignment_ids), 2)
        self.assertEqual(self.rep.territory_ids, three)
        self.rep.territory_ids = one
        self.assertEqual(self.rep.territory_ids, one)

    def test_today_is_the_company_s(self):
        """The day changes where the company works, not in UTC."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        with freeze_time("2024-05-15 20:00:00"):
            self.assertEqual(self.company._get_sales_today(), date(2024, 5, 16))
            self.rep.team_id = self.teams[0]
        self.assertEqual(self._spans()[-1][0], "2024-05-16")

    @freeze_time("2024-05-15")
    def test_change_places(self):
        """A leader and a rep change places on one day."""
        leader, rep = self.reps["leader"], self.rep
        self.env["sales.rep.assignment"].create(
            [
                {
                    "rep_id": leader.id,
                    "date_from": "2024-05-15",
                    "manager_id": rep.id,
                },
                {
                    "rep_id": rep.id,
                    "date_from": "2024-05-15",
                    "manager_id": self.reps["manager"].id,
                },
            ]
        )
        self.assertEqual(leader.parent_id, rep)
        self.assertEqual(rep.parent_id, self.reps["manager"])
        self.assertIn(
            leader, self.env["sales.rep"].search([("id", "child_of", rep.id)])
        )

    def test_no_circle_on_any_date(self):
        manager = self.reps["manager"]
        # In the future only, over three levels.
        with self.assertRaisesRegex(ValidationError, "circle"):
            with self.env.cr.savepoint():
                self._assign("2030-01-01", rep=manager, manager_id=self.rep.id)
        # Fine as soon as the rep no longer is below from that day on.
        self._assign("2030-01-01", manager_id=False)
        self._assign("2030-01-01", rep=manager, manager_id=self.rep.id)
        # But not when that is put off.
        with self.assertRaisesRegex(ValidationError, "circle"):
            with self.env.cr.savepoint():
                self.rep.assignment_ids.filtered(
                    lambda a: a.date_from.year == 2030
                ).unlink()
        with self.assertRaises(ValidationError):
            self.rep.parent_id = self.rep

    def test_companies_do_not_mix(self):
        with self.assertRaises(UserError):
            self._assign("2024-01-01", manager_id=self.reps["foreigner"].id)

    def test_credits_move_along(self):
        """January stays with the old team, February goes to the new one."""
        self.assignments.team_id = self.teams[0]
        orders = {}
        for month in (1, 2):
            order = self._order(self.users["rep"])
            order.date_order = fields.Datetime.to_datetime(f"2024-0{month}-15 12:00:00")
            orders[month] = order
        self.env.flush_all()
        credits_ = {
            month: self.env["sales.credit"].search(
                [
                    ("metric_id.code", "=", "ORDERED"),
                    ("res_id", "in", order.order_line.ids),
                    ("res_model", "=", "sale.order.line"),
                ]
            )
            for month, order in orders.items()
        }
        self.assertEqual(credits_[1].team_id, self.teams[0])
        moved = self._assign(
            "2024-02-01",
            team_id=self.teams[1].id,
            manager_id=self.reps["manager"].id,
        )
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_[1].team_id, self.teams[0])
        self.assertEqual(credits_[1].manager_id, self.reps["leader"])
        self.assertEqual(credits_[2].team_id, self.teams[1])
        self.assertEqual(credits_[2].manager_id, self.reps["manager"])
        moved.date_from = "2024-01-01"
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_[1].team_id, self.teams[1])
        moved.unlink()
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_[2].team_id, self.teams[0])
        self.assertEqual(credits_[2].manager_id, self.reps["leader"])

    def test_wizard(self):
        territory = self.env["sales.territory"].create({"name": "T"})
        reps = self.rep + self.reps["leader"]
        wizard = self.env["sales.rep.change"].with_context(
            active_model="sales.rep", active_ids=reps.ids
        )
        wizard = wizard.with_user(self.users["operations"]).create(
            {
                "date_from": "2024-04-01",
                "change_territories": True,
                "territory_ids": [Command.set(territory.ids)],
                "team_id": self.teams[0].id,
            }
        )
        wizard.action_apply()
        for rep in reps:
            assignment = rep._get_assignment(date(2024, 4, 1))
            self.assertEqual(assignment.territory_ids, territory)
            self.assertFalse(assignment.team_id)
            self.assertTrue(assignment.manager_id)
        manager = self.env["sales.rep.change"].with_user(self.users["manager"])
        with self.assertRaises(AccessError):
            manager.create(
                {
                    "rep_ids": [Command.set(self.reps["peer"].ids)],
                    "date_from": "2024-04-01",
                    "change_team": True,
                }
            ).action_apply()

    def test_import(self):
        """The Import screen takes reps with their organisation, then its history."""
        user = self._user("imported", "sales_force.group_sales_rep")
        territories = self.env["sales.territory"].create(
            [{"name": "Imported A", "code": "IA"}, {"name": "Imported B", "code": "IB"}]
        )
        env = self.env(user=self.users["operations"])
        row = {
            "user_id": user.name,
            "date_start": "2024-01-01",
            "parent_id": "Leader",
            "team_id": "T1",
            "territory_ids": "IA,IB",
            "state": "Active",
        }
        result = env["sales.rep"].load(list(row), [list(row.values())])
        self.assertIn("say why it is not needed", result["messages"][0]["message"])
        row["onboarding_waiver"] = "At work since 2024"
        result = env["sales.rep"].load(list(row), [list(row.values())])
        self.assertFalse(result["messages"])
        rep = self.env["sales.rep"].browse(result["ids"])
        self.assertEqual(rep.parent_id, self.reps["leader"])
        self.assertEqual(rep.territory_ids, territories)
        result = env["sales.rep.assignment"].load(
            ["rep_id", "date_from", "manager_id", "territory_ids"],
            [
                [rep.name, "2024-05-01", "Manager", "IA"],
                [rep.name, "2024-08-01", "Leader", "IB"],
            ],
        )
        self.assertFalse(result["messages"])
        self.assertEqual(
            self._spans(rep),
            [
                ("2024-01-01", "2024-04-30"),
                ("2024-05-01", "2024-07-31"),
                ("2024-08-01", None),
            ],
        )

    def test_queries_stay_flat(self):
        """Closing and following take as many queries for five reps as for one."""
        reps = self.env["sales.rep"].concat(
            *(rep for name, rep in self.reps.items() if name != "foreigner")
        )
        counts = []
        for subjects in (reps[:1], reps[2:]):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["sales.rep.assignment"].create(
                [
                    {
                        "rep_id": rep.id,
                        "date_from": "2031-01-01",
                        "team_id": self.teams[0].id,
                    }
                    for rep in subjects
                ]
            )
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["create", "write", "unlink"]),
                st.integers(0, 9),
                st.integers(0, 60),
            ),
            max_size=12,
        )
    )
    def test_any_sequence_keeps_the_chain(self, operations):
        rep = self.reps["peer"]
        with self.env.cr.savepoint() as savepoint:
            for operation, which, offset in operations:
                day = START + timedelta(days=offset)
                starts = rep.assignment_ids.mapped("date_from")
                chosen = rep.assignment_ids[which : which + 1]
                if operation == "create" and day not in starts:
                    self._assign(day, rep=rep)
                elif operation == "write" and chosen and day not in starts:
                    chosen.date_from = day
                elif operation == "unlink":
                    chosen.unlink()
                rep.invalidate_recordset()
            self._check_chain(rep)
            savepoint.rollback()
            self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestConcurrentAssignment(ConcurrentCase):
    """Two transactions at once, with real cursors and commits."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self._environment() as env:
            users = env["res.users"]
            for name in ("a", "b", "c", "d"):
                users += new_test_user(
                    env,
                    f"sf_concurrent_{name}",
                    "base.group_user",
                    context={"no_reset_password": True},
                )
            reps = env["sales.rep"].create(
                [{"user_id": user.id, "date_start": "2020-01-01"} for user in users]
            )
            self.rep_ids = reps.ids

    def _remove(self):
        with self._environment() as env:
            users = env["res.users"].search([("login", "like", "sf_concurrent_")])
            reps = users.sales_rep_ids
            reps.assignment_ids.manager_id = False
            reps.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _assign(self, env, rep, date_from, manager=None):
        return env["sales.rep.assignment"].create(
            {
                "rep_id": self.rep_ids[rep],
                "date_from": date_from,
                "manager_id": self.rep_ids[manager] if manager is not None else False,
            }
        )

    def test_two_new_assignments(self):
        runs = self._race(
            lambda env: self._assign(env, 0, "2024-02-01"),
            lambda env: self._assign(env, 0, "2024-03-01"),
        )
        self.assertEqual(runs, 2)
        with self._environment() as env:
            assignments = env["sales.rep.assignment"].search(
                [("rep_id", "=", self.rep_ids[0])], order="date_from"
            )
            self.assertEqual(
                [str(end) if end else None for end in assignments.mapped("date_to")],
                ["2024-01-31", "2024-02-29", None],
            )

    def test_delete_and_create(self):
        with self._environment() as env:
            middle = self._assign(env, 0, "2024-02-01").id
        self._race(
            lambda env: env["sales.rep.assignment"].browse(middle).unlink(),
            lambda env: self._assign(env, 0, "2024-03-01"),
        )
        with self._environment() as env:
            assignments = env["sales.rep.assignment"].search(
                [("rep_id", "=", self.rep_ids[0])], order="date_from"
            )
            self.assertEqual(
                [str(end) if end else None for end in assignments.mapped("date_to")],
                ["2024-02-29", None],
            )

    def test_two_halves_of_a_circle(self):
        """Each half is fine alone; the second sees the first and is refused."""
        with self._environment() as env:
            self._assign(env, 1, "2023-01-01", manager=2)
            self._assign(env, 3, "2023-01-01", manager=0)
        with self.assertRaisesRegex(ValidationError, "circle"):
            self._race(
                lambda env: self._assign(env, 0, "2024-01-01", manager=1),
                lambda env: self._assign(env, 2, "2024-01-01", manager=3),
            )
