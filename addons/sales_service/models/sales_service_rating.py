import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.orm.models import NO_ACCESS


class SalesServiceRating(models.Model):
    """What a customer says about one resolution of a ticket, once.

    It is asked for when the ticket is resolved, and given on a page that its secret
    token opens, without login, or on the portal. Odoo's own ratings may be changed by
    every employee; these are nobody's to write. Moments are in UTC.
    """

    _name = "sales.service.rating"
    _description = "Rating of a Ticket"
    _inherit = ["sales.credited.mixin"]
    _order = "rated_at desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "sales.service.ticket",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="ticket_id.team_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Agent",
        readonly=True,
        index="btree_not_null",
        help="Who had the ticket when it was resolved.",
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    points = fields.Integer(readonly=True, aggregator="avg", help="From 1 to 5.")
    comment = fields.Text(readonly=True)
    reason_ids = fields.Many2many(
        "sales.service.rating.reason",
        "sales_service_rating_reason_rel",
        "rating_id",
        "reason_id",
        "Reasons",
        readonly=True,
    )
    asked_at = fields.Datetime("Asked For", readonly=True)
    reminded_at = fields.Datetime("Reminded", readonly=True)
    rated_at = fields.Datetime("Rated", readonly=True, index="btree_not_null")
    # Who knows it rates as the customer.
    token = fields.Char(
        readonly=True,
        copy=False,
        required=True,
        groups=NO_ACCESS,
        default=lambda self: uuid.uuid4().hex,
    )

    _token_uniq = models.UniqueIndex("(token)")
    _one_asked = models.UniqueIndex("(ticket_id) WHERE rated_at IS NULL")
    _points_range = models.Constraint(
        "CHECK (rated_at IS NULL OR points BETWEEN 1 AND 5)",
        "A rating is from 1 to 5.",
    )

    _credit_fields = frozenset(("points", "rated_at", "user_id"))

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_by_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_by_hand()

    def _refuse_by_hand(self):
        if not self.env.su:
            raise AccessError(self.env._("Ratings are given by customers only."))

    def _mark_credits(self, changed=None):
        # What is only asked for is no rating yet.
        given = self.filtered("rated_at")
        self.env["sales.credit"]._mark("ticket", given.ticket_id.ids)


class SalesServiceTicket(models.Model):
    """How a ticket's customer is asked, and what he said."""

    _inherit = "sales.service.ticket"

    service_rating_ids = fields.One2many(
        "sales.service.rating", "ticket_id", "Customer's Ratings", readonly=True
    )
