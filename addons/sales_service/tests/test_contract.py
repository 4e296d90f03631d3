"""What a service contract includes: work, visits, parts, and how fast."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.sales_force.tests.contract_common import make_contract

from .job_common import JobCase


@tagged("post_install", "-at_install")
class TestServiceContract(JobCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["sales.service.sla"].create(
            {
                "name": "Gold",
                "company_id": cls.company.id,
                "response_hours": 2,
                "sequence": 99,
                "team_ids": [Command.set(cls.other_team.ids)],
            }
        )

    def _agree(self, *lines, start=True, **values):
        return make_contract(self, *lines, start=start, kind="service", **values)

    def test_covers(self):
        """While it runs, in its company, and what it is about."""
        day = {"date_end": "2040-12-31"}
        self._agree(start=False)
        make_contract(self, kind="standard", start=True)
        product = {"product_id": self.fuse.id}
        self.assertFalse(self._ticket(**product).contract_id)
        contract = self._agree(product, **day)
        ticket = self._ticket(**product)
        self.assertEqual(ticket.contract_id, contract)
        self.assertEqual(
            (ticket.warranty, ticket.warranty_reason), ("contract", "contract")
        )
        self.assertEqual(ticket.warranty_until, contract.date_end)
        self.assertFalse(self._ticket(product_id=self.meter.id).contract_id)
        stranger = self.env["res.partner"].create({"name": "S", "is_company": True})
        self.assertFalse(self._ticket(partner_id=stranger.id, **product).contract_id)
        everything = self._agree(**day)
        self.assertEqual(self._ticket(product_id=self.meter.id).contract_id, everything)
        (contract + everything).end_reason = "Moved"
        (contract + everything).action_terminate()
        self.assertFalse(self._ticket(**product).contract_id)
        # What came in while it ran is included.
        self.assertEqual(ticket.warranty, "contract")

    def test_by_hand(self):
        self._agree()
        ticket = self._ticket()
        ticket.warranty = "chargeable"
        self.assertEqual(ticket.warranty_reason, "by_hand")

    def test_free(self):
        """Work is not charged, and parts only where they are not included."""
        contract = self._agree()
        self.ticket._compute_contract_id()
        self.assertEqual(self.ticket.contract_id, contract)
        job = self._check_in()
        self.assertFalse(job.is_charged)
        self.assertEqual(self._use(job).charge, "chargeable")
        contract.parts_included = True
        self.assertEqual(self._use(job).charge, "warranty")

    def test_visits(self):
        """Those included are free, the next is not."""
        contract = self._agree(visits_included=1)
        self.ticket._compute_contract_id()
        self.assertEqual(self.ticket.contract_id, contract)
        job = self._check_in()
        self.assertEqual(contract.visits_used, 0)
        job.action_check_out()
        contract.invalidate_recordset()
        self.assertEqual(contract.visits_used, 1)
        self.assertFalse(self._ticket().contract_id)
        # What used it up keeps it.
        self.ticket._compute_contract_id()
        self.assertEqual(self.ticket.contract_id, contract)

    def test_policy(self):
        """Its service level comes before those by team and category."""
        ticket = self._ticket()
        self.assertFalse(ticket.sla_id)
        contract = self._agree(sla_id=self.policy.id)
        self.assertEqual(contract.response_hours, 2)
        self.assertEqual(self._ticket().sla_id, self.policy)
        with self.assertRaises(UserError):
            contract.with_user(self.users["rep"]).sla_id = False
