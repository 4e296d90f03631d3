"""A card: computed from facts, in parts, kept when it is confirmed."""

from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import AppraisalCase


@tagged("post_install", "-at_install")
class TestScorecard(AppraisalCase):
    def test_computed(self):
        """0.6 · 92 + 0.4 · 80 = 87.2; the judgement's weight while it is missing."""
        self._sell("rep", 920)
        self._open()
        card = self._card()
        self.assertEqual(
            (card.date_from, card.date_to), (date(2031, 1, 1), date(2031, 1, 31))
        )
        self.assertEqual(card.manager_id, self.reps["leader"])
        self.assertEqual(card.score, 92)
        self.assertIn("Judgement", card.summary)
        self.assertEqual(self._line(card, "Judgement").missing, "judgement")
        self.assertEqual(self._line(card, "Invoiced").weight_used, 100)
        self._judge(card)
        self.assertEqual((card.score, card.weighted), (87.2, 87.2))
        self.assertEqual(card.line_ids.mapped("part"), [55.2, 32, 0])
        self.assertEqual(card.grade_id, self.grades["B"])
        self.assertIn("92.00", self._line(card, "Invoiced").explanation)
        self.assertEqual(self._line(card, "Invoiced").lift, 0.6)
        self.assertIn("Invoiced", card.best_lift)

    def test_opened_twice(self):
        first = self._open()
        self.assertEqual(first, self._open())
        self.assertEqual(len(first), 7)
        self.assertEqual(len(first.line_ids), 21)

    def test_the_worked_example(self):
        """0.5 · 92 + 0.3 · 76 + 0.2 · 80 = 84.8, of a target, a ratio and bands."""
        template = self._template(
            [
                {
                    "name": "Core goal",
                    "kind": "attainment",
                    "function": "ratio",
                    "cap": 120,
                    "weight": 50,
                },
                {
                    "name": "Collection Rate",
                    "kind": "metric",
                    "metric_id": self._metric("COLLECTION_RATE").id,
                    "function": "linear",
                    "weight": 30,
                    "point_ids": [
                        (0, 0, {"x": 70, "y": 60}),
                        (0, 0, {"x": 90, "y": 100}),
                    ],
                },
                {
                    "name": "Satisfaction",
                    "kind": "judgement",
                    "function": "bands",
                    "weight": 20,
                    "point_ids": [
                        (0, 0, {"x": 4, "y": 80}),
                        (0, 0, {"x": 4.5, "y": 100}),
                    ],
                },
            ],
            sequence=1,
        )
        template.action_publish()
        plan = self.env["sales.target.plan"].create(
            {
                "name": "Invoiced 2031",
                "company_id": self.company.id,
                "metric_id": self._metric("INVOICED").id,
                "stage": "growth",
                "stage_reason": "Few of them know us",
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "value": 120_000,
            }
        )
        plan.action_publish()
        month = self.env["sales.target"].search(
            [
                ("plan_id", "=", plan.id),
                ("level", "=", "rep"),
                ("rep_id", "=", self.reps["rep"].id),
                ("period", "=", "month"),
                ("date_from", "=", "2031-01-01"),
            ]
        )
        amount = round(month.value * 0.92, 2)
        invoice = self._sell("rep", amount)
        self._pay(invoice, round(amount * 0.78, 2))
        self._open()
        card = self._card()
        self._line(card, "Satisfaction").write({"manager_value": 4.1})
        core, rate, service = card.line_ids
        self.assertEqual(round(core.target, 2), month.value)
        self.assertEqual((core.metric_id, core.score), (self._metric("INVOICED"), 92))
        self.assertEqual((rate.actual, rate.score), (78, 76))
        self.assertEqual(service.score, 80)
        self.assertEqual(card.score, 84.8)

    def _pay(self, invoice, amount):
        invoice.invoice_date_due = "2031-01-20"
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": "2031-01-15", "amount": amount})._create_payments()

    def test_changes_role(self):
        """A card for each part; of a number each takes the part of its days."""
        teams = self.env["crm.team"].create([{"name": "One"}, {"name": "Two"}])
        rep = self.reps["rep"]
        rep._change_assignment(date(2030, 1, 1), {"team_id": teams[0].id})
        self._open()
        self.assertEqual(len(self._card()), 1)
        rep._change_assignment(date(2031, 1, 16), {"team_id": teams[1].id})
        self._sell("rep", 500, "2031-01-10")
        self._sell("rep", 300, "2031-01-20")
        self._open()
        first, second = self._card().sorted("date_from")
        self.assertEqual(first.date_to, date(2031, 1, 15))
        self.assertEqual(second.date_from, date(2031, 1, 16))
        self.assertEqual(first.team_id + second.team_id, teams)
        self.assertEqual(round(first.share + second.share, 2), 100)
        targets = [self._line(card, "Invoiced").target for card in (first, second)]
        self.assertEqual(round(sum(targets), 2), 1000)
        actuals = [self._line(card, "Invoiced").actual for card in (first, second)]
        self.assertEqual(actuals, [500, 300])
        self.assertEqual(self._open().ids.count(first.id), 1)
        # It was a mistake: the second team all along.
        rep.assignment_ids.filtered(lambda a: a.team_id == teams[1]).unlink()
        rep._change_assignment(date(2030, 1, 1), {"team_id": teams[1].id})
        self._open()
        card = self._card()
        self.assertEqual((card.team_id, card.share), (teams[1], 100))
        self.assertEqual(self._line(card, "Invoiced").actual, 800)

    def test_population(self):
        leaders = self._template(
            [{"name": "J", "kind": "judgement", "weight": 100}],
            role="leader",
            sequence=1,
        )
        leaders.action_publish()
        self._open()
        self.assertEqual(self._card("leader").template_id, leaders)
        self.assertEqual(self._card("rep").template_id, self.template)

    def test_confirmed_stays(self):
        self._sell("rep", 920)
        self._open()
        card = self._card()
        with freeze_time("2031-02-03 12:00:00"):
            self._judge(card)
            card.with_user(self.users["director"]).action_confirm()
        self.assertFalse(card.has_changed)
        self.assertEqual(card.snapshot["score"], 87.2)
        self.assertEqual(card.snapshot["lines"][0]["actual"], 920)
        self.assertEqual(card.snapshot["lines"][0]["definition"]["cap"], 120)
        self._sell("rep", 100)
        self.env["sales.scorecard"]._refresh()
        card.invalidate_recordset()
        self.assertEqual(card.score, 87.2)
        self.assertEqual(card.score_now, 93.2)
        self.assertTrue(card.has_changed)
        with self.assertRaises(UserError):
            card.action_compute()

    def test_versions(self):
        with self.assertRaises(UserError):
            self.template.line_ids[0].weight = 50
        with self.assertRaises(UserError):
            self.template.unlink()
        action = self.template.action_new_version()
        draft = self.env["sales.scorecard.template"].browse(action["res_id"])
        self.assertEqual(self.template.action_new_version()["res_id"], draft.id)
        self.assertEqual((draft.version, len(draft.line_ids)), (2, 3))
        draft.date_from = "2031-03-01"
        draft.line_ids[0].weight = 50
        with self.assertRaisesRegex(UserError, "90"):
            draft.action_publish()
        draft.line_ids[1].weight = 50
        draft.action_publish()
        self.assertEqual(self.template.date_to, date(2031, 2, 28))
        self.assertEqual(self._open().template_id, self.template)
        self.assertEqual(self._open(date(2031, 3, 5)).template_id, draft)

    def test_bad_lines(self):
        ratio = self._metric("COLLECTION_RATE").id
        invoiced = self._metric("INVOICED").id
        for line in (
            {"kind": "metric"},
            {"kind": "metric", "metric_id": invoiced, "against": "number"},
            {"kind": "metric", "metric_id": ratio, "against": "target"},
            {"kind": "judgement", "function": "linear"},
            {"kind": "conduct", "function": "points", "weight": 10},
            {"kind": "judgement", "floor": 100, "cap": 10},
            {"kind": "judgement", "floor": -5},
            {"kind": "judgement", "against": "target"},
        ):
            with self.assertRaises(ValidationError, msg=line), self.env.cr.savepoint():
                self._template([{"name": "L", **line}])

    def test_veto_and_conduct(self):
        template = self._template(
            [
                {"name": "Judgement", "kind": "judgement", "weight": 100, "cap": 100},
                {
                    "name": "Conduct",
                    "kind": "conduct",
                    "function": "points",
                    "floor": -10,
                    "cap": 10,
                },
                {
                    "name": "Limit",
                    "kind": "conduct",
                    "function": "veto",
                    "limit": -2,
                    "cap": 60,
                },
            ],
            sequence=1,
        )
        template.action_publish()
        case = self.env["sales.conduct"].create(
            {
                "rep_id": self.reps["rep"].id,
                "category_id": self.env["sales.conduct.category"]
                .search([("kind", "=", "violation")], limit=1)
                .id,
                "points": 5,
                "date": "2031-01-10",
                "description": "It happened",
            }
        )
        self._open()
        card = self._card()
        self._line(card, "Judgement").write({"manager_value": 90})
        self.assertEqual((card.score, card.is_capped), (90, False))
        case._decide("confirmed", "It is so")
        card.action_compute()
        self.assertEqual((card.weighted, card.points, card.score), (90, -5, 60))
        self.assertTrue(self._line(card, "Limit").is_vetoed)
        self.assertIn("60.00", card.summary)

    def test_training(self):
        template = self._template(
            [{"name": "Training", "kind": "training", "weight": 100}], sequence=1
        )
        template.action_publish()
        self.env["sales.course"].search([]).required = "none"
        self._open()
        card = self._card()
        self.assertFalse(card.has_score)
        self.assertFalse(card.grade_id)
        courses = self.env["sales.course"].create(
            [
                {"name": name, "required": "all", "required_from": "2029-01-01"}
                for name in ("One", "Two")
            ]
        )
        self.env["sales.certificate"].create(
            {
                "rep_id": self.reps["rep"].id,
                "course_id": courses[0].id,
                "date": "2030-05-05",
            }
        )
        card.action_compute()
        self.assertEqual((card.has_score, card.score), (True, 50))

    def test_curve(self):
        line = self.template.line_ids[0]
        self.assertEqual(line.curve["points"][1:-1], [[0, 0], [120, 120]])

    def test_team(self):
        """Of who leads: all below, on the days when they were; and their scores."""
        template = self._template(
            [
                {**self._lines()[0], "scope": "team", "weight": 50},
                {"name": "Team", "kind": "members", "weight": 50, "cap": 120},
            ],
            role="leader",
            sequence=1,
        )
        template.action_publish()
        self.reps["peer"]._change_assignment(
            date(2031, 1, 16), {"parent_id": self.reps["leader"].id}
        )
        self._sell("rep", 300)
        self._sell("leader", 50)
        self._sell("peer", 400, "2031-01-10")
        self._sell("peer", 100, "2031-01-20")
        cards = self._open()
        card = self._card("leader")
        sold, team = card.line_ids
        self.assertEqual(sold.actual, 450)
        scores = cards.filtered(lambda one: one.manager_id == card.rep_id)
        self.assertEqual(len(scores), 2)
        mean = sum(scores.mapped("score")) / 2
        self.assertEqual(team.actual, mean)
        self.assertEqual((team.lowest, team.highest), (30, 50))
        self.assertEqual(card.score, round(0.5 * 45 + 0.5 * mean, 2))
        self.assertIn("30.00", team.explanation)
        above = self._card("manager")
        self.assertEqual(above.line_ids[0].actual, 450)
        self.assertEqual(above.line_ids[1].actual, card.score)
        total = self._card("director").line_ids[0]
        self.assertEqual(total.actual, 850)
        behind = total.action_open_source()
        credits = self.env[behind["res_model"]].search(behind["domain"])
        self.assertEqual(sorted(credits.mapped("value")), [50, 100, 300, 400])

    def test_queries(self):
        """As many for seven cards as for two, also beyond what is prefetched."""
        self._open()
        self.startPatcher(patch("odoo.orm.fields.PREFETCH_MAX", 3))
        self.startPatcher(patch("odoo.orm.models.PREFETCH_MAX", 3))
        cards = self.env["sales.scorecard"].search([])
        counts = []
        for some in (cards[:2], cards):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._compute_results()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[1], 30)

    def test_fiscal_year(self):
        """Quarters and halves are of the company's fiscal year, and are called so."""
        self.company.write({"fiscalyear_last_month": "3", "fiscalyear_last_day": 31})
        for period, dates, label in (
            ("quarter", ("2031-04-01", "2031-06-30"), "2031/32, quarter 1"),
            ("half", ("2031-04-01", "2031-09-30"), "2031/32, half 1"),
            ("year", ("2031-04-01", "2032-03-31"), "Year 2031/32"),
        ):
            template = self._template(self._lines(), name=period, period=period)
            template.action_publish()
            cards = self._open(date(2031, 5, 20), period)
            self.assertEqual(
                [(str(card.date_from), str(card.date_to)) for card in cards[:1]],
                [dates],
            )
            self.assertEqual(set(cards.mapped("period_label")), {label})
            wizard = self.env["sales.scorecard.open"].create(
                {"period": period, "day": "2031-05-20"}
            )
            self.assertEqual((str(wizard.date_from), str(wizard.date_to)), dates)
        self.company.write({"fiscalyear_last_month": "12"})
        cards = self._open(date(2031, 5, 20), "quarter")
        self.assertEqual(
            set(cards.filtered(lambda c: c.period_to > date(2031, 6, 30)).ids), set()
        )
        self.assertEqual(cards[:1].period_label, "2031, quarter 2")
