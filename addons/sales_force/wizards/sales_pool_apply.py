from odoo import api, fields, models
from odoo.tools import SQL

from ..customers.pool import RULES, rules_of_pool

# So many customers are listed; all are counted.
_SHOWN = 200
_NAMES = SQL(", ").join(map(SQL.identifier, RULES))
_KEPT = SQL(", ").join(SQL.identifier("h", name) for name in RULES)
_NOW = SQL(", ").join(rules_of_pool().values())


class SalesPoolApply(models.TransientModel):
    """What changed rules of a pool mean for the customers that are held.

    Protection runs by the rules as they were when a customer was claimed, until
    somebody who has seen what changes lets it run by the new ones.
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
    outdated_count = fields.Integer(
        "Run by Former Rules",
        compute="_compute_changes",
        help="Customers who were claimed when other rules were in force.",
    )
    moved_count = fields.Integer("Ends on Another Day", compute="_compute_changes")
    spared_count = fields.Integer(
        "Spared Otherwise",
        compute="_compute_changes",
        help="Customers whom today only the former or only the new rules would spare.",
    )
    over_count = fields.Integer(
        "Would Be Free",
        compute="_compute_changes",
        help="Of these, those who would go back to the pool at the end of the day.",
    )
    line_ids = fields.One2many("sales.pool.apply.line", "wizard_id", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            changed = sorted(
                wizard._get_changed().items(),
                key=lambda item: (item[1]["new_due_on"], item[0].id),
            )
            self.env["sales.pool.apply.line"].create(
                [
                    {"wizard_id": wizard.id, "customer_id": customer.id, **values}
                    for customer, values in changed[:_SHOWN]
                ]
            )
        return wizards

    @api.depends("pool_id")
    def _compute_changes(self):
        for wizard in self:
            today = wizard.pool_id.company_id._get_sales_today()
            changed = wizard._get_changed().values()
            wizard.outdated_count = len(wizard._get_outdated())
            wizard.moved_count = sum(v["new_due_on"] != v["due_on"] for v in changed)
            wizard.spared_count = sum(v["new_spared"] != v["spared"] for v in changed)
            wizard.over_count = sum(
                v["new_due_on"] <= today and not v["new_spared"] for v in changed
            )
            wizard.unprotected_count = len(wizard._get_unprotected())

    def _get_outdated(self):
        """The held customers who keep other rules than the pool has now."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT h.id FROM sales_customer h
                JOIN sales_pool q ON q.id = h.pool_id
                LEFT JOIN sales_customer_class k ON k.id = h.class_id
                WHERE q.id = %s AND h.claimed_on IS NOT NULL
                  AND (%s) IS DISTINCT FROM (%s)""",
                self.pool_id.id,
                _KEPT,
                _NOW,
            )
        )
        return self.env["sales.customer"].browse(row[0] for row in rows)

    def _get_changed(self):
        """``{customer: values}`` of the lines: whose end or sparing would change."""
        # sudo: what others did for a customer counts as well
        pools = self.env["sales.pool"].sudo()
        today = self.pool_id.company_id._get_sales_today()
        outdated = self._get_outdated()
        due, spared = pools._get_due(outdated), pools._get_exempt(outdated, today)
        new_due = pools._get_due(outdated, by_rules_now=True)
        new_spared = pools._get_exempt(outdated, today, by_rules_now=True)
        return {
            customer: {
                "due_on": due[customer],
                "new_due_on": new_due[customer],
                "spared": customer in spared,
                "new_spared": customer in new_spared,
            }
            for customer in due
            if due[customer] != new_due[customer]
            or (customer in spared) != (customer in new_spared)
        }

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
                """UPDATE sales_customer e SET due_on = NULL, (%s) = ROW(%s)
                FROM sales_customer h
                JOIN sales_pool q ON q.id = h.pool_id
                LEFT JOIN sales_customer_class k ON k.id = h.class_id
                WHERE h.id = e.id AND q.id = %s AND h.claimed_on IS NOT NULL""",
                _NAMES,
                _NOW,
                self.pool_id.id,
            )
        )
        self.env["sales.customer"].invalidate_model(flush=False)
        if unprotected:
            self.env["sales.ownership"]._start_clocks(
                unprotected.ids, anew=False, company=self.pool_id.company_id
            )
        self.pool_id.message_post(
            body=self.env._("The rules were applied to the customers that are held.")
        )
        return {"type": "ir.actions.act_window_close"}


class SalesPoolApplyLine(models.TransientModel):
    """A customer who would be protected until another day, or spared otherwise."""

    _name = "sales.pool.apply.line"
    _description = "Changed Protection"

    wizard_id = fields.Many2one(
        "sales.pool.apply", required=True, ondelete="cascade", index=True
    )
    customer_id = fields.Many2one("sales.customer", required=True, ondelete="cascade")
    user_id = fields.Many2one(related="customer_id.user_id")
    due_on = fields.Date("Protected Until")
    new_due_on = fields.Date("Would Be Until")
    spared = fields.Boolean(help="Not taken today, whatever the clocks say.")
    new_spared = fields.Boolean("Would Be Spared")
