import logging
from ast import literal_eval
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ..customers import followups
from ..jobs import go_on
from ..working_time import Days

_logger = logging.getLogger(__name__)
# Working days are known so many days around today for each day that is counted.
_DAYS_PER_WORKING_DAY = 3
_HOLIDAYS = timedelta(days=60)


class SalesFollowupRule(models.Model):
    """When somebody has to look after a lead, quotation, invoice or customer.

    Each night the causes that stand are compared with those that are known: a new one
    becomes an activity of the document's owner, once; where it still stands some
    working days later the manager gets one, too; when the cause is gone both go.
    """

    _name = "sales.followup.rule"
    _description = "Follow-up Rule"
    _order = "sequence, id"

    name = fields.Char(
        required=True, translate=True, help="The activity's summary as well."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
    kind = fields.Selection("_selection_kind", "When", required=True)
    model_name = fields.Char("Document Type", compute="_compute_kind")
    has_stages = fields.Boolean(compute="_compute_kind")
    by_class = fields.Boolean(compute="_compute_kind")
    days = fields.Integer(
        default=3,
        help="Days after the date, or before it where it is to come. Of customers "
        "without contact 0 means: as many as their class says.",
    )
    day_kind = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        "Counted In",
        default="working",
        required=True,
        help="Working days are those of the company.",
    )
    date_from = fields.Date(
        "Since",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="What came before this day is left alone.",
    )
    stage_ids = fields.Many2many(
        "crm.stage", string="Only in Stages", help="Empty: in any stage."
    )
    class_ids = fields.Many2many(
        "sales.customer.class",
        string="Only Classes",
        help="Customers of these classes. Empty: all.",
    )
    domain = fields.Char("Only These", help="Empty: all documents.")
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        required=True,
        default=lambda self: self.env.ref("mail.mail_activity_data_todo"),
        ondelete="restrict",
    )
    note = fields.Html(translate=True, help="What is to be done; in the activity.")
    escalate_days = fields.Integer(
        "Escalate After (working days)",
        help="When the activity is still open so many working days later, the owner's "
        "manager gets one. 0: never.",
    )
    open_count = fields.Integer("Open", compute="_compute_open_count")

    _days_positive = models.Constraint(
        "CHECK (days >= 0 AND escalate_days >= 0)", "Days cannot be negative."
    )

    @api.model
    def _get_kinds(self):
        """The kinds of causes by code; other addons add theirs."""
        _ = self.env._
        return {
            "lead_stage": followups.Kind(
                _("A lead is in a stage for days"), "crm.lead", followups.leads
            ),
            "quotation_expires": followups.Kind(
                _("A quotation expires in days"),
                "sale.order",
                followups.quotations,
                ahead=True,
            ),
            "invoice_due": followups.Kind(
                _("An invoice is due in days"),
                "account.move",
                followups.invoices,
                ahead=True,
            ),
            "invoice_overdue": followups.Kind(
                _("An invoice is overdue for days"), "account.move", followups.invoices
            ),
            "customer_silent": followups.Kind(
                _("A customer was not contacted for days"),
                "res.partner",
                followups.customers(self._get_contacts),
            ),
            "contract_ends": followups.Kind(
                _("A contract ends in days"),
                "sales.contract",
                followups.contracts,
                ahead=True,
            ),
        }

    @api.model
    def _get_contacts(self, tz):
        """A SELECT of ``(partner_id, date)`` of contacts; other addons add theirs.

        :param str tz: the timezone in which a moment has its date
        """
        return followups.contacts(tz)

    @api.model
    def _selection_kind(self):
        return [(code, kind.name) for code, kind in self._get_kinds().items()]

    @api.depends("kind")
    def _compute_kind(self):
        kinds = self._get_kinds()
        for rule in self:
            rule.model_name = rule.kind and kinds[rule.kind].model
            rule.has_stages = rule.kind == "lead_stage"
            rule.by_class = rule.kind == "customer_silent" and not rule.days

    def _compute_open_count(self):
        counts = dict(
            self.env["sales.followup"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "open")],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.open_count = counts.get(rule, 0)

    @api.constrains("domain", "kind")
    def _check_domain(self):
        for rule in self.filtered("domain"):
            try:
                rule._search_documents()
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "%(rule)s: “Only These” does not fit the documents.",
                        rule=rule.name,
                    )
                ) from error

    @api.constrains("days", "kind")
    def _check_days(self):
        for rule in self:
            if rule.kind == "lead_stage" and not rule.days:
                raise ValidationError(
                    self.env._("%(rule)s: say after how many days.", rule=rule.name)
                )

    @api.onchange("kind")
    def _onchange_kind(self):
        self.domain = False
        self.stage_ids = False

    def _search_documents(self):
        """The query of the documents that the rule is for, None for all of a kind."""
        domain = Domain(literal_eval(self.domain or "[]"))
        if domain.is_true():
            return None
        # sudo: rules look at everybody's documents
        return self.env[self.model_name].sudo()._search(domain)

    # What stands

    def _get_cause(self, company):
        self.ensure_one()
        today = company._get_sales_today()
        kind = self._get_kinds()[self.kind]
        documents = self._search_documents()
        return followups.Cause(
            kind,
            [
                (
                    class_ids,
                    *followups.span(
                        self._get_days(company, count, today),
                        kind.ahead,
                        today,
                        self.date_from,
                        count,
                    ),
                )
                for class_ids, count in self._get_counts(company)
            ],
            self.stage_ids.ids if self.has_stages else [],
            documents and documents.subselect(),
        )

    def _get_counts(self, company):
        """``[(ids of classes or None, days)]``."""
        if not self.by_class:
            return [(self.class_ids.ids or None, self.days)]
        classes = self.env["sales.customer.class"]._get_of(company)
        if self.class_ids:
            classes &= self.class_ids
        return [
            (group.ids, days)
            for days, group in classes.grouped("follow_up_days").items()
            if days
        ]

    def _get_days(self, company, count, today):
        if self.day_kind == "calendar":
            return Days()
        span = timedelta(days=_DAYS_PER_WORKING_DAY * count) + _HOLIDAYS
        first, last = min(today, self.date_from) - span, today + span
        hours = self.env["sales.working.time"].working_days(company, first, last)
        return Days(sorted(day for day, n in hours[company].items() if n))

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            # sudo: what a rule raised goes with it, whoever has to do it
            self.sudo().env["sales.followup"].search(
                [("rule_id", "in", self.ids), ("state", "=", "open")]
            )._drop()
        return result

    # Running

    @api.model
    def _cron_run(self):
        """Each night: all rules, company by company."""
        todo = [
            (rule, company)
            for rule in self.search([])
            for company in rule.company_id or self.env["res.company"].search([])
        ]
        self.env["ir.cron"]._commit_progress(remaining=len(todo))
        for rule, company in todo:
            with go_on(self.env, f"Follow-up rule {rule.id} of {company.name}"):
                rule._run(company)
            self.env["ir.cron"]._commit_progress(1)

    def _run(self, company):
        """Bring follow-ups and their activities in line with what stands now."""
        self.ensure_one()
        # sudo: what is followed up does not depend on who asks
        rule = self.sudo().with_company(company)
        open_ = rule.env["sales.followup"].search(
            [
                ("rule_id", "=", rule.id),
                ("company_id", "=", company.id),
                ("state", "=", "open"),
            ]
        )
        open_._note_done()
        rule.env.flush_all()
        today = company._get_sales_today()
        statement = followups.settle(
            rule.id,
            rule._get_cause(company),
            company.id,
            company._get_sales_timezone(),
            today,
        )
        found = {"added": [], "gone": [], "moved": []}
        for what, id_ in rule.env.execute_query(statement):
            found[what].append(id_)
        followup = rule.env["sales.followup"]
        followup.invalidate_model(flush=False)
        followup.browse(found["gone"])._remove_activities()
        followup.browse(found["moved"])._move_activities()
        followup.browse(found["added"])._plan()
        rule._escalate(company, today)
        _logger.info(
            "Follow-up rule %s of %s: %s added, %s gone",
            rule.id,
            company.name,
            len(found["added"]),
            len(found["gone"]),
        )

    def _escalate(self, company, today):
        if not self.escalate_days:
            return
        days = self.env["sales.working.time"].working_days(
            company,
            today
            - timedelta(days=_DAYS_PER_WORKING_DAY * self.escalate_days)
            - _HOLIDAYS,
            today,
        )[company]
        working = Days(sorted(day for day, n in days.items() if n))
        self.env["sales.followup"].search(
            [
                ("rule_id", "=", self.id),
                ("company_id", "=", company.id),
                ("state", "=", "open"),
                ("escalated_on", "=", False),
                ("raised_on", "<=", working.back(today, self.escalate_days)),
            ]
        )._escalate(today)

    # Actions

    def action_run(self):
        """Follow up now what stands in the rule's company, else the current one.

        :raise AccessError: for users who are not sales operations
        """
        self._check_operations()
        for rule in self:
            rule._run(rule.company_id or self.env.company)
        return self.action_open_followups()

    def action_preview(self):
        """The documents that the rule would raise now, where ``action_run`` does.

        :raise AccessError: for users who are not sales operations
        """
        self.ensure_one()
        self._check_operations()
        company = self.company_id or self.env.company
        self.env.flush_all()
        standing = followups.standing(
            self._get_cause(company), company.id, company._get_sales_timezone()
        )
        rows = self.env.execute_query(followups.raised(standing, self.id, company.id))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%(rule)s: to be raised", rule=self.name),
            "res_model": self.model_name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", [row[0] for row in rows])],
        }

    def action_open_followups(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_followup_action"
        )
        return {
            **action,
            "domain": [("rule_id", "in", self.ids)],
            "context": {"search_default_open": 1},
        }

    def _check_operations(self):
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(self.env._("Only sales operations run follow-up rules."))
