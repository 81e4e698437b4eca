"""Polls one feed at each beat: one call for all symbols, whatever the number of strategies.

A poll still under way when the next beat rings is skipped and counted.
"""

from collections.abc import Sequence

import msgspec

from trading_system.core.errors import BrokerError
from trading_system.core.events import ConnectionEvent, InstrumentEvent
from trading_system.core.instrument import Instrument
from trading_system.core.ports import Feed, LayAction, LayMarketData, Runtime

_OVERLAP_NS = 10_000_000_000        # trades may be listed late: look back a little further than to the last look


class FeedPoller:
    """A thread of its own per feed. Symbols in `books` and `trades` cost one call more per beat, taken in turns; the markets of
    `instruments` are told of when their state changes."""

    def __init__(self, feed: Feed, symbols: Sequence[str], runtime: Runtime, lay_market: LayMarketData, lay: LayAction,
                 books: Sequence[str] = (), trades: Sequence[str] = (), instruments: Sequence[Instrument] = ()) -> None:
        self.feed = feed
        self._symbols = symbols
        self._turns = [("book", symbol) for symbol in books] + [("trades", symbol) for symbol in trades]
        self._turn = 0
        self._seen: dict[str, int] = {}
        self._asked_ns: dict[str, int] = {}
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._runtime = runtime
        self._lay_market = lay_market
        self._lay = lay
        self._bell = runtime.mailbox()
        self._is_busy = False
        self._is_stopped = False
        self._is_up = True
        self.skipped = 0
        self.failures = 0

    def start(self) -> None:
        """Begin to wait for beats."""
        self._runtime.spawn(f"poller-{self.feed.name}", self.run)

    def stop(self) -> None:
        """Poll no more."""
        self._is_stopped = True
        self._bell.put(None)

    def ring(self) -> None:
        """Poll once, now; skipped and counted while the last poll is still under way. Called by the heartbeat."""
        if self._is_busy:
            self.skipped += 1
            return
        self._is_busy = True
        self._bell.put(True)

    def run(self) -> None:
        """Poll at each ring until stopped: the body of the poller's thread."""
        while self._bell.take() and not self._is_stopped:
            try:
                self.poll()
            except Exception as error:
                # A fault of the adapter must not end the market data of everybody: it is told, and the next beat polls again.
                self.failures += 1
                self._say(False, f"{type(error).__name__}: {error} (a fault of the adapter; please report it)")
            self._is_busy = False

    def poll(self) -> None:
        """Poll once and lay what came; never raises for what a venue does."""
        try:
            ticks = self.feed.poll(self._symbols)
            self._lay_changed_markets()
            for tick in ticks:
                self._lay_market(tick)
            if self._turns:
                self._poll_in_turn()
        except BrokerError as error:
            self.failures += 1
            self._say(False, error.reason)
        else:
            self._say(True, "")

    def _lay_changed_markets(self) -> None:
        # Before the ticks: risk knows that a market is closed when a strategy sees its price.
        for symbol, status in self.feed.statuses().items():
            known = self._instruments.get(symbol)
            if known is not None and known.status is not status:
                self._instruments[symbol] = changed = msgspec.structs.replace(known, status=status)
                self._lay(InstrumentEvent(changed))

    def _poll_in_turn(self) -> None:
        kind, symbol = self._turns[self._turn % len(self._turns)]
        self._turn += 1
        if kind == "book":
            self._lay_market(self.feed.book(symbol))
            return
        seen = self._seen.get(symbol)
        asked_ns = self._runtime.now_ns()
        since_ns = self._asked_ns.get(symbol, asked_ns) - _OVERLAP_NS
        self._asked_ns[symbol] = asked_ns
        for trade in self.feed.trades(symbol, since_ns):
            if seen is None or trade.venue_sequence > seen:
                self._lay_market(trade)
                self._seen[symbol] = trade.venue_sequence

    def _say(self, is_up: bool, reason: str) -> None:
        if is_up is not self._is_up:
            self._is_up = is_up
            self._lay(ConnectionEvent(self.feed.name, "market_data", is_up, reason))
