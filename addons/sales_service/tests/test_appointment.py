"""Appointments: who has the time, what the customer knows, and what follows."""

from datetime import datetime, timedelta
from unittest.mock import patch

import vobject
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ServiceCase

# A Monday at nine, in working hours.
MONDAY = datetime(2031, 3, 3, 9)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class AppointmentCase(ServiceCase):
    """Everybody works from nine to five, from Monday to Friday, in UTC."""

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
        cls.team.write({"window_hours": 4, "travel_minutes": 30, "change_hours": 24})
        cls.partner.write({"street": "Main Street 1", "city": "Town", "tz": "UTC"})

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

    @classmethod
    def _appointment(cls, who="agent", start=MONDAY + DAY, ticket=None, **values):
        ticket = ticket or cls._ticket(who)
        return cls.env["sales.service.appointment"].create(
            {
                "ticket_id": ticket.id,
                "user_id": cls.users[who].id,
                "start": start,
                **values,
            }
        )

    def _mails(self, ticket, words):
        return ticket.message_ids.filtered(
            lambda one: words in (one.subject or "") and one.partner_ids == self.partner
        )


@tagged("post_install", "-at_install")
class TestAppointment(AppointmentCase):
    def test_plan(self):
        """From the queue: the agent gets the ticket, whose moment dispatching knows."""
        ticket = self._ticket(planned_minutes=90)
        dispatcher = self._as("dispatcher", ticket)
        answer = dispatcher.action_plan(self.users["agent"].id, str(MONDAY + DAY))
        appointment = self.env["sales.service.appointment"].browse(answer["id"])
        self.assertFalse(answer["warning"])
        self.assertEqual(
            (appointment.state, appointment.stop, appointment.partner_id),
            ("proposed", MONDAY + DAY + 1.5 * HOUR, self.partner),
        )
        self.assertEqual(
            (ticket.user_id, ticket.state, ticket.planned_from),
            (self.users["agent"], "assigned", MONDAY + DAY),
        )
        self.assertIn("Main Street 1", appointment.address)
        # Planned again, it moves, and the ticket with it.
        again = dispatcher.action_plan(self.users["colleague"].id, MONDAY + 2 * DAY)
        self.assertEqual(again["id"], appointment.id)
        self.assertEqual(ticket.user_id, self.users["colleague"])
        self.assertEqual(ticket.planned_from, MONDAY + 2 * DAY)
        self._as("dispatcher", appointment).action_cancel()
        self.assertFalse(ticket.planned_from)
        self.assertFalse(self._mails(ticket, "appointment"))

    def test_agent_hears(self):
        """What a dispatcher plans, moves and cancels; not what is one's own doing."""

        def told():
            return self.env["mail.message"].search_count(
                [
                    ("message_type", "=", "user_notification"),
                    ("subject", "ilike", "appointment"),
                    ("partner_ids", "in", self.users["agent"].partner_id.ids),
                ]
            )

        ticket = self._ticket("agent")
        dispatcher = self._as("dispatcher", ticket)
        agent = self.users["agent"].id
        before = told()
        dispatcher.action_plan(agent, MONDAY + DAY)
        self.assertEqual(told(), before + 1)
        dispatcher.action_plan(agent, MONDAY + 2 * DAY)
        self.assertEqual(told(), before + 2)
        # Planned for the same time again, nothing has changed.
        dispatcher.action_plan(agent, MONDAY + 2 * DAY)
        self.assertEqual(told(), before + 2)
        appointment = ticket._get_live_appointment()
        self._as("dispatcher", appointment).action_cancel()
        self.assertEqual(told(), before + 3)
        self._as("agent", ticket).action_plan(agent, MONDAY + 3 * DAY)
        self._as("agent", ticket._get_live_appointment()).action_cancel()
        self.assertEqual(told(), before + 3)

    def test_merged(self):
        """A ticket whose appointment the customer knows of ends in no other."""
        first, second = self._ticket(), self._ticket()
        self._appointment(ticket=second).action_confirm()
        with self.assertRaisesRegex(UserError, "merge the others into it"):
            self._as("dispatcher", first + second)._merge_into(first)
        self._as("dispatcher", first + second)._merge_into(second)
        self.assertEqual(second._get_live_appointment().state, "confirmed")

    def test_double(self):
        """An agent is at one place at a time, whatever way it is written."""
        first = self._appointment()
        ticket = self._ticket()
        with self.assertRaisesRegex(UserError, "another appointment then"):
            self._as("dispatcher", ticket).action_plan(
                self.users["agent"].id, first.start + 0.5 * HOUR
            )
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._appointment(start=first.start + 0.5 * HOUR)
        second = self._appointment(start=first.stop)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            second.start = first.start
            second.flush_recordset()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            first.minutes = 61
            first.flush_recordset()
        first.action_cancel()
        second.start = first.start
        second.flush_recordset()

    def test_one_to_come(self):
        appointment = self._appointment()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._appointment(ticket=appointment.ticket_id, start=MONDAY + 3 * DAY)
        appointment.action_confirm()
        appointment.action_done()
        self._appointment(ticket=appointment.ticket_id, start=MONDAY + 3 * DAY)

    def test_warnings(self):
        """A dispatcher may plan what speaks against it, and reads what does."""
        evening = self._appointment(start=MONDAY + DAY + 7.5 * HOUR)
        self.assertIn("does not work all", evening.warning)
        self._appointment(start=MONDAY + 2 * DAY)
        close = self._appointment(start=MONDAY + 2 * DAY + 1.25 * HOUR)
        self.assertIn("15 minutes for the way", close.warning)
        close.start += 0.25 * HOUR
        self.assertFalse(close.warning)
        profile = self.env["sales.service.agent"].search(
            [
                ("user_id", "=", self.users["agent"].id),
                ("company_id", "=", self.company.id),
            ]
        )
        profile.away_until = MONDAY + 3 * DAY
        close.invalidate_recordset(["warning"])
        self.assertIn("is absent", close.warning)
        profile.away_until = False
        close.ticket_id.user_id = self.users["colleague"]
        self.assertEqual(close.warning, "Colleague has the ticket.")
        # Holidays of all, and a day that is made up.
        self.env["sales.calendar.day"].create(
            [
                {
                    "name": "Founding",
                    "date": (MONDAY + 3 * DAY).date(),
                    "kind": "holiday",
                    "company_id": self.company.id,
                },
                {
                    "name": "Made up",
                    "date": (MONDAY + 5 * DAY).date(),
                    "kind": "workday",
                    "company_id": self.company.id,
                },
            ]
        )
        self.assertTrue(self._appointment(start=MONDAY + 3 * DAY).warning)
        self.assertFalse(self._appointment(start=MONDAY + 5 * DAY).warning)

    def test_way_by_distance(self):
        """Where both places are known the way takes what the distance takes."""
        self.company.sales_visit_speed = 60
        far = self.env["res.partner"].create(
            {"name": "Far", "partner_latitude": 48, "partner_longitude": 11.1}
        )
        self.partner.write({"partner_latitude": 48, "partner_longitude": 11.9})
        # 59.5 km as the crow flies: an hour
        self._appointment(start=MONDAY + 2 * DAY)
        ticket = self._ticket("agent", partner_id=far.id)
        there = self._appointment(
            start=MONDAY + 2 * DAY + HOUR + timedelta(minutes=59), ticket=ticket
        )
        self.assertIn("59 minutes for the way", there.warning)
        there.start += timedelta(minutes=1)
        self.assertFalse(there.warning)
        # Once more at the same customer's: no way.
        again = self._appointment(start=MONDAY + 2 * DAY - HOUR)
        self.assertFalse(again.warning and "for the way" in again.warning)
        windows = self.env["sales.service.facts"]._get_windows(
            self._ticket("agent", partner_id=far.id), self.users["agent"]
        )
        day = [
            moment
            for (start, _stop), found in windows.items()
            for _user, moment in found
            if start.date() == (MONDAY + 2 * DAY).date()
        ]
        # After the last one, which is there too.
        self.assertIn(there.stop, day)

    def test_agent_plans(self):
        """Their own working time, and nobody else's."""
        ticket = self._as("agent", self._ticket("agent"))
        with self.assertRaisesRegex(UserError, "does not work"):
            ticket.action_plan(self.users["agent"].id, MONDAY + DAY - HOUR)
        with self.assertRaises(AccessError):
            ticket.action_plan(self.users["colleague"].id, MONDAY + DAY)
        answer = ticket.action_plan(self.users["agent"].id, MONDAY + DAY)
        mine = self._as(
            "agent", self.env["sales.service.appointment"].browse(answer["id"])
        )
        with self.assertRaises(AccessError):
            mine.user_id = self.users["colleague"]
        with self.assertRaises(UserError):
            mine.start = MONDAY + 10 * HOUR
        mine.start = MONDAY + DAY + HOUR
        with self.assertRaises(AccessError):
            self._as("colleague", mine).action_cancel()
        with self.assertRaises(AccessError):
            mine.action_offer()
        queue = self._as("agent", self._ticket())
        queue.action_plan(self.users["agent"].id, MONDAY + 2 * DAY)
        self.assertEqual(queue.user_id, self.users["agent"])

    def test_stamped(self):
        appointment = self._as("dispatcher", self._appointment())
        for vals in (
            {"state": "confirmed"},
            {"stop": MONDAY},
            {"told_at": MONDAY},
            {"reminded_at": MONDAY},
            {"wish": "Mine"},
            {"visit_id": 1},
            {"team_id": self.other_team.id},
        ):
            with self.assertRaises(UserError, msg=vals):
                appointment.write(vals)

    def test_confirm(self):
        """The customer gets the window by mail, with a file for the calendar."""
        appointment = self._appointment(start=MONDAY + DAY + 2 * HOUR)
        appointment.action_confirm()
        self.assertEqual(
            (appointment.window_start, appointment.window_stop),
            (MONDAY + DAY, MONDAY + DAY + 4 * HOUR),
        )
        mail = self._mails(appointment.ticket_id, "appointment")
        self.assertEqual(len(mail), 1)
        self.assertIn("Tuesday, March 4, 2031, 9:00", mail.body)
        self.assertIn("?appointment=sealed", mail.body)
        event = vobject.readOne(mail.attachment_ids.raw.decode()).vevent
        self.assertEqual(
            event.dtstart.value.replace(tzinfo=None), appointment.window_start
        )
        self.assertEqual(event.status.value, "CONFIRMED")
        with self.assertRaisesRegex(UserError, "Confirmed"):
            appointment.action_confirm()
        # Inside of the window the plan moves without a word.
        appointment.action_move(MONDAY + DAY + 3 * HOUR)
        self.assertEqual(len(self._mails(appointment.ticket_id, "appointment")), 1)
        with self.assertRaisesRegex(UserError, "The customer expects"):
            appointment.action_move(MONDAY + DAY + 5 * HOUR)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            appointment.start = MONDAY + DAY + 5 * HOUR
            appointment.flush_recordset()
        appointment.action_move(MONDAY + DAY + 5 * HOUR, is_told=True)
        self.assertEqual(appointment.window_start, MONDAY + DAY + 4 * HOUR)
        mails = self._mails(appointment.ticket_id, "appointment")
        self.assertEqual(len(mails), 2)
        again = vobject.readOne(mails[0].attachment_ids.raw.decode()).vevent
        self.assertEqual(again.uid.value, event.uid.value)
        self.assertGreater(int(again.sequence.value), int(event.sequence.value))
        appointment.action_cancel()
        mails = self._mails(appointment.ticket_id, "appointment cancelled")
        self.assertEqual(len(mails), 1)
        self.assertIn("METHOD:CANCEL", mails.attachment_ids.raw.decode())

    def test_way(self):
        appointment = self._appointment()
        with self.assertRaises(UserError):
            appointment.action_go()
        appointment.action_confirm()
        self.assertFalse(self._mails(appointment.ticket_id, "on the way"))
        self._as("agent", appointment.ticket_id).action_on_way()
        mail = self._mails(appointment.ticket_id, "on the way")
        self.assertEqual(len(mail), 1)
        self.assertIn("Main Street 1", mail.body)
        self.assertNotIn("access_token", mail.body)
        with self.assertRaises(UserError):
            appointment.action_go()
        appointment.action_done()
        self.assertEqual(self._mails(appointment.ticket_id, "on the way"), mail)
        for step in ("confirm", "go", "done", "miss", "cancel"):
            with self.assertRaises(UserError, msg=step):
                getattr(appointment, f"action_{step}")()
        with self.assertRaises(UserError):
            self._as("dispatcher", appointment).start = MONDAY + 2 * DAY
        missed = self._appointment(start=MONDAY + 2 * DAY)
        missed.action_confirm()
        missed.action_miss()
        self.assertEqual(missed.state, "missed")

    def test_ticket_ends(self):
        """What has begun was done, the rest does not take place."""
        begun, later, proposed = (
            self._appointment(start=MONDAY + number * DAY) for number in (1, 2, 3)
        )
        (begun + later).action_confirm()
        self.moment = MONDAY + DAY + HOUR
        tickets = (begun + later + proposed).ticket_id
        tickets.resolution = "<p>Done</p>"
        tickets.action_resolve()
        self.assertEqual(
            [one.state for one in (begun, later, proposed)],
            ["done", "cancelled", "cancelled"],
        )
        self.assertTrue(self._mails(later.ticket_id, "appointment cancelled"))
        self.assertFalse(self._mails(proposed.ticket_id, "appointment cancelled"))

    def test_visit(self):
        """What is agreed is in the day's plan of a rep, and leaves it again."""
        rep = self._rep(self.users["agent"])
        appointment = self._appointment()
        self.assertFalse(appointment.visit_id)
        appointment.action_confirm()
        visit = appointment.visit_id
        self.assertEqual(
            (visit.rep_id, visit.partner_id, visit.date_planned, visit.planned_minutes),
            (rep, self.partner, MONDAY + DAY, 60),
        )
        appointment.action_move(MONDAY + DAY + HOUR)
        self.assertEqual(visit.date_planned, MONDAY + DAY + HOUR)
        # To somebody who has no day plan.
        appointment.action_move(MONDAY + DAY + HOUR, self.users["colleague"].id)
        self.assertEqual(visit.state, "cancelled")
        self.assertFalse(appointment.visit_id)
        # What was done for the ticket is no visit that was missed.
        kept = self._appointment()
        kept.action_confirm()
        visit = kept.visit_id
        kept.action_done()
        self.assertEqual(visit.state, "cancelled")
        other = self._appointment(start=MONDAY + 2 * DAY)
        other.action_confirm()
        visit = other.visit_id
        other.action_cancel()
        self.assertEqual(visit.state, "cancelled")

    def test_stays_with_ticket(self):
        """Its customer knows of it, and nobody told that of another ticket."""
        appointment = self._appointment()
        for records in (appointment, self._as("agent", appointment)):
            with self.assertRaises(UserError):
                records.ticket_id = self._ticket("agent")
        manager = self._as("service_manager", appointment)
        manager.action_confirm()
        with self.assertRaisesRegex(UserError, "Cancel it instead"):
            manager.unlink()
        manager.action_cancel()
        manager.unlink()

    def test_other_customer(self):
        """Who is the customer after all is told, and visited at their address."""
        self._rep(self.users["agent"])
        over, live = self._appointment(), self._appointment(start=MONDAY + 2 * DAY)
        (over + live).action_confirm()
        over.action_done()
        contact, other = self.env["res.partner"].create(
            [
                {"name": "Colleague", "parent_id": self.partner.id},
                {"name": "Beta", "email": "b@example.com", "street": "Beta Street"},
            ]
        )
        tickets = (over + live).ticket_id
        # The address that was agreed stays with the company.
        tickets.partner_id = contact
        self.assertEqual((over + live).partner_id, self.partner)
        tickets.partner_id = other
        self.assertEqual((over.partner_id, live.partner_id), (self.partner, other))
        self.assertEqual(live.visit_id.partner_id, other)
        self.assertIn("Beta Street", live.address)
        told = live.ticket_id.message_ids.filtered(lambda one: one.partner_ids == other)
        self.assertIn("Beta Street", told.body)
        self.assertFalse(
            over.ticket_id.message_ids.filtered(lambda one: one.partner_ids == other)
        )

    def test_visit_of_the_day(self):
        """Who calls there that day anyway takes the ticket along."""
        rep = self._rep(self.users["agent"])
        call = self.env["sales.visit"].create(
            {
                "rep_id": rep.id,
                "partner_id": self.partner.id,
                "date_planned": MONDAY + DAY + 3 * HOUR,
                "purpose": "Spring catalogue",
            }
        )
        first, second = (
            self._appointment(start=MONDAY + DAY + number * HOUR) for number in (1, 5)
        )
        first.action_confirm()
        self.assertEqual(first.visit_id, call)
        name = first.ticket_id.display_name
        self.assertEqual(call.purpose, f"Spring catalogue; {name}")
        self.assertEqual(call.date_planned, MONDAY + DAY + 3 * HOUR)
        # On another day it is a visit of its own, and the call stays.
        first.action_move(MONDAY + 2 * DAY, is_told=True)
        own = first.visit_id
        self.assertNotIn(own, call + call.browse())
        self.assertEqual((call.state, call.purpose), ("planned", "Spring catalogue"))
        # The other ticket of that day goes along, and has the visit when it is alone.
        second.action_move(MONDAY + 2 * DAY + 2 * HOUR)
        second.action_confirm()
        self.assertEqual(second.visit_id, own)
        first.action_cancel()
        self.assertEqual((own.state, second.visit_id), ("planned", own))
        self.assertEqual(
            (own.purpose, own.date_planned),
            (second.ticket_id.display_name, second.start),
        )
        second.action_cancel()
        self.assertEqual(own.state, "cancelled")

    def test_hand_over(self):
        """Appointments of somebody who is ill are named, not moved."""
        appointment = self._appointment(start=MONDAY + DAY + 2 * HOUR)
        appointment.action_confirm()
        profile = self.env["sales.service.agent"].search(
            [
                ("user_id", "=", self.users["agent"].id),
                ("company_id", "=", self.company.id),
            ]
        )
        action = self._as("dispatcher", profile).action_hand_over()
        self.assertIn(
            "was not moved: it has an appointment on Tuesday, March 4, 2031",
            action["params"]["message"],
        )
        self.assertEqual(appointment.ticket_id.user_id, self.users["agent"])

    def test_hand_over_with_appointments(self):
        """By the dialog: to who has the time, at the agreed time or in the window."""
        agent, colleague = self.users["agent"], self.users["colleague"]
        same, within, clash = (
            self._appointment(start=MONDAY + DAY + hours * HOUR) for hours in (0, 2, 6)
        )
        (same + within).action_confirm()
        same.ticket_id.with_user(agent).action_start()
        same.ticket_id.with_user(agent).action_wait_customer()
        going = self._appointment(start=MONDAY + HOUR)
        going.action_confirm()
        going.action_go()
        # The colleague is busy when the second is planned, and all of the afternoon.
        self._appointment("colleague", MONDAY + DAY + 2 * HOUR)
        self._appointment("colleague", MONDAY + DAY + 5 * HOUR, minutes=180)
        window = (within.window_start, within.window_stop)
        profile = self.env["sales.service.agent"].search(
            [("user_id", "=", agent.id), ("company_id", "=", self.company.id)]
        )
        dialog = self._as("dispatcher", self.env["sales.service.handover"])
        dialog = dialog.with_context(active_ids=profile.ids).create({})
        message = dialog.action_hand_over()["params"]["message"]
        self.assertEqual((same + within).user_id, colleague)
        self.assertEqual((same + within).ticket_id.user_id, colleague)
        self.assertEqual((clash + going).user_id, agent)
        self.assertEqual((clash + going).ticket_id.user_id, agent)
        self.assertEqual(same.start, MONDAY + DAY)
        # The customer's window holds, so no mail says another one.
        self.assertEqual((within.window_start, within.window_stop), window)
        self.assertEqual(within.start, MONDAY + DAY + 3.5 * HOUR)
        self.assertEqual(len(self._mails(within.ticket_id, "appointment")), 1)
        name = same.ticket_id.display_name
        self.assertIn(f"{colleague.name} comes for {name}", message)
        for one in (clash, going):
            name = one.ticket_id.display_name
            self.assertIn(f"{name} was not moved: it has an appointment", message)
        # Until tomorrow the rules give nothing back.
        self.assertEqual(same.ticket_id.handed_over_id, agent)
        with self.assertRaises(AccessError):
            self._as("colleague", profile).action_hand_over(True)

    def test_reminder(self):
        """Once, a day before; not who has just been told; anew when it moves."""
        appointment = self._appointment(start=MONDAY + 2 * DAY)
        appointment.action_confirm()
        ticket = appointment.ticket_id

        def run(moment):
            self.moment = moment
            self.env["sales.service.appointment"]._cron_remind()
            return len(self._mails(ticket, "we are coming"))

        self.assertEqual(run(MONDAY + DAY - HOUR), 0)
        self.assertEqual(run(MONDAY + DAY), 1)
        self.assertEqual(run(MONDAY + DAY + HOUR), 1)
        appointment.action_move(MONDAY + 3 * DAY, is_told=True)
        self.assertEqual(run(MONDAY + 2 * DAY + HOUR), 2)
        appointment.action_move(MONDAY + 4 * DAY, is_told=True)
        # Told within the last day.
        self.moment = MONDAY + 3 * DAY
        late = self._appointment(start=MONDAY + 3 * DAY + 3 * HOUR)
        late.action_confirm()
        run(MONDAY + 3 * DAY + HOUR)
        self.assertFalse(self._mails(late.ticket_id, "we are coming"))
        appointment.action_cancel()
        self.assertEqual(run(MONDAY + 4 * DAY - HOUR), 3)

    def test_crash(self):
        """Of two runs of the cron neither reminds a second time."""
        appointment = self._appointment(start=MONDAY + 2 * DAY)
        appointment.action_confirm()
        self.moment = MONDAY + DAY + HOUR
        model = self.env["sales.service.appointment"]
        stops = iter((RuntimeError("killed"),))

        def progress(*_args, remaining=None, **_kwargs):
            if remaining is None:
                raise next(stops)

        self.patch(self.registry["ir.cron"], "_commit_progress", progress)
        with self.assertRaises(RuntimeError):
            model._cron_remind()
        # What was not committed is not stamped, nor sent.
        self.assertFalse(appointment.reminded_at)
        self.assertFalse(self._mails(appointment.ticket_id, "we are coming"))
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *_, **__: 0)
        for _time in range(2):
            model._cron_remind()
        self.assertEqual(len(self._mails(appointment.ticket_id, "we are coming")), 1)


@tagged("post_install", "-at_install")
class TestOffer(AppointmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facts = cls.env["sales.service.facts"]

    def _wizard(self, ticket, **values):
        return (
            self.env["sales.service.offer"]
            .with_user(self.users["dispatcher"])
            .create({"ticket_id": ticket.id, **values})
        )

    def _offered(self, ticket=None):
        ticket = ticket or self._ticket()
        self._wizard(ticket).action_offer()
        return ticket._get_live_appointment()

    def test_windows(self):
        """By the team's hours, of who fits and is free, the best first."""
        ticket = self._ticket()
        self._appointment("colleague", MONDAY + DAY, minutes=480)
        found = self.facts._get_windows(ticket, since=MONDAY + 12 * HOUR)
        spans = list(found)
        self.assertEqual(
            spans[:3],
            [
                (MONDAY + DAY, MONDAY + DAY + 4 * HOUR),
                (MONDAY + DAY + 4 * HOUR, MONDAY + DAY + 8 * HOUR),
                (MONDAY + 2 * DAY, MONDAY + 2 * DAY + 4 * HOUR),
            ],
        )
        agent, colleague = (self.users[name].id for name in ("agent", "colleague"))
        self.assertEqual([user for user, _start in found[spans[0]]], [agent])
        self.assertEqual({user for user, _ in found[spans[2]]}, {agent, colleague})
        # The way from the appointment before.
        self._appointment("agent", MONDAY + DAY, minutes=60)
        found = self.facts._get_windows(ticket, since=MONDAY + 12 * HOUR)
        self.assertEqual(found[spans[0]], [(agent, MONDAY + DAY + 1.5 * HOUR)])
        # Who is not to get the ticket is not offered, unless a dispatcher says so.
        ticket.sudo().refused_user_ids = [Command.link(agent)]
        found = self.facts._get_windows(ticket, since=MONDAY + 12 * HOUR)
        self.assertNotIn(spans[0], found)
        found = self.facts._get_windows(ticket, self.users["agent"], MONDAY + DAY)
        self.assertEqual(found[spans[0]][0][0], agent)

    def test_offer(self):
        ticket = self._ticket()
        wizard = self._wizard(ticket)
        self.assertEqual(wizard.line_ids.mapped("is_offered")[:4], [True] * 3 + [False])
        self.assertIn("Agent", wizard.line_ids[0].agents)
        wizard.line_ids.is_offered = True
        with self.assertRaisesRegex(UserError, "from one to 3"):
            wizard.action_offer()
        wizard.line_ids.is_offered = False
        with self.assertRaises(UserError):
            wizard.action_offer()
        wizard.line_ids[:2].is_offered = True
        wizard.action_offer()
        appointment = ticket._get_live_appointment()
        self.assertEqual(
            (appointment.state, len(appointment.window_ids)), ("offered", 2)
        )
        self.assertFalse(ticket.user_id or ticket.planned_from)
        mail = self._mails(ticket, "when shall we come")
        self.assertEqual(len(mail), 1)
        self.assertIn("Tuesday, March 4, 2031, 9:00", mail.body)
        with self.assertRaises(AccessError):
            self._as("agent", ticket).action_offer_times()
        with self.assertRaises(AccessError):
            self._as("agent", ticket)._offer_windows(
                [(MONDAY + DAY, MONDAY + 2 * DAY)], self.users["agent"]
            )
        nobody = self._ticket(partner_id=False)
        with self.assertRaisesRegex(UserError, "who the customer is"):
            self._wizard(nobody).action_offer()

    def _heard(self, ticket, words):
        """Who was notified of what the customer did."""
        return (
            self.env["mail.message"]
            .search(
                [
                    ("model", "=", ticket._name),
                    ("res_id", "=", ticket.id),
                    ("message_type", "=", "user_notification"),
                    ("subject", "like", words),
                ]
            )
            .partner_ids.user_ids
        )

    def test_choose(self):
        appointment = self._offered()
        window = appointment.window_ids[1]
        span = (window.start, window.stop)
        self.assertTrue(appointment._choose(window.id))
        self.assertEqual(appointment.state, "confirmed")
        self.assertEqual((appointment.window_start, appointment.window_stop), span)
        self.assertTrue(span[0] <= appointment.start < span[1])
        self.assertFalse(appointment.window_ids)
        ticket = appointment.ticket_id
        self.assertEqual(ticket.user_id, appointment.user_id)
        self.assertEqual(len(self._mails(ticket, "appointment")), 1)
        self.assertEqual(self._heard(ticket, "has chosen"), appointment.user_id)
        with self.assertRaises(UserError):
            appointment._choose(window.id)

    def test_taken(self):
        """Who comes too late is offered other times; nobody comes twice."""
        first, second, third = (self._offered() for _number in range(3))
        spans = [(one.start, one.stop) for one in first.window_ids]
        self.team.travel_minutes = 240
        for appointment in (first, second):
            self.assertTrue(appointment._choose(appointment.window_ids[0].id))
        self.assertEqual(
            first.user_id + second.user_id,
            self.users["agent"] + self.users["colleague"],
        )
        self.assertFalse(third._choose(third.window_ids[0].id))
        self.assertEqual(third.state, "offered")
        self.assertEqual(len(third.window_ids), 3)
        self.assertNotIn(spans[0], [(one.start, one.stop) for one in third.window_ids])
        self.assertTrue(third._choose(third.window_ids[0].id))
        self.assertFalse(third.warning)

    def test_change(self):
        """What was agreed holds until another time is chosen."""
        appointment = self._offered()
        appointment._choose(appointment.window_ids[0].id)
        agreed = appointment.window_start
        self.moment = agreed - DAY
        appointment._change_by_customer()
        self.assertEqual(
            (appointment.state, len(appointment.window_ids)), ("confirmed", 3)
        )
        self.assertEqual(appointment.window_start, agreed)
        other = appointment.window_ids.filtered(lambda one: one.start != agreed)[0]
        appointment._choose(other.id)
        self.assertNotEqual(appointment.window_start, agreed)
        self.assertEqual(len(self._mails(appointment.ticket_id, "appointment")), 2)
        self.moment = appointment.window_start - DAY + timedelta(seconds=1)
        for act in (
            appointment._change_by_customer,
            lambda: appointment._cancel_by_customer(self.partner),
        ):
            with self.assertRaisesRegex(UserError, "too late"):
                act()
        self.team.change_hours = 1
        appointment._cancel_by_customer(self.partner)
        self.assertEqual(appointment.state, "cancelled")
        ticket = appointment.ticket_id
        self.assertEqual(self._heard(ticket, "has cancelled"), appointment.user_id)
        offered = self._offered()
        offered._cancel_by_customer(self.partner)
        self.assertEqual(
            self._heard(offered.ticket_id, "has cancelled"), self.users["dispatcher"]
        )
        with self.assertRaises(UserError):
            appointment._cancel_by_customer(self.partner)

    def test_over(self):
        """A window that has begun cannot be chosen any more."""
        appointment = self._offered()
        window = appointment.window_ids[0]
        self.moment = window.start
        with self.assertRaises(UserError):
            appointment._choose(window.id)

    def test_sealed(self):
        """Only the customer's copy of the mail opens the page without login."""
        appointment = self._offered()
        ticket = appointment.ticket_id
        mail = self._mails(ticket, "when shall we come")
        self.assertNotIn("access_token", mail.body)
        sent = self.env["mail.mail"].search([("mail_message_id", "=", mail.id)])
        self.assertIn("access_token", sent.body_html)
        self.assertNotIn("appointment=sealed", sent.body_html)
