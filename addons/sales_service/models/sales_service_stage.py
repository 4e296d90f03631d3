from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import ormcache

from ..tickets.states import STATES


class SalesServiceStage(models.Model):
    """A column of the board: a part of a state that a team tells apart."""

    _name = "sales.service.stage"
    _description = "Service Stage"
    _inherit = ["sales.cached.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    state = fields.Selection(
        STATES,
        "Status",
        required=True,
        default="in_progress",
        help="A ticket that is put into this stage takes this status, as far as the "
        "status allows; a ticket that takes the status comes into its first stage.",
    )
    team_ids = fields.Many2many(
        "sales.service.team",
        "sales_service_stage_team_rel",
        "stage_id",
        "team_id",
        "Teams",
        help="Empty: for every team that has no stages of its own.",
    )
    fold = fields.Boolean("Folded")

    @api.model
    @ormcache()
    def _get_columns(self):
        """By team ``{stage: state}`` in order; each step of each ticket asks for it.

        All are ids. Those of no team are by False.
        """
        columns = defaultdict(dict)
        # sudo: which stages there are is no secret
        for stage in self.sudo().with_context(active_test=False).search([]):
            for team_id in stage.team_ids.ids or [False]:
                columns[team_id][stage.id] = stage.state
        return dict(columns)

    @api.model_create_multi
    def create(self, vals_list):
        stages = super().create(vals_list)
        stages.team_ids._place_tickets()
        return stages

    def write(self, vals):
        moving = bool({"state", "team_ids"} & vals.keys())
        teams = self.team_ids
        result = super().write(vals)
        if moving:
            (teams | self.team_ids)._place_tickets()
            # sudo: a ticket has a column, whoever may see it
            self.env["sales.service.ticket"].sudo().search(
                [("stage_id", "in", self.ids)]
            )._place()
        return result
