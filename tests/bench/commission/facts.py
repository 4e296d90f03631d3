"""What happens in a scenario, in plain words and exact numbers. It knows no engine."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Terms:
    """What a rep is promised.

    :param base: ``invoiced``, ``collected`` (cash, net of tax) or ``margin``
    :param rate: percent, or tiers ``((from amount, percent), …)`` on a month's total
    :param mode: of tiers: each slice its own rate (``progressive``), or the reached
        rate on everything (``whole``)
    :param locked: cash is paid at the terms of the day on which was sold, else at those
        of the day on which it comes
    """

    base: str
    rate: Decimal | tuple
    mode: str = ""
    locked: bool = False


@dataclass(frozen=True)
class Line:
    """What is sold: untaxed price of each, cost of each at that time.

    :param price: in the document's currency
    :param cost: in the company's currency, of one product
    :param holds: products in one of the sold unit: 12 for a dozen
    """

    price: Decimal
    quantity: Decimal = Decimal(1)
    cost: Decimal = Decimal(0)
    holds: Decimal = Decimal(1)


@dataclass(frozen=True)
class Document:
    """An invoice, or with ``sign`` -1 a credit note.

    :param rate: units of its currency for one of the company's, on its day
    """

    name: str
    rep: str
    day: date
    lines: tuple
    company: str
    rate: Decimal = Decimal(1)
    sign: int = 1


@dataclass(frozen=True)
class Cash:
    """Money for a document, tax included; less than nothing when it is given back.

    :param day: on which it was entered
    :param banked: on which the bank showed it; None while it has not
    """

    document: str
    day: date
    amount: Decimal
    banked: date | None


@dataclass
class Story:
    """The facts in the order in which they became known."""

    tax: Decimal
    # (rep, from this day on, Terms)
    promises: list = field(default_factory=list)
    documents: list = field(default_factory=list)
    cash: list = field(default_factory=list)
    # {rep: the last day}
    leavers: dict = field(default_factory=dict)
