from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.http import Controller, request, route
from odoo.tools.misc import get_lang

# The five faces, from 1 to 5.
FACES = ("😞", "🙁", "😐", "🙂", "😀")


class RatingController(Controller):
    """The page on which a customer rates, by the secret link of a mail."""

    @route(
        "/service/rate/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        sitemap=False,
    )
    def rate(self, token, points=None, comment=None, **values):
        """Show the page; only its button rates, not who looks at the link before."""
        rating = request.env["sales.service.rating"]._find(token)
        if not rating:
            raise NotFound()
        lang = rating.partner_id.lang or get_lang(request.env).code
        request.update_context(lang=lang)
        rating = rating.with_context(lang=lang)
        reasons = rating.env["sales.service.rating.reason"].search([])
        points = int(points) if points in map(str, range(10)) else 0
        error = None
        if request.httprequest.method == "POST":
            chosen = request.httprequest.form.getlist("reason")
            chosen = reasons.filtered(lambda one: str(one.id) in chosen)
            try:
                rating._give(points, chosen.ids, comment)
            except UserError as problem:
                error = problem.args[0]
        return request.render(
            "sales_service.rating_page",
            {
                "rating": rating,
                "ticket": rating.ticket_id,
                "may_rate": rating._may_be_given(),
                "points": points,
                "comment": comment,
                "faces": [*enumerate(FACES, 1)],
                "reasons": reasons,
                "error": error,
            },
        )
