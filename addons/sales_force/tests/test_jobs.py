"""Jobs at night: what is wrong with one keeps none of the others waiting."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..jobs import go_on
from .contract_common import make_contract
from .test_approval import ApprovalCase

LOG = "odoo.addons.sales_force.jobs"


@tagged("post_install", "-at_install")
class TestJobs(ApprovalCase):
    def test_undone_and_logged(self):
        first, second = self.partner, self.partner.copy()
        for partner in first + second:
            with (
                self.assertLogs(LOG, "ERROR") as logs,
                go_on(self.env, f"Partner {partner.id}"),
            ):
                partner.name = "Changed"
                self.env.flush_all()
                self.env.cr.execute("SELECT sum(1 / 0.0)")
            self.assertIn(f"Partner {partner.id}", logs.output[0])
            self.assertEqual(partner.name, partner.name.removesuffix("Changed"))
        with go_on(self.env, "Partner"):
            second.name = "Changed"
        self.assertEqual(second.name, "Changed")

    def test_undone_and_not_kept_in_memory(self):
        rules = self.env["sales.approval.rule"]
        with self.assertLogs(LOG, "ERROR"), go_on(self.env, "Rule"):
            self._rule()
            self.assertTrue(rules._get_rules("sale.order", self.company.id))
            raise ZeroDivisionError
        self.assertFalse(rules._get_rules("sale.order", self.company.id))

    def _run(self, model, work, cron="_cron_run"):
        """The job comes to all of them, and each fails."""
        met = []

        def failing(record, *args, **kwargs):
            met.append((record, *args))
            raise ZeroDivisionError

        self.env.flush_all()
        records = self.env[model]
        with (
            patch.object(type(records), work, failing),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
            self.assertLogs(LOG, "ERROR") as logs,
        ):
            getattr(records, cron)()
        self.assertGreaterEqual(len(met), 2)
        self.assertEqual(len(logs.output), len(met))
        return met

    def test_by_company(self):
        for model in ("sales.customer", "sales.product.affinity"):
            with self.subTest(model=model):
                met = self._run(model, "_refresh", "_cron_refresh")
                companies = {args[1] for args in met}
                self.assertEqual(companies, set(self.env["res.company"].search([])))

    def test_followups(self):
        rule = self.env["sales.followup.rule"].search([], limit=1)
        met = self._run("sales.followup.rule", "_run")
        companies = {args[1] for args in met if args[0] == rule}
        self.assertEqual(companies, set(self.env["res.company"].search([])))

    def test_recycling(self):
        self.env["sales.pool"].search([]).recycles = False
        for company in (self.company, self.company_b):
            pools = self.env["sales.pool"]
            pool = pools.search([("company_id", "=", company.id)], limit=1)
            pool = pool or pools.create({"name": "Pool", "company_id": company.id})
            pool.recycles = True
        for work in ("_remind", "_collect"):
            with self.subTest(work=work):
                met = self._run("sales.recycling", work, "_cron_recycle")
                self.assertEqual(
                    {args[1] for args in met}, {self.company, self.company_b}
                )

    def test_policies(self):
        for name in ("One", "Two"):
            policy = self.env["sales.policy"].create({"name": name})
            version = self.env["sales.policy.version"].browse(
                policy.action_new_version()["res_id"]
            )
            version.content = "<p>Be honest.</p>"
            version.action_put_in_force()
        self._run("sales.policy.version", "_ask", "_cron_ask")

    def test_promotions(self):
        grade = self.env["sales.grade"].create({"name": "Senior"})
        today = self.company._get_sales_today()
        for name in ("rep", "peer"):
            self.env["sales.promotion"].with_user(self.users["director"]).create(
                {
                    "rep_id": self.reps[name].id,
                    "grade_id": grade.id,
                    "date": today + timedelta(days=1),
                }
            )
        with patch.object(
            type(self.company),
            "_get_sales_today",
            lambda _company: today + timedelta(days=1),
        ):
            self._run("sales.promotion", "_apply", "_cron_apply")

    def test_milestones(self):
        self.partner.user_id = self.users["rep"]
        contract = make_contract(self, start=True)
        milestones = self.env["sales.contract.milestone"].create(
            [
                {
                    "contract_id": contract.id,
                    "name": name,
                    "date_due": self.company._get_sales_today(),
                }
                for name in ("One", "Two")
            ]
        )
        self._run("sales.contract.milestone", "_remind", "_cron_remind")
        self.assertFalse(any(milestones.mapped("reminded_on")))

    def test_approvals(self):
        """One whose document's model is gone, and one that is to be reminded of."""
        self._rule(remind_hours=1)
        gone = self._ask(self._quotation(30))
        request = self._ask(self._quotation(30))
        steps = (gone + request).step_ids
        steps.remind_on = "2020-01-01 08:00:00"
        gone.res_model = "no.model"
        self.env.flush_all()
        with self.assertLogs(LOG, "ERROR") as logs:
            steps._cron_remind()
        self.assertEqual(len(logs.output), 1)
        self.assertIn(f"Approval request {gone.id}", logs.output[0])
        self.assertIn("waits", self._last_message(request).subject)
