"""Periods of appraisal, and the parts of one in which somebody had one role. Pure."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def bounds(period, day):
    """The first and last day of the calendar period that holds a day.

    >>> from datetime import date
    >>> bounds("quarter", date(2026, 5, 9))
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    """
    months = MONTHS[period]
    start = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return start, start + relativedelta(months=months, days=-1)


def parts(start, stop, changes):
    """Consecutive days with the same role.

    :param changes: ``[(first day, role)]`` in order; a role of None counts nothing
    :return: ``[(first day, last day, role)]`` within start and stop, neighbours differ
    """
    found = []
    ends = [day - timedelta(days=1) for day, _role in changes[1:]] + [stop]
    for (first, role), last in zip(changes, ends, strict=False):
        first, last = max(first, start), min(last, stop)
        if role is None or first > last:
            continue
        if found and found[-1][2] == role and found[-1][1] + timedelta(days=1) == first:
            first = found.pop()[0]
        found.append((first, last, role))
    return found
