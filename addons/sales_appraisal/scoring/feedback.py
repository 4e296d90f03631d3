"""What feedback comes to, in groups so large that nobody can be read out of them.

Pure. Whatever is shown, and every difference between what is shown, is of as many
answers as the minimum: an audience with fewer is merged with others until the rest is
large enough. An overall figure is made of shown figures only, so it tells nothing more.
"""

from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

# Names of groups beside those of the audiences.
ALL, REST = "all", "rest"


class Average(NamedTuple):
    """Exact, from 0 to 100, of so many answers."""

    value: Fraction
    count: int


def percent(value, lowest, highest):
    """A value of a scale, from 0 to 100.

    >>> percent(4, 1, 5)
    Fraction(75, 1)
    """
    return Fraction(100 * (value - lowest), highest - lowest)


def partition(counts, minimum):
    """Which audiences are shown by themselves, and which are merged.

    :param dict counts: how many answered, by audience
    :return: two lists. Each of the first, and all of the second together, are at least
        ``minimum``; the second may be empty, and then nobody is missing.

    >>> partition({"peer": 5, "report": 3, "customer": 1}, 3)
    (['peer'], ['customer', 'report'])
    """
    merged = [name for name, count in counts.items() if 0 < count < minimum]
    shown = sorted(
        (name for name, count in counts.items() if count >= minimum),
        # Of equal ones not whichever came first: who asks twice gets the same.
        key=lambda name: (counts[name], name),
    )
    while shown and merged and sum(counts[name] for name in merged) < minimum:
        merged.append(shown.pop(0))
    if sum(counts[name] for name in merged) < minimum:
        merged = []
    return shown, merged


def summarise(answers, minimum):
    """The averages that may be shown.

    :param answers: ``(section, audience, value)``, one for each section that a person
        answered; values are Fractions
    :param int minimum: so many answers at least
    :return: ``{section: {group: Average}}``; a group is an audience, ``ALL`` or
        ``REST`` (who is not shown by themselves). Sections with too few are missing.
    """
    values = defaultdict(lambda: defaultdict(list))
    for section, audience, value in answers:
        values[section][audience].append(value)
    return {
        section: _groups(audiences, minimum)
        for section, audiences in values.items()
        if sum(map(len, audiences.values())) >= minimum
    }


def _groups(audiences, minimum):
    counts = {name: len(found) for name, found in audiences.items()}
    shown, merged = partition(counts, minimum)
    groups = {ALL: list(audiences), **{name: [name] for name in shown}}
    # Without anybody beside it, the rest is all.
    if shown and merged:
        groups[REST] = merged
    return {
        group: _average([value for name in names for value in audiences[name]])
        for group, names in groups.items()
    }


def _average(values):
    return Average(sum(values, Fraction(0)) / len(values), len(values))


def overall(sections):
    """The plain average of the sections shown, of all and of each audience.

    :param dict sections: what ``summarise`` returned
    :return: ``{group: Average}``, counting the answers to the section that most
        answered. Not of the rest, which is not the same people in each section.
    """
    found = defaultdict(list)
    for groups in sections.values():
        for group, average in groups.items():
            if group != REST:
                found[group].append(average)
    return {
        group: Average(
            sum(average.value for average in averages) / len(averages),
            max(average.count for average in averages),
        )
        for group, averages in found.items()
    }
