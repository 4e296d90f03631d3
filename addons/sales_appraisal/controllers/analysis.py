from odoo.http import Controller, content_disposition, request, route

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AnalysisController(Controller):
    @route("/sales_appraisal/analysis", type="http", auth="user", readonly=True)
    def download(self, period=None, day=None, team_id=None):
        """The analysis of scores as a workbook, of what the user may read."""
        name, content = request.env["sales.appraisal.analysis"]._get_workbook(
            period, day, team_id and team_id.isdigit() and int(team_id)
        )
        return request.make_response(
            content,
            [
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ],
        )
