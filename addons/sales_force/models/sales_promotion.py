from collections import defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare
from odoo.tools.misc import format_date, formatLang

from ..jobs import go_on
from ..wording import clauses, listed

_FACTS = frozenset(("rep_id", "grade_id", "date", "reason"))


class SalesGrade(models.Model):
    """A step of the ladder, and what it takes to reach it."""

    _inherit = "sales.grade"

    tenure_months = fields.Integer(
        "With the Company (months)", help="Since the hire date; 0: any time."
    )
    grade_months = fields.Integer(
        "In the Grade Before (months)", help="Since the last promotion; 0: any time."
    )
    metric_id = fields.Many2one(
        "sales.metric",
        "Has Reached In",
        domain="[('kind', '=', 'additive')]",
        help="What a rep was credited with, without overlays.",
    )
    metric_value = fields.Float("At Least")
    metric_months = fields.Integer(
        "Within (months)", default=12, help="The last full months."
    )
    needs_training = fields.Boolean(
        "All Required Courses", help="No required certificate is lacking."
    )

    _criteria_positive = models.Constraint(
        "CHECK (tenure_months >= 0 AND grade_months >= 0 AND metric_months > 0)",
        "Months are not negative, and results take one month at least.",
    )

    def _get_criteria(self):
        """What decides about a promotion; other addons add theirs.

        :return: functions of reps that return ``{rep: what is missing}``, without
            those who meet the criterion
        """
        return [
            self._lacking_tenure,
            self._lacking_time_in_grade,
            self._lacking_results,
            self._lacking_training,
        ]

    def _get_gaps(self, reps):
        """What reps lack for this grade: ``{rep: [text]}``, an empty list for none."""
        self.ensure_one()
        gaps = {rep: [] for rep in reps}
        for criterion in self._get_criteria():
            for rep, gap in criterion(reps).items():
                gaps[rep].append(gap)
        return gaps

    def _lacking_tenure(self, reps):
        if not self.tenure_months:
            return {}
        months = self.tenure_months
        text = self.env._("%(months)s months with the company", months=months)
        return {
            rep: text
            for rep in reps
            if not rep.date_start
            or rep.date_start + relativedelta(months=self.tenure_months)
            > rep.company_id._get_sales_today()
        }

    def _lacking_time_in_grade(self, reps):
        if not self.grade_months:
            return {}
        months = self.grade_months
        text = self.env._("%(months)s months in the grade before", months=months)
        since = reps._get_grade_dates()
        return {
            rep: text
            for rep in reps
            if not since[rep]
            or since[rep] + relativedelta(months=self.grade_months)
            > rep.company_id._get_sales_today()
        }

    def _lacking_results(self, reps):
        if not self.metric_id:
            return {}
        today = self.env.company._get_sales_today()
        stop = today.replace(day=1) - relativedelta(days=1)
        start = today.replace(day=1) - relativedelta(months=self.metric_months)
        reached = defaultdict(float)
        for rep, value in (
            self.env["sales.credit"]
            # sudo: what is missing is shown, the results are not
            .sudo()
            ._read_group(
                [
                    ("rep_id", "in", reps.ids),
                    ("metric_id", "=", self.metric_id.id),
                    ("date", ">=", start),
                    ("date", "<=", stop),
                    ("overlay", "=", False),
                ],
                ["rep_id"],
                ["value:sum"],
            )
        ):
            reached[rep.id] = value
        text = self.env._(
            "%(metric)s of %(value)s in %(months)s months",
            metric=self.metric_id.name,
            value=formatLang(self.env, self.metric_value, digits=0),
            months=self.metric_months,
        )
        return {
            rep: text
            for rep in reps
            if float_compare(reached[rep.id], self.metric_value, precision_digits=2) < 0
        }

    def _lacking_training(self, reps):
        if not self.needs_training:
            return {}
        missing = reps._get_missing_courses()
        return {
            rep: self.env._(
                "Courses: %(courses)s",
                courses=listed(self.env, missing[rep].mapped("name")),
            )
            for rep in reps
            if missing[rep]
        }


class SalesPromotion(models.Model):
    """Which grade a rep has from which day on, why, and who decided."""

    _name = "sales.promotion"
    _description = "Promotion"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "rep_id"
    _sales_stamped = frozenset({"state", "decided_by_id"})

    rep_id = fields.Many2one("sales.rep", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    former_grade_id = fields.Many2one(
        "sales.grade",
        "From",
        compute="_compute_former_grade_id",
        help="The grade of the promotion before, by their days.",
    )
    grade_id = fields.Many2one("sales.grade", "To", required=True, ondelete="restrict")
    date = fields.Date(
        "On",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="From this day on the rep has the grade.",
    )
    reason = fields.Char()
    decided_by_id = fields.Many2one(
        "res.users",
        "Decided By",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [("planned", "Planned"), ("done", "Done"), ("cancelled", "Cancelled")],
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    gap = fields.Char("Missing", compute="_compute_gap", help="Of what the grade asks.")

    @api.depends("date", "rep_id.promotion_ids.date", "rep_id.promotion_ids.state")
    def _compute_former_grade_id(self):
        # sudo: who may read a promotion may read what it leads on from
        done = self.sudo().search(
            [("rep_id", "in", self.rep_id.ids), ("state", "=", "done")],
            order="date, id",
        )
        ladder = done.grouped(lambda promotion: promotion.rep_id.id)
        for promotion in self:
            place = (promotion.date or date.max, promotion._origin.id or float("inf"))
            before = ladder.get(promotion.rep_id.id, done.browse()).filtered(
                lambda other, place=place: (other.date, other.id) < place
            )
            promotion.former_grade_id = before[-1:].grade_id

    @api.depends("rep_id", "grade_id")
    def _compute_gap(self):
        for grade, promotions in self.grouped("grade_id").items():
            gaps = grade._get_gaps(promotions.rep_id) if grade else {}
            for promotion in promotions:
                promotion.gap = clauses(self.env, gaps.get(promotion.rep_id, ()))

    @api.constrains("rep_id", "grade_id", "state")
    def _check_step(self):
        """One plan at a time, to another grade; the past is entered as it was."""
        for promotion in self.filtered(
            lambda promotion: promotion.state == "planned" and not promotion._is_due()
        ):
            rep = promotion.rep_id
            if promotion.grade_id == rep.grade_id:
                raise ValidationError(
                    self.env._(
                        "%(rep)s has this grade already: %(grade)s.",
                        rep=rep.name,
                        grade=promotion.grade_id.name,
                    )
                )
            planned = self.search(
                [
                    ("rep_id", "=", rep.id),
                    ("state", "=", "planned"),
                    ("id", "!=", promotion.id),
                ],
                limit=1,
            )
            if planned:
                raise ValidationError(
                    self.env._(
                        "%(rep)s gets %(grade)s on %(date)s already: cancel that "
                        "first.",
                        rep=rep.name,
                        grade=planned.grade_id.name,
                        date=format_date(self.env, planned.date),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        promotions = super().create(vals_list)
        for promotion in promotions:
            if promotion.state == "planned" and promotion._is_due():
                promotion._apply()
        return promotions

    def write(self, vals):
        if not self.env.su and not _FACTS.isdisjoint(vals):
            if any(promotion.state != "planned" for promotion in self):
                raise UserError(self.env._("A promotion that is done stays on file."))
        result = super().write(vals)
        if "rep_id" in vals:
            # Not somebody whom one may not promote.
            self.check_access("write")
        if "date" in vals:
            for promotion in self:
                if promotion.state == "planned" and promotion._is_due():
                    promotion._apply()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(promotion.state == "done" for promotion in self) and not self.env.su:
            raise UserError(self.env._("A promotion that is done stays on file."))

    def action_cancel(self):
        self.check_access("write")
        if any(promotion.state != "planned" for promotion in self):
            raise UserError(self.env._("A promotion that is done stays on file."))
        self.sudo().state = "cancelled"  # sudo: stamped by the system

    def _is_due(self):
        return self.date <= self.company_id._get_sales_today()

    def _apply(self):
        """The rep has the grade of the latest promotion, which need not be this one."""
        promotion = self.sudo()  # sudo: who may promote gives the grade
        promotion.state = "done"
        rep = promotion.rep_id.with_context(sales_promoted=True)
        rep.grade_id = promotion.search(
            [("rep_id", "=", rep.id), ("state", "=", "done")],
            order="date desc, id desc",
            limit=1,
        ).grade_id

    @api.model
    def _cron_apply(self):
        """Each hour: what is planned for today, each in its own transaction."""
        due = self.search([("state", "=", "planned")], order="date, id").filtered(
            lambda promotion: promotion._is_due()
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for promotion in due:
            with go_on(self.env, f"Promotion {promotion.id}"):
                promotion._apply()
            self.env["ir.cron"]._commit_progress(1)


class SalesRep(models.Model):
    _inherit = "sales.rep"

    promotion_ids = fields.One2many("sales.promotion", "rep_id", "Grades")
    next_grade_id = fields.Many2one(
        "sales.grade",
        compute="_compute_next_grade_id",
        search="_search_next_grade_id",
        help="The next of the ladder.",
    )
    promotion_date = fields.Date(
        "Planned On",
        compute="_compute_promotion_date",
        help="When the rep gets another grade.",
    )
    promotion_gap = fields.Char(
        "Missing for It", compute="_compute_promotion_gap", help="Of the next grade."
    )
    promotion_ready = fields.Boolean(
        "Ready",
        compute="_compute_promotion_gap",
        search="_search_promotion_ready",
        help="Meets what the next grade asks for.",
    )

    @api.depends("grade_id")
    def _compute_next_grade_id(self):
        ladder = self.env["sales.grade"].search([])
        following = dict(zip([ladder.browse(), *ladder], ladder, strict=False))
        for rep in self:
            rep.next_grade_id = following.get(rep.grade_id)

    @api.model
    def _search_next_grade_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        ladder = self.env["sales.grade"].search([]).ids
        following = zip([False, *ladder], [*ladder, False], strict=True)
        return [
            ("grade_id", "in", [grade for grade, next_ in following if next_ in value])
        ]

    @api.depends("promotion_ids.state", "promotion_ids.date")
    def _compute_promotion_date(self):
        dates = dict(
            self.env["sales.promotion"]._read_group(
                [("rep_id", "in", self.ids), ("state", "=", "planned")],
                ["rep_id"],
                ["date:min"],
            )
        )
        for rep in self:
            rep.promotion_date = dates.get(rep._origin)

    @api.depends("grade_id", "date_start")
    def _compute_promotion_gap(self):
        for grade, reps in self.grouped("next_grade_id").items():
            gaps = grade._get_gaps(reps) if grade else {}
            for rep in reps:
                rep.promotion_gap = clauses(self.env, gaps.get(rep, ()))
                rep.promotion_ready = bool(grade) and not gaps[rep]

    @api.model
    def _search_promotion_ready(self, operator, value):
        if operator != "in":
            return NotImplemented
        reps = self.search([("state", "=", "active")])
        ready = reps.filtered("promotion_ready")
        return [("id", "in" if True in value else "not in", ready.ids)]

    def _get_grade_dates(self):
        """Since when reps have their grade: ``{rep: date}``, else the hire date."""
        dates = dict(
            self.env["sales.promotion"]
            # sudo: only since when
            .sudo()
            ._read_group(
                [("rep_id", "in", self.ids), ("state", "=", "done")],
                ["rep_id"],
                ["date:max"],
            )
        )
        by_id = {rep.id: date for rep, date in dates.items()}
        return {rep: by_id.get(rep.id, rep.date_start) for rep in self}

    @api.model_create_multi
    def create(self, vals_list):
        reps = super().create(vals_list)
        reps.filtered("grade_id")._log_grade(hired=True)
        return reps

    def write(self, vals):
        former = {rep: rep.grade_id for rep in self}
        result = super().write(vals)
        if "grade_id" in vals and not (
            self.env.su and self.env.context.get("sales_promoted")
        ):
            self.filtered(
                lambda rep: rep.grade_id and rep.grade_id != former[rep]
            )._log_grade()
        return result

    def _log_grade(self, hired=False):
        """A grade that is given directly is on file, too.

        :param hired: it is the grade of the hire date, not of today
        """
        vals_list = []
        for rep in self:
            today = rep.company_id._get_sales_today()
            start = rep.date_start or today
            vals_list.append(
                {
                    "rep_id": rep.id,
                    "grade_id": rep.grade_id.id,
                    "date": start if hired else max(start, today),
                    "state": "done",
                    "decided_by_id": self.env.uid,
                }
            )
        # sudo: whoever may write the grade; who did is kept
        self.env["sales.promotion"].sudo().create(vals_list)

    def action_promote(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Promote"),
            "res_model": "sales.promote",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_rep_id": self.id,
                "default_grade_id": self.next_grade_id.id,
            },
        }
