from collections.abc import Callable
from dataclasses import dataclass

from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..periods import MONTHS, Span, compare, months_back

_ROLES = (
    "sales_force.group_sales_leader,sales_force.group_sales_operations,"
    "sales_force.group_sales_finance"
)
CREDITED = ("ORDERED", "INVOICED", "COLLECTED")
_PLACES = 8
_TREND_MONTHS = 12


@dataclass(frozen=True)
class Figure:
    """What stands today: records, by a domain.

    :param action: the action that opens them
    :param measure: a field to sum; empty: they are counted
    :param also: another aggregate, for the detail
    :param describe: makes the detail of a count and that aggregate
    :param alarming: better none
    """

    name: str
    unit: str  # as of a metric
    model: str
    domain: list
    action: str
    measure: str = ""
    also: str = "__count"
    describe: Callable = None
    alarming: bool = False

    @property
    def aggregate(self):
        return f"{self.measure}:sum" if self.measure else "__count"


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
        :return: ``currency_id``, ``period``, ``months`` (first days of the trend),
            ``figures`` (``code name unit value alarming last_year trend detail``;
            ``last_year``, the same days a year before, and ``trend``, a value for each
            month, are None of what stands today) and ``ranking`` (``id name rank
            value``, of orders)
        :raise AccessError: for users without a role that leads
        :raise UserError: for another period
        """
        self._check_role()
        spans = self._get_spans(period)
        months = months_back(spans.current.stop, _TREND_MONTHS)
        return {
            "currency_id": self.env.company.currency_id.id,
            "period": period,
            "months": months,
            "figures": [
                *self._read_credits(spans, months),
                *(
                    {
                        "code": code,
                        "name": figure.name,
                        "unit": figure.unit,
                        "alarming": figure.alarming,
                        "last_year": None,
                        "trend": None,
                        **self._read(figure),
                    }
                    for code, figure in self._get_figures().items()
                ),
            ],
            "ranking": self._read_ranking(period, _PLACES),
        }

    @api.model
    def action_open(self, code, period="month"):
        """What stands behind a figure, or ``ranking``."""
        self._check_role()
        if code == "ranking":
            return self._open_ranking(period)
        if code in CREDITED:
            metric = self.env["sales.metric"].search([("code", "=", code)])
            return self.env["sales.credit"]._prepare_action(
                "sales_credit_action_behind",
                metric.name,
                self._domain_credits(self._get_spans(period).current, metric),
                ["by_rep"],
            )
        figure = self._get_figures().get(code)
        if not figure:
            raise UserError(self.env._("There is no such figure."))
        action = self.env["ir.actions.actions"]._for_xml_id(figure.action)
        return {**action, "domain": figure.domain, "context": {}, "path": False}

    @api.model
    def _get_figures(self):
        """What stands today, by code, of models that the user may read."""
        _ = self.env._
        company = ("company_id", "=", self.env.company.id)
        pipeline = [
            ("type", "=", "opportunity"),
            ("won_status", "=", "pending"),
            ("company_id", "in", (self.env.company.id, False)),
        ]
        figures = {
            "pipeline": Figure(
                name=_("Pipeline"),
                unit="money",
                model="crm.lead",
                domain=pipeline,
                action="crm.crm_lead_action_pipeline",
                measure="expected_revenue",
                also="prorated_revenue:sum",
                describe=self._describe_pipeline,
            ),
            "stalled": Figure(
                name=_("Overdue in Stage"),
                unit="count",
                model="crm.lead",
                domain=[*pipeline, ("sales_days_over", ">", 0)],
                action="crm.crm_lead_action_pipeline",
                alarming=True,
            ),
            "quotations": Figure(
                name=_("Quotations Expiring or Expired"),
                unit="count",
                model="sale.order",
                domain=[("sales_followup", "in", ("expiring", "expired")), company],
                action="sales_force.quotation_followup_action",
            ),
            "overdue": Figure(
                name=_("Overdue Receivables"),
                unit="money",
                model="sales.receivable",
                domain=[("overdue", ">", 0), company],
                action="sales_force.sales_receivable_action",
                measure="overdue",
                describe=self._describe_items,
                alarming=True,
            ),
            "approvals": Figure(
                name=_("Waiting for My Approval"),
                unit="count",
                model="sales.approval.request",
                domain=[("may_decide", "=", True), company],
                action="sales_force.sales_approval_request_action",
            ),
            "contracts": Figure(
                name=_("Contracts Behind Plan"),
                unit="count",
                model="sales.contract",
                domain=[("is_behind", "=", True), company],
                action="sales_force.sales_contract_action_behind",
                alarming=True,
            ),
        }
        return {
            code: figure
            for code, figure in figures.items()
            if self.env[figure.model].has_access("read")
        }

    @api.model
    def _describe_pipeline(self, count, weighted):
        return self.env._(
            "%(count)s opportunities, weighted %(amount)s",
            count=count,
            amount=self.env.company.currency_id.format(weighted or 0.0),
        )

    @api.model
    def _describe_items(self, count, _also):
        return self.env._("%(count)s open items", count=count)

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
        [(value, count, also)] = self.env[figure.model]._read_group(
            figure.domain, aggregates=[figure.aggregate, "__count", figure.also]
        )
        detail = figure.describe(count, also) if figure.describe else ""
        return {"value": value or 0.0, "detail": detail}

    # What was credited

    def _domain_credits(self, span, metrics):
        return [
            ("metric_id", "in", metrics.ids),
            ("company_id", "=", self.env.company.id),
            ("overlay", "=", False),
            ("date", ">=", span.start),
            ("date", "<=", span.stop),
        ]

    def _read_credits(self, spans, months):
        metrics = self.env["sales.metric"].search([("code", "in", CREDITED)])
        values = [
            dict(
                self.env["sales.credit"]._read_group(
                    self._domain_credits(span, metrics), ["metric_id"], ["value:sum"]
                )
            )
            for span in (spans.current, spans.last_year)
        ]
        trend = {
            (metric, month): value
            for metric, month, value in self.env["sales.credit"]._read_group(
                self._domain_credits(Span(months[0], spans.current.stop), metrics),
                ["metric_id", "date:month"],
                ["value:sum"],
            )
        }
        return [
            {
                "code": metric.code,
                "name": metric.name,
                "unit": metric.unit,
                "value": values[0].get(metric, 0.0),
                "alarming": False,
                "last_year": values[1].get(metric, 0.0),
                "trend": [trend.get((metric, month), 0.0) for month in months],
                "detail": "",
            }
            for metric in metrics.sorted(lambda m: CREDITED.index(m.code))
        ]

    def _domain_ranking(self, period):
        return [
            ("metric_id.code", "=", "ORDERED"),
            ("period", "=", period),
            ("company_id", "=", self.env.company.id),
            ("rep_id", "!=", False),
        ]

    def _read_ranking(self, period, limit=None):
        lines = self.env["sales.ranking"].search_fetch(
            self._domain_ranking(period),
            ["name", "rank", "value"],
            order="rank",
            limit=limit,
        )
        return [
            {"id": x.id, "name": x.name, "rank": x.rank, "value": x.value}
            for x in lines
        ]

    def _open_ranking(self, period):
        """By what the home ranks by, whatever the screen begins with."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_ranking_action"
        )
        return {
            **action,
            "context": {
                "searchpanel_default_metric_id": self.env["sales.metric"]
                ._ids_by_code()
                .get("ORDERED"),
                "searchpanel_default_period": period,
            },
        }
