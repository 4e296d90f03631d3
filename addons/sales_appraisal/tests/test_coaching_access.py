"""Who reads and writes what coaching keeps, by whose it is: all roles, all models."""

from odoo.tests import tagged

from .common import AppraisalCase

OPERATIONS = ("read", "write", "create", "unlink")
ALL = set(OPERATIONS)
SEEN = {
    "rep": {"own"},
    "leader": {"own", "subtree"},
    "manager": {"own", "subtree"},
    "director": {"own", "subtree", "other"},
    "operations": {"own", "subtree", "other"},
    "finance": set(),
}
# model: what a rep, who leads, and operations may on what they see. Whose turn it is is
# checked beyond this, by the models.
MODELS = {
    "sales.coaching": ({"read", "write"}, ALL, ALL),
    "sales.coaching.exercise": (ALL, ALL, ALL),
    "sales.coaching.checkin": (ALL, ALL, ALL),
    "sales.observation": (ALL, ALL, ALL),
    "sales.observation.line": (ALL, ALL, ALL),
    "sales.one.on.one": ({"read", "write"}, ALL, set()),
    "sales.one.on.one.agreement": ({"read"}, ALL, set()),
    "sales.one.on.one.note": (set(), set(), set()),
    "sales.skill.assessment": (ALL, ALL, {"read"}),
}
# What is the same for everybody: reading, and who changes it.
COMMON = {
    "sales.coaching.rule": ({"director", "operations"}, set(OPERATIONS)),
    "sales.observation.checklist": ({"director", "operations"}, set(OPERATIONS)),
    "sales.observation.item": ({"director", "operations"}, set(OPERATIONS)),
    "sales.skill.requirement": ({"director", "operations"}, set(OPERATIONS)),
}


@tagged("post_install", "-at_install")
class TestAccess(AppraisalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coaches = {
            company: cls._user(
                f"coach_{company.id}",
                "base.group_user",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for company in (cls.company, cls.company_b)
        }
        cls.records = {model: cls.env[model] for model in MODELS}
        cls.skill = cls.env.ref("sales_appraisal.hr_skill_sales_needs")
        for rep in cls.reps.values():
            cls._make(rep)

    @classmethod
    def _make(cls, rep):
        coach = cls.coaches[rep.company_id]
        env = cls.env(
            context={**cls.env.context, "allowed_company_ids": rep.company_id.ids}
        )

        def make(model, **values):
            record = env[model].create(values)
            cls.records[model] |= record.with_env(cls.env)
            return record

        plan = make("sales.coaching", name="P", rep_id=rep.id, coach_id=coach.id)
        make("sales.coaching.exercise", coaching_id=plan.id, name="E")
        make(
            "sales.coaching.checkin",
            coaching_id=plan.id,
            note="C",
            user_id=coach.id,
        )
        visit = env["sales.visit"].create(
            {"rep_id": rep.id, "partner_id": cls.partner.id}
        )
        form = make("sales.observation", visit_id=visit.id, coach_id=coach.id)
        form.state = "submitted"
        cls.records["sales.observation.line"] |= form.line_ids.with_env(cls.env)[:1]
        talk = make("sales.one.on.one", rep_id=rep.id, manager_id=coach.id)
        make(
            "sales.one.on.one.agreement",
            meeting_id=talk.id,
            name="A",
            user_id=coach.id,
        )
        make("sales.one.on.one.note", meeting_id=talk.id, note="N", author_id=coach.id)
        make(
            "sales.skill.assessment",
            rep_id=rep.id,
            skill_id=cls.skill.id,
            level_id=cls.skill.skill_type_id.skill_level_ids[0].id,
        )

    def _whose(self, role, record):
        rep = {
            "sales.coaching.exercise": lambda: record.coaching_id.rep_id,
            "sales.coaching.checkin": lambda: record.coaching_id.rep_id,
            "sales.one.on.one.agreement": lambda: record.meeting_id.rep_id,
            "sales.one.on.one.note": lambda: record.meeting_id.rep_id,
        }.get(record._name, lambda: record.rep_id)()
        if rep.company_id == self.company_b:
            return "foreign"
        if rep.user_id == self.users[role]:
            return "own"
        mine = self.reps.get(role)
        if mine and rep.parent_path.startswith(mine.parent_path):
            return "subtree"
        return "other"

    def _found(self, record, role):
        user = self.users[role]
        return {name for name in OPERATIONS if record.with_user(user).has_access(name)}

    def test_matrix(self):
        wrong = []
        for role, seen in SEEN.items():
            kind = {"rep": 0, "operations": 2}.get(role, 1)
            for model, allowed in MODELS.items():
                for record in self.records[model]:
                    whose = self._whose(role, record)
                    expected = allowed[kind] if whose in seen else set()
                    found = self._found(record, role)
                    if found != expected:
                        wrong.append((role, model, whose, found ^ expected))
        self.assertFalse(wrong)

    def test_common(self):
        wrong = []
        for model, (writers, allowed) in COMMON.items():
            record = self.env[model].search([], limit=1)
            self.assertTrue(record, model)
            for role in SEEN:
                expected = allowed if role in writers else {"read"}
                if role == "finance":
                    expected = set()
                found = self._found(record, role)
                if found != expected:
                    wrong.append((role, model, found ^ expected))
        self.assertFalse(wrong)
