"""What was accepted is a promise: what counts when it is dropped after all."""

import random

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .work_common import WorkCase


@tagged("post_install", "-at_install")
class TestCommitment(WorkCase):
    def setUp(self):
        super().setUp()
        for number in range(4):
            self._customer(f"Customer {number}", turnover=100 * (4 - number))
        self.plan = self._propose().with_user(self.user)
        self.price = self.reasons["PRICE"].id

    def _credits(self, plans=None):
        self.env["sales.credit"]._process_pending()
        found = {"PLANNED": 0, "PLANNED_DONE": 0}
        for row in self.env["sales.credit"].search(
            [
                ("res_model", "=", "sales.work.plan"),
                ("res_id", "in", (plans or self.plan).ids),
            ]
        ):
            found[row.metric_id.code] += row.value
        return found

    def _agree(self, items, who="leader"):
        return items.with_user(self.users[who]).action_agree()

    def test_dropped(self):
        """Freely before it was accepted, for a reason afterwards; then it counts."""
        free, promised, *_rest = self.plan.item_ids
        free.action_drop()
        self.assertFalse(free.is_counted)
        promised.action_accept()
        for reason in (None, 0, -1, "1"):
            with self.assertRaises(UserError):
                promised.action_drop(reason)
        self.assertEqual(promised.state, "accepted")
        promised.action_drop(self.price, " Too dear ")
        self.assertEqual(promised.state, "dropped")
        self.assertEqual(
            (promised.reason_id.id, promised.note), (self.price, "Too dear")
        )
        self.assertTrue(promised.is_counted)
        # A second tap changes nothing.
        promised.action_drop()
        self.assertEqual(promised.reason_id.id, self.price)
        self.assertEqual(self.plan.planned_count, 3)
        data = self.plan.get_my_day()
        counted = [item["id"] for item in data["items"] if item["is_counted"]]
        self.assertEqual(len(counted), 3)
        self.assertNotIn(free.id, counted)
        self.plan.action_submit(self._answers(self.plan))
        self.assertEqual(self._credits(), {"PLANNED": 3, "PLANNED_DONE": 0})
        [row] = self.plans.with_user(self.users["leader"]).get_team()["reps"]
        self.assertEqual((row["planned"], row["dropped"]), (3, 2))
        reasons = self.plans.with_user(self.users["leader"]).get_team()["reasons"]
        self.assertEqual(
            {line["name"]: line["count"] for line in reasons},
            {"Own time": 2, "Price": 1},
        )

    def test_taken_back(self):
        item = self.plan.item_ids[0]
        item.action_accept()
        item.action_drop(self.price)
        item.action_accept()
        self.assertFalse(item.reason_id)
        self._visited(item.partner_id)
        self.plan._tick()
        self.assertEqual(item.state, "done")

    def test_agreed(self):
        """By who leads the rep, until the review, also after it was submitted."""
        first, second, third, _rest = self.plan.item_ids
        (first + second).action_accept()
        (first + second).action_drop(self.price)
        third.action_drop()
        for who in ("rep", "peer", "peer_leader", "operations", "finance"):
            with self.assertRaises(AccessError):
                self._agree(first, who)
        with self.assertRaises(UserError):
            self._agree(third)
        self._agree(first)
        self.assertEqual(first.agreed_by_id, self.users["leader"])
        self.assertFalse(first.is_counted)
        self.plan.action_submit(self._answers(self.plan))
        self.assertEqual(self._credits()["PLANNED"], 2)
        self._agree(second, "director")
        self.assertEqual(self._credits()["PLANNED"], 1)
        # Agreed once more it stays the same.
        self._agree(second)
        self.assertEqual(self._credits()["PLANNED"], 1)
        self.plan.with_user(self.users["leader"]).action_review()
        with self.assertRaises(UserError):
            self._agree(second)

    def test_agreed_again_after_it_was_taken_back(self):
        """Consent is to one drop, not to the next."""
        item = self.plan.item_ids[0]
        item.action_accept()
        item.action_drop(self.price)
        self._agree(item)
        item.action_accept()
        item.action_drop(self.price)
        self.assertTrue(item.is_counted)

    def test_facts_decide(self):
        """What is gone needs no reason; what happened after all is done."""
        activity = self.partner.activity_schedule(
            "mail.mail_activity_data_todo", self.today, user_id=self.user.id
        )
        lead = self._lead(self.user, name="Deal", partner_id=self.partner.id)
        lead.activity_schedule(
            "mail.mail_activity_data_todo", self._day(3), user_id=self.user.id
        )
        order = self._order(self.user, partner=self._customer("D"), confirm=False)
        self._propose()
        self.plan.invalidate_recordset()
        self.plan.action_accept()
        by_document = {(i.res_model, i.res_id): i for i in self.plan.item_ids}
        gone = by_document["mail.activity", activity.id]
        lost = by_document["crm.lead", lead.id]
        cancelled = by_document["sale.order", order.id]
        visited = self.plan.item_ids.filtered(lambda i: i.kind == "visit")[0]
        dropped = gone + lost + cancelled + visited
        dropped.action_drop(self.price)
        self.plan._tick()
        self.assertEqual(set(dropped.mapped("is_counted")), {True})
        activity.unlink()
        lead.action_set_lost()
        order._action_cancel()
        self._visited(visited.partner_id)
        self.plan._tick()
        self.assertEqual(
            dropped.mapped("state"), ["dropped", "dropped", "dropped", "done"]
        )
        self.assertFalse(dropped.reason_id)
        self.assertEqual(dropped.mapped("is_counted"), [False, False, False, True])

    def test_misses_by_drops(self):
        """Who drops what was accepted again and again is not spared what follows."""
        rule = self.env["sales.miss.rule"].create(
            {"name": "Talk", "action": "talk", "count": 2, "days": 7}
        )
        self.plan.action_accept()
        first, second, third, fourth = self.plan.item_ids
        (first + second).action_drop(self.price)
        self._agree(first)
        for item in third + fourth:
            self._visited(item.partner_id)
        self.plan.action_submit()
        events = self.env["sales.miss.event"]
        self.assertFalse(events.search([("rule_id", "=", rule.id)]))
        self._past(self.plan)
        plan = self._propose().with_user(self.user)
        plan.action_add("task", name="Tidy the car")
        task = plan.item_ids.filtered(lambda i: i.kind == "task")
        task.action_drop(self.price)
        plan.item_ids.filtered(lambda i: i.state == "proposed").action_drop()
        plan.action_submit()
        self.assertEqual(events.search([("rule_id", "=", rule.id)]).count, 2)

    def test_oracle(self):
        """Days at random: the ledger against a count of what became of each item."""
        for seed in range(6):
            with self.subTest(seed=seed):
                savepoint = self.env.cr.savepoint()
                self._live_a_day(random.Random(seed))
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

    def _live_a_day(self, rng):
        for number in range(6):
            self.partner.activity_schedule(
                "mail.mail_activity_data_todo",
                self.today,
                f"Work {number}",
                user_id=self.user.id,
            )
        plan = self._propose().with_user(self.user)
        plan.invalidate_recordset()
        counted, done, agreed = {}, set(), set()
        for item in plan.item_ids:
            accepted = rng.random() < 0.6
            if accepted:
                item.action_accept()
            dropped = rng.random() < 0.5
            if dropped:
                item.action_drop(self.price if accepted else None)
            if dropped and accepted and rng.random() < 0.3:
                self._agree(item)
                agreed.add(item)
            fate = rng.choice(("nothing", "nothing", "happens", "vanishes"))
            if item.kind != "activity" and fate == "vanishes":
                fate = "nothing"
            free = dropped and not accepted
            if fate == "happens":
                if item.kind == "activity":
                    activity = self.env["mail.activity"].browse(item.res_id)
                    activity.with_user(self.user).action_feedback("Done")
                else:
                    self._visited(item.partner_id)
                done |= set() if free else {item}
            elif fate == "vanishes":
                self.env["mail.activity"].browse(item.res_id).unlink()
            counted[item] = not free and (
                item in done or fate != "vanishes" and item not in agreed
            )
        plan._tick()
        plan.invalidate_recordset()
        plan.action_submit(self._answers(plan))
        expected = {"PLANNED": sum(counted.values()), "PLANNED_DONE": len(done)}
        self.assertEqual(self._credits(plan), expected)
        self.assertEqual(plan.planned_count, expected["PLANNED"])
        self.assertEqual(plan.done_count, expected["PLANNED_DONE"])
        for item in plan.item_ids:
            self.assertEqual(item.is_counted, counted[item], item.title)
        # Consent after the evening, and the ledger made anew: the same.
        late = plan.item_ids.filtered(lambda i: i.state == "dropped" and i.is_counted)[
            :1
        ]
        if late:
            self._agree(late)
            expected["PLANNED"] -= 1
        self.assertEqual(self._credits(plan), expected)
        counts = self.env["sales.credit"].sudo().rebuild(self.today, self.today)
        self.assertFalse(any(counts.values()), counts)
        self.assertEqual(self._credits(plan), expected)


@tagged("post_install", "-at_install")
class TestByHand(WorkCase):
    """What is added by hand is for one's own customers and fits into a day."""

    def setUp(self):
        super().setUp()
        self.mine = self._customer("Mine")
        self.theirs = self._customer("Theirs", user=self.users["peer"])
        self.plan = self._propose().with_user(self.user)
        self.leader = self.plans.with_user(self.users["leader"])

    def test_customers_of_others(self):
        contact = self.env["res.partner"].create(
            {"name": "Their buyer", "parent_id": self.theirs.id}
        )
        foreign = self._customer("Foreign", company_id=self.company_b.id)
        foreign_contact = self.env["res.partner"].create(
            {"name": "Buyer", "company_id": self.company_b.id, "user_id": self.user.id}
        )
        user = self.env["res.users"].browse(self.user.id)
        user.company_ids += self.company_b
        for partner in (self.theirs, contact, foreign, foreign_contact):
            for kind in ("visit", "quote", "task"):
                with self.assertRaises(AccessError):
                    self.plan.action_add(kind, partner.id, "Call")
            with self.assertRaises(AccessError):
                self.leader.action_add_task(self.rep.ids, "Call", partner.id)
        self.assertEqual(len(self.plan.item_ids), 1)

    def test_own_customers(self):
        """One's own, nobody's, a covered colleague's, and those one sells to."""
        free = self._customer("Nobody's", due=False)
        free.user_id = False
        contact = self.env["res.partner"].create(
            {"name": "My buyer", "parent_id": self.mine.id, "user_id": False}
        )
        sold = self._customer("Sold", user=self.users["peer"], due=False)
        self._order(self.user, partner=sold, confirm=False)
        for partner in (free, contact, sold):
            item = self.items.browse(self.plan.action_add("quote", partner.id))
            self.assertEqual(item.partner_id, partner.commercial_partner_id)
        with self.assertRaises(AccessError):
            self.plan.action_add("visit", self.theirs.id)
        cover = self.env["sales.cover"].create(
            {
                "rep_id": self.reps["peer"].id,
                "deputy_id": self.rep.id,
                "date_from": self.today,
                "date_to": self.today,
            }
        )
        cover.with_user(self.users["director"]).action_approve()
        self.assertTrue(self.plan.action_add("visit", self.theirs.id))

    def test_leaders(self):
        """Tasks about customers of the people below; directors about any."""
        self.assertTrue(self.leader.action_add_task(self.rep.ids, "Call", self.mine.id))
        director = self.plans.with_user(self.users["director"])
        self.assertTrue(director.action_add_task(self.rep.ids, "Call", self.theirs.id))

    def test_who_does_not_work(self):
        for values in (
            {"state": "left"},
            {"state": "suspended"},
            {"active": False},
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.rep.sudo().write(values)
                self.leader.action_add_task(self.rep.ids, "Call")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.user.sudo().active = False
            self.leader.action_add_task(self.rep.ids, "Call")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.rep.sudo().state = "suspended"
            self.plan.action_add("task", name="Call")
        self.assertTrue(self.leader.action_add_task(self.rep.ids, "Call"))

    def test_minutes(self):
        nan, endless = float("nan"), float("inf")
        for minutes in (-1, -30.0, nan, endless, 0.5, 481, 10**12, "30", [30]):
            with self.assertRaises(UserError):
                self.leader.action_add_task(self.rep.ids, "Call", minutes=minutes)
            with self.assertRaises(UserError):
                self.plan.action_add("task", name="Call", minutes=minutes)
        for minutes, expected in ((None, 15), (False, 15), (45, 45), (480.0, 480)):
            [task] = self.leader.action_add_task(self.rep.ids, "Call", minutes=minutes)
            self.assertEqual(self.items.browse(task).minutes, expected)


@tagged("post_install", "-at_install")
class TestCarried(WorkCase):
    def _next(self, plan, days):
        """The plan of today after one of days ago, of which nothing was done."""
        plan.with_user(self.user).action_submit(self._answers(plan))
        self._past(plan, days)
        return self._propose()

    def test_tasks_keep_who_gave_them(self):
        plan = self.plans._make(self.rep, self.today)
        leader = self.users["leader"]
        self.plans.with_user(leader).action_add_task(self.rep.ids, "Call the bank")
        plan.with_user(self.user).action_add("task", name="Tidy the car")
        for carries in (1, 2):
            plan = self._next(plan, 3 - carries)
            items = {item.name: item for item in plan.item_ids}
            given, own = items["Call the bank"], items["Tidy the car"]
            self.assertEqual((given.carries, own.carries), (carries, carries))
            self.assertEqual((given.origin, own.origin), ("leader", "rep"))
            self.assertEqual(given.asked_by_id, leader)
            self.assertFalse(own.asked_by_id)
            self.assertEqual((given.must, own.must), (True, False))
            self.assertEqual(given.why, "Given by your leader")
        [shown] = [i for i in plan.get_my_day(self.rep.id)["items"] if i["must"]]
        self.assertEqual(shown["asked_by"], leader.name)

    def test_what_has_no_cause_any_more_keeps_its_worth(self):
        customer = self._customer("Due", visited=15)
        plan = self._propose()
        worth = plan.item_ids.value
        self.assertGreater(worth, 0)
        self.env.cr.execute(
            "UPDATE sales_customer SET class_id = NULL WHERE partner_id = %s",
            [customer.id],
        )
        self.env["sales.customer"].invalidate_model()
        other = self._customer("By hand", due=False)
        plan.with_user(self.user).action_add("visit", other.id)
        for days in (2, 1):
            plan = self._next(plan, days)
            values = {item.partner_id: item.value for item in plan.item_ids}
            self.assertEqual(values[customer], worth)
            # Added by hand: as much as an average visit.
            self.assertEqual(values[other], worth)

    def test_what_follows_from_misses_nobody_has_given(self):
        self.env["sales.miss.rule"].create(
            {"name": "Make up", "action": "task", "count": 1, "days": 7}
        )
        self._customer("Due")
        plan = self._propose().with_user(self.user)
        plan.action_submit(self._answers(plan))
        [task] = self._plan(day=self._day(1)).item_ids
        self.assertEqual((task.must, task.origin), (True, "leader"))
        self.assertFalse(task.asked_by_id)
