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

    def _grant(self, amount, name="manager", **values):
        """Dispute and decide: the entry that follows, as everything is read."""
        dispute = self._open(**values)
        self._as(name, dispute)._correct(amount, "12 % was agreed")
        self.env.invalidate_all()
        return dispute.with_env(self.env)

    def _invoice_again(self, price):
        self.invoice.button_draft()
        self.invoice.invoice_line_ids.price_unit = price
        self.invoice.action_post()
        self._run()
        self.env.invalidate_all()

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
            self.assertEqual((form.paid, form.amount), (100, 100))
            form.amount = 120
            form.decision = "Right"
            self.assertEqual(form.difference, 20)
        form.record.action_apply()
        self.assertEqual(dispute.state, "corrected")
        with self.assertRaises(UserError):
            form.record.action_apply()

    def test_wizard_of_others(self):
        for model, values in (
            ("open", {"entry_id": self.entry.id, "reason": "data", "text": "Mine"}),
            ("decide", {"dispute_id": self._open().id, "outcome": "refused"}),
        ):
            with self.assertRaises(AccessError, msg=model):
                self.env[f"sales.commission.dispute.{model}"].with_user(
                    self.users["peer"]
                ).create(
                    {"decision": "Mine", **values} if model == "decide" else values
                ).action_apply()

    # Deciding

    def test_correct(self):
        """Of a paid statement: an entry in the next one, which names and explains."""
        self._close(self.statement)
        dispute = self._grant(120.05)
        correction = dispute.correction_ids
        self.assertEqual(correction.statement_id, self._statement(month=2))
        self.assertEqual(
            (correction.kind, correction.subject), ("adjustment", "dispute")
        )
        self.assertEqual(correction.period_from, date(2031, 1, 1))
        self.assertEqual(correction.amount, 20.05)
        self.assertEqual(dispute.entry_id, self.entry)
        self.assertEqual(correction.corrects_id, self.entry)
        mine = correction.with_user(self.users["rep"])
        self.assertEqual(mine.action_open_document()["res_id"], self.invoice.id)
        self.assertEqual(mine.dispute_count, 1)
        found = self.disputes.search(mine.action_open_disputes()["domain"])
        self.assertEqual(found, dispute)
        self.assertEqual(
            (correction.amount_before, correction.amount_after), (0, 20.05)
        )
        self.assertIn(self.users["manager"].name, correction.explanation)
        self.assertIn("120.05 instead of $\xa0100.00", correction.explanation)
        self.assertNotIn("since", correction.explanation)
        self.assertEqual(correction.statement_id.amount, 20.05)
        self.assertEqual(correction.statement_id.correction_ids, correction)
        self.assertEqual(self.statement.amount, 100)
        self.assertEqual(self._paid(), Decimal("120.05"))
        self.assertEqual(
            (dispute.state, dispute.amount, dispute.amount_after),
            ("corrected", 20.05, 120.05),
        )
        self.assertFalse(dispute.activity_ids)

    def test_runs(self):
        """Whatever is run again removes and doubles nothing of it."""
        self._close(self.statement)
        self._grant(120)
        before = self._amounts()
        self._run()
        self._run(date(2031, 2, 5))
        self._statement(month=2).action_compute()
        self.assertEqual(self._amounts(), before)

    def test_open_statement(self):
        """Of a line that is open still: beside it, while there is one."""
        dispute = self._grant(70)
        correction = dispute.correction_ids
        self.assertEqual(
            (correction.statement_id, correction.kind), (self.statement, "dispute")
        )
        self.assertEqual(correction.corrects_id, self.entry)
        self.assertEqual(self.statement.amount, 70)
        self._sell("rep", 500)
        self._run()
        self.assertEqual(self.statement.amount, 120)
        self._as("rep", self.statement).action_submit()
        self._as("rep", self.statement)._return("Again")
        self.assertEqual(self.statement.amount, 120)
        self.invoice.button_draft()
        self._run()
        self.env.invalidate_all()
        self.assertEqual(self.statement.amount, 50)
        self.assertFalse(dispute.correction_ids)
        self.invoice.action_post()
        self._run()
        self.assertEqual(self.statement.amount, 120)

    def test_documents_follow(self):
        """What the documents bring by themselves later is not paid twice."""
        for closed in (False, True):
            with self.subTest(closed=closed), self.env.cr.savepoint() as savepoint:
                if closed:
                    self._close(self.statement)
                dispute = self._grant(120)
                for price, paid in (
                    *((1100, 120), (1200, 120), (1500, 150), (1150, 120)),
                    *((1000, 120), (900, 110), (0, 0), (1000, 120)),
                ):
                    self._invoice_again(price)
                    self.assertEqual(self._paid(), paid, price)
                self._invoice_again(1150)
                self.assertIn("5.00 is left", dispute.correction_ids[0].explanation)
                savepoint.rollback()

    def test_other_line(self):
        """What other lines of the document bring is not what it is about."""
        self.invoice.button_draft()
        other = self.invoice.invoice_line_ids.copy()
        other.price_unit = 400
        self.invoice.action_post()
        self._run()
        entries = self.statement.entry_ids
        self._grant(120, entry=entries.filtered(lambda one: one.res_id != other.id))
        self.assertEqual(self._paid(), 160)
        self.invoice.button_draft()
        other.price_unit = 600
        self.invoice.action_post()
        self._run()
        self.assertEqual(self._paid(), 180)

    def test_documents_follow_closed(self):
        """Nor when the decision itself is paid already."""
        self._close(self.statement)
        dispute = self._grant(120)
        self._close(self._statement(month=2))
        self._invoice_again(1150)
        march = self._statement(month=3)
        entries = march.entry_ids.sorted("subject")
        self.assertEqual(entries.mapped("subject"), ["dispute", "earning"])
        self.assertEqual(entries.mapped("amount"), [-15, 15])
        self.assertEqual(entries[0].corrects_id.statement_id, self._statement(month=2))
        self.assertEqual((entries[0].amount_before, entries[0].amount_after), (20, 5))
        self.assertIn("$\xa05.00 is left", entries[0].explanation)
        self.assertEqual(dispute.correction_ids.mapped("amount"), [-15, 20])
        self.assertEqual(self._paid(), 120)

    def test_again(self):
        """What is decided can be disputed again, and so can the correction: each
        decision is about what is paid then."""
        self._grant(120)
        self._grant(130)
        correction = self.entries.search([("subject", "=", "dispute")])[:1]
        self._grant(115, entry=correction)
        self.assertEqual(self._paid(), 115)
        for price, paid in ((1100, 115), (1250, 125), (1000, 115), (900, 105), (0, 0)):
            self._invoice_again(price)
            self.assertEqual(self._paid(), paid, price)

    def test_credit_note(self):
        """A credit note takes back by itself what it is about."""
        self._close(self.statement)
        self._grant(120)
        refund = self.invoice._reverse_moves(
            [
                {
                    "invoice_date": "2031-02-03",
                    "invoice_user_id": self.users["rep"].id,
                }
            ]
        )
        refund.invoice_line_ids.price_unit = 400
        refund.action_post()
        self._run(date(2031, 2, 5))
        self.assertEqual(self._paid(), 80)

    def test_disputed_is_gone(self):
        """The disputed line of an open statement may vanish: nothing is named then."""
        dispute = self._grant(120)
        self.invoice.button_draft()
        self._run()
        self.invoice.action_post()
        self._run()
        self.env.invalidate_all()
        self.assertFalse(self.entry.exists())
        self.assertFalse(dispute.correction_ids.corrects_id)
        self.assertEqual(self._paid(), 120)

    def test_bonus(self):
        """Of what is no document: the reward of the period."""
        self.plan.action_archive()
        self.plan = self._plan(
            {
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((500, 50), (2000, 80), value="amount"),
            },
            name="Bonus",
        )
        self._run()
        entry = self._statement(plan=self.plan).entry_ids
        correction = self._grant(65, entry=entry).correction_ids
        self.assertEqual(correction.corrects_id, entry)
        # Neither stands on a document: nothing to open is offered.
        for line in entry | correction:
            with Form(line.statement_id.with_user(self.users["rep"])):
                self.assertFalse(line.document_id)
            with self.assertRaisesRegex(UserError, "no longer exists"):
                line.with_user(self.users["rep"]).action_open_document()
        statement = self._statement(plan=self.plan)
        self.assertEqual(statement.amount, 65)
        self._sell("rep", 1500)
        self._run()
        self.assertEqual(statement.amount, 80)

    def test_next_version(self):
        """The next version of the plan pays by its own rules, and decisions count."""
        self._sell("rep", 500, "2031-02-03")
        self._run(date(2031, 2, 5))
        february = self._statement(month=2)
        self._grant(70, entry=february.entry_ids)
        later = self.env["sales.commission.plan"].browse(
            self.plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.rate = 12
        later.action_publish()
        self._run(date(2031, 2, 5))
        self.env.invalidate_all()
        self.assertEqual(february.plan_id, later)
        self.assertEqual(sorted(february.entry_ids.mapped("amount")), [10, 60])
        self.assertEqual(february.entry_ids.rule_id, later.rule_ids)
        self.assertEqual(february.amount, 70)

    def test_rule_dropped(self):
        """What a rule is not there for any more, its decisions are neither."""
        self._sell("rep", 500, "2031-02-03")
        self._run(date(2031, 2, 5))
        february = self._statement(month=2)
        self._grant(70, entry=february.entry_ids)
        later = self.env["sales.commission.plan"].browse(
            self.plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids = [
            (2, later.rule_ids.id),
            (
                0,
                0,
                {"name": "Orders", "metric_id": self._metric("ORDERED").id, "rate": 1},
            ),
        ]
        later.action_publish()
        self._run(date(2031, 2, 5))
        self.env.invalidate_all()
        self.assertEqual((february.plan_id, february.amount), (later, 0))
        self.assertFalse(february.entry_ids)

    def test_amounts(self):
        dispute = self._as("manager", self._open())
        for amount in (100, 100.001, 120.005):
            with self.assertRaises(UserError, msg=amount):
                dispute._correct(amount, "Right")
        with self.assertRaises(UserError):
            dispute._correct(120, " ")
        self.assertEqual(dispute.state, "open")
        self.assertEqual(self._paid(), 100)

    def test_late_decision(self):
        """What the documents have brought meanwhile is not granted once more."""
        self._close(self.statement)
        dispute = self._open()
        self._invoice_again(1200)
        with self.assertRaises(UserError):
            self._as("manager", dispute)._correct(120, "Right")
        self._as("manager", dispute)._correct(125, "Right")
        self.assertEqual((dispute.amount, self._paid()), (5, 125))

    def test_decide_once(self):
        dispute = self._as("manager", self._open())
        dispute._correct(120, "Right")
        for again in (
            lambda: dispute._correct(130, "Right"),
            lambda: dispute._refuse_dispute("No"),
            lambda: dispute._accept_facts("Yes"),
            lambda: self._as("rep", dispute).action_withdraw(),
        ):
            with self.assertRaises(UserError):
                again()
        self.assertEqual(self._paid(), 120)

    def test_who_decides(self):
        dispute = self._open()
        for name in ("rep", "leader", "peer_manager", "operations", "peer"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name, dispute)._refuse_dispute("No")
        self.assertFalse(self._as("rep", dispute).may_decide)
        for name in ("manager", "director", "finance"):
            self.assertTrue(self._as(name, dispute).may_decide)
            self._as(name, dispute)._refuse_dispute("No")
            self.assertEqual(dispute.decided_by_id, self.users[name])
            dispute = self._open()

    def test_own(self):
        """Whatever roles somebody has besides."""
        self.users["rep"].group_ids = [
            (4, self.env.ref(f"sales_force.group_sales_{role}").id)
            for role in ("director", "operations", "finance")
        ]
        dispute = self._open()
        with self.assertRaises(AccessError):
            self._as("rep", dispute)._correct(120, "Right")
        self.users["operations"].group_ids = [
            (4, self.env.ref("sales_force.group_sales_director").id)
        ]
        self._as("rep", dispute).action_withdraw()
        with self.assertRaises(AccessError):
            self._as("operations", self._open("operations"))._correct(80, "Right")

    def test_refuse(self):
        dispute = self._open()
        with self.assertRaises(UserError):
            self._as("manager", dispute)._refuse_dispute("")
        self._as("manager", dispute)._refuse_dispute("10 % is in the plan")
        self.assertEqual((dispute.state, dispute.amount), ("refused", 0))
        self.assertFalse(dispute.correction_ids)
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
        correction = dispute.correction_ids
        self.assertEqual(
            (correction.kind, correction.subject), ("adjustment", "earning")
        )
        self.assertEqual(correction.amount, 50)
        self.assertEqual(
            (correction.amount_before, correction.amount_after), (100, 150)
        )
        self.assertEqual(self._paid(), 150)

    def test_gone(self):
        """Of a line that has vanished."""
        dispute = self._open()
        self.invoice.button_draft()
        self._run()
        self.assertFalse(self.entry.exists())
        self._as("manager", dispute)._accept_facts("It was never sold")
        self.assertEqual((dispute.amount, dispute.amount_after), (-100, 0))
        self.assertFalse(dispute.correction_ids)

    def test_gone_and_granted(self):
        """The rep is paid for what the documents do not show; once they do, by them."""
        dispute = self._open()
        self.invoice.button_draft()
        self._run()
        self._as("manager", dispute)._correct(100, "It was sold, the invoice is lost")
        self.assertEqual(self._paid(), 100)
        self.invoice.action_post()
        self._run()
        self.assertEqual(self._paid(), 100)
        self.assertFalse(dispute.correction_ids)

    # Waiting

    def test_escalation(self):
        dispute = self._open()
        director = self.users["director"]
        with freeze_time("2031-02-12 12:00:00"):
            self.disputes._cron_escalate()
            self.assertEqual(dispute.judge_id, self.users["manager"])
        with freeze_time("2031-02-13 12:00:00"):
            for _twice in range(2):
                self.disputes._cron_escalate()
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
        self._as("manager", self._open())._correct(120, "Right")
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
