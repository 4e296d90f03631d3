"""Before the confirmation nobody reads the judgement of the own card, by no way."""

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import AppraisalCase

JUDGED = 61.37
# 0.6 · 92 + 0.4 · 61.37
SCORE = 79.75


@tagged("post_install", "-at_install")
class TestWithheld(HttpCase, AppraisalCase):
    def setUp(self):
        super().setUp()
        self._sell("rep", 920)
        self._open()
        self.card = self._card()
        self.users["rep"].group_ids += self.env.ref("base.group_allow_export")
        with freeze_time("2031-02-03 12:00:00"):
            self.card._start()
            rep = self.card.with_user(self.users["rep"])
            rep.line_ids[1].self_value = 95
            rep.action_submit_self()
            leader = self.card.with_user(self.users["leader"])
            leader.write(
                {
                    "manager_comment": "A secret",
                    "line_ids": [
                        (
                            1,
                            leader.line_ids[1].id,
                            {"manager_value": JUDGED, "manager_comment": "A secret"},
                        )
                    ],
                }
            )
        self.env.flush_all()
        self.env.invalidate_all()

    def _mine(self, name="rep"):
        return self.card.with_user(self.users[name])

    def _calibrate(self):
        with freeze_time("2031-02-03 12:00:00"):
            self._mine("leader").action_submit()
            self._mine("manager")._calibrate(self.grades["S"], "A secret")

    def test_read(self):
        """What was known at the end of the self-assessment, and nothing else."""
        for state in ("manager", "calibration"):
            if state == "calibration":
                self._calibrate()
            self.assertEqual(self.card.state, state)
            self.assertEqual(self.card.score, SCORE)
            for warm in (False, True):
                # Also where the system has read the card in the same transaction.
                self.env.invalidate_all()
                if warm:
                    self.card.read()
                    self.card.line_ids.read()
                    self.card.invalidate_recordset(["move_ids"])
                with self.subTest(state=state, warm=warm):
                    self._check_nothing_told()

    def _check_nothing_told(self):
        mine = self._mine()
        self.assertTrue(mine.is_withheld)
        (values,) = mine.read()
        self.assertEqual((values["score"], values["has_score"]), (92, True))
        for name in (
            *("weighted", "points", "capped_at", "is_capped", "is_calibrated"),
            *("grade_id", "score_grade_id", "manager_comment", "has_changed"),
        ):
            self.assertFalse(values[name], name)
        self.assertEqual(values["score_now"], 92)
        told = str((values, mine.line_ids.read(), mine.move_ids.read()))
        told += str(mine.export_data(["score", "grade_id/name", "line_ids/part"]))
        told += str(mine.line_ids.mapped("explanation") + [mine.summary])
        told += str(mine.line_ids.mapped("lift_text") + [mine.best_lift])
        told += str(mine.message_ids.read())
        for secret in ("61.37", "79.75", "secret", "24.55", "55.2"):
            self.assertNotIn(secret, told)
        self.assertFalse(mine.move_ids)
        self.assertFalse(mine.grade_id)
        self.assertEqual(mine.mapped("score"), [92])
        fact, judged, _conduct = mine.line_ids
        self.assertEqual((fact.score, fact.actual, fact.part), (92, 920, 0))
        self.assertEqual((judged.applies, judged.missing), (False, "judgement"))
        self.assertEqual(judged.self_value, 95)

    def test_searched_and_grouped(self):
        """No search, order or group tells it either."""
        self._calibrate()
        cards = self.env["sales.scorecard"].with_user(self.users["rep"])
        lines = self.env["sales.scorecard.line"].with_user(self.users["rep"])
        self.assertEqual(cards.search([("score", "=", 92)]), self.card)
        for domain in (
            [("score", "<", 80)],
            [("grade_id", "!=", False)],
            [("grade_id.name", "=", "S")],
            [("is_calibrated", "=", True)],
            [("manager_comment", "ilike", "secret")],
            [("line_ids.manager_value", ">", 60)],
            [("line_ids.part", "!=", 0)],
            [("move_ids.reason", "ilike", "secret")],
            [("weighted", ">", 0)],
        ):
            self.assertFalse(cards.search(domain), domain)
        for domain in (
            [("score", "=", JUDGED)],
            [("manager_given", "=", True)],
            [("applies", "=", True), ("kind", "=", "judgement")],
            [("card_id.score", "<", 80)],
            [("card_id.grade_id", "!=", False)],
        ):
            self.assertFalse(lines.search(domain), domain)
        found = cards.formatted_read_group(
            [], ["grade_id"], ["score:avg", "score:max", "weighted:sum"]
        )
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["grade_id"], False)
        self.assertEqual((found[0]["score:avg"], found[0]["score:max"]), (92, 92))
        self.assertFalse(found[0]["weighted:sum"])
        found = lines.formatted_read_group([], ["kind"], ["score:sum", "part:sum"])
        self.assertEqual(
            {row["kind"]: row["score:sum"] or 0 for row in found},
            {"metric": 92, "judgement": 0, "conduct": 0},
        )
        self.assertFalse(any(row["part:sum"] for row in found))
        self.assertEqual(
            lines.search([], order="score desc, id").mapped("kind")[-1:]
            + cards.search([], order="grade_id, score").mapped("score"),
            ["conduct", 92],
        )

    def test_page(self):
        """Nor the printed card, nor a notification."""
        self._calibrate()
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.users["rep"])
            ._render_qweb_html("sales_appraisal.report_scorecard", self.card.ids)
        )
        self.assertIn(b"92.00", html)
        for secret in (b"61.37", b"79.75", b"secret", b"24.55"):
            self.assertNotIn(secret, html)
        messages = self.env["mail.message"].search(
            [("partner_ids", "in", self.users["rep"].partner_id.ids)]
        )
        self.assertNotIn("79.75", str(messages.mapped("body")))

    def test_the_others_read_it(self):
        self._calibrate()
        for name in ("leader", "manager", "director", "operations"):
            card = self._mine(name)
            self.assertFalse(card.is_withheld)
            self.assertEqual((card.score, card.grade_id.name), (SCORE, "S"), name)
            self.assertEqual(card.move_ids.reason, "A secret")
            self.assertIn(
                card,
                card.search([("score", "=", SCORE), ("grade_id.name", "=", "S")]),
            )

    def test_own_cards_of_all(self):
        """Whoever it is: also who leads, calibrates or configures."""
        self.users["manager"].group_ids += self.env.ref(
            "sales_force.group_sales_director"
        ) + self.env.ref("sales_force.group_sales_operations")
        card = self._card("manager")
        self._judge(card, JUDGED)
        self.assertEqual(card.state, "calibration")
        self.assertTrue(card.has_score)
        self.env.invalidate_all()
        mine = card.with_user(self.users["manager"])
        self.assertFalse(mine.has_score)
        self.assertFalse(mine.search([("score", "=", card.score)]) & card)
        board = mine.get_calibration_board([card.template_id.id, str(card.period_from)])
        shown = [one["id"] for grade in board["grades"] for one in grade["cards"]]
        self.assertNotIn(card.id, shown)

    def test_confirmed(self):
        self._calibrate()
        with freeze_time("2031-02-03 12:00:00"):
            self._mine("manager").action_confirm()
        mine = self._mine()
        self.assertEqual((mine.score, mine.grade_id.name), (SCORE, "S"))
        self.assertEqual(mine.move_ids.reason, "A secret")
        self.assertEqual(mine.line_ids[1].manager_comment, "A secret")
        self.assertIn("79.75", str(mine.message_ids.mapped("body")))
        # An appeal is granted: the former score goes on being read.
        with freeze_time("2031-02-04 12:00:00"):
            self._sell("rep", 80)
            mine._appeal("An invoice is missing")
            self.card.appeal_ids.with_user(self.users["director"])._decide(
                "granted", "Right"
            )
        self.assertEqual(self.card.state, "calibration")
        self.assertNotEqual(self.card.score, SCORE)
        self.env.invalidate_all()
        self.assertEqual(mine.score, SCORE)
        self.assertFalse(mine.grade_id)

    def test_rpc(self):
        """What a browser asks for: the form, the list, and an export."""
        self._calibrate()
        self.authenticate(self.users["rep"].login, self.users["rep"].login)
        spec = {
            "score": {},
            "grade_id": {"fields": {"display_name": {}}},
            "manager_comment": {},
            "summary": {},
            "line_ids": {
                "fields": {
                    name: {}
                    for name in (
                        *("score", "part", "weight_used", "manager_value"),
                        *("manager_comment", "explanation", "lift_text"),
                    )
                }
            },
            "move_ids": {"fields": {"reason": {}}},
        }
        for method, args, kwargs in (
            ("web_read", [self.card.ids, spec], {}),
            ("web_search_read", [], {"domain": [], "specification": spec}),
            ("export_data", [self.card.ids, ["score", "line_ids/part"]], {}),
            ("search_read", [[], ["score", "grade_id"]], {}),
        ):
            answer = self.make_jsonrpc_request(
                f"/web/dataset/call_kw/sales.scorecard/{method}",
                {
                    "model": "sales.scorecard",
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                },
            )
            self.assertIn("92", str(answer), method)
            for secret in ("61.37", "79.75", "secret", "24.55", "55.2"):
                self.assertNotIn(secret, str(answer), method)

    def test_not_the_cards_of_others(self):
        with self.assertRaises(AccessError):
            self._card("peer").with_user(self.users["rep"]).read(["shown_score"])
