"""The driver "product mix": the textbook's figures, and a gap counted by hand."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal as D
from fractions import Fraction as F
from itertools import permutations
from math import prod
from random import Random

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.errors import UniqueViolation

from odoo.fields import Domain
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL, mute_logger

from ..planning.deviation import causes
from ..planning.mix import learn_indices, mix
from .test_drivers import DriverCase

START, STOP = date(2031, 6, 1), date(2031, 6, 30)
count = st.integers(1, 1000).map(D)
sold = st.dictionaries(st.integers(0, 5), st.tuples(count, count), min_size=1)


class TestMix(BaseCase):
    def test_textbook(self):
        """55 and 45 of a hundred at 4.50 and 10.00 are 6.975 a unit; half and half of
        the same are 7.25: of 12,000 units the mix makes 3,300."""
        planned = {"E": (D(5_500), 24_750), "F": (D(4_500), 45_000)}
        indices = learn_indices({}, {}, planned)
        factor = mix({"E": 6_000, "F": 6_000}, indices)
        self.assertAlmostEqual(float(factor), 7.25 / 6.975, 5)
        self.assertAlmostEqual(float(12_000 * F("6.975") * (factor - 1)), 3_300, 1)

    @given(sold, sold, sold)
    def test_neutral(self, own, team, company):
        """What was planned is the average of what was planned."""
        for groups in ((own, {}, {}), ({}, team, {}), ({}, {}, company)):
            [only] = [some for some in groups if some]
            indices = learn_indices(*groups)
            units = {category: F(row[0]) for category, row in only.items()}
            self.assertAlmostEqual(float(mix(units, indices)), 1, 5)
        indices = learn_indices(own, team, company)
        self.assertEqual(set(indices), {*own, *team, *company})
        for category, index in indices.items():
            if len(indices) > 1:
                self.assertEqual(mix({category: 7}, indices), index or 1)

    def test_what_cannot_be_told(self):
        indices = {1: F(1, 2), 2: F(3, 2)}
        self.assertEqual(mix({}, indices), 1)
        self.assertEqual(mix({1: 5}, {}), 1)
        self.assertEqual(mix({1: 5}, {1: F(1)}), 1)
        # A category that nobody sold before has nothing to be compared with.
        self.assertEqual(mix({3: 5}, indices), 1)
        self.assertEqual(mix({1: 1, 2: 1, 3: 90}, indices), 1)
        # More was taken back than sold; it earned less than nothing.
        self.assertEqual(mix({1: -5, 2: 2}, indices), F(3, 2))
        self.assertEqual(mix({1: 3, 2: 1}, {1: F(-1), 2: F(3)}), 1)
        self.assertEqual(learn_indices({}, {}, {}), {})
        self.assertEqual(learn_indices({}, {}, {1: (D(10), -50), 2: (D(10), 40)}), {})
        self.assertEqual(set(learn_indices({}, {}, {1: (D(-1), 5), 2: (D(3), 9)})), {2})

    @given(
        st.lists(st.integers(0, 50), min_size=5, max_size=5),
        st.lists(st.integers(0, 50), min_size=5, max_size=5),
        st.integers(1, 4),
    )
    def test_neutral_mix_moves_nothing(self, planned, actual, place):
        """What the others cost is the same to the unit."""
        gap = actual[-1] - planned[-1]
        split = [
            [*counts[:place], counts[place], *counts[place:]]
            for counts in (planned, actual)
        ]
        parts = causes(*split, gap)
        # The step comes first of the two.
        self.assertEqual(parts.pop(place + 1) * bool(actual[place]), 0)
        if all(planned) and all(actual):
            self.assertEqual(parts, causes(planned, actual, gap))


@tagged("post_install", "-at_install")
class TestMixDriver(DriverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._defaults(
            VISITS=8, QUOTATIONS=0.5, ORDERS=0.25, ORDERED=8000, COLLECTED=0.8
        )
        cls._mix("ORDERED")
        categories = cls.env["product.category"].create(
            [{"name": name} for name in ("Tools", "Parts", "Service")]
        )
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"{category.name} {number}", "categ_id": category.id}
                for category in categories
                for number in (1, 2)
            ]
        )
        cls.categories = {p.id: p.categ_id.id for p in cls.products} | {None: 0}
        cls.people = [cls.reps["rep"], cls.fellow, cls.reps["peer"]]

    def _sell(self, seed, start, stop, number, prices):
        """Random credits of each step; what is sold is at its category's price."""
        random = Random(seed)
        rows, products = [], []
        for _turn in range(number):
            code = random.choice(
                ("VISITS", "QUOTATIONS", "ORDERS", *("ORDERED",) * 5, "COLLECTED")
            )
            product, value = None, random.randint(1, 900) / 100
            if code == "ORDERED":
                product = random.choice([*self.products.ids, None])
                base = prices[self.categories[product]]
                value = random.choice((1, 1, 1, -1)) * base * random.randint(50, 150)
            elif code == "COLLECTED":
                value = random.randint(1, 900_000) / 100
            day = start + timedelta(days=random.randint(0, (stop - start).days))
            rows.append((random.choice(self.people), code, day, value))
            products.append(product)
        self._credit(rows, products=products)
        return list(zip(rows, products, strict=True))

    def _prices(self, *values):
        return dict(zip(sorted(set(self.categories.values())), values, strict=True))

    def _brute_indices(self, sold, rep, date_):
        """The same by hand: lines of the 90 days before, each drawn by ten."""
        carriers = self.env["sales.rep"].search(
            [("company_id", "=", self.company.id), ("carries_target", "=", True)]
        )
        groups = [carriers, [rep]]
        if rep.team_id:
            groups.insert(1, [self.reps["rep"], self.fellow])
        shares, worths = {}, {}
        for category in set(self.categories.values()):
            share = worth = None
            for who in groups:
                lines = [
                    (self.categories[product], F(str(value)))
                    for (one, code, day, value), product in sold
                    if one in who
                    and code == "ORDERED"
                    and value > 0
                    and date_ - timedelta(days=90) <= day < date_
                ]
                mine = [value for name, value in lines if name == category]
                if lines and share is None:
                    share = F(len(mine), len(lines))
                elif lines:
                    share = (len(mine) + 10 * share) / (len(lines) + 10)
                if mine and worth is None:
                    worth = sum(mine) / len(mine)
                elif mine:
                    worth = (sum(mine) + 10 * worth) / (len(mine) + 10)
            if worth is not None:
                shares[category], worths[category] = share, worth
        average = sum(shares[name] * worths[name] for name in worths) / sum(
            shares.values()
        )
        return {name: round(worth / average, 6) for name, worth in worths.items()}

    def _brute_parts(self, planned, actual):
        """Shapley as it is defined: over all orders in which factors could change."""
        orders = list(permutations(range(len(planned))))
        parts = [0.0] * len(planned)
        for order in orders:
            now = list(planned)
            for factor in order:
                before = prod(now)
                now[factor] = actual[factor]
                parts[factor] += prod(now) - before
        return [part / len(orders) for part in parts]

    def _goal(self):
        goal = self._plan(
            name="Collected 2031",
            metric_id=self.collected.id,
            kind="supporting",
            stage=False,
            profile="even",
            value=1_200_000,
        )
        with freeze_time("2030-12-20 12:00:00"):
            goal.action_publish()
        return goal

    def _check(self, goal, learned, date_):
        """Each rep's rows against the sum of all orders, to the cent."""
        now = self._sell(7, START, STOP, 500, self._prices(5, 1, 20, 4))
        leaves = goal._get_leaves()
        told = 0
        for rep in self.people:
            [leaf] = leaves.filtered(lambda leaf, rep=rep: leaf.rep_id == rep)
            with freeze_time("2031-07-02 12:00:00"):
                found = leaf.get_deviation(START, STOP)
            indices = self._brute_indices(learned, rep, date_)
            lines = [
                self.categories[product]
                for (one, code, _day, value), product in now
                if one == rep and code == "ORDERED" and value > 0
            ]
            factor = sum(F(str(indices[name])) for name in lines) / len(lines)
            rows = found["rows"][1:-1]
            [row] = [row for row in rows if row["key"] == "mix"]
            self.assertEqual(row["planned_rate"], 1)
            self.assertAlmostEqual(row["actual_rate"], float(factor), 6)
            self.assertNotAlmostEqual(row["actual_rate"], 1, 2)
            counts = [F(str(rows[0]["actual_rate"]))] + [
                sum(
                    F(str(round(value, 2)))
                    for (one, name, _day, value), _product in now
                    if one == rep and name == code
                )
                for code in ("VISITS", "QUOTATIONS", "ORDERS", "ORDERED", "COLLECTED")
            ]
            factors = [counts[0]] + [
                after / before
                for before, after in zip(counts, counts[1:], strict=False)
            ]
            factors.insert(5, factor)
            factors[4] /= factor
            factors = list(map(float, factors))
            planned = [row["planned_rate"] for row in rows]
            for row, part in zip(
                rows, self._brute_parts(planned, factors), strict=True
            ):
                self.assertAlmostEqual(
                    row["value"], float(part), delta=0.02 + abs(float(part)) / 10**6
                )
            self.assertEqual(found["residual"], 0)
            told += row["value"] != 0
        self.assertEqual(told, len(self.people))
        with freeze_time("2031-07-02 12:00:00"):
            root = goal._get_root().get_deviation(START, STOP)
        whole = {row["key"]: row["value"] for row in root["rows"]}
        for key in whole.keys() - {"planned", "actual"}:
            self.assertAlmostEqual(
                sum(child["effects"][key] for child in root["children"]), whole[key]
            )
        self.assertEqual(root["residual"], 0)

    def test_before_the_commitment(self):
        """Worths are those of the 90 days before the period."""
        goal = self._goal()
        before = self._sell(
            5, date(2031, 2, 1), date(2031, 5, 31), 700, self._prices(3, 1, 9, 5)
        )
        self._check(goal, before, START)

    def test_kept(self):
        """A plan that is committed to knows the worths of that day."""
        goal = self._goal()
        before = self._sell(
            5, date(2030, 9, 1), date(2030, 12, 31), 700, self._prices(3, 1, 9, 5)
        )
        with freeze_time("2030-12-20 12:00:00"):
            goal.action_commit()
        self._sell(
            6, date(2031, 3, 1), date(2031, 5, 31), 300, self._prices(1, 9, 1, 1)
        )
        self._check(goal, before, date(2030, 12, 20))

    def test_one_category(self):
        """Without categories, or with one, the mix says nothing."""
        goal = self._goal()
        rep = self.reps["rep"]
        for day in (date(2031, 5, 5), date(2031, 6, 5)):
            self._credit(
                [(rep, "ORDERS", day, 1), (rep, "ORDERED", day, 900)],
                products=[None, self.products[0].id],
            )
        [leaf] = goal._get_leaves().filtered(lambda leaf: leaf.rep_id == rep)
        with freeze_time("2031-07-02 12:00:00"):
            found = leaf.get_deviation(START, STOP)
        [row] = [row for row in found["rows"] if row["key"] == "mix"]
        self.assertEqual((row["value"], row["actual_rate"]), (0, 1))

    def test_margin(self):
        """Of a margin the mix is by what was invoiced of each category."""
        margin, rep = self.by_code["MARGIN"], self.reps["rep"]
        chain = self.driver._get_chain(margin, self.company)
        mixed = chain._get_mix()
        self.assertEqual(mixed.metric_id, margin)
        tool, part = self.products[0], self.products[2]
        for day, share in ((date(2031, 5, 5), 0.5), (date(2031, 6, 5), 0.2)):
            for product, rate, amount in (
                (tool, 0.4, 10_000 * share),
                (part, 0.1, 10_000 * (1 - share)),
            ):
                self._credit(
                    [(rep, "INVOICED", day, amount)]
                    + [(rep, "MARGIN", day, amount * rate)],
                    products=[product.id] * 2,
                )
        indices = self.driver._get_indices(margin, rep, START)[rep]
        self.assertEqual(
            indices, {tool.categ_id.id: F(8, 5), part.categ_id.id: F(2, 5)}
        )
        sold = chain._read_sold(
            mixed,
            self.company,
            SQL("SELECT 1, %s, %s::date, %s::date", rep.id, START, STOP),
        )
        units = {category: F(units) for _id, category, units, *_rest in sold}
        # A quarter became a fifth: 0.16 of what is invoiced instead of 0.25.
        self.assertEqual(mix(units, indices), F(16, 25))

    def test_opens(self):
        """The credits behind it are those of the step, by category."""
        leaf = self._goal()._get_leaves()[0]
        rep = leaf.rep_id
        self._credit(
            [(rep, "ORDERED", START, 500), (rep, "COLLECTED", START, 300)],
            products=self.products[:2].ids,
        )
        action = leaf.action_open_credits(START, STOP, code="mix")
        self.assertTrue(action["context"]["search_default_by_category"])
        found = self.env["sales.credit"].search(Domain(action["domain"]))
        self.assertEqual(found.mapped("value"), [500])

    def test_suggested(self):
        """What helps is the driver's own measure."""
        goal = self._goal()
        mixed = self.driver.search(
            [("kind", "=", "mix"), ("company_id", "=", self.company.id)]
        )
        mixed.write({"measure": "Push parts", "measure_kind": "playbook"})
        leaf = goal._get_leaves()[0]
        chain = self.driver._get_chain(self.collected, self.company)
        steps = leaf._get_steps(chain, chain._get_mix())
        effects = defaultdict(int, {"mix": -500})
        found = leaf._get_largest(steps, effects)
        self.assertEqual((found["key"], found["measure"]), ("mix", "Push parts"))

    def test_once(self):
        """A goal has one mix, beside a step that counts the same."""
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._mix("COLLECTED")

    def test_shipped(self):
        for code in ("COLLECTED", "ORDERED", "INVOICED", "MARGIN"):
            chain = self.driver._get_chain(self.by_code[code], self.env["res.company"])
            mixed = chain._get_mix()
            self.assertEqual(len(mixed), 1, code)
            self.assertTrue(mixed.measure)
            self.assertIn("by Product Category", mixed.basis)
