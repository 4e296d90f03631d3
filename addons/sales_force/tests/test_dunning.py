"""Dunning: each step once, bundled, held, settled by payments, and by two at once."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .collection_common import CollectionCase
from .common import ConcurrentCase


class DunningCase(CollectionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env.ref("sales_force.mail_template_dunning")
        cls.plan = cls.env["sales.dunning.plan"].create(
            {
                "name": "Plan",
                "company_id": cls.company.id,
                "step_ids": [
                    Command.create({"name": "Call", "days": 3}),
                    Command.create(
                        {
                            "name": "Letter",
                            "days": 15,
                            "action": "letter",
                            "template_id": cls.template.id,
                        }
                    ),
                    Command.create({"name": "Hand", "days": 60, "action": "manager"}),
                ],
            }
        )
        cls.plan.action_put_in_force()
        cls.call, cls.letter, cls.hand = cls.plan.step_ids
        # What others owe is dunned already.
        while cls.plan._run(cls.company):
            pass

    def run_plan(self, plan=None):
        """:return: the dunnings that are new"""
        dunnings = self.env["sales.dunning"]
        before = dunnings.search([])
        (plan or self.plan)._run(self.company)
        self.env.cr.flush()
        self.env.invalidate_all()
        return dunnings.search([]) - before


@tagged("post_install", "-at_install")
class TestDunning(DunningCase):
    def test_ready_plan(self):
        """The ready plan is there and does nothing before somebody wants it."""
        ready = self.env.ref("sales_force.sales_dunning_plan_standard")
        self.assertEqual(len(ready.step_ids), 4)
        self.bill(100)
        self.plan.action_put_out_of_force()
        self.assertFalse(ready._get_in_force(self.company))
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            ready._cron_run()
            self.assertFalse(
                self.env["sales.dunning"].search([("partner_id", "=", self.own.id)])
            )
            ready.action_put_in_force()
            ready._cron_run()
        dunning = self.env["sales.dunning"].search([("partner_id", "=", self.own.id)])
        self.assertEqual(dunning.name, "Handed to the manager")

    def test_first_is_told(self):
        """Whoever believes that nothing was ever dunned hears of the first one."""
        dunnings = self.env["sales.dunning"]
        dunnings.search([]).unlink()
        registry = self.env.registry
        registry.clear_cache()
        self.bill(4)
        with patch.object(registry, "clear_cache") as clear:
            self.assertTrue(self.run_plan())
        clear.assert_called()
        registry.clear_cache()
        self.assertTrue(dunnings._is_used())

    def test_one_fails(self):
        """Something wrong in a company does not keep the others from dunning."""
        plan = self.env["sales.dunning.plan"]
        done = []

        def failing(plan, company):
            if company == self.company:
                raise ZeroDivisionError
            done.append(company)
            return False

        plans = dict.fromkeys((self.company, self.company_b), self.plan)
        with (
            patch.object(type(plan), "_run", failing),
            patch.object(type(plan), "_get_in_force", lambda *_args: plans),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
            self.assertLogs("odoo.addons.sales_force", "ERROR"),
        ):
            plan._cron_run()
        self.assertEqual(done, [self.company_b])

    def test_one_plan(self):
        """A company's own plan comes before the general one, and is one."""
        with self.assertRaises(ValidationError):
            self.plan.create({"name": "Empty"}).action_put_in_force()
        general = self.plan.copy({"name": "General", "company_id": False})
        self.assertFalse(general.in_force)
        general.action_put_in_force()
        companies = self.company + self.company_b
        self.assertEqual(
            general._get_in_force(companies),
            {self.company: self.plan, self.company_b: general},
        )
        with self.assertRaises(Exception), mute_logger("odoo.sql_db"):  # noqa: B017
            self.plan.copy({"name": "Second"}).action_put_in_force()
            self.env.flush_all()

    def test_bundled(self):
        """All new items of a customer are one activity, of the latest step."""
        young, older = self.bill(4), self.bill(20)
        self.bill(2)
        dunning = self.run_plan()
        self.assertEqual(len(dunning), 1)
        self.assertEqual((dunning.step_id, dunning.action), (self.letter, "letter"))
        self.assertEqual(
            {line.document_name: line.step_id for line in dunning.line_ids},
            {young.name: self.call, older.name: self.letter},
        )
        self.assertEqual(dunning.doer_id, self.users["rep"])
        self.assertEqual((dunning.status, dunning.residual), ("open", 200))
        activity = dunning.activity_id
        self.assertEqual(activity.user_id, self.users["rep"])
        self.assertIn("Letter", activity.summary)
        self.assertFalse(self.run_plan(), "each step once")

    def test_next_days(self):
        """What comes a day later joins what is still to be done of the same step."""
        self.bill(4)
        dunning = self.run_plan()
        self.bill(5, amount=50)
        self.assertFalse(self.run_plan())
        self.assertEqual(len(dunning.line_ids), 2)
        self.assertIn("150", dunning.activity_id.summary)
        dunning.with_user(self.users["rep"]).action_done()
        self.env.invalidate_all()
        self.assertEqual(dunning.status, "done")
        self.bill(6)
        another = self.run_plan()
        self.assertEqual(len(another.line_ids), 1)
        invoice = self.bill(4)
        self.run_plan()
        invoice.line_ids.date_maturity = self.day(15)
        self.env.flush_all()
        later = self.run_plan()
        self.assertEqual((later.step_id, len(later.line_ids)), (self.letter, 1))

    def test_next_step(self):
        """What comes next is in the list."""
        invoice = self.bill(4)
        self.run_plan()
        item = self.item(invoice).with_user(self.users["rep"])
        self.assertEqual((item.step_name, item.step_on), ("Call", self.today))
        self.assertEqual(
            (item.next_step_name, item.next_step_on), ("Letter", self.day(-11))
        )
        self.promise(invoice, days=-13)
        self.env.invalidate_all()
        self.assertEqual(item.next_step_on, self.day(-13))

    def test_whom(self):
        """Managers where it is handed to them, deputies for those on leave."""
        self.bill(70)
        self.bill(70, self.customers["nobody"])
        dunning = self.run_plan()
        self.assertEqual(dunning.partner_id, self.own, "nobody is there to do it")
        self.assertEqual(dunning.doer_id, self.users["leader"])
        self.hand.write({"assign_to": "user", "user_id": self.users["finance"].id})
        self.assertEqual(self.run_plan().doer_id, self.users["finance"])
        self.env["sales.cover"].create(
            {
                "rep_id": self.reps["rep"].id,
                "deputy_id": self.reps["peer"].id,
                "date_from": self.day(1),
                "date_to": self.day(-1),
            }
        ).with_user(self.users["leader"]).action_approve()
        self.bill(4)
        deputy = self.run_plan()
        self.assertEqual(deputy.doer_id, self.users["peer"])
        self.assertTrue(deputy.with_user(self.users["peer"])._get_items())

    def test_handed_over(self):
        """What is still to be done goes with the customer."""
        self.bill(4)
        dunning = self.run_plan()
        self.own.user_id = self.users["peer"]
        self.run_plan()
        self.assertEqual(dunning.doer_id, self.users["peer"])
        self.assertEqual(dunning.activity_id.user_id, self.users["peer"])
        self.assertFalse(dunning.with_user(self.users["rep"]).has_access("read"))

    def test_held(self):
        """What is in dispute or promised, or covered by credits, waits."""
        disputed, promised = self.bill(4), self.bill(4)
        dispute, promise = self.dispute(disputed), self.promise(promised)
        self.assertFalse(self.run_plan())
        promise.action_withdraw()
        dunning = self.run_plan()
        self.assertEqual(dunning.line_ids.document_name, promised.name)
        dispute.action_withdraw()
        self.assertFalse(self.run_plan())
        self.assertEqual(len(dunning.line_ids), 2)
        leader = self.customers["leader"]
        self.bill(4, leader)
        credit = self.books.payment(100, leader, self.day(1))
        self.assertFalse(self.run_plan())
        credit.action_draft()
        self.env.flush_all()
        self.assertEqual(self.run_plan().partner_id, leader)

    def test_accepted_dispute(self):
        """Where the customer is right nothing is dunned before the credit note."""
        dispute = self.dispute(self.bill(4))
        judge = dispute.with_user(self.users["leader"])
        judge.decision = "They leak."
        judge.action_accept()
        self.assertFalse(self.run_plan())

    def test_minimum(self):
        self.plan.amount_min = 150
        self.bill(4)
        self.assertFalse(self.run_plan())
        self.bill(1, amount=50)
        self.assertEqual(len(self.run_plan().line_ids), 1)

    def test_in_batches(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"P{n}", "is_company": True, "user_id": self.users["rep"].id}
                for n in range(5)
            ]
        )
        for partner in partners:
            self.bill(4, partner)
        path = "odoo.addons.sales_force.models.sales_dunning_plan.BATCH"
        with patch(path, 2):
            runs = [self.plan._run(self.company) for _run in range(4)]
        self.assertEqual(runs, [True, True, False, False])
        dunned = [("partner_id", "in", partners.ids)]
        self.assertEqual(self.env["sales.dunning"].search_count(dunned), 5)

    def test_paid(self):
        """A payment settles it in the same transaction; in part it stays."""
        one, other = self.bill(4), self.bill(5)
        dunning = self.run_plan()
        activity = dunning.activity_id
        self.pay(one)
        self.pay(other, 40)
        self.assertEqual((dunning.status, dunning.residual), ("open", 60))
        self.assertTrue(activity.exists())
        self.pay(other)
        self.assertEqual(dunning.status, "settled")
        self.assertEqual(dunning.settled_on, self.today)
        self.assertFalse(activity.exists())
        self.assertFalse(self.run_plan())
        self.unmatch(one)
        self.assertEqual(dunning.status, "open")
        self.assertEqual(dunning.activity_id.user_id, self.users["rep"])
        self.assertEqual(dunning.residual, 100)
        self.assertTrue(self.item(one))

    def test_done_stays_done(self):
        invoice = self.bill(4)
        dunning = self.run_plan()
        dunning.with_user(self.users["rep"]).action_done()
        activity = dunning.activity_id
        self.pay(invoice)
        self.assertEqual(dunning.status, "settled")
        self.unmatch(invoice)
        self.assertEqual((dunning.status, dunning.activity_id), ("done", activity))

    def test_dispute_settles(self):
        """An item that comes into dispute is not dunned on."""
        invoice = self.bill(4)
        dunning = self.run_plan()
        dispute = self.dispute(invoice)
        self.env.invalidate_all()
        self.assertEqual(dunning.status, "settled")
        dispute.action_withdraw()
        self.env.invalidate_all()
        self.assertEqual(dunning.status, "open")

    def test_cancelled(self):
        """What was cancelled is settled in the night."""
        invoice = self.bill(4)
        dunning = self.run_plan()
        invoice.button_draft()
        invoice.button_cancel()
        self.env.flush_all()
        self.assertFalse(self.run_plan())
        self.assertEqual(dunning.status, "settled")

    def test_search(self):
        self.bill(4)
        open_ = self.run_plan()
        self.bill(4, self.customers["leader"])
        done = self.run_plan()
        done.with_user(self.users["leader"]).action_done()
        invoice = self.bill(4, self.customers["peer"])
        settled = self.run_plan()
        self.pay(invoice)
        dunnings = self.env["sales.dunning"].with_user(self.users["director"])
        for status, expected in (("open", open_), ("done", done), ("settled", settled)):
            found = dunnings.search(
                [("status", "=", status), ("step_id", "=", self.call.id)]
            )
            self.assertEqual(found.ids, expected.ids, status)
            self.assertEqual(expected.status, status)
        self.assertEqual(self.plan.open_count, 1)

    def test_letter(self):
        """The rep writes it, to the address for invoices, with the statement."""
        self.env["sales.customer"]._refresh(self.company)
        contact = self.env["res.partner"].create(
            {
                "name": "Accounts",
                "parent_id": self.own.id,
                "type": "invoice",
                "email": "accounts@example.com",
            }
        )
        invoice = self.bill(20)
        dunning = self.run_plan().with_user(self.users["rep"])
        context = dunning.action_send_letter()["context"]
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.users["rep"])
            .with_context(**context)
            .create({})
        )
        self.assertEqual(composer.partner_ids, contact)
        self.assertIn(invoice.name, composer.body)
        composer.action_send_mail()
        message = dunning.message_ids[0]
        self.assertEqual(message.author_id, self.users["rep"].partner_id)
        self.assertEqual(len(message.attachment_ids), 1)

    def test_from_the_activity(self):
        """A promise and a dispute begin with the items of the dunning."""
        invoice = self.bill(4)
        dunning = self.run_plan().with_user(self.users["rep"])
        item = self.item(invoice)
        for action in (dunning.action_promise(), dunning.action_dispute()):
            self.assertEqual(
                action["context"]["default_item_ids"], [Command.set(item.ids)]
            )
        self.assertEqual(self.items.search(dunning.action_open_items()["domain"]), item)

    def test_only_operations_run(self):
        for role in ("rep", "director", "finance"):
            with self.assertRaises(AccessError):
                self.plan.with_user(self.users[role]).action_run()
        self.bill(4)
        self.plan.with_user(self.users["operations"]).action_run()
        self.assertTrue(
            self.env["sales.dunning"].search([("partner_id", "=", self.own.id)])
        )

    def test_flat_queries(self):
        """A night asks as much for ten customers as for one."""
        counts = []
        for more in (2, 2, 2, 20):
            partners = self.env["res.partner"].create(
                [
                    {
                        "name": f"P{n}",
                        "is_company": True,
                        "user_id": self.users["rep"].id,
                    }
                    for n in range(more)
                ]
            )
            for partner in partners:
                self.bill(4, partner)
                self.bill(20, partner)
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.plan._run(self.company)
            self.env.cr.flush()
            counts.append(self.env.cr.sql_log_count - before)
        # The first ones also read what is cached for good.
        self.assertEqual(counts[2], counts[3])

    def test_cost_of_paying(self):
        """Nothing where nobody is dunned; else one query, however many are paid."""
        mark = type(self.env["sales.dunning"])._mark

        def queries(invoices):
            lines = [
                self.books.receivables(
                    invoice, self.books.payment(100, self.own, self.day(0))
                )
                for invoice in invoices
            ]
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["account.move.line"]._reconcile_plan(lines)
            self.env.cr.flush()
            return self.env.cr.sql_log_count - before

        def batch(count):
            return [self.bill(4) for _n in range(count)]

        self.env["sales.dunning"].search([]).unlink()
        self.env.registry.clear_cache()
        queries(batch(2))
        for used, more in ((False, 0), (True, 1)):
            if used:
                self.run_plan()
            for count in (1, 8):
                unwatched, watched = batch(count), batch(count)
                with patch.object(
                    type(self.env["sales.dunning"]), "_mark", lambda *args: None
                ):
                    without = queries(unwatched)
                self.assertLessEqual(queries(watched) - without, more, (used, count))
        self.assertEqual(type(self.env["sales.dunning"])._mark, mark)


@tagged("post_install", "-at_install")
class TestConcurrentDunning(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            users = env["res.users"].with_context(no_reset_password=True)
            user = users.create({"name": "Dunner", "login": "sf_dunner"})
            rep = env["sales.rep"].create({"user_id": user.id, "state": "active"})
            partner = env["res.partner"].create(
                {"name": "Raced", "is_company": True, "user_id": user.id}
            )
            invoice = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": "2026-01-01",
                    "invoice_date_due": "2026-01-01",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Thing", "price_unit": 100, "tax_ids": False}
                        )
                    ],
                }
            )
            invoice.action_post()
            plan = env["sales.dunning.plan"].create(
                {
                    "name": "Raced",
                    "step_ids": [Command.create({"name": "Call", "days": 1})],
                }
            )
            self.made = [
                (one._name, one.id) for one in (plan, invoice, partner, rep, user)
            ]
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            plan, invoice, *others = (
                env[model].browse(id_) for model, id_ in self.made
            )
            env["sales.dunning"].search([("plan_id", "=", plan.id)]).unlink()
            plan.unlink()
            invoice.button_draft()
            invoice.with_context(force_delete=True).unlink()
            for record in others:
                record.unlink()

    def test_two_nights_at_once(self):
        """Nothing is dunned twice."""
        plan_id, partner_id = self.made[0][1], self.made[2][1]

        def run(env):
            env["sales.dunning.plan"].browse(plan_id)._run(env.company)

        self.assertEqual(self._race(run, run), 2)
        with self._environment() as env:
            dunning = env["sales.dunning"].search([("partner_id", "=", partner_id)])
            self.assertEqual(len(dunning), 1)
            self.assertEqual(len(dunning.line_ids), 1)
            self.assertEqual(dunning.activity_ids, dunning.activity_id)
