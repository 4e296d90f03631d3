"""Assignment of leads: the pure rule against its definition, then the records."""

from collections import Counter
from datetime import date
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, Form, new_test_user, tagged

from ..customers.assignment import assign, ramped
from .common import ConcurrentCase, SalesForceCase
from .credit_rows import CreditRows

REPS = st.integers(0, 4)
LEADS = st.integers(0, 9)


@st.composite
def cases(draw):
    quotas = draw(st.dictionaries(REPS, st.integers(0, 4), max_size=5))
    choices = {}
    for lead in range(draw(st.integers(0, 10))):
        order = draw(st.permutations(sorted(quotas)))
        cuts = sorted(
            draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2))
        )
        choices[lead] = [order[: cuts[0]], order[cuts[0] : cuts[1]]]
    places = {rep: draw(st.integers(1, 3)) for rep in quotas}
    buckets = {
        lead: draw(st.sets(st.sampled_from("xy"))) for lead in draw(st.sets(LEADS))
    }
    rooms = draw(
        st.dictionaries(st.tuples(REPS, st.sampled_from("xy")), st.integers(0, 3))
    )
    return choices, quotas, draw(st.sampled_from([None, places])), rooms, buckets


class TestAssign(BaseCase):
    @settings(max_examples=400, deadline=None)
    @given(cases())
    def test_definition(self, case):
        choices, quotas, places, rooms, buckets = case
        assigned = assign(choices, quotas, places, rooms, buckets)
        counts = Counter(assigned.values())
        for rep, count in counts.items():
            self.assertLessEqual(count, quotas[rep])
        filled = Counter(
            (rep, bucket)
            for lead, rep in assigned.items()
            for bucket in buckets.get(lead, ())
        )
        for key, count in filled.items():
            self.assertLessEqual(count, rooms.get(key, count))

        def is_full(rep, lead):
            return counts[rep] >= max(0, quotas[rep]) or any(
                (rep, bucket) in rooms and filled[rep, bucket] >= rooms[rep, bucket]
                for bucket in buckets.get(lead, ())
            )

        for lead, groups in choices.items():
            may = [rep for group in groups for rep in group]
            if lead in assigned:
                self.assertIn(assigned[lead], may)
            else:
                # Nobody who may get it has room left.
                self.assertFalse([rep for rep in may if not is_full(rep, lead)])
        if places:
            self._check_stable(case, assigned)

    def _check_stable(self, case, assigned):
        """No lead and rep would both rather have each other."""
        choices, quotas, places, rooms, buckets = case
        worth = {lead: -number for number, lead in enumerate(choices)}
        for lead, groups in choices.items():
            order = [
                (number, places[rep], rep)
                for number, group in enumerate(groups)
                for rep in group
            ]
            mine = next((o for o in order if o[2] == assigned.get(lead)), None)
            for other in order:
                if mine and other[:2] >= mine[:2]:
                    continue
                rep = other[2]
                held = [x for x, owner in assigned.items() if owner == rep]
                # What fills him is all worth more: in all, or in one of its buckets.
                full = [held] if len(held) == max(0, quotas[rep]) else []
                for bucket in buckets.get(lead, ()):
                    there = [x for x in held if bucket in buckets.get(x, ())]
                    if rooms.get((rep, bucket)) == len(there):
                        full.append(there)
                self.assertTrue(
                    any(all(worth[x] > worth[lead] for x in leads) for leads in full)
                )

    def test_even(self):
        """Quotas fill evenly, the larger one first."""
        choices = {lead: [["a", "b"]] for lead in range(6)}
        assigned = assign(choices, {"a": 2, "b": 4})
        self.assertEqual(list(assigned.values()), ["b", "a", "b", "b", "a", "b"])

    @given(
        st.integers(0, 200), st.integers(0, 24), st.integers(0, 40), st.integers(0, 27)
    )
    def test_ramp(self, quota, months, passed, days):
        start = date(2026, 1, 15)
        today = start + relativedelta(months=passed, days=days)
        found = ramped(quota, start, months, today)
        self.assertLessEqual(found, quota)
        if passed + 1 >= months:
            self.assertEqual(found, quota)
        elif quota:
            self.assertGreaterEqual(found, 1)
            exact = quota * (passed + 1) / months
            self.assertLessEqual(abs(max(found, 1) - max(exact, 1)), 0.5)
        self.assertEqual(ramped(quota, None, months, today), quota)


@tagged("post_install", "-at_install")
@freeze_time("2031-05-14 08:00:00")
class TestLeadAssignment(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", True)
        cls.sellers = [cls.reps[name] for name in ("rep", "peer", "leader")]
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Assigning",
                "company_id": cls.company.id,
                "sales_assignment": "ranked",
                "crm_team_member_ids": [
                    Command.create({"user_id": rep.user_id.id, "assignment_max": 60})
                    for rep in cls.sellers
                ],
            }
        )
        cls.members = cls.team.crm_team_member_ids
        cls.north, cls.south = cls.env["sales.territory"].create(
            [{"name": "Lead North"}, {"name": "Lead South"}]
        )
        for rep, ordered in zip(cls.sellers, (100, 300, 200), strict=True):
            cls._credit("ORDERED", rep, ordered, "2031-04-01")
        # Before the ninety days: no result.
        cls._credit("ORDERED", cls.reps["rep"], 10000, "2031-02-13")

    def test_configured_by_operations(self):
        """Who configures the rules need not lead the team, and makes none."""
        team = self.env["crm.team"].create({"name": "T", "use_leads": True})
        mine = team.with_user(self.users["operations"])
        mine.sales_assignment = "ranked"
        with self.assertRaises(AccessError):
            mine.copy()
        with self.assertRaises(AccessError):
            team.with_user(self.users["rep"]).sales_assignment = "odoo"

    def test_without_the_metric(self):
        """Leads are assigned where orders are not counted."""
        self.env.ref("sales_force.sales_metric_ordered").active = False
        self.assertEqual(
            self.team._get_member_places(self.team.crm_team_member_ids), {}
        )

    def _leads(self, *revenues, **values):
        return self.env["crm.lead"].create(
            [
                {
                    "name": f"Lead of {revenue}",
                    "type": "lead",
                    "team_id": self.team.id,
                    "user_id": False,
                    "expected_revenue": revenue,
                    **values,
                }
                for revenue in revenues
            ]
        )

    def _assign(self):
        self.team.invalidate_recordset()
        return self.team._assign_and_convert_leads(force_quota=True)

    def _owners(self, leads):
        names = {rep.user_id: name for name, rep in self.reps.items()}
        return [names.get(lead.user_id) for lead in leads]

    def test_best_leads_to_best_results(self):
        leads = self._leads(10, 60, 30, 50, 20, 40, 5)
        result = self._assign()
        self.assertEqual(
            self._owners(leads),
            ["rep", "peer", "leader", "peer", "rep", "leader", None],
        )
        self.assertEqual(set(leads[:6].mapped("type")), {"opportunity"})
        self.assertTrue(all(lead.date_conversion for lead in leads[:6]))
        self.assertEqual(leads[6].type, "lead")
        assigned = {m.user_id: info["assigned"] for m, info in result.items()}
        self.assertEqual(assigned[self.users["peer"]], leads[1] + leads[3])
        log = self.env["sales.ownership"].search([("lead_id", "in", leads.ids)])
        self.assertEqual(set(log.filtered("user_id").mapped("reason")), {"rules"})
        self.assertIn("Assigned by rules to Peer.", leads[1].message_ids[0].body)

    def test_owned_meanwhile(self):
        """Who got an owner while others were served keeps him."""
        leads = self._leads(60, 50, 40)
        model = type(self.env["crm.lead"])
        served = model._assign_by_rules

        def serve(records, user):
            served(records, user)
            taken = leads.filtered(lambda lead: not lead.user_id)[:1]
            taken.user_id = self.users["director"]

        with patch.object(model, "_assign_by_rules", serve):
            result = self._assign()
        # All three were planned for two of the members.
        self.assertEqual(self._owners(leads), ["director", "peer", "director"])
        given = self.env["crm.lead"].concat(*(i["assigned"] for i in result.values()))
        self.assertEqual(given, leads[1])

    def test_lower_is_better_and_no_result(self):
        self._credit("LOST", self.reps["rep"], 2, "2031-05-01")
        self._credit("LOST", self.reps["peer"], 3, "2031-05-01")
        self.team.sales_assignment_metric_id = self.env.ref(
            "sales_force.sales_metric_lost"
        )
        leads = self._leads(60, 50, 40, 30, 20, 10)
        self._assign()
        self.assertEqual(
            self._owners(leads), ["rep", "rep", "peer", "peer", "leader", "leader"]
        )

    def test_by_priority(self):
        self.team.sales_assignment_value = "priority"
        low = self._leads(60, 50, 40, 30)
        high = self._leads(2, 1, priority="3")
        self._assign()
        self.assertEqual(self._owners(high), ["peer", "peer"])
        self.assertEqual(self._owners(low), ["leader", "leader", "rep", "rep"])

    def test_evenly(self):
        self.team.sales_assignment = "balanced"
        self.members[0].assignment_max = 120
        leads = self._leads(*range(8))
        self._assign()
        self.assertEqual(
            Counter(self._owners(leads)), {"rep": 4, "peer": 2, "leader": 2}
        )
        leads.date_open = fields.Datetime.now()
        more = self._leads(1)
        # The daily quotas are used up.
        self.team._assign_and_convert_leads(force_quota=False)
        self.assertFalse(more.user_id)

    def _place(self, rep, territory):
        self.reps[rep].territory_ids = [Command.set(territory.ids)]

    def test_territory(self):
        self._place("rep", self.north)
        self._place("peer", self.south)
        inner = self.env["sales.territory"].create(
            {"name": "Inner North", "parent_id": self.north.id}
        )
        partner = self.env["res.partner"].create(
            {
                "name": "There",
                "sales_territory_manual": True,
                "sales_territory_id": inner.id,
            }
        )
        there = self._leads(60, 50, 40, partner_id=partner.id)
        nowhere = self._leads(55, 45)
        self.assertEqual(there.sales_territory_id, inner)
        self._assign()
        self.assertEqual(self._owners(there), ["rep", "rep", "peer"])
        self.assertEqual(self._owners(nowhere), ["leader", "leader"])
        (there + nowhere).write({"user_id": False, "date_open": False})
        self.team.sales_assignment_territory = "require"
        self._assign()
        self.assertEqual(self._owners(there), ["rep", "rep", None])
        (there + nowhere).write({"user_id": False, "date_open": False})
        self.team.sales_assignment_territory = "any"
        self._assign()
        self.assertEqual(self._owners(there), ["peer", "leader", "rep"])

    def test_territory_by_address(self):
        self.env["sales.territory.rule"].create(
            {"territory_id": self.north.id, "city": "Assignville"}
        )
        lead = self._leads(1, city="assignville ")
        self.assertEqual(lead.sales_territory_id, self.north)
        lead.city = "Elsewhere"
        self.assertFalse(lead.sales_territory_id)

    def test_industry_and_language(self):
        industry, other = self.env["res.partner.industry"].create(
            [{"name": "Mining"}, {"name": "Fishing"}]
        )
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        self.reps["peer"].industry_ids = industry
        self.reps["leader"].lang_ids = lang
        english = self.env.ref("base.lang_en")
        leads = self._leads(60, sales_industry_id=other.id, lang_id=english.id)
        leads += self._leads(50, sales_industry_id=industry.id)
        leads += self._leads(40, lang_id=lang.id, sales_industry_id=other.id)
        self._assign()
        self.assertEqual(self._owners(leads), ["rep", "peer", "leader"])
        partner = leads[1]._create_customer()
        self.assertEqual(partner.industry_id, industry)
        lead = self._leads(1, partner_id=partner.id)
        self.assertEqual(lead.sales_industry_id, industry)

    def test_domains_of_members(self):
        peer = self.members.filtered(lambda m: m.user_id == self.users["peer"])
        peer.assignment_domain = "[('expected_revenue', '<', 50)]"
        rep = self.members.filtered(lambda m: m.user_id == self.users["rep"])
        rep.assignment_domain_preferred = "[('expected_revenue', '>=', 60)]"
        leads = self._leads(60, 55, 40)
        self._assign()
        self.assertEqual(self._owners(leads), ["rep", "leader", "peer"])

    def test_ramp_leave_and_caps(self):
        self.reps["peer"].write({"date_start": "2031-05-01", "ramp_months": 2})
        employee = self.env["hr.employee"].create(
            {
                "name": "Away",
                "user_id": self.users["leader"].id,
                "company_id": self.company.id,
            }
        )
        self.reps["leader"].employee_id = employee
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": employee.resource_id.id,
                "calendar_id": employee.resource_calendar_id.id,
                "date_from": "2031-05-14 00:00:00",
                "date_to": "2031-05-14 23:00:00",
            }
        )
        leads = self._leads(*range(6, 0, -1))
        self._assign()
        self.assertEqual(self._owners(leads), ["rep", "rep", "peer", None, None, None])
        leave.unlink()
        self.env["sales.pool"].create(
            {
                "name": "Pool",
                "company_id": self.company.id,
                "cap_ids": [Command.create({"kind": "leads", "cap": 2})],
            }
        )
        self._assign()
        self.assertEqual(
            self._owners(leads), ["rep", "rep", "peer", "leader", "leader", "peer"]
        )
        self.reps["leader"].state = "suspended"
        more = self._leads(1)
        self._assign()
        self.assertFalse(more.user_id)

    def test_odoos_own_way_stays(self):
        self.team.sales_assignment = "odoo"
        leads = self._leads(1, 2, 3)
        self._assign()
        self.assertEqual(len(leads.user_id), 3)

    def test_setting(self):
        manager = new_test_user(
            self.env,
            "sf_team_manager",
            "sales_team.group_sale_manager,sales_force.group_sales_director",
        )
        with Form(self.team.with_user(manager)) as form:
            form.sales_assignment = "balanced"
            form.sales_assignment_territory = "require"
        leads = self._leads(1)
        self.team.with_user(manager).action_assign_leads()
        self.assertTrue(leads.user_id)

    def test_queries(self):
        """One set of writes per rep, however many leads there are."""
        for member in self.members:
            member.assignment_max = 30 * 60

        def count(number):
            self._leads(*range(number))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._assign()
            self.cr.flush()
            return self.cr.sql_log_count - before

        # As users do it: with all that Odoo's mail does.
        self.team = self.team.with_context(tracking_disable=False, mail_notrack=False)

        count(3)
        few, many = count(6), count(120)
        self.assertLess(many, 2 * few)


@tagged("post_install", "-at_install")
@freeze_time("2031-05-14 08:00:00")
class TestCustomerAssignment(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sellers = [cls.reps[name] for name in ("rep", "peer")]
        for rep, ordered in zip(cls.sellers, (100, 300), strict=True):
            cls._credit("ORDERED", rep, ordered, "2031-04-01")
        cls.north, cls.south = cls.env["sales.territory"].create(
            [{"name": "Customer North"}, {"name": "Customer South"}]
        )
        cls.class_a = cls.env.ref("sales_force.sales_customer_class_a")

    def _customers(self, *turnovers, **values):
        """Cards of customers without owner, those with a turnover of class A."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Customer of {turnover}", "is_company": True, **values}
                for turnover in turnovers
            ]
        )
        self.env["sales.customer"]._refresh(self.company, partners.ids)
        cards = self.env["sales.customer"].browse(partners.sales_customer_id.ids)
        for card, turnover in zip(cards, turnovers, strict=True):
            self.env.cr.execute(
                """UPDATE sales_customer
                SET turnover = %s, class_id = %s, last_date = %s WHERE id = %s""",
                (
                    turnover,
                    self.class_a.id if turnover else None,
                    "2031-01-01" if turnover else None,
                    card.id,
                ),
            )
        self.env.invalidate_all()
        return cards

    def _wizard(self, cards, by="operations", **values):
        action = cards.with_user(self.users[by]).action_assign_by_rules()
        wizard = self.env[action["res_model"]].with_user(self.users[by])
        wizard = wizard.browse(action["res_id"])
        reps = values.pop("reps", ("rep", "peer"))
        values["rep_ids"] = [Command.set([self.reps[name].id for name in reps])]
        wizard.write(values)
        wizard.action_preview()
        return wizard

    def _proposed(self, wizard, cards):
        names = {rep: name for name, rep in self.reps.items()}
        found = {line.customer_id: line for line in wizard.line_ids}
        self.assertEqual(len(found), len(wizard.line_ids))
        return [names.get(found[card].rep_id, found[card].reason) for card in cards]

    def _pool(self, *caps, **values):
        return self.env["sales.pool"].create(
            {
                "name": "Pool",
                "company_id": self.company.id,
                "cap_ids": [Command.create(cap) for cap in caps],
                **values,
            }
        )

    FULL = "Those who could get it hold as many as they may."

    def test_evenly(self):
        """To those who lead nobody, in one go, with the reason in the log."""
        cards = self._customers(0, 0, 0, 0)
        action = cards.with_user(self.users["manager"]).action_assign_by_rules()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.rep_ids, self.reps["rep"])
        self.assertEqual(self._proposed(wizard, cards), ["rep"] * 4)
        wizard = self._wizard(cards)
        proposed = self._proposed(wizard, cards)
        self.assertEqual(Counter(proposed), {"rep": 2, "peer": 2})
        self.assertFalse(cards.partner_id.user_id)
        messages = cards.partner_id.message_ids
        wizard.action_assign()
        self.assertEqual(
            [self.reps[name].user_id for name in proposed],
            [partner.user_id for partner in cards.partner_id],
        )
        log = self.env["sales.ownership"].search(
            [("partner_id", "in", cards.partner_id.ids), ("user_id", "!=", False)]
        )
        self.assertEqual(len(log), 4)
        self.assertEqual(set(log.mapped("reason")), {"rules"})
        self.assertEqual(log.set_by_id, self.users["operations"])
        self.assertEqual(cards.partner_id.message_ids, messages)
        with self.assertRaisesRegex(UserError, "have an owner"):
            self._wizard(cards)

    def test_best_customers_to_best_results(self):
        cards = self._customers(10, 60, 0, 30)
        with self.assertRaisesRegex(ValidationError, "at most"):
            self._wizard(cards, method="ranked")
        wizard = self._wizard(cards, method="ranked", quota=2)
        self.assertEqual(self._proposed(wizard, cards), ["rep", "peer", "rep", "peer"])
        lost = self.env.ref("sales_force.sales_metric_lost")
        self._credit("LOST", self.reps["peer"], 3, "2031-05-01")
        self._credit("LOST", self.reps["rep"], 2, "2031-05-01")
        wizard = self._wizard(cards, method="ranked", quota=1, metric_id=lost.id)
        self.assertEqual(
            self._proposed(wizard, cards), [self.FULL, "rep", self.FULL, "peer"]
        )
        self.assertEqual((wizard.assigned_count, wizard.left_count), (2, 2))

    def test_territory_industry_language(self):
        self.reps["rep"].territory_ids = self.north
        mining, fishing = self.env["res.partner.industry"].create(
            [{"name": "Mining"}, {"name": "Fishing"}]
        )
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        self.reps["rep"].write({"industry_ids": mining.ids, "lang_ids": lang.ids})
        self.reps["peer"].write({"industry_ids": mining.ids})
        place = {"sales_territory_manual": True, "lang": "fr_FR"}
        cards = self._customers(0, **place, sales_territory_id=self.north.id)
        cards += self._customers(0, **place, sales_territory_id=self.south.id)
        cards += self._customers(0, lang="fr_FR")
        cards += self._customers(0, industry_id=fishing.id)
        fishers = "Nobody serves Fishing."
        self.assertEqual(
            self._proposed(self._wizard(cards, by_territory="prefer"), cards),
            ["rep", "peer", "peer", fishers],
        )
        self.assertEqual(
            self._proposed(self._wizard(cards, by_territory="require"), cards),
            ["rep", "Nobody covers Customer South.", "peer", fishers],
        )
        wizard = self._wizard(cards, by_territory="require", reps=["rep"])
        self.assertEqual(
            self._proposed(wizard, cards)[2:],
            ["It has no territory.", "It has no territory."],
        )
        english = self._customers(
            0,
            lang="en_US",
            sales_territory_manual=True,
            sales_territory_id=self.north.id,
        )
        wizard = self._wizard(english, reps=["rep"])
        self.assertRegex(wizard.line_ids.reason, "Nobody serves English")
        self.reps["peer"].industry_ids = fishing
        english.partner_id.industry_id = mining
        self.assertEqual(
            self._proposed(self._wizard(english), english),
            ["Nobody has its territory, industry and language at once."],
        )

    def test_caps(self):
        """Room under the caps of the pool, of all and of a class, is the capacity."""
        pool = self._pool({"cap": 4}, {"cap": 2, "class_id": self.class_a.id})
        cards = self._customers(50, 40, 30, 0, 0, 0)
        held = self._customers(20, 0)
        held.partner_id.user_id = self.users["rep"]
        # The rep has room for one of class A and two in all.
        wizard = self._wizard(cards)
        proposed = self._proposed(wizard, cards)
        self.assertEqual(Counter(proposed), {"rep": 2, "peer": 4})
        self.assertEqual(Counter(proposed[:3]), {"rep": 1, "peer": 2})
        more = cards + self._customers(25, 0)
        wizard = self._wizard(more)
        proposed = self._proposed(wizard, more)
        self.assertEqual(Counter(proposed), {"rep": 2, "peer": 4, self.FULL: 2})
        self.assertEqual(proposed[6], self.FULL)
        wizard.action_assign()
        self.assertEqual(len(more.filtered("user_id")), 6)
        # Who buys counts unless the pool spares him, by hand as well.
        with self.assertRaises(UserError), self.cr.savepoint():
            more[6].partner_id.user_id = self.users["rep"]
            self.env.flush_all()
        self.env.invalidate_all()
        pool.cap_spares_buyers = True
        left = more.filtered(lambda card: not card.user_id)
        self.assertIn("rep", self._proposed(self._wizard(left), left))

    def test_ramp_and_leave(self):
        cards = self._customers(0, 0, 0, 0)
        self.reps["rep"].write({"date_start": "2031-05-01", "ramp_months": 4})
        wizard = self._wizard(cards)
        self.assertEqual(Counter(self._proposed(wizard, cards)), {"rep": 1, "peer": 3})
        employee = self.env["hr.employee"].create(
            {
                "name": "Away",
                "user_id": self.users["peer"].id,
                "company_id": self.company.id,
            }
        )
        self.reps["peer"].employee_id = employee
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": employee.resource_id.id,
                "calendar_id": employee.resource_calendar_id.id,
                "date_from": "2031-05-14 00:00:00",
                "date_to": "2031-05-14 23:00:00",
            }
        )
        self.assertEqual(
            Counter(self._proposed(self._wizard(cards), cards)),
            {"rep": 1, self.FULL: 3},
        )
        with self.assertRaisesRegex(UserError, "on leave"):
            self._wizard(cards, reps=["peer"])

    def test_only_what_was_shown(self):
        cards = self._customers(0, 0)
        wizard = self._wizard(cards)
        cards[0].partner_id.user_id = self.users["director"]
        wizard.action_assign()
        self.assertEqual(cards[0].user_id, self.users["director"])
        self.assertIn(cards[1].user_id, [rep.user_id for rep in self.sellers])
        other = self._customers(0)
        wizard = self._wizard(other)
        with Form(wizard) as form:
            form.method = "ranked"
            self.assertEqual(form.quota, 1)  # one for two
        self.assertFalse(wizard.line_ids)
        with self.assertRaisesRegex(UserError, "Preview first"):
            wizard.action_assign()

    def test_full_meanwhile(self):
        """All or nothing: a cap that somebody reached meanwhile is named."""
        cards = self._customers(0, 0)
        self._pool({"cap": 1})
        wizard = self._wizard(cards)
        self._customers(0).partner_id.user_id = self.users["rep"]
        with self.assertRaisesRegex(UserError, "Rep may hold 1"), self.cr.savepoint():
            wizard.action_assign()
        self.env.invalidate_all()
        self.assertFalse(cards.partner_id.user_id)

    def test_who(self):
        """Managers among the reps below, operations in the company, nobody else."""
        cards = self._customers(0, 0)
        for role in ("rep", "leader", "finance"):
            with self.assertRaises(AccessError):
                cards.with_user(self.users[role]).action_assign_by_rules()
        peers = self._wizard(cards, "director").line_ids.rep_id
        self.assertIn(self.reps["peer"], peers)
        # To whom he may not give is refused, however that came here.
        wizard = self._wizard(cards, "manager")
        self.assertIn(self.reps["peer"], wizard.rep_ids)
        self.assertNotIn(self.reps["peer"], wizard.allowed_rep_ids)
        self.assertEqual(wizard.line_ids.rep_id, self.reps["rep"])
        wizard.line_ids[0].rep_id = self.reps["peer"]
        with self.assertRaisesRegex(AccessError, "below you"):
            wizard.action_assign()
        wizard.line_ids[0].rep_id = self.reps["rep"]
        wizard.action_assign()
        self.assertEqual(cards.partner_id.user_id, self.users["rep"])
        for role in ("manager", "operations"):
            arch = self.env["sales.customer"].with_user(self.users[role])
            view = self.env.ref("sales_force.sales_customer_view_list_pool")
            self.assertIn("by_rules", arch.get_view(view.id, "list")["arch"])
        arch = self.env["sales.customer"].with_user(self.users["leader"])
        self.assertNotIn("by_rules", arch.get_view(view.id, "list")["arch"])

    def test_strange_customers(self):
        """Who reads a customer may assign it, and only in one company at a time."""
        card = self._customers(0)
        wizard = self._wizard(card, "manager")
        card.partner_id.user_id = self.users["peer"]
        with self.assertRaises(AccessError):
            wizard.action_assign()
        wizard.action_preview()
        self.assertFalse(wizard.line_ids)
        free = self._customers(0)
        self.env["sales.customer"]._refresh(self.company_b)
        both = self.env["sales.customer"].search(
            [("partner_id", "=", free.partner_id.id)]
        )
        self.assertEqual(len(both), 2)
        with self.assertRaisesRegex(UserError, "one company"):
            both.action_assign_by_rules()
        wizard = self._wizard(free)
        with self.assertRaises(UserError):
            wizard.line_ids.customer_id = both - free
        with self.assertRaises(UserError):
            wizard.line_ids.rep_id = self.reps["foreigner"]
        # Who became a contact of somebody is no customer to be given to anybody.
        free.partner_id.write({"is_company": False, "parent_id": self.partner.id})
        with self.assertRaisesRegex(UserError, "have an owner"):
            self._wizard(free)

    def test_queries(self):
        """As many queries for many customers as for few, but for Odoo's batches."""

        def count(number):
            cards = self._customers(*range(number))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            wizard = self._wizard(cards)
            proposed = self.cr.sql_log_count - before
            wizard.action_assign()
            self.cr.flush()
            return proposed, self.cr.sql_log_count - before

        self._pool({"cap": 500})
        count(2)
        few, many = count(4), count(120)
        self.assertLessEqual(many[0], few[0] + 6)
        self.assertLessEqual(many[1], few[1] + 8)


@tagged("post_install", "-at_install")
class TestConcurrentAssignment(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            users = env["res.users"].with_context(no_reset_password=True)
            self.users = users.create(
                [
                    {"name": f"Race {number}", "login": f"sf_assign_{number}"}
                    for number in range(2)
                ]
            ).ids
            self.team = (
                env["crm.team"]
                .create(
                    {
                        "name": "Race",
                        "sales_assignment": "balanced",
                        "crm_team_member_ids": [
                            Command.create({"user_id": user, "assignment_max": 60})
                            for user in self.users
                        ],
                    }
                )
                .id
            )
            self.leads = (
                env["crm.lead"]
                .create(
                    [
                        {
                            "name": f"Race {number}",
                            "type": "lead",
                            "team_id": self.team,
                            "user_id": False,
                        }
                        for number in range(3)
                    ]
                )
                .ids
            )
        self.addCleanup(self._remove)

    def _remove(self):
        with self._environment() as env:
            env["crm.lead"].browse(self.leads).unlink()
            env["crm.team"].browse(self.team).unlink()
            env["res.users"].browse(self.users).unlink()

    def test_no_lead_to_two(self):
        def assign_all(env):
            team = env["crm.team"].browse(self.team)
            team._assign_and_convert_leads(force_quota=True)

        self.assertEqual(self._race(assign_all, assign_all), 2)
        with self._environment() as env:
            log = env["sales.ownership"].search([("lead_id", "in", self.leads)])
            given = log.filtered("user_id")
            self.assertEqual(len(given), 3)
            self.assertEqual(sorted(given.lead_id.ids), self.leads)
