"""What is due, computed from the facts of a scenario alone, with ``decimal``.

The business rules, in the order in which they are applied:

- A document belongs to who served the customer on its day.
- It pays by the terms that its rep had on that day; cash by those of the day on which
  it comes, unless the terms say that they are locked when something is sold.
- *Invoiced*: its untaxed amount, a credit note's negative, in the document's month.
- *Collected*: the untaxed part of cash, in the month in which it came; neither a
  write-off nor a credit note is cash; money given back or bounced is cash that is gone.
- *Margin*: the untaxed amount less what the products had cost when they were sold, also
  where that is a loss, and also when they come back.
- Money counts in the company's currency at the rate of the document's day.
- A leaver gets what was earned up to the last day.
- Tiers stand on a month's total of a rep in a company.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def due(story, before, entered=False):
    """What each rep should have been paid once everything before a day is settled.

    :param bool entered: money counts when the payment is entered, else when the bank
        shows it
    :return: ``{(rep, company): Decimal}``
    """
    totals = defaultdict(Decimal)
    for rep, company, day, terms, amount in _earned(story, entered):
        if day < before and day <= story.leavers.get(rep, day):
            totals[rep, company, (day.year, day.month), terms] += amount
    result = defaultdict(Decimal)
    for (rep, company, _month, terms), amount in totals.items():
        result[rep, company] += _commission(terms, amount)
    return {
        key: amount.quantize(CENT, rounding=ROUND_HALF_UP)
        for key, amount in result.items()
    }


def _earned(story, entered):
    """``(rep, company, day, terms, amount of the base)``, one for each cause."""
    documents = {document.name: document for document in story.documents}
    for document in documents.values():
        terms = _terms(story, document.rep, document.day)
        if terms.base != "collected":
            amount = document.sign * _amount(terms, document)
            yield document.rep, document.company, document.day, terms, amount
    for cash in story.cash:
        document = documents[cash.document]
        day = cash.day if entered else cash.banked
        if not day:
            continue
        terms = _terms(story, document.rep, document.day)
        if not terms.locked:
            terms = _terms(story, document.rep, day)
        if terms.base == "collected":
            net = cash.amount / (1 + story.tax / HUNDRED) / document.rate
            yield document.rep, document.company, day, terms, net


def _terms(story, whose, day):
    """The terms of a rep that began last before a day."""
    return max(
        (start, number, terms)
        for number, (rep, start, terms) in enumerate(story.promises)
        if rep == whose and start <= day
    )[-1]


def _amount(terms, document):
    total = Decimal(0)
    for line in document.lines:
        total += line.quantity * line.price / document.rate
        if terms.base == "margin":
            total -= line.quantity * line.holds * line.cost
    return total


def _commission(terms, amount):
    if not isinstance(terms.rate, tuple):
        return amount * terms.rate / HUNDRED
    tiers = sorted(terms.rate)
    if terms.mode == "whole":
        return amount * [rate for start, rate in tiers if start <= amount][-1] / HUNDRED
    ends = [start for start, _rate in tiers[1:]] + [amount]
    return sum(
        (max(min(end, amount) - start, Decimal(0)) * rate / HUNDRED)
        for (start, rate), end in zip(tiers, ends, strict=True)
    )
