"""Follow-ups: the days that count, each kind of cause, once, escalated, and gone."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, Form, tagged

from ..customers.followups import span
from ..working_time import Days
from .common import ConcurrentCase, SalesForceCase

MONDAY = date(2031, 5, 12)


class TestSpans(BaseCase):
    def test_spans(self):
        days = Days()
        friday = MONDAY + timedelta(days=4)
        # Since Monday, three days after: dates after Thursday before, up to Tuesday.
        self.assertEqual(
            span(days, False, friday, MONDAY, 3),
            (MONDAY - timedelta(days=4), friday - timedelta(days=3)),
        )
        self.assertEqual(
            span(days, True, friday, MONDAY, 3),
            (friday - timedelta(days=1), friday + timedelta(days=3)),
        )
        self.assertEqual(
            span(days, True, MONDAY, MONDAY, 3)[0], MONDAY + timedelta(days=2)
        )


class FollowupCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.followup.rule"].search([]).active = False
        cls.company.resource_calendar_id.tz = "UTC"
        cls.rep = cls.users["rep"]
        cls.own = cls.env["res.partner"].create(
            {"name": "Own", "is_company": True, "user_id": cls.rep.id}
        )

    def _rule(self, kind, days=3, **values):
        return self.env["sales.followup.rule"].create(
            {
                "name": "Look after it",
                "kind": kind,
                "days": days,
                "company_id": self.company.id,
                "date_from": "2031-01-01",
                **values,
            }
        )

    def _run(self, rule, day):
        with freeze_time(f"{day} 09:00:00"):
            rule._run(self.company)
        return self.env["sales.followup"].search([("rule_id", "=", rule.id)])

    def _states(self, rule):
        followups = self.env["sales.followup"].search([("rule_id", "=", rule.id)])
        return [(f.res_id, f.state) for f in followups.sorted("id")]

    def _lead(self, day, user=None, **values):
        lead = self.env["crm.lead"].create(
            {
                "name": "Lead",
                "partner_id": self.own.id,
                "user_id": (user or self.rep).id,
                "company_id": self.company.id,
                "type": "opportunity",
                **values,
            }
        )
        lead.date_last_stage_update = f"{day} 08:00:00"
        return lead

    def _quotation(self, expiry):
        order = self._order(self.rep, partner=self.own, confirm=False)
        order.validity_date = expiry
        return order

    def _invoice(self, due, term=None):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.own.id,
                "invoice_date": "2031-04-01",
                "invoice_user_id": self.rep.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": 100,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        invoice.invoice_payment_term_id = term
        if not term:
            invoice.invoice_date_due = due
        invoice.action_post()
        return invoice


@tagged("post_install", "-at_install")
class TestFollowup(FollowupCase):
    def test_archived_rule(self):
        """What a rule raised goes with it."""
        rule = self._rule("lead_stage")
        lead = self._lead("2031-01-06")
        self._run(rule, "2031-02-03")
        self.assertEqual(self._states(rule), [(lead.id, "open")])
        self.assertTrue(lead.activity_ids)
        rule.active = False
        self.assertEqual(self._states(rule), [(lead.id, "gone")])
        self.assertFalse(lead.activity_ids)

    def test_run_where_the_rule_is(self):
        rule = self._rule("lead_stage", company_id=self.company_b.id)
        self._lead("2031-01-06")
        with freeze_time("2031-02-03 09:00:00"):
            action = rule.with_user(self.users["operations"]).sudo().action_preview()
            self.assertFalse(action["domain"][0][2])
            rule.action_run()
        self.assertFalse(self._states(rule))

    def test_lead_in_stage(self):
        """Three working days after Thursday are over on Tuesday."""
        rule = self._rule("lead_stage")
        lead = self._lead("2031-05-08")
        self._lead("2031-05-08", self.env.user)  # of nobody who is a rep
        self.assertFalse(self._run(rule, "2031-05-12"))
        [followup] = self._run(rule, "2031-05-13")
        self.assertEqual(followup.date, date(2031, 5, 8))
        self.assertEqual(followup.partner_id, self.own)
        activity = followup.activity_id
        self.assertEqual(
            (activity.user_id, activity.res_model, activity.res_id, activity.summary),
            (self.rep, "crm.lead", lead.id, "Look after it"),
        )
        self.assertEqual(activity.date_deadline, date(2031, 5, 13))
        # Not twice for the same cause.
        self.assertEqual(self._run(rule, "2031-05-14"), followup)
        self.assertEqual(lead.activity_ids, activity)
        # The lead moves on: the cause is gone, with its activity.
        lead.date_last_stage_update = "2031-05-14 08:00:00"
        self._run(rule, "2031-05-15")
        self.assertEqual(followup.state, "gone")
        self.assertFalse(lead.activity_ids)
        # A new stage is a new cause.
        self.assertEqual(len(self._run(rule, "2031-05-20")), 2)

    def test_stages_and_documents(self):
        stage, other = self.env["crm.stage"].create([{"name": "One"}, {"name": "Two"}])
        rule = self._rule(
            "lead_stage",
            stage_ids=[Command.set(stage.ids)],
            domain="[('expected_revenue', '>=', 100)]",
        )
        there = self._lead("2031-05-01", stage_id=stage.id, expected_revenue=100)
        self._lead("2031-05-01", stage_id=other.id, expected_revenue=100)
        self._lead("2031-05-01", stage_id=stage.id, expected_revenue=99)
        self.assertEqual(self._run(rule, "2031-05-12").mapped("res_id"), there.ids)
        with self.assertRaises(ValidationError):
            rule.domain = "[('nothing', '=', 1)]"
        with self.assertRaises(ValidationError):
            rule.days = 0

    def test_what_came_before_is_left_alone(self):
        rule = self._rule("invoice_overdue", date_from="2031-05-12", days=0)
        rule.day_kind = "calendar"
        self._invoice("2031-05-11")
        new = self._invoice("2031-05-12")
        self.assertEqual(self._run(rule, "2031-05-20").mapped("res_id"), new.ids)

    def test_quotation_expires(self):
        rule = self._rule("quotation_expires", days=2)
        order = self._quotation("2031-05-13")
        self._quotation("2031-05-14")
        self._quotation("2031-05-07")  # over
        self.assertFalse(self._run(rule, "2031-05-08"))
        # Friday and Monday, Tuesday is the second working day after Friday.
        [followup] = self._run(rule, "2031-05-09")
        self.assertEqual(followup.res_id, order.id)
        self.assertEqual(followup.activity_id.date_deadline, date(2031, 5, 13))
        order.action_confirm()
        self._run(rule, "2031-05-12")
        self.assertEqual(followup.state, "gone")

    def test_invoice_due_and_overdue(self):
        due = self._rule("invoice_due", day_kind="calendar")
        overdue = self._rule("invoice_overdue", day_kind="calendar")
        invoice = self._invoice("2031-05-12")
        self.assertFalse(self._run(due, "2031-05-08"))
        self.assertEqual(len(self._run(due, "2031-05-09")), 1)
        self.assertFalse(self._run(overdue, "2031-05-14"))
        self._run(due, "2031-05-13")
        self.assertEqual(self._states(due), [(invoice.id, "gone")])
        [followup] = self._run(overdue, "2031-05-15")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self._run(overdue, "2031-05-16")
        self.assertEqual(followup.state, "gone")

    def test_instalments(self):
        """Each has its own day, and blocking the payment changes nothing."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Half in 10 days, the rest in 60",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (10, 60)
                ],
            }
        )
        due = self._rule("invoice_due", day_kind="calendar")
        overdue = self._rule("invoice_overdue", day_kind="calendar", days=0)
        invoice = self._invoice("2031-04-01", term)
        first, last = date(2031, 4, 11), date(2031, 5, 31)
        self.assertEqual(invoice.invoice_date_due, last)
        self.assertEqual(self._run(due, "2031-04-10").mapped("date"), [first])
        self.assertEqual(self._run(overdue, "2031-04-20").mapped("date"), [first])
        invoice.action_toggle_block_payment()
        self._run(overdue, "2031-04-21")
        self.assertEqual(self._states(overdue), [(invoice.id, "open")])
        invoice.action_toggle_block_payment()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 50, "installments_mode": "full"})._create_payments()
        self._run(overdue, "2031-04-22")
        self.assertEqual(self._states(overdue), [(invoice.id, "gone")])
        found = self._run(overdue, "2031-06-01")
        self.assertEqual(found.filtered(lambda f: f.state == "open").date, last)

    def test_customer_without_contact(self):
        """By the days of the class; each kind of contact starts them again."""
        class_a = self.env.ref("sales_force.sales_customer_class_a")
        rule = self._rule("customer_silent", 0, day_kind="calendar")
        self.assertTrue(rule.by_class)
        self.env["sales.customer"]._refresh(self.company)
        card = self.own.sales_customer_id
        self.env.cr.execute(
            "UPDATE sales_customer SET class_id = %s, claimed_on = '2031-04-01' "
            "WHERE id = %s",
            (class_a.id, card.id),
        )
        self.assertFalse(self._run(rule, "2031-04-14"))
        [first] = self._run(rule, "2031-04-15")
        self.assertEqual((first.res_id, first.date), (self.own.id, date(2031, 4, 1)))
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.own.id}
        )
        self.env["calendar.event"].create(
            {
                "name": "Meet",
                "start": "2026-01-05 08:00:00",  # long ago
                "stop": "2026-01-05 09:00:00",
                "partner_ids": [Command.set(contact.ids)],
            }
        )
        self._run(rule, "2031-04-15")
        self.assertEqual(first.state, "open")

        def touched(day):
            [latest] = self._run(rule, day)[:1]
            self.assertEqual(self._states(rule)[-1][1], "open")
            return latest.date

        message = contact.message_post(body="Hello", subtype_xmlid="mail.mt_comment")
        message.date = "2031-04-20 08:00:00"
        self.assertEqual(touched("2031-05-04"), date(2031, 4, 20))
        self.assertEqual(first.state, "gone")
        order = self._order(self.rep, partner=contact)
        order.date_order = "2031-05-05 08:00:00"
        self.assertEqual(touched("2031-05-19"), date(2031, 5, 5))
        lead = self._lead("2031-05-01")
        activity = lead.activity_schedule("mail.mail_activity_data_call")
        activity.action_feedback()
        activity.date_done = "2031-05-25"
        self.assertEqual(touched("2031-06-08"), date(2031, 5, 25))

    def test_escalated(self):
        rule = self._rule("invoice_overdue", escalate_days=2)
        invoice = self._invoice("2031-05-01")
        [followup] = self._run(rule, "2031-05-08")
        self._run(rule, "2031-05-09")
        self.assertFalse(followup.escalated_on)
        self._run(rule, "2031-05-12")
        self.assertEqual(followup.escalated_to_id, self.users["leader"])
        self.assertEqual(followup.escalation_id.user_id, self.users["leader"])
        self.assertIn("Escalated from Rep", followup.escalation_id.summary)
        self._run(rule, "2031-05-13")
        self.assertEqual(len(invoice.activity_ids), 2)
        followup.activity_id.action_feedback()
        self._run(rule, "2031-05-14")
        self.assertEqual(followup.state, "done")
        self.assertFalse(followup.escalation_id)
        # It is done, and not raised again while the cause stands.
        self._run(rule, "2031-05-20")
        self.assertEqual(self._states(rule), [(invoice.id, "done")])

    def test_another_owner(self):
        rule = self._rule("lead_stage")
        lead = self._lead("2031-05-01")
        [followup] = self._run(rule, "2031-05-12")
        lead.user_id = self.users["peer"]
        self._run(rule, "2031-05-13")
        self.assertEqual(followup.user_id, self.users["peer"])
        self.assertEqual(followup.activity_id.user_id, self.users["peer"])
        lead.user_id = False
        self._run(rule, "2031-05-14")
        self.assertEqual(followup.state, "gone")

    def test_gone_for_a_while(self):
        """A cause that stands again is raised again, and escalated anew."""
        rule = self._rule("lead_stage", escalate_days=1)
        lead = self._lead("2031-05-01")
        [followup] = self._run(rule, "2031-05-12")
        self._run(rule, "2031-05-13")
        self.assertTrue(followup.escalation_id)
        lead.user_id = False
        self._run(rule, "2031-05-14")
        self.assertFalse(lead.activity_ids)
        lead.user_id = self.users["peer"]
        operations = rule.with_user(self.users["operations"])
        with freeze_time("2031-05-15 09:00:00"):
            action = operations.action_preview()
        self.assertEqual(action["domain"], [("id", "in", lead.ids)])
        self.assertEqual(self._run(rule, "2031-05-15"), followup)
        self.assertEqual(
            (followup.state, followup.user_id, followup.raised_on, followup.closed_on),
            ("open", self.users["peer"], date(2031, 5, 15), False),
        )
        self.assertEqual(lead.activity_ids, followup.activity_id)
        self.assertEqual(lead.activity_ids.user_id, self.users["peer"])
        self.assertFalse(followup.escalated_on)
        self._run(rule, "2031-05-16")
        self.assertEqual(followup.escalated_to_id, self.users["peer_leader"])
        # What was done stays done.
        followup.activity_id.action_feedback()
        self._run(rule, "2031-05-19")
        lead.user_id = False
        self._run(rule, "2031-05-20")
        lead.user_id = self.rep
        self._run(rule, "2031-05-21")
        self.assertEqual(self._states(rule), [(lead.id, "done")])

    def test_roles(self):
        rule = self._rule("lead_stage")
        lead = self._lead("2031-05-01")
        operations = rule.with_user(self.users["operations"])
        with freeze_time("2031-05-12 09:00:00"):
            action = operations.action_preview()
            self.assertEqual(action["domain"], [("id", "in", lead.ids)])
            operations.action_run()
            self.assertEqual(operations.action_preview()["domain"], [("id", "in", [])])
        self.assertEqual(operations.open_count, 1)
        for role in ("rep", "leader", "director", "finance"):
            with self.assertRaises(AccessError):
                rule.with_user(self.users[role]).action_run()
            with self.assertRaises(AccessError):
                rule.with_user(self.users[role]).action_preview()
        followup = self.env["sales.followup"].search([("rule_id", "=", rule.id)])
        self.assertEqual(followup.document_name, "Lead")
        opened = followup.with_user(self.rep).action_open_document()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("crm.lead", lead.id))
        with self.assertRaises(AccessError):
            followup.with_user(self.users["peer"]).action_open_document()

    def test_rule_form(self):
        form = Form(self.env["sales.followup.rule"].with_user(self.users["operations"]))
        form.name = "By hand"
        form.kind = "lead_stage"
        form.days = 4
        rule = form.save()
        self.assertEqual(rule.date_from, self.company._get_sales_today())
        self.assertEqual(rule.model_name, "crm.lead")

    def test_defaults_are_harmless(self):
        """Installing raises nothing of the past."""
        rules = self.env["sales.followup.rule"].with_context(active_test=False)
        for xml_id in ("lead", "quotation", "due", "overdue", "silent"):
            rule = self.env.ref(f"sales_force.sales_followup_rule_{xml_id}")
            self.assertIn(rule, rules.search([]))
            self.assertTrue(rule.date_from)

    def test_queries(self):
        """As many queries for many as for few, but for what each rep's mail needs."""
        rule = self._rule("lead_stage", escalate_days=1)

        def count(number, day):
            for _number in range(number):
                self._lead(day)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._run(rule, fields.Date.add(fields.Date.to_date(day), days=10))
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(2, "2031-05-01")
        few = count(2, "2031-06-02")
        self.assertLessEqual(count(40, "2031-07-01"), few + 4)


@tagged("post_install", "-at_install")
class TestConcurrentFollowup(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            user = (
                env["res.users"]
                .with_context(no_reset_password=True)
                .create({"name": "Followed", "login": "sf_followed"})
            )
            rep = env["sales.rep"].create({"user_id": user.id, "state": "active"})
            lead = env["crm.lead"].create({"name": "Raced", "user_id": user.id})
            lead.date_last_stage_update = "2020-01-01 08:00:00"
            rule = env["sales.followup.rule"].create(
                {
                    "name": "Raced",
                    "kind": "lead_stage",
                    "days": 3,
                    "date_from": "2019-01-01",
                    "domain": f"[('id', '=', {lead.id})]",
                }
            )
            self.made = [
                (record._name, record.id) for record in (rule, lead, rep, user)
            ]
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            for model, id_ in self.made:
                env[model].browse(id_).unlink()

    def test_two_jobs_at_once(self):
        rule_id = self.made[0][1]

        def run(env):
            env["sales.followup.rule"].browse(rule_id)._run(env.company)

        self._race(run, run)
        with self._environment() as env:
            followups = env["sales.followup"].search([("rule_id", "=", rule_id)])
            self.assertEqual(len(followups), 1)
            lead = env["crm.lead"].browse(self.made[1][1])
            self.assertEqual(lead.activity_ids, followups.activity_id)
