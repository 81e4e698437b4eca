"""The standard deviation of a moving window, and the Bollinger bands that are drawn with it.

Squares are summed of distances from a price of the window itself. The square of the window's mean distance from it is then at most `period`
times the variance, so no digits are lost however high prices stand; and as in moving_averages.py no running sum is ever subtracted from.
"""

import math
from itertools import accumulate

from trading_system.indicators.indicator import PriceIndicator, need_period, need_positive, refused


class StandardDeviation(PriceIndicator):
    """The standard deviation of the last `period` prices, of the population (divided by n) or of a sample (by n - 1), and their `mean`."""

    __slots__ = ("_anchor", "_divisor", "_newer", "_older", "_squares", "_sum", "mean", "period")

    def __init__(self, period: int, sample: bool = False) -> None:
        super().__init__()
        self.period = need_period(self, period, least=2 if sample else 1)
        self._divisor = period - 1 if sample else period
        self.mean = math.nan
        self._newer: list[float] = []
        self._anchor = math.nan                             # the price that distances are measured from: the newest of the older block
        self._sum = self._squares = 0.0                     # of the newer block's distances
        # The sums of the newest 0, 1, 2 ... distances of the older block, and of their squares: one pair is used up with each price.
        self._older = [(math.nan, math.nan)] * period

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self._newer.append(price)
        total, squares = self._older.pop()
        if self._older:
            distance = price - self._anchor
            self._sum += distance
            self._squares += distance * distance
            total += self._sum
            squares += self._squares
        else:
            total, squares = self._begin_block(price)
        mean = total / self.period
        self.mean = self._anchor + mean
        rest = squares - total * mean
        if rest < 0.0:
            rest = 0.0                                      # rounding left it a trifle below
        self.value = value = math.sqrt(rest / self._divisor)
        return value

    def _begin_block(self, anchor: float) -> tuple[float, float]:
        # The anchor must be a price of the window as long as it is used: the newest one of a block is, until the next block ends.
        distances = [price - anchor for price in reversed(self._newer)]
        sums = [*accumulate(distances)], [*accumulate(distance * distance for distance in distances)]
        *self._older, whole = zip(*sums, strict=True)
        self._older.insert(0, (0.0, 0.0))
        self._anchor, self._sum, self._squares = anchor, 0.0, 0.0
        self._newer.clear()
        return whole


class Bollinger(PriceIndicator):
    """Bollinger bands: `middle` is the mean of the last `period` prices, `upper` and `lower` are `deviations` standard deviations away.

    `value` is the middle. The deviation is the population's. Source: Bollinger, Bollinger on Bollinger Bands, 2001.
    """

    __slots__ = ("_deviation", "_price", "deviations", "lower", "upper")

    def __init__(self, period: int = 20, deviations: float = 2.0) -> None:
        super().__init__()
        self._deviation = StandardDeviation(need_period(self, period))
        self.deviations = need_positive(self, deviations, "number of deviations")
        self.upper = self.lower = self._price = math.nan

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        distance = self._deviation.update(price) * self.deviations
        self._price = price
        self.value = middle = self._deviation.mean
        self.upper = middle + distance
        self.lower = middle - distance
        return middle

    @property
    def period(self) -> int:
        """Return the number of prices in the window."""
        return self._deviation.period

    @property
    def middle(self) -> float:
        """Return the middle band."""
        return self.value

    @property
    def width(self) -> float:
        """Return the distance between the bands as a fraction of the middle; nan where the middle is 0."""
        return (self.upper - self.lower) / self.value if self.value else math.nan

    @property
    def percent_b(self) -> float:
        """Return where the last price stands: 0 on the lower band, 1 on the upper; nan where the bands are one."""
        return (self._price - self.lower) / (self.upper - self.lower) if self.upper != self.lower else math.nan
