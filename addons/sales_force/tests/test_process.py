"""The playbook: what a stage asks for, why it is left, and how long it took."""

from datetime import date, datetime, timedelta
from statistics import fmean, median
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..exceptions import ReasonNeeded
from ..models.crm_lead_process import CrmLead
from .common import SalesForceCase


class ProcessCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.playbook"].search([]).active = False
        cls.env["sales.followup.rule"].search([]).active = False
        cls.company.resource_calendar_id.tz = "UTC"
        cls.team = cls.env["crm.team"].create(
            {"name": "Projects", "company_id": cls.company.id}
        )
        cls.first, cls.second, cls.third, cls.won = cls.env["crm.stage"].create(
            [
                {
                    "name": name,
                    "sequence": sequence,
                    "is_won": name == "Closed",
                    "team_ids": [Command.set(cls.team.ids)],
                }
                for sequence, name in enumerate(
                    ("Contact", "Offer", "Talks", "Closed"), start=-10
                )
            ]
        )
        cls.playbook = cls._playbook(
            cls.team,
            (cls.first, 5, ["Need is known", "expected_revenue"]),
            (cls.second, 10, ["Budget is known"]),
        )
        cls.part = cls.playbook.stage_ids[0]
        cls.need = cls.part.item_ids[0]
        cls.budget = cls.playbook.stage_ids[1].item_ids
        cls.lead = cls._opportunity()
        cls.rep_lead = cls.lead.with_user(cls.users["rep"])

    @classmethod
    def _playbook(cls, team, *stages, **values):
        return cls.env["sales.playbook"].create(
            {
                "name": "Playbook",
                "team_id": team.id if team else False,
                "stage_ids": [
                    Command.create(
                        {
                            "stage_id": stage.id,
                            "days": days,
                            "item_ids": [
                                Command.create(
                                    {"field_name": item}
                                    if item in cls.env["crm.lead"]._fields
                                    else {"name": item}
                                )
                                for item in items
                            ],
                        }
                    )
                    for stage, days, items in stages
                ],
                **values,
            }
        )

    @classmethod
    def _opportunity(cls, user="rep", **values):
        return cls._lead(
            cls.users[user],
            **{
                "team_id": cls.team.id,
                "stage_id": cls.first.id,
                "partner_id": cls.partner.id,
                **values,
            },
        )

    def _skips(self, lead=None):
        lead = lead or self.lead
        return self.env["sales.stage.skip"].search([("lead_id", "=", lead.id)])

    def _finish(self, lead):
        lead.action_sales_tick(self.need.id, True)
        lead.expected_revenue = 100


@tagged("post_install", "-at_install")
class TestPlaybook(ProcessCase):
    def test_unfinished(self):
        """The sentence names what is open; the client learns what was to be moved."""
        with self.assertRaises(ReasonNeeded) as caught:
            self.rep_lead.stage_id = self.second
        self.assertIn("Need is known, Expected Revenue", str(caught.exception))
        self.assertEqual(
            caught.exception.context,
            {"lead_ids": self.lead.ids, "stage_id": self.second.id},
        )
        self.assertFalse(self._skips())

    def test_finished(self):
        self._finish(self.rep_lead)
        self.rep_lead.stage_id = self.second
        self.assertFalse(self._skips())

    def test_reason(self):
        """It goes on with a reason, which is kept with what was left open."""
        for reason in (False, "", "  "):
            with self.assertRaises(UserError):
                self.rep_lead.action_sales_leave_stage(self.second.id, reason)
        self.rep_lead.action_sales_leave_stage(self.second.id, " Tender closes ")
        self.assertEqual(self.lead.stage_id, self.second)
        skip = self._skips()
        self.assertEqual(
            (skip.stage_id, skip.to_stage_id, skip.by_id, skip.user_id, skip.team_id),
            (
                self.first,
                self.second,
                self.users["rep"],
                self.users["rep"],
                self.team,
            ),
        )
        self.assertEqual(
            (skip.missing, skip.missing_count, skip.reason),
            ("Need is known, Expected Revenue", 2, "Tender closes"),
        )
        self.assertIn("Tender closes", self._last_message(self.lead).body)
        self.assertEqual(skip.action_open_lead()["res_id"], self.lead.id)

    def test_written_together(self):
        """A field that comes with the new stage is filled in."""
        self.rep_lead.action_sales_tick(self.need.id, True)
        self.rep_lead.write({"stage_id": self.second.id, "expected_revenue": 5})
        self.assertEqual(self.lead.stage_id, self.second)
        self.assertFalse(self._skips())

    def test_emptied_together(self):
        self._finish(self.rep_lead)
        with self.assertRaises(ReasonNeeded):
            self.rep_lead.write({"stage_id": self.second.id, "expected_revenue": 0})

    def test_several(self):
        """All or none of them, and only what is open is kept."""
        done = self._opportunity(expected_revenue=5)
        done.with_user(self.users["rep"]).action_sales_tick(self.need.id, True)
        both = (self.lead + done).with_user(self.users["rep"])
        with self.assertRaises(ReasonNeeded) as caught:
            both.stage_id = self.third
        self.assertEqual(caught.exception.context["lead_ids"], both.ids)
        both.action_sales_leave_stage(self.third.id, "All known")
        self.assertEqual(both.stage_id, self.third)
        self.assertTrue(self._skips(self.lead))
        self.assertFalse(self._skips(done))

    def test_backward(self):
        self.lead.stage_id = self.second
        self.rep_lead.stage_id = self.first
        self.assertFalse(self._skips())

    def test_lost(self):
        self.rep_lead.action_set_lost()
        self.assertEqual(self.lead.won_status, "lost")
        self.assertFalse(self._skips())

    def test_won(self):
        """Winning leaves the stage, by the button as by the stage."""
        for win in (
            self.rep_lead.action_set_won,
            self.rep_lead.action_set_won_rainbowman,
        ):
            with self.assertRaises(ReasonNeeded):
                win()
            self.env.invalidate_all()
        self._finish(self.rep_lead)
        self.rep_lead.action_set_won_rainbowman()
        self.assertEqual(self.lead.stage_id, self.won)
        # Reopened and moved on: nothing of a stage that was won is asked for.
        self.rep_lead.stage_id = self.third
        self.assertFalse(self._skips())

    def test_won_early(self):
        """A won stage that stands before the others is forward all the same."""
        self.won.sequence = -20
        with self.assertRaises(ReasonNeeded):
            self.rep_lead.stage_id = self.won

    def test_optional(self):
        self.part.item_ids.is_required = False
        self.rep_lead.stage_id = self.second
        self.assertFalse(self._skips())

    def test_archived_item(self):
        self.part.item_ids.active = False
        self.rep_lead.stage_id = self.second

    def test_system(self):
        """The system moves as it has to, and a lead is no opportunity yet."""
        self.rep_lead.sudo().stage_id = self.second
        self.assertFalse(self._skips())
        lead = self._opportunity(type="lead").with_user(self.users["rep"])
        lead.stage_id = self.second

    def test_import(self):
        result = self.rep_lead.load(
            [".id", "stage_id/.id"], [[str(self.lead.id), str(self.second.id)]]
        )
        self.assertFalse(result["ids"])
        self.assertIn("Need is known", result["messages"][0]["message"])
        self.assertEqual(self.lead.stage_id, self.first)
        context = {"sales_leave_reason": "As in the old system"}
        result = self.rep_lead.with_context(**context).load(
            [".id", "stage_id/.id"], [[str(self.lead.id), str(self.second.id)]]
        )
        self.assertEqual(result["ids"], self.lead.ids)
        self.assertEqual(self._skips().reason, "As in the old system")

    def test_which_playbook(self):
        """The team's, else the company's, else the one for all; as a whole."""

        def asks(lead):
            part = lead._find_sales_parts().get(lead)
            return part.item_ids.mapped("display_name") if part else []

        other = self.env["crm.team"].create({"name": "Shops", "company_id": False})
        plain = self._opportunity(team_id=other.id)
        abroad = self._lead(
            self.users["foreigner"], self.company_b, stage_id=self.first.id
        )
        self.assertEqual(asks(plain), [])
        self._playbook(None, (self.first, 0, ["A"]), (self.third, 0, ["A"]))
        self.assertEqual((asks(plain), asks(abroad)), (["A"], ["A"]))
        self._playbook(None, (self.first, 0, ["B"]), company_id=self.company.id)
        self.assertEqual((asks(plain), asks(abroad)), (["B"], ["A"]))
        self.assertEqual(asks(self.lead), ["Need is known", "Expected Revenue"])
        # What a team's own playbook leaves out is not asked for.
        self.lead.stage_id = self.third
        self.assertEqual(asks(self.lead), [])
        self.playbook.active = False
        self.lead.stage_id = self.first
        self.assertEqual(asks(self.lead), ["B"])

    def test_one_each(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._playbook(self.team)
        self._playbook(None)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._playbook(None)
        copy = self.playbook.copy()
        self.assertFalse(copy.active)
        self.assertEqual(len(copy.stage_ids.item_ids), 3)

    def test_configuration(self):
        """A field that nobody fills in cannot be asked for, nor nothing."""
        item = self.env["sales.playbook.item"]
        for field in ("create_date", "message_ids", "nothing"):
            with self.assertRaises(ValidationError):
                item.create({"playbook_stage_id": self.part.id, "field_name": field})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            item.create({"playbook_stage_id": self.part.id})
        with self.assertRaises(AccessError):
            self.playbook.with_user(self.users["director"]).name = "Mine"
        self.playbook.with_user(self.users["operations"]).name = "Ours"

    def test_documents(self):
        """Uploaded by sales operations, downloaded by who works the opportunity."""
        operations = self.env(user=self.users["operations"])
        file = operations["ir.attachment"].create(
            {"name": "Questions.txt", "raw": b"?", "res_model": "sales.playbook.stage"}
        )
        secret = self.env["ir.attachment"].create(
            {"name": "Pay.txt", "raw": b"!", "res_model": "res.company", "res_id": 1}
        )
        self.part.with_env(operations).document_ids = file + secret
        self.assertEqual(file.res_id, self.part.id)
        self.assertEqual(secret.res_model, "res.company")
        self.assertEqual(file.with_user(self.users["rep"]).raw, b"?")
        documents = self.rep_lead.sales_playbook["documents"]
        self.assertEqual([one["name"] for one in documents], ["Questions.txt"])

    def test_tick(self):
        """Who and when is kept; a tick can be taken back."""
        with freeze_time("2031-05-12 09:00:00"):
            self.rep_lead.action_sales_tick(self.need.id, True)
        leader = self.lead.with_user(self.users["leader"])
        leader.action_sales_tick(self.need.id, True)
        [item, field] = self.rep_lead.sales_playbook["items"]
        self.assertEqual(
            (item["done"], item["user"], item["moment"]),
            (True, self.users["rep"].name, "2031-05-12 09:00:00"),
        )
        self.assertEqual((field["done"], field["by_hand"]), (False, False))
        leader.action_sales_tick(self.need.id, False)
        self.env.invalidate_all()
        self.assertFalse(self.rep_lead.sales_playbook["items"][0]["done"])

    def test_tick_of_others(self):
        with self.assertRaises(AccessError):
            self.lead.with_user(self.users["peer"]).action_sales_tick(
                self.need.id, True
            )
        for item in (self.budget, self.part.item_ids[1]):
            with self.assertRaises(UserError):
                self.rep_lead.action_sales_tick(item.id, True)

    def test_stamped(self):
        self.rep_lead.action_sales_tick(self.need.id, True)
        self.rep_lead.action_sales_leave_stage(self.second.id, "So")
        tick = self.env["sales.playbook.tick"].search([("lead_id", "=", self.lead.id)])
        for role in ("rep", "director", "operations"):
            for record in (tick, self._skips()):
                with self.assertRaises(AccessError):
                    record.with_user(self.users[role]).write({"user_id": False})
                with self.assertRaises(AccessError):
                    record.with_user(self.users[role]).unlink()

    def test_merge(self):
        """What was done, and left open, in an opportunity stays with its heir."""
        other = self._opportunity(probability=10)
        for lead in (self.lead, other):
            lead.with_user(self.users["rep"]).action_sales_tick(self.need.id, True)
        other.with_user(self.users["rep"]).action_sales_leave_stage(
            self.second.id, "So"
        )
        other.with_user(self.users["rep"]).action_sales_tick(self.budget.id, True)
        merged = (self.lead + other).with_user(self.users["rep"]).merge_opportunity()
        ticks = self.env["sales.playbook.tick"].search([("lead_id", "=", merged.id)])
        self.assertEqual(ticks.item_id, self.need + self.budget)
        self.assertEqual(self._skips(merged).reason, "So")

    def test_without_playbook(self):
        """Who has none pays nothing for it: neither moving nor looking."""
        self.playbook.active = False
        self.env["sales.playbook"]._get_parts()
        leads = self.lead + self._opportunity() + self._opportunity()
        leads = leads.with_user(self.users["rep"])
        counts = {False: [], True: []}
        for _round in range(2):
            for with_us in (False, True):
                left = CrmLead._get_sales_left if with_us else lambda self, vals: {}
                with patch.object(CrmLead, "_get_sales_left", left):
                    leads.stage_id = self.first
                    self.env.cr.flush()
                    self.env.invalidate_all()
                    before = self.cr.sql_log_count
                    leads.stage_id = self.second
                    self.env.cr.flush()
                    counts[with_us].append(self.cr.sql_log_count - before)
        self.assertEqual(counts[True][-1], counts[False][-1])
        leads.mapped("date_last_stage_update")
        leads.mapped("won_status")
        with self.assertQueryCount(0):
            leads.mapped("sales_days_over")
            leads.mapped("sales_playbook")

    def test_flat(self):
        """As many queries to show and to move many as few."""
        self._opportunity()
        counts = []
        for number in (2, 2, 20):
            leads = self.env["crm.lead"].concat(
                *(self._opportunity(expected_revenue=1) for _one in range(number))
            )
            for lead in leads:
                lead.action_sales_tick(self.need.id, True)
            leads = leads.with_user(self.users["rep"])
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            leads.read(["sales_days_over", "sales_playbook", "stage_id"])
            counts.append([self.cr.sql_log_count - before])
            left = leads._get_sales_left({"stage_id": self.second.id})
            before = self.cr.sql_log_count
            leads._check_sales_left(left, self.second)
            counts[-1].append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestStageTimes(ProcessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.field = cls.env["ir.model.fields"]._get("crm.lead", "stage_id")

    def _history(self, created, moves, user="rep", **values):
        """An opportunity that was moved: ``[(day, from, to)]``, as Odoo keeps it."""
        stage = moves[-1][2] if moves else self.first
        lead = self._opportunity(user, **values)
        lead.stage_id = stage
        lead.date_last_stage_update = moves[-1][0] if moves else created
        for day, before, after in moves:
            message = self.env["mail.message"].create(
                {
                    "model": "crm.lead",
                    "res_id": lead.id,
                    "message_type": "notification",
                    "tracking_value_ids": [
                        Command.create(
                            {
                                "field_id": self.field.id,
                                "old_value_integer": before.id,
                                "new_value_integer": after.id,
                            }
                        )
                    ],
                }
            )
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE mail_tracking_value SET create_date = %s "
                "WHERE mail_message_id = %s",
                (day, message.id),
            )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = %s WHERE id = %s", (created, lead.id)
        )
        self.env.invalidate_all()
        return lead

    def _at(self, day):
        return datetime(2031, 5, 1) + timedelta(days=day)

    def _passages(self, *leads):
        return self.env["sales.stage.passage"].search(
            [("lead_id", "in", [lead.id for lead in leads])], order="entered"
        )

    @freeze_time("2031-06-01 00:00:00")
    def test_passages(self):
        lead = self._history(
            self._at(0),
            [
                (self._at(3), self.first, self.second),
                (self._at(4), self.second, self.first),
                (self._at(11), self.first, self.second),
            ],
        )
        found = self._passages(lead)
        self.assertEqual(
            [(p.stage_id, p.days, p.allowed, p.is_over, p.is_stuck) for p in found],
            [
                (self.first, 3, 5, 0, 0),
                (self.second, 1, 10, 0, 0),
                (self.first, 7, 5, 1, 0),
                (self.second, 20, 10, 1, 1),
            ],
        )
        self.assertEqual(found.mapped("is_open"), [0, 0, 0, 1])
        self.assertEqual(found[0].action_open_lead()["res_id"], lead.id)

    @freeze_time("2031-06-01 00:00:00")
    def test_ends(self):
        """Won is no stage to be in; lost ends the last one."""
        won = self._history(self._at(0), [(self._at(2), self.first, self.won)])
        self.assertEqual(self._passages(won).mapped("days"), [2])
        lost = self._history(self._at(0), [(self._at(2), self.first, self.third)])
        lost.action_set_lost()
        lost.date_closed = self._at(9)
        found = self._passages(lost)
        self.assertEqual(found.mapped("days"), [2, 7])
        # A stage outside the playbook allows any time.
        self.assertFalse(found[1].allowed or found[1].is_over or found[1].is_stuck)

    def test_like_odoo(self):
        """Per opportunity and stage the same as Odoo's own measure."""
        leads = [
            self._history(
                datetime(2026, 1, 1) + timedelta(hours=7 * n),
                [
                    (datetime(2026, 1, 3 + n, 7, n), self.first, self.second),
                    (datetime(2026, 2, 1 + n, 3, n), self.second, self.third),
                ],
            )
            for n in range(4)
        ]
        now = self.env.cr.now()
        with freeze_time(now):
            found = self._passages(*leads)
            ours = {(p.lead_id.id, p.stage_id.id): round(p.days * 86400) for p in found}
        for lead in leads:
            for stage, seconds in lead.duration_tracking.items():
                self.assertAlmostEqual(ours[lead.id, int(stage)], seconds, delta=1)

    @freeze_time("2031-06-01 00:00:00")
    def test_figures(self):
        """Mean, median and counts by stage and salesperson, by brute force; each
        figure opens its passages."""
        leads = [
            self._history(
                self._at(0),
                [
                    (self._at(1 + n * n % 7), self.first, self.second),
                    (self._at(9 + 3 * n % 11), self.second, self.third),
                ],
                user=("rep", "peer", "leader")[n % 3],
            )
            for n in range(8)
        ]
        passages = self.env["sales.stage.passage"]
        mine = [("lead_id", "in", [lead.id for lead in leads])]
        everything = passages.search(mine)
        self.assertEqual(len(everything), 24)
        for by in ("stage_id", "user_id"):
            rows = passages.formatted_read_group(
                mine,
                [by],
                ["days:avg", "days_median:median", "is_over:sum", "is_stuck:sum"],
            )
            self.assertEqual(len(rows), 3)
            for row in rows:
                group = everything.filtered_domain([(by, "=", row[by][0])])
                days = group.mapped("days")
                self.assertAlmostEqual(row["days:avg"], fmean(days))
                self.assertAlmostEqual(row["days_median:median"], median(days))
                self.assertEqual(row["is_over:sum"], sum(group.mapped("is_over")))
                self.assertEqual(row["is_stuck:sum"], sum(group.mapped("is_stuck")))
                self.assertEqual(passages.search(mine + row["__extra_domain"]), group)

    def test_overdue(self):
        """Day by day, as told and as searched for."""
        leads = {}
        for stage, allowed in ((self.first, 5), (self.second, 10), (self.third, 0)):
            for age in (0, 4, 5, 6, 10, 11, 30):
                lead = self._opportunity()
                lead.stage_id = stage
                lead.date_last_stage_update = datetime(2031, 5, 12, 8) - timedelta(
                    days=age
                )
                leads[lead] = max(0, age - allowed) if allowed else 0
        ids = [lead.id for lead in leads]
        with freeze_time("2031-05-12 22:00:00"):
            self.assertEqual({lead: lead.sales_days_over for lead in leads}, leads)
            found = self.env["crm.lead"].search(
                [("id", "in", ids), ("sales_days_over", ">", 0)]
            )
            others = self.env["crm.lead"].search(
                [("id", "in", ids), ("sales_days_over", "=", 0)]
            )
        self.assertEqual(set(found), {lead for lead, over in leads.items() if over})
        self.assertEqual(set(others), {lead for lead, o in leads.items() if not o})

    def test_overdue_elsewhere(self):
        """The day is the company's: it is tomorrow in Shanghai already."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.lead.date_last_stage_update = "2031-05-06 20:00:00"  # the 7th
        self.env.flush_all()
        for moment, over in (("05-12 15:59:00", 0), ("05-12 16:01:00", 1)):
            with freeze_time(f"2031-{moment}"):
                self.env.invalidate_all()
                self.assertEqual(self.lead.sales_days_over, over)
                found = self.env["crm.lead"].search(
                    [("id", "=", self.lead.id), ("sales_days_over", ">", 0)]
                )
                self.assertEqual(len(found), over)

    def test_followup(self):
        """The owner is told once, and not any more when it moves on."""
        rule = self.env.ref("sales_force.sales_followup_rule_stage")
        rule.write({"active": True, "date_from": "2031-01-01"})
        self.lead.date_last_stage_update = "2031-05-06 08:00:00"
        followups = self.env["sales.followup"]
        for day, count in (("11", 0), ("12", 1), ("13", 1), ("20", 1)):
            with freeze_time(f"2031-05-{day} 09:00:00"):
                rule._run(self.company)
            found = followups.search([("rule_id", "=", rule.id)])
            self.assertEqual(len(found), count, day)
        self.assertEqual(found.activity_id.user_id, self.users["rep"])
        self.assertEqual(found.date, date(2031, 5, 12))
        self.lead.stage_id = self.third
        with freeze_time("2031-05-21 09:00:00"):
            rule._run(self.company)
        self.assertEqual(found.state, "gone")


@tagged("post_install", "-at_install")
class TestProcessScreens(ProcessCase, HttpCase):
    def test_playbook(self):
        """A tick, the way on with a reason; the reason asked for on the board too."""
        self.lead.name = "Pumps for a plant"
        other = self._opportunity(name="Valves for a ship")
        self.env.flush_all()
        self.start_tour(
            f"/odoo/action-crm.crm_lead_action_pipeline/{self.lead.id}",
            "sales_force_playbook",
            login=self.users["rep"].login,
        )
        self.env.invalidate_all()
        self.assertEqual(self.lead.stage_id, self.second)
        self.assertEqual(self._skips().reason, "The tender closes")
        self.assertEqual(self._skips().missing, "Expected Revenue")
        self.assertEqual(other.stage_id, self.second)
        self.assertEqual(self._skips(other).reason, "Known from last year")
