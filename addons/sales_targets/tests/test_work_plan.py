"""A day's work plan: found, chosen, ticked, reviewed, carried over, counted."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .work_common import WorkCase


@tagged("post_install", "-at_install")
class TestProposal(WorkCase):
    def test_names_and_reasons(self):
        """One of each kind, with its customer and why."""
        due = self._customer("Due", visited=15)
        fresh = self._customer("Fresh", visited=3)
        self._overdue(self._customer("Owes", due=False), 8400)
        lead = self._lead(self.user, name="New lead", expected_revenue=500)
        quoted = self._order(self.user, partner=fresh, confirm=False)
        quoted.action_quotation_sent()
        self.env.cr.execute(
            "UPDATE sales_kept_date SET date = %s WHERE res_model = 'sale.order' "
            "AND res_id = %s",
            [self._day(-5), quoted.id],
        )
        due.activity_schedule(
            "mail.mail_activity_data_call",
            self._day(-2),
            "Ask for the brochure",
            user_id=self.user.id,
        )
        self.env["sales.standard.work"].create(
            {"name": "Read the news", "company_id": self.company.id}
        )
        plan = self._propose()
        found = {
            (item.kind, item.res_model, item.res_id): item.why for item in plan.item_ids
        }
        self.assertEqual(
            found.pop(("visit", "res.partner", due.id)), "A visit is due for 5 days"
        )
        self.assertNotIn(("visit", "res.partner", fresh.id), found)
        invoice = self.env["account.move"].search(
            [("partner_id.name", "=", "Owes"), ("state", "=", "posted")]
        )
        self.assertRegex(
            found[("collect", "account.move", invoice.id)],
            r"12 days overdue, .*8,400\.00",
        )
        self.assertRegex(
            found[("follow", "sale.order", quoted.id)], r"100\.00.*sent 5 days ago"
        )
        # A lead without an answer that has no quotation either is there once.
        self.assertEqual(
            sum(model == "crm.lead" and id_ == lead.id for _k, model, id_ in found), 1
        )
        kinds = {kind for kind, *_rest in found}
        self.assertIn("activity", kinds)
        self.assertIn("standard", kinds)
        titles = plan.item_ids.mapped("title")
        self.assertIn("Read the news", titles)
        self.assertIn("Due · Ask for the brochure", titles)
        # What must be done comes first.
        self.assertEqual(plan.item_ids[0].kind, "standard")

    def test_one_item_for_a_document(self):
        """What knows the document goes before an activity of it; several of those
        stay."""
        invoice = self._overdue(self._customer("Owes", due=False))
        quiet = self._customer("Quiet", due=False)
        for document in (invoice, quiet, quiet):
            document.activity_schedule(
                "mail.mail_activity_data_call", self.today, user_id=self.user.id
            )
        kinds = self._propose().item_ids.mapped("kind")
        self.assertEqual(sorted(kinds), ["activity", "activity", "collect"])

    def test_same_again(self):
        for number in range(12):
            self._customer(f"Customer {number}", visited=11 + number, turnover=number)
        plan = self._propose()
        before = plan.item_ids.mapped(lambda item: (item.id, item.sequence, item.key))
        self.assertTrue(before)
        for _time in range(2):
            self._propose()
        after = plan.item_ids.mapped(lambda item: (item.id, item.sequence, item.key))
        self.assertEqual(after, before)
        keys = [key for _id, _sequence, key in before]
        # As if there had been no plan: the same one.
        self.env.cr.execute("DELETE FROM sales_work_plan WHERE id = %s", [plan.id])
        self.env.invalidate_all()
        self.assertEqual(self._propose().item_ids.mapped("key"), keys)

    def test_what_the_rep_decided_stays(self):
        for number in range(3):
            self._customer(f"Customer {number}", visited=20)
        plan = self._propose().with_user(self.user)
        first, second, third = plan.item_ids
        first.action_drop()
        second.action_accept()
        own = plan.action_add("task", name="Tidy the car")
        plan.action_reorder([own, third.id])
        self._propose()
        plan.invalidate_recordset()
        states = {item.id: item.state for item in plan.item_ids}
        self.assertEqual(states[first.id], "dropped")
        self.assertEqual(states[second.id], "accepted")
        self.assertEqual(states[third.id], "proposed")
        self.assertEqual(plan.item_ids.ids[:2], [own, third.id])
        self.assertEqual(len(states), 4)

    def test_bounded_by_working_time(self):
        for number in range(30):
            self._lead(self.user, name=f"Lead {number}")
        plan = self._propose()
        self.assertEqual(plan.minutes, 480)
        self.assertLessEqual(sum(plan.item_ids.mapped("minutes")), 480 * 4 / 5)
        self.assertGreater(sum(plan.item_ids.mapped("minutes")), 480 * 4 / 5 - 30)

    def test_no_plan_on_days_off(self):
        self._customer("Due")
        others = [day for day in range(7) if day != self.today.weekday()]
        self.rep.calendar_id = self._calendar(others)
        self.assertFalse(self._propose())
        data = self.plans.with_user(self.user).get_my_day()
        self.assertTrue(data["day_off"])
        self.assertFalse(data["plan"])

    def test_planned_visits_must_be_done(self):
        customer = self._customer("Planned", due=False)
        self.env["sales.visit"].create(
            {"rep_id": self.rep.id, "partner_id": customer.id}
        )
        [item] = self._propose().item_ids
        self.assertEqual((item.kind, item.cause), ("visit", "planned"))

    def test_pool_clock(self):
        customer = self._customer("Nearly lost", due=False)
        self.env.cr.execute(
            "UPDATE sales_customer SET claimed_on = %s, due_on = %s "
            "WHERE partner_id = %s",
            [self._day(-80), self._day(4), customer.id],
        )
        [item] = self._propose().item_ids
        self.assertEqual(item.why, "Goes back to the pool in 4 days")

    def test_on_the_spot(self):
        """Who opens My Day before the morning's run has a plan."""
        self._customer("Due")
        data = self.plans.with_user(self.user).get_my_day()
        self.assertEqual([item["title"] for item in data["items"]], ["Due"])
        self.assertTrue(data["editable"])
        # A leader who looks does not make one.
        data = self.plans.with_user(self.users["leader"]).get_my_day(
            self.reps["rep"].id
        )
        self.assertEqual(len(data["items"]), 1)
        self.assertFalse(data["editable"])
        self.assertTrue(data["is_above"])
        with self.assertRaises(AccessError):
            self.plans.with_user(self.users["peer"]).get_my_day(self.rep.id)

    def test_no_rep(self):
        data = self.plans.with_user(self.users["operations"]).get_my_day()
        self.assertFalse(data["rep"])


@tagged("post_install", "-at_install")
class TestTicks(WorkCase):
    def _states(self, plan):
        plan._tick()
        plan.invalidate_recordset()
        return {item.kind: item.state for item in plan.item_ids}

    def test_visit(self):
        customer = self._customer("Due")
        plan = self._propose()
        self.assertEqual(self._states(plan), {"visit": "proposed"})
        action = plan.item_ids.with_user(self.user).action_open()
        visit = self.env["sales.visit"].browse(action["res_id"])
        self.assertEqual(visit.partner_id, customer)
        # The second time it is the same visit.
        again = plan.item_ids.with_user(self.user).action_open()
        self.assertEqual(again["res_id"], visit.id)
        visit.with_user(self.user).action_check_in()
        self.assertEqual(self._states(plan), {"visit": "proposed"})
        visit.with_user(self.user).action_check_out()
        self.assertEqual(self._states(plan), {"visit": "done"})
        self.assertEqual(self._states(plan), {"visit": "done"})

    def test_collect_and_back(self):
        invoice = self._overdue(self._customer("Owes", due=False))
        plan = self._propose()
        self.assertEqual(self._states(plan), {"collect": "proposed"})
        payment = self._pay(invoice, 40)
        self.assertEqual(self._states(plan), {"collect": "done"})
        if payment.move_id:
            invoice.line_ids.remove_move_reconcile()
        else:
            payment.action_draft()
            payment.action_cancel()
        self.assertEqual(self._states(plan), {"collect": "accepted"})

    def test_quotation(self):
        lead = self._lead(self.user, name="Deal", partner_id=self.partner.id)
        lead.activity_schedule(
            "mail.mail_activity_data_todo", self._day(3), user_id=self.user.id
        )
        plan = self._propose()
        self.assertEqual(self._states(plan), {"quote": "proposed"})
        order = self._order(
            self.user, confirm=False, opportunity_id=lead.id, partner=self.partner
        )
        self.assertEqual(self._states(plan), {"quote": "proposed"})
        order.action_quotation_sent()
        self.assertEqual(self._states(plan), {"quote": "done"})

    def test_open_quotation(self):
        order = self._order(
            self.user, confirm=False, validity_date=self._day(1), partner=self.partner
        )
        order.action_quotation_sent()
        plan = self._propose()
        self.assertEqual(self._states(plan), {"follow": "proposed"})
        order.action_confirm()
        self.assertEqual(self._states(plan), {"follow": "done"})

    def test_in_company_currency(self):
        """A quotation in another currency says what it is worth here."""
        currency = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "x",
                "rate_ids": [Command.create({"name": "2000-01-01", "rate": 4})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        orders = self._order(
            self.user, confirm=False, pricelist_id=pricelist.id
        ) + self._order(self.user, confirm=False, pricelist_id=pricelist.id)
        orders[0].validity_date = self._day(1)
        orders[0].action_quotation_sent()
        self.assertEqual(orders.mapped("amount_total"), [100, 100])
        amounts = {item.kind: item.amount for item in self._propose().item_ids}
        self.assertEqual(amounts, {"follow": 25, "quote": 25})

    def test_activity_of_nothing(self):
        """A to-do without a document is work beside visits, which have none either."""
        self._customer("Visit", visited=20)
        self.env["mail.activity"].create(
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "summary": "Own",
                "user_id": self.user.id,
                "date_deadline": self.today,
            }
        )
        kinds = self._propose().item_ids.mapped("kind")
        self.assertEqual(sorted(kinds), ["activity", "visit"])

    def test_not_before_its_day(self):
        """A plan of a later day is made by a task; work is looked for on its day."""
        self.plans.with_user(self.users["leader"]).action_add_task(
            self.rep.ids, "Prepare", date=self._day(1)
        )
        plan = self._plan(day=self._day(1))
        with self.assertRaises(UserError):
            plan.with_user(self.user).action_propose()
        self.assertFalse(plan.proposed_on)

    def test_lead(self):
        lead = self._lead(self.user, type="lead", name="Question")
        plan = self._propose()
        self.assertEqual(self._states(plan), {"lead": "proposed"})
        lead.with_user(self.user).message_post(
            body="Good morning", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(self._states(plan), {"lead": "done"})

    def test_activity(self):
        activity = self.partner.activity_schedule(
            "mail.mail_activity_data_todo", self.today, user_id=self.user.id
        )
        plan = self._propose()
        self.assertEqual(self._states(plan), {"activity": "proposed"})
        activity.with_user(self.user).action_feedback("Done")
        self.assertEqual(self._states(plan), {"activity": "done"})

    def test_gone(self):
        """What needs not be done any more is dropped, and not to be explained."""
        cancelled, moved = (
            self.partner.activity_schedule(
                "mail.mail_activity_data_todo", self.today, name, user_id=self.user.id
            )
            for name in ("Cancelled", "Put off")
        )
        invoice = self._overdue(self._customer("Owes", due=False))
        plan = self._propose()
        states = self._states(plan)
        self.assertEqual(states, {"activity": "proposed", "collect": "proposed"})
        cancelled.unlink()
        moved.date_deadline = self._day(2)
        invoice.button_draft()
        self.assertEqual(
            self._states(plan), {"activity": "dropped", "collect": "dropped"}
        )
        plan.with_user(self.user).action_submit()
        self.assertEqual(plan.state, "submitted")

    def test_by_hand(self):
        self.env["sales.standard.work"].create({"name": "Read the news"})
        self._customer("Due")
        plan = self._propose().with_user(self.user)
        standard = plan.item_ids.filtered(lambda i: i.kind == "standard")
        standard.action_done()
        self.assertEqual(standard.state, "done")
        plan.sudo()._tick()
        self.assertEqual(standard.state, "done")
        standard.action_done(False)
        self.assertEqual(standard.state, "accepted")
        with self.assertRaisesRegex(UserError, "always applies"):
            standard.action_drop()
        visit = plan.item_ids - standard
        with self.assertRaisesRegex(UserError, "ticks itself"):
            visit.action_done()

    def test_grades_and_roles(self):
        grade = self.env["sales.grade"].create({"name": "Senior"})
        work = self.env["sales.standard.work"]
        work.create({"name": "Of seniors", "grade_ids": [Command.set(grade.ids)]})
        work.create({"name": "Of leaders", "role": "leader"})
        work.create({"name": "Of all", "role": "all"})
        self.plans._propose(self.rep + self.reps["leader"], self.today)
        self.assertEqual(self._plan().item_ids.mapped("title"), ["Of all"])
        self.assertEqual(
            self._plan(self.reps["leader"]).item_ids.mapped("title"),
            ["Of leaders", "Of all"],
        )
        self.rep.grade_id = grade
        self._propose()
        self.assertIn("Of seniors", self._plan().item_ids.mapped("title"))


@tagged("post_install", "-at_install")
class TestReview(WorkCase):
    def setUp(self):
        super().setUp()
        self.customers = [self._customer(f"Customer {n}") for n in range(3)]
        self.plan = self._propose().with_user(self.user)

    def _close(self):
        self.plans._close(self.company)
        self.plan.invalidate_recordset()
        self.plan.item_ids.invalidate_recordset()

    def _credits(self):
        rows = self.env["sales.credit"].search(
            [("res_model", "=", "sales.work.plan"), ("rep_id", "=", self.rep.id)]
        )
        found = {}
        for row in rows:
            key = row.metric_id.code
            found[key] = found.get(key, 0) + row.value
        return found

    def test_every_miss_has_a_reason(self):
        self._visited(self.customers[0])
        with self.assertRaisesRegex(UserError, "Customer 1.*Customer 2"):
            self.plan.action_submit()
        self.assertEqual(self.plan.state, "proposed")
        self.assertFalse(self._credits())
        answers = self._answers(self.plan, "ABSENT", note="On holiday")
        self.plan.action_submit(answers, "A quiet day")
        self.assertEqual(self.plan.state, "submitted")
        self.assertFalse(self.plan.is_late)
        missed = self.plan.item_ids.filtered(lambda i: i.state == "missed")
        self.assertEqual(len(missed), 2)
        self.assertEqual(missed.reason_id, self.reasons["ABSENT"])
        self.assertEqual(set(missed.mapped("note")), {"On holiday"})
        self.assertEqual(self._credits(), {"PLANNED": 3, "PLANNED_DONE": 1})
        # Submitted, it stays.
        with self.assertRaisesRegex(UserError, "submitted already"):
            self.plan.action_submit(answers)
        for call in (
            self.plan.action_accept,
            self.plan.action_propose,
            missed[0].action_drop,
            missed[0].action_accept,
            lambda: self.plan.action_add("task", name="More"),
            lambda: self.plan.action_reorder(missed.ids),
        ):
            with self.assertRaisesRegex(UserError, "closed"):
                call()
        self._visited(self.customers[1])
        self.plan._tick()
        self.assertEqual(missed[0].state, "missed")

    def test_rebuilt(self):
        self._visited(self.customers[0])
        self.plan.item_ids[-1].action_drop()
        self.plan._tick()
        self.plan.action_submit(self._answers(self.plan))
        before = self._credits()
        self.assertEqual(before, {"PLANNED": 2, "PLANNED_DONE": 1})
        counts = self.env["sales.credit"].sudo().rebuild()
        self.assertFalse(any(counts.values()), counts)
        self.env.cr.execute("DELETE FROM sales_credit WHERE source = 'work'")
        self.env["sales.credit"].sudo().rebuild()
        self.assertEqual(self._credits(), before)
        ratio = self.env.ref("sales_targets.sales_metric_plan_discipline")
        by_id = {
            self.env.ref("sales_targets.sales_metric_planned").id: 2,
            self.env.ref("sales_targets.sales_metric_planned_done").id: 1,
        }
        self.assertEqual(ratio._evaluate(by_id), 0.5)

    def test_carried_over(self):
        self.plan.action_accept()
        task = self.plan.action_add("task", name="Write the report")
        answers = self._answers(self.plan)
        answers[str(self.plan.item_ids[0].id)]["carry"] = False
        self._past(self.plan, 3)
        self.plan.action_submit(answers)
        # Late, so today's plan has been made with what is carried over.
        today = self._plan()
        carried = {item.title: item.carries for item in today.item_ids}
        self.assertEqual(carried["Write the report"], 1)
        self.assertEqual(carried["Customer 1"], 1)
        self.assertEqual(carried["Customer 0"], 0)
        self.assertEqual(len(carried), 4)
        self._propose()
        self.assertEqual(len(self._plan().item_ids), 4)
        # And once more, from there; what was done in between is not.
        today.with_user(self.user).action_submit(self._answers(today))
        self._past(today, 2)
        self._visited(self.customers[1], -1)
        again = {
            item.title: item
            for item in self._propose().item_ids
            if item.kind != "quote"
        }
        self.assertEqual(again["Write the report"].carries, 2)
        self.assertNotIn("Customer 1", again)
        self.assertEqual(again["Customer 0"].carries, 1)
        self.assertNotEqual(again["Write the report"].id, task)

    def test_late_and_missing(self):
        self.plan.item_ids[0].action_accept()
        self._past(self.plan)
        self._close()
        self.assertEqual(self.plan.state, "missed")
        self.assertEqual(set(self.plan.item_ids.mapped("state")), {"missed"})
        self.assertEqual(self._credits(), {"PLANNED": 3})
        # Only what was accepted is carried over.
        self.assertEqual(self.plan.item_ids.filtered("carry"), self.plan.item_ids[0])
        self.plans._report(self.company)
        leader = self.reps["leader"]
        message = self._last_message(leader)
        self.assertIn("missing", message.subject)
        self.assertIn("Rep", message.body)
        self.assertIn(self.users["leader"].partner_id, message.notified_partner_ids)
        self.plans._report(self.company)
        self.assertEqual(self._last_message(leader), message)
        self.assertEqual(self.plans._get_streak(self.rep), {self.rep: 0})
        data = self.plan.get_my_day()
        self.assertEqual([plan["id"] for plan in data["owed"]], [self.plan.id])
        # Late: reported the morning after.
        self.plan.action_submit(self._answers(self.plan))
        self.assertTrue(self.plan.is_late)
        self.plans._report(self.company)
        self.assertEqual(self._last_message(leader), message)
        self.plan.sudo().submitted_on -= timedelta(days=1)
        self.plans._report(self.company)
        second = self._last_message(leader)
        self.assertNotEqual(second, message)
        self.assertIn("came late", second.body)
        self.assertNotIn("is missing", second.body)
        self.plans._report(self.company)
        self.assertEqual(self._last_message(leader), second)
        self.assertEqual(self.plans._get_streak(self.rep), {self.rep: 0})

    def test_each_morning(self):
        """Closed at any time, proposed and reported from their hours on, once."""
        self._past(self.plan)
        leader = self.reps["leader"]

        def run(hour):
            crons = type(self.env["ir.cron"])
            plans = type(self.plans)
            with (
                patch.object(crons, "_commit_progress", return_value=1.0),
                patch.object(plans, "_get_local_hour", return_value=hour),
            ):
                self.plans._cron_morning()
            self.env.flush_all()
            self.env.invalidate_all()
            return bool(self._plan()), self._last_message(leader)

        before = self._last_message(leader)
        self.assertEqual(run(1), (False, before))
        self.assertEqual(self.plan.state, "missed")
        self.assertEqual(run(4), (True, before))
        proposed, message = run(6)
        self.assertNotEqual(message, before)
        ids = self._plan().item_ids.ids
        self.assertEqual(run(7), (True, message))
        self.assertEqual(self._plan().item_ids.ids, ids)
        self.assertTrue(proposed)

    def test_leave_entered_afterwards(self):
        self._past(self.plan)
        others = [d for d in range(7) if d != self._day(-1).weekday()]
        self.rep.calendar_id = self._calendar(others)
        self._close()
        self.assertEqual(self.plan.state, "void")
        self.assertFalse(self._credits())
        self.assertFalse(self.plans._report(self.company))

    def test_streak(self):
        for days in (4, 3, 2):
            self.plan.action_submit(self._answers(self.plan))
            self._past(self.plan, days)
            self.plan.sudo().submitted_on -= timedelta(days=days)
            self.plan = self._propose().with_user(self.user)
        self.assertEqual(self.plans._get_streak(self.rep), {self.rep: 3})
        self.plan.action_submit(self._answers(self.plan))
        self.assertEqual(self.plans._get_streak(self.rep), {self.rep: 4})

    def test_reviewed(self):
        leader = self.users["leader"]
        with self.assertRaisesRegex(UserError, "not submitted"):
            self.plan.with_user(leader).action_review("Well done")
        self.plan.action_submit(self._answers(self.plan))
        for who in ("rep", "peer_leader", "peer", "finance", "operations"):
            with self.assertRaises(AccessError):
                self.plan.with_user(self.users[who]).action_review("Well done")
        self.plan.with_user(leader).action_review("Well done")
        self.assertEqual(self.plan.state, "reviewed")
        self.assertEqual(self.plan.comment, "Well done")
        self.assertEqual(self.plan.reviewed_by_id, leader)
        message = self._last_message(self.rep)
        self.assertIn("Well done", message.body)
        self.assertIn(self.user.partner_id, message.notified_partner_ids)
        with self.assertRaisesRegex(UserError, "reviewed already"):
            self.plan.with_user(leader).action_review("Again")

    def test_tasks(self):
        leader = self.plans.with_user(self.users["leader"])
        [task] = leader.action_add_task(
            self.rep.ids, "Call the bank", self.customers[0].id
        )
        task = self.items.browse(task).with_user(self.user)
        self.assertEqual(task.plan_id, self.plan)
        self.assertEqual(task.title, "Customer 0 · Call the bank")
        self.assertEqual(task.why, "Given by your leader")
        with self.assertRaisesRegex(UserError, "always applies"):
            task.action_drop()
        task.action_done()
        self.assertEqual(task.state, "done")
        for rep in ("peer", "leader", "manager"):
            with self.assertRaises(AccessError):
                leader.action_add_task(self.reps[rep].ids, "Not mine to give")
        with self.assertRaises(UserError):
            leader.action_add_task(self.rep.ids, " ")
        with self.assertRaisesRegex(UserError, "is over"):
            leader.action_add_task(self.rep.ids, "Late", date=self._day(-1))
        # For a day to come, which then gets the rest as well.
        [later] = leader.action_add_task(self.rep.ids, "Soon", date=self._day(1))
        plan = self.items.browse(later).plan_id
        self.assertEqual((plan.date, plan.proposed_on), (self._day(1), False))

    def test_added(self):
        other = self._customer("Another", due=False)
        item = self.items.browse(self.plan.action_add("visit", other.id))
        self.assertEqual(item.why, "Added by yourself")
        self.assertEqual(self.plan.action_add("visit", other.id), item.id)
        item.with_user(self.user).action_drop(self.reasons["PRICE"].id)
        self.assertEqual(self.plan.action_add("visit", other.id), item.id)
        self.assertEqual(item.state, "accepted")
        for kind, partner, name in (
            ("visit", None, "No customer"),
            ("task", None, None),
            ("collect", other.id, None),
            ("nonsense", other.id, None),
        ):
            with self.assertRaises(UserError):
                self.plan.action_add(kind, partner, name)
        self._visited(other)
        self.plan._tick()
        self.assertEqual(item.state, "done")

    def test_others_do_not_change_it(self):
        for who in ("peer", "leader", "director", "operations"):
            plan = self.plan.with_user(self.users[who])
            item = plan.item_ids[:1] if who != "peer" else self.plan.item_ids[:1]
            item = item.with_user(self.users[who])
            for call in (
                plan.action_accept,
                plan.action_submit,
                lambda plan=plan: plan.action_add("task", name="X"),
                lambda plan=plan: plan.action_reorder([]),
                item.action_drop,
                item.action_accept,
                item.action_done,
            ):
                with self.assertRaises(AccessError):
                    call()

    def test_what_follows(self):
        """Nothing, until a rule is switched on; then once for the same misses."""
        events = self.env["sales.miss.event"]
        rules = self.env["sales.miss.rule"].with_context(active_test=False)
        category = self.env["sales.conduct.category"].search(
            [("kind", "=", "violation")], limit=1
        )
        found = rules.create(
            [
                {
                    "name": name,
                    "action": name,
                    "reason_id": self.reasons["OWN_TIME"].id,
                    "count": 3,
                    "days": 7,
                    "category_id": category.id,
                    "active": False,
                }
                for name in ("talk", "task", "conduct")
            ]
        )
        self.plan.action_submit(self._answers(self.plan))
        self.assertFalse(events.search([("rep_id", "=", self.rep.id)]))
        found.active = True
        self._past(self.plan, 2)
        second = self._propose().with_user(self.user)
        second.action_submit(self._answers(second))
        events = events.search([("rep_id", "=", self.rep.id)])
        self.assertEqual(events.mapped("count"), [6, 6, 6])
        models = {event.rule_id.action: event.res_model for event in events}
        self.assertEqual(
            models,
            {
                "talk": "mail.activity",
                "task": "sales.work.plan.item",
                "conduct": "sales.conduct",
            },
        )
        by_model = {
            event.res_model: self.env[event.res_model].browse(event.res_id)
            for event in events
        }
        activity = by_model["mail.activity"]
        self.assertEqual(activity.user_id, self.users["leader"])
        self.assertEqual(activity.date_deadline, self._day(1))
        task = by_model["sales.work.plan.item"]
        self.assertEqual((task.date, task.must), (self._day(1), True))
        self.assertEqual(by_model["sales.conduct"].state, "reported")
        self._past(second, 1)
        third = self._propose().with_user(self.user)
        others = third.item_ids.filtered(lambda i: not i.must)[1:]
        others.action_drop(self.reasons["PRICE"].id)
        third.action_submit(self._answers(third))
        self.assertEqual(
            self.env["sales.miss.event"].search_count([("rep_id", "=", self.rep.id)]),
            3,
        )


@tagged("post_install", "-at_install")
class TestTeam(WorkCase):
    def test_team(self):
        self._customer("Mine", turnover=10)
        self._customer("Peer's", user=self.users["peer"])
        self.plans._propose(self.rep + self.reps["peer"], self.today)
        plan = self._plan().with_user(self.user)
        plan.action_submit(self._answers(plan))
        data = self.plans.with_user(self.users["leader"]).get_team()
        self.assertEqual([rep["name"] for rep in data["reps"]], ["Rep"])
        [row] = data["reps"]
        self.assertEqual(
            (row["planned"], row["done"], row["missed"], row["state"]),
            (1, 0, 1, "submitted"),
        )
        self.assertEqual(data["reasons"], [{"name": "Own time", "count": 1}])
        for period in ("week", "month"):
            data = self.plans.with_user(self.users["director"]).get_team(None, period)
            rows = {row["name"]: row for row in data["reps"]}
            self.assertEqual(rows["Rep"]["planned"], 1)
            self.assertEqual(rows["Peer"]["submitted"], 0)
            self.assertEqual(rows["Manager"]["plans"], 0)
        with self.assertRaises(AccessError):
            self.plans.with_user(self.user).get_team()
        with self.assertRaises(UserError):
            self.plans.with_user(self.users["leader"]).get_team(None, "decade")

    def test_target_of_the_day(self):
        self._core_plan()
        self._order(self.user)
        data = self.plans.with_user(self.user).get_my_day()
        target = data["target"]
        self.assertEqual((target["achieved"], target["month_achieved"]), (100, 100))
        day = self.env["sales.target.day"].search(
            [("rep_id", "=", self.rep.id), ("date", "=", self.today)]
        )
        self.assertEqual(target["value"], day.value)
        self.assertTrue(data["needs"])
        team = self.plans.with_user(self.users["leader"]).get_team()
        self.assertEqual(team["reps"][0]["target"], day.value)
        self.assertEqual(team["reps"][0]["achieved"], 100)
