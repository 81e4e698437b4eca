"""What is built on the typical price of a bar, (high + low + close) / 3, without its time: CCI and MFI."""

import math
from collections import deque

from trading_system.indicators.indicator import BarIndicator, VolumeIndicator, need_period, need_prices, need_volume
from trading_system.indicators.moving_averages import SMA


class CCI(BarIndicator):
    """The commodity channel index: the typical price's distance from its mean in units of 0.015 mean deviations; 0 where it never moved.

    The mean deviation is summed anew with every bar: the one indicator here whose update takes longer with a longer period.
    Source: Lambert, Commodity Channel Index, Commodities magazine, 1980.
    """

    __slots__ = ("_mean", "_prices", "period")

    def __init__(self, period: int = 20) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._mean = SMA(period)
        self._prices: deque[float] = deque(maxlen=period)

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        price = (high + low + close) / 3.0
        mean = self._mean.update(price)
        self._prices.append(price)
        if mean == mean:
            # Where all are equal to the last digit, what is left between them and their mean is rounding.
            is_flat = price == self._prices[0] and self._prices.count(price) == self.period
            deviation = 0.0 if is_flat else sum([abs(each - mean) for each in self._prices]) / self.period
            self.value = (price - mean) / (0.015 * deviation) if deviation else 0.0
        return self.value


class MFI(VolumeIndicator):
    """The money flow index, 0 to 100: the share of what was traded at rising typical prices in the last `period` bars.

    50 where no price moved or nothing was traded. Source: Quong and Soudack, Technical Analysis of Stocks and Commodities, 1989.
    """

    __slots__ = ("_falling", "_last", "_rising", "period")

    def __init__(self, period: int = 14) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._rising = SMA(period)
        self._falling = SMA(period)
        self._last = math.nan

    def update_values(self, high: float, low: float, close: float, volume: float) -> float:
        need_prices(self, high, low, close)
        need_volume(self, volume)
        price = (high + low + close) / 3.0
        last, self._last = self._last, price
        if last != last:
            return self.value           # the first bar: nothing to compare it with
        flow = price * volume
        rising, falling = self._rising.update(flow if price > last else 0.0), self._falling.update(flow if price < last else 0.0)
        both = rising + falling
        self.value = 100.0 * (rising / both) if both else 50.0
        return self.value
