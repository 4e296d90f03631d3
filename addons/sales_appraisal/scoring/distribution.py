"""Grades by a forced distribution: whole people, in order, equals alike. Pure."""

from typing import NamedTuple

from odoo.addons.sales_force.ledger.apportion import apportion


class Tie(NamedTuple):
    """Equals whose places are of several grades, and what they all got."""

    members: tuple
    # The numbers of the grades that their places are of, the best first.
    grades: tuple
    grade: int


class Distributed(NamedTuple):
    # Number of the grade of each person, in the order given.
    grades: list
    # People by grade: as the rule says, and as it came out, equals being alike.
    quotas: list
    counts: list
    ties: list


def distribute(scores, shares, minimum=0):
    """Give people grades by their order.

    The shares become whole people by largest remainder. Places are given by score, the
    highest first. Equals get the same grade: the one that most of their places are of,
    of equally many the better one. So nobody with a lower score has a better grade.

    :param list scores: of the people, comparable
    :param list shares: of the grades, the best first; whole numbers, not all zero
    :param int minimum: of people; in a smaller group nothing is forced
    :return: ``Distributed``; None where nothing is forced
    :raise ValueError: when there are no shares

    >>> distribute([70, 90, 80, 80], [25, 50, 25]).grades
    [2, 0, 1, 1]
    """
    if not scores or len(scores) < minimum:
        return None
    quotas = apportion(len(scores), shares)
    places = [grade for grade, count in enumerate(quotas) for _ in range(count)]
    order = sorted(range(len(scores)), key=lambda person: scores[person], reverse=True)
    grades, ties = [0] * len(scores), []
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and scores[order[stop]] == scores[order[start]]:
            stop += 1
        spanned = places[start:stop]
        grade = max(sorted(set(spanned)), key=spanned.count)
        members = tuple(sorted(order[start:stop]))
        for person in members:
            grades[person] = grade
        if len(set(spanned)) > 1:
            ties.append(Tie(members, tuple(sorted(set(spanned))), grade))
        start = stop
    counts = [grades.count(grade) for grade in range(len(shares))]
    return Distributed(grades, quotas, counts, ties)
