"""Distances on the earth."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6_371_008.8  # metres, the mean


def distance(first, second):
    """The great-circle distance of two points in metres.

    :param first, second: ``(latitude, longitude)`` in degrees (WGS 84)
    """
    lat1, lng1, lat2, lng2 = map(radians, (*first, *second))
    chord = (
        sin((lat2 - lat1) / 2) ** 2
        + cos(lat1) * cos(lat2) * sin((lng2 - lng1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(chord)))
