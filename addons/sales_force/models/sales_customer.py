import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

from ..customers.refresh import refresh
from ..jobs import go_on
from .sales_customer_stage import STAGES

_logger = logging.getLogger(__name__)

# What the nightly computation derives from, besides the ledger.
_READ = ("crm.lead", "sale.order", "res.partner", "sales.rep", "sales.customer")


class SalesCustomer(models.Model):
    """What a customer is to a company: stage of life, class, scores.

    A row per commercial partner and company; derived each night as a set (see
    ``sales_force/customers``). Turnover is in company currency, dates are where the
    company works.
    """

    _name = "sales.customer"
    _description = "Customer of a Company"
    _inherit = ["sales.protection.mixin", "sales.staged.mixin"]
    _order = "turnover desc, id"
    _log_access = False
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    city = fields.Char(related="partner_id.city")
    territory_id = fields.Many2one(related="partner_id.sales_territory_id")
    channel_id = fields.Many2one(related="partner_id.sales_channel_id")

    stage = fields.Selection(STAGES, readonly=True, default="target", index=True)
    stage_derived = fields.Selection(
        STAGES,
        "Derived Stage",
        readonly=True,
        help="By orders, invoices, quotations, opportunities and silence.",
    )
    stage_manual = fields.Selection(
        STAGES, "Stage by Hand", readonly=True, help="Counts until its last day."
    )
    stage_reason = fields.Char("Reason", readonly=True)
    stage_until = fields.Date("By Hand Until", readonly=True)
    stage_ids = fields.One2many("sales.customer.stage", "customer_id", "History")

    class_id = fields.Many2one(
        "sales.customer.class",
        "Class",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    class_reason = fields.Char("Why This Class", compute="_compute_class_reason")
    turnover = fields.Monetary(
        "Turnover (Year)",
        readonly=True,
        help="Invoiced untaxed in the last twelve months, in company currency.",
    )
    larger_share = fields.Float(
        "Share of Larger Customers (%)",
        digits=(16, 6),
        readonly=True,
        aggregator=None,
        help="What all customers with a larger turnover have of the company's.",
    )
    order_count = fields.Integer("Orders (Year)", readonly=True)
    last_date = fields.Date(
        "Last Purchase", readonly=True, help="The last order or invoice."
    )
    recency = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="1 to 5: how recently the customer bought, among all who did within "
        "twelve months; 5 is the best fifth.",
    )
    frequency = fields.Integer(
        readonly=True, aggregator="avg", help="1 to 5: how often the customer ordered."
    )
    monetary = fields.Integer(
        readonly=True, aggregator="avg", help="1 to 5: how much the customer bought."
    )
    rfm = fields.Char(
        "RFM",
        compute="_compute_rfm",
        help="Recency, frequency and monetary value, each from 1 to 5.",
    )

    pool_id = fields.Many2one(
        "sales.pool", "Pool", readonly=True, index="btree_not_null"
    )
    claimed_on = fields.Date(
        "Protected Since", readonly=True, help="Since when the owner has the customer."
    )
    due_on = fields.Date(
        "Known Due Date",
        readonly=True,
        help="The end of the protection when it was last asked about.",
    )
    protected_until = fields.Date(
        compute="_compute_protected_until",
        help="The last day on which the customer stays with its owner, by what was "
        "done since; then it goes back to the pool.",
    )

    reminder_id = fields.Many2one(
        "mail.activity",
        "Reminder",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The activity that tells the owner that the protection ends.",
    )

    _partner_company_uniq = models.UniqueIndex("(partner_id, company_id)")
    _company_idx = models.Index("(company_id, turnover)")

    @api.depends("recency", "frequency", "monetary")
    def _compute_rfm(self):
        for customer in self:
            scores = customer.recency, customer.frequency, customer.monetary
            customer.rfm = "-".join(map(str, scores)) if all(scores) else False

    @api.depends("class_id", "turnover", "larger_share")
    def _compute_class_reason(self):
        for customer in self:
            if not customer.class_id:
                customer.class_reason = self.env._("No turnover within twelve months.")
                continue
            customer.class_reason = self.env._(
                "%(turnover)s invoiced within twelve months; larger customers hold "
                "%(larger).1f%% of all turnover, and class %(name)s reaches to "
                "%(upto).1f%%.",
                turnover=format_amount(
                    self.env, customer.turnover, customer.currency_id
                ),
                larger=customer.larger_share,
                name=customer.class_id.name,
                upto=customer.class_id.share_upto,
            )

    @api.depends("claimed_on", "user_id", "pool_id")
    def _compute_protected_until(self):
        # sudo: what a colleague did for the customer prolongs the protection as well
        pools = self.env["sales.pool"].sudo()
        due = pools._get_due(self.filtered("claimed_on")._origin)
        for customer in self:
            customer.protected_until = due.get(customer._origin)

    # Writing: derived, or by an action

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def unlink(self):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())  # pylint: disable=no-raise-unlink

    def _readonly_message(self):
        return self.env._(
            "Stage, class and scores are derived each night. Set a stage by hand with "
            "its own action."
        )

    def _set_stage(self, stage, reason, until):
        """Let a stage count until a day (inclusive); None: let it be derived again.

        :raise AccessError: when the user may not write the customer itself
        :raise ValidationError: without a reason, or a last day from today on
        """
        self.check_access("read")
        self.partner_id.check_access("write")
        if stage and not (reason and reason.strip()):
            raise ValidationError(self.env._("Say why the stage is set by hand."))
        if stage and not until:
            raise ValidationError(
                self.env._("Say until which day the stage counts by hand.")
            )
        for customer in self:
            today = customer.company_id._get_sales_today()
            if stage and until < today:
                raise ValidationError(
                    self.env._("The last day of a stage by hand cannot be past.")
                )
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer SET stage_manual = %s, stage_reason = %s,
                stage_until = %s WHERE id = ANY(%s)""",
                stage or None,
                reason or None,
                until or None,
                self.ids,
            )
        )
        self.invalidate_recordset(flush=False)
        for company, customers in self.grouped("company_id").items():
            customers._refresh(company, customers.partner_id.ids)

    def action_set_stage(self):
        """Ask for a stage, the reason and the last day on which it counts."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set Stage by Hand"),
            "res_model": "sales.customer.stage.set",
            "view_mode": "form",
            "target": "new",
            "context": {"default_customer_ids": self.ids},
        }

    def action_derive_stage(self):
        """Let the stage be derived again."""
        self._set_stage(None, None, None)

    def action_claim(self):
        """Claim these customers; see ``sales.pool``. Says until when they are one's."""
        self.env["sales.pool"].action_claim(self.partner_id.ids)
        self.invalidate_recordset()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": "\n".join(
                    self.env._(
                        "%(customer)s is yours until %(date)s.",
                        customer=customer.partner_id.display_name,
                        date=format_date(self.env, customer.protected_until),
                    )
                    if customer.protected_until
                    else self.env._(
                        "%(customer)s is yours.",
                        customer=customer.partner_id.display_name,
                    )
                    for customer in self
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_release(self):
        """Give these customers back to the pool; see ``sales.pool``."""
        return self.env["sales.pool"].action_release(self.partner_id.ids)

    def action_open_partner(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }

    def _remind_of_end(self, due):
        """Plan an activity for the owner of each customer whose protection ends.

        It is planned once for each end, follows a due day that moves, and goes when
        the cause has gone.

        :param dict due: the last protected day, of those of these customers whose
            owners are to be reminded
        """
        activities = self.env["mail.activity"].sudo()  # sudo: planned by the system
        type_id = self._get_reminder_type().id
        partner_model = self.env["ir.model"]._get_id("res.partner")
        gone, ending = activities, []
        for customer in self.sudo():  # sudo: as above
            reminder, date = customer.reminder_id, due.get(customer)
            if date and reminder.user_id == customer.user_id:
                if reminder.date_deadline == date:
                    continue
                if reminder.active:
                    reminder.date_deadline = date
                    continue
            if reminder.active:
                gone |= reminder
            if date:
                ending.append(customer)
        gone.unlink()
        reminders = activities.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": type_id,
                    "res_model_id": partner_model,
                    "res_id": customer.partner_id.id,
                    "user_id": customer.user_id.id,
                    "date_deadline": due[customer],
                }
                for customer in ending
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer e SET reminder_id = v.reminder_id
                FROM unnest(%s::integer[], %s::integer[]) AS v(id, reminder_id)
                WHERE e.id = v.id""",
                [customer.id for customer in ending],
                reminders.ids,
            )
        )
        self.invalidate_recordset(["reminder_id"], flush=False)

    @api.model
    def _get_reminded(self, company):
        """The customers of a company for whom a reminder is planned."""
        # sudo: all customers of the company are looked at
        return self.sudo().search(
            [("reminder_id.active", "=", True), ("company_id", "=", company.id)]
        )

    def _get_reminder_type(self):
        return (
            self.env["mail.activity.type"]
            # sudo: only its id is used
            .sudo()
            .browse(
                self.env["ir.model.data"]._xmlid_to_res_id(
                    "sales_force.mail_activity_type_protection"
                )
            )
        )

    # Deriving

    def action_refresh(self):
        """Derive all customers of the current company now.

        :raise AccessError: for users who are not sales operations
        """
        if not self.env.user.has_group("sales_force.group_sales_operations"):
            raise AccessError(
                self.env._("Only sales operations may derive all customers again.")
            )
        added, changed = self._refresh(self.env.company)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Customers added: %(added)s, changed: %(changed)s.",
                    added=added,
                    changed=changed,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _refresh(self, company, partner_ids=None, day=None):
        """Derive customers of a company anew.

        :param partner_ids: commercial partners to write; all when None
        :param day: as on that day; today when None
        :return: how many were added and changed
        """
        self.env["sales.credit"]._process_pending()
        for model in _READ:
            self.env[model].flush_model()
        today = day or company._get_sales_today()
        statement = refresh(
            company.sudo(),  # sudo: the settings of a company that counts its customers
            self.env["sales.credit"]._metrics(),
            self.env["sales.customer.class"]._get_of(company),
            today - relativedelta(years=1),
            today,
            partner_ids,
        )
        self.env.cr.execute(SQL("SET LOCAL jit = off; %s", statement))
        counts = self.env.cr.fetchone()
        self.env["sales.customer"].invalidate_model(flush=False)
        self.env["sales.customer.stage"].invalidate_model(flush=False)
        return counts

    @api.model
    def _cron_refresh(self):
        """Each night, company by company."""
        companies = self.env["res.company"].search([])
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            with go_on(self.env, f"Customers of {company.name}"):
                added, changed = self._refresh(company)
                _logger.info(
                    "%s: %s customers added, %s changed", company.name, added, changed
                )
            self.env["ir.cron"]._commit_progress(1)
