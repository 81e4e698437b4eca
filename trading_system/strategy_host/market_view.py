"""What a strategy may know of one symbol right now. The engine writes it, strategies read it as `self.market[symbol]`."""

import math

from trading_system.core.clock import Clock
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.side import Side


class MarketView:
    """The newest tick, trade, bar and book of one symbol, whatever came last, and how old that is by the time we received it."""

    __slots__ = ("_clock", "bar", "book", "instrument", "last", "taken_ns", "tick", "trade")

    def __init__(self, instrument: Instrument, clock: Clock) -> None:
        self.instrument = instrument
        self.tick: Tick | None = None
        self.trade: Trade | None = None
        self.bar: Bar | None = None
        self.book: Book | None = None
        self.last: MarketData | None = None
        self.taken_ns = 0
        self._clock = clock

    @property
    def age_seconds(self) -> float:
        """Return how long ago we received the newest market data; infinity before the first."""
        return (self._clock.now_ns - self.taken_ns) / 1e9 if self.last is not None else math.inf

    @property
    def mark(self) -> float:
        """Return the price positions are valued at, counter per base; nan before the first market data."""
        return self.last.mark if self.last is not None else math.nan

    def reference(self, side: Side) -> float:
        """Return the price an order would meet: the ask for a buy, the bid for a sale, else the mark; nan when nothing is known."""
        last = self.last
        if type(last) is Tick:
            return last.ask if side is Side.BUY else last.bid
        return last.close if type(last) is Bar else self.mark
