"""Answers that stand ready, as agents without the rights of a template editor."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ServiceCase

ANSWERS = ("received", "question", "parts", "return", "works")


@tagged("post_install", "-at_install")
class TestAnswer(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As in General Settings: only administrators write any placeholders.
        cls.env["ir.config_parameter"].set_param(
            "mail.restrict.template.rendering", True
        )
        cls.Template = cls.env["mail.template"]
        cls.answers = {
            name: cls.env.ref(f"sales_service.answer_{name}") for name in ANSWERS
        }
        cls.ticket = cls._ticket("agent", product_id=cls.product.id)

    def _make(self, user, **vals):
        return self.Template.with_user(self.users[user]).create(
            {
                "name": "Own",
                "model_id": self.env["ir.model"]._get_id("sales.service.ticket"),
                "sales_service_answer": True,
                "user_id": self.users[user].id,
                **vals,
            }
        )

    def _offered(self, user, ticket):
        found = self.Template.with_user(self.users[user]).get_service_answers(
            ticket.ids
        )
        return [one["id"] for one in found]

    def test_composed(self):
        """One choice in the composer fills in the ticket, and evaluates nothing."""
        agent = self.users["agent"]
        self.assertFalse(agent.has_group("mail.group_mail_template_editor"))
        for name, answer in self.answers.items():
            self.assertFalse(answer._has_unsafe_expression(), name)
            composer = (
                self.env["mail.compose.message"]
                .with_user(agent)
                .with_context(
                    default_model=self.ticket._name, default_res_ids=self.ticket.ids
                )
                .create({"template_id": answer.id})
            )
            self.assertIn(self.partner.name, composer.body)
            self.assertIn(agent.name, composer.body)
            self.assertNotIn("t-out", composer.body)
            self.assertEqual(
                composer.subject, f"{self.ticket.number} {self.ticket.name}"
            )
            self.assertIn(self.partner, composer.partner_ids)
        composer.action_send_mail()
        self.assertTrue(self.ticket.responded_at)

    def test_offered(self):
        """Those of the ticket's team and category, not what the system sends."""
        always = {self.answers[name].id for name in ("received", "question", "works")}
        offered = self._offered("agent", self.ticket)
        self.assertLessEqual(always, set(offered))
        self.assertNotIn(self.answers["parts"].id, offered)
        self.assertNotIn(
            self.env.ref("sales_service.mail_template_resolved").id, offered
        )
        above = self.env["sales.service.category"].create(
            {"name": "Above", "company_id": self.company.id}
        )
        self.category.parent_id = above
        self.answers["parts"].sales_service_category_ids = above
        self.answers["works"].sales_service_team_ids = self.other_team
        own = self._make("agent")
        colleagues = self._make("colleague")
        offered = self._offered("agent", self.ticket)
        self.assertEqual(offered[0], own.id)
        self.assertNotIn(colleagues.id, offered)
        self.assertIn(self.answers["parts"].id, offered)
        self.assertNotIn(self.answers["works"].id, offered)
        with self.assertRaises(AccessError):
            self._offered("stranger", self.ticket)
        portal = new_test_user(self.env, "sf_answers", "base.group_portal")
        for tickets in (self.ticket.browse(), self.ticket):
            with self.assertRaises(AccessError):
                self.Template.with_user(portal).get_service_answers(tickets.ids)

    def test_not_everybodys(self):
        """Who is no manager makes no answer for all, in one step or in two."""
        with self.assertRaises(AccessError):
            self._make("agent", user_id=False)
        own = self._make("agent")
        with self.assertRaises(AccessError):
            own.user_id = False
        other = self._make(
            "agent", model_id=self.env["ir.model"]._get_id("res.partner"), user_id=False
        )
        with self.assertRaises(AccessError):
            other.model_id = self.env["ir.model"]._get("sales.service.ticket")
        self._make("service_manager").user_id = False

    def test_saved_in_composer(self):
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.users["agent"])
            .with_context(
                default_model=self.ticket._name, default_res_ids=self.ticket.ids
            )
            .create({"body": "<p>Soon</p>", "template_name": "Soon"})
        )
        composer.create_mail_template()
        self.assertTrue(composer.template_id.sales_service_answer)
        self.assertIn(composer.template_id.id, self._offered("agent", self.ticket))

    def test_rights(self):
        """Agents write own answers with known placeholders; managers those of all."""
        own = self._make("agent", body_html='<p><t t-out="object.number"/></p>')
        for body in (
            '<p t-out="object.env.user.password"/>',
            '<t t-foreach="object.message_ids" t-as="m" t-out="m.body"/>',
            '<t t-out="object.partner_id.ref"/>',
        ):
            with self.assertRaises(AccessError, msg=body):
                self._make("agent", body_html=body)
            with self.assertRaises(AccessError, msg=body):
                own.body_html = body
        shared = self.answers["received"]
        with self.assertRaises(AccessError):
            self._as("agent", shared).name = "Mine"
        with self.assertRaises(AccessError):
            self._as("agent", shared).unlink()
        with self.assertRaises(AccessError):
            self._make("agent", user_id=False)
        self._as("service_manager", shared).name = "At once"
        with self.assertRaises(AccessError):
            self._as("service_manager", shared).body_html = '<t t-out="object.env"/>'
        # Others' templates are Odoo's own matter.
        with self.assertRaises(AccessError):
            self._as(
                "service_manager",
                self.env.ref("sales_service.mail_template_resolved"),
            ).name = "No"

    def test_where_all_are_editors(self):
        """As Odoo is installed: an agent changes no shared answer either."""
        self.env["ir.config_parameter"].set_param(
            "mail.restrict.template.rendering", False
        )
        with self.assertRaises(AccessError):
            self._as("agent", self.answers["received"]).name = "Mine"
        self._make("agent").write(
            {"sales_service_team_ids": [Command.set(self.team.ids)]}
        )
        other = self.Template.with_user(self.users["agent"]).create(
            {"name": "Partner", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        other.name = "Still"
