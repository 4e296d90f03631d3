"""What each role may do with targets, as real users, by whose they are."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_plan import TargetCase

OPERATIONS = ("read", "write", "create", "unlink")
READ = {"read"}
ALL = {"own", "below", "other", "company"}
# role: what of a published plan may be read, and what may be done with plans.
MATRIX = {
    "rep": ({"own"}, READ),
    "leader": ({"below"}, READ),
    "manager": ({"below"}, READ),
    "director": (ALL, set(OPERATIONS)),
    "operations": (ALL, set(OPERATIONS)),
    "finance": (ALL, READ),
}


@tagged("post_install", "-at_install")
class TestAccess(TargetCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.action_publish()
        cls.foreign = cls._plan(name="Foreign", company_id=cls.company_b.id, value=1000)
        cls.foreign.action_publish()

    def _targets(self):
        """By whose they are to the rep, or to who leads the rep."""
        rep, peer = self.reps["rep"], self.reps["peer"]
        found = self.env["sales.target"].search([("plan_id", "=", self.plan.id)])
        totals = found.filtered(lambda row: row.period == "total")
        leaves = totals.filtered(lambda row: row.level == "rep")
        return {
            "own": leaves.filtered(lambda row: row.rep_id == rep),
            "below": leaves.filtered(lambda row: row.rep_id == rep),
            "other": leaves.filtered(lambda row: row.rep_id == peer),
            "company": totals.filtered(lambda row: row.level == "company"),
        }

    def test_matrix(self):
        wrong = []
        targets = self._targets()
        for role, (seen, allowed) in MATRIX.items():
            user = self.users[role]
            names = {"own"} if role == "rep" else set(targets) - {"own"}
            found = {
                name
                for name in names | {"other", "company"}
                if targets[name].with_user(user).has_access("read")
            }
            expected = seen & (names | {"other", "company"})
            if found != expected:
                wrong.append((role, "targets", found, expected))
            for operation in ("write", "create", "unlink"):
                if targets["own"].with_user(user).has_access(operation):
                    wrong.append((role, "targets", operation))
            plan = self.plan.with_user(user)
            granted = {name for name in OPERATIONS if plan.has_access(name)}
            if granted != allowed:
                wrong.append((role, "plan", granted, allowed))
            days = self.env["sales.target.day"].with_user(user)
            reps = days.search([("plan_id", "=", self.plan.id)]).rep_id
            mine = {"rep": self.reps["rep"]}.get(role)
            if mine and reps != mine:
                wrong.append((role, "days", reps))
            if self.foreign.with_user(user).has_access("read"):
                wrong.append((role, "foreign"))
        self.assertFalse(wrong)

    def test_own_number_only(self):
        """A rep reads neither the company's number nor what tells the team's."""
        rep, leader = self.users["rep"], self.users["leader"]
        own = self._targets()["own"]
        for record, name in ((self.plan, "value"), (own, "share")):
            self.assertTrue(record.with_user(leader).read([name])[0][name])
            with self.assertRaises(AccessError):
                record.with_user(rep).read([name])
        self.assertIn("% of what is assigned (", own.why)
        own.invalidate_recordset()
        self.assertIn("By weight: ", own.with_user(rep).why)
        self.plan.with_user(rep).read()
        own.with_user(rep).read()

    def test_drafts_are_not_shown(self):
        draft = self._plan(name="Draft", kind="supporting", value=500)
        draft.action_decompose()
        for role in ("rep", "leader", "manager"):
            user = self.users[role]
            self.assertFalse(draft.with_user(user).has_access("read"), role)
            found = self.env["sales.target"].with_user(user)
            self.assertFalse(found.search([("plan_id", "=", draft.id)]), role)

    def test_nobody_writes_rows(self):
        row = self._targets()["own"]
        for role in ("rep", "director", "operations"):
            mine = row.with_user(self.users[role])
            with self.assertRaises(AccessError):
                mine.write({"value": 1})
            with self.assertRaises(AccessError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.create({"plan_id": self.plan.id})
        # Stamped, also for who may write plans.
        for role in ("rep", "director"):
            with self.assertRaises(UserError):
                self.plan.with_user(self.users[role]).state = "closed"

    def test_who_plans(self):
        """A regional manager below the own node, a leader nowhere."""
        own, other = self._targets()["own"], self._targets()["other"]
        for role, target, allowed in (
            ("rep", own, False),
            ("leader", own, False),
            ("manager", other, False),
            ("director", own, True),
            ("operations", other, True),
        ):
            plan = self.plan.with_user(self.users[role])
            change = [{"id": target.id, "value": target.value}]
            if allowed:
                plan.set_cells(change, "As it is")
                continue
            with self.assertRaises(AccessError):
                plan.set_cells(change, "As it is")
        for role in ("rep", "leader", "manager", "finance"):
            plan = self.plan.with_user(self.users[role])
            for action in ("action_decompose", "action_commit"):
                with self.assertRaises(AccessError):
                    getattr(plan, action)()
