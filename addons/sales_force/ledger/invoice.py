"""Customer invoices: invoiced, billed, due, margin and quantity.

Billed, due and collected (see ``cash``) are one thing: a running total of the invoice,
apportioned over its product lines by their tax-included amounts. Each event (the
invoice itself, an instalment, a payment) is credited with the difference that it makes,
so whatever the number of events, they sum to the invoice.
"""

from decimal import Decimal
from itertools import accumulate

from odoo.tools import SQL

from .apportion import apportion, sql_apportion
from .few import units
from .source import Source

SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")

_MOVES = SQL(
    """
    SELECT m.id, m.company_id, m.invoice_date AS date, m.invoice_user_id AS user_id,
        m.team_id, m.commercial_partner_id AS partner_id, m.currency_id,
        m.invoice_date_due AS date_due, p.sales_channel_id AS channel_id,
        cc.decimal_places AS scale, dc.decimal_places AS doc_scale,
        CASE m.move_type WHEN 'out_refund' THEN -1 ELSE 1 END AS sign,
        round(m.amount_total_signed * 10.0 ^ cc.decimal_places) AS total,
        round(m.amount_total_in_currency_signed * 10.0 ^ dc.decimal_places)
            AS doc_total,
        c.sales_collect_at_validation AS at_validation, c.sale_discount_product_id
    FROM scope
    JOIN account_move m ON m.id = scope.id
    JOIN res_company c ON c.id = m.company_id
    JOIN res_currency cc ON cc.id = c.currency_id
    JOIN res_currency dc ON dc.id = m.currency_id
    LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
    WHERE m.state = 'posted' AND m.move_type IN %s
    """,
    SALE_TYPES,
)

# The split that applies to a line is its own, else its invoice's, else its order's:
# the first by the kind of document in ``sales_split.target``.
_LINES = SQL(
    """
    SELECT l.id, l.move_id, l.product_id, l.quantity, l.product_uom_id,
        l.is_downpayment, l.sale_discount_product_id, l.date, l.user_id, l.team_id,
        l.partner_id, l.company_id, l.currency_id, l.scale, l.doc_scale, l.untaxed,
        l.doc_untaxed,
        (
            SELECT s.target FROM sales_split s
            WHERE s.target IN (l.id * 4 + 2, l.move_id * 4 + 1, l.order_id * 4)
            ORDER BY s.target %% 4 DESC LIMIT 1
        ) AS split,
        COALESCE(o.sales_channel_id, l.partner_channel_id) AS channel_id,
        CASE WHEN l.weights = 0 THEN CASE WHEN l.position = 1 THEN 1 ELSE 0 END
            ELSE l.weight * sign(l.weights) END AS weight,
        CASE WHEN l.weights = 0 THEN 1 ELSE abs(l.weights) END AS whole
    FROM (
        SELECT l.id, l.move_id, l.product_id, l.quantity * m.sign AS quantity,
            l.product_uom_id, l.is_downpayment, m.channel_id AS partner_channel_id,
            m.sale_discount_product_id, m.date, m.user_id, m.team_id, m.partner_id,
            m.company_id, m.currency_id, m.scale, m.doc_scale,
            round(-l.balance * 10.0 ^ m.scale) AS untaxed,
            round(-l.amount_currency * 10.0 ^ m.doc_scale) AS doc_untaxed,
            round(l.price_total * 10.0 ^ m.doc_scale) AS weight,
            sum(round(l.price_total * 10.0 ^ m.doc_scale)) OVER (PARTITION BY m.id)
                AS weights,
            row_number() OVER (PARTITION BY m.id ORDER BY l.id) AS position,
            (
                SELECT sl.order_id
                FROM sale_order_line_invoice_rel rel
                JOIN sale_order_line sl ON sl.id = rel.order_line_id
                WHERE rel.invoice_line_id = l.id ORDER BY sl.id LIMIT 1
            ) AS order_id
        FROM moves m
        JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'product'
    ) l
    LEFT JOIN sale_order o ON o.id = l.order_id
    """
)

# The running totals of an invoice: billed at once, due by instalment, paid by event.
BILLED = SQL(
    """
    SELECT m.id AS move_id, 'billed' AS kind, 0 AS position,
        'account.move.line' AS res_model, 0 AS event_id, m.date,
        m.total, m.doc_total
    FROM moves m
    """
)
_DUE = SQL(
    """
    SELECT m.id AS move_id, 'due' AS kind, row_number() OVER due AS position,
        'account.move.line' AS res_model, l.id AS event_id,
        COALESCE(l.date_maturity, m.date) AS date,
        round(sum(l.balance) OVER due * 10.0 ^ m.scale) AS total,
        round(sum(l.amount_currency) OVER due * 10.0 ^ m.doc_scale) AS doc_total
    FROM moves m
    JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'payment_term'
    WINDOW due AS (PARTITION BY m.id ORDER BY l.date_maturity, l.id)
    """
)


def running_totals(events, facts, **relations):
    """Facts of invoices' running totals, apportioned over their lines.

    :param SQL events: the totals: "move_id", "kind", "position", "res_model",
        "event_id", "date", "total" and "doc_total" after the event
    :param SQL facts: a SELECT over ``lines`` and over ``series``: each line of each
        event with its part of the total "before" and "upto" the event
    :param relations: more relations, by name, that ``events`` needs
    """
    series = sql_apportion(
        SQL(
            """(SELECT e.kind, e.position AS event_position, e.res_model AS event_model,
                    e.event_id, e.date AS event_date, e.total, e.doc_total, l.*
                FROM events e JOIN lines l ON l.move_id = e.move_id)"""
        ),
        columns={"upto": "total", "doc_upto": "doc_total"},
        weight=SQL("weight"),
        whole=SQL("whole"),
        partition=SQL("move_id, kind, event_position"),
        order=SQL("id"),
        keep=SQL(
            """kind, event_position, event_model, event_id, event_date, id, move_id,
            user_id, team_id, split, partner_id, product_id, channel_id, company_id,
            currency_id, scale, doc_scale, untaxed, doc_untaxed"""
        ),
    )
    return SQL(
        """
        WITH moves AS MATERIALIZED (%(moves)s),
        lines AS MATERIALIZED (%(lines)s),
        %(relations)s
        events AS MATERIALIZED (%(events)s),
        running AS (%(series)s),
        series AS MATERIALIZED (
            SELECT r.*,
                COALESCE(lag(upto) OVER line, 0) AS before,
                COALESCE(lag(doc_upto) OVER line, 0) AS doc_before,
                max(upto) FILTER (WHERE kind = 'billed')
                    OVER (PARTITION BY id) AS billed,
                max(doc_upto) FILTER (WHERE kind = 'billed')
                    OVER (PARTITION BY id) AS doc_billed
            FROM running r
            WINDOW line AS (PARTITION BY id, kind ORDER BY event_position)
        )
        %(facts)s
        """,
        moves=_MOVES,
        lines=_LINES,
        relations=SQL().join(
            SQL("%s AS MATERIALIZED (%s),", SQL.identifier(name), relation)
            for name, relation in relations.items()
        ),
        events=events,
        series=series,
        facts=facts,
    )


def _facts(env, metrics):
    facts = SQL(
        """
        SELECT v.metric_id, l.move_id AS scope_id, 'account.move.line' AS res_model,
            l.id AS res_id, 0 AS part, l.date, l.user_id, l.team_id, l.split,
            l.partner_id, l.product_id, l.channel_id, l.company_id, v.currency_id,
            v.scale, 0::numeric AS before, v.upto, v.doc_scale,
            0::numeric AS doc_before, v.doc_upto
        FROM lines l
        LEFT JOIN sales_kept_cost k ON k.move_line_id = l.id
        LEFT JOIN product_product p ON p.id = l.product_id
        LEFT JOIN product_template t ON t.id = p.product_tmpl_id
        LEFT JOIN uom_uom pu ON pu.id = t.uom_id
        LEFT JOIN uom_uom lu ON lu.id = COALESCE(l.product_uom_id, t.uom_id)
        CROSS JOIN LATERAL (
            VALUES
                (%(invoiced)s::integer, l.currency_id, l.scale, l.untaxed, l.doc_scale,
                    l.doc_untaxed),
                (%(margin)s::integer, NULL, l.scale, l.untaxed - round(
                    COALESCE(k.unit_cost * l.quantity * lu.factor / pu.factor, 0)
                    * 10.0 ^ l.scale), 0, 0),
                (
                    CASE
                        WHEN l.product_id IS NOT NULL AND l.is_downpayment IS NOT TRUE
                            AND l.product_id IS DISTINCT FROM l.sale_discount_product_id
                        THEN %(quantity)s::integer
                    END,
                    NULL, %(digits)s,
                    round(l.quantity * lu.factor / pu.factor * 10.0 ^ %(digits)s), 0, 0
                )
        ) AS v(metric_id, currency_id, scale, upto, doc_scale, doc_upto)
        UNION ALL
        SELECT CASE s.kind WHEN 'billed' THEN %(billed)s::integer
                ELSE %(due)s::integer END,
            s.move_id, s.event_model, s.id, s.event_id, s.event_date, s.user_id,
            s.team_id, s.split, s.partner_id, s.product_id, s.channel_id, s.company_id,
            s.currency_id, s.scale, s.before, s.upto, s.doc_scale, s.doc_before,
            s.doc_upto
        FROM series s
        """,
        digits=env["decimal.precision"].precision_get("Product Unit"),
        invoiced=metrics["INVOICED"],
        margin=metrics["MARGIN"],
        quantity=metrics["QUANTITY"],
        billed=metrics["BILLED"],
        due=metrics["DUE"],
    )
    return running_totals(SQL("%s UNION ALL %s", BILLED, _DUE), facts)


# The product lines and instalments of a few posted invoices.
_READ_LINES = """
    SELECT m.id AS move_id, m.company_id, m.invoice_date AS date,
        m.invoice_user_id AS user_id, m.team_id, m.commercial_partner_id AS partner_id,
        m.currency_id, m.move_type, m.reversed_entry_id, m.amount_total_signed,
        m.amount_total_in_currency_signed, l.id, l.display_type, l.product_id,
        l.quantity, l.product_uom_id, l.is_downpayment, l.balance, l.amount_currency,
        l.date_maturity, COALESCE(l.price_total, 0) AS price_total,
        ordered.sales_channel_id,
        (
            SELECT s.target FROM sales_split s
            WHERE s.target IN (l.id * 4 + 2, l.move_id * 4 + 1, ordered.id * 4)
            ORDER BY s.target %% 4 DESC LIMIT 1
        ) AS split %(columns)s
    FROM scope
    JOIN account_move m ON m.id = scope.id AND m.state = 'posted'
        AND m.move_type IN %(types)s
    JOIN account_move_line l ON l.move_id = m.id
        AND l.display_type IN ('product', 'payment_term')
    %(joins)s
    LEFT JOIN LATERAL (
        SELECT o.id, o.sales_channel_id
        FROM sale_order_line_invoice_rel rel
        JOIN sale_order_line sl ON sl.id = rel.order_line_id
        JOIN sale_order o ON o.id = sl.order_id
        WHERE rel.invoice_line_id = l.id ORDER BY sl.id LIMIT 1
    ) ordered ON TRUE
    ORDER BY l.id
"""
LINES = SQL(_READ_LINES, types=SALE_TYPES, columns=SQL(), joins=SQL())
_LINES_WITH_COSTS = SQL(
    _READ_LINES,
    types=SALE_TYPES,
    columns=SQL(
        """, p.standard_price, k.product_id AS kept_product_id,
        COALESCE(k.unit_cost, 0) AS unit_cost"""
    ),
    joins=SQL(
        """LEFT JOIN product_product p ON p.id = l.product_id
        LEFT JOIN sales_kept_cost k ON k.move_line_id = l.id"""
    ),
)


def read_moves(env, lines):
    """Posted invoices from their lines: totals in units, product lines, instalments."""
    moves = {}
    for line in lines:
        if line["move_id"] not in moves:
            moves[line["move_id"]] = _read_move(env, line)
        move = moves[line["move_id"]]
        if line["display_type"] == "payment_term":
            move["terms"].append(line)
            continue
        line.update(
            scope_id=move["id"],
            res_model="account.move.line",
            res_id=line["id"],
            part=0,
            channel_id=line["sales_channel_id"] or move["channel_id"],
            scale=move["scale"],
            doc_scale=move["doc_scale"],
            untaxed=-units(line["balance"], move["scale"]),
            doc_untaxed=-units(line["amount_currency"], move["doc_scale"]),
        )
        move["lines"].append(line)
    for move in moves.values():
        move["terms"].sort(key=lambda term: (term["date_maturity"] or "9", term["id"]))
    return [move for move in moves.values() if move["lines"]]


def _read_move(env, line):
    company = env["res.company"].browse(line["company_id"])
    customer = env["res.partner"].browse(line["partner_id"])
    scale = company.currency_id.decimal_places
    doc_scale = env["res.currency"].browse(line["currency_id"]).decimal_places
    return {
        "id": line["move_id"],
        "company": company,
        "channel_id": customer.sales_channel_id.id or None,
        "scale": scale,
        "doc_scale": doc_scale,
        "total": units(line["amount_total_signed"], scale),
        "doc_total": units(line["amount_total_in_currency_signed"], doc_scale),
        "lines": [],
        "terms": [],
    }


def read_totals(move, totals):
    """An invoice's running totals, apportioned over its lines as in SQL.

    :param totals: after each event, in units of company and of document currency
    :return: for each event ``[(line, amounts)]``
    """
    weights = [units(line["price_total"], move["doc_scale"]) for line in move["lines"]]
    if weights and not sum(weights):
        weights = [1] + [0] * (len(weights) - 1)
    names = "before", "upto", "doc_before", "doc_upto"
    before = doc_before = [0] * len(weights)
    for total, doc_total in totals:
        upto, doc_upto = apportion(total, weights), apportion(doc_total, weights)
        amounts = zip(before, upto, doc_before, doc_upto, strict=True)
        yield [
            (line, dict(zip(names, values, strict=True)))
            for line, values in zip(move["lines"], amounts, strict=True)
        ]
        before, doc_before = upto, doc_upto


def _read(env, scope, metrics):
    [lines] = yield [_LINES_WITH_COSTS]
    moves = read_moves(env, lines)
    kept = _read_costs(env, scope, moves)
    facts = []
    for move in moves:
        due = move["terms"]
        totals = zip(
            accumulate(units(term["balance"], move["scale"]) for term in due),
            accumulate(
                units(term["amount_currency"], move["doc_scale"]) for term in due
            ),
            strict=True,
        )
        [billed] = read_totals(move, [(move["total"], move["doc_total"])])
        facts += [
            {**line, **amounts, "metric_id": metrics["BILLED"]}
            for line, amounts in billed
        ]
        for term, series in zip(due, read_totals(move, totals), strict=True):
            values = {
                "metric_id": metrics["DUE"],
                "part": term["id"],
                "date": term["date_maturity"] or term["date"],
            }
            facts += [{**line, **amounts, **values} for line, amounts in series]
        for line in move["lines"]:
            facts += _read_line(env, line, metrics)
    return facts, kept


def _read_costs(env, scope, moves):
    """Sets the unit costs of lines.

    :return: the statements that keep those that are new, as ``keep_costs`` does
    """
    new = {
        line["id"]: line
        for move in moves
        for line in move["lines"]
        if line["product_id"] and line["product_id"] != line["kept_product_id"]
    }
    if not new:
        return []
    if "purchase_price" in env["sale.order.line"]._fields or any(
        line["reversed_entry_id"] for line in new.values()
    ):
        for id_, unit_cost in env.execute_query(keep_costs(env, scope, env.cr.now())):
            new[id_]["unit_cost"] = Decimal(str(unit_cost))
        return []
    kept = []
    for move in moves:
        for line, unit_cost in _costs_now(env, move, new):
            line["unit_cost"] = unit_cost
            company_id = move["company"].id
            kept.append((line["id"], line["product_id"], company_id, unit_cost, False))
    return [SQL("%s VALUES %s %s", _KEEP, SQL(", ").join(kept), _KEPT)]


def _costs_now(env, move, new):
    """What the products of an invoice's new lines cost: ``(line, unit cost)``."""
    products = env["product.product"].with_company(move["company"])
    # In a company that has set no cost of its own.
    default = products._fields["standard_price"].get_company_dependent_fallback(
        products
    )
    for line in move["lines"]:
        if line["id"] in new:
            cost = (line["standard_price"] or {}).get(str(move["company"].id))
            yield line, Decimal(str(default)) if cost is None else cost


def _read_line(env, line, metrics):
    fact = {**line, "before": 0, "doc_before": 0}
    untaxed = {"upto": line["untaxed"], "doc_upto": line["doc_untaxed"]}
    yield {**fact, **untaxed, "metric_id": metrics["INVOICED"]}
    fact.update(currency_id=None, doc_scale=0, doc_upto=0)
    product = env["product.product"].browse(line["product_id"])
    company = env["res.company"].browse(line["company_id"])
    uom = env["uom.uom"].browse(line["product_uom_id"])
    factor = divisor = 1
    if product and uom and uom != product.uom_id:
        factor, divisor = Decimal(str(uom.factor)), Decimal(str(product.uom_id.factor))
    sign = -1 if line["move_type"] == "out_refund" else 1
    quantity = line["quantity"] * sign * factor
    unit_cost = line["unit_cost"] if product else 0
    cost = Decimal(unit_cost * quantity) / divisor
    margin = line["untaxed"] - units(cost, line["scale"])
    yield {**fact, "metric_id": metrics["MARGIN"], "upto": margin}
    if (
        product
        and not line["is_downpayment"]
        and product != company.sale_discount_product_id
    ):
        digits = env["decimal.precision"].precision_get("Product Unit")
        pieces = units(Decimal(quantity) / divisor, digits)
        values = {"scale": digits, "upto": pieces}
        yield {**fact, **values, "metric_id": metrics["QUANTITY"]}


_KEEP = SQL(
    """
    INSERT INTO sales_kept_cost
        (move_line_id, product_id, company_id, unit_cost, estimated)
    """
)
_KEPT = SQL(
    """
    ON CONFLICT (move_line_id) DO UPDATE SET
        product_id = EXCLUDED.product_id, unit_cost = EXCLUDED.unit_cost,
        estimated = EXCLUDED.estimated
    RETURNING move_line_id, unit_cost
    """
)


def keep_costs(env, scope, now, estimated=False):
    """Keeps the unit cost of the posted invoice lines of a scope, once per product.

    It returns what it keeps, per unit of the product and in company currency: the cost
    of the invoice line which a credit note reverses, else the order line's purchase
    price (where Odoo's margin addon records one), else the product's cost now.
    """
    if "purchase_price" in env["sale.order.line"]._fields:
        ordered = SQL(
            """(
                SELECT sl.purchase_price / o.currency_rate * pu.factor / su.factor
                FROM sale_order_line_invoice_rel rel
                JOIN sale_order_line sl ON sl.id = rel.order_line_id
                    AND sl.product_id = l.product_id AND sl.purchase_price <> 0
                JOIN sale_order o ON o.id = sl.order_id
                JOIN uom_uom su ON su.id = sl.product_uom_id
                WHERE rel.invoice_line_id = l.id ORDER BY sl.id LIMIT 1
            )"""
        )
    else:
        ordered = SQL("NULL")
    # What the product costs in a company that has set no cost of its own.
    fallbacks = env["ir.default"]._get_field_column_fallbacks(
        "product.product", "standard_price"
    )
    return SQL(
        """
        %(keep)s
        SELECT l.id, l.product_id, m.company_id, COALESCE(
            (
                SELECT k.unit_cost
                FROM account_move_line ol
                JOIN sales_kept_cost k ON k.move_line_id = ol.id
                WHERE ol.move_id = m.reversed_entry_id
                  AND ol.product_id = l.product_id
                ORDER BY ol.price_unit = l.price_unit DESC, ol.id LIMIT 1
            ),
            %(ordered)s,
            (p.standard_price ->> m.company_id::text)::numeric,
            (%(fallbacks)s::jsonb ->> m.company_id::text)::numeric,
            0
        ), %(estimated)s
        FROM (%(scope)s) scope(id)
        JOIN account_move m ON m.id = scope.id AND m.state = 'posted'
            AND m.move_type IN %(types)s
        JOIN account_move_line l ON l.move_id = m.id
            AND l.display_type = 'product'
        JOIN product_product p ON p.id = l.product_id
        JOIN product_template t ON t.id = p.product_tmpl_id
        JOIN uom_uom pu ON pu.id = t.uom_id
        LEFT JOIN sales_kept_cost kept ON kept.move_line_id = l.id
        WHERE kept.product_id IS DISTINCT FROM l.product_id
        ORDER BY l.id
        %(kept)s
        """,
        keep=_KEEP,
        kept=_KEPT,
        scope=scope,
        types=SALE_TYPES,
        ordered=ordered,
        fallbacks=fallbacks,
        estimated=estimated,
    )


def _dated(start, stop):
    return SQL(
        """
        SELECT id FROM account_move
        WHERE state = 'posted' AND move_type IN %(types)s
          AND (%(start)s::date IS NULL OR invoice_date >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR invoice_date <= %(stop)s::date)
        UNION
        SELECT l.move_id
        FROM account_move_line l JOIN account_move m ON m.id = l.move_id
        WHERE l.parent_state = 'posted' AND m.move_type IN %(types)s
          AND l.display_type = 'payment_term'
          AND (%(start)s::date IS NULL OR l.date_maturity >= %(start)s::date)
          AND (%(stop)s::date IS NULL OR l.date_maturity <= %(stop)s::date)
        """,
        types=SALE_TYPES,
        start=start,
        stop=stop,
    )


INVOICE = Source(
    code="invoice",
    facts=_facts,
    dated=_dated,
    origins={
        "partner": "SELECT id FROM account_move WHERE commercial_partner_id = ANY(%s)",
    },
    prepare=keep_costs,
    read=_read,
)
