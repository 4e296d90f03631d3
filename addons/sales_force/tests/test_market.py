"""Market sizes and our share of them."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
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
