"""The steps of a card, who takes them, until when; appeals; calibration."""

from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import AppraisalCase

LATER = "2031-02-03 12:00:00"  # a Monday


@tagged("post_install", "-at_install")
class TestFlow(AppraisalCase):
    def setUp(self):
        super().setUp()
        self._sell("rep", 920)
        self._open()
        self.card = self._card()

    def _as(self, name):
        return self.card.with_user(self.users[name])

    def test_each_night(self):
        """Cards are opened, and each is scored once."""
        self.card.unlink()
        cards = type(self.card)
        scored = []
        write = cards._write_results

        def counting(some):
            scored.extend(some.ids)
            return write(some)

        with (
            freeze_time("2031-01-20 12:00:00"),
            patch.object(cards, "_write_results", counting),
        ):
            self.env["sales.scorecard"]._cron_open()
        card = self._card()
        self.assertEqual(card.score, 92)
        self.assertEqual(scored.count(card.id), 1)
        self.assertEqual(len(scored), len(set(scored)))

    def test_all_steps(self):
        with freeze_time("2031-01-20 12:00:00"), self.assertRaises(UserError):
            self._as("leader").action_start()
        with freeze_time(LATER):
            self._as("leader").action_start()
            self.assertEqual(self.card.state, "self")
            self.assertEqual(self.card.due_on, date(2031, 2, 6))
            self.assertEqual(self.card.waits_for_id, self.users["rep"])
            line = self._line(self._as("rep"), "Judgement")
            line.write({"self_value": 95, "self_comment": "I was good"})
            with self.assertRaises(UserError):
                line.write({"manager_value": 100})
            with self.assertRaises(AccessError):
                self._as("leader").action_submit_self()
            self._as("rep").action_submit_self()
            self.assertEqual(self.card.waits_for_id, self.users["leader"])
            with self.assertRaisesRegex(UserError, "Judgement"):
                self._as("leader").action_submit()
            with self.assertRaises(UserError):
                self._line(self._as("leader"), "Invoiced").manager_value = 3
            self._as("leader").write(
                {
                    "manager_comment": "Good",
                    "line_ids": [(1, line.id, {"manager_value": 80})],
                }
            )
            self.assertEqual(self.card.score, 87.2)
            self._as("leader").action_submit()
            self.assertEqual(self.card.waits_for_id, self.users["manager"])
            with self.assertRaises(AccessError):
                self._as("leader").action_confirm()
            self._as("manager").action_confirm()
            self._as("rep").action_acknowledge()
        self.assertEqual(self.card.state, "acknowledged")
        self.assertFalse(self.card.due_on)

    def test_judged_as_nothing(self):
        """0 is a judgement, too; who may not judge cannot press it either."""
        card = self.card.sudo()
        card._start()
        card._move("manager")
        line = self._line(self._as("rep"), "Judgement")
        with self.assertRaises(AccessError):
            line.action_judge_nothing()
        line = self._line(self._as("leader"), "Judgement")
        self.assertFalse(line.manager_given)
        line.action_judge_nothing()
        self.assertTrue(line.manager_given)
        self.assertEqual((line.applies, line.score), (True, 0))

    def test_nobody_on_the_own(self):
        with freeze_time(LATER):
            card = self._card("manager")
            self._judge(card)
            for action in ("action_confirm", "action_send_back", "action_compute"):
                with self.assertRaises(AccessError):
                    getattr(card.with_user(self.users["manager"]), action)()
            with self.assertRaises(AccessError):
                card.with_user(self.users["manager"])._calibrate(self.grades["S"], "Me")
            card.with_user(self.users["operations"]).action_confirm()
            # Operations who is a rep as well: not the own card either.
            self.users["rep"].group_ids += self.env.ref(
                "sales_force.group_sales_operations"
            )
            self._judge(self.card)
            with self.assertRaises(AccessError):
                self._as("rep").action_confirm()

    def test_appeal(self):
        with freeze_time(LATER):
            self._judge(self.card)
            self._as("manager").action_confirm()
            self.assertEqual(self.card.due_on, date(2031, 2, 10))
            with self.assertRaises(AccessError):
                self._as("peer_manager")._appeal("No")
            with self.assertRaises(UserError):
                self._as("rep")._appeal(" ")
            proof = (
                self.env["ir.attachment"]
                .with_user(self.users["rep"])
                .create({"name": "proof.txt", "raw": b"x"})
            )
            wizard = self.env["sales.scorecard.reason"].with_user(self.users["rep"])
            wizard.create(
                {
                    "card_id": self.card.id,
                    "step": "appeal",
                    "reason": "An invoice is missing",
                    "evidence_ids": [(6, 0, proof.ids)],
                }
            ).action_apply()
            self.assertEqual(self.card.state, "appealed")
            self.assertEqual(self.card.waits_for_id, self.users["director"])
            appeal = self.card.appeal_ids
            self.assertEqual(appeal.evidence_ids, proof)
            self.assertTrue(proof.with_user(self.users["director"]).has_access("read"))
            for name in ("manager", "rep", "leader"):
                with self.assertRaises(AccessError):
                    appeal.with_user(self.users[name])._decide("upheld", "No")
            self._sell("rep", 80)
            appeal.with_user(self.users["director"])._decide("granted", "Right")
            self.assertEqual(self.card.state, "calibration")
            self.assertEqual(self.card.score, 92)
            self.assertEqual(appeal.score_before, 87.2)
            self.assertEqual(appeal.snapshot_before["score"], 87.2)
            with self.assertRaises(UserError):
                appeal.with_user(self.users["director"])._decide("upheld", "Twice")

    def test_appeal_in_time(self):
        with freeze_time(LATER):
            self._judge(self.card)
            self._as("manager").action_confirm()
        with freeze_time("2031-02-11 12:00:00"), self.assertRaises(UserError):
            self._as("rep")._appeal("Late")
        with freeze_time("2031-02-10 12:00:00"):
            self.card.invalidate_recordset()
            appeal = self._as("rep")._appeal("In time")
            appeal.with_user(self.users["director"])._decide("upheld", "It is right")
            self.assertEqual(self.card.state, "confirmed")
            self.card.invalidate_recordset()
            with self.assertRaises(UserError):
                self._as("rep")._appeal("Again")

    def test_reminders(self):
        with freeze_time(LATER):
            self.env["sales.scorecard"]._start_over()
        cards = self.env["sales.scorecard"].search([("state", "=", "self")])
        self.assertEqual(len(cards), 7)
        with freeze_time("2031-02-07 12:00:00"):
            self.env.invalidate_all()
            self.assertTrue(self.card.is_late)
            before = self.env["mail.message"].search_count([])
            self.env["sales.scorecard"]._cron_remind()
            self.env["sales.scorecard"]._cron_remind()
            self.assertEqual(self.env["mail.message"].search_count([]) - before, 7)
            self._as("leader").action_skip_self()
            self.assertEqual(self.card.state, "manager")

    def test_told_in_the_own_language(self):
        """Whoever moves a card: the next one reads the own words."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["rep"].lang = "zh_CN"
        model = type(self.env["sales.scorecard"])
        notify = model.message_notify
        told = []

        def note(card, **values):
            told.append((values["partner_ids"], card.env.lang))
            return notify(card, **values)

        rep, leader = (self.users[name].partner_id for name in ("rep", "leader"))
        with patch.object(model, "message_notify", note):
            with freeze_time(LATER):
                self.card._start()
            with freeze_time("2031-02-07 12:00:00"):
                self.env.invalidate_all()
                self.env["sales.scorecard"]._cron_remind()
                self._as("leader").with_context(lang="zh_CN").action_skip_self()
            with freeze_time("2031-03-07 12:00:00"):
                self.env.invalidate_all()
                self.env["sales.scorecard"]._cron_remind()
        self.assertEqual(
            told, [(rep.ids, "zh_CN"), (rep.ids, "zh_CN"), (leader.ids, "en_US")]
        )

    def test_calibrated(self):
        with freeze_time(LATER):
            self._judge(self.card)
            card = self._as("manager")
            with self.assertRaises(UserError):
                card._calibrate(self.grades["A"], " ")
            card._calibrate(self.grades["A"], "New territory")
            self.assertEqual(self.card.grade_id, self.grades["A"])
            self.assertEqual(self.card.score_grade_id, self.grades["B"])
            move = self.card.move_ids
            self.assertEqual(
                (move.from_grade_id, move.to_grade_id, move.moved_by_id),
                (self.grades["B"], self.grades["A"], self.users["manager"]),
            )
            card.action_compute()
            self.assertEqual(self.card.grade_id, self.grades["A"])
            with self.assertRaises(UserError):
                move.with_user(self.users["director"]).write({"reason": "x"})
            board = (
                self.env["sales.scorecard"]
                .with_user(self.users["manager"])
                .get_calibration_board()
            )
            found = {grade["name"]: grade["cards"] for grade in board["grades"]}
            self.assertEqual([one["id"] for one in found["A"]], self.card.ids)
            self.assertTrue(found["A"][0]["is_moved"])
            with self.assertRaises(AccessError):
                self.env["sales.scorecard"].with_user(
                    self.users["leader"]
                ).get_calibration_board()

    def test_distribution(self):
        """Seven people by 10/20/50/15/5: 1, 1, 4, 1, 0; who is equal gets the same."""
        template = self._template(
            self._lines(), sequence=1, forced=True, forced_minimum=5
        )
        template.action_publish()
        self._open(date(2031, 2, 5))
        cards = self.env["sales.scorecard"].search(
            [("template_id", "=", template.id)], order="id"
        )
        day = date(2031, 2, 1)
        with freeze_time("2031-03-03 12:00:00"):
            model = self.env["sales.scorecard"]
            for number, card in enumerate(cards):
                self._judge(card, (90, 80, 70, 70, 70, 60, 50)[number])
            # No calibrator; of a part of the group only; with an own card in it.
            for name in ("leader", "manager", "director"):
                with self.assertRaises(UserError, msg=name):
                    model.with_user(self.users[name]).action_distribute(
                        template.id, day
                    )
            found = model.with_user(self.users["operations"]).action_distribute(
                template.id, day
            )
            self.assertFalse(found["ties"])
            self.assertEqual(
                [card.grade_id.name for card in cards.sorted("score", reverse=True)],
                ["S", "A", "B", "B", "B", "B", "C"],
            )
            self.assertEqual(set(cards.move_ids.mapped("kind")), {"distribution"})
            again = model.with_user(self.users["operations"]).action_distribute(
                template.id, day
            )
            self.assertEqual(again["moved"], 0)

    def test_distribution_of_whole_people(self):
        """Who has a card for each part of the period counts once, by working days."""
        template = self._template(
            self._lines(), sequence=1, forced=True, forced_minimum=7
        )
        template.action_publish()
        teams = self.env["crm.team"].create([{"name": "One"}, {"name": "Two"}])
        rep = self.reps["rep"]
        rep._change_assignment(date(2030, 1, 1), {"team_id": teams[0].id})
        rep._change_assignment(date(2031, 2, 8), {"team_id": teams[1].id})
        day = date(2031, 2, 1)
        self._open(day)
        cards = self.env["sales.scorecard"].search([("template_id", "=", template.id)])
        self.assertEqual(len(cards), 8)
        parts = cards.filtered(lambda card: card.rep_id == rep).sorted("date_from")
        self.assertEqual(parts.mapped("share"), [25, 75])
        model = self.env["sales.scorecard"].with_user(self.users["operations"])
        with freeze_time("2031-03-03 12:00:00"):
            for number, card in enumerate((cards - parts).sorted("id")):
                self._judge(card, (95, 90, 80, 70, 60, 50)[number])
            for card, value in zip(parts, (100, 20), strict=True):
                self._judge(card, value)
            # 7 people: 1, 1, 4, 1, 0. 25 % of 40 and 75 % of 8 is 16: last, though one
            # part is the best of all.
            self.assertEqual(parts.mapped("score"), [40, 8])
            self.assertEqual(parts._get_score_together(), 1600)
            model.action_distribute(template.id, day)
            self.assertEqual(len(parts.grade_id), 1)
            people = cards._get_people()
            self.assertEqual(len(people), 7)
            board = model.get_calibration_board([template.id, str(day)])
            self.assertEqual(
                [(g["name"], g["people"], g["quota"]) for g in board["grades"]],
                [("S", 1, 1), ("A", 1, 1), ("B", 4, 4), ("C", 1, 1), ("D", 0, 0)],
            )
            # By hand, too, a person has one grade.
            parts[0].with_user(self.users["manager"])._calibrate(
                self.grades["A"], "Two teams in a month"
            )
            self.assertEqual(parts.grade_id, self.grades["A"])
            self.assertEqual(
                parts.move_ids.filtered(lambda m: m.kind == "hand").card_id, parts
            )

    def test_who_has_left(self):
        """The self-assessment is not waited for; the nearest above acts instead."""
        peer = self._card("peer")
        self.reps["rep"].write({"state": "left", "date_end": "2031-01-31"})
        with freeze_time(LATER):
            (self.card + peer)._start()
            self.assertEqual(self.card.state, "manager")
            self.assertEqual(self.card.waits_for_id, self.users["leader"])
            self.assertEqual(peer.state, "self")
            # The manager goes while the card waits.
            self.reps["leader"].write({"state": "left", "date_end": "2031-02-02"})
            self.env["sales.scorecard"]._pass_on()
            self.assertEqual(self.card.waits_for_id, self.users["manager"])
            card = self._as("manager")
            self._line(card, "Judgement").write({"manager_value": 70})
            card.action_submit()
            self.assertEqual(self.card.waits_for_id, self.users["director"])
            # Who assesses goes meanwhile.
            self.reps["peer"].write({"state": "left", "date_end": "2031-02-02"})
            self.env["sales.scorecard"]._pass_on()
            self.assertEqual(peer.state, "manager")
            before = peer.due_on, peer.waits_for_id
            self.env["sales.scorecard"]._pass_on()
            self.assertEqual((peer.due_on, peer.waits_for_id), before)
            self._as("director").action_confirm()
            self.assertEqual(self.card.state, "confirmed")
        # The one at the top is not the own judge.
        top = self._card("director")
        with freeze_time(LATER):
            top._start()
            top.with_user(self.users["director"]).action_submit_self()
        self.assertTrue(top.waits_for_id)
        self.assertNotEqual(top.waits_for_id, self.users["director"])
        self.assertTrue(
            top.waits_for_id.has_groups(
                "sales_force.group_sales_director,sales_force.group_sales_operations"
            )
        )

    def test_bulk(self):
        """One bad card among many: it is named, and nothing is half done."""
        with freeze_time(LATER):
            cards = self._card("rep") + self._card("peer") + self._card("leader")
            operations = cards.with_user(self.users["operations"])
            self._judge(cards)
            self._card("peer").with_user(self.users["director"]).action_send_back()
            with self.assertRaises(UserError) as caught:
                operations.action_confirm()
            self.assertIn("Peer ·", str(caught.exception))
            self.assertNotIn("Leader ·", str(caught.exception))
            self.assertEqual(
                cards.mapped("state"), ["calibration", "manager", "calibration"]
            )
            self._card("peer")._start()
            self._card("leader")._move("manager")
            self._card("leader").line_ids.write({"manager_given": False})
            self._card("rep")._move("manager")
            with self.assertRaises(UserError) as caught:
                (self._card("rep") + self._card("leader")).with_user(
                    self.users["director"]
                ).action_submit()
            self.assertIn("Leader ·", str(caught.exception))
            self.assertNotIn("Rep ·", str(caught.exception))
            self.assertEqual(self.card.state, "manager")
            # The own one among others.
            mine = self._card("manager")
            self._judge(mine + self.card)
            with self.assertRaises(AccessError) as caught:
                (mine + self.card).with_user(self.users["manager"]).action_confirm()
            self.assertIn("Manager ·", str(caught.exception))
            self.assertEqual(self.card.state, "calibration")
