"""Calls, likely duplicates and merging."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged

from ..tickets.similar import similar, words
from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestSimilar(BaseCase):
    @settings(max_examples=200, deadline=None)
    @given(st.text(), st.text())
    def test_law(self, one, other):
        """The same both ways; of itself, where it says anything."""
        self.assertEqual(similar(one, other), similar(other, one))
        self.assertEqual(similar(one, one), bool(words(one)))

    def test_examples(self):
        for one, other, expected in (
            ("Pump leaks", "Re: pump LEAKS!", True),
            ("Pump leaks", "The pump leaks since Monday", True),
            ("Pump leaks", "Pump is loud", False),
            ("水泵漏水", "回复：水泵漏水了", True),  # noqa: RUF001
            ("水泵漏水", "发票地址变更", False),
            ("", "", False),
        ):
            with self.subTest(one=one, other=other):
                self.assertEqual(similar(one, other), expected)


@tagged("post_install", "-at_install")
class TestDuplicate(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_category = cls.env["sales.service.category"].create(
            {"name": "Noise", "company_id": cls.company.id, "team_id": cls.team.id}
        )
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Stranger", "is_company": True}
        )

    def test_find(self):
        """The same customer and product, category or subject; open and not old."""
        ticket = self._ticket(product_id=self.product.id)
        unlike = {"name": "Loud", "category_id": self.other_category.id}
        by_product = self._ticket(**unlike, product_id=self.product.id)
        by_category = self._ticket(name="Drips")
        by_subject = self._ticket(
            name="RE: the pump leaks", category_id=self.other_category.id
        )
        self._ticket(**unlike)
        self._ticket(partner_id=self.stranger.id, product_id=self.product.id)
        done = self._ticket()
        done.action_cancel()
        old = self._ticket()
        old.opened_at -= timedelta(days=self.team.duplicate_days, hours=1)
        self.assertEqual(
            ticket._find_duplicates(), by_subject + by_category + by_product
        )
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id}
        )
        self.assertIn(self._ticket(partner_id=contact.id), ticket._find_duplicates())

    def test_hint(self):
        """Told while typing; what a colleague has is told and does not open."""
        mine, theirs = self._ticket("agent"), self._ticket("colleague", name="<b>Leak")
        form = Form(self.env["sales.service.ticket"].with_user(self.users["agent"]))
        form.name = "Something"
        form.partner_id = self.partner
        self.assertFalse(form.duplicate_hint)
        form.category_id = self.category
        for ticket in mine + theirs:
            self.assertIn(ticket.number, form.duplicate_hint)
        self.assertIn(f"tickets/{mine.id}", form.duplicate_hint)
        self.assertNotIn(f"tickets/{theirs.id}", form.duplicate_hint)
        self.assertIn("&lt;b&gt;", form.duplicate_hint)

    def test_hint_of_rights(self):
        """Salespeople are told of the tickets only that they may read."""
        customer = {"partner_id": self.stranger.id}
        self._ticket("colleague", name="Secret", **customer)
        self._as("rep", self.env["sales.service.ticket"]).create(
            {"name": "Open", "category_id": self.category.id, **customer}
        )
        for role, told in (("agent", ["Open", "Secret"]), ("rep", ["Open"])):
            value = (
                self.env["sales.service.ticket"]
                .with_user(self.users[role])
                .onchange(
                    {**customer, "category_id": self.category.id, "name": "New"},
                    ["partner_id"],
                    {name: {} for name in (*customer, "category_id", "duplicate_hint")},
                )["value"]
            )
            hint = value["duplicate_hint"]
            with self.subTest(role):
                self.assertEqual(
                    [name for name in ("Open", "Secret") if name in hint], told
                )

    def test_call(self):
        """Found by the number, however it is written, or the name."""
        self.partner.phone = "+86 138-0000 1234"
        other = self.env["res.partner"].create(
            {"name": "Customer Two", "phone": "020 555 1234"}
        )
        # Numbers are searched in the database.
        self.env.flush_all()
        before = self._ticket("colleague", name="Old one")
        Call = self.env["sales.service.call"].with_user(self.users["agent"])
        for caller in ("13800001234", "+86 13800001234", "0086-138 0000 1234"):
            form = Form(Call)
            form.caller = caller
            self.assertEqual(form.partner_id, self.partner, caller)
        self.assertIn(before.number, form.open_hint)
        form.caller = "customer"
        self.assertLessEqual({self.partner, other}, set(form.found_ids[:]))
        form.caller = "Customer Two"
        self.assertEqual(form.partner_id, other)
        self.assertFalse(form.open_hint)
        form.partner_id = self.partner
        form.name = "Old one"
        self.assertIn(before.number, form.duplicate_hint)
        form.category_id = self.category
        call = form.save()
        ticket = self.env["sales.service.ticket"].browse(
            call.action_open_ticket()["res_id"]
        )
        self.assertEqual(
            (ticket.partner_id, ticket.channel, ticket.team_id, ticket.create_uid),
            (self.partner, "phone", self.team, self.users["agent"]),
        )
        with self.assertRaisesRegex(UserError, "who calls"):
            Call.create({}).action_open_ticket()

    def _merge(self, user, tickets, **values):
        action = self._as(user, tickets).action_merge()
        wizard = (
            self.env["sales.service.merge"]
            .with_user(self.users[user])
            .with_context(**action["context"])
            .create(values)
        )
        return wizard.action_merge()

    def test_merge(self):
        target, source = self._ticket("agent"), self._ticket("agent")
        caused = self._ticket(parent_id=source.id, partner_id=self.stranger.id)
        follower = self.env["res.partner"].create({"name": "F", "email": "f@x.example"})
        source.message_subscribe(follower.ids)
        said = source.message_post(
            body="It drips",
            attachments=[("photo.txt", b"photo")],
            author_id=self.partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        source.description = "<p>All wet</p>"
        action = self._merge("agent", source)
        self.assertEqual(action["res_id"], target.id)
        self.assertEqual((source.state, source.merged_into_id), ("cancelled", target))
        self.assertEqual(said.res_id, target.id)
        self.assertEqual(said.attachment_ids.res_id, target.id)
        self.assertIn(follower, target.message_partner_ids)
        self.assertEqual(caused.parent_id, target)
        self.assertIn("All wet", self._last_message(target).body)
        told = self._last_message(source)
        self.assertIn(target.number, told.body)
        self.assertEqual(told.partner_ids, self.partner)
        self.assertFalse(target.responded_at)
        with self.assertRaisesRegex(UserError, "Cancelled"):
            self._as("agent", source)._merge_into(target)

    def test_merge_refused(self):
        """Not of another customer, not what one may not write, not one alone."""
        target = self._ticket("agent")
        strange = self._ticket("agent", partner_id=self.stranger.id)
        with self.assertRaisesRegex(UserError, "another customer"):
            self._merge("agent", target + strange)
        nobody = self._ticket(partner_id=False)
        with self.assertRaisesRegex(UserError, "another customer"):
            self._as("service_manager", nobody)._merge_into(target)
        with self.assertRaises(AccessError):
            self._as("agent", self._ticket("colleague"))._merge_into(target)
        with self.assertRaisesRegex(UserError, "two tickets"):
            self._as("agent", target)._merge_into(target)
        self.assertEqual(strange.state, "assigned")

    def test_merge_caused(self):
        """Into one that it was the cause of, however far below."""
        above = self._ticket("agent")
        problem = self._ticket("agent", parent_id=above.id)
        between = self._ticket("agent", parent_id=problem.id)
        target = self._ticket("agent", parent_id=between.id)
        (problem + between)._merge_into(target)
        self.assertEqual(target.parent_id, above)
        self.assertFalse(problem._has_cycle())

    def test_merge_reopened(self):
        """One that is reopened goes on by itself; the other may end in it then."""
        one, two = self._ticket("agent"), self._ticket("agent")
        one._merge_into(two)
        one.action_reopen()
        self.assertFalse(one.merged_into_id)
        two._merge_into(one)
        self.assertEqual((one.state, two.merged_into_id), ("reopened", one))
        letter = {"email_from": "customer@example.com", "subject": "Again"}
        self.assertEqual(one._find_thread(letter, two, {})[0], one)

    def test_merge_unknown(self):
        """Tickets of an address that is no contact."""
        target, source = (
            self._ticket(partner_id=False, partner_email=address)
            for address in ("x@example.org", "X <X@example.org>")
        )
        self._as("service_manager", source)._merge_into(target)
        self.assertEqual(source.merged_into_id, target)

    def test_dialogs(self):
        """Of agents; nobody opens that of another."""
        for model in ("sales.service.merge", "sales.service.call"):
            values = {}
            if model == "sales.service.merge":
                ticket = self._ticket("agent")
                values = {"ticket_ids": ticket.ids, "target_id": ticket.id}
            mine = self.env[model].with_user(self.users["agent"]).create(values)
            self.assertFalse(self._as("colleague", mine).has_access("read"))
            for role in ("rep", "director", "operations", "finance"):
                self.assertFalse(
                    self.env[model].with_user(self.users[role]).has_access("create")
                )
