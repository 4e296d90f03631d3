"""Opportunities won and lost, on the day that was kept."""

from odoo.tools import SQL

from .crediting import local_date
from .source import Source

# Leads may have no company: then it is the team's, else the salesperson's.
_COMPANY = SQL("COALESCE(l.company_id, t.company_id, u.company_id)")


def _facts(env, metrics):
    return SQL(
        """
        SELECT CASE l.won_status WHEN 'won' THEN %(won)s::integer
                ELSE %(lost)s::integer END AS metric_id,
            l.id AS scope_id, 'crm.lead' AS res_model, l.id AS res_id, 0 AS part,
            k.date, l.user_id, l.team_id, NULL::integer AS split,
            p.commercial_partner_id AS partner_id, NULL::integer AS product_id,
            p.sales_channel_id AS channel_id, %(company)s AS company_id,
            NULL::integer AS currency_id, 2 AS scale, 0::numeric AS before,
            100::numeric AS upto, 0 AS doc_scale, 0::numeric AS doc_before,
            0::numeric AS doc_upto
        FROM scope
        JOIN crm_lead l ON l.id = scope.id AND l.type = 'opportunity'
        JOIN sales_kept_date k ON k.res_model = 'crm.lead' AND k.res_id = l.id
            AND k.kind = l.won_status
        LEFT JOIN res_partner p ON p.id = l.partner_id
        LEFT JOIN crm_team t ON t.id = l.team_id
        LEFT JOIN res_users u ON u.id = COALESCE(l.user_id, l.create_uid)
        """,
        company=_COMPANY,
        won=metrics["WON"],
        lost=metrics["LOST"],
    )


def _dated(start, stop):
    return SQL(
        """
        SELECT res_id FROM sales_kept_date
        WHERE res_model = 'crm.lead'
          AND (%(start)s::date IS NULL OR date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR date <= %(stop)s::date)
        """,
        start=start,
        stop=stop,
    )


def _prepare(env, scope, now):
    """Keep the first day on which an opportunity was won, and lost."""
    return SQL(
        """
        INSERT INTO sales_kept_date (res_model, res_id, kind, date)
        SELECT 'crm.lead', l.id, l.won_status, %(today)s
        FROM (%(scope)s) scope(id)
        JOIN crm_lead l ON l.id = scope.id AND l.won_status IN ('won', 'lost')
        LEFT JOIN crm_team t ON t.id = l.team_id
        LEFT JOIN res_users u ON u.id = COALESCE(l.user_id, l.create_uid)
        LEFT JOIN res_company c ON c.id = %(company)s
        LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
        ON CONFLICT (res_model, res_id, kind) DO NOTHING
        """,
        company=_COMPANY,
        today=local_date(now, "COALESCE(rc.tz, 'UTC')"),
        scope=scope,
    )


LEAD = Source(
    code="lead",
    facts=_facts,
    dated=_dated,
    origins={"partner": "SELECT id FROM crm_lead WHERE partner_id = ANY(%s)"},
    prepare=_prepare,
)
