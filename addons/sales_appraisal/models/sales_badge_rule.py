from collections import defaultdict
from datetime import timedelta
from functools import partial

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .. import standing_facts as facts
from ..scoring import spans
from .sales_scorecard import LIVE

# How far back a streak of days is looked for.
_BACK = timedelta(days=370)


class SalesBadgeRule(models.Model):
    """What a badge is given for, by itself and once for each cause."""

    _name = "sales.badge.rule"
    _description = "Rule of a Badge"
    _order = "sequence, id"
    _rec_name = "badge_id"
    _check_company_auto = True

    badge_id = fields.Many2one("gamification.badge", required=True, ondelete="restrict")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("board", "First of a leaderboard"),
            ("target", "Target reached, months running"),
            ("streak", "Day plan done in full, days running"),
        ],
        "Given For",
        default="board",
        required=True,
    )
    board_id = fields.Many2one(
        "sales.leaderboard",
        "Leaderboard",
        ondelete="restrict",
        check_company=True,
        domain="[('subject', '=', 'rep')]",
        help="Whoever is first among the peers when a period is over.",
    )
    count = fields.Integer("Running", default=3, help="So many months or days.")
    delay = fields.Integer(
        "Late Documents (days)",
        default=3,
        help="So many days after the last one it is given, as documents come late.",
    )
    award_count = fields.Integer(compute="_compute_award_count", string="Given")

    _count_positive = models.Constraint(
        "CHECK (count > 0 AND delay >= 0)",
        "Days and months running are one at least, and no delay is negative.",
    )

    @api.constrains("kind", "board_id")
    def _check_board(self):
        for rule in self:
            if rule.kind == "board" and rule.board_id.subject != "rep":
                raise ValidationError(
                    self.env._(
                        "%(badge)s: choose a leaderboard of reps.",
                        badge=rule.badge_id.name,
                    )
                )

    @api.depends("badge_id.owner_ids.sales_rule_id")
    def _compute_award_count(self):
        counts = dict(
            self.env["gamification.badge.user"]._read_group(
                [("sales_rule_id", "in", self.ids)], ["sales_rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.award_count = counts.get(rule._origin, 0)

    # Giving

    @api.model
    def _cron_award(self):
        for rule in self.search([]):
            rule._award(rule.company_id._get_sales_today() - timedelta(days=rule.delay))

    def _award(self, day):
        """Give the badge to whoever has earned it by a day; a second time to nobody.

        :param day: the last one whose documents are complete
        """
        self.ensure_one()
        # sudo: badges follow from results that the user need not read
        rule = self.sudo()
        found = getattr(rule, f"_get_earned_by_{rule.kind}")(day)
        awards, users = rule.env["gamification.badge.user"], rule.env["res.users"]
        known = {
            (award.user_id.id, award.sales_day)
            for award in awards.search([("sales_rule_id", "=", rule.id)])
        }
        given = awards.create(
            [
                {
                    "user_id": user_id,
                    "badge_id": rule.badge_id.id,
                    "sales_rule_id": rule.id,
                    "sales_day": cause,
                    "comment": word(rule.with_context(lang=users.browse(user_id).lang)),
                }
                for user_id, cause, word in found
                if user_id and (user_id, cause) not in known
            ]
        )
        for award in given:
            # Not Odoo's own mail of a page: one line, as the user wants to be notified.
            spoken = award.with_context(lang=award.user_id.lang)
            spoken.message_notify(
                partner_ids=award.user_id.partner_id.ids,
                subject=spoken.env._("Badge: %(name)s", name=spoken.badge_id.name),
                body=award.comment,
            )
        return given

    # Who has earned it: user, day and what says so in the language of a rule's context

    def _get_earned_by_board(self, day):
        """Whoever is first, with more than nothing, in the last period that is over."""
        whole = self.board_id._get_over(day)
        groups = self.board_id._rank(self.board_id._get_spans(whole.stop))
        if self.board_id.measure == "score" and self._has_open_cards(groups, whole):
            # Not to whoever is confirmed first.
            return []

        def word(rule):
            return rule.env._(
                "First of “%(board)s”, %(start)s – %(stop)s",
                board=rule.board_id.name,
                start=format_date(rule.env, whole.start),
                stop=format_date(rule.env, whole.stop),
            )

        return [
            (row.user_id, whole.stop, word)
            for rows in groups.values()
            for row in rows
            if row.place == 1 and row.value > 0
        ]

    def _has_open_cards(self, groups, span):
        """Whether the score of somebody who is ranked is not confirmed yet."""
        return bool(
            self.env["sales.scorecard"].search_count(
                [
                    ("company_id", "=", self.company_id.id),
                    ("rep_id", "in", [r.key for rows in groups.values() for r in rows]),
                    ("period_from", ">=", span.start),
                    ("period_to", "<=", span.stop),
                    ("state", "in", LIVE),
                ],
                limit=1,
            )
        )

    @api.model
    def _forget_all(self):
        """With the app go its rules, which would keep its badges in the database."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE gamification_badge_user SET sales_rule_id = NULL "
            "WHERE sales_rule_id IS NOT NULL"
        )
        self.env.cr.execute("DELETE FROM sales_badge_rule")
        self.env.invalidate_all(flush=False)

    def _get_people(self, day):
        return facts.read_people(
            self.env,
            self.company_id,
            spans.Span(day, day),
            {
                "sellers_only": True,
                "team_ids": [],
                "grade_ids": [],
                "territory_ids": [],
            },
        )

    def _get_given_since(self, day):
        """Users who had the badge for something after a day: its days count once."""
        return set(
            self.env["gamification.badge.user"]
            .search([("sales_rule_id", "=", self.id), ("sales_day", ">", day)])
            .user_id.ids
        )

    def _get_earned_by_target(self, day):
        """Who reached the target of each of the last months that are over."""
        first = (day + timedelta(days=1)).replace(day=1)
        months = [
            spans.bounds("month", first - relativedelta(months=back))
            for back in range(1, self.count + 1)
        ]
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        people = self._get_people(months[0].stop)
        found = facts.read_core(self.env, self.company_id, "rep", list(people), months)
        had = self._get_given_since(months[-1].start - spans.DAY)

        def word(rule):
            return rule.env._(
                "Target reached %(count)s months running, until %(date)s",
                count=rule.count,
                date=format_date(rule.env, months[0].stop),
            )

        return [
            (people[key].user_id, months[0].stop, word)
            for key, values in found.items()
            if people[key].user_id not in had
            and all(target > 0 and done >= target for done, target, _n in values)
        ]

    def _get_earned_by_streak(self, day):
        """Who did all that was planned on each of the last days with a plan."""
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        people = self._get_people(day)
        ids = self.env["sales.metric"]._ids_by_code()
        days = defaultdict(list)
        for rep, date, planned, done in self.env.execute_query(
            SQL(
                """
                SELECT rep_id, date,
                    sum(value) FILTER (WHERE metric_id = %(planned)s),
                    COALESCE(sum(value) FILTER (WHERE metric_id = %(done)s), 0)
                FROM sales_credit
                WHERE metric_id = ANY(%(both)s) AND rep_id = ANY(%(reps)s)
                  AND company_id = %(company)s AND NOT overlay
                  AND date BETWEEN %(start)s AND %(stop)s
                GROUP BY rep_id, date
                HAVING sum(value) FILTER (WHERE metric_id = %(planned)s) > 0
                ORDER BY date DESC
                """,
                planned=ids.get("PLANNED"),
                done=ids.get("PLANNED_DONE"),
                both=[ids.get("PLANNED"), ids.get("PLANNED_DONE")],
                reps=list(people),
                company=self.company_id.id,
                start=day - _BACK,
                stop=day,
            )
        ):
            days[rep].append((date, done >= planned))
        earned = []
        for rep, last in days.items():
            last = last[: self.count]
            if len(last) < self.count or not all(done for _date, done in last):
                continue
            user_id = people[rep].user_id
            if user_id in self._get_given_since(last[-1][0] - spans.DAY):
                continue
            earned.append((user_id, last[0][0], partial(_word_of_streak, last[0][0])))
        return earned


def _word_of_streak(stop, rule):
    return rule.env._(
        "Day plan done in full %(count)s days running, until %(date)s",
        count=rule.count,
        date=format_date(rule.env, stop),
    )
