"""Contracts: what is agreed stays, and what follows while one runs and when it ends."""

from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import SalesForceCase
from .test_followup import FollowupCase


def make_contract(case, **values):
    return case.env["sales.contract"].create(
        {
            "partner_id": case.partner.id,
            "user_id": case.users["rep"].id,
            "title": "Valves",
            "company_id": case.company.id,
            "date_start": "2019-01-01",
            **values,
        }
    )


@tagged("post_install", "-at_install")
class TestContract(SalesForceCase):
    def _contract(self, by="rep", **values):
        contract = make_contract(self, **values)
        return contract.with_user(self.users[by])

    def test_owner(self):
        """The customer's, else who writes it down."""
        self.partner.user_id = self.users["peer"]
        contract = self.env["sales.contract"].create({"partner_id": self.partner.id})
        self.assertEqual(contract.user_id, self.users["peer"])
        free = self.env["res.partner"].create({"name": "Free"})
        rep = self.users["rep"]
        contract = (
            self.env["sales.contract"].with_user(rep).create({"partner_id": free.id})
        )
        self.assertEqual(contract.user_id, rep)

    def test_number(self):
        first, second = self._contract(), self._contract()
        self.assertNotEqual(first.name, second.name)
        self.assertEqual(first.display_name, f"{first.name} Valves")

    def test_terminated(self):
        """The day is kept: what was paid under the contract follows it."""
        contract = self._contract(end_reason="Moved")
        contract.action_start()
        contract.action_terminate()
        self.assertEqual(contract.terminated_on, self.company._get_sales_today())
        with self.assertRaises(UserError):
            contract.terminated_on = "2019-01-01"

    def test_life(self):
        contract = self._contract(date_end="2040-12-31")
        with self.assertRaises(UserError):
            contract.action_terminate()
        contract.action_start()
        self.assertEqual(contract.state, "running")
        with self.assertRaises(UserError):
            contract.action_start()
        with self.assertRaises(UserError):
            contract.kind = "framework"
        with self.assertRaises(UserError):
            contract.unlink()
        with self.assertRaises(ValidationError):
            contract.action_terminate()
        contract.end_reason = "They moved away"
        contract.action_terminate()
        self.assertEqual(contract.state, "terminated")

    def test_stamped(self):
        contract = self._contract()
        for vals in ({"state": "running"}, {"name": "1"}):
            with self.assertRaises(UserError):
                contract.write(vals)
        with self.assertRaises(UserError):
            self.env["sales.contract"].with_user(self.users["rep"]).create(
                {"partner_id": self.partner.id, "state": "running"}
            )
        with self.assertRaises(AccessError):
            contract.user_id = self.users["peer"]

    def test_too_late(self):
        contract = self._contract(date_end="2019-12-31")
        with self.assertRaises(UserError):
            contract.action_start()

    def test_end(self):
        """Over on the day after the last one, where its company works."""
        today = self.company._get_sales_today()
        last = self._contract(date_end=today)
        last.action_start()
        self.env["sales.contract"]._cron_end()
        self.assertEqual(last.state, "running")
        with freeze_time(f"{today + timedelta(days=2)} 12:00:00"):
            self.env["sales.contract"]._cron_end()
        self.assertEqual(last.state, "ended")

    def test_timeline(self):
        partner = self.env["res.partner"].create(
            {"name": "Shop", "is_company": True, "user_id": self.users["rep"].id}
        )
        self._contract(partner_id=partner.id).action_start()
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        customer = self.env["sales.customer"].search([("partner_id", "=", partner.id)])
        lines = customer.with_user(self.users["rep"]).get_timeline("sale")["lines"]
        self.assertEqual([line["kind"] for line in lines], ["contract"])

    def test_handover(self):
        contract = self._contract()
        handover = self.env["sales.handover"].create(
            {"rep_id": self.reps["rep"].id, "heir_id": self.reps["peer"].id}
        )
        handover.action_apply()
        self.assertEqual(contract.user_id, self.users["peer"])
        handover.action_undo()
        self.assertEqual(contract.user_id, self.users["rep"])


@tagged("post_install", "-at_install")
class TestContractEnds(FollowupCase):
    def test_contract_ends(self):
        rule = self._rule("contract_ends", days=10, day_kind="calendar")
        contract = make_contract(
            self,
            partner_id=self.own.id,
            date_start="2031-01-01",
            date_end="2031-05-20",
        )
        self.assertFalse(self._run(rule, "2031-05-12"))
        contract.sudo().state = "running"
        self.assertFalse(self._run(rule, "2031-05-09"))
        [followup] = self._run(rule, "2031-05-10")
        self.assertEqual(followup.activity_id.user_id, self.rep)
        self.assertEqual(followup.partner_id, self.own)
        # Renewed: the cause is gone.
        contract.date_end = "2032-05-20"
        self._run(rule, "2031-05-12")
        self.assertEqual(followup.state, "gone")
        self.assertFalse(contract.activity_ids)
