"""What is built on the true range of a bar: true range, ATR, Keltner channel and ADX."""

import math

from trading_system.indicators.indicator import BarIndicator, need_period, need_positive, need_prices
from trading_system.indicators.moving_averages import EMA, RMA


class TrueRange(BarIndicator):
    """The bar's range, widened to the close before it; nan for the first bar. Source: Wilder, as for ATR."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        super().__init__()
        self._last = math.nan

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        last, self._last = self._last, close
        if last == last:
            self.value = (high if high > last else last) - (low if low < last else last)
        return self.value


class ATR(BarIndicator):
    """Wilder's average true range. It begins with the mean of the first `period` true ranges, the first bar having none, as in TA-Lib.

    Source: Wilder, New Concepts in Technical Trading Systems, 1978.
    """

    __slots__ = ("_average", "_range", "period")

    def __init__(self, period: int = 14) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._range = TrueRange()
        self._average = RMA(period)

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        true_range = self._range.update_values(high, low, close)
        if true_range == true_range:
            self.value = self._average.update(true_range)
        return self.value


class Keltner(BarIndicator):
    """The Keltner channel: `middle` (also `value`) is an EMA of the close, `upper` and `lower` are `ranges` ATR away."""

    __slots__ = ("_atr", "_middle", "ranges")

    def __init__(self, period: int = 20, ranges: float = 2.0, atr_period: int = 10) -> None:
        super().__init__()
        self._middle = EMA(need_period(self, period))
        self._atr = ATR(need_period(self, atr_period, name="ATR period"))
        self.ranges = need_positive(self, ranges, "number of ranges")

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        self._atr.update_values(high, low, close)
        self.value = self._middle.update(close)
        return self.value

    @property
    def upper(self) -> float:
        """Return the upper line."""
        return self.value + self.ranges * self._atr.value

    @property
    def middle(self) -> float:
        """Return the middle line."""
        return self.value

    @property
    def lower(self) -> float:
        """Return the lower line."""
        return self.value - self.ranges * self._atr.value

    @property
    def is_ready(self) -> bool:
        """Tell whether the middle and the ATR have values."""
        return self._middle.is_ready and self._atr.is_ready


class ADX(BarIndicator):
    """Wilder's average directional index, 0 to 100, with `plus_di` and `minus_di`, which are there `period` - 1 bars earlier.

    Ranges, movements and the index each begin with the mean of their first `period`. Source: Wilder, as for ATR.
    """

    __slots__ = ("_atr", "_average", "_high", "_low", "_minus", "_plus", "minus_di", "period", "plus_di")

    def __init__(self, period: int = 14) -> None:
        super().__init__()
        self.period = need_period(self, period)
        self._atr = ATR(period)
        self._plus = RMA(period)
        self._minus = RMA(period)
        self._average = RMA(period)
        self._high = self._low = self.plus_di = self.minus_di = math.nan

    def update_values(self, high: float, low: float, close: float) -> float:
        need_prices(self, high, low, close)
        average_range = self._atr.update_values(high, low, close)
        up, down, self._high, self._low = high - self._high, self._low - low, high, low
        if up != up:
            return self.value           # the first bar: nothing to compare it with
        plus = self._plus.update(up if up > down and up > 0.0 else 0.0)
        minus = self._minus.update(down if down > up and down > 0.0 else 0.0)
        if plus == plus:
            self.plus_di = 100.0 * plus / average_range if average_range else 0.0
            self.minus_di = 100.0 * minus / average_range if average_range else 0.0
            both = plus + minus
            self.value = self._average.update(100.0 * (abs(plus - minus) / both) if both else 0.0)
        return self.value
