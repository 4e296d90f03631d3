"""The customer pool: claims, caps, clocks, recycling and undoing it."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service import model as service_model
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.res_company import ResCompany
from .common import ConcurrentCase, SalesForceCase

CLAIMED = date(2019, 3, 25)
WORKED_EXAMPLE = {"protection_days": 10, "extension_days": 3, "limit_days": 20}


class PoolCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool = cls._pool(name="Pool")
        cls.rep, cls.peer = cls.users["rep"], cls.users["peer"]

    @classmethod
    def _pool(cls, **values):
        return cls.env["sales.pool"].create(
            {
                "company_id": cls.company.id,
                **WORKED_EXAMPLE,
                "exempt_order_days": 0,
                "exempt_won_days": 0,
                **values,
            }
        )

    def customers(self, count, **values):
        return self.env["res.partner"].create(
            [
                {"name": f"Customer {i}", "is_company": True, **values}
                for i in range(count)
            ]
        )

    def claim(self, user, partners):
        return self.env["sales.pool"].with_user(user).action_claim(partners.ids)

    def cap(self, count, **values):
        self.env["sales.pool.cap"].create(
            {"pool_id": self.pool.id, "cap": count, **values}
        )

    def card(self, partner, company=None):
        return self.env["sales.customer"].search(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "=", (company or self.company).id),
            ]
        )

    def log(self, partner):
        self.env.flush_all()
        rows = self.env["sales.ownership"].search(
            [("partner_id", "=", partner.id)], order="id"
        )
        return [(row.reason, row.user_id, row.set_by_id) for row in rows]

    @contextmanager
    def on(self, day):
        """Let it be a day: for clocks and what is logged."""
        moment = datetime.combine(day, datetime.min.time()) + timedelta(hours=12)
        with (
            patch.object(ResCompany, "_get_sales_today", lambda self: day),
            patch.object(type(self.env.cr), "now", lambda self: moment),
        ):
            yield


@tagged("post_install", "-at_install")
class TestClaim(PoolCase):
    def test_claim_and_give_back(self):
        [partner] = self.customers(1)
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": partner.id}
        )
        self.claim(self.rep, partner)
        self.assertEqual(partner.user_id, self.rep)
        self.assertEqual(contact.user_id, self.rep, "contacts follow")
        card = self.card(partner)
        self.assertEqual(card.pool_id, self.pool)
        self.assertEqual(card.protected_until, card.claimed_on + timedelta(days=10))
        self.env["sales.pool"].with_user(self.rep).action_release(partner.ids)
        self.assertFalse(partner.user_id)
        self.assertFalse(self.card(partner).claimed_on)
        self.assertEqual(
            self.log(partner),
            [
                ("claimed", self.rep, self.rep),
                ("released", self.env["res.users"], self.rep),
            ],
        )

    def test_not_without_a_claim(self):
        """A rep takes what is in a pool by a claim; leaders assign."""
        [partner] = self.customers(1)
        mine = partner.with_user(self.rep)
        with self.assertRaisesRegex(UserError, "Claim them"):
            mine.user_id = self.rep
        partner.with_user(self.users["leader"]).user_id = self.rep
        self.assertEqual(partner.user_id, self.rep)

    def test_emptying_the_field_gives_back(self):
        """The cool-down begins however the customer is given back."""
        self.pool.cooldown_days = 5
        [partner] = self.customers(1)
        self.claim(self.rep, partner)
        partner.with_user(self.rep).user_id = False
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "was yours"):
            self.claim(self.rep, partner)
        self.claim(self.peer, partner)

    def test_reason_through_savepoints(self):
        [partner] = self.customers(1)
        with self.env["sales.ownership"]._because("claimed"):
            with self.env.cr.savepoint():
                self.env.flush_all()
            partner.user_id = self.rep
        self.assertEqual(self.log(partner)[-1][0], "claimed")

    def test_of_somebody_else(self):
        [partner] = self.customers(1, user_id=self.peer.id)
        with self.assertRaisesRegex(UserError, "Customer 0: belongs to Peer already"):
            self.claim(self.rep, partner)

    def test_all_or_none(self):
        free, held = self.customers(2)
        held.user_id = self.peer
        with self.assertRaises(UserError):
            self.claim(self.rep, free + held)
        self.assertFalse(free.user_id)

    def test_who_is_no_rep(self):
        [partner] = self.customers(1)
        for role in ("operations", "finance"):
            with self.assertRaises(UserError):
                self.claim(self.users[role], partner)
        self.reps["rep"].state = "suspended"
        with self.assertRaisesRegex(UserError, "no active rep"):
            self.claim(self.rep, partner)

    def test_teams(self):
        team = self.env["crm.team"].create(
            {"name": "South", "company_id": self.company.id}
        )
        self.pool.team_ids = team
        [partner] = self.customers(1)
        with self.assertRaisesRegex(UserError, "your team does not claim"):
            self.claim(self.rep, partner)

    def test_territories(self):
        """The innermost territory that has a pool; a claim can ask to cover it."""
        south, north = self.env["sales.territory"].create(
            [{"name": "South"}, {"name": "North"}]
        )
        coast = self.env["sales.territory"].create(
            {"name": "Coast", "parent_id": south.id}
        )
        pool = self._pool(name="South", territory_id=south.id, covered_only=True)
        partner, other = self.customers(2)
        partner.sales_territory_id = coast
        other.sales_territory_id = north
        self.claim(self.rep, other)
        self.assertEqual(self.card(other).pool_id, self.pool)
        with self.assertRaisesRegex(UserError, "not in a territory that you cover"):
            self.claim(self.rep, partner)
        self.reps["rep"].territory_ids = south
        self.claim(self.rep, partner)
        self.assertEqual(self.card(partner).pool_id, pool)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._pool(name="South again", territory_id=south.id)
            self.env.flush_all()

    def test_no_pool(self):
        self.pool.active = False
        [partner] = self.customers(1)
        with self.assertRaisesRegex(UserError, "is in no pool"):
            self.claim(self.rep, partner)

    def test_cool_down(self):
        self.pool.cooldown_days = 7
        [partner] = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, partner)
            self.env["sales.pool"].with_user(self.rep).action_release(partner.ids)
        with (
            self.on(CLAIMED + timedelta(days=6)),
            self.assertRaisesRegex(UserError, "you may claim it again on 04/01/2019"),
        ):
            self.claim(self.rep, partner)
        with self.on(CLAIMED + timedelta(days=6)):
            self.claim(self.peer, partner)
            self.env["sales.pool"].with_user(self.peer).action_release(partner.ids)
        with self.on(CLAIMED + timedelta(days=7)):
            self.claim(self.rep, partner)
        self.assertEqual(partner.user_id, self.rep)

    def test_claims_a_day(self):
        self.pool.daily_claims = 2
        partners = self.customers(3)
        with self.on(CLAIMED):
            self.claim(self.rep, partners[0])
            self.claim(self.rep, partners[1])
            with (
                self.assertRaisesRegex(UserError, "2 claims a day.*have made 3"),
                self.cr.savepoint(),
            ):
                self.claim(self.rep, partners[2])
            self.claim(self.peer, partners[2])
            self.env["sales.pool"].with_user(self.peer).action_release(partners[2].ids)
        with self.on(CLAIMED + timedelta(days=1)):
            self.claim(self.rep, partners[2])
        self.assertEqual(partners.user_id, self.rep)

    def test_contacts_are_no_claims(self):
        self.pool.daily_claims = 2
        first, second = self.customers(2)
        self.env["res.partner"].create(
            [{"name": f"Contact {i}", "parent_id": first.id} for i in range(3)]
        )
        self.claim(self.rep, first)
        self.claim(self.rep, second)
        self.assertEqual((first + second).user_id, self.rep)

    def test_what_is_no_customer(self):
        archived, supplier = self.customers(2)
        archived.active = False
        supplier.supplier_rank = 1
        for partner, why in (
            (archived, "Customer 0: is archived"),
            (supplier, "Customer 1: is no customer"),
            (self.company.partner_id, "is no customer"),
            (self.peer.partner_id, "is no customer"),
        ):
            with self.assertRaisesRegex(UserError, why):
                self.claim(self.rep, partner)
            self.assertFalse(partner.with_user(self.rep).sales_may_claim)
        supplier.customer_rank = 1
        self.claim(self.rep, supplier)

    def test_cool_down_of_what_went_to_another_rep(self):
        self.pool.cooldown_days = 5
        [partner] = self.customers(1, user_id=self.rep.id)
        partner.with_user(self.users["leader"]).user_id = self.peer
        self.env["sales.pool"].with_user(self.peer).action_release(partner.ids)
        with self.assertRaisesRegex(UserError, "was yours"):
            self.claim(self.rep, partner)

    def test_counts(self):
        self.customers(2, user_id=self.rep.id)
        self.customers(3, user_id=self.peer.id)
        self.env["sales.customer"]._refresh(self.company)
        free = self.env["sales.customer"].search_count(
            [("pool_id", "=", self.pool.id), ("user_id", "=", False)]
        )
        self.pool.invalidate_recordset()
        self.assertEqual((self.pool.held_count, self.pool.free_count), (5, free))

    def test_give_back_what_is_not_mine(self):
        [partner] = self.customers(1, user_id=self.peer.id)
        pools = self.env["sales.pool"]
        for role in ("rep", "leader", "manager"):
            with self.assertRaises(AccessError):
                pools.with_user(self.users[role]).action_release(partner.ids)
        pools.with_user(self.users["peer_leader"]).action_release(partner.ids)
        self.assertFalse(partner.user_id)

    def test_owner_is_not_deleted(self):
        self.customers(2, user_id=self.rep.id)
        with self.assertRaisesRegex(UserError, "Rep still owns 2 customers"):
            self.rep.unlink()

    def test_plain_companies_are_left_alone(self):
        """Without pools nothing is protected, and nobody has a cap."""
        self.pool.unlink()
        [partner] = self.customers(1, user_id=self.rep.id)
        self.env.flush_all()
        self.assertFalse(self.card(partner).claimed_on)
        self.assertFalse(partner.with_user(self.rep).sales_may_claim)


@tagged("post_install", "-at_install")
class TestPlace(PoolCase):
    """What a rep may change of the place of a customer without claiming it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.mine, cls.strange = partners.create(
            [
                {"name": "Mine", "is_company": True, "user_id": cls.rep.id},
                {"name": "Strange", "is_company": True, "user_id": cls.peer.id},
            ]
        )
        cls.free, cls.person = partners.create(
            [{"name": "Free"}, {"name": "Person", "user_id": cls.peer.id}]
        )
        cls.contact = partners.create({"name": "C", "parent_id": cls.strange.id})
        cls.env.flush_all()

    def refuse(self, partner, vals, user="rep"):
        with (
            self.subTest(partner=partner.name, vals=vals, user=user),
            self.assertRaises(UserError),
        ):
            partner.with_user(self.users[user]).write(vals)
            self.env.flush_all()

    def test_by_another_parent(self):
        """A free customer, or a colleague's, does not become a contact of mine."""
        for partner in (self.free, self.person, self.contact):
            self.refuse(partner, {"parent_id": self.mine.id})
        # Odoo carries out commands as who made the request.
        with patch.object(self.env.transaction, "default_env", self.env(user=self.rep)):
            self.refuse(self.mine, {"child_ids": [Command.link(self.free.id)]})
        self.refuse(self.contact, {"parent_id": False})
        self.refuse(self.contact, {"is_company": True})
        self.refuse(self.person, {"parent_id": self.mine.id}, user="leader")
        self.strange.with_user(self.rep).parent_id = self.mine
        self.refuse(self.strange, {"is_company": False})
        # What is one's own, or stays what it is, may move.
        own = self.customers(1, user_id=self.rep.id, is_company=False).with_user(
            self.rep
        )
        own.parent_id = self.mine.id
        own.parent_id = False
        self.free.with_user(self.rep).write({"parent_id": False, "phone": "123"})
        self.assertFalse(self.free.user_id)
        self.free.with_user(self.users["leader"]).parent_id = self.mine
        self.assertEqual(self.free.user_id, self.rep, "leaders assign")

    def test_without_pool(self):
        self.pool.active = False
        self.free.with_user(self.rep).parent_id = self.mine
        self.assertEqual(self.free.user_id, self.rep)

    def test_in_the_pool_of_another_company(self):
        """The company that is chosen at the moment does not matter."""
        self.rep.company_ids += self.company_b
        free = self.free.with_user(self.rep).with_company(self.company_b)
        with self.assertRaisesRegex(UserError, "Claim them"):
            free.user_id = self.rep

    def test_not_to_colleagues(self):
        """Who gives a customer to a colleague is a manager."""
        self.refuse(self.free, {"user_id": self.peer.id})
        self.refuse(self.mine, {"user_id": self.peer.id})
        self.mine.with_user(self.users["leader"]).user_id = self.peer
        self.strange.with_user(self.peer).user_id = False
        self.assertFalse(self.strange.user_id)

    def test_not_to_another_pool(self):
        """Else the pool's teams and territories would bind nobody."""
        territory = self.env["sales.territory"].create({"name": "Mine"})
        self.refuse(self.free, {"sales_territory_id": territory.id})
        self.refuse(self.free, {"sales_territory_manual": True})
        self.mine.with_user(self.rep).sales_territory_id = territory
        self.free.with_user(self.rep).sales_channel_id = self.env.ref(
            "sales_force.sales_channel_direct"
        )

    def test_by_merging(self):
        """Merging takes nothing from anybody, nor from the pool."""
        self.rep.group_ids += self.env.ref("base.group_partner_manager")
        self.free.is_company = True
        second = self.customers(1)
        merge = self.env["base.partner.merge.automatic.wizard"].with_user(self.rep)

        def merged(*partners):
            wizard = merge.create(
                {
                    "partner_ids": [Command.set([p.id for p in partners])],
                    "dst_partner_id": partners[-1].id,
                }
            )
            wizard.action_merge()

        for source, target in (
            (self.strange, self.mine),
            (self.mine, self.strange),
            (self.contact, self.mine),
        ):
            with self.assertRaises(AccessError):
                merged(source, target)
        with self.assertRaisesRegex(UserError, "Claim them"), self.cr.savepoint():
            merged(self.free, self.mine)
        merged(self.free, second)
        self.assertFalse(self.free.exists())
        self.assertFalse(second.user_id)


@tagged("post_install", "-at_install")
class TestCaps(PoolCase):
    """Whatever way a customer comes, caps hold."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.pool.cap"].create({"pool_id": cls.pool.id, "cap": 2})
        cls.held = cls.env["res.partner"].create(
            [{"name": f"Held {i}", "user_id": cls.rep.id} for i in range(2)]
        )
        cls.env.flush_all()

    def assertFull(self, change, name="Third"):
        with (
            self.assertRaisesRegex(
                UserError, rf"Rep may hold 2 customers.*Too many would be: {name}"
            ),
            self.cr.savepoint(),
        ):
            change()
            self.env.flush_all()

    def test_every_way(self):
        third, fourth = self.env["res.partner"].create(
            [{"name": "Third"}, {"name": "Third and more"}]
        )
        self.env.flush_all()
        self.assertFull(lambda: third.write({"user_id": self.rep.id}))
        self.assertFull(lambda: (third + fourth).write({"user_id": self.rep.id}))
        leader = third.with_user(self.users["leader"])
        self.assertFull(lambda: leader.write({"user_id": self.rep}))
        self.assertFull(lambda: self.claim(self.rep, third))
        self.assertFull(
            lambda: self.env["res.partner"].create(
                {"name": "Third", "user_id": self.rep.id}
            )
        )
        self.assertFull(
            lambda: self.env["res.partner"]
            .with_user(self.users["director"])
            .create({"name": "Third", "user_id": self.rep.id})
        )

    def test_contact_that_becomes_a_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Third", "parent_id": self.held[0].id, "type": "contact"}
        )
        self.env.flush_all()
        self.assertEqual(contact.user_id, self.rep)
        self.assertFull(lambda: contact.write({"parent_id": False}))

    def test_customer_of_another_company(self):
        """Who moves to the company of a full rep counts, and is protected."""
        third = self.env["res.partner"].create(
            {"name": "Third", "company_id": self.company_b.id, "user_id": self.rep.id}
        )
        self.env.flush_all()
        self.assertFull(lambda: third.write({"company_id": self.company.id}))
        self.held[0].user_id = False
        third.company_id = self.company
        self.env.flush_all()
        self.assertTrue(self.card(third).claimed_on)
        third.company_id = self.company_b
        self.env.flush_all()
        self.assertFalse(self.card(third).protected_until, "not here any more")
        self.env["res.partner"].create({"name": "Fourth", "user_id": self.rep.id})
        self.env.flush_all()

    def test_lead_of_another_company(self):
        self.cap(1, kind="leads")
        self.rep.company_ids += self.company_b
        self._lead(self.rep)
        other = self._lead(self.rep, company=self.company_b)
        self.env.flush_all()
        with (
            self.assertRaisesRegex(UserError, "Rep may hold 1 open leads"),
            self.cr.savepoint(),
        ):
            other.company_id = self.company
            self.env.flush_all()

    def test_contacts_do_not_count(self):
        self.env["res.partner"].create(
            [{"name": f"C{i}", "parent_id": self.held[0].id} for i in range(5)]
        )
        self.env.flush_all()
        self.held[1].user_id = False
        self.env["res.partner"].create({"name": "Third", "user_id": self.rep.id})
        self.env.flush_all()

    def test_archived_do_not_count(self):
        self.held[0].active = False
        self.env["res.partner"].create({"name": "Third", "user_id": self.rep.id})
        self.env.flush_all()
        self.assertFull(lambda: self.held[0].write({"active": True}), "Held 0")

    def test_import(self):
        """The row that is too many is named, and nothing is imported."""
        self.held[0].user_id = False
        self.env.flush_all()
        names = [f"Row {i}" for i in range(3)]
        result = (
            self.env["res.partner"]
            .with_user(self.users["director"])
            .load(["name", "user_id/.id"], [[n, str(self.rep.id)] for n in names])
        )
        self.assertFalse(result["ids"])
        [message] = [m for m in result["messages"] if m["type"] == "error"][:1]
        self.assertIn("Row 1", message["message"])
        self.assertFalse(self.env["res.partner"].search([("name", "in", names)]))

    def test_class_and_grade(self):
        grade = self.env["sales.grade"].create({"name": "Senior"})
        a = self.env.ref("sales_force.sales_customer_class_a")
        self.pool.cap_ids.unlink()
        self.cap(10)
        self.cap(1, class_id=a.id)
        self.cap(3, class_id=a.id, grade_id=grade.id)
        self.env.flush_all()
        third = self.env["res.partner"].create({"name": "Third"})
        self.env["sales.customer"]._refresh(self.company)
        self.env.cr.execute(
            "UPDATE sales_customer SET class_id = %s WHERE partner_id = ANY(%s)",
            (a.id, (self.held[0] + third).ids),
        )
        with (
            self.assertRaisesRegex(UserError, "1 customers of class A"),
            self.cr.savepoint(),
        ):
            self.claim(self.rep, third)
        self.reps["rep"].grade_id = grade
        self.claim(self.rep, third)
        self.assertEqual(third.user_id, self.rep)

    def test_buyers_are_spared(self):
        self.pool.cap_spares_buyers = True
        self._order(self.rep, partner=self.held[0])
        self.env["sales.customer"]._refresh(self.company)
        self.env["res.partner"].create({"name": "Third", "user_id": self.rep.id})
        self.env.flush_all()

    def test_a_smaller_cap_takes_nobody(self):
        """Who holds too many since a cap was lowered keeps them, and gets no more."""
        self.pool.cap_ids.cap = 1
        self.held[0].phone = "123"
        self.held[0].user_id = self.peer
        self.env.flush_all()
        self.assertEqual(self.held[1].user_id, self.rep)


@tagged("post_install", "-at_install")
class TestCapsOfBuyers(PoolCase):
    def test_flag_that_was_never_set(self):
        """A pool made by data or RPC has no value there: buyers count all the same."""
        self.env.cr.execute("UPDATE sales_pool SET cap_spares_buyers = NULL")
        self.cap(1)
        first, second = self.customers(2)
        self._order(self.rep, partner=first)
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        first.user_id = self.rep
        self.env.flush_all()
        with self.assertRaises(UserError):
            second.user_id = self.rep
            self.env.flush_all()

    def test_new_pool(self):
        """It holds its customers at once."""
        territory = self.env["sales.territory"].create({"name": "Far"})
        [partner] = self.customers(1, sales_territory_id=territory.id)
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        self.assertEqual(self.card(partner).pool_id, self.pool)
        far = self._pool(name="Far", territory_id=territory.id)
        self.assertEqual(self.card(partner).pool_id, far)
        self.assertEqual((far.free_count, far.held_count), (1, 0))
        far.active = False
        self.assertEqual(self.card(partner).pool_id, self.pool)


@tagged("post_install", "-at_install")
class TestButtons(PoolCase):
    def test_of_lists(self):
        """Buttons above a list are called with the ids that are ticked, or none."""
        env = self.env(user=self.users["operations"])
        for model, name in (
            ("sales.recycling", "action_preview"),
            ("sales.recycling", "action_preview_week"),
            ("sales.customer", "action_refresh"),
            ("sales.product.affinity", "action_refresh"),
        ):
            with self.subTest(model=model, name=name):
                self.assertTrue(call_kw(env[model], name, [[]], {}))

    def test_preview_of_a_week(self):
        """It says whom and why, and takes nobody before the day."""
        partners = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, partners)
        with self.on(CLAIMED + timedelta(days=5)):
            env = self.env(user=self.users["operations"])
            action = env["sales.recycling"].action_preview_week()
            batch = env["sales.recycling"].browse(action["res_id"])
            self.assertEqual(batch.line_ids.partner_id, partners)
            self.assertEqual(batch.line_ids.state, "planned")
            self.assertIn("Nothing was done", batch.line_ids.reason)
            with self.assertRaises(UserError):
                batch.action_run()
        with self.on(CLAIMED + timedelta(days=12)):
            batch.action_run()
        self.assertEqual(batch.line_ids.state, "taken")

    def test_claimed(self):
        [partner] = self.customers(1)
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        action = self.card(partner).with_user(self.rep).action_claim()
        self.assertIn("is yours until", action["params"]["message"])


@tagged("post_install", "-at_install")
class TestLeads(PoolCase):
    """Leads are logged, and capped where a company asks for it."""

    def lead_log(self, lead):
        self.env.flush_all()
        rows = self.env["sales.ownership"].search([("lead_id", "=", lead.id)])
        return [(row.previous_user_id, row.user_id) for row in rows.sorted("id")]

    def test_log(self):
        nobody = self.env["res.users"]
        lead = self._lead(self.rep)
        lead.user_id = self.peer
        self.env.flush_all()
        lead.user_id = False
        self.assertEqual(
            self.lead_log(lead),
            [(nobody, self.rep), (self.rep, self.peer), (self.peer, nobody)],
        )

    def test_cap(self):
        self._lead(self.rep)
        first = self._lead(self.rep)
        self.env.flush_all()
        self.cap(2, kind="leads")

        def refuse(change):
            with (
                self.assertRaisesRegex(UserError, "Rep may hold 2 open leads.*Third"),
                self.cr.savepoint(),
            ):
                change()
                self.env.flush_all()

        refuse(lambda: self._lead(self.rep, name="Third"))
        third = self._lead(name="Third")
        self.env.flush_all()
        refuse(lambda: third.write({"user_id": self.rep.id}))
        first.action_set_lost()
        third.user_id = self.rep
        self.env.flush_all()
        refuse(lambda: first.write({"name": "Third again", "active": True}))

    def test_no_cap_of_a_class(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.cap(
                2,
                kind="leads",
                class_id=self.env.ref("sales_force.sales_customer_class_a").id,
            )


@tagged("post_install", "-at_install")
class TestRecycling(PoolCase):
    def setUp(self):
        super().setUp()
        self.partner = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, self.partner)

    def act(self, day, partner=None):
        with self.on(day):
            activity = (partner or self.partner).activity_schedule(
                "mail.mail_activity_data_call", user_id=self.rep.id
            )
            activity.action_feedback("Called")
        activity.date_done = day
        self.env.flush_all()

    def apply(self, **rules):
        """Change the pool's rules, and apply them to who is held."""
        self.pool.write(rules)
        self.env["sales.pool.apply"].create({"pool_id": self.pool.id}).action_apply()

    def night(self, day):
        """The evening of a day."""
        with self.on(day):
            recycling = self.env["sales.recycling"]
            batch = recycling._collect(self.company, day, by_night=True)
            if batch:
                batch._run()
            return batch

    def test_the_worked_example(self):
        card = self.card(self.partner)
        for action, due in (
            (None, date(2019, 4, 4)),
            (date(2019, 3, 28), date(2019, 4, 4)),
            (date(2019, 4, 2), date(2019, 4, 5)),
            (date(2019, 4, 5), date(2019, 4, 8)),
            (date(2019, 4, 8), date(2019, 4, 11)),
            (date(2019, 4, 11), date(2019, 4, 14)),
            (date(2019, 4, 13), date(2019, 4, 14)),
        ):
            if action:
                self.assertFalse(self.night(action - timedelta(days=1)))
                self.act(action)
            card.invalidate_recordset(["protected_until"])
            self.assertEqual(card.protected_until, due)
        self.assertFalse(self.night(date(2019, 4, 13)))
        self.assertEqual(self.partner.user_id, self.rep)
        batch = self.night(date(2019, 4, 14))
        self.assertFalse(self.partner.user_id)
        self.assertEqual(batch.line_ids.partner_id, self.partner)
        self.assertEqual(batch.line_ids.user_id, self.rep)
        self.assertEqual(self.log(self.partner)[-1][0], "recycled")
        self.assertFalse(self.night(date(2019, 4, 15)), "once")

    def test_actions_that_do_not_qualify(self):
        self.apply(extend_activity=False)
        self.act(date(2019, 4, 4))
        self.assertTrue(self.night(date(2019, 4, 4)))

    def test_what_qualifies(self):
        for field, act in (
            ("extend_order", lambda p: self._order(self.rep, partner=p)),
            ("extend_opportunity", lambda p: self._lead(self.rep, partner_id=p.id)),
            (
                "extend_quotation",
                lambda p: self._order(self.rep, partner=p, confirm=False).write(
                    {"state": "sent"}
                ),
            ),
        ):
            with self.subTest(field=field):
                [partner] = self.customers(1)
                today = self.company._get_sales_today()
                self.pool.write({name: name == field for name in self._extending()})
                self.claim(self.rep, partner)
                card = self.card(partner)
                self.env.cr.execute(
                    "UPDATE sales_customer SET claimed_on = %s WHERE id = %s",
                    (today - timedelta(days=9), card.id),
                )
                card.invalidate_recordset()
                self.assertEqual(card.protected_until, today + timedelta(days=1))
                act(partner)
                card.invalidate_recordset()
                self.assertEqual(card.protected_until, today + timedelta(days=3))
                self.pool[field] = False
                self.env.flush_all()
                card.invalidate_recordset()
                self.assertEqual(card.protected_until, today + timedelta(days=3))
                self.apply()
                card.invalidate_recordset()
                self.assertEqual(card.protected_until, today + timedelta(days=1))

    def test_working_days_for_years(self):
        """An old claim beside a new one."""
        self.pool.write({"day_kind": "working", "limit_days": 0})
        old, new = self.customers(2)
        with self.on(date(2020, 1, 6)):
            self.claim(self.rep, old)
        with self.on(date(2026, 1, 5)):
            self.claim(self.rep, new)
        cards = self.card(old) + self.card(new)
        due = self.pool._get_due(cards)
        self.assertEqual(due[cards[0]], date(2020, 1, 20))
        self.assertEqual(due[cards[1]], date(2026, 1, 19))

    def test_won_in_another_company(self):
        """What spares a customer here was won here."""
        self.pool.exempt_won_days = 30
        [partner] = self.customers(1)
        with self.on(date(2026, 1, 5)):
            self.claim(self.rep, partner)
            lead = self._lead(company=self.company_b, partner_id=partner.id)
            lead.action_set_won()
            self.env.flush_all()
            self.env.cr.flush()
            card = self.card(partner)
            exempt = self.pool._get_exempt(card, date(2026, 1, 6))
            self.assertNotIn(card, exempt)

    def _extending(self):
        return [name for name in self.pool._fields if name.startswith("extend_")]

    def test_exempt_open_order(self):
        order = self._order(self.rep, partner=self.partner)
        order.date_order = datetime(2019, 3, 20)
        self.env.flush_all()
        self.assertFalse(self.night(date(2019, 5, 1)))
        self.apply(exempt_open_order=False)
        self.assertTrue(self.night(date(2019, 5, 1)))

    def test_exempt_recent_order_and_won_deal(self):
        self.apply(exempt_open_order=False, exempt_order_days=30)
        order = self._order(self.rep, partner=self.partner)
        order.date_order = datetime(2019, 3, 20)
        self.env.flush_all()
        self.assertFalse(self.night(date(2019, 4, 19)))
        self.apply(exempt_order_days=0, exempt_won_days=30)
        with self.on(date(2019, 3, 26)):
            lead = self._lead(self.rep, partner_id=self.partner.id)
            lead.action_set_won()
            self.env.cr.flush()
        self.assertFalse(self.night(date(2019, 4, 25)))
        self.assertTrue(self.night(date(2019, 4, 26)))

    def test_exempt_contract(self):
        """A contract that runs, to its last day, in this company."""
        contract = self.env["sales.contract"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company_b.id,
                "date_start": "2019-01-01",
                "date_end": "2019-06-30",
            }
        )
        contract.sudo().state = "running"
        self.env.flush_all()
        self.assertEqual(self._exempt(date(2019, 6, 30)), 0)
        contract.company_id = self.company
        self.env.flush_all()
        self.assertEqual(self._exempt(date(2019, 6, 30)), 1)
        self.assertEqual(self._exempt(date(2019, 7, 1)), 0)
        self.assertFalse(self.night(date(2019, 6, 30)))
        self.apply(exempt_contract=False)
        self.assertTrue(self.night(date(2019, 6, 30)))

    def _exempt(self, day):
        return len(self.pool._get_exempt(self.card(self.partner), day))

    def test_working_days(self):
        self.pool.day_kind = "working"
        [partner] = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, partner)
        self.assertEqual(self.card(partner).protected_until, date(2019, 4, 8))
        self.env["sales.calendar.day"].create(
            {
                "name": "Qingming",
                "company_id": self.company.id,
                "date": "2019-04-05",
                "kind": "holiday",
            }
        )
        self.card(partner).invalidate_recordset(["protected_until"])
        self.assertEqual(self.card(partner).protected_until, date(2019, 4, 9))

    def test_rules_that_change_restart_nothing(self):
        self.pool.write({"protection_days": 2, "limit_days": 5})
        self.assertEqual(self.card(self.partner).protected_until, date(2019, 4, 4))

        wizard = self.pool.with_user(self.users["operations"]).action_apply()
        wizard = (
            self.env["sales.pool.apply"]
            .with_user(self.users["operations"])
            .browse(wizard["res_id"])
        )
        self.assertEqual((wizard.moved_count, wizard.over_count), (1, 1))
        line = wizard.line_ids
        self.assertEqual(line.customer_id.partner_id, self.partner)
        self.assertEqual(
            (line.due_on, line.new_due_on), (date(2019, 4, 4), date(2019, 3, 27))
        )
        self.assertEqual(self.card(self.partner).protected_until, date(2019, 4, 4))
        wizard.action_apply()
        self.card(self.partner).invalidate_recordset()
        self.assertEqual(self.card(self.partner).protected_until, date(2019, 3, 27))
        with self.assertRaises(AccessError):
            self.pool.with_user(self.users["rep"]).action_apply()

    def test_what_spares_changes_nothing_by_itself(self):
        """Neither what extends nor what spares changes before it is applied."""
        order = self._order(self.rep, partner=self.partner)
        order.date_order = datetime(2019, 3, 26)
        self.env.flush_all()
        self.pool.write({"exempt_open_order": False, "extend_visit": False})
        self.assertFalse(self.night(date(2019, 5, 1)), "spared as before")
        wizard = self.env["sales.pool.apply"].create({"pool_id": self.pool.id})
        self.assertEqual(
            (wizard.outdated_count, wizard.moved_count, wizard.spared_count), (1, 0, 1)
        )
        self.assertEqual(wizard.over_count, 1)
        line = wizard.line_ids
        self.assertEqual((line.spared, line.new_spared), (True, False))
        wizard.action_apply()
        wizard = self.env["sales.pool.apply"].create({"pool_id": self.pool.id})
        self.assertEqual((wizard.outdated_count, wizard.spared_count), (0, 0))
        self.assertTrue(self.night(date(2019, 5, 1)))

    def test_long_classes(self):
        """Two years of working days are counted, also of short weeks."""
        class_ = self.env.ref("sales_force.sales_customer_class_a")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            class_.protection_days = 731
            self.env.flush_all()
        class_.protection_days = 730
        self.company.resource_calendar_id.attendance_ids.filtered(
            lambda attendance: attendance.dayofweek != "0"
        ).unlink()
        self.apply(day_kind="working", limit_days=0)
        self.env.cr.execute("UPDATE sales_customer SET class_id = %s", (class_.id,))
        self.env.invalidate_all()
        self.apply()
        self.assertEqual(
            self.card(self.partner).protected_until, CLAIMED + timedelta(weeks=730)
        )

    def test_a_pool_for_who_had_owners_before(self):
        self.pool.active = False
        [before] = self.customers(1, user_id=self.rep.id)
        self.env.flush_all()
        self.pool.active = True
        self.env.flush_all()
        self.env["sales.customer"]._refresh(self.company)
        card = self.card(before)
        self.assertEqual(card.pool_id, self.pool)
        self.assertFalse(card.claimed_on)
        action = self.pool.with_user(self.users["operations"]).action_apply()
        wizard = self.env["sales.pool.apply"].browse(action["res_id"])
        self.assertEqual(wizard.unprotected_count, 1)
        started = self.card(self.partner).claimed_on
        wizard.with_user(self.users["operations"]).action_apply()
        self.assertEqual(card.claimed_on, self.company._get_sales_today())
        self.assertEqual(self.card(self.partner).claimed_on, started)

    def test_preview_and_run(self):
        recycling = self.env["sales.recycling"].with_user(self.users["operations"])
        with self.on(date(2019, 4, 4)):
            action = recycling.action_preview()
            batch = recycling.browse(action["res_id"])
            self.assertEqual(batch.state, "preview")
            self.assertEqual(batch.line_ids.partner_id, self.partner)
            self.assertEqual(self.partner.user_id, self.rep, "only looked at")
            self.partner.user_id = self.peer
            self.env.flush_all()
            batch.action_run()
        self.assertEqual(self.partner.user_id, self.peer, "given away meanwhile")
        self.assertFalse(batch.line_ids)
        with self.assertRaises(UserError):
            batch.action_run()

    def test_undo(self):
        other = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, other)
        batch = self.night(date(2019, 4, 4))
        both = self.partner + other
        self.assertFalse(both.user_id)
        other.user_id = self.peer
        with self.on(date(2019, 4, 5)):
            batch.with_user(self.users["operations"]).action_undo()
        self.assertEqual(self.partner.user_id, self.rep)
        self.assertEqual(other.user_id, self.peer, "he has a new owner")
        self.assertEqual(batch.state, "undone")
        self.assertEqual(self.log(self.partner)[-1][0], "undone")
        card = self.card(self.partner)
        self.assertEqual(card.claimed_on, date(2019, 4, 5), "the clocks start again")
        with self.assertRaises(UserError):
            batch.with_user(self.users["operations"]).action_undo()

    def test_undo_above_a_cap(self):
        """What was is restored, for all, also where somebody has no room any more."""
        other = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.peer, other)
        batch = self.night(date(2019, 4, 4))
        self.customers(1, user_id=self.rep.id)
        self.env.flush_all()
        self.cap(1)
        batch.with_user(self.users["operations"]).action_undo()
        self.assertEqual(self.partner.user_id, self.rep)
        self.assertEqual(other.user_id, self.peer)
        with self.assertRaisesRegex(UserError, "Rep may hold 1"):
            self.claim(self.rep, self.customers(1))

    def test_batches_that_were_done_are_kept(self):
        recycling = self.env["sales.recycling"].with_user(self.users["operations"])
        with self.on(date(2019, 4, 4)):
            batch = recycling.browse(recycling.action_preview()["res_id"])
            batch.unlink()
            batch = recycling.browse(recycling.action_preview()["res_id"])
            batch.action_run()
        with self.assertRaises(UserError):
            batch.unlink()
        batch.action_undo()
        with self.assertRaises(UserError):
            batch.unlink()

    def test_contact_by_now(self):
        """Who has become a contact is nobody to take; who is archived is taken."""
        [archived, person] = self.customers(2, is_company=False)
        with self.on(CLAIMED):
            self.claim(self.rep, archived + person)
        person.parent_id = self.partner
        archived.active = False
        self.env.flush_all()
        batch = self.night(date(2019, 4, 4))
        self.assertEqual(batch.line_ids.partner_id, self.partner + archived)
        self.assertFalse(self.card(person).protected_until)

    def share(self, **rules):
        """The rep works in another company, too, with a pool of its own."""
        self.rep.company_ids += self.company_b
        self._rep(self.rep, company=self.company_b)
        pool = self._pool(name="B", company_id=self.company_b.id, **rules)
        [shared] = self.customers(1)
        with self.on(CLAIMED):
            self.claim(self.rep, shared)
        return shared, pool

    def test_protected_in_another_company(self):
        shared, _pool = self.share(protection_days=15)
        self.assertEqual(
            self.card(shared, self.company_b).protected_until, date(2019, 4, 9)
        )
        batch = self.night(date(2019, 4, 8))
        self.assertEqual(batch.line_ids.partner_id, self.partner)
        self.assertEqual(self.night(date(2019, 4, 9)).line_ids.partner_id, shared)

    def test_spared_in_another_company(self):
        shared, _pool = self.share()
        order = self._order(self.rep, company=self.company_b, partner=shared)
        order.date_order = datetime(2019, 3, 20)
        self.env.flush_all()
        with self.on(date(2019, 4, 20)):
            recycling = self.env["sales.recycling"]
            batch = recycling._collect(self.company, date(2019, 4, 20))
            self.assertEqual(batch.line_ids.partner_id, self.partner)
        order._action_cancel()
        self.env.flush_all()
        self.assertIn(shared, self.night(date(2019, 4, 20)).line_ids.partner_id)

    def test_reminders_of_two_companies(self):
        """What one company plans is not another one's to remove."""
        shared, _pool = self.share(protection_days=12, reminder_days=3)
        recycling = self.env["sales.recycling"]
        recycling._remind(self.company_b, date(2019, 4, 5))
        reminder = self.card(shared, self.company_b).reminder_id
        self.assertEqual(reminder.date_deadline, date(2019, 4, 6))
        recycling._remind(self.company, date(2019, 4, 5))
        self.assertTrue(reminder.exists())
        recycling._remind(self.company_b, date(2019, 4, 6))
        self.assertFalse(reminder.exists())

    def test_clocks_of_one_company(self):
        """Applying the rules of a company begins nothing in another one."""
        shared, _pool = self.share()
        self.env.cr.execute("UPDATE sales_customer SET claimed_on = NULL")
        self.env.invalidate_all()
        self.apply()
        self.assertTrue(self.card(shared).claimed_on)
        self.assertFalse(self.card(shared, self.company_b).claimed_on)

    def test_who_may(self):
        batch = self.night(date(2019, 4, 4))
        for role in ("rep", "leader", "manager", "director"):
            own = self.env["sales.recycling"].with_user(self.users[role])
            with self.assertRaises(AccessError):
                own.action_preview()
            with self.assertRaises(AccessError):
                own.browse(batch.id).action_undo()
            with self.assertRaises(AccessError):
                own.browse(batch.id).action_run()

    def test_no_message_per_customer(self):
        before = self.partner.message_ids
        self.night(date(2019, 4, 4))
        self.env.flush_all()
        self.partner.invalidate_recordset(["message_ids"])
        self.assertEqual(self.partner.message_ids, before)

    def test_reminder(self):
        """Once, on time; it follows the end, and goes when there is none soon."""
        self.pool.reminder_days = 3
        kind = self.env.ref("sales_force.mail_activity_type_protection")

        def reminders():
            return self.env["mail.activity"].search(
                [("activity_type_id", "=", kind.id), ("res_id", "=", self.partner.id)]
            )

        recycling = self.env["sales.recycling"]
        recycling._remind(self.company, date(2019, 3, 31))
        self.assertFalse(reminders())
        for _ in range(2):
            recycling._remind(self.company, date(2019, 4, 1))
            self.assertEqual(len(reminders()), 1)
        self.assertEqual(reminders().user_id, self.rep)
        self.assertEqual(reminders().date_deadline, date(2019, 4, 4))
        reminders().action_feedback("Seen")
        self.card(self.partner).invalidate_recordset(["protected_until"])
        self.assertEqual(self.card(self.partner).protected_until, date(2019, 4, 4))
        recycling._remind(self.company, date(2019, 4, 2))
        self.act(date(2019, 4, 4))
        recycling._remind(self.company, date(2019, 4, 4))
        self.assertEqual(reminders().mapped("date_deadline"), [date(2019, 4, 7)])

    def test_flat_queries(self):
        """A night costs the same number of queries, however many are looked at."""
        counts = []
        for size in (2, 40):
            partners = self.customers(size)
            with self.on(CLAIMED):
                self.claim(self.rep, partners)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["sales.recycling"]._collect(self.company, CLAIMED, empty=True)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)


@tagged("post_install", "-at_install")
class TestConcurrentClaims(ConcurrentCase):
    """With real cursors and commits."""

    def setUp(self):
        super().setUp()
        with self._environment() as env:
            user = env["res.users"].create(
                {
                    "name": "Claimant",
                    "login": "pool_claimant",
                    "group_ids": [
                        Command.set(env.ref("sales_force.group_sales_rep").ids)
                    ],
                }
            )
            rep = env["sales.rep"].create({"user_id": user.id, "state": "active"})
            pool = env["sales.pool"].create(
                {"name": "Concurrent", "cap_ids": [Command.create({"cap": 5})]}
            )
            partners = env["res.partner"].create([{"name": "Wanted"}] * 8)
            self.user, self.rep, self.pool = user.id, rep.id, pool.id
            self.partners = partners.ids
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["res.partner"].browse(self.partners).unlink()
            env["sales.pool"].browse(self.pool).unlink()
            env["sales.rep"].browse(self.rep).unlink()
            user = env["res.users"].browse(self.user)
            contact = user.partner_id
            user.unlink()
            contact.unlink()

    def _at_once(self, actions):
        """Run each in a thread of its own, as Odoo runs requests.

        :param actions: functions of an environment
        :return: their results, and the messages with which users were refused
        """
        start = Barrier(len(actions))
        results, refused, failed = [], [], []

        def run(action):
            with self._environment() as env:

                def transaction():
                    return action(env)

                start.wait()
                try:
                    results.append(service_model.retrying(transaction, env))
                except UserError as error:
                    refused.append(str(error))
                    env.cr.rollback()
                except Exception as error:  # noqa: BLE001
                    failed.append(error)
                    env.cr.rollback()

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [Thread(target=run, args=(action,)) for action in actions]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertFalse(failed)
        return results, refused

    def _held(self):
        with self._environment() as env:
            return env["res.partner"].search_count([("user_id", "=", self.user)])

    def test_eight_at_once(self):
        """Of eight claims at once five are granted, and the others say why."""
        self.assertEqual(service_model.MAX_TRIES_ON_CONCURRENCY_FAILURE, 5)

        def claim(partner_id):
            def action(env):
                env(user=self.user)["sales.pool"].action_claim([partner_id])

            return action

        _results, refused = self._at_once([claim(id_) for id_ in self.partners])
        self.assertEqual(self._held(), 5)
        self.assertEqual(len(refused), 3)
        for message in refused:
            self.assertIn("Claimant may hold 5 customers", message)
            self.assertIn("Too many would be: Wanted", message)

    def test_eight_a_day_at_once(self):
        """Of eight claims at once those that the pool allows a day are granted."""
        with self._environment() as env:
            pool = env["sales.pool"].browse(self.pool)
            pool.write({"daily_claims": 3, "cap_ids": [Command.clear()]})

        def claim(partner_id):
            def action(env):
                env(user=self.user)["sales.pool"].action_claim([partner_id])

            return action

        _results, refused = self._at_once([claim(id_) for id_ in self.partners])
        self.assertEqual(self._held(), 3)
        self.assertEqual(len(refused), 5)
        self.assertIn("Concurrent allows 3 claims a day", refused[0])

    def test_mass_edits_at_once(self):
        """Each is done as a whole or not at all."""

        def edit(partner_ids):
            def action(env):
                env["res.partner"].browse(partner_ids).write({"user_id": self.user})

            return action

        pairs = [self.partners[at : at + 2] for at in range(0, 8, 2)]
        _results, refused = self._at_once([edit(pair) for pair in pairs])
        self.assertEqual(self._held(), 4)
        self.assertEqual(len(refused), 2)
        self.assertIn("Claimant may hold 5 customers", refused[0])

    def test_imports_at_once(self):
        """Odoo's import neither exceeds a cap nor fails where there is still room."""

        def load(number):
            def action(env):
                return env["res.partner"].load(
                    ["name", "user_id/.id"], [[f"Imported {number}", str(self.user)]]
                )

            return action

        results, refused = self._at_once([load(number) for number in range(8)])
        imported = [id_ for result in results for id_ in result["ids"] or ()]
        self.partners += imported
        self.assertFalse(refused)
        self.assertEqual(len(imported), 5)
        self.assertEqual(self._held(), 5)
        messages = [m["message"] for r in results for m in r["messages"]]
        self.assertEqual(len(messages), 3)
        for message in messages:
            self.assertIn("Claimant may hold 5 customers", message)

    def test_leads_at_once(self):
        with self._environment() as env:
            pool = env["sales.pool"].browse(self.pool)
            pool.cap_ids = [Command.create({"cap": 3, "kind": "leads"})]
            leads = env["crm.lead"].create([{"name": "Hot", "user_id": False}] * 8)
            lead_ids = leads.ids

        def remove():
            with self._environment() as env:
                env["crm.lead"].browse(lead_ids).unlink()

        self.addCleanup(remove)

        def assign(lead_id):
            def action(env):
                env["crm.lead"].browse(lead_id).user_id = self.user

            return action

        _results, refused = self._at_once([assign(id_) for id_ in lead_ids])
        self.assertEqual(len(refused), 5)
        self.assertIn("Claimant may hold 3 open leads", refused[0])
        with self._environment() as env:
            held = env["crm.lead"].search_count([("user_id", "=", self.user)])
        self.assertEqual(held, 3)

    def test_two_want_the_same(self):
        """Who comes second is told who was first."""
        [partner_id] = self.partners[:1]

        def other(env):
            env["res.partner"].browse(partner_id).user_id = env.uid

        def claim(env):
            env(user=self.user)["sales.pool"].action_claim([partner_id])

        with self.assertRaisesRegex(UserError, "belongs to"):
            self._race(other, claim)
