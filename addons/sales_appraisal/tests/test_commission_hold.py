from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Command

from .commission_common import CommissionCase

JANUARY, FEBRUARY, MARCH = (date(2031, month, 10) for month in (1, 2, 3))
HALF = {"hold_percent": 50}
BACK = {"refund": "paid"}


class HoldCase(CommissionCase):
    def _pay(self, invoice, amount, day):
        """Cash on an invoice, or paid back on a credit note: an entry of the bank."""
        owed = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        sign = -1 if invoice.move_type == "out_refund" else 1
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        entry = self.env["account.move"].create(
            {
                "journal_id": bank.id,
                "date": day,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": invoice.commercial_partner_id.id,
                            "balance": balance,
                        }
                    )
                    for account, balance in (
                        (bank.default_account_id, sign * amount),
                        (owed.account_id, -sign * amount),
                    )
                ],
            }
        )
        entry.action_post()
        matched = entry.line_ids.filtered(
            lambda line: line.account_id == owed.account_id
        )
        (matched | owed).reconcile()

    def _refund(self, invoice, day, amount=None):
        """A credit note on an invoice; posted, it is matched with what is unpaid."""
        values = {"invoice_date": day, "invoice_user_id": invoice.invoice_user_id.id}
        refund = invoice._reverse_moves([values])
        if amount:
            refund.invoice_line_ids.price_unit = amount
        refund.action_post()
        return refund

    def _owe(self, due):
        """An invoice of January over 1,000, to be paid until a day."""
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-05")
        invoice.invoice_date_due = due
        invoice.invoice_line_ids.price_unit = 1000
        invoice.action_post()
        return invoice

    def _subjects(self, name="rep", month=None):
        """``{subject: amount}`` of a rep, of one statement or of all."""
        domain = [("rep_id", "=", self.reps[name].id)]
        if month:
            domain.append(("statement_id.date_from", "=", date(2031, month, 1)))
        return {
            subject: round(amount, 2)
            for subject, amount in self.entries._read_group(
                domain, ["subject"], ["amount:sum"]
            )
        }


class TestHold(HoldCase):
    def test_followed(self):
        """Cash alone makes a period stale of which something is held."""
        plan = self._plan({**HALF}) | self._plan(name="Nothing is held")
        invoice = self._sell("rep", 1000)
        stamps = self.env["sales.commission.stamp"]
        with freeze_time("2031-02-25 12:00:00"):
            for period, mark in stamps._get_stale(stamps._get_periods(plan)).items():
                stamps._settled(*period[:2], credits=mark)
            self._pay(invoice, 500, "2031-02-05")
            stale = stamps._get_stale(stamps._get_periods(plan))
        self.assertEqual(
            [(one, start) for one, start, _stop in stale],
            [(plan[0], date(2031, 2, 1))],
        )

    def test_cash(self):
        """Half is held, and released with three payments: to the cent all of it."""
        self._plan({**HALF, "rate": 10})
        invoice = self._sell("rep", 1000.1)
        self._run()
        self.assertEqual(self._subjects(), {"earning": 100.01, "hold": -50.01})
        for entry in self._statement().entry_ids:
            self.assertTrue(entry.explanation)
        january = self._statement()
        self.assertEqual(january.amount, 50)
        self._close(january)
        for amount, day in ((333.33, "2031-02-05"), (333.33, "2031-02-20")):
            self._pay(invoice, amount, day)
        self._pay(invoice, 333.44, "2031-03-05")
        self._run(FEBRUARY)
        self._run(MARCH)
        self.assertEqual(self._subjects(month=2), {"release": 33.34})
        self.assertEqual(self._subjects(month=3), {"release": 16.67})
        self.assertEqual(self._paid() * 100, 10001)
        [march] = self._statement(month=3).entry_ids
        self.assertEqual(march.kind, "release")
        self.assertIn("333.44", march.explanation)
        self.assertIn("16.67", march.explanation)
        self.assertEqual(march.date, date(2031, 3, 5))
        self.assertEqual(march.credit_id.metric_id.code, "COLLECTED")
        self._run(FEBRUARY)
        self._run(MARCH)
        self.assertEqual(self._statement(month=3).entry_ids, march)
        self.assertEqual(january.amount, 50)

    def test_unreconciled(self):
        """A bounced payment takes its release back: open it goes, closed it is
        adjusted."""
        self._plan(HALF)
        invoice = self._sell("rep", 1000)
        self._pay(invoice, 400, "2031-01-20")
        self._pay(invoice, 600, "2031-02-20")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(), {"earning": 100, "hold": -50, "release": 50})
        self._close(self._statement())
        invoice.line_ids.remove_move_reconcile()
        self._run()
        self._run(FEBRUARY)
        january = self._subjects(month=1)
        self.assertEqual(january, {"earning": 100, "hold": -50, "release": 20})
        [back] = self._statement(month=2).entry_ids
        self.assertEqual((back.kind, back.subject), ("adjustment", "release"))
        self.assertEqual(back.amount, -20)
        self.assertEqual(back.corrects_id.amount, 20)
        self.assertEqual(self._paid(), 50)

    def test_days(self):
        self._plan({**HALF, "hold_release": "days", "hold_days": 30})
        self._sell("rep", 1000, "2031-01-10")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=1), {"earning": 100, "hold": -50})
        self.assertEqual(self._subjects(month=2), {"release": 50})
        self.assertEqual(self._statement(month=2).entry_ids.date, date(2031, 2, 9))

    def test_override(self):
        """What a manager is held back is released with the same cash."""
        self._plan({**HALF, "credited": "override"})
        invoice = self._sell("rep", 1000)
        self._pay(invoice, 1000, "2031-02-20")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects("leader", 2), {"release": 50})
        self.assertEqual(self._paid("leader"), 100)

    def test_late(self):
        """A late invoice that lifts all to a higher rate lifts hold and release."""
        self._plan(
            {
                **HALF,
                "table": "amount",
                "mode": "whole",
                "tier_ids": self._tiers((0, 10), (1500, 20)),
            }
        )
        invoice = self._sell("rep", 1000)
        self._pay(invoice, 1000, "2031-02-05")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._paid(), 100)
        self._close(self._statement() | self._statement(month=2))
        self._sell("rep", 500, "2031-01-25")
        self._run()
        # 200 of which all is released; 100 of which half is
        self.assertEqual(
            self._subjects(), {"earning": 300, "hold": -150, "release": 100}
        )
        self._run()
        self.assertEqual(self._paid(), 250)

    def test_version(self):
        """What an earlier version held is released on the later one's statement."""
        plan = self._plan(HALF)
        invoice = self._sell("rep", 1000)
        self._run()
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.hold_percent = 0
        later.action_publish()
        self.assertEqual(later.rule_ids.former_id, plan.rule_ids)
        self._pay(invoice, 1000, "2031-02-20")
        self._run(FEBRUARY)
        release = self._statement(month=2).entry_ids
        self.assertEqual((release.kind, release.amount), ("release", 50))
        self.assertEqual(release.statement_id.plan_id, later)

    def _leave(self, **values):
        """What a leaver is paid of 100, of which 50 are held, 40 % paid in February
        and the rest in March."""
        self._plan(HALF, **values)
        invoice = self._sell("rep", 1000, "2031-01-05")
        self.reps["rep"].write({"state": "left", "date_end": "2031-01-10"})
        self._pay(invoice, 400, "2031-02-15")
        self._pay(invoice, 600, "2031-03-15")
        for day in (JANUARY, FEBRUARY, MARCH):
            self._run(day)
        return self._paid()

    def test_leaver(self):
        """Who left has statements for what is released."""
        self.assertEqual(self._leave(), 100)
        self.assertEqual(self._statement(month=3).amount, 30)

    def test_leaver_days(self):
        self.assertEqual(self._leave(leaver_hold="limited", leaver_hold_days=40), 70)

    def test_leaver_never(self):
        self.assertEqual(self._leave(leaver_hold="limited"), 50)

    def test_refused(self):
        for rule in (
            {**HALF, "metric": "ORDERED"},
            {**HALF, "metric": "COLLECTED_NET"},
            {
                **HALF,
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((0, 1)),
            },
            {**BACK, "metric": "ORDERED"},
            {"unpaid": "back", "metric": "COLLECTED"},
            {**HALF, "hold_release": "days", "unpaid": "back"},
        ):
            with self.subTest(rule), self.assertRaises(ValidationError):
                self._plan(dict(rule), publish=False)

    # Unpaid

    def test_unpaid(self):
        """Taken back some days after the due date, given again with the cash."""
        self._plan({"unpaid": "back", "unpaid_days": 30})
        invoice = self._owe("2031-01-20")
        self._pay(invoice, 100, "2031-01-30")
        self._run()
        self.assertEqual(self._paid(), 100)
        self._close(self._statement())
        self._run(FEBRUARY)
        [taken] = self._statement(month=2).entry_ids
        self.assertEqual((taken.kind, taken.amount), ("unpaid", -90))
        self.assertEqual(taken.date, date(2031, 2, 19))
        self.assertEqual(taken.base, -900)
        self.assertIn("30 days", taken.explanation)
        self._close(self._statement(month=2))
        self._pay(invoice, 300, "2031-03-05")
        self._pay(invoice, 600, "2031-03-25")
        self._run(MARCH)
        self.assertEqual(self._subjects(month=3), {"unpaid": 90})
        self.assertEqual(self._paid(), 100)

    def test_unpaid_held(self):
        """What is held back is not taken back besides."""
        self._plan({**HALF, "unpaid": "back", "unpaid_days": 0})
        invoice = self._owe("2031-01-20")
        self._run()
        self.assertEqual(self._paid(), 0)
        self._pay(invoice, 500, "2031-02-05")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"release": 25, "unpaid": 25})

    # Credit notes

    def test_refund_base(self):
        """By default a credit note counts less, at the rates of its own period."""
        self._plan({})
        invoice = self._sell("rep", 1000)
        self._refund(invoice, "2031-02-10")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"earning": -100})

    def test_refund_tier(self):
        """Taken back at the rate of the tier at which it was paid, and what counts
        in the period of the credit note is not less for it."""
        tiers = {
            "table": "amount",
            "mode": "whole",
            "tier_ids": self._tiers((0, 10), (1500, 20)),
        }
        self._plan({**BACK, **tiers})
        invoice = self._sell("rep", 1000)
        self._sell("rep", 500)
        self._run()
        self.assertEqual(self._paid(), 300)
        self._close(self._statement())
        self._sell("rep", 200, "2031-02-05")
        refund = self._refund(invoice, "2031-02-10", 300)
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"earning": 20, "clawback": -60})
        [back] = self._statement(month=2).entry_ids.filtered(
            lambda entry: entry.kind == "clawback"
        )
        self.assertEqual(back.base, -300)
        self.assertIn("lowers nothing else", back.explanation)
        self.assertEqual(back.res_id, refund.invoice_line_ids.id)
        # The rest of the invoice: all that was paid is back.
        self._refund(invoice, "2031-03-10", 700)
        self._run(MARCH)
        self.assertEqual(self._subjects(month=3), {"clawback": -140})
        self._run(FEBRUARY)
        self.assertEqual(self._paid(), 120)

    def test_refund_capped(self):
        """Nothing was paid above the limit, so nothing is taken back for it."""
        self._plan({**BACK, "cap": 120})
        first = self._sell("rep", 1000, "2031-01-05")
        second = self._sell("rep", 1000, "2031-01-10")
        self._run()
        self._refund(first, "2031-02-10")
        self._refund(second, "2031-02-10")
        self._run(FEBRUARY)
        amounts = sorted(self._statement(month=2).entry_ids.mapped("amount"))
        self.assertEqual(amounts, [-100, -20])

    def test_refund_same_period(self):
        self._plan(BACK)
        invoice = self._sell("rep", 1000)
        self._refund(invoice, "2031-01-20", 400)
        self._run()
        self.assertEqual(self._subjects(), {"earning": 60})

    def test_refund_who_was_paid(self):
        """The manager of then gives back, not that of the day of the credit note."""
        self._plan({**BACK, "credited": "override"})
        invoice = self._sell("rep", 1000)
        self._run()
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["rep"].id,
                "date_from": "2031-02-01",
                "manager_id": self.reps["peer_leader"].id,
            }
        )
        self._refund(invoice, "2031-02-10", 500)
        self._run(FEBRUARY)
        self.assertEqual(self._subjects("leader", 2), {"clawback": -50})
        self.assertEqual(self._subjects("peer_leader", 2), {})

    def test_refund_held(self):
        """What was held of a credited invoice is neither paid nor taken back twice:
        in the end the rep has what the cash that stays has earned."""
        self._plan({**BACK, **HALF})
        unpaid = self._sell("rep", 1000)
        paid = self._sell("rep", 2000)
        self._pay(paid, 2000, "2031-01-20")
        self._run()
        self._close(self._statement())
        self.assertEqual(self._paid(), 250)
        # Never paid, and credited: no cash moves
        refund = self._refund(unpaid, "2031-02-10")
        self.assertEqual(unpaid.payment_state, "reversed")
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"clawback": -100, "hold": 50})
        # Paid, and a quarter of it paid back
        refund = self._refund(paid, "2031-03-10", 500)
        self._pay(refund, 500, "2031-03-20")
        self._run(MARCH)
        self.assertEqual(
            self._subjects(month=3), {"clawback": -50, "hold": 25, "release": -25}
        )
        self.assertEqual(self._paid(), 150)

    def test_refund_product(self):
        """At the rate of its product; of another product at that of the invoice."""
        other = self.env["product.product"].create({"name": "Other"})
        self._plan(
            {
                **BACK,
                "table": "amount",
                "mode": "progressive",
                "tier_ids": self._tiers((0, 10), (1000, 30)),
            }
        )
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-10")
        invoice.invoice_line_ids.price_unit = 1000
        invoice.invoice_line_ids = [
            Command.create(
                {"product_id": other.id, "price_unit": 1000, "tax_ids": False}
            )
        ]
        invoice.action_post()
        self._run()
        self.assertEqual(self._paid(), 400)
        refund = invoice._reverse_moves([{"invoice_date": "2031-02-10"}])
        refund.invoice_line_ids[0].price_unit = 100
        refund.invoice_line_ids[1].price_unit = 200
        third = self.env["product.product"].create({"name": "Third"})
        refund.invoice_line_ids = [
            Command.create({"product_id": third.id, "price_unit": 50, "tax_ids": False})
        ]
        refund.action_post()
        self._run(FEBRUARY)
        amounts = sorted(self._statement(month=2).entry_ids.mapped("amount"))
        # 30 % of 200, 10 % of 100, 20 % of 50
        self.assertEqual(amounts, [-60, -10, -10])

    def test_refund_cash(self):
        """On collected cash: what is paid back is taken back as it was paid."""
        self._plan({**BACK, "metric": "COLLECTED_NET", "cap": 50})
        invoice = self._sell("rep", 1000)
        self._pay(invoice, 1000, "2031-02-05")
        refund = self._refund(invoice, "2031-02-10", 500)
        self._pay(refund, 500, "2031-02-20")
        self._run()
        self._run(FEBRUARY)
        self.assertEqual(self._subjects(month=2), {"earning": 50, "clawback": -25})
