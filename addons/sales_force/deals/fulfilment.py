"""How far contracts are fulfilled: one statement for all that are asked for.

What is ordered and invoiced is summed by the lines of the first version before it is
brought to those that are asked for: many rows meet few joins and little arithmetic.

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
# The lines of confirmed orders under any version, each with the line in the first one
# that it draws on.
_CALLED = """
SELECT c.root_id, was.origin_id, l.id, l.product_uom_id AS uom_id, o.currency_rate,
    o.currency_id, l.qty_delivered, l.untaxed_amount_invoiced, l.product_uom_qty,
    l.price_subtotal, l.price_unit, l.discount
FROM (SELECT DISTINCT root_id FROM asked) a
JOIN sales_contract c ON c.root_id = a.root_id
JOIN sale_order o ON o.sales_contract_id = c.id AND o.state = 'sale'
    AND o.id <> ALL(%(without)s)
JOIN sale_order_line l ON l.order_id = o.id AND l.display_type IS NULL
    AND l.is_downpayment IS NOT TRUE
LEFT JOIN sales_contract_line was ON was.id = l.sales_contract_line_id
"""
# To each asked version what counts for it, with its own line of it, and the units.
_DRAWN = """
FROM asked a
JOIN %(table)s s ON s.root_id = a.root_id
LEFT JOIN sales_contract_line k ON k.contract_id = a.id AND k.origin_id = s.origin_id
LEFT JOIN uom_uom u ON u.id = s.uom_id
LEFT JOIN uom_uom ku ON ku.id = k.uom_id
GROUP BY a.id, k.id
"""
# The invoice lines of orders: what they were paid, and what is late.
_BILLED = """
SELECT l.root_id, l.origin_id, i.id, i.product_uom_id AS uom_id, i.move_id,
    i.quantity * CASE m.move_type WHEN 'out_refund' THEN -1 ELSE 1 END AS quantity,
    i.price_subtotal, m.amount_total, m.currency_id, m.invoice_currency_rate,
    l.currency_id AS order_currency_id, l.currency_rate
FROM called l
JOIN sale_order_line_invoice_rel r ON r.order_line_id = l.id
JOIN account_move_line i ON i.id = r.invoice_line_id
JOIN account_move m ON m.id = i.move_id AND m.state = 'posted'
"""
# By line in the first version, and by unit; the columns as in the tuples below.
_SUMMED = """
SELECT root_id, origin_id, uom_id, sum(product_uom_qty) AS ordered_quantity,
    sum(qty_delivered) AS delivered_quantity, 0 AS invoiced_quantity,
    sum(price_subtotal) AS ordered,
    sum(CASE qty_delivered WHEN 0 THEN 0 WHEN product_uom_qty THEN price_subtotal
        ELSE qty_delivered * CASE WHEN product_uom_qty <> 0
            THEN price_subtotal / product_uom_qty
            ELSE price_unit * (1 - discount / 100) END
        END) AS delivered,
    sum(untaxed_amount_invoiced) AS invoiced, 0 AS collected, 0 AS overdue
FROM called GROUP BY 1, 2, 3
UNION ALL
SELECT root_id, origin_id, uom_id, 0, 0, sum(quantity), 0, 0, 0, 0, 0
FROM billed GROUP BY 1, 2, 3
UNION ALL
SELECT b.root_id, b.origin_id, b.uom_id, 0, 0, 0, 0, 0, 0, 0,
    sum(t.amount_residual_currency * b.price_subtotal / NULLIF(b.amount_total, 0)
        * CASE WHEN b.currency_id = b.order_currency_id THEN 1
            ELSE b.currency_rate / NULLIF(b.invoice_currency_rate, 0) END)
FROM billed b
JOIN account_move_line t ON t.move_id = b.move_id
    AND t.display_type = 'payment_term' AND t.amount_residual_currency <> 0
JOIN (VALUES %(days)s) d(company_id, today, tolerance) ON d.company_id = t.company_id
WHERE t.date_maturity < d.today OR t.amount_residual_currency < 0
GROUP BY 1, 2, 3
UNION ALL
SELECT b.root_id, b.origin_id, b.uom_id, 0, 0, 0, 0, 0, 0,
    sum(CASE WHEN c.currency_id = b.order_currency_id THEN c.amount_currency
        ELSE c.value * b.currency_rate END), 0
FROM billed b
JOIN sales_credit c ON c.scope_id = b.move_id AND c.source = 'cash' AND c.part = b.id
    AND c.metric_id = %(collected)s AND NOT c.overlay
GROUP BY 1, 2, 3
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
        WITH asked AS MATERIALIZED (%(asked)s), called AS (%(called)s)
        SELECT a.id, k.id, sum(s.product_uom_qty * u.factor / ku.factor),
            sum(s.price_subtotal)
        %(drawn)s
        """,
        asked=SQL(_ASKED, days=_days(days), condition=_ids(contract_ids)),
        called=SQL(_CALLED, without=list(without)),
        drawn=SQL(_DRAWN, table=SQL("called")),
    )


def _ids(contract_ids):
    return SQL("c.id = ANY(%s)", list(contract_ids))


def _days(days):
    return SQL(", ").join(
        SQL("(%s::integer, %s::date, %s::numeric)", *day) for day in days
    )


def figures(days, collected, contract_ids=None, of_lines=False):
    """A SELECT of a row for each contract (``line_id`` NULL), or each of its lines.

    :param list days: of each company ``(id, today, tolerance)``, the tolerance as a
        share of what is committed
    :param int collected: the id of the metric of cash without tax, or None
    :param contract_ids: None: all that are signed
    :param of_lines: whether of the lines
    """
    condition = SQL("c.state = 'running'")
    if contract_ids is not None:
        condition = _ids(contract_ids)
    return SQL(
        """
        WITH asked AS MATERIALIZED (%(asked)s),
        called AS MATERIALIZED (%(called)s),
        billed AS MATERIALIZED (%(billed)s),
        summed AS (%(summed)s),
        done AS (
            SELECT a.id AS contract_id, k.id AS line_id, %(sums)s
            %(drawn)s
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
        SELECT * FROM (SELECT contract_id, NULLIF(line_id, 0) AS line_id,
            COALESCE(committed, 0) AS committed, %(names)s,
            ordered_quantity, delivered_quantity, invoiced_quantity,
            COALESCE(expected, 0) AS expected,
            COALESCE(expected_quantity, 0) AS expected_quantity, projected_end,
            CASE WHEN whole > 0 THEN round(100 * reached / whole, 1) END AS progress,
            CASE WHEN line_id = 0 THEN bool_or(behind) OVER (PARTITION BY contract_id)
                ELSE behind END AS is_behind
        FROM planned) found WHERE (line_id IS NOT NULL) = %(of_lines)s
        """,
        of_lines=of_lines,
        asked=SQL(_ASKED, days=_days(days), condition=condition),
        called=SQL(_CALLED, without=[]),
        billed=SQL(_BILLED),
        summed=SQL(_SUMMED, days=_days(days), collected=collected),
        sums=SQL(", ").join(
            (
                *(
                    SQL(
                        "sum(s.%(name)s * u.factor / ku.factor) AS %(name)s",
                        name=SQL.identifier(name),
                    )
                    for name in _QUANTITIES
                ),
                *(
                    SQL(
                        "round(sum(s.%(name)s)::numeric, min(a.scale)) AS %(name)s",
                        name=SQL.identifier(name),
                    )
                    for name in _FIGURES
                ),
            )
        ),
        drawn=SQL(_DRAWN, table=SQL("summed")),
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
