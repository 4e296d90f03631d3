from odoo import fields, models


class SalesServiceHandover(models.TransientModel):
    """Hand over what agents have who are absent."""

    _name = "sales.service.handover"
    _description = "Hand Over Tickets"

    agent_ids = fields.Many2many(
        "sales.service.agent",
        string="Agents",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    with_appointments = fields.Boolean(
        "Move Appointments",
        default=True,
        help="To who fits and has the time: at the same time, or else within the "
        "window that the customer counts on. Those for which nobody has are named.",
    )

    def action_hand_over(self):
        """See ``sales.service.agent``."""
        self.ensure_one()
        action = self.agent_ids.action_hand_over(self.with_appointments)
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action
