"""A market that moves by the clock alone: the public side of a venue for the paper broker, the same whoever asks."""

import math
from collections.abc import Mapping, Sequence

from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.ports import Runtime

SECOND = 1_000_000_000
_KEPT_SECONDS = 3600


def price_at(second: int) -> float:
    """Return the price of the trade in a second: a slow wave with a fast one on it, on a grid of 0.01."""
    return round(1000 + 20 * math.sin(second / 97) + 3 * math.sin(second / 5), 2)


class MovingMarket:
    """The `Feed` of one symbol: one trade a second, two cents between bid and ask."""

    def __init__(self, name: str, symbol: str, runtime: Runtime) -> None:
        self.name = name
        self._symbol = symbol
        self._runtime = runtime
        self._statuses: dict[str, MarketStatus] = {}

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        now_ns = self._runtime.now_ns()
        self._statuses = {one: MarketStatus.ACTIVE for one in symbols if one == self._symbol}
        last = price_at(now_ns // SECOND)
        return [Tick(one, now_ns, round(last - 0.01, 2), round(last + 0.01, 2), last) for one in self._statuses]

    def statuses(self) -> Mapping[str, MarketStatus]:
        return self._statuses

    def book(self, symbol: str) -> Book:
        now_ns = self._runtime.now_ns()
        last = price_at(now_ns // SECOND)
        return Book(symbol, now_ns, tuple((round(last - 0.01 * step, 2), 2.0 * step) for step in range(1, 6)),
                    tuple((round(last + 0.01 * step, 2), 2.0 * step) for step in range(1, 6)))

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        last = self._runtime.now_ns() // SECOND
        first = max(last - _KEPT_SECONDS, -(-since_ns // SECOND))
        return [Trade(symbol, second * SECOND, price_at(second), 0.5, second % 2 == 0, second) for second in range(first, last + 1)]

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        last_ns = self._runtime.now_ns() // bar_ns * bar_ns
        seconds = bar_ns // SECOND
        bars = []
        for start_ns in range(last_ns - count * bar_ns, last_ns, bar_ns):
            prices = [price_at(start_ns // SECOND + second) for second in range(seconds)]
            bars.append(Bar(symbol, start_ns, start_ns + bar_ns, prices[0], max(prices), min(prices), prices[-1], 0.5 * seconds, seconds))
        return bars
