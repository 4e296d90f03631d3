from odoo import fields, models


class SalesServiceWindow(models.Model):
    """A time that a customer may choose for an appointment; it holds nobody's time."""

    _name = "sales.service.window"
    _description = "Offered Window"
    _order = "start, id"
    _rec_name = "start"

    appointment_id = fields.Many2one(
        "sales.service.appointment", required=True, index=True, ondelete="cascade"
    )
    start = fields.Datetime("From", required=True, help="When the agent arrives first.")
    stop = fields.Datetime("To", required=True, help="When the agent arrives last.")
    user_id = fields.Many2one(
        "res.users", "Agent", help="Who would come. Empty: who fits and is free."
    )

    _order_of_ends = models.Constraint(
        "CHECK (start < stop)", "A window begins before it ends."
    )
