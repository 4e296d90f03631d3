from odoo import api, fields, models
from odoo.tools import SQL

# So many customers are listed; all are counted.
_SHOWN = 200


class SalesPoolApply(models.TransientModel):
    """What changed rules of a pool mean for the customers that are held.

    Clocks run by the rules as they were when a customer was claimed, until somebody who
    has seen what changes lets them run by the new ones.
    """

    _name = "sales.pool.apply"
    _description = "Apply a Pool's Rules"

    pool_id = fields.Many2one("sales.pool", required=True, readonly=True)
    unprotected_count = fields.Integer(
        "Not Protected Yet",
        compute="_compute_changes",
        help="Customers who had their owner before there was a pool. Their clocks "
        "begin today.",
    )
    moved_count = fields.Integer("Ends on Another Day", compute="_compute_changes")
    over_count = fields.Integer(
        "Ended Already",
        compute="_compute_changes",
        help="They go back to the pool tonight, unless they are exempted.",
    )
    line_ids = fields.One2many("sales.pool.apply.line", "wizard_id", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            moved = sorted(
                wizard._get_moved().items(), key=lambda item: (item[1][1], item[0].id)
            )
            self.env["sales.pool.apply.line"].create(
                [
                    {
                        "wizard_id": wizard.id,
                        "customer_id": customer.id,
                        "due_on": due,
                        "new_due_on": new,
                    }
                    for customer, (due, new) in moved[:_SHOWN]
                ]
            )
        return wizards

    @api.depends("pool_id")
    def _compute_changes(self):
        for wizard in self:
            today = wizard.pool_id.company_id._get_sales_today()
            moved = wizard._get_moved()
            wizard.moved_count = len(moved)
            wizard.over_count = sum(new < today for _due, new in moved.values())
            wizard.unprotected_count = len(wizard._get_unprotected())

    def _get_held(self):
        return self.env["sales.customer"].search(
            [("pool_id", "=", self.pool_id.id), ("claimed_on", "!=", False)]
        )

    def _get_moved(self):
        """``{customer: (due date, new due date)}`` of those whose end would move."""
        # sudo: what others did for a customer counts as well
        pools = self.env["sales.pool"].sudo()
        held = self._get_held()
        due, new = pools._get_due(held), pools._get_due(held, by_rules_now=True)
        return {c: (due[c], new[c]) for c in due if due[c] != new[c]}

    def _get_unprotected(self):
        """Contacts of the pool who have an owner and no running clock."""
        return (
            self.env["sales.customer"]
            .search(
                [
                    ("pool_id", "=", self.pool_id.id),
                    ("claimed_on", "=", False),
                    ("partner_id.user_id", "!=", False),
                ]
            )
            .partner_id
        )

    def action_apply(self):
        """Let all clocks of the pool run by the rules as they are now."""
        self.ensure_one()
        self.pool_id.check_access("write")
        unprotected = self._get_unprotected()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer e SET due_on = NULL,
                    protection_days = COALESCE(NULLIF((
                        SELECT k.protection_days FROM sales_customer_class k
                        WHERE k.id = e.class_id
                    ), 0), q.protection_days),
                    extension_days = q.extension_days, limit_days = q.limit_days,
                    day_kind = q.day_kind
                FROM sales_pool q
                WHERE q.id = e.pool_id AND q.id = %s AND e.claimed_on IS NOT NULL""",
                self.pool_id.id,
            )
        )
        self.env["sales.customer"].invalidate_model(flush=False)
        if unprotected:
            self.env["sales.ownership"]._start_clocks(unprotected.ids, anew=False)
        self.pool_id.message_post(
            body=self.env._("The rules were applied to the customers that are held.")
        )
        return {"type": "ir.actions.act_window_close"}


class SalesPoolApplyLine(models.TransientModel):
    """A customer whose protection would end on another day."""

    _name = "sales.pool.apply.line"
    _description = "Changed Protection"

    wizard_id = fields.Many2one(
        "sales.pool.apply", required=True, ondelete="cascade", index=True
    )
    customer_id = fields.Many2one("sales.customer", required=True, ondelete="cascade")
    user_id = fields.Many2one(related="customer_id.user_id")
    due_on = fields.Date("Protected Until")
    new_due_on = fields.Date("Would Be Until")
