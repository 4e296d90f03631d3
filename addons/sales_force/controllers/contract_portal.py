import binascii

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

CONTRACT = "sales.contract"
REPORT = "sales_force.sales_contract_report"


class ContractPortal(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "sales_contract_count" in counters:
            values["sales_contract_count"] = self._count_contracts()
        return values

    def _get_contracts_domain(self):
        """Of the customer's company, whatever else a user may see."""
        partner = request.env.user.partner_id.commercial_partner_id
        return (
            Domain("commercial_partner_id", "=", partner.id)
            & Domain("state", "!=", "replaced")
            & Domain("is_shown", "=", True)
        )

    def _count_contracts(self):
        contracts = request.env[CONTRACT]
        if not contracts.has_access("read"):
            return 0
        return contracts.search_count(self._get_contracts_domain())

    @http.route(
        ["/my/contracts", "/my/contracts/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_contracts(self, page=1, **_kw):
        values = self._prepare_portal_layout_values()
        total = self._count_contracts()
        pager = portal_pager(
            url="/my/contracts", total=total, page=page, step=self._items_per_page
        )
        contracts = request.env[CONTRACT]
        if total:
            contracts = contracts.search(
                self._get_contracts_domain(),
                limit=self._items_per_page,
                offset=pager["offset"],
            )
        request.session["my_sales_contracts_history"] = contracts.ids[:100]
        return request.render(
            "sales_force.portal_my_contracts",
            {
                **values,
                # sudo: whose they are was asked in the search
                "contracts": contracts.sudo(),
                "page_name": "sales_contract",
                "default_url": "/my/contracts",
                "pager": pager,
            },
        )

    def _get_contract(self, contract_id, access_token):
        """A contract that may be seen, with ``sudo``.

        :raise AccessError: for one that is another customer's, was not sent yet, or is
            not approved as it is now
        :raise MissingError: for one that is not there
        """
        contract = self._document_check_access(CONTRACT, contract_id, access_token)
        if not contract.is_shown:
            raise AccessError(request.env._("This contract is being prepared."))
        return contract

    @http.route(
        "/my/contracts/<int:contract_id>", type="http", auth="public", website=True
    )
    def portal_my_contract(
        self, contract_id, access_token=None, report_type=None, download=False, **kw
    ):
        try:
            contract = self._get_contract(contract_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if report_type in ("html", "pdf", "text"):
            return self._show_report(
                model=contract,
                report_type=report_type,
                report_ref=REPORT,
                download=download,
            )
        values = self._get_page_view_values(
            contract,
            access_token,
            {
                "contract": contract,
                "page_name": "sales_contract",
                "token": access_token,
                "message": kw.get("message"),
                "may_sign": contract._has_to_be_signed() and self._may_sign(contract),
                "signer": self._get_signer(contract),
            },
            "my_sales_contracts_history",
            False,
            # What the chatter of the page asks for; other words of a link are nothing.
            **{word: kw[word] for word in ("pid", "hash") if word in kw},
        )
        return request.render("sales_force.portal_my_contract", values)

    def _get_signer(self, contract):
        """The name proposed for the signature: of a person, where it is known."""
        user = request.env.user
        return contract.partner_id.name if user._is_public() else user.name

    def _may_sign(self, contract):
        """Who has the link signs, but for our own people: they have the other door."""
        user = request.env.user
        if user._is_internal():
            mine = user.partner_id.commercial_partner_id
            return mine == contract.commercial_partner_id
        return True

    @http.route(
        "/my/contracts/<int:contract_id>/sign",
        type="jsonrpc",
        auth="public",
        website=True,
    )
    def portal_sign_contract(
        self, contract_id, access_token=None, name=None, signature=None
    ):
        access_token = access_token or request.httprequest.args.get("access_token")
        _ = request.env._
        try:
            contract = self._get_contract(contract_id, access_token)
        except (AccessError, MissingError):
            return {"error": _("There is no such contract.")}
        if not (contract._has_to_be_signed() and self._may_sign(contract)):
            return {"error": _("This contract is not to be signed now.")}
        if not (name and name.strip() and signature):
            return {"error": _("Your name and signature are missing.")}
        try:
            with request.env.cr.savepoint():
                contract._sign(name.strip(), signature)
        except (TypeError, ValueError, binascii.Error):
            return {"error": _("This is not a signature.")}
        except UserError as error:
            return {"error": str(error)}
        return {
            "force_refresh": True,
            "redirect_url": contract.get_portal_url(query_string="&message=signed"),
        }

    @http.route(
        "/my/contracts/<int:contract_id>/signed",
        type="http",
        auth="public",
        website=True,
    )
    def portal_signed_contract(self, contract_id, access_token=None, **_kw):
        try:
            contract = self._get_contract(contract_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        return self._download(contract, "signed_document", "signed_document_name")

    @http.route(
        "/my/contracts/<int:contract_id>/documents/<int:document_id>",
        type="http",
        auth="public",
        website=True,
    )
    def portal_contract_document(
        self, contract_id, document_id, access_token=None, **_kw
    ):
        try:
            contract = self._get_contract(contract_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        document = contract.milestone_ids.filtered(
            lambda one: one.id == document_id and one.is_shared
        )
        return self._download(document, "file", "file_name")

    def _download(self, record, field, name_field):
        if not record or not record[field]:
            raise NotFound
        stream = request.env["ir.binary"]._get_stream_from(
            record, field, filename=record[name_field] or record.display_name
        )
        return stream.get_response(as_attachment=True)
