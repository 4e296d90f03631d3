from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_date, formatLang

from ..scoring import spans

STATES = [
    ("draft", "Draft"),
    ("announced", "Announced"),
    ("running", "Running"),
    ("ended", "Ended"),
    ("settled", "Settled"),
    ("cancelled", "Cancelled"),
]
# What people were told: it changes by another version only.
_RULES = frozenset(
    (
        "name",
        "company_id",
        "measure",
        "metric_id",
        "against",
        "subject",
        "team_by",
        "sellers_only",
        "team_ids",
        "grade_ids",
        "territory_ids",
        "peer",
        "minimum",
        "is_shrunk",
        "date_from",
        "date_to",
        "entry",
        "joiners",
        "qualify",
        "tie",
        "cooling_days",
        "prize_ids",
    )
)


class SalesContest(models.Model):
    """Who is ahead between two days, by rules known beforehand, for prizes."""

    _name = "sales.contest"
    _description = "Sales Contest"
    _inherit = ["sales.stamped.mixin", "sales.standing.mixin", "mail.thread"]
    _order = "date_to desc, date_from desc, id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        ("state", "version", "version_ids", "entry_ids", "snapshot", "settled_on")
        + ("settled_by_id", "told_on", "moves_told_on")
    )

    name = fields.Char(required=True, translate=True, tracking=True)
    description = fields.Text(translate=True, help="What it is for, in a few words.")
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        default=lambda self: self.env.user,
        help="Is told when the contest can be settled.",
    )
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    date_to = fields.Date(
        "To",
        required=True,
        default=lambda self: self.env.company._get_sales_today() + timedelta(days=29),
    )
    entry = fields.Selection(
        [("all", "Everybody eligible"), ("enrol", "Who enters")],
        "Takes Part",
        default="all",
        required=True,
    )
    joiners = fields.Boolean(
        "Who Is Hired Later Too",
        default=True,
        help="Otherwise only who is in service on the first day.",
    )
    qualify = fields.Float(
        "To Qualify",
        digits=(16, 2),
        help="Who has less has no place and no prize; percentages as 80 for 80 %. "
        "0: nothing is needed.",
    )
    tie = fields.Selection(
        [
            ("split", "Split the prizes of their places"),
            ("each", "Each get the prize of the place"),
        ],
        "Equals",
        default="split",
        required=True,
    )
    cooling_days = fields.Integer(
        "Late Documents (days)",
        default=5,
        help="So many days after the last one, documents of the contest's days count "
        "that come late; then it can be settled.",
    )
    prize_ids = fields.One2many(
        "sales.contest.prize", "contest_id", "Prizes", copy=True
    )
    entry_ids = fields.One2many("sales.contest.entry", "contest_id", "Participants")
    version = fields.Integer(default=1, readonly=True, copy=False)
    version_ids = fields.One2many(
        "sales.contest.version", "contest_id", "Changes of Rules"
    )
    rules = fields.Text(compute="_compute_rules")
    settle_from = fields.Date(compute="_compute_settle_from", string="Settled From")
    settled_on = fields.Datetime(readonly=True, copy=False)
    settled_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    told_on = fields.Date(
        readonly=True, copy=False, help="When the responsible was told to settle it."
    )
    moves_told_on = fields.Date(
        readonly=True,
        copy=False,
        help="When who gained or lost a prize was told last.",
    )
    snapshot = fields.Json(
        readonly=True,
        copy=False,
        groups="sales_force.group_sales_director,sales_force.group_sales_operations",
        help="The standings as they were settled.",
    )
    may_enter = fields.Boolean(compute="_compute_may_enter")
    may_withdraw = fields.Boolean(compute="_compute_may_enter")

    _dates_ordered = models.Constraint(
        "CHECK (date_to >= date_from)", "A contest ends on its first day or later."
    )
    _cooling_positive = models.Constraint(
        "CHECK (cooling_days >= 0)", "A number of days cannot be negative."
    )

    @api.constrains("entry", "subject")
    def _check_entry(self):
        for contest in self:
            if contest.entry == "enrol" and contest.subject == "team":
                raise ValidationError(
                    self.env._("Reps enter for themselves; of teams all take part.")
                )

    @api.constrains("prize_ids")
    def _check_prizes(self):
        for contest in self:
            places = contest.prize_ids.mapped("place")
            if len(set(places)) < len(places):
                raise ValidationError(self.env._("A place has one prize."))

    @api.depends("date_to", "cooling_days")
    def _compute_settle_from(self):
        for contest in self:
            contest.settle_from = contest.date_to and contest.date_to + timedelta(
                days=contest.cooling_days + 1
            )

    @api.depends_context("lang")
    @api.depends(*(_RULES - {"prize_ids"}), "prize_ids.place", "prize_ids.name")
    def _compute_rules(self):
        for contest in self:
            lines = (
                contest._get_rules() if contest.date_from and contest.date_to else ()
            )
            contest.rules = "\n".join(f"• {line}" for line in lines)

    @api.depends_context("uid")
    @api.depends("state", "entry", "date_to")
    def _compute_may_enter(self):
        # sudo: only whether the user has entered
        entries = self.env["sales.contest.entry"].sudo()
        entered = entries._read_group(
            [
                ("contest_id", "in", self.ids),
                ("user_id", "=", self.env.uid),
                ("left_on", "=", False),
            ],
            ["contest_id"],
        )
        entered = {contest.id for (contest,) in entered}
        for contest in self:
            is_open = contest.entry == "enrol" and contest._is_open()
            contest.may_withdraw = is_open and contest._origin.id in entered
            contest.may_enter = is_open and contest._origin.id not in entered

    def write(self, vals):
        changed = _RULES & vals.keys()
        if changed and any(contest.state != "draft" for contest in self):
            raise UserError(
                self.env._(
                    "The rules were announced. Change them by another version, with "
                    "the reason."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        if any(
            contest.state not in ("draft", "cancelled")
            # Its rules are being changed: others know of it.
            or (contest.state == "draft" and contest.version > 1)
            for contest in self
        ):
            raise UserError(
                self.env._("A contest that was announced is cancelled, not deleted.")
            )

    # What is said

    def _get_rules(self):
        """The rules in words, one sentence each."""
        self.ensure_one()
        _ = self.env._
        lines = [self._tell_what(), self._tell_who()]
        if self.peer != "none" and self.subject == "rep":
            lines.append(
                _(
                    "Each group has places and prizes of its own: by %(group)s.",
                    group=self._get_label("peer").lower(),
                )
            )
        if self.minimum:
            lines.append(
                _("A place needs %(count)s facts at least.", count=self.minimum)
            )
        if self.qualify:
            lines.append(
                _("A place needs %(value)s at least.", value=self._tell(self.qualify))
                if self._is_higher_better()
                else _(
                    "A place needs %(value)s at most.", value=self._tell(self.qualify)
                )
            )
        if self.is_shrunk and self._is_rate():
            lines.append(
                _(
                    "Small samples are drawn towards the peers': ten more facts at "
                    "their rate are added to everybody's."
                )
            )
        if self._is_higher_better() and not self.qualify:
            lines.append(
                _("Who has not improved wins no prize.")
                if self.measure == "improvement"
                else _("Who has nothing wins no prize.")
            )
        lines.append(
            _("Deals that are shared count by their shares; overlays do not count.")
        )
        lines.append(
            _("Equals share a place and split the prizes of the places they take.")
            if self.tie == "split"
            else _("Equals share a place and each get its prize.")
        )
        if self.settle_from:
            lines.append(
                _(
                    "Documents of these days that come late count until %(date)s.",
                    date=format_date(self.env, self.settle_from - spans.DAY),
                )
            )
        lines += [prize._tell() for prize in self.prize_ids]
        return lines

    def _tell_what(self):
        _ = self.env._
        words = {
            "days": self._get_days_label(),
            "metric": self.metric_id.name or "",
        }
        return {
            "metric": _("%(days)s: %(metric)s counts.", **words),
            "improvement": _(
                "%(days)s: the improvement of %(metric)s counts, %(on)s.",
                on=_("against the same days of last year")
                if self.against == "last_year"
                else _("against as many days before"),
                **words,
            ),
            "attainment": _(
                "%(days)s: the attainment of the core goal counts.", **words
            ),
            "score": _(
                "%(days)s: confirmed scorecards whose periods lie in these days count, "
                "each with the weight of its days; a day counts once, with the card of "
                "the longest period.",
                **words,
            ),
        }[self.measure]

    def _tell_who(self):
        _ = self.env._
        if self.subject == "team":
            return (
                _("Sales teams take part, per head and working day.")
                if self.team_by == "head"
                else _("Sales teams take part, with their total.")
            )
        who = (
            _("Reps take part who enter.")
            if self.entry == "enrol"
            else _("All eligible reps take part.")
        )
        later = (
            _("Who is hired later takes part too;")
            if self.joiners
            else _("Only who is in service on the first day;")
        )
        return _(
            "%(who)s %(later)s who leaves before the end has no place.",
            who=who,
            later=later,
        )

    def _tell(self, value):
        """A result in the unit of the contest; percentages as such."""
        unit = self._get_unit()
        if unit == "money":
            return formatLang(self.env, value, currency_obj=self.company_currency_id)
        return self._tell_number(value, unit, self.company_currency_id)

    def _get_label(self, name):
        return dict(self._fields[name]._description_selection(self.env))[self[name]]

    def _get_days_label(self):
        return self.env._(
            "From %(start)s to %(stop)s",
            start=format_date(self.env, self.date_from),
            stop=format_date(self.env, self.date_to),
        )

    def _is_rate(self):
        return self.measure == "improvement" or (
            self.measure == "metric" and self.metric_id.kind == "ratio"
        )

    # Standings

    def get_standings(self):
        """The standings as far as the user may see them.

        :return: see ``_prepare_standings``
        :raise AccessError: for who may not read the contest
        """
        self.ensure_one()
        self.check_access("read")
        return self._prepare_standings()

    def _prepare_standings(self):
        """:return: ``start stop label unit currency_id groups is_final``"""
        self.ensure_one()
        if self.state in ("draft", "cancelled"):
            return False
        today = self.company_id._get_sales_today()
        if today < self.date_from:
            return False
        return {
            "start": str(self.date_from),
            "stop": str(self.date_to),
            "label": self._get_days_label(),
            "unit": self._get_unit(),
            "currency_id": self.company_id.currency_id.id,
            "is_final": self.state == "settled",
            "groups": self._show(self._get_groups(today), self._get_viewer()),
        }

    def _prepare_days(self):
        today = self.company_id._get_sales_today()
        if self.state in ("draft", "cancelled") or today < self.date_from:
            return None
        return self._get_days_label(), self._get_groups(today)

    def _get_groups(self, day):
        """Everybody's rows on a day; of a settled contest those that were settled."""
        if self.state == "settled":
            # sudo: what is shown of it is decided by ``_show``
            return self._load_snapshot(self.sudo().snapshot)
        return self._rank(self._get_spans(day))

    def _get_spans(self, day):
        return spans.of_days(
            spans.Span(self.date_from, self.date_to), day, self.against
        )

    def _get_eligible(self, span):
        """Who may take part: ``{rep's id: Person}``."""
        people = super()._get_people(span)
        if not self.joiners:
            people = {
                key: person
                for key, person in people.items()
                if not person.date_start or person.date_start <= self.date_from
            }
        return people

    def _get_people(self, span):
        people = self._get_eligible(span)
        if self.entry == "enrol":
            entered = set(
                self.entry_ids.filtered(lambda entry: not entry.left_on).rep_id.ids
            )
            people = {key: p for key, p in people.items() if key in entered}
        return people

    def _evaluate(self, keys, samples):
        """Who does not qualify has a result and no place."""
        plain, counted = super()._evaluate(keys, samples)
        if self.qualify:
            # Exact: four of five are 80 %.
            limit = Fraction(str(self.qualify))
            limit /= 100 if self._get_unit() == "percent" else 1
            sign = 1 if self._is_higher_better() else -1
            counted = {
                key: value
                if plain[key] is not None and sign * plain[key] >= sign * limit
                else None
                for key, value in counted.items()
            }
        return plain, counted

    def _is_something(self, value):
        """Whether a result may win a prize: where more is better, not for nothing."""
        return value is not None and (value > 0 or not self._is_higher_better())

    # Entering

    def _is_open(self):
        """Whether one may still enter and withdraw: to the evening of the last day."""
        return bool(
            self.state in ("announced", "running")
            and self.date_to
            and self.company_id._get_sales_today() <= self.date_to
        )

    def _get_own_rep(self):
        # sudo: the own profile only
        reps = self.env["sales.rep"].sudo()
        rep = reps.search(
            [
                ("user_id", "=", self.env.uid),
                ("company_id", "=", self.company_id.id),
            ]
        )
        if not rep:
            raise UserError(self.env._("Only reps take part in contests."))
        return rep

    def action_enter(self):
        """Take part, as oneself; a second time changes nothing.

        :raise UserError: where nobody enters, or not any more, or who is not eligible
        """
        self.ensure_one()
        self.check_access("read")
        rep = self._get_own_rep()
        if self.entry != "enrol" or not self._is_open():
            raise UserError(self.env._("This contest cannot be entered now."))
        contest = self.sudo()  # sudo: the own entry, made by the system
        day = max(contest.company_id._get_sales_today(), contest.date_from)
        if rep.id not in contest._get_eligible(contest._get_spans(day).current):
            raise UserError(self.env._("This contest is for others."))
        known = contest.entry_ids.filtered(lambda entry: entry.rep_id == rep)
        if known:
            known.left_on = False
        else:
            contest.env["sales.contest.entry"].create(
                {"contest_id": contest.id, "rep_id": rep.id}
            )
        return True

    def action_withdraw(self):
        """Take part no more, as oneself."""
        self.ensure_one()
        self.check_access("read")
        rep = self._get_own_rep()
        if not self._is_open():
            raise UserError(self.env._("This contest is over."))
        # sudo: the own entry, changed by the system
        own = self.sudo().entry_ids.filtered(lambda entry: entry.rep_id == rep)
        own.left_on = fields.Datetime.now()
        return True

    def action_open_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_contest_entry_action"
        )
        return {
            **action,
            "domain": [("contest_id", "=", self.id), ("place", ">", 0)],
        }
