"""Rebates from real invoices: accrued, traced to the cent, settled once."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .channel_common import ChannelVerbs
from .common import ConcurrentCase
from .credit_rows import CreditRows
from .ledger_common import LedgerCase
from .test_rebates_pure import by_units


class RebateCase(ChannelVerbs, LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dealer = cls._channel_partner("Dealer", cls.ann.user_id)
        cls.finance = new_test_user(
            cls.env,
            "sf_rebate_finance",
            "sales_force.group_sales_finance",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.startClassPatcher(freeze_time("2026-08-10 12:00:00"))

    def _sell(self, lines, day="2026-02-02", **values):
        values.setdefault("user", self.ann.user_id)
        return self.invoice(lines, day, partner=self.dealer, **values)

    def _accruals(self, agreement):
        return self.env["sales.rebate.accrual"].search(
            [("agreement_id", "=", agreement.id)]
        )

    def _periods(self, agreement):
        return {
            str(period.date_from): period.accrued
            for period in agreement.period_ids
            if period.accrued
        }

    def _settle(self, agreements):
        action = agreements.with_user(self.finance).action_settle()
        notes = self.env["account.move"].search(action["domain"])
        behind = notes.with_user(self.finance).action_open_rebates()
        rebates = self.env["sales.rebate.accrual"].search(behind["domain"])
        self.assertEqual(rebates, notes.sales_rebate_ids)
        return notes

    def assertTraced(self, agreement):
        """Accruals sum to the periods, to the cent, whatever is settled."""
        places = self.company.currency_id.decimal_places
        for period in agreement.period_ids:
            amounts = [Decimal(str(a)) for a in period.accrual_ids.mapped("amount")]
            for amount in amounts:
                self.assertEqual(amount, round(amount, places))
            self.assertEqual(
                round(sum(amounts), places),
                round(Decimal(str(period.accrued)), places),
            )

    def _play(self, seed, scale=1):
        """Documents and settlements at random, in a currency of whatever decimals.

        :param scale: what a hundredth is in the smallest unit of usual prices
        """
        random = Random(seed)
        whole = self._agreement(
            self.dealer, tiers=((50 * scale, 1.5), (150 * scale, 3.3333))
        )
        parts = self._agreement(
            self.dealer,
            tiers=((0, 0.7), (90 * scale, 2.25)),
            method="incremental",
            period="month",
        )
        invoices, notes = [], self.env["account.move"]
        for step in range(24):
            day = date(2026, random.randint(1, 7), random.randint(1, 28))
            move = random.choice("iiirs")
            if move == "i" or not invoices:
                lines = [
                    {
                        "price_unit": random.randint(1, 9000) * scale / 100,
                        "discount": random.choice((0, 7.5)),
                    }
                    for _n in range(2)
                ]
                invoices.append(self._sell(lines, str(day)))
            elif move == "r":
                self.refund(invoices.pop(), str(day))
            elif step % 2:
                notes += (whole + parts)._settle()
        notes.action_post()
        currency = self.company.currency_id
        settled = sum(notes.mapped("amount_untaxed"))
        self.assertTrue(settled)
        self.assertFalse(
            currency.compare_amounts(whole.settled + parts.settled, settled)
        )
        for agreement in whole + parts:
            agreement.action_accrue()
            self._compare(agreement)
            self.assertTraced(agreement)

    def _compare(self, agreement):
        whole = agreement.method == "whole"
        unit = 10**self.company.currency_id.decimal_places
        tiers = [
            (int(tier.start * unit), Fraction(str(tier.rate)) / 100)
            for tier in agreement.tier_ids
        ]
        moves = self.env["account.move"].search(
            [
                ("partner_id", "=", self.dealer.id),
                ("state", "=", "posted"),
                ("sales_is_rebate", "=", False),
            ]
        )
        for period in agreement.period_ids:
            volume = sum(
                round(-line.balance * unit)
                for line in moves.invoice_line_ids
                if period.date_from <= line.move_id.invoice_date <= period.date_to
            )
            self.assertEqual(round(period.volume * unit), volume)
            earned = by_units(volume, tiers, whole)
            units = int(earned + Fraction(1, 2))
            self.assertEqual(round(period.accrued * unit), units, period.date_from)


@tagged("post_install", "-at_install")
class TestRebate(RebateCase):
    def test_accrued(self):
        """By period, on each line of an invoice; nothing below the first tier."""
        self._sell([70, 50], "2026-02-02")
        self._sell([300], "2026-05-01")
        self._sell([99], "2026-07-01")
        agreement = self._agreement(self.dealer)
        self.assertEqual(self._periods(agreement), {"2026-01-01": 1.2, "2026-04-01": 9})
        self.assertEqual(len(agreement.period_ids), 3)
        running = agreement.period_ids[0]
        self.assertEqual(str(running.date_to), "2026-09-30")
        self.assertEqual((running.missing, running.rate), (1, 0))
        self.assertEqual((running.next_start, running.next_rate), (100, 1))
        accruals = self._accruals(agreement)
        accruals = accruals.sorted("amount")
        self.assertEqual(accruals.mapped("amount"), [0.5, 0.7, 9])
        self.assertEqual([one.credit_id.value for one in accruals], [50, 70, 300])
        self.assertEqual(accruals[0].document_name, accruals[0].credit_id.document_name)
        self.assertTraced(agreement)

    def test_incremental(self):
        self._sell([400])
        agreement = self._agreement(self.dealer, method="incremental")
        self.assertEqual(agreement.accrued, 5)

    def test_growth(self):
        """Over the whole of the same quarter of the year before."""
        self._sell([100], "2025-01-15")
        self._sell([100], "2025-03-31")
        self._sell([220], "2026-02-02")
        self._sell([500], "2026-05-02")
        agreement = self._agreement(
            self.dealer, tiers=((10, 2), (50, 5)), basis="growth"
        )
        self.assertEqual(self._periods(agreement), {"2026-01-01": 4.4})
        first = agreement.period_ids[-1]
        self.assertEqual((first.before, first.next_start), (200, 300))

    def test_quantity(self):
        self._sell([{"price_unit": 7, "quantity": 12}, {"price_unit": 7}])
        agreement = self._agreement(
            self.dealer, tiers=((10, 0.25),), measure="quantity"
        )
        self.assertEqual(agreement.accrued, 3.25)
        self.assertEqual(agreement.period_ids[-1].volume, 13)

    def test_product_group(self):
        """The group and its sub-groups; lines without a product belong to none."""
        category = self.env["product.category"]
        pumps = category.create({"name": "Pumps"})
        small = category.create({"name": "Small", "parent_id": pumps.id})
        pump = self.new_product("Pump", categ_id=small.id)
        self._sell(
            [
                {"price_unit": 200, "product_id": pump.id},
                {"price_unit": 50},
                {"price_unit": 50, "product_id": False, "name": "Freight"},
            ]
        )
        agreement = self._agreement(self.dealer, category_id=pumps.id)
        self.assertEqual(agreement.accrued, 2)
        everything = self._agreement(self.dealer)
        self.assertEqual(everything.accrued, 9)

    def test_shared_and_overlay(self):
        """Shares of reps are one line's; overlays are on top and do not count."""
        invoice = self._sell([100.01], post=False)
        self.split(invoice, (self.ann, 33), (self.bo, 67), overlay=[(self.cy, 50)])
        invoice.action_post()
        agreement = self._agreement(self.dealer, tiers=((0, 10),))
        self.assertEqual(agreement.accrued, 10)
        self.assertEqual(len(self._accruals(agreement)), 2)
        self.assertTraced(agreement)

    def test_idempotent(self):
        self._sell([70, 50])
        agreement = self._agreement(self.dealer)
        before = self._accruals(agreement).read()
        self._accruals(agreement)
        agreement.action_accrue()
        self.assertEqual(self._accruals(agreement).read(), before)

    def test_follows_the_ledger(self):
        """Credit notes and cancelled invoices take their rebates away."""
        invoice = self._sell([200, 150])
        agreement = self._agreement(self.dealer)
        self.assertEqual(agreement.accrued, 10.5)
        self.refund(invoice, "2026-02-15", lines=invoice.invoice_line_ids[1])
        agreement.action_accrue()
        self.assertEqual(agreement.accrued, 2)
        self.assertTraced(agreement)
        invoice.button_draft()
        invoice.button_cancel()
        agreement.action_accrue()
        self.assertFalse(self._accruals(agreement))

    def test_by_itself(self):
        """Posting an invoice starts the cron; without agreements nothing happens."""
        cron = self.env.ref("sales_force.ir_cron_accrue_rebates")
        triggers = [("cron_id", "=", cron.id)]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        self.env["sales.rebate.agreement"].search([("state", "=", "running")]).write(
            {"state": "closed"}
        )
        self.env.registry.clear_cache()
        self._sell([100])
        self.env.cr.precommit.run()
        self.assertFalse(self.env["ir.cron.trigger"].search(triggers))
        agreement = self._agreement(self.dealer)
        self._sell([200])
        self.env.cr.precommit.run()
        self.assertTrue(self.env["ir.cron.trigger"].search(triggers))
        self.env["sales.rebate.agreement"]._cron_accrue()
        self.assertEqual(agreement.accrued, 9)

    def test_settled(self):
        """A draft credit note of what is over, a line for each period, once."""
        self._sell([200], "2026-02-02")
        self._sell([400], "2026-05-01")
        self._sell([500], "2026-08-01")
        agreement = self._agreement(self.dealer)
        note = self._settle(agreement)
        self.assertEqual(
            (note.move_type, note.state, note.partner_id, note.amount_untaxed),
            ("out_refund", "draft", self.dealer, 14),
        )
        self.assertEqual(note.invoice_line_ids.mapped("price_unit"), [12, 2])
        self.assertEqual((agreement.settled, agreement.open), (14, 15))
        with self.assertRaisesRegex(UserError, "nothing to settle"):
            self._settle(agreement)
        note.action_post()
        agreement.action_accrue()
        # The credit note itself lowers no rebate.
        self.assertEqual((agreement.settled, agreement.open), (14, 15))
        self.assertTraced(agreement)

    def test_differences(self):
        """What changes after a settlement comes with the next one, dated."""
        self._sell([200, 100], "2026-02-02")
        agreement = self._agreement(self.dealer)
        first = self._settle(agreement)
        self.assertEqual(first.amount_untaxed, 9)
        late = self._sell([700], "2026-03-30")
        second = self._settle(agreement)
        self.assertEqual(second.amount_untaxed, 21)
        settled = self._accruals(agreement)
        late.button_draft()
        late.button_cancel()
        agreement.action_accrue()
        found = self._accruals(agreement) - settled
        self.assertEqual(found.mapped("amount"), [-21])
        self.assertEqual((found.is_difference, found.date), (True, date(2026, 8, 10)))
        with freeze_time("2026-08-20 12:00:00"):
            agreement.action_accrue()
            self.assertEqual(found.date, date(2026, 8, 10))
        # It waits until there is more on the other side.
        with self.assertRaises(UserError):
            self._settle(agreement)
        self._sell([1000], "2026-06-01")
        third = self._settle(agreement)
        self.assertEqual(third.amount_untaxed, 9)
        self.assertEqual(sorted(third.invoice_line_ids.mapped("price_unit")), [-21, 30])
        self.assertTraced(agreement)

    def test_tier_lost(self):
        """All units: what takes a tier away is a difference on each line."""
        invoice = self._sell([200, 100], "2026-02-02")
        agreement = self._agreement(self.dealer)
        self.assertEqual(self._settle(agreement).amount_untaxed, 9)
        self.refund(invoice, "2026-03-01", lines=invoice.invoice_line_ids[1])
        agreement.action_accrue()
        self.assertEqual((agreement.accrued, agreement.open), (2, -7))
        self.assertTraced(agreement)

    def test_cancelled_note(self):
        """What a cancelled or deleted credit note settled is open again."""
        self._sell([400])
        agreement = self._agreement(self.dealer)
        note = self._settle(agreement)
        note.button_cancel()
        self.assertEqual((agreement.settled, agreement.open), (0, 12))
        note.button_draft()
        with self.assertRaisesRegex(UserError, "cancel it and settle anew"):
            note.action_post()
        again = self._settle(agreement)
        self.assertEqual(again.amount_untaxed, 12)
        again.unlink()
        self.assertEqual((agreement.settled, agreement.open), (0, 12))

    def test_posted_as_accrued(self):
        self._sell([400])
        note = self._settle(self._agreement(self.dealer))
        note.invoice_line_ids.price_unit = 13
        with self.assertRaisesRegex(UserError, "cancel it and settle anew"):
            note.action_post()
        note.invoice_line_ids.price_unit = 12
        note.action_post()
        with self.assertRaisesRegex(UserError, "is not reversed"):
            note._reverse_moves()
        with self.assertRaises(UserError):
            note.with_user(self.finance).write({"sales_is_rebate": False})

    def test_who_settles(self):
        self._sell([400])
        agreement = self._agreement(self.dealer)
        operations = new_test_user(
            self.env,
            "sf_rebate_operations",
            "sales_force.group_sales_operations,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            agreement.with_user(operations).action_settle()
        with self.assertRaises(AccessError):
            agreement.with_user(self.finance).action_close()

    def test_partners_apart(self):
        other = self._channel_partner("Other")
        self._sell([400])
        self.invoice([200], "2026-02-02", partner=other, user=self.bo.user_id)
        agreements = self._agreement(self.dealer) + self._agreement(other)
        agreements += self._agreement(self.dealer, tiers=((0, 1),), period="year")
        notes = self._settle(agreements)
        self.assertEqual(
            {note.partner_id: note.amount_untaxed for note in notes},
            {self.dealer: 12, other: 2},
        )

    def test_life(self):
        agreement = self._agreement(self.dealer, tiers=(), start=False)
        with self.assertRaises(ValidationError):
            agreement.action_start()
        agreement = self._agreement(self.dealer)
        operations = new_test_user(
            self.env,
            "sf_rebate_operations",
            "sales_force.group_sales_operations",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        agreement = agreement.with_user(operations)
        for vals in ({"basis": "growth"}, {"state": "draft"}, {"tier_ids": [(5,)]}):
            with self.assertRaises(UserError):
                agreement.write(vals)
        with self.assertRaises(UserError):
            agreement.tier_ids.write({"rate": 50})
        with self.assertRaises(UserError):
            agreement.unlink()
        agreement.date_to = "2026-06-30"
        agreement.action_close()
        self._sell([400])
        with self.assertRaises(UserError):
            agreement.action_close()
        self.assertFalse(agreement.accrued)

    def test_ends_early(self):
        """Periods that are no longer any come to nothing."""
        self._sell([400], "2026-05-01")
        agreement = self._agreement(self.dealer)
        self.assertEqual(agreement.accrued, 12)
        agreement.date_to = "2026-03-31"
        agreement.action_accrue()
        self.assertFalse(agreement.accrued)
        self.assertEqual(set(agreement.period_ids.mapped("accrued")), {0})

    def test_tax_of_product(self):
        self.company.sales_rebate_product_id = self.new_product(
            "Rebate", type="service", taxes_id=[(6, 0, self.sale_tax.ids)]
        )
        self._sell([400])
        note = self._settle(self._agreement(self.dealer))
        self.assertEqual((note.amount_untaxed, note.amount_total), (12, 13.2))

    def test_tax_in_price(self):
        """The rebate is untaxed also where prices are with tax, as 13 % VAT."""
        tax = self.sale_tax.copy(
            {"name": "VAT", "amount": 13, "price_include_override": "tax_included"}
        )
        self.company.sales_rebate_product_id = self.new_product(
            "Rebate", type="service", taxes_id=[(6, 0, tax.ids)]
        )
        self._sell([433.37])
        note = self._settle(self._agreement(self.dealer))
        self.assertEqual((note.amount_untaxed, note.amount_total), (13, 14.69))
        note.action_post()
        self.assertEqual(note.state, "posted")

    def test_note_changed(self):
        """What was accrued is settled in its currency, and to whom it is due."""
        self._sell([400])
        note = self._settle(self._agreement(self.dealer))
        note.currency_id = self.currency("EUR", {"2026-01-01": 0.5})
        with self.assertRaisesRegex(UserError, "settle anew"):
            note.action_post()
        note.currency_id = self.company.currency_id
        note.partner_id = self._channel_partner("Other")
        with self.assertRaisesRegex(UserError, "rebates of Dealer"):
            note.action_post()
        note.partner_id = self.dealer
        note.action_post()
        self.assertEqual(note.amount_untaxed, 12)

    def test_against_the_oracle(self):
        """Invoices, credit notes and settlements at random, beside a slow sum."""
        self._play(8)

    def test_taken_off_another(self):
        """What a closed agreement's partner owes back lowers the next credit note."""
        invoice = self._sell([400], "2026-02-02")
        closed = self._agreement(self.dealer, date_to="2026-03-31")
        other = self._channel_partner("Other")
        strange = self._agreement(other, date_to="2026-03-31")
        paid = self._settle(closed)
        paid.action_post()
        invoice.button_draft()
        invoice.button_cancel()
        closed.action_close()
        self.assertEqual((closed.open, closed.is_owed), (-12, True))
        owed = self.env["sales.rebate.agreement"].search([("is_owed", "=", True)])
        self.assertIn(closed, owed)
        self.assertNotIn(strange, owed)
        # Another partner's rebate has nothing to do with it.
        self.invoice([200], "2026-02-02", partner=other, user=self.bo.user_id)
        self.assertEqual(self._settle(strange).amount_untaxed, 2)
        current = self._agreement(self.dealer, date_from="2026-04-01")
        self._sell([350], "2026-05-02")
        # Not before there is more to take it off.
        with self.assertRaisesRegex(UserError, "nothing to settle"):
            self._settle(current)
        self._sell([250], "2026-05-02")
        note = self._settle(current)
        self.assertEqual(note.amount_untaxed, 6)
        self.assertEqual(sorted(note.invoice_line_ids.mapped("price_unit")), [-12, 18])
        self.assertEqual((closed.open, closed.is_owed, current.open), (0, False, 0))
        self.assertEqual(closed.settled + current.settled, 18)
        # Cancelled, it is owed again.
        note.button_cancel()
        self.assertEqual((closed.open, current.open), (-12, 18))

    def test_charged(self):
        """What no further rebate takes off is invoiced."""
        invoice = self._sell([400], "2026-02-02")
        agreement = self._agreement(self.dealer, date_to="2026-03-31")
        finance = agreement.with_user(self.finance)
        with self.assertRaisesRegex(UserError, "Nothing is owed back"):
            finance.action_charge()
        self._settle(agreement).action_post()
        self.refund(invoice, "2026-03-15")
        agreement.action_close()
        with self.assertRaises(AccessError):
            agreement.with_user(self.ann.user_id).action_charge()
        action = finance.action_charge()
        charge = self.env["account.move"].search(action["domain"])
        self.assertEqual(
            (charge.move_type, charge.state, charge.partner_id, charge.amount_untaxed),
            ("out_invoice", "draft", self.dealer, 12),
        )
        charge.invoice_line_ids.price_unit = 11
        with self.assertRaisesRegex(UserError, "settle anew"):
            charge.action_post()
        charge.invoice_line_ids.price_unit = 12
        charge.action_post()
        self.assertEqual((agreement.accrued, agreement.settled), (0, 0))
        self.assertFalse(agreement.is_owed)
        self.assertTraced(agreement)
        with self.assertRaisesRegex(UserError, "Nothing is owed back"):
            finance.action_charge()

    def test_flat(self):
        """Accruing ten times the invoices, for ten times the agreements, is as many
        queries."""
        counts = []
        for number in (1, 10):
            agreements = self.env["sales.rebate.agreement"].concat(
                *(self._agreement(self.dealer) for _n in range(number))
            )
            for _n in range(number):
                self._sell([100, 50])
            self.env.cr.precommit.run()
            self.env.flush_all()
            agreements.mapped("tier_ids.rate")
            before = self.cr.sql_log_count
            agreements._accrue()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)


@tagged("post_install", "-at_install")
class TestRebateThreeDecimals(RebateCase):
    """To the fils, also where prices have two decimals."""

    currency_name = "KWD"

    def test_against_the_oracle(self):
        self._play(3)

    def test_settled(self):
        self._sell([{"price_unit": 100.01, "discount": 7.5}])
        agreement = self._agreement(self.dealer, tiers=((0, 2),))
        # 92.509 of 92.50925; 1.85018 of it.
        self.assertEqual(agreement.period_ids[-1].volume, 92.509)
        note = self._settle(agreement)
        self.assertEqual((agreement.settled, note.amount_untaxed), (1.85, 1.85))
        self._sell([1.27])
        note += self._settle(agreement)
        self.assertEqual(note[1].amount_untaxed, 0.026)
        note.action_post()

    def test_tax_in_price(self):
        tax = self.sale_tax.copy({"price_include_override": "tax_included"})
        self.company.sales_rebate_product_id = self.new_product(
            "Rebate", type="service", taxes_id=[(6, 0, tax.ids)]
        )
        self._sell([433.37])
        note = self._settle(self._agreement(self.dealer, tiers=((0, 1.234),)))
        self.assertEqual(note.amount_untaxed, 5.348)
        note.action_post()


@tagged("post_install", "-at_install")
class TestRebateNoDecimals(RebateCase):
    """To the yen."""

    currency_name = "JPY"

    def test_against_the_oracle(self):
        self._play(5, scale=100)


@tagged("post_install", "-at_install")
class TestConcurrentRebates(ChannelVerbs, CreditRows, ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            case = type(self)
            case.env, case.company = env, env.ref("base.main_company")
            if not env["account.journal"].search(
                [("company_id", "=", self.company.id), ("type", "=", "sale")]
            ):
                self.skipTest("The first company has no chart of accounts.")
            case.partner = self._channel_partner("sf_rebate")
            self._credit("INVOICED", env["sales.rep"], 400, date(2026, 2, 2))
            self.agreement = self._agreement(self.partner, date_to="2026-03-31").id

    def _remove(self):
        with self._environment() as env:
            partners = env["res.partner"].search([("name", "=", "sf_rebate")])
            of_partner = [("partner_id", "in", partners.ids)]
            env["sales.rebate.accrual"].search(of_partner).unlink()
            env["account.move"].search(of_partner).unlink()
            agreements = env["sales.rebate.agreement"].search(of_partner)
            agreements.state = "draft"
            agreements.unlink()
            env.cr.execute(
                "DELETE FROM sales_credit WHERE partner_id = ANY(%s)", [partners.ids]
            )
            partners.unlink()

    def test_settled_at_once(self):
        """Two settlements in the same moment make one credit note."""

        def settle(env):
            env["sales.rebate.agreement"].browse(self.agreement)._settle()

        self.assertEqual(self._race(settle, settle), 2)
        with self._environment() as env:
            notes = env["account.move"].search([("partner_id", "=", self.partner.id)])
            self.assertEqual(notes.mapped("amount_untaxed"), [12])
