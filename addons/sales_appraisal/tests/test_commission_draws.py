"""Draws and guarantees on statements: advanced, given back, forgiven."""

from contextlib import ExitStack
from datetime import date
from unittest.mock import patch

from psycopg2.errors import CheckViolation, ExclusionViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools import mute_logger

from .commission_common import CommissionCase

JANUARY, FEBRUARY, MARCH, APRIL = (date(2031, month, 10) for month in (1, 2, 3, 4))


class DrawCase(CommissionCase):
    def setUp(self):
        super().setUp()
        self._today(MARCH)

    def _today(self, day):
        """The day on which all is done that has a date."""
        today = patch.object(
            type(self.company), "_get_sales_today", lambda company: day
        )
        today.start()
        self.addCleanup(today.stop)

    def _advance(self, kind, *steps, **values):
        return {
            "name": kind.title(),
            "kind": kind,
            "metric_id": False,
            "rate": 0,
            "tier_ids": self._tiers(*steps, value="amount"),
            **values,
        }

    def _agree(self, amount=1000, name="rep", plan=None, **values):
        return self.env["sales.commission.draw"].create(
            {
                "rep_id": self.reps[name].id,
                "plan_id": (plan or self.plan).id,
                "amount": amount,
                "date_from": "2031-01-01",
                **values,
            }
        )

    def _forgive(self, amount, name="rep", user="finance"):
        return (
            self.env["sales.commission.forgiveness"]
            .with_user(self.users[user])
            .create(
                {
                    "rep_id": self.reps[name].id,
                    "plan_id": self.plan.id,
                    "amount": amount,
                    "reason": "A hard year",
                }
            )
        )

    def _settle(self, *days):
        for day in days or (JANUARY, FEBRUARY, MARCH):
            self._run(day)

    def _refused(self, error):
        """What the database refuses undoes nothing else of the test."""
        stack = ExitStack()
        stack.enter_context(mute_logger("odoo.sql_db"))
        stack.enter_context(self.assertRaises(error))
        return stack

    def _by_subject(self, month, name="rep"):
        found = {}
        for entry in self._statement(name, month).entry_ids:
            found[entry.subject] = found.get(entry.subject, 0) + entry.amount
        return found


class TestDrawsOnStatements(DrawCase):
    def test_no_name_yet(self):
        """While it is filled in, it is simply new."""
        self.assertFalse(self.env["sales.commission.draw"].new({}).display_name)

    def test_agreement(self):
        """1,000 a month are advanced, and given back from what is earned above."""
        self.plan = self._plan()
        self._agree(date_to="2031-02-28")
        self._sell("rep", 2000, "2031-01-10")
        self._sell("rep", 15_000, "2031-02-10")
        self._sell("rep", 1000, "2031-03-10")
        self._settle()
        self.assertEqual(self._by_subject(1), {"earning": 200, "draw": 800})
        self.assertEqual(self._by_subject(2), {"earning": 1500, "recovery": -500})
        self.assertEqual(self._by_subject(3), {"earning": 100, "recovery": -100})
        statements = [self._statement("rep", month) for month in (1, 2, 3)]
        self.assertEqual([one.amount for one in statements], [1000, 1000, 0])
        self.assertEqual([one.owed_before for one in statements], [0, 800, 300])
        self.assertEqual([one.owed for one in statements], [800, 300, 200])
        self.assertEqual(statements[1].given_back, 500)
        # What is counted for it is commission, not a number of something.
        back = statements[1].entry_ids.filtered(lambda one: one.subject == "recovery")
        self.assertEqual(back.counted.replace("\xa0", ""), "$1,500.00")
        # Nobody else has anything of it.
        self.assertFalse(self._statement("peer", 1).entry_ids)

    def test_twice(self):
        self.plan = self._plan()
        self._agree()
        self._sell("rep", 2000)
        self._settle()
        entries = self._read_all()
        self._settle(MARCH, JANUARY, FEBRUARY)
        self.assertEqual(self._read_all(), entries)

    def _read_all(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM sales_commission_entry ORDER BY id")
        return self.env.cr.fetchall()

    def test_any_order(self):
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        for day in ("2031-01-10", "2031-02-10", "2031-03-10"):
            self._sell("rep", 4000, day)
        self._settle(MARCH, JANUARY, FEBRUARY)
        self.assertEqual(
            [self._statement("rep", month).owed for month in (1, 2, 3)], [600, 200, 0]
        )

    def test_late_correction(self):
        """What is known late of a closed period changes what was advanced in it."""
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._sell("rep", 2000)
        self._settle(JANUARY)
        january = self._statement()
        self._close(january)
        self._sell("rep", 3000, "2031-01-20")
        self._settle(FEBRUARY, JANUARY)
        self.assertEqual((january.amount, january.owed), (1000, 800))
        february = self._statement(month=2)
        found = {one.subject: one for one in february.entry_ids}
        self.assertEqual({one.kind for one in february.entry_ids}, {"adjustment"})
        self.assertEqual(
            {subject: one.amount for subject, one in found.items()},
            {"earning": 300, "draw": -300},
        )
        self.assertEqual(found["draw"].corrects_id.amount, 800)
        self.assertIn("500.00 instead of", found["draw"].explanation)
        self.assertEqual((february.owed_before, february.owed), (800, 500))

    def test_guarantee_in_ramp_up(self):
        """1,000 for three months after hiring, half of it for another two."""
        self.reps["rep"].sudo().date_start = "2031-01-16"
        self.plan = self._plan(
            {}, self._advance("guarantee", (1, 1000), (2, 500), (3, 0))
        )
        self._sell("rep", 1000, "2031-01-20")
        self._settle()
        # 16 of 31 days; 15 days at 1,000 and 13 at 500; 15 days at 500.
        self.assertEqual(
            [self._statement("rep", month).amount for month in (1, 2, 3)],
            [516.13, 767.86, 241.94],
        )
        # Who is there since long has the last step: nothing.
        self.assertFalse(self._statement("peer", 1).entry_ids)
        self.assertFalse(self._statement("rep", 3).owed)

    def test_guarantee_and_draw(self):
        """The draw adds to the guarantee, of which nothing is owed."""
        self.plan = self._plan(
            {}, self._advance("guarantee", (1, 300)), self._advance("draw", (1, 1000))
        )
        self._sell("rep", 1000)
        self._settle(JANUARY)
        self.assertEqual(
            self._by_subject(1), {"earning": 100, "guarantee": 200, "draw": 700}
        )

    def test_agreement_goes_before_the_plan(self):
        self.plan = self._plan({}, self._advance("draw", (1, 500)))
        self._agree(100, date_to="2031-01-31")
        self._settle()
        self.assertEqual(
            [self._by_subject(month).get("draw") for month in (1, 2)], [100, 500]
        )
        self.assertEqual(self._by_subject(1, "peer"), {"draw": 500})

    def test_recovered_in_part(self):
        self.plan = self._plan({}, self._advance("draw", recovery_percent=50))
        self._agree(date_to="2031-01-31")
        self._sell("rep", 3001, "2031-02-10")
        self._settle()
        self.assertEqual(self._by_subject(2), {"earning": 300.1, "recovery": -150.05})

    def test_claw_back_makes_no_draw(self):
        """What is negative is carried over: neither filled up nor recovered from."""
        self.plan = self._plan({}, self._advance("draw", (1, 100)))
        invoice = self._invoice(
            self.users["rep"], move_type="out_refund", invoice_date="2031-01-10"
        )
        invoice.invoice_line_ids.price_unit = 5000
        invoice.action_post()
        self._settle(JANUARY)
        self.assertEqual(self._by_subject(1), {"earning": -500, "draw": 100})

    # Forgiveness

    def test_forgive(self):
        self.plan = self._plan()
        agreement = self._agree(date_to="2031-01-31")
        self._sell("rep", 9000, "2031-03-05")
        self._settle()
        self.assertEqual(self._by_subject(3)["recovery"], -900)
        forgiven = self._forgive(80)
        self.assertEqual((forgiven.date, agreement.owed), (MARCH, 20))
        forgiven.action_revoke()
        self.assertEqual(agreement.owed, 100)
        self._forgive(100)
        march = self._statement(month=3)
        self.assertEqual(march.amount, 0)
        self.assertEqual((march.forgiven, march.owed), (100, 0))
        [entry] = march.entry_ids.filtered(lambda one: one.subject == "forgiveness")
        self.assertEqual((entry.amount, entry.base), (0, 100))
        self.assertIn("A hard year", entry.explanation)
        # Forgiving is not undone by what is earned afterwards in the period.
        self._sell("rep", 5000, "2031-03-09")
        self._settle()
        self.assertEqual(march.amount, 500)

    def test_forgive_in_closed(self):
        """A closed statement stays: that less was owed is a correction."""
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._settle()
        self._forgive(1000)
        march = self._statement(month=3)
        self._close(self.statements.search([("rep_id", "=", self.reps["rep"].id)]))
        self._sell("rep", 3000, "2031-01-10")
        self._today(date(2031, 4, 10))
        self._settle(date(2031, 4, 1), JANUARY)
        april = self._statement(month=4)
        self.assertEqual((march.owed, march.forgiven), (0, 1000))
        # In January 300 were earned and so much less advanced, in March 700 forgiven.
        self.assertEqual(self._by_subject(4)["forgiveness"], 0)
        self.assertEqual((april.forgiven, april.owed), (-300, 0))
        [entry] = april.entry_ids.filtered(lambda one: one.subject == "forgiveness")
        self.assertIn("700.00 is forgiven instead of", entry.explanation)

    def test_forgive_too_much(self):
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._settle()
        for amount, error in (
            (1000.01, UserError),
            (0, CheckViolation),
            (-1, CheckViolation),
        ):
            with self._refused(error):
                self._forgive(amount)
        self._forgive(1000)
        with self.assertRaises(UserError):
            self._forgive(0.01)

    # Leavers

    def _leave(self, **terms):
        self.plan = self._plan({}, self._advance("draw", (1, 1000), **terms))
        self._sell("rep", 5000, "2031-02-10")
        self._settle(JANUARY)
        self.reps["rep"].write({"state": "left", "date_end": "2031-02-14"})
        self._settle()

    def test_leaver_owes(self):
        """Half of February is 500: what is earned of it is no advance."""
        self._leave()
        self.assertEqual(self._by_subject(2), {"earning": 500})
        self.assertEqual(self._statement(month=2).owed, 1000)

    def test_leaver_gives_back(self):
        self._leave(leaver_owed="taken")
        self.assertEqual(self._by_subject(2), {"earning": 500, "recovery": -500})
        self.assertEqual(self._statement(month=2).owed, 500)

    def test_leaver_is_forgiven(self):
        self._leave(leaver_owed="forgiven")
        february = self._statement(month=2)
        self.assertEqual((february.amount, february.forgiven), (500, 1000))
        self.assertIn("has left", "".join(february.entry_ids.mapped("explanation")))

    def test_leaver_is_forgiven_later(self):
        """A month after leaving, in a period that pays the rep nothing else."""
        self._leave(leaver_owed="forgiven", leaver_owed_months=1)
        self.assertEqual(self._statement(month=2).owed, 1000)
        march = self._statement(month=3)
        self.assertEqual((march.amount, march.forgiven, march.owed), (0, 1000, 0))

    # Versions

    def test_versions(self):
        """What is owed goes on, also where the next version has no draw any more."""
        self.plan = self._plan({}, self._advance("draw", (1, 1000)))
        self._settle(JANUARY)
        action = self.plan.action_new_version()
        later = self.env["sales.commission.plan"].browse(action["res_id"])
        later.rule_ids.filtered(lambda rule: rule.kind == "draw").unlink()
        later.date_from = "2031-02-01"
        later.action_publish()
        [carried] = later.rule_ids._get_advances()
        self.assertFalse(carried.tier_ids)
        self._sell("rep", 4000, "2031-02-10")
        self._settle()
        self.assertEqual(self._by_subject(2), {"earning": 400, "recovery": -400})
        # An agreement is about all versions.
        self._agree(100, plan=later, date_from="2031-03-01")
        self._settle()
        self.assertEqual(self._by_subject(3), {"draw": 100})

    def test_later_version_has_one(self):
        """What is earned by the version before counts in its own periods."""
        self.plan = self._plan()
        action = self.plan.action_new_version()
        later = self.env["sales.commission.plan"].browse(action["res_id"])
        later.write(
            {
                "date_from": "2031-02-01",
                "rule_ids": [Command.create(self._advance("draw", (1, 1000)))],
            }
        )
        later.action_publish()
        [shared] = self.plan.rule_ids._get_advances()
        self.assertFalse(shared.tier_ids)
        self._settle()
        self.assertEqual(
            [self._by_subject(month) for month in (1, 2)], [{}, {"draw": 1000}]
        )

    # Settled again by themselves

    def test_stale(self):
        self.plan = self._plan()
        self._settle()
        stamps = self.env["sales.commission.stamp"]
        periods = stamps._get_periods(self.plan)

        def stale():
            found = stamps._get_stale(periods, "facts")
            for (plan, start, _stop), mark in found.items():
                stamps._settled(plan, start, facts=mark)
            return [start.month for _plan, start, _stop in sorted(found, key=str)]

        stale()
        agreement = self._agree(date_from="2031-02-01", date_to="2031-02-28")
        # The rule that takes it makes everything new once.
        stale()
        self.assertFalse(stale())
        agreement.amount = 900
        self.assertEqual(stale(), [2])
        agreement.date_to = "2031-03-31"
        self.assertEqual(stale(), [3])
        self._forgive(10)
        self.assertEqual(stale(), [3])

    def test_settled_at_once(self):
        """Who agrees, ends or changes does not wait for a run."""
        self.plan = self._plan()
        agreement = self._agree(date_to="2031-01-31")
        self.assertEqual(self._by_subject(1), {"draw": 1000})
        agreement.amount = 400
        self.assertEqual(self._by_subject(1), {"draw": 400})
        agreement.date_from = "2031-01-17"
        self.assertEqual(self._by_subject(1), {"draw": 193.55})
        # Of days to come there is no statement yet.
        self._agree(date_from="2031-06-01")
        self.assertFalse(self._statement(month=6))

    # Bad input

    def test_one_agreement_a_day(self):
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._agree(kind="guarantee", date_to="2031-01-31")
        self._agree(date_from="2031-02-01")
        with self._refused(ExclusionViolation):
            self._agree(date_from="2031-03-01", date_to="2031-03-01")

    def test_refused(self):
        self.plan = self._plan()
        draft = self._plan(publish=False, name="Draft")
        agreement = self._agree()
        with self.assertRaises(UserError):
            self._agree(plan=draft)
        with self.assertRaises(UserError):
            agreement.rep_id = self.reps["peer"]
        for values in ({"amount": -1}, {"date_to": "2030-01-01"}):
            with self._refused(CheckViolation):
                self._agree(name="peer", **values)

    def test_rules_refused(self):
        draw = self._advance("draw", (1, 1))
        for error, *rules in (
            (ValidationError, self._advance("draw", (0, 100))),
            (ValidationError, self._advance("draw", (1.5, 100))),
            (CheckViolation, {"metric_id": False}),
            (UniqueViolation, draw, self._advance("draw", (1, 2))),
            (
                CheckViolation,
                self._advance(
                    "guarantee", (1, 1), hold_percent=10, hold_release="days"
                ),
            ),
            (CheckViolation, self._advance("draw", (1, 1), recovery_percent=0)),
        ):
            with self._refused(error):
                self._plan(*rules, publish=False)

    def test_form(self):
        """A draw is made as a rule without a base."""
        plan = self._plan(publish=False)
        with Form(
            self.env["sales.commission.rule"].with_context(default_plan_id=plan.id)
        ) as form:
            form.name = "Draw"
            form.kind = "draw"
            with form.tier_ids.new() as tier:
                tier.start, tier.amount = 1, 500
        rule = form.save()
        self.assertFalse(rule.metric_id)
        self.assertIn("500.00 from month 1", rule.summary)

    def test_own(self):
        """Nobody agrees with, or forgives, oneself."""
        self.plan = self._plan()
        seller = self._rep(self.users["finance"], self.reps["director"])
        self.reps["finance"] = seller
        draws = self.env["sales.commission.draw"].with_user(self.users["finance"])
        values = {
            "rep_id": seller.id,
            "plan_id": self.plan.id,
            "amount": 10,
            "date_from": "2031-01-01",
        }
        with self.assertRaises(AccessError):
            draws.create(values)
        self._settle()
        mine = self._agree(name="finance")
        with self.assertRaises(AccessError):
            mine.with_user(self.users["finance"]).amount = 2000
        with self.assertRaises(AccessError):
            self._forgive(10, "finance")
        self.assertFalse(mine.with_user(self.users["finance"]).may_forgive)
        # Somebody else does.
        mine.with_user(self.users["operations"]).amount = 20
        self.assertEqual(mine.owed, 60)

    def test_in_force_stays(self):
        """That agreements bring their rule along opens no door."""
        self.plan = self._plan()
        rules = self.env["sales.commission.rule"].with_user(self.users["operations"])
        values = {"plan_id": self.plan.id, "name": "Mine", "kind": "draw"}
        with self.assertRaises(UserError):
            rules.create(values)
        self._agree()
        with self.assertRaises(UserError):
            self.plan.rule_ids._get_advances().recovery_percent = 10

    # Trial, quotations, queries

    def test_trial(self):
        self.plan = self._plan(
            {}, self._advance("draw", (1, 1000)), self._advance("guarantee", (1, 200))
        )
        self._sell("rep", 1000)
        trial = self.env["sales.commission.trial"].create(
            {"plan_id": self.plan.id, "rep_id": self.reps["rep"].id, "date": JANUARY}
        )
        self.assertEqual(trial.amount, 1000)
        for shown in ("100.00", "800.00"):
            self.assertIn(shown, trial.result)
        # What is filled up from is money as well.
        self.assertNotIn(">100.00<", trial.result)
        self.assertNotIn("Nothing", trial.result)
        beyond = trial.create(
            {"plan_id": self.plan.id, "rep_id": self.reps["rep"].id, "date": APRIL}
        )
        self._sell("rep", 20000, "2031-04-10")
        self.assertEqual(beyond.amount, 2000)
        self.assertEqual(beyond.result.count("Nothing is guaranteed"), 2)
        self.assertNotIn("Nothing counts", beyond.result)
        self.assertFalse(self._statement())
        # A draft without a draw leaves what is owed alone.
        self._settle()
        action = self.plan.action_new_version()
        draft = self.env["sales.commission.plan"].browse(action["res_id"])
        draft.rule_ids.filtered(lambda rule: rule.kind == "draw").unlink()
        later = trial.create(
            {"plan_id": draft.id, "rep_id": self.reps["rep"].id, "date": MARCH}
        )
        self.assertEqual(later.amount, 200)

    def test_quotation(self):
        """What an order earns is what it earns, whatever was advanced."""
        self._today(JANUARY)
        self.plan = self._plan({"metric": "ORDERED"}, self._advance("draw", (1, 9000)))
        order = self._order(self.users["rep"], confirm=False)
        order.order_line.price_unit = 1000
        earning = order.with_user(self.users["rep"]).sales_earning
        self.assertIn("100.00", earning)
        self.assertEqual(len(earning.splitlines()), 1)

    def test_paid(self):
        """The draw is paid, what is given back is deducted."""
        self.plan = self._plan()
        self._agree(date_to="2031-01-31")
        self._sell("rep", 4000, "2031-02-10")
        self._settle()
        first, second = self._statement(month=1), self._statement(month=2)
        self._close(first + second, "validated")
        payable = (first + second)._get_payable()
        self.assertEqual(payable, {first: 1000, second: 0})
        (first + second).with_user(self.users["finance"]).action_pay()
        self.assertEqual(first.state, "paid")

    def test_queries(self):
        """As many for all as for two."""
        names = ("rep", "peer")
        self.plan = self._plan({}, self._advance("draw", (1, 1000)))
        for month in (1, 2, 3):
            for name in names:
                self._sell(name, 2000, f"2031-0{month}-10")
        self._settle()
        two = self.env["sales.rep"].concat(*(self.reps[name] for name in names))

        def count(reps):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._run(JANUARY, reps)
            return self.env.cr.sql_log_count - before

        count(two)
        many = self.env["sales.rep"].concat(
            *(self.reps[name] for name in self.reps if name != "foreigner")
        )
        self.assertEqual(count(many), count(two))
        self.assertGreater(len(many), 6)

    def test_queries_without(self):
        self.plan = self._plan()
        self._sell("rep", 2000)
        self._settle()
        start, stop = self.plan._get_bounds(JANUARY)
        before = self.env.cr.sql_log_count
        self.statements._settle_draws(self.plan, start, stop, None)
        # Whether anybody owes something to another plan is one query.
        self.assertEqual(self.env.cr.sql_log_count, before + 1)

    def test_owed_in_one_query(self):
        self.plan = self._plan({}, self._advance("draw", (1, 1000)))
        self._settle()
        statements = self.statements.search([])

        def count(some):
            self.env.invalidate_all()
            some.mapped("is_mine")
            before = self.env.cr.sql_log_count
            owed = some.mapped("owed")
            self.assertEqual(min(owed), 1000)
            return self.env.cr.sql_log_count - before

        few = statements.filtered(lambda one: one.rep_id == self.reps["rep"])
        self.assertEqual(len(few), 3)
        self.assertGreater(len(statements), 18)
        count(few)
        self.assertEqual(count(statements), count(few))
