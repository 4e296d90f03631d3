"""Bottom-up: who is asked accepts a target, or proposes another with a reason."""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .. import asked

# Who has not answered is reminded so many days before the last one.
REMINDED_BEFORE = 3


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def action_accept(self):
        """Commit to one's own target, as it is.

        :raise AccessError: for the target of somebody else
        :raise UserError: when nobody is asked (any more)
        """
        for target in self:
            target._check_asked()
        self._answer({"answer": "accepted", "proposed_value": 0, "answer_reason": None})
        return True

    def action_ask_counter(self):
        """Ask which target it should be instead."""
        asked.one(self)
        return self._open_dialog("sales.target.counter", self.env._("Counter-proposal"))

    def action_ask_value(self):
        """Ask at which value the target is to be fixed."""
        asked.one(self)
        return self._open_dialog("sales.target.set", self.env._("Change the Target"))

    def _open_dialog(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_target_id": self.id, "default_value": self.value},
        }

    def action_counter(self, value, reason):
        """Propose another target for the whole period, with a reason.

        :param float value: in company currency or as the metric counts
        :raise ValidationError: without a reason, for a negative value, or for one that
            is no multiple of the plan's unit
        """
        asked.one(self)
        self._check_asked()
        plan = self.plan_id
        value = asked.number(self.env, value)
        reason = asked.words(self.env, reason)
        if not reason:
            raise ValidationError(self.env._("Say why you propose another target."))
        if value < 0 or plan._to_amount(plan._to_units(value)) != round(value, 2):
            raise ValidationError(
                self.env._(
                    "%(value)s is no target: it is a multiple of %(unit)s, not "
                    "negative.",
                    value=value,
                    unit=plan.unit,
                )
            )
        self._answer(
            {
                "answer": "countered",
                "proposed_value": value,
                "answer_reason": reason,
            }
        )
        return True

    def action_take_over(self):
        return self.action_settle(True)

    def action_keep(self):
        return self.action_settle(False)

    def action_settle(self, accept):
        """Answer a counter-proposal: take it over, or keep the target.

        What is taken over is locked, and the others get the difference.

        :param bool accept: whether the proposed value becomes the target
        :raise AccessError: for who neither plans above it nor leads the team it is in
        :raise UserError: where there is no counter-proposal, or where locks and limits
            do not allow it
        """
        for target in self:
            if not target._is_of_own_team():
                target._check_may_plan()
            if target.answer != "countered":
                raise UserError(
                    self.env._(
                        "%(name)s has made no counter-proposal.", name=target.name
                    )
                )
        if accept:
            for plan, targets in self.grouped("plan_id").items():
                plan._change_cells(
                    {target: target.proposed_value for target in targets},
                    self.env._("Counter-proposals accepted"),
                )
        self._answer({"answer": "settled"})
        return True

    def _is_of_own_team(self):
        """Whether the user leads the team that the rep's target is in: what is taken
        over there is the others' of the team, which keeps its own."""
        above = self.parent_id.with_env(self.env)
        return (
            self.env.user.has_group("sales_force.group_sales_leader")
            and self.level == "rep"
            and not self.is_mine
            and above.has_access("read")
            and above.level == "team"
            and above.rep_id in self.env.user.sales_rep_ids
        )

    def _check_asked(self):
        self.ensure_one()
        self.check_access("read")
        if self.period != "total" or not self.is_mine:
            raise AccessError(
                self.env._(
                    "A target is answered by whose it is: %(name)s.", name=self.name
                )
            )
        if self.plan_id.state != "proposed":
            raise UserError(
                self.env._("%(plan)s does not ask for answers.", plan=self.plan_id.name)
            )

    def _answer(self, values):
        """Stamp an answer, with its day, and close the question."""
        self.flush_recordset()
        today = self.env.company._get_sales_today()
        self.env.cr.execute(
            SQL(
                "UPDATE sales_target SET %s WHERE id = ANY(%s)",
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in {**values, "answer_date": today}.items()
                ),
                self.ids,
            )
        )
        self.invalidate_recordset(flush=False)
        for plan, targets in self.grouped("plan_id").items():
            # sudo: the question is closed by the system
            plan.sudo().activity_ids.filtered(
                lambda activity, users=targets.rep_id.user_id: activity.user_id in users
                and activity.activity_type_id == self._get_question_type()
            ).action_feedback(
                feedback=dict(self._fields["answer"]._description_selection(self.env))[
                    values["answer"]
                ]
            )

    def _get_question_type(self):
        return self.env.ref("sales_targets.mail_activity_type_answer")

    def _ask(self):
        """An activity for everybody whose target it is."""
        question = self._get_question_type()
        for plan in self.plan_id:
            # sudo: stamped by the system
            plan.sudo().reminded_on = plan.company_id._get_sales_today()
        # sudo: who is asked need not be somebody whom the planner may assign
        activities = self.env["mail.activity"].sudo()
        # Everybody is asked at once: among the activities, not by as many e-mails.
        activities = activities.with_context(mail_activity_quick_update=True)
        model = self.env["ir.model"]._get_id("sales.target.plan")
        activities.create(
            [
                {
                    "activity_type_id": question.id,
                    "automated": True,
                    "res_model_id": model,
                    "res_id": plan.id,
                    "user_id": user.id,
                    "date_deadline": plan.answer_until or fields.Date.today(),
                }
                for plan, targets in self.grouped("plan_id").items()
                for user in targets.rep_id.user_id
            ]
        )

    def _stop_asking(self):
        for plan in self.plan_id:
            # sudo: nobody is asked any more, whoever was
            plan.sudo().activity_ids.filtered(
                lambda activity: activity.activity_type_id == self._get_question_type()
            ).unlink()


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    reminded_on = fields.Date(
        "Reminded",
        readonly=True,
        copy=False,
        help="When those who have not answered were asked, or reminded, last.",
    )

    @api.model
    def _cron_remind(self):
        """Each day: remind who has not answered, shortly before the day until which an
        answer is asked for, and once after it; tell the leaders who that is."""
        for plan in self.search(
            [("state", "=", "proposed"), ("answer_until", "!=", False)]
        ):
            today = plan.company_id._get_sales_today()
            days = (
                plan.answer_until - relativedelta(days=REMINDED_BEFORE),
                plan.answer_until + relativedelta(days=1),
            )
            due = max((day for day in days if day <= today), default=None)
            if due and (not plan.reminded_on or plan.reminded_on < due):
                plan._remind()
                plan.sudo().reminded_on = today  # sudo: stamped by the system

    def _remind(self):
        """One message for all who read the same language, and one for each leader."""
        reps = self._get_leaves().filtered(lambda leaf: leaf.answer == "none").rep_id
        # sudo: who is asked, and who leads them
        reps = reps.sudo()
        until = self.answer_until
        for lang, users in reps.user_id.grouped("lang").items():
            plan = self.sudo().with_context(lang=lang)  # sudo: by the system
            plan.message_notify(
                partner_ids=users.partner_id.ids,
                subject=plan.env._("Your target: %(plan)s", plan=plan.name),
                body=plan.env._(
                    "Accept your target, or propose another with a reason, until "
                    "%(date)s.",
                    date=format_date(plan.env, until),
                ),
            )
        for leader, those in reps.grouped("parent_id").items():
            if not leader:
                continue
            # sudo: leaders hear of it, whoever has answered
            plan = self.sudo().with_context(lang=leader.user_id.lang)
            plan.message_notify(
                partner_ids=leader.user_id.partner_id.ids,
                subject=plan.env._("Not answered: %(plan)s", plan=plan.name),
                body=plan.env._(
                    "Until %(date)s these answer their target: %(names)s.",
                    date=format_date(plan.env, until),
                    names=", ".join(those.mapped("name")),
                ),
            )
