from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

from ..models.sales_service_offer import MOST

# So many free windows are shown.
SHOWN = 12


class SalesServiceOffer(models.TransientModel):
    """Choose the windows that a customer is to choose from."""

    _name = "sales.service.offer"
    _description = "Offer Times"

    ticket_id = fields.Many2one(
        "sales.service.ticket", required=True, readonly=True, ondelete="cascade"
    )
    minutes = fields.Integer(related="ticket_id.planned_minutes")
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        domain=lambda self: (
            "[('all_group_ids', 'in', "
            f"{self.env['sales.service.ticket']._get_agents_group().id})]"
        ),
        help="Empty: whoever fits by the rules and is free.",
    )
    since = fields.Datetime(
        "Not Before",
        required=True,
        default=lambda self: self._default_since(),
    )
    line_ids = fields.One2many(
        "sales.service.offer.line",
        "offer_id",
        "Free Windows",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )

    @api.model
    def _default_since(self):
        now = self.env["sales.service.ticket"]._get_now()
        return now.replace(minute=0, second=0) + timedelta(hours=12)

    @api.depends("ticket_id", "user_id", "since")
    def _compute_line_ids(self):
        # sudo: what is free hangs on all agents' time; who may offer is checked below
        facts = self.env["sales.service.facts"].sudo()
        for offer in self:
            found = {}
            if offer.ticket_id and offer.since:
                offer.ticket_id._check_may_dispatch()
                offer.ticket_id.check_access("write")
                found = facts._get_windows(
                    offer.ticket_id._origin, offer.user_id._origin, offer.since
                )
            names = self.env["res.users"].browse
            offer.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "start": start,
                            "stop": stop,
                            "agents": ", ".join(
                                # sudo: names of colleagues
                                names(user_id).sudo().name
                                for user_id, _moment in who
                            ),
                            "is_offered": number < MOST,
                        }
                    )
                    for number, ((start, stop), who) in enumerate(
                        list(found.items())[:SHOWN]
                    )
                ),
            ]

    def action_offer(self):
        """Offer the chosen windows; the customer gets a mail.

        :raise UserError: for none or too many
        """
        self.ensure_one()
        chosen = self.line_ids.filtered("is_offered")
        self.ticket_id._offer_windows(
            [(line.start, line.stop) for line in chosen], self.user_id
        )
        return {"type": "ir.actions.act_window_close"}


class SalesServiceOfferLine(models.TransientModel):
    """A window in which somebody is free."""

    _name = "sales.service.offer.line"
    _description = "Free Window"
    _order = "start, id"

    offer_id = fields.Many2one(
        "sales.service.offer", "Choice", required=True, ondelete="cascade"
    )
    is_offered = fields.Boolean("Offer")
    start = fields.Datetime("From", required=True)
    stop = fields.Datetime("To", required=True)
    agents = fields.Char("Who Is Free", readonly=True, help="The best first.")
