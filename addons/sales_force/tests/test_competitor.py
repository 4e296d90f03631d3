"""Competitors: where they are seen, and who wins."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestCompetitor(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acme, cls.other = cls.env["sales.competitor"].create(
            [{"name": "Acme"}, {"name": "Other"}]
        )

    def _deal(self, who="rep"):
        return self._lead(self.users[who], partner_id=self.partner.id)

    def _see(self, who="rep", **values):
        return (
            self.env["sales.competitor.sighting"]
            .with_user(self.users[who])
            .create({"competitor_id": self.acme.id, **values})
        )

    def test_seen_at_an_opportunity(self):
        deal = self._deal()
        sighting = self._see(lead_id=deal.id, price=90, product_id=self.product.id)
        self.assertEqual(sighting.partner_id, self.partner)
        self.assertEqual(sighting.user_id, self.users["rep"])
        self.assertEqual(sighting.our_price, 100)
        self.assertEqual(deal.sales_competitor_ids, self.acme)
        self._see(lead_id=deal.id)
        self.assertEqual(deal.sales_competitor_ids, self.acme)
        with self.assertRaisesRegex(ValidationError, "Acme was seen"):
            self._see()

    def test_not_in_the_name_of_others(self):
        sighting = self._see(partner_id=self.partner.id)
        with self.assertRaises(AccessError):
            sighting.user_id = self.users["peer"]
        acme = self.acme.with_user(self.users["rep"])
        acme.website = "acme.example.com"
        with self.assertRaises(AccessError):
            acme.company_id = self.company
        self.acme.with_user(self.users["operations"]).company_id = self.company

    def test_won_and_lost(self):
        won, lost, lost_to_nobody = (self._deal() for _number in range(3))
        (won + lost + lost_to_nobody).sales_competitor_ids = self.acme + self.other
        won.action_set_won()
        wizard = self.env["crm.lead.lost"].with_user(self.users["rep"])
        for lead, competitor in ((lost, self.acme), (lost_to_nobody, False)):
            with Form(wizard.with_context(default_lead_ids=lead.ids)) as form:
                if competitor:
                    form.sales_lost_to_id = competitor
            form.record.action_lost_reason_apply()
        self.assertEqual(lost.sales_lost_to_id, self.acme)
        self.assertFalse(lost.active)
        for competitor, counts in ((self.acme, (1, 1)), (self.other, (1, 0))):
            mine = competitor.with_user(self.users["rep"])
            self.assertEqual((mine.won_count, mine.lost_count), counts)
            strange = competitor.with_user(self.users["peer"])
            self.assertEqual((strange.won_count, strange.lost_count), (0, 0))
        action = self.acme.with_user(self.users["rep"]).action_open_lost()
        leads = self.env["crm.lead"].with_context(**action["context"])
        self.assertEqual(leads.search(action["domain"]), lost)
        self.assertEqual(leads.search(self.other.action_open_won()["domain"]), won)

    def test_roles(self):
        sighting = self._see(partner_id=self.partner.id)
        may = {
            role: [
                operation
                for operation in ("read", "write", "unlink")
                if sighting.with_user(self.users[role]).has_access(operation)
            ]
            for role in self.users
        }
        everything = ["read", "write", "unlink"]
        self.assertEqual(
            may,
            {
                **dict.fromkeys(self.users, []),
                **dict.fromkeys(("rep", "leader", "manager", "director"), everything),
                "operations": ["read"],
            },
        )
        self.acme.with_user(self.users["rep"]).strengths = "Cheap"
        with self.assertRaises(AccessError):
            self.acme.with_user(self.users["rep"]).unlink()
        with self.assertRaises(AccessError):
            self.acme.with_user(self.users["finance"]).strengths = "Cheap"
        self.acme.company_id = self.company_b
        self.assertFalse(self.acme.with_user(self.users["rep"]).has_access("read"))

    def test_flat_in_queries(self):
        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["sales.competitor"].search([]).mapped("won_count")
            return self.cr.sql_log_count - before

        count()
        few = count()
        self.env["sales.competitor"].create([{"name": f"C {n}"} for n in range(20)])
        self.assertLessEqual(count(), few)
