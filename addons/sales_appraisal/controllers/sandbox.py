from odoo.http import Controller, content_disposition, request, route

from .analysis import XLSX


class SandboxController(Controller):
    @route("/sales_appraisal/sandbox", type="http", auth="user", readonly=True)
    def download(self, left=None, right=None, first=None, last=None):
        """Two ways of paying commission compared, as a workbook, of plans of any of
        the user's companies."""
        sandbox = request.env["sales.commission.sandbox"].with_context(
            allowed_company_ids=request.env.user.company_ids.ids
        )
        name, content = sandbox._get_workbook(left, right, first, last)
        return request.make_response(
            content,
            [
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ],
        )
