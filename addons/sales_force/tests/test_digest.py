from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import SalesForceCase
from .credit_rows import CreditRows


@tagged("post_install", "-at_install")
@freeze_time("2031-05-17 06:00:00")
class TestDigest(CreditRows, SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._credit("COLLECTED", cls.reps["rep"], 100, "2031-05-16")
        cls._credit("COLLECTED", cls.reps["peer"], 30, "2031-05-16")
        cls._credit("COLLECTED", cls.reps["peer"], 9, "2031-05-16", overlay=True)
        cls._credit("COLLECTED", cls.reps["rep"], 1000, "2031-05-17")
        cls._credit("COLLECTED", cls.reps["rep"], 7, "2031-05-12")
        cls._credit(
            "COLLECTED",
            cls.reps["foreigner"],
            5,
            "2031-05-16",
            company_id=cls.company_b,
        )
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Digest",
                "company_id": cls.company.id,
                "kpi_sales_force_collected": True,
                "kpi_sales_force_new_customers": True,
            }
        )

    def _value(self, who, days=1):
        stop = fields.Datetime.now()
        digest = self.digest.with_context(
            start_datetime=fields.Datetime.subtract(stop, days=days), end_datetime=stop
        ).with_user(self.users[who])
        digest.invalidate_recordset()
        return digest.kpi_sales_force_collected_value

    def test_by_access(self):
        """The day that ended, of whom the recipient may see, without overlays."""
        for who, value in (
            ("rep", 100),
            ("peer", 30),
            ("manager", 100),
            ("director", 130),
            ("finance", 130),
        ):
            with self.subTest(who=who):
                self.assertEqual(self._value(who), value)
        self.assertEqual(self._value("rep", days=7), 107)

    def test_without_a_role_there_is_no_figure(self):
        plain = new_test_user(self.env, "sf_plain", "base.group_user")
        self.users["plain"] = plain
        with self.assertRaises(AccessError):
            self._value("plain")
        self.assertFalse(
            {kpi["kpi_name"] for kpi in self.digest._compute_kpis(self.company, plain)}
        )

    def test_mail(self):
        self.digest.user_ids = self.users["rep"]
        self.digest.action_send_manual()
        mail = self.env["mail.mail"].search(
            [("email_to", "like", self.users["rep"].email)], limit=1, order="id desc"
        )
        self.assertIn("Collected", mail.body_html)
        self.assertIn("sales_force.sales_credit_action", mail.body_html)

    def test_default_digest(self):
        digest = self.env.ref("digest.digest_digest_default")
        self.assertTrue(digest.kpi_sales_force_invoiced)
