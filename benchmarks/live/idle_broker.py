"""A broker and a feed that do nothing as fast as they can: every order is filled at once, no tick ever comes. They stamp what arrives."""

import threading
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

from trading_system.core.actions import Action, PlaceOrder
from trading_system.core.events import Balance, OpenOrdersEvent
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.venues import Venue

BROKER = "bench"
PRICE = Decimal(100)


def symbols(count: int) -> list[str]:
    """Return the symbols of the benchmark's markets."""
    return [f"B{number:03d}USD.{BROKER}" for number in range(count)]


class IdleBroker:
    """Answers FILLED. `waited_ns` holds, in the order of arrival, how long before its call each order's tick was laid;
    `released_ns` the same for the moment at which the order was given to the lanes.

    The strategy writes into `laid_ns` when the tick behind an order was laid (monotonic nanoseconds), before the order can leave.
    """

    def __init__(self, markets: Sequence[str]) -> None:
        self.name = BROKER
        self.laid_ns: dict[str, int] = {}
        self.waited_ns: list[int] = []
        self.released_ns: list[int] = []
        self.last_ns = 0
        self.is_complete = threading.Event()
        self._markets = markets
        self._awaited = 0
        self._lock = threading.Lock()

    def expect(self, count: int) -> None:
        """Forget what came before; `is_complete` is set when `count` more orders have arrived."""
        self.waited_ns, self.released_ns, self._awaited = [], [], count
        self.is_complete.clear()

    def released(self, action: Action) -> None:
        """Stamp the moment at which an order is given to the lanes."""
        if type(action) is PlaceOrder:
            self.last_ns = time.monotonic_ns()
            self.released_ns.append(self.last_ns - self.laid_ns[action.request.client_order_id])

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Stamp the order's arrival and fill it."""
        now_ns = time.monotonic_ns()
        with self._lock:                        # three lanes call
            self.waited_ns.append(now_ns - self.laid_ns.pop(request.client_order_id))
            if len(self.waited_ns) == self._awaited:
                self.is_complete.set()
        return self._filled(request)

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Say the same again."""
        return self._filled(request)

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Say that there is nothing to cancel."""
        return OrderUpdate(request.client_order_id, Answer.CANCEL_REFUSED, _evidence("cancel"))

    def open_orders(self) -> OpenOrdersEvent:
        """Return none."""
        now_ns = time.time_ns()
        return OpenOrdersEvent(BROKER, (), now_ns, now_ns)

    def instruments(self) -> list[Instrument]:
        """Return the markets: a price step of 0.01, a quantity step of 0.0001, no fees."""
        step = Decimal("0.0001")
        return [Instrument(symbol, symbol[:4], "USD", Decimal("0.01"), step, step, Decimal(10**6), Decimal("0.01"), Decimal(10**6))
                for symbol in self._markets]

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return none."""
        return []

    def balances(self) -> dict[str, Balance]:
        """Return more money than anybody needs."""
        return {"USD": Balance(Decimal(10**13), Decimal(0))}

    def _filled(self, request: OrderRequest) -> OrderUpdate:
        quantity = request.quantity or Decimal(0)
        return OrderUpdate(request.client_order_id, Answer.FILLED, _evidence("order"), "venue", Totals(quantity, quantity * PRICE))


class IdleFeed:
    """Has nothing to tell: the benchmark lays its own market data."""

    name = BROKER

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        """Return none."""
        return []

    def statuses(self) -> Mapping[str, MarketStatus]:
        """Return none."""
        return {}

    def book(self, symbol: str) -> Book:
        """Return an empty book."""
        return Book(symbol, time.time_ns(), (), ())

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        """Return none."""
        return []

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        """Return none."""
        return []


def idle_venue(broker: IdleBroker) -> Venue:
    """Return a venue whose rate nobody limits."""
    def at_once(until_ns: int) -> bool:
        return True
    return Venue(broker, IdleFeed(), at_once, at_once, dict, dict, lambda name: 0, 1.0, lambda: None)


def _evidence(endpoint: str) -> Evidence:
    now_ns = time.time_ns()
    return Evidence(endpoint, now_ns, now_ns)
