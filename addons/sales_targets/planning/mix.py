"""The product mix: what an average brings because of which categories are sold.

Where categories are worth differently, the average of all changes with their shares,
though no single price has changed. The sales-mix variance is what the budgeted worth is
at the actual mix minus at the budgeted mix (Horngren, Datar, Rajan, Cost Accounting,
"Sales-Mix and Sales-Quantity Variances"):

    actual units × Σ (actual share − planned share) × planned worth of a unit

As a factor of a product it is what it multiplies the planned average by:

    mix = Σ actual share × planned worth ÷ Σ planned share × planned worth

Divided by their average, planned worths become indices: 1.2 is a category of which a
unit is worth a fifth more than the average unit. The mix is then the mean of the
indices by what was sold, and what is left of the average beside it is the worth of a
unit at an equal mix. A category whose worth nobody knows is as the average of the
others, and says nothing.
"""

from decimal import Decimal
from fractions import Fraction

from .drivers import PRIOR

# Indices are kept with a target: six digits say which category is worth more.
DIGITS = Decimal("0.000001")


def learn_indices(own, team, company, trial=1):
    """What a unit of each category is worth, by the average of the planned mix.

    Shares and worths are those of the same days, the own ones drawn towards the team's
    and the company's as all rates are, see ``drivers.draw``; with the 28 digits of a
    Decimal, since of a thousand reps and many categories there are many.

    :param dict own, team, company: ``{category: (units, worth of all of them)}``,
        Decimals
    :param trial: how many units weigh as one observation
    :return: ``{category: Fraction}``, to six digits; empty where nothing is known

    >>> all_sold = {"tool": (Decimal(50), 5_000), "part": (Decimal(50), 15_000)}
    >>> learn_indices({}, {}, all_sold)
    {'part': Fraction(3, 2), 'tool': Fraction(1, 2)}
    """
    groups = (company, team, own)
    totals = [sum(units for units, _worth in some.values()) for some in groups]
    weight = PRIOR * Decimal(trial)
    found, average, whole = {}, Decimal(0), Decimal(0)
    for category in sorted({name for some in groups for name in some}):
        rows = [some.get(category, (0, 0)) for some in groups]
        worth = _draw([(worth, units) for units, worth in rows], weight)
        sold = [units for units, _worth in rows]
        share = _draw(zip(sold, totals, strict=True), weight)
        if worth is None or share is None:
            continue
        found[category] = worth
        # What was taken back, not sold, has no share.
        average += max(share, 0) * worth
        whole += max(share, 0)
    if average <= 0:
        return {}
    return {
        category: Fraction((worth * whole / average).quantize(DIGITS))
        for category, worth in found.items()
    }


def _draw(groups, weight):
    """A rate of each group, the largest first, drawn towards that of the one before.

    Groups without trials say nothing; None where none says anything.
    """
    rate = None
    for successes, trials in groups:
        if trials > 0:
            drawn = 0 if rate is None else weight
            rate = (successes + drawn * (rate or 0)) / (trials + drawn)
    return rate


def mix(units, indices):
    """By how much the mix of what was sold multiplies the planned average.

    :param dict units: ``{category: what was sold of it}``
    :param dict indices: see ``learn_indices``
    :return: a positive Fraction; 1 where it cannot be told

    >>> mix({"tool": 3, "part": 1}, {"tool": Fraction(1, 2), "part": Fraction(3, 2)})
    Fraction(3, 4)
    """
    sold = {
        category: count
        for category, count in units.items()
        if count > 0 and category in indices
    }
    if len(indices) < 2 or not sold:
        return Fraction(1)
    worth = sum(count * indices[category] for category, count in sold.items())
    return Fraction(worth) / sum(sold.values()) if worth > 0 else Fraction(1)
