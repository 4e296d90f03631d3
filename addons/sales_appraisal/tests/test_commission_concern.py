"""Who reads which plans, rules and their parts: whom they pay, and no more."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged

from .commission_common import CommissionCase
from .test_commission_access import OPERATIONS

JANUARY = date(2031, 1, 10)
# Who reads which plans; drafts and those of other companies come on top.
IN_FORCE = {"everybody", "sellers", "leaders", "class"}
PLANS = {
    "rep": {"everybody", "sellers"},
    "peer": {"everybody", "sellers", "class"},
    "leader": {"everybody", "leaders"},
    "manager": {"everybody", "leaders", "sellers"},
    "director": IN_FORCE | {"draft"},
    "operations": IN_FORCE | {"draft"},
    "finance": IN_FORCE,
    "foreigner": {"theirs"},
}
# Which rules of the plan of everybody.
RULES = {
    "rep": {"Own"},
    "peer": {"Own"},
    "leader": {"Own", "First Level"},
    "manager": {"Own", "First Level", "Second Level"},
    "director": {"Own", "First Level", "Second Level"},
    "operations": {"Own", "First Level", "Second Level"},
    "finance": {"Own", "First Level", "Second Level"},
    "foreigner": set(),
}


class ConcernCase(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(cls._at(JANUARY))
        grade = cls.env["sales.grade"].create({"name": "Gold"})
        cls.reps["peer"].grade_id = grade

        def table(rate):
            return {
                "table": "amount",
                "tier_ids": cls._tiers((0, rate)),
                "decelerator": "discount",
                "line_factor_ids": [
                    Command.create({"use": "line", "start": 0, "factor": 1})
                ],
            }

        below = {"credited": "override", "level_from": 1, "level_to": 1}
        upper = {"credited": "override", "level_from": 2, "level_to": 2}
        cls.plans = {
            "everybody": cls._plan(
                {"name": "Own", **table(7)},
                {"name": "First Level", **table(3), **below},
                {"name": "Second Level", **table(2), **upper},
                name="Everybody",
            ),
            "sellers": cls._plan({"name": "Sell"}, name="Sellers", role="seller"),
            "leaders": cls._plan(
                {"name": "Lead", "rate": 4, **below}, name="Leaders", role="leader"
            ),
            "class": cls._plan(
                {"name": "Golden"}, name="Class", grade_ids=[Command.set(grade.ids)]
            ),
            "draft": cls._plan(name="Draft", publish=False),
            "theirs": cls._plan(
                {"metric": "ORDERED"}, name="Theirs", company_id=cls.company_b.id
            ),
        }
        for name in ("rep", "leader", "manager", "director", "peer"):
            cls._sell(cls, name, 1000)
        for company in (cls.company, cls.company_b):
            cls.statements._run(company, JANUARY)
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def _at(cls, day):
        return patch.object(type(cls.company), "_get_sales_today", lambda company: day)

    def _rpc(self, user, model, method, *args, **kwargs):
        """As it comes from outside: with nothing read before."""
        self.env.flush_all()
        self.env.invalidate_all()
        return call_kw(self.env(user=self.users[user])[model], method, args, kwargs)

    def _rules(self, name="everybody"):
        return {rule.name: rule for rule in self.plans[name].rule_ids}


@tagged("post_install", "-at_install")
class TestCommissionConcern(ConcernCase):
    def _may(self, user, record):
        self.env.invalidate_all()
        return {name for name in OPERATIONS if record.with_user(user).has_access(name)}

    def _assert_reads(self, plans, rules):
        """What each user finds, reads and does not change, of every model."""
        wrong, kinds = [], set()
        named = self._rules()
        for role, user in self.users.items():
            if role not in plans:
                continue
            expected = {name: name in plans[role] for name in self.plans}
            records = {plan: expected[name] for name, plan in self.plans.items()}
            for name, plan in self.plans.items():
                for rule in plan.rule_ids:
                    seen = expected[name]
                    if rule in named.values():
                        seen = rule.name in rules[role]
                    kinds.add((role, rule.credited, seen))
                    for one in (rule, *rule.tier_ids, *rule.line_factor_ids):
                        records[one] = seen
            for record, seen in records.items():
                may = {"read"} if seen else set()
                if seen and role == "operations":
                    may = set(OPERATIONS)
                found = self._may(user, record)
                listed = record.with_user(user).search([("id", "=", record.id)])
                if found != may or bool(listed) != seen:
                    wrong.append((role, record, record.display_name, found, listed))
        self.assertFalse(wrong)
        self.assertIn(("rep", "override", False), kinds)
        self.assertIn(("leader", "own", False), kinds)
        self.assertIn(("manager", "override", True), kinds)

    def test_matrix(self):
        self._assert_reads(PLANS, RULES)

    def test_leaders_see_pay(self):
        """Their own rates and those below, and not what is above them."""
        self.company.sales_leaders_see_pay = True
        self._assert_reads({**PLANS, "leader": PLANS["manager"]}, RULES)

    def test_others(self):
        """Who is no rep of ours reads nothing, and is no rep of any plan."""
        user = self.env.ref("base.user_admin").copy(
            {
                "login": "sf_nobody",
                "group_ids": [Command.link(self.ref("base.group_user"))],
            }
        )
        user.group_ids = [Command.set([self.ref("base.group_user")])]
        with self.assertRaises(AccessError):
            self.plans["everybody"].with_user(user).read(["name"])

    def test_versions(self):
        """What has paid somebody stays theirs to read, and the next version is."""
        plan = self.plans["everybody"]
        later = plan._make_next()
        later.date_from = "2031-02-01"
        self.env.flush_all()
        self.assertFalse(self._may(self.users["rep"], later))
        later.action_publish()
        self.assertFalse(self._may(self.users["rep"], later))
        self.statements._run(self.company, date(2031, 2, 10))
        self.env.flush_all()
        for version in (plan, later):
            self.assertEqual(self._may(self.users["rep"], version), {"read"})
            rules = version.rule_ids.with_user(self.users["rep"])
            self.assertEqual(rules._filtered_access("read").mapped("name"), ["Own"])

    def test_override_of_before(self):
        """Who was paid by it reads it, also without anybody below today."""
        rule = self._rules()["First Level"]
        self.reps["rep"].parent_id = self.reps["manager"]
        self.env.flush_all()
        self.assertEqual(self._may(self.users["leader"], rule), {"read"})
        self.assertFalse(self._may(self.users["leader"], self._rules()["Second Level"]))
        self.assertFalse(self._may(self.users["rep"], rule))

    def test_found_by(self):
        """Neither by searching, nor by sums, names, exports, or on the way."""
        hidden = self._rules()["First Level"]
        entry = self.entries.search(
            [("rep_id", "=", self.reps["rep"].id), ("rule_id.name", "=", "Own")]
        )
        rule, plan = hidden._name, self.plans["everybody"]
        for model, domain in (
            (rule, [("tier_ids.rate", "=", 3)]),
            (rule, [("credited", "=", "override")]),
            (rule, [("id", "=", hidden.id)]),
            ("sales.commission.tier", [("rate", "=", 3)]),
            ("sales.commission.plan", [("rule_ids.tier_ids.rate", "=", 3)]),
            ("sales.commission.plan", [("name", "=", "Leaders")]),
            (
                "sales.commission.entry",
                [("rule_id.plan_id.rule_ids.name", "=", "Lead")],
            ),
            ("sales.commission.statement", [("plan_id.rule_ids.name", "ilike", "Lev")]),
        ):
            self.assertFalse(self._rpc("rep", model, "search", domain), domain)
        self.assertEqual(
            self._rpc("rep", rule, "search", [("name", "in", ("Own", "Sell"))]),
            (self._rules()["Own"] | self.plans["sellers"].rule_ids).ids,
        )
        found = self._rpc("rep", rule, "name_search", "e")
        self.assertNotIn(hidden.id, [id_ for id_, _name in found])
        groups = self._rpc(
            "rep",
            "sales.commission.tier",
            "formatted_read_group",
            [("rule_id.plan_id", "=", plan.id)],
            ["rule_id.plan_id"],
            ["rate:max", "rate:min", "__count"],
        )
        self.assertEqual(
            [(one["rate:max"], one["rate:min"], one["__count"]) for one in groups],
            [(7, 7, 1)],
        )
        groups = self._rpc(
            "rep",
            "sales.commission.entry",
            "formatted_read_group",
            [],
            ["rule_id.rate", "rule_id"],
            ["__count"],
        )
        self.assertEqual({one["rule_id.rate"] for one in groups}, {10})
        # On the way from what is one's own.
        [row] = self._rpc(
            "rep",
            "sales.commission.entry",
            "web_read",
            entry.ids,
            {
                "explanation": {},
                "plan_id": {
                    "fields": {
                        "display_name": {},
                        "rule_ids": {"fields": {"name": {}, "summary": {}}},
                    }
                },
            },
        )
        names = [one["name"] for one in row["plan_id"]["rule_ids"]]
        self.assertEqual(names, ["Own"])
        self.users["rep"].group_ids = [
            Command.link(self.ref("base.group_allow_export"))
        ]
        exported = self._rpc(
            "rep",
            "sales.commission.entry",
            "export_data",
            entry.ids,
            ["rule_id/tier_ids/rate", "rule_id/plan_id/rule_ids/name"],
        )
        self.assertNotIn("Level", str(exported))
        for method, args in (
            ("read", [hidden.ids, ["rate"]]),
            ("web_read", [hidden.ids, {"summary": {}}]),
            ("export_data", [hidden.ids, ["summary"]]),
            ("onchange", [hidden.ids, {}, ["rate"], {"summary": {}, "curve": {}}]),
            ("copy_data", [hidden.ids]),
            ("get_field_translations", [hidden.ids, "name"]),
        ):
            with self.assertRaises(AccessError, msg=method):
                self._rpc("rep", rule, method, *args)

    def test_explained(self):
        """What is about the own pay is told in full, to everybody who reads it."""
        for name in ("rep", "leader", "manager"):
            user = self.users[name]
            mine = self.entries.search([("rep_id.user_id", "=", user.id)])
            self.assertTrue(mine)
            rows = self._rpc(
                name,
                "sales.commission.entry",
                "web_read",
                mine.ids,
                {
                    "explanation": {},
                    "counted": {},
                    "place": {},
                    "rule_id": {"fields": {"display_name": {}, "summary": {}}},
                    "plan_id": {"fields": {"display_name": {}, "name": {}}},
                },
            )
            for row in rows:
                self.assertTrue(row["explanation"])
                self.assertTrue(row["rule_id"]["summary"])
            for statement in mine.statement_id:
                [row] = self._rpc(
                    name,
                    statement._name,
                    "web_read",
                    statement.ids,
                    {
                        **{one: {} for one in ("by_rule", "standing", "history")},
                        **{one: {} for one in ("rule_notes", "owed", "period_label")},
                        "entry_ids": {"fields": {"rule_id": {"fields": {"name": {}}}}},
                    },
                )
                self.assertEqual(len(row["entry_ids"]), len(statement.entry_ids))

    def test_screens(self):
        """The screens of what they may read open for everybody."""
        for name, plans in PLANS.items():
            for plan in plans:
                for record in (self.plans[plan], self.plans[plan].rule_ids[:1]):
                    if record._name.endswith("rule") and plan == "everybody":
                        record = self._rules()["Own"]
                    views = self._rpc(
                        name, record._name, "get_views", [(False, "form")]
                    )
                    spec = {
                        field: {"fields": {"display_name": {}}}
                        if record._fields[field].relational
                        else {}
                        for field in views["models"][record._name]["fields"]
                        if not field.startswith(("message_", "activity_"))
                    }
                    self.assertTrue(
                        self._rpc(name, record._name, "web_read", record.ids, spec)
                    )

    def test_joined(self):
        """Who joins today has the own statements, and with them the plan, at once."""
        follow = patch.object(type(self.env["ir.cron"]), "_commit_progress")
        with follow:
            self.statements._cron_follow()
        user = self._user("joiner", "sales_force.group_sales_rep")
        self.users["joiner"] = user
        self.reps["joiner"] = self._rep(
            user, self.reps["leader"], date_start="2031-01-10"
        )
        with follow:
            self.statements._cron_follow()
        self.assertFalse(self._statement("joiner"))
        self._rpc("joiner", "sales.commission.statement", "action_open_mine")
        mine = self._statement("joiner")
        self.assertEqual(mine.plan_id, self.plans["everybody"] | self.plans["sellers"])
        self.assertEqual(
            self._rpc("joiner", "sales.commission.rule", "search_read", [], ["name"]),
            [
                {"id": rule.id, "name": rule.name}
                for rule in (self._rules()["Own"], *self.plans["sellers"].rule_ids)
            ],
        )
        # The second time there is nothing to be done.
        before = self.statements.search_count([])
        self._rpc("joiner", "sales.commission.statement", "action_open_mine")
        self.assertEqual(self.statements.search_count([]), before)

    def test_queries(self):
        """As many, whoever else is paid, and whatever the number of rules."""

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            env = self.env(user=self.users["manager"])
            rules = env["sales.commission.rule"]
            rules.browse().has_access("read")
            before = self.env.cr.sql_log_count
            rules.search_fetch([], ["name"])
            self.plans["everybody"].rule_ids.with_env(env)._filtered_access("read")
            self.plans["everybody"].rule_ids.tier_ids.with_env(env).mapped("rate")
            return self.env.cr.sql_log_count - before

        count()  # caches of rights
        few = count()
        self.assertLess(few, 16)
        for number in range(10):
            user = self._user(f"more{number}", "sales_force.group_sales_rep")
            self._rep(user, self.reps["leader"])
        for month in (1, 2, 3):
            self.statements._run(self.company, date(2031, month, 10))
        self._plan({}, {}, {}, name="More")
        count()
        self.assertEqual(count(), few)


@tagged("post_install", "-at_install")
class TestCommissionMadeUp(ConcernCase):
    """What is computed of made-up records tells nobody of the pay of others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.statements.search(
            [
                ("rep_id", "=", cls.reps["peer"].id),
                ("plan_id", "=", cls.plans["everybody"].id),
            ]
        )
        cls.mine = cls.statements.search(
            [
                ("rep_id", "=", cls.reps["rep"].id),
                ("plan_id", "=", cls.plans["everybody"].id),
            ]
        )
        cls.entry = cls.theirs.entry_ids
        cls.dispute = cls.env["sales.commission.dispute"]._open(
            cls.entry, "data", "It is more"
        )

    def test_statement(self):
        """Neither a new one, nor the own one as if it was somebody else's."""
        names = ("standing", "history", "rule_notes", "owed", "by_rule")
        values = {
            "rep_id": self.reps["peer"].id,
            "plan_id": self.theirs.plan_id.id,
            "company_id": self.company.id,
            "date_from": "2031-01-01",
            "date_to": "2031-01-31",
            "state": "open",
        }
        for ids in ([], self.mine.ids):
            with self.assertRaises(AccessError, msg=ids):
                self._rpc(
                    "rep",
                    self.mine._name,
                    "onchange",
                    ids,
                    values,
                    list(values),
                    {name: {} for name in names},
                )

    def test_entry(self):
        with self.assertRaises(AccessError):
            self._rpc(
                "rep",
                self.entry._name,
                "onchange",
                [],
                {
                    "statement_id": self.theirs.id,
                    "rule_id": self.entry.rule_id.id,
                    "period_from": "2031-01-01",
                    "kind": "earning",
                    "subject": "earning",
                    "base": 100,
                },
                ["base"],
                {"explanation": {}, "counted": {}},
            )

    def test_dispute(self):
        mine = self.env["sales.commission.dispute"]._open(
            self.mine.entry_ids, "data", "It is more"
        )
        with self.assertRaises(AccessError):
            self._rpc(
                "rep",
                mine._name,
                "onchange",
                mine.ids,
                {
                    "rep_id": self.reps["peer"].id,
                    "rule_id": self.entry.rule_id.id,
                    "state": "facts",
                },
                ["state"],
                {"correction_ids": {"fields": {"amount": {}}}},
            )

    def test_decision(self):
        """A dialog is no way to read what is paid for somebody's line."""
        wizard = "sales.commission.dispute.decide"
        values = {
            "dispute_id": self.dispute.id,
            "outcome": "corrected",
            "decision": "So",
        }
        for method, args in (
            ("web_save", [[], values, {"amount": {}}]),
            ("onchange", [[], values, ["decision"], {"amount": {}, "paid": {}}]),
        ):
            with self.assertRaises(AccessError, msg=method):
                self._rpc("rep", wizard, method, *args)
        [made] = self._rpc(
            "peer_manager", wizard, "web_save", [], values, {"amount": {}, "text": {}}
        )
        self.assertEqual(made["amount"], self.entry.amount)

    def test_opening(self):
        wizard = "sales.commission.dispute.open"
        values = {"entry_id": self.entry.id, "reason": "data", "text": "So"}
        spec = {"explanation": {}}
        for method, args in (
            ("web_save", [[], values, spec]),
            ("onchange", [[], values, ["entry_id"], spec]),
        ):
            with self.assertRaises(AccessError, msg=method):
                self._rpc("rep", wizard, method, *args)
        [made] = self._rpc("peer", wizard, "web_save", [], values, spec)
        self.assertTrue(made["explanation"])

    def test_trial(self):
        """Operations tries plans of the own company on the own reps."""
        wizard = "sales.commission.trial"
        spec = {"amount": {}, "current_amount": {}, "result": {}}
        ours = {"plan_id": self.plans["draft"].id, "rep_id": self.reps["rep"].id}
        for other in (
            {"plan_id": self.plans["theirs"].id, "rep_id": self.reps["foreigner"].id},
            {"rep_id": self.reps["foreigner"].id},
        ):
            values = {**ours, **other, "date": "2031-01-10"}
            for method, args in (
                ("web_save", [[], values, spec]),
                ("onchange", [[], values, ["rep_id"], spec]),
            ):
                with self.assertRaises(AccessError, msg=(method, other)):
                    self._rpc("operations", wizard, method, *args)
        [made] = self._rpc("operations", wizard, "web_save", [], ours, spec)
        self.assertTrue(made["result"])

    def test_balance(self):
        """An agreement that is not made yet tells of nobody whom one may not read."""
        plan, rep = self.plans["theirs"], self.reps["foreigner"]
        self.env["sales.commission.draw"].create(
            {
                "rep_id": rep.id,
                "plan_id": plan.id,
                "amount": 1000,
                "date_from": "2031-01-01",
            }
        )
        self.assertTrue(plan._read_owed(rep.ids)[rep.id])
        values = {"rep_id": rep.id, "plan_id": plan.id}
        for name in ("rep", "finance"):
            with self.assertRaises(AccessError, msg=name):
                self._rpc(
                    name,
                    "sales.commission.draw",
                    "onchange",
                    [],
                    values,
                    ["rep_id"],
                    {"owed": {}, "may_forgive": {}},
                )

    def test_accrual(self):
        """Finance accrues where it is finance."""
        with self.assertRaises(AccessError):
            self._rpc(
                "finance",
                "sales.commission.accrual",
                "action_accrue",
                context={"allowed_company_ids": self.company_b.ids},
            )

    def test_actions(self):
        """No action of others' records is taken, or tells of them."""
        done = []
        for record, names in (
            (
                self.theirs,
                (
                    *("action_compute", "action_submit", "action_approve"),
                    *("action_validate", "action_return", "action_pay"),
                    *("action_unpay", "action_forgive"),
                ),
            ),
            (self.entry, ("action_dispute", "action_open_document")),
            (
                self.dispute,
                ("action_decide", "action_withdraw", "action_open_entries"),
            ),
            (
                self.plans["class"],
                (
                    *("action_publish", "action_new_version", "action_try"),
                    *("action_compare", "action_archive", "copy"),
                ),
            ),
        ):
            for name in names:
                try:
                    self._rpc("rep", record._name, name, record.ids)
                except (AccessError, UserError):
                    continue
                done.append((record._name, name))
        self.assertFalse(done)
        sides = [f"version-{self.plans[name].id}" for name in ("sellers", "everybody")]
        for method, args in (
            ("get_options", []),
            ("get_period", [*sides, "2031-01-01"]),
            ("get_person", [*sides, "2031-01-01", self.reps["peer"].id]),
            ("get_summary", [*sides, []]),
        ):
            for name in ("rep", "leader", "manager"):
                with self.assertRaises(AccessError, msg=method):
                    self._rpc(name, "sales.commission.sandbox", method, *args)
