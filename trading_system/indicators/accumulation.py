"""Running totals of volume: on-balance volume and the accumulation/distribution line. Their change means something, not their height."""

import math

from trading_system.core.market_data import Bar
from trading_system.indicators.indicator import Indicator, VolumeIndicator, need_prices, need_volume, refused


class OBV(Indicator):
    """On-balance volume: the volume of rising closes less that of falling ones. It begins with 0. Source: Granville, 1963."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        super().__init__()
        self._last = math.nan

    def update(self, bar: Bar) -> float:
        """Take the next bar in; ValueError where its close is nan or infinite or its volume is not known."""
        return self.update_values(bar.close, bar.volume)

    def update_values(self, close: float, volume: float) -> float:
        """Do what `update` does, with the numbers of a bar that is none of ours."""
        need_volume(self, volume)
        if close - close != 0.0:
            raise refused(self, close)
        last, self._last = self._last, close
        if last != last:
            self.value = 0.0
        elif close > last:
            self.value += volume
        elif close < last:
            self.value -= volume
        return self.value


class AccumulationDistribution(VolumeIndicator):
    """The accumulation/distribution line: each bar adds its volume times the place of its close, from -1 at the low to 1 at the high.

    A bar without range adds nothing. Source: Chaikin.
    """

    __slots__ = ()

    def update_values(self, high: float, low: float, close: float, volume: float) -> float:
        need_prices(self, high, low, close)
        need_volume(self, volume)
        added = volume * ((close - low) - (high - close)) / (high - low) if high != low else 0.0
        self.value = self.value + added if self.is_ready else added
        return self.value
