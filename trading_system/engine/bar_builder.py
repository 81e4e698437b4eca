"""Builds bars from ticks, trades or shorter bars: buckets aligned to the epoch, delivered at the first beat or tick after their end.

The engine's thread feeds it; it knows no clock and no strategy.
"""

import math

from trading_system.core.market_data import Bar
from trading_system.engine.timers import NEVER_NS


class BarBuilder:
    """The running bar of one symbol and one length. A bucket that began before the first price is partial and is never delivered."""

    def __init__(self, symbol: str, bar_ns: int) -> None:
        self.symbol = symbol
        self.bar_ns = bar_ns
        self._start_ns = 0              # 0: no bucket is running
        self._is_partial = True
        self._open = self._high = self._low = self._close = self._volume = 0.0
        self._count = 0
        self._first_ns = 0
        self._ended_ns = 0

    def add(self, now_ns: int, price: float, quantity: float = math.nan) -> Bar | None:
        """Add a price seen at `now_ns`; return the bar that ended before it, if one did. Quantity nan means volume is not known."""
        ended = self.close_due(now_ns)
        start_ns = now_ns - now_ns % self.bar_ns
        if start_ns < self._ended_ns:
            return ended                # the wall clock stepped back into a bucket that was delivered
        if not self._first_ns:
            self._first_ns = now_ns
        if self._start_ns != start_ns:
            self._start_ns = start_ns
            self._is_partial = start_ns < self._first_ns
            self._open = self._high = self._low = self._close = price
            self._volume = quantity
            self._count = 1
        else:
            if price > self._high:
                self._high = price
            if price < self._low:
                self._low = price
            self._close = price
            self._volume += quantity
            self._count += 1
        return ended

    @property
    def end_ns(self) -> int:
        """Return when the running bar ends; far beyond all history when none runs."""
        return self._start_ns + self.bar_ns if self._start_ns else NEVER_NS

    def add_bar(self, bar: Bar) -> tuple[Bar, ...]:
        """Add a shorter bar, whose length divides ours; return what ended before it began, and our bar when that one was its last."""
        before = self.close_due(bar.start_ns)
        start_ns = bar.start_ns - bar.start_ns % self.bar_ns
        if self._start_ns != start_ns:
            self._start_ns = start_ns
            self._is_partial = bar.start_ns > start_ns and not self._first_ns
            self._open, self._high, self._low = bar.open, bar.high, bar.low
            self._volume, self._count = bar.volume, bar.count
        else:
            self._high = max(self._high, bar.high)
            self._low = min(self._low, bar.low)
            self._volume += bar.volume
            self._count += bar.count
        self._first_ns = self._first_ns or bar.start_ns
        self._close = bar.close
        ended = (before, self.close_due(bar.time_ns))
        return tuple(one for one in ended if one is not None)

    def close_due(self, now_ns: int) -> Bar | None:
        """Return the running bar if its end has passed at `now_ns`; empty buckets make no bar."""
        if not self._start_ns or now_ns < self._start_ns + self.bar_ns:
            return None
        start_ns, self._start_ns = self._start_ns, 0
        self._ended_ns = start_ns + self.bar_ns
        if self._is_partial:
            return None
        return Bar(self.symbol, start_ns, start_ns + self.bar_ns, self._open, self._high, self._low, self._close, self._volume, self._count)
