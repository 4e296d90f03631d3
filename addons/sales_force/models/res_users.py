from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    sales_rep_ids = fields.One2many(
        "sales.rep",
        "user_id",
        "Rep Profiles",
        context={"active_test": False},
        groups="sales_force.group_sales_rep,sales_force.group_sales_operations,"
        "sales_force.group_sales_finance",
        help="One profile per company in which the user sells.",
    )
    sales_rep_missing = fields.Boolean(
        compute="_compute_sales_rep_missing",
        search="_search_sales_rep_missing",
        groups="sales_force.group_sales_operations",
        help="The user has a role of Sales Force but no rep profile in the current "
        "company, so nothing is credited to a rep.",
    )

    @api.depends("group_ids", "sales_rep_ids", "company_ids")
    @api.depends_context("company")
    def _compute_sales_rep_missing(self):
        group = self.env.ref("sales_force.group_sales_rep")
        company = self.env.company
        for user in self:
            user.sales_rep_missing = (
                group in user.all_group_ids
                and company in user.company_ids._origin
                and company not in user.sales_rep_ids.company_id
            )

    @api.model
    def _search_sales_rep_missing(self, operator, value):
        if operator != "in":
            return NotImplemented
        company = self.env.company.id
        domain = Domain(
            [
                ("all_group_ids", "in", self.env.ref("sales_force.group_sales_rep").id),
                ("company_ids", "in", company),
                ("sales_rep_ids", "not any", [("company_id", "=", company)]),
            ]
        )
        return domain if list(value) == [True] else ~domain

    @api.ondelete(at_uninstall=False)
    def _unlink_except_owner(self):
        """Who owns customers hands them over first; the database would clear it."""
        owned = (
            self.env["res.partner"]
            # sudo: whether somebody owns a customer does not depend on who deletes him
            .sudo()
            .with_context(active_test=False)
            ._read_group([("user_id", "in", self.ids)], ["user_id"], ["__count"])
        )
        if owned:
            user, count = owned[0]
            raise UserError(
                self.env._(
                    "%(user)s still owns %(count)s customers. Give them to others "
                    "first, or archive the user.",
                    user=user.name,
                    count=count,
                )
            )

    def unlink(self):
        """Their documents lose the salesperson; so do the credits."""
        self.env["sales.credit"]._mark("*user_id", self.ids)
        return super().unlink()

    def action_create_sales_rep(self):
        """Create the rep profiles of these users in the current company."""
        reps = self.env["sales.rep"].create(
            [{"user_id": user.id} for user in self if user.sales_rep_missing]
        )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_rep_action_configuration"
        )
        if len(reps) == 1:
            return {**action, "views": [(False, "form")], "res_id": reps.id}
        return {**action, "domain": [("id", "in", reps.ids)]}
