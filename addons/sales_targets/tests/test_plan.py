"""A plan: one core goal, divided exactly, answered, changed in versions, achieved."""

from collections import defaultdict
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import SalesForceCase


class TargetCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metric = cls.env.ref("sales_force.sales_metric_invoiced")
        cls.company.resource_calendar_id.tz = "UTC"
        cls.plan = cls._plan()

    @classmethod
    def _plan(cls, **values):
        return cls.env["sales.target.plan"].create(
            {
                "name": "Invoiced 2031",
                "company_id": cls.company.id,
                "metric_id": cls.metric.id,
                "stage": "growth",
                "stage_reason": "Few of them know us",
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "value": 1_000_000,
                **values,
            }
        )

    def _totals(self, plan=None):
        rows = self.env["sales.target"].search(
            [("plan_id", "=", (plan or self.plan).id), ("period", "=", "total")]
        )
        return {row.key: row.value for row in rows}

    def assertExact(self, plan):
        """Both trees sum, in every month and in total, to the unit."""
        rows = self.env["sales.target"].search([("plan_id", "=", plan.id)])
        months = defaultdict(float)
        children = defaultdict(float)
        for row in rows:
            if row.period == "month":
                months[row.total_id] += row.value
            if row.parent_id:
                children[row.parent_id] += row.value
        for row in rows:
            if row.period == "total":
                self.assertEqual(round(months[row], 2), row.value, row.key)
            if row in children:
                self.assertEqual(round(children[row], 2), row.assigned_value, row.key)


@tagged("post_install", "-at_install")
class TestPlan(TargetCase):
    def test_divided(self):
        self.plan.action_decompose()
        totals = self._totals()
        self.assertEqual(totals["c"], 1_000_000)
        self.assertExact(self.plan)
        ids = self.plan.target_ids.ids
        self.plan.action_decompose()
        self.assertEqual(self._totals(), totals)
        self.assertEqual(self.plan.target_ids.ids, ids)

    def test_one_core(self):
        with self.assertRaisesRegex(ValidationError, "Several equal goals"):
            self._plan(name="Another", date_from="2031-06-01")
        self._plan(name="Beside", kind="supporting")
        self._plan(name="Later", date_from="2032-01-01", date_to="2032-12-31")

    def test_publish_and_answer(self):
        self.plan.action_publish()
        self.assertEqual(self.plan.state, "proposed")
        mine = self.env["sales.target"].search(
            [
                ("plan_id", "=", self.plan.id),
                ("rep_id", "=", self.reps["rep"].id),
                ("period", "=", "total"),
                ("level", "=", "rep"),
            ]
        )
        theirs = mine.with_user(self.users["rep"])
        with self.assertRaises(AccessError):
            mine.with_user(self.users["peer"]).action_accept()
        theirs.action_counter(mine.value - 1000, "A customer has closed down")
        self.assertEqual(mine.answer, "countered")
        with self.assertRaises(UserError):
            self.plan.action_commit()
        mine.with_user(self.users["director"]).action_settle(True)
        self.assertEqual((mine.answer, mine.locked), ("settled", True))
        self.assertEqual(mine.value, mine.proposed_value)
        self.assertExact(self.plan)
        self.assertEqual(sorted(self.plan.version_ids.mapped("number")), [1, 2])
        self.plan.action_commit()
        self.assertEqual(self.plan.state, "committed")

    def test_leader_settles(self):
        """Within the own team, whose sum stays; not in another one."""
        north, south = self.env["crm.team"].create([{"name": "N"}, {"name": "S"}])
        mate = self._user("mate", "sales_force.group_sales_rep")
        self.reps["mate"] = self._rep(mate, self.reps["leader"], team_id=north.id)
        self.reps["rep"].team_id = north
        self.reps["peer"].team_id = south
        self.plan.action_publish()
        before = self._totals()
        leaves = {leaf.rep_id: leaf for leaf in self.plan._get_leaves()}
        mine = leaves[self.reps["rep"]]
        mine.with_user(self.users["rep"]).action_counter(mine.value - 500, "Less")
        for role in ("rep", "peer_leader"):
            with self.assertRaises(AccessError):
                mine.with_user(self.users[role]).action_settle(True)
        mine.with_user(self.users["leader"]).action_settle(True)
        after = self._totals()
        self.assertExact(self.plan)
        changed = {key for key in after if after[key] != before[key]}
        self.assertEqual(changed, {mine.key, leaves[self.reps["mate"]].key})

    def test_days(self):
        self.plan.action_publish()
        days = self.env["sales.target.day"].search(
            [("plan_id", "=", self.plan.id), ("rep_id", "=", self.reps["rep"].id)]
        )
        total = sum(
            self.env["sales.target"]
            .search(
                [
                    ("plan_id", "=", self.plan.id),
                    ("rep_id", "=", self.reps["rep"].id),
                    ("level", "=", "rep"),
                    ("period", "=", "total"),
                ]
            )
            .mapped("value")
        )
        self.assertEqual(round(sum(days.mapped("value")), 2), total)

    def test_reminders(self):
        """Who has not answered, three days before and once after; nobody twice."""
        with freeze_time("2030-12-01 12:00:00"):
            self.plan.action_publish()
        leaves = {leaf.rep_id: leaf for leaf in self.plan._get_leaves()}
        mine = leaves[self.reps["rep"]].with_user(self.users["rep"])
        told = []
        for day in (5, 19, 19, 21, 23, 24):
            with freeze_time(f"2030-12-{day} 12:00:00"):
                messages = self.env["mail.message"].search([])
                self.plan._cron_remind()
                new = self.env["mail.message"].search([]) - messages
                told.append(
                    {
                        name
                        for name in ("rep", "peer", "leader", "peer_leader")
                        if self.users[name].partner_id in new.notified_partner_ids
                    }
                )
                if day == 19 and mine.answer == "none":
                    mine.action_accept()
        peers = {"peer", "peer_leader"}
        self.assertEqual(
            told, [set(), peers | {"rep", "leader"}, set(), set(), peers, set()]
        )

    def test_weekdays(self):
        """22,000 over the days of a month, where Fridays bring twice as much."""
        self.plan.write({"by_weekday": True, "weekday_friday": 200})
        self.plan.action_publish()
        month = self.env["sales.target"].search(
            [
                ("plan_id", "=", self.plan.id),
                ("rep_id", "=", self.reps["rep"].id),
                ("level", "=", "rep"),
                ("date_from", "=", "2031-01-01"),
                ("period", "=", "month"),
            ]
        )
        days = {
            day.date: day.value
            for day in self.env["sales.target.day"].search(
                [("target_id", "=", month.id)]
            )
        }
        self.assertEqual(round(sum(days.values()), 2), month.value)
        # 23 working days of January 2031, five of them Fridays.
        for day, value in days.items():
            part = 2 if day.weekday() == 4 else 1
            self.assertLess(abs(value - month.value * part / 28), 1, day)
        self.plan.weekday_friday = 100
        self.assertLess(
            max(
                abs(day.value - month.value / 23)
                for day in self.env["sales.target.day"].search(
                    [("target_id", "=", month.id)]
                )
            ),
            1,
        )

    def test_make_up_day(self):
        """A day on which one works after all gets its part of the month soon."""
        self.plan.action_publish()
        job = self.env.ref("sales_targets.ir_cron_derive_days")
        triggers = [("cron_id", "=", job.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        saturday = date(2031, 2, 1)
        self.env["sales.calendar.day"].create(
            {
                "name": "Make-up day",
                "date": saturday,
                "kind": "workday",
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1)
        self.env["sales.target.day"]._cron_derive()
        days = self.env["sales.target.day"].search(
            [("plan_id", "=", self.plan.id), ("rep_id", "=", self.reps["rep"].id)]
        )
        month = days.filtered(lambda day: day.date.replace(day=1) == saturday)
        self.assertTrue(month.filtered(lambda day: day.date == saturday).value)
        row = month.target_id
        self.assertEqual(round(sum(month.mapped("value")), 2), row.value)

    def test_achieved(self):
        self.plan.action_publish()
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-10")
        invoice.action_post()
        with freeze_time("2031-01-15 12:00:00"):
            mine = self.env["sales.target"].search(
                [("plan_id", "=", self.plan.id), ("period", "=", "total")]
            )
            by_key = {row.key.split("/")[-1]: row.achieved for row in mine}
        self.assertEqual(by_key[f"r{self.reps['rep'].id}"], 100)
        self.assertEqual(by_key["c"], 100)
        self.assertEqual(by_key[f"r{self.reps['peer'].id}"], 0)

    def test_locked_too_much(self):
        self.plan.action_decompose()
        leaf = self.plan._get_leaves()[0]
        with self.assertRaises(UserError):
            self.plan.set_cells([{"id": leaf.id, "value": 2_000_000}])
        self.assertEqual(date(2031, 1, 1), self.plan.date_from)
