"""Who is settled when somebody else's credits change a document."""

from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from .test_commission_hold import BACK, HALF
from .test_commission_loss import LOST, LossCase

OVERRIDE = {"credited": "override", "rate": 10}


class TestConcerned(LossCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2031-03-25 12:00:00"))
        self.startPatcher(patch.object(type(self.env["ir.cron"]), "_commit_progress"))
        self.stamps = self.env["sales.commission.stamp"]

    def _start(self, rule, amount=1000):
        """An invoice of January, whose commission is closed."""
        self.plan = self._plan(rule)
        self.invoice = self._sell("rep", amount)
        self._follow()
        self._close(self.statements.search([("date_from", "=", "2031-01-01")]))

    def _follow(self):
        self.statements._cron_follow()
        self.env.invalidate_all()

    def _get_concerned(self, month):
        bounds = self.plan._get_bounds(date(2031, month, 1))
        return self.stamps._get_concerned(self.plan, *bounds)

    def _pass_on(self):
        """From February on the rep has another leader."""
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["rep"].id,
                "date_from": "2031-02-01",
                "manager_id": self.reps["peer_leader"].id,
            }
        )

    def test_refund(self):
        """The customer is a colleague's when the credit note is made."""
        self._start({**BACK})
        refund = self.invoice._reverse_moves(
            [
                {
                    "invoice_date": "2031-02-10",
                    "invoice_user_id": self.users["peer"].id,
                }
            ]
        )
        refund.invoice_line_ids.price_unit = 400
        refund.action_post()
        concerned = self._get_concerned(2)
        self.assertIn(self.reps["rep"], concerned)
        self.assertNotIn(self.reps["foreigner"], concerned)
        self._follow()
        self.assertEqual(self._subjects(month=2), {"clawback": -40})
        self.assertFalse(self._get_concerned(2))
        refund.button_draft()
        self._follow()
        self.assertEqual(self._subjects(month=2), {})

    def test_cash(self):
        """The leader of the day of the invoice, when it is paid and when it bounces."""
        self._start({**OVERRIDE, **HALF})
        self.assertEqual(self._subjects("leader"), {"override": 100, "hold": -50})
        self._pass_on()
        self._pay(self.invoice, 400, "2031-02-10")
        self._follow()
        self.assertEqual(self._subjects("leader", 2), {"release": 20})
        self._close(self._statement("leader", 2))
        self.invoice.line_ids.remove_move_reconcile()
        self.assertIn(self.reps["leader"], self._get_concerned(2))
        self._follow()
        self.assertEqual(self._subjects("leader", 3), {"release": -20})

    def test_unpaid(self):
        """Cash that goes without a trace: what it has prevented is done."""
        self.plan = self._plan({**OVERRIDE, "unpaid": "back", "unpaid_days": 10})
        self.invoice = self._owe("2031-03-01")
        self._pass_on()
        self._pay(self.invoice, 1000, "2031-02-10")
        self._follow()
        self.assertEqual(self._subjects("leader"), {"override": 100})
        self.invoice.line_ids.remove_move_reconcile()
        self._follow()
        self.assertEqual(self._subjects("leader"), {"override": 100, "unpaid": -100})

    def test_customer(self):
        """Losses concern everybody who has sold to the customer."""
        self._start({**LOST})
        with freeze_time("2031-03-01 12:00:00"):
            self._reach("lost", "2031-03-10")
        self._follow()
        self.assertEqual(self._subjects(month=3), {"lost": -100})

    def test_queries(self):
        """As many whatever there is of documents."""

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_concerned(2)
            return self.env.cr.sql_log_count - before

        self._start({**BACK})
        count()
        few = count()
        for _number in range(8):
            self._refund(self._sell("rep", 100, "2031-02-01"), "2031-02-10", 10)
        self._follow()
        count()
        self.assertEqual(count(), few)
