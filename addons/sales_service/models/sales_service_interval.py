from odoo import api, fields, models

from ..tickets.states import DONE, STATES, WAITING

# In these a limit may stand still, as its policy has it.
_STILL = {*DONE, *WAITING}


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
    def _begin(self, tickets):
        """Write down what new tickets are in, since they came in.

        :return: the rows
        """
        # sudo: what happened is written down, whoever did it
        return self.sudo().create(
            [
                {**vals, "start": tickets._get_now()}
                # sudo: as above
                for vals in self._get_values(tickets.sudo())
            ]
        )

    @api.model
    def _follow(self, tickets):
        """Write down what tickets are in from now on, where that has changed.

        A set: one query to read, one to end and one to add, for any number.

        :return: the tickets whose limits may run on in another way
        """
        now = tickets._get_now()
        # sudo: what happened is written down, whoever did it
        self = self.sudo()
        running = self.search_fetch(
            [("ticket_id", "in", tickets.ids), ("stop", "=", False)], order="id"
        ).grouped("ticket_id")
        over, begun, turned = self.browse(), [], []
        for ticket, vals in zip(
            tickets, self._get_values(tickets.with_env(self.env)), strict=True
        ):
            row = running.get(ticket, self.browse())
            before = {
                name: row._fields[name].convert_to_write(row[name], row)
                for name in vals
            }
            if before == vals:
                continue
            over |= row
            begun.append({**vals, "start": now})
            if {before["state"], vals["state"]} & _STILL or any(
                before[name] != vals[name] for name in ("calendar_id", "is_always_open")
            ):
                turned.append(ticket.id)
        over.write({"stop": now})
        # Ended rows free the place of those that run.
        over.flush_recordset(["stop"])
        self.create(begun)
        return tickets.browse(turned)

    @api.model
    def _get_values(self, tickets):
        """What tickets are in now."""
        hours = {team: team._get_hours() for team in tickets.team_id}
        return [
            {
                "ticket_id": ticket.id,
                "state": ticket.state,
                "user_id": ticket.user_id.id,
                "team_id": ticket.team_id.id,
                "calendar_id": hours[ticket.team_id][0].id,
                "is_always_open": hours[ticket.team_id][1],
            }
            for ticket in tickets
        ]
