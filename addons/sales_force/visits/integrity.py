"""Honest signals about a visit: what is unusual, how much, and a score.

A signal is no accusation: it says what was measured, so that people can talk about it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from .geo import distance

# How much a signal takes from the score of 100.
POINTS = {
    "no_position": 10,
    "inaccurate": 10,
    "far": 30,
    "speed": 30,
    "repeated": 20,
    "photo": 30,
    "short": 20,
}


@dataclass(frozen=True)
class Limits:
    """What is unusual beyond them; 0: never.

    ``radius`` and ``accuracy`` in metres, ``speed`` in km/h, ``minutes`` of a visit
    """

    radius: float
    accuracy: float
    speed: float
    minutes: float


@dataclass(frozen=True)
class Fix:
    """Where a device said that it was: degrees, metres, moment in UTC, local day."""

    latitude: float
    longitude: float
    accuracy: float
    moment: datetime
    day: date

    @property
    def point(self):
        return self.latitude, self.longitude

    @property
    def metre(self):
        """The same for positions that do not differ by a metre or so."""
        return round(self.latitude, 5), round(self.longitude, 5)


def signals(limits, fixes, *, customer=None, earlier=(), minutes=None, photos=0):
    """What is unusual about a visit: ``{kind: figure}``.

    :param fixes: of check-in and, once done, check-out; None where there is no position
    :param customer: the customer's ``(latitude, longitude)``, None where not known
    :param earlier: the rep's fixes at other visits, in any order
    :param minutes: how long the visit took, None while it lasts
    :param photos: how many photos were used before

    ``far`` and ``inaccurate`` in metres, ``speed`` in km/h, ``short`` in minutes, the
    others are counts.
    """
    found = {}
    known = [fix for fix in fixes if fix]
    missing = len(fixes) - len(known)
    if missing:
        found["no_position"] = missing
    if known:
        accuracy = max(fix.accuracy for fix in known)
        if limits.accuracy and accuracy > limits.accuracy:
            found["inaccurate"] = accuracy
        if customer and limits.radius:
            # In favour of the rep: as near as the accuracy allows.
            away = max(distance(fix.point, customer) - fix.accuracy for fix in known)
            if away > limits.radius:
                found["far"] = away
        speed = max_speed(known[0], earlier)
        if limits.speed and speed > limits.speed:
            found["speed"] = speed
        places = {fix.metre for fix in known}
        days = {
            fix.day
            for fix in earlier
            if fix.metre in places and fix.day != known[0].day
        }
        if days:
            found["repeated"] = len(days)
    if photos:
        found["photo"] = photos
    if minutes is not None and limits.minutes and minutes < limits.minutes:
        found["short"] = minutes
    return found


def max_speed(fix, earlier):
    """How fast the rep must have been from the last fix before in km/h, at least."""
    before = [other for other in earlier if other.moment < fix.moment]
    if not before:
        return 0.0
    last = max(before, key=lambda other: other.moment)
    metres = distance(last.point, fix.point) - last.accuracy - fix.accuracy
    seconds = (fix.moment - last.moment).total_seconds()
    return max(0.0, metres) / seconds * 3.6


def score(kinds):
    """From 100, nothing unusual, down to 0."""
    return max(0, 100 - sum(POINTS[kind] for kind in kinds))
