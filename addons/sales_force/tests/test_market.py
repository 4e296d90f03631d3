"""Market sizes and our share of them."""

from datetime import date

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
@freeze_time("2032-06-30 08:00:00")
class TestMarket(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        territory = cls.env["sales.territory"]
        cls.south = territory.create({"name": "Market South"})
        cls.coast = territory.create({"name": "Coast", "parent_id": cls.south.id})
        cls.north = territory.create({"name": "Market North"})
        for place, value, day, overlay in (
            (cls.coast, 100, "2031-01-01", False),
            (cls.south, 50.5, "2031-12-31", False),
            (cls.south, 1000, "2031-06-01", True),
            (cls.south, 1000, "2032-01-01", False),
            (cls.north, 7, "2031-06-01", False),
        ):
            cls._credit(
                "INVOICED",
                cls.reps["rep"],
                value,
                day,
                territory_id=place.id,
                overlay=overlay,
            )

    def _market(self, territory, by="manager", **values):
        return (
            self.env["sales.market"]
            .with_user(self.users[by])
            .create(
                {
                    "territory_id": territory.id,
                    "date_from": "2031-01-01",
                    "date_to": "2031-12-31",
                    "size": 1505,
                    "source": "Association",
                    "source_date": "2031-02-01",
                    **values,
                }
            )
        )

    def test_share(self):
        """Of the territory and below, in the days, without overlays."""
        south, north = self._market(self.south), self._market(self.north, size=70)
        self.assertEqual((south.invoiced, south.share), (150.5, 10.0))
        self.assertEqual((north.invoiced, north.share), (7, 10.0))
        coast = self._market(self.coast, size=400)
        self.assertEqual((coast.invoiced, coast.share), (100, 25.0))

    def test_running_period(self):
        """To this day, with this part of the size; nothing before it begins."""
        with freeze_time("2031-04-10 08:00:00"):  # the hundredth day
            south = self._market(self.south, size=3650)
            self.assertEqual((south.invoiced, south.share), (100, 10.0))
            later = self._market(
                self.south, date_from="2032-01-01", date_to="2032-12-31"
            )
            self.assertEqual((later.invoiced, later.share), (0, 0))

    def test_metric(self):
        """A ratio to the market, where the size of a territory is known all along."""
        metric = self.env.ref("sales_force.sales_metric_market_share")
        invoiced = self.env.ref("sales_force.sales_metric_invoiced")
        self.assertEqual((metric.code, metric._get_parts()), ("MARKET_SHARE", invoiced))
        self.assertEqual(metric._evaluate({invoiced.id: 5.0}, 20.0), 0.25)
        self.assertEqual(metric._evaluate({}, 20.0), 0.0)
        self.assertIsNone(metric._evaluate({invoiced.id: 5.0}))
        self._market(self.south, size=3650)
        self._market(self.south, date_from="2032-01-01", date_to="2032-12-31", size=366)
        self._market(self.coast, size=1000, date_to="2031-06-30")
        places = self.south + self.coast + self.north

        def shares(start, stop):
            found = metric._evaluate_by_territory(
                self.company,
                places,
                date.fromisoformat(start),
                date.fromisoformat(stop),
            )
            return [found[place] for place in places]

        # 31 days of ten and one day of one, with 1,050.5 invoiced.
        self.assertEqual(shares("2031-12-01", "2032-01-01"), [1050.5 / 311, None, None])
        self.assertEqual(
            shares("2031-01-01", "2031-01-10"), [1.0, 100 / (10000 / 181), None]
        )
        self.assertEqual(shares("2031-01-01", "2031-07-01")[1:], [None, None])
        manager = self.south.with_user(self.users["operations"])
        self.assertEqual(manager.market_share, round(100 * 1000 / 182, 2))
        with self.assertRaises(AccessError):
            self.south.with_user(self.users["rep"]).read(["market_share"])

    def test_not_of_reps(self):
        """It ranks nobody, and is on nobody's cards."""
        metric = self.env.ref("sales_force.sales_metric_market_share")
        self._market(self.south, date_from="2032-01-01", date_to="2032-12-31")
        ranking = self.env["sales.ranking"].with_user(self.users["director"])
        self.assertTrue(ranking.search_count([("period", "=", "year")]))
        self.assertFalse(ranking.search_count([("metric_id", "=", metric.id)]))
        panel = ranking.search_panel_select_range("metric_id", expand=True)
        chosen = {value["id"] for value in panel["values"]}
        self.assertIn(metric.numerator_id.id, chosen)
        self.assertNotIn(metric.id, chosen)
        performance = self.env["sales.performance"].with_user(self.users["rep"])
        cards = performance.get_cards(period="year")["cards"]
        self.assertTrue(cards)
        self.assertNotIn(metric.id, [card["metric_id"] for card in cards])
        action = metric.with_user(self.users["operations"]).action_open_credits()
        self.assertEqual(action["res_model"], "sales.market")

    def test_parts_of_a_ratio(self):
        """By the market there is no other denominator, and only of ratios."""
        metric = self.env.ref("sales_force.sales_metric_market_share")
        ordered = self.env.ref("sales_force.sales_metric_ordered")
        for record, values in (
            (metric, {"denominator_id": ordered.id}),
            (metric, {"denominator_kind": "metric"}),
            (metric, {"numerator_id": False}),
            (ordered, {"denominator_kind": "market"}),
        ):
            with self.assertRaises(ValidationError):
                record.write(values)
        metric.write({"denominator_kind": "metric", "denominator_id": ordered.id})

    def test_without_the_metric(self):
        self.env.ref("sales_force.sales_metric_market_share").unlink()
        south = self._market(self.south)
        self.assertEqual((south.invoiced, south.share), (0, 0))
        self.assertEqual(self.south.market_share, 0)

    def test_one_figure(self):
        self._market(self.south)
        with self.assertRaises(ValidationError):
            self._market(self.south, date_from="2031-12-31", date_to="2032-12-31")
        self._market(self.south, date_from="2032-01-01", date_to="2032-12-31")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self._market(self.north, size=0)

    def test_who(self):
        market = self._market(self.south, "operations")
        for role in ("rep", "leader"):
            with self.assertRaises(AccessError):
                market.with_user(self.users[role]).read(["size"])
        self.assertEqual(market.with_user(self.users["director"]).invoiced, 150.5)
        self.assertFalse(market.with_user(self.users["finance"]).has_access("read"))
        elsewhere = self.env["sales.market"].create(
            {
                "company_id": self.company_b.id,
                "territory_id": self.env["sales.territory"]
                .create({"name": "B", "company_id": False})
                .id,
                "date_from": "2031-01-01",
                "date_to": "2031-12-31",
                "size": 1,
                "source": "Us",
                "source_date": "2031-01-01",
            }
        )
        for role in ("manager", "operations"):
            self.assertFalse(elsewhere.with_user(self.users[role]).has_access("read"))

    def test_queries(self):
        """As many for twenty territories as for two."""
        places = self.env["sales.territory"].create(
            [{"name": f"Part {n}", "parent_id": self.south.id} for n in range(20)]
        )
        markets = self.env["sales.market"].concat(*(self._market(p) for p in places))

        def count(markets):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            markets.mapped("share")
            return self.env.cr.sql_log_count - before

        count(markets)
        self.assertEqual(count(markets), count(markets[:2]))
