"""Cover: who stands in for whom, what it lets see, and how the credit is shared."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import ConcurrentCase, SalesForceCase


@tagged("post_install", "-at_install")
class TestCover(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_sales_today()
        cls.shop = cls.env["res.partner"].create(
            {"name": "Shop", "is_company": True, "user_id": cls.users["rep"].id}
        )
        cls.lead = cls._lead(cls.users["rep"])

    def _cover(self, by="rep", approve="leader", **values):
        cover = (
            self.env["sales.cover"]
            .with_user(self.users[by])
            .create(
                {
                    "rep_id": self.reps["rep"].id,
                    "deputy_id": self.reps["peer"].id,
                    "date_from": self.today,
                    "date_to": self.today + timedelta(days=7),
                    "share": 30,
                    **values,
                }
            )
        )
        if approve:
            cover.with_user(self.users[approve]).action_approve()
        return cover

    def _credited(self, document, model="sale.order.line"):
        lines = (
            document.order_line
            if document._name == "sale.order"
            else document.invoice_line_ids
        )
        code = "ORDERED" if document._name == "sale.order" else "INVOICED"
        credits = self.env["sales.credit"].search(
            [
                ("metric_id.code", "=", code),
                ("res_id", "in", lines.ids),
                ("res_model", "=", lines._name),
            ]
        )
        return {credit.rep_id.name: credit.value for credit in credits}

    def test_the_credit(self):
        before = self._order(self.users["rep"])
        self._cover()
        order = self._order(self.users["rep"])
        self.assertEqual(self._credited(order), {"Rep": 70.0, "Peer": 30.0})
        self.assertEqual(self._credited(before), {"Rep": 100.0})
        other = self._order(self.users["leader"])
        self.assertEqual(self._credited(other), {"Leader": 100.0})
        counts = self.env["sales.credit"].rebuild()
        self.assertEqual(set(counts.values()), {0})

    def test_all_and_nothing(self):
        cover = self._cover(share=100)
        order = self._order(self.users["rep"])
        self.assertEqual(self._credited(order), {"Peer": 100.0})
        cover.with_user(self.users["leader"]).action_cancel()
        self._cover(share=0)
        order = self._order(self.users["rep"])
        self.assertEqual(self._credited(order), {"Rep": 100.0})

    def test_own_split_stays(self):
        self._cover()
        order = self._order(self.users["rep"], confirm=False)
        self.env["sales.split"].create(
            {"order_id": order.id, "rep_id": self.reps["leader"].id, "share": 100}
        )
        order.action_confirm()
        self.assertEqual(self._credited(order), {"Leader": 100.0})

    def test_invoice_without_order(self):
        self._cover()
        invoice = self._invoice(self.users["rep"])
        invoice.action_post()
        self.assertEqual(self._credited(invoice), {"Rep": 70.0, "Peer": 30.0})
        invoice.button_draft()
        invoice.sales_split_ids.sudo().unlink()
        invoice.action_post()
        self.assertEqual(self._credited(invoice), {"Rep": 100.0})

    def test_rules_of_others(self):
        """Who stands in for nobody is not asked for it with each document."""

        def looks(name, model="sale.order"):
            rules = self.env["ir.rule"].with_user(self.users[name])
            return "cover_ids" in str(rules._compute_domain(model, "read"))

        self.assertFalse(looks("peer"))
        self._cover(date_to=self.today - timedelta(days=9), date_from="2020-01-01")
        self.assertFalse(looks("peer"))
        soon = self.today + timedelta(days=9)
        cover = self._cover(date_from=soon, date_to=soon, approve=None)
        self.assertFalse(looks("peer"))
        cover.with_user(self.users["leader"]).action_approve()
        for model in ("sale.order", "crm.lead", "account.move", "sales.customer"):
            self.assertTrue(looks("peer", model), model)
            self.assertFalse(looks("rep", model), model)
        cover.with_user(self.users["leader"]).action_cancel()
        self.assertFalse(looks("peer"))

    def test_what_the_deputy_sees(self):
        """In the days only; and not what others have."""
        self.company.sales_customer_protection = True
        peer = self.users["peer"]
        order = self._order(self.users["rep"], partner=self.shop)
        mine = [self.lead, order, order.order_line, self.shop]
        for record in mine:
            self.assertFalse(record.with_user(peer).has_access("read"), record)
        cover = self._cover()
        for record in mine:
            self.assertTrue(record.with_user(peer).has_access("read"), record)
        self.lead.with_user(peer).name = "Going on"
        self.assertFalse(self.lead.with_user(peer).has_access("unlink"))
        strange = self._lead(self.users["leader"])
        self.assertFalse(strange.with_user(peer).has_access("read"))
        cover.sudo().write(
            {
                "date_from": self.today - timedelta(days=9),
                "date_to": self.today - timedelta(days=1),
            }
        )
        for record in mine:
            record.invalidate_recordset()
            self.assertFalse(record.with_user(peer).has_access("read"), record)

    def test_who_approves(self):
        cover = self._cover(approve=None)
        for who in ("rep", "peer"):
            with self.assertRaises(AccessError):
                cover.with_user(self.users[who]).action_approve()
        with self.assertRaises(AccessError):
            cover.with_user(self.users["peer_leader"]).action_approve()
        cover.with_user(self.users["operations"]).action_approve()
        with self.assertRaises(UserError):
            cover.with_user(self.users["operations"]).action_approve()
        with self.assertRaises(UserError):
            cover.share = 90
        with self.assertRaises(UserError):
            cover.unlink()
        with self.assertRaises(UserError):
            self._cover(approve=None).state = "approved"
        with self.assertRaises(AccessError):
            self._cover("peer", None)

    def test_who_is_told(self):
        cover = self._cover(approve=None)
        told = self._last_message(cover).notified_partner_ids.user_ids
        self.assertEqual(told, self.users["leader"])
        cover.with_user(self.users["leader"]).action_approve()
        told = self._last_message(cover).notified_partner_ids.user_ids
        self.assertEqual(told, self.users["rep"] + self.users["peer"])

    def test_people(self):
        self._cover()
        with self.assertRaises(ValidationError):
            self._cover(
                date_from=self.today + timedelta(days=7),
                date_to=self.today + timedelta(days=9),
            )
        # Who is away stands in for nobody.
        with self.assertRaises(ValidationError):
            self._cover(
                "leader",
                "manager",
                rep_id=self.reps["leader"].id,
                deputy_id=self.reps["rep"].id,
            )
        # Who stands in for somebody does not go away meanwhile.
        with self.assertRaises(ValidationError) as refused:
            self._cover(
                "peer",
                "peer_manager",
                rep_id=self.reps["peer"].id,
                deputy_id=self.reps["peer_leader"].id,
                date_from=self.today + timedelta(days=7),
                date_to=self.today + timedelta(days=9),
            )
        self.assertIn("Rep is covered by Peer", str(refused.exception))
        self._cover(
            "peer",
            "peer_manager",
            rep_id=self.reps["peer"].id,
            deputy_id=self.reps["peer_leader"].id,
            date_from=self.today + timedelta(days=8),
            date_to=self.today + timedelta(days=9),
        )
        with self.assertRaises(UserError):
            self._cover(deputy_id=self.reps["foreigner"].id, approve=None)

    def test_followups(self):
        self._cover()
        rule = self.env["sales.followup.rule"].create(
            {
                "name": "Stuck",
                "kind": "lead_stage",
                "days": 1,
                "day_kind": "calendar",
                "company_id": self.company.id,
                "date_from": self.today - timedelta(days=9),
                "domain": str([("id", "=", self.lead.id)]),
            }
        )
        self.lead.date_last_stage_update = fields.Datetime.now() - timedelta(days=3)
        rule._run(self.company)
        self.assertEqual(self.lead.activity_ids.user_id, self.users["peer"])

    def test_no_query_more(self):
        """Confirming asks for covers once, not for each order."""
        orders = [self._order(self.users["rep"], confirm=False) for _n in range(2)]
        self.env["sales.cover"]._get_approved(self.company.id)
        with self.assertQueryCount(0):
            found = self.env["sales.cover"]._find(
                self.company, orders[0].user_id, fields.Date.today()
            )
        self.assertIsNone(found)


@tagged("post_install", "-at_install")
class TestConcurrentCover(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self._environment() as env:
            users = env["res.users"]
            for name in ("absent", "deputy", "other"):
                users += new_test_user(
                    env,
                    f"sf_concurrent_{name}",
                    "base.group_user",
                    context={"no_reset_password": True},
                )
            absent, deputy, other = env["sales.rep"].create(
                [{"user_id": user.id, "state": "active"} for user in users]
            )
            self.cover_ids = (
                env["sales.cover"]
                .create(
                    [
                        {
                            "rep_id": rep.id,
                            "deputy_id": stand_in.id,
                            "date_from": "2040-01-01",
                            "date_to": "2040-01-09",
                        }
                        for rep, stand_in in ((absent, deputy), (deputy, other))
                    ]
                )
                .ids
            )

    def _remove(self):
        with self._environment() as env:
            users = env["res.users"].search([("login", "like", "sf_concurrent_")])
            covers = env["sales.cover"].search([("user_id", "in", users.ids)])
            covers.state = "cancelled"
            covers.unlink()
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def test_approved_at_once(self):
        """A deputy's own leave, approved in the same moment, is refused."""

        def approve(number):
            return lambda env: (
                env["sales.cover"].browse(self.cover_ids[number]).action_approve()
            )

        with self.assertRaisesRegex(ValidationError, "is covered by"):
            self._race(approve(0), approve(1))
        with self._environment() as env:
            states = env["sales.cover"].browse(self.cover_ids).mapped("state")
        self.assertEqual(states, ["approved", "draft"])
