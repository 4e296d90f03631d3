"""Where months landed, as it would have been forecast: against the linear run-rate.

Each forecast knows what the ledger held on its day, and nothing later; of documents
that were open then (orders to invoice, invoices due) it knows what came of them in the
end, since Odoo keeps no picture of the past. Published whether it flatters or not.
"""

from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tools import SQL

from tests.northwind import FOLDER, Loader, Northwind

from .common import Row

PARTS = (0.25, 0.5, 0.75)
# Northwind has no payments: those of its loader are all 30 days after the invoice.
METRICS = {
    "northwind": ("ORDERED", "INVOICED"),
    "generated": ("ORDERED", "INVOICED", "COLLECTED"),
}
# Months that are forecast; the generated company has as many before them.
MONTHS = 10
GENERATED = 26


def run(lab):
    if FOLDER.is_dir():
        yield from measured(lab, "northwind", "Northwind", load_northwind)
    else:
        yield Row(
            "landing on Northwind",
            "published",
            {"not run": f"its files are not in {FOLDER}, set SALES_NORTHWIND"},
        )
    yield from measured(lab, "generated", "the generated company", generate)


def measured(lab, name, title, load):
    database = lab.clone(lab.base(), f"landing_{name}")
    lab.install(database, "sales_targets")
    side = lab.open(database)
    with side.env() as env:
        company, last = load(env)
    lab.analyze(database)
    with side.env() as env:
        company = company.with_env(env)
        # Managers sell as well; the salespeople of the base do not.
        for rep in env["sales.rep"].search([("company_id", "=", company.id)]):
            rep.carries_target = bool(rep.credit_count)
        for code in METRICS[name]:
            test = BackTest(env, company, code, last)
            for part in PARTS:
                what = f"landing of {code} at {part:.0%} of the month, {title}"
                yield Row(what, "published", test.figures(part))
    lab.close(side)


def load_northwind(env):
    """In the years of its orders; the last month is not whole."""
    company = env.company
    company.tax_calculation_rounding_method = "round_per_line"
    company.resource_calendar_id.tz = "UTC"
    data = Northwind()
    Loader(
        env(
            context={
                **env.context,
                "tracking_disable": True,
                "no_reset_password": True,
                "mail_create_nosubscribe": True,
                "mail_notrack": True,
            }
        ),
        data,
    ).load()
    last = max(row["order_date"] for row in data.orders)
    return company, fields.Date.to_date(last).replace(day=1) - relativedelta(months=1)


def generate(env):
    """The company of the demo data, over more months."""
    demo = env["sales.force.demo"]._load(months=GENERATED)
    return demo.company, demo.today.replace(day=1) - relativedelta(months=1)


class BackTest:
    """Forecasts of the months up to one, for each rep and for the company."""

    def __init__(self, env, company, code, last):
        self.env, self.company = env, company
        self.metric = env["sales.metric"].search([("code", "=", code)])
        first = last - relativedelta(months=MONTHS - 1)
        self.months = [first + relativedelta(months=n) for n in range(MONTHS)]
        self.plan = env["sales.target.plan"].create(
            {
                "name": f"Back-test of {code}",
                "company_id": company.id,
                "metric_id": self.metric.id,
                "kind": "supporting",
                "stage": False,
                "date_from": first,
                "date_to": fields.Date.end_of(last, "month"),
                "value": MONTHS * 100_000,
                "profile": "even",
            }
        )
        self.plan.action_decompose()
        self.sums = self.read_sums(first, fields.Date.end_of(last, "month"))
        self.days = sorted(
            env["sales.working.time"].working_days(
                company, first, fields.Date.end_of(last, "month")
            )[company]
        )

    def read_sums(self, start, stop):
        """``{rep's id: {date: value}}``."""
        found = defaultdict(dict)
        for rep, day, value in self.env.execute_query(
            SQL(
                """SELECT rep_id, date, sum(value) FROM sales_credit
                WHERE metric_id = %s AND company_id = %s AND NOT overlay
                  AND rep_id IS NOT NULL AND date BETWEEN %s AND %s
                GROUP BY 1, 2""",
                self.metric.id,
                self.company.id,
                start,
                stop,
            )
        ):
            found[rep][day] = float(value)
        return found

    def figures(self, part):
        """Mean and weighted absolute percentage errors, and the interval's coverage."""
        found = defaultdict(list)
        for month in self.months:
            for level, *forecast in self.forecast(month, part):
                found[level].append(forecast)
        figures = {}
        for level, forecasts in sorted(found.items()):
            told = [row for row in forecasts if row[0] > 0]
            whole = sum(actual for actual, *_rest in told)
            for name, side in (("P50", 1), ("linear", 2)):
                errors = [abs(row[side] - row[0]) for row in told]
                shares = [
                    error / row[0] for error, row in zip(errors, told, strict=True)
                ]
                mean, weighted = sum(shares) / len(shares), sum(errors) / whole
                figures[f"{level} {name} MAPE"] = f"{mean:.1%} (WAPE {weighted:.1%})"
            inside = sum(low <= row[0] <= high for *row, low, high in forecasts)
            figures[f"{level} in P10-P90"] = f"{inside / len(forecasts):.0%}"
            figures[f"{level} months"] = len(forecasts)
        return figures

    def forecast(self, month, part):
        """``(level, actual, P50, linear, P10, P90)`` of the company and each rep."""
        stop = fields.Date.end_of(month, "month")
        days = [day for day in self.days if month <= day <= stop]
        passed = round(part * len(days))
        today = days[passed - 1]
        model = self.plan._learn_landing(self.company.id, self.metric.id, today)
        if model is None:
            return
        rows = self.plan.target_ids.filtered(
            lambda row: row.period == "month" and row.date_from == month
        )
        coming = rows._get_coming(self.plan, model, today, self.read_known(today, stop))
        from odoo.addons.sales_targets.planning.landing import quantiles

        for row in rows:
            if row.level not in ("company", "rep"):
                continue
            reps = self.sums if row.level == "company" else [row.rep_id.id]
            values = [
                (day, value)
                for rep in reps
                for day, value in self.sums.get(rep, {}).items()
                if month <= day <= stop
            ]
            done = sum(value for day, value in values if day <= today)
            actual = sum(value for _day, value in values)
            linear = done * len(days) / passed
            low, likely, high = quantiles(model, done, coming[row.key][month])
            yield row.level, actual, likely, linear, low, high

    def read_known(self, today, stop):
        """What was open on a day and due by another, by what came of it."""
        from odoo.addons.sales_targets.models.known_documents import SOURCES

        source = SOURCES[self.metric.code]
        if source.weighted:
            return {}
        return {
            rep: float(value)
            for rep, value in self.env.execute_query(
                SQL(
                    """SELECT c.rep_id, sum(c.value) FROM sales_credit c %(documents)s
                    WHERE c.metric_id = %(metric)s AND c.company_id = %(company)s
                      AND NOT c.overlay AND c.rep_id IS NOT NULL
                      AND c.date > %(today)s AND %(known)s <= %(today)s
                      AND COALESCE(%(due)s <= %(stop)s, TRUE)
                    GROUP BY 1""",
                    documents=source.documents,
                    known=source.known,
                    due=source.due,
                    metric=self.metric.id,
                    company=self.company.id,
                    today=today,
                    stop=stop,
                )
            )
        }
