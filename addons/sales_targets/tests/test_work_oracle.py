"""Candidates against a plain loop over records; queries as reps grow; two at once."""

import random
from collections import defaultdict
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

from ..planning.agenda import Candidate, choose
from .work_common import WorkCase


class Oracle:
    """What reps could do, found one by one as one would explain it."""

    def __init__(self, env, company, reps, today):
        self.env, self.company, self.reps, self.today = env, company, reps, today

    def _date(self, moment):
        return self.company._get_sales_date(moment)

    def _later(self, record):
        return self._activities(record).filtered(
            lambda a: a.active and a.date_deadline > self.today
        )

    def _activities(self, record):
        return (
            self.env["mail.activity"]
            .with_context(active_test=False)
            .search([("res_model", "=", record._name), ("res_id", "=", record.id)])
        )

    def visits(self, rep):
        visits = self.env["sales.visit"].search([("company_id", "=", self.company.id)])
        for visit in visits:
            if (
                visit.rep_id == rep
                and visit.date == self.today
                and visit.state in ("planned", "started")
            ):
                yield "res.partner", visit.commercial_partner_id.id
        for customer in self.env["sales.customer"].search(
            [("company_id", "=", self.company.id)]
        ):
            partner = customer.partner_id
            if partner.user_id != rep.user_id or partner.company_id - self.company:
                continue
            mine = visits.filtered(
                lambda v, partner=partner: v.commercial_partner_id == partner
            )
            if any(v.state == "planned" and v.date >= self.today for v in mine):
                continue
            last = max(mine.filtered("effective").mapped("date"), default=None)
            every = customer.class_id.visit_days
            due = every and (not last or last + timedelta(days=every) <= self.today)
            pool = customer.claimed_on and customer.due_on
            pool = pool and self.today <= pool <= self.today + timedelta(days=7)
            if due or pool:
                yield "res.partner", partner.id

    def quotes(self, rep):
        domain = [("user_id", "=", rep.user_id.id)]
        orders = self.env["sale.order"].search([])
        leads = self.env["crm.lead"].search([("won_status", "=", "pending")])
        for lead in leads.filtered_domain(domain):
            mine = orders.filtered(lambda o, lead=lead: o.opportunity_id == lead)
            if lead.type == "opportunity" and not mine.filtered(
                lambda o: o.state != "cancel"
            ):
                yield "crm.lead", lead.id
        for order in orders.filtered_domain(domain):
            if order.state == "draft" and order.amount_total > 0:
                yield "sale.order", order.id
        for visit in self.env["sales.visit"].search([("rep_id", "=", rep.id)]):
            partner = visit.commercial_partner_id
            first = self.today - timedelta(days=14)
            if not visit.effective or not first <= visit.date < self.today:
                continue
            since = orders.filtered(
                lambda o, visit=visit, partner=partner: o.state != "cancel"
                and o.partner_id.commercial_partner_id == partner
                and o.create_date >= visit.check_in
            )
            leading = leads.filtered(
                lambda lead, partner=partner: lead.partner_id.commercial_partner_id
                == partner
            )
            if not since and not leading:
                yield "res.partner", partner.id

    def follows(self, rep):
        early = self.today - timedelta(days=3)
        soon = self.today + timedelta(days=3)
        for order in self.env["sale.order"].search(
            [("user_id", "=", rep.user_id.id), ("state", "=", "sent")]
        ):
            kept = self.env["sales.kept.date"].search(
                [
                    ("res_model", "=", "sale.order"),
                    ("res_id", "=", order.id),
                    ("kind", "=", "sent"),
                ]
            )
            ripe = kept.date <= early
            ripe |= bool(order.validity_date and order.validity_date <= soon)
            touched = self._activities(order).filtered(
                lambda a: a.date_done and a.date_done > early
            )
            ripe &= kept.date >= self.today - timedelta(days=180)
            if ripe and not touched and not self._later(order):
                yield "sale.order", order.id

    def collects(self, rep):
        for invoice in self.env["account.move"].search(
            [
                ("invoice_user_id", "=", rep.user_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ]
        ):
            late = invoice.line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
                and line.amount_residual > 0
                and line.date_maturity < self.today
            )
            if late and not self._later(invoice):
                yield "account.move", invoice.id

    def leads(self, rep):
        for lead in self.env["crm.lead"].search(
            [("user_id", "=", rep.user_id.id), ("won_status", "=", "pending")]
        ):
            wrote = lead.message_ids.filtered(
                lambda m: m.author_id == rep.user_id.partner_id
                and m.message_type in ("comment", "email", "email_outgoing")
            )
            done = self._activities(lead).filtered("date_done")
            moved = lead.date_last_stage_update > lead.create_date + timedelta(
                minutes=1
            )
            if not (wrote or done or moved or self._later(lead)):
                yield "crm.lead", lead.id

    def activities(self, rep):
        for activity in self.env["mail.activity"].search(
            [("user_id", "=", rep.user_id.id), ("date_deadline", "<=", self.today)]
        ):
            yield "mail.activity", activity.id

    def find(self):
        kinds = {
            "visit": self.visits,
            "quote": self.quotes,
            "follow": self.follows,
            "collect": self.collects,
            "lead": self.leads,
            "activity": self.activities,
        }
        found = defaultdict(set)
        for rep in self.reps:
            for code, read in kinds.items():
                for model, id_ in read(rep):
                    found[rep.id].add((code, model, id_))
        return found


@tagged("post_install", "-at_install")
class TestOracle(WorkCase):
    def _stir(self, rng):
        """Documents at random, of two reps."""
        users = [self.users["rep"], self.users["peer"]]
        partners = [
            self._customer(
                f"Customer {number}",
                user=rng.choice(users),
                visited=rng.choice((None, 3, 9, 10, 11, 40)),
                due=rng.random() < 0.8,
                turnover=rng.randrange(1000),
            )
            for number in range(14)
        ]
        for partner in rng.sample(partners, 4):
            self.env.cr.execute(
                "UPDATE sales_customer SET claimed_on = %s, due_on = %s "
                "WHERE partner_id = %s",
                [self._day(-50), self._day(rng.choice((-1, 0, 7, 8))), partner.id],
            )
        for partner in rng.sample(partners, 4):
            self.env["sales.visit"].create(
                {
                    "rep_id": partner.user_id.sales_rep_ids.id,
                    "partner_id": partner.id,
                    "date_planned": fields.Datetime.now()
                    + timedelta(days=rng.choice((0, 0, 1, 5))),
                }
            )
        documents = []
        for number in range(8):
            lead = self._lead(
                rng.choice(users),
                name=f"Lead {number}",
                type=rng.choice(("lead", "opportunity")),
                partner_id=rng.choice((False, rng.choice(partners).id)),
                expected_revenue=rng.choice((0, 500, 5000)),
            )
            if rng.random() < 0.3:
                lead.with_user(lead.user_id).message_post(
                    body="Hello", subtype_xmlid="mail.mt_comment"
                )
            documents.append(lead)
        for _number in range(10):
            lead = rng.choice((self.env["crm.lead"], rng.choice(documents[:8])))
            order = self._order(
                rng.choice(users),
                partner=rng.choice(partners),
                confirm=False,
                validity_date=self._day(rng.choice((-2, 3, 4, 30))),
                opportunity_id=lead.id if lead._name == "crm.lead" else False,
            )
            state = rng.choice(("draft", "sent", "sent", "sale", "cancel"))
            if state == "sale":
                order.action_confirm()
            elif state == "sent":
                order.action_quotation_sent()
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE sales_kept_date SET date = %s "
                    "WHERE res_model = 'sale.order' AND res_id = %s",
                    [self._day(-rng.choice((0, 2, 3, 9, 180, 181))), order.id],
                )
            elif state == "cancel":
                order._action_cancel()
            documents.append(order)
        for partner in rng.sample(partners, 6):
            invoice = self._overdue(
                partner,
                rng.randrange(1, 900),
                rng.choice((0, 1, 12)),
                partner.user_id,
            )
            documents.append(invoice)
            if rng.random() < 0.5:
                self._pay(invoice, rng.choice((None, 0.5)))
        for document in rng.sample(documents, 10):
            activity = document.activity_schedule(
                "mail.mail_activity_data_todo",
                self._day(rng.choice((-3, 0, 2))),
                user_id=(document.user_id or self.users["rep"]).id,
            )
            if rng.random() < 0.4:
                activity.action_feedback("Done")
        self.env.flush_all()
        self.env.invalidate_all()

    def test_candidates(self):
        self.company.sales_visits_per_day = 1000
        reps = self.reps["rep"] + self.reps["peer"]
        for seed in (1, 2, 3):
            with self.subTest(seed=seed), self.env.cr.savepoint():
                self._stir(random.Random(seed))
                plans = self.plans._make(reps, self.today)
                found = defaultdict(set)
                for row in self.plans.sudo()._read_candidates(
                    self.company, plans, self.today
                ):
                    found[row.rep_id].add((row.kind, row.res_model, row.res_id))
                expected = Oracle(self.env, self.company, reps, self.today).find()
                for rep in reps:
                    self.assertEqual(found[rep.id], expected[rep.id])
                self.assertGreater(sum(map(len, found.values())), 20)
                plans.sudo().unlink()

    def test_ranking(self):
        """The plan is what the pure choice makes of the candidates by hand."""
        self._stir(random.Random(7))
        plan = self._propose()
        worth = self.plans.sudo()._get_worths(
            {self.rep: self.env["sales.target.plan"]}, self.today
        )
        rows = self.plans.sudo()._find(self.company, plan, self.today)[self.rep.id]
        kinds = self.items._get_kinds()
        candidates = []
        for row in rows:
            value = float(row.units) * float(worth[self.rep.id].get(row.metric, 0))
            candidates.append(
                Candidate(
                    key=(f"{row.kind},{row.res_model},{row.res_id}",),
                    minutes=row.minutes or kinds[row.kind].minutes,
                    value=round(value * 100),
                    must=row.must,
                    due=row.since or fields.Date.to_date("9999-12-31"),
                    document=row.document,
                    kind=row.kind,
                )
            )
        expected = [c.key[0] for c in choose(candidates, 480 * 4 // 5)]
        self.assertEqual(plan.item_ids.mapped("key"), expected)
        self.assertGreater(len(expected), 3)


@tagged("post_install", "-at_install")
class TestQueries(WorkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reps = cls.env["sales.rep"]
        for number in range(50):
            user = cls._user(f"many_{number}", "sales_force.group_sales_rep")
            reps |= cls._rep(user, cls.reps["leader"])
            for _each in range(2):
                cls._customer(f"Customer {number}", user=user)
        cls.many = reps

    def _count(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_proposing(self):
        self._count(lambda: self.plans._propose(self.reps["peer"], self.today))
        few = self._count(lambda: self.plans._propose(self.many[:5], self.today))
        many = self._count(lambda: self.plans._propose(self.many[5:], self.today))
        self.assertEqual(len(self._plan(self.many[7]).item_ids), 2)
        self.assertLessEqual(many, few)
        self.assertLessEqual(many, 45)

    def test_my_day(self):
        user = self.many[0].user_id
        self._core_plan()
        for number in range(10):
            self.env["sales.standard.work"].create({"name": f"Work {number}"})
            self._lead(user, name=f"Lead {number}", type="lead")
            self._overdue(self._customer(f"Owes {number}", user=user), user=user)
            self._order(user, confirm=False, partner=self.partner)
        self.plans._propose(self.many, self.today)
        plans = self.plans.with_user(user)
        self.assertGreater(len(plans.get_my_day()["items"]), 20)
        plans.get_my_day()
        few = self._count(plans.get_my_day)
        self.assertLessEqual(few, 21)
        for number in range(20):
            self._plan(user.sales_rep_ids).with_user(user).action_add(
                "task", name=f"Task {number}"
            )
        self.assertGreater(len(plans.get_my_day()["items"]), 40)
        self.assertLessEqual(self._count(plans.get_my_day), few)

    def test_team(self):
        self.plans._propose(self.many, self.today)
        plans = self.plans.with_user(self.users["leader"])
        self.assertEqual(len(plans.get_team()["reps"]), 51)
        few = self._count(
            lambda: self.plans.with_user(self.users["peer_leader"]).get_team()
        )
        many = self._count(plans.get_team)
        self.assertLessEqual(many, few + 1)
        self.assertLessEqual(many, 20)

    def test_closing(self):
        def close(reps):
            self.plans._propose(reps, self.today)
            plans = self.plans.search([("rep_id", "in", reps.ids)])
            self.env.cr.execute(
                "UPDATE sales_work_plan SET date = date - 1 WHERE id = ANY(%s)",
                [plans.ids],
            )
            count = self._count(lambda: self.plans._close(self.company, reps))
            self.assertEqual(set(plans.mapped("state")), {"missed"})
            return count

        close(self.reps["peer"])
        few, many = close(self.many[:5]), close(self.many[5:])
        self.assertLessEqual(many, few + 2)


@tagged("post_install", "-at_install")
class TestTwoAtOnce(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            user = env["res.users"].create(
                {
                    "name": "Twice",
                    "login": "sales_work_twice",
                    "group_ids": [(4, env.ref("sales_force.group_sales_rep").id)],
                }
            )
            rep = env["sales.rep"].create({"user_id": user.id, "state": "active"})
            work = env["sales.standard.work"].create({"name": "Twice", "minutes": 5})
            self.ids = {
                "sales.rep": rep.id,
                "res.users": user.id,
                "sales.standard.work": work.id,
            }
            calendar = rep.company_id.resource_calendar_id.copy({"tz": "UTC"})
            calendar.attendance_ids.unlink()
            calendar.attendance_ids = [
                (
                    0,
                    0,
                    {
                        "name": str(day),
                        "dayofweek": str(day),
                        "hour_from": 8,
                        "hour_to": 16,
                        "day_period": "morning",
                    },
                )
                for day in range(7)
            ]
            rep.calendar_id = calendar
            self.ids["resource.calendar"] = calendar.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            plans = env["sales.work.plan"].search(
                [("rep_id", "=", self.ids["sales.rep"])]
            )
            env.cr.execute(
                "DELETE FROM sales_credit WHERE source = 'work' AND scope_id = ANY(%s)",
                [plans.ids],
            )
            plans.unlink()
            partner = env["res.users"].browse(self.ids["res.users"]).partner_id
            for model, id_ in self.ids.items():
                env[model].browse(id_).unlink()
            partner.unlink()

    def _propose(self, env):
        rep = env["sales.rep"].browse(self.ids["sales.rep"])
        env["sales.work.plan"]._propose(rep, rep.company_id._get_sales_today())

    def _plan(self, env):
        return env["sales.work.plan"].search([("rep_id", "=", self.ids["sales.rep"])])

    def test_proposed_once(self):
        runs = self._race(self._propose, self._propose)
        self.assertEqual(runs, 2)
        with self._environment() as env:
            plan = self._plan(env)
            self.assertEqual(len(plan), 1)
            self.assertEqual(len(plan.item_ids), len(set(plan.item_ids.mapped("key"))))
            self.assertIn("Twice", plan.item_ids.mapped("title"))

    def test_submitted_once(self):
        with self._environment() as env:
            self._propose(env)

        def submit(env):
            plan = self._plan(env).with_user(self.ids["res.users"])
            reason = env["sales.miss.reason"].search([], limit=1)
            plan.action_submit(
                {str(i.id): {"reason_id": reason.id} for i in plan.item_ids}
            )

        with self.assertRaisesRegex(UserError, "submitted already"):
            self._race(submit, submit)
        with self._environment() as env:
            plan = self._plan(env)
            credits = env["sales.credit"].search(
                [("source", "=", "work"), ("scope_id", "=", plan.id)]
            )
            self.assertEqual(len(credits), 1)
            self.assertEqual(credits.value, len(plan.item_ids))
