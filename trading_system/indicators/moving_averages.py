"""Moving averages: simple, exponential, Wilder's, weighted and volume-weighted.

The window is kept as two blocks: what is left of the older one, whose sums were laid out when it ended, and the newer one, whose sum grows
with each price. Nothing is ever subtracted, so nothing drifts, and a wild price leaves no trace once it has left the window.
"""

import math
from itertools import accumulate

from trading_system.core.market_data import Bar
from trading_system.indicators.indicator import Indicator, PriceIndicator, need_period, need_volume, refused


class SMA(PriceIndicator):
    """The simple moving average: the mean of the last `period` prices."""

    __slots__ = ("_newer", "_older", "_sum", "period")

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._newer: list[float] = []
        self._sum = 0.0                                     # of the newer block
        # The sums of the newest 0, 1, 2 ... prices of the older block: one is used up with each price. None is known at first.
        self._older = [0.0, *[math.nan] * (period - 1)]

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self._newer.append(price)
        self._sum = total = self._sum + price
        self.value = value = (self._older.pop() + total) / self.period
        if not self._older:
            self._older = [0.0, *accumulate(self._newer[:0:-1])]
            self._newer.clear()
            self._sum = 0.0
        return value


class _Smoothed(PriceIndicator):
    """`value += weight * (price - value)`, begun with the mean of the first `period` prices."""

    __slots__ = ("_seed", "_seed_count", "_weight", "period")

    def __init__(self, period: int, weight: float) -> None:
        super().__init__()
        self.period = period
        self._weight = weight
        self._seed = 0.0
        self._seed_count = 0

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        value = self.value
        if value == value:
            self.value = value = value + self._weight * (price - value)
            return value
        self._seed += price
        self._seed_count += 1
        if self._seed_count == self.period:
            self.value = self._seed / self.period
        return self.value


class EMA(_Smoothed):
    """The exponential moving average: a price weighs 2 / (period + 1). It begins with the mean of the first `period`, as in TA-Lib."""

    __slots__ = ()

    def __init__(self, period: int) -> None:
        super().__init__(need_period(self, period), 2.0 / (period + 1))


class RMA(_Smoothed):
    """Wilder's moving average (also SMMA): a price weighs 1 / period. Source: Wilder, New Concepts in Technical Trading Systems, 1978."""

    __slots__ = ()

    def __init__(self, period: int) -> None:
        super().__init__(need_period(self, period), 1.0 / period)


class WMA(PriceIndicator):
    """The linearly weighted moving average: the newest of `period` prices weighs `period` times as much as the oldest."""

    __slots__ = ("_newer", "_older", "_sum", "_weighted", "_weights", "period")

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._weights = period * (period + 1) / 2
        self._newer: list[float] = []
        self._sum = self._weighted = 0.0                    # of the newer block: plain, and with weights 1, 2, 3 ...
        self._older = [0.0, *[math.nan] * (period - 1)]     # as in SMA, but weighted

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self._newer.append(price)
        self._sum += price
        self._weighted += len(self._newer) * price
        self.value = value = (self._older.pop() + len(self._older) * self._sum + self._weighted) / self._weights
        if not self._older:
            # With each step a price weighs one more: the weighted sums are sums of sums.
            self._older = [0.0, *accumulate(accumulate(self._newer[:0:-1]))]
            self._newer.clear()
            self._sum = self._weighted = 0.0
        return value


class VWMA(Indicator):
    """The volume-weighted moving average of the last `period` closes; nan while nothing was traded in them."""

    __slots__ = ("_value_mean", "_volume_mean", "period")

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._value_mean = SMA(period)
        self._volume_mean = SMA(period)

    def update(self, bar: Bar) -> float:
        """Take the next bar in; ValueError where its close is nan or infinite or its volume is not known."""
        return self.update_values(bar.close, bar.volume)

    def update_values(self, close: float, volume: float) -> float:
        """Do what `update` does, with the numbers of a bar that is none of ours."""
        need_volume(self, volume)
        if close - close != 0.0:
            raise refused(self, close)
        value, volume = self._value_mean.update(close * volume), self._volume_mean.update(volume)
        self.value = value / volume if volume else math.nan
        return self.value
