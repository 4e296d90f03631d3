"""Where a month will end: a forecast with its uncertainty, learned from past months.

What is still to come of a month is told from three things. All are measured at the same
point of past months: after the same part of their working days.

- **Pace**: by then ``share`` of a month had come in, on average of all reps (months
  have an end that differs from their beginning). What has come by ``share`` is a level.
- **Level before**: the rep's months before. The two levels are blended by the weight of
  the pace that would have erred least (least squares), so that a large order on the
  first day does not become twenty of them.
- **Known documents**: of what came in the rest of past months the part ``known`` came
  from documents that were there at this point (leads, orders to invoice, invoices due),
  and ``kept`` of what they were worth came in time. That part of the pace is replaced
  by ``kept`` of what is known today, so that nothing counts twice.

The rest is uncertain in three ways, whose variances add up: few large orders (``size``:
a sum of random orders varies by its mean times the order's size), each rep's level
(``spread``), and what hits all reps at once (``common``). Perhaps nothing comes any
more: of orders that vary like an exponential distribution, ``2 × mean ÷ size`` are
expected, and none comes with the probability ``exp`` of minus that (Poisson). What
comes else has a long right tail and is taken as lognormal, with the mean and variance
that are left. So P10, P50 and P90 have a closed form: the same input, the same result.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

QUANTILES = (0.1, 0.5, 0.9)
# Before this part of a month has come in, what has come says nothing.
FIRST = 0.01
# Less than the smallest unit of money.
NOTHING = 0.005
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Past:
    """A past month of a rep.

    :param month: which one
    :param float passed: what had come by the same point
    :param float whole: what came in all
    :param float squares: the sum of the squares of its days
    :param before: the average of the months before; None: there was none
    """

    month: object
    passed: float
    whole: float
    squares: float
    before: float | None


@dataclass(frozen=True)
class Model:
    """What past months teach; see above.

    :param float kept: None: what is known today says nothing
    """

    share: float
    weight: float
    size: float
    spread: float
    common: float
    known: float = 0.0
    kept: float | None = None


@dataclass(frozen=True)
class Rest:
    """What is still to come: ``mean``, and ``variance`` without what hits all."""

    mean: float = 0.0
    variance: float = 0.0

    def __add__(self, other):
        return Rest(self.mean + other.mean, self.variance + other.variance)


def learn(months, known=0.0, kept=None):
    """What past months of all reps teach.

    :param list months: ``Past``
    :param known, kept: see above
    :return: a ``Model``; None where nothing has ever come in
    """
    whole = sum(past.whole for past in months)
    if whole <= 0:
        return None
    share = min(max(sum(past.passed for past in months) / whole, 0.0), 1.0)
    size = max(sum(past.squares for past in months) / whole, 0.0)
    told = [past for past in months if past.before is not None]
    weight = _fit_weight(told, share)
    model = Model(share, weight, size, 0.0, 0.0)
    rests = [(past, rest(model, past.passed, past.before).mean) for past in told]
    errors = [past.whole - past.passed - mean for past, mean in rests]
    means = [mean for _past, mean in rests]
    if told and size:
        # Who delivers every day varies less than random orders would.
        size *= min(1.0, sum(e**2 for e in errors) / (size * sum(means) or 1.0))
    spread = _excess(errors, [size * mean for mean in means], means)
    model = Model(share, weight, size, spread, 0.0, known, kept)
    by_month = defaultdict(lambda: [0.0, 0.0, 0.0])
    for (past, mean), error in zip(rests, errors, strict=True):
        sums = by_month[past.month]
        sums[0] += error
        sums[1] += size * mean + spread * mean**2
        sums[2] += mean
    columns = list(zip(*by_month.values(), strict=True)) or [(), (), ()]
    return Model(share, weight, size, spread, _excess(*columns), known, kept)


def rest(model, passed, before, known=None):
    """What is still to come of a rep's month.

    :param float passed: what has come so far
    :param before: the average of the months before; None: not known
    :param known: what documents that are known are worth; None: not known
    :return: a ``Rest``
    """
    mean = (1 - model.share) * level(model, passed, before)
    if known is not None and model.kept is not None:
        mean = (1 - model.known) * mean + model.kept * known
    mean = max(mean, 0.0)
    return Rest(mean, model.size * mean + model.spread * mean**2)


def level(model, passed, before):
    """What a whole month of a rep brings, as it looks today."""
    if model.share < FIRST:
        return max(before or 0.0, 0.0)
    pace = passed / model.share
    if before is None:
        return max(pace, 0.0)
    return max(model.weight * pace + (1 - model.weight) * before, 0.0)


def whole_month(model, amount):
    """A month that has not begun, expected to bring an amount."""
    mean = max(amount, 0.0)
    return Rest(mean, model.size * mean + model.spread * mean**2)


def quantiles(model, achieved, coming):
    """P10, P50 and P90 of where it ends.

    :param float achieved: what has come
    :param Rest coming: what is still to come, of all reps and months together
    """
    mean = coming.mean
    if mean < NOTHING:
        return (achieved,) * len(QUANTILES)
    second = coming.variance + (1 + model.common) * mean**2
    nothing = exp(-2 * mean / model.size) if model.size else 0.0
    mean, second = mean / (1 - nothing), second / (1 - nothing)
    sigma = sqrt(max(log(second / mean**2), 0.0))
    found = []
    for quantile in QUANTILES:
        part = (quantile - nothing) / (1 - nothing)
        if part <= 0:
            found.append(achieved)
            continue
        z = _NORMAL.inv_cdf(part)
        found.append(achieved + mean * exp(-(sigma**2) / 2 + z * sigma))
    return tuple(found)


def _fit_weight(told, share):
    """How much the pace counts beside the months before, by least squares."""
    if share < FIRST:
        return 0.0
    top = bottom = 0.0
    for past in told:
        lever = (1 - share) * (past.passed / share - past.before)
        top += lever * (past.whole - past.passed - (1 - share) * past.before)
        bottom += lever**2
    # Nothing to compare with: the pace is all there is.
    return min(max(top / bottom, 0.0), 1.0) if bottom else 1.0


def _excess(errors, variances, means):
    """The part of squared errors beyond a variance, by the squared mean."""
    bottom = sum(mean**2 for mean in means)
    if not bottom:
        return 0.0
    excess = sum(error**2 for error in errors) - sum(variances)
    return max(excess / bottom, 0.0)
