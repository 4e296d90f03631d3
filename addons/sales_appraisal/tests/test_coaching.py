"""Coaching plans: opened, agreed, done, measured and closed."""

from datetime import date, timedelta
from fractions import Fraction

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase
from odoo.addons.sales_force.tests.credit_rows import CreditRows

from .. import uninstall_hook
from .common import AppraisalCase

TODAY = "2031-03-10 12:00:00"
START = date(2031, 3, 10)


class CoachingCase(CreditRows, AppraisalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Two colleagues with the same manager.
        for name in ("second", "third"):
            cls.users[name] = cls._user(name, "sales_force.group_sales_rep")
            cls.reps[name] = cls._rep(cls.users[name], cls.reps["leader"])
        cls.reps["outsider"] = cls._rep(
            cls._user("outsider", "sales_force.group_sales_rep"),
            cls.reps["peer_leader"],
        )

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time(TODAY))

    def _plan(self, name="rep", by="leader", **values):
        plans = self.env["sales.coaching"].with_user(self.users[by])
        return plans.create(
            {
                "name": "Visits a day",
                "rep_id": self.reps[name].id,
                "coach_id": self.users["leader"].id,
                "goal": "Two visits more each day",
                "metric_id": self._metric("VISITS").id,
                "goal_value": 2,
                "date_from": START,
                "date_to": START + timedelta(days=27),
                "window_days": 28,
                **values,
            }
        )

    def _agreed(self, **values):
        plan = self._plan(**values)
        plan.action_ask()
        plan.with_user(plan.user_id).action_agree()
        return plan

    def _count(self, name, code, day, value=1):
        self._credit(code, self.reps[name], value, day)


@tagged("post_install", "-at_install")
class TestFlow(CoachingCase):
    def test_flow(self):
        """Drafted by the coach, agreed by the rep, begun, closed: then it stays."""
        plan = self._plan()
        plan.write(
            {"exercise_ids": [Command.create({"name": "Joint Visit", "kind": "visit"})]}
        )
        exercise = plan.exercise_ids
        self.assertEqual(exercise.state, "planned")
        with self.assertRaises(AccessError):
            plan.action_agree()
        plan.action_ask()
        plan.action_ask()
        mine = plan.with_user(self.users["rep"])
        self.assertEqual(len(mine.activity_ids), 1)
        with self.assertRaises(AccessError):
            mine.action_ask()
        mine.action_agree()
        self.assertEqual(plan.state, "running")
        self.assertEqual(exercise.state, "open")
        self.assertEqual(exercise.activity_id.user_id, self.users["rep"])
        self.assertEqual(plan.next_checkin_on, START + timedelta(days=14))
        with self.assertRaises(UserError):
            plan.goal_value = 1
        with self.assertRaises(UserError):
            plan.action_close()
        with self.assertRaises(UserError):
            plan.action_ask()
        with freeze_time("2031-04-10 12:00:00"):
            plan.action_close()
        self.assertEqual(plan.state, "closed")
        self.assertEqual(exercise.state, "dropped")
        self.assertFalse(plan.activity_ids)
        for vals in ({"conclusion": "Late"}, {"name": "Other"}):
            with self.assertRaises(UserError):
                plan.write(vals)
        with self.assertRaises(UserError):
            plan.unlink()

    def test_change(self):
        """What was agreed is changed in a draft only, and agreed to again."""
        plan = self._agreed()
        plan.action_change()
        plan.goal_value = 3
        self.assertFalse(plan.agreed_on)
        plan.with_user(plan.user_id).action_agree()
        self.assertEqual(plan.state, "running")

    def test_in_time(self):
        """Begins on its day; the coach is asked to close it, once."""
        plan = self._agreed(date_from=START + timedelta(days=3))
        self.assertEqual(plan.state, "agreed")
        plans = self.env["sales.coaching"]
        with freeze_time("2031-03-13 12:00:00"):
            plans._cron_follow()
        self.assertEqual(plan.state, "running")
        with freeze_time("2031-04-20 12:00:00"):
            plans._cron_follow()
            plans._cron_follow()
        tasks = plan.sudo()._get_coach_task()
        self.assertEqual(len(tasks), 1)
        self.assertIn("Close", tasks.summary)

    def test_refused(self):
        for values in (
            {"coach_id": self.users["rep"].id},
            {"coach_id": self.users["foreigner"].id},
            {"base_metric_id": self._metric("ORDERS").id, **self._ratio()},
            {"metric_id": self._metric("MARKET_SHARE").id},
        ):
            with self.assertRaises(ValidationError, msg=values):
                self._plan(**values)
        for values in ({"name": "peer"}, {"by": "rep"}, {"name": "leader"}):
            with self.assertRaises(AccessError, msg=values):
                self._plan(**{"coach_id": self.users["manager"].id, **values})
        plan = self._plan()
        with self.assertRaises(AccessError):
            plan.rep_id = self.reps["peer"]
        for vals in ({"state": "closed"}, {"result": {}}, {"origin": "card"}):
            with self.assertRaises(UserError):
                plan.write(vals)
        with self.assertRaises(UserError):
            self._plan(goal=False, goal_value=0).action_ask()

    def _ratio(self):
        return {"metric_id": self._metric("WIN_RATE").id}

    def test_coach_beside(self):
        """A colleague who does it well leads the plan without leading the rep."""
        plan = self._plan(coach_id=self.users["peer"].id)
        theirs = plan.with_user(self.users["peer"])
        theirs.goal = "Watch how I open"
        theirs.action_ask()
        with self.assertRaises(AccessError):
            theirs.rep_id = self.reps["second"]
        with self.assertRaises(AccessError):
            theirs.unlink()

    def test_checkins(self):
        plan = self._agreed()
        mine = plan.with_user(plan.user_id)
        note = self.env["sales.coaching.checkin"]
        with freeze_time("2031-03-20 12:00:00"):
            mine.checkin_ids = [Command.create({"note": "Going well"})]
        checkin = plan.checkin_ids
        self.assertEqual(checkin.user_id, self.users["rep"])
        self.assertTrue(checkin.has_value)
        # It was what the coach was reminded of.
        self.assertEqual(plan.next_checkin_on, date(2031, 4, 3))
        with self.assertRaises(AccessError):
            checkin.with_user(self.users["leader"]).note = "Not so"
        with self.assertRaises(UserError):
            checkin.with_user(self.users["rep"]).value = 9
        with self.assertRaises(UserError):
            note.with_user(self.users["leader"]).create(
                {"coaching_id": self._plan().id, "note": "Too early"}
            )


@tagged("post_install", "-at_install")
class TestExercises(CoachingCase):
    def _exercise(self, plan, **values):
        return self.env["sales.coaching.exercise"].create(
            {"coaching_id": plan.id, "name": "Do it", **values}
        )

    def test_visit(self):
        visit = self.env["sales.visit"].create(
            {
                "rep_id": self.reps["rep"].id,
                "partner_id": self.partner.id,
                "date_planned": "2031-03-10 09:00:00",
            }
        )
        plan = self._agreed()
        exercise = self._exercise(plan, kind="visit", visit_id=visit.id)
        self.assertEqual(exercise.state, "open")
        visit.sudo().write({"state": "started", "check_in": "2031-03-10 09:00:00"})
        self.assertEqual(exercise.state, "open")
        visit.sudo().write({"state": "done", "check_out": "2031-03-10 10:00:00"})
        self.assertEqual(exercise.state, "done")
        self.assertEqual(exercise.done_on, START)
        with self.assertRaises(ValidationError):
            self._exercise(self._plan("second"), kind="visit", visit_id=visit.id)

    def test_training(self):
        course = self.env["sales.course"].create({"name": "Objections"})
        give = self.env["sales.certificate"].create
        give(
            {
                "rep_id": self.reps["rep"].id,
                "course_id": course.id,
                "date": "2030-03-01",
            }
        )
        plan = self._agreed()
        exercise = self._exercise(plan, kind="training", course_id=course.id)
        self.assertEqual(exercise.state, "open")
        give({"rep_id": self.reps["second"].id, "course_id": course.id})
        self.assertEqual(exercise.state, "open")
        give({"rep_id": self.reps["rep"].id, "course_id": course.id, "date": START})
        self.assertEqual(exercise.state, "done")

    def test_playbook(self):
        policy = self.env["sales.policy"].create({"name": "Playbook"})
        version = self.env["sales.policy.version"].create(
            {"policy_id": policy.id, "content": "<p>Open with a question</p>"}
        )
        plan = self._agreed()
        exercise = self._exercise(plan, kind="playbook", policy_id=policy.id)
        version.sudo().state = "in_force"
        asked = self.env["sales.policy.acknowledgement"].create(
            {"version_id": version.id, "rep_id": self.reps["rep"].id}
        )
        self.assertEqual(exercise.state, "open")
        asked.with_user(self.users["rep"])._acknowledge()
        self.assertEqual(exercise.state, "done")

    def test_by_hand(self):
        plan = self._agreed()
        exercise = self._exercise(plan, kind="other")
        coach = self._exercise(plan, kind="other", owner="coach")
        self.assertEqual(coach.activity_id.user_id, self.users["leader"])
        with self.assertRaises(UserError):
            coach.with_user(self.users["rep"]).action_done()
        with self.assertRaises(AccessError):
            exercise.with_user(self.users["second"]).action_done()
        for vals in ({"name": "Less"}, {"date_deadline": "2032-01-01"}):
            with self.assertRaises(AccessError):
                exercise.with_user(self.users["rep"]).write(vals)
        with self.assertRaises(UserError):
            exercise.with_user(self.users["leader"]).activity_id = False
        exercise.with_user(self.users["rep"]).action_done()
        self.assertEqual(exercise.state, "done")
        with self.assertRaises(UserError):
            exercise.with_user(self.users["rep"]).action_done()
        coach.date_deadline = "2031-04-01"
        self.assertEqual(coach.activity_id.date_deadline, date(2031, 4, 1))
        task = coach.activity_id
        coach.unlink()
        self.assertFalse(task.exists())


@tagged("post_install", "-at_install")
class TestMeasure(CoachingCase):
    def _work(self, name, first, days, each):
        """Visits on the first weekdays of a window."""
        day = first
        for count in each[:days]:
            while day.weekday() > 4:
                day += timedelta(days=1)
            for _number in range(count):
                self._count(name, "VISITS", day)
            day += timedelta(days=1)

    def test_difference_in_differences(self):
        """Against the same counted by hand: only own days, team and windows."""
        before, after = START - timedelta(days=28), START
        self._work("rep", before, 20, [1] * 20)
        self._work("rep", after, 20, [3] * 20)
        self._work("second", before, 20, [2] * 10)
        self._work("second", after, 20, [2] * 20)
        self._work("third", before, 20, [1] * 4)
        self._work("third", after, 20, [1] * 6)
        # Neither another team's nor of another day.
        self._work("outsider", after, 20, [9] * 20)
        self._count("rep", "VISITS", before - timedelta(days=1), 50)
        self._count("rep", "VISITS", START + timedelta(days=28), 50)
        plan = self._agreed()
        with freeze_time("2031-04-10 12:00:00"):
            plan.invalidate_recordset()
            found = plan.before, plan.after, plan.change
            self.assertEqual(found, (1, 3, 2))
            team = Fraction(46, 40) - Fraction(24, 40)
            self.assertEqual(plan.team_change, round(float(team), 2))
            self.assertEqual(plan.beyond, round(float(2 - team), 2))
            self.assertTrue(plan.is_reached)
            self.assertEqual(plan.observations, 80)
            plan.action_close()
            text = plan.effect_text
            self.assertIn("can be told from chance", text)
            self.assertIn("exact test of two rates, 80 observations", text)
            # What documents say later does not change it.
            self._count("rep", "VISITS", START, 500)
            plan.invalidate_recordset()
            self.assertEqual((plan.after, plan.effect_text), (3, text))

    def test_rate_of_two(self):
        """Quotations by visits; percentages as people say them."""
        for side, quotations in ((START - timedelta(days=5), 2), (START, 3)):
            for number in range(4):
                self._count("rep", "VISITS", side)
                if number < quotations:
                    self._count("rep", "QUOTATIONS", side)
        for won, lost, day in ((1, 3, START - timedelta(days=5)), (3, 1, START)):
            for _number in range(won):
                self._count("rep", "WON", day)
            for _number in range(lost):
                self._count("rep", "LOST", day)
        two = self._agreed(
            metric_id=self._metric("QUOTATIONS").id,
            base_metric_id=self._metric("VISITS").id,
        )
        ratio = self._plan(metric_id=self._metric("WIN_RATE").id, goal_value=50)
        with freeze_time("2031-04-10 12:00:00"):
            (two | ratio).invalidate_recordset()
            self.assertEqual((two.before, two.after), (0.5, 0.75))
            self.assertEqual((ratio.before, ratio.after), (25, 75))
            self.assertTrue(ratio.is_reached)
            self.assertIn("Fisher", ratio.effect_text)
            self.assertIn("cannot be told from chance", ratio.effect_text)
            self.assertIn("25.00 %", ratio.effect_text)

    def test_nothing(self):
        """Nothing before, nothing after, no figure, no team: said, not invented."""
        plan = self._plan()
        self.assertTrue(plan.has_before)
        self.assertFalse(plan.has_after)
        self.assertIn("nothing after yet", plan.effect_text)
        self.assertIn("not measured", self._plan(metric_id=False).effect_text)
        ratio = self._plan(metric_id=self._metric("WIN_RATE").id)
        self.assertIn("Nothing to compare", ratio.effect_text)
        self.reps["third"].parent_id = self.reps["peer_leader"]
        with freeze_time("2031-04-10 12:00:00"):
            plan = self._plan(date_from="2031-03-20", date_to="2031-04-05")
            self.assertIn("no team to compare", plan.effect_text)

    def test_queries(self):
        """No more queries for twelve plans than for two."""
        plans = self.env["sales.coaching"]
        for number in range(12):
            plans |= self._plan(
                ("rep", "second", "third")[number % 3],
                date_from=START - timedelta(days=40 + number),
            )
        counts = []
        # The first time also reads what stays in caches.
        for some in (plans, plans[:2], plans):
            self.env.flush_all()
            self.env.invalidate_all()
            some = some.with_user(self.users["leader"])
            some.mapped("rep_id.name")
            start = self.cr.sql_log_count
            some.mapped("effect_text")
            counts.append(self.cr.sql_log_count - start)
        self.assertLessEqual(counts[2], counts[1])


@tagged("post_install", "-at_install")
class TestOpening(CoachingCase):
    def _scored(self, amount=400):
        self._sell("rep", amount)
        self._open()
        card = self._card()
        self._judge(card, 90)
        card.with_user(self.users["director"]).action_confirm()
        return card

    def test_card(self):
        """About the line with the largest loss of weighted points, once."""
        card = self._scored()
        # 60 % of 60 points lost is more than 10 % of 40.
        weakest = self._line(card, "Invoiced")
        self.assertEqual(card._get_weakest(), weakest)
        plans = self.env["sales.coaching"]
        plan = plans._open_from_card(card, "By the rules")
        self.assertEqual(plan, plans._open_from_card(card))
        self.assertEqual(plan.card_line_id, weakest)
        self.assertEqual(plan.coach_id, self.users["leader"])
        self.assertEqual(plan.metric_id, self._metric("INVOICED"))
        self.assertIn("By the rules", plan.evidence)
        self.assertIn("40.00", plan.evidence)
        self.assertTrue(plan.exercise_ids)
        days = self.env["sales.working.time"].working_days(
            card.rep_id, card.date_from, card.date_to
        )[card.rep_id]
        self.assertEqual(plan.goal_value, round(1000 / len(days), 2))
        plan.action_cancel()
        self.assertNotEqual(plan, plans._open_from_card(card))

    def test_line(self):
        """By hand from any line, by who is above the rep."""
        card = self._scored()
        line = self._line(card, "Judgement")
        for role in ("rep", "peer_leader", "finance"):
            with self.assertRaises(AccessError, msg=role):
                line.with_user(self.users[role]).action_coach()
            with self.assertRaises(AccessError, msg=role):
                card.with_user(self.users[role]).action_coach()
        action = line.with_user(self.users["leader"]).action_coach()
        plan = self.env["sales.coaching"].browse(action["res_id"])
        self.assertEqual(plan.card_line_id, line)
        self.assertFalse(plan.metric_id)
        again = line.with_user(self.users["leader"]).action_coach()
        self.assertEqual(again["res_id"], plan.id)
        whole = card.with_user(self.users["leader"]).action_coach()
        self.assertEqual(whole["res_id"], plan.id)

    def test_not_before_the_rep_reads_it(self):
        """A plan says why it was opened, to the rep, too."""
        self._sell("rep", 400)
        self._open()
        card = self._card()
        self._judge(card, 90)
        leader = card.with_user(self.users["leader"])
        line = self._line(leader, "Judgement")
        self.assertFalse(line.may_coach)
        for action in (leader.action_coach, line.action_coach):
            with self.assertRaises(UserError):
                action()
        self.assertFalse(self.env["sales.coaching"].search([("card_id", "=", card.id)]))
        card.with_user(self.users["director"]).action_confirm()
        self.env.invalidate_all()
        self.assertTrue(line.may_coach)
        self.assertTrue(line.action_coach()["res_id"])

    def test_veto(self):
        """What a veto takes off the card is lost to its line."""
        veto = {
            "name": "Collection",
            "kind": "metric",
            "metric_id": self._metric("INVOICED").id,
            "function": "veto",
            "limit": 5000,
            "cap": 20,
        }
        self.template.action_archive()
        self._template([*self._lines(), veto]).action_publish()
        card = self._scored(1000)
        self.assertTrue(card.is_capped)
        self.assertEqual(card._get_weakest(), self._line(card, "Collection"))

    def test_nobody(self):
        """Who has no manager is coached by who asks, never by themselves."""
        self._open()
        card = self._card("director")
        plans = self.env["sales.coaching"]
        with self.assertRaises(UserError):
            plans.with_user(self.users["director"])._open_from_card(
                card.with_user(self.users["director"])
            )

    def test_uninstalled(self):
        """What was done in plans does not keep its kind in the database."""
        plan = self._plan()
        plan._ask_coach("Review")
        kind = self.env.ref("sales_appraisal.mail_activity_type_coaching")
        plan.activity_ids.action_feedback()
        self.env.flush_all()
        uninstall_hook(self.env)
        self.env.invalidate_all()
        kind.unlink()
        self.assertFalse(kind.exists())


@tagged("post_install", "-at_install")
class TestConcurrentOpening(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self._environment() as env:
            users = env["res.users"]
            for name in ("boss", "rep"):
                users += new_test_user(
                    env,
                    f"sf_concurrent_{name}",
                    "base.group_user",
                    context={"no_reset_password": True},
                )
            boss, rep = env["sales.rep"].create(
                [{"user_id": user.id, "state": "active"} for user in users]
            )
            templates = env["sales.scorecard.template"].with_context(active_test=False)
            self.card_id = (
                env["sales.scorecard"]
                .create(
                    {
                        "rep_id": rep.id,
                        "company_id": rep.company_id.id,
                        "template_id": templates.search([], limit=1).id,
                        "manager_id": boss.id,
                        "period": "month",
                        **dict.fromkeys(("period_from", "date_from"), "2040-01-01"),
                        **dict.fromkeys(("period_to", "date_to"), "2040-01-31"),
                    }
                )
                .id
            )

    def _remove(self):
        with self._environment() as env:
            users = env["res.users"].search([("login", "like", "sf_concurrent_")])
            env["sales.coaching"].search([("user_id", "in", users.ids)]).unlink()
            env["sales.scorecard"].search([("user_id", "in", users.ids)]).unlink()
            users.sales_rep_ids.unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def test_opened_at_once(self):
        """Two who press the button in the same moment get the same plan."""

        def coach(env):
            card = env["sales.scorecard"].browse(self.card_id)
            env["sales.coaching"]._open_from_card(card)

        self.assertEqual(self._race(coach, coach), 2)
        with self._environment() as env:
            plans = env["sales.coaching"].search([("card_id", "=", self.card_id)])
            self.assertEqual(len(plans), 1)
