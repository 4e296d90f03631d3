"""Closed tickets and customers' ratings, as credits of the agents.

A ticket counts while it is closed, on the day on which it was; one that is reopened
counts for nothing until it is closed again, by whom and when that may be. A rating is
the customer's word on the day on which it was given, and stays.
"""

from odoo.tools import SQL

from odoo.addons.sales_force.ledger.crediting import local_date
from odoo.addons.sales_force.ledger.source import Source

# Whether somebody else's ticket ``t`` came back for the same thing.
REPEATED = SQL(
    """EXISTS (
        SELECT FROM sales_service_ticket n
        WHERE n.repeat_of_id = t.id AND n.state <> 'cancelled'
    )"""
)


def _facts(env, metrics):
    ids = {
        code.lower(): metrics[code]
        for code in (
            *("TICKETS_CLOSED", "SLA_DUE", "SLA_MET", "FIRST_FIX", "REPEATS"),
            *("RESPONSE_HOURS_SUM", "RESOLUTION_HOURS_SUM", "CALENDAR_HOURS_SUM"),
            *("RATINGS_ASKED", "RATINGS_ANSWERED", "RATINGS", "RATING_SUM"),
        )
    }
    return SQL(
        """
        SELECT f.metric_id, f.scope_id, f.res_model, f.res_id, 0 AS part,
            f.date, f.user_id, NULL::integer AS team_id, NULL::integer AS split,
            p.commercial_partner_id AS partner_id, f.product_id,
            cp.sales_channel_id AS channel_id, f.company_id,
            NULL::integer AS currency_id, 2 AS scale, 0::numeric AS before,
            round(100 * f.value::numeric) AS upto, 0 AS doc_scale,
            0::numeric AS doc_before, 0::numeric AS doc_upto
        FROM (
            SELECT c.metric_id, t.id AS scope_id, 'sales.service.ticket' AS res_model,
                t.id AS res_id, %(closed_on)s AS date, t.user_id, t.partner_id,
                t.product_id, t.company_id, c.value
            FROM scope
            JOIN sales_service_ticket t ON t.id = scope.id AND t.state = 'closed'
            JOIN res_company co ON co.id = t.company_id
            LEFT JOIN resource_calendar rc ON rc.id = co.resource_calendar_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS due,
                    count(*) FILTER (WHERE k.breached_at IS NULL) AS met
                FROM sales_service_clock k
                WHERE k.ticket_id = t.id
                  AND (k.breached_at IS NOT NULL
                    OR k.met_at IS NOT NULL AND k.dropped_at IS NULL)
            ) limits
            CROSS JOIN LATERAL (SELECT %(repeated)s AS again) repeat
            CROSS JOIN LATERAL (
                SELECT count(*) AS asked, count(r.rated_at) AS answered
                FROM sales_service_rating r WHERE r.ticket_id = t.id
            ) ratings
            CROSS JOIN LATERAL (VALUES
                (%(tickets_closed)s::integer, 1::numeric),
                (%(sla_due)s::integer, limits.due),
                (%(sla_met)s::integer, limits.met),
                (%(first_fix)s::integer, CASE WHEN COALESCE(t.reopen_count, 0) = 0
                    AND NOT repeat.again THEN 1 ELSE 0 END),
                (%(repeats)s::integer, CASE WHEN repeat.again THEN 1 ELSE 0 END),
                (%(response_hours_sum)s::integer, COALESCE(t.response_hours, 0)),
                (%(resolution_hours_sum)s::integer, COALESCE(t.work_hours, 0)),
                (%(calendar_hours_sum)s::integer, COALESCE(t.calendar_hours, 0)),
                (%(ratings_asked)s::integer, ratings.asked),
                (%(ratings_answered)s::integer, ratings.answered)
            ) c(metric_id, value)
            UNION ALL
            SELECT c.metric_id, t.id, 'sales.service.rating', r.id, %(rated_on)s,
                r.user_id, t.partner_id, t.product_id, t.company_id, c.value
            FROM scope
            JOIN sales_service_ticket t ON t.id = scope.id
            JOIN sales_service_rating r ON r.ticket_id = t.id
                AND r.rated_at IS NOT NULL
            JOIN res_company co ON co.id = t.company_id
            LEFT JOIN resource_calendar rc ON rc.id = co.resource_calendar_id
            CROSS JOIN LATERAL (VALUES
                (%(ratings)s::integer, 1::numeric),
                (%(rating_sum)s::integer, r.points::numeric)
            ) c(metric_id, value)
        ) f
        LEFT JOIN res_partner p ON p.id = f.partner_id
        LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
        """,
        closed_on=local_date("t.closed_at", "COALESCE(rc.tz, 'UTC')"),
        rated_on=local_date("r.rated_at", "COALESCE(rc.tz, 'UTC')"),
        repeated=REPEATED,
        **ids,
    )


def _dated(start, stop):
    # A day more on both sides: moments are in UTC.
    return SQL(
        """
        SELECT id FROM sales_service_ticket
        WHERE state = 'closed'
          AND (%(start)s::date IS NULL OR closed_at >= %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR closed_at < %(stop)s::date + 2)
        UNION
        SELECT ticket_id FROM sales_service_rating
        WHERE rated_at IS NOT NULL
          AND (%(start)s::date IS NULL OR rated_at >= %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR rated_at < %(stop)s::date + 2)
        """,
        start=start,
        stop=stop,
    )


TICKET = Source(
    code="ticket",
    facts=_facts,
    dated=_dated,
    origins={
        "partner": "SELECT id FROM sales_service_ticket WHERE partner_id = ANY(%s)"
    },
)
