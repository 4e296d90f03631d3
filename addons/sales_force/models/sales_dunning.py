from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_amount

from ..deals.dunning import turned
from .sales_dunning_plan import ACTIONS, TYPES

_PENDING = "sales_force.dunning"


class SalesDunning(models.Model):
    """A step of dunning a customer: the items that it is about and its activity.

    Written by the system only. It is settled by what happens to its items, in the same
    transaction: when they are all paid or in dispute its activity goes, when one is
    open again it comes back.
    """

    _name = "sales.dunning"
    _description = "Dunning"
    _inherit = ["sales.owned.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _mail_post_access = "read"

    name = fields.Char("Step", required=True, readonly=True)
    step_id = fields.Many2one(
        "sales.dunning.step",
        "Step of the Plan",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    plan_id = fields.Many2one(related="step_id.plan_id", string="Plan")
    action = fields.Selection(ACTIONS, "What to Do", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    contact_id = fields.Many2one(
        "res.partner", "Letter To", compute="_compute_contact_id"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    doer_id = fields.Many2one(
        "res.users", "To Be Done By", required=True, readonly=True, index=True
    )
    date = fields.Date("Raised", required=True, readonly=True)
    line_ids = fields.One2many("sales.dunning.line", "dunning_id", "Items")
    residual = fields.Monetary(
        "Open",
        currency_field="company_currency_id",
        compute="_compute_residual",
        help="What is still open of its items, in company currency.",
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    settled_on = fields.Date(
        "Settled", readonly=True, help="Since when nothing is left to be dunned."
    )
    status = fields.Selection(
        [("open", "Open"), ("done", "Done"), ("settled", "Settled")],
        compute="_compute_status",
        search="_search_status",
    )

    _open_idx = models.Index("(partner_id, step_id) WHERE settled_on IS NULL")

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for dunning in self:
            dunning.display_name = self.env._(
                "%(step)s: %(customer)s",
                step=dunning.name,
                customer=dunning.partner_id.display_name,
            )

    @api.depends("partner_id")
    def _compute_contact_id(self):
        for dunning in self:
            # sudo: the address for invoices of a customer who may be read
            dunning.contact_id = dunning.partner_id.sudo().address_get(["invoice"])[
                "invoice"
            ]

    @api.depends("line_ids")
    def _compute_residual(self):
        for dunning in self:
            dunning.residual = sum(dunning.line_ids.mapped("residual"))

    # Not of "active": every activity of the database would look here.
    @api.depends("settled_on", "activity_id")
    def _compute_status(self):
        for dunning in self:
            # sudo: only whether it is done
            status = "open" if dunning.sudo().activity_id.active else "done"
            dunning.status = "settled" if dunning.settled_on else status

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        standing = Domain("activity_id", "any!", [("active", "=", True)])
        unsettled = Domain("settled_on", "=", False)
        domains = {
            "open": unsettled & standing,
            "done": unsettled & ~standing,
            "settled": ~unsettled,
        }
        return Domain.OR(domains[status] for status in value if status)

    # What the salesperson does

    def action_send_letter(self):
        """Write the letter of the step, in the customer's language."""
        self.ensure_one()
        self.check_access("read")
        # sudo: the plan of a dunning that may be read
        template = self.sudo().step_id.template_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Letter"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_template_id": template.id,
                "default_composition_mode": "comment",
                "default_email_layout_xmlid": "mail.mail_notification_light",
                "force_email": True,
            },
        }

    def action_done(self):
        """The step is done."""
        self.check_access("read")
        self.activity_id.filtered("active").action_feedback()
        self.invalidate_recordset(["status"])

    def action_promise(self):
        """Ask for what the customer has promised to pay of the items."""
        return self._get_items().action_promise()

    def action_dispute(self):
        """Ask why the customer does not agree with the items."""
        return self._get_items().action_dispute()

    def action_open_items(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_receivable_action"
        )
        return {
            **action,
            "domain": [("id", "in", self._get_items().ids)],
            "context": {},
        }

    def _get_items(self):
        """The items that are still open, of those that the user may read."""
        self.check_access("read")
        # sudo: only their ids; which of them may be read is asked for
        ids = self.sudo().line_ids.line_id.ids
        items = self.env["sales.receivable"].search([("id", "in", ids)])
        if not items:
            raise UserError(self.env._("None of its items is open."))
        return items

    def _get_customer(self):
        """The customer's page, for the statement of account."""
        return self.env["sales.customer"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
            ]
        )

    # Raising

    def _raise(self, rows, company, today):
        """Make dunnings of what a plan does now.

        What a customer gets together is one activity, of the latest step; it joins the
        one of the same step that is still to be done.

        :param list rows: see ``deals.dunning.due``
        """
        by_customer = {}
        for row in rows:
            by_customer.setdefault(row["partner_id"], []).append(row)
        steps = self.env["sales.dunning.step"].browse(row["step_id"] for row in rows)
        steps.fetch(["action", "name", "note", "template_id"])
        known = {
            (dunning.partner_id.id, dunning.step_id.id): dunning
            for dunning in self.search(
                [
                    ("partner_id", "in", list(by_customer)),
                    ("step_id", "in", steps.ids),
                    ("company_id", "=", company.id),
                    ("status", "=", "open"),
                ]
            )
        }
        users = self.env["res.users"].browse({row["doer_id"] for row in rows})
        users.fetch(["lang"])
        lines, vals_list = [], []
        for partner_id, found in by_customer.items():
            items = [
                {
                    "line_id": row["line_id"],
                    "step_id": row["step_id"],
                    "amount": row["residual"],
                }
                for row in found
            ]
            step = steps.browse(found[0]["step_id"])
            doer = self._get_doer(company, users.browse(found[0]["doer_id"]), today)
            if dunning := known.get((partner_id, step.id)):
                lines += [{**item, "dunning_id": dunning.id} for item in items]
                continue
            vals_list.append(
                {
                    "name": step.with_context(lang=doer.lang).name,
                    "step_id": step.id,
                    "action": step.action,
                    "partner_id": partner_id,
                    "company_id": company.id,
                    "doer_id": doer.id,
                    "date": today,
                    "line_ids": [Command.create(item) for item in items],
                }
            )
        self.env["sales.dunning.line"].create(lines)
        for dunning in self.browse({line["dunning_id"] for line in lines}):
            dunning.activity_id.summary = dunning._get_summary()
        quiet = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        quiet.create(vals_list)._plan(today)

    def _get_doer(self, company, user, today):
        """The user, or who stands in for him today."""
        found = self.env["sales.cover"]._find(company, user, today)
        return self.env["sales.rep"].browse(found[1]).user_id if found else user

    def _hand_over(self, company, today):
        """What is still to be done by a salesperson goes with the customer."""
        rows = self.env.execute_query(
            SQL(
                """SELECT n.id FROM sales_dunning n
                JOIN sales_dunning_step s ON s.id = n.step_id AND s.assign_to = 'owner'
                JOIN mail_activity y ON y.id = n.activity_id AND y.active
                JOIN res_partner c ON c.id = n.partner_id AND c.user_id <> n.doer_id
                WHERE n.company_id = %s AND n.settled_on IS NULL""",
                company.id,
            )
        )
        for dunning in self.browse(id_ for (id_,) in rows):
            doer = self._get_doer(company, dunning.user_id, today)
            if doer != dunning.doer_id:
                dunning.doer_id = doer
                dunning.activity_id.with_context(
                    mail_activity_quick_update=True
                ).user_id = doer

    @api.model_create_multi
    def create(self, vals_list):
        # Asked before, or it is true here already and the other processes never hear.
        if vals_list and not self._is_used():
            self.env.registry.clear_cache()
        return super().create(vals_list)

    def _plan(self, day):
        """Plan the activities."""
        # An activity asks for its document's name one by one.
        self.mapped("display_name")
        type_ids = {
            action: self.env["ir.model.data"]._xmlid_to_res_id(TYPES[action])
            for action in set(self.mapped("action"))
        }
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        **dunning._prepare_activity(day),
                        "activity_type_id": type_ids[dunning.action],
                    }
                    for dunning in self
                ]
            )
        )
        for dunning, activity in zip(self, activities, strict=True):
            dunning.activity_id = activity

    def _get_summary(self):
        total = sum(self.line_ids.mapped("amount"))
        env = self.with_context(lang=self.doer_id.lang).env
        return env._(
            "%(step)s: %(amount)s overdue",
            step=self.name,
            amount=format_amount(env, total, self.company_currency_id),
        )

    def _prepare_activity(self, day):
        return {
            "summary": self._get_summary(),
            "note": self.step_id.with_context(lang=self.doer_id.lang).note,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": self.doer_id.id,
            "date_deadline": day,
        }

    # Settling

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Whether anything was ever dunned: what is paid is not looked at before."""
        return bool(self.env.execute_query(SQL("SELECT 1 FROM sales_dunning LIMIT 1")))

    @api.model
    def _mark(self, line_ids):
        """Settle, before the transaction commits, what is about these journal items."""
        if not self._is_used():
            return
        precommit = self.env.cr.precommit
        if _PENDING not in precommit.data:
            precommit.data[_PENDING] = set()
            # sudo: whoever pays settles
            precommit.add(self.sudo()._turn_pending)
        precommit.data[_PENDING].update(line_ids)

    @api.model
    def _turn_pending(self):
        self._turn(list(self.env.cr.precommit.data.pop(_PENDING, ())))

    @api.model
    def _turn(self, line_ids):
        """Settle or open again what is about these journal items."""
        self._turn_those(
            SQL(
                """n.id IN (SELECT dunning_id FROM sales_dunning_line
                WHERE line_id = ANY(%s))""",
                list(line_ids),
            )
        )

    @api.model
    def _turn_gone(self, company):
        """Settle what is about items that were cancelled or deleted."""
        self._turn_those(SQL("n.company_id = %s AND n.settled_on IS NULL", company.id))

    def _turn_those(self, dunnings):
        self.env.flush_all()
        rows = self.env.execute_query(turned(dunnings))
        if not rows:
            return
        settled = self.browse(id_ for id_, is_settled in rows if is_settled)
        opened = self.browse(id_ for id_, is_settled in rows if not is_settled)
        opened.settled_on = False
        for company, those in settled.grouped("company_id").items():
            those.settled_on = company._get_sales_today()
        settled.activity_id.filtered("active").unlink()
        for company, those in opened.grouped("company_id").items():
            # What was done stays done.
            missing = those.filtered(lambda dunning: not dunning.activity_id)
            missing._plan(company._get_sales_today())
        self.env.flush_all()


class SalesDunningLine(models.Model):
    """An item that is dunned, each by each step once."""

    _name = "sales.dunning.line"
    _description = "Dunned Item"
    _inherit = ["sales.owed.line.mixin"]

    dunning_id = fields.Many2one(
        "sales.dunning", required=True, readonly=True, index=True, ondelete="cascade"
    )
    step_id = fields.Many2one(
        "sales.dunning.step",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The step that the item itself has reached.",
    )

    _step_uniq = models.UniqueIndex("(line_id, step_id)")


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _write_multi(self, vals_list):
        super()._write_multi(vals_list)
        # Nobody was dunned for what is new.
        new = self._get_new()
        turned_ids = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if "reconciled" in vals and id_ not in new
        ]
        if turned_ids:
            self.env["sales.dunning"]._mark(turned_ids)
