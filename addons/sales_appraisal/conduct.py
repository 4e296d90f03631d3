"""How much of conduct counts: reward and penalty points are limited per period.

Cases count in the order of their dates until the limit is reached; what is beyond it
stays on the case and counts nothing. Too much of either defeats itself.
"""

from odoo.tools import SQL


def counted(where):
    """A SELECT of ``(id, rep_id, date, score, counted)`` of cases that have points.

    :param SQL where: on ``k``, the cases; it has to take whole periods of the limit
    """
    return SQL(
        """
        SELECT id, rep_id, date, score, sign(score)::integer * (
            LEAST(sum(abs(score)) OVER run, bound)
            - LEAST(sum(abs(score)) OVER run - abs(score), bound)
        )::integer AS counted
        FROM (
            SELECT k.id, k.rep_id, k.date, k.score,
                date_trunc(c.sales_points_period, k.date) AS first,
                CASE WHEN k.score > 0 THEN NULLIF(c.sales_reward_limit, 0)
                    ELSE NULLIF(c.sales_penalty_limit, 0) END AS bound
            FROM sales_conduct k
            JOIN res_company c ON c.id = k.company_id
            WHERE k.score <> 0 AND %s
        ) k
        WINDOW run AS (
            PARTITION BY rep_id, score > 0, first ORDER BY date, id
        )
        """,
        where,
    )
