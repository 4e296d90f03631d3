from datetime import date
from decimal import Decimal

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .commission_common import CommissionCase

AFTER = "2031-02-05 12:00:00"


class TestCommissionDispute(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()
        cls.startClassPatcher(freeze_time(AFTER))
        cls.disputes = cls.env["sales.commission.dispute"]

    def setUp(self):
        super().setUp()
        self.invoice = self._sell("rep", 1000)
        self._run()
        self.statement = self._statement()
        self.entry = self.statement.entry_ids

    def _open(self, name="rep", entry=None, **values):
        entry = self.entry if entry is None else entry
        user = self.users[name]
        return self.disputes.with_user(user)._open(
            entry.with_user(user),
            **{"reason": "calculation", "text": "12 % was agreed", **values},
        )

    def _as(self, name, dispute):
        return dispute.with_user(self.users[name])

    def _amounts(self):
        """Everything that is written about pay."""
        self.env.flush_all()
        self.env.invalidate_all()
        return {
            (one.statement_id.id, one.subject, one.id): one.amount
            for one in self.entries.search([("rep_id", "=", self.reps["rep"].id)])
        }

    # Disputing

    def test_open(self):
        evidence = (
            self.env["ir.attachment"]
            .with_user(self.users["rep"])
            .create({"name": "mail.txt", "raw": b"12 %"})
        )
        dispute = self._open(evidence=evidence)
        self.assertEqual(dispute.state, "open")
        self.assertEqual(dispute.amount_before, 100)
        self.assertEqual(dispute.judge_id, self.users["manager"])
        self.assertEqual(dispute.document_name, self.entry.document_name)
        self.assertEqual(dispute.evidence_ids, evidence)
        self.assertEqual(
            (evidence.res_model, evidence.res_id), (dispute._name, dispute.id)
        )
        # Wednesday; five working days later
        self.assertEqual(dispute.due_on, date(2031, 2, 12))
        activity = dispute.sudo().activity_ids
        self.assertEqual(activity.user_id, self.users["manager"])
        self.assertEqual(activity.date_deadline, dispute.due_on)
        self.assertEqual(self.statement.dispute_count, 1)
        self.assertEqual(self.entry.dispute_count, 1)

    def test_due_days(self):
        self.company.sales_dispute_days = 2
        self.assertEqual(self._open().due_on, date(2031, 2, 7))

    def test_leaders(self):
        """Where leaders see pay, the nearest above decides."""
        self.company.sales_leaders_see_pay = True
        self.assertEqual(self._open().judge_id, self.users["leader"])

    def test_who_disputes(self):
        for name in ("leader", "manager", "finance", "peer"):
            with self.assertRaises(AccessError, msg=name):
                self._open(name)
        self.assertTrue(self.entry.with_user(self.users["rep"]).may_dispute)
        self.assertFalse(self.entry.with_user(self.users["manager"]).may_dispute)
        self.assertEqual(self._open("operations").user_id, self.users["rep"])
        self.assertFalse(self.entry.with_user(self.users["rep"]).may_dispute)

    def test_open_once(self):
        self._open()
        for name in ("rep", "operations"):
            with self.assertRaises(UserError):
                self._open(name)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
        ):
            self.disputes.search([]).copy({"opened_on": AFTER})
            self.env.flush_all()

    def test_text(self):
        with self.assertRaises(UserError):
            self._open(text="  ")

    def test_stamped(self):
        dispute = self._open()
        for values in ({"state": "corrected"}, {"amount": 5}, {"judge_id": 1}):
            for name in ("rep", "manager", "operations"):
                with self.assertRaises(UserError, msg=name):
                    self._as(name, dispute).write(values)
        with self.assertRaises(UserError):
            self._as("rep", self.disputes).create({"entry_id": self.entry.id})
        with self.assertRaises(AccessError):
            self._as("operations", dispute).unlink()

    def test_wizard(self):
        user = self.users["rep"]
        action = self.entry.with_user(user).action_dispute()
        with Form(
            self.env[action["res_model"]]
            .with_user(user)
            .with_context(**action["context"])
        ) as form:
            self.assertEqual(form.explanation, self.entry.explanation)
            form.reason = "rule"
            form.text = "12 % was agreed"
        result = form.record.action_apply()
        dispute = self.disputes.browse(result["res_id"])
        self.assertEqual(dispute.entry_id, self.entry)
        with self.assertRaises(UserError):
            form.record.action_apply()
        manager = self._as("manager", dispute)
        action = manager.action_decide()
        with Form(
            self.env[action["res_model"]]
            .with_user(self.users["manager"])
            .with_context(**action["context"])
        ) as form:
            form.outcome = "corrected"
            form.amount = 20
            form.decision = "Right"
            self.assertEqual((form.paid, form.after), (100, 120))
        form.record.action_apply()
        self.assertEqual(dispute.state, "corrected")
        with self.assertRaises(UserError):
            form.record.action_apply()

    def test_wizard_of_others(self):
        for model, values in (
            ("open", {"entry_id": self.entry.id, "reason": "data", "text": "Mine"}),
            (
                "decide",
                {
                    "dispute_id": self._open().id,
                    "outcome": "corrected",
                    "amount": 5,
                    "decision": "Mine",
                },
            ),
        ):
            wizard = (
                self.env[f"sales.commission.dispute.{model}"]
                .with_user(self.users["peer"])
                .create(values)
            )
            with self.assertRaises(AccessError):
                wizard.action_apply()

    # Deciding

    def test_correct(self):
        """Of a paid statement: an entry in the next one, which names and explains."""
        self._close(self.statement)
        dispute = self._open()
        correction = self._as("manager", dispute)._correct(20.05, "12 % was agreed")
        correction = correction.with_env(self.env)
        self.assertEqual(correction.statement_id, self._statement(month=2))
        self.assertEqual(
            (correction.kind, correction.subject), ("adjustment", "dispute")
        )
        self.assertEqual(correction.corrects_id, self.entry)
        self.assertEqual(correction.period_from, date(2031, 1, 1))
        self.assertEqual(correction.amount, 20.05)
        self.assertEqual(correction.document_model, dispute._name)
        self.assertEqual(
            (correction.amount_before, correction.amount_after), (100, 120.05)
        )
        self.assertIn(self.users["manager"].name, correction.explanation)
        self.assertIn("12 % was agreed", correction.explanation)
        self.assertEqual(correction.statement_id.amount, 20.05)
        self.assertEqual(correction.statement_id.correction_ids, correction)
        self.assertEqual(self.statement.amount, 100)
        self.assertEqual(self._paid(), Decimal("120.05"))
        self.assertEqual(
            (dispute.state, dispute.amount, dispute.amount_after),
            ("corrected", 20.05, 120.05),
        )
        self.assertFalse(dispute.sudo().activity_ids)

    def test_runs(self):
        """Whatever is run again removes and doubles nothing of it."""
        self._close(self.statement)
        self._as("manager", self._open())._correct(20, "Right")
        before = self._amounts()
        self._run()
        self._run(date(2031, 2, 5))
        self.statements._cron_settle()
        self._statement(month=2).action_compute()
        self.assertEqual(self._amounts(), before)

    def test_open_statement(self):
        """Of a line that is open still: beside it, and neither follows the other."""
        dispute = self._open()
        correction = self._as("manager", dispute)._correct(-30, "Not agreed")
        self.assertEqual(correction.statement_id, self.statement)
        # What is open may vanish: it is named by the dispute only.
        self.assertFalse(correction.corrects_id)
        self.assertEqual(self.statement.amount, 70)
        self._sell("rep", 500)
        self._run()
        self.assertEqual(self.statement.amount, 120)
        self._as("rep", self.statement).action_submit()
        self._as("rep", self.statement)._return("Again")
        self.assertEqual(self.statement.amount, 120)
        self.invoice.button_draft()
        self._run()
        self.assertEqual(self.statement.amount, 20)
        self.assertTrue(dispute.corrected_by_id)
        spec = {"corrects_id": {"fields": {"display_name": {}}}, "explanation": {}}
        self.assertTrue(self._as("rep", correction).web_read(spec))

    def test_next_version(self):
        """The next version of the plan leaves it where it is."""
        self._run(date(2031, 2, 5))
        self._sell("rep", 500, "2031-02-03")
        self._run(date(2031, 2, 5))
        february = self._statement(month=2)
        dispute = self._open(entry=february.entry_ids)
        self._as("manager", dispute)._correct(20, "Right")
        later = self.env["sales.commission.plan"].browse(
            self.plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.rate = 20
        later.action_publish()
        self._run(date(2031, 2, 5))
        self.assertEqual(february.plan_id, later)
        self.assertEqual(sorted(february.entry_ids.mapped("amount")), [20, 100])
        self.assertEqual(february.amount, 120)

    def test_amounts(self):
        dispute = self._as("manager", self._open())
        for amount in (0, 0.001, 20.005):
            with self.assertRaises(UserError, msg=amount):
                dispute._correct(amount, "Right")
        with self.assertRaises(UserError):
            dispute._correct(20, " ")
        self.assertEqual(dispute.state, "open")
        self.assertEqual(self._paid(), 100)

    def test_decide_once(self):
        dispute = self._as("manager", self._open())
        dispute._correct(20, "Right")
        for again in (
            lambda: dispute._correct(20, "Right"),
            lambda: dispute._refuse_dispute("No"),
            lambda: dispute._accept_facts("Yes"),
            lambda: self._as("rep", dispute).action_withdraw(),
        ):
            with self.assertRaises(UserError):
                again()
        self.assertEqual(self._paid(), 120)
        # What is decided can be disputed again; so can the correction.
        self._open()
        self._as("manager", self._open(entry=dispute.correction_id))._correct(-20, "No")
        self.assertEqual(self._paid(), 100)

    def test_who_decides(self):
        dispute = self._open()
        for name in ("rep", "leader", "peer_manager", "operations", "finance", "peer"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name, dispute)._refuse_dispute("No")
        self.assertFalse(self._as("rep", dispute).may_decide)
        self.assertTrue(self._as("director", dispute).may_decide)
        self._as("director", dispute)._refuse_dispute("No")
        self.assertEqual(dispute.decided_by_id, self.users["director"])

    def test_own(self):
        """Whatever roles somebody has besides."""
        self.users["rep"].group_ids = [
            (4, self.env.ref(f"sales_force.group_sales_{role}").id)
            for role in ("director", "operations", "finance")
        ]
        dispute = self._open()
        with self.assertRaises(AccessError):
            self._as("rep", dispute)._correct(20, "Right")
        self.users["operations"].group_ids = [
            (4, self.env.ref("sales_force.group_sales_director").id)
        ]
        self._as("rep", dispute).action_withdraw()
        with self.assertRaises(AccessError):
            self._as("operations", self._open("operations"))._correct(-20, "Right")

    def test_refuse(self):
        dispute = self._open()
        with self.assertRaises(UserError):
            self._as("manager", dispute)._refuse_dispute("")
        self._as("manager", dispute)._refuse_dispute("10 % is in the plan")
        self.assertEqual((dispute.state, dispute.amount), ("refused", 0))
        self.assertFalse(dispute.correction_id)
        self.assertIn(
            "10 % is in the plan", " ".join(dispute.sudo().message_ids.mapped("body"))
        )
        self.assertEqual(self._paid(), 100)

    def test_withdraw(self):
        dispute = self._open()
        with self.assertRaises(AccessError):
            self._as("manager", dispute).action_withdraw()
        self._as("rep", dispute).action_withdraw()
        self.assertEqual(dispute.state, "withdrawn")

    def test_facts(self):
        """Documents were corrected: the engine's own adjustment is named."""
        self._close(self.statement)
        dispute = self._open(reason="credit", text="It is mine alone")
        with self.assertRaises(UserError):
            self._as("manager", dispute)._accept_facts("Corrected")
        self.assertEqual(dispute.state, "open")
        self.invoice.button_draft()
        self.invoice.invoice_line_ids.price_unit = 1500
        self.invoice.action_post()
        self._as("manager", dispute)._accept_facts("Corrected")
        self.assertEqual(
            (dispute.state, dispute.amount, dispute.amount_after), ("facts", 50, 150)
        )
        correction = dispute.correction_id
        self.assertEqual(
            (correction.kind, correction.subject), ("adjustment", "earning")
        )
        self.assertEqual(correction.amount, 50)
        self.assertEqual(
            (correction.amount_before, correction.amount_after), (100, 150)
        )
        self.assertEqual(self._paid(), 150)

    def test_gone(self):
        """Of a line that has vanished: no entry by hand any more."""
        dispute = self._open()
        self.invoice.button_draft()
        self._run()
        self.assertFalse(self.entry.exists())
        with self.assertRaises(UserError):
            self._as("manager", dispute)._correct(20, "Right")
        self._as("manager", dispute)._accept_facts("It was never sold")
        self.assertEqual((dispute.amount, dispute.amount_after), (-100, 0))

    # Waiting

    def test_escalation(self):
        dispute = self._open()
        director = self.users["director"]
        with freeze_time("2031-02-12 12:00:00"):
            self.disputes._cron_remind()
            self.assertEqual(dispute.judge_id, self.users["manager"])
            self.assertEqual(dispute.reminded_on, date(2031, 2, 12))
        with freeze_time("2031-02-13 12:00:00"):
            for _twice in range(2):
                self.disputes._cron_remind()
            self.assertEqual(dispute.judge_id, director)
            self.assertEqual(dispute.escalations, 1)
            self.assertEqual(dispute.judge_due_on, date(2031, 2, 20))
            self.assertEqual(dispute.due_on, date(2031, 2, 12))
            self.assertEqual(dispute.sudo().activity_ids.user_id, director)
        with freeze_time("2031-02-14 12:00:00"):
            self._as("director", dispute)._refuse_dispute("No")
            self.assertEqual(dispute.days, 7)
            self.assertTrue(dispute.decided_late)

    def test_statistics(self):
        self._as("manager", self._open())._correct(20, "Right")
        self._as("manager", self._open(reason="data"))._refuse_dispute("No")
        rows = self.disputes._read_group(
            [("statement_id", "=", self.statement.id)],
            ["reason", "state", "team_id", "plan_id"],
            ["__count", "amount:sum", "days:avg"],
        )
        team = self.reps["rep"].team_id
        self.assertEqual(
            sorted(rows, key=lambda row: row[0]),
            [
                ("calculation", "corrected", team, self.plan, 1, 20, 0),
                ("data", "refused", team, self.plan, 1, 0, 0),
            ],
        )

    def test_queries(self):
        """What a statement shows of corrections and disputes, whatever their number."""

        def read(statement):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            entries = statement.correction_ids
            entries.mapped("amount_after")
            entries.mapped("dispute_count")
            return len(entries), self.env.cr.sql_log_count - before

        self._close(self.statement)
        found = []
        for _round in range(2):
            for _number in range(3):
                self._sell("rep", 100)
            self._run()
            found.append(read(self._statement(month=2)))
        (few, queries), (many, again) = found
        self.assertGreater(many, few)
        self.assertLessEqual(again, queries)
