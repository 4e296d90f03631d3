"""Who has been behind for too long: episodes by rule, told once."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date, formatLang

from ..planning.streak import streak


class SalesTargetAlertRule(models.Model):
    """When somebody is told that a rep's pace is too low.

    The pace is that of the month, at the end of each of the rep's working days. It is
    computed from the ledger for days that are over, so that a night on which nothing
    ran is made up for by the next one.
    """

    _name = "sales.target.alert.rule"
    _description = "Alert about a Low Pace"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: all companies."
    )
    kind = fields.Selection(
        [("core", "Core goals"), ("supporting", "Supporting goals"), ("all", "All")],
        "Goals",
        default="core",
        required=True,
    )
    metric_id = fields.Many2one(
        "sales.metric",
        ondelete="cascade",
        domain="[('kind', '=', 'additive')]",
        help="Empty: whatever the plan counts.",
    )
    threshold = fields.Float(
        "Pace Below",
        default=0.8,
        required=True,
        digits=(5, 2),
        help="Achieved by what is expected by then; 1 is on track.",
    )
    days = fields.Integer(
        "Working Days",
        default=3,
        required=True,
        help="So many working days of the rep in a row.",
    )
    first_day = fields.Integer(
        "From Working Day",
        default=5,
        required=True,
        help="Nobody is told before this working day of the month: one order more or "
        "less decides the pace of the first days.",
    )
    tell_leader = fields.Boolean("Tell the Leader", default=True)
    tell_rep = fields.Boolean("Tell the Rep")

    _threshold_range = models.Constraint(
        "CHECK (threshold > 0 AND threshold <= 2)", "A pace is between 0 and 2."
    )
    _days_positive = models.Constraint(
        "CHECK (LEAST(days, first_day) >= 1)", "It takes one working day at least."
    )

    @api.model
    def _cron_check(self):
        """Nightly: who has been behind for too long by the end of yesterday."""
        self.search([])._check()

    def _check(self):
        """Open the episodes that have begun, close those that are over, and tell.

        The work of a plan is a few statements, however many reps it has.
        """
        opened = self.env["sales.target.alert"]
        for plan in self.env["sales.target.plan"].search([("state", "=", "running")]):
            rules = self.filtered(lambda rule, plan=plan: rule._is_for(plan))
            if rules:
                opened |= opened._follow(plan, rules)
        opened._tell()
        return opened

    def _is_for(self, plan):
        return (
            self.kind in ("all", plan.kind)
            and self.metric_id in (plan.metric_id, self.env["sales.metric"])
            and self.company_id in (plan.company_id, self.env["res.company"])
        )


class SalesTargetAlert(models.Model):
    """An episode: from when to when a rep's pace of a plan was too low.

    Written by the nightly check only.
    """

    _name = "sales.target.alert"
    _description = "Low Pace"
    _order = "date_from desc, id desc"
    _rec_name = "rep_id"

    rule_id = fields.Many2one(
        "sales.target.alert.rule", "Rule", required=True, ondelete="cascade"
    )
    plan_id = fields.Many2one(
        "sales.target.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    rep_id = fields.Many2one("sales.rep", required=True, index=True, ondelete="cascade")
    date_from = fields.Date("Since", required=True, help="The first working day of it.")
    date_to = fields.Date("Until", help="Empty: it goes on.")
    days = fields.Integer("Working Days", aggregator=None)
    pace = fields.Float(digits=(16, 2), aggregator=None)
    achieved = fields.Float(digits=(16, 2))
    expected = fields.Float(digits=(16, 2))

    # One open episode for a rep by each rule: two checks at once tell once.
    _open_uniq = models.UniqueIndex("(rule_id, plan_id, rep_id) WHERE date_to IS NULL")

    @api.model
    def _follow(self, plan, rules):
        """Bring the episodes of a plan up to the end of yesterday.

        :return: those that have begun
        """
        # Two checks at once: the second is run again on what the first left.
        plan._lock_plan()
        last = plan.company_id._get_sales_today() - timedelta(days=1)
        days, credits = self._read_days(plan, last), self._read_credits(plan, last)
        open_alerts = {
            (alert.rule_id, alert.rep_id.id): alert
            for alert in self.search(
                [
                    ("rule_id", "in", rules.ids),
                    ("plan_id", "=", plan.id),
                    ("date_to", "=", False),
                ]
            )
        }
        new = []
        for rule in rules:
            threshold = Fraction(str(round(rule.threshold, 2)))
            for rep in {*days, *(rep for of, rep in open_alerts if of == rule)}:
                found = streak(days.get(rep, ()), credits.get(rep, {}), threshold)
                alert = open_alerts.get((rule, rep), self)
                if alert and (not found.since or found.since > alert.date_from):
                    # It was over in between, also where no check ran meanwhile.
                    alert.date_to = (found.since or last) - timedelta(
                        days=1 if found.since else 0
                    )
                    alert = self
                values = {
                    "days": found.days,
                    "pace": float(round(found.pace or 0, 4)),
                    "achieved": float(found.achieved),
                    "expected": float(found.expected),
                }
                if alert:
                    alert.write(values)
                elif found.days >= rule.days and found.worked >= rule.first_day:
                    new.append(
                        {
                            "rule_id": rule.id,
                            "plan_id": plan.id,
                            "rep_id": rep,
                            "date_from": found.since,
                            **values,
                        }
                    )
        # What is over is written before what begins: one is open at a time.
        self.flush_model()
        return self.create(new)

    def _read_days(self, plan, last):
        """The month's days to the last one: ``{rep's id: [(date, target, works)]}``.

        Of who moved within the month also those before, as their credits count too.
        """
        self.env.flush_all()
        found = defaultdict(list)
        for rep, day, value, works in self.env.execute_query(
            SQL(
                """
                SELECT m.rep_id, d.date, sum(d.value), bool_or(d.hours > 0)
                FROM sales_target m
                JOIN sales_target_day d ON d.target_id = m.id AND d.date <= %(last)s
                WHERE m.plan_id = %(plan)s AND m.level = 'rep' AND m.period = 'month'
                  AND m.date_from = %(first)s AND EXISTS (
                    SELECT FROM sales_target l WHERE l.plan_id = m.plan_id
                    AND l.rep_id = m.rep_id AND l.level = 'rep'
                    AND l.period = 'total' AND l.active_to IS NULL)
                GROUP BY 1, 2 ORDER BY 1, 2
                """,
                plan=plan.id,
                first=last.replace(day=1),
                last=last,
            )
        ):
            found[rep].append((day, Fraction(str(value)), works))
        return found

    def _read_credits(self, plan, last):
        """The month's credits: ``{rep's id: {date: value}}``, without overlays."""
        self.env["sales.credit"]._process_pending()
        found = defaultdict(dict)
        for rep, day, value in self.env.execute_query(
            SQL(
                """
                SELECT rep_id, date, sum(value) FROM sales_credit
                WHERE metric_id = %(metric)s AND company_id = %(company)s
                  AND NOT overlay AND date BETWEEN %(first)s AND %(last)s
                  AND rep_id IS NOT NULL
                GROUP BY 1, 2
                """,
                metric=plan.metric_id.id,
                company=plan.company_id.id,
                first=last.replace(day=1),
                last=last,
            )
        ):
            found[rep][day] = Fraction(str(value))
        return found

    def _tell(self):
        """One message for each leader with all their reps, and for each rep."""
        for leader, alerts in (
            self.filtered("rule_id.tell_leader")
            .grouped(lambda alert: alert.rep_id.parent_id)
            .items()
        ):
            if leader:
                alerts._notify(leader)
        for rep, alerts in (
            self.filtered("rule_id.tell_rep")
            .grouped(lambda alert: alert.rep_id)
            .items()
        ):
            alerts._notify(rep)

    def _notify(self, rep):
        """Tell a rep or leader, in the own language."""
        alerts = self.with_context(lang=rep.user_id.lang or self.env.lang)
        lines = Markup("").join(
            Markup("<li>{}</li>").format(alert._describe()) for alert in alerts
        )
        rep.message_notify(
            partner_ids=rep.user_id.partner_id.ids,
            subject=alerts.env._("The pace is too low"),
            body=Markup("<p>{}</p><ul>{}</ul>").format(
                alerts.env._("Behind for some days now, and the month goes on:"), lines
            ),
        )

    def _describe(self):
        money = self.plan_id.metric_unit == "money"
        currency = self.company_id.currency_id if money else None
        return self.env._(
            "%(rep)s: pace %(pace)s for %(days)s working days since %(date)s "
            "(%(achieved)s of %(expected)s expected by now; %(plan)s)",
            rep=self.rep_id.name,
            pace=formatLang(self.env, self.pace, digits=2),
            days=self.days,
            date=format_date(self.env, self.date_from),
            achieved=formatLang(self.env, self.achieved, currency_obj=currency),
            expected=formatLang(self.env, self.expected, currency_obj=currency),
            plan=self.plan_id.name,
        )
