"""Orders the venue tells of and our books do not know: ours from a journal that lost its end are adopted, the rest is told and left alone.

Called by the order flow on the engine's thread; what an adopted order has filled is booked by the flow, as any other answer is.
"""

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import msgspec

from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, OpenOrdersEvent, WarningEvent
from trading_system.core.instrument import Instrument
from trading_system.core.order import Order, OrderKind, OrderRequest
from trading_system.core.order_update import ZERO, Answer, OrderUpdate
from trading_system.core.order_words import order_words, plain
from trading_system.core.records import OrderAdopted, RecordBody
from trading_system.core.side import Side
from trading_system.engine.books import Books
from trading_system.strategy_host.desk import Desk

_STANDS = (Answer.ACCEPTED, Answer.WAITING, Answer.OPEN)
_IS_OVER = (Answer.FILLED, Answer.CANCELED, Answer.EXPIRED)
_REST_OF_NAME = re.compile(r"([a-z][a-z0-9_]{0,30})-([0-9a-z]{1,8})-([1-9][0-9]{0,17})")


class SetApart(msgspec.Struct, frozen=True):
    """An order under our prefix that cannot be anybody's here: where it stands and why nobody takes it."""

    broker: str
    symbol: str
    why: str


class Adoption:
    """`set_apart` are the orders with our prefix that fit nowhere, by name, while they stand at the venue."""

    def __init__(self, clock: Clock, books: Books, lay: Callable[[ActionEvent], None], remember: Callable[[RecordBody], None]) -> None:
        self.set_apart: dict[str, SetApart] = {}
        self.has_named: Callable[[str], bool] = lambda name: False
        self.leave_run: Callable[[str], None] = lambda run: None
        self._clock = clock
        self._books = books
        self._lay = lay
        self._remember = remember
        self._strangers: dict[str, frozenset[str]] = {}
        self._told: set[str] = set()

    def is_ours(self, client_order_id: str) -> bool:
        """Tell whether a name begins as those of this house do."""
        return client_order_id.startswith(f"{self._books.house}-")

    def is_forgotten(self, client_order_id: str) -> bool:
        """Tell whether an order that is in no book was ours and is long over: its fills were booked, it is nobody's news."""
        rest = _REST_OF_NAME.fullmatch(client_order_id.removeprefix(f"{self._books.house}-"))
        return rest is not None and (self._books.is_known(client_order_id) or self.has_named(client_order_id))

    def adopt(self, broker: str, update: OrderUpdate) -> tuple[Desk, Order] | None:
        """Make an unknown order with our prefix one of its strategy's, to be canceled where it stands; None where it is nobody's here.

        A strategy that does not remember an order cannot want it.
        """
        name = update.client_order_id
        filled = update.totals.filled_quantity if update.totals is not None else ZERO
        has_meaning = update.answer in _STANDS or (update.answer in _IS_OVER and filled)
        if not has_meaning or not self.is_ours(name) or self.is_forgotten(name):
            return None
        request, why = self._request(broker, update)
        if request is None:
            self._set_apart(broker, update, why)
            return None
        self._remember(OrderAdopted(request))
        order = self._books.adopt(request)
        desk = self._books.desk(request.strategy)
        self.set_apart.pop(name, None)
        booked = f"the {plain(filled)} it has filled are booked" if filled else "nothing of it is filled"
        end = "it is being canceled, as nobody remembers why it was placed" if update.answer in _STANDS else "it is over"
        self._lay(WarningEvent(
            f"order {name} ({order_words(request)}) is at the venue and not in the journal, whose end must have been lost: it belongs to "
            f"{desk.name} again, {booked}, {end}", desk.name))
        if update.answer in _STANDS:
            desk.cancel(order, "reconciliation")
        return desk, order

    def listed(self, event: OpenOrdersEvent) -> None:
        """Tell once of strangers' orders on the list, and let go of what was set apart and stands no longer."""
        strangers = {update.venue_order_id: update.symbol for update in event.updates if not self.is_ours(update.client_order_id)}
        known = self._strangers.get(event.broker, frozenset())
        new = {identity: symbol for identity, symbol in strangers.items() if identity not in known}
        if new:
            symbols = ", ".join(f"{count} of {symbol or 'unknown markets'}" for symbol, count in sorted(Counter(new.values()).items()))
            self._lay(WarningEvent(f"{_orders(len(new))} at {event.broker} not ours and left alone: {symbols}"))
        if not event.is_complete:
            self._strangers[event.broker] = known | strangers.keys()
            return
        self._strangers[event.broker] = frozenset(strangers)
        listed = {update.client_order_id for update in event.updates}
        for name, one in tuple(self.set_apart.items()):
            if one.broker == event.broker and name not in listed:
                del self.set_apart[name]
                self._lay(WarningEvent(f"order {name} stands at {one.broker} no longer; what it filled is in no strategy's ledger. "
                                       f"New orders of {one.symbol or one.broker} are taken again"))

    def waits_for(self, desk: Desk, request: OrderRequest) -> str:
        """Say why an order must wait for people to look at one that was set apart; empty when it need not."""
        if request.side is Side.SELL and desk.positions.instruments[request.symbol].is_spot:
            return ""                               # what is held can always be sold
        for name, one in self.set_apart.items():
            if request.symbol == one.symbol or (not one.symbol and request.symbol.endswith(f".{one.broker}")):
                return f"order {name} stands at {one.broker} and {one.why}: cancel it there, then new orders of {request.symbol} are taken"
        return ""

    def _request(self, broker: str, update: OrderUpdate) -> tuple[OrderRequest | None, str]:
        name = update.client_order_id
        rest = _REST_OF_NAME.fullmatch(name.removeprefix(f"{self._books.house}-"))
        if rest is None:
            return None, "its name has our prefix and is not one that we give"
        strategy, run = rest[1], rest[2]
        self.leave_run(run)
        try:
            desk = self._books.desk(strategy)
        except KeyError:
            return None, f"no strategy {strategy} was ever run here"
        instrument = desk.positions.instruments.get(update.symbol)
        if instrument is None or instrument.broker != broker:
            return None, f"{update.symbol or 'its market'} is nothing that {desk.name} trades"
        quantity = update.quantity
        if quantity is None and update.answer in _IS_OVER and update.totals is not None:
            quantity = update.totals.filled_quantity        # by value: what it came to is all there is to know
        why = _wrong_shape(instrument, update, quantity)
        if why or update.side is None:
            return None, why
        return OrderRequest(name, strategy, update.symbol, update.side, OrderKind.MARKET if update.limit is None else OrderKind.LIMIT,
                            self._clock.now_ns, quantity, limit=update.limit, tag="adopted"), ""

    def _set_apart(self, broker: str, update: OrderUpdate, why: str) -> None:
        name = update.client_order_id
        if update.answer in _STANDS:
            self.set_apart[name] = SetApart(broker, update.symbol, why)
        if name in self._told:
            return
        self._told.add(name)
        where = update.symbol or f"a market of {broker}"
        what = f"order {name} ({update.venue_order_id}, {where}) is at the venue and not in the journal, and {why}"
        self._lay(WarningEvent(
            f"{what}: it is left alone. Cancel it at {broker}; until it is gone no strategy buys there" if update.answer in _STANDS
            else f"{what}: what it filled is in no strategy's ledger"))


def _orders(count: int) -> str:
    return "one open order is" if count == 1 else f"{count} open orders are"


def _wrong_shape(instrument: Instrument, update: OrderUpdate, quantity: Decimal | None) -> str:
    limit = update.limit
    if update.side is None:
        return "its side is not told"
    if not quantity:
        return "its quantity is not told"
    if quantity < 0 or quantity % instrument.quantity_step:
        return f"its quantity {plain(quantity)} is none that can be ordered"
    if limit is not None and (limit <= 0 or limit % instrument.price_step):
        return f"its price {plain(limit)} is none that can be ordered at"
    return ""
