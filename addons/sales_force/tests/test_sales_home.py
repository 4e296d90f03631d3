"""The home's workbook and ranking: they add up to the figures, and open."""

import io

from dateutil.relativedelta import relativedelta
from openpyxl import load_workbook

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import SalesForceCase
from .contract_common import make_contract
from .credit_rows import CreditRows


class HomeCase(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.user_id = cls.users["rep"]
        cls.today = cls.company._get_sales_today()
        for name, value in (("rep", 700), ("leader", 300), ("peer", 900)):
            for code, share in (("ORDERED", 1), ("INVOICED", 2), ("COLLECTED", 3)):
                for date in (cls.today, cls.today - relativedelta(years=1)):
                    cls._credit(code, cls.reps[name], value * share, date)
            cls._lead(cls.users[name], expected_revenue=value)
        # Credited to nobody.
        cls._credit("ORDERED", cls.env["sales.rep"], 50, cls.today)
        order = cls._order(cls.users["rep"], confirm=False)
        order.write({"state": "sent", "validity_date": "2020-01-01"})
        make_contract(
            cls,
            {"product_id": cls.product.id, "quantity": 10, "price_unit": 10},
            start=True,
            date_end=cls.today + relativedelta(months=1),
        )
        cls._owe()
        cls.env.flush_all()
        cls.env["sales.credit"]._process_pending()

    @classmethod
    def _owe(cls):
        """An invoice of 100, half of it overdue and half of it to come."""
        term = cls.env["account.payment.term"].create(
            {
                "name": "In halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 30)
                ],
            }
        )
        invoice = cls._invoice(
            cls.users["rep"],
            invoice_date=cls.today - relativedelta(days=10),
            invoice_payment_term_id=term.id,
        )
        invoice.action_post()

    def _sheets(self, role, period="month"):
        home = self.env["sales.home"].with_user(self.users[role])
        _name, content = home._get_workbook(period)
        return {
            sheet.title: list(sheet.values)
            for sheet in load_workbook(io.BytesIO(content))
        }


@tagged("post_install", "-at_install")
class TestSalesHome(HomeCase):
    def test_adds_up(self):
        """People and departments of each figure add up to it, for each role."""
        for role in ("leader", "manager", "director", "operations", "finance"):
            home = self.env["sales.home"].with_user(self.users[role])
            data = home.get_home()
            sheets = self._sheets(role)
            shown = {row[0]: row[1:3] for row in sheets["Figures"][1:]}
            self.assertEqual(
                list(shown), [figure["name"] for figure in data["figures"]]
            )
            for figure in data["figures"]:
                columns = [(figure["name"], figure["value"])]
                if figure["last_year"] is not None:
                    columns.append((f"{figure['name']} Last Year", figure["last_year"]))
                self.assertEqual(
                    shown[figure["name"]], (figure["value"], figure["last_year"])
                )
                for title in ("People", "Departments"):
                    heads, *rows = sheets[title]
                    for name, value in columns:
                        place = heads.index(name)
                        self.assertAlmostEqual(
                            sum(row[place] for row in rows), value, 2, (role, name)
                        )

    def test_parts(self):
        """Who has what, and under whom."""
        heads, *rows = self._sheets("leader")["People"]
        rep = dict(
            zip(heads, next(r for r in rows if r[0] == self.reps["rep"].name), strict=1)
        )
        self.assertEqual(rep["Department"], self.reps["leader"].name)
        self.assertEqual((rep["Ordered"], rep["Ordered Last Year"]), (700, 700))
        self.assertEqual(rep["Pipeline"], 700)
        self.assertEqual(rep["Overdue Receivables"], 50)
        self.assertEqual(rep["Contracts Behind Plan"], 1)
        self.assertNotIn(self.reps["peer"].name, [row[0] for row in rows])
        heads, *rows = self._sheets("leader")["Departments"]
        self.assertEqual(
            {row[0] for row in rows},
            {self.reps[name].name for name in ("leader", "manager")},
        )
        names = [row[0] for row in self._sheets("director")["People"]]
        self.assertIn("Nobody", names)
        self.assertIn(self.reps["peer"].name, names)

    def test_trend(self):
        """Of twelve months with the running one; not what is a year old."""
        before = self.today.replace(day=1) - relativedelta(months=2, days=-3)
        self._credit("COLLECTED", self.reps["rep"], 40, before)
        self.env.flush_all()
        home = self.env["sales.home"].with_user(self.users["leader"]).get_home()
        self.assertEqual(len(home["months"]), 12)
        self.assertEqual(home["months"][-1], self.today.replace(day=1))
        figures = {figure["code"]: figure for figure in home["figures"]}
        self.assertEqual(figures["ORDERED"]["trend"], [0.0] * 11 + [1000.0])
        self.assertEqual(figures["COLLECTED"]["trend"], [0.0] * 9 + [40.0, 0.0, 3000.0])
        self.assertIsNone(figures["pipeline"]["trend"])

    def test_instalments(self):
        """What is due of an invoice that is not due as a whole is overdue."""
        home = self.env["sales.home"].with_user(self.users["leader"])
        [figure] = [f for f in home.get_home()["figures"] if f["code"] == "overdue"]
        self.assertEqual(figure["value"], 50)
        self.assertIn("1 ", figure["detail"])

    def test_ranking(self):
        """It opens by what it ranks by; a place opens its credits."""
        home = self.env["sales.home"].with_user(self.users["manager"])
        for period in ("month", "quarter", "year"):
            context = home.action_open("ranking", period)["context"]
            self.assertEqual(
                context,
                {
                    "searchpanel_default_metric_id": self.env.ref(
                        "sales_force.sales_metric_ordered"
                    ).id,
                    "searchpanel_default_period": period,
                },
            )
            for place in home.get_home(period)["ranking"]:
                line = home.env["sales.ranking"].browse(place["id"])
                action = line.action_open_performance()
                credits = home.env["sales.credit"].search(
                    [*action["domain"], ("overlay", "=", False)]
                )
                self.assertAlmostEqual(sum(credits.mapped("value")), place["value"])
        rows = self._sheets("manager", "year")["Ranking"][1:]
        ranking = home.get_home("year")["ranking"]
        self.assertEqual(
            rows[: len(ranking)], [(x["rank"], x["name"], x["value"]) for x in ranking]
        )

    def test_who(self):
        with self.assertRaises(AccessError):
            self._sheets("rep")
        with self.assertRaises(AccessError):
            self.env["sales.home"].with_user(self.users["rep"]).action_open("ranking")

    def test_words(self):
        """A name is no formula."""
        self.users["rep"].name = "=1+1"
        self.assertIn("'=1+1", [row[0] for row in self._sheets("leader")["People"]])

    def test_flat(self):
        """As many queries for many documents and people as for few."""
        counts = []
        for number in (1, 1, 10):
            for one in range(number):
                user = self._user(
                    f"more{len(counts)}_{one}", "sales_force.group_sales_rep"
                )
                rep = self._rep(user, self.reps["leader"])
                self._credit("ORDERED", rep, 10, self.today)
                self._lead(user, expected_revenue=10)
                partner = self.env["res.partner"].create(
                    {"name": f"Buyer {user.login}", "user_id": user.id}
                )
                self._invoice(
                    user,
                    partner=partner,
                    invoice_date="2020-01-01",
                    invoice_date_due="2020-02-01",
                ).action_post()
            self.env.flush_all()
            self.env["sales.credit"]._process_pending()
            # New users empty the caches of rights and rules.
            self._sheets("leader")
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._sheets("leader")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestSalesHomeDownload(HttpCase, HomeCase):
    def _download(self, role, query=""):
        login = self.users[role].login
        self.authenticate(login, login)
        return self.url_open(f"/sales_force/home{query}")

    def test_download(self):
        answer = self._download("manager", f"?period=year&company_id={self.company.id}")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(".xlsx", answer.headers["Content-Disposition"])
        self.assertEqual(
            load_workbook(io.BytesIO(answer.content)).sheetnames,
            ["Figures", "People", "Departments", "Ranking"],
        )
        self.assertEqual(self._download("director").status_code, 200)

    def test_refused(self):
        self.assertEqual(self._download("rep").status_code, 403)
        foreign = f"?company_id={self.company_b.id}"
        self.assertEqual(self._download("director", foreign).status_code, 403)
