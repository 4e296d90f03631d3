"""How long opportunities are in their stages, and how long they may be, as sets.

Odoo keeps each change of stage as a tracked value; the present stage begins where the
last change was. Days are calendar days.
"""

from odoo.tools import SQL

from ..ledger.crediting import local_date

# Leads may have no company: then it is the team's, else the salesperson's.
_COMPANY = SQL("COALESCE(l.company_id, t.company_id, u.company_id)")
_LEADS = SQL(
    """crm_lead l
    LEFT JOIN res_partner p ON p.id = l.partner_id
    LEFT JOIN crm_team t ON t.id = l.team_id
    LEFT JOIN res_users u ON u.id = l.user_id"""
)


def _playbook(stage):
    """Joins the part ``k`` of the playbook for a lead ``l`` in a stage.

    A team's own playbook, else the company's, else the one of all companies.
    """
    return SQL(
        """LEFT JOIN sales_playbook own ON own.active AND own.team_id = l.team_id
        LEFT JOIN sales_playbook ours ON ours.active AND ours.team_id IS NULL
            AND ours.company_id = %s
        LEFT JOIN sales_playbook alls ON alls.active AND alls.team_id IS NULL
            AND alls.company_id IS NULL
        LEFT JOIN sales_playbook_stage k ON k.stage_id = %s
            AND k.playbook_id = COALESCE(own.id, ours.id, alls.id)""",
        _COMPANY,
        stage,
    )


def deadlines():
    """A SELECT of open opportunities that may be in their stage for so many days.

    ``(id, user_id, partner_id, company_id, tz, stage_id, date)``; the date is the first
    day that is too late, where the company works.
    """
    return SQL(
        """SELECT l.id, l.user_id, p.commercial_partner_id AS partner_id,
            c.id AS company_id, COALESCE(rc.tz, 'UTC') AS tz, l.stage_id,
            %(entered)s + k.days + 1 AS date
        FROM %(leads)s
        LEFT JOIN res_company c ON c.id = %(company)s
        LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
        %(playbook)s
        WHERE l.active AND l.type = 'opportunity' AND l.won_status = 'pending'
          AND k.days > 0""",
        entered=local_date(
            "COALESCE(l.date_last_stage_update, l.create_date)",
            "COALESCE(rc.tz, 'UTC')",
        ),
        leads=_LEADS,
        company=_COMPANY,
        playbook=_playbook(SQL("l.stage_id")),
    )


def overdue(company, _tz):
    """The ``select`` of a follow-up's ``Kind``: the cause is the first day too late."""
    return SQL(
        """SELECT d.id, d.user_id, d.partner_id, d.date, d.stage_id
        FROM (%s) d WHERE d.company_id = %s""",
        deadlines(),
        company,
    )


def overdue_leads(now):
    """A SELECT of the ids of the opportunities that are overdue in their stage."""
    return SQL(
        "SELECT d.id FROM (%s) d WHERE d.date <= %s",
        deadlines(),
        local_date(SQL("%s::timestamp", now), "d.tz"),
    )


def passages(field, now):
    """A SELECT of each time that an opportunity was, or is, in a stage before won.

    :param int field: the id of the tracked field, the stage of ``crm.lead``
    :param now: until when those that still are there have been, in UTC
    """
    return SQL(
        """
        WITH moves AS (
            SELECT v.id, m.res_id AS lead_id, v.old_value_integer AS stage_id,
                lag(v.create_date) OVER lead AS entered, v.create_date AS left_on
            FROM mail_tracking_value v
            JOIN mail_message m ON m.id = v.mail_message_id AND m.model = 'crm.lead'
            WHERE v.field_id = %(field)s
            WINDOW lead AS (PARTITION BY m.res_id ORDER BY v.id)
        ), passages AS (
            SELECT v.id * 2::bigint AS id, v.lead_id, v.stage_id,
                COALESCE(v.entered, l.create_date) AS entered, v.left_on
            FROM moves v JOIN crm_lead l ON l.id = v.lead_id
            UNION ALL
            SELECT l.id * 2::bigint + 1, l.id, l.stage_id,
                COALESCE(l.date_last_stage_update, l.create_date),
                CASE WHEN l.won_status = 'lost' OR NOT l.active
                    THEN COALESCE(l.date_closed, l.write_date) END
            FROM crm_lead l
        ), dated AS (
            SELECT v.id, v.lead_id, v.stage_id, l.user_id, l.team_id,
                %(company)s AS company_id, l.partner_id, v.left_on, k.days AS allowed,
                GREATEST(v.entered, l.date_conversion) AS entered,
                (EXTRACT(EPOCH FROM COALESCE(v.left_on, %(now)s::timestamp)
                    - GREATEST(v.entered, l.date_conversion)) / 86400)::float8 AS days
            FROM passages v
            JOIN crm_lead l ON l.id = v.lead_id AND l.type = 'opportunity'
            JOIN crm_stage s ON s.id = v.stage_id AND s.is_won IS NOT TRUE
            LEFT JOIN crm_team t ON t.id = l.team_id
            LEFT JOIN res_users u ON u.id = l.user_id
            %(playbook)s
        )
        SELECT d.*, d.days AS days_median,
            CASE WHEN d.allowed > 0 THEN (d.days > d.allowed)::integer END AS is_over,
            (d.left_on IS NULL)::integer AS is_open,
            (d.left_on IS NULL AND d.allowed > 0 AND d.days > d.allowed)::integer
                AS is_stuck
        FROM dated d WHERE d.days >= 0
        """,
        field=field,
        now=now,
        company=_COMPANY,
        playbook=_playbook(SQL("v.stage_id")),
    )
