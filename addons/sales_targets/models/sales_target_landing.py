"""Where targets will end: pace, months before, and what is known, with P10 to P90.

The method is in ``planning/landing.py``. What past months teach is learned once a day
for a company and a metric, and again when their credits change; a rep's own level and
documents are read when asked for.
"""

from collections import defaultdict, namedtuple
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..planning import landing
from . import known_documents

# From so many past months the forecast learns, each after up to so many before it.
LEARNED, BEFORE = 12, 3

Span = namedtuple("Span", "first cutoff last")


class SalesTarget(models.Model):
    _inherit = "sales.target"

    landing_p10 = fields.Float(
        "Landing, Low",
        compute="_compute_landing",
        digits=(16, 2),
        help="P10: in nine of ten such situations it ends above.",
    )
    landing_p50 = fields.Float(
        "Landing, Likely",
        compute="_compute_landing",
        digits=(16, 2),
        help="P50: it ends above as often as below. From the pace of past months, the "
        "months before, leads, open orders and invoices due.",
    )
    landing_p90 = fields.Float(
        "Landing, High",
        compute="_compute_landing",
        digits=(16, 2),
        help="P90: in nine of ten such situations it ends below.",
    )
    landing_known = fields.Boolean(
        "Forecast Known",
        compute="_compute_landing",
        help="Whether there are past months to learn from; without any the linear "
        "landing is all there is.",
    )

    @api.depends_context("company")
    @api.depends("value", "date_from", "date_to", "plan_id")
    def _compute_landing(self):
        """With a constant number of queries for each plan."""
        for plan, targets in self.grouped("plan_id").items():
            today = plan.company_id._get_sales_today()
            achieved = targets._get_achieved(plan)
            model = plan._learn_landing(plan.company_id.id, plan.metric_id.id, today)
            coming = targets._get_coming(plan, model, today) if model else {}
            for target in targets:
                target._set_landing(model, achieved, coming, today)

    def _set_landing(self, model, achieved, coming, today):
        done = float(
            sum(
                value
                for first, value in achieved[self.key].items()
                if self.date_from <= first <= self.date_to
            )
        )
        over = self.date_to < today
        self.landing_known = bool(model) or over
        if over or not model:
            low = likely = high = done if over else self.landing
        else:
            rests = [
                rest
                for first, rest in coming.get(self.key, {}).items()
                if self.date_from <= first <= self.date_to
            ]
            low, likely, high = landing.quantiles(
                model, done, sum(rests, landing.Rest())
            )
        self.landing_p10 = round(low, 2)
        self.landing_p50 = round(likely, 2)
        self.landing_p90 = round(high, 2)

    def _get_coming(self, plan, model, today, known=None):
        """What is still to come: ``{key: {first day of a month: landing.Rest}}``.

        :param known: ``{rep's id: worth of known documents}``; None: as of now
        """
        current = today.replace(day=1)
        months = defaultdict(dict)
        reps, hired = {}, {}
        for key, rep, start, first, value in self.env.execute_query(
            SQL(
                """
                SELECT l.key, l.rep_id, r.date_start, m.date_from, m.value
                FROM sales_target l JOIN sales_target m ON m.total_id = l.id
                JOIN sales_rep r ON r.id = l.rep_id
                WHERE l.plan_id = %(plan)s AND l.level = 'rep' AND l.period = 'total'
                  AND l.active_to IS NULL AND m.date_to >= %(current)s AND %(branch)s
                ORDER BY l.key, m.date_from
                """,
                plan=plan.id,
                current=current,
                branch=self._get_branch(),
            )
        ):
            months[key][first] = float(value)
            reps[key], hired[key] = rep, start
        levels = plan._read_levels(set(reps.values()), today)
        if known is None:
            stop = fields.Date.end_of(today, "month")
            known = plan._read_known(set(reps.values()), stop)
        coming = defaultdict(lambda: defaultdict(landing.Rest))
        for key, values in months.items():
            passed, before = levels.get(reps[key], (0.0, None))
            if before is None:
                # Who is new is expected to do what was planned; who was there and
                # brought nothing, nothing.
                start = hired[key]
                new = start and start > current - relativedelta(months=BEFORE)
                before = values.get(current) if new else 0.0
            level = landing.level(model, passed, before)
            for first, value in values.items():
                if first == current:
                    worth = known.get(reps[key], 0.0)
                    rest = landing.rest(model, passed, before, worth)
                else:
                    # Later months differ from this one as the plan has it.
                    basis = values.get(current)
                    rest = landing.whole_month(
                        model, level * value / basis if basis else level or value
                    )
                above = key
                while above:
                    coming[above][first] += rest
                    above = above.rpartition("/")[0]
        return coming


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    @api.model
    def _learn_landing(self, company_id, metric_id, today):
        """What the months before a date teach: a ``landing.Model``, or None."""
        current = today.replace(day=1)
        stamp = self.env["sales.credit.month"]._get_stamp(
            company_id,
            metric_id,
            current - relativedelta(months=LEARNED + BEFORE),
            current - relativedelta(months=1),
        )
        return self._learn_landing_once(company_id, metric_id, today, stamp)

    @api.model
    @tools.ormcache("company_id", "metric_id", "today", "stamp")
    def _learn_landing_once(self, company_id, metric_id, today, stamp):
        """:param stamp: of the credits, wherever they were changed"""
        company = self.env["res.company"].browse(company_id)
        metric = self.env["sales.metric"].browse(metric_id)
        spans = self._get_spans(company, today)
        months = self._read_past(company, metric, spans)
        known, kept = self._learn_known(company, metric, spans, today)
        return landing.learn(months, known, kept)

    def _get_spans(self, company, today):
        """Past months, the oldest first, with the day at the same point of each.

        After the same part of the company's working days as this month at the end of
        today.
        """
        start = today.replace(day=1) - relativedelta(months=LEARNED + BEFORE)
        stop = fields.Date.end_of(today, "month")
        days = self.env["sales.working.time"].working_days(company, start, stop)
        by_month = defaultdict(list)
        for day in sorted(days[company]):
            by_month[day.replace(day=1)].append(day)
        current = by_month.pop(today.replace(day=1), [])
        part = (
            sum(day <= today for day in current) / len(current)
            if current
            else today.day / stop.day
        )
        spans = []
        while start < today.replace(day=1):
            worked = by_month[start]
            last = fields.Date.end_of(start, "month")
            number = round(part * len(worked))
            cutoff = worked[number - 1] if number else start - timedelta(days=1)
            spans.append(Span(start, last if number == len(worked) else cutoff, last))
            start += relativedelta(months=1)
        return spans

    def _read_past(self, company, metric, spans):
        """The months from which to learn, by rep: ``[landing.Past]``."""
        self.env["sales.credit"]._process_pending()
        found = defaultdict(dict)
        for rep, first, passed, whole, squares in self.env.execute_query(
            SQL(
                """
                SELECT d.rep_id, s.first,
                    COALESCE(sum(d.value) FILTER (WHERE d.date <= s.cutoff), 0),
                    sum(d.value), sum(d.value * d.value)
                FROM unnest(%(firsts)s::date[], %(cutoffs)s::date[], %(lasts)s::date[])
                    AS s(first, cutoff, last)
                JOIN (
                    SELECT rep_id, date, sum(value) AS value FROM sales_credit
                    WHERE metric_id = %(metric)s AND company_id = %(company)s
                      AND NOT overlay AND rep_id IS NOT NULL
                      AND date BETWEEN %(start)s AND %(stop)s
                    GROUP BY rep_id, date
                ) d ON d.date BETWEEN s.first AND s.last
                GROUP BY 1, 2
                """,
                metric=metric.id,
                company=company.id,
                firsts=[span.first for span in spans],
                cutoffs=[span.cutoff for span in spans],
                lasts=[span.last for span in spans],
                start=spans[0].first,
                stop=spans[-1].last,
            )
        ):
            found[rep][first] = float(passed), float(whole), float(squares)
        firsts = [span.first for span in spans]
        return [
            past for months in found.values() for past in _prepare_past(months, firsts)
        ]

    def _learn_known(self, company, metric, spans, today):
        """How much came from documents that were known, and how much of them came.

        :return: ``(part of the rest, part of what was known, or None)``
        """
        source = known_documents.SOURCES.get(metric.code)
        # Long enough ago for what was known to have come since.
        told = [span for span in spans if span.last <= today - timedelta(days=60)][-6:]
        if not source or not told:
            return 0.0, None
        [[rest, known, worth]] = self.env.execute_query(
            SQL(
                """
                SELECT sum(f.value) FILTER (WHERE f.date <= span.last),
                    sum(f.value) FILTER (WHERE f.date <= span.last AND f.known),
                    sum(f.value) FILTER (WHERE f.known)
                FROM unnest(%(cutoffs)s::date[], %(lasts)s::date[])
                    AS span(cutoff, last)
                JOIN LATERAL (
                    SELECT c.date, c.value, %(known)s <= span.cutoff
                        AND COALESCE(%(due)s <= span.last, TRUE) AS known
                    FROM sales_credit c %(documents)s
                    WHERE c.metric_id = %(metric)s AND c.company_id = %(company)s
                      AND NOT c.overlay AND c.rep_id IS NOT NULL
                      AND c.date > span.cutoff AND c.date <= %(today)s
                ) f ON TRUE
                """,
                cutoffs=[span.cutoff for span in told],
                lasts=[span.last for span in told],
                known=source.known,
                due=source.due,
                documents=source.documents,
                metric=metric.id,
                company=company.id,
                today=today,
            )
        )
        rest, known, worth = (float(value or 0) for value in (rest, known, worth))
        if rest <= 0 or known <= 0 or worth <= 0:
            return 0.0, None
        # Leads are weighted by their probability already.
        kept = 1.0 if source.weighted else min(known / worth, 1.0)
        return min(known / rest, 1.0), kept

    def _read_levels(self, rep_ids, today):
        """``{rep's id: (come this month, average of the months before or None)}``."""
        current = today.replace(day=1)
        found = defaultdict(dict)
        for rep, first, value in self.env.execute_query(
            SQL(
                """
                SELECT rep_id, month, sum(value) FROM sales_credit_month
                WHERE metric_id = %(metric)s AND company_id = %(company)s
                  AND rep_id = ANY(%(reps)s)
                  AND month >= %(start)s AND month < %(current)s
                GROUP BY 1, 2
                UNION ALL
                SELECT rep_id, %(current)s::date, sum(value) FROM sales_credit
                WHERE metric_id = %(metric)s AND company_id = %(company)s
                  AND rep_id = ANY(%(reps)s) AND NOT overlay
                  AND date BETWEEN %(current)s AND %(today)s
                GROUP BY 1
                """,
                metric=self.metric_id.id,
                company=self.company_id.id,
                reps=list(rep_ids),
                start=current - relativedelta(months=BEFORE),
                current=current,
                today=today,
            )
        ):
            found[rep][first] = float(value)
        firsts = [current - relativedelta(months=n) for n in range(BEFORE, -1, -1)]
        return {
            rep: (months.get(current, 0.0), _average_before(months, firsts))
            for rep, months in found.items()
        }

    def _read_known(self, rep_ids, stop):
        """What known documents are worth until a day: ``{rep's id: float}``."""
        source = known_documents.SOURCES.get(self.metric_id.code)
        if not source:
            return {}
        self.env.flush_all()
        return {
            rep: float(value)
            for rep, value in self.env.execute_query(
                SQL(
                    """SELECT r.id, sum(k.value) FROM sales_rep r
                    JOIN (%(open)s) k ON k.user_id = r.user_id
                        AND COALESCE(k.company_id, r.company_id) = r.company_id
                    WHERE r.id = ANY(%(reps)s) AND r.company_id = %(company)s
                      AND COALESCE(k.due <= %(stop)s, TRUE)
                    GROUP BY r.id""",
                    open=source.open,
                    reps=list(rep_ids),
                    company=self.company_id.id,
                    stop=stop,
                )
            )
        }


def _prepare_past(months, firsts):
    """A rep's months after the first one that brought something.

    :param dict months: ``{first day: (passed, whole, squares)}``
    """
    begun = firsts.index(min(months))
    for number in range(max(begun, BEFORE), len(firsts)):
        passed, whole, squares = months.get(firsts[number], (0.0, 0.0, 0.0))
        wholes = {first: sums[1] for first, sums in months.items()}
        yield landing.Past(
            firsts[number],
            passed,
            whole,
            squares,
            _average_before(wholes, firsts[number - BEFORE : number + 1]),
        )


def _average_before(wholes, firsts):
    """The average of the months before the last one, since the first with something."""
    begun = [first for first in firsts[:-1] if first in wholes]
    if not begun:
        return None
    told = [first for first in firsts[:-1] if first >= begun[0]]
    return sum(wholes.get(first, 0.0) for first in told) / len(told)
