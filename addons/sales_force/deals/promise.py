"""What a line can promise: stock in time, lots by expiry. No environment.

Quantities are in the product's unit, days are dates where the company works. What comes
or goes on a day is there, or gone, on that day.
"""

from dataclasses import dataclass
from datetime import date
from math import floor
from typing import NamedTuple


class Stock(NamedTuple):
    """Of a product in a warehouse.

    :param float on_hand: in the warehouse now, with what is reserved or expired
    :param float free: what of it nobody has reserved and has not expired
    :param float usable: what of it has not expired, reserved or not
    :param tuple flows: ``(day, quantity)``, what goes is negative
    """

    on_hand: float = 0.0
    free: float = 0.0
    usable: float = 0.0
    flows: tuple = ()

    def forecast(self, day):
        """What is there at the end of a day, less what has gone by then."""
        return self.usable + sum(
            quantity for when, quantity in self.flows if when <= day
        )


class Need(NamedTuple):
    """What a line promises: so many of a product on a day.

    :param tuple parts: ``(stock, quantity of it in one)``: the product itself, or the
        components of a kit
    :param bool whole: whether only whole ones are of use, as of kits
    """

    key: int
    parts: tuple
    quantity: float
    day: date
    whole: bool = False

    def count(self, there):
        """How many ``there(stock)`` makes: the scarcest part decides."""
        made = min(there(stock) / each for stock, each in self.parts)
        return floor(round(made, 6)) if self.whole else made


class Promise(NamedTuple):
    """What of it can be kept.

    :param float on_hand: before any line takes something
    :param float free: left by the lines before, now
    :param float forecast: left by the lines before, on the day
    :param float short: what is missing on the day, not negative
    :param tuple wanted: ``(Stock, quantity)`` of each part, with the lines before
    """

    on_hand: float
    free: float
    forecast: float
    short: float
    wanted: tuple
    day: date

    @property
    def available(self):
        """The first day from then on which nothing is missing, None if not known."""
        days = {self.day} | {
            when
            for stock, _quantity in self.wanted
            for when, _change in stock.flows
            if when > self.day
        }
        return next(
            (
                day
                for day in sorted(days)
                if all(stock.forecast(day) >= wanted for stock, wanted in self.wanted)
            ),
            None,
        )


def promises(needs, stocks):
    """Lines take in their order from the stock that they share.

    :param needs: :class:`Need` in the order of the lines
    :param dict stocks: ``{stock of a part: Stock}``
    :return: ``{need.key: Promise}``
    """
    taken = dict.fromkeys(stocks, 0.0)
    found = {}
    for need in needs:
        day = need.day
        free = need.count(lambda key: stocks[key].free - taken[key])
        forecast = need.count(
            lambda key, day=day: stocks[key].forecast(day) - taken[key]
        )
        for key, each in need.parts:
            taken[key] += need.quantity * each
        found[need.key] = Promise(
            on_hand=need.count(lambda key: stocks[key].on_hand),
            free=free,
            forecast=forecast,
            short=max(need.quantity - max(forecast, 0.0), 0.0),
            wanted=tuple((stocks[key], taken[key]) for key, _each in need.parts),
            day=day,
        )
    return found


class Lot(NamedTuple):
    """A lot with what of it nobody has reserved.

    :param expires: None: never
    :param removed: from this day on it is no stock any more, None: never
    """

    name: str
    quantity: float
    expires: date | None = None
    removed: date | None = None


@dataclass(frozen=True)
class Life:
    """How long goods have to last after the delivery, for a customer.

    :param float least: days, or percent of the shelf life; 0: does not matter
    """

    least: float = 0.0
    percent: bool = False

    def days(self, shelf_life):
        """In days.

        :param int shelf_life: of the product in days, 0 where it is not known
        """
        return self.least * shelf_life / 100 if self.percent else self.least


class Lasting(NamedTuple):
    """A lot on a day: how many days it lasts from then, None: for ever."""

    lot: Lot
    days: int | None
    too_short: bool


def by_expiry(lots, day, least):
    """Lots, the first expiring first, as they are on a day.

    :param float least: days that they should last from then
    """
    ordered = sorted(lots, key=lambda lot: (lot.expires is None, lot.expires or day))
    return [
        Lasting(lot, days, days is not None and days < max(least, 0))
        for lot in ordered
        for days in [lot.expires and (lot.expires - day).days]
    ]


def missing_life(promise, quantity, lasting, day):
    """How much of a promise only goods can keep that do not last long enough.

    Not counting what is short anyway.

    :param float quantity: promised
    :param lasting: :func:`by_expiry` of the lots on the day
    """
    too_short = sum(
        one.lot.quantity
        for one in lasting
        if one.too_short and (one.lot.removed is None or one.lot.removed > day)
    )
    good = max(promise.forecast - too_short, 0.0)
    return max(quantity - good - promise.short, 0.0)
