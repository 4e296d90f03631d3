from odoo import http
from odoo.http import request

ARTICLE = "sales.service.article"


class ServiceArticles(http.Controller):
    """What may help a customer before a ticket is opened."""

    @http.route("/my/tickets/articles", type="http", auth="user", website=True)
    def portal_articles(self, category_id=None, subject=None, **_kw):
        """A part of the page: what fits the category and the words."""
        company = request.env.company
        category = request.env["sales.service.category"]
        if (category_id or "").isdecimal():
            offered = category._get_for_portal(company)
            category = offered.filtered(lambda one: one.id == int(category_id))
        articles = request.env[ARTICLE]._find_for_portal(
            company, category, (subject or "")[:250]
        )
        return request.render(
            "sales_service.portal_articles", {"articles": articles[:5]}
        )

    @http.route(
        "/my/articles/<int:article_id>/helped",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_article_helped(self, article_id, **_kw):
        """The customer needs no ticket; said twice a day, it counts once."""
        company = request.env.company
        article = (
            request.env[ARTICLE]
            # sudo: customers read what is published for them, nothing else
            .sudo()
            .search(
                [
                    ("id", "=", article_id),
                    *request.env[ARTICLE]._get_portal_domain(company),
                ]
            )
        )
        if not article:
            return request.redirect("/my/tickets/new")
        article._use(company)
        return request.render(
            "sales_service.portal_article_helped", {"page_name": "ticket_new"}
        )
