from odoo.http import Controller, content_disposition, request, route

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class HomeController(Controller):
    @route("/sales_force/home", type="http", auth="user", readonly=True)
    def download(self, period="month", company_id=""):
        """A manager's home as a workbook.

        :param company_id: the one that is shown; empty: the user's
        """
        home = request.env["sales.home"]
        if company_id.isdigit():
            home = home.with_context(allowed_company_ids=[int(company_id)])
        name, content = home._get_workbook(period)
        return request.make_response(
            content,
            [
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ],
        )
