"""Indicators of speed: momentum, rate of change, RSI, MACD, and the crossing of two lines."""

import math
from collections import deque

from trading_system.indicators.indicator import Indicator, PriceIndicator, need_period, refused
from trading_system.indicators.moving_averages import EMA, RMA


class Momentum(PriceIndicator):
    """The price less the price `period` prices ago."""

    __slots__ = ("_past", "period")

    def __init__(self, period: int = 10) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._past: deque[float] = deque(maxlen=period)

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        if len(self._past) == self.period:
            self.value = self._of(price, self._past[0])
        self._past.append(price)
        return self.value

    def _of(self, price: float, past: float) -> float:
        return price - past


class ROC(Momentum):
    """The rate of change: how many percent the price stands above the price `period` prices ago; nan where that was 0."""

    __slots__ = ()

    def _of(self, price: float, past: float) -> float:
        return 100.0 * (price - past) / past if past else math.nan


class RSI(PriceIndicator):
    """Wilder's relative strength index, 0 to 100: the share of the average gain in average gain and loss; 50 where the price never moved.

    The averages begin with the mean of the first `period` changes. Source: Wilder, New Concepts in Technical Trading Systems, 1978.
    """

    __slots__ = ("_gain", "_last", "_loss", "period")

    def __init__(self, period: int = 14) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._gain = RMA(period)
        self._loss = RMA(period)
        self._last = math.nan

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        change, self._last = price - self._last, price
        if change != change:
            return self.value           # the first price: nothing to compare it with
        gain, loss = self._gain.update(change if change > 0.0 else 0.0), self._loss.update(-change if change < 0.0 else 0.0)
        moved = gain + loss
        self.value = 100.0 * (gain / moved) if moved else 50.0
        return self.value


class MACD(PriceIndicator):
    """Moving average convergence/divergence: `value` is the fast EMA less the slow one, `signal` its own EMA, `histogram` their difference.

    Each of the three averages begins with the mean of its own first prices. Source: Appel, Technical Analysis, 2005.
    """

    __slots__ = ("_fast", "_signal", "_slow")

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        super().__init__()
        if need_period(self, fast, name="fast period") >= need_period(self, slow, name="slow period"):
            raise ValueError(f"MACD needs a fast period below the slow one, and got {fast} and {slow}")
        self._fast = EMA(fast)
        self._slow = EMA(slow)
        self._signal = EMA(need_period(self, signal, name="signal period"))

    def update(self, price: float) -> float:
        if price - price != 0.0:
            raise refused(self, price)
        self.value = value = self._fast.update(price) - self._slow.update(price)
        if value == value:
            self._signal.update(value)
        return value

    @property
    def signal(self) -> float:
        """Return the signal line."""
        return self._signal.value

    @property
    def histogram(self) -> float:
        """Return the value less its signal."""
        return self.value - self._signal.value

    @property
    def is_ready(self) -> bool:
        """Tell whether the signal line has a value; the value itself comes `signal` - 1 prices earlier."""
        return self._signal.is_ready


class Cross(Indicator):
    """Tells when a line crosses another: 1 when it has come above, -1 when below, else 0. Where they are equal the last side counts."""

    __slots__ = ("_side",)

    def __init__(self) -> None:
        super().__init__()
        self._side = 0

    def update(self, line: float, other: float) -> int:
        """Take the next two values in, each may be nan while its line is not ready; return 1, -1 or 0."""
        side = (line > other) - (line < other)
        crossed = side if side and self._side == -side else 0
        self._side = side or self._side
        if line == line and other == other:
            self.value = crossed
        return crossed
