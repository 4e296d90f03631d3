"""Who reads and writes cards, by whose they are: all roles, all models."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import AppraisalCase

OPERATIONS = ("read", "write", "create", "unlink")
CARD = {"read", "write"}
ALL = {"own", "subtree", "other", "foreign"}
# role: whose cards are seen, and what may be done with templates.
MATRIX = {
    "rep": ({"own"}, {"read"}),
    "leader": ({"own", "subtree"}, {"read"}),
    "manager": ({"own", "subtree"}, {"read"}),
    "director": ({"own", "subtree", "other"}, set(OPERATIONS)),
    "operations": ({"own", "subtree", "other"}, set(OPERATIONS)),
    "finance": (set(), set()),
}
MODELS = (
    "sales.scorecard",
    "sales.scorecard.line",
    "sales.scorecard.appeal",
    "sales.scorecard.move",
)


@tagged("post_install", "-at_install")
class TestAccess(AppraisalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls._template(
            [{"name": "J", "kind": "judgement", "weight": 100}],
            company_id=cls.company_b.id,
        )
        cls.foreign.action_publish()
        # Also the cards of teams: each is its leader's.
        cls._template(
            [{"name": "J", "kind": "judgement", "weight": 100}],
            name="Teams",
            subject="teams",
        ).action_publish()
        for leader, member in (("leader", "rep"), ("peer_leader", "peer")):
            team = cls.env["crm.team"].create(
                {"name": leader, "user_id": cls.users[leader].id}
            )
            cls.reps[member].assignment_ids.team_id = team
        cards = cls.env["sales.scorecard"]
        for company in (cls.company, cls.company_b):
            cards |= cards._open_period(company, "month", date(2031, 1, 1))
        cls.records = {"sales.scorecard": cards, "sales.scorecard.line": cards.line_ids}
        cls.records["sales.scorecard.appeal"] = cls.env[
            "sales.scorecard.appeal"
        ].create([{"card_id": card.id, "reason": "Why"} for card in cards])
        grade = cls.env["sales.scorecard.grade"].search([], limit=1)
        cls.records["sales.scorecard.move"] = cls.env["sales.scorecard.move"].create(
            [
                {
                    "card_id": card.id,
                    "kind": "hand",
                    "to_grade_id": grade.id,
                    "reason": "Why",
                }
                for card in cards
            ]
        )

    def _whose(self, role, record):
        rep = (record.card_id if "card_id" in record else record).owner_id
        user = self.users[role]
        if rep.company_id == self.company_b:
            return "foreign"
        if rep.user_id == user:
            return "own"
        mine = self.reps.get(role)
        if mine and rep.parent_path.startswith(mine.parent_path):
            return "subtree"
        return "other"

    def test_matrix(self):
        wrong = []
        for role, (seen, _templates) in MATRIX.items():
            user = self.users[role]
            for model, records in self.records.items():
                allowed = {"read"} if model.endswith(("appeal", "move")) else set(CARD)
                if role == "operations" and model == "sales.scorecard":
                    allowed |= {"unlink"}
                for record in records:
                    whose = self._whose(role, record)
                    found = {
                        name
                        for name in OPERATIONS
                        if record.with_user(user).has_access(name)
                    }
                    if found != (allowed if whose in seen else set()):
                        wrong.append((role, model, whose, found))
        self.assertFalse(wrong)

    def test_teams(self):
        """A member does not read the team's card, whatever the company shows."""
        cards = self.records["sales.scorecard"].filtered(lambda card: not card.rep_id)
        self.assertEqual(len(cards), 2)
        self.company.sales_team_score_shown = True
        card = cards.filtered(lambda one: one.leader_id == self.reps["leader"])
        card.state = "confirmed"
        self.assertEqual(self._card("rep").team_id, card.team_id)
        readers = {
            role
            for role in (*MATRIX, "peer", "peer_leader", "foreigner")
            if card.with_user(self.users[role]).has_access("read")
        }
        self.assertEqual(readers, {"leader", "manager", "director", "operations"})

    def test_templates(self):
        wrong = []
        draft = self._template([{"name": "D", "kind": "judgement", "weight": 100}])
        for role, (_seen, allowed) in MATRIX.items():
            user = self.users[role]
            for template, expected in (
                (self.template, allowed),
                (draft, allowed if "write" in allowed else set()),
                (self.foreign, set()),
            ):
                for record in (template, template.line_ids[0]):
                    found = {
                        name
                        for name in OPERATIONS
                        if record.with_user(user).has_access(name)
                    }
                    if found != expected:
                        wrong.append((role, record, found, expected))
        self.assertFalse(wrong)

    def test_stamped(self):
        """Also for who may write a card: only words, in their time, and one's own."""
        card = self._card()
        for role in ("rep", "leader", "director", "operations"):
            mine = card.with_user(self.users[role])
            for vals in (
                {"score": 200},
                {"state": "confirmed"},
                {"grade_id": 1},
                {"rep_id": self.reps["peer"].id},
                {"line_ids": [(5, 0, 0)]},
                {"self_comment": "Not yet"},
            ):
                with self.assertRaises(UserError, msg=(role, vals)):
                    mine.write(vals)
            with self.assertRaises(UserError):
                mine.line_ids[0].write({"score": 100})

    def test_wizard(self):
        """The dialog shows nothing of a card that one may not read."""
        card = self._card("peer")
        wizard = (
            self.env["sales.scorecard.reason"]
            .with_user(self.users["rep"])
            .create({"card_id": card.id, "step": "appeal", "reason": "Mine"})
        )
        for name in ("score", "current_grade_id", "appeal"):
            with self.assertRaises(AccessError, msg=name):
                wizard.invalidate_recordset()
                wizard.read([name])
        with self.assertRaises(AccessError):
            wizard.action_apply()

    def test_actions(self):
        """Nobody outside of the subtree takes a step."""
        card = self._card("peer")
        for role in ("rep", "leader", "manager", "finance"):
            other = card.with_user(self.users[role])
            for action in (
                "action_compute",
                "action_start",
                "action_submit_self",
                "action_submit",
                "action_send_back",
                "action_confirm",
                "action_acknowledge",
            ):
                with self.assertRaises(AccessError, msg=(role, action)):
                    getattr(other, action)()
        for role in ("rep", "leader", "manager", "finance"):
            with self.assertRaises(AccessError):
                self.env["sales.scorecard"].with_user(
                    self.users[role]
                ).action_open_period(self.company.id, "month", "2031-02-01")
        with self.assertRaises(AccessError):
            self.env["sales.scorecard"].with_user(
                self.users["director"]
            ).action_open_period(self.company_b.id, "month", "2031-02-01")
