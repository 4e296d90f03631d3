from odoo import fields, models


class SalesRep(models.Model):
    _inherit = "sales.rep"

    sales_badge_ids = fields.Many2many(
        "gamification.badge.user",
        compute="_compute_sales_badge_ids",
        string="Badges",
    )

    def _compute_sales_badge_ids(self):
        awards = self.env["gamification.badge.user"].search(
            [("user_id", "in", self.user_id.ids), ("sales_rule_id", "!=", False)],
            order="sales_day desc, id desc",
        )
        by_user = awards.grouped("user_id")
        for rep in self:
            rep.sales_badge_ids = by_user.get(rep.user_id, awards.browse())
