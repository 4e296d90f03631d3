"""Who reads rules, proposals and files: all roles, all models; nobody writes."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .consequence_common import ConsequenceCase

OPERATIONS = ("read", "write", "create", "unlink")
# role: whose undecided and whose decided proposals are read, whose file.
MATRIX = {
    "rep": (set(), {"own"}, {"own"}),
    "leader": ({"subtree"}, {"own", "subtree"}, {"own", "subtree"}),
    "manager": ({"subtree"}, {"own", "subtree"}, {"own", "subtree"}),
    "director": (
        {"subtree", "other"},
        {"own", "subtree", "other"},
        {"own", "subtree", "other"},
    ),
    "operations": (
        {"subtree", "other"},
        {"subtree", "other"},
        {"own", "subtree", "other"},
    ),
    "finance": (set(), set(), set()),
}
ROLES_OF_RULES = {
    "rep": {"read"},
    "leader": {"read"},
    "manager": {"read"},
    "director": set(OPERATIONS),
    "operations": set(OPERATIONS),
    "finance": set(),
}


@tagged("post_install", "-at_install")
@freeze_time("2031-07-07 12:00:00")
class TestConsequenceAccess(ConsequenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls._rule(times=1, within=1, kind="salary", name="First")
        cls.second = cls._rule(times=1, within=1, kind="salary", name="Second")
        cls.draft = cls._rule(run=False, name="Draft")
        names = list(cls.reps)
        for name in names:
            cls._make_card(name, 1, 95)
        proposals = cls.env["sales.consequence"].search([])
        foreign = cls.env["sales.consequence"].create(
            [
                {
                    "rule_id": rule.id,
                    "kind": "salary",
                    "rep_id": cls.reps["foreigner"].id,
                    "company_id": cls.company_b.id,
                    "period": "month",
                    "period_from": "2031-01-01",
                    "period_to": "2031-01-31",
                }
                for rule in cls.first + cls.second
            ]
        )
        foreign._add_steps()
        cls.proposals = proposals | foreign
        for proposal in cls.proposals.filtered(lambda one: one.rule_id == cls.second):
            proposal._conclude("approved", proposal.step_ids[-1:])

    def _whose(self, role, rep):
        if rep.company_id == self.company_b:
            return "foreign"
        if rep.user_id == self.users[role]:
            return "own"
        mine = self.reps.get(role)
        if mine and rep.parent_path.startswith(mine.parent_path):
            return "subtree"
        return "other"

    def _found(self, record, role):
        return {
            name
            for name in OPERATIONS
            if record.with_user(self.users[role]).has_access(name)
        }

    def test_matrix(self):
        self.assertEqual(len(self.proposals), 16)
        wrong = []
        for role, (open_ones, decided, files) in MATRIX.items():
            for proposal in self.proposals:
                whose = self._whose(role, proposal.rep_id)
                seen = decided if proposal.state == "approved" else open_ones
                expected = {"read"} if whose in seen else set()
                for record in (proposal, proposal.step_ids[0]):
                    found = self._found(record, role)
                    if found != expected:
                        wrong.append((role, record._name, whose, proposal.state, found))
            for row in self.env["sales.rep.file"].search([]):
                expected = {"read"} if self._whose(role, row.rep_id) in files else set()
                found = self._found(row, role)
                if found != expected:
                    wrong.append((role, row._name, row.rep_id.name, found))
        self.assertFalse(wrong)

    def test_rules(self):
        wrong = []
        for role, allowed in ROLES_OF_RULES.items():
            for rule in (self.first, self.draft):
                expected = allowed
                if rule == self.draft and "write" not in allowed:
                    expected = set()
                found = self._found(rule, role)
                if found != expected:
                    wrong.append((role, rule.name, found))
        self.assertFalse(wrong)

    def test_stamped(self):
        everybody = self._user(
            "all",
            "sales_force.group_sales_director,sales_force.group_sales_operations,"
            "base.group_system",
        )
        proposal = self.proposals[0].with_user(everybody)
        for record, vals in (
            (proposal, {"state": "approved"}),
            (proposal, {"percent": 50}),
            (proposal.step_ids, {"state": "approved"}),
            (self.first.with_user(everybody), {"state": "draft"}),
        ):
            with self.assertRaises(UserError, msg=vals):
                record.write(vals)
        with self.assertRaises(UserError):
            proposal.create({"rule_id": self.first.id})
        with self.assertRaises(UserError):
            self.env["sales.rep.file"].with_user(everybody).create({"points": 3})

    def test_words_of_what_is_not_read(self):
        """Neither by opening nor by the dialog of a refusal."""
        other = self.proposals.filtered(
            lambda one: one.rep_id == self.reps["peer"] and one.state == "proposed"
        )
        for role in ("rep", "leader", "finance"):
            with self.assertRaises(AccessError, msg=role):
                other.with_user(self.users[role]).read(["reason"])
            with self.assertRaises(AccessError, msg=role):
                other.with_user(self.users[role]).action_approve()
        with self.assertRaises(AccessError):
            self.env["sales.consequence.refuse"].with_user(self.users["leader"]).create(
                {"consequence_ids": other.ids, "reason": "x"}
            ).action_refuse()

    def test_everybody_sees_the_screens(self):
        """Lists, forms and the file are read as each role without an error."""
        for role in ("rep", "leader", "director", "operations"):
            user = self.users[role]
            for model in (
                "sales.consequence",
                "sales.rep.file",
                "sales.consequence.rule",
            ):
                found = self.env[model].with_user(user).search([])
                views = found.get_views([(False, "list"), (False, "kanban")])
                names = list(views["models"][model]["fields"])
                self.assertTrue(found)
                found.web_read({name: {} for name in names})
