"""What a channel partner does on the portal, and that nothing of another's is seen."""

from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from .channel_common import ChannelVerbs
from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
class TestChannelPortal(ChannelVerbs, CreditRows, HttpCase, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dealers = {}
        today = cls.company._get_sales_today()
        for name in ("alpha", "beta"):
            dealer = cls._channel_partner(name.title(), cls.users["rep"])
            contact = cls.env["res.partner"].create(
                {"name": f"{name} buyer", "parent_id": dealer.id, "email": "a@b.c"}
            )
            new_test_user(
                cls.env, f"sf_{name}", "base.group_portal", partner_id=contact.id
            )
            cls.dealers[name] = dealer
            cls._credit("INVOICED", cls.reps["rep"], 200, 0, partner_id=dealer)
        cls.rebates = {
            name: cls._agreement(
                dealer,
                title=f"Secret of {name}",
                period="month",
                date_from=today.replace(month=1, day=1),
                date_to=False,
            )
            for name, dealer in cls.dealers.items()
        }
        cls.draft = cls._agreement(cls.dealers["alpha"], title="Draft", start=False)
        cls.deals = {
            name: cls._deal(dealer, end_customer=f"Plant of {name}")
            for name, dealer in cls.dealers.items()
        }
        cls.env.flush_all()

    def _open(self, url, **data):
        if data:
            data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(url, data=data or None).text

    def test_rebates(self):
        self.authenticate("sf_alpha", "sf_alpha")
        self.assertIn("/my/rebates", self._open("/my/home"))
        page = self._open("/my/rebates")
        self.assertIn("Secret of alpha", page)
        self.assertNotIn("Secret of beta", page)
        self.assertNotIn("Draft", page)
        page = self._open(f"/my/rebates/{self.rebates['alpha'].id}")
        self.assertIn("Secret of alpha", page)
        self.assertRegex(page, r"100\.00</span>\s+to the next tier")
        for other in (self.rebates["beta"], self.draft):
            self.assertNotIn(other.title, self._open(f"/my/rebates/{other.id}"))

    def test_rpc(self):
        """Nor by RPC, and nothing that is for our own people."""
        user = self.env["res.users"].search([("login", "=", "sf_alpha")])
        for model, mine, other in (
            ("sales.rebate.agreement", self.rebates["alpha"], self.rebates["beta"]),
            ("sales.deal.registration", self.deals["alpha"], self.deals["beta"]),
        ):
            records = self.env[model].with_user(user)
            self.assertEqual(records.search([]), mine)
            with self.assertRaises(AccessError):
                other.with_user(user).read(["name"])
            with self.assertRaises(UserError):
                mine.with_user(user).write({"partner_id": self.dealers["beta"].id})
        for name in ("conflicts", "end_customer_id", "decided_by_id"):
            with self.assertRaises(AccessError):
                self.deals["alpha"].with_user(user).read([name])
        for model in (
            "sales.rebate.accrual",
            "sales.rebate.period",
            "sales.rebate.tier",
            "sales.channel.authorization",
            "sales.channel.history",
            "sales.channel.report",
        ):
            self.assertFalse(self.env[model].with_user(user).has_access("read"), model)
        for action in ("action_approve", "action_submit", "action_win"):
            with self.assertRaises(AccessError):
                getattr(self.deals["alpha"].with_user(user), action)()
        for action in ("action_settle", "action_start", "action_close"):
            with self.assertRaises(AccessError):
                getattr(self.rebates["alpha"].with_user(user), action)()

    def test_register(self):
        self.authenticate("sf_alpha", "sf_alpha")
        group = self.env["product.category"].create({"name": "Group"})
        hidden = self.env["product.category"].create({"name": "Hidden"})
        territory = self.env["sales.territory"].create({"name": "T"})
        self._authorize(self.dealers["alpha"], territory, group, date_from="2020-01-01")
        self._authorize(self.dealers["beta"], territory, hidden)
        self.env.flush_all()
        page = self._open("/my/deals/new")
        self.assertIn("Group", page)
        self.assertNotIn("Hidden", page)
        self.assertIn('name="description"', page)
        form = {"end_customer": "New plant", "amount": "1200.50"}
        for wrong in (
            {"end_customer": " "},
            {"amount": "-1"},
            {"amount": "nan"},
            {"amount": "inf"},
            {"amount": "much"},
            {"date_expected": "soon"},
            {"category_id": str(hidden.id)},
        ):
            page = self._open("/my/deals/new", **{**form, **wrong})
            self.assertIn("alert-danger", page, wrong)
        page = self._open(
            "/my/deals/new",
            **form,
            category_id=str(group.id),
            date_expected="2040-01-01",
            state="approved",
            partner_id=str(self.dealers["beta"].id),
        )
        self.assertIn("New plant", page)
        deal = self.env["sales.deal.registration"].search(
            [("end_customer", "=", "New plant")]
        )
        self.assertEqual(deal.partner_id, self.dealers["alpha"])
        self.assertEqual((deal.state, deal.amount), ("submitted", 1200.5))
        self.assertEqual(deal.category_id, group)
        self.assertNotIn("Plant of beta", page)

    def test_not_a_partner(self):
        new_test_user(self.env, "sf_customer", "base.group_portal")
        self.env.flush_all()
        self.authenticate("sf_customer", "sf_customer")
        page = self._open("/my/deals/new", end_customer="Mine")
        self.assertIn("Deals are registered by channel partners", page)
        self.assertFalse(
            self.env["sales.deal.registration"].search([("end_customer", "=", "Mine")])
        )
        self.assertNotIn("Secret", self._open("/my/rebates"))

    def test_nobody(self):
        """Who is not logged in is sent to the login."""
        self.assertIn("/web/login", self.url_open("/my/rebates").url)
