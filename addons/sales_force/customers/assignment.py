"""Who gets which lead, or customer: within quotas, none to two. Pure: no environment.

Leads come one after the other, the most valuable first, and each goes to its best
choice with quota left. Which one that is says the order of the reps (``places``): where
results rank them, the most valuable leads end with the best. Nobody would swap: no rep
lost a lead to one placed behind who took it with the same right (deferred acceptance of
Gale and Shapley, whose proposals need no second round as all reps value leads alike).
Without places quotas fill evenly.
"""

from fractions import Fraction


def assign(choices, quotas, places=None, rooms=None, buckets=None):
    """Leads by rep.

    :param dict choices: by lead, the most valuable first, the groups of reps who may
        get it, those before the others first
    :param dict quotas: how many leads a rep may get; others get none
    :param dict places: the place of each rep, 1 for the best; without it the quotas
        fill evenly
    :return: ``{lead: rep}`` of the leads that found one

    >>> assign({"big": [["Ann", "Bo"]], "small": [["Ann", "Bo"]]}, {"Ann": 1, "Bo": 2},
    ...        {"Ann": 1, "Bo": 2})
    {'big': 'Ann', 'small': 'Bo'}
    """
    left = {rep: quota for rep, quota in quotas.items() if quota > 0}
    order = {rep: number for number, rep in enumerate(left)}

    def worth(rep):
        if places:
            return (places[rep], order[rep])
        return (Fraction(-left[rep], quotas[rep]), -left[rep], order[rep])

    room = dict(rooms or {})
    buckets = buckets or {}

    def has_room(rep, lead):
        return rep in left and all(
            room.get((rep, bucket), 1) > 0 for bucket in buckets.get(lead, ())
        )

    rank = {rep: worth(rep) for rep in left}
    assigned = {}
    for lead, groups in choices.items():
        rep = next(
            (
                min(free, key=rank.__getitem__)
                for group in groups
                if (free := [rep for rep in group if has_room(rep, lead)])
            ),
            None,
        )
        if rep is None:
            continue
        assigned[lead] = rep
        for bucket in buckets.get(lead, ()):
            if (rep, bucket) in room:
                room[rep, bucket] -= 1
        left[rep] -= 1
        if not left[rep]:
            del left[rep]
        elif not places:
            rank[rep] = worth(rep)
    return assigned


def ramped(quota, start, months, today):
    """The part of a quota that a rep in the ramp-up gets.

    It grows in equal steps: with a ramp-up of three months a third in the first month,
    two thirds in the second, all of it from the third on. Rounded half up, but at least
    one where there is any.

    :param int quota: at full performance
    :param date start: first day of work, None when unknown: no ramp-up
    :param int months: of the ramp-up

    >>> from datetime import date
    >>> [ramped(9, date(2026, 1, 15), 3, date(2026, m, 15)) for m in (1, 2, 3, 4)]
    [3, 6, 9, 9]
    """
    if not start or months <= 0 or quota <= 0:
        return quota
    passed = (today.year - start.year) * 12 + today.month - start.month
    passed -= today.day < start.day
    step = min(max(passed + 1, 1), months)
    return max(1, (2 * quota * step + months) // (2 * months))
