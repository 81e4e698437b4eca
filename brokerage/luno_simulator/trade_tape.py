"""The public trades of one market over the past 24 hours; written by `trading_floor.py`, read by the market-data
routes. It must never say who traded."""

from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import dropwhile, islice, takewhile
from typing import NamedTuple

from brokerage.luno_simulator.candles import CandleHistory
from brokerage.luno_simulator.order import ZERO

DAY_MS = 24 * 60 * 60 * 1000


class Trade(NamedTuple):
    """One public trade. `is_buy` is the side of the taker; `sequence` only ever grows within a market."""

    sequence: int
    timestamp_ms: int
    price: Decimal
    volume: Decimal
    is_buy: bool


class TradeTape:
    """The trades of one market, oldest first, with the volume of the past 24 hours."""

    def __init__(self, past: Iterable[Trade], last_price: Decimal, last_sequence: int) -> None:
        """Start from told trades, oldest first.

        The price and the sequence of the last trade stand even when `past` is empty.
        """
        self._trades = deque(past)
        self._volume = sum((trade.volume for trade in self._trades), ZERO)
        self.history = CandleHistory()
        for trade in self._trades:
            self.history.record(trade.timestamp_ms, trade.price, trade.volume)
        self.last_price = last_price
        self.last_sequence = last_sequence

    def record(self, timestamp_ms: int, price: Decimal, volume: Decimal, is_buy: bool) -> Trade:
        """Append a trade and return it with its sequence."""
        self.last_sequence += 1
        self.last_price = price
        trade = Trade(self.last_sequence, timestamp_ms, price, volume, is_buy)
        self._trades.append(trade)
        self._volume += volume
        self.history.record(timestamp_ms, price, volume)
        self._forget(timestamp_ms - DAY_MS)
        return trade

    def recent(self, since_ms: int, limit: int, until_ms: int | None = None) -> list[Trade]:
        """Return the newest trades at or after a time, and not after `until_ms`, newest first."""
        wanted: Iterator[Trade] = takewhile(lambda trade: trade.timestamp_ms >= since_ms, reversed(self._trades))
        if until_ms is not None:
            wanted = dropwhile(lambda trade: trade.timestamp_ms > until_ms, wanted)
        return list(islice(wanted, limit))

    def volume_of_day(self, now_ms: int) -> Decimal:
        """Return the base volume traded in the 24 hours before `now_ms`."""
        self._forget(now_ms - DAY_MS)
        return self._volume

    def _forget(self, before_ms: int) -> None:
        while self._trades and self._trades[0].timestamp_ms < before_ms:
            self._volume -= self._trades.popleft().volume
