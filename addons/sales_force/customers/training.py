"""Who needs which course, and who has it: as sets."""

from odoo.tools import SQL

# How many days before its end a certificate expires soon.
SOON = 30


def needs():
    """A SELECT of ``(rep_id, course_id, company_id, user_id, since, due_on, reason)``.

    Of active reps: the courses that all take, that their grade asks for, or that they
    were asked to take and have not passed since; since when, and until when they may
    take it.
    """
    return SQL(
        """
        SELECT r.id AS rep_id, c.id AS course_id, r.company_id, r.user_id,
            COALESCE(q.date, GREATEST(r.date_start, c.required_from)) AS since,
            COALESCE(q.date, GREATEST(r.date_start, c.required_from))
                + c.within_days AS due_on,
            q.reason
        FROM sales_rep r
        JOIN sales_course c ON c.active
            AND COALESCE(c.company_id, r.company_id) = r.company_id
        LEFT JOIN (
            SELECT DISTINCT ON (t.rep_id, t.course_id) t.rep_id, t.course_id, t.date,
                t.reason
            FROM sales_training_request t
            WHERE NOT EXISTS (
                SELECT FROM sales_certificate k
                WHERE k.active AND k.rep_id = t.rep_id AND k.course_id = t.course_id
                  AND k.date >= t.date
            )
            ORDER BY t.rep_id, t.course_id, t.date
        ) q ON q.rep_id = r.id AND q.course_id = c.id
        WHERE r.active AND r.state IN ('onboarding', 'active') AND (
            c.required = 'all'
            OR c.required = 'grade' AND EXISTS (
                SELECT FROM sales_course_grade_rel g
                WHERE g.course_id = c.id AND g.grade_id = r.grade_id
            )
            OR q.rep_id IS NOT NULL
        )
        """
    )


def held(today):
    """A SELECT of ``(rep_id, course_id, certificate_id, date_end)``: the last one each.

    ``date_end`` is infinite where a certificate does not expire.

    :param SQL today: certificates that begin later do not count yet
    """
    return SQL(
        """
        SELECT DISTINCT ON (k.rep_id, k.course_id) k.rep_id, k.course_id,
            k.id AS certificate_id, COALESCE(k.date_end, 'infinity'::date) AS date_end
        FROM sales_certificate k
        WHERE k.active AND k.date <= %s
        ORDER BY k.rep_id, k.course_id, COALESCE(k.date_end, 'infinity'::date) DESC
        """,
        today,
    )


def _today(tz):
    return SQL("(now() AT TIME ZONE %s)::date", tz)


def lacking(company, tz):
    """See ``followups.Kind``: reps, since when they lack a course that they need."""
    return SQL(
        """SELECT n.rep_id AS id, n.user_id, NULL::integer AS partner_id,
            min(GREATEST(n.since, h.date_end + 1)) AS date, NULL::integer AS stage_id
        FROM (%s) n
        LEFT JOIN (%s) h ON h.rep_id = n.rep_id AND h.course_id = n.course_id
        WHERE n.company_id = %s
          AND (h.rep_id IS NULL OR h.date_end < %s)
        GROUP BY n.rep_id, n.user_id""",
        needs(),
        held(_today(tz)),
        company,
        _today(tz),
    )


def expiring(company, tz):
    """See ``followups.Kind``: certificates of required courses, by their last day."""
    return SQL(
        """SELECT h.certificate_id AS id, n.user_id, NULL::integer AS partner_id,
            h.date_end AS date, NULL::integer AS stage_id
        FROM (%s) n
        JOIN (%s) h ON h.rep_id = n.rep_id AND h.course_id = n.course_id
        WHERE n.company_id = %s AND h.date_end < 'infinity'""",
        needs(),
        held(_today(tz)),
        company,
    )


def matrix(today):
    """A SELECT of every need and how it stands.

    :param SQL today: the day that counts
    """
    return SQL(
        """
        SELECT n.rep_id::bigint * 1000000 + n.course_id AS id, n.rep_id, n.course_id,
            n.company_id, n.user_id, r.team_id, r.grade_id, n.due_on, n.reason,
            h.certificate_id,
            NULLIF(h.date_end, 'infinity') AS date_end, b.session_id,
            CASE
                WHEN h.date_end > %(today)s + %(soon)s THEN 'valid'
                WHEN h.date_end >= %(today)s THEN 'expiring'
                WHEN b.session_id IS NOT NULL THEN 'booked'
                WHEN h.date_end IS NOT NULL THEN 'expired'
                WHEN n.due_on < %(today)s THEN 'overdue'
                ELSE 'lacking'
            END AS status,
            (h.date_end >= %(today)s IS TRUE)::integer AS met,
            (h.date_end >= %(today)s IS NOT TRUE)::integer AS lacking
        FROM (%(needs)s) n
        JOIN sales_rep r ON r.id = n.rep_id
        LEFT JOIN (%(held)s) h ON h.rep_id = n.rep_id AND h.course_id = n.course_id
        LEFT JOIN LATERAL (
            SELECT s.id AS session_id
            FROM sales_course_attendee a
            JOIN sales_course_session s ON s.id = a.session_id
            WHERE a.rep_id = n.rep_id AND s.course_id = n.course_id
              AND s.state = 'planned'
            ORDER BY s.date_start LIMIT 1
        ) b ON TRUE
        """,
        needs=needs(),
        held=held(today),
        today=today,
        soon=SOON,
    )
