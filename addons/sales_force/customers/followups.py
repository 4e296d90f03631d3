"""What needs a follow-up: the documents whose cause has come, as sets.

A cause is a document and a date: the day a lead entered its stage, the expiry of a
quotation, the due date of an instalment, the last contact with a customer. It stands
while its date lies in a span; when the document moves on, the date changes or the
document leaves the set, and the cause is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from odoo.tools import SQL

from ..ledger.crediting import local_date
from .pool import DONE


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    :param select: of a company's id and timezone the SELECT of ``(id, user_id,
        partner_id, date)``: every document that could have the cause, its owner, the
        commercial partner and the date
    :param ahead: the cause comes N days before its date, otherwise N days after
    """

    name: str
    model: str
    select: Callable
    ahead: bool = False


def span(days, ahead, today, start, count):
    """Between which dates causes stand: ``(after, up to)``.

    :param days: the ``working_time.Days`` that are counted
    :param ahead: as in ``Kind``
    :param date today: the day on which they are looked for
    :param date start: what came before this day is left alone
    """
    before = start - timedelta(days=1)
    if ahead:
        # What has passed its date is not near it any more.
        passed = today - timedelta(days=1)
        return max(days.ahead(before, count), passed), days.ahead(today, count)
    return days.back(before, count), days.back(today, count)


def leads(company, tz):
    return SQL(
        """SELECT l.id, l.user_id, p.commercial_partner_id AS partner_id,
            (l.date_last_stage_update AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS date,
            l.stage_id
        FROM crm_lead l
        LEFT JOIN res_partner p ON p.id = l.partner_id
        LEFT JOIN crm_team t ON t.id = l.team_id
        JOIN res_users u ON u.id = l.user_id
        WHERE l.active AND COALESCE(l.won_status, 'pending') = 'pending'
          AND COALESCE(l.company_id, t.company_id, u.company_id) = %s""",
        tz,
        company,
    )


def quotations(company, _tz):
    return SQL(
        """SELECT o.id, o.user_id, p.commercial_partner_id AS partner_id,
            o.validity_date AS date, NULL::integer AS stage_id
        FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
        WHERE o.state IN ('draft', 'sent') AND o.company_id = %s""",
        company,
    )


def invoices(company, _tz):
    """An invoice has a cause on each day on which an instalment is due."""
    return SQL(
        """SELECT DISTINCT m.id, m.invoice_user_id AS user_id,
            m.commercial_partner_id AS partner_id, l.date_maturity AS date,
            NULL::integer AS stage_id
        FROM account_move m
        JOIN account_move_line l ON l.move_id = m.id AND l.amount_residual > 0
        JOIN account_account a ON a.id = l.account_id
            AND a.account_type = 'asset_receivable'
        WHERE m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_receipt')
          AND m.payment_state IN ('not_paid', 'partial', 'blocked')
          AND m.company_id = %s""",
        company,
    )


def contracts(company, _tz):
    """Signed contracts that are not renewed."""
    return SQL(
        """SELECT a.id, a.user_id, a.commercial_partner_id AS partner_id,
            a.date_end AS date, NULL::integer AS stage_id
        FROM sales_contract a
        WHERE a.state = 'running' AND a.date_end IS NOT NULL AND a.company_id = %s
          AND NOT EXISTS (
            SELECT FROM sales_contract n
            WHERE n.previous_id = a.id AND n.state = 'running')""",
        company,
    )


def contacts(tz):
    """A SELECT of ``(partner_id, date)``: who was in touch with which contact when.

    Activities done, meetings, quotations sent, orders, and messages that reach the
    customer or come from there.
    """
    documents = SQL(" UNION ALL ").join(
        SQL("SELECT %s AS model, id, partner_id FROM (%s) d", model, SQL(select))
        for model, select in DONE.items()
    )
    return SQL(
        """
        SELECT d.partner_id, y.date_done AS date FROM mail_activity y
        JOIN (%(documents)s) d ON d.model = y.res_model AND d.id = y.res_id
        WHERE y.date_done IS NOT NULL
        UNION ALL
        SELECT d.partner_id, %(message)s FROM mail_message m
        JOIN (%(documents)s) d ON d.model = m.model AND d.id = m.res_id
        JOIN ir_model_data x ON x.module = 'mail' AND x.name = 'mt_comment'
            AND x.model = 'mail.message.subtype' AND x.res_id = m.subtype_id
        UNION ALL
        SELECT a.res_partner_id, %(meeting)s FROM calendar_event e
        JOIN calendar_event_res_partner_rel a ON a.calendar_event_id = e.id
        WHERE e.active AND e.start <= now() AT TIME ZONE 'UTC'
        UNION ALL
        SELECT o.partner_id, %(order)s FROM sale_order o
        WHERE o.state IN ('sent', 'sale')
        """,
        documents=documents,
        message=local_date("m.date", SQL("%s", tz)),
        meeting=local_date("e.start", SQL("%s", tz)),
        order=local_date("o.date_order", SQL("%s", tz)),
    )


def customers(sources):
    """The SELECT of customers by their last contact, see ``Kind``.

    Who has just become the owner has time from that day on.

    :param sources: of a timezone the SELECT of ``(partner_id, date)``
    """

    def select(company, tz):
        return SQL(
            """SELECT e.partner_id AS id, p.user_id, e.partner_id,
                GREATEST(c.date, e.claimed_on) AS date, NULL::integer AS stage_id
            FROM sales_customer e
            JOIN res_partner p ON p.id = e.partner_id AND p.active
            LEFT JOIN (
                SELECT p.commercial_partner_id AS id, max(s.date) AS date
                FROM (%s) s JOIN res_partner p ON p.id = s.partner_id GROUP BY 1
            ) c ON c.id = e.partner_id
            WHERE e.company_id = %s""",
            sources(tz),
            company,
        )

    return select


@dataclass(frozen=True)
class Cause:
    """Which causes of a kind a rule looks for."""

    kind: Kind
    spans: list  # of (class ids or None, after, up to)
    stage_ids: list
    documents: SQL | None  # the ids that the rule's filter leaves


def standing(cause, company, tz):
    """A SELECT of ``(res_id, user_id, partner_id, date)``: the causes that stand.

    Only documents of reps who have not left.
    """
    spans = SQL(" OR ").join(
        SQL(
            "(c.date > %s AND c.date <= %s AND %s)",
            after,
            upto,
            SQL("TRUE")
            if class_ids is None
            else SQL(
                """EXISTS (
                    SELECT FROM sales_customer k WHERE k.partner_id = c.partner_id
                    AND k.company_id = %s AND k.class_id = ANY(%s))""",
                company,
                class_ids,
            ),
        )
        for class_ids, after, upto in cause.spans
    )
    return SQL(
        """SELECT c.id AS res_id, c.user_id, c.partner_id, c.date
        FROM (%(select)s) c
        JOIN sales_rep r ON r.user_id = c.user_id AND r.company_id = %(company)s
            AND r.active AND r.state <> 'left'
        WHERE (%(spans)s) AND %(stages)s AND %(documents)s""",
        select=cause.kind.select(company, tz),
        company=company,
        spans=spans or SQL("FALSE"),
        stages=SQL("c.stage_id = ANY(%s)", cause.stage_ids)
        if cause.stage_ids
        else SQL("TRUE"),
        documents=SQL("c.id IN %s", cause.documents)
        if cause.documents
        else SQL("TRUE"),
    )


def raised(causes, rule, company):
    """A SELECT of the causes that are to be followed up now.

    What is open is not raised twice, what was done not again; what was gone and stands
    once more is.

    :param SQL causes: those that stand, see ``standing``
    """
    return SQL(
        """SELECT s.* FROM (%s) s WHERE NOT EXISTS (
            SELECT FROM sales_followup f WHERE f.rule_id = %s AND f.company_id = %s
            AND f.res_id = s.res_id AND f.date = s.date AND f.state <> 'gone')""",
        causes,
        rule,
        company,
    )


def settle(rule, cause, company, tz, today):
    """A statement that brings a rule's follow-ups in line with what stands.

    It returns ``(what, id)``: follow-ups "added", "gone", or "moved" to another owner.
    """
    return SQL(
        """
        WITH standing AS MATERIALIZED (%(standing)s),
        gone AS (
            UPDATE sales_followup f SET state = 'gone', closed_on = %(today)s
            WHERE f.rule_id = %(rule)s AND f.company_id = %(company)s
              AND f.state = 'open' AND NOT EXISTS (
                SELECT FROM standing s WHERE s.res_id = f.res_id AND s.date = f.date)
            RETURNING f.id
        ), moved AS (
            UPDATE sales_followup f SET user_id = s.user_id FROM standing s
            WHERE f.rule_id = %(rule)s AND f.company_id = %(company)s
              AND f.state = 'open' AND f.res_id = s.res_id AND f.date = s.date
              AND f.user_id <> s.user_id
            RETURNING f.id
        ), added AS (
            INSERT INTO sales_followup (rule_id, company_id, res_model, res_id, user_id,
                partner_id, date, raised_on, state)
            SELECT %(rule)s, %(company)s, %(model)s, s.res_id, s.user_id, s.partner_id,
                s.date, %(today)s, 'open'
            FROM (%(raised)s) s ORDER BY s.date, s.res_id
            ON CONFLICT (rule_id, company_id, res_id, date) DO UPDATE SET
                user_id = EXCLUDED.user_id, partner_id = EXCLUDED.partner_id,
                raised_on = EXCLUDED.raised_on, state = EXCLUDED.state,
                closed_on = NULL, escalated_on = NULL, escalated_to_id = NULL
            RETURNING id
        )
        SELECT 'gone', id FROM gone UNION ALL SELECT 'moved', id FROM moved
        UNION ALL SELECT 'added', id FROM added
        """,
        standing=standing(cause, company, tz),
        raised=raised(SQL("SELECT * FROM standing"), rule, company),
        rule=rule,
        company=company,
        model=cause.kind.model,
        today=today,
    )
