import uuid

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

TICKET = "sales.service.ticket"
# So many forms that were sent are remembered, so that a second click makes no second.
_REMEMBERED = 20


class ServicePortal(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "ticket_count" in counters:
            values["ticket_count"] = self._count_tickets(self._get_tickets_domain())
        return values

    def _get_tickets_domain(self):
        """Of the customer's company, whatever else a user may see."""
        partner = request.env.user.partner_id.commercial_partner_id
        return Domain("commercial_partner_id", "=", partner.id)

    def _count_tickets(self, domain):
        Ticket = request.env[TICKET]
        return Ticket.search_count(domain) if Ticket.has_access("read") else 0

    def _get_ticket_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "id desc"},
            "name": {"label": request.env._("Subject"), "order": "name, id"},
            "state": {"label": request.env._("Status"), "order": "state, id desc"},
        }

    def _get_ticket_filters(self):
        return {
            "open": {
                "label": request.env._("Open"),
                "domain": Domain("is_open", "=", True),
            },
            "asking": {
                "label": request.env._("Waiting for you"),
                "domain": Domain("state", "in", ("waiting_customer", "resolved")),
            },
            "done": {
                "label": request.env._("Done"),
                "domain": Domain("is_open", "=", False),
            },
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
        }

    def _get_ticket_inputs(self):
        return {
            "all": {"input": "all", "label": request.env._("Search in all")},
            "number": {"input": "number", "label": request.env._("Search in number")},
            "name": {"input": "name", "label": request.env._("Search in subject")},
        }

    def _get_ticket_search_domain(self, search_in, search):
        if not search:
            return Domain.TRUE
        names = (search_in,) if search_in in ("name", "number") else ("name", "number")
        return Domain.OR(Domain(name, "ilike", search) for name in names)

    @http.route(
        ["/my/tickets", "/my/tickets/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_tickets(
        self, page=1, sortby=None, filterby=None, search=None, search_in=None, **_kw
    ):
        values = self._prepare_portal_layout_values()
        sortings, filters = self._get_ticket_sortings(), self._get_ticket_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        inputs = self._get_ticket_inputs()
        search_in = search_in if search_in in inputs else "all"
        domain = (
            self._get_tickets_domain()
            & filters[filterby]["domain"]
            & self._get_ticket_search_domain(search_in, search)
        )
        total = self._count_tickets(domain)
        pager = portal_pager(
            url="/my/tickets",
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "search": search,
                "search_in": search_in,
            },
            total=total,
            page=page,
            step=self._items_per_page,
        )
        tickets = request.env[TICKET]
        if total:
            tickets = tickets.search(
                domain,
                order=sortings[sortby]["order"],
                limit=self._items_per_page,
                offset=pager["offset"],
            )
        request.session["my_tickets_history"] = tickets.ids[:100]
        values.update(
            {
                "tickets": tickets,
                "page_name": "ticket",
                "default_url": "/my/tickets",
                "pager": pager,
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
                "searchbar_inputs": inputs,
                "search_in": search_in,
                "search": search,
            }
        )
        return request.render("sales_service.portal_my_tickets", values)

    def _may_answer(self, ticket):
        """Whether who looks at a ticket speaks for its customer.

        Who has the link does, but for our own people: they may read what they must
        not close.
        """
        user = request.env.user
        if user._is_internal():
            mine = user.partner_id.commercial_partner_id
            return mine == ticket.commercial_partner_id
        return True

    @http.route("/my/tickets/<int:ticket_id>", type="http", auth="public", website=True)
    def portal_my_ticket(self, ticket_id, access_token=None, **kw):
        try:
            ticket = self._document_check_access(TICKET, ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # Who came by a link of a mail writes under the name in it.
        author = {name: kw[name] for name in ("pid", "hash") if name in kw}
        return self._show_ticket(ticket, access_token, **author)

    def _show_ticket(self, ticket, access_token, problem=None, **author):
        values = self._get_page_view_values(
            ticket,
            access_token,
            {
                "page_name": "ticket",
                "ticket": ticket,
                "files": ticket._get_first_files(),
                "may_answer": self._may_answer(ticket),
                "problem": problem,
                "backend_url": f"/odoo/tickets/{ticket.id}",
            },
            "my_tickets_history",
            False,
            **author,
        )
        return request.render("sales_service.portal_my_ticket", values)

    @http.route(
        "/my/tickets/<int:ticket_id>/<any(confirm,reopen):word>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_my_ticket_word(
        self, ticket_id, word, access_token=None, text=None, **_kw
    ):
        """The customer says that it is solved, or that it is not."""
        try:
            ticket = self._document_check_access(TICKET, ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if not self._may_answer(ticket):
            return request.redirect(ticket.access_url)
        user = request.env.user
        partner = ticket.partner_id if user._is_public() else user.partner_id
        try:
            with request.env.cr.savepoint():
                if word == "confirm":
                    ticket._confirm_by_customer(partner)
                else:
                    ticket._reopen_by_customer(partner, text)
        except UserError as error:
            return self._show_ticket(ticket, access_token, problem=str(error))
        token = f"?access_token={access_token}" if access_token else ""
        return request.redirect(f"{ticket.access_url}{token}")

    @http.route(
        "/my/tickets/new",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_new_ticket(self, **form):
        if request.httprequest.method == "GET":
            return self._show_form()
        sent = request.session.get("tickets_sent", {})
        key = form.get("form_key") or ""
        if key and key in sent:
            # sudo: this session has made it; only its address is told
            ticket = request.env[TICKET].sudo().browse(sent[key]).exists()
            return request.redirect(ticket.access_url or "/my/tickets")
        categories = request.env["sales.service.category"]
        chosen = form.get("category_id") or ""
        if chosen.isdecimal():
            categories = categories.browse(int(chosen))
        files = [
            (one.filename, one.read())
            for one in request.httprequest.files.getlist("files")
            if one.filename
        ]
        try:
            with request.env.cr.savepoint():
                ticket = request.env[TICKET]._open_by_customer(
                    request.env.user.partner_id,
                    categories,
                    form.get("subject"),
                    form.get("text"),
                    files,
                )
        except UserError as error:
            return self._show_form(form, str(error))
        if key:
            request.session["tickets_sent"] = {
                **dict(list(sent.items())[1 - _REMEMBERED :]),
                key: ticket.id,
            }
        return request.redirect(ticket.get_portal_url())

    def _show_form(self, form=None, problem=None):
        values = self._prepare_portal_layout_values()
        values.update(
            {
                "page_name": "ticket_new",
                "categories": request.env["sales.service.category"]._get_for_portal(
                    request.env.company
                ),
                "form": form or {},
                # Sent again, it is the same form.
                "form_key": (form or {}).get("form_key") or uuid.uuid4().hex,
                "problem": problem,
            }
        )
        return request.render("sales_service.portal_new_ticket", values)
