"""What was decided on a dispute, when the invoice is credited, or stays unpaid."""

from datetime import date
from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import Form

from .test_commission_cancel import PAID, CancelCase
from .test_commission_hold import BACK, FEBRUARY, JANUARY, MARCH
from .test_commission_loss import LossCase

UNPAID = {"unpaid": "back", "unpaid_days": 10}


class TestTakenBack(CancelCase, LossCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2031-03-05 12:00:00"))

    def _earn(self, *rules, **values):
        self.plan = self._plan(*rules, **values)
        self.invoice = self._sell("rep", 1000)
        self._settle()

    def _settle(self, *days):
        for day in days or (JANUARY, FEBRUARY, MARCH):
            self._run(day)
        self.env.invalidate_all()

    def _know_customer(self):
        """Since before anything was sold, so that losses are what comes later."""
        with freeze_time("2031-01-01 12:00:00"):
            self.env["sales.customer"]._refresh(self.company, self.partner.ids)

    def _of(self, month, subject):
        return self._statement(month=month).entry_ids.filtered(
            lambda one: one.subject == subject
        )

    def _grant(self, amount, entry=None):
        """As the rep disputes it, and the manager decides."""
        entry = self._of(1, "earning") if entry is None else entry
        opened = (
            self.env["sales.commission.dispute"]
            .with_user(self.users["rep"])
            ._open(entry.with_user(self.users["rep"]), "calculation", "12 % was agreed")
        )
        action = opened.with_user(self.users["manager"]).action_decide()
        with Form(
            self.env[action["res_model"]]
            .with_user(self.users["manager"])
            .with_context(**action["context"])
        ) as form:
            form.outcome = "corrected"
            form.amount = amount
            form.decision = "So it is"
        form.record.action_apply()
        self.env.invalidate_all()
        return opened.with_env(self.env)

    def test_credit_note(self):
        """Of a line of 100 that was decided to be 120, or 80: all of it with all of the
        invoice, 30 % with 30 % of it; closed before it, after it, or not."""
        for to in (120, 80):
            for credited, left in ((None, 0), (300, Decimal(to) * 7 / 10)):
                for closed in ((), (1,), (1, 2)):
                    with self.subTest(to=to, credited=credited, closed=closed):
                        self._check_credited(to, credited, closed, left)

    def _check_credited(self, to, credited, closed, left):
        with self.env.cr.savepoint() as savepoint:
            self._earn(BACK)
            self._grant(to)
            for month in closed:
                self._close(self._statement(month=month))
            before = self._amounts(closed)
            self._refund(self.invoice, "2031-02-05", credited)
            self._settle(FEBRUARY)
            self.assertEqual(self._paid(), left)
            self._settle()
            self.assertEqual((self._paid(), self._amounts(closed)), (left, before))
            savepoint.rollback()

    def _amounts(self, months):
        entries = self.entries.concat(
            *(self._statement(month=month).entry_ids for month in months)
        )
        return {entry.id: entry.amount for entry in entries}

    def test_credit_note_first(self):
        """Decided after the refund: the same is paid, and the sentence says why."""
        self._earn(BACK)
        self._close(self._statement())
        self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self._close(self._statement(month=2))
        self.assertEqual(self._paid(), 70)
        dispute = self._grant(120)
        self.assertEqual((dispute.amount, dispute.amount_after), (20, 120))
        self.assertEqual(self._paid(), 84)
        [correction] = dispute.correction_ids
        self.assertEqual((correction.amount, correction.corrects_id.amount), (14, 100))
        self.assertIn("14.00 is left", correction.explanation)
        # What it is about is paid 120, before anything is taken back.
        self._grant(150, correction)
        self.assertEqual(self._paid(), 105)

    def test_credit_notes_gone(self):
        """One after the other, and set back to draft: given again."""
        self._earn(BACK)
        dispute = self._grant(120)
        self._close(self._statement())
        first = self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self._close(self._statement(month=2))
        second = self._refund(self.invoice, "2031-03-01", 700)
        self._settle()
        self.assertEqual(self._paid(), 0)
        march = self._of(3, "dispute")
        self.assertEqual((march.amount, march.kind), (-14, "adjustment"))
        self.assertEqual(march.corrects_id, self._of(1, "dispute"))
        self.assertEqual((march.amount_before, march.amount_after), (14, 0))
        self.assertEqual(sum(dispute.correction_ids.mapped("amount")), 0)
        second.button_draft()
        self._settle()
        self.assertEqual(self._paid(), 84)
        first.button_draft()
        self._settle()
        self.assertEqual(self._paid(), 120)

    def test_same_period(self):
        """A credit note of the invoice's period counts less there, as the rule says."""
        self._earn(BACK)
        self._grant(120)
        self._refund(self.invoice, "2031-01-20", 300)
        self._settle()
        self.assertEqual(self._paid(), 90)

    def test_counts_less(self):
        """Nor is anything taken back where credit notes lower what counts then."""
        self._earn({"refund": "base"})
        self._grant(120)
        self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self.assertEqual(self._paid(), 90)

    def test_other_rule(self):
        """What one rule takes back is not what was decided about another one."""
        self._earn({**BACK, "name": "Taken back"}, {"name": "Kept", "refund": "base"})
        kept = self._of(1, "earning").filtered(lambda one: one.rule_id.name == "Kept")
        self._grant(120, kept)
        self._refund(self.invoice, "2031-02-05")
        self._settle()
        self.assertEqual(self._paid(), 20)

    def test_next_version(self):
        """The version that pays the period of the credit note takes back."""
        self._earn(BACK)
        self._grant(120)
        later = self.env["sales.commission.plan"].browse(
            self.plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.action_publish()
        self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self.assertEqual(self._paid(), 84)

    def test_cash(self):
        """Of what is paid for cash, with the cash that is paid back."""
        self._earn({**BACK, "metric": "COLLECTED"})
        self._pay(self.invoice, 1000, "2031-01-20")
        self._settle()
        self._grant(120)
        self._close(self._statement())
        refund = self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self.assertEqual(self._paid(), 120)
        self._pay(refund, 300, "2031-02-20")
        self._settle()
        self.assertEqual(self._paid(), 84)

    def test_clawback(self):
        """A decision about what is taken back stays as decided."""
        self._earn(BACK)
        self._refund(self.invoice, "2031-02-05", 300)
        self._settle()
        self._grant(-10, self._of(2, "clawback"))
        self._settle()
        self.assertEqual(self._paid(), 90)

    def test_unpaid(self):
        """Taken back as the line, and given again with the cash."""
        self._earn(UNPAID)
        self.invoice.invoice_date_due = "2031-01-31"
        self._grant(120)
        self._close(self._statement())
        self._settle()
        self.assertEqual(self._paid(), 0)
        self._pay(self.invoice, 250, "2031-03-01")
        self._settle()
        self.assertEqual(self._paid(), 30)
        self._close(self._statement(month=2) | self._statement(month=3))
        self._pay(self.invoice, 750, "2031-03-02")
        self._settle(MARCH)
        self.assertEqual(self._paid(), 120)

    def test_unpaid_first(self):
        """Decided while it is unpaid: paid with the cash."""
        self._earn(UNPAID)
        self.invoice.invoice_date_due = "2031-01-31"
        self._settle()
        self._close(self._statement() | self._statement(month=2))
        self._grant(80)
        self.assertEqual(self._paid(), 0)
        self._pay(self.invoice, 500, "2031-03-01")
        self._settle(MARCH)
        self.assertEqual(self._paid(), 40)

    def test_unpaid_and_credited(self):
        """An unpaid invoice that is credited is taken back once."""
        self._earn({**BACK, **UNPAID})
        self.invoice.invoice_date_due = "2031-01-31"
        self._grant(120)
        self._settle()
        self.assertEqual(self._paid(), 0)
        self._refund(self.invoice, "2031-02-05")
        self._settle()
        self.assertEqual(self._paid(), 0)

    def test_held(self):
        """What was decided is not held, and what is held is released as it was."""
        self._earn({**BACK, "hold_percent": 50})
        self._grant(120)
        self._settle()
        self.assertEqual(self._paid(), 70)
        self._pay(self.invoice, 700, "2031-02-05")
        self._settle()
        self.assertEqual(self._paid(), 105)
        self._refund(self.invoice, "2031-02-10", 300)
        self._settle()
        self.assertEqual(self._paid(), Decimal(84))

    def test_held_and_lost(self):
        """Of a customer who is lost nothing is left, also where all else is held."""
        self._know_customer()
        self._earn({"hold_percent": 100, "lost_months": 6})
        self._grant(120)
        self.assertEqual(self._paid(), 20)
        self._reach("lost", "2031-02-05")
        self._settle()
        self.assertEqual(self._paid(), 0)
        self._reach("customer", "2031-02-09")
        self._settle()
        self.assertEqual(self._paid(), 20)

    def test_other_rule_of_lost(self):
        """Nor does a loss take back what was decided about a rule that keeps it."""
        self._know_customer()
        self._earn({"name": "Lost", "lost_months": 6}, {"name": "Kept"})
        kept = self._of(1, "earning").filtered(lambda one: one.rule_id.name == "Kept")
        self._grant(120, kept)
        self._reach("lost", "2031-02-05")
        self._settle()
        self.assertEqual(self._paid(), 120)

    def test_cancelled(self):
        """With an order that is cancelled what was decided of it ends as well."""
        self._plan({**PAID})
        order = self._book("rep", 1000)
        self._settle(JANUARY)
        self._grant(120)
        self._close(self._statement())
        order._action_cancel()
        self._settle()
        self.assertEqual(self._paid(), 0)

    def test_hindrance(self):
        """Where no other amount can be paid the dialog says why, and has the rest."""
        self._earn({"hold_percent": 50})
        held = self._of(1, "hold")
        opened = (
            self.env["sales.commission.dispute"]
            .with_user(self.users["rep"])
            ._open(held.with_user(self.users["rep"]), "rule", "Nothing was agreed")
        )
        action = opened.with_user(self.users["manager"]).action_decide()
        wizard = self.env[action["res_model"]].with_user(self.users["manager"])
        with Form(wizard.with_context(**action["context"])) as form:
            self.assertIn("by itself", form.hindrance)
            form.outcome = "refused"
            form.decision = "It is in the plan"
        form.record.action_apply()
        self.assertEqual(opened.state, "refused")

    def test_queries(self):
        """What is asked for decisions does not grow with them."""
        found = []
        for _round in range(2):
            self._earn(BACK | UNPAID, name=f"Plan {_round}")
            for number in range(1 + 4 * _round):
                invoice = self._sell("rep", 500 + number)
                self._settle(JANUARY)
                entry = self._of(1, "earning").filtered(
                    lambda one, of=invoice: one.scope_id == of.id
                    and one.plan_id == self.plan
                )
                self._grant(90, entry)
                self._refund(invoice, date(2031, 2, 5), 100)
            self._settle()
            self.env.flush_all()
            decided = self.env["sales.commission.dispute"]._get_decided(self.plan, None)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            decided._read_left(date(2031, 3, 31))
            found.append(self.env.cr.sql_log_count - before)
            self.plan.action_archive()
        self.assertLessEqual(found[1], found[0])
