"""The driver of history: the same engine, fed from columns on one thread, as fast as Python goes.

The order of everything is here: due timers and ended bars, the paper venue, its answers, then the event. A beat comes after its event.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from trading_system.core.events import ActionEvent, HeartbeatEvent, OrderUpdateEvent
from trading_system.core.market_data import Bar, MarketData
from trading_system.core.ports import PaperVenue
from trading_system.engine.engine import Engine
from trading_system.engine.route import Hook

SECOND = 1_000_000_000


class Batch(Protocol):
    """Some market data in order of time: `kinds` tells which kinds there are of each symbol."""

    @property
    def kinds(self) -> Sequence[tuple[str, type[MarketData]]]:
        """Return each symbol with each kind of its market data here."""

    def events(self) -> Iterator[MarketData]:
        """Return the events, oldest first, each made when it is asked for."""

    def __len__(self) -> int: ...


class Backtester:
    """Drives `engine` over history. `consequences` is the engine's own queue; `after_batch` is called with each batch that is done."""

    def __init__(self, engine: Engine, venue: PaperVenue, consequences: deque[ActionEvent], after_batch: Callable[[Any], None],
                 beat_seconds: float = 1.0) -> None:
        self.events = 0
        self._engine = engine
        self._venue = venue
        self._consequences = consequences
        self._after_batch = after_batch
        self._beat_ns = int(beat_seconds * SECOND)
        self._has_beats = any("on_heartbeat" in desk.hooks for desk in engine.books.desks.values())
        self._next_beat_ns = 0
        # Bars built from ticks and trades end at a moment of their own; those built from shorter bars end with the last of these.
        self._building = [route for route in engine.routes.values() if route.bars_from is not Bar and route.builders]
        self._grid_ns = sorted({builder.bar_ns for route in self._building for builder in route.builders})
        self._due_ns = 0
        engine.service.timers.on_set = self._look_again

    def run(self, batches: Iterable[Batch], to_ns: int | None = None) -> None:
        """Start the strategies, deliver everything, let what is due until `to_ns` run, stop the strategies."""
        for desk in self._engine.books.desks.values():
            desk.start()
            self._settle()
        for batch in batches:
            self._drive(batch)
            self.events += len(batch)
            self._after_batch(batch)
        if to_ns is not None:
            self._run_due(to_ns)
        for desk in self._engine.books.desks.values():
            desk.call("on_stop")
            self._settle()

    def _drive(self, batch: Batch) -> None:
        engine, venue, consequences = self._engine, self._venue, self._consequences
        clock, has_beats = engine.clock, self._has_beats
        ways = self._ways(batch)
        for event in batch.events():
            now_ns = event.time_ns
            if now_ns >= self._due_ns:
                self._run_due(now_ns)
            clock.now_ns = now_ns
            if venue.is_busy:
                self._hear(venue.hear(event))
                while venue.goes_on:
                    self._hear(venue.hear_again())
            ways[event.symbol](event)
            if consequences:
                self._settle()
            if has_beats and now_ns >= self._next_beat_ns:
                self._beat(now_ns)

    def _ways(self, batch: Batch) -> dict[str, Hook]:
        # The shortest way of each symbol's data as things are now. A symbol with several kinds is looked at once more.
        kinds: dict[str, dict[type, Hook]] = {}
        for symbol, kind in batch.kinds:
            kinds.setdefault(symbol, {})[kind] = self._engine.routes[symbol].direct(kind)
        return {symbol: next(iter(ways.values())) if len(ways) == 1 else _by_kind(ways) for symbol, ways in kinds.items()}

    def _hear(self, answers: Sequence[OrderUpdateEvent]) -> None:
        for answer in answers:
            self._engine.handle(answer)
            if self._consequences:
                self._settle()

    def _settle(self) -> None:
        handle, consequences = self._engine.handle, self._consequences
        while consequences:
            handle(consequences.popleft())

    def _run_due(self, now_ns: int) -> None:
        # Run timers and close bars at the very moment they are due, up to `now_ns`; note when to look again.
        timers, ends = self._engine.service.timers, self._grid_ns
        while True:
            due_ns = min([timers.next_ns, *(route.bar_end_ns for route in self._building)])
            if due_ns > now_ns:
                break
            self._engine.clock.now_ns = due_ns
            for route in self._building:
                route.close_bars(due_ns)
            timers.run_due(due_ns)
            self._settle()
        self._due_ns = min([timers.next_ns, *(now_ns - now_ns % bar_ns + bar_ns for bar_ns in ends)])

    def _look_again(self) -> None:
        self._due_ns = 0

    def _beat(self, now_ns: int) -> None:
        self._next_beat_ns = now_ns - now_ns % self._beat_ns + self._beat_ns
        self._engine.handle(HeartbeatEvent(self._engine.beats + 1, now_ns, 0))
        self._settle()


def _by_kind(ways: dict[type, Hook]) -> Hook:
    def deliver(event: MarketData) -> None:
        ways[type(event)](event)
    return deliver
