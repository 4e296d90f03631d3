"""What decisions on disputes give, beside what rules give for the same.

A decision says what is to be paid instead of what was paid. It is no gift on top: what
rules pay more, or less, later on counts towards it, so that nobody is paid twice for
what the documents bring by then. It ends with what it is about, and as much of it is
taken back as of that: for credit notes, and until bills are paid.
"""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from odoo.tools import SQL

from .owed import ADVANCES
from .schedule import round_to

# What follows from what a line has earned, and is made up for by itself as customers
# pay or return or the rep earns more: what a decision gave would be paid twice then.
FOLLOWING = (*ADVANCES, "hold", "release", "unpaid", "lost")


class Part(NamedTuple):
    """What there is of a line: itself, or what a line of a credit note takes back.

    It is the difference of two shares of the line, of which a part is collected; all of
    it where nothing is taken back until it is paid.
    """

    before: Fraction = Fraction(0)
    upto: Fraction = Fraction(1)
    collected: Fraction = Fraction(1)


def kept(amount, parts, unit):
    """What is left of an amount, each part rounded as rules round theirs.

    >>> half = Part(upto=Fraction(-1, 2))
    >>> kept(Decimal(20), [Part(), half], Decimal("0.01"))
    Decimal('10.00')
    >>> kept(Decimal(20), [Part(collected=Fraction(1, 3))], Decimal("0.01"))
    Decimal('6.67')

    :param parts: of the line that the amount is about
    :param unit: the currency's
    """

    def rounded(exact):
        return round_to(Decimal(exact.numerator) / Decimal(exact.denominator), unit)

    amount, total = Fraction(amount), Decimal(0)
    for part in parts:
        piece = rounded(amount * part.upto) - rounded(amount * part.before)
        total += rounded(Fraction(piece) * part.collected)
    return total


def outstanding(paid, decisions):
    """What each decision still gives, so that all is as the last one says.

    >>> [outstanding(paid, [(100, 120)]) for paid in (100, 115, 150, 90, 0)]
    [[20], [5], [0], [20], [0]]
    >>> outstanding(105, [(100, 120), (100, 130), (100, 115)])
    [15, 10, -15]

    :param paid: what rules pay now
    :param decisions: ``[(ruled, to)]`` in their order: what rules paid then, and what
        is to be paid
    """
    found, before = [], paid
    for ruled, to in decisions:
        least, most = sorted((ruled, to))
        is_gone = ruled and not paid
        total = paid if is_gone else paid + to - min(max(paid, least), most)
        found.append(total - before)
        before = total
    return found


def lines(ids, days, amounts):
    """The lines of entries of disputes, see ``booking.LINE``: the dispute is the cause,
    and ``corrects_id`` what was disputed, where it is still there.

    :param days: on which they were decided
    """
    return SQL(
        """
        SELECT d.rep_id, 0 AS level, 'dispute' AS source,
            'sales.commission.dispute' AS res_model, d.id AS res_id, 0 AS part,
            0 AS user_id, FALSE AS overlay, l.date, d.scope_id, r.metric_id,
            d.partner_id, NULL::integer AS product_id, NULL::numeric AS factor,
            0::numeric AS base, 0::numeric AS position, l.amount,
            e.id AS corrects_id
        FROM unnest(%s::integer[], %s::date[], %s::numeric[]) l(id, date, amount)
        JOIN sales_commission_dispute d ON d.id = l.id
        JOIN sales_commission_rule r ON r.id = d.rule_id
        LEFT JOIN sales_commission_entry e ON e.id = d.entry_id
        """,
        ids,
        days,
        amounts,
    )
