from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.tests import HttpCase, tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


class ScreensCase(CreditRows, HttpCase, SalesForceCase):
    """Real orders of today and, as rows, what was collected last month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        territory = cls.env["sales.territory"]
        south = territory.create({"name": "South"})
        coast = territory.create({"name": "Coast", "parent_id": south.id})
        north = territory.create({"name": "North"})
        customer = cls.env["res.partner"].create
        alpha, beta, gamma = (
            customer({"name": name, "is_company": True, "user_id": user.id})
            for name, user in (
                ("Alpha", cls.users["rep"]),
                ("Beta", cls.users["leader"]),
                ("Gamma", cls.users["rep"]),
            )
        )
        cls.order = cls._order(cls.users["rep"], partner=alpha)
        last_month = cls.company._get_sales_today() + relativedelta(months=-1, day=9)
        for partner, where, rep, value, date in (
            (alpha, coast, "rep", 450, last_month),
            (gamma, south, "rep", 250, last_month),
            (beta, north, "leader", 500, last_month),
            (alpha, coast, "rep", 100, fields.Date.start_of(last_month, "month")),
        ):
            if date == last_month:
                cls._credit("ORDERS", cls.reps[rep], 1, last_month, partner_id=partner)
            else:
                date -= relativedelta(months=1)
            cls._credit(
                "COLLECTED",
                cls.reps[rep],
                value,
                date,
                partner_id=partner,
                territory_id=where,
            )


@tagged("post_install", "-at_install")
class TestScreens(ScreensCase):
    def test_three_clicks(self):
        self.start_tour(
            "/odoo/my-performance",
            "sales_force_three_clicks",
            login=self.users["manager"].login,
        )

    def test_performance_views(self):
        self.start_tour(
            "/odoo/sales-performance",
            "sales_force_performance_views",
            login=self.users["director"].login,
        )

    def test_ranking(self):
        self.start_tour(
            "/odoo/sales-ranking",
            "sales_force_ranking",
            login=self.users["leader"].login,
        )

    def test_my_performance(self):
        self.start_tour(
            "/odoo/my-performance",
            "sales_force_my_performance",
            login=self.users["rep"].login,
        )

    def test_my_performance_of_another_rep(self):
        self.start_tour(
            "/odoo/my-performance",
            "sales_force_my_performance_choose",
            login=self.users["manager"].login,
        )

    def test_split(self):
        self.start_tour(
            f"/odoo/sales/{self.order.id}",
            "sales_force_split",
            login=self.users["leader"].login,
        )

    def test_customer(self):
        """From my customers over the page to a quotation with what is recommended."""
        things = self.product + self.env["product.product"].create(
            [
                {"name": name, "type": "service", "taxes_id": []}
                for name in ("Other Thing", "Third Thing")
            ]
        )
        for number in range(3):
            buyer = self.env["res.partner"].create({"name": f"Buyer {number}"})
            order = self._order(self.users["peer"], partner=buyer, confirm=False)
            order.order_line = [
                Command.create({"product_id": thing.id}) for thing in things[1:]
            ]
            order.action_confirm()
        self.env["sales.customer"]._refresh(self.company)
        self.env["sales.product.affinity"]._refresh(self.company)
        self.start_tour(
            "/odoo/my-customers",
            "sales_force_customer",
            login=self.users["rep"].login,
        )

    def test_visit_draft(self):
        """What was entered is there again when it was lost on the way to the server."""
        visit = self.env["sales.visit"].create(
            {"rep_id": self.reps["rep"].id, "partner_id": self.partner.id}
        )
        visit.with_user(self.users["rep"]).action_check_in()
        self.env["sales.competitor"].create({"name": "Rival"})
        self.start_tour(
            f"/odoo/my-visits/{visit.id}",
            "sales_force_visit_draft",
            login=self.users["rep"].login,
        )
        self.assertEqual(visit.note, "They need a larger pump")
        self.assertEqual(visit.result_id.name, "Interest shown")
        self.assertEqual(visit.collected_amount, 40)
        self.assertEqual(visit.collected_reference, "Cheque 7")
        self.assertEqual(visit.next_step, "Send samples")
        self.assertEqual(visit.sighting_ids.competitor_id.name, "Rival")
        self.assertEqual(visit.sighting_ids.note, "They are cheap")

    def test_dashboard(self):
        self.start_tour(
            "/odoo/dashboards",
            "sales_force_dashboard",
            login=self.users["leader"].login,
        )


@tagged("post_install", "-at_install")
class TestScreensOnPhone(ScreensCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_my_performance(self):
        self.start_tour(
            "/odoo/my-performance",
            "sales_force_my_performance_phone",
            login=self.users["rep"].login,
        )

    def test_visit(self):
        """Checked in without a position, reloaded while typing, checked out."""
        shop = self.env["res.partner"].create({"name": "Corner Shop"})
        visit = self.env["sales.visit"].create(
            {"rep_id": self.reps["rep"].id, "partner_id": shop.id}
        )
        self.start_tour(
            "/odoo/my-visits",
            "sales_force_visit_phone",
            login=self.users["rep"].login,
        )
        self.assertEqual((visit.state, visit.note), ("done", "They need a larger pump"))
        self.assertEqual(visit.result_id.name, "Interest shown")
        consent = self.env["sales.position.consent"].search(
            [("user_id", "=", self.users["rep"].id)]
        )
        self.assertTrue(consent.given)
