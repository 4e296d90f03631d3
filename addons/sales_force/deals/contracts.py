"""The life of a contract by its dates, without records.

>>> phase("running", date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 1))
'running'
>>> phase("running", date(2026, 1, 1), date(2026, 12, 31), date(2026, 10, 2))
'expiring'
>>> phase("running", date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
'ended'
"""

from datetime import date, timedelta

# A contract expires when its last day is so near.
EXPIRING = timedelta(days=90)
# In these phases its prices hold and its customer is bound.
IN_FORCE = ("running", "expiring")
# A signed contract goes through these by the date alone.
DATED = ("signed", "running", "expiring", "ended")


def phase(state, start, end, today):
    """Where a contract is in its life.

    :param str state: what people decided: draft, sent, running (it is signed),
        terminated, replaced
    :param date end: the last day; None: until further notice
    """
    if state != "running":
        return state
    if today < start:
        return "signed"
    if not end or today < end - EXPIRING:
        return "running"
    return "ended" if today > end else "expiring"


def dated(name, today):
    """The dates of signed contracts in a phase: ``((first, last), (first, last))``.

    The bounds, inclusive, of the first day and of the last one; None: open. A last day
    that is open upwards includes "until further notice".
    """
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    return {
        "signed": ((tomorrow, None), (None, None)),
        "running": ((None, today), (today + EXPIRING + timedelta(days=1), None)),
        "expiring": ((None, today), (today, today + EXPIRING)),
        "ended": ((None, today), (date.min, yesterday)),
    }[name]
