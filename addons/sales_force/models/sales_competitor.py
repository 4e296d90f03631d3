from odoo import api, fields, models
from odoo.exceptions import AccessError


class SalesCompetitor(models.Model):
    """Who else wants the customer, how strong, and who won."""

    _name = "sales.competitor"
    _description = "Competitor"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: known to all companies."
    )
    website = fields.Char()
    strengths = fields.Text()
    weaknesses = fields.Text()
    sighting_ids = fields.One2many(
        "sales.competitor.sighting", "competitor_id", "Sightings"
    )
    won_count = fields.Integer(
        "Won Against",
        compute="_compute_counts",
        help="Opportunities with this competitor that were won, of those that you may "
        "read.",
    )
    lost_count = fields.Integer(
        "Lost To",
        compute="_compute_counts",
        help="Opportunities lost to this competitor, of those that you may read.",
    )

    def write(self, vals):
        """:raise AccessError: when others than operations say whom it is known to"""
        if "company_id" in vals and not (
            self.env.su or self.env.user.has_group("sales_force.group_sales_operations")
        ):
            raise AccessError(
                self.env._("Only sales operations say whom a competitor is known to.")
            )
        return super().write(vals)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        leads = self.env["crm.lead"].with_context(active_test=False)
        won = dict(
            leads._read_group(
                [
                    ("sales_competitor_ids", "in", self.ids),
                    ("won_status", "=", "won"),
                ],
                ["sales_competitor_ids"],
                ["__count"],
            )
        )
        lost = dict(
            leads._read_group(
                [("sales_lost_to_id", "in", self.ids), ("won_status", "=", "lost")],
                ["sales_lost_to_id"],
                ["__count"],
            )
        )
        for competitor in self:
            competitor.won_count = won.get(competitor, 0)
            competitor.lost_count = lost.get(competitor, 0)

    def action_open_won(self):
        return self._open_leads(
            [("sales_competitor_ids", "in", self.ids), ("won_status", "=", "won")]
        )

    def action_open_lost(self):
        return self._open_leads(
            [("sales_lost_to_id", "in", self.ids), ("won_status", "=", "lost")]
        )

    def _open_leads(self, domain):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opportunities"),
            "res_model": "crm.lead",
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
            "context": {"active_test": False},
        }
