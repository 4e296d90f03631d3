from odoo import api, fields, models
from odoo.exceptions import UserError


class GamificationBadgeUser(models.Model):
    """Badges that a rule gave: nobody gives them by hand, to himself or to others."""

    _inherit = "gamification.badge.user"

    sales_rule_id = fields.Many2one(
        "sales.badge.rule",
        "Given By Rule",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    sales_day = fields.Date(
        "Earned On", readonly=True, help="The last day of what it was given for."
    )

    _sales_cause_uniq = models.UniqueIndex(
        "(sales_rule_id, user_id, sales_day) WHERE sales_rule_id IS NOT NULL",
        "A badge is given once for a cause.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                self._refuse_by_hand(vals)
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._refuse_by_hand(vals)
        return super().write(vals)

    def _refuse_by_hand(self, vals):
        """:raise UserError: for what only a rule gives"""
        # sudo: whether a badge has a rule is all that is asked
        rules = self.env["sales.badge.rule"].sudo().with_context(active_test=False)
        ruled = vals.get("badge_id") and rules.search_count(
            [("badge_id", "=", vals["badge_id"])], limit=1
        )
        what = {"user_id", "badge_id", "comment", "level"} & vals.keys()
        if (
            ruled
            or {"sales_rule_id", "sales_day"} & vals.keys()
            or (what and self.sudo().sales_rule_id)  # sudo: as above
        ):
            raise UserError(
                self.env._("This badge is given by a rule of sales, not by hand.")
            )
