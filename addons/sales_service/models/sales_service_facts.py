"""What a ticket leaves behind: how long it took, and whether it came back."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tickets.clock import ran
from ..tickets.states import DONE

# A request for the same thing within so many days after it was resolved is a repeat.
REPEAT_DAYS = 30
# What decides whether a ticket repeats another.
_SAME = {"partner_id", "product_id", "category_id", "company_id"}
# What is credited of ratings as well.
_RATED = {"partner_id", "product_id", "company_id"}
# While it is in these states the agents cannot get on, or need not.
_OTHERS = {*DONE, "waiting_customer"}


class SalesServiceTicket(models.Model):
    """What of a ticket enters the credit ledger; see ``ledger/ticket.py``."""

    _name = "sales.service.ticket"
    _inherit = ["sales.service.ticket", "sales.credited.mixin"]

    _credit_fields = frozenset(
        (
            *("state", "closed_at", "user_id", "partner_id", "product_id"),
            *("company_id", "response_hours", "work_hours", "calendar_hours"),
            "repeat_of_id",
        )
    )

    repeat_of_id = fields.Many2one(
        "sales.service.ticket",
        "Repeat Of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The customer's ticket on the same product that was resolved up to 30 "
        "days before this one came in; where one of both has no product, on the same "
        "category.",
    )
    repeat_ids = fields.One2many(
        "sales.service.ticket", "repeat_of_id", "Repeats", readonly=True
    )
    response_hours = fields.Float(
        "Response (working hours)",
        digits=(16, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From the request to the first answer, or until it was resolved without.",
    )
    work_hours = fields.Float(
        "Resolution (working hours)",
        digits=(16, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From the request until it was resolved, without the time in which it "
        "waited for the customer or was thought to be resolved.",
    )
    calendar_hours = fields.Float(
        "Resolution (calendar hours)",
        digits=(16, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From the request until it was resolved, around the clock.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        tickets._link_repeats()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if _SAME & vals.keys():
            (self | self._get_later())._link_repeats()
        if vals.get("state") == "resolved":
            self._keep_hours()
        return result

    def _write_multi(self, vals_list):
        # What is no longer repeated counts again.
        unlinked = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if "repeat_of_id" in vals
        ]
        if unlinked:
            rows = self.env.execute_query(
                SQL(
                    """SELECT repeat_of_id FROM sales_service_ticket
                    WHERE id = ANY(%s) AND repeat_of_id IS NOT NULL""",
                    unlinked,
                )
            )
            self.env["sales.credit"]._mark("ticket", [id_ for (id_,) in rows])
        return super()._write_multi(vals_list)

    def _mark_credits(self, changed=None):
        # sudo: what is credited does not depend on who changed it
        tickets = self.sudo()
        # What was never closed has no credits but those of ratings.
        of_ratings = changed is None or changed & _RATED
        known = tickets.filtered("resolved_at" if of_ratings else "closed_at")
        repeated = tickets.repeat_of_id
        self.env["sales.credit"]._mark("ticket", (known | repeated).ids)

    def _get_later(self):
        """Tickets that repeat one of these, or may now."""
        self.flush_model([*_SAME, "commercial_partner_id", "resolved_at", "opened_at"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM sales_service_ticket WHERE repeat_of_id = ANY(%(ids)s)
                UNION
                SELECT n.id FROM sales_service_ticket e
                JOIN sales_service_ticket n ON n.company_id = e.company_id
                    AND n.commercial_partner_id = e.commercial_partner_id
                    AND n.opened_at BETWEEN e.resolved_at AND e.resolved_at + %(span)s
                WHERE e.id = ANY(%(ids)s) AND e.resolved_at IS NOT NULL
                """,
                ids=self.ids,
                span=timedelta(days=REPEAT_DAYS),
            )
        )
        return self.browse([id_ for (id_,) in rows])

    def _link_repeats(self):
        """Find of each ticket the one that it repeats, all with one query."""
        if not self:
            return
        self.flush_model(
            [*_SAME, "commercial_partner_id", "state", "resolved_at", "opened_at"]
        )
        found = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT n.id, earlier.id
                    FROM sales_service_ticket n
                    CROSS JOIN LATERAL (
                        SELECT e.id FROM sales_service_ticket e
                        WHERE e.commercial_partner_id = n.commercial_partner_id
                          AND e.company_id = n.company_id AND e.id <> n.id
                          AND e.state IN ('resolved', 'closed')
                          AND e.resolved_at <= n.opened_at
                          AND e.resolved_at >= n.opened_at - %(span)s
                          AND CASE WHEN e.product_id IS NULL OR n.product_id IS NULL
                            THEN e.category_id = n.category_id
                            ELSE e.product_id = n.product_id END
                        ORDER BY e.resolved_at DESC, e.id DESC LIMIT 1
                    ) earlier
                    WHERE n.id = ANY(%(ids)s)
                    """,
                    ids=self.ids,
                    span=timedelta(days=REPEAT_DAYS),
                )
            )
        )
        # sudo: what came back is found out, whoever may see the earlier ticket
        for ticket in self.sudo():
            if ticket.repeat_of_id.id != found.get(ticket.id, False):
                ticket.repeat_of_id = found.get(ticket.id)

    def _keep_hours(self):
        """How long the answer and the work took, of tickets just resolved."""
        spans = self._get_spans()
        for ticket in self:
            rows, done = spans[ticket], ticket.resolved_at
            answered = min(ticket.responded_at or done, done)
            ticket.write(
                {
                    "response_hours": _hours(ran(rows, set(DONE), answered)),
                    "work_hours": _hours(ran(rows, _OTHERS, done)),
                    "calendar_hours": _hours(done - ticket.opened_at),
                }
            )


def _hours(length):
    return length / timedelta(hours=1)
