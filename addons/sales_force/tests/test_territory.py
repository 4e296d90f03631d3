"""Matching of customers: the pure rules against plain words, then the records."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import BaseCase, Form, tagged

from ..territory_matching import (
    Customer,
    Matcher,
    Rule,
    find_ties,
    matches,
    normalize_city,
    normalize_zip,
    rank,
    zip_error,
)
from .common import ConcurrentCase, SalesForceCase

CODES = ["", "100", "105", "109", "110", "10000", "10500", "1A", "1B", "1C", "1B2", "A"]
some = st.integers(0, 2)


@st.composite
def rules(draw):
    """A few rules, each of whose range is one."""
    drawn = []
    for number in range(draw(st.integers(0, 6))):
        start, stop = sorted(
            (draw(st.sampled_from(CODES)), draw(st.sampled_from(CODES)))
        )
        if not start or zip_error(start, stop):
            stop = start
        drawn.append(
            Rule(
                id=number + 1,
                territory=draw(st.integers(1, 3)),
                depth=draw(st.integers(1, 2)),
                company=draw(st.integers(0, 1)),
                country=draw(some),
                state=draw(st.integers(0, 1)),
                industry=draw(st.integers(0, 1)),
                city=draw(st.sampled_from(["", "rome"])),
                zip_from=start,
                zip_to=stop,
            )
        )
    return drawn


customers = st.builds(
    Customer,
    company=some,
    country=some,
    state=st.integers(0, 1),
    industry=st.integers(0, 1),
    city=st.sampled_from(["", "rome", "oslo"]),
    zip=st.sampled_from([*CODES, "1050", "1B9", "10499", "AB"]),
)


@tagged("post_install", "-at_install")
class TestTerritoryMatching(BaseCase):
    @settings(max_examples=600, deadline=None)
    @given(rules(), st.lists(customers, max_size=20))
    def test_most_specific_wins(self, drawn, some_customers):
        """Without ties the matcher finds the one territory of the highest rank."""
        if find_ties(drawn):
            return
        matcher = Matcher(drawn)
        for customer in some_customers:
            found = [rule for rule in drawn if matches(rule, customer)]
            best = max(map(rank, found), default=None)
            expected = {rule.territory for rule in found if rank(rule) == best}
            self.assertLessEqual(len(expected), 1, "a tie that was not told")
            self.assertEqual(matcher.match(customer), next(iter(expected), None))

    @settings(max_examples=600, deadline=None)
    @given(rules(), st.lists(customers, min_size=20, max_size=60))
    def test_every_tie_is_told(self, drawn, some_customers):
        for customer in some_customers:
            found = [rule for rule in drawn if matches(rule, customer)]
            best = max(map(rank, found), default=None)
            if len({rule.territory for rule in found if rank(rule) == best}) > 1:
                self.assertTrue(find_ties(drawn))
                return

    def test_weights(self):
        """Postcode before city before state before industry before country."""
        order = [
            Rule(1, 1, zip_from="1", zip_to="1"),
            Rule(2, 2, city="rome", state=1, industry=1, country=1),
            Rule(3, 3, city="rome"),
            Rule(4, 4, state=1, industry=1, country=1),
            Rule(5, 5, state=1, country=1),
            Rule(6, 6, state=1),
            Rule(7, 7, industry=1, country=1),
            Rule(8, 8, industry=1),
            Rule(9, 9, country=1),
        ]
        self.assertEqual(order, sorted(order, key=rank, reverse=True))

    def test_postcodes(self):
        self.assertEqual(normalize_zip(" sw1a 1aa "), "SW1A1AA")
        self.assertEqual(normalize_zip("12345-6789"), "12345")
        self.assertEqual(normalize_zip("00-950"), "00950")
        self.assertEqual(normalize_zip(None), "")
        self.assertEqual(normalize_city("  San   José "), "san josé")
        westminster = Rule(1, 1, zip_from="SW1A", zip_to="SW1Z")
        digits = Rule(2, 2, zip_from="10000", zip_to="19999")
        for code, rule, expected in (
            ("SW1A 1AA", westminster, True),
            ("SW1Y", westminster, True),
            ("SW2A 1AA", westminster, False),
            ("SW1", westminster, False),
            ("10115", digits, True),
            ("19999", digits, True),
            ("20000", digits, False),
            ("1011", digits, False),
            ("101150", digits, False),
            ("10A00", digits, False),
            ("10115-1234", digits, True),
        ):
            with self.subTest(code=code):
                self.assertEqual(
                    matches(rule, Customer(zip=normalize_zip(code))), expected
                )


@tagged("post_install", "-at_install")
class TestTerritory(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.territory"].search([]).rule_ids.unlink()
        cls.country = cls.env["res.country"].create({"name": "Utopia", "code": "X1"})
        cls.other_country = cls.env["res.country"].create(
            {"name": "Erewhon", "code": "X2"}
        )
        cls.state = cls.env["res.country.state"].create(
            {"name": "North Utopia", "code": "N", "country_id": cls.country.id}
        )
        cls.industry = cls.env["res.partner.industry"].create({"name": "Health"})
        cls.whole = cls._territory("Utopia", country_id=cls.country.id)
        cls.north = cls._territory("North", cls.whole, state_id=cls.state.id)
        cls.health = cls._territory("Health", cls.whole, industry_id=cls.industry.id)

    @classmethod
    def _territory(cls, name, parent=None, company=None, **criteria):
        return cls.env["sales.territory"].create(
            {
                "name": name,
                "parent_id": parent.id if parent else False,
                "company_id": company.id if company else False,
                "rule_ids": [Command.create(criteria)] if criteria else [],
            }
        )

    def _partner(self, **values):
        return self.env["res.partner"].create(
            {"name": "P", "country_id": self.country.id, **values}
        )

    def test_by_rule(self):
        self.assertEqual(self._partner().sales_territory_id, self.whole)
        partner = self._partner(industry_id=self.industry.id)
        self.assertEqual(partner.sales_territory_id, self.health)
        partner.state_id = self.state
        self.assertEqual(partner.sales_territory_id, self.north)
        partner.write({"state_id": False, "country_id": self.other_country.id})
        self.assertEqual(partner.sales_territory_id, self.health)
        partner.industry_id = False
        self.assertFalse(partner.sales_territory_id)

    def test_by_hand_wins(self):
        partner = self._partner()
        partner.sales_territory_id = self.health
        self.assertTrue(partner.sales_territory_manual)
        partner.state_id = self.state
        self.assertEqual(partner.sales_territory_id, self.health)
        self.north.rule_ids.unlink()
        self.assertEqual(partner.sales_territory_id, self.health)
        partner.sales_territory_id = False
        self.assertFalse(partner.sales_territory_manual)
        self.assertEqual(partner.sales_territory_id, self.whole)
        created = self._partner(sales_territory_id=self.north.id)
        self.assertTrue(created.sales_territory_manual)
        self.assertEqual(created.sales_territory_id, self.north)

    def test_form(self):
        """The form gives the territory at once, and a change of address is no hand."""
        with Form(self.env["res.partner"]) as form:
            form.name = "By form"
            form.country_id = self.country
            self.assertEqual(form.sales_territory_id, self.whole)
        self.assertFalse(form.record.sales_territory_manual)
        with Form(form.record) as form:
            form.sales_territory_manual = True
            form.sales_territory_id = self.health
        self.assertEqual(form.record.sales_territory_id, self.health)

    def test_rules_change_customers_as_a_set(self):
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"P{number}",
                    "country_id": self.country.id,
                    "zip": f"{number:05}",
                }
                for number in range(30)
            ]
        )
        self.env.flush_all()
        near = self._territory("Near", self.whole)
        rule = self.env["sales.territory.rule"]
        with self.assertQueryCount(30):
            rule.create(
                {
                    "territory_id": near.id,
                    "country_id": self.country.id,
                    "zip_from": "00010",
                    "zip_to": "00019",
                }
            )
            rule.env.flush_all()
        self.assertEqual(
            partners.filtered(lambda p: p.sales_territory_id == near), partners[10:20]
        )
        near.rule_ids.zip_to = "00014"
        self.assertEqual(
            partners.filtered(lambda p: p.sales_territory_id == near), partners[10:15]
        )
        near.active = False
        self.assertEqual(partners.sales_territory_id, self.whole)
        near.active = True
        self.assertEqual(partners.sales_territory_id, self.whole + near)
        with self.assertRaisesRegex(UserError, "Near"):
            near.unlink()
        near.active = False
        near.unlink()
        self.assertEqual(partners.sales_territory_id, self.whole)

    def test_set_equals_single(self):
        """What the statement over all customers gives is what each one computes."""
        near = self._territory(
            "Near", self.whole, country_id=self.country.id, city=" NEW  Town"
        )
        partners = self.env["res.partner"]
        for city in ("new town", "New Town ", "Newtown", False):
            for industry in (self.industry.id, False):
                partners |= self._partner(city=city, industry_id=industry)
        alone = {p: p.sales_territory_id for p in partners}
        self.assertIn(near, alone.values())
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET sales_territory_id = NULL")
        self.env["sales.territory.matching"]._match_all()
        self.assertEqual(alone, {p: p.sales_territory_id for p in partners})

    def test_ties_are_refused_with_both_names(self):
        first = self._territory(
            "First", country_id=self.country.id, zip_from="100", zip_to="199"
        )
        message = "First.*100–199.*Second.*150–250"
        with (
            self.assertRaisesRegex(ValidationError, message),
            self.env.cr.savepoint(),
        ):
            self._territory(
                "Second", country_id=self.country.id, zip_from="150", zip_to="250"
            )
        second = self._territory(
            "Second", country_id=self.country.id, zip_from="200", zip_to="250"
        )
        with self.assertRaises(ValidationError):
            second.rule_ids.zip_from = "199"
        # The deeper territory wins, until it is moved up.
        part = self._territory(
            "Part", first, country_id=self.country.id, zip_from="150", zip_to="160"
        )
        self.assertEqual(self._partner(zip="155").sales_territory_id, part)
        self.assertEqual(self._partner(zip="145").sales_territory_id, first)
        with self.assertRaises(ValidationError):
            part.parent_id = False

    def test_same_criteria_are_refused_at_any_depth(self):
        with (
            self.assertRaisesRegex(ValidationError, "Utopia.*Utopia / Copy"),
            self.env.cr.savepoint(),
        ):
            self._territory("Copy", self.whole, country_id=self.country.id)

    def test_same_name(self):
        copy = self._territory("North", self.health)
        self.assertEqual(copy.name, self.north.name)
        self.assertNotEqual(copy.display_name, self.north.display_name)

    def test_company(self):
        """A company's rules match its own customers only, and go before shared ones."""
        own = self._territory("Own", company=self.company, country_id=self.country.id)
        self.assertEqual(
            self._partner(company_id=self.company.id).sales_territory_id, own
        )
        self.assertEqual(
            self._partner(company_id=self.company_b.id).sales_territory_id, self.whole
        )
        self.assertEqual(self._partner().sales_territory_id, self.whole)

    def test_bad_rules(self):
        for criteria in (
            {"city": "  "},
            {"zip_from": "100", "zip_to": "99"},
            {"zip_from": "100", "zip_to": "1AA"},
            {"zip_from": "200", "zip_to": "100"},
            {"state_id": self.state.id, "country_id": self.other_country.id},
        ):
            with self.subTest(criteria=criteria), self.assertRaises(ValidationError):
                self._territory("Bad", **criteria)

    def test_no_cycle(self):
        with self.assertRaises(UserError):
            self.whole.parent_id = self.north

    def test_common_territory(self):
        east = self._territory("East", self.north)
        west = self._territory("West", self.north)
        far = self._territory("Far")
        assignment = self.reps["rep"].assignment_ids
        for territories, expected in (
            (east, east),
            (east + west, self.north),
            (east + self.health, self.whole),
            (east + self.north, self.north),
            (east + far, self.env["sales.territory"]),
            (self.env["sales.territory"], self.env["sales.territory"]),
        ):
            assignment.territory_ids = territories
            self.assertEqual(assignment.territory_id, expected)
        assignment.territory_ids = east + west
        west.parent_id = self.whole
        self.assertEqual(assignment.territory_id, self.whole)

    def test_credits_follow_rules(self):
        partner = self._partner()
        self._order(self.users["rep"], partner=partner)
        self.env.flush_all()
        credits_ = self.env["sales.credit"].search([("partner_id", "=", partner.id)])
        self.assertEqual(credits_.territory_id, self.whole)
        near = self._territory("Near", country_id=self.country.id, city="Town")
        partner.city = "Town"
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_.territory_id, near)
        near.rule_ids.unlink()
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_.territory_id, self.whole)

    def test_partner_count(self):
        self._partner()
        self._partner(state_id=self.state.id)
        self.assertEqual(self.whole.partner_count, 2)
        self.assertEqual(self.north.partner_count, 1)
        action = self.whole.action_open_partners()
        self.assertEqual(self.env["res.partner"].search_count(action["domain"]), 2)

    def test_import(self):
        """The Import screen takes a tree and its rules, and tells same names apart."""
        result = self.env["sales.territory"].load(
            [
                "id",
                "name",
                "code",
                "parent_id",
                "rule_ids/country_id",
                "rule_ids/zip_from",
            ],
            [
                ["t.asia", "Asia", "AS", "", "", ""],
                ["t.asia_s", "South", "AS-S", "Asia", "Erewhon", "100"],
                ["", "", "", "", "Erewhon", "200"],
                ["t.south", "South", "S", "", "", ""],
                ["t.part", "Part", "P", "AS-S", "", ""],
            ],
        )
        self.assertFalse([m for m in result["messages"] if m["type"] == "error"])
        territories = self.env["sales.territory"].browse(result["ids"])
        self.assertEqual(
            territories.mapped("complete_name"),
            ["Asia", "Asia / South", "South", "Asia / South / Part"],
        )
        self.assertEqual(territories[1].rule_ids.mapped("zip_from"), ["100", "200"])
        partner = self._partner(country_id=self.other_country.id, zip="200")
        self.assertEqual(partner.sales_territory_id, territories[1])


@tagged("post_install", "-at_install")
class TestConcurrentTerritory(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            territories = env["sales.territory"].create(
                [{"name": "Concurrent One"}, {"name": "Concurrent Two"}]
            )
            self.territory_ids = territories.ids
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["sales.territory"].browse(self.territory_ids).unlink()

    def _rule(self, env, territory):
        env["sales.territory.rule"].create(
            {"territory_id": self.territory_ids[territory], "city": "Concurrentville"}
        )

    def test_two_rules_that_tie(self):
        """The second to commit sees the first, and is refused."""
        with self.assertRaisesRegex(ValidationError, "Concurrent One"):
            self._race(lambda env: self._rule(env, 0), lambda env: self._rule(env, 1))
