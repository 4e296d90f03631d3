"""How far contracts are fulfilled: one statement for all that are asked for.

An order line counts for the line of the contract whose price it took, through all
versions of both; what is ordered under a contract and is on none of its lines counts
for the contract alone. Amounts are untaxed, in the contract's currency (an order under
a contract has no other), and rounded by line: lines sum to their contract.

ordered     confirmed order lines
delivered   the delivered quantity, less returns, at the order line's price
invoiced    posted invoices less credit notes, as the order line has them
collected   cash as in the credit ledger (``COLLECTED_NET``)
overdue     what is open of instalments past their date and of credit notes, for its
            untaxed share
expected    what a straight line from the first to the last day has reached today
"""

from odoo.tools import SQL

# Nobody plans beyond so many days.
_HORIZON = 36500

_ASKED = """
SELECT c.id, c.root_id, c.amount, c.state, c.date_start, c.date_end, c.currency_id,
    y.decimal_places AS scale, d.tolerance,
    LEAST(d.today, c.terminated_on) AS today
FROM sales_contract c
JOIN res_currency y ON y.id = c.currency_id
JOIN (VALUES %(days)s) d(company_id, today, tolerance)
    ON d.company_id = c.company_id
WHERE %(condition)s
"""
# The lines of confirmed orders, each with the line of the contract that it draws on.
_DRAWN = """
SELECT a.id AS contract_id, k.id AS line_id, l.id, o.currency_rate, o.currency_id,
    a.scale, l.qty_delivered, l.untaxed_amount_invoiced, l.product_uom_qty,
    l.price_subtotal, l.price_unit, l.discount, ku.factor AS unit,
    u.factor / ku.factor AS factor
FROM asked a
JOIN sales_contract c ON c.root_id = a.root_id
JOIN sale_order o ON o.sales_contract_id = c.id AND o.state = 'sale'
    AND o.id <> ALL(%(without)s)
JOIN sale_order_line l ON l.order_id = o.id AND l.display_type IS NULL
    AND l.is_downpayment IS NOT TRUE
LEFT JOIN uom_uom u ON u.id = l.product_uom_id
LEFT JOIN sales_contract_line was ON was.id = l.sales_contract_line_id
LEFT JOIN sales_contract_line k
    ON k.contract_id = a.id AND k.origin_id = was.origin_id
LEFT JOIN uom_uom ku ON ku.id = k.uom_id
"""
# The invoice lines of orders: what they were paid, and what is late.
_MONEY = """
billed AS MATERIALIZED (
    SELECT l.id AS order_line_id, i.id, i.move_id, m.currency_id,
        i.quantity * u.factor
            * CASE m.move_type WHEN 'out_refund' THEN -1 ELSE 1 END AS quantity,
        i.price_subtotal / NULLIF(m.amount_total, 0) AS share,
        CASE WHEN m.currency_id = l.currency_id THEN 1
            ELSE l.currency_rate / NULLIF(m.invoice_currency_rate, 0)
        END AS rate,
        l.currency_id AS order_currency_id, l.currency_rate
    FROM (SELECT DISTINCT id, currency_id, currency_rate FROM drawn) l
    JOIN sale_order_line_invoice_rel r ON r.order_line_id = l.id
    JOIN account_move_line i ON i.id = r.invoice_line_id
    JOIN account_move m ON m.id = i.move_id AND m.state = 'posted'
    LEFT JOIN uom_uom u ON u.id = i.product_uom_id
),
moves AS MATERIALIZED (SELECT DISTINCT move_id FROM billed),
cash AS (
    SELECT c.part AS id, c.currency_id, sum(c.amount_currency) AS amount,
        sum(c.value) AS value
    FROM moves m
    JOIN sales_credit c ON c.scope_id = m.move_id AND c.source = 'cash'
        AND c.metric_id = %(collected)s AND NOT c.overlay
    GROUP BY 1, 2
),
late AS (
    SELECT m.move_id, sum(t.amount_residual_currency) AS amount
    FROM moves m
    JOIN account_move_line t ON t.move_id = m.move_id
        AND t.display_type = 'payment_term' AND t.amount_residual_currency <> 0
    JOIN res_company c ON c.id = t.company_id
    JOIN (VALUES %(days)s) d(company_id, today, tolerance)
        ON d.company_id = c.id
    WHERE t.date_maturity < d.today OR t.amount_residual_currency < 0
    GROUP BY 1
),
money AS (
    SELECT b.order_line_id AS id, sum(b.quantity) AS quantity,
        sum(CASE WHEN cash.currency_id = b.order_currency_id THEN cash.amount
            ELSE cash.value * b.currency_rate END) AS collected,
        sum(late.amount * b.share * b.rate) AS overdue
    FROM billed b
    LEFT JOIN cash ON cash.id = b.id
    LEFT JOIN late ON late.move_id = b.move_id
    GROUP BY 1
)
"""
_FIGURES = ("ordered", "delivered", "invoiced", "collected", "overdue")

_QUANTITIES = ("ordered_quantity", "delivered_quantity", "invoiced_quantity")


def left(contract_ids, days, without=()):
    """What is ordered already, by line: rows ``(contract_id, line_id, quantity,
    amount)``, with line None for what is on no line.

    :param list days: see ``figures``
    :param without: the ids of orders that do not count
    """
    return SQL(
        """
        WITH asked AS MATERIALIZED (%(asked)s), drawn AS (%(drawn)s)
        SELECT contract_id, line_id, sum(product_uom_qty * factor),
            sum(price_subtotal)
        FROM drawn GROUP BY 1, 2
        """,
        asked=SQL(_ASKED, days=_days(days), condition=_ids(contract_ids)),
        drawn=SQL(_DRAWN, without=list(without)),
    )


def _ids(contract_ids):
    return SQL("c.id = ANY(%s)", list(contract_ids))


def _days(days):
    return SQL(", ").join(
        SQL("(%s::integer, %s::date, %s::numeric)", *day) for day in days
    )


def figures(days, collected, contract_ids=None):
    """A SELECT of a row for each contract (``line_id`` NULL) and each of its lines.

    :param list days: of each company ``(id, today, tolerance)``, the tolerance as a
        share of what is committed
    :param int collected: the id of the metric of cash without tax, or None
    :param contract_ids: None: all that are signed
    """
    condition = SQL("c.state = 'running'")
    if contract_ids is not None:
        condition = _ids(contract_ids)
    return SQL(
        """
        WITH asked AS MATERIALIZED (%(asked)s),
        drawn AS MATERIALIZED (%(drawn)s),
        %(money)s,
        done AS (
            SELECT d.contract_id, d.line_id,
                sum(d.product_uom_qty * d.factor) AS ordered_quantity,
                sum(d.qty_delivered * d.factor) AS delivered_quantity,
                sum(m.quantity / d.unit) AS invoiced_quantity,
                round(sum(d.price_subtotal), min(d.scale)) AS ordered,
                round(sum(d.qty_delivered * CASE WHEN d.product_uom_qty <> 0
                    THEN d.price_subtotal / d.product_uom_qty
                    ELSE d.price_unit * (1 - d.discount / 100) END), min(d.scale))
                    AS delivered,
                round(sum(d.untaxed_amount_invoiced), min(d.scale)) AS invoiced,
                round(sum(m.collected)::numeric, min(d.scale)) AS collected,
                round(sum(m.overdue)::numeric, min(d.scale)) AS overdue
            FROM drawn d LEFT JOIN money m ON m.id = d.id
            GROUP BY 1, 2
        ),
        agreed AS (
            SELECT k.contract_id, k.id AS line_id, k.quantity,
                k.committed_amount AS committed,
                COALESCE(k.date_from, a.date_start) AS start,
                COALESCE(k.date_to, a.date_end) AS stop
            FROM asked a JOIN sales_contract_line k ON k.contract_id = a.id
        ),
        parts AS (
            SELECT k.*, %(part)s
            FROM agreed k LEFT JOIN done d ON d.line_id = k.line_id
            UNION ALL
            SELECT d.contract_id, NULL, NULL, NULL, NULL, NULL, %(part)s
            FROM done d WHERE d.line_id IS NULL
            UNION ALL
            SELECT a.id, 0, NULL, COALESCE(NULLIF(a.amount, 0), k.committed),
                a.date_start, a.date_end, %(whole)s
            FROM asked a
            LEFT JOIN (
                SELECT contract_id, sum(committed) AS committed FROM agreed GROUP BY 1
            ) k ON k.contract_id = a.id
            LEFT JOIN done d ON d.contract_id = a.id
            GROUP BY a.id, a.amount, a.date_start, a.date_end, k.committed
        ),
        timed AS (
            SELECT p.*, a.scale, a.tolerance, a.today,
                a.today - p.start + 1 AS elapsed,
                a.state = 'running' AND a.today BETWEEN p.start AND p.stop AS runs,
                CASE WHEN p.stop IS NOT NULL THEN GREATEST(0, LEAST(1,
                    (a.today - p.start + 1)::numeric / (p.stop - p.start + 1)
                )) END AS share,
                CASE WHEN p.quantity > 0 THEN p.quantity ELSE p.committed END AS whole,
                CASE WHEN p.quantity > 0 THEN p.ordered_quantity ELSE p.ordered
                    END AS reached
            FROM parts p JOIN asked a ON a.id = p.contract_id
            WHERE p.line_id IS NOT NULL
        ),
        planned AS (
            SELECT t.*, round(t.committed * t.share, t.scale) AS expected,
                t.quantity * t.share AS expected_quantity,
                CASE WHEN t.reached > 0 AND t.whole > 0 AND t.elapsed > 0
                    AND ceil(t.elapsed * t.whole / t.reached) < %(horizon)s
                    THEN t.start + ceil(t.elapsed * t.whole / t.reached)::integer - 1
                END AS projected_end,
                COALESCE(t.runs AND t.whole > 0
                    AND t.reached < t.whole * (t.share - t.tolerance), FALSE) AS behind
            FROM timed t
        )
        SELECT contract_id, NULLIF(line_id, 0) AS line_id,
            COALESCE(committed, 0) AS committed, %(names)s,
            ordered_quantity, delivered_quantity, invoiced_quantity,
            COALESCE(expected, 0) AS expected,
            COALESCE(expected_quantity, 0) AS expected_quantity, projected_end,
            CASE WHEN whole > 0 THEN round(100 * reached / whole, 1) END AS progress,
            CASE WHEN line_id = 0 THEN bool_or(behind) OVER (PARTITION BY contract_id)
                ELSE behind END AS is_behind
        FROM planned
        """,
        asked=SQL(_ASKED, days=_days(days), condition=condition),
        drawn=SQL(_DRAWN, without=[]),
        money=SQL(_MONEY, days=_days(days), collected=collected),
        part=SQL(", ").join(
            SQL("COALESCE(d.%(name)s, 0) AS %(name)s", name=SQL.identifier(name))
            for name in (*_QUANTITIES, *_FIGURES)
        ),
        whole=SQL(", ").join(
            (
                *(SQL("0") for _name in _QUANTITIES),
                *(SQL("COALESCE(sum(d.%s), 0)", SQL.identifier(n)) for n in _FIGURES),
            )
        ),
        names=SQL(", ").join(map(SQL.identifier, _FIGURES)),
        horizon=_HORIZON,
    )
