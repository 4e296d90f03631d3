"""Handovers: everything a rep has, to whom, on the day, and back."""

from base64 import b64encode
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestHandover(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_sales_today()
        cls.leaver = cls.reps["leader"]
        cls.heir = cls.reps["peer"]
        cls.user, cls.other = cls.leaver.user_id, cls.heir.user_id
        cls.north = cls.env["sales.territory"].create({"name": "Handed North"})
        cls.leaver._change_assignment(
            fields.Date.to_date("2020-01-01"),
            {"territory_ids": [Command.set(cls.north.ids)]},
        )
        cls.customer, cls.second = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "user_id": cls.user.id,
                    "sales_territory_manual": True,
                    "sales_territory_id": territory,
                }
                for name, territory in (("First", cls.north.id), ("Second", False))
            ]
        )
        cls.contact = cls.env["res.partner"].create(
            {"name": "Contact", "parent_id": cls.customer.id}
        )
        cls.lead = cls.env["crm.lead"].create(
            {"name": "Open", "partner_id": cls.customer.id, "user_id": cls.user.id}
        )
        cls.quotation = cls._order(cls.user, partner=cls.customer, confirm=False)
        cls.order = cls._order(cls.user, partner=cls.customer)
        cls.invoice = cls._invoice(cls.user)
        cls.invoice.action_post()
        cls.activity = cls.customer.activity_schedule(
            "mail.mail_activity_data_call", user_id=cls.user.id
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Led", "user_id": cls.user.id, "company_id": cls.company.id}
        )
        cls.env.flush_all()
        cls.env["sales.credit"]._process_pending()

    def _handover(self, **values):
        return self.env["sales.handover"].create(
            {
                "rep_id": self.leaver.id,
                "heir_id": self.heir.id,
                "date": self.today,
                **values,
            }
        )

    def test_reach(self):
        """A manager re-organises the own part, from today on."""
        mine = self._handover().with_user(self.users["manager"])
        with self.assertRaisesRegex(AccessError, "not below you"):
            mine.action_apply()
        mine.date = fields.Date.subtract(self.today, days=1)
        with self.assertRaisesRegex(AccessError, "in the past"):
            mine.action_apply()
        mine.write({"date": self.today, "heir_id": self.reps["manager"].id})
        mine.action_apply()
        self.assertEqual(mine.state, "done")

    def test_scheduled_stays(self):
        """What was checked is what will be done."""
        handover = self._handover(date=fields.Date.add(self.today, days=3))
        handover.action_apply()
        mine = handover.with_user(self.users["director"])
        with self.assertRaises(UserError):
            mine.heir_id = self.reps["rep"]
        with self.assertRaises(UserError):
            mine.line_ids[:1].heir_id = self.reps["rep"]
        mine.action_cancel()
        mine.heir_id = self.reps["peer_leader"]

    def test_names(self):
        """What is handed over can be told apart."""
        handover = self._handover()
        handover.action_propose()
        names = dict(handover.line_ids.mapped(lambda line: (line.kind, line.name)))
        for part in (self.quotation.name, "First", "100.00"):
            self.assertIn(part, names["quotation"])
        self.assertIn("First", names["activity"])

    def test_archived_customers(self):
        self.second.active = False
        self._handover().action_apply()
        self.assertEqual(self.second.user_id, self.other)

    def _owners(self):
        self.env.invalidate_all()
        return (
            self.customer.user_id,
            self.contact.user_id,
            self.lead.user_id,
            self.quotation.user_id,
            self.activity.user_id,
            self.team.user_id,
        )

    def _credits(self):
        self.env["sales.credit"]._process_pending()
        return {
            (c.source, c.scope_id, c.metric_id.id, c.res_id, c.part): (
                c.rep_id.id,
                c.manager_id.id,
                c.value,
            )
            for c in self.env["sales.credit"].search([("date", "<", self.today)])
            | self.env["sales.credit"].search(
                [("res_model", "like", "line"), ("rep_id", "=", self.leaver.id)]
            )
        }

    def test_leaves(self):
        credits = self._credits()
        self.assertTrue(credits)
        handover = self._handover()
        handover.action_propose()
        kinds = set(handover.line_ids.mapped("kind"))
        self.assertEqual(
            kinds,
            {
                "customer",
                "lead",
                "quotation",
                "order",
                "invoice",
                "activity",
                "team",
                "report",
                "territory",
            },
        )
        handover.action_apply()
        self.assertEqual(handover.state, "done")
        self.assertEqual(set(handover.line_ids.mapped("state")), {"done"})
        self.assertEqual(set(self._owners()), {self.other})
        self.assertEqual(self.leaver.state, "left")
        self.assertEqual(self.leaver.date_end, self.today - timedelta(days=1))
        self.assertEqual(self.reps["rep"].parent_id, self.heir)
        self.assertIn(self.north, self.heir.territory_ids)
        # What was sold stays credited to who sold it; the heir looks after the rest.
        self.assertEqual(self.order.user_id, self.user)
        self.assertEqual(self.invoice.invoice_user_id, self.user)
        self.assertEqual(self._credits(), credits)
        self.assertEqual(self.order.activity_ids.user_id, self.other)
        self.assertEqual(self.invoice.activity_ids.user_id, self.other)
        self.assertEqual(
            self.env["sales.credit"].rebuild(),
            {"removed": 0, "changed": 0, "added": 0},
        )
        log = self.env["sales.ownership"].search(
            [("partner_id", "=", self.customer.id)], limit=1
        )
        self.assertEqual((log.user_id, log.reason), (self.other, "handover"))
        with self.assertRaises(UserError):
            handover.action_apply()
        with self.assertRaises(UserError):
            handover.unlink()

    def test_undone(self):
        before = self._owners()
        handover = self._handover()
        handover.action_propose()
        handover.action_apply()
        self.lead.user_id = self.users["director"]
        handover.action_undo()
        after = self._owners()
        self.assertEqual(after[2], self.users["director"])
        self.assertEqual(after[:2] + after[3:], before[:2] + before[3:])
        self.assertEqual(self.leaver.state, "active")
        self.assertFalse(self.leaver.date_end)
        self.assertEqual(self.reps["rep"].parent_id, self.leaver)
        self.assertNotIn(self.north, self.heir.territory_ids)
        self.assertFalse(self.order.activity_ids + self.invoice.activity_ids)
        states = {line.kind: line.state for line in handover.line_ids}
        self.assertEqual(states.pop("lead"), "changed")
        self.assertEqual(set(states.values()), {"undone"})
        with self.assertRaises(UserError):
            handover.action_undo()

    def test_moves_to_other_tasks(self):
        """Who stays keeps the profile, and loses the territories."""
        handover = self._handover(leaves=False)
        handover.action_propose()
        handover.action_apply()
        self.assertEqual(self.leaver.state, "active")
        self.assertFalse(self.leaver.territory_ids)
        handover.action_undo()
        self.assertEqual(self.leaver.territory_ids, self.north)

    def test_heirs(self):
        """By territory, by hand, and the others to the one heir."""
        local = self.reps["peer_leader"]
        local.territory_ids = self.north
        handover = self._handover(by_territory=True)
        handover.action_propose()
        heirs = {line.res_id: line.heir_id for line in handover.line_ids}
        self.assertEqual(heirs[self.customer.id], local)
        self.assertEqual(heirs[self.second.id], self.heir)
        line = handover.line_ids.filtered(lambda x: x.res_id == self.second.id)
        line.with_user(self.users["operations"]).heir_id = self.reps["rep"]
        handover.action_propose()
        line = handover.line_ids.filtered(lambda x: x.res_id == self.second.id)
        self.assertEqual(line.heir_id, self.reps["rep"])
        handover.heir_id = False
        with self.assertRaisesRegex(UserError, "Choose an heir"):
            handover.action_apply()
        handover.heir_id = self.heir
        handover.action_apply()
        self.env.invalidate_all()
        self.assertEqual(self.customer.user_id, local.user_id)
        self.assertEqual(self.second.user_id, self.reps["rep"].user_id)

    def test_an_heir_below(self):
        """The rep who takes over reports to the leaver's manager."""
        handover = self._handover(heir_id=self.reps["rep"].id)
        handover.action_apply()
        self.assertEqual(self.reps["rep"].parent_id, self.reps["manager"])
        handover.action_undo()
        self.assertEqual(self.reps["rep"].parent_id, self.leaver)

    def test_scheduled(self):
        handover = self._handover(date=self.today + timedelta(days=3))
        handover.action_apply()
        self.assertEqual(handover.state, "scheduled")
        self.assertEqual(self.customer.user_id, self.user)
        handover.action_cancel()
        self.assertEqual(handover.state, "draft")
        handover.action_apply()
        late = self.env["res.partner"].create(
            {"name": "Late", "is_company": True, "user_id": self.user.id}
        )
        cron = type(self.env["ir.cron"])
        with patch.object(cron, "_commit_progress"):
            handover._cron_apply()
            self.assertEqual(handover.state, "scheduled")
            handover.sudo().date = self.today
            self.heir.state = "left"
            handover._cron_apply()
            self.assertEqual(handover.state, "scheduled")
            self.assertIn("choose other heirs", handover.message_ids[0].body)
            handover.heir_id = self.reps["peer_leader"]
            handover._cron_apply()
        self.assertEqual(handover.state, "done")
        self.assertEqual(late.user_id, self.users["peer_leader"])

    def _run(self, *handovers, day=None):
        """The cron of a day."""
        for handover in handovers:
            handover.sudo().date = day or self.today
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["sales.handover"]._cron_apply()

    def test_scheduled_without_heir(self):
        """What came meanwhile and goes to nobody stays, and who decided hears of it."""
        self.leaver.assignment_ids.territory_ids = False
        for rep in (self.leaver, self.reps["rep"]):
            owned = self.env["res.partner"].search([("user_id", "=", rep.user_id.id)])
            owned.sudo().user_id = False
        director = self.users["director"]
        handover = self._handover(
            rep_id=self.reps["rep"].id,
            heir_id=False,
            date=fields.Date.add(self.today, days=3),
        ).with_user(director)
        other = self._handover(date=fields.Date.add(self.today, days=3))
        for planned in (handover, other):
            planned.action_apply()
            self.assertEqual(planned.state, "scheduled")
        self.reps["rep"].territory_ids = self.north
        self.second.user_id = self.users["rep"]
        self._run(handover, other)
        self.assertEqual(other.state, "done")
        self.assertEqual(handover.state, "scheduled")
        self.assertEqual(self.second.user_id, self.users["rep"])
        self.assertIn("Choose an heir", handover.failure)
        told = handover.message_ids.filtered("partner_ids")
        self.assertEqual(told.partner_ids, director.partner_id)
        self._run()
        self.assertEqual(handover.message_ids.filtered("partner_ids"), told)
        handover.action_cancel()
        handover.heir_id = self.heir
        handover.action_apply()
        self.assertEqual((handover.state, handover.failure), ("done", False))
        self.assertEqual(self.second.user_id, self.other)

    def test_one_that_breaks(self):
        """The others are handed over all the same."""
        day = fields.Date.add(self.today, days=3)
        broken = self._handover(rep_id=self.reps["rep"].id, date=day)
        other = self._handover(date=day, heir_id=self.reps["peer_leader"].id)
        (broken + other).action_apply()
        propose = type(broken)._propose

        def _propose(handover):
            propose(handover)
            if handover == broken:
                raise ValueError("Expected singleton")

        with (
            patch.object(type(broken), "_propose", _propose),
            self.assertLogs("odoo.addons.sales_force.models.sales_handover", "ERROR"),
        ):
            self._run(broken, other)
        self.assertEqual((broken.state, other.state), ("scheduled", "done"))
        self.assertIn("server's log", broken.failure)

    def test_taken_back_meanwhile(self):
        """What somebody took back while the cron was busy is not done."""
        day = fields.Date.add(self.today, days=3)
        first = self._handover(rep_id=self.reps["rep"].id, date=day)
        second = self._handover(date=day, heir_id=self.reps["peer_leader"].id)
        (first + second).action_apply()
        done = type(first)._apply_scheduled

        def _apply_scheduled(handover):
            done(handover)
            (first + second - handover).action_cancel()

        with patch.object(type(first), "_apply_scheduled", _apply_scheduled):
            self._run(first, second)
        self.assertEqual({first.state, second.state}, {"done", "draft"})

    def test_results_of_the_heir_stay(self):
        """Undoing gives back what is still open, not what the heir made of it."""
        won = self.env["crm.lead"].create({"name": "Won", "user_id": self.user.id})
        kept = self._order(self.user, partner=self.customer, confirm=False)
        contracts = self.env["sales.contract"].create(
            [
                {
                    "title": title,
                    "partner_id": self.customer.id,
                    "user_id": self.user.id,
                    "end_reason": "Moved",
                    "signed_document": b64encode(b"scan"),
                }
                for title in ("Runs", "Over")
            ]
        )
        contracts.action_start()
        handover = self._handover()
        handover.action_apply()
        won.action_set_won()
        self.quotation.with_user(self.other).action_confirm()
        contracts[1].action_terminate()
        self.activity.action_feedback("Called")
        handover.action_undo()
        self.env.invalidate_all()
        for record in (won, self.quotation, contracts[1], self.activity):
            self.assertEqual(record.user_id, self.other, record)
        for record in (self.lead, kept, contracts[0], self.customer):
            self.assertEqual(record.user_id, self.user, record)
        credits = self.env["sales.credit"].search(
            [
                ("res_model", "=", "sale.order.line"),
                ("res_id", "in", self.quotation.order_line.ids),
            ]
        )
        self.assertEqual(credits.rep_id, self.heir)
        states = {(x.kind, x.res_id): x.state for x in handover.line_ids}
        self.assertEqual(states["quotation", self.quotation.id], "changed")
        self.assertEqual(states["quotation", kept.id], "undone")
        self.assertEqual(states["lead", won.id], "changed")
        self.assertEqual(states["contract", contracts[1].id], "changed")

    def test_territories_given_back(self):
        """A line says undone when heir and rep have what they had."""
        handover = self._handover(leaves=False)
        handover.action_apply()
        self.heir.assignment_ids.filtered(
            lambda x: self.north in x.territory_ids
        ).territory_ids = False
        self.leaver._change_assignment(
            fields.Date.add(self.today, days=5), {"team_id": self.team.id}
        )
        handover.action_undo()
        line = handover.line_ids.filtered(lambda x: x.kind == "territory")
        self.assertEqual(line.state, "undone")
        self.assertEqual(self.leaver.territory_ids, self.north)

    def test_a_territory_that_stays(self):
        """The heir has been assigned anew since, with it."""
        handover = self._handover(date=fields.Date.subtract(self.today, days=3))
        handover.action_apply()
        self.heir._change_assignment(self.today, {"team_id": self.team.id})
        handover.action_undo()
        line = handover.line_ids.filtered(lambda x: x.kind == "territory")
        self.assertEqual(line.state, "changed")
        self.assertEqual(self.heir.territory_ids, self.north)

    def test_what_the_heir_reads(self):
        """Of unfinished orders and unpaid invoices, as long as he looks after them."""
        self.company.sales_customer_protection = True
        documents = [
            self.order,
            self.order.order_line,
            self.invoice,
            self.invoice.invoice_line_ids,
        ]

        def reading(user):
            self.env.invalidate_all()
            return [
                record.with_user(user).has_access("read")
                and record.with_user(user).search([("id", "in", record.ids)]) == record
                for record in documents
            ]

        self.assertEqual(reading(self.other), [False] * 4)
        handover = self._handover()
        handover.action_apply()
        self.assertEqual(reading(self.other), [True] * 4)
        self.assertEqual(reading(self.users["foreigner"]), [False] * 4)
        order = self.order.with_user(self.other)
        self.assertFalse(order.has_access("write"))
        order.web_read({"partner_id": {"fields": {"display_name": {}}}})
        # Whoever the heir hands the activity over to reads it, too.
        following = self.reps["peer_leader"]
        self._handover(rep_id=self.heir.id, heir_id=following.id).action_apply()
        self.assertEqual(reading(following.user_id), [True] * 4)
        third = self.users["rep"]
        self.assertEqual(reading(third), [False] * 4)
        self.invoice.activity_ids.user_id = third
        self.assertEqual(reading(third), [False, False, True, True])
        self.order.activity_ids.with_user(following.user_id).action_feedback("Done")
        self.assertTrue(order.with_user(following.user_id).has_access("read"))
        strange = self._order(self.users["director"], partner=self.customer)
        self.assertFalse(strange.with_user(self.other).has_access("read"))
        handover.action_undo()
        self.assertEqual(reading(self.other), [False] * 4)

    def test_rules_of_others(self):
        """Who looks after nothing is not asked for it with each document."""

        def looks(user, model):
            rules = self.env["ir.rule"].with_user(user)
            return "sales_heir_line_ids" in str(rules._compute_domain(model, "read"))

        models = ("sale.order", "sale.order.line", "account.move", "account.move.line")
        self._handover().action_apply()
        for model in models:
            self.assertTrue(looks(self.other, model), model)
            self.assertFalse(looks(self.user, model), model)
            self.assertFalse(looks(self.users["rep"], model), model)

    def test_another_company(self):
        """What somebody does for another company stays, whatever document it is on."""
        here, there = self.env["crm.lead"].create(
            [
                {"name": "Lead", "company_id": company.id, "team_id": False}
                for company in (self.company, self.company_b)
            ]
        )
        shared = self.second
        activities = [
            record.activity_schedule(
                "mail.mail_activity_data_call", user_id=self.user.id
            )
            for record in (here, there, shared)
        ]
        self._handover().action_apply()
        self.assertEqual(
            [activity.user_id for activity in activities],
            [self.other, self.user, self.other],
        )

    def test_caps(self):
        self.env["sales.pool"].create(
            {
                "name": "Pool",
                "company_id": self.company.id,
                "cap_ids": [Command.create({"cap": 1})],
            }
        )
        self.env["sales.ownership"]._start_clocks([self.customer.id, self.second.id])
        with self.assertRaisesRegex(UserError, "Peer may hold 1 customers"):
            self._handover().action_apply()

    def test_roles(self):
        handover = self._handover()
        handover.action_propose()
        for role, may in (
            ("rep", False),
            ("peer_manager", False),
            ("manager", True),
            ("director", True),
            ("operations", True),
            ("finance", False),
        ):
            mine = handover.with_user(self.users[role])
            with self.subTest(role=role):
                self.assertEqual(mine.has_access("write"), may)
                self.assertEqual(
                    mine.line_ids.has_access("write") if may else False, may
                )
                self.assertFalse(
                    handover.line_ids.with_user(self.users[role]).has_access("unlink")
                )
        own = self._handover(rep_id=self.reps["manager"].id)
        self.assertFalse(own.with_user(self.users["manager"]).has_access("write"))
        with self.assertRaises(AccessError):
            handover.with_user(self.users["peer_manager"]).action_apply()
        with self.assertRaises(UserError):
            handover.with_user(self.users["operations"]).state = "done"
        with self.assertRaises(UserError):
            handover.line_ids[0].with_user(self.users["operations"]).res_id = 1
        with self.assertRaises(AccessError):
            handover.with_user(self.users["manager"]).rep_id = self.reps["peer_leader"]
        with self.assertRaises(UserError):
            handover.line_ids[0].with_user(self.users["manager"]).heir_id = self.reps[
                "foreigner"
            ]
        handover.with_user(self.users["director"]).action_apply()
        self.assertEqual(handover.state, "done")

    def test_form(self):
        action = self.leaver.action_hand_over()
        form = Form(
            self.env["sales.handover"]
            .with_user(self.users["operations"])
            .with_context(**action["context"])
        )
        handover = form.save()
        self.assertEqual(handover.heir_id, self.reps["manager"])
        handover.action_propose()
        self.assertGreater(handover.line_count, 8)

    def test_queries(self):
        """Hundreds of customers in as many writes as a few."""

        def count(number):
            self.env["res.partner"].create(
                [
                    {"name": f"Many {n}", "is_company": True, "user_id": self.user.id}
                    for n in range(number)
                ]
            )
            handover = self._handover(leaves=False)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            handover.action_apply()
            self.env.flush_all()
            used = self.cr.sql_log_count - before
            handover.action_undo()
            self.env.flush_all()
            return used

        count(1)
        few = count(1)
        self.assertLessEqual(count(300), few + 30)
