"""The way of a ticket, its team, stages, numbers and times."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestTicket(ServiceCase):
    def test_way(self):
        """From the queue to the customer's thanks, as an agent."""
        ticket = self._ticket()
        self.assertEqual((ticket.state, ticket.team_id), ("new", self.team))
        self.assertEqual(ticket.stage_id.state, "new")
        ticket = self._as("agent", ticket)
        ticket.action_assign()
        self.assertEqual(
            (ticket.state, ticket.user_id),
            ("assigned", self.env["res.users"].browse(self.users["agent"].id)),
        )
        self.assertTrue(ticket.assigned_at)
        ticket.action_accept()
        ticket.action_start()
        ticket.action_wait_parts()
        self.assertEqual(ticket.stage_id.state, "waiting_parts")
        ticket.action_start()
        with self.assertRaisesRegex(UserError, "write down what was done"):
            ticket.action_resolve()
        ticket.resolution = "<p>New seal</p>"
        ticket.action_resolve()
        self.assertTrue(ticket.resolved_at)
        self.assertFalse(ticket.is_open)
        ticket.action_close()
        self.assertEqual(ticket.state, "closed")
        ticket.action_reopen()
        self.assertEqual((ticket.state, ticket.reopen_count), ("reopened", 1))
        self.assertEqual(ticket.user_id.id, self.users["agent"].id)
        self.assertEqual(
            ticket.interval_ids.sudo().mapped("state"),
            [
                *("new", "assigned", "accepted", "in_progress", "waiting_parts"),
                *("in_progress", "resolved", "closed", "reopened"),
            ],
        )
        self.assertEqual(
            ticket.interval_ids.sudo().filtered(lambda one: not one.stop).state,
            "reopened",
        )

    def test_wrong_steps(self):
        ticket = self._ticket("agent")
        mine = self._as("agent", ticket)
        for step in ("action_close", "action_reopen"):
            with self.assertRaisesRegex(UserError, "Assigned"):
                getattr(mine, step)()
        ticket.resolution = "<p>Done</p>"
        mine.action_resolve()
        with self.assertRaises(UserError):
            mine.action_start()

    def test_refuse(self):
        """With a reason, which stays on the ticket; back in the queue."""
        ticket = self._ticket("agent")
        mine = self._as("agent", ticket)
        action = mine.action_refuse()
        self.assertEqual(action["res_model"], "sales.service.refuse")
        wizard = (
            self.env["sales.service.refuse"]
            .with_user(self.users["agent"])
            .with_context(**action["context"])
            .create({"reason": "No key to the plant"})
        )
        wizard.action_refuse()
        self.assertEqual((ticket.state, ticket.user_id.id), ("new", False))
        self.assertEqual(ticket.refuse_count, 1)
        self.assertIn("No key to the plant", self._last_message(ticket).body)

    def test_hand_out(self):
        """Agents take what nobody has; dispatchers hand out and take away."""
        ticket = self._ticket()
        with self.assertRaises(AccessError):
            self._as("agent", ticket).action_assign(self.users["colleague"].id)
        self._as("agent", ticket).action_assign()
        with self.assertRaises(AccessError):
            self._as("colleague", ticket).action_assign()
        self._as("agent", ticket).action_accept()
        dispatched = self._as("dispatcher", ticket)
        dispatched.action_assign(self.users["colleague"].id)
        self.assertEqual(
            (ticket.state, ticket.user_id), ("assigned", self.users["colleague"])
        )
        dispatched.action_release()
        self.assertEqual((ticket.state, ticket.user_id.id), ("new", False))
        with self.assertRaisesRegex(ValidationError, "service agent"):
            dispatched.action_assign(self.users["rep"].id)

    def test_stamped(self):
        ticket = self._ticket("agent")
        mine = self._as("agent", ticket)
        for vals in (
            {"state": "resolved"},
            {"assigned_at": "2020-01-01"},
            {"number": "T1"},
            {"deadline": "2030-01-01"},
            {"reopen_count": 3},
        ):
            with self.assertRaises(UserError, msg=vals):
                mine.write(vals)
        with self.assertRaises(AccessError):
            mine.interval_ids.write({"stop": "2020-01-01"})

    def test_columns(self):
        """Own tickets are neither new nor reopened, unless one is."""
        Ticket = self.env["sales.service.ticket"]
        none = self.env["sales.service.stage"]
        reopened = self.env.ref("sales_service.stage_reopened")
        mine = Ticket.with_context(default_user_id=self.env.uid)
        everybodys = Ticket._group_expand_stage_id(none, [])
        columns = mine._group_expand_stage_id(none, [])
        self.assertEqual(
            set((everybodys - columns).mapped("state")), {"new", "reopened"}
        )
        self.assertIn(reopened, mine._group_expand_stage_id(reopened, []))

    def test_overview(self):
        """A number opens what it counts."""
        action = self.team.with_context(
            search_default_filter_overdue=1
        ).action_open_tickets()
        self.assertTrue(action["context"]["search_default_filter_overdue"])
        self.assertNotIn("path", action)

    def test_stages(self):
        """Dragging a card takes the step; a team may have columns of its own."""
        ticket = self._ticket("agent")
        mine = self._as("agent", ticket)
        mine.stage_id = self.env.ref("sales_service.stage_in_progress")
        self.assertEqual(ticket.state, "in_progress")
        closed = self.env.ref("sales_service.stage_closed")
        with self.assertRaises(UserError):
            mine.stage_id = closed
        mine.stage_id = self.env.ref("sales_service.stage_new")
        self.assertEqual((ticket.state, ticket.user_id.id), ("new", False))
        own = self.env["sales.service.stage"].create(
            [
                {"name": name, "state": state, "team_ids": self.other_team.ids}
                for name, state in (
                    ("In", "new"),
                    ("Look", "in_progress"),
                    ("Repair", "in_progress"),
                    ("Out", "resolved"),
                )
            ]
        )
        ticket.team_id = self.other_team
        self.assertEqual(ticket.stage_id, own[0])
        ticket.action_assign(self.users["stranger"].id)
        # There is no column for what is assigned.
        self.assertEqual((ticket.state, ticket.stage_id), ("assigned", own[0]))
        theirs = self._as("stranger", ticket)
        theirs.stage_id = own[2]
        self.assertEqual((ticket.state, ticket.stage_id), ("in_progress", own[2]))
        theirs.stage_id = own[1]
        self.assertEqual((ticket.state, ticket.stage_id), ("in_progress", own[1]))

    def test_team_and_priority(self):
        """Of the category, of the one above it, or the company's first."""
        complaint = self.env["sales.service.category"].create(
            {
                "name": "Smell",
                "parent_id": self.category.id,
                "company_id": self.company.id,
                "priority": "3",
            }
        )
        ticket = self._ticket(category_id=complaint.id)
        self.assertEqual((ticket.team_id, ticket.priority), (self.team, "3"))
        first = self.env["sales.service.team"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        self.assertEqual(self._ticket(category_id=False).team_id, first)
        # A new team takes nothing from it, whatever its name is in a language.
        self.env["sales.service.team"].create(
            {"name": "A", "company_id": self.company.id, "sequence": first.sequence}
        )
        self.assertEqual(self._ticket(category_id=False).team_id, first)
        # It is of its team's company, also where nobody sees a field to choose one.
        vals = {"name": "Any", "team_id": self.team.id}
        category = self.env["sales.service.category"].create(vals)
        self.assertEqual(category.company_id, self.company)
        shared = category.create({"name": "Shared"})
        for call, values in (
            (category.create, {**vals, "company_id": False}),
            (shared.write, {"team_id": self.team.id}),
        ):
            with self.assertRaisesRegex(ValidationError, "all companies"):
                call(values)

    def test_numbers(self):
        tickets = self._ticket() + self._ticket()
        self.assertRegex(tickets[0].number, r"^T\d{5}$")
        self.assertNotEqual(*tickets.mapped("number"))
        found = self.env["sales.service.ticket"].name_search(tickets[1].number)
        self.assertEqual([id_ for id_, _name in found], tickets[1].ids)

    def test_problem(self):
        """What was caused is resolved with the cause, in one step."""
        cause = self._ticket("agent")
        caused = self._ticket(parent_id=cause.id) + self._ticket(
            "stranger", parent_id=cause.id
        )
        mine = self._as("agent", cause)
        mine.action_start()
        mine.resolution = "<p>Software 2.1</p>"
        mine.action_resolve()
        self.assertEqual(set(caused.mapped("state")), {"resolved"})
        self.assertIn("Software 2.1", caused[0].resolution)
        with self.assertRaises(ValidationError):
            cause.parent_id = caused[0]

    def test_followers_choose(self):
        """What happens can be followed by kind."""
        ticket = self._ticket("agent").with_context(
            tracking_disable=False, mail_notrack=False
        )
        ticket.resolution = "<p>Done</p>"
        self.env.cr.precommit.run()
        ticket.action_resolve()
        self.env.cr.precommit.run()
        self.assertEqual(
            self._last_message(ticket).subtype_id,
            self.env.ref("sales_service.mt_ticket_resolved"),
        )

    def test_unlink(self):
        ticket = self._ticket("agent")
        with self.assertRaisesRegex(UserError, "cancel it"):
            self._as("service_manager", ticket).unlink()
        ticket.action_cancel()
        self._as("service_manager", ticket).unlink()
        self.assertFalse(ticket.exists())

    def test_batch(self):
        """A thousand take as many queries as ten, but for the followers of each."""
        counts = []
        for number in (10, 40):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["sales.service.ticket"].create(
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
        self.assertLessEqual(counts[1], counts[0] + 3, counts)

    def test_hand_out_by_default(self):
        """A default that a client asks for hands out no ticket either."""
        tickets = self.env["sales.service.ticket"].with_user(self.users["agent"])
        vals = {"name": "Call", "category_id": self.category.id}
        for name in ("colleague", "stranger"):
            user = self.users[name]
            with self.assertRaises(AccessError):
                tickets.with_context(default_user_id=user.id).create(vals)
        mine = tickets.with_context(default_user_id=self.users["agent"].id)
        ticket = mine.create(vals)
        self.assertEqual((ticket.state, ticket.user_id), ("assigned", ticket.env.user))

    def test_archived_team(self):
        """What came to a team that is no more goes where the category above says."""
        below = self.env["sales.service.category"].create(
            {
                "name": "Deep",
                "parent_id": self.category.id,
                "company_id": self.company.id,
                "team_id": self.other_team.id,
            }
        )
        self.assertEqual(self._ticket(category_id=below.id).team_id, self.other_team)
        self.other_team.active = False
        self.assertEqual(self._ticket(category_id=below.id).team_id, self.team)

    def test_no_team(self):
        """A company in which nobody has made a team yet: the user is told so."""
        with self.assertRaisesRegex(UserError, "Company B has no service team"):
            self._ticket(company_id=self.company_b.id, category_id=False)

    def test_nobodys(self):
        """What nobody has is taken before it is worked on."""
        ticket = self._ticket(resolution="<p>Done</p>")
        ticket.action_resolve()
        ticket.action_reopen()
        mine = self._as("agent", ticket)
        for step in ("action_accept", "action_start", "action_wait_parts"):
            with self.assertRaisesRegex(UserError, "nobody has it"):
                getattr(mine, step)()
        mine.action_assign()
        mine.action_start()
        self.assertEqual(ticket.state, "in_progress")

    def test_stages_change(self):
        """Tickets are in a column of their team and of their state, always."""
        common = self.env.ref("sales_service.stage_new")
        own = self.env["sales.service.stage"].create(
            {"name": "In", "state": "new", "team_ids": self.other_team.ids}
        )
        ticket = self._ticket(team_id=self.other_team.id, category_id=False)
        self.assertEqual(ticket.stage_id, own)
        ticket.stage_id = common
        self.assertEqual(ticket.stage_id, own)
        own.team_ids = False
        self.other_team.stage_ids = common
        self.assertEqual(ticket.stage_id, common)
        later = self.env["sales.service.stage"].create(
            {"name": "Late", "state": "in_progress", "team_ids": self.other_team.ids}
        )
        ticket.action_assign(self.users["stranger"].id)
        ticket.action_start()
        self.assertEqual(ticket.stage_id, later)
        later.state = "closed"
        self.assertEqual(ticket.stage_id, common)
