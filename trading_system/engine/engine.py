"""The heart: takes one paper at a time and decides, remembers, acts, tells. Owns every order, position and strategy; does no I/O at all.

Drivers feed it: the live house through the queues, a backtest directly. `_table` is the only place where the order of consequences stands.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from trading_system.core.actions import Action
from trading_system.core.clock import Clock
from trading_system.core.events import (
    ActionEvent,
    BalanceEvent,
    CancelEvent,
    CheckOrderStatusEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    HeartbeatEvent,
    InstrumentEvent,
    LookUpFailedEvent,
    NoteEvent,
    OpenOrdersEvent,
    OrderEvent,
    OrderUpdateEvent,
    OwnTradesEvent,
    WarningEvent,
)
from trading_system.core.instrument import exact
from trading_system.core.market_data import Bar, Book, MarketData, SkippedTicks, Tick, Trade
from trading_system.core.ports import Watcher
from trading_system.core.records import CapitalBooked, Record, RecordBody, StateSaved
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.engine.doubts import Doubts
from trading_system.engine.halt import Halt
from trading_system.engine.order_flow import OrderFlow
from trading_system.engine.refused_access import RefusedAccess
from trading_system.engine.route import Route
from trading_system.oms.portfolio import Portfolio
from trading_system.strategy_host.desk import Desk

Event = MarketData | SkippedTicks | ActionEvent
_NOTHING: tuple[Action, ...] = ()


class WayOut(Protocol):
    """Where records and actions go, in this order: the outbox, or a backtest's paper venue."""

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Remember, then act."""


class Engine:
    """The one thread that owns the domain. `lay` puts a consequence of the event being handled into the queue."""

    def __init__(self, clock: Clock, books: Books, routes: Mapping[str, Route], service: DeskService, doubts: Doubts, way_out: WayOut,
                 watchers: Sequence[Watcher], lay: Callable[[ActionEvent], None]) -> None:
        self.clock = clock
        self.books = books
        self.routes = routes
        self.service = service
        self.portfolio = Portfolio()
        self.flow = OrderFlow(clock, books, doubts, lay, self.remember, self.fail)
        self.access = RefusedAccess(clock, service.broken, self.flow, lay)
        self.beats = 0
        self.last_beat = 0
        self.is_stopping = False
        self.stop_reason = ""
        self.on_error: Callable[[str], None] = lambda text: None
        self.on_capital_booked: Callable[[str, str, Decimal, Decimal], None] = lambda strategy, symbol, quantity, price: None
        self.halt = Halt(clock, self.books.desks, lay, self.cancel_all)
        self.states: dict[str, bytes] = {}      # what was last remembered of each strategy's own state
        self.flow.adoption.has_named, self.flow.adoption.leave_run = service.has_named, service.leave_run
        service.fail, service.doubt = self.fail, self.flow.doubt_about
        self._way_out = way_out
        self._lay = lay
        self._records: list[Record] = []
        self._is_forgetful = False
        self._table: dict[type, Callable[[Any], Sequence[Action]]] = {
            Tick: self._on_tick, SkippedTicks: self._on_skipped, Trade: self._on_trade, Bar: self._on_bar, Book: self._on_book,
            HeartbeatEvent: self._on_heartbeat, CheckOrderStatusEvent: self.access.check, CommandEvent: self._on_command,
            OrderEvent: self.flow.order, CancelEvent: self.flow.cancel, FillEvent: self._on_fill,
            OrderUpdateEvent: self.flow.update, OpenOrdersEvent: self.access.open_orders, OwnTradesEvent: self.flow.own_trades,
            LookUpFailedEvent: self.flow.look_up_failed,
            BalanceEvent: self._on_balance, InstrumentEvent: self._on_instrument, ConnectionEvent: self._on_connection,
            WarningEvent: self._on_words, NoteEvent: self._on_words,
        }
        self._watchers = {kind: tuple(watcher.notice for watcher in watchers if kind in watcher.kinds) for kind in self._table}

    def handle(self, event: Event) -> None:
        """Decide, remember, act, tell. The driver has set the clock."""
        kind = type(event)
        actions = self._table[kind](event)
        records = self._records
        if records or actions:
            self._records = []
            self._way_out.put(records, actions)
        for notice in self._watchers[kind]:
            notice(event, actions)

    def forget_records(self) -> None:
        """Remember nothing from now on: for history, which can be run again."""
        self._is_forgetful = True

    def join(self, desk: Desk) -> None:
        """Take a strategy in: lay the ways of its market data to its guarded hooks."""
        strategy = desk.strategy
        if strategy is None:
            return
        strategy._desk = desk
        for symbol in desk.symbols:
            route = self.routes[symbol]
            route.add_hooks(desk.hooks, desk.bar_ns)
            if desk.positions.pending_capital:
                route.on_first_mark = self._book_capital

    def fail(self, desk: Desk, reason: str) -> None:
        """Pause a strategy because of a fault of its own, and count the error."""
        if not desk.is_paused or self.halt.holds(desk):
            self.on_error(f"{desk.name}: {reason}")
            self.pause(desk, reason)

    def pause(self, desk: Desk, reason: str) -> None:
        """Stop calling a strategy; its orders are canceled if that is its policy, its answers are still booked."""
        if desk.is_paused and not self.halt.let_go(desk):
            return
        desk.is_paused, desk.pause_reason = True, f"paused: {reason}"
        self._lay(WarningEvent(f"{desk.name} is paused: {reason}", desk.name))
        if desk.on_stop == "cancel":
            self.cancel_all(desk, "pause")

    def pause_what_is_set_apart(self) -> None:
        """Pause each strategy of which an earlier run left an order that people must look at: a restart is no look."""
        for desk in self.books.desks.values():
            for order in (*desk.orders, *desk.orders.done.values()):
                if order.is_quarantined:
                    self.pause(desk, f"order {order.client_order_id} is set apart since an earlier run: settle it, then resume")

    def cancel_all(self, desk: Desk, by: str) -> None:
        """Want every open order of a desk canceled."""
        for order in desk.orders:
            desk.cancel(order, by)

    def remember(self, body: RecordBody) -> None:
        """Put a record on the way out, before the actions of the event being handled."""
        if not self._is_forgetful:
            self._records.append(Record(self.clock.now_ns, body))

    def act(self, actions: Sequence[Action]) -> None:
        """Send out what was remembered outside of `handle`, then `actions`: at the start and at the end of a run."""
        records, self._records = self._records, []
        if records or actions:
            self._way_out.put(records, actions)

    def flush(self) -> None:
        """Send out what was remembered outside of `handle`."""
        self.act(_NOTHING)

    # Market data.

    def _on_tick(self, tick: Tick) -> Sequence[Action]:
        route = self.routes.get(tick.symbol)
        if route is not None:
            route.tick(tick)
        return _NOTHING

    def _on_skipped(self, event: SkippedTicks) -> Sequence[Action]:
        route = self.routes[event.symbol]
        for tick in event.ticks:
            route.feed_bars(tick)
        return _NOTHING

    def _on_trade(self, trade: Trade) -> Sequence[Action]:
        self.routes[trade.symbol].trade(trade)
        return _NOTHING

    def _on_book(self, book: Book) -> Sequence[Action]:
        self.routes[book.symbol].book(book)
        return _NOTHING

    def _on_bar(self, bar: Bar) -> Sequence[Action]:
        self.routes[bar.symbol].bar(bar)
        return _NOTHING

    def built_bar(self, bar: Bar, bar_ns: int) -> None:
        """Deliver a bar built from ticks, and tell those who watch bars."""
        self.routes[bar.symbol].built_bar(bar, bar_ns)
        for notice in self._watchers[Bar]:
            notice(bar, _NOTHING)

    def _book_capital(self, symbol: str, mark: float) -> None:
        route = self.routes[symbol]
        if not mark > 0:
            return
        route.on_first_mark = None
        price = exact(mark)
        for desk in self.books.desks.values():
            quantity = desk.positions.pending_capital.get(route.view.instrument.base)
            if quantity and symbol in desk.market:
                desk.positions.book_capital(symbol, quantity, price)
                self.remember(CapitalBooked(desk.name, symbol, quantity, price))
                self.on_capital_booked(desk.name, symbol, quantity, price)

    # The pulse, commands, and what the world says of itself.

    def _on_heartbeat(self, event: HeartbeatEvent) -> Sequence[Action]:
        self.beats += 1
        self.last_beat = event.number
        if self.is_stopping:
            return _NOTHING
        now_ns = self.clock.now_ns
        for clock in self.service.clocks.values():
            if news := clock.news():
                self._lay(WarningEvent(news))
        for route in self.routes.values():
            route.close_bars(now_ns)
        self.service.timers.run_due(now_ns)
        for desk in self.books.desks.values():
            desk.call("on_heartbeat")
            self.save_state(desk)
        return _NOTHING

    def _on_command(self, event: CommandEvent) -> Sequence[Action]:
        self.remember(event)
        if event.update is not None:
            return self.flow.settle(event.update)
        if event.what == "stop" and not self.is_stopping:
            self.is_stopping, self.stop_reason = True, event.reason or f"stopped by {event.by}"
        elif event.what == "halt":
            self.halt.begin(event.reason)
        elif event.what == "rearm":
            self.halt.end()
        elif event.what == "resume":
            self.access.resume()
        for desk in self.books.desks.values():
            if event.strategy not in ("", desk.name):
                continue
            if event.what == "pause":
                self.pause(desk, event.reason or f"by {event.by}")
            elif event.what == "resume" and desk.is_paused and desk.strategy is not None:
                if self.halt.reason:
                    self.halt.hold(desk)
                    continue
                desk.resume()
        return _NOTHING

    def _on_fill(self, event: FillEvent) -> Sequence[Action]:
        # The books were written when the answer was applied; the strategy hears of the fill first, then of the order.
        found = self.books.find(event.fill.client_order_id)
        if found is not None:
            desk, order = found
            desk.call("on_fill", event.fill)
            desk.call("on_order", order)
            self.save_state(desk)
        return _NOTHING

    def _on_balance(self, event: BalanceEvent) -> Sequence[Action]:
        self.portfolio.balances[event.broker] = event.balances
        self.books.note_account(event)
        self.remember(event)
        return _NOTHING

    def _on_instrument(self, event: InstrumentEvent) -> Sequence[Action]:
        route = self.routes.get(event.instrument.symbol)
        if route is not None and route.view.instrument != event.instrument:
            route.view.instrument = event.instrument
            self.remember(event)
        return _NOTHING

    def _on_connection(self, event: ConnectionEvent) -> Sequence[Action]:
        self.remember(event)
        self.access.connection(event)
        for desk in self.books.desks.values():
            if any(symbol.endswith("." + event.broker) for symbol in desk.symbols):
                desk.call("on_connection", event.broker, event.is_up)
        return _NOTHING

    def _on_words(self, event: WarningEvent | NoteEvent) -> Sequence[Action]:
        return _NOTHING

    def save_state(self, desk: Desk) -> None:
        """Remember a strategy's own state if it changed."""
        strategy = desk.strategy
        if strategy is None or (state := strategy.state) is None:
            return
        try:
            encoded = msgspec.msgpack.encode(state)
        except (TypeError, ValueError, OverflowError) as error:
            self.fail(desk, f"its state cannot be saved: {error}")
            return
        if self.states.get(desk.name) != encoded:
            self.states[desk.name] = encoded
            self.remember(StateSaved(desk.name, encoded))
