from odoo import api, fields, models

from ..tickets.states import STATES


class SalesServiceInterval(models.Model):
    """From when to when a ticket was in which state, by which working hours.

    All time limits are computed from these rows, so that they move when a ticket waits
    or comes back, whatever cron has run or not. Rows are added and ended by the ticket
    only, and never change afterwards. Moments are in UTC.
    """

    _name = "sales.service.interval"
    _description = "Time of a Ticket"
    _inherit = ["sales.service.recorded.mixin"]
    _order = "ticket_id, start, id"
    _log_access = False
    _rec_name = "state"

    ticket_id = fields.Many2one(
        "sales.service.ticket", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    state = fields.Selection(STATES, "Status", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Agent", readonly=True)
    team_id = fields.Many2one(
        "sales.service.team", "Team", readonly=True, ondelete="restrict"
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        readonly=True,
        ondelete="restrict",
        help="In force at that time.",
    )
    is_always_open = fields.Boolean("Around the Clock", readonly=True)
    start = fields.Datetime(required=True, readonly=True)
    stop = fields.Datetime(readonly=True, help="Empty: it goes on.")

    _one_runs = models.UniqueIndex("(ticket_id) WHERE stop IS NULL")
    _order_of_time = models.Constraint(
        "CHECK (stop >= start)", "Time does not run backwards."
    )

    @api.model
    def _follow(self, tickets):
        """Write down what tickets are in from now on, where that has changed.

        A set: one query to read, one to end and one to add, for any number.
        """
        now = tickets._get_now()
        # sudo: what happened is written down, whoever did it
        self = self.sudo()
        running = {
            row.ticket_id: row
            for row in self.search(
                [("ticket_id", "in", tickets.ids), ("stop", "=", False)]
            )
        }
        over, begun = self.browse(), []
        for ticket in tickets.with_env(self.env):
            calendar, always = ticket.team_id._get_hours()
            vals = {
                "ticket_id": ticket.id,
                "state": ticket.state,
                "user_id": ticket.user_id.id,
                "team_id": ticket.team_id.id,
                "calendar_id": calendar.id,
                "is_always_open": always,
            }
            row = running.get(ticket)
            if row and all(
                row._fields[name].convert_to_write(row[name], row) == value
                for name, value in vals.items()
            ):
                continue
            if row:
                over |= row
            begun.append({**vals, "start": now})
        over.write({"stop": now})
        # Ended rows free the place of those that run.
        over.flush_recordset(["stop"])
        self.create(begun)
