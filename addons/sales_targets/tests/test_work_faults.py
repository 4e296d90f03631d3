"""What goes wrong around a day's plan: two devices, runs that die, places, dates."""

from datetime import datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

from ..models import sales_work_proposal
from .work_common import WorkCase

_LOGIN = "sales_work_fault"
_REPS, _WORK = 3, 4


class Killed(Exception):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestFaults(ConcurrentCase):
    """With real transactions: reps who work every day, each with standard work."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.company
            calendar = env["resource.calendar"].create(
                {
                    "name": _LOGIN,
                    "company_id": company.id,
                    "tz": "UTC",
                    "attendance_ids": [Command.clear()]
                    + [
                        Command.create(
                            {
                                "name": str(day),
                                "dayofweek": str(day),
                                "hour_from": 0,
                                "hour_to": 24,
                            }
                        )
                        for day in range(7)
                    ],
                }
            )
            users = env["res.users"].create(
                [
                    {
                        "name": f"Fault {number}",
                        "login": f"{_LOGIN}{number}",
                        "group_ids": [
                            Command.link(env.ref("sales_force.group_sales_rep").id)
                        ],
                    }
                    for number in range(_REPS)
                ]
            )
            reps = env["sales.rep"].create(
                [
                    {"user_id": u.id, "calendar_id": calendar.id, "state": "active"}
                    for u in users
                ]
            )
            env["sales.standard.work"].create(
                [{"name": f"{_LOGIN} {n}", "minutes": 5} for n in range(_WORK)]
            )
            self.user_ids, self.rep_ids = users.ids, reps.ids

    def _remove(self):
        with self._environment() as env:
            users = env["res.users"].search([("login", "=like", f"{_LOGIN}%")])
            named = [("name", "=like", f"{_LOGIN}%")]
            reps = users.sales_rep_ids
            plans = env["sales.work.plan"].search([("rep_id", "in", reps.ids)])
            env.cr.execute(
                "DELETE FROM sales_credit WHERE rep_id = ANY(%s)", [reps.ids]
            )
            plans.unlink()
            env["res.partner"].search(named).unlink()
            reps.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()
            for model in ("sales.standard.work", "resource.calendar"):
                env[model].search(named).unlink()

    def _propose(self):
        with self._environment() as env:
            reps = env["sales.rep"].browse(self.rep_ids)
            env["sales.work.plan"]._propose(reps, env.company._get_sales_today())

    def _plans(self, env):
        return env["sales.work.plan"].search([("rep_id", "in", self.rep_ids)])

    def _mine(self, env):
        plans = env["sales.work.plan"].with_user(self.user_ids[0])
        return plans.search([("rep_id", "=", self.rep_ids[0])])

    def _submit(self, env):
        reason = env["sales.miss.reason"].search([], limit=1)
        plan = self._mine(env)
        plan.action_submit(
            {str(id_): {"reason_id": reason.id} for id_ in plan.item_ids.ids}
        )

    # Two devices of the same rep

    def test_reorder_and_tick(self):
        """Both are kept, whichever comes second."""
        self._propose()
        with self._environment() as env:
            ids = self._mine(env).item_ids.ids

        def reorder(env):
            self._mine(env).action_reorder(ids[::-1])

        def tick(env):
            self._mine(env).item_ids.browse(ids[1]).action_done()

        for first, second in ((reorder, tick), (tick, reorder)):
            self.assertEqual(self._race(first, second), 2)
            with self._environment() as env:
                plan = self._mine(env)
                self.assertEqual(plan.item_ids.sorted().ids, ids[::-1])
                self.assertEqual(plan.item_ids.browse(ids[1]).state, "done")
                plan.item_ids.browse(ids[1]).action_done(False)
                plan.action_reorder(ids)

    def test_added_twice(self):
        """The same customer from two devices is one item."""
        self._propose()
        with self._environment() as env:
            partner = env["res.partner"].create(
                {"name": f"{_LOGIN} customer", "user_id": self.user_ids[0]}
            )

        def add(env):
            return self._mine(env).action_add("visit", partner.id)

        self.assertEqual(self._race(add, add), 2)
        with self._environment() as env:
            kinds = self._mine(env).item_ids.mapped("kind")
            self.assertEqual(kinds.count("visit"), 1)

    def test_nothing_is_added_to_what_is_submitted(self):
        self._propose()

        def add(env):
            self._mine(env).action_add("task", name="Late")

        with self.assertRaisesRegex(UserError, "closed"):
            self._race(self._submit, add)
        with self._environment() as env:
            plan = self._mine(env)
            self.assertEqual(plan.state, "submitted")
            self.assertEqual(plan.item_ids.mapped("state"), ["missed"] * _WORK)

    def test_dropped_and_submitted(self):
        """What one device drops the other does not report as missed."""
        self._propose()
        with self._environment() as env:
            own = self._mine(env).action_add("task", name="Own")

        def drop(env):
            reason = env["sales.miss.reason"].search([], limit=1)
            self._mine(env).item_ids.browse(own).action_drop(reason.id)

        self.assertEqual(self._race(drop, self._submit), 2)
        with self._environment() as env:
            plan = self._mine(env)
            self.assertEqual(plan.item_ids.browse(own).state, "dropped")
            credits = env["sales.credit"].search(
                [("source", "=", "work"), ("scope_id", "=", plan.id)]
            )
            self.assertEqual(credits.mapped("value"), [_WORK + 1])

    # A run that dies

    def test_killed_between_batches(self):
        """What was committed stays, the next run does the rest, nobody gets two."""
        self._run_morning(killed_after=2)
        with self._environment() as env:
            first = self._plans(env)
            self.assertEqual(len(first.rep_id), 2)
            items = first.item_ids
            self.assertEqual(len(items), 2 * _WORK)
        self._run_morning(killed_after=0)
        with self._environment() as env:
            self.assertEqual(self._plans(env), first.with_env(env))
        for _run in range(2):
            self._run_morning()
            with self._environment() as env:
                plans = self._plans(env)
                self.assertEqual(sorted(plans.rep_id.ids), sorted(self.rep_ids))
                self.assertEqual(len(plans), _REPS)
                self.assertEqual(len(plans.item_ids), _REPS * _WORK)
                self.assertLess(set(items.ids), set(plans.item_ids.ids))

    def test_killed_within_a_batch(self):
        """Half a batch is nothing: its reps wait for the next run."""
        note = self.registry["sales.work.plan"]._note_proposed

        def die(model, plans, needs):
            note(model, plans, needs)
            raise Killed

        with patch.object(self.registry["sales.work.plan"], "_note_proposed", die):
            self._run_morning(killed_after=_REPS)
        with self._environment() as env:
            self.assertFalse(self._plans(env))
        self._run_morning()
        with self._environment() as env:
            self.assertEqual(len(self._plans(env)), _REPS)

    def _run_morning(self, killed_after=None):
        """The cron at five, for our reps in batches of one, with its real commits.

        :param int killed_after: batches; None: it comes to its end
        """
        plans = self.registry["sales.work.plan"]
        waiting, propose = plans._get_waiting, plans._propose
        done = []

        def ours(model, company):
            batches = waiting(model, company)
            return [reps for reps in batches if reps.id in self.rep_ids]

        def counted(model, reps, day):
            if len(done) == killed_after:
                raise Killed
            propose(model, reps, day)
            done.append(reps)

        with (
            patch.object(plans, "_get_waiting", ours),
            patch.object(plans, "_propose", counted),
            patch.object(plans, "_get_local_hour", return_value=5),
            patch.object(sales_work_proposal, "_BATCH", 1),
        ):
            try:
                with self._environment() as env:
                    env["sales.work.plan"]._cron_morning()
            except Killed:
                self.assertIsNotNone(killed_after)


@tagged("post_install", "-at_install")
class TestPlaces(WorkCase):
    """One rep in two companies, and companies whose day is not UTC's."""

    def test_two_companies(self):
        """Each company has its own plan of the same user, with its own work."""
        self.user.sudo().company_ids += self.company_b
        calendar = self._calendar(range(7)).copy({"company_id": self.company_b.id})
        self.company_b.resource_calendar_id = calendar
        there = self._rep(self.user, company=self.company_b)
        leads = {
            company: self._lead(self.user, company, name=f"Lead of {company.name}")
            for company in (self.company, self.company_b)
        }
        self.env["mail.activity"].create(
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "summary": "Of no company",
                "user_id": self.user.id,
                "date_deadline": self.today,
            }
        )
        self.env["sales.standard.work"].create(
            {"name": "Only there", "company_id": self.company_b.id}
        )
        self.plans._propose(self.rep + there, self.today)
        self.plans._propose(there + self.rep, self.today)
        here_plan, there_plan = self._plan(), self._plan(there)
        self.assertEqual(len(here_plan + there_plan), 2)
        found = {
            plan: set(plan.item_ids.mapped("name")) for plan in here_plan + there_plan
        }
        self.assertEqual(found[here_plan], {leads[self.company].name, "Of no company"})
        self.assertEqual(found[there_plan], {leads[self.company_b].name, "Only there"})
        # My Day is that of the company one is in; the other's is not touched.
        for company, rep, plan in (
            (self.company, self.rep, here_plan),
            (self.company_b, there, there_plan),
        ):
            mine = self.plans.with_user(self.user).with_context(
                allowed_company_ids=(company | self.company | self.company_b).ids
            )
            data = mine.get_my_day()
            self.assertEqual(data["rep"]["id"], rep.id)
            self.assertEqual(data["plan"]["id"], plan.id)
        plan = there_plan.with_user(self.user)
        plan.action_submit(self._answers(there_plan))
        self.assertEqual(here_plan.state, "proposed")
        credits = self.env["sales.credit"].search([("source", "=", "work")])
        credits = credits.filtered(lambda c: c.user_id == self.user)
        self.assertEqual(credits.company_id, self.company_b)
        self.assertEqual(credits.rep_id, there)
        # Who only is in one of them does not see the other's.
        alone = self.plans.with_user(self.user).with_context(
            allowed_company_ids=self.company.ids
        )
        self.assertEqual(alone.search([("rep_id", "in", [there.id])]), self.plans)

    def test_another_day_than_in_utc(self):
        """Days are the company's: a visit at night in UTC is of the day over there."""
        # Wherever the clock stands, one of them has another date than UTC.
        utc = fields.Datetime.now()
        zone = "Pacific/Kiritimati" if utc.hour >= 10 else "Etc/GMT+12"
        calendar = self._calendar(range(7))
        calendar.tz = zone
        self.company.resource_calendar_id = calendar
        today = self.company._get_sales_today()
        self.assertNotEqual(today, utc.date())
        visited = self._customer("Visited", due=False)
        missed = self._customer("Visited the day before", due=False)
        plan = self.plans.with_user(self.user)
        data = plan.get_my_day()
        self.assertEqual(data["today"], fields.Date.to_string(today))
        plan = self._plan(day=today).with_user(self.user)
        self.assertFalse(self._plan(day=utc.date()))
        for customer in (visited, missed):
            plan.action_add("visit", customer.id)
        start = datetime.combine(today, time.min, ZoneInfo(zone))
        for customer, moment in (
            (visited, start),
            (missed, start - timedelta(seconds=1)),
        ):
            moment = moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
            visit = self._visited(customer)
            visit.write({"check_in": moment, "check_out": moment})
        plan._tick()
        states = {item.partner_id: item.state for item in plan.item_ids}
        self.assertEqual(states[visited], "done")
        self.assertEqual(states[missed], "accepted")
        # In time until midnight over there, counted on the day over there.
        plan.action_submit(self._answers(plan))
        self.assertFalse(plan.is_late)
        credits = self.env["sales.credit"].search(
            [("source", "=", "work"), ("scope_id", "=", plan.id)]
        )
        self.assertEqual(set(credits.mapped("date")), {today})
        self.plans._close(self.company)
        self.assertEqual(plan.state, "submitted")
