"""Standards of service: who is asked to acknowledge them, and who sees who has not."""

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestStandard(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.users["service_manager"]
        cls.policy = (
            cls.env["sales.policy"]
            .with_user(cls.manager)
            .create(
                {
                    "name": "How we answer",
                    "company_id": cls.company.id,
                    "service_team_ids": cls.team.ids,
                }
            )
        )

    def _in_force(self):
        version = self.policy.version_ids.browse(
            self.policy.action_new_version()["res_id"]
        )
        version.content = "<p>Within the hour.</p>"
        version.action_put_in_force()
        return version

    def _asked(self, version):
        return version.sudo().acknowledgement_ids.user_id

    def test_agents_acknowledge(self):
        """Reps or not, each agent of the team once; who joins is asked as well."""
        rep = self._rep(self.users["agent"])
        version = self._in_force()
        agents = self.users["agent"] + self.users["colleague"]
        self.assertEqual(self._asked(version), agents)
        self.assertEqual(version.sudo().acknowledgement_ids.rep_id, rep)
        self.assertEqual(self.policy.missing_count, 2)
        for name in ("agent", "colleague"):
            mine = self._as(name, version)
            self.assertEqual(mine.my_state, "missing")
            self.assertTrue(
                mine.activity_ids.filtered(
                    lambda one, name=name: one.user_id == self.users[name]
                )
            )
            mine.action_acknowledge()
            mine.invalidate_recordset()
            self.assertEqual(mine.my_state, "done")
        self.policy.invalidate_recordset()
        self.assertEqual(self.policy.missing_count, 0)
        self.team.member_ids = [(4, self.users["stranger"].id)]
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            for _time in range(2):
                version.sudo()._cron_ask()
        self.assertEqual(self._asked(version), agents + self.users["stranger"])
        missing = self.env["sales.policy.acknowledgement"].with_user(self.manager)
        missing = missing.search(self.policy.action_open_missing()["domain"])
        self.assertEqual(
            missing.filtered(lambda one: not one.date).user_id, self.users["stranger"]
        )

    def test_not_asked(self):
        version = self._in_force()
        with self.assertRaises(AccessError):
            self._as("stranger", version).action_acknowledge()
        with self.assertRaises(UserError):
            self._as("service_manager", version).action_acknowledge()

    def test_buttons(self):
        """Who may do it finds it on the screen, with no role in sales."""
        for role, shown in (
            ("agent", {"action_acknowledge"}),
            ("service_manager", {"action_acknowledge", "action_put_in_force"}),
        ):
            arch = self._as(role, self.env["sales.policy.version"]).get_view(
                self.env.ref("sales_force.sales_policy_version_view_form").id
            )["arch"]
            with self.subTest(role=role):
                buttons = etree.fromstring(arch).iter("button")
                self.assertEqual({node.get("name") for node in buttons}, shown)

    def test_rights(self):
        """Managers write standards of service, and no rules of selling."""
        selling = self.env["sales.policy"].create(
            {"name": "Conduct", "company_id": self.company.id}
        )
        draft = selling.version_ids.browse(selling.action_new_version()["res_id"])
        for role, record, allowed in (
            ("service_manager", self.policy, True),
            ("service_manager", selling, False),
            ("service_manager", draft, False),
            ("operations", self.policy, True),
            ("operations", selling, True),
            ("agent", self.policy, False),
            ("dispatcher", self.policy, False),
        ):
            with self.subTest(role=role, record=record):
                self.assertEqual(self._as(role, record).has_access("write"), allowed)
        version = self._in_force()
        line = version.sudo().acknowledgement_ids.filtered(
            lambda one: one.user_id == self.users["agent"]
        )
        for role, seen in (
            ("agent", True),
            ("colleague", False),
            ("dispatcher", False),
            ("service_manager", True),
            ("operations", True),
            ("director", True),
            ("rep", False),
        ):
            with self.subTest(role=role):
                self.assertEqual(self._as(role, line).has_access("read"), seen)
                self.assertFalse(self._as(role, line).has_access("write"))
        with self.assertRaises(AccessError):
            self._as("service_manager", self.policy).service_team_ids = False
        own = version.browse(self.policy.action_new_version()["res_id"])
        with self.assertRaises(AccessError):
            self._as("service_manager", own).policy_id = selling
