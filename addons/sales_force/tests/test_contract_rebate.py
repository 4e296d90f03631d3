"""The rebate of a special agreement: accrued, settled, amended and ended with it."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .contract_common import SCAN
from .test_contract_fulfilment import FulfilmentCase


@tagged("post_install", "-at_install")
class TestContractRebate(FulfilmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance, cls.operations = (
            new_test_user(
                cls.env,
                f"sf_contract_{name}",
                f"sales_force.group_sales_{name}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for name in ("finance", "operations")
        )

    def _special(self, percent=2.5, **values):
        return self.contract(kind="special", rebate_percent=percent, **values)

    def _bill(self, contract, quantity, day):
        """Tools at 20 are ordered under a contract and invoiced."""
        order = self.call_off(contract, (self.tool, quantity), day=day)
        return self.invoice(order, day)

    def _agreements(self, contract):
        action = contract.action_open_rebates()
        return self.env["sales.rebate.agreement"].search(
            action["domain"], order="date_from"
        )

    def _amend(self, contract, **values):
        amendment = contract.browse(contract.action_amend()["res_id"])
        amendment.write({"signed_document": SCAN, **values})
        amendment.action_start()
        return amendment

    def _rows(self, contract):
        return [
            (str(one.date_from), str(one.date_to), one.tier_ids.rate, one.accrued)
            for one in self._agreements(contract)
        ]

    def test_accrued_and_settled(self):
        """What is invoiced under it, by whichever customer, on one credit note."""
        contract = self._special()
        self.assertFalse(self.customer.sales_resells)
        self._bill(contract, 10, "2026-02-02")
        self.invoice([1000], "2026-02-02", partner=self.customer)
        self._bill(self._special(percent=0), 10, "2026-02-02")
        agreement = self._agreements(contract)
        self.assertEqual(agreement.contract_id, contract)
        self.assertEqual(agreement.state, "running")
        agreement.action_accrue()
        self.assertEqual(contract.rebate_amount, 5)
        self.assertEqual(agreement.period_ids[-1].volume, 200)
        action = agreement.with_user(self.finance).action_settle()
        note = self.env["account.move"].search(action["domain"])
        self.assertEqual(
            (note.move_type, note.partner_id, note.amount_untaxed),
            ("out_refund", self.customer, 5),
        )
        note.action_post()
        self.assertEqual((contract.rebate_amount, contract.rebate_settled), (5, 5))
        # The credit note is not one of what was ordered.
        contract.invalidate_recordset()
        self.assertEqual(contract.invoiced_amount, 200)

    def test_none(self):
        """A draft, another kind, or no percentage: no agreement."""
        for values in (
            {"start": False},
            {"kind": "framework"},
            {"rebate_percent": 0},
        ):
            contract = self.contract(
                **{"kind": "special", "rebate_percent": 3, **values}
            )
            self.assertFalse(self._agreements(contract))
            self.assertFalse(contract.rebate_amount)

    def test_returns_of_another_quarter(self):
        """What comes back takes its rebate away, also where nothing else is sold."""
        contract = self._special(percent=10)
        invoice = self._bill(contract, 10, "2026-02-02")
        agreement = self._agreements(contract)
        agreement.action_accrue()
        agreement.with_user(self.finance).action_settle()
        self.refund(invoice, "2026-04-15")
        agreement.action_accrue()
        self.assertEqual(contract.rebate_amount, 0)
        self.assertEqual(contract.rebate_settled, 20)
        self.assertTrue(agreement.is_owed)
        self._bill(contract, 15, "2026-06-02")
        agreement.action_accrue()
        self.assertEqual((contract.rebate_amount, agreement.open), (30, 10))

    def test_foreign_currency(self):
        """In company currency, as the ledger has what was invoiced."""
        self.currency("EUR", {"2026-01-01": 2.0})
        euro = self.env.ref("base.EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id, "company_id": self.company.id}
        )
        contract = self._special(percent=10, currency_id=euro.id)
        order = self.call_off(
            contract, (self.tool, 10), pricelist_id=pricelist.id, day="2026-02-02"
        )
        order.order_line.price_unit = 10
        self.invoice(order, "2026-02-02")
        self._agreements(contract).action_accrue()
        self.assertEqual(contract.company_currency_id, self.company.currency_id)
        self.assertEqual(contract.rebate_amount, 5)

    def test_same_rebate_goes_on(self):
        contract = self._special()
        self._bill(contract, 10, "2026-02-02")
        second = self._amend(contract, date_end="2027-12-31")
        self._bill(second, 10, "2026-07-02")
        agreement = self._agreements(second)
        agreement.action_accrue()
        self.assertEqual(agreement.contract_id, second)
        self.assertEqual(self._rows(second), [("2026-01-01", "2027-12-31", 2.5, 10)])

    def test_amended(self):
        """Each day has the rebate that was agreed on it, under any version."""
        contract = self._special()
        self._bill(contract, 10, "2026-07-01")
        order = self.call_off(contract, (self.tool, 10), day="2026-07-01")
        second = self._amend(contract, rebate_percent=5)
        self.invoice(order, "2026-07-02")
        self._agreements(second).action_accrue()
        self.assertEqual(
            self._rows(second),
            [
                ("2026-01-01", "2026-07-01", 2.5, 5),
                ("2026-07-02", "2026-12-31", 5, 10),
            ],
        )
        self.assertEqual(second.rebate_amount, 15)
        # On the same day once more: what has no day before is gone.
        third = self._amend(second, rebate_percent=4)
        self.assertEqual(
            self._rows(third),
            [
                ("2026-01-01", "2026-07-01", 2.5, 5),
                ("2026-07-02", "2026-12-31", 4, 8),
            ],
        )
        with freeze_time("2026-08-01 12:00:00"):
            self._amend(third, rebate_percent=0)
        self.assertEqual(
            [row[1] for row in self._rows(third)], ["2026-07-01", "2026-07-31"]
        )

    def test_terminated(self):
        contract = self._special()
        self._bill(contract, 10, "2026-07-02")
        order = self.call_off(contract, (self.tool, 10), day="2026-07-02")
        contract.end_reason = "Moved"
        contract.action_terminate()
        agreement = self._agreements(contract)
        self.assertEqual(agreement.date_to, date(2026, 7, 2))
        with freeze_time("2026-10-10 12:00:00"):
            self.invoice(order, "2026-07-03")
            agreement.action_accrue()
            self.assertEqual(contract.rebate_amount, 5)
            agreement.with_user(self.finance).action_settle()
            self.assertEqual(contract.rebate_settled, 5)
        # Before it begins.
        contract = self._special(date_start="2026-09-01")
        contract.end_reason = "Moved"
        contract.action_terminate()
        self.assertFalse(self._agreements(contract))

    def test_renewed(self):
        """By an agreement of its own."""
        contract = self._special()
        renewal = contract.browse(contract.action_renew()["res_id"])
        renewal.signed_document = SCAN
        renewal.action_start()
        self.assertEqual(self._rows(renewal), [("2027-01-01", "2027-12-31", 2.5, 0)])
        self.assertEqual(self._rows(contract), [("2026-01-01", "2026-12-31", 2.5, 0)])

    def test_follows_its_contract_alone(self):
        agreement = self._agreements(self._special()).with_user(self.operations)
        for vals in ({"date_to": "2030-01-01"}, {"contract_id": False}):
            with self.assertRaisesRegex(UserError, "amend or terminate"):
                agreement.write(vals)
        with self.assertRaises(UserError):
            agreement.create({"partner_id": self.customer.id, "is_of_contract": True})
        agreement.title = "Of the valves"

    def test_flat(self):
        """What their rebates came to is read at once for all contracts."""
        counts = []
        for number in (1, 10):
            contracts = self.env["sales.contract"].concat(
                *(self._special() for _n in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            contracts.mapped("root_id")
            before = self.env.cr.sql_log_count
            contracts.mapped("rebate_amount")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
