"""Short words for tests of the paper venue: what a market did, what was ordered, and what came of it as lines a trader reads."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from brokerage.paper.account import PaperAccount
from brokerage.paper.fill_model import FillModel
from brokerage.paper.venue import FillVenue
from trading_system.core.actions import CancelOrder, PlaceOrder
from trading_system.core.events import OrderUpdateEvent
from trading_system.core.instrument import FeeCurrency, Instrument
from trading_system.core.market_data import Bar, Book, MarketData, Tick, Trade
from trading_system.core.order import NEXT, OrderKind, OrderRequest, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.side import Side

D = Decimal
SYMBOL = "XBTEUR.paper"
MINUTE = 60_000_000_000
SECOND = 1_000_000_000
INSTRUMENT = Instrument(SYMBOL, "XBT", "EUR", D("0.5"), D("0.1"), D("0.1"), D(100_000), D("0.5"), D(1_000_000), D("0.001"), D("0.002"),
                        FeeCurrency.COUNTER)
#: Nothing between an order and the market but the prices themselves; each test says what it adds.
PLAIN = FillModel(latency_seconds=0.0, slippage_ticks=0.0, spread_ticks=0.0, spread_share=0.0, volume_share=None, limit_fills="through",
                  is_improved_by_gap=False, mid_bar="unfavorable")


class Ordered(NamedTuple):
    """An order before it has a time."""

    name: str
    side: Side
    kind: OrderKind
    more: dict[str, Any]


class Canceled(NamedTuple):
    name: str


def buy(name: str, quantity: object = 1, **more: Any) -> Ordered:
    return _ordered(name, Side.BUY, quantity, more)


def sell(name: str, quantity: object = 1, **more: Any) -> Ordered:
    return _ordered(name, Side.SELL, quantity, more)


def _ordered(name: str, side: Side, quantity: object, more: dict[str, Any]) -> Ordered:
    for key in ("limit", "stop", "value"):
        if key in more:
            more[key] = D(str(more[key]))
    kinds = {(False, False): OrderKind.MARKET, (True, False): OrderKind.LIMIT, (False, True): OrderKind.STOP, (True, True): OrderKind.STOP_LIMIT}
    more["quantity"] = None if "value" in more else D(str(quantity))
    return Ordered(name, side, kinds["limit" in more, "stop" in more], more)


def bar(number: int, opened: float, high: float, low: float, close: float, volume: float = float("nan")) -> Bar:
    return Bar(SYMBOL, number * MINUTE, (number + 1) * MINUTE, opened, high, low, close, volume)


def tick(seconds: float, bid: float, ask: float) -> Tick:
    return Tick(SYMBOL, int(seconds * SECOND), bid, ask)


def trade(seconds: float, price: float, quantity: float, is_buy: bool) -> Trade:
    return Trade(SYMBOL, int(seconds * SECOND), price, quantity, is_buy)


def book(seconds: float, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> Book:
    return Book(SYMBOL, int(seconds * SECOND), tuple(bids), tuple(asks))


class Desk:
    """Stands where the engine stands: gives the venue orders and events, and checks every answer against the table of order states."""

    def __init__(self, model: FillModel = PLAIN, instrument: Instrument = INSTRUMENT, account: PaperAccount | None = None) -> None:
        self.venue = FillVenue([instrument], model, account)
        self.now_ns = 0
        self.requests: dict[str, OrderRequest] = {}
        self.ids: dict[str, str] = {}
        self.states: dict[str, OrderState] = {}
        self.unsent: list[str] = []
        self.updates: list[OrderUpdateEvent] = []

    def order(self, ordered: Ordered) -> OrderRequest:
        request = OrderRequest(ordered.name, "s", SYMBOL, ordered.side, ordered.kind, self.now_ns, **ordered.more)
        self.requests[ordered.name], self.states[ordered.name] = request, OrderState.PENDING_NEW
        self.venue.put((), (PlaceOrder(request),))
        return request

    def cancel(self, name: str) -> None:
        if name not in self.ids:
            self.unsent.append(name)        # the engine too sends it again when it hears the id
        self.venue.put((), (CancelOrder(self.requests[name], self.ids.get(name, "")),))

    def do(self, step: Ordered | Canceled) -> None:
        if isinstance(step, Ordered):
            self.order(step)
        else:
            self.cancel(step.name)

    def hear(self, event: MarketData, in_answer: dict[str, list[Ordered | Canceled]] | None = None) -> list[str]:
        """Return what an event meant; `in_answer` is what is done when the order of that name fills. The clock is the event's."""
        self.now_ns = event.time_ns
        if not self.venue.is_busy:
            return []
        lines = self._take(self.venue.hear(event), in_answer or {})
        while self.venue.goes_on:
            lines += self._take(self.venue.hear_again(), in_answer or {})
        return lines

    def _take(self, answers: Iterable[OrderUpdateEvent], in_answer: dict[str, list[Ordered | Canceled]]) -> list[str]:
        lines = []
        for event in tuple(answers):
            update = event.update
            name = update.client_order_id
            before = self.states[name]
            assert update.answer in NEXT[before], f"{name} was {before.name} and hears {update.answer.name}"
            self.states[name] = NEXT[before][update.answer]
            self.updates.append(event)
            self.ids.setdefault(name, update.venue_order_id)
            if name in self.unsent:
                self.unsent.remove(name)
                self.cancel(name)
            totals = update.totals
            filled = f" {totals.filled_quantity} at {price_text(totals.filled_value / totals.filled_quantity)}" if totals and totals.filled_quantity else ""
            lines.append(f"{name} {update.answer.name.lower()}{filled}{' ' + update.code if update.code else ''}")
            if update.answer is Answer.FILLED:
                for step in in_answer.pop(name, ()):
                    self.do(step)
        return lines


def price_text(price: Decimal) -> str:
    return f"{round(price, 4).normalize():f}"


def play(model: FillModel, story: Sequence[Any], in_answer: dict[str, list[Ordered | Canceled]] | None = None,
         instrument: Instrument = INSTRUMENT) -> list[str]:
    """Return every answer of a story, each with the number of the event (from 1) that brought it."""
    desk, number, lines, left = Desk(model, instrument), 0, list[str](), dict(in_answer or {})
    for step in story:
        if isinstance(step, Ordered | Canceled):
            desk.do(step)
        else:
            number += 1
            lines += [f"{number}: {line}" for line in desk.hear(step, left)]
    return lines


def changed(model: FillModel, **changes: Any) -> FillModel:
    return msgspec.structs.replace(model, **changes)


