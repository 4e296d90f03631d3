from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.sales_force.locking import write_lock

from ..scoring.pattern import Entry, completed, counted, holds, is_hit, number
from ..scoring.periods import MONTHS
from .sales_consequence import DECIDED
from .sales_scorecard_opening import QUIET

# So many periods are shown with a proposal at least, where there are as many.
SHOWN = 6


class Period(NamedTuple):
    """A period of a rep that counts: all its cards are confirmed."""

    entry: Entry
    date_from: object
    date_to: object
    grade: str
    card_ids: tuple


class SalesConsequence(models.Model):
    """Rules are tried for all reps at once, after each confirmation and each night.

    Doing so again changes nothing. What is not decided yet is withdrawn as soon as it
    no longer holds; what is decided stays, and is marked.
    """

    _inherit = "sales.consequence"

    @api.model
    def _cron_propose(self):
        """Each night: what has become true meanwhile, as a course that was passed."""
        rules = self.env["sales.consequence.rule"].search([("state", "=", "running")])
        for company, some in rules.grouped("company_id").items():
            reps = self.env["sales.rep"].search([("company_id", "=", company.id)])
            for period in set(some.mapped("period")):
                self._propose(company, reps, period)
            waiting = self.search(
                [("company_id", "=", company.id), ("state", "=", "proposed")]
            )
            waiting._review()
            waiting.filtered(lambda one: one.state == "proposed")._renew_steps()

    @api.model
    def _propose(self, company, reps, period, since=None):
        """Make the proposals that follow from scores.

        :param since: first day of the earliest period that may lead to one; None: only
            the last period of each rep that counts
        :return: the new proposals
        """
        rules = self.env["sales.consequence.rule"].search(
            [
                ("company_id", "=", company.id),
                ("period", "=", period),
                ("state", "=", "running"),
            ]
        )
        if not rules or not reps:
            return self.browse()
        rank = self._get_ranking()
        longest = max(SHOWN, *(rule.within for rule in rules))
        history = self._read_history(company, reps, period, since, longest)
        used = self._get_used(rules, reps)
        roles = {}
        vals_list = []
        for rule in rules:
            definition = rule._prepare_definition()
            pattern = rule._get_pattern(definition, rank)
            found = {}
            for rep in reps:
                rows = history.get(rep.id)
                if not rows:
                    continue
                places = completed(
                    pattern,
                    {place: row.entry for place, row in rows.items()},
                    [
                        place
                        for place, row in rows.items()
                        if row.date_from >= rule.date_from
                        and (row.date_from >= since if since else place == max(rows))
                    ],
                    used.get((rule.id, rep.id), ()),
                    lambda place, rep=rep, rows=rows, rule=rule: self._is_meant(
                        rule, rep, rows[place].date_to, roles
                    ),
                )
                if places:
                    found[rep] = places
            if not found:
                continue
            meant = reps.browse([rep.id for rep in found])
            gaps, steps = rule._get_gaps(meant), rule._get_steps(meant)
            for rep, places in found.items():
                if gaps[rep]:
                    continue
                made = used.get((rule.id, rep.id), set()).union(places)
                vals_list += [
                    {
                        **self._prepare(rule, rep, history[rep.id][place]),
                        **self._prepare_evidence(pattern, history[rep.id], place, made),
                        "definition": definition,
                        "to_grade_id": steps[rep].id,
                    }
                    for place in places
                ]
        return self._make(vals_list)

    def _make(self, vals_list):
        if not vals_list:
            return self.browse()
        # Two who propose at once: the second is run again, on what the first leaves.
        self.env.flush_all()
        rules = self.env["sales.consequence.rule"]
        write_lock(rules.browse({vals["rule_id"] for vals in vals_list}))
        proposals = self.with_context(**QUIET).create(vals_list)
        proposals._add_steps()
        return proposals

    def _prepare(self, rule, rep, row):
        return {
            "rule_id": rule.id,
            "kind": rule.kind,
            "rep_id": rep.id,
            "company_id": rule.company_id.id,
            "team_id": rep.team_id.id,
            "period": rule.period,
            "period_from": row.date_from,
            "period_to": row.date_to,
            "from_grade_id": rep.grade_id.id,
            "percent": rule.percent if rule.kind == "salary" else 0.0,
        }

    def _prepare_evidence(self, pattern, rows, place, used):
        """What a proposal keeps of the periods up to the one that completes it."""
        entries = {one: row.entry for one, row in rows.items()}
        counts = counted(pattern, place, used)
        first = min(counts[0], place - SHOWN + 1)
        shown = [one for one in sorted(rows) if first <= one <= place]
        return {
            "evidence": {
                "periods": [
                    {
                        "from": str(rows[one].date_from),
                        "score": rows[one].entry.score / 100,
                        "grade": rows[one].grade,
                        "hit": one in counts and is_hit(pattern, entries, one),
                        "cards": list(rows[one].card_ids),
                    }
                    for one in shown
                ]
            },
            "card_ids": [
                fields.Command.set([id_ for one in shown for id_ in rows[one].card_ids])
            ],
            "score": rows[place].entry.score / 100,
            "score_change": (rows[place].entry.score - rows[shown[0]].entry.score)
            / 100,
        }

    # Reading

    @api.model
    def _get_ranking(self):
        """A function that gives the rank of a grade by the score that it begins at."""
        starts = self.env["sales.scorecard.grade"].search([]).mapped("score_min")
        return lambda start: sum(one <= start for one in starts)

    def _get_used(self, rules, reps):
        """Which periods have led to something: ``{(rule's, rep's id): {number}}``."""
        used = {}
        for proposal in self.search_fetch(
            [
                ("rule_id", "in", rules.ids),
                ("rep_id", "in", reps.ids),
                ("state", "!=", "withdrawn"),
            ],
            ["rule_id", "rep_id", "period", "period_from"],
        ):
            used.setdefault((proposal.rule_id.id, proposal.rep_id.id), set()).add(
                number(proposal.period, proposal.period_from)
            )
        return used

    def _is_meant(self, rule, rep, day, roles):
        """Whether a rule is for a rep, by what the rep was on a day.

        :param dict roles: what is known of everybody by day, to be filled
        """
        if rule.role == "all" and not (
            rule.grade_ids or rule.team_ids or rule.territory_ids
        ):
            return True
        if day not in roles:
            # Of everybody: who leads is known from those below.
            everybody = self.env["sales.rep"].search(
                [("company_id", "=", rule.company_id.id)]
            )
            roles[day] = self.env["sales.scorecard"]._get_roles(everybody, day, day)
        changes = roles[day].get(rep.id)
        return bool(changes) and rule._fits(changes[-1][1])

    @api.model
    def _read_history(self, company, reps, period, since=None, longest=SHOWN):
        """The periods of reps that count: every card of theirs is confirmed.

        Who has several cards in a period, of parts with another role, has their average
        by working days; and the grade of that, unless all are the same. Cards of teams
        are nobody's and do not count.

        :param since: see ``_propose``; so many periods before are read, too
        :return: ``{rep's id: {number of the period: Period}}``
        """
        self.env.flush_all()
        grades = self.env["sales.scorecard.grade"].with_context(active_test=False)
        grades = grades.search([])
        by_id = {grade.id: grade for grade in grades}
        active = grades.filtered("active")
        rank = self._get_ranking()
        found = {}
        for rep, start, stop, cards, score, grade_id in self.env.execute_query(
            SQL(
                """
                SELECT rep_id, period_from, period_to, array_agg(id ORDER BY date_from),
                    round(sum(score * share) FILTER (WHERE has_score AND share > 0)
                        / sum(share) FILTER (WHERE has_score AND share > 0), 2),
                    CASE WHEN count(DISTINCT grade_id) FILTER (WHERE has_score) = 1
                        THEN min(grade_id) FILTER (WHERE has_score) END
                FROM sales_scorecard
                WHERE company_id = %(company)s AND period = %(period)s
                  AND rep_id = ANY(%(reps)s) AND period_from >= %(first)s
                GROUP BY rep_id, period_from, period_to
                HAVING bool_and(state IN ('confirmed', 'acknowledged'))
                   AND count(*) FILTER (WHERE has_score AND share > 0) > 0
                """,
                company=company.id,
                period=period,
                reps=reps.ids,
                first=self._get_first(company, period, since, longest),
            )
        ):
            points = float(score)
            grade = by_id.get(grade_id) or active._get_by_score(points)
            found.setdefault(rep, {})[number(period, start)] = Period(
                Entry(round(points * 100), rank(grade.score_min) if grade else None),
                start,
                stop,
                grade.name or "",
                tuple(cards),
            )
        return found

    def _get_first(self, company, period, since, longest):
        """The first day that is read; a year more where the last period is sought."""
        today = since or fields.Date.subtract(company._get_sales_today(), years=1)
        return fields.Date.subtract(today, months=MONTHS[period] * (longest + 1))

    # What was proposed, seen again

    def _review(self):
        """Withdraw what no longer holds and is not decided; mark what is."""
        withdrawn = {}
        for (company, period), some in self.grouped(
            lambda one: (one.company_id, one.period)
        ).items():
            since = min(some.mapped("period_from"))
            longest = max(SHOWN, *(one.definition["within"] for one in some))
            history = self._read_history(company, some.rep_id, period, since, longest)
            used = self._get_used(some.rule_id, some.rep_id)
            roles = {}
            gaps = {
                rule: rule._get_gaps(ones.rep_id)
                for rule, ones in some.filtered(lambda one: one.state == "proposed")
                .grouped("rule_id")
                .items()
            }
            for proposal in some:
                rows = history.get(proposal.rep_id.id, {})
                made = used.get((proposal.rule_id.id, proposal.rep_id.id), set())
                held = proposal._still_holds(rows, made)
                if proposal.state in DECIDED:
                    proposal._mark(rows, not held)
                    continue
                lacking = gaps[proposal.rule_id][proposal.rep_id]
                if not held:
                    lacking = [proposal._describe_change(rows)]
                elif not self._is_meant(
                    proposal.rule_id, proposal.rep_id, proposal.period_to, roles
                ):
                    lacking = [self.env._("The rule is not for this rep any more.")]
                if lacking:
                    withdrawn[proposal] = " ".join(lacking)
                else:
                    proposal._follow(rows, made)
        self._withdraw(withdrawn)

    def _get_place(self):
        return number(self.period, self.period_from)

    def _get_own_pattern(self):
        return self.env["sales.consequence.rule"]._get_pattern(
            self.definition, self._get_ranking()
        )

    def _still_holds(self, rows, used):
        entries = {one: row.entry for one, row in rows.items()}
        return holds(self._get_own_pattern(), entries, self._get_place(), used)

    def _follow(self, rows, used):
        """Scores that have changed, with the same outcome, are shown as they are."""
        evidence = self._prepare_evidence(
            self._get_own_pattern(), rows, self._get_place(), used
        )
        if evidence["evidence"] != self.evidence:
            self.message_post(body=self._describe_change(rows))
            self.write(evidence)

    def _mark(self, rows, outdated):
        if self.is_outdated != outdated:
            self.is_outdated = outdated
            self.message_post(
                body=self.env._(
                    "The scores have changed since the decision, which stays. "
                    "%(change)s",
                    change=self._describe_change(rows),
                )
                if outdated
                else self.env._("The scores are again as they were decided on.")
            )

    def _describe_change(self, rows):
        """In which periods the scores are others than those of the proposal."""
        texts = []
        for row in self.evidence["periods"]:
            day = fields.Date.to_date(row["from"])
            now = rows.get(number(self.period, day))
            if not now:
                texts.append(
                    self.env._(
                        "%(period)s does not count now: not confirmed, or appealed.",
                        period=self._label_row(row),
                    )
                )
            elif (now.grade, now.entry.score) != (
                row["grade"],
                round(row["score"] * 100),
            ):
                texts.append(
                    self.env._(
                        "%(before)s is now %(grade)s (%(score)s).",
                        before=self._describe_row(row),
                        grade=now.grade,
                        score=now.entry.score / 100,
                    )
                )
        return " ".join(texts) or self.env._("The grades or other proposals changed.")


class SalesScorecard(models.Model):
    """Whenever cards are confirmed, contested or opened again, rules are tried."""

    _inherit = "sales.scorecard"

    def _move(self, state):
        result = super()._move(state)
        cards = self.filtered("rep_id")
        if not cards:
            return result
        proposals = self.env["sales.consequence"]
        proposals.search(
            [("card_ids", "in", cards.ids), ("state", "!=", "withdrawn")]
        )._review()
        if state == "confirmed":
            for (company, period), some in cards.grouped(
                lambda card: (card.company_id, card.period)
            ).items():
                proposals._propose(
                    company, some.rep_id, period, min(some.mapped("period_from"))
                )
        return result
