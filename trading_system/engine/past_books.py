"""The books of a state folder rebuilt from its journal alone: no venue, no configuration, no strategy, nothing written.

Commands that only look read everything here, beside a house that runs or not. The records go through the same `Past`, `Replay` and desks
as at a start, so what is shown is what the next start would find.
"""

import sys
from array import array
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice

import msgspec

from trading_system.core.clock import Clock
from trading_system.core.errors import ConfigError
from trading_system.core.events import Balance, BalanceEvent, OrderEvent, Verdict
from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill, Order
from trading_system.core.order_update import ZERO, OrderUpdate
from trading_system.core.records import CapitalBooked, OrderAdopted, Record, RunEnded, RunStarted
from trading_system.engine.books import Books, correction_price
from trading_system.engine.desk_service import DeskService
from trading_system.engine.past_instruments import PastInstruments
from trading_system.engine.recovery import Past, Replay
from trading_system.oms.order_manager import Change, OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.risk.risk_manager import RiskManager
from trading_system.storage.journal_reader import JournalReader
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.market_view import MarketView


class PastRun(msgspec.Struct):
    """One run: its number, when it began, and why and when it ended; `ended_ns` is 0 while it runs or when it was broken off."""

    epoch: int
    mode: str
    started_ns: int
    ended_ns: int = 0
    reason: str = ""


class PastOrder(msgspec.Struct, frozen=True, gc=False):
    """One order as it stands now, with what it was decided on; `strategy` is whose desk has it now.

    One that `is_adopted` was found at the venue: the journal had lost how it was decided on.
    """

    strategy: str
    order: Order
    decided: OrderEvent
    is_adopted: bool = False


class PastFill(msgspec.Struct, frozen=True, gc=False):
    """One fill, under the name of the strategy that has it now; `reference_price` is what a correction of fees in base is valued at."""

    fill: Fill
    order: Order
    reference_price: Decimal


class PastCapital(msgspec.Struct, frozen=True):
    """Base currency given as capital, valued at `price`."""

    strategy: str
    symbol: str
    quantity: Decimal
    price: Decimal
    time_ns: int


class CapitalChange(msgspec.Struct, frozen=True):
    """A later run gave a strategy another capital than the one before it, per currency."""

    strategy: str
    time_ns: int
    before: dict[str, Decimal]
    after: dict[str, Decimal]


class SeenBalances(msgspec.Struct, frozen=True):
    """What an account held when it was asked, and what all ledgers together owned then, per currency."""

    broker: str
    asked_ns: int
    balances: dict[str, Balance]
    owned: dict[str, Decimal]


class SeenPrices(msgspec.Struct):
    """The prices that orders were decided on and filled at, of one symbol, oldest first: UTC nanoseconds and counter per base."""

    times_ns: "array[int]"
    prices: "array[float]"
    last: Decimal = ZERO
    last_ns: int = 0

    def see(self, time_ns: int, price: Decimal) -> None:
        """Note the next price."""
        self.times_ns.append(time_ns)
        self.prices.append(float(price))
        self.last, self.last_ns = price, time_ns


class Earlier(msgspec.Struct, frozen=True):
    """What a ledger had realized and paid in fees at an earlier moment, per currency."""

    realized: dict[str, Decimal]
    fees: dict[str, Decimal]


class PastBooks:
    """All that a journal tells: desks with every order they ever had, fills, runs, balances and prices, each in the order of the journal.

    `guessed` are the symbols of a journal so old that it names no instruments: their currencies were read out of their names.
    `earlier` holds per strategy the ledger's sums just before `since_ns`, where that was asked for.
    """

    def __init__(self, past: Past, instruments: dict[str, Instrument], guessed: tuple[str, ...], since_ns: int | None = None) -> None:
        self.past = past
        self.instruments = instruments
        self.guessed = guessed
        self.runs: list[PastRun] = []
        self.orders: list[PastOrder] = []
        self.fills: list[PastFill] = []
        self.capital: list[PastCapital] = []
        self.capital_changes: list[CapitalChange] = []
        self.balances: dict[str, SeenBalances] = {}
        self.prices: dict[str, SeenPrices] = {}
        self.earlier: dict[str, Earlier] = {}
        self.records = 0
        self.first_ns = self.last_ns = 0
        self._since_ns = since_ns
        self.books = _NotingBooks(past.house, _desks(past, instruments), past.adopted, self._see_fill)
        self._replay = Replay(self.books)

    @classmethod
    def read(cls, reader: JournalReader, since_ns: int | None = None) -> "PastBooks":
        """Read a whole journal. Raises ConfigError where it is empty or of another version, JournalDamaged, OSError."""
        # A journal may grow while it is read: both walks end at the same record.
        found = PastInstruments()
        past = Past.of(found.over(reader.read()))
        if not past.epoch:
            raise ConfigError("the journal is empty: no run has written anything there yet")
        symbols = {symbol: started.currency for started in past.strategies.values() for symbol in started.symbols}
        instruments, guessed = found.of(symbols)
        books = cls(past, instruments, guessed, since_ns)
        for record in islice(reader.read(), found.records):
            books.add(record)
        books.finish()
        return books

    def add(self, record: Record) -> None:
        """Apply the next record."""
        if self._since_ns is not None and record.taken_ns >= self._since_ns:
            self._keep_earlier()
        if isinstance(record.body, RunStarted):
            self._see_run(record.body, record.taken_ns)
        self._replay.apply(record)
        self.records += 1
        self.first_ns = self.first_ns or record.taken_ns
        self.last_ns = max(self.last_ns, record.taken_ns)
        body = record.body
        if isinstance(body, OrderEvent):
            self._see_order(body)
        elif isinstance(body, OrderAdopted):
            self._see_order(OrderEvent(body.request, Verdict(True)), is_adopted=True)
        elif isinstance(body, CapitalBooked):
            self.capital.append(PastCapital(self.books.desk(body.strategy).name, body.symbol, body.quantity, body.price, record.taken_ns))
            self._see_price(body.symbol, record.taken_ns, body.price)
        elif isinstance(body, BalanceEvent):
            self.balances[body.broker] = SeenBalances(body.broker, body.asked_ns, body.balances, self.owned())
        elif isinstance(body, RunEnded) and self.runs:
            self.runs[-1].ended_ns, self.runs[-1].reason = record.taken_ns, body.reason

    def finish(self) -> None:
        """Say that there are no more records."""
        if self._since_ns is not None:
            self._keep_earlier()

    def desk(self, strategy: str) -> Desk:
        """Return the desk of a strategy, under its own name or a former one. Raises ConfigError for one that the journal does not know."""
        try:
            return self.books.desk(strategy)
        except KeyError:
            known = ", ".join(sorted({*self.books.desks, *self.past.adopted}))
            raise ConfigError(f"--strategy: the journal knows no strategy {strategy!r}; there are {known or 'none'}") from None

    def owned(self) -> dict[str, Decimal]:
        """Return what all ledgers together own now, per currency."""
        owned: dict[str, Decimal] = {}
        for desk in self.books.desks.values():
            for currency in desk.positions.currencies:
                owned[currency] = owned.get(currency, ZERO) + desk.positions.holdings(currency)
        return owned

    def deposits(self, strategy: str) -> dict[str, Decimal]:
        """Return what a strategy was given altogether, per currency, as its last run gave it; withdrawals are taken off."""
        return dict(self._replay.capital.get(strategy, {}))

    def _see_run(self, run: RunStarted, taken_ns: int) -> None:
        self.runs.append(PastRun(run.epoch, run.mode, taken_ns))
        for name, started in run.strategies.items():
            before = self._replay.capital.get(name) or self._replay.capital.get(started.adopts)
            if before is not None and before != started.capital:
                self.capital_changes.append(CapitalChange(name, taken_ns, dict(before), dict(started.capital)))

    def _see_order(self, event: OrderEvent, is_adopted: bool = False) -> None:
        found = self.books.find(event.request.client_order_id)
        if found is not None:
            self.orders.append(PastOrder(found[0].name, found[1], event, is_adopted))
        if event.reference_price:
            self._see_price(event.request.symbol, event.request.created_ns, event.reference_price)

    def _see_fill(self, desk: Desk, order: Order, fill: Fill) -> None:
        if fill.strategy != desk.name:
            fill = msgspec.structs.replace(fill, strategy=desk.name)
        self.fills.append(PastFill(fill, order, correction_price(order)))
        if fill.exact.quantity:
            self._see_price(fill.symbol, fill.time_ns, fill.exact.value / fill.exact.quantity)

    def _see_price(self, symbol: str, time_ns: int, price: Decimal) -> None:
        seen = self.prices.get(symbol)
        if seen is None:
            seen = self.prices[symbol] = SeenPrices(array("q"), array("d"))
        # A clock may step back; what is drawn over time may not.
        seen.see(max(time_ns, seen.last_ns), price)

    def _keep_earlier(self) -> None:
        self._since_ns = None
        self.earlier = {desk.name: Earlier(dict(desk.positions.realized), dict(desk.positions.fees)) for desk in self.books.desks.values()}


_SeeFill = Callable[[Desk, Order, Fill], None]


class _NotingBooks(Books):
    # The same books; whoever reads along hears of every fill.

    def __init__(self, house: str, desks: dict[str, Desk], adopted: dict[str, str], see_fill: _SeeFill) -> None:
        super().__init__(house, desks, adopted)
        self._see_fill = see_fill

    def apply(self, desk: Desk, order: Order, update: OrderUpdate, now_ns: int) -> Change:
        change = super().apply(desk, order, update, now_ns)
        if change.fill is not None:
            self._see_fill(desk, order, change.fill)
        return change


def _desks(past: Past, instruments: Mapping[str, Instrument]) -> dict[str, Desk]:
    clock = Clock(0)
    service = DeskService(clock, past.house, past.started_ns, RiskManager(), {}, lambda event: None, lambda *line: None)
    desks = {}
    for name, started in past.strategies.items():
        views = {symbol: MarketView(instruments[symbol], clock) for symbol in started.symbols}
        ledger = PositionManager(name, {symbol: instruments[symbol] for symbol in started.symbols}, {}, started.currency)
        desks[name] = Desk(name, None, started.symbols, OrderManager(name, keep_done=sys.maxsize), ledger, views, service)
    return desks
