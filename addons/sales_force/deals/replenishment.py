"""How much to order, by reordering rules or by what was sold. No environment."""

import math

# Sales of so many days tell what is needed.
SALES_DAYS = 90
# What is ordered by sales lasts so many days after it has come.
COVER_DAYS = 30
# More than the sales of so many days is too much.
OVER_DAYS = 180
# What expires within so many days is said.
EXPIRY_DAYS = 90
# So much is no quantity: sums of floats are off by less.
TINY = 1e-6


def order_quantity(forecast, point, target, multiple=0.0, least=0.0):
    """What to order so that the forecast is at the target again.

    :param float forecast: what is there, what comes, less what goes; with what is
        asked of vendors already
    :param float point: below it is ordered
    :param float target: up to it is ordered
    :param float multiple: packs of so many; 0: any quantity
    :param float least: the vendor sells no less
    :return: not negative; 0 where nothing is missing
    """
    if forecast >= point - TINY:
        return 0.0
    quantity = max(target, point) - forecast
    if multiple > 0:
        quantity = math.ceil(quantity / multiple - TINY) * multiple
    if quantity < least:
        quantity = least if multiple <= 0 else math.ceil(least / multiple) * multiple
    return quantity
