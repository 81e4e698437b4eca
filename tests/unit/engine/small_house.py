"""A whole engine on a hand-cranked runtime, with a recorder in the place of the outbox: for tests of whatever stands around it.

Time moves by `pass_seconds` only; every event is handled with all its consequences before `tell` returns.
"""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.core.actions import Action
from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, CheckOrderStatusEvent, HeartbeatEvent, OpenOrdersEvent, OrderUpdateEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Tick
from trading_system.core.order import Order
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import Record
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.engine.doubts import Doubts
from trading_system.engine.engine import Engine
from trading_system.engine.route import Route
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import HOOKS, StrategyBase, writes

SYMBOL = "XBTZAR.luno"
HOUSE = "abcdef"


def instrument(symbol: str = SYMBOL, **changes: Any) -> Instrument:
    """Return a market with a price step of 1, a quantity step of 0.0001 and no fees."""
    fields: dict[str, Any] = dict(
        symbol=symbol, base=symbol[:3], counter=symbol[3:6], price_step=Decimal(1), quantity_step=Decimal("0.0001"),
        min_quantity=Decimal("0.0005"), max_quantity=Decimal(100), min_price=Decimal(10), max_price=Decimal(10_000_000))
    return Instrument(**{**fields, **changes})


class QuietStrategy(StrategyBase):
    """Hears of its orders and fills and does nothing by itself."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def on_order(self, order: Order) -> None:
        self.heard.append(("order", order.state.name))

    def on_fill(self, fill: Any) -> None:
        self.heard.append(("fill", fill.exact.quantity))


class SmallHouse:
    """One engine, one or more strategies on one or more symbols of one broker; what leaves is in `records` and `actions`."""

    def __init__(self, strategies: Mapping[str, StrategyBase] | None = None, instruments: tuple[Instrument, ...] = (),
                 capital: Mapping[str, Decimal] | None = None, on_stop: str = "cancel", limits: RiskLimits | None = None,
                 runtime: HandCrankedRuntime | None = None, bar_ns: int = 0, collar: str = "0.02") -> None:
        self.runtime = runtime or HandCrankedRuntime()
        self.instruments = {one.symbol: one for one in instruments or (instrument(),)}
        self.clock = Clock(self.runtime.now_ns())
        self.consequences: deque[ActionEvent] = deque()
        self.records: list[Record] = []
        self.actions: list[Action] = []
        self.seen: list[Any] = []
        self.logged: list[tuple[str, str, str]] = []
        self.errors: list[str] = []
        strategies = strategies or {"naive": QuietStrategy()}
        self.service = DeskService(self.clock, HOUSE, self.clock.now_ns, RiskManager(), dict.fromkeys(strategies, limits or RiskLimits()),
                                   self.consequences.append, lambda strategy, level, text, fields: self.logged.append((strategy, level, text)))
        views = {symbol: MarketView(one, self.clock) for symbol, one in self.instruments.items()}
        money = {"ZAR": Decimal(1_000_000)} if capital is None else capital
        self.desks = {
            name: Desk(name, strategy, tuple(self.instruments), OrderManager(name), PositionManager(name, self.instruments, money, "ZAR"),
                       views, self.service, bar_ns=bar_ns, on_stop=on_stop, collar=Decimal(collar))
            for name, strategy in strategies.items()
        }
        self.books = Books(HOUSE, self.desks)
        self.doubts = Doubts()
        routes = {symbol: Route(view, self.clock, lambda bar, bar_ns: self.engine.built_bar(bar, bar_ns)) for symbol, view in views.items()}
        self.engine = Engine(self.clock, self.books, routes, self.service, self.doubts, self, (), self.consequences.append)
        self.engine.on_error = self.errors.append
        self.guard = HookGuard(self.runtime, self.engine.fail)
        self.service.stand_behind(self.guard)
        for name, strategy in strategies.items():
            desk = self.desks[name]
            desk.hooks = {hook: self.guard.wrap(desk, getattr(strategy, hook)) for hook in HOOKS if writes(strategy, hook)}
            self.engine.join(desk)
            desk.is_started = True
        self.desk = next(iter(self.desks.values()))
        self.strategy = next(iter(strategies.values()))
        self.flow = self.engine.flow

    def put(self, records: Any, actions: Any) -> None:
        """Stand in for the outbox."""
        self.records.extend(records)
        self.actions.extend(actions)

    def tell(self, event: Any) -> list[Action]:
        """Handle an event and all that follows from it; return the actions that left."""
        before = len(self.actions)
        self._handle(event)
        while self.consequences:
            self._handle(self.consequences.popleft())
        return self.actions[before:]

    def act(self, do: Any) -> list[Action]:
        """Do something on the engine's thread, as a hook would, and let its consequences run; return the actions that left."""
        before = len(self.actions)
        self.clock.now_ns = self.runtime.now_ns()
        do()
        while self.consequences:
            self._handle(self.consequences.popleft())
        return self.actions[before:]

    def tick(self, bid: float = 99.0, ask: float = 101.0, symbol: str = SYMBOL, last: float = float("nan")) -> list[Action]:
        """Let a tick in."""
        return self.tell(Tick(symbol, self.runtime.now_ns(), bid, ask, last))

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.runtime.advance(int(seconds * SECOND))
        self.clock.now_ns = self.runtime.now_ns()

    def beat(self, number: int = 1) -> list[Action]:
        """Let a beat in, with its question for the broker's orders."""
        left = self.tell(HeartbeatEvent(number, 0, 0))
        return [*left, *self.tell(CheckOrderStatusEvent("luno"))]

    def buy(self, quantity: Any = "0.01", limit: Any = 100, **more: Any) -> Order:
        """Let the first strategy buy, with a fresh tick before it."""
        self.tick()
        orders: list[Order] = []
        self.act(lambda: orders.append(self.strategy.buy(SYMBOL, quantity, limit=limit, **more)))
        return orders[0]

    def open_order(self, quantity: Any = "0.01", limit: Any = 100, venue_order_id: str = "V1") -> Order:
        """Let the first strategy buy and the venue accept."""
        order = self.buy(quantity, limit)
        self.hear(order, Answer.SENT)
        self.hear(order, Answer.ACCEPTED, venue_order_id=venue_order_id)
        return order

    def update(self, order: Order, answer: Answer, filled: str | None = None, asked_ns: int | None = None, venue_order_id: str = "",
               fees: Mapping[str, str] | None = None, price: int = 100, **more: Any) -> OrderUpdate:
        """Return an answer about an order, asked now; the value filled is at `price`."""
        now_ns = self.runtime.now_ns()
        totals = None
        if filled is not None:
            paid = {currency: Decimal(amount) for currency, amount in (fees or {}).items()}
            totals = Totals(Decimal(filled), Decimal(filled) * price, paid)
        evidence = Evidence("test", now_ns if asked_ns is None else asked_ns, now_ns)
        return OrderUpdate(order.client_order_id, answer, evidence, venue_order_id, totals, **more)

    def hear(self, order: Order, answer: Answer, filled: str | None = None, **more: Any) -> list[Action]:
        """Let an answer about one order in."""
        return self.tell(OrderUpdateEvent(self.update(order, answer, filled, **more)))

    def listing(self, *updates: OrderUpdate, asked_ns: int | None = None, is_complete: bool = True) -> list[Action]:
        """Let the broker's list of open orders in."""
        now_ns = self.runtime.now_ns()
        return self.tell(OpenOrdersEvent("luno", updates, now_ns if asked_ns is None else asked_ns, now_ns, is_complete))

    def said(self, kind: type) -> list[Any]:
        """Return the events of one kind that were handled."""
        return [event for event in self.seen if type(event) is kind]

    def bodies(self, kind: type) -> list[Any]:
        """Return what was remembered of one kind."""
        return [record.body for record in self.records if type(record.body) is kind]

    def _handle(self, event: Any) -> None:
        self.clock.now_ns = self.runtime.now_ns()
        self.seen.append(event)
        self.engine.handle(event)
