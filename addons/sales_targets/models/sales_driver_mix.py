"""The driver "product mix": which categories were sold, beside what each is worth.

It splits one step of a chain in two: its rate at the mix of the days before, and what
the mix of the period makes of that (``planning/mix.py``). A unit of a category is what
the step's rate divides by, where that is money (margin by amount invoiced); orders hold
several categories, so that there it is a line of the step itself. Lines that take off
(discounts) are no unit: they are in the rate.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..planning.mix import learn_indices


@dataclass
class Sold:
    """What was sold by category: ``{category's id: Decimal}``; 0: no category.

    :param dict units: as the step's rate counts them
    :param dict worth: of these in the step's metric
    :param lines: how many lines they are
    """

    units: dict = field(default_factory=lambda: defaultdict(Decimal))
    worth: dict = field(default_factory=lambda: defaultdict(Decimal))
    lines: Decimal = Decimal(0)

    def add(self, category, units, worth, lines):
        self.units[category] += units
        self.worth[category] += worth
        self.lines += lines

    def pairs(self):
        return {name: (units, self.worth[name]) for name, units in self.units.items()}


class SalesDriver(models.Model):
    _inherit = "sales.driver"

    def _get_mix(self):
        """The mix that splits a step of this chain; none for the first step, a day."""
        first = self[:1]
        found = self.search(
            [
                ("core_metric_id", "=", first.core_metric_id.id),
                ("company_id", "=", first.company_id.id),
                ("kind", "=", "mix"),
            ]
        )
        return found.filtered(lambda mix: mix.metric_id in self[1:].metric_id)

    @api.model
    def _get_indices(self, metric, reps, date):
        """What a unit of each category was worth before a date, by the planned average.

        Of the window of the step that the mix splits, as its rate is, see
        ``_get_rates``.

        :param reps: reps of one company
        :return: ``{rep: {category's id: Fraction}}``; of nothing without such a driver
        """
        chain = self._get_chain(metric, reps.company_id)
        mix = reps and chain._get_mix()
        if not mix:
            return {rep: {} for rep in reps}
        people = self._get_observed(reps.company_id, reps)
        step = chain.filtered(lambda step: step.metric_id == mix.metric_id)
        sold = chain._read_sold(
            mix,
            reps.company_id,
            SQL(
                """SELECT r.id, r.id, %(date)s::date - %(days)s, %(date)s::date - 1
                FROM unnest(%(reps)s::integer[]) AS r(id)""",
                date=date,
                days=step.window_days,
                reps=people.ids,
            ),
        )
        by_rep, by_team, company = defaultdict(Sold), defaultdict(Sold), Sold()
        teams = {rep.id: rep.team_id.id for rep in people}
        carrying = set(people.filtered("carries_target").ids)
        for rep, *row in sold:
            by_rep[rep].add(*row)
            if rep in carrying:
                company.add(*row)
                if teams[rep]:
                    by_team[teams[rep]].add(*row)
        # One line is one observation, whatever it is counted in.
        whole = sum(company.units.values())
        trial = whole / company.lines if company.lines > 0 and whole > 0 else 1
        return {
            rep: learn_indices(
                by_rep[rep.id].pairs(),
                by_team[teams[rep.id]].pairs(),
                company.pairs(),
                trial,
            )
            for rep in reps
        }

    def _read_sold(self, mix, company, spans):
        """Credits on the way to a step, by category, without overlays.

        :param mix: the driver that splits it
        :param SQL spans: ``id, rep's id, first day, last day``
        :return: ``[(span's id, category's id, units, worth, lines)]``, Decimals
        """
        number = self.metric_id.ids.index(mix.metric_id.id)
        before = self[number - 1].metric_id
        by_line = before.unit != "money"
        units, counted = SQL("c.value"), SQL("TRUE")
        if by_line:
            before = mix.metric_id
            units, counted = SQL("c.share / 100"), SQL("c.value > 0")
        self.env["sales.credit"]._process_pending()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.id, COALESCE(t.categ_id, 0),
                    COALESCE(sum(%(units)s) FILTER (WHERE c.metric_id = %(before)s), 0),
                    COALESCE(sum(c.value) FILTER (WHERE c.metric_id = %(metric)s), 0),
                    COALESCE(sum(c.share / 100) FILTER (
                        WHERE c.metric_id = %(before)s AND c.value > 0), 0)
                FROM (%(spans)s) AS l(id, rep_id, start, stop)
                JOIN sales_credit c ON c.rep_id = l.rep_id
                    AND c.metric_id IN (%(before)s, %(metric)s)
                    AND c.date BETWEEN l.start AND l.stop
                LEFT JOIN product_product p ON p.id = c.product_id
                LEFT JOIN product_template t ON t.id = p.product_tmpl_id
                WHERE c.company_id = %(company)s AND NOT c.overlay AND %(counted)s
                GROUP BY 1, 2
                """,
                units=units,
                before=before.id,
                metric=mix.metric_id.id,
                spans=spans,
                company=company.id,
                counted=counted,
            )
        )
        return [
            (id_, category, *(Decimal(str(value)) for value in values))
            for id_, category, *values in rows
        ]
