"""What a child's share of a target is based on.

Each basis (history, potential, pipeline, capacity, by hand) gives every child a value;
the values of one basis become shares of one, and the shares are blended by the plan's
coefficients. What nobody has said is not zero: a child without a value counts as the
average of its siblings that have one, and a basis that no child has is left out.
"""

from dataclasses import dataclass
from fractions import Fraction

BASES = ("history", "potential", "pipeline", "capacity", "manual")


@dataclass(frozen=True)
class Share:
    """A child's part of one basis.

    :param value: as it was given; None where nobody said
    :param Fraction share: of all children, between 0 and 1
    :param bool assumed: whether it is the average of the siblings
    """

    value: Fraction | None
    share: Fraction
    assumed: bool


def shares(values):
    """Shares of one basis.

    :param dict values: ``{key: Fraction or None}``; negative ones count as 0 (a year of
        credit notes is no reason to expect returns)
    :return: ``{key: Share}``; empty where no child has a positive value

    >>> shares({"a": Fraction(3), "b": Fraction(1), "c": None})["c"].share
    Fraction(1, 3)
    """
    known = [max(value, Fraction(0)) for value in values.values() if value is not None]
    whole = sum(known)
    if not whole:
        return {}
    average = Fraction(whole, len(known))
    total = whole + average * (len(values) - len(known))
    return {
        key: Share(
            value,
            (average if value is None else max(value, Fraction(0))) / total,
            value is None,
        )
        for key, value in values.items()
    }


def blend(bases, coefficients):
    """The children's weights, by the plan's coefficients.

    :param dict bases: ``{basis: {key: Fraction or None}}``
    :param dict coefficients: ``{basis: Fraction}``; they need not sum to one
    :return: ``(weights, details)``: ``{key: Fraction}`` that sum to one, and ``{basis:
        {key: Share}}`` of the bases that count. Children weigh the same where no basis
        counts.
    """
    keys = list(next(iter(bases.values()), ()))
    details = {}
    for basis, values in bases.items():
        if coefficients.get(basis) and (found := shares(values)):
            details[basis] = found
    whole = sum(coefficients[basis] for basis in details)
    if not whole:
        return {key: Fraction(1, len(keys)) for key in keys}, {}
    weights = {
        key: sum(
            (
                coefficients[basis] * found[key].share
                for basis, found in details.items()
            ),
            Fraction(0),
        )
        / whole
        for key in keys
    }
    return weights, details
