"""How far scores lie apart. Pure and exact."""

from fractions import Fraction
from math import isqrt


def deviation(weighted):
    """The standard deviation of scores by their weights, of the whole population.

    It is the usual measure of dispersion: in the unit of the scores, and, unlike the
    range, not larger only because a team is.

    :param list weighted: ``[(score, weight)]``; weights are positive whole numbers
    :return: a Fraction, rounded to the nearest hundredth

    >>> deviation([(Fraction(80), 1), (Fraction(90), 1)])
    Fraction(5, 1)
    """
    whole = sum(weight for _score, weight in weighted)
    mean = sum(score * weight for score, weight in weighted) / Fraction(whole)
    variance = sum(weight * (score - mean) ** 2 for score, weight in weighted) / whole
    # Of the square in hundredths: halves are found in twice as many.
    doubled = isqrt(int(variance * 40_000))
    return Fraction((doubled + 1) // 2, 100)
