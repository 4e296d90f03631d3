"""What each role may do with work plans, as real users, by whose they are."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .work_common import WorkCase

OPERATIONS = ("read", "write", "create", "unlink")
READ = {"read"}
# role: whose plans may be read
PLANS = {
    "rep": {"own"},
    "leader": {"own"},
    "manager": {"own"},
    "director": {"own", "other"},
    "operations": {"own", "other"},
    "finance": {"own", "other"},
    "peer_leader": {"other"},
}
# role: what may be done with (standard work, reasons, rules)
CONFIGURED = {
    "rep": (READ, READ, set()),
    "leader": (READ, READ, READ),
    "manager": (READ, READ, READ),
    "director": (set(OPERATIONS), READ, READ),
    "operations": (set(OPERATIONS),) * 3,
    "finance": (set(), READ, set()),
}


@tagged("post_install", "-at_install")
class TestWorkAccess(WorkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._customer("Mine")
        cls._customer("Theirs", user=cls.users["peer"])
        cls.plans._propose(cls.rep + cls.reps["peer"], cls.today)
        cls.rule = cls.env["sales.miss.rule"].create({"name": "Rule"})
        cls.work = cls.env["sales.standard.work"].create({"name": "Work"})
        cls.event = cls.env["sales.miss.event"].create(
            {
                "rule_id": cls.rule.id,
                "rep_id": cls.rep.id,
                "date": cls.today,
                "res_model": "sales.rep",
                "res_id": cls.rep.id,
            }
        )
        cls.company_b.resource_calendar_id = cls.company.resource_calendar_id.copy(
            {"company_id": cls.company_b.id}
        )
        cls.foreign = cls.plans._make(
            cls.reps["foreigner"], cls.company_b._get_sales_today()
        )

    def test_plans(self):
        own, other = self._plan(), self._plan(self.reps["peer"])
        wrong = []
        for role, seen in PLANS.items():
            user = self.users[role]
            for name, plan in (("own", own), ("other", other)):
                for records in (plan, plan.item_ids):
                    records = records.with_user(user)
                    allowed = {op for op in OPERATIONS if records.has_access(op)}
                    if allowed != (READ if name in seen else set()):
                        wrong.append((role, name, records._name, allowed))
            if self.foreign.with_user(user).has_access("read"):
                wrong.append((role, "foreign"))
            event = self.event.with_user(user).has_access("read")
            if event != ("own" in seen and role != "finance"):
                wrong.append((role, "event", event))
        self.assertFalse(wrong)

    def test_rules_and_rows(self):
        """Whom a record rule of the addon speaks of may read the model at all."""
        rules = self.env["ir.model.data"].search(
            [("module", "=", "sales_targets"), ("model", "=", "ir.rule")]
        )
        wrong = []
        for rule in self.env["ir.rule"].browse(rules.mapped("res_id")):
            rows = rule.model_id.access_ids.filtered("perm_read")
            for group in rule.groups:
                if not rows.group_id & group.all_implied_ids:
                    wrong.append((rule.name, group.name))
        self.assertFalse(wrong)
        self.assertGreater(len(rules), 20)

    def test_configured(self):
        wrong = []
        records = (self.work, self.reasons["PRICE"], self.rule)
        for role, allowed in CONFIGURED.items():
            for record, expected in zip(records, allowed, strict=True):
                record = record.with_user(self.users[role])
                found = {op for op in OPERATIONS if record.has_access(op)}
                if found != expected:
                    wrong.append((role, record._name, found))
        self.assertFalse(wrong)

    def test_nobody_writes_rows(self):
        plan = self._plan()
        for role in ("rep", "leader", "director", "operations"):
            mine = plan.with_user(self.users[role])
            for records, values in (
                (mine, {"state": "submitted"}),
                (mine.item_ids, {"state": "done"}),
            ):
                with self.assertRaises(AccessError):
                    records.write(values)
                with self.assertRaises(AccessError):
                    records.unlink()
                with self.assertRaises(AccessError):
                    records.create({})

    def test_documents_open_by_their_own_rights(self):
        """Who is not to see a document is not shown it through an item."""
        invoice = self._overdue(self._customer("Owes", due=False), user=self.user)
        self._propose()
        item = self._plan().item_ids.filtered(lambda i: i.kind == "collect")
        action = item.with_user(self.user).action_open()
        self.assertEqual(action["res_id"], invoice.id)
        invoice.invoice_user_id = self.users["peer"]
        with self.assertRaises(AccessError):
            item.with_user(self.user).action_open()
        with self.assertRaises(AccessError):
            item.with_user(self.users["peer"]).action_open()
