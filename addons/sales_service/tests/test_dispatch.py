"""Tickets that are handed out by the rules of their team."""

from datetime import datetime, timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.sales_force.tests.common import ConcurrentCase

from ..tickets import matching
from .common import ServiceCase

# A Monday at nine, in working hours of every calendar of Odoo's.
MONDAY = datetime(2031, 3, 3, 9)


@tagged("post_install", "-at_install")
class TestDispatch(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id = cls.env["resource.calendar"].create(
            {
                "name": "Nine to five",
                "tz": "UTC",
                "company_id": cls.company.id,
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": f"Day {day}",
                            "dayofweek": str(day),
                            "hour_from": 9,
                            "hour_to": 17,
                            "day_period": "morning",
                        }
                    )
                    for day in range(5)
                ],
            }
        )
        cls.profiles = {
            profile.user_id: profile
            for profile in cls.env["sales.service.agent"].search(
                [("company_id", "=", cls.company.id)]
            )
        }
        cls.agent, cls.colleague = (
            cls.profiles[cls.users[name]] for name in ("agent", "colleague")
        )
        cls.team.dispatch_mode = "automatic"

    def setUp(self):
        super().setUp()
        self.moment = MONDAY
        self.startPatcher(
            patch.object(
                self.registry["sales.service.ticket"],
                "_get_now",
                lambda _self: self.moment,
            )
        )
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 0)

    def _ask(self, **values):
        return self.env["sales.service.requirement"].create(
            {"team_id": self.team.id, **values}
        )

    def _certify(self, name, course):
        rep = self._rep(self.users[name])
        return self.env["sales.certificate"].create(
            {"rep_id": rep.id, "course_id": course.id, "date": "2026-01-01"}
        )

    def _ranking(self, ticket):
        return str(self._as("dispatcher", ticket).ranking)

    def test_profiles(self):
        """Members have one from the beginning, one per company."""
        self.assertIn(self.users["stranger"], self.profiles)
        self.team.member_ids = [Command.link(self.users["service_manager"].id)]
        made = self.env["sales.service.agent"].search(
            [("user_id", "=", self.users["service_manager"].id)]
        )
        self.assertEqual(made.company_id, self.company)
        self.env["sales.service.agent"]._make_missing()
        self.assertEqual(
            self.env["sales.service.agent"].search_count(
                [("user_id", "in", self.team.member_ids.ids)]
            ),
            3,
        )

    def test_profile_shows_abilities(self):
        """What holds today, to dispatchers who read neither employee nor rep."""
        gas, old = self.env["sales.course"].create([{"name": "Gas"}, {"name": "Old"}])
        held = self._certify("agent", gas)
        held.copy({"course_id": old.id}).date_end = "2026-01-02"
        employee = self.env["hr.employee"].create(
            {
                "name": "Agent",
                "user_id": self.users["agent"].id,
                "company_id": self.company.id,
            }
        )
        kind = self.env["hr.skill.type"].create(
            {
                "name": "Trade",
                "skill_ids": [Command.create({"name": "Welding"})],
                "skill_level_ids": [
                    Command.create({"name": "Able", "level_progress": 50})
                ],
            }
        )
        skill = self._learn(employee, kind.skill_ids, kind.skill_level_ids)
        self.env.invalidate_all()
        profile = self._as("dispatcher", self.agent)
        self.assertEqual(profile.course_ids.mapped("name"), ["Gas"])
        self.assertEqual(profile.skill_ids.mapped("display_name"), ["Welding: Able"])
        self.assertFalse(self._as("dispatcher", self.colleague).skill_ids)
        skill.write({"valid_from": "2020-01-01", "valid_to": "2020-06-01"})
        self.env.invalidate_all()
        self.assertFalse(profile.skill_ids)

    def test_automatic(self):
        """Who has less to do, and it is assigned as if by hand."""
        self._ticket("agent")
        ticket = self._ticket()
        self.assertEqual(
            (ticket.user_id, ticket.state), (self.users["colleague"], "assigned")
        )
        self.assertIn("fewest open tickets", ticket.dispatch_note)
        self.assertEqual(
            ticket.interval_ids.filtered(lambda one: not one.stop).user_id,
            self.users["colleague"],
        )
        # By hand the reasons of the rules are no longer those.
        self._as("dispatcher", ticket).action_assign(self.users["agent"].id)
        self.assertFalse(ticket.dispatch_note)

    def test_manual(self):
        self.team.dispatch_mode = "manual"
        ticket = self._ticket()
        self.assertFalse(ticket.user_id or ticket.proposed_user_id)
        with self.assertRaises(AccessError):
            self._as("agent", ticket).action_dispatch()
        action = self._as("dispatcher", ticket).action_dispatch()
        self.assertEqual(action["params"]["type"], "success")
        self.assertTrue(ticket.user_id)

    def test_proposed(self):
        """A dispatcher decides; what was proposed goes when somebody has it."""
        self.team.dispatch_mode = "proposed"
        self._ticket("agent")
        ticket = self._ticket()
        self.assertEqual(
            (ticket.user_id.id, ticket.proposed_user_id, ticket.state),
            (False, self.users["colleague"], "new"),
        )
        with self.assertRaises(AccessError):
            self._as("agent", ticket).action_accept_proposal()
        self._as("dispatcher", ticket).action_accept_proposal()
        self.assertEqual(ticket.user_id, self.users["colleague"])
        self.assertFalse(ticket.proposed_user_id)
        with self.assertRaisesRegex(UserError, "nobody is proposed"):
            self._as("dispatcher", ticket).action_accept_proposal()
        # What is proposed counts as given; all are asked about anew together.
        more = self._ticket() + self._ticket()
        both = self.users["agent"] + self.users["colleague"]
        self.assertEqual(more.proposed_user_id, both)
        self.team._cron_dispatch()
        self.assertEqual(more.proposed_user_id, both)

    def test_certificate(self):
        """Of the category above, and of the product; each is wanted."""
        high = self.env["sales.course"].create({"name": "High voltage"})
        self._ask(category_ids=self.category.ids, course_ids=high.ids)
        below = self.env["sales.service.category"].create(
            {
                "name": "Deep",
                "parent_id": self.category.id,
                "company_id": self.company.id,
            }
        )
        ticket = self._ticket(category_id=below.id)
        self.assertFalse(ticket.user_id)
        self.assertIn("no valid certificate: High voltage", self._ranking(ticket))
        certificate = self._certify("agent", high)
        self.team._cron_dispatch()
        self.assertEqual(ticket.user_id, self.users["agent"])
        self.assertIn("the only one", ticket.dispatch_note)
        certificate.date_end = "2026-06-01"
        # Another team's, and what asks for nothing.
        self.assertFalse(self._ticket().user_id)
        free = self._ticket(category_id=False, team_id=self.team.id)
        self.assertTrue(free.user_id)
        pump = self.env["product.category"].create({"name": "Pumps"})
        self.product.categ_id = pump
        gas = self.env["sales.course"].create({"name": "Gas"})
        self._ask(product_categ_ids=pump.ids, course_ids=gas.ids)
        vals = {
            "category_id": False,
            "team_id": self.team.id,
            "product_id": self.product.id,
        }
        self.assertFalse(self._ticket(**vals).user_id)
        self._certify("colleague", gas)
        self.assertEqual(self._ticket(**vals).user_id, self.users["colleague"])

    def test_skill(self):
        """At the least level, as the employee has it today; each is wanted."""
        kind = self.env["hr.skill.type"].create(
            {
                "name": "Trades",
                "skill_ids": [Command.create({"name": name}) for name in ("Gas", "IT")],
                "skill_level_ids": [
                    Command.create({"name": name, "level_progress": progress})
                    for name, progress in (("Beginner", 20), ("Expert", 100))
                ],
            }
        )
        gas, other = kind.skill_ids
        beginner, expert = kind.skill_level_ids.sorted("level_progress")
        employees = self.env["hr.employee"].create(
            [
                {
                    "name": name,
                    "user_id": self.users[name].id,
                    "company_id": self.company.id,
                }
                for name in ("agent", "colleague")
            ]
        )
        requirement = self._ask(
            category_ids=self.category.ids,
            skill_ids=[Command.create({"skill_id": gas.id})],
        )
        self.assertEqual(requirement.skill_ids.skill_level_id, beginner)
        ticket = self._ticket()
        self.assertFalse(ticket.user_id)
        self.assertIn(
            "lacks the skill, or is not good enough at it: Gas", self._ranking(ticket)
        )
        self._learn(employees[0], gas, beginner)
        self.assertEqual(self._ticket().user_id, self.users["agent"])
        requirement.skill_ids.skill_level_id = expert
        self.assertFalse(self._ticket().user_id)
        held = self._learn(employees[1], gas, expert)
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        requirement.skill_ids = [Command.create({"skill_id": other.id})]
        self.assertFalse(self._ticket().user_id)
        requirement.skill_ids[-1].unlink()
        held.write({"valid_from": "2020-01-01", "valid_to": "2020-06-01"})
        self.assertFalse(self._ticket().user_id)
        level = self.env["hr.skill.level"].create(
            {"name": "C1", "level_progress": 80, "skill_type_id": False}
        )
        with self.assertRaises(ValidationError):
            requirement.skill_ids.skill_level_id = level

    def _learn(self, employee, skill, level):
        return self.env["hr.employee.skill"].create(
            {
                "employee_id": employee.id,
                "skill_id": skill.id,
                "skill_level_id": level.id,
                "skill_type_id": skill.skill_type_id.id,
                "valid_from": "2020-01-01",
            }
        )

    def test_language_and_territory(self):
        english = self.env.ref("base.lang_en")
        north, south = self.env["sales.territory"].create(
            [{"name": name, "company_id": self.company.id} for name in ("N", "S")]
        )
        inner = self.env["sales.territory"].create(
            {"name": "N1", "parent_id": north.id, "company_id": self.company.id}
        )
        other = self.env["res.lang"]._activate_lang("zh_CN")
        self._ask(by_language=True, by_territory=True)
        self.partner.write({"lang": "en_US", "sales_territory_id": inner.id})
        self.agent.write({"lang_ids": other.ids, "territory_ids": north.ids})
        self.colleague.write({"lang_ids": english.ids, "territory_ids": south.ids})
        ticket = self._ticket()
        self.assertFalse(ticket.user_id)
        ranking = self._ranking(ticket)
        self.assertIn("does not speak", ranking)
        self.assertIn("does not cover", ranking)
        # What covers the whole covers the part.
        self.agent.lang_ids = other + english
        self.assertEqual(self._ticket().user_id, self.users["agent"])

    def test_maximum(self):
        """Nobody gets more than their limit, in a batch neither."""
        self.agent.max_open = 1
        self.colleague.max_open = 2
        tickets = self.env["sales.service.ticket"].create(
            [
                {
                    "name": f"Ticket {number}",
                    "category_id": self.category.id,
                    "priority": priority,
                }
                for number, priority in enumerate("01231")
            ]
        )
        self.assertEqual(
            sorted(tickets.filtered("user_id").mapped("priority")), ["1", "2", "3"]
        )
        self.assertEqual((self.agent + self.colleague).mapped("open_count"), [1, 2])
        alone = tickets.filtered(lambda one: not one.user_id)[0]
        self.assertIn("1 open tickets, 1 at most", self._ranking(alone))
        action = self._as("dispatcher", alone).action_dispatch()
        self.assertIn("nobody fits", action["params"]["message"])

    def test_maximum_by_company(self):
        """A profile's limit is of its company's tickets, as is what it shows."""
        self.users["agent"].company_ids |= self.company_b
        team = self.env["sales.service.team"].create(
            {
                "name": "B",
                "company_id": self.company_b.id,
                "member_ids": self.users["agent"].ids,
            }
        )
        self._ticket(
            "agent", company_id=self.company_b.id, team_id=team.id, category_id=False
        )
        self.team.member_ids = self.users["agent"]
        self.agent.max_open = 1
        self.assertEqual((self.agent.open_count, self.agent.is_full), (0, False))
        self.assertEqual(self._ticket().user_id, self.users["agent"])

    def test_working_time(self):
        """Who does not work before the limit does not get it."""
        self.env["sales.service.sla"].create(
            {"name": "All", "company_id": self.company.id, "response_hours": 2}
        )
        self.agent.away_until = MONDAY + timedelta(hours=3)
        self._ticket("colleague", priority="3")
        ticket = self._ticket()
        self.assertEqual(ticket.user_id, self.users["colleague"])
        self.assertIn("does not work before the limit", self._ranking(ticket))
        late = self._ticket(planned_from=MONDAY + timedelta(hours=7, minutes=30))
        self.assertFalse(late.user_id)
        self.assertIn("the time of the appointment", self._ranking(late))
        late.planned_minutes = 30
        self.team._cron_dispatch()
        self.assertTrue(late.user_id)

    def test_leaves_and_covers(self):
        """Leaves of the employee and covers of the rep keep from it, too."""
        employee = self.env["hr.employee"].create(
            {
                "name": "Agent",
                "user_id": self.users["agent"].id,
                "company_id": self.company.id,
            }
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Ill",
                "resource_id": employee.resource_id.id,
                "date_from": MONDAY - timedelta(hours=2),
                "date_to": MONDAY + timedelta(days=5),
            }
        )
        self._ticket("colleague")
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        cover = self.env["sales.cover"].create(
            {
                "rep_id": self._rep(self.users["colleague"]).id,
                "deputy_id": self.reps["rep"].id,
                "date_from": "2031-03-01",
                "date_to": "2031-03-08",
            }
        )
        cover.action_approve()
        self.assertFalse(self._ticket().user_id)

    def test_weights(self):
        """Each cost by itself decides where it alone counts."""
        names = [name for name in self.team._fields if name.startswith("weight_")]
        self.assertEqual(len(names), len(matching.WEIGHTED))

        def only(name):
            self.team.write({one: 5 * (one == name) for one in names})

        # The agent, whose id is smaller, gets it where nothing tells them apart.
        only(None)
        self.assertEqual(self._ticket().user_id, self.users["agent"])
        done = self._ticket("colleague")
        done.resolution = "<p>Done</p>"
        done.action_resolve()
        only("weight_customer")
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        only("weight_fix")
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        only("weight_slack")
        self.colleague.away_until = MONDAY + timedelta(hours=20)
        self.assertEqual(self._ticket().user_id, self.users["agent"])
        self.colleague.away_until = False
        # The way.
        near, far = self.env["res.partner"].create(
            [
                {"name": "Near", "partner_latitude": 48.1, "partner_longitude": 11.5},
                {"name": "Far", "partner_latitude": 49.1, "partner_longitude": 11.5},
            ]
        )
        self.partner.write({"partner_latitude": 48.0, "partner_longitude": 11.5})
        self.env["sales.service.ticket"].search([]).partner_id = far
        self.agent.start_id, self.colleague.start_id = far, near
        only("weight_distance")
        self._ask(on_site=True)
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        # Parts in the van.
        part = self.env["product.product"].create(
            {"name": "Seal", "type": "consu", "is_storable": True}
        )
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        van, shelf = self.env["stock.location"].create(
            [
                {"name": "Van", "location_id": warehouse.lot_stock_id.id},
                {"name": "Shelf", "location_id": warehouse.lot_stock_id.id},
            ]
        )
        shelf.location_id = van
        self.colleague.location_id = van
        self.env["stock.quant"]._update_available_quantity(part, shelf, 2)
        self._ask(part_ids=part.ids)
        only("weight_parts")
        self.assertEqual(self._ticket().user_id, self.users["colleague"])
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.team.weight_fix = 11
            self.team.flush_recordset()

    def test_refuse(self):
        """It goes on to the next, never back; then it waits."""
        ticket = self._ticket()
        first = ticket.user_id
        name = next(name for name, user in self.users.items() if user == first)
        ticket.message_subscribe(first.partner_id.ids)
        self._as(name, ticket).action_refuse("No key")
        self.assertEqual(ticket.refused_user_ids, first)
        self.assertNotIn(first.partner_id, ticket.message_partner_ids)
        self.assertEqual(
            ticket.user_id, self.users["agent"] + self.users["colleague"] - first
        )
        # Who refused still sees what becomes of it, and may not write it.
        self.assertTrue(self._as(name, ticket).has_access("read"))
        self.assertFalse(self._as(name, ticket).has_access("write"))
        second = ticket.user_id
        name = next(name for name, user in self.users.items() if user == second)
        self._as(name, ticket).action_release()
        self.team._cron_dispatch()
        self.assertEqual((ticket.user_id.id, ticket.state), (False, "new"))
        self.assertIn("gave it back", self._ranking(ticket))
        # By hand it is anybody's.
        self._as("dispatcher", ticket).action_assign(first.id)
        self.assertEqual(ticket.user_id, first)

    def test_column_of_proposals(self):
        """A list has it where a team of one's companies proposes."""
        teams = self.env["sales.service.team"].search([])
        for mode, hidden in (("automatic", True), ("proposed", False)):
            teams.dispatch_mode = mode
            arch = self._as("dispatcher", self.env["sales.service.ticket"]).get_view(
                view_type="list"
            )["arch"]
            node = etree.fromstring(arch).find(".//field[@name='proposed_user_id']")
            with self.subTest(mode=mode):
                shown = node.get("column_invisible") not in ("1", "True")
                self.assertEqual(shown, not hidden)

    def test_release_by_a_dispatcher(self):
        """Who did not give it back may get it again, by the rules too."""
        self.team.member_ids = self.users["agent"]
        ticket = self._ticket()
        self.assertEqual(ticket.user_id, self.users["agent"])
        ticket.message_subscribe(self.users["agent"].partner_id.ids)
        self._as("dispatcher", ticket).action_release()
        self.assertFalse(ticket.refused_user_ids)
        self.assertNotIn(self.users["agent"].partner_id, ticket.message_partner_ids)
        self.team._cron_dispatch()
        self.assertEqual(ticket.user_id, self.users["agent"])

    def test_hand_over_without_a_leave(self):
        """Nobody had said that they are absent: the rules give nothing back that day.

        Neither what nobody else could take, nor by a proposal.
        """
        agent = self.users["agent"]
        self.team.member_ids = agent
        for mode in ("automatic", "proposed"):
            with self.subTest(mode=mode):
                self.team.dispatch_mode = mode
                self.agent.write({"away_until": False})
                ticket = self._ticket("agent")
                action = self._as("dispatcher", self.agent).action_hand_over()
                self.assertIn("counts as absent", action["params"]["message"])
                self.team._cron_dispatch()
                self.assertFalse(ticket.user_id + ticket.proposed_user_id)
                # Who was known to be absent stays so.
                until = self.agent.away_until
                action = self._as("dispatcher", self.agent).action_hand_over()
                self.assertNotIn("counts as absent", action["params"]["message"])
                self.assertEqual(self.agent.away_until, until)
                self.moment = until + timedelta(hours=1)
                self.team._cron_dispatch()
                self.assertEqual(ticket.user_id + ticket.proposed_user_id, agent)

    def test_hand_over(self):
        """Of somebody who is ill: what is not begun; the rest is named."""
        waiting, begun, agreed = (
            self._ticket("agent", name=name) for name in ("Waiting", "Begun", "Agreed")
        )
        begun.action_start()
        agreed.planned_from = MONDAY + timedelta(days=1)
        with self.assertRaises(AccessError):
            self._as("colleague", self.agent).action_hand_over()
        action = self._as("dispatcher", self.agent).action_hand_over()
        message = action["params"]["message"]
        self.assertEqual(waiting.user_id, self.users["colleague"])
        self.assertEqual((begun + agreed).user_id, self.users["agent"])
        self.assertIn("Agreed was not moved: it has an appointment", message)
        self.assertIn("Begun was not moved: it is worked on", message)
        # They are not given back: the rules may choose the agent again.
        self.assertFalse(waiting.refused_user_ids)
        self.team.dispatch_mode = "manual"
        self._as("dispatcher", self.colleague).action_hand_over()
        self.assertEqual((waiting.user_id.id, waiting.state), (False, "new"))

    def test_hand_over_of_the_own_teams_only(self):
        theirs = self._ticket("agent", team_id=self.other_team.id, category_id=False)
        self._as("dispatcher", self.agent).action_hand_over()
        self.assertEqual(theirs.user_id, self.users["agent"])

    def test_absence(self):
        """The cron does so once in an absence, with what cannot wait for the return."""
        self.env["sales.service.sla"].create(
            [
                {
                    "name": name,
                    "sequence": sequence,
                    "company_id": self.company.id,
                    "priority": priority,
                    "resolution_hours": hours,
                }
                for sequence, (name, priority, hours) in enumerate(
                    (("Urgent", "3", 4), ("All", False, 40))
                )
            ]
        )
        urgent = self._ticket("agent", priority="3")
        calm = self._ticket("agent")
        self.other_team.write(
            {
                "dispatch_mode": "automatic",
                "member_ids": [Command.link(self.users["agent"].id)],
            }
        )
        theirs = self._ticket(
            "agent", priority="3", team_id=self.other_team.id, category_id=False
        )
        agreed = self._ticket(
            "agent", name="Agreed", planned_from=MONDAY + timedelta(hours=1)
        )
        self.agent.away_until = MONDAY + timedelta(days=1)
        self.team._cron_dispatch()
        self.assertEqual(urgent.user_id, self.users["colleague"])
        self.assertEqual(theirs.user_id, self.users["stranger"])
        self.assertEqual((calm + agreed).user_id, self.users["agent"])
        told = self._last_message(self.team)
        self.assertEqual(told.partner_ids, self.users["dispatcher"].partner_id)
        self.assertIn("Agreed was not moved", told.body)
        self.team._cron_dispatch()
        self.assertEqual(self._last_message(self.team), told)

    def test_stamped(self):
        ticket = self._ticket()
        for vals in (
            {"proposed_user_id": self.users["agent"].id},
            {"dispatch_reasons": "load"},
            {"refused_user_ids": [Command.clear()]},
        ):
            with self.assertRaises(UserError, msg=vals):
                self._as("dispatcher", ticket).write(vals)

    def test_archived_and_former(self):
        """Who is no agent, or archived, is not asked; a team may have nobody left."""
        self.agent.active = False
        self.users["colleague"].group_ids = [
            Command.unlink(self.env.ref("sales_service.group_service_agent").id)
        ]
        ticket = self._ticket()
        self.assertFalse(ticket.user_id)
        self.assertIn("no agents", self._ranking(ticket))
        with self.assertRaises(ValidationError):
            self._as("dispatcher", ticket).action_assign(self.users["colleague"].id)

    def test_access(self):
        """Agents read their own profile, dispatchers all, managers make them."""
        for role, own, others, write in (
            ("agent", True, False, False),
            ("dispatcher", True, True, True),
            ("service_manager", True, True, True),
            ("rep", False, False, False),
            ("director", False, False, False),
        ):
            with self.subTest(role=role):
                self.assertEqual(self._as(role, self.agent).has_access("read"), own)
                self.assertEqual(
                    self._as(role, self.colleague).has_access("read"), others
                )
                self.assertEqual(
                    self._as(role, self.colleague).has_access("write"), write
                )
                requirement = self._as(role, self._ask())
                self.assertEqual(requirement.has_access("read"), own)
                for operation in ("write", "create", "unlink"):
                    self.assertEqual(
                        requirement.has_access(operation), role == "service_manager"
                    )
        foreign = self.env["sales.service.agent"].create(
            {"user_id": self.users["foreigner"].id, "company_id": self.company_b.id}
        )
        self.assertFalse(self._as("service_manager", foreign).has_access("read"))
        ticket = self._ticket("agent")
        with self.assertRaises(AccessError):
            self._as("agent", ticket).read(["ranking"])
        self.partner.user_id = self.users["rep"]
        for name in ("proposed_user_id", "dispatch_note", "refused_user_ids"):
            self._as("agent", ticket).read([name])
            with self.assertRaises(AccessError):
                self._as("rep", ticket).read([name])

    def test_batch(self):
        """Many take as many queries as few."""
        self._ask(course_ids=False, by_language=True, by_territory=True, on_site=True)
        counts = []
        for number in (10, 10, 40):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            tickets = self.env["sales.service.ticket"].create(
                [
                    {
                        "name": f"Ticket {one}",
                        "partner_id": self.partner.id,
                        "category_id": self.category.id,
                    }
                    for one in range(number)
                ]
            )
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(tickets.user_id), 2)
        self.assertLessEqual(counts[2], counts[1] + 6, counts)


@tagged("post_install", "-at_install")
class TestTwoAtOnce(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self._environment() as env:
            user = env.ref("base.user_admin")
            self.team_id = (
                env["sales.service.team"]
                .create(
                    {
                        "name": "Two at once",
                        "company_id": user.company_id.id,
                        "member_ids": user.ids,
                        "dispatch_mode": "automatic",
                        "is_always_open": True,
                    }
                )
                .id
            )
            self.open = env["sales.service.ticket"].search_count(
                [("user_id", "=", user.id), ("is_open", "=", True)]
            )
            profile = self._get_profile(env)
            self.most = profile.max_open
            profile.max_open = self.open + 1
            # So that somebody works, whatever day it is.
            self.hours = profile.calendar_id.id
            profile.calendar_id = env["resource.calendar"].create(
                {
                    "name": "Two at once",
                    "company_id": user.company_id.id,
                    "attendance_ids": [Command.clear()]
                    + [
                        Command.create(
                            {
                                "name": "Day",
                                "dayofweek": str(day),
                                "hour_from": 0,
                                "hour_to": 24,
                                "day_period": "morning",
                            }
                        )
                        for day in range(7)
                    ],
                }
            )

    def _get_profile(self, env):
        user = env.ref("base.user_admin")
        return env["sales.service.agent"].search(
            [("user_id", "=", user.id), ("company_id", "=", user.company_id.id)]
        )

    def _remove(self):
        with self._environment() as env:
            tickets = env["sales.service.ticket"].search(
                [("team_id", "=", self.team_id)]
            )
            tickets.write({"state": "cancelled"})
            tickets.unlink()
            team = env["sales.service.team"].browse(self.team_id)
            alias = team.alias_id
            team.unlink()
            alias.unlink()
            profile = self._get_profile(env)
            calendar = profile.calendar_id
            profile.write({"max_open": self.most, "calendar_id": self.hours})
            calendar.unlink()

    def test_limit(self):
        """Two that come in at once: one of them gets the last place."""

        def make(env):
            env["sales.service.ticket"].create(
                {"name": "At once", "team_id": self.team_id}
            )

        self.assertEqual(self._race(make, make), 2)
        with self._environment() as env:
            tickets = env["sales.service.ticket"].search(
                [("team_id", "=", self.team_id)]
            )
            self.assertEqual((len(tickets), len(tickets.filtered("user_id"))), (2, 1))
