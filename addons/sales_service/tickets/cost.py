"""What the work on a ticket costs, in a currency, without records.

>>> work([(90, 60)]) + travel([(30, 12, 60, 0.5)])
126.0
"""

HOUR = 60


def work(jobs):
    """:param jobs: pairs of minutes worked and cost of an hour"""
    return sum(minutes * hourly / HOUR for minutes, hourly in jobs)


def travel(jobs):
    """The agent's time on the way, and the vehicle.

    :param jobs: of each the minutes and kilometres of the way, the cost of an hour and
        that of a kilometre
    """
    return sum(
        minutes * hourly / HOUR + distance * each
        for minutes, distance, hourly, each in jobs
    )
