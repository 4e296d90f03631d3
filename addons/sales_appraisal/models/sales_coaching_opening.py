"""How plans are opened: from a line of a card, or from the cause of a deviation."""

from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.misc import format_date, formatLang

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_targets.models.sales_target_deviation import RATE

from ..scoring.card import hundredths
from ..scoring.coaching import Scored, full_at, weakest
from .sales_scorecard import WITHHELD
from .sales_scorecard_template_line import exact


class SalesCoaching(models.Model):
    _inherit = "sales.coaching"

    def _open_from_card(self, card, reason=None):
        """The coaching plan of a card: about its weakest line, once.

        Called again for the same card, it finds the plan that there is, unless that
        was cancelled. Whether the caller may open it is the caller's affair.

        :param card: one scorecard
        :param str reason: why, in figures: put before those of the line
        :return: the plan, in the caller's environment
        :raise UserError: where the rep has nobody who could coach
        """
        card.ensure_one()
        write_lock(card)
        plan = card._get_coaching() or card._get_weakest()._create_coaching(
            card, reason
        )
        return plan.with_env(self.env)

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _find_coach(self, rep, manager=None):
        """Whose task it is: the manager's, else the user's own.

        :raise UserError: where there is nobody
        """
        # sudo: only who is whose manager
        rep, manager = rep.sudo(), manager and manager.sudo()
        coach = (manager or rep.parent_id).user_id or rep.parent_id.user_id
        coach = coach or self.env.user
        if coach == rep.user_id or not coach.active:
            raise UserError(
                self.env._("%(rep)s has no manager who could coach.", rep=rep.name)
            )
        return coach

    @api.model
    def _prepare_exercises(self, driver=None):
        """A joint visit to begin with, and what the driver suggests."""
        exercises = [
            {
                "name": self.env._("Joint Visit"),
                "kind": "visit",
                "owner": "coach",
            }
        ]
        if driver and driver.measure:
            kind = driver.measure_kind
            exercises.append(
                {
                    "name": driver.name,
                    "kind": kind if kind in ("training", "playbook") else "other",
                    "note": driver.measure,
                }
            )
        return [Command.create(values) for values in exercises]

    def _set_goal(self, goal):
        """The goal of a rate; where nothing says better: a tenth better than before.

        :param goal: a Fraction as it is shown, or None
        """
        self.ensure_one()
        lower = not self.metric_id.higher_is_better
        before = exact(self.before)
        tenth = before * Fraction(9 if lower else 11, 10)
        better = goal is not None and (goal < before if lower else goal > before)
        self.goal_value = float(round(goal if better else tenth, 2))


class SalesScorecard(models.Model):
    _inherit = "sales.scorecard"

    def _get_weakest(self):
        """The line with the largest loss of weighted points; none where none is lost.

        What is capped by a veto is lost to the veto's line.
        """
        self.ensure_one()
        lines = self.line_ids.filtered("applies").sorted("sequence")
        number = weakest([Scored(*self._get_scored(line)) for line in lines])
        return lines[number] if number is not None else lines.browse()

    def _get_scored(self, line):
        """Weight, score and what a veto took off, in hundredths."""
        return (
            hundredths(exact(line.weight_used)),
            hundredths(exact(line.score)),
            self._get_over(line),
        )

    def _get_over(self, line):
        """What a veto took off the card."""
        cap = line.template_line_id.cap
        if not (line.is_vetoed and self.is_capped and cap == self.capped_at):
            return 0
        before = exact(self.weighted) + exact(self.points)
        return hundredths(before - exact(self.capped_at))

    def _get_coaching(self, line=None):
        """The plan that was opened from the card, or from one of its lines."""
        # sudo: whether there is one already, whoever may see it
        plans = self.env["sales.coaching"].sudo()
        domain = [("card_id", "=", self.id), ("state", "!=", "cancelled")]
        if line:
            domain.append(("card_line_id", "=", line.id))
        return plans.search(domain, order="id", limit=1)

    def action_coach(self):
        """Coach the weakest line: the plan of this card, made once.

        :return: the action that opens it
        :raise AccessError: for the own card, and for who is not above the rep
        """
        self.ensure_one()
        self._check_coach()
        return self.env["sales.coaching"]._open_from_card(self)._open_form()

    def _check_coach(self):
        """
        :raise AccessError: for the own card, and for who is not above the rep
        :raise UserError: for the card of a team
        """
        self.check_access("read")
        if not self.rep_id:
            raise UserError(
                self.env._(
                    "%(card)s: coach the members of the team.",
                    card=self.display_name,
                )
            )
        self.env["sales.coaching"]._check_reps(self.rep_id)


class SalesScorecardLine(models.Model):
    _inherit = "sales.scorecard.line"

    may_coach = fields.Boolean(compute="_compute_may_coach")

    @api.depends(
        "card_id.may_decide", "card_id.rep_id", "card_id.state", "applies", "score"
    )
    @api.depends_context("uid")
    def _compute_may_coach(self):
        for line in self:
            card = line.card_id
            line.may_coach = bool(
                line.applies
                and card.may_decide
                and card.rep_id
                and card.state not in WITHHELD
            )

    def action_coach(self):
        """Coach this line: its plan, made once; see ``action_coach`` of the card."""
        self.ensure_one()
        card = self.card_id
        card._check_coach()
        write_lock(card)
        plan = card._get_coaching(self) or self._create_coaching(card)
        return plan.with_env(self.env)._open_form()

    def _create_coaching(self, card, reason=None):
        """A plan for a line; for the card where it lost nothing: no line.

        :raise UserError: before the rep reads the judgement
        """
        if card.state in WITHHELD:
            # The rep reads the plan, and why it was opened.
            raise UserError(
                self.env._(
                    "%(card)s: coach when it is confirmed. The plan would tell the rep "
                    "the judgement before.",
                    card=card.display_name,
                )
            )
        # sudo: made by the system, of a card that the caller sees
        plans, card = self.env["sales.coaching"].sudo(), card.sudo()
        plan = plans.create(
            {
                "name": self.name or card.display_name,
                "rep_id": card.rep_id.id,
                "coach_id": plans._find_coach(card.rep_id, card.manager_id).id,
                "origin": "card",
                "card_id": card.id,
                "card_line_id": self.id,
                "reason": self._describe_card(card),
                "evidence": "\n".join(filter(None, [reason, self.explanation])),
                "metric_id": self.metric_id.id,
                "exercise_ids": plans._prepare_exercises(),
            }
        )
        # sudo: of the template's points, which every rep may read
        plan._set_goal(self.sudo()._get_full_rate())
        return plan

    def _describe_card(self, card):
        """Why, without figures: also a coach reads it who may not read the card."""
        if not self:
            return self.env._(
                "After the scorecard of %(period)s.", period=card.period_label
            )
        return self.env._(
            "After the scorecard of %(period)s: %(line)s.",
            period=card.period_label,
            line=self.name,
        )

    def _get_full_rate(self):
        """The rate that gives full points, as plans measure it; None: not known."""
        if not self.metric_id:
            return None
        card, template = self.card_id, self.template_line_id
        goal = full_at(template._get_function())
        if goal is not None and self.target:
            goal = goal * exact(self.target) / 100
        if goal is None or self.metric_id.kind == "ratio":
            return goal
        worked = self.env["sales.working.time"].working_days(
            card.rep_id, card.date_from, card.date_to
        )
        days = len(worked[card.rep_id])
        return goal / days if days else None


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def _get_cause_actions(self, largest):
        actions = super()._get_cause_actions(largest)
        coachable = largest and (largest["driver_id"] or largest["key"] == RATE)
        if coachable and self.env["sales.coaching"]._is_leader():
            actions.append(
                {"method": "action_coach_cause", "name": self.env._("Coach This")}
            )
        return actions

    def action_coach_cause(self, cause, date_from=None, date_to=None):
        """Coach a cause of the deviation: of the rep whom it costs most.

        :param str cause: the key of a row of ``get_deviation``
        :param date_from, date_to: the period, see ``get_deviation``
        :return: the action that opens the plan, made once for cause and period
        :raise AccessError: for targets that one may not read, and for who leads nobody
        :raise UserError: for what cannot be coached, as absences
        """
        self.ensure_one()
        self.check_access("read")
        plans = self.env["sales.coaching"]
        target, found = self._get_worst(cause, date_from, date_to)
        plans._check_reps(target.rep_id)
        return target._open_coaching(cause, found).with_env(self.env)._open_form()

    def _get_worst(self, cause, date_from, date_to):
        """The rep's target below that a cause costs most, and its deviation."""
        target = self
        while True:
            found = target.get_deviation(date_from, date_to)
            children = [c for c in found["children"] if cause in c["effects"]]
            if not children:
                break
            worst = min(children, key=lambda child: child["effects"][cause])
            target = target.browse(worst["id"])
        if target.level != "rep":
            raise UserError(self.env._("There is no rep below this target."))
        return target, found

    def _open_coaching(self, cause, found, rule=None):
        """The plan for a cause of a rep's deviation, as superuser."""
        row = next(
            (
                row
                for row in found["rows"]
                if row["key"] == cause and (row["driver_id"] or cause == RATE)
            ),
            None,
        )
        if row is None:
            raise UserError(
                self.env._(
                    "This is no matter of coaching: choose a rate, as of offers "
                    "by visits."
                )
            )
        # Two at once: the second is run again, and finds what the first left.
        self.plan_id._lock_plan()
        # sudo: made by the system; the caller has checked who asks
        plans, target = self.env["sales.coaching"].sudo(), self.sudo()
        total = target.total_id or target
        known = {
            "rep_id": target.rep_id.id,
            "target_id": total.id,
            "cause": cause,
            "period_from": found["date_from"],
        }
        domain = [(name, "=", value) for name, value in known.items()]
        plan = plans.search([*domain, ("state", "!=", "cancelled")], limit=1)
        if plan:
            return plan
        driver = target.env["sales.driver"].browse(row["driver_id"])
        plan = plans.create(
            {
                **known,
                "name": row["name"],
                "coach_id": plans._find_coach(target.rep_id).id,
                "origin": "rule" if rule else "deviation",
                "rule_id": rule.id if rule else False,
                "reason": self.env._(
                    "After the deviation from %(start)s to %(stop)s: %(cause)s.",
                    start=format_date(self.env, found["date_from"]),
                    stop=format_date(self.env, found["date_to"]),
                    cause=row["name"],
                ),
                "evidence": self._describe_cause(row, found),
                "metric_id": (driver or target).metric_id.id,
                "base_metric_id": self._get_base(driver).id,
                "exercise_ids": plans._prepare_exercises(driver),
            }
        )
        rate = row["planned_rate"]
        plan._set_goal(None if rate is None else Fraction(str(rate)))
        return plan

    def _get_base(self, driver):
        """What the step before counts; none: working days."""
        chain = driver._get_chain(self.metric_id, self.company_id)
        number = chain.ids.index(driver.id) if driver else 0
        return chain[number - 1].metric_id if number else self.env["sales.metric"]

    def _describe_cause(self, row, found):
        money = found["metric"]["unit"] == "money"

        def amount(value):
            return formatLang(
                self.env, value, currency_obj=self.currency_id if money else None
            )

        return self.env._(
            "%(cause)s: %(part)s of a gap of %(gap)s from %(start)s to %(stop)s.",
            cause=row["name"],
            part=amount(row["value"]),
            gap=amount(found["gap"]),
            start=format_date(self.env, found["date_from"]),
            stop=format_date(self.env, found["date_to"]),
        )
