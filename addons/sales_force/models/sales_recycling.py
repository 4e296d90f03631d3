import logging
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..jobs import go_on

_logger = logging.getLogger(__name__)
# The day is over for the nightly run so long before midnight.
_EVENING = timedelta(hours=1)


class SalesRecycling(models.Model):
    """Customers whose protection ended and who go back to the pool, as one batch.

    A batch shows who would lose which customers, and why, before it is done; done, it
    can be undone as a whole.
    """

    _name = "sales.recycling"
    _description = "Recycling of Customers"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "date"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        required=True,
        readonly=True,
        help="The day at whose end the customers are free.",
    )
    state = fields.Selection(
        [("preview", "Preview"), ("done", "Done"), ("undone", "Undone")],
        "Status",
        default="preview",
        required=True,
        readonly=True,
        tracking=True,
    )
    line_ids = fields.One2many("sales.recycling.line", "recycling_id", readonly=True)
    line_count = fields.Integer("Customers", compute="_compute_line_count")

    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["sales.recycling.line"]._read_group(
                [("recycling_id", "in", self.ids)], ["recycling_id"], ["__count"]
            )
        )
        for batch in self:
            batch.line_count = counts.get(batch, 0)

    @api.depends("date", "company_id")
    def _compute_display_name(self):
        for batch in self:
            batch.display_name = self.env._(
                "Recycling of %(date)s", date=format_date(self.env, batch.date)
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if self.filtered(lambda batch: batch.state != "preview"):
            raise UserError(
                self.env._(
                    "A batch that was done is kept: it says who lost which customers."
                )
            )

    def action_preview(self):
        """Who would lose which customers today; opens the batch.

        :raise AccessError: for users who are not sales operations
        """
        return self._preview(0)

    def action_preview_week(self):
        """The same up to this day in a week, if nothing is done until then."""
        return self._preview(7)

    def _preview(self, days):
        self._check_operations()
        company = self.env.company
        self.search(
            [("company_id", "=", company.id), ("state", "=", "preview")]
        ).unlink()
        day = company._get_sales_today() + timedelta(days=days)
        batch = self._collect(company, day, empty=True)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": batch.id,
            "views": [(False, "form")],
        }

    def action_run(self):
        """Take the customers of a preview from their owners.

        Whoever was prolonged, exempted or given away since stays as he is.

        :raise AccessError: for users who are not sales operations
        """
        self._check_operations()
        for batch in self:
            if batch.state != "preview":
                raise UserError(self.env._("This batch is done already."))
            if batch.date > batch.company_id._get_sales_today():
                raise UserError(
                    self.env._(
                        "Customers keep their owners until %(date)s.",
                        date=format_date(self.env, batch.date),
                    )
                )
            batch._run()

    def action_undo(self):
        """Give the customers of a batch back to their former owners.

        Customers who have a new owner by now keep him. The clocks start again. Caps do
        not stand against it: what was is restored.

        :raise AccessError: for users who are not sales operations
        """
        self._check_operations()
        for batch in self:
            if batch.state != "done":
                raise UserError(self.env._("Only a batch that is done can be undone."))
            batch.sudo().state = "undone"  # sudo: checked above
            with self.env["sales.ownership"]._because("undone"):
                for user, lines in batch.line_ids.grouped("user_id").items():
                    # sudo: operations give back customers, whatever they may read
                    lines = lines.sudo()
                    partners = lines.partner_id.filtered(
                        lambda partner: not partner.user_id
                    )
                    free = lines.filtered_domain([("partner_id", "in", partners.ids)])
                    free.write({"state": "undone"})
                    partners.with_context(tracking_disable=True).write(
                        {"user_id": user.id}
                    )

    def _check_operations(self):
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(self.env._("Only sales operations recycle customers."))

    def _collect(self, company, day, empty=False, by_night=False):
        """A batch of the customers whose protection ends on a day or ended before.

        Due dates that have moved meanwhile are noted, so that each customer is looked
        at on the day it is due and not each night.

        :param empty: make the batch even if there is nothing to take
        :param by_night: only of pools that recycle by themselves
        """
        customers = self._get_candidates(company, day, by_night)
        pools = self.env["sales.pool"].sudo()  # sudo: what others did counts as well
        due = pools._get_due(customers)
        moved = {
            customer.id: date
            for customer, date in due.items()
            if date != customer.due_on
        }
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer e SET due_on = v.due_on
                FROM unnest(%s::integer[], %s::date[]) AS v(id, due_on)
                WHERE e.id = v.id""",
                list(moved),
                list(moved.values()),
            )
        )
        customers.invalidate_recordset(["due_on"], flush=False)
        over = customers.filtered(
            lambda c: due.get(c, fields.Date.to_date("9999-12-31")) <= day
        )
        over -= pools._get_spared(over, day)
        if not over and not empty:
            return self.browse()
        # sudo: batches and their lines are the system's
        batch = self.sudo().create({"company_id": company.id, "date": day})
        batch.line_ids.create(
            [
                {
                    "recycling_id": batch.id,
                    "customer_id": customer.id,
                    "partner_id": customer.partner_id.id,
                    "user_id": customer.user_id.id,
                    "pool_id": customer.pool_id.id,
                    "claimed_on": customer.claimed_on,
                    "due_on": due[customer],
                }
                for customer in over
            ]
        )
        return batch.sudo(self.env.su)

    def _get_candidates(self, company, day, by_night=False):
        """The owned customers of a company whose protection may have ended by a day.

        Also those who are archived: that must not keep anybody from the pool.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT e.id FROM sales_customer e
                JOIN sales_pool q ON q.id = e.pool_id AND q.active
                JOIN res_partner p ON p.id = e.partner_id AND p.user_id IS NOT NULL
                    AND p.commercial_partner_id = p.id
                    AND COALESCE(p.company_id, e.company_id) = e.company_id
                WHERE e.company_id = %s AND e.claimed_on IS NOT NULL
                  AND (e.due_on IS NULL OR e.due_on <= %s) AND (q.recycles OR NOT %s)
                ORDER BY e.id""",
                company.id,
                day,
                by_night,
            )
        )
        # sudo: all customers of the company are looked at
        return self.env["sales.customer"].sudo().browse(row[0] for row in rows)

    def _run(self):
        self.ensure_one()
        lines = self.sudo().line_ids  # sudo: the lines are the system's
        customers = lines.customer_id
        pools = self.env["sales.pool"].sudo()  # sudo: as in _collect
        due = pools._get_due(customers)
        over = customers.filtered(lambda c: c in due and due[c] <= self.date)
        over -= pools._get_spared(over, self.date)
        taken = lines.filtered(
            lambda line: line.customer_id in over
            and line.user_id == line.partner_id.user_id
        )
        (lines - taken).unlink()
        taken.state = "taken"
        self.sudo().state = "done"  # sudo: who may run it was checked
        with self.env["sales.ownership"]._because("recycled"):
            # No message per customer: the batch tells it.
            taken.partner_id.with_context(tracking_disable=True).write(
                {"user_id": False}
            )

    @api.model
    def _cron_recycle(self):
        """Each hour: where the day has ended, customers go back to the pool."""
        companies = self.env["sales.pool"].search([("recycles", "=", True)]).company_id
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        soon = datetime.now(timezone.utc) + _EVENING
        for company in companies:
            day = company._get_sales_date(soon.replace(tzinfo=None)) - timedelta(days=1)
            with go_on(self.env, f"Reminders of {company.name}"):
                self._remind(company, day)
            with go_on(self.env, f"Recycling of {company.name}"):
                batch = self._collect(company, day, by_night=True)
                if batch:
                    batch._run()
                    _logger.info(
                        "%s: %s customers recycled", company.name, len(batch.line_ids)
                    )
            self.env["ir.cron"]._commit_progress(1)

    def _remind(self, company, day):
        """Plan an activity for owners whose protection ends soon; once per end."""
        pools = self.env["sales.pool"].search(
            [("company_id", "=", company.id), ("reminder_days", ">", 0)]
        )
        if not pools:
            return
        # What was recorded as the due day is the earliest one; reminders that have
        # been planned already may no longer be needed.
        last = day + timedelta(days=max(pools.mapped("reminder_days")))
        customers = self._get_candidates(company, last)
        customers |= self.env["sales.customer"]._get_reminded(company)
        due = pools._get_due(customers)
        customers._remind_of_end(
            {
                customer: date
                for customer, date in due.items()
                if day < date <= day + timedelta(days=customer.pool_id.reminder_days)
            }
        )


class SalesRecyclingLine(models.Model):
    """A customer that goes back to the pool, and who owned it."""

    _name = "sales.recycling.line"
    _description = "Recycled Customer"
    _log_access = False
    _rec_name = "partner_id"

    recycling_id = fields.Many2one(
        "sales.recycling", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="recycling_id.company_id", store=True)
    customer_id = fields.Many2one(
        "sales.customer",
        "Customer Card",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    pool_id = fields.Many2one("sales.pool", "Pool", readonly=True)
    claimed_on = fields.Date("Protected Since", readonly=True)
    due_on = fields.Date("Protected Until", readonly=True)
    reason = fields.Char("Why", compute="_compute_reason")
    state = fields.Selection(
        [
            ("planned", "To take"),
            ("taken", "Taken"),
            ("undone", "Given back to the owner"),
        ],
        "Status",
        default="planned",
        readonly=True,
    )

    @api.depends("claimed_on", "due_on", "customer_id")
    def _compute_reason(self):
        for line in self:
            days = line.due_on and line.claimed_on and line.due_on - line.claimed_on
            limit = line.customer_id.limit_days
            if not days:
                line.reason = False
            elif limit and days.days >= limit:
                line.reason = self.env._(
                    "The most that is possible: %(days)s days", days=days.days
                )
            elif days.days > line.customer_id.protection_days:
                line.reason = self.env._("Nothing was done after the last extension")
            else:
                line.reason = self.env._("Nothing was done that extends it")
