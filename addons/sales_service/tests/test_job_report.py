"""The customer signs; the report is sealed, mailed once, and on the portal."""

from unittest.mock import patch

from lxml.html import fromstring

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .job_common import NOON, PIXEL, JobCase
from .test_portal import PortalCase


@tagged("post_install", "-at_install")
class TestJobReport(JobCase):
    def setUp(self):
        super().setUp()
        self.job = self._check_in()

    def _send(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["sales.service.job"]._cron_send_reports()
        self.env.flush_all()
        return self.env["mail.mail"].search(
            [
                ("model", "=", "sales.service.ticket"),
                ("res_id", "=", self.ticket.id),
                ("subject", "like", "report of our work"),
            ]
        )

    def _sign(self):
        with self._at(50):
            return self.job.action_sign(PIXEL, " Ann Buyer ")

    def test_signed(self):
        """At once the job ends, parts are booked, and everything stays as it is."""
        self._fill(self.job)
        part = self._use(self.job)
        self._sign()
        with self._at(55):
            self.job.action_sign(PIXEL, "Somebody else")
        self.assertEqual(
            (self.job.state, self.job.signed_by, self.job.worked_minutes),
            ("sealed", "Ann Buyer", 50),
        )
        self.assertEqual(self.job.signed_at, self.job.check_out)
        self.assertTrue(part.is_booked)
        self.assertEqual(self.ticket.state, "in_progress")
        photo = {"job_id": self.job.id, "image": PIXEL}
        for change in (
            lambda: self.job.write({"work_done": "More"}),
            lambda: self.job.write({"worked_minutes": 9, "time_note": "So"}),
            lambda: self.job.check_ids[0].write({"remark": "So"}),
            lambda: self._use(self.job),
            lambda: part.unlink(),
            lambda: self.job.action_book_parts(),
            lambda: self.job.photo_ids.create(photo),
        ):
            with self.assertRaises(UserError):
                change()
        with self.assertRaises(UserError):
            self._as("service_manager", self.job).work_done = "More"
        self.assertFalse(self.job.work_done)

    def test_incomplete(self):
        with self.assertRaises(UserError):
            self.job.action_sign()
        with self.assertRaises(UserError):
            self._sign()
        self._fill(self.job)
        for signature, name in (("", "Ann"), (PIXEL, " "), (PIXEL, None)):
            with self.assertRaises(UserError):
                self.job.action_sign(signature, name)
        with self.assertRaises(UserError):
            self.job.action_sign("bm8gcGljdHVyZQ==", "Ann")
        self._use(self.job, quantity=50)
        with self.assertRaises(UserError):
            self._sign()
        self.assertFalse(self.job.signed_at)
        self.assertEqual(self.job.state, "started")

    def test_dialog(self):
        self._fill(self.job)
        action = self.job.action_sign()
        self.assertEqual(action["context"], {"default_job_id": self.job.id})
        dialog = (
            self.env["sales.service.sign"]
            .with_user(self.users["agent"])
            .create({"job_id": self.job.id, "signed_by": "Ann", "signature": PIXEL})
        )
        self.assertFalse(self._as("colleague", dialog).has_access("read"))
        with self._at(9):
            dialog.action_sign()
        self.assertEqual(self.job.signed_by, "Ann")
        with self.assertRaises(AccessError):
            self.env["sales.service.sign"].with_user(self.users["colleague"]).create(
                {"job_id": self.job.id, "signed_by": "Ann", "signature": PIXEL}
            )

    def test_mailed_once(self):
        self._fill(self.job)
        self._sign()
        self.assertFalse(self.job.report_sent_at)
        for _run in range(2):
            mail = self._send()
            self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.partner)
        self.assertEqual(mail.attachment_ids, self.job.sudo().report_id)
        self.assertTrue(self.job.report_sent_at)
        # Resolving sends no second one.
        self.ticket.resolution = "<p>Done</p>"
        with self._at(60):
            self.agent.action_resolve()
        self.assertEqual(len(self._send()), 1)

    def test_not_forged(self):
        """The files behind what is sealed stay, though agents write their jobs."""
        self._fill(self.job)
        self.job.photo_ids = [Command.create({"image": PIXEL})]
        agent = self.env["ir.attachment"].with_user(self.users["agent"])
        fields_of = [
            ("sales.service.job", self.job.id, "signature"),
            ("sales.service.job.photo", self.job.photo_ids.id, "image"),
        ]
        self._sign()
        self._send()
        files = self.job.sudo().report_id
        for model, number, field in fields_of:
            files += files.search(
                [
                    ("res_model", "=", model),
                    ("res_id", "=", number),
                    ("res_field", "=", field),
                ]
            )
        self.assertEqual(len(files), 3)
        for file in files.with_env(agent.env):
            with self.assertRaises(AccessError):
                file.raw = b"forged"
            with self.assertRaises(AccessError):
                file.unlink()
        for model, number, field in fields_of:
            with self.assertRaises(AccessError):
                agent.create(
                    {
                        "name": field,
                        "raw": b"forged",
                        "res_model": model,
                        "res_id": number,
                        "res_field": field,
                    }
                )
        self.assertTrue(self.job.report_id.raw)

    def test_printed(self):
        """Later the report is what was sent."""
        self._fill(self.job)
        report = self.env["ir.actions.report"].with_user(self.users["agent"])
        with patch.object(type(self.job), "_render_report", lambda self: b"%PDF-1.4"):
            self._sign()
            self._send()
        stored = report.sudo()._get_report("sales_service.service_job_report")
        self.assertEqual(
            stored.retrieve_attachment(self.job), self.job.sudo().report_id
        )

    def test_one_fails(self):
        """It keeps no other from its customer, and is tried again."""
        other = self._as("colleague", self._ticket("colleague"))
        with self._at(0):
            number = other.action_check_in()["res_id"]
        theirs = self.job.browse(number).with_user(self.users["colleague"])
        for job in (self.job, theirs):
            self._fill(job)
            with self._at(50):
                job.action_sign(PIXEL, "Ann")
        broken = self.job

        def render(job):
            if job == broken:
                raise ValueError
            return b"%PDF-1.4"

        with (
            patch.object(type(self.job), "_render_report", render),
            self.assertLogs("odoo.addons.sales_service.models", "ERROR"),
        ):
            self.assertFalse(self._send())
        self.assertTrue(theirs.report_sent_at)
        self.assertFalse(self.job.sudo().report_id)
        self.assertEqual(len(self._send()), 1)

    def test_no_address(self):
        """It is made, once, and not said to be sent."""
        self.partner.email = False
        self._fill(self.job)
        self._sign()
        self._send()
        report = self.job.sudo().report_id
        self.assertTrue(report)
        self._send()
        self.assertEqual(self.job.sudo().report_id, report)
        self.assertFalse(self.job.report_sent_at)

    def test_resolved_after_signature(self):
        """From the sealed job, by what was done, until the ticket is resolved."""
        self._fill(self.job)
        self.job.work_done = "Sealed the flange"
        self._sign()
        self.assertEqual((self.job.state, self.job.is_ticket_open), ("sealed", True))
        with self._at(60):
            self.job.action_resolve()
        self.assertIn("Sealed the flange", self.ticket.resolution)
        self.assertEqual(self.ticket.state, "resolved")
        self.assertFalse(self.job.is_ticket_open)

    def test_resolved_from_the_ticket(self):
        """What is written on the job is not asked for again."""
        self._fill(self.job)
        self.job.work_done = "Sealed the flange"
        self._sign()
        with self._at(60):
            self.agent.action_resolve()
        self.assertIn("Sealed the flange", self.ticket.resolution)

    def test_resolved_without_signature(self):
        self._fill(self.job)
        self.job.work_done = "Sealed the flange"
        with self._at(50):
            self.job.action_resolve()
        self.assertEqual(len(self._send()), 1)
        self.assertFalse(self.job.signed_at)
        self.assertIn("Sealed the flange", self.ticket.resolution)

    def test_trigger(self):
        """It goes out at once, by the cron that is called."""
        self._fill(self.job)
        cron = self.env.ref("sales_service.ir_cron_job_reports")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self._sign()
        called = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertEqual(len(called - triggers), 1)

    def test_content(self):
        self._fill(self.job)
        self.job.write(
            {
                "work_done": "Sealed the flange",
                "travel_km": 12,
                "photo_ids": [
                    Command.create({"kind": "2_after", "image": PIXEL, "note": "Dry"})
                ],
            }
        )
        self._use(self.job, self.meter, lot_id=self.lot.id)
        self._sign()
        html = self.job.sudo()._render_report().decode()
        for word in (
            *(self.ticket.number, "Customer", "Main Street 1", "Sealed the flange"),
            *("Pressure", "bar", "Meter", "M-1", "Dry", "Ann Buyer", "50"),
            *('name="form_answers"', 'name="signature"', "data:image/png;base64"),
        ):
            self.assertIn(word, html)
        self.assertNotIn("hourly", html.lower())

    def test_pages(self):
        """Odoo keeps the file of a page only where the page says whose it is."""
        self._fill(self.job)
        pressure = self.job.check_ids.filtered(lambda one: one.kind == "measure")
        pressure.write({"measure": 9, "remark": "Will be replaced"})
        self._use(self.job)
        self._sign()
        # sudo: as it is printed
        report = self.env.ref("sales_service.service_job_report").sudo()
        html = report._render_qweb_html(report.report_name, self.job.ids)[0]
        bodies, pages, *_rest = report._prepare_html(html, report_model=report.model)
        self.assertEqual(pages, self.job.ids)
        page = fromstring(bodies[0])
        [part] = page.xpath("//tr[td[contains(., 'Fuse')]]")
        self.assertEqual(len(part.findall("td")), 4)
        self.assertTrue(page.xpath("//span[contains(@class, 'text-danger')]"))

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self._fill(self.job)
        self._sign()
        html = self.job.sudo()._render_report().decode()
        self.assertIn(NOON.strftime("%d/%m/%Y"), html)


@tagged("post_install", "-at_install")
class TestReportOnPortal(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket.user_id = cls.users["agent"]
        agent = cls._as("agent", cls.ticket)
        job = cls.env["sales.service.job"].browse(agent.action_check_in()["res_id"])
        job.with_user(cls.users["agent"]).work_done = "SECRETWORK"
        job.with_user(cls.users["agent"]).action_sign(PIXEL, "Alpha")
        cls.job = job
        agent.action_check_in()
        cls.running = cls.ticket.job_ids - job
        cls.url = f"/my/tickets/{cls.ticket.id}/reports/{job.id}"

    def _is_open(self, url):
        return "SECRETWORK" in self.url_open(url).text

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule")
    @mute_logger("odoo.addons.base.models.ir_model", "odoo.sql_db")
    def test_doors(self):
        """The customer's own report; nobody else's by any number or token."""
        page = f"/my/tickets/{self.ticket.id}"
        beside = f"/my/tickets/{self.other.id}/reports/{self.job.id}"
        self._login("alpha")
        self.assertIn(f"{self.url}?", self.url_open(page).text)
        self.assertTrue(self._is_open(self.url))
        self.assertFalse(
            self._is_open(f"/my/tickets/{self.ticket.id}/reports/{self.running.id}")
        )
        self._login(None)
        self.assertTrue(self._is_open(f"{self.url}?access_token={self.token}"))
        for name in ("beta", None):
            self._login(name)
            for token in ("", "nonsense", self.other_token):
                for url in (
                    self.url,
                    beside,
                    f"/report/pdf/sales_service.report_job/{self.job.id}",
                    f"/report/html/sales_service.report_job/{self.job.id}",
                    f"/web/image/sales.service.job/{self.job.id}/signature",
                ):
                    with self.subTest(who=name, token=token, url=url):
                        self.assertFalse(self._is_open(f"{url}?access_token={token}"))
        # Not even the customer themselves over RPC.
        user = self.customers["alpha"]
        for model in ("job", "check", "part", "job.photo", "checklist", "sign"):
            records = self.env[f"sales.service.{model}"].with_user(user)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(records.has_access(operation), model)
        for method in ("action_check_in", "action_check_out", "action_resolve"):
            with self.assertRaises(AccessError):
                getattr(self.ticket.with_user(user), method)()
