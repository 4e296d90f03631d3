from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import content_disposition, request

from .portal import ServicePortal


class JobReportPortal(ServicePortal):
    @http.route(
        "/my/tickets/<int:ticket_id>/reports/<int:job_id>",
        type="http",
        auth="public",
        website=True,
    )
    def portal_job_report(self, ticket_id, job_id, access_token=None, **_kw):
        """A report of the ticket, for who may see that."""
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        job = ticket._get_sealed_jobs().filtered(lambda one: one.id == job_id)
        if not job:
            token = f"?access_token={access_token}" if access_token else ""
            return request.redirect(f"{ticket.access_url}{token}")
        content = job._get_report()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                (
                    "Content-Disposition",
                    content_disposition(f"{job._get_report_name()}.pdf", "inline"),
                ),
            ],
        )
