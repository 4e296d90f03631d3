from datetime import date

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

AGREEMENT = "sales.rebate.agreement"
DEAL = "sales.deal.registration"
# What a partner writes about a deal, and how long it may be.
_TEXTS = {"end_customer": 200, "description": 5000}


class ChannelPortal(CustomerPortal):
    """What a channel partner sees: own rebates and registered deals."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        for counter, model in (("rebate_count", AGREEMENT), ("deal_count", DEAL)):
            if counter in counters:
                values[counter] = self._count_own(model)
        if not counters:
            # Who has registered no deal yet must find where to.
            values["sales_resells"] = bool(self._get_partner())
        return values

    def _get_own_domain(self):
        """Of the partner's company, whatever else a user may see."""
        partner = request.env.user.partner_id.commercial_partner_id
        return Domain("partner_id", "=", partner.id)

    def _count_own(self, model):
        model = request.env[model]
        if not model.has_access("read"):
            return 0
        return model.search_count(self._get_own_domain())

    def _find_own(self, model, **kwargs):
        model = request.env[model]
        if not model.has_access("read"):
            return model
        return model.search(self._get_own_domain(), **kwargs)

    def _find_agreements(self):
        """Who works here reads drafts, a partner does not."""
        return self._find_own(AGREEMENT).filtered(lambda one: one.state != "draft")

    def _get_partner(self):
        """The channel partner for which the user speaks, empty when there is none."""
        # sudo: one's own company, and what kind of customer it is
        partner = request.env.user.sudo().partner_id.commercial_partner_id
        return partner if partner.sales_resells else partner.browse()

    @http.route("/my/rebates", type="http", auth="user", website=True)
    def portal_my_rebates(self, **_kw):
        agreements = self._find_agreements()
        return request.render(
            "sales_force.portal_my_rebates",
            {
                **self._prepare_portal_layout_values(),
                # sudo: names of product groups; whose agreements, was asked above
                "agreements": agreements.sudo(),
                "page_name": "rebate",
            },
        )

    @http.route(
        "/my/rebates/<int:agreement_id>", type="http", auth="user", website=True
    )
    def portal_my_rebate(self, agreement_id, **_kw):
        agreement = self._find_agreements().filtered(lambda one: one.id == agreement_id)
        if not agreement:
            return request.redirect("/my/rebates")
        # sudo: names of product groups; whose agreement it is, was asked above
        agreement = agreement.sudo()
        return request.render(
            "sales_force.portal_my_rebate",
            {
                **self._prepare_portal_layout_values(),
                "agreement": agreement,
                "page_name": "rebate",
            },
        )

    @http.route(
        ["/my/deals", "/my/deals/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_deals(self, page=1, **_kw):
        step = self._items_per_page
        total = self._count_own(DEAL)
        pager = portal_pager(url="/my/deals", total=total, page=page, step=step)
        deals = self._find_own(DEAL, limit=step, offset=pager["offset"])
        return request.render(
            "sales_force.portal_my_deals",
            {
                **self._prepare_portal_layout_values(),
                # sudo: names of product groups; whose deals, is asked before
                "deals": deals.sudo(),
                "pager": pager,
                "may_register": bool(self._get_partner()),
                "page_name": "deal",
            },
        )

    @http.route(
        "/my/deals/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_deal_new(self, **posted):
        partner = self._get_partner()
        if not partner:
            return request.redirect("/my/deals")
        company = request.env.company
        categories = self._get_categories(partner, company)
        wrong = None
        if request.httprequest.method == "POST":
            vals, wrong = self._read_deal(posted, categories)
            if not wrong:
                # sudo: for the own company, and only what was read from the form
                deals = request.env[DEAL].sudo()
                deal = deals.create(
                    {
                        **vals,
                        "partner_id": partner.id,
                        "company_id": company.id,
                        "contact_id": request.env.user.partner_id.id,
                    }
                )
                deal.action_submit()
                return request.redirect("/my/deals")
        return request.render(
            "sales_force.portal_my_deal_new",
            {
                **self._prepare_portal_layout_values(),
                "categories": categories,
                "currency": company.currency_id,
                "posted": posted,
                "wrong": wrong,
                "page_name": "deal_new",
            },
        )

    def _get_categories(self, partner, company):
        """Product groups for which the partner is authorised today."""
        today = company._get_sales_today()
        authorizations = partner.sales_authorization_ids.filtered(
            lambda one: (
                one.company_id == company
                and one.date_from <= today
                and (not one.date_to or one.date_to >= today)
            )
        )
        return authorizations.category_id

    def _read_deal(self, posted, categories):
        """``(values, what is wrong)`` of a form that was sent."""
        vals = {
            name: (posted.get(name) or "").replace("\0", "").strip()[:length]
            for name, length in _TEXTS.items()
        }
        if not vals["end_customer"]:
            return vals, request.env._("Please say who the customer is.")
        try:
            amount = float(posted.get("amount") or 0)
            expected = posted.get("date_expected")
            expected = date.fromisoformat(expected) if expected else False
            category = int(posted.get("category_id") or 0)
        except ValueError:
            return vals, request.env._("An amount or date cannot be read.")
        # Neither negative, nor infinite, nor no number at all.
        if not 0 <= amount < 1e12 or (category and category not in categories.ids):
            return vals, request.env._("The amount or product group cannot be taken.")
        vals |= {
            "amount": amount,
            "date_expected": expected,
            "category_id": category or False,
        }
        return vals, None
