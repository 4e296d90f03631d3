"""Who reads and writes what coaching keeps, by whose it is: all roles, all models."""

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

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


@tagged("post_install", "-at_install")
class TestEvidence(HttpCase, AppraisalCase):
    """Who coaches without being above the rep reads what is agreed, and by no way the
    figures of the card that the plan was opened for."""

    # Figures that no id is like.
    SECRETS = ("43.72", "437.19", "Below 80")

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2031-02-03 12:00:00"))
        self._sell("rep", 437.19)
        self._open()
        card = self._card()
        self._judge(card, 90)
        card.with_user(self.users["director"]).action_confirm()
        self.rule = self.env["sales.coaching.rule"].create(
            {"name": "Below 80", "below": 80}
        )
        plans = self.env["sales.coaching"]
        self.plan = plans._open_from_card(card, "Below 80: 60.00 points.")
        self.plan.write(
            {
                "origin": "rule",
                "rule_id": self.rule.id,
                "coach_id": self.users["peer"].id,
                "metric_id": self._metric("VISITS").id,
            }
        )
        self.users["peer"].group_ids += self.env.ref("base.group_allow_export")
        self.env.flush_all()
        self.env.invalidate_all()

    def _of(self, name):
        return self.plan.with_user(self.users[name])

    def _check_nothing_told(self, name):
        plan = self._of(name)
        (values,) = plan.read()
        for field in ("evidence", "rule_id", "sees_evidence"):
            self.assertFalse(values[field], field)
        self.assertFalse(plan.evidence)
        self.assertFalse(plan.rule_id)
        told = str(values) + str(plan.mapped("evidence"))
        told += str(plan.export_data(["evidence", "rule_id/name", "reason", "goal"]))
        told += str(plan.message_ids.read(["body"])) + str(plan.activity_ids.read())
        told += str(plan.exercise_ids.read())
        for secret in self.SECRETS:
            self.assertNotIn(secret, told)
        # What it is about is told.
        self.assertIn("Invoiced", plan.reason)
        self.assertIn("Jan 2031", plan.reason)

    def test_a_coach_from_elsewhere(self):
        for warm in (False, True):
            # Also where the system has read the plan in the same transaction.
            self.env.invalidate_all()
            if warm:
                self.plan.read()
                self.plan.invalidate_recordset(["message_ids", "activity_ids"])
            with self.subTest(warm=warm):
                self._check_nothing_told("peer")

    def test_who_leads_others_is_no_exception(self):
        """Also a leader who coaches somebody of another's team."""
        self.plan.coach_id = self.users["peer_leader"]
        self.users["peer_leader"].group_ids += self.env.ref("base.group_allow_export")
        self.env.flush_all()
        self.env.invalidate_all()
        self._check_nothing_told("peer_leader")

    def test_searched_and_grouped(self):
        plans = self.env["sales.coaching"].with_user(self.users["peer"])
        self.assertEqual(plans.search([]), self.plan)
        for domain in (
            [("evidence", "ilike", "43")],
            [("evidence", "!=", False)],
            [("rule_id", "!=", False)],
            [("rule_id", "=", self.rule.id)],
            [("rule_id.below", ">", 0)],
            [("card_id.score", ">", 0)],
            [("card_line_id.score", ">", 0)],
            [("card_line_id.explanation", "!=", False)],
            [("target_id.value", ">=", 0)],
            [("exercise_ids.coaching_id.rule_id", "!=", False)],
        ):
            try:
                self.assertFalse(plans.search(domain), domain)
            except ValueError:
                # A field that is not stored is not searched.
                self.assertIn("explanation", str(domain))
        for spec in ("rule_id", "rule_id.below", "card_id.score", "evidence"):
            rows = plans.formatted_read_group([], [spec], ["__count"])
            self.assertEqual([row[spec] for row in rows], [False], spec)
        rows = plans.formatted_read_group([], [], ["rule_id:count", "evidence:max"])
        self.assertFalse(rows[0]["rule_id:count"] or rows[0]["evidence:max"])
        self.assertFalse(
            self.rule.with_user(self.users["peer"]).coaching_ids & self.plan
        )

    def test_rpc(self):
        self.authenticate(self.users["peer"].login, self.users["peer"].login)
        spec = {
            name: {}
            for name in ("name", "reason", "goal", "evidence", "rule_id", "effect_text")
        }
        for method, args, kwargs in (
            ("web_read", [self.plan.ids, spec], {}),
            ("web_search_read", [], {"domain": [], "specification": spec}),
            ("export_data", [self.plan.ids, ["evidence", "rule_id", "reason"]], {}),
            ("search_read", [[], ["evidence", "rule_id", "reason"]], {}),
            ("copy_data", [self.plan.ids], {}),
        ):
            answer = self.make_jsonrpc_request(
                f"/web/dataset/call_kw/sales.coaching/{method}",
                {
                    "model": "sales.coaching",
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                },
            )
            self.assertIn("Invoiced", str(answer), method)
            for secret in self.SECRETS:
                self.assertNotIn(secret, str(answer), method)

    def test_the_others_read_it(self):
        for name in ("rep", "leader", "manager", "director", "operations"):
            plan = self._of(name)
            self.assertTrue(plan.sees_evidence, name)
            self.assertIn("43.72", plan.read(["evidence"])[0]["evidence"], name)
            self.assertEqual(plan.rule_id, self.rule, name)
            self.assertIn(
                plan,
                plan.search(
                    [("evidence", "ilike", "43.72"), ("rule_id", "=", self.rule.id)]
                ),
            )

    def test_written_by_nobody(self):
        for name in ("rep", "peer", "leader", "director", "operations"):
            with self.assertRaises(UserError, msg=name):
                self._of(name).evidence = "Other"
        # What the coach writes for the rep to read, both read.
        self._of("peer").reason = "Fewer words, more questions"
        self.assertEqual(self._of("rep").reason, "Fewer words, more questions")
