"""A stage for one strategy: a real desk, real risk and real books, and a made-up venue that answers some beats later."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trading_system.core.clock import Clock
from trading_system.core.events import CancelEvent, NoteEvent, OrderEvent
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.market_data import Bar, Tick
from trading_system.core.order import Order, OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.side import Side
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.discovery import load_strategy
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import HOOKS, writes

STRATEGIES = Path(__file__).parents[3] / "strategies"
SECOND = 1_000_000_000
START_NS = 1_700_000_000 * SECOND


def instrument(symbol: str = "XRPZAR.luno", min_quantity: str = "1", price_step: str = "0.01", taker_fee: str = "0.006",
               fee_currency: FeeCurrency = FeeCurrency.BASE) -> Instrument:
    return Instrument(symbol, symbol[:3], symbol[3:6], Decimal(price_step), Decimal("0.000001"), Decimal(min_quantity), Decimal(1_000_000),
                      Decimal("0.01"), Decimal(100_000_000), Decimal(0), Decimal(taker_fee), fee_currency)


class Stage:
    """Plays the house and the venue. `delay` is how many beats an answer takes; `refusal` is what new orders are answered with while set;
    while `is_mute` orders get no answer, while `keeps_cancels` cancels get none."""

    def __init__(self, name: str, instruments: list[Instrument], capital: Mapping[str, str], params: Mapping[str, Any], delay: int,
                 past: Mapping[str, list[Bar]], folder: Path) -> None:
        problems: list[str] = []
        kind = load_strategy(folder / f"{name}_strategy.py", problems)
        assert kind is not None, problems
        self.clock = Clock(START_NS)
        self.notes: list[str] = []
        self.orders: list[Order] = []
        self.delay = delay
        self.beat = 0
        self.refusal: tuple[Answer, str, str] | None = None
        self.is_mute = False
        self.keeps_cancels = False
        self._laid: list[OrderEvent | CancelEvent] = []
        self._answers: list[tuple[int, OrderRequest, str]] = []
        self.service = DeskService(self.clock, "abcdef", START_NS, RiskManager(), {name: RiskLimits()}, self._lay, lambda *_: None)
        self.views = {one.symbol: MarketView(one, self.clock) for one in instruments}
        ledger = PositionManager(name, {one.symbol: one for one in instruments},
                                 {currency: Decimal(amount) for currency, amount in capital.items()}, instruments[0].counter)
        self.strategy: Any = kind()
        self.strategy.params = kind.Params(**params)
        self.strategy.state = kind.State() if kind.State is not None else None
        self.desk = Desk(name, self.strategy, list(self.views), OrderManager(name), ledger, self.views, self.service)
        self.strategy._desk = self.desk
        self.desk.hooks = {hook: getattr(self.strategy, hook) for hook in HOOKS if writes(self.strategy, hook)}
        self.desk.past = dict(past)
        self.books = Books("abcdef", {name: self.desk})

    # What a test does.

    def start(self) -> "Stage":
        self.desk.start()
        self._drain()
        return self

    def tick(self, bid: float, ask: float, symbol: str = "", seconds: float = 1.0) -> None:
        """One second passes, a beat is due, and a tick comes."""
        self.pass_time(seconds)
        view = self.views[symbol or next(iter(self.views))]
        view.tick = view.last = tick = Tick(view.instrument.symbol, self.clock.now_ns, bid, ask)
        view.taken_ns = self.clock.now_ns
        for currency, amount in dict(self.desk.positions.pending_capital).items():
            if currency == view.instrument.base:
                self.desk.positions.book_capital(tick.symbol, amount, Decimal(repr(tick.mid)))
        self.desk.call("on_tick", tick)
        self._drain()

    def bar(self, close: float, symbol: str = "", seconds: float = 2.0) -> None:
        """A bar ends: its tick first, then the bar."""
        symbol = symbol or next(iter(self.views))
        self.tick(close, close, symbol, seconds)
        self.desk.call("on_bar", make_bar(symbol, self.clock.now_ns, close))
        self._drain()

    def pass_time(self, seconds: float = 1.0) -> None:
        """Time passes and a beat is due, without market data."""
        self.clock.now_ns += int(seconds * SECOND)
        self.beat += 1
        self._answer_what_is_due()
        self.service.timers.run_due(self.clock.now_ns)
        self.desk.call("on_heartbeat")
        self._drain()

    def fill(self, order: Order, quantity: str, price: str) -> None:
        """The market trades with a resting order."""
        known, more = order.exact, Decimal(quantity)
        totals = Totals(known.filled_quantity + more, known.filled_value + more * Decimal(price), {})
        self._hear(order.request, Answer.OPEN, totals=totals)
        self._drain()

    def correct_fee(self, order: Order, fee: str, currency: str) -> None:
        """The venue says only now what an order cost."""
        known = order.exact
        self._hear(order.request, Answer.OPEN, totals=Totals(known.filled_quantity, known.filled_value, {currency: Decimal(fee)}))
        self._drain()

    @property
    def open(self) -> list[Order]:
        return list(self.desk.orders)

    def only(self, side: Side) -> Order:
        """Return the one open order of that side."""
        (found,) = [order for order in self.open if order.side is side]
        return found

    def said(self, words: str) -> list[str]:
        return [note for note in self.notes if words in note]

    # What the house and the venue do.

    def _lay(self, event: Any) -> None:
        if isinstance(event, NoteEvent):
            self.notes.append(event.text)
        elif isinstance(event, (OrderEvent, CancelEvent)):
            self._laid.append(event)

    def _drain(self) -> None:
        while self._laid:
            event = self._laid.pop(0)
            if isinstance(event, OrderEvent):
                order = self._order(event.request)
                self.orders.append(order)
                if event.verdict.is_accepted:
                    self._answers.append((self.beat + self.delay, event.request, "place"))
                else:
                    self.desk.call("on_order", order)
            else:
                found = self.books.find(event.client_order_id)
                assert found is not None
                self._answers.append((self.beat + self.delay, found[1].request, "cancel"))
            if not self.delay:
                self._answer_what_is_due()

    def _answer_what_is_due(self) -> None:
        due, self._answers = [one for one in self._answers if one[0] <= self.beat], [one for one in self._answers if one[0] > self.beat]
        for _, request, what in due:
            if what == "cancel":
                if self.keeps_cancels:
                    self._answers.append((self.beat + 1, request, what))
                elif self._order(request).is_open:
                    self._hear(request, Answer.CANCELED)
            elif self.is_mute:
                self._answers.append((self.beat + 1, request, what))
            elif self.refusal is not None:
                self._hear(request, self.refusal[0], reason=self.refusal[1], code=self.refusal[2])
            else:
                self._meet_the_market(request)
        if not self.delay:
            self._drain()

    def _meet_the_market(self, request: OrderRequest) -> None:
        view = self.views[request.symbol]
        assert view.tick is not None
        is_taker = request.kind is OrderKind.MARKET or request.time_in_force is TimeInForce.IOC
        if not is_taker:
            self._hear(request, Answer.OPEN)
            return
        price = Decimal(repr(view.tick.ask if request.side is Side.BUY else view.tick.bid))
        step = view.instrument.quantity_step
        quantity = request.quantity if request.quantity is not None else (request.value or Decimal(0)) / price // step * step
        fee = (quantity * view.instrument.taker_fee).quantize(Decimal("1e-8"))
        self._hear(request, Answer.FILLED, totals=Totals(quantity, quantity * price, {view.instrument.base: fee} if fee else {}))

    def _hear(self, request: OrderRequest, answer: Answer, *, totals: Totals | None = None, reason: str = "",
              code: str = "") -> None:
        order, now_ns = self._order(request), self.clock.now_ns
        evidence = Evidence("stage", now_ns, now_ns)
        update = OrderUpdate(request.client_order_id, answer, evidence, "V" + request.client_order_id, totals, reason, code)
        change = self.books.apply(self.desk, order, update, now_ns)
        assert not change.alarm, change.alarm
        if change.is_news:
            self.desk.settle(order)
        if change.fill is not None:
            self.desk.call("on_fill", change.fill)
        self.desk.call("on_order", order)

    def _order(self, request: OrderRequest) -> Order:
        order = self.desk.orders.get(request.client_order_id)
        assert order is not None
        return order


def make_bar(symbol: str, time_ns: int, close: float) -> Bar:
    return Bar(symbol, time_ns - 2 * SECOND, time_ns, close, close, close, close)


@pytest.fixture
def make_instrument() -> Callable[..., Instrument]:
    return instrument


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """Return a way to set a stage: `stage("naive_test", capital={"ZAR": "50000"}, delay=2, ...)`."""
    def make(name: str, *, instruments: list[Instrument] | None = None, capital: Mapping[str, str] | None = None, delay: int = 0,
             closes_before: Mapping[str, list[float]] | None = None, folder: Path = STRATEGIES, **params: Any) -> Stage:
        past = {symbol: [make_bar(symbol, START_NS, close) for close in closes] for symbol, closes in (closes_before or {}).items()}
        return Stage(name, instruments or [instrument()], capital or {"ZAR": "20000"}, params, delay, past, folder)
    return make
