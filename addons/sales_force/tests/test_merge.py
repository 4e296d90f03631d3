"""Customers become one: cards, routes, and whose they were."""

from odoo.fields import Command
from odoo.tests import tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestMerge(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool = cls.env["sales.pool"].create({"name": "Pool"})
        partners = cls.env["res.partner"]
        cls.kept, cls.double, cls.third = partners.create(
            [
                {"name": "Kept", "is_company": True, "user_id": cls.users["rep"].id},
                {"name": "Double", "is_company": True, "user_id": cls.users["peer"].id},
                {"name": "Third", "is_company": True},
            ]
        )
        cls.env.flush_all()
        for company in (cls.company, cls.company_b):
            cls.env["sales.customer"]._refresh(company)

    def merge(self, *sources):
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set([p.id for p in (*sources, self.kept)])],
                "dst_partner_id": self.kept.id,
            }
        )
        wizard.action_merge()
        self.assertFalse(self.env["res.partner"].concat(*sources).exists())

    def cards(self, partner):
        return self.env["sales.customer"].search([("partner_id", "=", partner.id)])

    def test_cards(self):
        """One for each company, with the history of all; the owner's clocks go on."""
        before = self.cards(self.kept)
        claimed = before.filtered("claimed_on")
        self.assertEqual(claimed.company_id, self.company)
        stages = self.env["sales.customer.stage"].search(
            [("partner_id", "in", (self.kept + self.double).ids)]
        )
        self.merge(self.double, self.third)
        self.assertEqual(self.cards(self.kept), before)
        self.assertEqual(before.filtered("claimed_on"), claimed)
        self.assertEqual(self.kept.user_id, self.users["rep"])
        self.assertLessEqual(stages, before.stage_ids)

    def test_card_of_another_company(self):
        """A card that comes along brings no protection of the former owner."""
        self.env.cr.execute(
            "DELETE FROM sales_customer WHERE partner_id = %s", (self.kept.id,)
        )
        self.env.invalidate_all()
        card = self.cards(self.double).filtered("claimed_on")
        self.merge(self.double)
        self.assertEqual(card.partner_id, self.kept)
        self.assertFalse(card.claimed_on)
        self.assertEqual(len(self.cards(self.kept)), 2)

    def test_routes(self):
        """A customer stays once on each route on which one of them was."""
        rep = self.reps["rep"]
        both, double = self.env["sales.route"].create(
            [
                {
                    "name": name,
                    "rep_id": rep.id,
                    "stop_ids": [
                        Command.create({"partner_id": partner.id})
                        for partner in partners
                    ],
                }
                for name, partners in (
                    ("Both", self.kept + self.double),
                    ("Double", self.double + self.third),
                )
            ]
        )
        self.merge(self.double, self.third)
        self.assertEqual(both.stop_ids.partner_id, self.kept)
        self.assertEqual(len(both.stop_ids), 1)
        self.assertEqual(double.stop_ids.partner_id, self.kept)
        self.assertEqual(len(double.stop_ids), 1)

    def test_whose_it_was(self):
        """The log tells it; the former owner has to wait as everybody does."""
        self.merge(self.double)
        log = self.env["sales.ownership"].search(
            [("partner_id", "=", self.kept.id), ("merged_from", "!=", False)]
        )
        self.assertEqual(log.user_id, self.users["peer"])
        self.assertEqual(log.merged_from, "Double")

    def test_recycled_before(self):
        """What was recycled stays on record, and can be undone."""
        day = self.company._get_sales_today()
        self.env.cr.execute("UPDATE sales_customer SET claimed_on = claimed_on - 99")
        self.env.invalidate_all()
        batch = self.env["sales.recycling"]._collect(self.company, day)
        batch._run()
        line = batch.line_ids.filtered_domain([("partner_id", "=", self.double.id)])
        self.assertTrue(line)
        self.merge(self.double)
        self.assertEqual(line.partner_id, self.kept)
        self.assertEqual(line.customer_id.partner_id, self.kept)
