from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SalesRepChange(models.TransientModel):
    """Gives reps another team, manager or territories from a date on."""

    _name = "sales.rep.change"
    _description = "Change of Assignment"

    rep_ids = fields.Many2many("sales.rep", string="Reps", required=True)
    company_id = fields.Many2one(related="rep_ids.company_id")
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="The assignment of this day ends the day before. A date in the past moves "
        "the credits since then.",
    )
    change_team = fields.Boolean("Change Team")
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        domain="[('company_id', 'in', [company_id, False])]",
    )
    change_manager = fields.Boolean("Change Manager")
    manager_id = fields.Many2one(
        "sales.rep",
        "Manager",
        domain="[('company_id', '=', company_id), ('id', 'not in', rep_ids)]",
    )
    change_territories = fields.Boolean("Change Territories")
    territory_ids = fields.Many2many("sales.territory", string="Territories")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        reps = self.env["sales.rep"]
        if self.env.context.get("active_model") == reps._name:
            reps = reps.browse(self.env.context.get("active_ids")).exists()
            values["rep_ids"] = [Command.set(reps.ids)]
        if len(reps) == 1:
            values.update(
                team_id=reps.team_id.id,
                manager_id=reps.parent_id.id,
                territory_ids=[Command.set(reps.territory_ids.ids)],
            )
        return values

    def action_apply(self):
        self.ensure_one()
        if len(self.rep_ids.company_id) > 1:
            raise UserError(
                self.env._("Change the reps of one company at a time, please.")
            )
        vals = {}
        if self.change_team:
            vals["team_id"] = self.team_id.id
        if self.change_manager:
            vals["parent_id"] = self.manager_id.id
        if self.change_territories:
            vals["territory_ids"] = [Command.set(self.territory_ids.ids)]
        if not vals:
            raise UserError(
                self.env._("Say what changes: team, manager or territories.")
            )
        for rep in self.rep_ids:
            rep._change_assignment(self.date_from, vals)
        return {"type": "ir.actions.act_window_close"}
