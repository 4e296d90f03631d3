"""Opportunities as deals: how many, how large, how long, how often won."""

from odoo.tools import SQL


def deals():
    """A SELECT of each opportunity with what became of it.

    Amounts in the company's currency. The discount is of the confirmed orders: what
    they would cost at the prices of their lines, and what is given away of that.
    """
    return SQL(
        """
        SELECT l.id, l.id AS lead_id, l.user_id, l.team_id, r.parent_id AS manager_id,
            c.id AS company_id, c.currency_id, l.partner_id, l.stage_id, l.source_id,
            l.won_status, l.create_date AS opened, d.closed, l.expected_revenue,
            EXTRACT(EPOCH FROM d.closed - GREATEST(l.create_date, l.date_conversion))
                ::float8 / 86400 AS cycle,
            EXTRACT(EPOCH FROM d.closed - GREATEST(l.create_date, l.date_conversion))
                ::float8 / 86400 AS cycle_median,
            CASE l.won_status WHEN 'won' THEN 1.0 WHEN 'lost' THEN 0.0 END AS win_rate,
            o.listed, o.discount, o.discount / NULLIF(o.listed, 0) AS discount_rate
        FROM crm_lead l
        LEFT JOIN crm_team t ON t.id = l.team_id
        LEFT JOIN res_users u ON u.id = l.user_id
        LEFT JOIN res_company c
            ON c.id = COALESCE(l.company_id, t.company_id, u.company_id)
        LEFT JOIN sales_rep r ON r.user_id = l.user_id AND r.company_id = c.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN l.won_status IN ('won', 'lost') THEN l.date_closed END
                AS closed
        ) d
        LEFT JOIN (
            SELECT s.opportunity_id, sum(GREATEST(n.gross, 0)) AS listed,
                sum(GREATEST(n.gross, 0)
                    - n.gross * (1 - COALESCE(n.discount, 0) / 100)) AS discount
            FROM sale_order s
            CROSS JOIN LATERAL (
                SELECT x.price_unit * x.product_uom_qty
                    / COALESCE(NULLIF(s.currency_rate, 0), 1) AS gross, x.discount
                FROM sale_order_line x
                WHERE x.order_id = s.id AND x.display_type IS NULL
                  AND x.is_downpayment IS NOT TRUE
            ) n
            WHERE s.state = 'sale' AND s.opportunity_id IS NOT NULL
            GROUP BY s.opportunity_id
        ) o ON o.opportunity_id = l.id
        WHERE l.type = 'opportunity' AND (l.active OR l.won_status = 'lost')
        """
    )
