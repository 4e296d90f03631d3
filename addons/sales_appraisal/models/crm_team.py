from odoo import fields, models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    sales_assignment_board_id = fields.Many2one(
        "sales.leaderboard",
        "Best Results by Leaderboard",
        domain="[('subject', '=', 'rep')]",
        ondelete="restrict",
        check_company=True,
        help="The places of this board decide who gets the best leads first. Empty: by "
        "the metric and the days.",
    )

    def _get_member_places(self, members):
        """Of a board: the places of the running period; without one comes last."""
        # sudo: places are made of results that the user need not read
        board = self.sudo().sales_assignment_board_id
        if not board:
            return super()._get_member_places(members)
        places = board._get_places(board.company_id._get_sales_today())
        last = max(places.values(), default=0) + 1
        return {member: places.get(member.sales_rep_id.id, last) for member in members}
