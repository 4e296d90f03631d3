import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..deals.dunning import due
from ..jobs import go_on
from ..locking import write_lock

_logger = logging.getLogger(__name__)
# So many customers are dunned in one transaction.
BATCH = 500
ACTIONS = [
    ("call", "Call"),
    ("visit", "Visit"),
    ("letter", "Letter by e-mail"),
    ("manager", "Hand to the manager"),
]
# The type of the activity by what is to be done.
TYPES = {
    "call": "mail.mail_activity_data_call",
    "visit": "mail.mail_activity_data_meeting",
    "letter": "mail.mail_activity_data_email",
    "manager": "mail.mail_activity_data_todo",
}


class SalesDunningPlan(models.Model):
    """What is done how many days after the due date of an item, and by whom.

    A plan does nothing until it is put in force. Each night the last step that an item
    has reached becomes an activity, once; all items of a customer together.
    """

    _name = "sales.dunning.plan"
    _description = "Dunning Plan"
    _inherit = ["sales.stamped.mixin"]
    _order = "company_id, name, id"
    _sales_stamped = frozenset({"in_force"})

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: for all companies that have no plan of their own.",
    )
    in_force = fields.Boolean(readonly=True, copy=False)
    amount_min = fields.Monetary(
        "From Overdue",
        help="Customers who owe less than this overdue are not dunned. In company "
        "currency; what is credited and not matched is subtracted.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    step_ids = fields.One2many("sales.dunning.step", "plan_id", "Steps", copy=True)
    open_count = fields.Integer("Open", compute="_compute_open_count")

    _force_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE in_force",
        "Another plan is in force here: put that out of force first.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount_min >= 0)", "An amount is not negative."
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for plan in self:
            plan.currency_id = (plan.company_id or self.env.company).currency_id

    def _compute_open_count(self):
        counts = dict(
            self.env["sales.dunning"]._read_group(
                [("step_id.plan_id", "in", self.ids), ("status", "=", "open")],
                ["plan_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.open_count = counts.get(plan, 0)

    def action_put_in_force(self):
        """From tonight on items are dunned by it.

        :raise ValidationError: without steps
        """
        self.check_access("write")
        for plan in self:
            if not plan.step_ids:
                raise ValidationError(
                    self.env._("%(plan)s has no steps.", plan=plan.name)
                )
        self.sudo().in_force = True  # sudo: stamped by the system

    def action_put_out_of_force(self):
        """What was raised stays; nothing more comes."""
        self.check_access("write")
        self.sudo().in_force = False  # sudo: stamped by the system

    def action_open_dunnings(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_dunning_action"
        )
        return {
            **action,
            "domain": [("step_id.plan_id", "in", self.ids)],
            "context": {"search_default_open": 1},
        }

    def action_run(self):
        """Dun now what tonight would be dunned.

        :raise AccessError: for users who are not sales operations
        """
        self._check_operations()
        for company, plan in self._get_in_force(self._get_companies()).items():
            if plan in self:
                while plan._run(company):
                    pass
        return self.action_open_dunnings()

    def _check_operations(self):
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(self.env._("Only sales operations run dunning plans."))

    # Running

    def _get_companies(self):
        # sudo: a plan for all companies is run for all of them
        return self.company_id or self.env["res.company"].sudo().search([])

    @api.model
    def _get_in_force(self, companies):
        """The plan in force of each company, its own before the general one."""
        plans = {
            plan.company_id: plan for plan in self.search([("in_force", "=", True)])
        }
        found = {
            company: plans.get(company) or plans.get(company.browse())
            for company in companies
        }
        return {company: plan for company, plan in found.items() if plan}

    def _get_next(self, date_due, promised_on, today):
        """The first step that an item has not reached: ``(name, day)``.

        :param date promised_on: nothing is done before that day has passed, or None
        """
        for step in self.step_ids:
            day = date_due + timedelta(days=step.days)
            if day > today:
                return step.name, max(day, promised_on or day)
        return False, False

    @api.model
    def _cron_run(self):
        """Each night: the plans in force, company by company, in batches."""
        plans = self._get_in_force(self.env["res.company"].search([]))
        self.env["ir.cron"]._commit_progress(remaining=len(plans))
        for company, plan in plans.items():
            while plan._run_safely(company):
                self.env["ir.cron"]._commit_progress()
            self.env["ir.cron"]._commit_progress(1)

    def _run_safely(self, company):
        """``_run``; other companies are dunned, whatever is wrong with this one."""
        with go_on(self.env, f"Dunning plan {self.id} of {company.name}"):
            return self._run(company)
        return False

    def _run(self, company):
        """Dun the next customers of a company.

        Two that run at once are done one by one: the second sees what the first did.

        :return: whether there may be more of them
        """
        self.ensure_one()
        # sudo: what is dunned does not depend on who asks
        plan = self.sudo().with_company(company)
        write_lock(plan)
        dunnings = plan.env["sales.dunning"].with_context(
            allowed_company_ids=company.ids
        )
        today = company._get_sales_today()
        dunnings._turn_gone(company)
        dunnings._hand_over(company, today)
        plan.env.flush_all()
        rows = plan.env.execute_query_dict(
            due(plan.id, plan.amount_min, company.id, today, BATCH)
        )
        dunnings._raise(rows, company, today)
        if rows:
            _logger.info(
                "Dunning plan %s of %s: %s items of %s customers",
                plan.id,
                company.name,
                len(rows),
                rows[-1]["number"],
            )
        return bool(rows) and rows[-1]["number"] == BATCH


class SalesDunningStep(models.Model):
    """What is done so many days after the due date."""

    _name = "sales.dunning.step"
    _description = "Dunning Step"
    _order = "plan_id, days, id"

    plan_id = fields.Many2one(
        "sales.dunning.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id")
    name = fields.Char(required=True, translate=True)
    days = fields.Integer(
        "Days after Due", required=True, help="Calendar days after the due date."
    )
    action = fields.Selection(ACTIONS, "What to Do", required=True, default="call")
    template_id = fields.Many2one(
        "mail.template",
        "Letter",
        domain="[('model', '=', 'sales.dunning')]",
        ondelete="restrict",
        help="What the letter begins with; whoever sends it may change it.",
    )
    assign_to = fields.Selection(
        [
            ("owner", "The salesperson"),
            ("manager", "The salesperson's manager"),
            ("user", "A person"),
        ],
        compute="_compute_assign_to",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Person",
        domain="[('share', '=', False)]",
        ondelete="restrict",
        help="Somebody who reads what the customers owe: finance, or a director.",
    )
    note = fields.Html(translate=True, help="What is to be said; in the activity.")

    _days_positive = models.Constraint(
        "CHECK (days > 0)", "A step comes at least a day after the due date."
    )
    _days_uniq = models.UniqueIndex("(plan_id, days)", "A plan has one step on a day.")
    _person = models.Constraint(
        "CHECK (assign_to <> 'user' OR user_id IS NOT NULL)",
        "Say which person does it.",
    )
    _letter = models.Constraint(
        "CHECK (action <> 'letter' OR template_id IS NOT NULL)",
        "Say which letter is sent.",
    )

    @api.depends("action")
    def _compute_assign_to(self):
        for step in self:
            if step.action == "manager":
                step.assign_to = "manager"
            elif not step.assign_to:
                step.assign_to = "owner"
