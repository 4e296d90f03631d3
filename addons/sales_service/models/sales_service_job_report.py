"""The customer's signature, and the report that he gets at once."""

import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.sales_force.locking import write_lock

from .sales_service_ticket import PAST

_logger = logging.getLogger(__name__)

_REPORT = "sales_service.service_job_report"


class SalesServiceJob(models.Model):
    _inherit = "sales.service.job"

    signature = fields.Image(
        readonly=True, copy=False, max_width=1024, max_height=1024, attachment=True
    )
    signed_by = fields.Char(readonly=True, copy=False)
    signed_at = fields.Datetime("Signed", readonly=True, copy=False)
    sealed_at = fields.Datetime(
        "Report Sealed", readonly=True, copy=False, help="From then on it stays so."
    )
    report_id = fields.Many2one(
        "ir.attachment", "Report", readonly=True, copy=False, ondelete="restrict"
    )
    report_sent_at = fields.Datetime("Report Sent", readonly=True, copy=False)

    def action_sign(self, signature=None, signed_by=None):
        """The customer signs: parts are booked, the job ends, the report is sealed.

        Signed twice, it is signed once.

        :param str signature: a picture in base64; asked for in a dialog where missing
        :param str signed_by: the name of who signs
        :raise AccessError: for somebody else's job
        :raise UserError: for what is missing, naming it
        """
        self._check_own()
        if signature is None:
            self._check_unsealed()
            self._refuse(self._get_lacks())
            action = self.env["ir.actions.actions"]._for_xml_id(
                "sales_service.sales_service_sign_action"
            )
            return {**action, "context": {"default_job_id": self.id}}
        write_lock(self)
        self.invalidate_recordset()
        if self.signed_at:
            return True
        self._check_unsealed()
        self._refuse(self._get_lacks())
        if not signature or not (signed_by or "").strip():
            raise UserError(self.env._("The customer signs, with the name below."))
        # sudo: the signature is stamped
        self.sudo().write(
            {
                "signature": signature,
                "signed_by": signed_by.strip(),
                "signed_at": self.ticket_id._get_now(),
            }
        )
        if self.state == "started":
            self._finish()
        self._seal()
        return True

    def _seal(self):
        """From now on the job is what the customer has in writing."""
        if not self:
            return
        # sudo: what follows from the end of a job is stamped
        jobs = self.sudo()
        jobs._book()
        jobs._charge_hours()
        now = self.env["sales.service.ticket"]._get_now()
        # What demo data says of the past is mailed to nobody.
        past = bool(self.env.cr.cache.get(PAST))
        jobs.write(
            {
                "state": "sealed",
                "sealed_at": now,
                "report_sent_at": past and now,
            }
        )
        if not past:
            # sudo: reports go out at once, whoever ends the job
            self.env.ref("sales_service.ir_cron_job_reports").sudo()._trigger()

    @api.model
    def _cron_send_reports(self):
        """Make and mail the reports of sealed jobs, each once.

        Apart from the signing, which no printing that fails can undo. One that fails
        keeps no other from its customer, and is tried again the next day.
        """
        jobs = self.search(
            [
                ("sealed_at", "!=", False),
                ("report_id", "=", False),
                ("report_sent_at", "=", False),
            ],
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(jobs))
        for job in jobs:
            write_lock(job)
            job.invalidate_recordset(["report_id"])
            if not job.report_id:
                try:
                    with self.env.cr.savepoint():
                        job._send_report()
                except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                    raise
                except Exception:
                    _logger.exception("The report of job %s was not sent", job.id)
            self.env["ir.cron"]._commit_progress(1)

    def _send_report(self):
        """Keep the report, and mail it to a customer who has an address."""
        self._make_report()
        ticket = self.ticket_id
        template = self.env.ref(
            "sales_service.mail_template_job", raise_if_not_found=False
        )
        if template and ticket.partner_id.email:
            ticket.message_post_with_source(
                template,
                email_layout_xmlid="mail.mail_notification_light",
                subtype_xmlid="mail.mt_note",
                force_send=False,
                attachment_ids=self.report_id.ids,
            )
            self.report_sent_at = ticket._get_now()

    def _make_report(self):
        """Keep the report as the customer gets it."""
        self.ensure_one()
        if not self.report_id:
            content = self._render_report()
            self.report_id = self.env["ir.attachment"].create(
                {
                    "name": f"{self._get_report_name()}.pdf",
                    "raw": content,
                    "mimetype": "application/pdf",
                    # Of what is sealed; agents may write what is their ticket's.
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )

    def _get_report_name(self):
        day = self.company_id._get_sales_date(self.check_in)
        return f"{self.ticket_id.number} {day} {self.id}"

    def _render_report(self):
        """The report as it would be printed now."""
        # sudo: whoever asks has been let to the ticket or the job
        report = self.env["ir.actions.report"].sudo()
        # Wherever it is asked for, its times are those of where the work was done.
        zone = self.company_id._get_sales_timezone()
        return report.with_context(tz=zone)._render_qweb_pdf(_REPORT, self.ids)[0]

    def _get_report(self):
        """The report that was sent; of what was sealed but not sent, as it is."""
        self.ensure_one()
        # sudo: whoever asks has been let to the ticket or the job
        kept = self.sudo().report_id
        return kept.raw if kept else self._render_report()


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _get_sealed_jobs(self):
        """What the customer has in writing, for pages of who may see the ticket."""
        self.ensure_one()
        # sudo: a customer has no right to jobs; these reports are for him
        return self.sudo().job_ids.filtered("sealed_at")
