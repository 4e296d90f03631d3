from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date
from odoo.tools.misc import formatLang

# The trace shows so many lines; the sums are of all.
LINES = 100


class SalesCommissionTrial(models.TransientModel):
    """What a plan would pay a rep for a period, before anybody is paid by it.

    By the same statements as a run, which are read and not written. What the rep has
    now of the same period is shown beside it.
    """

    _name = "sales.commission.trial"
    _description = "Trial of a Commission Plan"

    plan_id = fields.Many2one(
        "sales.commission.plan", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id")
    currency_id = fields.Many2one(related="plan_id.currency_id")
    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        ondelete="cascade",
        domain="[('company_id', '=', company_id)]",
    )
    date = fields.Date(
        "Period With",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="A day of the period that is tried.",
    )
    date_from = fields.Date("From", compute="_compute_period")
    date_to = fields.Date("To", compute="_compute_period")
    amount = fields.Monetary(
        "Would Be Earned",
        compute="_compute_result",
        help="Also what is held back at first.",
    )
    current_amount = fields.Monetary(
        "Has Now",
        compute="_compute_result",
        help="Of all entries about this period, of all plans in the same currency.",
    )
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.depends("plan_id", "date")
    def _compute_period(self):
        for trial in self:
            bounds = (False, False)
            if trial.plan_id and trial.date:
                bounds = trial.plan_id._get_bounds(trial.date)
            trial.date_from, trial.date_to = bounds

    @api.depends("plan_id", "rep_id", "date")
    def _compute_result(self):
        self._check_operations()
        # What is read as by a run would tell of other companies as well.
        self.plan_id._origin.check_access("read")
        self.rep_id._origin.check_access("read")
        for trial in self:
            rules = trial._try() if trial.rep_id and trial.date_from else []
            trial.amount = sum(rule["amount"] for rule in rules)
            trial.current_amount = trial._get_current()
            trial.result = trial._render(rules) if trial.rep_id else False

    def _render(self, rules):
        return self.env["ir.qweb"]._render(
            "sales_appraisal.sales_commission_trial_result",
            {"trial": self, "rules": rules},
        )

    def _check_operations(self):
        """:raise AccessError: for users who are not sales operations"""
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(self.env._("Only sales operations try plans."))

    def _try(self):
        """What each rule gives: its lines in the order of the table, and their sum."""
        # sudo: targets and cards are read as by a run; who tries was checked
        plan = self.plan_id.sudo().with_context(sales_as_open=True)
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        start, stop, rep = self.date_from, self.date_to, self.rep_id._origin
        members = plan._get_members(start, stop, rep)
        return [
            self._try_rule(rule, start, stop, rep, members) for rule in plan.rule_ids
        ]

    def _try_rule(self, rule, start, stop, rep, members):
        selects = rule._select_lines(start, stop, members, rep.ids) if members else {}
        lines, total, count = [], Decimal(0), 0
        for subject, select in selects.items():
            [(amount, number)] = self.env.execute_query(
                SQL(
                    "SELECT COALESCE(sum(amount), 0)::text, count(*) FROM (%s) l",
                    select,
                )
            )
            total, count = total + Decimal(amount), count + number
            lines += [
                {**line, "subject": subject}
                for line in self.env.execute_query_dict(
                    SQL(
                        """SELECT date, source, scope_id, metric_id, res_model, res_id,
                            part, user_id, overlay, partner_id, factor, base, position,
                            amount
                        FROM (%s) l ORDER BY position, date, res_id LIMIT %s""",
                        select,
                        LINES,
                    )
                )
            ]
        lines = lines[:LINES]
        return {
            "name": rule.name,
            "kind": rule.kind,
            "amount": float(total),
            "count": count,
            "lines": self._name_lines(rule, lines),
            "notes": rule._get_notes(start, stop, rep.ids)[rep.id]
            + rule._describe_hold(),
        }

    def _name_lines(self, rule, lines):
        """Lines with documents and customers by name, and numbers as they are read."""
        entry = self.env["sales.commission.entry"]
        subjects = dict(entry._fields["subject"]._description_selection(self.env))
        # sudo: operations sees the whole ledger
        credits = self.env["sales.credit"].sudo()
        found = credits.search(
            [
                ("scope_id", "in", [line["scope_id"] for line in lines]),
                ("res_id", "in", [line["res_id"] for line in lines]),
            ]
        )
        documents = {credit._get_key(): credit.document_name for credit in found}
        partners = self.env["res.partner"].sudo()  # sudo: only names
        # What is advanced follows from what is earned.
        money = not rule.metric_id or rule.metric_id.unit == "money"
        for line in lines:
            key = tuple(
                line[name]
                for name in ("source", "scope_id", "metric_id", "res_model", "res_id")
            ) + (line["part"], line["user_id"], line["overlay"])
            line["date"] = format_date(self.env, line["date"])
            line["document"] = documents.get(key) or subjects[line["subject"]]
            line["partner"] = partners.browse(line["partner_id"] or []).name or ""
            for name in ("base", "position"):
                line[name] = formatLang(
                    self.env,
                    line[name],
                    currency_obj=self.currency_id if money else None,
                )
            line["amount"] = formatLang(
                self.env, line["amount"], currency_obj=self.currency_id
            )
        return lines

    def _get_current(self):
        """What the rep has of the period, whatever the plan and the statement."""
        if not self.rep_id or not self.date_from:
            return 0
        [(amount,)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(sum(amount), 0) FROM sales_commission_entry
                WHERE rep_id = %s AND period_from = %s AND currency_id = %s""",
                self.rep_id._origin.id,
                self.date_from,
                self.currency_id.id,
            )
        )
        return amount

    def _format_amount(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def action_try(self):
        """Try the plan, in force or not, on a rep and a period."""
        self.ensure_one()
        self.env["sales.commission.trial"]._check_operations()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try %(plan)s", plan=self.display_name),
            "res_model": "sales.commission.trial",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_plan_id": self.id, "dialog_size": "extra-large"},
        }
