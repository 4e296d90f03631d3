"""Work that was planned and done, as credits: counted when a day is closed.

Until then a plan is what a rep still changes; afterwards it stays, so that deriving the
ledger again gives the same.
"""

from odoo.tools import SQL

from odoo.addons.sales_force.ledger.source import Source

# Plans of these states are counted.
CLOSED = ("submitted", "reviewed", "missed")
# And of them these items ``i``: not what was dropped before it was accepted, or because
# it needed not be done any more, or with the leader's consent.
COUNTED = SQL(
    "(i.state <> 'dropped' OR i.reason_id IS NOT NULL AND i.agreed_by_id IS NULL)"
)


def _facts(env, metrics):
    return SQL(
        """
        SELECT c.metric_id, p.id AS scope_id, 'sales.work.plan' AS res_model,
            p.id AS res_id, 0 AS part, p.date, r.user_id, NULL::integer AS team_id,
            NULL::integer AS split, NULL::integer AS partner_id,
            NULL::integer AS product_id, NULL::integer AS channel_id, p.company_id,
            NULL::integer AS currency_id, 2 AS scale, 0::numeric AS before,
            100::numeric * c.count AS upto, 0 AS doc_scale, 0::numeric AS doc_before,
            0::numeric AS doc_upto
        FROM scope
        JOIN sales_work_plan p ON p.id = scope.id AND p.state IN %(closed)s
        JOIN sales_rep r ON r.id = p.rep_id
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE %(counted)s) AS planned,
                count(*) FILTER (WHERE i.state = 'done') AS done
            FROM sales_work_plan_item i WHERE i.plan_id = p.id
        ) n
        CROSS JOIN LATERAL (VALUES (%(planned)s::integer, n.planned),
            (%(done)s::integer, n.done)) c(metric_id, count)
        """,
        closed=CLOSED,
        counted=COUNTED,
        planned=metrics["PLANNED"],
        done=metrics["PLANNED_DONE"],
    )


def _dated(start, stop):
    return SQL(
        """
        SELECT id FROM sales_work_plan
        WHERE state IN %(closed)s
          AND (%(start)s::date IS NULL OR date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR date <= %(stop)s::date)
        """,
        closed=CLOSED,
        start=start,
        stop=stop,
    )


WORK = Source(code="work", facts=_facts, dated=_dated)
