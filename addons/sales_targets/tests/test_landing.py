"""Where a month will end: what is always so, and what SQL reads."""

from datetime import date, timedelta
from random import Random

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import SQL

from ..models import known_documents
from ..planning.landing import Model, Past, Rest, learn, quantiles, rest, whole_month
from .test_drivers import DriverCase

amount = st.floats(0, 10**7)
part = st.floats(0, 1)


class TestForecast(BaseCase):
    def test_nothing_to_learn_from(self):
        self.assertIsNone(learn([]))
        self.assertIsNone(learn([Past(1, 0, 0, 0, None)]))

    def test_even_months(self):
        """Months that are all alike: the forecast is what they are, without doubt."""
        months = [Past(n, 50, 100, 0, 100) for n in range(12)]
        model = learn(months)
        self.assertEqual((model.share, model.spread, model.common), (0.5, 0, 0))
        coming = rest(model, 50, 100)
        self.assertAlmostEqual(coming.mean, 50)
        self.assertEqual(
            [round(value, 6) for value in quantiles(model, 50, coming)], [100] * 3
        )

    def test_pace_or_before(self):
        """The weight is that of what was right: the pace, or the months before."""
        by_pace = [
            Past(n, whole / 2, whole, 0, 100) for n, whole in enumerate((50, 150) * 6)
        ]
        self.assertAlmostEqual(learn(by_pace).weight, 1)
        by_before = [
            Past(n, passed, 100, 0, 100) for n, passed in enumerate((20, 80) * 6)
        ]
        # Little by now says that more is to come.
        self.assertEqual(learn(by_before).weight, 0)

    @given(amount, amount, part, part, amount, st.floats(0, 4), st.floats(0, 4))
    def test_interval(self, passed, before, share, weight, size, spread, common):
        model = Model(share, weight, size, spread, common)
        coming = rest(model, passed, before) + whole_month(model, before)
        low, likely, high = quantiles(model, passed, coming)
        self.assertTrue(passed <= low <= likely <= high)
        self.assertEqual(quantiles(model, passed, coming), (low, likely, high))

    def test_nothing_to_come(self):
        model = Model(1.0, 1.0, 10.0, 1.0, 1.0)
        self.assertEqual(quantiles(model, 70, rest(model, 70, 100)), (70, 70, 70))
        self.assertEqual(quantiles(model, -5, Rest()), (-5, -5, -5))

    def test_known_documents_count_once(self):
        model = Model(0.5, 1.0, 0.0, 0.0, 0.0, known=0.4, kept=0.5)
        self.assertAlmostEqual(rest(model, 50, 100, 0).mean, 30)
        self.assertAlmostEqual(rest(model, 50, 100, 40).mean, 50)
        self.assertAlmostEqual(rest(model, 50, 100).mean, 50)

    def test_coverage(self):
        """Of months that are as assumed, P10 to P90 holds about eight of ten."""
        random = Random(3)

        def month(name):
            days = [
                random.choice((0, 0, random.uniform(50, 150))) for _day in range(20)
            ]
            return Past(name, sum(days[:10]), sum(days), sum(d * d for d in days), 667)

        model = learn([month(n // 30) for n in range(360)])
        self.assertAlmostEqual(model.share, 0.5, delta=0.03)
        inside = 0
        for number in range(1000):
            past = month(number)
            low, _likely, high = quantiles(
                model, past.passed, rest(model, past.passed, past.before)
            )
            inside += low <= past.whole <= high
        self.assertAlmostEqual(inside / 1000, 0.8, delta=0.07)


@tagged("post_install", "-at_install")
class TestLanding(DriverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry.clear_cache()
        cls.goal = cls._committed()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.registry.clear_cache)
        self.registry.clear_cache()

    def _history(self, until=date(2031, 6, 13)):
        """1,000 on each working day of a year and a half, as two reps collect it."""
        days, day = [], date(2030, 1, 1)
        while day <= until:
            if day.weekday() < 5:
                days.append(day)
            day += timedelta(days=1)
        self._credit(
            [
                (rep, "COLLECTED", day, 1000)
                for rep in (self.reps["rep"], self.fellow)
                for day in days
            ]
        )

    def _rows(self, **domain):
        return self.env["sales.target"].search(
            [("plan_id", "=", self.goal.id)]
            + [(name, "=", value) for name, value in domain.items()]
        )

    def test_steady(self):
        """Who has always collected 1,000 a day collects it to the end."""
        self._history()
        with freeze_time("2031-06-13 18:00:00"):
            june = self._rows(
                period="month",
                level="rep",
                rep_id=self.reps["rep"].id,
                date_from="2031-06-01",
            )
            self.assertTrue(june.landing_known)
            # 21 working days; months before have 20 to 23.
            self.assertAlmostEqual(june.landing_p50, 21_000, delta=900)
            self.assertLess(june.landing_p90 - june.landing_p10, 6_000)
            self.assertLessEqual(june.landing_p10, june.landing_p50)
            may = self._rows(
                period="month",
                level="rep",
                rep_id=june.rep_id.id,
                date_from="2031-05-01",
            )
            self.assertEqual({may.landing_p10, may.landing_p90}, {may.achieved})
            total = june.total_id
            self.assertGreater(total.landing_p50, 240_000)
            self.assertLess(total.landing_p50, 280_000)
            root = self._rows(period="month", level="company", date_from="2031-06-01")
            self.assertGreater(root.landing_p50, 2 * 20_000)

    def test_learns_again(self):
        """Past credits that change are learned from at once, in whichever worker."""
        self._history()
        rep = self.reps["rep"]
        june = self._rows(
            period="month", level="rep", rep_id=rep.id, date_from="2031-06-01"
        )
        day = date(2031, 6, 13)

        def learn():
            return self.goal._learn_landing(self.company.id, self.collected.id, day)

        with freeze_time("2031-06-13 18:00:00"):
            before, likely = learn(), june.landing_p50
            self.assertIs(learn(), before)
            self._credit([(rep, "COLLECTED", date(2031, 3, 28), 90_000)])
            self.assertNotEqual(learn(), before)
            june.invalidate_recordset()
            self.assertNotEqual(june.landing_p50, likely)
            # What is joined by night is the same.
            after = learn()
            self.env["sales.credit.month"]._cron_join()
            self.assertEqual(learn(), after)

    def test_days_of_documents(self):
        """They are those of where the company works."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Shanghai", "tz": "Asia/Shanghai", "company_id": self.company.id}
        )
        self.company.resource_calendar_id = calendar
        plan = self._plan(name="Invoiced", kind="supporting", stage=False, value=1200)
        order = self._order(self.users["rep"])
        rep = self.reps["rep"]
        for moment, known in (
            ("2031-06-30 15:00:00", order.amount_untaxed),
            ("2031-06-30 17:00:00", 0),
        ):
            order.commitment_date = moment
            found = plan._read_known({rep.id}, date(2031, 6, 30))
            self.assertEqual(found.get(rep.id, 0), known, moment)
        for source in known_documents.SOURCES.values():
            self.env.cr.execute(
                SQL(
                    "SELECT %s, %s FROM sales_credit c %s LIMIT 1",
                    source.known,
                    source.due,
                    source.documents,
                )
            )

    def test_no_history(self):
        """Nothing to learn from: the linear landing, and it says so."""
        with freeze_time("2031-01-15 18:00:00"):
            rows = self._rows(period="month", date_from="2031-01-01")
            for row in rows:
                self.assertFalse(row.landing_known)
                self.assertEqual(row.landing_p50, row.landing)

    def test_learned(self):
        """What SQL reads of past months is what one counts."""
        random = Random(5)
        people = [self.reps["rep"], self.fellow, self.reps["peer"]]
        rows = [
            (
                random.choice(people),
                "COLLECTED",
                date(2030, 3, 1) + timedelta(days=random.randint(0, 470)),
                random.randint(1, 10**6) / 100,
            )
            for _number in range(900)
        ]
        self._credit(rows)
        today = date(2031, 6, 13)
        spans = self.goal._get_spans(self.company, today)
        self.assertEqual(len(spans), 15)
        # 10 of 21 working days have passed, so of 21 in May as well.
        self.assertEqual(spans[-1].last, date(2031, 5, 31))
        days = self.env["sales.working.time"].working_days(
            self.company, spans[-1].first, spans[-1].cutoff
        )
        self.assertEqual(len(days[self.company]), round(10 / 21 * 22))
        found = {
            (past.month, round(past.passed, 2), round(past.whole, 2)): past
            for past in self.goal._read_past(self.company, self.collected, spans)
        }
        self.assertEqual(len(found), 12 * 3)
        for rep in people:
            for number, span in enumerate(spans[3:], 3):
                mine = [
                    (day, value)
                    for who, _code, day, value in rows
                    if who == rep and span.first <= day <= span.last
                ]
                passed = sum(value for day, value in mine if day <= span.cutoff)
                whole = sum(value for _day, value in mine)
                past = found[span.first, round(passed, 2), round(whole, 2)]
                by_day = {}
                for day, value in mine:
                    by_day[day] = by_day.get(day, 0) + value
                self.assertAlmostEqual(
                    past.squares, sum(value**2 for value in by_day.values()), delta=1
                )
                before = [
                    sum(
                        value
                        for who, _code, day, value in rows
                        if who == rep and other.first <= day <= other.last
                    )
                    for other in spans[number - 3 : number]
                ]
                self.assertAlmostEqual(past.before, sum(before) / 3, delta=0.02)

    def test_invoices_due(self):
        """An invoice due this month counts, one due later does not."""
        plan = self.goal
        stop = date(2031, 6, 30)
        for due in (date(2031, 6, 20), date(2031, 7, 20)):
            invoice = self._invoice(
                self.users["rep"], invoice_date="2031-06-02", invoice_date_due=due
            )
            invoice.invoice_payment_term_id = False
            invoice.invoice_date_due = due
            invoice.action_post()
            found = plan._read_known({self.reps["rep"].id}, stop)
            self.assertEqual(found.get(self.reps["rep"].id, 0), 100)
        order = self._order(self.users["rep"])
        ordered = self._plan(
            name="Invoiced", kind="supporting", stage=False, value=1200
        )
        self.assertEqual(
            ordered._read_known({self.reps["rep"].id}, stop)[self.reps["rep"].id],
            order.amount_untaxed,
        )
        self._lead(
            self.users["rep"],
            type="opportunity",
            expected_revenue=5000,
            probability=40,
            date_deadline="2031-06-25",
        )
        leads = self._plan(
            name="Ordered",
            metric_id=self.by_code["ORDERED"].id,
            kind="supporting",
            stage=False,
            value=1200,
        )
        self.assertEqual(
            leads._read_known({self.reps["rep"].id}, stop), {self.reps["rep"].id: 2000}
        )
        self.assertEqual(
            leads._read_known({self.reps["rep"].id}, date(2031, 6, 20)), {}
        )

    def test_known_is_learned(self):
        """Of what is due in a month a third is paid in time."""
        today = date(2031, 6, 13)
        spans = self.goal._get_spans(self.company, today)
        for code in ("ORDERED", "INVOICED", "COLLECTED", "MARGIN"):
            self.assertEqual(
                self.goal._learn_known(self.company, self.by_code[code], spans, today),
                (0.0, None),
            )
        invoice = self._invoice(self.users["rep"], invoice_date="2030-11-02")
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = "2030-12-20"
        invoice.action_post()
        rep = self.reps["rep"]
        days = ((date(2030, 12, 30), 100), (date(2031, 2, 10), 200))
        self._credit([(rep, "COLLECTED", day, value) for day, value in days])
        self._credit([(rep, "COLLECTED", date(2030, 12, 31), 300)])
        self.env.cr.execute(
            "UPDATE sales_credit SET part = %s WHERE source = 'test' AND value < 300",
            [invoice.invoice_line_ids.id],
        )
        # Seen from December; what came in February came of it too late.
        spans = [span for span in spans if span.first == date(2030, 12, 1)]
        known, kept = self.goal._learn_known(self.company, self.collected, spans, today)
        # 300 came of nothing that is an invoice.
        self.assertAlmostEqual(known, 1 / 4)
        self.assertAlmostEqual(kept, 1 / 3)

    def test_queries(self):
        """As many for one row as for the whole tree."""
        self._history()
        counts = []
        rows = self._rows()
        with freeze_time("2031-06-13 18:00:00"):
            for some in (rows[:1], rows):
                self.registry.clear_cache()
                self.env.invalidate_all()
                self.env["sales.metric"]._ids_by_code()
                before = self.env.cr.sql_log_count
                some.mapped("landing_p50")
                counts.append(self.env.cr.sql_log_count - before)
        self.assertGreater(len(rows), 50)
        self.assertLessEqual(counts[1], counts[0] + 2)
        self.assertLess(counts[1], 45)
