from werkzeug.exceptions import NotFound

from odoo.http import Controller, request, route
from odoo.tools.misc import get_lang


class NpsController(Controller):
    """Where a contact says that he wants no more surveys, by the link of a mail."""

    @route(
        "/service/nps/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        sitemap=False,
    )
    def stop(self, token, **values):
        """Only the page's button stops them, not who looks at the link before."""
        asked = request.env["sales.service.nps"]._find(token)
        if not asked:
            raise NotFound()
        partner = asked.partner_id
        request.update_context(lang=partner.lang or get_lang(request.env).code)
        if request.httprequest.method == "POST":
            partner._stop_surveys()
        return request.render("sales_service.nps_stop_page", {"asked": asked})
