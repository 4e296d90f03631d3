from collections.abc import Callable
from dataclasses import dataclass

from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..periods import MONTHS, compare

_ROLES = (
    "sales_force.group_sales_leader,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)
_CREDITED = ("ORDERED", "INVOICED", "COLLECTED")
_PLACES = 8


@dataclass(frozen=True)
class Figure:
    """A figure of the home.

    :param read: of the user's environment ``{"value", "detail"}``, the value None
        where the user may not read what it is made of
    :param action: returns what opens its records
    """

    name: str
    unit: str  # as of a metric
    read: Callable
    action: Callable


class SalesHome(models.AbstractModel):
    """What a manager looks at first: one call, as many queries for any ledger.

    Everything is what the user may read: of a leader the teams below, of a director the
    company. Other addons add figures.
    """

    _name = "sales.home"
    _description = "Home of a Manager"

    @api.model
    @api.readonly
    def get_home(self, period="month"):
        """The figures of the current company, to date.

        :param str period: ``month``, ``quarter`` or ``year``, of what has a date
        :return: ``currency_id``, ``period``, ``figures`` (``code name unit value
            last_year detail``; ``last_year``, the same days a year before, is None of
            what stands today) and ``ranking`` (``id name rank value``, of orders)
        :raise AccessError: for users without a role that leads
        :raise UserError: for another period
        """
        self._check_role()
        spans = self._get_spans(period)
        return {
            "currency_id": self.env.company.currency_id.id,
            "period": period,
            "figures": [
                *self._read_credits(spans),
                *(
                    {"code": code, "name": figure.name, "unit": figure.unit, **found}
                    for code, figure in self._get_figures().items()
                    if (found := self._read(figure))
                ),
            ],
            "ranking": self._read_ranking(period),
        }

    @api.model
    def action_open(self, code, period="month"):
        """What stands behind a figure."""
        self._check_role()
        if code in _CREDITED:
            metric = self.env["sales.metric"].search([("code", "=", code)])
            return self.env["sales.credit"]._prepare_action(
                "sales_credit_action_behind",
                metric.name,
                self._domain_credits(self._get_spans(period).current, metric),
                ["by_rep"],
            )
        figures = self._get_figures()
        if code not in figures:
            raise UserError(self.env._("There is no such figure."))
        return figures[code].action()

    @api.model
    def _get_figures(self):
        """What stands today, by code."""
        _ = self.env._
        return {
            "pipeline": Figure(
                _("Pipeline"), "money", self._read_pipeline, self._open_pipeline
            ),
            "stalled": Figure(
                _("Overdue in Stage"), "count", self._read_stalled, self._open_stalled
            ),
            "quotations": Figure(
                _("Quotations Expiring or Expired"),
                "count",
                self._read_quotations,
                self._open_quotations,
            ),
            "overdue": Figure(
                _("Overdue Receivables"),
                "money",
                self._read_overdue,
                self._open_overdue,
            ),
            "approvals": Figure(
                _("Waiting for My Approval"),
                "count",
                self._read_approvals,
                self._open_approvals,
            ),
            "contracts": Figure(
                _("Contracts Behind Plan"),
                "count",
                self._read_contracts,
                self._open_contracts,
            ),
        }

    def _check_role(self):
        if not self.env.user.has_groups(_ROLES):
            raise AccessError(self.env._("The home is for who leads a team."))

    def _get_spans(self, period):
        if period not in MONTHS:
            raise UserError(
                self.env._("There is no period named %(period)s.", period=period)
            )
        return compare(period, self.env.company._get_sales_today())

    def _read(self, figure):
        found = figure.read()
        return found and {"last_year": None, "detail": "", **found}

    # What was credited

    def _domain_credits(self, span, metrics):
        return [
            ("metric_id", "in", metrics.ids),
            ("company_id", "=", self.env.company.id),
            ("overlay", "=", False),
            ("date", ">=", span.start),
            ("date", "<=", span.stop),
        ]

    def _read_credits(self, spans):
        metrics = self.env["sales.metric"].search([("code", "in", _CREDITED)])
        values = [
            dict(
                self.env["sales.credit"]._read_group(
                    self._domain_credits(span, metrics), ["metric_id"], ["value:sum"]
                )
            )
            for span in (spans.current, spans.last_year)
        ]
        return [
            {
                "code": metric.code,
                "name": metric.name,
                "unit": metric.unit,
                "value": values[0].get(metric, 0.0),
                "last_year": values[1].get(metric, 0.0),
                "detail": "",
            }
            for metric in metrics.sorted(lambda m: _CREDITED.index(m.code))
        ]

    def _read_ranking(self, period):
        lines = self.env["sales.ranking"].search_fetch(
            [
                ("metric_id.code", "=", "ORDERED"),
                ("period", "=", period),
                ("company_id", "=", self.env.company.id),
                ("rep_id", "!=", False),
            ],
            ["name", "rank", "value"],
            order="rank",
            limit=_PLACES,
        )
        return [
            {"id": x.id, "name": x.name, "rank": x.rank, "value": x.value}
            for x in lines
        ]

    # What stands today

    def _domain_pipeline(self):
        return [
            ("type", "=", "opportunity"),
            ("won_status", "=", "pending"),
            ("company_id", "in", (self.env.company.id, False)),
        ]

    def _read_pipeline(self):
        leads = self.env["crm.lead"]
        if not leads.has_access("read"):
            return None
        [(count, expected, weighted)] = leads._read_group(
            self._domain_pipeline(),
            aggregates=["__count", "expected_revenue:sum", "prorated_revenue:sum"],
        )
        currency = self.env.company.currency_id
        return {
            "value": expected or 0.0,
            "detail": self.env._(
                "%(count)s opportunities, weighted %(amount)s",
                count=count,
                amount=currency.format(weighted or 0.0),
            ),
        }

    def _open_pipeline(self):
        return self._open("crm.crm_lead_action_pipeline", self._domain_pipeline())

    def _domain_stalled(self):
        return [*self._domain_pipeline(), ("sales_days_over", ">", 0)]

    def _read_stalled(self):
        return self._count("crm.lead", self._domain_stalled())

    def _open_stalled(self):
        return self._open("crm.crm_lead_action_pipeline", self._domain_stalled())

    def _domain_quotations(self):
        return [
            ("sales_followup", "in", ("expiring", "expired")),
            ("company_id", "=", self.env.company.id),
        ]

    def _read_quotations(self):
        return self._count("sale.order", self._domain_quotations())

    def _open_quotations(self):
        return self._open(
            "sales_force.quotation_followup_action", self._domain_quotations()
        )

    def _domain_overdue(self):
        return [
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("invoice_date_due", "<", self.env.company._get_sales_today()),
            ("company_id", "=", self.env.company.id),
        ]

    def _read_overdue(self):
        moves = self.env["account.move"]
        if not moves.has_access("read"):
            return None
        [(count, amount)] = moves._read_group(
            self._domain_overdue(), aggregates=["__count", "amount_residual_signed:sum"]
        )
        return {
            "value": amount or 0.0,
            "detail": self.env._("%(count)s invoices", count=count),
        }

    def _open_overdue(self):
        return self._open(
            "account.action_move_out_invoice_type", self._domain_overdue()
        )

    def _domain_approvals(self):
        return [
            ("may_decide", "=", True),
            ("company_id", "=", self.env.company.id),
        ]

    def _read_approvals(self):
        return self._count("sales.approval.request", self._domain_approvals())

    def _open_approvals(self):
        return self._open(
            "sales_force.sales_approval_request_action", self._domain_approvals()
        )

    def _domain_contracts(self):
        return [("is_behind", "=", True), ("company_id", "=", self.env.company.id)]

    def _read_contracts(self):
        return self._count("sales.contract", self._domain_contracts())

    def _open_contracts(self):
        return self._open(
            "sales_force.sales_contract_action_behind", self._domain_contracts()
        )

    def _count(self, model, domain):
        records = self.env[model]
        if not records.has_access("read"):
            return None
        return {"value": records.search_count(domain)}

    def _open(self, xmlid, domain):
        action = self.env["ir.actions.actions"]._for_xml_id(xmlid)
        return {**action, "domain": domain, "context": {}, "path": False}
