"""Two who act at once, in real transactions: nothing twice, nothing lost."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "scorecard concurrency"
DAY = date(2025, 1, 10)
PEOPLE = ("director", "manager", "leader", "rep")


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            self.before = (
                env["sales.scorecard"].search([], order="id desc", limit=1).id or 0
            )
            company = env.ref("base.main_company")
            team = env["crm.team"].create({"name": NAME, "company_id": company.id})
            boss, self.users = env["sales.rep"], {}
            for name in PEOPLE:
                group = env.ref(f"sales_force.group_sales_{name}")
                user = env["res.users"].create(
                    {
                        "name": f"{NAME} {name}",
                        "login": f"scorecard_concurrency_{name}",
                        "company_id": company.id,
                        "company_ids": [Command.set(company.ids)],
                        "group_ids": [Command.set(group.ids)],
                    }
                )
                boss = env["sales.rep"].create(
                    {
                        "user_id": user.id,
                        "company_id": company.id,
                        "parent_id": boss.id,
                        "team_id": team.id,
                        "date_start": "2020-01-01",
                        "state": "active",
                    }
                )
                self.users[name] = user.id
            self.team = team.id
            team.user_id = self.users["leader"]
            for subject in ("reps", "teams"):
                env["sales.scorecard.template"].create(
                    {
                        "name": NAME,
                        "company_id": company.id,
                        "subject": subject,
                        "team_ids": [Command.set(team.ids)],
                        "date_from": "2025-01-01",
                        "sequence": -1,
                        "line_ids": [
                            Command.create(
                                {"name": "J", "kind": "judgement", "weight": 100}
                            )
                        ],
                    }
                ).action_publish()

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            templates = env["sales.scorecard.template"].search([("name", "=", NAME)])
            cards = env["sales.scorecard"].search(
                [("template_id", "in", templates.ids)]
            )
            if hasattr(self, "before"):
                # Of other templates in a kept database.
                cards |= cards.search([("id", ">", self.before)])
            cards.appeal_ids.unlink()
            cards.write({"state": "open"})
            cards.unlink()
            templates.write({"state": "draft"})
            templates.unlink()
            users = env["res.users"].search(
                [("login", "like", "scorecard_concurrency_")]
            )
            reps = users.sales_rep_ids
            reps.assignment_ids.write({"manager_id": False, "team_id": False})
            reps.unlink()
            env["crm.team"].search([("name", "=", NAME)]).unlink()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _open(self, env):
        return env["sales.scorecard"]._open_period(
            env.ref("base.main_company"), "month", DAY
        )

    def _as(self, env, card, name):
        return env["sales.scorecard"].browse(card).with_user(self.users[name])

    def _prepare(self, state):
        """The rep's card in a step."""
        with self._environment() as env:
            self._open(env)
            card = env["sales.scorecard"].search([("user_id", "=", self.users["rep"])])
            card._start()
            card._hand_over()
            card.line_ids.manager_value = 80
            card._move("calibration")
            if state == "confirmed":
                self._as(env, card.id, "manager").action_confirm()
            return card.id

    def test_opened_by_two(self):
        runs = self._race(self._open, self._open)
        self.assertEqual(runs, 2)
        with self._environment() as env:
            cards = env["sales.scorecard"].search([("team_id", "=", self.team)])
            self.assertEqual(len(cards), len(PEOPLE) + 1)
            self.assertEqual(len(cards.line_ids), len(cards))
            self.assertEqual(len(cards.filtered(lambda card: not card.rep_id)), 1)

    def test_confirmed_by_two(self):
        """The second is told that it is done: one confirmation, one message."""
        card = self._prepare("calibration")
        with self.assertRaises(UserError) as caught:
            self._race(
                lambda env: self._as(env, card, "manager").action_confirm(),
                lambda env: self._as(env, card, "director").action_confirm(),
            )
        self.assertIn("Confirmed", str(caught.exception))
        with self._environment() as env:
            found = env["sales.scorecard"].browse(card)
            self.assertEqual(found.confirmed_by_id.id, self.users["manager"])
            told = found.message_ids.filtered(lambda m: "Confirmed:" in (m.body or ""))
            self.assertEqual(len(told), 1)

    def test_appealed_twice(self):
        card = self._prepare("confirmed")
        with self.assertRaises(UserError):
            self._race(
                lambda env: self._as(env, card, "rep")._appeal("Once"),
                lambda env: self._as(env, card, "rep")._appeal("Twice"),
            )
        with self._environment() as env:
            found = env["sales.scorecard"].browse(card)
            self.assertEqual(found.appeal_ids.mapped("reason"), ["Once"])
            self.assertEqual(found.state, "appealed")

    def test_acknowledged_while_appealed(self):
        card = self._prepare("confirmed")
        with self.assertRaises(UserError):
            self._race(
                lambda env: self._as(env, card, "rep").action_acknowledge(),
                lambda env: self._as(env, card, "rep")._appeal("Too late"),
            )
        with self._environment() as env:
            found = env["sales.scorecard"].browse(card)
            self.assertEqual((found.state, len(found.appeal_ids)), ("acknowledged", 0))

    def test_two_grades(self):
        """Two grades at once: the second sees the first, both moves are kept."""
        card = self._prepare("calibration")

        def move(name, user):
            def run(env):
                grade = env["sales.scorecard.grade"].search([("name", "=", name)])
                self._as(env, card, user)._calibrate(grade, name)

            return run

        runs = self._race(move("S", "manager"), move("D", "director"))
        self.assertEqual(runs, 2)
        with self._environment() as env:
            found = env["sales.scorecard"].browse(card)
            self.assertEqual(found.grade_id.name, "D")
            self.assertEqual(
                [(m.from_grade_id.name, m.reason) for m in found.move_ids.sorted("id")],
                [(found.score_grade_id.name, "S"), ("S", "D")],
            )
