"""What a claim is entitled to, without records.

>>> sold = [Delivery(date(2026, 1, 31), 7)]
>>> claim(1, sold, 7, date(2026, 2, 28)).state
'warranty'
>>> claim(1, sold, 7, date(2026, 3, 1)).reason
'over'
"""

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True)
class Delivery:
    """
    ``day``       where the company works
    ``customer``  the id of whom it went to
    """

    day: date
    customer: int


@dataclass(frozen=True)
class Claim:
    """
    ``state``   warranty, chargeable or refused; None: too little is known
    ``reason``  why: in, over, none (the product has no warranty), undelivered or
                other (it went to another customer)
    ``start``   the day of delivery, where there is one to the customer
    ``until``   the last day of the warranty, where the product has one
    """

    state: str | None
    reason: str | None
    start: date | None = None
    until: date | None = None


def claim(months, deliveries, customer, day):
    """The claim of a customer on a day.

    The warranty begins when the thing first came to the customer, so that neither a
    repair nor what is sent after it begins it anew. The day of delivery does not count:
    months end on the day of the same number, or the last of a shorter month.

    :param int months: of the product; 0: it has no warranty
    :param deliveries: of the thing, to whomever
    :param int customer: the id of who claims
    """
    if not deliveries:
        return Claim("refused", "undelivered")
    mine = [one.day for one in deliveries if one.customer == customer]
    if not mine:
        return Claim("refused", "other")
    start = min(mine)
    if not months:
        return Claim("chargeable", "none", start)
    until = start + relativedelta(months=months)
    if day <= until:
        return Claim("warranty", "in", start, until)
    return Claim("chargeable", "over", start, until)
