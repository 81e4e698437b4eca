"""The price history of one market in whole minutes, and candles of any of the venue's lengths from it; fed by
`trade_tape.py` with every trade it knows, so that candles and trades can never disagree."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from brokerage.luno_simulator.order import ZERO

DURATIONS = (60, 300, 900, 1800, 3600, 10800, 14400, 28800, 86400, 259200, 604800)
_MINUTE_MS = 60_000


@dataclass(slots=True)
class Candle:
    """What happened from `start_ms` on; a flat one stands for a time without trades."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO

    def absorb(self, later: "Candle") -> None:
        """Take in what happened later within the same length of time."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume


class CandleHistory:
    """The minutes in which there were trades, for as long as the exchange runs, oldest first."""

    def __init__(self) -> None:
        self._minutes: list[Candle] = []

    def record(self, timestamp_ms: int, price: Decimal, volume: Decimal) -> None:
        """Take in a trade; trades come in the order of time."""
        last = self._minutes[-1] if self._minutes else None
        if last is not None and timestamp_ms < last.start_ms + _MINUTE_MS:
            # The same as absorbing a candle of this one trade, without making it.
            if price > last.high:
                last.high = price
            elif price < last.low:
                last.low = price
            last.close = price
            last.volume += volume
        else:
            start_ms = timestamp_ms - timestamp_ms % _MINUTE_MS
            self._minutes.append(Candle(start_ms, price, price, price, price, volume))

    def candles(self, duration_seconds: int, since_ms: int, now_ms: int) -> Iterator[Candle]:
        """Yield the candles that start at or after a time, oldest first, the one that is not over yet included.

        Starts are multiples of the duration since the epoch. A time without trades is a flat candle at the last price;
        before the first known trade there are none.
        """
        if not self._minutes:
            return
        length_ms = duration_seconds * 1000
        first_ms = self._minutes[0].start_ms
        start_ms = max(-(-since_ms // length_ms) * length_ms, first_ms - first_ms % length_ms)
        position = bisect_left(self._minutes, start_ms, key=lambda minute: minute.start_ms)
        last = self._minutes[position - 1].close if position else self._minutes[0].open
        while start_ms <= now_ms:
            candle: Candle | None = None
            while position < len(self._minutes) and self._minutes[position].start_ms < start_ms + length_ms:
                minute = self._minutes[position]
                if candle is None:
                    candle = replace(minute, start_ms=start_ms)
                else:
                    candle.absorb(minute)
                position += 1
            candle = candle or Candle(start_ms, last, last, last, last)
            last = candle.close
            yield candle
            start_ms += length_ms
