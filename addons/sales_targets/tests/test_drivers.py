"""Drivers: each rep's rates against a plain count, worths, what a gap needs."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction as F
from random import Random

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL

from ..planning.drivers import PRIOR, draw, shrink, worths
from .test_plan import TargetCase

DAY = date(2031, 6, 16)
pair = st.tuples(st.integers(0, 50), st.integers(0, 50))


class DriverCase(TargetCase):
    """Two teams; credits are written as the ledger would hold them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create({"name": "North"})
        cls.fellow = cls._rep(cls._user("fellow", "sales_force.group_sales_rep"))
        for rep in (cls.reps["rep"], cls.fellow):
            rep.team_id = cls.team
        cls.driver = cls.env["sales.driver"]
        cls.metrics = cls.env["sales.metric"].search([])
        cls.by_code = {metric.code: metric for metric in cls.metrics}
        cls.collected = cls.by_code["COLLECTED"]
        cls.env["sales.credit"]._process_pending()

    @classmethod
    def _committed(cls):
        """A goal that was committed to before its year, even in all months."""
        goal = cls._plan(
            name="Collected 2031",
            metric_id=cls.collected.id,
            kind="supporting",
            stage=False,
            profile="even",
            value=1_200_000,
        )
        with freeze_time("2030-12-20 12:00:00"):
            goal.action_publish()
            goal.action_commit()
        return goal

    @classmethod
    def _credit(cls, rows, company=None, products=None):
        """:param rows: ``[(rep, metric's code, date, value)]``
        :param products: ids of products, one for each
        """
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                """INSERT INTO sales_credit (rep_id, metric_id, date, value, product_id,
                    company_id, overlay, share, res_model, res_id, part, source,
                    scope_id)
                SELECT r.rep, r.metric, r.date, r.value, r.product, %s, FALSE, 100,
                    'sale.order', n, 0, 'test', n + (SELECT COALESCE(max(scope_id), 0)
                        FROM sales_credit)
                FROM ROWS FROM (unnest(%s::integer[]), unnest(%s::integer[]),
                    unnest(%s::date[]), unnest(%s::numeric[]),
                    unnest(%s::integer[])) WITH ORDINALITY
                    AS r(rep, metric, date, value, product, n)""",
                (company or cls.company).id,
                [rep and rep.id for rep, *_rest in rows],
                [cls.by_code[code].id for _rep, code, *_rest in rows],
                [day for *_rest, day, _value in rows],
                [value for *_rest, value in rows],
                products or [None] * len(rows),
            )
        )

    @classmethod
    def _defaults(cls, **rates):
        """Drivers of the company's own on the way to what is collected."""
        cls.driver.search([("company_id", "=", cls.company.id)]).unlink()
        return cls.driver.create(
            [
                {
                    "core_metric_id": cls.collected.id,
                    "company_id": cls.company.id,
                    "name": code,
                    "metric_id": cls.by_code[code].id,
                    "sequence": number,
                    "default_rate": rate,
                }
                for number, (code, rate) in enumerate(rates.items())
            ]
        )

    @classmethod
    def _mix(cls, code):
        """A product mix of the company's own that splits a step."""
        return cls.driver.create(
            {
                "core_metric_id": cls.collected.id,
                "company_id": cls.company.id,
                "name": "Product Mix",
                "metric_id": cls.by_code[code].id,
                "kind": "mix",
            }
        )


class TestRates(BaseCase):
    @given(pair, pair, pair, st.fractions(0, 9), st.integers(1, 9))
    def test_drawn(self, own, team, company, default, trial):
        """Between what is known, and nearer to the own rate with each trial."""
        rate = draw(own, team, company, default, trial)
        known = [default] + [F(s, t) for s, t in (own, team, company) if t]
        self.assertTrue(min(known) <= rate <= max(known))
        if own[1]:
            before = draw((0, 0), team, company, default, trial)
            self.assertEqual(rate, shrink(*own, before, PRIOR * trial))

    def test_not_said_is_not_zero(self):
        self.assertIsNone(draw((0, 0), (0, 0), (0, 0)))
        self.assertEqual(draw((0, 0), (0, 0), (0, 0), F(1, 4)), F(1, 4))
        self.assertEqual(draw((-5, -9), (0, 0), (0, 0), F(1, 4)), F(1, 4))
        self.assertEqual(draw((1, 4), (1, 4), (1, 4)), F(1, 4))

    def test_worths(self):
        found = worths([8, F(1, 2), F(1, 4), 8_000, F(4, 5)])
        self.assertEqual(found, [800, 1600, 6400, F(4, 5), 1])
        self.assertEqual(worths([8, None, F(1, 4)]), [None, F(1, 4), 1])
        self.assertEqual(worths([]), [])


@tagged("post_install", "-at_install")
class TestDrivers(DriverCase):
    def test_shipped(self):
        """Each core metric has a chain that ends with it, and says what to do."""
        for code in ("COLLECTED", "ORDERED", "INVOICED", "MARGIN"):
            chain = self.driver._get_chain(self.by_code[code], self.company)
            self.assertEqual(chain[-1].metric_id.code, code)
            self.assertEqual(chain[0].metric_id.code, "VISITS")
            self.assertTrue(all(chain.mapped("measure")), code)
        self.assertEqual(chain[1].basis, "Quotations / Visits")
        self.assertEqual(chain[0].basis, "Visits / Working Days")
        nothing = self.driver._get_chain(self.by_code["LOST"], self.company)
        self.assertFalse(nothing)
        rates = self.driver._get_rates(self.by_code["LOST"], self.reps["rep"], DAY)
        self.assertEqual(rates, {self.reps["rep"]: []})

    def test_oracle(self):
        """What SQL counts is what one counts by hand."""
        random = Random(7)
        people = [self.reps["rep"], self.fellow, self.reps["peer"]]
        codes = ("VISITS", "QUOTATIONS", "ORDERS", "ORDERED", "COLLECTED")
        rows = [
            (
                random.choice(people),
                random.choice(codes),
                DAY - timedelta(days=random.randint(-5, 120)),
                random.randint(1, 90_000) / 100,
            )
            for _number in range(600)
        ]
        self._credit(rows)
        chain = self.driver._get_chain(self.collected, self.company)
        chain[2].window_days = 30
        rates = self.driver._get_rates(self.collected, self._all(people), DAY)
        carriers = self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("carries_target", "=", True)]
        )
        days = {
            rep: len(worked)
            for rep, worked in self.env["sales.working.time"]
            .working_days(carriers, DAY - timedelta(days=90), DAY - timedelta(days=1))
            .items()
        }
        for rep in people:
            groups = [carriers, [rep]]
            if rep.team_id:
                groups.insert(1, [self.reps["rep"], self.fellow])
            for number, driver in enumerate(chain):
                code = driver.metric_id.code
                before = codes[number - 1] if number else days
                trial = 1
                if before == "ORDERED":
                    trial = self._count(rows, carriers, before, 90) / self._count(
                        rows, carriers, "ORDERS", 90
                    )
                rate = F(str(driver.default_rate)) or None
                for who in groups:
                    made, tried = (
                        self._count(rows, who, what, driver.window_days)
                        for what in (code, before)
                    )
                    rate = shrink(made, tried, rate, PRIOR * trial)
                self.assertEqual(rates[rep][number], rate, (rep.name, code))

    @staticmethod
    def _count(rows, who, what, window):
        """Credits of a metric in a window, or days."""
        if isinstance(what, dict):
            return F(sum(what[rep] for rep in who))
        return sum(
            F(str(value))
            for rep, code, day, value in rows
            if rep in who and code == what and DAY - timedelta(days=window) <= day < DAY
        )

    def _all(self, reps):
        return self.env["sales.rep"].concat(*reps)

    def test_worked_example(self):
        """64,000 missing on 10 days: 8 visits a day."""
        self._defaults(
            VISITS=8, QUOTATIONS=0.5, ORDERS=0.25, ORDERED=8000, COLLECTED=0.8
        )
        plan, rep = self._month_plan(70_000)
        self._credit(
            [(rep, "COLLECTED", date(2031, 6, 2), 6_000)]
            # Not of the month, of somebody else, of another metric.
            + [(rep, "COLLECTED", date(2031, 5, 30), 1)]
            + [(self.fellow, "COLLECTED", date(2031, 6, 3), 5)]
            + [(rep, "DUE", date(2031, 6, 3), 5)]
        )
        # Nobody has visited, but a bit was collected, of nothing that was ordered.
        needs = self.driver._get_needs(plan, rep, date(2031, 6, 17))[rep]
        self.assertEqual((needs.gap, needs.days), (64_000, 10))
        self.assertEqual(
            {code: need.total for code, need in needs.steps.items()},
            {"ORDERED": 80_000, "ORDERS": 10, "QUOTATIONS": 40, "VISITS": 80},
        )
        self.assertEqual(needs.steps["VISITS"].today, 8)
        found = self.driver._get_worths(self.collected, rep, date(2031, 6, 17))[rep]
        self.assertEqual(found["VISITS"], 800)
        self.assertEqual(found["COLLECTED"], 1)

    def _month_plan(self, value):
        """A plan in which the rep has a target for June; 10 days are left."""
        plan = self._plan(
            name="Collected 2031",
            metric_id=self.collected.id,
            kind="supporting",
            stage=False,
            profile="even",
            value=9_000_000,
        )
        plan.action_publish()
        rep = self.reps["rep"]
        june = self.env["sales.target"].search(
            [
                ("plan_id", "=", plan.id),
                ("rep_id", "=", rep.id),
                ("level", "=", "rep"),
                ("period", "=", "month"),
                ("date_from", "=", "2031-06-01"),
            ]
        )
        plan.set_cells([{"id": june.id, "value": value}], "As in the example")
        return plan, rep

    def test_what_cannot_be_told(self):
        self._defaults(VISITS=0, QUOTATIONS=0, ORDERS=0, ORDERED=500, COLLECTED=0.5)
        plan, rep = self._month_plan(10_000)
        needs = self.driver._get_needs(plan, rep, DAY)[rep]
        self.assertEqual(set(needs.steps), {"ORDERED", "ORDERS"})
        self.assertEqual(needs.steps["ORDERS"].total, 40)
        self.assertEqual(
            set(self.driver._get_worths(self.collected, rep, DAY)[rep]),
            {"ORDERS", "ORDERED", "COLLECTED"},
        )
        # Exceeded: nothing is needed. Without a target there is no need to speak of.
        self._credit([(rep, "COLLECTED", DAY, 20_000)])
        needs = self.driver._get_needs(plan, rep, DAY)[rep]
        self.assertEqual((needs.gap, needs.steps["ORDERS"].total), (-10_000, 0))
        stranger = self.reps["foreigner"]
        self.assertEqual(self.driver._get_needs(plan, stranger, DAY), {})

    def test_not_complete(self):
        """A chain without its goal is none, and nothing comes after the goal."""
        chain = self._defaults(VISITS=8, COLLECTED=100)
        chain[1].unlink()
        self.assertFalse(self.driver._get_chain(self.collected, self.company))
        chain = self._defaults(VISITS=8, COLLECTED=100)
        with self.assertRaises(ValidationError):
            chain[0].sequence = 50
        with self.assertRaises(ValidationError):
            chain[0].metric_id = self.by_code["WIN_RATE"]

    def test_companies(self):
        """A company's own drivers are its own; the common ones serve the others."""
        self._defaults(VISITS=8, COLLECTED=100)
        reps = self.reps["rep"] + self.reps["foreigner"]
        rates = self.driver._get_rates(self.collected, reps, DAY)
        # Nobody has visited anybody: days without visits are observations.
        self.assertLess(rates[self.reps["rep"]][0], 8)
        self.assertEqual(rates[self.reps["rep"]][1], 100)
        self.assertEqual(len(rates[self.reps["foreigner"]]), 5)

    def test_roles(self):
        """Sales operations edit; everybody may know."""
        driver = self.driver._get_chain(self.collected, self.company)[0]
        for role in ("rep", "leader", "director", "finance", "operations"):
            mine = driver.sudo(False).with_user(self.users[role])
            self.assertTrue(mine.has_access("read"), role)
            if role == "operations":
                mine.default_rate = 7
                continue
            with self.assertRaises(AccessError):
                mine.default_rate = 7
        own = self._defaults(VISITS=8, COLLECTED=100)[0]
        stranger = own.with_user(self.users["foreigner"])
        self.assertFalse(stranger.has_access("read"))

    def test_as_a_rep(self):
        """What a rep's plan needs is the same, whoever asks."""
        self._credit([(self.fellow, "VISITS", DAY - timedelta(days=2), 30)])
        rep = self.reps["rep"]
        plan = self._month_plan(10_000)[0]
        for method, *values in (
            ("_get_rates", self.collected, rep, DAY),
            ("_get_worths", self.collected, rep, DAY),
            ("_get_needs", plan, rep, DAY),
        ):
            mine = self.driver.with_user(self.users["rep"])
            theirs = [
                value.with_user(self.users["rep"]) if hasattr(value, "env") else value
                for value in values
            ]
            self.assertEqual(
                getattr(mine, method)(*theirs), getattr(self.driver, method)(*values)
            )

    def test_queries(self):
        """As many for two reps as for fifty."""
        plan = self._month_plan(10_000)[0]
        few = self.reps["rep"] + self.fellow
        many = few + self.env["sales.rep"].concat(
            *[
                self._rep(self._user(f"more{n}", "sales_force.group_sales_rep"))
                for n in range(20)
            ]
        )
        plan.action_decompose()
        self._credit(
            [
                (rep, "VISITS", DAY - timedelta(days=n + 1), 1)
                for rep in many
                for n in (1, 2)
            ]
        )
        counts = defaultdict(list)
        for reps in (few, many):
            for method, *values in (
                ("_get_rates", self.collected, reps, DAY),
                ("_get_worths", self.collected, reps, DAY),
                ("_get_needs", plan, reps, DAY),
            ):
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                getattr(self.driver, method)(*values)
                counts[method].append(self.env.cr.sql_log_count - before)
        for method, (one, other) in counts.items():
            self.assertLessEqual(other, one + 1, method)
            self.assertLess(other, 40, method)
