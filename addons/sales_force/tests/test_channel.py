"""Channel partners: tiers with history, exclusive territories, end customers, mix."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .channel_common import ChannelVerbs
from .common import ConcurrentCase, SalesForceCase
from .credit_rows import CreditRows


class ChannelCase(ChannelVerbs, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        territory = cls.env["sales.territory"]
        cls.south = territory.create({"name": "South"})
        cls.coast = territory.create({"name": "Coast", "parent_id": cls.south.id})
        cls.north = territory.create({"name": "North"})
        category = cls.env["product.category"]
        cls.pumps = category.create({"name": "Pumps"})
        cls.small = category.create({"name": "Small", "parent_id": cls.pumps.id})
        cls.valves = category.create({"name": "Valves"})
        cls.gold, cls.silver = cls.env["sales.channel.tier"].create(
            [{"name": "Gold", "deal_days": 30}, {"name": "Silver"}]
        )
        cls.one = cls._channel_partner("One", cls.users["rep"])
        cls.two = cls._channel_partner("Two", cls.users["peer"])


@tagged("post_install", "-at_install")
class TestAuthorization(ChannelCase):
    def test_exclusive(self):
        """In the territory and its parts, with the group and its sub-groups."""
        self._authorize(self.two, self.south, self.pumps)
        pattern = "Two would be exclusive: One in .* and Two in South"
        for territory in (self.south, self.coast):
            for category in (self.pumps, self.small, None):
                with self.assertRaisesRegex(ValidationError, pattern):
                    self._authorize(self.one, territory, category)
        self._authorize(self.one, self.north, self.pumps)
        self._authorize(self.one, self.coast, self.valves)

    def test_dates(self):
        self._authorize(self.two, self.south, date_to="2040-12-31")
        for values in (
            {"date_from": "2040-12-31"},
            {"date_from": "2039-01-01"},
            {"date_from": "2039-01-01", "date_to": "2040-01-01"},
        ):
            with self.assertRaises(ValidationError):
                self._authorize(self.one, self.coast, **values)
        self._authorize(self.one, self.coast, date_from="2041-01-01")
        year = {"date_from": "2039-01-01", "date_to": "2039-12-31"}
        self._authorize(self.one, self.south, **year)

    def test_open_end(self):
        authorization = self._authorize(self.two, self.south, date_to="2040-12-31")
        self._authorize(self.one, self.coast, date_from="2041-01-01")
        with self.assertRaises(ValidationError):
            authorization.date_to = False

    def test_beside(self):
        """Who is not exclusive is only told of, and the own ones do not count."""
        exclusive = self._authorize(self.two, self.south)
        beside = self._authorize(self.one, self.coast, exclusive=False)
        self.assertEqual((beside.overlap, exclusive.overlap), ("Two", "One"))
        with self.assertRaises(ValidationError):
            beside.exclusive = True
        own = self._authorize(self.two, self.coast, self.pumps)
        self.assertEqual(own.overlap, "One")
        self.assertFalse(self._authorize(self.one, self.north).overlap)

    def test_other_company(self):
        self._authorize(self.two, self.south)
        self._authorize(self.one, self.south, company_id=self.company_b.id)

    def test_moved(self):
        """A territory or product group moved under another brings no conflict."""
        self._authorize(self.two, self.south, self.pumps)
        self._authorize(self.one, self.north, self.pumps)
        with self.assertRaises(ValidationError):
            self.north.parent_id = self.coast
        self._authorize(self.one, self.coast, self.valves)
        with self.assertRaises(ValidationError):
            self.valves.parent_id = self.small

    def test_kept(self):
        """What has begun is ended, not changed."""
        authorization = self._authorize(self.one, self.south, date_from="2020-01-01")
        authorization = authorization.with_user(self.users["operations"])
        for vals in ({"territory_id": self.north.id}, {"exclusive": False}):
            with self.assertRaises(UserError):
                authorization.write(vals)
        with self.assertRaises(UserError):
            authorization.unlink()
        authorization.date_to = self.company._get_sales_today()
        future = self._authorize(self.one, self.north)
        future.with_user(self.users["operations"]).unlink()

    def test_not_a_partner(self):
        with self.assertRaisesRegex(ValidationError, "is no channel partner"):
            self._authorize(self.partner, self.south)

    def test_flat(self):
        """Queries do not grow with what is authorised."""
        counts = []
        for number in (1, 10):
            vals = {
                "partner_id": self.one.id,
                "company_id": self.company.id,
                "territory_id": self.south.id,
                "date_from": "2040-01-01",
                "exclusive": True,
            }
            before = self.cr.sql_log_count
            self.env["sales.channel.authorization"].create([vals] * number)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestHistory(ChannelCase, CreditRows):
    def _rows(self, partner):
        return [
            (row.date_from, row.date_to, row.channel_id.code, row.tier_id.name)
            for row in partner.sales_channel_history_ids.sorted("id")
        ]

    def test_tier(self):
        """Only operations give one, and who had which when is kept."""
        today = self.company._get_sales_today()
        with self.assertRaises(AccessError):
            self.one.with_user(self.users["rep"]).sales_tier_id = self.gold
        operations = self.one.with_user(self.users["operations"])
        operations.sales_tier_id = self.silver
        rows = [(today, False, "distributor", "Silver")]
        self.assertEqual(self._rows(self.one), rows)
        later = today + timedelta(days=40)
        with freeze_time(f"{later} 06:00:00"):
            operations.sales_tier_id = self.gold
            operations.sales_tier_id = self.gold
        rows = [
            (today, later - timedelta(days=1), "distributor", "Silver"),
            (later, False, "distributor", "Gold"),
        ]
        self.one.invalidate_recordset()
        self.assertEqual(self._rows(self.one), rows)

    def test_channel(self):
        """Of a customer without history, what it was is kept at the first change."""
        today = self.company._get_sales_today()
        self.partner.sales_channel_id = self.env.ref("sales_force.sales_channel_direct")
        self.env["sales.channel.history"].search(
            [("partner_id", "=", self.partner.id)]
        ).unlink()
        self.partner.sales_channel_id = self.env.ref("sales_force.sales_channel_agent")
        self.partner.invalidate_recordset()
        self.assertEqual(
            self._rows(self.partner),
            [
                (False, today - timedelta(days=1), "direct", False),
                (today, False, "agent", False),
            ],
        )

    def test_nobody_writes(self):
        row = self.one.sales_channel_history_ids
        for role in ("rep", "director", "operations"):
            with self.assertRaises(AccessError):
                row.with_user(self.users[role]).write({"date_from": "2020-01-01"})

    def test_mix(self):
        """By the channel on the day of the credit, whatever the customer is now."""
        today = self.company._get_sales_today()
        history = self.one.sales_channel_history_ids
        history.write({"date_from": today - timedelta(days=10)})
        direct = self.env.ref("sales_force.sales_channel_direct")
        history.create(
            {
                "partner_id": self.one.id,
                "channel_id": direct.id,
                "date_to": today - timedelta(days=11),
            }
        )
        rep = self.reps["rep"]
        self._credit("INVOICED", rep, 70, -11, partner_id=self.one)
        self._credit("INVOICED", rep, 30, -10, partner_id=self.one)
        self._credit("ORDERED", rep, 5, -10, partner_id=self.one)
        self._credit("INVOICED", rep, 9, -10, partner_id=self.one, overlay=True)
        self._credit("QUANTITY", rep, 9, -10, partner_id=self.one)
        self._credit("INVOICED", self.reps["peer"], 11, -20, partner_id=self.two)
        report = self.env["sales.channel.report"].with_user(self.users["leader"])
        mix = report._read_group(
            [], ["channel_id"], ["invoiced:sum", "ordered:sum"], order="channel_id"
        )
        self.assertEqual(
            [(channel.code, *sums) for channel, *sums in mix],
            [("direct", 70, 0), ("distributor", 30, 5)],
        )
        report = report.with_user(self.users["rep"])
        self.assertEqual(sum(report.search([]).mapped("invoiced")), 100)


@tagged("post_install", "-at_install")
class TestEndCustomer(ChannelCase):
    def _order_for(self, customer):
        return self._order(
            self.users["rep"],
            partner=self.one,
            sales_end_customer_id=customer and customer.id,
        )

    def test_carried(self):
        """To the invoice and both analyses; other end customers, other invoices."""
        orders = self._order_for(self.partner) + self._order_for(self.partner)
        orders += self._order_for(False)
        self.assertTrue(all(orders.mapped("sales_resells")))
        orders.order_line.qty_delivered = 1
        invoices = orders._create_invoices()
        self.assertEqual(
            sorted(len(invoice.invoice_line_ids) for invoice in invoices), [1, 2]
        )
        invoice = invoices.filtered("sales_end_customer_id")
        self.assertEqual(invoice.sales_end_customer_id, self.partner)
        self.env.flush_all()
        for model, measure in (
            ("sale.report", "price_subtotal:sum"),
            ("account.invoice.report", "price_subtotal:sum"),
        ):
            [(customer, amount)] = self.env[model]._read_group(
                [("sales_end_customer_id", "!=", False)],
                ["sales_end_customer_id"],
                [measure],
            )
            self.assertEqual((customer, amount), (self.partner, 200), model)


@tagged("post_install", "-at_install")
class TestDeals(ChannelCase):
    def _submitted(self, partner, customer, by="rep", **values):
        deal = self._deal(partner, customer, **values).with_user(self.users[by])
        deal.action_submit()
        return deal

    def test_life(self):
        self.one.sales_tier_id = self.gold
        deal = self._submitted(self.one, self.partner)
        self.assertEqual(deal.activity_ids.user_id, self.users["leader"])
        with self.assertRaises(AccessError):
            deal.action_approve()
        deal.with_user(self.users["leader"]).action_approve()
        today = self.company._get_sales_today()
        self.assertEqual(
            (deal.status, deal.date_expiry), ("approved", today + timedelta(days=30))
        )
        self.assertFalse(deal.activity_ids)
        with self.assertRaises(UserError):
            deal.amount = 1
        deal.action_win()
        self.assertEqual(deal.status, "won")

    def test_expired(self):
        deal = self._submitted(self.one, self.partner)
        deal.with_user(self.users["leader"]).action_approve()
        with freeze_time(f"{deal.date_expiry + timedelta(days=1)} 12:00:00"):
            deal.invalidate_recordset()
            self.assertEqual(deal.status, "expired")
            found = deal.search([("status", "=", "expired")])
            self.assertIn(deal, found)
            self.assertFalse(deal.search([("status", "=", "approved")]) & deal)
            with self.assertRaises(UserError):
                deal.action_win()
            # What is over protects nobody.
            other = self._submitted(self.two, self.partner, "peer")
            self.assertFalse(other.with_user(self.users["peer_leader"]).conflicts)
            other.with_user(self.users["peer_leader"]).action_approve()

    def test_refused(self):
        deal = self._submitted(self.one, self.partner)
        deal = deal.with_user(self.users["leader"])
        with self.assertRaises(ValidationError):
            deal.action_refuse()
        deal.refusal = "Ours already"
        deal.action_refuse()
        self.assertEqual(deal.status, "refused")

    def test_in_their_language(self):
        """Who decides is asked in the own language, the partner told in theirs."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["leader"].lang = "zh_CN"
        deal = self._submitted(self.one, self.partner)
        self.assertEqual(deal.activity_ids.summary, "请决定报备项目")
        self.one.lang = "zh_CN"
        deal.with_user(self.users["leader"]).with_context(lang="en_US").action_approve()
        self.assertNotIn("is approved", deal.message_ids[0].body)

    def test_one_is_protected(self):
        """In the product group, its sub-groups and what it is part of."""
        deal = self._submitted(self.one, self.partner, category_id=self.pumps.id)
        deal.with_user(self.users["leader"]).action_approve()
        leader = self.users["peer_leader"]
        for category, refused in (
            (self.small, True),
            (self.small[:0], True),
            (self.valves, False),
        ):
            other = self._submitted(
                self.two, self.partner, "peer", category_id=category.id
            ).with_user(leader)
            self.assertEqual(bool(other.conflicts), refused)
            if refused:
                with self.assertRaisesRegex(UserError, "One is protected until"):
                    other.action_approve()
            else:
                other.action_approve()

    def test_needs_a_customer(self):
        deal = self._submitted(self.one, None)
        with self.assertRaisesRegex(UserError, "Choose which of our customers"):
            deal.with_user(self.users["leader"]).action_approve()
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.partner.id}
        )
        with self.assertRaisesRegex(ValidationError, "choose its company"):
            deal.with_user(self.users["leader"]).end_customer_id = contact

    def test_conflicts(self):
        """All that speaks against it is shown to who decides."""
        customer = self.env["res.partner"].create(
            {
                "name": "Plant",
                "is_company": True,
                "user_id": self.users["peer"].id,
                "sales_territory_id": self.coast.id,
            }
        )
        self._lead(self.users["peer"], name="Big", partner_id=customer.id)
        today = self.company._get_sales_today()
        self._authorize(self.two, self.south, date_from=today)
        self._submitted(self.two, None, "peer", end_customer=" plant ")
        deal = self._submitted(self.one, customer, category_id=self.pumps.id)
        conflicts = deal.with_user(self.users["leader"]).conflicts
        for text in (
            "of Two is registered for it: Submitted",
            "Opportunity “Big” of Peer is open",
            "Plant is a customer of Peer.",
            "Two is exclusive in South.",
        ):
            self.assertIn(text, conflicts)
        self.assertEqual(len(conflicts.splitlines()), 4)
        # Who registers a name learns that others are at it, not what they call it.
        conflicts = deal.with_user(self.users["rep"]).conflicts
        self.assertIn("Opportunity “…” of Peer is open", conflicts)

    def test_own_registration(self):
        leader = self.users["leader"]
        deal = (
            self.env["sales.deal.registration"]
            .with_user(leader)
            .create(
                {
                    "partner_id": self.one.id,
                    "end_customer": "Customer",
                    "end_customer_id": self.partner.id,
                }
            )
        )
        deal.action_submit()
        with self.assertRaises(AccessError):
            deal.action_approve()
        deal.with_user(self.users["manager"]).action_approve()

    def test_strange_partner(self):
        with self.assertRaises(AccessError):
            self.env["sales.deal.registration"].with_user(self.users["rep"]).create(
                {"partner_id": self.two.id, "end_customer": "X"}
            )

    def test_strange_contact(self):
        """Who is told of the decision, is the partner's: whoever writes it, and how."""
        stranger = self.env["res.partner"].create(
            {"name": "Stranger", "parent_id": self.two.id}
        )
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.one.id}
        )
        deal = self._deal(self.one, self.partner, contact_id=contact.id)
        for strange in (stranger, self.partner):
            with self.assertRaisesRegex(ValidationError, "no contact of"):
                deal.with_user(self.users["rep"]).contact_id = strange
            with self.assertRaisesRegex(ValidationError, "no contact of"):
                self._deal(self.one, self.partner, contact_id=strange.id)
        with self.assertRaisesRegex(ValidationError, "no contact of"):
            deal.partner_id = self.two
        self._deal(self.one, self.partner, contact_id=self.one.id)

    def test_stamped(self):
        deal = self._deal(self.one, self.partner).with_user(self.users["rep"])
        for vals in ({"state": "approved"}, {"decided_on": "2026-01-01"}):
            with self.assertRaises(UserError):
                deal.write(vals)
        with self.assertRaises(UserError):
            self._submitted(self.one, self.partner).unlink()

    def test_flat(self):
        """Conflicts of many are found with the queries of one."""
        counts = []
        for number in (1, 10):
            deals = self.env["sales.deal.registration"].concat(
                *(self._deal(self.one, self.partner) for _n in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            deals = deals.with_user(self.users["leader"])
            before = self.cr.sql_log_count
            deals.mapped("conflicts")
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestConcurrentChannels(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            channel = env.ref("sales_force.sales_channel_distributor")
            partners = env["res.partner"].create(
                [
                    {
                        "name": f"sf_channel {name}",
                        "is_company": True,
                        "sales_channel_id": channel.id,
                    }
                    for name in ("one", "two", "customer")
                ]
            )
            territory = env["sales.territory"].create({"name": "sf_channel"})
            part = territory.create({"name": "sf_channel", "parent_id": territory.id})
            self.territories = (territory + part).ids
            self.partners = partners.ids
            deals = env["sales.deal.registration"].create(
                [
                    {
                        "partner_id": id_,
                        "end_customer": "Somebody",
                        "end_customer_id": self.partners[2],
                    }
                    for id_ in self.partners[:2]
                ]
            )
            deals.action_submit()
            self.deals = deals.ids

    def _remove(self):
        with self._environment() as env:
            partners = env["res.partner"].search([("name", "like", "sf_channel%")])
            deals = env["sales.deal.registration"]
            deals = deals.search([("partner_id", "in", partners.ids)])
            deals.state = "draft"
            deals.unlink()
            authorizations = env["sales.channel.authorization"]
            authorizations.search([("partner_id", "in", partners.ids)]).unlink()
            territories = env["sales.territory"].search([("name", "=", "sf_channel")])
            territories.unlink()
            partners.unlink()

    def test_exclusive_at_once(self):
        """One in the territory, one in its part, in the same moment."""

        def authorize(number):
            return lambda env: env["sales.channel.authorization"].create(
                {
                    "partner_id": self.partners[number],
                    "territory_id": self.territories[number],
                    "date_from": fields.Date.today() + timedelta(days=9),
                    "exclusive": True,
                }
            )

        with self.assertRaisesRegex(ValidationError, "Two would be exclusive"):
            self._race(authorize(0), authorize(1))

    def test_approved_at_once(self):
        def approve(number):
            return lambda env: (
                env["sales.deal.registration"]
                .browse(self.deals[number])
                .action_approve()
            )

        with self.assertRaisesRegex(UserError, "is protected until"):
            self._race(approve(0), approve(1))
        with self._environment() as env:
            deals = env["sales.deal.registration"].browse(self.deals)
            self.assertEqual(deals.mapped("state"), ["approved", "submitted"])
