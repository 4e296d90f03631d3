"""Lifecycle, class and RFM scores of a company's customers, as one set.

*Class* (ABC analysis): customers by falling turnover of the last twelve months; one
belongs to the first class that the share of all larger customers does not yet fill, so
that the largest is always in the first class and equal customers are in the same one.

*RFM* (recency, frequency, monetary value; Hughes, "Strategic Database Marketing"):
five bands of equal size for each among those who bought within the twelve months; equal
customers get the same score, 5 is the best.

*Lifecycle*: who has ordered is a customer, after some days of silence dormant, after
more of them lost; who has not is interested while a quotation or an opportunity is
open, else a target. *Pool*: see ``pool``.
"""

from odoo.tools import SQL

from .pool import pool_of

# What is derived, in this order; see ``sales.customer``.
VALUES = (
    "stage_derived",
    "stage",
    "class_id",
    "turnover",
    "larger_share",
    "order_count",
    "last_date",
    "recency",
    "frequency",
    "monetary",
    "pool_id",
)


def _score(column, scope):
    """A score from 1 to 5 among the buyers; NULL for who did not buy."""
    return SQL(
        """CASE WHEN %(scope)s THEN 1 + LEAST(4, floor(5 * percent_rank() OVER (
            PARTITION BY %(scope)s ORDER BY %(column)s
        )))::integer END""",
        scope=scope,
        column=column,
    )


def refresh(company, metrics, classes, start, today, partners=None):
    """The statement that derives the customers of a company anew.

    It returns ``(customers added, customers changed)``.

    :param company: the company
    :param dict metrics: ids of ORDERS and INVOICED by code (None: not counted)
    :param classes: the classes that count there, by rising share
    :param start, today: turnover counts after ``start`` until ``today`` (dates where
        the company works), in company currency
    :param partners: whose rows are written, all when None
    """
    # The larger ones are those up to here without the equal ones: to exclude these
    # from the window's frame would sum up anew for each row.
    larger = SQL(
        """100 * (
            sum(turnover) OVER (ORDER BY turnover DESC)
            - sum(turnover) OVER (PARTITION BY turnover)
        ) / sum(turnover) FILTER (WHERE turnover > 0) OVER ()"""
    )
    class_id = SQL("NULL::integer")
    for class_ in reversed(classes):
        if class_ == classes[-1]:
            class_id = SQL("%s", class_.id)
        else:
            class_id = SQL(
                "CASE WHEN larger_share < %s THEN %s ELSE %s END",
                class_.share_upto,
                class_.id,
                class_id,
            )
    return SQL(
        """
        WITH orders AS (
            SELECT partner_id, max(date) AS last_date,
                round(COALESCE(sum(value) FILTER (WHERE date > %(start)s), 0))::integer
                    AS order_count
            FROM sales_credit
            WHERE metric_id = %(orders)s AND company_id = %(company)s AND NOT overlay
              AND date <= %(today)s AND partner_id IS NOT NULL
            GROUP BY partner_id
        ),
        invoiced AS (
            SELECT partner_id, max(date) FILTER (WHERE value > 0) AS last_date,
                sum(value) FILTER (WHERE date > %(start)s) AS turnover
            FROM sales_credit
            WHERE metric_id = %(invoiced)s AND company_id = %(company)s AND NOT overlay
              AND date <= %(today)s AND partner_id IS NOT NULL
            GROUP BY partner_id
        ),
        open_deals AS (
            SELECT p.commercial_partner_id AS partner_id
            FROM crm_lead l JOIN res_partner p ON p.id = l.partner_id
            WHERE l.active AND l.won_status = 'pending'
              AND (l.company_id = %(company)s OR l.company_id IS NULL)
            UNION
            SELECT p.commercial_partner_id
            FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
            WHERE o.company_id = %(company)s AND o.state IN ('draft', 'sent')
              AND (o.validity_date IS NULL OR o.validity_date >= %(today)s)
        ),
        prospects AS (
            SELECT p.id AS partner_id
            FROM res_partner p
            WHERE p.commercial_partner_id = p.id AND p.active AND p.partner_share
              AND COALESCE(p.company_id, %(company)s) = %(company)s
              AND NOT (p.supplier_rank > 0 AND p.customer_rank = 0)
              AND NOT EXISTS (SELECT FROM res_company c WHERE c.partner_id = p.id)
        ),
        places AS MATERIALIZED (
            SELECT t.id AS territory_id, %(pool)s AS pool_id
            FROM (
                SELECT id FROM sales_territory UNION ALL SELECT 0
            ) t
        ),
        population AS (
            SELECT p.id AS partner_id, e.id, e.stage AS stage_now,
                e.stage_manual, e.stage_reason, e.stage_until,
                e.class_id AS class_now,
                COALESCE(i.turnover, 0) AS turnover,
                COALESCE(o.order_count, 0) AS order_count,
                GREATEST(o.last_date, i.last_date) AS last_date,
                d.partner_id IS NOT NULL AS has_open_deal, place.pool_id
            FROM (
                SELECT partner_id FROM orders
                UNION SELECT partner_id FROM invoiced
                UNION SELECT partner_id FROM open_deals
                UNION SELECT partner_id FROM prospects
                UNION SELECT partner_id FROM sales_customer
                WHERE company_id = %(company)s
            ) ids
            JOIN res_partner p ON p.id = ids.partner_id
            JOIN places place
                ON place.territory_id = COALESCE(p.sales_territory_id, 0)
            LEFT JOIN orders o ON o.partner_id = p.id
            LEFT JOIN invoiced i ON i.partner_id = p.id
            LEFT JOIN open_deals d ON d.partner_id = p.id
            LEFT JOIN sales_customer e ON e.partner_id = p.id
                AND e.company_id = %(company)s
        ),
        shared AS (
            SELECT *, CASE WHEN turnover > 0 THEN %(larger)s END AS larger_share,
                turnover <> 0 OR order_count > 0 AS buyer
            FROM population
        ),
        classed AS (
            SELECT *,
                CASE WHEN turnover > 0 THEN %(class_id)s END AS class_id,
                %(recency)s AS recency, %(frequency)s AS frequency,
                %(monetary)s AS monetary
            FROM shared
        ),
        staged AS (
            SELECT c.*,
                CASE
                    WHEN c.last_date IS NULL THEN
                        CASE WHEN c.has_open_deal THEN 'interested' ELSE 'target' END
                    WHEN c.last_date < %(today)s
                        - COALESCE(NULLIF(k.lost_days, 0), %(lost_days)s)
                    THEN 'lost'
                    WHEN c.last_date < %(today)s
                        - COALESCE(NULLIF(k.dormant_days, 0), %(dormant_days)s)
                    THEN 'dormant'
                    ELSE 'customer'
                END AS stage_derived
            FROM classed c LEFT JOIN sales_customer_class k ON k.id = c.class_id
        ),
        derived AS MATERIALIZED (
            SELECT s.*, CASE
                WHEN s.stage_manual IS NOT NULL
                    AND s.stage_until >= %(today)s
                THEN s.stage_manual ELSE s.stage_derived END AS stage
            FROM staged s
            WHERE %(partners)s::integer[] IS NULL OR partner_id = ANY(%(partners)s)
        ),
        changed AS (
            UPDATE sales_customer e SET (%(names)s) = ROW(%(new)s)
            FROM derived d
            WHERE e.id = d.id AND (%(old)s) IS DISTINCT FROM (%(new)s)
            RETURNING 1
        ),
        added AS (
            INSERT INTO sales_customer (partner_id, company_id, %(names)s)
            SELECT partner_id, %(company)s, %(new)s FROM derived d WHERE id IS NULL
            ON CONFLICT (partner_id, company_id) DO NOTHING
            RETURNING id, partner_id, stage
        ),
        history AS (
            INSERT INTO sales_customer_stage (customer_id, partner_id, company_id,
                user_id, territory_id, channel_id, previous_stage, stage, date, days,
                reason)
            SELECT c.id, c.partner_id, %(company)s, p.user_id, p.sales_territory_id,
                p.sales_channel_id, c.stage_now, c.stage, %(today)s, c.days, c.reason
            FROM (
                SELECT id, partner_id, NULL AS stage_now, stage, NULL::integer AS days,
                    NULL AS reason
                FROM added
                UNION ALL
                SELECT id, partner_id, stage_now, stage, %(today)s - (
                        SELECT max(h.date) FROM sales_customer_stage h
                        WHERE h.customer_id = derived.id
                    ), CASE WHEN stage = stage_manual THEN stage_reason END
                FROM derived
                WHERE id IS NOT NULL AND stage IS DISTINCT FROM stage_now
            ) c
            JOIN res_partner p ON p.id = c.partner_id
        ),
        former AS (
            INSERT INTO sales_kept_class (partner_id, company_id, date, class_id)
            SELECT partner_id, %(company)s, %(today)s, class_now
            FROM derived
            WHERE class_now IS NOT NULL AND class_id IS DISTINCT FROM class_now
            ON CONFLICT (partner_id, company_id, date) DO NOTHING
        )
        SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed)
        """,
        start=start,
        today=today,
        company=company.id,
        orders=metrics["ORDERS"],
        invoiced=metrics["INVOICED"],
        larger=larger,
        pool=pool_of(SQL("t.id"), SQL("%s", company.id)),
        class_id=class_id,
        recency=_score(SQL("last_date"), SQL("buyer")),
        frequency=_score(SQL("order_count"), SQL("buyer")),
        monetary=_score(SQL("turnover"), SQL("buyer")),
        lost_days=company.sales_lost_days,
        dormant_days=company.sales_dormant_days,
        partners=partners,
        names=SQL(", ").join(map(SQL.identifier, VALUES)),
        new=SQL(", ").join(SQL.identifier("d", name) for name in VALUES),
        old=SQL(", ").join(SQL.identifier("e", name) for name in VALUES),
    )
