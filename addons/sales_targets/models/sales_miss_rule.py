from collections import defaultdict
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .. import asked
from .sales_work_plan import OF_COUNTED


class SalesMissRule(models.Model):
    """What follows when a rep misses work again and again; off until switched on."""

    _name = "sales.miss.rule"
    _description = "Consequence of Misses"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: in all companies."
    )
    reason_id = fields.Many2one(
        "sales.miss.reason",
        "Missed Because",
        ondelete="cascade",
        help="Empty: for whatever reason.",
    )
    count = fields.Integer("So Often", default=3, required=True)
    days = fields.Integer("Within (days)", default=14, required=True)
    action = fields.Selection(
        [
            ("talk", "A talk with the leader"),
            ("task", "A make-up task"),
            ("conduct", "A conduct case"),
        ],
        "What Follows",
        default="talk",
        required=True,
        help="A talk is an activity of the leader, a make-up task is on the plan of "
        "the next working day, a conduct case is reported and decided as any other.",
    )
    category_id = fields.Many2one(
        "sales.conduct.category", "Category", ondelete="restrict"
    )

    _positive = models.Constraint(
        "CHECK (count > 0 AND days > 0)", "Misses and days are more than zero."
    )

    @api.constrains("action", "category_id")
    def _check_category(self):
        for rule in self:
            if rule.action == "conduct" and not rule.category_id:
                raise ValidationError(
                    self.env._(
                        "%(rule)s: choose the category of the case.", rule=rule.name
                    )
                )

    @api.model
    def _apply(self, plans):
        """Let follow what the rules say, of plans that were just closed.

        Misses count once for each rule: those before the last time it took effect do
        not count again.
        """
        # sudo: rules and what follows are the company's, whoever closed the plan
        rules = self.sudo().search([])
        for rule in rules:
            # sudo: as of the rules
            mine = plans.sudo().filtered(
                lambda plan, rule=rule: not rule.company_id
                or plan.company_id == rule.company_id
            )
            for day, those in mine.grouped("date").items():
                rule._apply_on(those, day)

    def _apply_on(self, plans, day):
        first = day - timedelta(days=self.days - 1)
        events = self.env["sales.miss.event"]
        last = dict(
            events._read_group(
                [("rule_id", "=", self.id), ("rep_id", "in", plans.rep_id.ids)],
                ["rep_id"],
                ["date:max"],
            )
        )
        domain = (
            Domain("plan_id.rep_id", "in", plans.rep_id.ids)
            & Domain("plan_id.date", ">=", first)
            & Domain("plan_id.date", "<=", day)
            & Domain("state", "in", ("missed", "dropped"))
            & OF_COUNTED
        )
        if self.reason_id:
            domain &= Domain("reason_id", "=", self.reason_id.id)
        missed = defaultdict(list)
        for item in self.env["sales.work.plan.item"].search(domain):
            missed[item.rep_id].append(item.date)
        for plan in plans:
            after = last.get(plan.rep_id)
            count = sum(not after or date > after for date in missed[plan.rep_id])
            if count >= self.count:
                events.create(self._prepare_event(plan, count))

    def _prepare_event(self, plan, count):
        record = getattr(self, f"_follow_{self.action}")(plan, count)
        return {
            "rule_id": self.id,
            "rep_id": plan.rep_id.id,
            "date": plan.date,
            "count": count,
            "res_model": record._name,
            "res_id": record.id,
        }

    def _get_words(self, plan, count, lang):
        rule = self.with_context(lang=lang)
        return rule.env._(
            "%(rule)s: %(rep)s missed %(count)s times within %(days)s days",
            rule=rule.name,
            rep=plan.rep_id.name,
            count=count,
            days=rule.days,
        )

    def _follow_talk(self, plan, count):
        """An activity of the leader; of who has none, of the rep."""
        user = plan.rep_id.parent_id.user_id or plan.user_id
        return plan.rep_id.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=plan._get_next_day()[plan],
            user_id=user.id,
            summary=self._get_words(plan, count, user.lang),
        )

    def _follow_task(self, plan, count):
        day = max(plan._get_next_day()[plan], plan.company_id._get_sales_today())
        following = plan._make(plan.rep_id, day)
        return following._add(
            "task",
            None,
            self._get_words(plan, count, plan.user_id.lang),
            None,
            origin="leader",
        )

    def _follow_conduct(self, plan, count):
        return self.env["sales.conduct"].create(
            {
                "rep_id": plan.rep_id.id,
                "reported_by_id": SUPERUSER_ID,
                "category_id": self.category_id.id,
                "date": plan.date,
                "description": self._get_words(
                    plan, count, plan.rep_id.parent_id.user_id.lang or plan.user_id.lang
                ),
            }
        )


class SalesMissEvent(models.Model):
    """That a rule took effect: for whom, when, and what followed."""

    _name = "sales.miss.event"
    _description = "Consequence That Took Effect"
    _order = "date desc, id desc"
    _rec_name = "rule_id"

    rule_id = fields.Many2one(
        "sales.miss.rule", required=True, readonly=True, ondelete="cascade"
    )
    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    date = fields.Date(required=True, readonly=True)
    count = fields.Integer("Misses", readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True
    )

    _once = models.UniqueIndex("(rule_id, rep_id, date)")

    def action_open(self):
        """What followed.

        :raise AccessError: when the user may not read it
        """
        asked.one(self)
        self.check_access("read")
        record = self.env[self.res_model].browse(self.res_id)
        if self.res_model == "mail.activity":
            record = self.rep_id
        elif self.res_model == "sales.work.plan.item":
            record = record.plan_id
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
