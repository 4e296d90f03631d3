"""Two approvers at once: one decides, the other finds it decided."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "consequence_race"


@tagged("post_install", "-at_install")
class TestConsequenceConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            reps = env["sales.rep"]
            for number, role in enumerate(("director", "leader", "rep")):
                user = new_test_user(
                    env,
                    f"{NAME}_{role}",
                    f"sales_force.group_sales_{role}",
                    company_id=company.id,
                    company_ids=[(6, 0, company.ids)],
                )
                reps |= env["sales.rep"].create(
                    {
                        "user_id": user.id,
                        "company_id": company.id,
                        "parent_id": reps[number - 1].id if number else False,
                        "state": "active",
                    }
                )
            category = env.ref("sales_appraisal.sales_conduct_category_results")
            rule = env["sales.consequence.rule"].create(
                {
                    "name": NAME,
                    "company_id": company.id,
                    "pattern": "score_min",
                    "score": 90,
                    "kind": "reward",
                    "category_id": category.id,
                    "approval": "leader",
                }
            )
            proposal = env["sales.consequence"].create(
                {
                    "rule_id": rule.id,
                    "kind": "reward",
                    "rep_id": reps[2].id,
                    "company_id": company.id,
                    "period": "month",
                    "period_from": "2031-01-01",
                    "period_to": "2031-01-31",
                    "definition": rule._prepare_definition(),
                    "evidence": {"periods": []},
                }
            )
            proposal._add_steps()
            # Late: the director may decide as well as the leader.
            proposal.due_on = "2020-01-01"
            self.proposal, self.rep = proposal.id, reps[2].id

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            rules = env["sales.consequence.rule"].search([("name", "=", NAME)])
            proposals = env["sales.consequence"].search([("rule_id", "in", rules.ids)])
            proposals.step_ids.unlink()
            proposals.unlink()
            rules.state = "draft"
            rules.unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            reps = users.sales_rep_ids
            env.cr.execute(
                "DELETE FROM sales_conduct WHERE rep_id = ANY(%s)", (reps.ids,)
            )
            for rep in reps.sorted("parent_path", reverse=True):
                rep.unlink()
            people = users.partner_id
            users.unlink()
            people.unlink()

    def _approve(self, role):
        def approve(env):
            user = env["res.users"].search([("login", "=", f"{NAME}_{role}")])
            proposal = env["sales.consequence"].browse(self.proposal).with_user(user)
            proposal.action_approve()

        return approve

    def test_two_approve(self):
        with self.assertRaisesRegex(UserError, "decided already"):
            self._race(self._approve("leader"), self._approve("director"))
        with self._environment() as env:
            proposal = env["sales.consequence"].browse(self.proposal)
            self.assertEqual(proposal.state, "approved")
            self.assertEqual(proposal.decided_by_id.login, f"{NAME}_leader")
            cases = env["sales.conduct"].search([("rep_id", "=", self.rep)])
            self.assertEqual(cases.ids, [proposal.result_id])
            done = proposal.step_ids.filtered(lambda one: one.state == "approved")
            self.assertEqual(len(done), 1)
