"""Service agents have scorecards where appraisal is installed, in whichever order."""

from datetime import date, datetime, timedelta
from unittest import SkipTest

from odoo.modules.module import Manifest
from odoo.tests import tagged

from ..models.appraisal_defaults import ADDON
from .test_facts import FactsCase

TEMPLATE = "sales_scorecard_template_service"
MODEL = "sales.scorecard.template"
MONDAY = datetime(2031, 3, 3, 9)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestAppraisal(FactsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if MODEL not in cls.env:
            raise SkipTest("sales_appraisal is not installed")
        cls.new = cls.env["res.company"].create({"name": "New"})

    def _of(self, company):
        """The ready template of a company, nothing where there is none."""
        name = TEMPLATE
        if company != self.company:
            name = f"{TEMPLATE}_company_{company.id}"
        return self.env.ref(f"{ADDON}.{name}", raise_if_not_found=False)

    def _count(self, company):
        domain = [("company_id", "=", company.id)]
        return self.env[MODEL].with_context(active_test=False).search_count(domain)

    # Where it comes from

    def test_none_needs_the_other(self):
        for addon, other in (
            ("sales_service", "sales_appraisal"),
            ("sales_appraisal", "sales_service"),
        ):
            self.assertNotIn(other, Manifest.for_addon(addon)["depends"])

    def test_each_company(self):
        """Also one that is created later; of agents of that company only."""
        for company in (self.company, self.new):
            template = self._of(company)
            self.assertEqual((template.company_id, template.state), (company, "draft"))
            self.assertEqual(
                template.group_ids, self.env.ref("sales_service.group_service_agent")
            )
            self.assertEqual(template.weight_total, 100)
            codes = set(template.line_ids.metric_id.mapped("code"))
            self.assertLessEqual(
                {"SLA_RATE", "FIRST_TIME_FIX", "REPEAT_RATE", "CSAT"}, codes
            )

    def test_less_is_better(self):
        """A line of what should be small never gives more for more."""
        for line in self._of(self.company).line_ids.filtered("metric_id"):
            better = line.metric_id.higher_is_better
            ys = [y for _x, y in line.curve["points"]]
            self.assertEqual(ys, sorted(ys, reverse=not better), line.name)
            self.assertGreater(max(ys), min(ys))

    def test_service_comes_later(self):
        """Of the companies that have the defaults of appraisal already, once."""
        before = {one: self._count(one) for one in self.company + self.new}
        (self._of(self.company) + self._of(self.new)).unlink()
        self.env["res.company"]._make_appraisal_defaults(ADDON)
        for company, count in before.items():
            self.assertTrue(self._of(company))
            self.assertEqual(self._count(company), count)

    def test_appraisal_comes_later(self):
        """The first company has the others' by its data files, and ours then."""
        companies = self.company + self.new
        before = {one: self._count(one) for one in companies}
        for model in (
            *("sales.badge.rule", "sales.leaderboard", "sales.consequence.rule"),
            MODEL,
        ):
            self.env[model].with_context(active_test=False).search(
                [("company_id", "=", self.new.id)]
            ).unlink()
        self._of(self.company).unlink()
        companies.sales_has_appraisal_defaults = False
        for _time in range(2):
            self.env["res.company"]._create_missing_appraisal_defaults()
            for company in companies:
                self.assertTrue(self._of(company))
                self.assertEqual(self._count(company), before[company])

    def test_deleted_stays_so(self):
        self._of(self.company).unlink()
        self.env["res.company"]._create_missing_appraisal_defaults()
        self.assertFalse(self._of(self.company))

    # What it counts

    def _work(self, day, answered, resolved, points=None):
        """A ticket of the agent: hours until it was answered and resolved."""
        product = self.env["product.product"].create({"name": "Pump"})
        opened = MONDAY + day * DAY
        with self._at(opened):
            ticket = self._ticket("agent", product_id=product.id)
        with self._at(opened + answered * HOUR):
            self._answer(ticket)
        self._close(ticket, opened + resolved * HOUR)
        if points:
            with self._at(opened + resolved * HOUR + 2 * DAY):
                ticket._get_open_rating()._give(points)
        return ticket

    def test_card(self):
        """A month of an agent, by hand; from each line to its tickets."""
        self.env[MODEL].search([("id", "!=", self._of(self.company).id)]).write(
            {"active": False}
        )
        self.users["agent"].group_ids += self.env.ref("sales_force.group_sales_rep")
        template = self._of(self.company)
        template.date_from = "2031-03-01"
        template.action_publish()
        first = self._work(0, 1, 4, points=5)
        late = self._work(1, 3, 8)
        long = self._work(2, 1, 40, points=4)
        again = self._work(10, 1, 2)
        again.product_id = first.product_id
        self.assertEqual(again.repeat_of_id, first)
        tickets = first + late + long + again
        cards = self.env["sales.scorecard"]._open_period(
            self.company, "month", date(2031, 3, 10)
        )
        # Salespeople of the company have no card of agents.
        self.assertFalse(
            cards.rep_id & self.env["sales.rep"].concat(*self.reps.values())
        )
        card = cards.filtered(lambda one: one.rep_id == self.agent_rep)
        card.action_compute()
        card = card.with_user(self.users["agent"])
        expected = {
            # 6 of 8 limits
            "SLA_RATE": (75, 50),
            # The first came back.
            "FIRST_TIME_FIX": (75, 60),
            "REPEAT_RATE": (25, 20),
            # 60 + 40 · (4.5 - 3.5) ÷ (4.7 - 3.5)
            "CSAT": (4.5, 93.33),
            "RATING_RESPONSE": (50, 100),
            # 37.5 % of 4 hours: not more than 120
            "RESPONSE_HOURS": (1.5, 120),
            # 84.375 % of 16 hours: 200 - 84.375
            "RESOLUTION_HOURS": (13.5, 115.63),
        }
        found = {
            line.metric_id.code: (line.actual, line.score)
            for line in card.line_ids.filtered("metric_id")
        }
        self.assertEqual(found, expected)
        # Not judged yet: 20 · 50 + 15 · 60 + 10 · 20 + 20 · 93.33… + 5 · 100
        # + 10 · 120 + 10 · 115.625, of weights of 90
        self.assertAlmostEqual(card.score, 75.81, 2)
        for line in card.line_ids.filtered("metric_id"):
            self.assertTrue(line.explanation)
            action = line.action_open_source()
            credits = line.env["sales.credit"].search(action["domain"])
            documents = set(credits.mapped("document_name"))
            self.assertTrue(documents)
            self.assertLessEqual(documents, set(tickets.mapped("display_name")))
        limits = card.line_ids.filtered(lambda one: one.metric_id.code == "SLA_RATE")
        credits = limits.env["sales.credit"].search(
            limits.action_open_source()["domain"]
        )
        self.assertEqual(len(set(credits.mapped("document_name"))), 4)
        opened = credits[:1].action_open_document()
        self.assertEqual(opened["res_model"], "sales.service.ticket")
        self.assertIn(opened["res_id"], tickets.ids)
