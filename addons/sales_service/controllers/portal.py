import uuid

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..tickets import forms
from ..tickets.mail import printable
from .rating import FACES

TICKET = "sales.service.ticket"
# How fields of pages begin that answer a question of a form.
_ANSWER = "a_"


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
        search = printable(search)
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

    def _get_speaker(self, ticket):
        """In whose name who may answer does."""
        user = request.env.user
        return ticket.partner_id if user._is_public() else user.partner_id

    def _get_ticket(self, ticket_id, access_token):
        """A ticket that may be seen, with its moments where the customer is.

        :raise AccessError: for one that is another customer's
        :raise MissingError: for one that is not there
        """
        ticket = self._document_check_access(TICKET, ticket_id, access_token)
        self._use_zone(ticket.partner_id, ticket.company_id)
        return ticket.with_context(request.env.context)

    def _use_zone(self, partner, company):
        """Moments are of who is logged in, else of the customer or the company."""
        user = request.env.user
        zone = partner.tz if user._is_public() else user.tz
        request.update_context(tz=zone or company._get_sales_timezone())

    def _act(self, ticket_id, access_token, act, anchor=""):
        """Do what a customer wants, and show the ticket, with what is wrong.

        :param act: called with the ticket and who speaks; what it returns is wrong
        """
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if not self._may_answer(ticket):
            return request.redirect(ticket.access_url)
        try:
            with request.env.cr.savepoint():
                problem = act(ticket, self._get_speaker(ticket))
        except UserError as error:
            problem = str(error)
        if problem:
            return self._show_ticket(ticket, access_token, problem=problem)
        token = f"?access_token={access_token}" if access_token else ""
        return request.redirect(f"{ticket.access_url}{token}{anchor}")

    @http.route("/my/tickets/<int:ticket_id>", type="http", auth="public", website=True)
    def portal_my_ticket(
        self, ticket_id, access_token=None, report_type=None, download=False, **kw
    ):
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if report_type in ("html", "pdf", "text"):
            return self._show_report(
                model=ticket,
                report_type=report_type,
                report_ref="sales_service.sales_service_ticket_report",
                download=download,
            )
        # Who came by a link of a mail writes under the name in it.
        author = {name: kw[name] for name in ("pid", "hash") if name in kw}
        return self._show_ticket(
            ticket, access_token, filed=bool(kw.get("filed")), **author
        )

    def _show_ticket(self, ticket, access_token, problem=None, filed=False, **author):
        values = self._get_page_view_values(
            ticket,
            access_token,
            {
                "page_name": "ticket",
                "ticket": ticket,
                "files": ticket._get_first_files(),
                "may_answer": self._may_answer(ticket),
                "problem": problem,
                "filed": filed,
                "answers": ticket._get_form_answers(),
                "open_questions": ticket._get_open_questions(),
                "texts": self._get_sent_answers()[0],
                **self._get_question_values(),
                **self._get_rating_values(ticket),
                "backend_url": f"/odoo/tickets/{ticket.id}",
            },
            "my_tickets_history",
            False,
            **author,
        )
        return request.render("sales_service.portal_my_ticket", values)

    def _get_rating_values(self, ticket):
        """What was said, and where to say it: for who was asked only."""
        asked = ticket._get_open_rating()
        partner = request.env.user.partner_id
        return {
            "rating_url": asked._get_url() if asked.partner_id == partner else None,
            # sudo: of a ticket that may be seen, what its customer has said
            "ratings": ticket.sudo().service_rating_ids.filtered("rated_at"),
            "faces": FACES,
        }

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

        def act(ticket, partner):
            if word == "confirm":
                ticket._confirm_by_customer(partner)
            else:
                ticket._reopen_by_customer(partner, text)

        return self._act(ticket_id, access_token, act)

    @http.route(
        "/my/tickets/new",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_new_ticket(self, **form):
        self._use_zone(request.env.user.partner_id, request.env.company)
        if request.httprequest.method == "GET" or form.get("choose"):
            return self._show_form(form)
        categories = request.env["sales.service.category"]
        chosen = form.get("category_id") or ""
        if chosen.isdecimal():
            categories = categories.browse(int(chosen))
        texts, sent = self._get_sent_answers()
        try:
            with request.env.cr.savepoint():
                ticket = request.env[TICKET]._open_by_customer(
                    request.env.user.partner_id,
                    categories,
                    form.get("subject"),
                    form.get("text"),
                    self._get_files("files"),
                    texts,
                    sent,
                    printable(form.get("form_key")),
                )
        except UserError as error:
            return self._show_form(form, str(error))
        return request.redirect(ticket.get_portal_url(query_string="&filed=1"))

    def _get_files(self, name):
        return [
            (printable(one.filename), one.read())
            for one in request.httprequest.files.getlist(name)
            if one.filename
        ]

    def _get_sent_answers(self):
        """What was entered, and the files, by key of the question."""
        posted, files = request.httprequest.form, request.httprequest.files
        return (
            {
                name.removeprefix(_ANSWER): posted.getlist(name)
                for name in posted
                if name.startswith(_ANSWER)
            },
            {
                name.removeprefix(_ANSWER): self._get_files(name)
                for name in files
                if name.startswith(_ANSWER)
            },
        )

    def _show_form(self, form=None, problem=None):
        company = request.env.company
        Ticket = request.env[TICKET]
        categories = request.env["sales.service.category"]._get_for_portal(company)
        values = self._prepare_portal_layout_values()
        values.update(
            {
                "page_name": "ticket_new",
                "categories": categories,
                "questions": {
                    category: version._get_for_customer()
                    for category, version in categories._get_forms().items()
                },
                "unserved": not Ticket._is_served(company)
                and Ticket._get_unserved(company),
                "form": form or {},
                "texts": self._get_sent_answers()[0],
                # Sent again, it is the same form.
                "form_key": (form or {}).get("form_key") or uuid.uuid4().hex,
                "problem": problem,
                # No browser keeps what was chosen.
                "lost_files": any(
                    one.filename for one in request.httprequest.files.values()
                ),
                **self._get_question_values(),
            }
        )
        return request.render("sales_service.portal_new_ticket", values)

    def _get_question_values(self):
        """What the questions of a form need to be shown."""
        return {
            "accepted": {
                "photo": ",".join(sorted(forms.IMAGES)),
                "file": ",".join(sorted(forms.TYPES)),
            },
            "intake": forms.INTAKE,
        }

    @http.route(
        "/my/tickets/<int:ticket_id>/answers",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_my_ticket_answers(self, ticket_id, access_token=None, **_kw):
        """The customer answers what is open of the form."""

        def act(ticket, partner):
            ticket._answer_by_customer(partner, *self._get_sent_answers())

        return self._act(ticket_id, access_token, act)

    @http.route(
        "/my/tickets/<int:ticket_id>/files/<int:file_id>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def portal_my_ticket_file(self, ticket_id, file_id, access_token=None, **_kw):
        """A photo, file or signature that the customer may see."""
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            raise NotFound() from None
        # sudo: of a ticket that may be seen; what is internal is left out
        file = ticket.sudo().form_file_ids.filtered(
            lambda one: one.id == file_id and not one.question_id.is_internal
        )
        if not file:
            raise NotFound()
        stream = request.env["ir.binary"]._get_stream_from(
            file, "content", filename=file.name, mimetype=file.mimetype
        )
        return stream.get_response(as_attachment=file.kind == "file")
