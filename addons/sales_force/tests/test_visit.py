"""Visits: planned, checked in and out, what they count and what they show."""

import base64
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from io import BytesIO
from unittest.mock import patch

from freezegun import freeze_time
from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .common import ConcurrentCase, SalesForceCase

MONDAY = date(2031, 5, 12)
SUNDAY = MONDAY + timedelta(days=6)
MORNING = f"{MONDAY} 08:00:00"
HERE = {"latitude": 31.2304, "longitude": 121.4737, "accuracy": 20}
BACK_THEN = datetime(2031, 4, 1, 8)


def picture(seed):
    """A photo in base64; as no other of another seed."""
    image = Image.new("L", (64, 64))
    image.putdata(
        [(x * seed * 7 + y * y * seed) % 256 for y in range(64) for x in range(64)]
    )
    file = BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


class VisitCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "UTC"
        cls.company.sales_position_use = True
        cls.shop = cls.env["res.partner"].create(
            {
                "name": "Shop",
                "is_company": True,
                "street": "Main Street 1",
                "city": "Shanghai",
                "user_id": cls.users["rep"].id,
                "partner_latitude": HERE["latitude"],
                "partner_longitude": HERE["longitude"],
            }
        )

    def _visit(self, who="rep", partner=None, **values):
        return self.env["sales.visit"].create(
            {
                "rep_id": self.reps[who].id,
                "partner_id": (partner or self.shop).id,
                "date_planned": fields.Datetime.now(),
                **values,
            }
        )

    def _consent(self, who="rep", given=True):
        consent = self.env["sales.position.consent"].with_user(self.users[who])
        consent.action_answer(self.company.id, given)

    def _visited(self, minutes=30, position=None, who="rep", **values):
        """A visit that took place from now on."""
        visit = self._visit(who, **values).with_user(self.users[who])
        visit.action_check_in(position)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            visit.action_check_out(position)
        return visit.sudo()

    def _set(self, customers, **values):
        """What the nightly computation writes."""
        for name, value in values.items():
            self.env.execute_query(
                SQL(
                    "UPDATE sales_customer SET %s = %s WHERE id = ANY(%s) RETURNING id",
                    SQL.identifier(name),
                    value,
                    customers.ids,
                )
            )
        customers.invalidate_recordset()

    def _credited(self, visits):
        credits = self.env["sales.credit"].search(
            [("res_model", "=", "sales.visit"), ("res_id", "in", visits.ids)]
        )
        return {
            (c.rep_id.name, str(c.date), c.value, c.partner_id.name) for c in credits
        }


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestVisit(VisitCase):
    def test_what_the_rep_sees(self):
        """Whether it counts, and what there is to know about the customer."""
        first = self._visited(30, note="They want samples")
        self.assertEqual(first.counts_note, "This visit counts.")
        least = self.company.sales_visit_minutes
        short = self._visited(least - 1)
        self.assertIn(f"{least - 1} of {least} minutes", short.counts_note)
        missed = self._visit(
            date_planned=fields.Datetime.now() - timedelta(days=2)
        ).with_user(self.users["rep"])
        self.assertTrue(missed.is_missed)
        self.assertIn("They want samples", missed.last_visit_note)
        self.env["sales.customer"]._refresh(self.company)
        self.assertEqual(missed.customer_id.partner_id, self.shop)
        self.assertEqual(missed.customer_id.visit_count, 3)
        action = missed.action_open_customer()
        self.assertEqual(action["res_id"], missed.customer_id.id)

    def test_in_and_out(self):
        """An effective visit counts on the day of its check-out."""
        visit = self._visited(30)
        self.assertEqual((visit.state, visit.minutes), ("done", 30))
        self.assertEqual((visit.due, visit.effective), (1, 1))
        self.assertEqual(visit.date, MONDAY)
        self.assertEqual(self._credited(visit), {("Rep", "2031-05-12", 1.0, "Shop")})
        short = self._visited(2)
        self.assertEqual((short.state, short.effective), ("done", 0))
        self.assertFalse(self._credited(short))
        counts = self.env["sales.credit"].rebuild("2031-05-01", "2031-05-31")
        self.assertEqual(set(counts.values()), {0})

    def test_day_of_the_company(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        with freeze_time(f"{MONDAY} 22:00:00"):
            visit = self._visited(30)
        self.assertEqual(str(visit.date), "2031-05-13")
        self.assertEqual(self._credited(visit), {("Rep", "2031-05-13", 1.0, "Shop")})

    def test_in_order_only(self):
        visit = self._visit().with_user(self.users["rep"])
        with self.assertRaisesRegex(UserError, "Check in at Shop first"):
            visit.action_check_out()
        visit.action_check_in()
        with self.assertRaisesRegex(UserError, "is In progress"):
            visit.action_check_in()
        other = self._visit(partner=self.partner).with_user(self.users["rep"])
        with self.assertRaisesRegex(UserError, "still checked in at Shop"):
            other.action_check_in()
        visit.action_check_out()
        with self.assertRaisesRegex(UserError, "is Done"):
            visit.action_check_out()
        other.action_check_in()

    def test_only_the_rep(self):
        visit = self._visit()
        for who in ("leader", "director"):
            with self.assertRaises(AccessError):
                visit.with_user(self.users[who]).action_check_in()
        with self.assertRaises(AccessError):
            visit.with_user(self.users["peer"]).action_check_in()

    def test_stamped(self):
        """Nobody writes what the server stamps."""
        visits = self.env["sales.visit"].with_user(self.users["director"])
        for vals in (
            {"state": "done"},
            {"check_in": MORNING},
            {"effective": 1},
            {"integrity": 100},
            {"signal_ids": [Command.clear()]},
        ):
            with self.subTest(vals=vals):
                with self.assertRaises(UserError):
                    visits.create(
                        {
                            "rep_id": self.reps["rep"].id,
                            "partner_id": self.shop.id,
                            **vals,
                        }
                    )
                with self.assertRaises(UserError):
                    self._visit().with_user(self.users["rep"]).write(vals)

    def test_plan_stays(self):
        visit = self._visited()
        mine = visit.with_user(self.users["rep"])
        for vals in (
            {"partner_id": self.partner.id},
            {"date_planned": "2031-05-01 08:00:00"},
            {"rep_id": self.reps["rep"].id},
        ):
            with self.assertRaises(UserError):
                mine.write(vals)
        mine.note = "Later thoughts"
        with self.assertRaises(UserError):
            mine.unlink()
        self._visit().with_user(self.users["rep"]).unlink()

    def test_whose_visits(self):
        """A rep plans own visits, a leader those below."""
        visits = self.env["sales.visit"]
        vals = {"partner_id": self.partner.id, "rep_id": self.reps["rep"].id}
        visits.with_user(self.users["rep"]).create(vals)
        visit = visits.with_user(self.users["leader"]).create(vals)
        with self.assertRaises(AccessError):
            visits.with_user(self.users["peer"]).create(vals)
        with self.assertRaises(AccessError):
            visit.rep_id = self.reps["peer"]
        mine = visits.with_user(self.users["rep"]).create(
            {"partner_id": self.partner.id}
        )
        self.assertEqual(mine.rep_id, self.reps["rep"])

    def test_found_closed(self):
        """A closed shop leaves the denominator."""
        closed = self._visit().with_user(self.users["rep"])
        closed.action_check_in()
        closed.next_step = "Come again on Friday"
        closed.action_found_closed()
        self.assertEqual(self.shop.activity_ids.summary, "Come again on Friday")
        done, missed = self._visited(), self._visit()
        visits = closed.sudo() + done + missed
        self.assertEqual(visits.mapped("due"), [0, 1, 1])
        [(due, effective, completion)] = self.env["sales.visit"]._read_group(
            [("id", "in", visits.ids)],
            [],
            ["due:sum", "effective:sum", "completion:avg"],
        )
        self.assertEqual((due, effective, completion), (2, 1, 50.0))
        self.assertFalse(closed.signal_ids)

    def test_cancelled(self):
        visit = self._visit().with_user(self.users["rep"])
        visit.action_cancel()
        self.assertEqual((visit.state, visit.due), ("cancelled", 0))
        with self.assertRaises(UserError):
            visit.action_check_in()
        visit.action_replan()
        visit.action_check_in()
        with self.assertRaises(UserError):
            visit.action_cancel()

    def test_missed(self):
        """Who missed a visit cannot take it out of the count; who is above can."""
        yesterday = self._visit(date_planned=MONDAY - timedelta(days=1))
        mine = yesterday.with_user(self.users["rep"])
        for change in (
            mine.action_cancel,
            lambda: mine.action_cancel("Ill"),
            mine.unlink,
            lambda: mine.write({"date_planned": f"{SUNDAY} 09:00:00"}),
        ):
            with self.assertRaisesRegex(UserError, "day of the visit to Shop is over"):
                change()
        mine.note = "I was ill"
        above = yesterday.with_user(self.users["leader"])
        action = above.action_cancel()
        self.assertEqual(yesterday.state, "planned", "there is no reason yet")
        with self.assertRaises(UserError):
            above.unlink()
        self.env[action["res_model"]].with_user(self.users["leader"]).with_context(
            **action["context"]
        ).create({"reason": "Ill"}).action_cancel()
        self.assertEqual((yesterday.state, yesterday.due), ("cancelled", 0))
        self.assertEqual(yesterday.cancel_reason, "Ill")
        for change in (mine.action_replan, mine.unlink):
            with self.assertRaises(UserError):
                change()
        own = self._visit("leader", date_planned=MONDAY - timedelta(days=1))
        with self.assertRaises(UserError):
            own.with_user(self.users["leader"]).action_cancel("Ill")
        with self.assertRaises(UserError):
            self._visit().with_user(self.users["rep"]).cancel_reason = "Ill"

    def test_closed_too_late(self):
        """Nobody was there on the day: a closed shop weeks later is no excuse."""
        visit = self._visit(date_planned=MONDAY - timedelta(days=9))
        visit.with_user(self.users["rep"]).action_check_in()
        visit.with_user(self.users["rep"]).action_found_closed()
        self.assertEqual((visit.state, visit.due), ("closed", 1))

    def test_who_left(self):
        self.reps["rep"].state = "suspended"
        with self.assertRaises(ValidationError):
            self._visit()

    def test_next_step(self):
        visit = self._visit().with_user(self.users["rep"])
        visit.action_check_in()
        visit.write({"next_step": "Send samples", "next_step_date": "2031-05-20"})
        visit.action_check_out()
        activity = self.shop.activity_ids
        self.assertEqual(activity.summary, "Send samples")
        self.assertEqual(str(activity.date_deadline), "2031-05-20")
        self.assertEqual(activity.user_id, self.users["rep"])

    def test_collection(self):
        """Who registers payments hears of the money, on the oldest unpaid invoice."""
        self.company.sales_collection_user_id = self.users["finance"]
        invoice = self._invoice(self.users["peer"], partner=self.shop)
        invoice.action_post()
        visit = self._visit().with_user(self.users["rep"])
        with self.assertRaises(UserError):
            visit.action_collect()
        visit.action_check_in()
        visit.write({"collected_amount": 40, "collected_reference": "Cheque 7"})
        visit.action_check_out()
        activity = invoice.activity_ids
        self.assertEqual(activity.user_id, self.users["finance"])
        self.assertIn("40", activity.summary)
        self.assertIn("Cheque 7", activity.note)

    def test_money_stays(self):
        """What was reported is not changed behind the back of who registers it."""
        visit = self._visited(collected_amount=40, collected_reference="Cheque 7")
        mine = visit.with_user(self.users["rep"])
        for vals in ({"collected_amount": 90}, {"collected_reference": "Cash"}):
            with self.assertRaisesRegex(UserError, "money received was reported"):
                mine.write(vals)
        mine.note = "Later thoughts"
        closed = self._visit(collected_amount=50, collected_reference="Cash")
        closed.with_user(self.users["rep"]).action_check_in()
        closed.with_user(self.users["rep"]).action_found_closed()
        summaries = self.shop.activity_ids.mapped("summary")
        self.assertEqual(len(summaries), 2)
        self.assertTrue(any("50" in summary for summary in summaries))

    def test_protected_customer(self):
        """A visit is no way to the address of somebody else's customer."""
        self.company.sales_customer_protection = True
        hidden = self.env["res.partner"].create(
            {
                "name": "Hidden",
                "is_company": True,
                "user_id": self.users["peer"].id,
                "phone": "12345678",
                "street": "Secret Street",
            }
        )
        visits = self.env["sales.visit"].with_user(self.users["rep"])
        self.env.flush_all()
        with self.assertRaises(AccessError):
            visits.create({"partner_id": hidden.id})
        mine = self._visit().with_user(self.users["rep"])
        with self.assertRaises(AccessError):
            mine.partner_id = hidden
        new = visits.new({"partner_id": hidden.id})
        self.assertFalse(new.phone or new.address or new.map_url)
        self.shop.phone = "87654321"
        self.assertEqual(mine.phone, "87654321")
        self.assertIn("Main Street 1", mine.address)
        self.shop.user_id = self.users["peer"]
        self.env.flush_all()
        mine.invalidate_recordset()
        self.assertFalse(mine.phone or mine.address or mine.map_url)

    def test_forms(self):
        """Everybody who sees a visit can open it."""
        self._consent()
        visit = self._visit().with_user(self.users["rep"])
        visit.action_check_in(HERE)
        visit.add_photo(picture(3))
        visit.action_check_out(HERE)
        view = "sales_force.sales_visit_view_form"
        for who in ("rep", "leader", "manager", "director", "operations"):
            with self.subTest(who=who):
                form = Form(visit.with_user(self.users[who]), view)
                self.assertEqual(form.partner_id, self.shop)
                self.assertEqual(
                    "position_ids" in form._view["fields"], who != "operations"
                )

    def test_what_begins_there(self):
        visit = self._visit().with_user(self.users["rep"])
        for action, model in (
            (visit.action_new_lead(), "crm.lead"),
            (visit.action_new_quotation(), "sale.order"),
        ):
            self.assertEqual(action["res_model"], model)
            document = (
                self.env[model]
                .with_user(self.users["rep"])
                .with_context(**action["context"])
                .create({"name": "New"})
            )
            self.assertEqual(document.sales_visit_id, visit)
            self.assertEqual(document.partner_id, self.shop)
        self.assertEqual((visit.lead_count, visit.order_count), (1, 1))
        visit.write(
            {
                "sighting_ids": [
                    Command.create(
                        {
                            "competitor_id": self.env["sales.competitor"]
                            .create({"name": "Rival"})
                            .id,
                            "partner_id": self.shop.id,
                        }
                    )
                ]
            }
        )
        self.assertEqual(visit.sighting_ids.user_id, self.users["rep"])

    def test_way_there(self):
        self.company.sales_map = "amap"
        visit = self._visit()
        self.assertIn("to=121.4737,31.2304,Shop", visit.map_url)
        self.shop.write({"partner_latitude": 0, "partner_longitude": 0})
        visit.invalidate_recordset()
        self.assertIn("keyword=Main+Street+1", visit.map_url)
        for code in ("baidu", "google", "osm"):
            self.company.sales_map = code
            visit.invalidate_recordset()
            self.assertIn("Main+Street+1", visit.map_url)


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestPosition(VisitCase):
    def _signals(self, visit):
        return set(visit.signal_ids.mapped("kind"))

    def test_consent_comes_first(self):
        visit = self._visit().with_user(self.users["rep"])
        check = visit.get_check()
        self.assertEqual((check["ask"], check["consent"]), (True, None))
        self.assertIn("90", check["notice"])
        visit.action_check_in(HERE)
        self.assertFalse(visit.position_ids, "nobody was asked")
        self.assertEqual(visit.position_state, "refused")
        self._consent()
        self.assertTrue(visit.get_check()["consent"])
        consent = self.env["sales.position.consent"].search([])
        self.assertEqual(consent.user_id, self.users["rep"])
        self.assertIn("90", consent.notice)
        self._consent(given=False)
        self.assertFalse(visit.get_check()["consent"])
        with self.assertRaises(UserError):
            self._consent("finance")

    def test_given(self):
        self._consent()
        visit = self._visited(30, HERE)
        self.assertEqual(visit.position_state, "given")
        self.assertEqual(set(visit.position_ids.mapped("kind")), {"in", "out"})
        self.assertTrue(visit.distance_known)
        self.assertAlmostEqual(visit.distance, 0)
        self.assertFalse(visit.signal_ids)
        self.assertEqual(visit.integrity, 100)

    def test_unknown_distance(self):
        self._consent()
        visit = self._visited(30, HERE, partner=self.partner)
        self.assertFalse(visit.distance_known)
        self.assertFalse(visit.signal_ids)

    def test_refused(self):
        """Works without a position, and says so."""
        self._consent()
        visit = self._visited(30, {"refused": True})
        self.assertEqual((visit.position_state, visit.effective), ("refused", 1))
        self.assertFalse(self._signals(visit), "to refuse is no signal")
        self.assertEqual(visit.integrity, 100)
        visit = self._visited(30, {})
        self.assertEqual(visit.position_state, "unavailable")
        self.assertEqual(self._signals(visit), {"no_position"})
        self.assertEqual(visit.integrity, 90)
        self.company.sales_position_use = False
        visit = self._visited(30, HERE)
        self.assertEqual((visit.position_state, visit.integrity), ("off", 100))
        self.assertFalse(visit.position_ids)

    def test_signals(self):
        self._consent()
        far = {**HERE, "latitude": HERE["latitude"] + 0.1}
        visit = self._visited(1, far)
        self.assertEqual(self._signals(visit), {"far", "short"})
        self.assertIn("11,1", visit.signal_ids[0].display_name)
        with freeze_time(f"{MONDAY} 08:03:00"):
            visit = self._visited(30, HERE)
        self.assertEqual(self._signals(visit), {"speed"})
        with freeze_time(f"{MONDAY + timedelta(days=1)} 08:00:00"):
            visit = self._visited(30, HERE)
        self.assertEqual(self._signals(visit), {"repeated"})
        self.assertEqual(visit.integrity, 80)

    def test_bad_position(self):
        self._consent()
        visit = self._visit().with_user(self.users["rep"])
        for position in (
            {"latitude": 91, "longitude": 0, "accuracy": 1},
            {"latitude": "x", "longitude": 0, "accuracy": 1},
            {"latitude": 1, "longitude": 2},
            {"latitude": 1, "longitude": 2, "accuracy": float("nan")},
        ):
            with self.subTest(position=position), self.assertRaises(UserError):
                visit.action_check_in(position)

    def test_who_sees_positions(self):
        self._consent()
        position = self._visited(30, HERE).position_ids[0]
        seen = {
            "rep": {"rep"},
            "manager": {"rep", "leader", "manager", "director"},
            "director": {"rep", "director"},
        }
        for setting, who in seen.items():
            self.company.sales_position_access = setting
            self.assertEqual(
                {
                    name
                    for name in self.users
                    if position.with_user(self.users[name]).has_access("read")
                },
                who,
            )
        for name in ("rep", "director"):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(
                    position.with_user(self.users[name]).has_access(operation)
                )

    def test_other_terms(self):
        """What was agreed to stays as it was agreed to; for more one is asked again."""
        self.company.sales_position_access = "rep"
        self._consent()
        visit = self._visit().with_user(self.users["rep"])
        visit.action_check_in(HERE)
        visit.add_photo(picture(3))
        visit.action_check_out(HERE)
        old = visit.sudo().position_ids[0], visit.sudo().photo_ids
        self.company.sales_position_access = "manager"
        self.assertIsNone(visit.get_check()["consent"])
        self.assertFalse(self._visited(30, HERE).position_ids, "asked for less")
        self._consent()
        self.assertTrue(visit.get_check()["consent"])
        new = self._visited(30, HERE).position_ids[0]
        for trace, seen in ((old[0], False), (old[1], False), (new, True)):
            for who in ("leader", "director"):
                found = trace.with_user(self.users[who])
                self.assertEqual(found.has_access("read"), seen)
            self.assertTrue(trace.with_user(self.users["rep"]).has_access("read"))
        self.company.sales_position_days = 400
        self.assertIsNone(visit.get_check()["consent"])
        self.assertEqual(new.keep_days, 90)
        with freeze_time(MONDAY + timedelta(days=100)):
            self.env["sales.visit.position"]._gc_positions()
        self.assertFalse(new.exists(), "kept for as long as was said, no longer")

    def test_withdrawn(self):
        """One can change one's mind; what was kept is deleted then."""
        self._consent()
        visit = self._visited(1, HERE)
        user = self.users["rep"].with_user(self.users["rep"])
        self.assertEqual(user.sales_position_answer, "given")
        view = "base.view_users_form_simple_modif"
        self.assertEqual(Form(user, view).sales_position_answer, "given")
        action = user.action_sales_position_answer()
        ask = self.env[action["res_model"]].with_user(user).create({})
        self.assertIn("manager", ask.notice)
        ask.action_refuse()
        self.assertFalse(visit.position_ids)
        self.assertEqual(self._signals(visit), {"short"})
        user.invalidate_recordset()
        self.assertEqual(user.sales_position_answer, "refused")
        self.assertFalse(self._visited(30, HERE).position_ids)
        ask.action_agree()
        user.invalidate_recordset()
        self.assertEqual(user.sales_position_answer, "given")
        self.assertTrue(self._visited(30, HERE).position_ids)
        other = self.users["peer"].with_user(self.users["rep"])
        self.assertFalse(other.sales_position_answer, "nobody else's")
        finance = self.users["finance"].with_user(self.users["finance"])
        self.assertFalse(finance.sales_position_answer, "who is no rep")
        with self.assertRaises(AccessError):
            self.env["sales.position.answer"].with_user(finance).create({})

    def test_who_sees_photos(self):
        """The same people who see positions."""
        visit = self._visit().with_user(self.users["rep"])
        visit.action_check_in()
        visit.add_photo(picture(3))
        photo = visit.sudo().photo_ids
        seen = {
            "rep": {"rep"},
            "manager": {"rep", "leader", "manager", "director"},
            "director": {"rep", "director"},
        }
        for setting, who in seen.items():
            self.company.sales_position_access = setting
            can = {
                name
                for name, user in self.users.items()
                if photo.with_user(user).has_access("read")
            }
            self.assertEqual(can, who)

    def test_day_of_a_position(self):
        """Evening and next morning of UTC are one day in Shanghai."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self._consent()
        with freeze_time(f"{MONDAY} 23:00:00"):
            self._visited(30, HERE)
        with freeze_time(f"{MONDAY + timedelta(days=1)} 02:00:00"):
            visit = self._visited(30, HERE)
        self.assertFalse(visit.signal_ids)

    def test_deleted_in_time(self):
        """What was found by the positions stays."""
        self._consent()
        with freeze_time(BACK_THEN):
            old = self._visited(1, HERE)
        new = self._visited(30, HERE)
        self.company.write({"sales_position_days": 30, "sales_photo_days": 30})
        self.env["sales.visit.position"]._gc_positions()
        self.assertFalse(old.position_ids)
        self.assertTrue(new.position_ids)
        self.assertEqual(self._signals(old), {"short"})

    def test_photos(self):
        visit = self._visit().with_user(self.users["rep"])
        with self.assertRaises(UserError):
            visit.add_photo(picture(3))
        visit.action_check_in()
        visit.add_photo(picture(3))
        with self.assertRaises(UserError):
            visit.add_photo(picture(3))
        visit.add_photo(picture(5))
        self.assertEqual(visit.photo_count, 2)
        visit.photo_ids[1].action_remove()
        for image in ("", "%%%", base64.b64encode(b"no picture").decode(), None):
            with self.assertRaises(UserError):
                visit.add_photo(image)
        visit.action_check_out()
        with self.assertRaises(UserError):
            visit.photo_ids.action_remove()
        self.assertFalse(visit.signal_ids.filtered(lambda s: s.kind == "photo"))
        other = self._visit().with_user(self.users["rep"])
        other.action_check_in()
        other.add_photo(picture(3))
        other.action_check_out()
        self.assertIn("photo", self._signals(other.sudo()))
        with self.assertRaises(AccessError):
            visit.photo_ids.with_user(self.users["peer"]).read(["image"])
        visit.sudo().photo_ids.moment = "2029-01-01"
        files = [("res_model", "=", "sales.visit.photo"), ("res_field", "!=", False)]
        before = self.env["ir.attachment"].sudo().search_count(files)
        self.env["sales.visit.photo"]._gc_photos()
        self.assertFalse(visit.photo_ids)
        after = self.env["ir.attachment"].sudo().search_count(files)
        self.assertEqual(before - after, 2, "the photo and the small one")


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestPlan(VisitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id = cls.env["resource.calendar"].create(
            {"name": "Forty hours", "tz": "UTC"}
        )
        cls.class_ = cls.env["sales.customer.class"].create(
            {
                "name": "Z",
                "share_upto": 100,
                "visit_days": 14,
                "company_id": cls.company.id,
            }
        )
        cls.shops = cls.env["res.partner"].create(
            [
                {
                    "name": f"Shop {n}",
                    "is_company": True,
                    "user_id": cls.users["rep"].id,
                    "partner_latitude": 31 + n % 5 / 10,
                    "partner_longitude": 121 + n // 5 / 10,
                }
                for n in range(10)
            ]
        )
        cls.env["sales.customer"]._refresh(cls.company)

    def _classify(self, shops):
        customers = self.env["sales.customer"].search(
            [("partner_id", "in", shops.ids), ("company_id", "=", self.company.id)]
        )
        self._set(customers, class_id=self.class_.id)
        return customers

    def _route(self, shops, weekday="1", **values):
        return self.env["sales.route"].create(
            {
                "name": "South",
                "rep_id": self.reps["rep"].id,
                "weekday": weekday,
                "stop_ids": [
                    Command.create({"partner_id": shop.id, **values}) for shop in shops
                ],
            }
        )

    def _propose(self, who="rep", **values):
        plan = (
            self.env["sales.visit.plan"]
            .with_user(self.users[who])
            .create(
                {"date_from": MONDAY, "date_to": MONDAY + timedelta(days=6), **values}
            )
        )
        plan.action_propose()
        return plan

    def _days(self, plan):
        return {
            (line.partner_id.name, line.date_planned.date()) for line in plan.line_ids
        }

    def test_route(self):
        route = self._route(self.shops[:3])
        plan = self._propose()
        tuesday = MONDAY + timedelta(days=1)
        self.assertEqual(self._days(plan), {(f"Shop {n}", tuesday) for n in range(3)})
        self.assertIn("South", plan.line_ids[0].reason)
        plan.action_plan()
        visits = self.env["sales.visit"].search([("route_id", "=", route.id)])
        self.assertEqual(set(visits.mapped("origin")), {"route"})
        self.assertFalse(self._propose().line_ids, "planned already")
        self.assertTrue(self._propose().left_count == 0)

    def test_frequencies(self):
        """Over five weeks: weekly five times, fortnightly three, monthly two."""
        for frequency, count in (("weekly", 4), ("fortnightly", 2), ("monthly", 1)):
            route = self._route(self.shops[:1], frequency=frequency)
            plan = self._propose(date_to=MONDAY + timedelta(days=27))
            self.assertEqual(len(plan.line_ids), count, frequency)
            route.unlink()
        route = self._route(self.shops[:1], frequency="class")
        self.assertFalse(self._propose().line_ids, "no class")
        self._classify(self.shops[:1])
        plan = self._propose(date_to=MONDAY + timedelta(days=27))
        self.assertEqual(len(plan.line_ids), 2)

    def test_holiday(self):
        """The visits of a holiday move to the nearest working day of the week."""
        self._route(self.shops[:1])
        tuesday = MONDAY + timedelta(days=1)
        self.env["sales.calendar.day"].create({"name": "Holiday", "date": tuesday})
        self.assertEqual(
            self._days(self._propose()), {("Shop 0", MONDAY + timedelta(days=2))}
        )

    def test_holidays_all_week(self):
        """Who is due is told."""
        self._route(self.shops[:2])
        self.env["sales.calendar.day"].create(
            [{"name": "Holiday", "date": MONDAY + timedelta(days=n)} for n in range(5)]
        )
        plan = self._propose()
        self.assertFalse(plan.line_ids)
        self.assertEqual(plan.left_count, 2)

    def test_holiday_at_the_end_of_the_week(self):
        self._route(self.shops[:1], weekday="4")
        friday = MONDAY + timedelta(days=4)
        self.env["sales.calendar.day"].create({"name": "Holiday", "date": friday})
        self.assertEqual(
            self._days(self._propose()), {("Shop 0", friday - timedelta(days=1))}
        )

    def test_by_class(self):
        """Who is overdue, the largest first, as many as fit."""
        customers = self._classify(self.shops)
        with freeze_time(MONDAY - timedelta(days=3)):
            self._visited(partner=self.shops[0])
        self.company.sales_visits_per_day = 1
        for number, customer in enumerate(customers.sorted("partner_id")):
            self._set(customer, turnover=number)
        plan = self._propose()
        names = {name for name, _day in self._days(plan)}
        self.assertEqual(names, {f"Shop {n}" for n in (9, 8, 7, 6, 5)})
        self.assertEqual(plan.left_count, 4)
        days = {day for _name, day in self._days(plan)}
        self.assertEqual(days, {MONDAY + timedelta(days=n) for n in range(5)})
        plan.action_plan()
        self.company.sales_visits_per_day = 8
        self.assertEqual(len(self._propose().line_ids), 4)

    def test_leave(self):
        self._classify(self.shops)
        employee = self.env["hr.employee"].create(
            {
                "name": "Rep",
                "user_id": self.users["rep"].id,
                "company_id": self.company.id,
            }
        )
        self.reps["rep"].employee_id = employee
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": employee.resource_id.id,
                "calendar_id": employee.resource_calendar_id.id,
                "date_from": f"{MONDAY} 00:00:00",
                "date_to": f"{MONDAY + timedelta(days=2)} 23:59:59",
            }
        )
        days = {day for _name, day in self._days(self._propose())}
        self.assertEqual(days, {MONDAY + timedelta(days=n) for n in (3, 4)})

    def test_hours_and_appointments(self):
        """Within opening times, around what is planned already."""
        self._route(self.shops[:1], opens=13, closes=14)
        appointment = self._visit(
            partner=self.shops[1],
            date_planned=datetime.combine(MONDAY, datetime.min.time())
            + timedelta(days=1, hours=13),
            planned_minutes=30,
        )
        [line] = self._propose().line_ids
        self.assertEqual(line.partner_id, self.shops[0])
        self.assertTrue(
            13 <= line.date_planned.hour + line.date_planned.minute / 60 <= 14
        )
        self.assertEqual(str(appointment.date_planned), "2031-05-13 13:00:00")

    def test_bad_days(self):
        for values in (
            {"date_to": MONDAY - timedelta(days=1)},
            {"date_from": MONDAY - timedelta(days=1)},
            {"date_to": MONDAY + timedelta(days=40)},
        ):
            with self.assertRaises(ValidationError):
                self._propose(**values)
        with self.assertRaises(UserError):
            self._propose(by_route=False, by_class=False)
        with self.assertRaises(UserError):
            self._propose().action_plan()

    def test_leader_plans_below(self):
        self._route(self.shops[:2])
        plan = self._propose("leader", rep_ids=self.reps["rep"].ids)
        plan.action_plan()
        visits = self.env["sales.visit"].search([("route_id", "!=", False)])
        self.assertEqual(visits.rep_id, self.reps["rep"])
        self.env["sales.route"].create(
            {
                "name": "North",
                "rep_id": self.reps["peer"].id,
                "weekday": "1",
                "stop_ids": [Command.create({"partner_id": self.shops[3].id})],
            }
        )
        with self.assertRaises(UserError):
            self._propose("leader", rep_ids=self.reps["peer"].ids).action_plan()

    def test_arrange(self):
        """Never a longer way than before."""
        visits = self.env["sales.visit"]
        for hour, number in enumerate((0, 4, 1, 3, 2)):
            visits += self._visit(
                partner=self.shops[number],
                date_planned=f"{MONDAY} {9 + hour:02}:00:00",
                is_appointment=False,
            )
        self.reps["rep"].start_partner_id = self.shops[0]
        visits.with_user(self.users["rep"]).action_arrange()
        order = visits.sorted("date_planned").partner_id.mapped("name")
        self.assertEqual(order[0], "Shop 0")
        self.assertIn(
            order[1:],
            ([f"Shop {n}" for n in (1, 2, 3, 4)], [f"Shop {n}" for n in (4, 3, 2, 1)]),
        )
        self.assertEqual(set(visits.mapped("date")), {MONDAY})

    def _together(self, count=10):
        """Shops at the same place."""
        self.shops += self.env["res.partner"].create(
            [
                {"name": f"Shop {n}", "user_id": self.users["rep"].id}
                for n in range(10, count)
            ]
        )
        self.shops.write({"partner_latitude": 31, "partner_longitude": 121})

    def _times(self, visits):
        """When visits are planned, as clocks in UTC show it."""
        return [f"{moment:%H:%M}" for moment in sorted(visits.mapped("date_planned"))]

    def test_opening_times_are_kept(self):
        """Of six who close at ten, three can be visited from nine on."""
        self._together()
        self._route(self.shops[:6], opens=9, closes=10)
        plan = self._propose()
        self.assertEqual(self._times(plan.line_ids), ["09:00", "09:30", "10:00"])
        self.assertEqual(plan.left_count, 3)
        self.assertFalse(any(plan.line_ids.mapped("warning")))

    def test_working_hours_are_kept(self):
        """A route of thirty ends with the day, spares lunch, and says who is left."""
        self._together(30)
        self._route(self.shops)
        plan = self._propose()
        self.assertEqual((len(plan.line_ids), plan.left_count), (8, 22))
        self.company.sales_visits_per_day = 100
        plan = self._propose()
        self.assertEqual((len(plan.line_ids), plan.left_count), (16, 14))
        times = self._times(plan.line_ids)
        self.assertEqual(times[7:9], ["11:30", "13:00"])
        self.assertEqual(times[-1], "16:30")
        line = plan.line_ids[0]
        for time, warning in (("12:15", "working hours"), ("16:45", "working hours")):
            line.date_planned = f"{MONDAY + timedelta(days=1)} {time}:00"
            self.assertIn(warning, line.warning)
        line.stop_id.write({"opens": 9.5, "closes": 10})
        line.date_planned = f"{MONDAY + timedelta(days=1)} 09:00:00"
        self.assertIn("09:30", line.warning)

    def test_most_overdue_first(self):
        """Who was left last week comes first this week."""
        self._together()
        self.company.sales_visits_per_day = 4
        self._route(self.shops)
        for days, shops in ((6, self.shops[:5]), (13, self.shops[5:])):
            with freeze_time(MONDAY - timedelta(days=days)):
                for shop in shops:
                    self._visited(partner=shop)
        plan = self._propose()
        self.assertLessEqual(plan.line_ids.partner_id, self.shops[5:])
        self.assertEqual(plan.left_count, 6)

    def test_leave_within_a_day(self):
        self._together()
        employee = self.env["hr.employee"].create(
            {
                "name": "Rep",
                "user_id": self.users["rep"].id,
                "company_id": self.company.id,
                "resource_calendar_id": self.company.resource_calendar_id.id,
            }
        )
        self.reps["rep"].employee_id = employee
        tuesday = MONDAY + timedelta(days=1)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Dentist",
                "resource_id": employee.resource_id.id,
                "calendar_id": employee.resource_calendar_id.id,
                "date_from": f"{tuesday} 09:00:00",
                "date_to": f"{tuesday} 16:00:00",
            }
        )
        self._route(self.shops)
        plan = self._propose()
        # A quarter of the day is left: two of eight.
        self.assertEqual(self._times(plan.line_ids), ["08:00", "08:30"])
        self.company.sales_visits_per_day = 100
        self.assertEqual(
            self._times(self._propose().line_ids), ["08:00", "08:30", "16:00", "16:30"]
        )

    def test_plan_of_today(self):
        """From now on, after what is planned and where the rep is."""
        self._together()
        self._route(self.shops, weekday="0")
        with freeze_time(f"{MONDAY} 13:58:00"):
            self._visited(10, partner=self.partner)
        running = self._visit(partner=self.partner, planned_minutes=45)
        with freeze_time(f"{MONDAY} 14:08:00"):
            running.with_user(self.users["rep"]).action_check_in()
        with freeze_time(f"{MONDAY} 14:20:00"):
            plan = self._propose(date_to=MONDAY)
        self.assertEqual(self._times(plan.line_ids), ["14:55", "15:25"])
        with freeze_time(f"{MONDAY} 18:00:00"):
            plan = self._propose(date_to=MONDAY)
        self.assertFalse(plan.line_ids)
        self.assertEqual(plan.left_count, 10)

    def test_other_timezone(self):
        """A rep works by the own clock, whatever the company's shows."""
        self._together()
        self.reps["rep"].calendar_id = self.company.resource_calendar_id.copy(
            {"tz": "Asia/Tokyo", "name": "Tokyo"}
        )
        self._route(self.shops[:2])
        self._route(self.shops[2:3], opens=13, closes=14)
        plan = self._propose()
        self.assertEqual(
            [str(moment) for moment in sorted(plan.line_ids.mapped("date_planned"))],
            ["2031-05-12 23:00:00", "2031-05-12 23:30:00", "2031-05-13 04:00:00"],
        )
        self.assertFalse(any(plan.line_ids.mapped("warning")))
        plan.action_plan()
        visits = self.env["sales.visit"].search([("route_id", "!=", False)])
        self.assertEqual(set(visits.mapped("is_appointment")), {False})
        self.assertFalse(self._propose().line_ids, "planned already")
        self.assertEqual(len(set(visits.mapped("date"))), 2)
        visits.with_user(self.users["rep"]).action_arrange()
        self.assertEqual(self._times(visits), ["23:00", "23:30", "04:00"])

    def test_far_appointment(self):
        """An appointment in three months does not stop the weekly visits."""
        self._classify(self.shops[1:2])
        self._route(self.shops[:1])
        for shop in self.shops[:2]:
            self._visit(
                partner=shop, date_planned=f"{MONDAY + timedelta(days=90)} 09:00:00"
            )
        self.assertEqual(len(self._propose().line_ids), 2)
        for shop in self.shops[:2]:
            self._visit(
                partner=shop, date_planned=f"{MONDAY + timedelta(days=4)} 09:00:00"
            )
        self.assertFalse(self._propose().line_ids)
        plan = self._propose(date_to=MONDAY + timedelta(days=20))
        self.assertEqual(
            self._days(plan),
            {
                ("Shop 0", MONDAY + timedelta(days=8)),
                ("Shop 0", MONDAY + timedelta(days=15)),
                ("Shop 1", MONDAY + timedelta(days=18)),
            },
        )

    def test_arrange_today(self):
        """The rest of today goes on from now, around the visit that lasts."""
        self._together()
        morning = self._visit(
            partner=self.shops[0],
            date_planned=f"{MONDAY} 09:00:00",
            is_appointment=False,
        )
        later = self._visit(
            partner=self.shops[1],
            date_planned=f"{MONDAY} 16:30:00",
            is_appointment=False,
        )
        agreed = self._visit(
            partner=self.shops[2], date_planned=f"{MONDAY} 15:07:00", planned_minutes=20
        )
        other = self._visit(
            partner=self.shops[3],
            date_planned=f"{MONDAY} 14:40:00",
            planned_minutes=20,
            is_appointment=False,
        )
        running = self._visit(
            partner=self.shops[4], date_planned=f"{MONDAY} 13:30:00", planned_minutes=60
        )
        rep = self.users["rep"]
        with freeze_time(f"{MONDAY} 13:33:00"):
            running.with_user(rep).action_check_in()
        with freeze_time(f"{MONDAY} 14:00:00"):
            chosen = (morning + later + agreed + running).with_user(rep)
            message = chosen.action_arrange()["params"]["message"]
        self.assertIn("1 appointments keep", message)
        self.assertEqual(self._times(running), ["13:30"])
        self.assertEqual(self._times(other), ["14:40"])
        self.assertEqual(self._times(agreed), ["15:07"])
        self.assertEqual(self._times(morning + later), ["15:30", "16:00"])
        with (
            freeze_time(MONDAY + timedelta(days=1)),
            self.assertRaisesRegex(UserError, "today or of days to come"),
        ):
            (morning + later).with_user(rep).action_arrange()

    def test_arrange_tells_who_is_late(self):
        self._together()
        self._route(self.shops[:4], weekday="0", opens=9, closes=9.5)
        visits = self.env["sales.visit"]
        for shop in self.shops[:4]:
            visits += self._visit(
                partner=shop, date_planned=f"{MONDAY} 10:00:00", is_appointment=False
            )
        params = visits.with_user(self.users["rep"]).action_arrange()["params"]
        self.assertIn("2 visits will not be in", params["message"])
        self.assertEqual(params["type"], "warning")
        self.assertEqual(self._times(visits), ["09:00", "09:30", "10:00", "10:30"])

    def test_arrange_many(self):
        """A day of a hundred visits is none."""
        visits = self.env["sales.visit"].create(
            [
                {
                    "rep_id": self.reps["rep"].id,
                    "partner_id": self.shop.id,
                    "date_planned": f"{MONDAY} 09:00:00",
                }
            ]
            * 101
        )
        with self.assertRaisesRegex(UserError, "more than 100 visits"):
            visits.with_user(self.users["rep"]).action_arrange()

    def test_plan_of_protected_customers(self):
        """Who moved to somebody else is not planned any more."""
        self.company.sales_customer_protection = True
        self._route(self.shops[:2])
        self.shops[0].user_id = self.users["peer"]
        self.assertEqual(self._propose().line_ids.partner_id, self.shops[1])

    def test_queries(self):
        """As many for twenty customers as for five."""
        self._classify(self.shops)

        def count(**values):
            plan = self.env["sales.visit.plan"].create(
                {
                    "rep_ids": self.reps["rep"].ids,
                    "date_from": MONDAY,
                    "date_to": MONDAY + timedelta(days=6),
                    **values,
                }
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            plan.action_propose()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count()
        many = count()
        self.shops[5:].active = False
        self.assertLessEqual(many, count() + 2)


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestVisitedCustomer(VisitCase):
    def test_when_to_visit(self):
        self.env["sales.customer"]._refresh(self.company)
        customer = self.env["sales.customer"].search(
            [("partner_id", "=", self.shop.id), ("company_id", "=", self.company.id)]
        )
        self._set(
            customer, class_id=self.env.ref("sales_force.sales_customer_class_a").id
        )
        overdue = [("visit_overdue", "=", True), ("id", "=", customer.id)]
        search = self.env["sales.customer"].search
        self.assertTrue(customer.visit_overdue)
        self.assertEqual(search(overdue), customer)
        self._visit(date_planned=f"{MONDAY + timedelta(days=3)} 09:00:00")
        customer.invalidate_recordset()
        self.assertEqual(customer.next_visit, MONDAY + timedelta(days=3))
        self.assertFalse(customer.visit_overdue)
        self.assertFalse(search(overdue))
        self.env["sales.visit"].search([]).unlink()
        self._visited()
        customer.invalidate_recordset()
        self.assertEqual(customer.last_visit, MONDAY)
        self.assertFalse(search(overdue))
        with freeze_time(MONDAY + timedelta(days=20)):
            customer.invalidate_recordset()
            self.assertTrue(customer.visit_overdue)
            self.assertEqual(search(overdue), customer)
        lines = customer.with_user(self.users["rep"]).get_timeline()["lines"]
        self.assertIn("visit", [line["kind"] for line in lines])

    def test_queries(self):
        """What visits say of a list of customers is one query for all of it."""
        self.env["sales.customer"]._refresh(self.company)
        customers = self.env["sales.customer"].search(
            [("company_id", "=", self.company.id)]
        )
        customers.mapped("partner_id.name")
        customers.mapped("class_id.visit_days")
        self.company._get_sales_today()
        with self.assertQueryCount(1):
            customers.mapped("visit_overdue")
            customers.mapped("last_visit")

    def test_visit_now(self):
        self.env["sales.customer"]._refresh(self.company)
        customer = (
            self.env["sales.customer"]
            .search(
                [
                    ("partner_id", "=", self.shop.id),
                    ("company_id", "=", self.company.id),
                ]
            )
            .with_user(self.users["rep"])
        )
        first = customer.action_visit_now()["res_id"]
        self.assertEqual(customer.action_visit_now()["res_id"], first)
        visit = self.env["sales.visit"].browse(first).with_user(self.users["rep"])
        visit.action_check_in()
        self.assertEqual(customer.action_visit_now()["res_id"], first)
        visit.action_check_out()
        self.assertNotEqual(customer.action_visit_now()["res_id"], first)

    def _other_company(self):
        """The rep works in another company, too; the shop is a customer of both."""
        self.users["rep"].company_ids += self.company_b
        rep = self._rep(self.users["rep"], company=self.company_b)
        for company in self.company + self.company_b:
            self.env["sales.customer"]._refresh(company)
        return rep, self.env["sales.customer"].search(
            [("partner_id", "=", self.shop.id), ("company_id", "=", self.company.id)]
        )

    def test_visits_of_another_company(self):
        """They are not this company's."""
        rep_b, customer = self._other_company()
        self._set(
            customer, class_id=self.env.ref("sales_force.sales_customer_class_a").id
        )
        visits = self.env["sales.visit"].with_user(self.users["rep"])
        visit = visits.with_company(self.company_b).create({"partner_id": self.shop.id})
        self.assertEqual(visit.rep_id, rep_b)
        visit.action_check_in()
        with freeze_time(f"{MONDAY} 09:00:00"):
            visit.action_check_out()
        self.assertTrue(visit.effective)
        visits.with_company(self.company_b).create(
            {"partner_id": self.shop.id, "date_planned": f"{SUNDAY} 09:00:00"}
        )
        self.assertEqual(
            (customer.last_visit, customer.next_visit, customer.visit_count),
            (False, False, 0),
        )
        self.assertTrue(customer.visit_overdue)
        overdue = [("visit_overdue", "=", True), ("id", "=", customer.id)]
        self.assertEqual(self.env["sales.customer"].search(overdue), customer)
        last, coming = visits._get_dates(self.shop)
        self.assertEqual(last, {(self.shop, self.company_b): MONDAY})
        self.assertEqual(coming, {(self.shop, self.company_b): [SUNDAY]})

    def test_visit_now_of_another_company(self):
        """The customer's company counts, not the one that happens to be current."""
        _rep_b, customer = self._other_company()
        mine = (
            customer.with_user(self.users["rep"])
            .with_context(allowed_company_ids=(self.company_b + self.company).ids)
            .with_company(self.company_b)
        )
        visit = self.env["sales.visit"].browse(mine.action_visit_now()["res_id"])
        self.assertEqual(visit.company_id, self.company)

    def test_visit_now_of_no_rep(self):
        user = self.users["rep"]
        user.company_ids += self.company_b
        self.env["sales.customer"]._refresh(self.company_b)
        customer = self.env["sales.customer"].search(
            [("partner_id", "=", self.shop.id), ("company_id", "=", self.company_b.id)]
        )
        with self.assertRaisesRegex(UserError, "no rep of this company"):
            customer.with_user(user).with_company(self.company_b).action_visit_now()

    def test_sighting_of_another_company(self):
        rep_b, _customer = self._other_company()
        self.company_b.currency_id = self.env.ref("base.CHF")
        visit = self.env["sales.visit"].create(
            {"rep_id": rep_b.id, "partner_id": self.shop.id}
        )
        rival = self.env["sales.competitor"].create({"name": "Rival"})
        visit.with_user(self.users["rep"]).with_context(
            allowed_company_ids=(self.company + self.company_b).ids
        ).write(
            {
                "sighting_ids": [
                    Command.create(
                        {"competitor_id": rival.id, "partner_id": self.shop.id}
                    )
                ]
            }
        )
        self.assertEqual(visit.sighting_ids.company_id, self.company_b)
        self.assertEqual(visit.sighting_ids.currency_id, self.env.ref("base.CHF"))

    def test_a_visit_protects(self):
        pool = self.env["sales.pool"].create(
            {
                "name": "Pool",
                "protection_days": 10,
                "extension_days": 3,
                "limit_days": 20,
            }
        )
        shop = self.env["res.partner"].create({"name": "Kept", "is_company": True})
        shop.user_id = self.users["rep"]
        self.env["sales.customer"]._refresh(self.company)
        customer = self.env["sales.customer"].search([("partner_id", "=", shop.id)])
        due = pool._get_due(customer)[customer]
        with freeze_time(due):
            self._visited(partner=shop)
        self.assertEqual(pool._get_due(customer)[customer], due + timedelta(days=3))
        pool.extend_visit = False
        self.env["sales.pool.apply"].create({"pool_id": pool.id}).action_apply()
        self.assertEqual(pool._get_due(customer)[customer], due)

    def test_handed_over(self):
        """Planned visits and routes go to the heir, and come back."""
        planned, done = self._visit(), self._visited()
        missed = self._visit(date_planned=MONDAY - timedelta(days=3))
        route = self.env["sales.route"].create(
            {"name": "South", "rep_id": self.reps["rep"].id}
        )
        handover = self.env["sales.handover"].create(
            {
                "rep_id": self.reps["rep"].id,
                "heir_id": self.reps["leader"].id,
                "date": MONDAY,
            }
        )
        handover.action_apply()
        self.assertEqual(planned.rep_id, self.reps["leader"])
        self.assertEqual(route.rep_id, self.reps["leader"])
        self.assertEqual((done + missed).rep_id, self.reps["rep"])
        handover.action_undo()
        self.assertEqual(planned.rep_id, self.reps["rep"])
        self.assertEqual(route.rep_id, self.reps["rep"])

    def test_located(self):
        """Looked up where Odoo's geocoder is installed, not again at once."""
        self.shop.write({"partner_latitude": 0, "partner_longitude": 0})
        self._visit()
        partners = self.env["res.partner"]
        calls = []

        def look_up(partner):
            calls.append(partner)
            partner.write({"partner_latitude": 31.0, "partner_longitude": 121.0})

        with self._geocoder(look_up):
            partners._cron_locate_for_sales()
            partners._cron_locate_for_sales()
        self.assertEqual(calls, [self.shop])
        self.assertEqual(self.shop._get_sales_point(), (31.0, 121.0))
        self.assertEqual(self.shop.sales_located_on, MONDAY)

    def test_locating_fails(self):
        """When the service does not answer, it is asked again the next night."""
        self.shop.write({"partner_latitude": 0, "partner_longitude": 0})
        self._visit()

        def look_up(partner):
            raise UserError("No answer")  # pylint: disable=translation-required

        with self._geocoder(look_up):
            self.env["res.partner"]._cron_locate_for_sales()
        self.assertFalse(self.shop.sales_located_on)

    @contextmanager
    def _geocoder(self, look_up):
        partners = type(self.env["res.partner"])
        models = {**self.env.registry.models, "base.geocoder": object}
        with (
            patch.object(self.env.registry, "models", models),
            patch.object(partners, "geo_localize", look_up, create=True),
        ):
            yield


@tagged("post_install", "-at_install")
class TestConcurrentVisits(ConcurrentCase):
    def setUp(self):
        super().setUp()
        with self._environment() as env:
            user = env["res.users"].create(
                {
                    "name": "Walker",
                    "login": "sf_walker",
                    "group_ids": [
                        Command.link(env.ref("base.group_user").id),
                        Command.link(env.ref("sales_force.group_sales_rep").id),
                    ],
                }
            )
            rep = env["sales.rep"].create({"user_id": user.id})
            partners = env["res.partner"].create([{"name": "One"}, {"name": "Two"}])
            visits = env["sales.visit"].create(
                [{"rep_id": rep.id, "partner_id": partner.id} for partner in partners]
            )
            self.ids = user.id, rep.id, partners.ids, visits.ids
        self.addCleanup(self._remove)

    def _remove(self):
        user, rep, partners, visits = self.ids
        with self._environment() as env:
            visits = env["sales.visit"].browse(visits)
            visits.state = "cancelled"
            visits.unlink()
            env["sales.rep"].browse(rep).unlink()
            env["res.partner"].browse(partners).unlink()
            user = env["res.users"].browse(user)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def _check_in(self, number):
        def check_in(env):
            visit = env["sales.visit"].browse(self.ids[3][number])
            visit.with_user(self.ids[0]).action_check_in()

        return check_in

    def test_twice(self):
        """The second check-in of two at once is told, not counted."""
        with self.assertRaisesRegex(UserError, "cannot check in"):
            self._race(self._check_in(0), self._check_in(0))

    def test_two_places(self):
        with self.assertRaisesRegex(ValidationError, "one customer at a time"):
            self._race(self._check_in(0), self._check_in(1))
        with self._environment() as env:
            visits = env["sales.visit"].browse(self.ids[3])
            self.assertEqual(visits.mapped("state"), ["started", "planned"])
