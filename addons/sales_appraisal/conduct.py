"""How much of conduct counts: reward and penalty points are limited per period.

Cases count in the order of their dates until the limit is reached; what is beyond it
stays on the case and counts nothing. Too much of either defeats itself.
"""

from odoo.tools import SQL

from .scoring.periods import firsts


def counted(env, where):
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
                width_bucket(k.date, p.firsts) AS place,
                CASE WHEN k.score > 0 THEN NULLIF(c.sales_reward_limit, 0)
                    ELSE NULLIF(c.sales_penalty_limit, 0) END AS bound
            FROM sales_conduct k
            JOIN res_company c ON c.id = k.company_id
            JOIN (VALUES %s) p(company_id, firsts) ON p.company_id = k.company_id
            WHERE k.score <> 0 AND %s
        ) k
        WINDOW run AS (
            PARTITION BY rep_id, score > 0, place ORDER BY date, id
        )
        """,
        _periods(env, where),
        where,
    )


def _periods(env, where):
    """Of the companies with cases, the first days of the periods of their limits."""
    rows = [SQL("(NULL::integer, NULL::date[])")]
    for company_id, start, stop in env.execute_query(
        SQL(
            """
            SELECT k.company_id, min(k.date), max(k.date) FROM sales_conduct k
            WHERE k.score <> 0 AND %s GROUP BY k.company_id
            """,
            where,
        )
    ):
        # sudo: only settings
        company = env["res.company"].sudo().browse(company_id)
        last = company._get_scorecard_year_end()
        days = firsts(company.sales_points_period, start, stop, last)
        rows.append(SQL("(%s, %s)", company_id, days))
    return SQL(", ").join(rows)
