"""Periods of appraisal, and the parts of one in which somebody had one role. Pure."""

from calendar import monthrange
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
# Month and day on which the year of a calendar ends.
DECEMBER = (12, 31)
# A year whose February has no 29th.
SHORT = 2001


def bounds(period, day, last=DECEMBER):
    """The first and last day of the period that holds a day.

    Months are the calendar's; longer periods are parts of the fiscal year.

    :param last: month and day on which the fiscal year ends; a day that a month does
        not have is its last one

    >>> from datetime import date
    >>> bounds("quarter", date(2026, 5, 9))
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    >>> bounds("half", date(2026, 5, 9), (3, 31))
    (datetime.date(2026, 4, 1), datetime.date(2026, 9, 30))
    """
    if period == "month":
        start = day.replace(day=1)
        return start, start + relativedelta(months=1, days=-1)
    number, begins = place(period, day, last), _begins(day, last)
    ends = [
        _end(begins, last, MONTHS[period] * count) for count in (number - 1, number)
    ]
    return ends[0] + timedelta(days=1), ends[1]


def payday(stop, months, day):
    """When a period that ends on ``stop`` is paid: a day of the month so many after it.

    A day that the month does not have is its last one; nothing is paid before the
    period is over.

    >>> from datetime import date
    >>> payday(date(2026, 1, 31), 1, 31)
    datetime.date(2026, 2, 28)
    >>> payday(date(2026, 3, 31), 0, 15)
    datetime.date(2026, 3, 31)
    """
    first = stop.replace(day=1) + relativedelta(months=months)
    last = monthrange(first.year, first.month)[1]
    return max(stop, first.replace(day=min(day, last)))


def firsts(period, start, stop, last=DECEMBER):
    """The first days of the periods from that of one day to that of another.

    >>> from datetime import date
    >>> firsts("half", date(2026, 5, 9), date(2026, 7, 1))
    [datetime.date(2026, 1, 1), datetime.date(2026, 7, 1)]
    """
    found = []
    while start <= stop:
        first, end = bounds(period, start, last)
        found.append(first)
        start = end + timedelta(days=1)
    return found


def place(period, day, last=DECEMBER):
    """Which period of the fiscal year holds a day: from 1 on."""
    begins, months = _begins(day, last), MONTHS[period]
    return next(
        number
        for number in range(1, 12 // months + 1)
        if day <= _end(begins, last, months * number)
    )


def earlier(period, day, count, last=DECEMBER):
    """The first day of the period so many before the one that holds a day.

    >>> from datetime import date
    >>> earlier("quarter", date(2026, 5, 9), 2)
    datetime.date(2025, 10, 1)
    """
    start = bounds(period, day, last)[0]
    for _number in range(count):
        start = bounds(period, start - timedelta(days=1), last)[0]
    return start


def years(day, last=DECEMBER):
    """The calendar years in which the fiscal year of a day begins and ends.

    >>> from datetime import date
    >>> years(date(2026, 5, 9)), years(date(2026, 5, 9), (3, 31))
    ((2026, 2026), (2026, 2027))
    """
    begins = _begins(day, last)
    return (begins + timedelta(days=1)).year, _end(begins, last, 12).year


def _begins(day, last):
    """The day before the fiscal year of a day."""
    month, final = _whole(last)
    end = _clamp(day.year, month, final)
    return end if end < day else _clamp(day.year - 1, month, final)


def _end(begins, last, months):
    """The last day, so many months after the day before the fiscal year."""
    count = begins.year * 12 + begins.month - 1 + months
    return _clamp(count // 12, count % 12 + 1, _whole(last)[1])


def _clamp(year, month, day):
    """A day of a month, or its last one."""
    final = monthrange(year, month)[1]
    return date(year, month, min(day, final))


def _whole(last):
    """A year that ends with a month has parts that do, however long their months."""
    month, day = last
    return month, 31 if day >= monthrange(SHORT, month)[1] else day


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
