from collections import defaultdict
from itertools import chain
from statistics import fmean, stdev

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..scoring import analysis
from ..scoring import periods as calendar
from ..scoring.periods import MONTHS

# So many periods back: of the line over time, and of what predicts the next one.
PERIODS = 8


class SalesAppraisalAnalysis(models.AbstractModel):
    """What the scores of a period say together, of the cards that a user may read.

    Own cards are left out: nobody learns from the figures how they were judged before
    the card is confirmed.
    """

    _inherit = "sales.appraisal.analysis"

    @api.model
    @api.readonly
    def get_analysis(self, period=None, day=None, team_id=None):
        """Scores, what they consist of, who gave them, and how the teams are.

        :param str period: ``month``, ``quarter``, ``half`` or ``year``; None: the last
            one that has scores
        :param day: any day of the period
        :param int team_id: only of this team
        :return: ``periods`` to choose from, ``chosen``, ``teams_all``, ``count``,
            ``provisional``, ``mean``, ``spread``, ``bins``, ``grades``, ``trend``,
            ``kpis``, ``teams``, ``managers``, ``health``; scores in points, shares as
            fractions
        :raise AccessError: for who leads nobody
        :raise UserError: where the arguments are none
        """
        if not self._may_analyse():
            raise AccessError(
                self.env._("Leaders, directors and sales operations analyse scores.")
            )
        periods = self._get_periods()
        chosen = self._choose_period(periods, period, day)
        if not chosen:
            return {"periods": [], "chosen": False}
        team = self._get_team(team_id)
        start = fields.Date.to_date(chosen["period_from"])
        stop = fields.Date.to_date(chosen["period_to"])
        domain = self._get_domain(chosen["period"], team)
        of_period = domain & fields.Domain("period_from", "=", start)
        cards = self._read_cards(of_period)
        lines = self._read_lines(of_period)
        scores = [row["score"] for row in cards]
        return {
            "periods": periods,
            "chosen": chosen,
            "team_id": team,
            "teams_all": self._get_teams(chosen["period"]),
            "count": len(cards),
            "provisional": sum(not row["is_final"] for row in cards),
            "mean": _mean(scores),
            "spread": _spread(scores),
            "bins": analysis.bins(scores),
            "grades": self._get_grades(cards),
            "trend": self._get_trend(domain, start),
            "kpis": self._get_kpis(lines, domain, chosen),
            "teams": self._get_team_scores(cards),
            "managers": self._get_managers(lines),
            "health": self._get_health(stop, team),
        }

    @api.model
    def _may_analyse(self):
        return self.env.su or self.env.user.has_groups(
            "sales_force.group_sales_leader,sales_force.group_sales_operations"
        )

    def _get_domain(self, period, team=None):
        """Cards of others, with a score, of this company."""
        domain = fields.Domain(
            [
                ("company_id", "=", self.env.company.id),
                ("period", "=", period),
                ("rep_id", "!=", False),
                ("user_id", "!=", self.env.uid),
                ("has_score", "=", True),
            ]
        )
        return domain & fields.Domain("team_id", "=", team) if team else domain

    # What there is to choose from

    def _get_periods(self):
        Card = self.env["sales.scorecard"]
        domain = fields.Domain.OR(self._get_domain(period) for period in MONTHS)
        rows = Card._read_group(
            domain,
            ["period", "period_from:day", "period_to:day"],
            ["confirmed_on:max"],
            order="period_from:day DESC",
        )
        return [
            {
                "key": f"{period}/{start}",
                "period": period,
                "period_from": str(start),
                "period_to": str(stop),
                "is_final": bool(confirmed),
                "name": Card.new({"period": period, "period_from": start}).period_label,
            }
            for period, start, stop, confirmed in rows
        ]

    def _choose_period(self, periods, period, day):
        if not period:
            final = [found for found in periods if found["is_final"]]
            return (final or periods or [False])[0]
        try:
            day = str(fields.Date.to_date(day))
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("Which period?")) from error
        for found in periods:
            if found["period"] == period and (
                found["period_from"] <= day <= found["period_to"]
            ):
                return found
        return self._choose_period(periods, None, None)

    def _get_team(self, team_id):
        if not team_id:
            return None
        if not isinstance(team_id, int):
            raise UserError(self.env._("Which team?"))
        return team_id

    def _get_teams(self, period):
        rows = self.env["sales.scorecard"]._read_group(
            self._get_domain(period) & fields.Domain("team_id", "!=", False),
            ["team_id"],
        )
        return sorted(
            ({"id": team.id, "name": team.name} for (team,) in rows),
            key=lambda found: found["name"],
        )

    # Scores

    def _read_cards(self, domain):
        """The cards that the user may read, as rows."""
        query = self.env["sales.scorecard"]._search(domain)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT s.id, s.rep_id, s.team_id, s.grade_id, s.score::float AS score,
                    s.state IN ('confirmed', 'acknowledged') AS is_final
                FROM sales_scorecard s WHERE s.id IN %s
                """,
                query.subselect(),
            )
        )

    def _read_lines(self, domain):
        """The weighted lines of the cards that the user may read, as rows."""
        query = self.env["sales.scorecard"]._search(domain)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT l.card_id, l.template_line_id, l.kind, l.metric_id,
                    l.weight_used::float AS weight, l.score::float AS score,
                    s.rep_id, s.manager_id, s.period_from, s.period_to,
                    s.share::float AS share
                FROM sales_scorecard_line l
                JOIN sales_scorecard s ON s.id = l.card_id
                WHERE l.applies AND l.weight > 0 AND s.id IN %s
                ORDER BY l.template_line_id, l.card_id
                """,
                query.subselect(),
            )
        )

    def _get_grades(self, cards):
        found = defaultdict(int)
        for row in cards:
            found[row["grade_id"]] += 1
        return [
            {"id": grade.id, "name": grade.name, "count": found.get(grade.id, 0)}
            for grade in self.env["sales.scorecard.grade"].search([])
        ]

    def _get_trend(self, domain, start):
        """Mean and middle half of each of the last periods, the earliest first."""
        query = self.env["sales.scorecard"]._search(
            domain & fields.Domain("period_from", "<=", start)
        )
        scores = defaultdict(list)
        for day, period, score in self.env.execute_query(
            SQL(
                """SELECT period_from, period, score::float FROM sales_scorecard
                WHERE id IN %s""",
                query.subselect(),
            )
        ):
            scores[day, period].append(score)
        return [
            {
                "name": self.env["sales.scorecard"]
                .new({"period": period, "period_from": day})
                .period_label,
                "period_from": str(day),
                "count": len(values),
                "mean": _mean(values),
                **dict(zip(("low", "high"), analysis.middle_half(values), strict=True)),
            }
            for (day, period), values in sorted(scores.items())[-PERIODS:]
        ]

    def _get_team_scores(self, cards):
        scores = defaultdict(list)
        for row in cards:
            scores[row["team_id"]].append(row["score"])
        names = self._get_names("crm.team", scores)
        return sorted(
            (
                {
                    "id": team or False,
                    "name": names.get(team, ""),
                    "count": len(values),
                    "mean": _mean(values),
                    "spread": _spread(values),
                    "lowest": min(values),
                    "highest": max(values),
                }
                for team, values in scores.items()
            ),
            key=lambda found: (-found["mean"], found["name"]),
        )

    # What the scores consist of

    def _get_kpis(self, lines, domain, chosen):
        """Each line of cards: its scores, what it costs, and what it predicts."""
        found = defaultdict(list)
        for row in lines:
            found[row["kind"], row["metric_id"]].append(row)
        predicted = self._get_predictions(domain, chosen)
        labels = self._get_names(
            "sales.scorecard.template.line",
            {rows[-1]["template_line_id"] for rows in found.values()},
        )
        result = []
        for key, rows in found.items():
            scores = [row["score"] for row in rows]
            association = predicted.get(key)
            result.append(
                {
                    "key": f"{key[0]}/{key[1] or ''}",
                    "name": labels.get(rows[-1]["template_line_id"], ""),
                    "count": len(rows),
                    "mean": _mean(scores),
                    "spread": _spread(scores),
                    # Of a card's 100 points, what this line left behind on average.
                    "lost": fmean(
                        row["weight"] * (100 - row["score"]) / 100 for row in rows
                    ),
                    "association": association and association._asdict(),
                    "verdict": self._explain_association(association),
                }
            )
        return sorted(result, key=lambda kpi: (-kpi["lost"], kpi["name"]))

    def _get_predictions(self, domain, chosen):
        """How the score of each line goes with the attainment of the period after.

        :return: ``{(kind, metric's id): Association}`` over the last periods that
            are followed by one that is over
        """
        company = self.env.company
        ends = company._get_scorecard_year_end()
        period = chosen["period"]
        last = fields.Date.to_date(chosen["period_from"])
        first = calendar.earlier(period, last, PERIODS - 1, ends)
        rows = self._read_lines(
            domain
            & fields.Domain("period_from", ">=", first)
            & fields.Domain("period_from", "<=", last)
            & fields.Domain("share", "=", 100)
        )
        after = {
            stop: calendar.bounds(period, fields.Date.add(stop, days=1), ends)
            for stop in {row["period_to"] for row in rows}
        }
        today = company._get_sales_today()
        over = sorted({span for span in after.values() if span[1] < today})
        attained = self._read_attainment(company, over) if over else {}
        pairs = defaultdict(lambda: defaultdict(list))
        for row in rows:
            start = after[row["period_to"]][0]
            reached = analysis.attainment(attained.get((row["rep_id"], start), ()))
            if reached is not None:
                pairs[row["kind"], row["metric_id"]][start].append(
                    (row["score"], reached)
                )
        return {
            key: analysis.associate(groups.values()) for key, groups in pairs.items()
        }

    def _explain_association(self, association):
        if not association:
            return self.env._("Too few periods that are over to tell.")
        if association.low > 0:
            return self.env._(
                "Who is good here reaches more of the target in the period after."
            )
        if association.high < 0:
            return self.env._(
                "Who is good here reaches less of the target in the period after: "
                "does the line reward the right thing?"
            )
        return self.env._("No effect that can be told from chance.")

    # Who gave them

    def _get_managers(self, lines):
        """How strict managers are: their judgement against the facts of the card."""
        cards = defaultdict(lambda: {"judgement": [], "facts": [], "manager": None})
        for row in lines:
            card = cards[row["card_id"]]
            card["manager"] = row["manager_id"]
            side = "judgement" if row["kind"] == "judgement" else "facts"
            card[side].append((row["score"], row["weight"]))
        judged = defaultdict(list)
        for card in cards.values():
            pair = [_weighted(card[side]) for side in ("judgement", "facts")]
            if card["manager"] and None not in pair:
                judged[card["manager"]].append(tuple(pair))
        names = self._get_names("sales.rep", judged)
        found = [
            {
                "id": manager,
                "name": names[manager],
                **strictness._asdict(),
                "verdict": self._explain_strictness(strictness),
            }
            for manager, strictness in analysis.compare_strictness(judged).items()
        ]
        return sorted(found, key=lambda row: (-(row["against"] or 0), row["name"]))

    def _explain_strictness(self, strictness):
        if strictness.count >= analysis.ENOUGH_CARDS and not strictness.spread:
            return self.env._("Judges everybody alike")
        if strictness.against is None:
            return self.env._("Nobody to compare with")
        if not strictness.notable:
            return self.env._("As the others")
        if strictness.against > 0:
            return self.env._("More lenient than the others")
        return self.env._("Stricter than the others")

    # How the teams are

    def _get_health(self, stop, team):
        """Of each team in the twelve months that end with the period."""
        company = self.env.company
        start, stop = self._get_year(min(stop, company._get_sales_today()))
        teams = defaultdict(list)
        for stay in self._read_stays(company, start, stop, team):
            teams[stay["team_id"]].append(stay)
        months = self._get_months(teams, start, stop)
        names = self._get_names("crm.team", teams)
        return sorted(
            (
                {
                    "id": found,
                    "name": names[found],
                    **self._describe_heads(stays, start, stop),
                    **self._describe_results(
                        months[found], self._get_joiners(stays, start)
                    ),
                }
                for found, stays in teams.items()
            ),
            key=lambda row: row["name"],
        )

    def _get_months(self, teams, start, stop):
        """Goals of each rep, in the team of the end of the month.

        :return: ``{team's id: {rep's id: [goals of each month]}}``
        """
        stays = sorted(
            (stay for rows in teams.values() for stay in rows),
            key=lambda stay: stay["first"],
        )
        owner = {}
        for stay in stays:
            month = fields.Date.start_of(max(stay["first"], start), "month")
            while month <= min(stay["last"] or stop, stop):
                owner[stay["rep_id"], month] = stay["team_id"]
                month = fields.Date.add(month, months=1)
        first = [fields.Date.add(start, months=number) for number in range(12)]
        attained = self._read_attainment(
            self.env.company,
            [(day, min(fields.Date.end_of(day, "month"), stop)) for day in first],
        )
        found = defaultdict(lambda: defaultdict(list))
        for (rep, month), team in sorted(owner.items()):
            found[team][rep].append(attained.get((rep, month), []))
        return found

    @staticmethod
    def _get_joiners(stays, start):
        return {
            stay["rep_id"]
            for stay in stays
            if stay["date_start"] and start <= stay["date_start"] == stay["first"]
        }

    def _describe_heads(self, stays, start, stop):
        def count(day):
            return len(
                {
                    stay["rep_id"]
                    for stay in stays
                    if stay["first"] <= day <= (stay["last"] or day)
                }
            )

        leavers = {
            stay["rep_id"]
            for stay in stays
            if stay["date_end"] and start <= stay["date_end"] == stay["last"] <= stop
        }
        return {
            "heads": count(stop),
            "joiners": len(self._get_joiners(stays, start)),
            "leavers": len(leavers),
            "turnover": analysis.turnover(len(leavers), count(start), count(stop)),
        }

    @staticmethod
    def _describe_results(months, joiners):
        achieved = analysis.contributions(
            {rep: list(chain.from_iterable(rows)) for rep, rows in months.items()}
        ).values()
        ramps = [analysis.months_to_target(months.get(rep, [])) for rep in joiners]
        reached = [ramp for ramp in ramps if ramp]
        return {
            "attainment": sum(achieved) if achieved else None,
            "top_share": analysis.top_share(achieved),
            "top_of_target": (
                sum(sorted(achieved, reverse=True)[:3]) if achieved else None
            ),
            "ramp": fmean(reached) if reached else None,
            "ramp_open": len(ramps) - len(reached),
        }

    def _get_names(self, model, ids):
        # sudo: names only, of whom the user's own cards or teams name already
        records = self.env[model].sudo().browse([one for one in ids if one])
        return {record.id: record.display_name for record in records}


def _mean(values):
    return fmean(values) if values else None


def _spread(values):
    return stdev(values) if len(values) > 1 else None


def _weighted(pairs):
    """The mean of scores by their weights; None without any."""
    weight = sum(part for _score, part in pairs)
    return sum(score * part for score, part in pairs) / weight if weight else None
