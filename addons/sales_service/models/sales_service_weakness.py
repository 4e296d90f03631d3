"""In what agents are worse than their team, and what they are to learn."""

from collections import defaultdict
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..tickets.shrink import weak

# What was closed so many months before counts.
MONTHS = 3
# A measure of the analysis, and how much it is at least and at most.
MEASURES = {"first_fix": (0, 1), "limits_kept": (0, 1), "rating": (1, 5)}


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    course_ids = fields.Many2many(
        "sales.course",
        "sales_service_category_course_rel",
        "category_id",
        "course_id",
        "Courses",
        check_company=True,
        help="What agents learn who are weak at such tickets. Empty: as the category "
        "above says.",
    )

    def _get_courses(self):
        category = self
        while category and not category.course_ids:
            category = category.parent_id
        return category.course_ids


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    training_tickets = fields.Integer(
        "Training From (tickets)",
        default=10,
        help="Each month agents who did so many tickets of a category in the three "
        "months before, and are weaker at them than the team, are asked to take the "
        "category's courses. 0: nobody is.",
    )
    training_gap = fields.Integer(
        "Weaker By (%)",
        default=10,
        help="So many points below the team in what was fixed the first time, in "
        "limits kept or in ratings. Results of few tickets are drawn towards the "
        "team's.",
    )

    _training_range = models.Constraint(
        "CHECK (training_tickets >= 0 AND training_gap BETWEEN 0 AND 100)",
        "Tickets are not negative, and points are from 0 to 100.",
    )


class SalesServiceWeakness(models.Model):
    """That an agent was weaker than the team at a category; found once a month."""

    _name = "sales.service.weakness"
    _description = "Weak Category"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "month desc, id desc"
    _rec_name = "category_id"

    team_id = fields.Many2one(
        "sales.service.team", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    category_id = fields.Many2one(
        "sales.service.category", required=True, readonly=True, ondelete="cascade"
    )
    month = fields.Date("Found In", required=True, readonly=True)
    measure = fields.Selection(
        [
            ("first_fix", "First-time fix"),
            ("limits_kept", "Tickets within SLA"),
            ("rating", "Rating"),
        ],
        required=True,
        readonly=True,
    )
    count = fields.Integer("Tickets", readonly=True, aggregator=None)
    mean = fields.Float("Agent's Mean", digits=(16, 2), readonly=True, aggregator=None)
    team_mean = fields.Float(
        "Team's Mean", digits=(16, 2), readonly=True, aggregator=None
    )
    course_ids = fields.Many2many(
        "sales.course",
        "sales_service_weakness_course_rel",
        "weakness_id",
        "course_id",
        "Asked to Take",
        readonly=True,
        help="Empty: there was nothing to ask for, and a service manager was told.",
    )

    _once = models.UniqueIndex("(team_id, category_id, user_id, measure, month)")

    @api.model
    def _cron_find(self):
        """Each day; what was found in a month is not found again."""
        teams = self.env["sales.service.team"].search([("training_tickets", ">", 0)])
        self.env["ir.cron"]._commit_progress(remaining=len(teams))
        for team in teams:
            self._find(team)._follow()
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _find(self, team):
        """Who is weak at what this month, as far as it is not known."""
        month = team.company_id._get_sales_today().replace(day=1)
        known = {
            (one.category_id, one.user_id, one.measure)
            for one in self.search([("team_id", "=", team.id), ("month", "=", month)])
        }
        gap = Fraction(team.training_gap, 100)
        found = []
        for (category, measure), of_user in self._get_results(team, month).items():
            everybody = tuple(map(sum, zip(*of_user.values(), strict=True)))
            low, high = MEASURES[measure]
            for user, own in of_user.items():
                if (
                    not user.active
                    or (category, user, measure) in known
                    or not weak(own, everybody, team.training_tickets, gap)
                ):
                    continue
                found.append(
                    {
                        "team_id": team.id,
                        "category_id": category.id,
                        "user_id": user.id,
                        "month": month,
                        "measure": measure,
                        "count": own[1],
                        **{
                            name: low + (high - low) * float(total / count)
                            for name, (total, count) in (
                                ("mean", own),
                                ("team_mean", everybody),
                            )
                        },
                    }
                )
        return self.create(found)

    @api.model
    def _get_closed(self, team, month):
        """The domain of what a team closed in the months that count."""
        start, stop = (
            team.company_id._get_sales_day(day)[0]
            for day in (month - relativedelta(months=MONTHS), month)
        )
        return [
            ("team_id", "=", team.id),
            ("closed_at", ">=", start),
            ("closed_at", "<", stop),
        ]

    @api.model
    def _get_results(self, team, month):
        """``{(category, measure): {user: (sum of 0 to 1, count)}}`` before a month."""
        rows = self.env["sales.service.report"]._read_group(
            [
                *self._get_closed(team, month),
                ("user_id", "!=", False),
                ("category_id", "!=", False),
                ("state", "=", "closed"),
            ],
            ["category_id", "user_id"],
            [f"{name}:{what}" for name in MEASURES for what in ("sum", "count")],
        )
        results = defaultdict(dict)
        for category, user, *figures in rows:
            for number, (name, (low, high)) in enumerate(MEASURES.items()):
                total, count = figures[2 * number : 2 * number + 2]
                if count:
                    reached = Fraction(total).limit_denominator(1000) - low * count
                    results[category, name][user] = (reached / (high - low), count)
        return results

    def action_open_tickets(self):
        """The tickets that the agent's mean is of."""
        self.ensure_one()
        return self.env["sales.service.report"]._open(
            self.measure,
            [
                *self._get_closed(self.team_id, self.month),
                ("user_id", "=", self.user_id.id),
                ("category_id", "=", self.category_id.id),
            ],
        )

    def _follow(self):
        """Ask for the category's courses; where there is nothing to ask, tell a
        service manager."""
        for user, ones in self.grouped("user_id").items():
            for team, weaknesses in ones.grouped("team_id").items():
                rep = user.sales_rep_ids.filtered(
                    lambda one, team=team: (
                        one.company_id == team.company_id
                        and one.state in ("onboarding", "active")
                    )
                )[:1]
                for one in weaknesses:
                    one.course_ids = one._request(rep)
                weaknesses.filtered(lambda one: not one.course_ids)._tell_manager()

    def _request(self, rep):
        """Ask a rep to take the courses that he needs and has not; those courses."""
        courses = self.category_id._get_courses().filtered(
            lambda one: not one.company_id or one.company_id == rep.company_id
        )
        if not rep or not courses:
            return courses.browse()
        held = self.env["sales.certificate"].search(
            [
                ("rep_id", "=", rep.id),
                ("course_id", "in", courses.ids),
                ("is_valid", "=", True),
            ]
        )
        courses -= held.course_id
        needed = self.env["sales.training.need"].search(
            [("rep_id", "=", rep.id), ("course_id", "in", courses.ids)]
        )
        words = self.with_context(lang=self.user_id.lang)
        self.env["sales.training.request"].create(
            [
                {
                    "rep_id": rep.id,
                    "course_id": course.id,
                    "date": rep.company_id._get_sales_today(),
                    "reason": words._describe(),
                }
                for course in courses - needed.course_id
            ]
        )
        return courses

    def _describe(self):
        self.ensure_one()
        measures = dict(self._fields["measure"]._description_selection(self.env))
        high = MEASURES[self.measure][1]
        show = (
            (lambda value: f"{value:.1f}")
            if high > 1
            else (lambda value: f"{100 * value:.0f} %")
        )
        return self.env._(
            "%(category)s, %(measure)s: %(mean)s, the team %(team)s",
            category=self.category_id.display_name,
            measure=measures[self.measure].lower(),
            mean=show(self.mean),
            team=show(self.team_mean),
        )

    def _tell_manager(self):
        """A to-do for a service manager of the company, for each of the weaknesses."""
        group = self.env.ref("sales_service.group_service_manager")
        for one in self:
            managers = group.all_user_ids.filtered(
                lambda user, one=one: (
                    user.active
                    and one.company_id in user.company_ids
                    and user != one.user_id
                )
            )
            for manager in managers.sorted("id")[:1]:
                words = one.with_context(lang=manager.lang)
                one.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words.env._(
                        "What does %(agent)s need to learn?", agent=one.user_id.name
                    ),
                    note=words._describe(),
                    user_id=manager.id,
                )
