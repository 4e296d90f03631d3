from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.models.sales_rep import COMPANY_GROUPS

from .. import standing_facts as facts
from ..scoring import ranking

MEASURES = [
    ("metric", "A metric"),
    ("attainment", "Attainment of the core goal"),
    ("improvement", "Improvement of a metric"),
    ("score", "Scorecard"),
]
# Months in service at which another group of peers begins.
TENURES = (6, 12, 36)
# Of a card: so many groups, and so many of each beside the own place.
_PODIUM = 3
# What everybody sees: screens follow at once.
_SEEN = frozenset(("active", "amounts", "audience", "names"))


@dataclass
class Row:
    """Somebody's result among his peers, and what it was before."""

    key: int
    name: str
    group: tuple
    user_id: int | bool = False
    # As it is, and as it is ranked by: drawn to the peers' where samples are small.
    value: Fraction | None = None
    counted: Fraction | None = None
    place: int | None = None
    # What it was before: place and result.
    before: int | None = None
    value_before: Fraction | None = None
    above: list = field(default_factory=list)

    @property
    def change(self):
        """Places won; None where there was none before."""
        return self.before - self.place if self.before and self.place else None


@dataclass
class Viewer:
    """Whose eyes a standing is prepared for; keys are of reps or of teams.

    :param is_all: everything is shown
    :param own: the own keys, and those of everybody below
    :param me: the own keys
    :param all_groups: also peers of others
    """

    is_all: bool = False
    own: frozenset = frozenset()
    me: frozenset = frozenset()
    all_groups: bool = False


class SalesStandingMixin(models.AbstractModel):
    """What is ranked, of whom, among which peers, and who may see what of it.

    Standings are not stored: they follow from the dated ledger, also those of a past
    day, so that a document that comes late changes both the place and the one that it
    is compared with.
    """

    _name = "sales.standing.mixin"
    _description = "What Is Ranked"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    measure = fields.Selection(
        MEASURES,
        "Ranked By",
        default="metric",
        required=True,
        help="Scorecard: the confirmed cards whose periods lie in the days, each with "
        "the weight of its days. A day counts once, with the card of the longest "
        "period: the year's, else the half's, the quarter's, the month's.",
    )
    metric_id = fields.Many2one(
        "sales.metric",
        domain="[('denominator_kind', '=', 'metric')]",
        ondelete="restrict",
        help="Also discipline and service: their figures are metrics.",
    )
    against = fields.Selection(
        [
            ("previous", "The period before"),
            ("last_year", "The same days of last year"),
        ],
        "Improved On",
        default="previous",
        required=True,
    )
    subject = fields.Selection(
        [("rep", "Reps"), ("team", "Teams")], "Ranks", default="rep", required=True
    )
    team_by = fields.Selection(
        [("total", "In total"), ("head", "Per head and working day")],
        "Teams Count",
        default="head",
        required=True,
        help="Per head and working day, large and small teams compare.",
    )
    sellers_only = fields.Boolean(
        "Only Who Sells",
        default=True,
        help="Those who carry a target of their own; not who only leads others.",
    )
    team_ids = fields.Many2many(
        "crm.team", string="Sales Teams", check_company=True, help="Empty: all."
    )
    grade_ids = fields.Many2many("sales.grade", string="Grades", help="Empty: all.")
    territory_ids = fields.Many2many(
        "sales.territory",
        string="Territories",
        check_company=True,
        help="With their parts. Empty: all.",
    )
    peer = fields.Selection(
        [
            ("none", "All together"),
            ("grade", "Career Grade"),
            ("tenure", "Time in service"),
            ("tier", "Tier of the territory"),
            ("team", "Sales team"),
        ],
        "Among Peers By",
        default="none",
        required=True,
        help="Each group of peers has places of its own.",
    )
    minimum = fields.Integer(
        "At Least (facts)",
        help="Who has fewer documents, visits or the like in the period has no place.",
    )
    is_shrunk = fields.Boolean(
        "Small Samples Drawn to Peers",
        default=True,
        help="A rate or improvement of few facts is drawn towards the peers': ten more "
        "facts at their rate are added to everybody's. One of one is not yet the best.",
    )
    names = fields.Selection(
        [("all", "Everybody"), ("upper", "Only the upper half")],
        "By Name",
        default="upper",
        required=True,
        help="The others see their own place and how far the next one is, and nobody "
        "sees who is below. In groups of few fewer are named.",
    )
    amounts = fields.Boolean(
        "Show Results",
        default=True,
        help="Otherwise places only; whoever may see the credits sees the results.",
    )
    audience = fields.Selection(
        [
            ("peers", "Everybody the own peers"),
            ("company", "Everybody all peers"),
            ("managers", "Managers only"),
        ],
        "Shown To",
        default="peers",
        required=True,
    )

    standings = fields.Json(compute="_compute_standings")
    podium = fields.Json(compute="_compute_standings")

    _minimum_positive = models.Constraint(
        "CHECK (minimum >= 0)", "A number of facts cannot be negative."
    )

    @api.constrains("measure", "metric_id")
    def _check_metric(self):
        for record in self:
            if record.measure in ("metric", "improvement") and not record.metric_id:
                raise ValidationError(
                    self.env._("%(name)s: say which metric.", name=record.display_name)
                )

    @api.constrains("subject", "measure", "metric_id")
    def _check_market(self):
        for record in self:
            if record.metric_id.denominator_kind == "market":
                raise ValidationError(
                    self.env._(
                        "%(metric)s is of territories: it ranks nobody.",
                        metric=record.metric_id.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if _SEEN & vals.keys():
            # sudo: what was shown before; who writes need not see the screens
            screens = self.env["sales.screen"].sudo().with_context(active_test=False)
            screens.search([("company_id", "in", self.company_id.ids)])._forget()
        return result

    @api.depends_context("uid", "lang")
    def _compute_standings(self):
        """Today's, as far as the user may see them; each call reads the ledger."""
        for record in self:
            found = record._origin.id and record._origin._prepare_standings()
            record.standings = found
            record.podium = found and {
                **found,
                "groups": [
                    {
                        **group,
                        "rows": [
                            row
                            for number, row in enumerate(group["rows"])
                            if number < _PODIUM or row["is_own"]
                        ],
                    }
                    for group in found["groups"][:_PODIUM]
                ],
            }

    def _prepare_standings(self):
        """What ``_show`` lets the user see, with its days and unit; False: nothing."""
        raise NotImplementedError

    # The unit of what is ranked

    def _get_unit(self):
        """As ``sales.metric.unit``; a percentage is a fraction of one."""
        self.ensure_one()
        if self.measure in ("attainment", "improvement"):
            return "percent"
        return "score" if self.measure == "score" else self.metric_id.unit

    def _is_higher_better(self):
        self.ensure_one()
        if self.measure in ("metric", "improvement"):
            return self.metric_id.higher_is_better
        return True

    # Standings

    def _rank(self, spans):
        """Everybody's row, by groups of peers, in the order of places.

        :param Spans spans: the days that count, and those of the places before
        :return: ``{group: [Row]}``; a group is ``(order, name)``
        """
        self.ensure_one()
        # sudo: places are made of results that the user need not read; what is shown of
        # them is decided by ``_show``
        board = self.sudo().with_context(active_test=False)
        board.env["sales.credit"]._process_pending()
        board.env.flush_all()
        rows = board._get_rows(spans.current)
        if not rows:
            return {}
        now, earlier = board._read_samples([row.key for row in rows], spans)
        groups = defaultdict(list)
        for row in rows:
            groups[row.group].append(row)
        higher = board._is_higher_better()
        for peers in groups.values():
            keys = [row.key for row in peers]
            plain, counted = board._evaluate(keys, now)
            plain_before, counted_before = board._evaluate(keys, earlier)
            found = ranking.places(counted, higher)
            before = ranking.places(counted_before, higher)
            above = ranking.next_above(found)
            for row in peers:
                row.value, row.counted = plain[row.key], counted[row.key]
                row.value_before = plain_before[row.key]
                row.place, row.before = found.get(row.key), before.get(row.key)
                row.above = above.get(row.key, [])
            # By place; those who share one, and those without one, by name.
            peers.sort(key=lambda row: (row.place or len(found) + 1, row.name, row.key))
        return dict(sorted(groups.items()))

    def _get_rows(self, span):
        people = self._get_people(span)
        if self.subject == "team":
            teams = self.env["crm.team"].browse(
                {person.team_id for person in people.values() if person.team_id}
            )
            return [Row(team.id, team.name, (0, "")) for team in teams]
        name_group = self._get_grouping(people, span)
        return [
            Row(person.id, person.name, name_group(person), person.user_id)
            for person in people.values()
        ]

    def _get_people(self, span):
        """Who takes part: ``{rep's id: Person}``."""
        return facts.read_people(
            self.env,
            self.company_id,
            span,
            {
                "sellers_only": self.sellers_only,
                "team_ids": self.team_ids.ids,
                "grade_ids": self.grade_ids.ids,
                "territory_ids": self.territory_ids.ids,
            },
        )

    def _get_grouping(self, people, span):
        """What tells the group of a person: ``(order, name)``."""
        _ = self.env._
        if self.peer == "grade":
            grades = self.env["sales.grade"].search([])
            found = {g.id: (n, g.name) for n, g in enumerate(grades)}
            return lambda p: found.get(p.grade_id, (len(found), _("Without grade")))
        if self.peer == "team":
            teams = self.env["crm.team"].browse(
                {p.team_id for p in people.values() if p.team_id}
            )
            found = {
                t.id: (n, t.name)
                for n, t in enumerate(teams.sorted(lambda t: (t.name, t.id)))
            }
            return lambda p: found.get(p.team_id, (len(found), _("Without team")))
        if self.peer == "tier":
            tiers = self.env["sales.territory"]._fields["tier"]
            found = {
                key: (n, name)
                for n, (key, name) in enumerate(tiers._description_selection(self.env))
            }
            return lambda p: found.get(p.tier, (len(found), _("Without tier")))
        if self.peer == "tenure":
            names = (
                _("Less than 6 months in service"),
                _("6 to 12 months in service"),
                _("1 to 3 years in service"),
                _("3 years and more in service"),
            )

            def band(person):
                start, stop = person.date_start or span.stop, span.stop
                months = 12 * (stop.year - start.year) + stop.month - start.month
                months -= stop.day < start.day
                number = sum(months >= limit for limit in TENURES)
                return number, names[number]

            return band
        return lambda p: (0, "")

    def _read_samples(self, keys, spans):
        """What is known of everybody, now and before: ``{key: …}`` twice.

        A number for additive metrics, else ``Sample``; a pair of these where the
        improvement of a ratio is ranked.
        """
        args = (self.env, self.company_id, self.subject, keys)
        pair = (spans.current, spans.earlier)
        if self.measure == "attainment":
            found = facts.read_core(*args, pair)
        elif self.measure == "score":
            found = facts.read_scores(*args, pair)
        else:
            return self._read_metric(args, spans)
        empty = [(Fraction(0), Fraction(0), 0)] * 2
        return tuple(
            {key: ranking.Sample(*found.get(key, empty)[number]) for key in keys}
            for number in range(2)
        )

    def _read_metric(self, args, spans):
        *_rest, keys = args
        improves = self.measure == "improvement"
        metric = self.metric_id
        days = spans if improves else (spans.current, spans.earlier)
        found = facts.read_credits(*args, metric._get_parts().ids, days)
        none = [(Fraction(0), 0)] * len(days)

        def sample(key, number):
            """The result of one span."""
            if metric.kind == "additive":
                value, count = found.get((key, metric.id), none)[number]
                return ranking.Sample(value, Fraction(1), count)
            top, tops = found.get((key, metric.numerator_id.id), none)[number]
            bottom, count = found.get((key, metric.denominator_id.id), none)[number]
            if metric.denominator_includes_numerator:
                bottom, count = bottom + top, count + tops
            return ranking.Sample(top, bottom, count)

        if self.subject == "team" and self.team_by == "head" and not improves:
            heads = (
                facts.read_head_days(self.env, self.company_id, keys, days)
                if metric.kind == "additive"
                else None
            )
            if heads:
                return tuple(
                    {
                        key: sample(key, n)._replace(bottom=Fraction(heads[key][n]))
                        for key in keys
                    }
                    for n in range(2)
                )
        if not improves:
            return tuple({key: sample(key, n) for key in keys} for n in range(2))
        return tuple(
            {key: (sample(key, n), sample(key, n + 1)) for key in keys} for n in (0, 2)
        )

    def _evaluate(self, keys, samples):
        """Results of peers, as they are and as they are ranked by.

        :return: ``{key: Fraction or None}`` twice
        """
        samples = {key: samples[key] for key in keys}
        kind = self.metric_id.kind
        if self.measure == "improvement":
            return tuple(self._get_improvement(samples, shrunk) for shrunk in (0, 1))
        plain = ranking.ratios(samples, minimum=self.minimum)
        if self.is_shrunk and self.measure == "metric" and kind == "ratio":
            return plain, ranking.ratios(samples, True, self.minimum)
        return plain, plain

    def _get_improvement(self, samples, is_shrunk):
        is_shrunk = bool(is_shrunk and self.is_shrunk)
        if self.metric_id.kind == "ratio":
            now, base = (
                ranking.ratios(
                    {key: pair[n] for key, pair in samples.items()},
                    is_shrunk,
                    self.minimum,
                )
                for n in range(2)
            )
            return {
                key: None if None in (now[key], base[key]) else now[key] - base[key]
                for key in samples
            }
        growth = ranking.ratios(
            {
                key: ranking.Sample(now.top, base.top, base.count)
                for key, (now, base) in samples.items()
            },
            is_shrunk,
            self.minimum,
        )
        return {key: None if rate is None else rate - 1 for key, rate in growth.items()}

    # What may be seen of them

    def _get_viewer(self):
        """What the user may see: by role, and by who is below today."""
        user = self.env.user
        if user.has_groups(",".join(COMPANY_GROUPS)):
            return Viewer(is_all=True, all_groups=True)
        mine = (
            self.env["sales.rep"]
            # sudo: only the own profile, and who is below it
            .sudo()
            .search(
                [("user_id", "=", user.id), ("company_id", "=", self.company_id.id)]
            )
        )
        reps = mine
        if user.has_group("sales_force.group_sales_leader"):
            reps = mine.search([("id", "child_of", mine.ids)])
        elif self.audience == "managers":
            return Viewer()
        if self.subject == "team":
            return Viewer(
                own=frozenset(reps.team_id.ids),
                me=frozenset(mine.team_id.ids),
                all_groups=bool(mine),
            )
        return Viewer(
            own=frozenset(reps.ids),
            me=frozenset(mine.ids),
            all_groups=bool(mine) and self.audience == "company",
        )

    def _show(self, groups, viewer=None, limit=None):
        """What a viewer may see of a standing; nothing else leaves the server.

        :param viewer: None: a screen that everybody sees
        :param int limit: so many rows a group at most; the own ones always
        :return: a list of groups: ``name count unnamed rows``; rows have ``place change
            name value counted gap is_own``; what is hidden is not there
        """
        self.ensure_one()
        viewer = viewer or Viewer(all_groups=True)
        shown = []
        for (order, name), rows in groups.items():
            if not viewer.all_groups and not any(row.key in viewer.own for row in rows):
                continue
            found = {row.key: row.place for row in rows if row.place}
            named = set(found)
            if not viewer.is_all:
                if self.names == "upper":
                    named = ranking.upper_half(found)
                named |= viewer.own
                rows = [row for row in rows if row.key in named]
            results = {row.key: row.counted for row in groups[order, name]}
            some = [
                row
                for number, row in enumerate(rows)
                if limit is None or number < limit or row.key in viewer.me
            ]
            shown.append(
                {
                    "key": f"{order}/{name}",
                    "name": name,
                    "count": len(found),
                    "unnamed": len(found) - len(named & found.keys()),
                    "more": len(rows) - len(some),
                    "rows": [self._show_row(row, results, viewer) for row in some],
                }
            )
        return shown

    def _show_row(self, row, results, viewer):
        visible = self.amounts or viewer.is_all or row.key in viewer.own
        above = results[row.above[0]] if row.above else None
        # How far the next one is tells that one's result.
        gap_visible = self.amounts or viewer.is_all
        gap = None
        if gap_visible and above is not None:
            gap = abs(float(above - row.counted))
        return {
            "key": row.key,
            "name": row.name,
            "user_id": row.user_id,
            "place": row.place or False,
            "change": row.change,
            "is_new": bool(row.place and not row.before),
            "value": float(row.value) if visible and row.value is not None else None,
            "counted": float(row.counted)
            if visible and row.counted is not None and row.counted != row.value
            else None,
            "gap": gap if viewer.is_all or row.key in viewer.own else None,
            "is_own": row.key in viewer.me,
        }

    def _show_everybody(self, limit):
        """What everybody may see, as texts: a group each.

        :return: ``key title subtitle rows``; rows have ``key place change name text
            part``, the part of the best result in percent; no part tells a result that
            is hidden
        """
        self.ensure_one()
        found = self._prepare_days()
        if not found:
            return []
        title, groups = found
        unit, currency = self._get_unit(), self.company_id.currency_id
        shown = []
        for group in self._show(groups, limit=limit):
            values = [row["value"] or 0 for row in group["rows"]]
            best = max(values, default=0)
            shown.append(
                {
                    "key": f"{self._name}/{self.id}/{group['key']}",
                    "title": self.name,
                    "subtitle": " · ".join(filter(None, (group["name"], title))),
                    "rows": [
                        {
                            "key": row["key"],
                            "place": row["place"],
                            "change": row["change"],
                            "is_new": row["is_new"],
                            "name": row["name"],
                            "text": ""
                            if row["value"] is None
                            else self._tell_number(
                                row["value"] * (100 if unit == "percent" else 1),
                                unit,
                                currency,
                            ),
                            "part": round(100 * row["value"] / best, 1)
                            if row["value"] and best > 0
                            else 0,
                        }
                        for row in group["rows"]
                        if row["place"]
                    ],
                }
            )
        return [group for group in shown if group["rows"]]

    def _prepare_days(self):
        """``(label of the days, groups of rows)`` of today; None: nothing to show."""
        raise NotImplementedError

    @api.model
    def _tell_number(self, value, unit, currency):
        """A result in words; percentages as 80 for 80 %, money without its parts."""
        if unit == "money":
            whole = formatLang(self.env, value, digits=0)
            return (
                f"{currency.symbol}\N{NO-BREAK SPACE}{whole}"
                if currency.position == "before"
                else f"{whole}\N{NO-BREAK SPACE}{currency.symbol}"
            )
        if unit == "percent":
            number = formatLang(self.env, value, digits=1)
            return self.env._("%(value)s %%", value=number)
        return formatLang(self.env, value, digits=0 if value == int(value) else 2)
