"""Several waterfalls as one: what was planned, what made the difference, what came."""


def together(waterfalls):
    """The sum of waterfalls, cause by cause, in whole cents.

    :param list waterfalls: lists of rows: ``key kind value start stop`` and more; the
        causes are between the totals ``planned`` and ``actual``
    :return: one list of rows; what cannot be summed (rates) is not told

    >>> found = together([_bars(100, -30), _bars(50, 10)])
    >>> [(row["key"], row["start"], row["stop"]) for row in found]
    [('planned', 0.0, 1.5), ('days', 1.5, 1.3), ('actual', 0.0, 1.3)]
    """
    sums, rows = {}, {}
    for waterfall in waterfalls:
        for row in waterfall:
            key = row["key"]
            sums[key] = sums.get(key, 0) + round(row["value"] * 100)
            rows.setdefault(key, row)
    # The order of the longest one: not every waterfall has every cause.
    order = [row["key"] for row in max(waterfalls, key=len)]
    order[-1:-1] = [key for key in rows if key not in order]
    level, summed = 0, []
    for key in order:
        total = rows[key]["kind"] == "total"
        start = 0 if total else level
        level = sums[key] if total else level + sums[key]
        summed.append(
            {
                **rows[key],
                "value": sums[key] / 100,
                "start": start / 100,
                "stop": level / 100,
                "planned_rate": None,
                "actual_rate": None,
            }
        )
    return summed


def _bars(planned, effect):
    """A waterfall of one cause, in cents."""

    def bar(key, kind, start, stop):
        return {
            "key": key,
            "kind": kind,
            "value": (stop - start) / 100,
            "start": start / 100,
            "stop": stop / 100,
        }

    after = planned + effect
    return [
        bar("planned", "total", 0, planned),
        bar("days", "effect", planned, after),
        bar("actual", "total", 0, after),
    ]
