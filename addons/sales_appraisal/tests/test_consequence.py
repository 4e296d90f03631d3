"""Rules make proposals of confirmed cards, managers decide, and it is done once."""

import base64
import io
from datetime import date

from freezegun import freeze_time
from openpyxl import load_workbook
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .consequence_common import ConsequenceCase

NOW = "2031-07-07 12:00:00"  # a Monday


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestConsequence(ConsequenceCase):
    # What is proposed

    def test_three_running(self):
        rule = self._rule()
        self._history("rep", 95, 92)
        self._history("peer", 95, 80, 95)
        self.assertFalse(self._proposals())
        self._history("rep", 91, first=3)
        proposal = self._proposals()
        self.assertEqual(proposal.rep_id, self.reps["rep"])
        self.assertEqual(proposal.period_from, date(2031, 3, 1))
        self.assertEqual(proposal.to_grade_id, self.ladder[1])
        self.assertEqual(proposal.grade_history, "A A A")
        self.assertEqual((proposal.score, proposal.score_change), (91, -4))
        self.assertEqual(len(proposal.card_ids), 3)
        self.assertIn("Grade A or better, 3 periods running", proposal.reason)
        self.assertIn("Mar 2031 A (91.00)", proposal.reason)
        self.assertEqual(rule.proposal_count, 1)
        self.assertEqual(
            proposal.step_ids.user_id,
            self.users["leader"] + self.users["manager"] + self.users["director"],
        )
        self.assertEqual(proposal.waits_for_id, self.users["leader"])
        self.assertEqual(proposal.due_on, date(2031, 7, 14))

    def test_idempotent(self):
        """Again, and each night: the same. The fourth month begins anew."""
        self._rule()
        self._history("rep", 95, 92, 91)
        model = self.env["sales.consequence"]
        for _time in range(2):
            model._propose(self.company, self.reps["rep"], "month", date(2031, 1, 1))
            model._cron_propose()
        self.assertEqual(len(self._proposals()), 1)
        self._history("rep", 95, 95, first=4)
        self.assertEqual(len(self._proposals()), 1)
        self._history("rep", 95, first=6)
        self.assertEqual(len(self._proposals()), 2)
        self.assertEqual(self._proposals(state="proposed"), self._proposals())

    def test_only_confirmed(self):
        """Open and contested cards do not count, nor cards of other periods."""
        self._rule()
        self._history("rep", 95, 92)
        self._make_card("rep", 3, 99, state="manager")
        self._make_card("rep", 1, 99, period="quarter")
        self.env["sales.consequence"]._cron_propose()
        self.assertFalse(self._proposals())

    def test_late_confirmation(self):
        """A month that is confirmed after the next one completes what it completes."""
        self._rule(times=2, within=2)
        self._make_card("rep", 1, 95)
        self._make_card("rep", 3, 50)
        self._make_card("rep", 2, 95)
        self.assertEqual(self._proposals().period_from, date(2031, 2, 1))

    def test_parts(self):
        """Of a month in two parts the average by working days counts."""
        self._rule(times=1, within=1)
        self._make_card(
            "rep", 1, 100, share=25, date_to="2031-01-08", state="calibration"
        )
        self.assertFalse(self._proposals())
        second = self._make_card("rep", 1, 86, share=75, date_from="2031-01-09")
        self.assertFalse(self._proposals())  # the first part is not confirmed yet
        (self._card("rep") - second)._move("confirmed")
        self.assertFalse(self._proposals())  # 0.25 · 100 + 0.75 · 86 = 89.5
        half = {"share": 50, "state": "calibration"}
        self._make_card("peer", 1, 100, date_to="2031-01-15", **half)
        self._make_card("peer", 1, 80, date_from="2031-01-16", **half)
        self._card("peer")._move("confirmed")
        proposal = self._proposals()
        self.assertEqual((proposal.score, proposal.grade_history), (90, "A"))
        self.assertIn("average by working days", proposal.reason)

    def test_before_the_rule(self):
        """Periods before the rule count as history, and lead to nothing."""
        self._history("rep", 95, 92, 91)
        self._rule(date_from="2031-04-01")
        self.env["sales.consequence"]._cron_propose()
        self.assertFalse(self._proposals())
        self._history("rep", 95, first=4)
        self.assertEqual(self._proposals().grade_history, "A A A A")
        self.assertEqual(self._proposals().period_from, date(2031, 4, 1))

    def test_population(self):
        self._rule(times=1, within=1, role="leader")
        self._rule(times=1, within=1, grade_ids=[(6, 0, self.ladder[2].ids)])
        for name in ("rep", "leader", "peer"):
            self._make_card(name, 1, 95)
        self.assertEqual(self._proposals().rep_id, self.reps["leader"])

    def test_conditions(self):
        rule = self._rule(
            times=1,
            within=1,
            needs_training=True,
            no_open_case=True,
            grade_months=6,
            not_in_ramp=True,
        )
        rep = self.reps["rep"]
        rep.write({"date_start": "2031-01-01", "ramp_months": 12})
        course = self.env["sales.course"].create(
            {"name": "Course", "required": "all", "company_id": self.company.id}
        )
        case = self.env["sales.conduct"].create(
            {
                "rep_id": rep.id,
                "category_id": self.env.ref(
                    "sales_force.sales_conduct_category_visit"
                ).id,
                "description": "x",
                "date": "2031-01-10",
            }
        )
        self.env["sales.promotion"].create(
            {"rep_id": rep.id, "grade_id": self.ladder[0].id, "date": "2031-06-01"}
        )
        self._make_card("rep", 1, 95)
        gaps = rule._get_gaps(rep)[rep]
        self.assertEqual(len(gaps), 4, gaps)
        self.assertFalse(self._proposals())
        rep.ramp_months = 3
        case.with_user(self.users["leader"])._decide("dismissed", "No")
        self.env["sales.certificate"].create(
            {"rep_id": rep.id, "course_id": course.id, "date": "2031-07-01"}
        )
        rep.promotion_ids.filtered(
            lambda one: one.date == date(2031, 6, 1)
        ).sudo().date = "2030-12-01"
        self.assertEqual(rule._get_gaps(rep)[rep], [])
        self.env["sales.consequence"]._cron_propose()
        proposal = self._proposals("rep")
        self.assertIn("all required courses are held", proposal.reason)
        # What no longer holds is withdrawn, with the reason.
        self.env["sales.conduct"].create(
            {
                "rep_id": rep.id,
                "category_id": case.category_id.id,
                "description": "x",
            }
        )
        self.env["sales.consequence"]._cron_propose()
        self.assertEqual(proposal.state, "withdrawn")
        self.assertEqual(proposal.withdrawn_because, "A conduct case is open.")

    def test_no_further_grade(self):
        self._rule(times=1, within=1)
        self._rule(times=1, within=1, kind="demotion", name="Down")
        self.reps["rep"].with_context(sales_promoted=True).grade_id = self.ladder[2]
        self._make_card("rep", 1, 95)
        proposal = self._proposals("rep")
        self.assertEqual(proposal.kind, "demotion")
        self.assertEqual(proposal.to_grade_id, self.ladder[1])

    # Appeals

    def test_appeal_withdraws(self):
        self._rule()
        card = self._history("rep", 95, 92, 91)
        proposal = self._proposals()
        card.with_user(self.users["rep"])._appeal("It is more")
        self.assertEqual(proposal.state, "withdrawn")
        self.assertIn("Mar 2031 does not count now", proposal.withdrawn_because)
        self.assertFalse(proposal.waits_for_id)
        # Upheld: it is proposed again, as another one.
        card.appeal_ids.with_user(self.users["director"])._decide("upheld", "No")
        again = self._proposals(state="proposed")
        self.assertEqual(len(again), 1)
        self.assertNotEqual(again, proposal)
        self.assertEqual(len(self._proposals()), 2)

    def test_appeal_after_decision(self):
        """What was decided stays, and is marked; as long as it is so."""
        self._rule(
            approval="leader",
            kind="warning",
            pattern="grade_max",
            appraisal_grade_id=self.grades["C"].id,
            times=1,
            within=1,
            category_id=self.env.ref(
                "sales_appraisal.sales_conduct_category_warning"
            ).id,
        )
        card = self._make_card("rep", 1, 65)
        proposal = self._proposals()
        self._as("leader", proposal).action_approve()
        card.with_user(self.users["rep"])._appeal("It is more")
        self.assertEqual(proposal.state, "approved")
        self.assertTrue(proposal.is_outdated)
        card.appeal_ids.with_user(self.users["director"])._decide("upheld", "No")
        self.assertFalse(proposal.is_outdated)
        self.assertEqual(len(self._proposals()), 1)

    def test_score_changes_but_holds(self):
        self._rule(times=1, within=1, pattern="score_min", score=90)
        card = self._make_card("rep", 1, 95)
        proposal = self._proposals()
        card.score = 97
        proposal._review()
        self.assertEqual((proposal.state, proposal.score), ("proposed", 97))
        card.score = 89.99
        proposal._review()
        self.assertIn("89.99", proposal.withdrawn_because)

    # Approval

    def test_chain(self):
        rule = self._rule(times=1, within=1)
        self._make_card("rep", 1, 95)
        proposal = self._proposals()
        for name in ("rep", "manager", "director", "peer_leader", "operations"):
            with self.assertRaises(UserError, msg=name):
                self._as(name, proposal).action_approve()
        self._as("leader", proposal).action_approve()
        self.assertEqual(proposal.state, "proposed")
        self.assertEqual(proposal.waits_for_id, self.users["manager"])
        with self.assertRaises(AccessError):
            self._as("leader", proposal).action_approve()
        self._as("manager", proposal)._decide("approved", "Well deserved")
        self._as("director", proposal).action_approve()
        self.assertEqual(proposal.state, "approved")
        self.assertEqual(proposal.decided_on, date(2031, 7, 7))
        self.assertEqual(proposal.step_ids.mapped("state"), ["approved"] * 3)
        promotion = self.reps["rep"].promotion_ids.filtered(
            lambda one: one.state == "planned"
        )
        self.assertEqual(promotion.id, proposal.result_id)
        self.assertEqual(promotion.grade_id, self.ladder[1])
        self.assertEqual(promotion.date, date(2031, 8, 1))
        self.assertEqual(promotion.decided_by_id, self.users["director"])
        with self.assertRaises(UserError):
            self._as("director", proposal).action_approve()
        self.assertEqual(rule.proposal_count, 1)
        # Planned already: another rule does not propose another change.
        self._rule(times=1, within=1, name="Other")
        self.env["sales.consequence"]._cron_propose()
        self.assertEqual(len(self._proposals()), 1)

    def test_levels(self):
        """The manager alone, up to a region, up to a director; any, where none is."""
        names = {
            "leader": ["leader"],
            "manager": ["leader", "manager"],
            "director": ["leader", "manager", "director"],
        }
        for level in names:
            self._rule(times=1, within=1, approval=level, name=level)
        self._make_card("rep", 1, 95)
        self._make_card("director", 1, 95)
        for proposal in self._proposals("rep"):
            expected = [self.users[n].id for n in names[proposal.rule_id.approval]]
            self.assertEqual(proposal.step_ids.mapped("user_id").ids, expected)
        for proposal in self._proposals("director"):
            self.assertEqual(len(proposal.step_ids), 1)
            self.assertFalse(proposal.step_ids.user_id)
            for name in ("director", "manager", "operations"):
                with self.assertRaises(AccessError, msg=name):
                    self._as(name, proposal).action_approve()
        second = self._user("second", "sales_force.group_sales_director")
        own = self._proposals("director")[0]
        own.with_user(second).action_approve()
        self.assertEqual(own.state, "approved")

    def test_refuse(self):
        self._rule(times=1, within=1)
        self._make_card("rep", 1, 95)
        proposal = self._proposals()
        with self.assertRaises(UserError):
            self._as("leader", proposal)._decide("refused", " ")
        action = self._as("leader", proposal).action_refuse()
        wizard = self.env["sales.consequence.refuse"].with_user(self.users["leader"])
        wizard.with_context(**action["context"]).create(
            {"reason": "Too early"}
        ).action_refuse()
        self.assertEqual(proposal.state, "refused")
        self.assertEqual(proposal.decision, "Too early")
        self.assertFalse(self.reps["rep"].promotion_ids.filtered("reason"))
        self.env["sales.consequence"]._cron_propose()
        self.assertEqual(len(self._proposals()), 1)

    def test_deputy(self):
        """Who stands in decides meanwhile; never for themselves."""
        self._rule(times=1, within=1, approval="leader")
        for name in ("rep", "peer"):
            self._make_card(name, 1, 95)
        mine, other = self._proposals("rep"), self._proposals("peer")
        cover = {"date_from": "2031-07-01", "date_to": "2031-07-31"}
        covers = self.env["sales.cover"].create(
            [
                {
                    "rep_id": self.reps[rep].id,
                    "deputy_id": self.reps[deputy].id,
                    **cover,
                }
                for rep, deputy in (("leader", "rep"), ("peer_leader", "manager"))
            ]
        )
        covers.with_user(self.users["director"]).action_approve()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self._as("rep", mine).action_approve()
        self._as("leader", mine).action_approve()
        with self.assertRaises(AccessError):
            self._as("peer_manager", other).action_approve()
        found = self.env["sales.consequence"].with_user(self.users["manager"])
        self.assertEqual(found.search([("may_decide", "=", True)]), other)
        self._as("manager", other).action_approve()
        self.assertEqual(other.step_ids.decided_by_id, self.users["manager"])
        self.assertEqual(other.step_ids.user_id, self.users["peer_leader"])
        self.assertIn("In place of", "".join(other.message_ids.mapped("body")))

    def test_late(self):
        """Whoever is late is reminded once a day, and a director may decide."""
        self._rule(times=1, within=1)
        self._make_card("rep", 1, 95)
        proposal = self._proposals()
        with freeze_time("2031-07-15 12:00:00"):
            self.env.invalidate_all()
            self.assertTrue(proposal.is_late)
            before = self.env["mail.message"].search_count([])
            self.env["sales.consequence"]._cron_remind()
            self.env["sales.consequence"]._cron_remind()
            self.assertEqual(self.env["mail.message"].search_count([]) - before, 1)
            with self.assertRaises(AccessError):
                self._as("manager", proposal).action_approve()
            self._as("director", proposal).action_approve()
            self.assertEqual(proposal.step_ids[0].decided_by_id, self.users["director"])

    def test_tree_changes(self):
        """Who decides follows the tree; what was decided stays."""
        self._rule(times=1, within=1)
        self._make_card("rep", 1, 95)
        proposal = self._proposals()
        self._as("leader", proposal).action_approve()
        self.reps["rep"].parent_id = self.reps["peer_leader"]
        self.env["sales.consequence"]._cron_propose()
        self.assertEqual(
            proposal.step_ids.mapped("user_id.login"),
            ["sf_leader", "sf_peer_leader", "sf_peer_manager", "sf_director"],
        )
        self.assertEqual(proposal.waits_for_id, self.users["peer_leader"])

    def test_stop(self):
        rule = self._rule(times=1, within=1)
        with self.assertRaises(UserError):
            rule.times = 2
        with self.assertRaises(UserError):
            rule.unlink()
        self._make_card("rep", 1, 95)
        rule.with_user(self.users["operations"]).action_stop()
        self.assertEqual(self._proposals().state, "withdrawn")
        rule.write({"times": 2, "within": 2})
        with self.assertRaises(UserError):
            rule.unlink()

    def test_bad_rules(self):
        with self.assertRaises(ValidationError):
            self._rule(appraisal_grade_id=False)
        with self.assertRaises(ValidationError):
            self._rule(kind="warning", category_id=False)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._rule(times=4, within=3)

    # What is done

    def test_warning(self):
        """A warning is a case of conduct; the rep reads it, and can appeal."""
        category = self.env.ref("sales_appraisal.sales_conduct_category_warning")
        self._rule(
            pattern="score_max",
            score=60,
            times=1,
            within=1,
            kind="warning",
            category_id=category.id,
            points=2,
            letter="Please mind.",
            approval="leader",
        )
        self._make_card("rep", 1, 40)
        proposal = self._proposals()
        self.assertFalse(self._as("rep", proposal).has_access("read"))
        self._as("leader", proposal)._decide("approved", "As agreed")
        case = self.env["sales.conduct"].browse(proposal.result_id)
        self.assertEqual((case.state, case.score), ("confirmed", -2))
        self.assertEqual(case.decided_by_id, self.users["leader"])
        self.assertIn("Please mind.", case.description)
        self.assertIn("Score below 60.00", case.description)
        self.assertTrue(self._as("rep", proposal).has_access("read"))
        own = case.with_user(self.users["rep"])
        self.assertTrue(own.may_appeal)
        own._decide("appealed", "The customer was mine")
        case.with_user(self.users["manager"])._decide("granted", "Right")
        row = self.env["sales.rep.file"].with_user(self.users["rep"]).search([])
        row = row.filtered(lambda one: one.kind == "warning")
        self.assertEqual((row.status, row.points), ("Appeal granted", 0))

    def test_reward_and_file(self):
        category = self.env.ref("sales_appraisal.sales_conduct_category_results")
        self._rule(
            pattern="grade_up",
            steps=2,
            times=1,
            within=1,
            kind="reward",
            category_id=category.id,
            points=3,
            approval="leader",
            name="Leap",
        )
        self._history("rep", 65, 95)
        self._as("leader", self._proposals()).action_approve()
        rep = self.reps["rep"].with_user(self.users["leader"])
        rows = (
            self.env["sales.rep.file"]
            .with_user(self.users["leader"])
            .search([("rep_id", "=", rep.id)])
        )
        self.assertEqual(rep.file_count, len(rows))
        self.assertEqual(
            [(row.kind, row.title, row.points) for row in rows][:1],
            [("reward", "Leap", 3)],
        )
        self.assertNotIn("commendation", rows.mapped("kind"))
        action = rows[0].action_open()
        self.assertEqual(action["res_id"], self._proposals().id)

    def test_salary(self):
        """On the list, with its spreadsheet; leaders get their own subtree."""
        self._rule(
            kind="salary",
            percent=5,
            times=2,
            within=3,
            pattern="score_min",
            score=90,
            approval="leader",
        )
        self._history("rep", 95, 80, 98)
        self._history("peer", 95, 92)
        self._as("leader", self._proposals("rep"))._decide("approved", "=1+1")
        self.assertEqual(self._proposals("rep").percent, 5)
        rows = {}
        for name in ("director", "operations"):
            wizard = self.env["sales.salary.export"].with_user(self.users[name])
            wizard = wizard.create({"date_from": "2031-01-01", "date_to": "2031-12-31"})
            self.assertIn("/web/content/", wizard.action_export()["url"])
            rows[name] = self._read(wizard)
        self.assertEqual(rows["director"], rows["operations"])
        head, first, second = rows["director"]
        self.assertEqual(head[:3], ("Name of the Period", "Rep", "Sales Team"))
        self.assertEqual(first[:2], ("Mar 2031", "Rep"))
        self.assertEqual(first[4:8], ("A B A", 98, 3, 5))
        self.assertEqual((first[9], first[12]), ("Approved", "'=1+1"))
        self.assertEqual(second[:2], ("Feb 2031", "Peer"))
        with self.assertRaises(AccessError):
            self.env["sales.salary.export"].with_user(self.users["leader"]).create({})

    def _read(self, wizard):
        content = base64.b64decode(wizard.file)
        return list(
            load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
        )

    def test_coaching(self):
        self._rule(
            kind="coaching",
            pattern="score_max",
            score=75,
            times=2,
            within=2,
            approval="leader",
        )
        self._history("rep", 70, 74.99)
        proposal = self._proposals()
        self._as("leader", proposal).action_approve()
        self.assertEqual(proposal.state, "approved")
        plan = self.env["sales.coaching"].browse(proposal.result_id)
        self.assertEqual(proposal.result_model, plan._name)
        self.assertEqual(plan.card_id, proposal.card_ids.sorted("date_to")[-1])
        self.assertEqual(plan.coach_id, self.users["leader"])
        self.assertEqual(plan.activity_ids.user_id, self.users["leader"])

    # Speed

    def test_queries(self):
        """As many queries for two reps as for six, but for telling each approver."""
        self._rule(
            times=1,
            within=1,
            approval="director",
            needs_training=True,
            no_open_case=True,
            grade_months=1,
            not_in_ramp=True,
            role="seller",
        )
        self._rule(times=1, within=1, kind="demotion", name="Down")
        counts, reads = [], []
        for month, number in ((1, 2), (2, 6)):
            leader = self.reps["leader"]
            cards = self.env["sales.scorecard"]
            for one in range(number):
                name = f"many{month}{one}"
                self.users[name] = self._user(name, "sales_force.group_sales_rep")
                self.reps[name] = self._rep(self.users[name], leader)
                self.reps[name].with_context(
                    sales_promoted=True
                ).grade_id = self.ladder[1]
                cards |= self._make_card(name, month, 95, state="calibration")
            cards.state = "confirmed"
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            made = self.env["sales.consequence"]._propose(
                self.company, cards.rep_id, "month", date(2031, month, 1)
            )
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(made), 2 * number)
            reads.append(self._count_reads(made))
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        for few, many in zip(*reads, strict=True):
            self.assertLessEqual(many, few, reads)

    def _count_reads(self, proposals):
        """Queries of the lists of proposals and of the file, as the director."""
        for proposal in proposals.filtered(lambda one: one.kind == "promotion"):
            proposal._conclude("approved", proposal.step_ids[-1:])
        counts = []
        for model, domain, names in (
            (
                "sales.consequence",
                [("id", "in", proposals.ids)],
                ("rep_id", "reason", "grade_history", "period_label", "may_decide"),
            ),
            (
                "sales.rep.file",
                [("rep_id", "in", proposals.rep_id.ids)],
                ("rep_id", "title", "status", "reason"),
            ),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            found = self.env[model].with_user(self.users["director"]).search(domain)
            found.web_read({name: {} for name in names})
            counts.append(self.cr.sql_log_count - before)
        return counts
