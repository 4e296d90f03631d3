"""The one apportionment: every part sums to its whole, to the smallest unit.

Largest remainder on values truncated towards zero. The remainder is given in its
own sign, one unit each, to the parts that it brings nearest to their exact value;
ties go to the first. Hence ``apportion(-x, w) == [-v for v in apportion(x, w)]``.
"""

from odoo.tools import SQL


def apportion(units, weights):
    """Split ``units`` over ``weights``.

    :param int units: the whole, in the smallest unit (cents, pieces, ...)
    :param list[int] weights: integers that do not sum to zero; negative ones are
        allowed (a discount line of an invoice)
    :return: one integer per weight, in order; they sum to ``units``
    :raise ValueError: when the weights sum to zero

    >>> apportion(10000, [1, 1, 1])
    [3334, 3333, 3333]
    >>> apportion(-10000, [1, 1, 1])
    [-3334, -3333, -3333]
    """
    whole = sum(weights)
    if not whole:
        raise ValueError("weights sum to zero")
    if whole < 0:
        whole, weights = -whole, [-weight for weight in weights]
    parts, remainders = [], []
    for weight in weights:
        product = units * weight
        part = abs(product) // whole * (1 if product >= 0 else -1)
        parts.append(part)
        remainders.append(product - part * whole)
    left = units - sum(parts)
    unit = 1 if left > 0 else -1
    ranked = sorted(range(len(parts)), key=lambda i: (-remainders[i] * unit, i))
    for index in ranked[: abs(left)]:
        parts[index] += unit
    return parts


def sql_apportion(query, *, columns, weight, whole, partition, order, keep):
    """The same as SQL, for many wholes at once.

    :param SQL query: a relation in parentheses, one row per part
    :param dict columns: ``{name of the result: name of the whole's column}``; wholes
        and weights are integral numerics
    :param SQL weight, whole: the part's weight and the sum of weights, ``whole > 0``
    :param SQL partition: what identifies one whole; ``order`` breaks ties
    :param SQL keep: the columns of ``query`` to pass on
    :return: a SELECT with ``keep`` and the columns named
    """
    divided, ranked, given = [], [], []
    for name, units in columns.items():
        units = SQL.identifier(units)
        part, rest = SQL.identifier(f"{name}_part"), SQL.identifier(f"{name}_rest")
        left, rank = SQL.identifier(f"{name}_left"), SQL.identifier(f"{name}_rank")
        divided.append(
            SQL(
                """div(%(units)s * %(weight)s, %(whole)s) AS %(part)s,
                mod(%(units)s * %(weight)s, %(whole)s) AS %(rest)s,
                %(units)s - sum(div(%(units)s * %(weight)s, %(whole)s))
                    OVER (PARTITION BY %(partition)s) AS %(left)s""",
                units=units,
                weight=weight,
                whole=whole,
                part=part,
                rest=rest,
                left=left,
                partition=partition,
            )
        )
        ranked.append(
            SQL(
                """row_number() OVER (PARTITION BY %(partition)s
                    ORDER BY %(rest)s * sign(%(left)s) DESC, %(order)s) AS %(rank)s""",
                partition=partition,
                rest=rest,
                left=left,
                order=order,
                rank=rank,
            )
        )
        given.append(
            SQL(
                """%(part)s + CASE WHEN %(rank)s <= abs(%(left)s)
                    THEN sign(%(left)s) ELSE 0 END AS %(name)s""",
                part=part,
                rank=rank,
                left=left,
                name=SQL.identifier(name),
            )
        )
    return SQL(
        """SELECT %(keep)s, %(given)s FROM (
            SELECT *, %(ranked)s FROM (
                SELECT *, %(divided)s FROM %(query)s parts
            ) divided
        ) ranked""",
        keep=keep,
        given=SQL(", ").join(given),
        ranked=SQL(", ").join(ranked),
        divided=SQL(", ").join(divided),
        query=query,
    )
