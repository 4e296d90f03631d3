"""What agents do on the phone."""

from odoo.tests import HttpCase, tagged

from .job_common import JobCase


@tagged("post_install", "-at_install")
class TestPhone(JobCase, HttpCase):
    browser_size = "390x844"
    touch_enabled = True

    def _tour(self, url, name):
        self.start_tour(url, name, login=self.users["agent"].login)

    def test_tickets(self):
        """Not by stages: the column of the first may be empty."""
        self._tour("/odoo/my-tickets", "sales_service_tickets_phone")

    def test_checks(self):
        """One tap ticks off a point of the checklist."""
        job = self._check_in()
        self._tour(
            f"/odoo/my-jobs/sales.service.job/{job.id}", "sales_service_checks_phone"
        )
        job.invalidate_recordset()
        done = {check.name: check.done for check in job.check_ids}
        self.assertEqual(done, {"Tight": True, "Pressure": True, "Colour": False})
