"""Effective visits, on the day on which they ended."""

from odoo.tools import SQL

from .crediting import local_date
from .source import Source


def _facts(env, metrics):
    return SQL(
        """
        SELECT %(visits)s::integer AS metric_id, v.id AS scope_id,
            'sales.visit' AS res_model, v.id AS res_id, 0 AS part,
            %(day)s AS date, v.user_id, NULL::integer AS team_id,
            NULL::integer AS split, p.commercial_partner_id AS partner_id,
            NULL::integer AS product_id, cp.sales_channel_id AS channel_id,
            v.company_id, NULL::integer AS currency_id, 2 AS scale,
            0::numeric AS before, 100::numeric AS upto, 0 AS doc_scale,
            0::numeric AS doc_before, 0::numeric AS doc_upto
        FROM scope
        JOIN sales_visit v ON v.id = scope.id AND v.effective > 0
        JOIN res_company c ON c.id = v.company_id
        LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
        LEFT JOIN res_partner p ON p.id = v.partner_id
        LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
        """,
        day=local_date("v.check_out", "COALESCE(rc.tz, 'UTC')"),
        visits=metrics["VISITS"],
    )


def _dated(start, stop):
    # A day more on both sides: moments are in UTC.
    return SQL(
        """
        SELECT id FROM sales_visit
        WHERE effective > 0
          AND (%(start)s::date IS NULL OR check_out >= %(start)s::date - 1)
          AND (%(stop)s::date IS NULL OR check_out < %(stop)s::date + 2)
        """,
        start=start,
        stop=stop,
    )


VISIT = Source(
    code="visit",
    facts=_facts,
    dated=_dated,
    origins={"partner": "SELECT id FROM sales_visit WHERE partner_id = ANY(%s)"},
)
