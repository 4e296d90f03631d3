"""A manager's home and the departments' deals: figures by brute force, and opened."""

from ast import literal_eval
from datetime import datetime, timedelta
from statistics import fmean, median

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import SalesForceCase
from .contract_common import make_contract
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
class TestDeal(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"]
        for number in range(12):
            user = cls.users[("rep", "peer", "leader")[number % 3]]
            lead = cls._lead(
                user, partner_id=cls.partner.id, expected_revenue=100 * (1 + number)
            )
            cls.leads += lead
            for discount in (0, 10 * (number % 4)):
                order = cls._order(user, confirm=False, opportunity_id=lead.id)
                order.order_line.write({"discount": discount, "product_uom_qty": 3})
                if number % 2:
                    order.action_confirm()
        cls.leads[1::4].action_set_won()
        cls.leads[2::4].action_set_lost()
        for number, lead in enumerate(cls.leads):
            if lead.won_status != "pending":
                lead.date_closed = datetime(2031, 5, 1) + timedelta(days=number)
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2031-03-01' WHERE id = ANY(%s)",
            (cls.leads.ids,),
        )
        cls.env.invalidate_all()
        cls.mine = [("lead_id", "in", cls.leads.ids)]

    def test_departments(self):
        """Number, size, cycle, win rate and discount of each department and team."""
        deals = self.env["sales.deal"]
        for by in ("manager_id", "user_id", "won_status"):
            rows = deals.formatted_read_group(
                self.mine,
                [by],
                [
                    "__count",
                    "expected_revenue:sum",
                    "cycle:avg",
                    "cycle_median:median",
                    "win_rate:avg",
                    "discount_rate:ratio",
                ],
            )
            self.assertGreater(len(rows), 1)
            self.assertEqual(sum(row["__count"] for row in rows), 12)
            for row in rows:
                group = deals.search(self.mine + row["__extra_domain"])
                self._check_row(row, group)

    def _check_row(self, row, group):
        leads = group.lead_id
        self.assertEqual(row["__count"], len(leads))
        self.assertEqual(
            row["expected_revenue:sum"], sum(leads.mapped("expected_revenue"))
        )
        closed = leads.filtered(lambda lead: lead.won_status != "pending")
        days = [(x.date_closed - datetime(2031, 3, 1)).days for x in closed]
        self.assertAlmostEqual(row["cycle:avg"] or 0, fmean(days) if days else 0)
        self.assertAlmostEqual(
            row["cycle_median:median"] or 0, median(days) if days else 0
        )
        won = closed.filtered(lambda lead: lead.won_status == "won")
        self.assertAlmostEqual(
            row["win_rate:avg"] or 0, len(won) / len(closed) if closed else 0
        )
        lines = leads.order_ids.filtered(lambda o: o.state == "sale").order_line
        gross = sum(line.price_unit * line.product_uom_qty for line in lines)
        net = sum(lines.mapped("price_subtotal"))
        self.assertAlmostEqual(
            row["discount_rate:ratio"] or 0, 1 - net / gross if gross else 0
        )

    def test_department_is_the_manager(self):
        deal = self.env["sales.deal"].browse(self.leads[0].id)
        self.assertEqual(deal.manager_id, self.reps["leader"])
        self.assertEqual(deal.action_open_lead()["res_id"], self.leads[0].id)

    def _home(self, role, period="month"):
        home = self.env["sales.home"].with_user(self.users[role]).get_home(period)
        return {figure["code"]: figure for figure in home["figures"]}, home

    def test_who(self):
        with self.assertRaises(AccessError):
            self._home("rep")
        with self.assertRaises(AccessError):
            self.env["sales.home"].with_user(self.users["rep"]).action_open("pipeline")
        with self.assertRaises(UserError):
            self._home("leader", "decade")
        with self.assertRaises(UserError):
            self.env["sales.home"].with_user(self.users["leader"]).action_open("x")
        # Finance reads credits and invoices, no opportunities.
        figures, _home = self._home("finance")
        self.assertIn("ORDERED", figures)
        self.assertNotIn("pipeline", figures)

    def test_figures(self):
        """What the user may read, and each opens the records that it sums."""
        self.partner.user_id = self.users["rep"]
        invoice = self._invoice(
            self.users["rep"], invoice_date="2020-01-01", invoice_date_due="2020-02-01"
        )
        invoice.action_post()
        stuck = self._lead(self.users["rep"])
        self.env["sales.playbook"].search([]).active = False
        self.env["sales.playbook"].create(
            {
                "name": "Process",
                "stage_ids": [
                    Command.create({"stage_id": stuck.stage_id.id, "days": 1})
                ],
            }
        )
        stuck.date_last_stage_update = "2020-01-01"
        ended = self._order(self.users["rep"], confirm=False)
        ended.write({"state": "sent", "validity_date": "2020-01-01"})
        make_contract(
            self,
            {"product_id": self.product.id, "quantity": 10, "price_unit": 10},
            start=True,
            date_end=self.company._get_sales_today() + timedelta(days=30),
        )
        self.env["sales.approval.rule"].create(
            {
                "name": "Always",
                "condition": "always",
                "approver_ids": [
                    Command.create({"kind": "user", "user_id": self.users["leader"].id})
                ],
            }
        )
        asked = self._order(self.users["rep"], confirm=False)
        asked.with_user(self.users["rep"]).action_sales_approval_request()
        self.env.flush_all()
        self.env["sales.credit"]._process_pending()
        below = {"rep", "leader"}
        for role, names in (
            ("leader", below),
            ("manager", below),
            ("director", below | {"peer"}),
        ):
            users = self.env["res.users"].concat(*(self.users[n] for n in names))
            figures, home = self._home(role)
            for code in figures:
                self._check_figure(role, figures[code], users)
            self.assertTrue(home["ranking"])
            for code in ("overdue", "stalled", "quotations", "contracts", "pipeline"):
                self.assertGreater(figures[code]["value"], 0, code)
        self.assertEqual(self._home("leader")[0]["approvals"]["value"], 1)
        self.assertEqual(self._home("manager")[0]["approvals"]["value"], 0)

    def _check_figure(self, role, figure, users):
        home = self.env["sales.home"].with_user(self.users[role])
        action = home.action_open(figure["code"])
        records = home.env[action["res_model"]].search(action["domain"])
        kept = ("sales.credit", "sales.approval.request")
        rep = "rep_id" if records._name in kept else "sales_rep_id"
        if role == "leader":
            self.assertLessEqual(records[rep].user_id, users)
        elif role == "manager":
            self.assertLessEqual(records[rep].user_id, users | home.env.user)
        value = {
            "sales.credit": "value",
            "crm.lead": "expected_revenue",
            "sales.receivable": "overdue",
        }
        if figure["unit"] == "count":
            self.assertEqual(figure["value"], len(records), figure["code"])
        else:
            field = value[records._name]
            self.assertAlmostEqual(figure["value"], sum(records.mapped(field)))
        if figure["code"] in ("pipeline", "ORDERED"):
            self.assertGreaterEqual(records[rep].user_id, users)

    def test_years(self):
        """Regions, products and departments: to date beside the year before."""
        today = self.company._get_sales_today()
        years, day = relativedelta(years=1), timedelta(days=1)
        view = self.env["sales.credit"].get_view(
            self.env.ref("sales_force.sales_credit_view_search_years").id, "search"
        )
        [node] = etree.fromstring(view["arch"]).xpath("//filter[@name='years']")
        domain = literal_eval(node.get("domain"))
        begin = today.replace(month=1, day=1)
        dates = [today, begin, today - years, begin - years]
        others = [today + day, begin - years - day, today - years + day]
        others = [one for one in others if not begin <= one <= today]
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        for date in dates + others:
            self._credit("ORDERED", self.reps["rep"], 1, date, partner_id=buyer)
        mine = [("partner_id", "=", buyer.id)]
        found = self.env["sales.credit"].search(mine + domain)
        self.assertEqual(sorted(found.mapped("date")), sorted(dates))

    def test_flat(self):
        """As many queries for many documents as for few."""
        counts = []
        for number in (1, 1, 10):
            for _one in range(number):
                self._lead(self.users["rep"])
                self._order(self.users["rep"])
            self.env.flush_all()
            self.env["sales.credit"]._process_pending()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._home("leader")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestHomeScreen(HttpCase, SalesForceCase):
    def test_home(self):
        self._order(self.users["rep"])
        self.env.flush_all()
        self.env["sales.credit"]._process_pending()
        self.start_tour(
            "/odoo/sales-home", "sales_force_home", login=self.users["leader"].login
        )
