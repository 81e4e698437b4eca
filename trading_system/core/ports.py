"""The sockets of the house. Whoever has read this file can write a collector, an executor, a watcher or a broker.

A room that needs a neighbor is given it through one of these by `assembly.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from trading_system.core.actions import Action
from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, Balance, OpenOrdersEvent, OrderUpdateEvent
from trading_system.core.files import Files
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import OrderUpdate, VenueTrade
from trading_system.core.records import Record

LayAction = Callable[[ActionEvent], None]
LayMarketData = Callable[[MarketData], None]


class Collector(Protocol):
    """Brings events in: starts its own threads through the runtime and lays what it hears in a queue."""

    def start(self) -> None:
        """Begin to lay events; returns at once."""

    def stop(self) -> None:
        """Lay nothing more; returns at once."""


class Executor(Protocol):
    """Carries actions out. Called by the journal thread, in order, only when the actions' records are on disk."""

    def execute(self, action: Action) -> None:
        """Take the action over; returns at once, the answer comes as an event."""


class Watcher(Protocol):
    """Looks on. `kinds` are the types it wants to see; `notice` runs on the engine's thread: hand over, never block, never raise."""

    kinds: tuple[type, ...]

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """See an event and the actions it led to."""


class RecordKeeper(Protocol):
    """Remembers: the journal, or nobody in a backtest."""

    def append(self, records: Sequence[Record], releases: Sequence[Record] = ()) -> None:
        """Return when all of them are on disk, written as one batch. Raises OSError: `records` are kept then, `releases` are void."""

    def append_snapshot(self, body: bytes) -> None:
        """Return when a snapshot of all that was appended is on disk. Raises OSError; nothing of it is kept then."""

    def try_again(self) -> bool:
        """Write what was kept, before anything else is written; tell whether nothing is missing any more."""

    def tidy(self) -> bool:
        """Do a small piece of what can be done when nobody waits; tell whether there is more. Raises OSError."""


class Broker(Protocol):
    """Takes orders. Every call blocks, is made on an executor's thread, and raises only the `BrokerError`s of `core/errors.py`."""

    name: str

    def instruments(self) -> list[Instrument]:
        """Return every market that can be traded, with our fees where the venue tells them."""

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Place it once. Returns an update with ACCEPTED and the venue's id.

        Raises OrderRefused (proved: it does not exist), OutcomeUnknown (ask), AccessDenied, TryAgain (it was never sent).
        """

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Ask to cancel. Returns CANCEL_ACCEPTED or CANCEL_REFUSED; raises OutcomeUnknown, AccessDenied or TryAgain."""

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Return what the venue holds under our name (or its own id): OPEN, WAITING, FILLED, CANCELED, EXPIRED or NOT_FOUND, with totals.

        Raises TryAgain or AccessDenied.
        """

    def open_orders(self) -> OpenOrdersEvent:
        """Return all open orders of the account, paged until complete. Raises TryAgain or AccessDenied."""

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return our own trades of `symbol` at or after `since_ns`, oldest first. Raises TryAgain or AccessDenied."""

    def balances(self) -> dict[str, Balance]:
        """Return what the account holds per currency. Raises TryAgain or AccessDenied."""


class PaperVenue(Protocol):
    """Stands in front of the engine and answers orders from market data, on the engine's thread. It gets each event before the engine does.

    While `is_busy` is False nothing is on its way and nothing works there: `hear` need not be called. While `goes_on` is True the event is
    not wholly met: once the answers and what followed from them are handled, `hear_again` is asked for the rest. `clock` is set by who
    drives it and tells when what is put was decided.
    """

    clock: Clock | None
    is_busy: bool
    goes_on: bool

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Take over what the engine wants done; the records are nobody's here. Answers come from the next `hear` at the earliest."""

    def hear(self, event: MarketData) -> Sequence[OrderUpdateEvent]:
        """Return what `event` means for the orders here, in the order in which it happened."""

    def hear_again(self) -> Sequence[OrderUpdateEvent]:
        """Return what the rest of the last event means for the orders here, those that came since included; nothing when none is left."""

    def assumptions(self) -> Sequence[str]:
        """Return what fills are assumed to be like, a sentence each."""


class Feed(Protocol):
    """Brings market data. Every call blocks and raises only TryAgain or AccessDenied."""

    name: str

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        """Return the newest tick of each symbol in one call; a symbol without two sides, or with nonsense, is left out and counted."""

    def statuses(self) -> Mapping[str, MarketStatus]:
        """Return what the last poll said of each symbol's market, where it said anything: also of those whose tick was left out."""

    def book(self, symbol: str) -> Book:
        """Return the best levels of one symbol."""

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        """Return public trades at or after `since_ns`, oldest first, as far as the venue keeps them."""

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        """Return up to `count` finished bars of `bar_ns` length, oldest first, from whatever the venue keeps."""


class Mailbox(Protocol):
    """A queue between threads; the only place, with `sleep_until`, where the house waits."""

    def put(self, item: Any) -> None:
        """Lay an item; never blocks."""

    def take(self, until_ns: int | None = None) -> Any:
        """Return the oldest item, waiting for one; None when monotonic `until_ns` passes first."""

    def empty(self) -> bool:
        """Tell whether nothing waits right now."""


class Lock(Protocol):
    """Mutual exclusion for a few lines of arithmetic; never held across waiting or I/O."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *error: Any) -> Any: ...


class Task(Protocol):
    """A running thread."""

    def is_alive(self) -> bool:
        """Tell whether its body still runs."""

    def join(self, until_ns: int | None = None) -> None:
        """Wait for its end, at most until monotonic `until_ns`."""


class Runtime(Protocol):
    """Time, threads, chance and files: the seam on which live, tests and simulation differ."""

    files: Files

    def now_ns(self) -> int:
        """Return the wall clock, UTC nanoseconds: for stamps, never for durations."""

    def monotonic_ns(self) -> int:
        """Return a clock that never steps: for durations and deadlines."""

    def sleep_until(self, monotonic_ns: int) -> None:
        """Wait until then; returns at once when it has passed."""

    def spawn(self, name: str, body: Callable[[], None]) -> Task:
        """Run `body` beside us; whatever it raises is reported to `on_failure` and ends the house's entries."""

    def mailbox(self) -> Mailbox:
        """Return a new mailbox."""

    def lock(self) -> Lock:
        """Return a new lock."""

    def random(self) -> float:
        """Return a number in [0, 1)."""

    def on_interrupt(self, handler: Callable[[], None]) -> None:
        """Name what runs on the main thread, between two steps of whatever it does, when somebody calls `interrupt`."""

    def interrupt(self) -> None:
        """Break into the main thread: blocking calls there are broken off too if the handler raises."""

    def new_id(self, length: int) -> str:
        """Return `length` random lower-case letters."""
