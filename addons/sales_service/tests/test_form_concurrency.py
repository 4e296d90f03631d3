"""Two at once: one form in force, one ticket of a form, no answer lost."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.sales_force.tests.common import ConcurrentCase

NAME = "form_race"


@tagged("post_install", "-at_install")
class TestFormConcurrency(ConcurrentCase):
    def setUp(self):
        super().setUp()
        self._remove()  # what a killed run left behind
        self.addCleanup(self._remove)
        with self._environment() as env:
            company = env.ref("base.main_company")
            managers = [
                new_test_user(
                    env,
                    f"{NAME}_{number}",
                    "sales_service.group_service_manager",
                    company_id=company.id,
                    company_ids=[Command.set(company.ids)],
                )
                for number in range(2)
            ]
            customer = new_test_user(
                env,
                f"{NAME}_customer",
                "base.group_portal",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            customer.partner_id.name = NAME
            team = env["sales.service.team"].create(
                {"name": NAME, "company_id": company.id}
            )
            category = env["sales.service.category"].create(
                {"name": NAME, "company_id": company.id, "team_id": team.id}
            )
            version = env["sales.service.form.version"].create(
                {
                    "category_id": category.id,
                    "question_ids": [
                        Command.create({"name": name, "key": f"{NAME}_{name}"})
                        for name in ("a", "b")
                    ],
                }
            )
            self.category, self.version = category.id, version.id
            self.managers = [user.id for user in managers]
            self.customer = customer.id

    def _remove(self):
        with self._environment() as env:
            env = env(context={**env.context, "active_test": False})
            tickets = env["sales.service.ticket"].search(
                [("category_id.name", "=", NAME)]
            )
            env.cr.execute(
                "DELETE FROM sales_service_ticket WHERE id = ANY(%s)", (tickets.ids,)
            )
            env["mail.message"].search(
                [("model", "=", tickets._name), ("res_id", "in", tickets.ids)]
            ).unlink()
            env.invalidate_all(flush=False)
            categories = env["sales.service.category"].search([("name", "=", NAME)])
            # What was in force stays otherwise.
            env.cr.execute(
                "DELETE FROM sales_service_form_version WHERE category_id = ANY(%s)",
                [categories.ids],
            )
            categories.unlink()
            env["sales.service.team"].search([("name", "=", NAME)]).unlink()
            users = env["res.users"].search([("login", "like", f"{NAME}%")])
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _publish(self, user):
        return lambda env: (
            env["sales.service.form.version"]
            .browse(self.version)
            .with_user(self.managers[user])
            .action_publish()
        )

    def test_published_by_two(self):
        """One of them has, and the other is told."""
        with self.assertRaises(UserError) as error:
            self._race(self._publish(0), self._publish(1))
        self.assertIn("in force", str(error.exception))
        with self._environment() as env:
            version = env["sales.service.form.version"].browse(self.version)
            self.assertEqual(version.state, "published")
            self.assertEqual(version.published_by_id.id, self.managers[0])

    def test_changed_while_published(self):
        """What came too late is not in the form that is in force."""

        def change(env):
            env["sales.service.form.question"].with_user(self.managers[1]).create(
                {"version_id": self.version, "name": "c"}
            )

        with self.assertRaises(UserError):
            self._race(self._publish(0), change)
        with self._environment() as env:
            version = env["sales.service.form.version"].browse(self.version)
            self.assertEqual(len(version.question_ids), len(version.definition))

    def _submit(self, env):
        user = env["res.users"].browse(self.customer)
        self.made.append(
            env["sales.service.ticket"]
            .with_user(user)
            ._open_by_customer(
                user.partner_id,
                env["sales.service.category"].browse(self.category),
                "Pump",
                "It leaks",
                texts={f"{NAME}_a": ["1"]},
                key="once",
            )
            .id
        )

    def test_submitted_twice(self):
        """Two clicks at once are one ticket, and both lead to it."""
        with self._environment() as env:
            self._publish(0)(env)
        self.made = []
        self._race(self._submit, self._submit)
        self.assertEqual(len(set(self.made)), 1)
        with self._environment() as env:
            tickets = env["sales.service.ticket"].search(
                [("category_id", "=", self.category)]
            )
            self.assertEqual(tickets.ids, self.made[:1])

    def test_answered_by_two(self):
        """Two who answer different questions at once: both are kept."""
        self.made = []
        with self._environment() as env:
            self._publish(0)(env)
            self._submit(env)

        def answer(env):
            user = env["res.users"].browse(self.customer)
            ticket = env["sales.service.ticket"].with_user(user).browse(self.made)
            ticket._answer_by_customer(user.partner_id, {f"{NAME}_b": ["2"]}, {})

        def work(env):
            env["sales.service.ticket"].browse(self.made).write(
                {"properties": {f"{NAME}_a": "3"}}
            )

        self._race(answer, work)
        with self._environment() as env:
            ticket = env["sales.service.ticket"].browse(self.made)
            self.assertEqual(
                ticket._get_answers(), {f"{NAME}_a": "3", f"{NAME}_b": "2"}
            )
