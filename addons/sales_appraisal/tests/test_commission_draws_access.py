"""Who reads, agrees and forgives: all roles, whosever it is."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import test_commission_access as base
from .test_commission_draws import DrawCase

AGREES = {"read", "write", "create"}
# Besides reading, what a role may do with what it sees.
MAY = {
    "sales.commission.draw": {"operations": AGREES, "finance": AGREES},
    "sales.commission.forgiveness": {"finance": {"read", "create"}},
}


@tagged("post_install", "-at_install")
class TestDrawsAccess(DrawCase):
    _whose = base.TestCommissionAccess._whose

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls._plan(name="Theirs", company_id=cls.company_b.id)
        cls.plan = cls._plan()

    def setUp(self):
        super().setUp()
        for name in ("rep", "leader", "manager", "director", "peer", "foreigner"):
            self._agree(
                name=name, plan=self.theirs if name == "foreigner" else self.plan
            )
        self._settle()
        for draw in self.env["sales.commission.draw"].search([]):
            self.env["sales.commission.forgiveness"].create(
                {
                    "rep_id": draw.rep_id.id,
                    "plan_id": draw.plan_id.id,
                    "amount": 1,
                    "reason": "Rounding",
                }
            )

    def _assert_matrix(self, seen):
        wrong, kinds = [], set()
        for role in base.ROLES:
            user = self.users[role]
            for model, may in MAY.items():
                records = self.env[model].search([])
                readable = records.with_user(user).search([])
                for record in records:
                    whose = self._whose(role, record)
                    kinds.add((role, whose))
                    expected = set()
                    if whose in seen[role]:
                        expected = may.get(role, {"read"})
                    found = {
                        name
                        for name in base.OPERATIONS
                        if record.with_user(user).has_access(name)
                    }
                    if found != expected or (record in readable) != bool(expected):
                        wrong.append((role, model, whose, found))
        self.assertFalse(wrong)
        self.assertIn(("leader", "subtree"), kinds)
        self.assertIn(("rep", "other"), kinds)
        self.assertIn(("finance", "foreign"), kinds)

    def test_matrix(self):
        self._assert_matrix(base.SEEN)

    def test_matrix_leaders_see_pay(self):
        self.company.sales_leaders_see_pay = True
        self._assert_matrix({**base.SEEN, "leader": {"own", "subtree"}})

    def test_only_finance_forgives(self):
        forgiven = self.env["sales.commission.forgiveness"].search(
            [("rep_id", "=", self.reps["rep"].id)]
        )
        for role in ("rep", "leader", "manager", "director", "operations"):
            with self.assertRaises(AccessError, msg=role):
                self._forgive(1, user=role)
            with self.assertRaises(AccessError, msg=role):
                forgiven.with_user(self.users[role]).action_revoke()
        self._forgive(1)
        forgiven.with_user(self.users["finance"]).action_revoke()
        self.assertEqual(forgiven.revoked_by_id, self.users["finance"])

    def test_stamped(self):
        """Nobody forgives in the past, or says who took it back."""
        for values in ({"date": "2030-01-01"}, {"revoked_on": "2031-01-01 10:00:00"}):
            with self.assertRaises(UserError):
                self.env["sales.commission.forgiveness"].with_user(
                    self.users["finance"]
                ).create(
                    {
                        "rep_id": self.reps["rep"].id,
                        "plan_id": self.plan.id,
                        "amount": 1,
                        "reason": "Mine",
                        **values,
                    }
                )

    def test_through_others(self):
        """Nor through what is read on the way, and by no dialog."""
        other = self._statement("peer", 1)
        user = self.users["rep"]
        for name in ("owed", "owed_before", "advanced", "may_forgive"):
            with self.assertRaises(AccessError, msg=name):
                other.with_user(user).read([name])
        draw = self.env["sales.commission.draw"].search(
            [("rep_id", "=", self.reps["peer"].id)]
        )
        with self.assertRaises(AccessError):
            draw.with_user(user).read(["owed"])
        for record in (other, draw):
            with self.assertRaises(AccessError):
                record.with_user(user).action_forgive()

    def test_screens(self):
        """Everybody reads the screens of what is theirs in full."""
        draw = self.env["sales.commission.draw"].search(
            [("rep_id", "=", self.reps["rep"].id)]
        )
        forgiven = self.env["sales.commission.forgiveness"].search(
            [("rep_id", "=", self.reps["rep"].id)]
        )
        statement = self._statement("rep", 1)
        for role in ("rep", "manager", "director", "operations", "finance"):
            for record in (draw, forgiven, statement):
                theirs = record.with_user(self.users[role])
                self.assertTrue(theirs.get_view()["arch"])
                theirs.web_read(
                    {
                        name: {"fields": {"display_name": {}}}
                        if record._fields[name].type == "many2one"
                        else {}
                        for name in theirs.fields_get(attributes=[])
                        if not name.startswith(("message_", "activity_", "rating_"))
                    }
                )
        entries = statement.entry_ids.with_user(self.users["rep"])
        self.assertTrue(all(entries.mapped("explanation")))
