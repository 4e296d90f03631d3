from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .sales_commission_sandbox import COMPARED

# So many lines of a rule are shown; the sums are of all.
LINES = 100


class SalesCommissionSandbox(models.AbstractModel):
    """What one rep gets on both sides, rule by rule and line by line."""

    _inherit = "sales.commission.sandbox"

    @api.model
    @api.readonly
    def get_person(self, left, right, start, rep_id):
        """What both sides give a rep for one period, each in its own currency.

        :param start: see ``get_period``
        :return: ``name``, ``period`` and ``sides``: ``name`` and ``rules``, each with
            ``name``, ``amount`` (as text), ``lines`` (the first ones), ``count`` (of
            all) and ``notes``
        :raise AccessError: see ``_check_rights``
        :raise UserError: where the arguments are none
        """
        left, right, company, _currency = self._get_pair(left, right)
        start, stop = self._get_bounds(left, right, company, start)
        if type(rep_id) is not int:
            raise UserError(self.env._("Which rep?"))
        # sudo: of the company whose commission may be read; who asks was checked
        rep = self.env["sales.rep"].sudo().browse(rep_id).exists()
        if rep.company_id != company:
            raise UserError(self.env._("Which rep?"))
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        return {
            "name": rep.name,
            # sudo: only the name of a period
            "period": company.sudo()._label_period(self._get_unit(left, right), start),
            "sides": [
                {
                    "name": side.name,
                    "rules": self._get_booked_rules(side, rep, start, stop)
                    if side.booked
                    else self._get_rules(side, rep, start, stop),
                }
                for side in (left, right)
            ],
        }

    def _get_trial(self, plan):
        """What tries a plan: not written, its lines are those of a run."""
        # sudo: who asks was checked
        return self.env["sales.commission.trial"].sudo().new({"plan_id": plan.id})

    def _get_rules(self, side, rep, start, stop):
        plan = self._get_tried(side)
        trial, found = self._get_trial(plan), []
        parts = self._get_parts(plan, start, stop)
        for first, last in parts:
            members = plan._get_members(first, last, rep)
            for rule in plan.rule_ids:
                tried = trial._try_rule(rule, first, last, rep, members)
                if len(parts) > 1:
                    tried["name"] = (
                        f"{tried['name']} · "
                        f"{plan.company_id._label_period(plan.period, first)}"
                    )
                tried["amount"] = trial._format_amount(tried["amount"])
                found.append(tried)
        return found

    def _get_booked_rules(self, side, rep, start, stop):
        condition = SQL(
            """FROM sales_commission_entry WHERE rep_id = %s AND rule_id = ANY(%s)
            AND period_from BETWEEN %s AND %s AND subject = ANY(%s)""",
            rep.id,
            # sudo: of plans that may be read
            side.plans.sudo().rule_ids.ids,
            start,
            stop,
            list(COMPARED),
        )
        found = []
        for rule_id, amount, count in self.env.execute_query(
            SQL(
                "SELECT rule_id, sum(amount), count(*) %s GROUP BY rule_id ORDER BY 1",
                condition,
            )
        ):
            # sudo: the rule of an entry that may be read
            rule = self.env["sales.commission.rule"].sudo().browse(rule_id)
            trial = self._get_trial(rule.plan_id)
            lines = self.env.execute_query_dict(
                SQL(
                    """SELECT date, source, scope_id, metric_id, res_model, res_id,
                        part, user_id, overlay, partner_id, factor, base, position,
                        amount, subject
                    %s AND rule_id = %s ORDER BY position, date, res_id LIMIT %s""",
                    condition,
                    rule.id,
                    LINES,
                )
            )
            found.append(
                {
                    "name": rule.name,
                    "amount": trial._format_amount(amount),
                    "count": count,
                    "lines": trial._name_lines(rule, lines),
                    "notes": [],
                }
            )
        return found


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def action_compare(self):
        """This version against the one in force, over periods that are over.

        :raise AccessError: for who may not compare plans
        """
        self.ensure_one()
        self.env["sales.commission.sandbox"]._check_rights()
        action = self.env["ir.actions.client"]._for_xml_id(
            "sales_appraisal.sales_commission_sandbox_action"
        )
        params = {"left": self._get_compared(), "right": f"version-{self.id}"}
        return {**action, "params": params}

    def _get_compared(self):
        """What a version is compared with: the one in force, else what was earned."""
        first = self.first_id or self
        today = self.company_id._get_sales_today()
        in_force = (self._get_versions() - self).filtered(
            lambda one: one.state == "published"
            and one._pays(one._get_bounds(today)[0])
        )
        if in_force:
            return f"version-{in_force[0].id}"
        return f"booked-{first.id if first.state != 'draft' else 0}"
