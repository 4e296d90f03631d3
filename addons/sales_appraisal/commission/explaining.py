"""Which part of what counts was paid at which rate. Pure."""

from decimal import Decimal
from typing import NamedTuple

from .schedule import Schedule, Step


class Slice(NamedTuple):
    """``value`` of what counts at ``rate``, which is a part of one."""

    value: Decimal
    rate: Decimal


def slices(plan, before, after):
    """How a credit that moves the running total from one place to another is paid.

    Down the table, what is taken back is negative. The schedule's factor and cap are
    for the whole.

    >>> from .schedule import progressive
    >>> plan = progressive([(0, 2), (100_000, 3), (150_000, 5)])
    >>> [
    ...     (int(value), str(rate))
    ...     for value, rate in slices(plan, Decimal(130_000), Decimal(180_000))
    ... ]
    [(20000, '0.03'), (30000, '0.05')]
    """
    low, high = sorted((before, after))
    found = []
    for number, step in enumerate(plan.steps):
        later = plan.steps[number + 1 :]
        bottom = max(low, step.start) if number else low
        top = min(high, later[0].start) if later else high
        if top > bottom:
            sign = 1 if after > before else -1
            found.append(Slice(sign * (top - bottom), step.rate))
    return found if after > before else found[::-1]


def paid(plan, before, after, unit):
    """What is paid for it, rounded on the running total, and held to the cap."""
    return plan.hold(plan.total(after), unit) - plan.hold(plan.total(before), unit)


def dump(plan):
    """A schedule as it is kept: a list of texts."""
    return {
        "steps": [[str(part) for part in step] for step in plan.steps],
        "factor": str(plan.factor),
        "cap": None if plan.cap is None else str(plan.cap),
    }


def load(kept):
    return Schedule(
        tuple(Step(*map(Decimal, step)) for step in kept["steps"]),
        Decimal(kept["factor"]),
        None if kept["cap"] is None else Decimal(kept["cap"]),
    )
