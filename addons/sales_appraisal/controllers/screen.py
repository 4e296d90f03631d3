from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request


class ScreenController(http.Controller):
    """A big screen without login: by its link, read-only, nothing but its boards."""

    def _get_screen(self, token):
        screen = request.env["sales.screen"]._by_token(token)
        if not screen:
            raise NotFound()
        return screen

    @http.route(
        "/sales/screen/<string:token>", type="http", auth="public", sitemap=False
    )
    def page(self, token):
        screen = self._get_screen(token)
        response = request.render(
            "sales_appraisal.screen_page",
            {"title": screen.name, "props": {"token": token}},
        )
        # The address is the key: it goes to no other site and into no index.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    @http.route("/sales/screen/<string:token>/data", type="jsonrpc", auth="public")
    def data(self, token):
        return self._get_screen(token)._get_shown()
