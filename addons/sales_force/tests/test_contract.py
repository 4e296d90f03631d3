"""Contracts: what is agreed stays, and what follows while one runs and when it ends."""

from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, Form, tagged
from odoo.tools import mute_logger

from ..deals import contracts as life
from .common import SalesForceCase
from .contract_common import SCAN, make_contract
from .test_followup import FollowupCase

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@tagged("post_install", "-at_install")
class TestPhase(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(DAYS, st.none() | st.integers(0, 1500), DAYS)
    def test_by_its_dates(self, start, length, today):
        """Of the dated phases a signed contract is in one, that its bounds name."""
        end = None if length is None else start + timedelta(days=length)
        phase = life.phase("running", start, end, today)
        within = [
            name
            for name in life.DATED
            for (first, last), (low, high) in [life.dated(name, today)]
            if (not first or first <= start)
            and (not last or start <= last)
            and (not low or (end or date.max) >= low)
            and (not high or (end or date.max) <= high)
        ]
        self.assertEqual(within, [phase])
        self.assertEqual(
            phase in life.IN_FORCE, start <= today <= (end or date.max), phase
        )

    @given(st.sampled_from(("draft", "sent", "terminated", "replaced")), DAYS, DAYS)
    def test_as_decided(self, state, start, today):
        self.assertEqual(life.phase(state, start, None, today), state)


@tagged("post_install", "-at_install")
class TestContract(SalesForceCase):
    def _contract(self, *lines, by="rep", **values):
        contract = make_contract(self, *lines, **values)
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
        self.assertEqual(contract.phase, "running")
        with self.assertRaises(UserError):
            contract.action_start()
        for name, value in (
            ("kind", "framework"),
            ("date_end", "2041-01-01"),
            ("amount", 7),
            ("note", "Other terms"),
            ("signed_document", SCAN),
        ):
            with self.assertRaises(UserError):
                contract[name] = value
        with self.assertRaises(UserError):
            contract.unlink()
        with self.assertRaises(ValidationError):
            contract.action_terminate()
        [[view, _kind]] = contract.action_ask_reason()["views"]
        with Form(contract, view=view) as form:
            form.end_reason = "They moved away"
        contract.action_terminate()
        self.assertEqual(contract.phase, "terminated")

    def test_sent(self):
        """What the customer has stays as it is, until it is taken back."""
        contract = self._contract({"product_id": self.product.id})
        contract.action_mark_sent()
        self.assertEqual(contract.phase, "sent")
        self.assertEqual(contract.sent_on, self.company._get_sales_today())
        with self.assertRaises(UserError):
            contract.amount = 5
        with self.assertRaises(UserError):
            contract.line_ids.quantity = 5
        with self.assertRaises(UserError):
            contract.line_ids = [Command.create({"product_id": self.product.id})]
        with self.assertRaises(UserError):
            contract.line_ids.unlink()
        contract.action_draft()
        contract.line_ids.quantity = 5
        self.assertFalse(contract.sent_on)
        contract.unlink()
        self.assertFalse(contract.exists())

    def test_mail(self):
        """Who writes to the customer has sent it."""
        self.partner.email = "customer@example.com"
        contract = self._contract()
        action = contract.action_send()
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.users["rep"])
            .with_context(**action["context"])
            .create({})
        )
        self.assertIn(contract.access_url, composer.body)
        composer.attachment_ids = False
        composer.action_send_mail()
        self.assertEqual(contract.state, "sent")

    def test_needs_the_scan(self):
        contract = self._contract(signed_document=False)
        with self.assertRaises(UserError):
            contract.action_start()

    def test_stamped(self):
        contract = self._contract()
        for vals in (
            {"state": "running"},
            {"name": "1"},
            {"signature": SCAN},
            {"signed_by": "Me"},
            {"version": 3},
            {"root_id": contract.id},
        ):
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
        for action in (contract.action_start, contract.action_mark_sent):
            with self.assertRaises(UserError):
                action()

    def test_dates_decide(self):
        """It begins, expires and ends by the calendar; nobody has to run."""
        today = self.company._get_sales_today()
        contract = self._contract(
            date_start=today + timedelta(days=10), date_end=today + timedelta(days=200)
        )
        contract.action_start()
        found = self.env["sales.contract"]
        for days, phase in (
            (9, "signed"),
            (10, "running"),
            (109, "running"),
            (110, "expiring"),
            (200, "expiring"),
            (201, "ended"),
        ):
            with freeze_time(f"{today + timedelta(days=days)} 12:00:00"):
                contract.invalidate_recordset(["phase"])
                self.assertEqual(contract.phase, phase, days)
                self.assertIn(contract, found.search([("phase", "=", phase)]))
                others = found.search([("phase", "!=", phase)])
                self.assertNotIn(contract, others)
                self.assertEqual(
                    contract in found.search([("phase", "in", life.IN_FORCE)]),
                    phase in life.IN_FORCE,
                )

    def test_lines(self):
        product, category = self.product, self.product.categ_id
        if not category:
            category = self.env["product.category"].create({"name": "Things"})
        line = {"product_id": product.id}
        for wrong in (
            {**line, "categ_id": category.id},
            {},
            {**line, "quantity": 1, "amount": 1},
            {**line, "price_unit": -1},
            {**line, "discount": 101},
            {"categ_id": category.id, "price_unit": 5},
            {"categ_id": category.id, "quantity": 5},
            {**line, "date_from": "2020-02-01", "date_to": "2020-01-01"},
        ):
            with (
                self.subTest(wrong=wrong),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self._contract(wrong)
                self.env.flush_all()
        with self.assertRaises(ValidationError):
            self._contract({**line, "date_to": "2020-02-01"}, line)
        contract = self._contract(
            {**line, "date_to": "2020-02-01", "price_unit": 9, "quantity": 4},
            {**line, "date_from": "2020-02-02", "discount": 5},
            {"categ_id": category.id, "amount": 70},
        )
        self.assertEqual(contract.line_ids.mapped("committed_amount"), [36, 0, 70])
        self.assertEqual(contract.line_ids[0].uom_id, product.uom_id)

    def test_amendment(self):
        """A new version replaces the former when it is signed, and not before."""
        first = self._contract({"product_id": self.product.id, "quantity": 5})
        first.action_start()
        action = first.action_amend()
        second = first.browse(action["res_id"])
        self.assertEqual((second.name, second.version), (first.name, 2))
        self.assertEqual(second.display_name, f"{first.name}/2 Valves")
        with self.assertRaises(UserError):
            first.action_amend()
        second.line_ids.quantity = 9
        second.signed_document = SCAN
        self.assertEqual((first.phase, second.phase), ("running", "draft"))
        second.action_start()
        self.assertEqual((first.phase, second.phase), ("replaced", "running"))
        self.assertEqual(first.line_ids.quantity, 5)
        self.assertEqual(second.line_ids.origin_id, first.line_ids)
        for contract in (first, first.line_ids):
            with self.assertRaises(UserError):
                contract.write({"note" if contract == first else "quantity": 7})
        with self.assertRaises(UserError):
            first.action_amend()
        self.assertEqual(second.root_id, first)
        self.assertEqual(first._get_current(), second)
        found = first.search(first.action_open_versions()["domain"])
        self.assertEqual(found, first + second)

    def test_amendment_of_what_is_over(self):
        first = self._contract(end_reason="Moved")
        first.action_start()
        second = first.browse(first.action_amend()["res_id"])
        second.signed_document = SCAN
        first.action_terminate()
        with self.assertRaises(UserError):
            second.action_start()

    def test_renewal(self):
        """It follows on the day after, for as long; the chain is kept."""
        first = self._contract(
            {"product_id": self.product.id, "date_to": "2039-06-30"},
            date_start="2019-01-01",
            date_end="2039-12-31",
        )
        with self.assertRaises(UserError):
            first.action_renew()
        first.action_start()
        second = first.browse(first.action_renew()["res_id"])
        self.assertEqual(second.previous_id, first)
        self.assertNotEqual(second.name, first.name)
        self.assertEqual(second.root_id, second)
        self.assertEqual(second.date_start, date(2040, 1, 1))
        self.assertEqual(second.date_end, date(2060, 12, 31))
        self.assertEqual(second.line_ids.date_to, date(2060, 6, 30))
        self.assertEqual(second.line_ids.origin_id, second.line_ids)
        self.assertEqual(first.action_renew()["res_id"], second.id)
        found = first.search(second.action_open_versions()["domain"])
        self.assertEqual(found, first + second)
        second.signed_document = SCAN
        second.action_start()
        self.assertEqual((first.phase, second.phase), ("running", "signed"))

    def test_reminders(self):
        """Once, before it is due; not what is done, nor under a draft."""
        today = self.company._get_sales_today()
        contract = self._contract()
        near, far, done = (
            self.env["sales.contract.milestone"]
            .with_user(self.users["rep"])
            .create(
                [
                    {
                        "contract_id": contract.id,
                        "name": name,
                        "date_due": today + timedelta(days=days),
                        "done_on": done,
                    }
                    for name, days, done in (
                        ("Near", 7, False),
                        ("Far", 8, False),
                        ("Done", 1, today),
                    )
                ]
            )
        )
        remind = self.env["sales.contract.milestone"]._cron_remind
        remind()
        self.assertFalse(contract.activity_ids)
        contract.action_start()
        for _turn in range(2):
            remind()
            self.assertEqual(contract.activity_ids.mapped("summary"), ["Near"])
        self.assertEqual(contract.activity_ids.user_id, self.users["rep"])
        self.assertEqual(near.reminded_on, today)
        near.action_done()
        self.assertFalse(contract.activity_ids)
        with freeze_time(f"{today + timedelta(days=1)} 12:00:00"):
            remind()
            self.assertEqual(contract.activity_ids.mapped("summary"), ["Far"])
            far.date_due = today + timedelta(days=5)
            self.assertFalse(contract.activity_ids)
            remind()
            self.assertEqual(len(contract.activity_ids), 1)
        self.assertFalse(done.reminded_on)
        with self.assertRaises(UserError):
            far.contract_id = self._contract()
        with self.assertRaises(UserError):
            far.reminded_on = today

    def test_milestone_of_an_odd_day(self):
        """One that nobody can be reminded of in time stops no other."""
        contract = self._contract(
            {"product_id": self.product.id, "price_unit": 7}, start=True
        )
        milestones = self.env["sales.contract.milestone"].create(
            [
                {"contract_id": contract.id, "name": name, "date_due": day, **values}
                for name, day, values in (
                    ("Typo", "0001-01-01", {}),
                    ("Never", "2031-01-01", {"remind_days": 2_000_000_000}),
                    ("Near", self.company._get_sales_today(), {}),
                )
            ]
        )
        milestones._cron_remind()
        self.assertEqual(len(milestones.activity_id), 3)

    def test_report(self):
        """In the customer's language."""
        contract = self._contract(
            {"product_id": self.product.id, "quantity": 3, "price_unit": 7},
            kind="service",
            response_hours=4,
            date_end="2040-12-31",
        )
        report = self.env["ir.actions.report"]
        html, _kind = report._render_qweb_html(
            "sales_force.sales_contract_report", contract.ids
        )
        for text in (contract.name, "Thing", "Response within"):
            self.assertIn(text.encode(), html)

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
        self.assertEqual(self._run(rule, "2031-05-11"), followup)
        # Renewed: the cause is gone.
        renewal = contract.copy({"previous_id": contract.id})
        self._run(rule, "2031-05-11")
        self.assertEqual(followup.state, "open")
        renewal.state = "running"
        self._run(rule, "2031-05-12")
        self.assertEqual(followup.state, "gone")
        self.assertFalse(contract.activity_ids)

    def test_three_times(self):
        """Three months, two and one before the end, each once."""
        rules = self.env["sales.followup.rule"].with_context(active_test=False)
        rules = rules.search(
            [("kind", "=", "contract_ends"), ("company_id", "=", False)]
        )
        self.assertEqual(sorted(rules.mapped("days")), [30, 60, 90])
        self.assertEqual(set(rules.mapped("day_kind")), {"calendar"})
