"""Who reads and writes what about pay: all roles, all models, whosever it is."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .commission_common import CommissionCase

OPERATIONS = ("read", "write", "create", "unlink")
ROLES = ("rep", "leader", "manager", "director", "operations", "finance")
# role: whose pay is seen; where the company says so, a leader's people as well.
SEEN = {
    "rep": {"own"},
    "leader": {"own"},
    "manager": {"own", "subtree"},
    "director": {"own", "subtree", "other"},
    "operations": {"own", "subtree", "other"},
    "finance": {"own", "subtree", "other"},
}
MAY = {
    "sales.commission.statement": {"read", "write"},
    "sales.commission.entry": {"read"},
    "sales.commission.dispute": {"read", "write"},
}


@tagged("post_install", "-at_install")
class TestCommissionAccess(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.published = cls._plan({}, {"credited": "override", "rate": 1}, name="Ours")
        cls.foreign = cls._plan(
            {"metric": "ORDERED"}, name="Theirs", company_id=cls.company_b.id
        )
        for name in ("rep", "leader", "manager", "director", "peer"):
            cls._sell(cls, name, 1000)
        order = cls._order(cls.users["foreigner"], cls.company_b)
        order.date_order = "2031-01-10 10:00:00"
        cls.statements = cls.env["sales.commission.statement"]
        for company in (cls.company, cls.company_b):
            cls.statements._run(company, date(2031, 1, 10))
        cls.all = {
            "sales.commission.statement": cls.statements.search([]),
            "sales.commission.entry": cls.entries.search([]),
            "sales.commission.dispute": cls._dispute_all(),
        }

    @classmethod
    def _dispute_all(cls):
        """Everybody disputes a line of the own pay."""
        disputes = cls.env["sales.commission.dispute"]
        found = disputes
        for rep, entries in cls.entries.search([]).grouped("rep_id").items():
            found |= disputes.with_user(rep.user_id)._open(
                entries[:1].with_user(rep.user_id), "data", "It is more"
            )
        return found.with_env(cls.env)

    def _whose(self, role, record):
        rep, user = record.rep_id, self.users[role]
        if rep.company_id == self.company_b:
            return "foreign"
        if rep.user_id == user:
            return "own"
        mine = self.reps.get(role)
        if mine and rep.parent_path.startswith(mine.parent_path):
            return "subtree"
        return "other"

    def _assert_matrix(self, seen):
        wrong, kinds = [], set()
        for role in ROLES:
            user = self.users[role]
            for model, records in self.all.items():
                readable = records.with_user(user).search([("id", "in", records.ids)])
                for record in records:
                    whose = self._whose(role, record)
                    kinds.add((role, whose))
                    expected = MAY[model] if whose in seen[role] else set()
                    found = {
                        name
                        for name in OPERATIONS
                        if record.with_user(user).has_access(name)
                    }
                    if found != expected or (record in readable) != bool(expected):
                        wrong.append((role, model, whose, found))
        self.assertFalse(wrong)
        self.assertIn(("leader", "subtree"), kinds)
        self.assertIn(("rep", "other"), kinds)
        self.assertIn(("finance", "foreign"), kinds)

    def test_matrix(self):
        self._assert_matrix(SEEN)

    def test_matrix_leaders_see_pay(self):
        self.company.sales_leaders_see_pay = True
        self._assert_matrix({**SEEN, "leader": {"own", "subtree"}})
        # Of this company; the other one has not said so.
        self.assertFalse(self.company_b.sales_leaders_see_pay)

    def test_internal(self):
        """What a run keeps for itself, nobody of the organisation reads."""
        for role in ROLES:
            for model in ("sales.commission.stamp", "sales.commission.basis"):
                with self.assertRaises(AccessError, msg=(role, model)):
                    self.env[model].with_user(self.users[role]).search([])

    def test_no_leak(self):
        """Neither sums, nor exports, nor a search by amount tell of others."""
        for role in ("rep", "leader"):
            user = self.users[role]
            user.group_ids = [(4, self.env.ref("base.group_allow_export").id)]
            for model, records in self.all.items():
                mine = self.env[model].with_user(user)
                own = records.filtered(lambda one, u=user: one.rep_id.user_id == u)
                hidden = records - own
                [(total, count)] = mine._read_group([], [], ["amount:sum", "__count"])
                self.assertEqual(count, len(own))
                self.assertAlmostEqual(total, sum(own.mapped("amount")))
                groups = mine.formatted_read_group([], ["rep_id"], ["amount:sum"])
                self.assertEqual(
                    {group["rep_id"][0] for group in groups}, set(own.rep_id.ids)
                )
                self.assertEqual(mine.search([("amount", ">", 0)]) - own, mine)
                with self.assertRaises(AccessError):
                    hidden[0].with_user(user).export_data(["amount"])
                with self.assertRaises(AccessError):
                    hidden[0].with_user(user).read(["amount"])
                with self.assertRaises(AccessError):
                    hidden[0].with_user(user).web_read({"amount": {}})

    def test_through_others(self):
        """Nor through what is read on the way: entries, sums by rule, explanations."""
        other = self.statements.search([("rep_id", "=", self.reps["peer"].id)])[:1]
        user = self.users["rep"]
        for name in ("by_rule", "entry_ids", "display_name", "may_approve"):
            with self.assertRaises(AccessError, msg=name):
                other.with_user(user).read([name])
        for name in ("explanation", "document_name", "credit_id"):
            with self.assertRaises(AccessError, msg=name):
                other.entry_ids[:1].with_user(user).read([name])
        for action in (
            *("action_compute", "action_submit", "action_approve"),
            *("action_validate", "action_return"),
        ):
            with self.assertRaises(AccessError, msg=action):
                getattr(other.with_user(user), action)()
        with self.assertRaises(AccessError):
            self.env["sales.commission.return"].with_user(user).create(
                {"statement_ids": [(6, 0, other.ids)], "reason": "Mine"}
            )

    def test_screens(self):
        """Everybody reads the screen of what is theirs in full."""
        for role, name in (("rep", "rep"), ("manager", "rep"), ("finance", "rep")):
            statement = self.statements.search(
                [("rep_id", "=", self.reps[name].id)], limit=1
            )
            for record in (statement, statement.entry_ids[:1]):
                theirs = record.with_user(self.users[role])
                names = list(theirs.fields_get(attributes=[]))
                self.assertTrue(theirs.get_view()["arch"])
                theirs.web_read(
                    {
                        name: {"fields": {"display_name": {}}}
                        if record._fields[name].type == "many2one"
                        else {}
                        for name in names
                        if not name.startswith(("message_", "activity_", "rating_"))
                    }
                )
