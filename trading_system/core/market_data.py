"""Market data as it lies in the queue: immutable, carrying floats, its own event. `time_ns` is the moment it became known, UTC nanoseconds.

Built by feeds and the bar builder, read by strategies and marks; prices are in counter currency per base unit. `nan` means not known.
"""

import math

import msgspec


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Best bid, best ask and last trade of one symbol."""

    symbol: str
    time_ns: int
    bid: float
    ask: float
    last: float = math.nan

    @property
    def mid(self) -> float:
        """Return the middle between bid and ask."""
        return (self.bid + self.ask) * 0.5

    mark = mid


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One public trade; `is_buy` tells that the taker bought."""

    symbol: str
    time_ns: int
    price: float
    quantity: float
    is_buy: bool
    venue_sequence: int = 0

    @property
    def mark(self) -> float:
        """Return the price a position is valued at."""
        return self.price


class Bar(msgspec.Struct, frozen=True, gc=False):
    """Open, high, low, close between `start_ns` and `time_ns`, its end. `count` is the number of ticks or trades in it."""

    symbol: str
    start_ns: int
    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float = math.nan
    count: int = 0

    @property
    def mark(self) -> float:
        """Return the price a position is valued at."""
        return self.close


class Book(msgspec.Struct, frozen=True, gc=False):
    """The best levels of one symbol, best first, each a pair (price, quantity)."""

    symbol: str
    time_ns: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    @property
    def mark(self) -> float:
        """Return the middle between the best bid and the best ask; nan where a side is empty."""
        return (self.bids[0][0] + self.asks[0][0]) * 0.5 if self.bids and self.asks else math.nan


class SkippedTicks(msgspec.Struct, frozen=True):
    """Ticks that newer ones replaced before the engine came to them: no strategy sees them, but bars are built from them."""

    symbol: str
    ticks: tuple[Tick, ...]


MarketData = Tick | Trade | Bar | Book
