"""The highest and the lowest of a moving window and what is drawn between them: Donchian channel, Stochastic oscillator, Williams %R.

The window is kept as two blocks, as in moving_averages.py, with maxima in place of sums (van Herk, 1992; Gil and Werman, 1993).
"""

import math
from itertools import accumulate

from trading_system.indicators.indicator import BarIndicator, PriceIndicator, need_period, need_prices, refused
from trading_system.indicators.moving_averages import SMA


class Highest(PriceIndicator):
    """The highest of the last `period` prices."""

    __slots__ = ("_best", "_newer", "_older", "period")

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._newer: list[float] = []
        self._best = -math.inf                              # of the newer block
        self._older = [-math.inf, *[math.nan] * (period - 1)]

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self._newer.append(price)
        best = self._best
        if price > best:
            self._best = best = price
        older = self._older.pop()
        self.value = value = best if best > older else older    # nan, as older is, until there were enough
        if not self._older:
            self._older = [-math.inf, *accumulate(self._newer[:0:-1], max)]
            self._newer.clear()
            self._best = -math.inf
        return value


class Lowest(PriceIndicator):
    """The lowest of the last `period` prices."""

    __slots__ = ("_highest", "period")

    def __init__(self, period: int) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._highest = Highest(period)

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self.value = value = -self._highest.update(-price)
        return value


class Donchian(BarIndicator):
    """The Donchian channel: `upper` is the highest high of the last `period` bars, the newest included, `lower` the lowest low.

    `value` is the middle. For a breakout ask before you update: is the new close above `upper`?
    """

    __slots__ = ("_highest", "_lowest")

    def __init__(self, period: int = 20) -> None:
        super().__init__()
        self._highest = Highest(need_period(self, period))
        self._lowest = Lowest(period)

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        self.value = value = (self._highest.update(high) + self._lowest.update(low)) / 2.0
        return value

    @property
    def period(self) -> int:
        """Return the number of bars in the window."""
        return self._highest.period

    @property
    def upper(self) -> float:
        """Return the highest high."""
        return self._highest.value

    @property
    def middle(self) -> float:
        """Return the middle between the highest high and the lowest low."""
        return self.value

    @property
    def lower(self) -> float:
        """Return the lowest low."""
        return self._lowest.value


class Stochastic(BarIndicator):
    """The Stochastic oscillator, 0 to 100: where the close stands between the lowest low and the highest high of `period` bars.

    `k` (also `value`) is that place averaged over `smoothing` bars, `d` is k averaged over `signal` bars. Smoothing 1 is the fast
    Stochastic. The place is 50 where high and low are one.
    """

    __slots__ = ("_d", "_highest", "_k", "_lowest")

    def __init__(self, period: int = 14, smoothing: int = 3, signal: int = 3) -> None:
        super().__init__()
        self._highest = Highest(need_period(self, period))
        self._lowest = Lowest(period)
        self._k = SMA(need_period(self, smoothing, name="smoothing"))
        self._d = SMA(need_period(self, signal, name="signal period"))

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        highest, lowest = self._highest.update(high), self._lowest.update(low)
        if highest == highest:
            place = 100.0 * ((close - lowest) / (highest - lowest)) if highest != lowest else 50.0
            self.value = value = self._k.update(place)
            if value == value:
                self._d.update(value)
        return self.value

    @property
    def k(self) -> float:
        """Return the smoothed place of the close."""
        return self.value

    @property
    def d(self) -> float:
        """Return the signal line."""
        return self._d.value

    @property
    def is_ready(self) -> bool:
        """Tell whether the signal line has a value."""
        return self._d.is_ready


class WilliamsR(BarIndicator):
    """Williams %R, -100 to 0: how far the close stands below the highest high of `period` bars; -50 where high and low are one."""

    __slots__ = ("_highest", "_lowest", "period")

    def __init__(self, period: int = 14) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._highest = Highest(period)
        self._lowest = Lowest(period)

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        highest, lowest = self._highest.update(high), self._lowest.update(low)
        self.value = value = 100.0 * ((close - highest) / (highest - lowest)) if highest != lowest else -50.0
        return value
