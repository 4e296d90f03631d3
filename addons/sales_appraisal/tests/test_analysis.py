import io
from datetime import date, timedelta
from itertools import pairwise

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..scoring import analysis
from .common import AppraisalCase


@tagged("post_install", "-at_install")
class TestAnalysis(AppraisalCase):
    def setUp(self):
        super().setUp()
        self.frozen = freeze_time("2031-02-03 12:00:00")
        self.frozen.start()
        self.addCleanup(self.frozen.stop)
        self.team = self.env["crm.team"].create(
            {"name": "North", "company_id": self.company.id}
        )
        for name in ("rep", "leader"):
            self.reps[name].assignment_ids.team_id = self.team
        self._sell("rep", 920)
        self._sell("peer", 500)
        self._open()
        for name, value in (("rep", 80), ("peer", 100), ("peer_leader", 60)):
            self._judge(self._card(name), value)

    def _analyse(self, name, *args):
        return (
            self.env["sales.appraisal.analysis"]
            .with_user(self.users[name])
            .get_analysis(*args)
        )

    def test_who(self):
        for name in ("rep", "finance", "foreigner"):
            with self.assertRaises(AccessError, msg=name):
                self._analyse(name)
        # What managers see is what they may read, without their own card.
        for name, below in (
            ("leader", ["rep"]),
            ("manager", ["leader", "rep"]),
            ("peer_manager", ["peer", "peer_leader"]),
            ("operations", None),
            ("director", None),
        ):
            data = self._analyse(name, "month", "2031-01-15")
            cards = self._open().filtered("has_score")
            cards -= self._card(name) if name in self.reps else cards.browse()
            if below is not None:
                cards = cards.filtered(
                    lambda card, below=below: card.rep_id
                    in [self.reps[one] for one in below]
                )
            self.assertEqual(data["count"], len(cards), name)
            self.assertAlmostEqual(
                data["mean"], sum(cards.mapped("score")) / len(cards), 6
            )

    def test_other_company(self):
        user = self.users["operations"]
        user.company_ids |= self.company_b
        data = (
            self.env["sales.appraisal.analysis"]
            .with_user(user)
            .with_company(self.company_b)
            .get_analysis()
        )
        self.assertEqual(data, {"periods": [], "chosen": False})

    def test_figures(self):
        data = self._analyse("director", "month", "2031-01-15")
        lines = {line["name"]: line for line in data["kpis"]}
        cards = self._open().filtered(
            lambda card: card.has_score and card.rep_id != self.reps["director"]
        )
        for name in ("Invoiced", "Judgement"):
            rows = cards.line_ids.filtered(
                lambda line, name=name: line.name == name and line.applies
            )
            self.assertEqual(lines[name]["count"], len(rows))
            self.assertAlmostEqual(
                lines[name]["lost"],
                sum(row.weight_used * (100 - row.score) / 100 for row in rows)
                / len(rows),
                6,
            )
            self.assertFalse(lines[name]["association"])
            self.assertIn("Too few", lines[name]["verdict"])
        # 92 by the facts, judged 80; 50 and 100; 0 and 60.
        managers = {row["id"]: row for row in data["managers"]}
        self.assertAlmostEqual(managers[self.reps["leader"].id]["difference"], -12)
        peer = managers[self.reps["peer_leader"].id]
        self.assertAlmostEqual(peer["difference"], 50)
        self.assertAlmostEqual(peer["against"], 50 - (-12 + 60) / 2)
        self.assertEqual(sum(count for _low, count in data["bins"]), data["count"])
        self.assertEqual(sum(row["count"] for row in data["grades"]), data["count"])
        north = [row for row in data["teams"] if row["id"] == self.team.id]
        self.assertEqual(north[0]["highest"], self._card("rep").score)
        self.assertEqual(data["provisional"], data["count"])
        self.assertEqual(data["trend"][-1]["period_from"], "2031-01-01")

    def test_only_a_team(self):
        data = self._analyse("director", "month", "2031-01-15", self.team.id)
        self.assertEqual(data["team_id"], self.team.id)
        self.assertEqual({row["id"] for row in data["teams"]}, {self.team.id})
        self.assertEqual({row["id"] for row in data["health"]}, {self.team.id})

    def test_bad_arguments(self):
        for args in (("month", "x"), ("month", 5), ("month", "2031-01-01", "x")):
            with self.assertRaises(UserError, msg=args):
                self._analyse("director", *args)
        # A period of which nothing is known: the last one.
        data = self._analyse("director", "year", "1999-01-01")
        self.assertEqual(data["chosen"]["period_from"], "2031-01-01")

    def test_predictions(self):
        """The line of one period, and the attainment of the one after."""
        cards = self._open(date(2030, 12, 1)) | self._open(date(2030, 11, 1))
        self.assertFalse(cards, "the template is of 2031")
        # Months; and quarters of a year that ends in the middle of one.
        months = ((2030, 10, 1), (2030, 11, 1), (2030, 12, 1))
        self._predict("month", [date(*start) for start in months], date(2031, 2, 1))
        self.company.write({"fiscalyear_last_month": "3", "fiscalyear_last_day": 15})
        quarters = ((2030, 3, 16), (2030, 6, 16), (2030, 9, 16))
        self._predict(
            "quarter", [date(*start) for start in quarters], date(2030, 12, 16)
        )

    def _predict(self, period, starts, running):
        Analysis = self.env["sales.appraisal.analysis"]
        day = timedelta(days=1)
        rows, attained = [], {}
        for number, rep in enumerate(list(self.reps.values())[:7]):
            for start, after in pairwise(starts):
                score = (number * 37 + start.month) % 11
                rows.append(
                    {
                        "rep_id": rep.id,
                        "kind": "metric",
                        "metric_id": 1,
                        "score": score,
                        "period_from": start,
                        "period_to": after - day,
                    }
                )
                attained[rep.id, after] = [analysis.Goal(1, 100, 10 * score + 5, 20)]
        asked = []

        def read_attainment(_self, _company, spans):
            asked.extend(spans)
            return attained

        self.patch(type(Analysis), "_read_lines", lambda *args: rows)
        self.patch(type(Analysis), "_read_attainment", read_attainment)
        domain = Analysis._get_domain(period)
        chosen = {"period": period, "period_from": str(starts[1])}
        found = Analysis._get_predictions(domain, chosen)["metric", 1]
        self.assertAlmostEqual(found.rho, 1)
        self.assertEqual(found.count, 14)
        self.assertEqual([span[0] for span in asked], starts[1:])
        self.assertEqual(asked[0][1], starts[2] - day)
        # What is not over yet predicts nothing.
        for row in rows:
            row.update(period_from=running - day, period_to=running - day)
        self.assertFalse(Analysis._get_predictions(domain, chosen))

    def test_year(self):
        """Targets are summed of the same days as what was achieved of them."""
        Analysis = self.env["sales.appraisal.analysis"]
        for stop in (date(2031, 1, 1), date(2031, 1, 20), date(2031, 1, 31)):
            self.assertEqual(Analysis._get_year(stop), (date(2030, 2, 1), stop))
        self.assertEqual(Analysis._get_year(date(2032, 2, 29))[0], date(2031, 3, 1))

    def test_health(self):
        """Who came, who went, and who carries the team."""
        leaver, joiner = self.reps["rep"], self.reps["peer"]
        joiner.date_start = "2030-11-01"
        joiner.assignment_ids.team_id = self.team
        leaver.write({"state": "left", "date_end": "2031-01-20"})
        attained = {}
        for month, values in (
            ((2030, 11), {"rep": (100, 50), "peer": (100, 40), "leader": (100, 10)}),
            ((2030, 12), {"rep": (100, 70), "peer": (100, 90), "leader": (100, 20)}),
            ((2031, 1), {"rep": (100, 80), "peer": (100, 100), "leader": (0, 0)}),
        ):
            for name, value in values.items():
                attained[self.reps[name].id, date(*month, 1)] = [
                    analysis.Goal(1, *value, 20)
                ]
        Analysis = self.env["sales.appraisal.analysis"]
        self.patch(type(Analysis), "_read_attainment", lambda *args: attained)
        (health,) = Analysis._get_health(date(2031, 1, 31), self.team.id)
        self.assertEqual(
            (health["heads"], health["joiners"], health["leavers"]), (2, 1, 1)
        )
        # Two on the first day, two on the last.
        self.assertEqual(health["turnover"], 1 / 2)
        self.assertEqual((health["ramp"], health["ramp_open"]), (3, 0))
        self.assertAlmostEqual(health["attainment"], 460 / 800)
        self.assertEqual(health["top_share"], 1)

    def test_workbook(self):
        name, content = (
            self.env["sales.appraisal.analysis"]
            .with_user(self.users["leader"])
            ._get_workbook("month", "2031-01-15")
        )
        self.assertIn("2031", name)
        book = load_workbook(io.BytesIO(content))
        self.assertEqual(len(book.sheetnames), 5)
        rows = list(book["Scorecards"].values)
        self.assertEqual([row[0] for row in rows], ["Rep", self.reps["rep"].name])
        self.assertEqual(rows[1][2], self._card("rep").score)

    def test_workbook_words(self):
        """Who has no team has none in the sheet either; a formula is a word."""
        self.reps["rep"].name = "=1+1"
        self.env["sales.scorecard"].search([]).team_id = False
        _name, content = self.env["sales.appraisal.analysis"]._get_workbook(
            "month", "2031-01-15"
        )
        rows = list(load_workbook(io.BytesIO(content))["Scorecards"].values)
        self.assertIn("'=1+1", [row[0] for row in rows])
        self.assertEqual({row[1] for row in rows[1:]}, {None})

    def test_queries(self):
        """As many for dozens of reps as for seven."""

        def count():
            # Rights and rules are cached from the first call on.
            self._analyse("director", "month", "2031-01-15")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._analyse("director", "month", "2031-01-15")
            return self.env.cr.sql_log_count - before

        few = count()
        for number in range(30):
            user = self._user(f"more{number}", "sales_force.group_sales_rep")
            rep = self._rep(user, self.reps["leader"])
            rep.assignment_ids.team_id = self.team
        self._open()
        self.env.flush_all()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestAnalysisScreen(HttpCase, AppraisalCase):
    def setUp(self):
        super().setUp()
        self._sell("rep", 920)
        self._open()
        self._judge(self._card())

    def test_screen(self):
        self.start_tour(
            "/odoo/score-analysis",
            "sales_appraisal_analysis",
            login=self.users["director"].login,
        )

    def test_download(self):
        self.authenticate(self.users["leader"].login, self.users["leader"].login)
        answer = self.url_open("/sales_appraisal/analysis?period=month&day=2031-01-15")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(len(load_workbook(io.BytesIO(answer.content)).sheetnames), 5)
        self.authenticate(self.users["rep"].login, self.users["rep"].login)
        answer = self.url_open("/sales_appraisal/analysis")
        self.assertEqual(answer.status_code, 403)
