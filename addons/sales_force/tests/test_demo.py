from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data: all of it where it is installed, else of the last months."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.months = 14
        if not cls._login("director"):
            cls.months = 4
            cls.env["sales.force.demo"]._load(cls.months)
            cls.env.cr.flush()
        cls.reps = {
            rep.user_id.login: rep
            for rep in cls.env["sales.rep"].search(
                [("company_id", "=", cls.company.id)]
            )
        }

    @classmethod
    def _login(cls, login):
        return cls.env["res.users"].search([("login", "=", login)])

    def _months(self, code, **domain):
        metric = self.env["sales.metric"].search([("code", "=", code)])
        leaves = [("metric_id", "=", metric.id), ("overlay", "=", False)]
        leaves += [(name, "=", value) for name, value in domain.items()]
        return dict(
            self.env["sales.credit"]._read_group(leaves, ["date:month"], ["value:sum"])
        )

    def test_organisation(self):
        parents = {
            login: rep.parent_id.user_id.login or None
            for login, rep in self.reps.items()
        }
        self.assertIsNone(parents["director"])
        self.assertEqual(parents["manager"], "director")
        self.assertEqual(parents["leader"], "manager")
        self.assertEqual(parents["rep"], "leader")
        below = self.env["sales.rep"].search(
            [("id", "child_of", self.reps["director"].id)]
        )
        self.assertEqual(len(below), 16)
        self.assertEqual(len(below.team_id), 4)
        for login in ("operations", "finance"):
            self.assertTrue(
                self._login(login).has_group(f"sales_force.group_sales_{login}")
            )

    def test_moved_rep(self):
        first, second = self.reps["kavi"].assignment_ids.sorted("date_from")
        self.assertNotEqual(first.team_id, second.team_id)
        teams = {
            team
            for _month, team in self.env["sales.credit"]._read_group(
                [("rep_id", "=", self.reps["kavi"].id)], ["date:month", "team_id"]
            )
        }
        self.assertEqual(teams, {first.team_id, second.team_id})

    def test_customers_have_their_territory(self):
        owners = [rep.user_id.id for rep in self.reps.values()]
        customers = self.env["res.partner"].search(
            [("user_id", "in", owners), ("country_id.code", "=", "CN")]
        )
        self.assertEqual(len(customers), 60)
        self.assertTrue(
            all(c.sales_territory_id and c.sales_channel_id for c in customers)
        )

    def test_each_month_has_each_fact(self):
        today = self.company._get_sales_today()
        for code in ("ORDERED", "INVOICED", "ORDERS", "QUOTATIONS"):
            months = self._months(code)
            for back in range(1, self.months):
                month = today.replace(day=1) - relativedelta(months=back)
                self.assertGreater(months.get(month, 0), 0, f"{code} {month}")
        for code in ("COLLECTED", "RECEIPTS", "MARGIN", "WON", "LOST", "NEW_CUSTOMERS"):
            self.assertGreater(len(self._months(code)), 1, code)
        self.assertTrue(self._months("COLLECTED", rep_id=self.reps["rep"].id))

    def test_visits(self):
        visits = self.env["sales.visit"].search(
            [("rep_id", "in", [rep.id for rep in self.reps.values()])]
        )
        self.assertGreater(len(visits), 200)
        self.assertEqual(
            set(visits.mapped("state")), {"planned", "done", "closed", "cancelled"}
        )
        self.assertTrue(visits.filtered("effective") and visits.signal_ids)
        today = self.company._get_sales_today()
        self.assertTrue(visits.filtered(lambda v: v.date > today))
        self.assertTrue(self._months("VISITS", rep_id=self.reps["rep"].id))

    def test_career(self):
        mine = [("rep_id", "in", [rep.id for rep in self.reps.values()])]
        needs = self.env["sales.training.need"].search(mine)
        self.assertGreater(len(set(needs.mapped("status"))), 2)
        promotions = self.env["sales.promotion"].search(mine)
        self.assertEqual(set(promotions.mapped("state")), {"planned", "done"})
        novice = self.reps["nina"]
        self.assertEqual(novice.state, "onboarding")
        self.assertTrue(novice.onboarding_count)

    def test_all_kinds_of_documents(self):
        self.assertTrue(self.env["sales.split"].search([("overlay", "=", True)]))
        self.assertTrue(self.env["sales.split"].search([("overlay", "=", False)]))
        demo_users = [rep.user_id.id for rep in self.reps.values()]
        moves = self.env["account.move"].search(
            [("invoice_user_id", "in", demo_users), ("state", "=", "posted")]
        )
        self.assertTrue(moves.filtered(lambda m: m.move_type == "out_refund"))
        states = set(moves.mapped("payment_state"))
        self.assertGreaterEqual(states, {"paid", "partial", "not_paid"})
        orders = self.env["sale.order"].search([("user_id", "in", demo_users)])
        self.assertGreaterEqual(set(orders.mapped("state")), {"sent", "sale"})
        self.assertTrue(orders.filtered(lambda o: len(o.picking_ids) > 1))

    def test_competitors(self):
        competitors = self.env["sales.competitor"].search([])
        self.assertGreater(sum(competitors.mapped("won_count")), 2)
        self.assertGreater(sum(competitors.mapped("lost_count")), 1)

    def test_supply(self):
        """Something is short, expires, is too much and on its way, and asked for."""
        rows = self.env["sales.supply"].search([("company_id", "=", self.company.id)])
        for name in ("short", "expires_soon", "over_stocked", "comes", "suggested"):
            self.assertTrue(rows.filtered(name), name)
        request = self.env["sales.supply.request"].search(
            [("user_id", "=", self.reps["leader"].user_id.id)]
        )
        self.assertEqual(request.state, "asked")

    def test_conduct(self):
        scores = self.env["sales.conduct"].search([]).mapped("score")
        self.assertTrue(min(scores) < 0 < max(scores))

    def test_handover(self):
        self.assertGreater(self.env["sales.handover"].search([]).line_count, 3)

    def test_followups(self):
        self.assertGreater(self.env["sales.followup"].search_count([]), 5)

    def test_channels(self):
        mine = [("company_id", "=", self.company.id)]
        agreements = self.env["sales.rebate.agreement"].search(mine)
        self.assertGreater(sum(agreements.mapped("accrued")), 0)
        deals = self.env["sales.deal.registration"].search(mine)
        self.assertGreaterEqual(
            set(deals.mapped("status")), {"submitted", "approved", "refused"}
        )
        self.assertTrue(any(deals.mapped("conflicts")))

    def test_process(self):
        """Opportunities on their way, some stuck; quotations in each column."""
        passages = self.env["sales.stage.passage"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertGreater(len(passages.stage_id), 2)
        self.assertTrue(passages.filtered("is_stuck"))
        self.assertTrue(passages.filtered("left_on"))
        for model in ("sales.playbook.tick", "sales.stage.skip"):
            self.assertTrue(self.env[model].search_count([]), model)
        orders = self.env["sale.order"].search(
            [("user_id", "in", [rep.user_id.id for rep in self.reps.values()])]
        )
        self.assertGreaterEqual(
            set(orders.mapped("sales_followup")), {"sent", "viewed", "expired"}
        )

    def test_deals(self):
        """Won opportunities have an order, some of it at a discount."""
        deals = self.env["sales.deal"].search(
            [("listed", ">", 0), ("won_status", "=", "won")]
        )
        self.assertTrue(deals)
        self.assertGreater(sum(deals.mapped("discount")), 0)

    def test_approvals(self):
        requests = self.env["sales.approval.request"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(
            set(requests.mapped("state")), {"approved", "waiting", "refused", "auto"}
        )
        self.assertTrue(requests.activity_ids)
        steps = requests.filtered(lambda one: one.state == "waiting").step_ids
        for login in ("leader", "manager", "director"):
            self.assertIn(self.reps[login].user_id, steps.user_ids, login)

    def test_rebuild_finds_nothing(self):
        self.assertEqual(
            self.env["sales.credit"].rebuild(), {"removed": 0, "changed": 0, "added": 0}
        )

    def test_not_reachable(self):
        with self.assertRaises(AccessError):
            get_public_method(self.env["sales.force.demo"], "_load")
