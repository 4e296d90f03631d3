from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
@freeze_time("2031-05-17")
class TestPerformance(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rep = cls.reps["rep"]
        for value, day in (
            (100, "2031-05-02"),
            (900, "2031-05-18"),  # not yet
            (80, "2031-04-17"),
            (7, "2031-04-18"),  # after the same days
            (60, "2030-05-17"),
            (5, "2030-05-18"),
            (40, "2030-06-01"),
        ):
            cls._credit("INVOICED", rep, value, day)
        cls._credit("INVOICED", rep, 33, "2031-05-02", overlay=True)
        cls._credit("MARGIN", rep, 25, "2031-05-02")
        cls._credit("INVOICED", cls.reps["peer"], 1, "2031-05-02")

    def _cards(self, who, rep=None, period="month"):
        service = self.env["sales.performance"].with_user(self.users[who])
        found = service.get_cards(rep and rep.id, period)
        return found, {card["name"]: card for card in found["cards"]}

    def test_another_period(self):
        with self.assertRaisesRegex(UserError, "week"):
            self._cards("rep", period="week")

    def test_own_month(self):
        found, cards = self._cards("rep")
        self.assertEqual(found["rep"]["id"], self.reps["rep"].id)
        self.assertFalse(found["can_choose"])
        self.assertEqual(found["currency_id"], self.company.currency_id.id)
        self.assertEqual(list(cards), ["Invoiced", "Margin", "Margin Rate"])
        card = cards["Invoiced"]
        self.assertEqual(
            (card["current"], card["previous"], card["last_year"], card["overlay"]),
            (100, 80, 60, 33),
        )
        self.assertEqual(card["trend"], [40] + [0] * 9 + [87, 100])
        self.assertEqual((card["rank"], card["rank_count"]), (1, 2))
        rate = cards["Margin Rate"]
        self.assertEqual((rate["current"], rate["previous"]), (0.25, 0.0))
        self.assertIsNone(rate["trend"][1])

    def test_quarter_and_year(self):
        card = self._cards("rep", period="quarter")[1]["Invoiced"]
        self.assertEqual(
            (card["current"], card["previous"], card["last_year"]), (187, 0, 60)
        )
        card = self._cards("rep", period="year")[1]["Invoiced"]
        self.assertEqual((card["current"], card["previous"]), (187, 60))

    def test_manager_chooses_below(self):
        found, cards = self._cards("manager", self.reps["rep"])
        self.assertTrue(found["can_choose"])
        self.assertEqual(cards["Invoiced"]["current"], 100)
        for who in ("director", "operations", "finance"):
            self.assertEqual(
                self._cards(who, self.reps["rep"])[1]["Invoiced"]["current"], 100
            )
        for who in ("peer", "peer_manager", "foreigner"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                self._cards(who, self.reps["rep"])

    def test_colleague_is_refused(self):
        with self.assertRaises(AccessError):
            self._cards("rep", self.reps["leader"])

    def test_without_profile_or_role(self):
        found, cards = self._cards("operations")
        self.assertFalse(found["rep"])
        self.assertFalse(cards)
        plain = new_test_user(self.env, "sf_plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["sales.performance"].with_user(plain).get_cards()

    def test_opens_the_credits(self):
        metric = self.env.ref("sales_force.sales_metric_invoiced")
        service = self.env["sales.performance"].with_user(self.users["rep"])
        action = service.action_open_credits(self.reps["rep"].id, metric.id, "month")
        credits = self.env["sales.credit"].search(
            [*action["domain"], ("overlay", "=", False)]
        )
        self.assertEqual(credits.mapped("value"), [100])
        rate = self.env.ref("sales_force.sales_metric_margin_rate")
        action = service.action_open_credits(self.reps["rep"].id, rate.id, "month")
        credits = self.env["sales.credit"].search(
            [*action["domain"], ("overlay", "=", False)]
        )
        self.assertEqual(sorted(credits.mapped("value")), [25, 100])
        with self.assertRaises(AccessError):
            service.action_open_credits(self.reps["peer"].id, metric.id, "month")

    def test_flat_in_queries(self):
        def read():
            self.env.invalidate_all()
            self._cards("rep")

        read()
        before = self.cr.sql_log_count
        read()
        needed = self.cr.sql_log_count - before
        for n in range(150):
            self._credit("INVOICED", self.reps["rep"], n, "2031-05-06")
            self._credit("ORDERED", self.reps["rep"], n, "2030-08-06")
        with self.assertQueryCount(needed):
            read()
        self.assertLessEqual(needed, 15)
