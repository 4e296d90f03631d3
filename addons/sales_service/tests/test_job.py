"""Work at the customer's: check-in and check-out, checklist, times and cost."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from ..tickets.checklist import Point, is_outside, lack
from ..tickets.cost import travel, work
from .job_common import NOON, PIXEL, JobCase

NUMBERS = st.floats(-1e6, 1e6)


@tagged("post_install", "-at_install")
class TestChecklistPure(BaseCase):
    @given(
        st.builds(
            Point,
            st.sampled_from(("tick", "measure", "text")),
            st.booleans(),
            st.booleans(),
            NUMBERS,
            st.none() | st.tuples(NUMBERS, NUMBERS),
            st.sampled_from(("", " ", "worn")),
        )
    )
    def test_lack(self, point):
        found = lack(point)
        if found is None:
            self.assertTrue(point.done or not point.required)
            self.assertTrue(point.remark.strip() or not is_outside(point))
        elif found == "done":
            self.assertTrue(point.required and not point.done)
        else:
            self.assertEqual((found, point.kind, point.done), ("remark", "measure", 1))
            self.assertNotEqual(
                point.measure, sorted((*point.limits, point.measure))[1]
            ) if point.limits[0] <= point.limits[1] else None

    def test_cost(self):
        self.assertEqual(work([(90, 60), (30, 10)]), 95)
        self.assertEqual(travel([(30, 10, 60, 0.5)]), 35)
        self.assertEqual(work([]) + travel([]), 0)


@tagged("post_install", "-at_install")
class TestJob(JobCase):
    def test_today(self):
        """In order: by what is planned, then by limit; nothing of a later day."""
        start, stop = self.company._get_sales_day()
        hour = timedelta(hours=1)
        late, early, tomorrow, waiting, visited, others = (
            self._ticket(user, name=name, planned_from=planned)
            for user, name, planned in (
                ("agent", "late", start + 9 * hour),
                ("agent", "early", start + 8 * hour),
                ("agent", "tomorrow", stop),
                ("agent", "waiting", False),
                ("agent", "visited", start + 10 * hour),
                ("colleague", "other", start),
            )
        )
        (waiting | visited).action_wait_customer()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_today_action"
        )
        tickets = self.env["sales.service.ticket"].with_user(self.users["agent"])
        domain = [
            ("user_id", "=", self.users["agent"].id),
            ("is_for_today", "=", True),
        ]
        self.assertIn("is_for_today", action["domain"])
        found = tickets.search(domain, order="planned_from, deadline, id")
        self.assertEqual(
            found.mapped("name"), ["early", "late", "visited", "Pump leaks"]
        )
        self.assertFalse((tomorrow | waiting) & found)
        self.assertEqual(
            (found | tomorrow | waiting | others).filtered("is_for_today"),
            (found | others).sorted(lambda one: one == others),
        )
        self.assertFalse(found & tickets.search([("is_for_today", "=", False)]))

    def test_way_there(self):
        self.assertEqual(self.agent.site_address, "Main Street 1, Town")
        self.assertIn("Main+Street+1", self.agent.site_map_url)
        self.partner.write({"partner_latitude": 31.5, "partner_longitude": 121.5})
        self.ticket.invalidate_recordset()
        self.assertIn("31.5", self.agent.site_map_url)
        nobody = self._ticket("agent", partner_id=False)
        self.assertFalse(nobody.site_address or nobody.site_map_url)

    def test_check_in(self):
        """It starts the ticket; a second click opens the same job."""
        job = self._check_in()
        self.assertEqual((job.state, job.check_in), ("started", NOON))
        self.assertEqual(self.ticket.state, "in_progress")
        self.assertEqual(self._check_in(minutes=5), job)
        self.assertTrue(self.agent.is_here)
        self.assertFalse(self._as("colleague", self.ticket).is_here)
        other = self._as("agent", self._ticket("agent", name="Valve"))
        with self.assertRaises(UserError), self._at(6):
            other.action_check_in()
        with self._at(45):
            self.agent.action_check_out()
            job.action_check_out()
        self.assertEqual((job.state, job.worked_minutes), ("done", 45))
        # The way to the next customer is since then.
        following = self._check_in(other, minutes=65)
        self.assertEqual(
            (following.travel_minutes, following.measured_travel), (20, 20)
        )
        with self._at(70):
            following.action_check_out()
        self.assertEqual(self._check_in(minutes=600).travel_minutes, 0)

    def test_appointment_kept(self):
        """Who was there has kept the appointment; the next can be planned."""
        Appointment = self.env["sales.service.appointment"]
        made = Appointment.create(
            {
                "ticket_id": self.ticket.id,
                "user_id": self.users["agent"].id,
                "start": NOON + timedelta(days=1),
            }
        )
        job = self._check_in()
        with self._at(30):
            job.action_check_out()
        # That is of another day.
        self.assertEqual(made.state, "proposed")
        made.start = NOON
        for state in ("proposed", "confirmed"):
            made = self.ticket._get_live_appointment() or made.create(
                {
                    "ticket_id": self.ticket.id,
                    "user_id": self.users["agent"].id,
                    "start": NOON,
                }
            )
            if state == "confirmed":
                made.action_confirm()
            job = self._check_in(minutes=60)
            with self._at(90):
                job.action_check_out()
            self.assertEqual(made.state, "done")

    def test_not_theirs(self):
        for role in ("colleague", "dispatcher", "stranger"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, self.ticket).action_check_in()
        job = self._check_in()
        for role in ("colleague", "dispatcher", "rep"):
            for method in ("action_check_out", "action_resolve", "action_sign"):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    getattr(self._as(role, job), method)()

    def test_closed_ticket(self):
        self.ticket.resolution = "<p>Done</p>"
        self.ticket.action_resolve()
        with self.assertRaises(UserError):
            self.agent.action_check_in()

    def test_checklist(self):
        """It is copied in order, and asked for before the ticket is resolved."""
        job = self._check_in()
        self.assertEqual(job.check_ids.mapped("name"), ["Tight", "Pressure", "Colour"])
        self.checklist.item_ids.name = "Changed"
        self.assertEqual(job.check_ids[0].name, "Tight")
        job.work_done = "Sealed"
        for fill in (
            {},
            {"done": True},
            {"measure": 4.0},
        ):
            place = 1 if "measure" in fill else 0
            job.check_ids[place].write(fill)
            with self.assertRaises(UserError) as caught:
                job.action_resolve()
        self.assertIn("outside the limits", str(caught.exception))
        self.assertIn("Pressure", str(caught.exception))
        self.assertTrue(job.check_ids[1].done)
        self.assertEqual(job.state, "started")
        job.check_ids[1].remark = "The valve is old"
        with self._at(30):
            job.action_resolve()
        self.assertEqual((job.state, self.ticket.state), ("sealed", "resolved"))
        self.assertIn("Sealed", self.ticket.resolution)

    def test_written_down(self):
        """A tick is no text."""
        self.checklist.item_ids.filtered(lambda one: one.kind == "text").required = True
        job = self._check_in()
        self._fill(job)
        colour = job.check_ids.filtered(lambda one: one.kind == "text")
        colour.done = True
        with self.assertRaisesRegex(UserError, "Colour"):
            job.action_sign(PIXEL, "Customer")
        colour.answer = "Red"
        with self._at(30):
            job.action_sign(PIXEL, "Customer")
        self.assertEqual(job.state, "sealed")

    def test_ticket_cancelled(self):
        """What was used is out of the van all the same."""
        job = self._check_in()
        self._use(job)
        with self._at(30):
            job.action_check_out()
        with self._at(60):
            self._as("dispatcher", self.ticket).action_cancel()
        self.assertEqual(job.state, "sealed")
        self.assertEqual(self._in_van(self.fuse), 4)

    def test_checklist_of_above(self):
        below = self.env["sales.service.category"].create(
            {
                "name": "Drip",
                "parent_id": self.category.id,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(below._get_checklist(), self.checklist)
        self.checklist.active = False
        self.assertFalse(below._get_checklist())
        with self.assertRaises(ValidationError):
            self.checklist.item_ids[1].minimum = 9

    def test_checked_in(self):
        """Nobody resolves a ticket at which somebody works."""
        job = self._check_in()
        self._fill(job)
        self.ticket.resolution = "<p>Done</p>"
        with self.assertRaises(UserError) as caught:
            self._as("dispatcher", self.ticket).action_resolve()
        self.assertIn("still checked in", str(caught.exception))
        with self._at(10):
            job.action_check_out()
        with self._at(12):
            self._as("dispatcher", self.ticket).action_resolve()
        self.assertEqual(job.state, "sealed")

    def test_corrected(self):
        job = self._check_in()
        with self._at(40):
            job.action_check_out()
        with self.assertRaises(ValidationError):
            job.worked_minutes = 30
        job.write({"worked_minutes": 30, "time_note": "Lunch"})
        self.assertEqual((job.worked_minutes, job.measured_minutes), (30, 40))
        job.travel_minutes = 15

    def test_stamped(self):
        job = self._check_in()
        for vals in (
            {"state": "done"},
            {"check_in": NOON},
            {"user_id": self.users["colleague"].id},
            {"ticket_id": self._ticket().id},
            {"signature": PIXEL},
            {"signed_by": "Me"},
            {"sealed_at": NOON},
            {"measured_minutes": 1},
            {"check_ids": [Command.update(job.check_ids[0].id, {"required": False})]},
            {"check_ids": [Command.update(job.check_ids[0].id, {"name": "X"})]},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                job.write(vals)
        with self.assertRaises(UserError):
            job.copy()
        with self.assertRaises(AccessError):
            job.check_ids[0].unlink()
        with self.assertRaises(UserError):
            job.create({"ticket_id": self.ticket.id, "check_in": NOON})

    def test_cost(self):
        job = self._check_in()
        job.write({"travel_minutes": 30, "travel_km": 12})
        self._use(job, quantity=2)
        job.action_book_parts()
        with self._at(90):
            job.action_check_out()
        self.profile.hourly_cost = 100
        credit = self._invoice(move_type="out_refund")
        credit.action_post()
        self.ticket.invoice_id = credit
        ticket = self._as("service_manager", self.ticket)
        self.assertEqual(
            (
                *(ticket.cost_work, ticket.cost_travel, ticket.cost_parts),
                *(ticket.cost_credit, ticket.cost_total),
            ),
            (90, 36, 10, 100, 236),
        )
        credit.button_draft()
        self.assertEqual(ticket.cost_credit, 0)
        # One of the two parts comes back.
        wizard = (
            self.env["stock.return.picking"]
            .with_context(
                active_id=job.part_ids.move_id.picking_id.id,
                active_model="stock.picking",
            )
            .create({})
        )
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(
            wizard.action_create_returns()["res_id"]
        )
        back.move_ids.picked = True
        back.button_validate()
        ticket.invalidate_recordset()
        self.assertEqual((ticket.cost_parts, ticket.cost_total), (5, 131))
        for role in ("agent", "dispatcher", "rep"):
            self.partner.user_id = self.users["rep"]
            seen = self._as(role, self.ticket)
            for name in ("cost_total", "cost_work", "cost_parts"):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    seen.read([name])
            with self.assertRaises(AccessError):
                self._as(role, job).read(["hourly_cost"])
        with self.assertRaises(AccessError):
            self._as("agent", self.profile).read(["hourly_cost"])

    def test_queries(self):
        """The day's cards take as many queries for many tickets as for few."""

        def count():
            self.env.invalidate_all()
            tickets = self.env["sales.service.ticket"].with_user(self.users["agent"])
            before = self.env.cr.sql_log_count
            found = tickets.search(
                [
                    ("user_id", "=", self.users["agent"].id),
                    ("is_for_today", "=", True),
                ],
                order="planned_from, deadline, id",
            )
            found.read(
                [
                    *("planned_from", "deadline", "sla_status", "state"),
                    *("partner_id", "site_address", "site_map_url", "partner_phone"),
                    *("product_id", "lot_id", "warranty", "is_here", "job_count"),
                ]
            )
            return self.env.cr.sql_log_count - before, len(found)

        count()
        few, some = count()
        for number in range(20):
            self._ticket(
                "agent",
                partner_id=self.env["res.partner"]
                .create({"name": f"C{number}", "street": "Way"})
                .id,
            )
        count()
        many, all_ = count()
        self.assertEqual(all_, some + 20)
        self.assertLessEqual(many, few + 2)

    def test_sealed_elsewhere(self):
        """A ticket that is resolved by its cause meanwhile: the report follows."""
        job = self._check_in()
        self.ticket.resolution = "<p>Done</p>"
        with self._at(5):
            self.ticket.action_resolve()
        self.assertEqual(job.state, "started")
        with self._at(6):
            job.action_check_out()
        self.assertEqual(job.state, "sealed")


@tagged("post_install", "-at_install")
class TestJobPosition(JobCase):
    """Where agents were: only as they agree to, and seen by whom the company says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"sales_position_use": True, "sales_position_access": "manager"}
        )
        cls.here = {"latitude": 31.2, "longitude": 121.4, "accuracy": 10}

    def _answer(self, given):
        consent = self.env["sales.position.consent"].with_user(self.users["agent"])
        consent.action_answer(self.company.id, given)

    def _job(self, position):
        with self._at(0):
            action = self.agent.action_check_in(position)
        return self.env["sales.service.job"].browse(action["res_id"])

    def test_button(self):
        action = self.agent.action_ask_check_in()
        self.assertEqual(action["params"]["method"], "action_check_in")
        self.assertIsNone(action["params"]["check"]["consent"])
        self.company.sales_position_use = False
        with self._at(0):
            action = self.agent.action_ask_check_in()
        self.assertEqual(action["res_model"], "sales.service.job")
        job = self.env["sales.service.job"].browse(action["res_id"])
        self.assertEqual(job.position_state, "off")

    def test_without_consent(self):
        """Not kept, whatever the device sends; the agent checks in all the same."""
        job = self._job(self.here)
        self.assertEqual(job.position_state, "refused")
        self.assertFalse(job.position_ids)

    def test_kept(self):
        self._answer(True)
        job = self._job(self.here)
        with self._at(9):
            self._as("agent", job).action_check_out(self.here)
        self.assertEqual(job.position_state, "given")
        self.assertEqual(set(job.position_ids.mapped("kind")), {"in", "out"})
        seers = {"agent", "service_manager", "director"}
        for role in (*seers, "colleague", "dispatcher", "rep", "operations"):
            seen = self._as(role, job.position_ids)
            with self.subTest(role=role):
                self.assertEqual(seen.has_access("read"), role in seers)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(seen.has_access(operation))
        self.company.sales_position_access = "director"
        self.assertFalse(
            self._as("service_manager", job.position_ids).has_access("read")
        )
        # Who changes their mind has them deleted.
        self._answer(False)
        self.assertFalse(job.position_ids)

    def test_no_position(self):
        self._answer(True)
        with self.assertRaises(UserError):
            self._job({"latitude": 99, "longitude": 0, "accuracy": 1})
        self.assertEqual(self._job(None).position_state, "unavailable")

    def test_deleted_in_time(self):
        self.company.sales_position_days = 30
        self._answer(True)
        positions = self._job(self.here).position_ids
        positions.moment -= timedelta(days=31)
        self.env.flush_all()
        positions._gc_positions()
        self.assertFalse(positions.exists())

    def test_no_agent(self):
        with self.assertRaises(UserError):
            self.env["sales.position.consent"].with_user(
                self.users["service_manager"]
            ).action_answer(self.company.id, True)
