"""One strategy's orders. Totals in, differences out: the same answer twice changes nothing the second time.

The engine applies answers here, a strategy reads here; nobody else changes an order.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from trading_system.core.events import ACCEPTED, Verdict
from trading_system.core.order import NEXT, NEXT_CANCEL, CancelState, Fill, FillAmounts, Order, OrderRequest, OrderState
from trading_system.core.order_update import ZERO, Answer, OrderUpdate, Totals

_OVER = OrderState.FILLED            # from here on an order is done
_NAMES = {state: state.name for state in OrderState}        # an Enum's own `name` is Python code
_ENDS = (Answer.FILLED, Answer.CANCELED, Answer.EXPIRED)
_ABOUT_CANCEL = frozenset(NEXT_CANCEL[CancelState.NONE])


class Change(msgspec.Struct, gc=False):
    """What an answer did: `is_news` when anything is different now, `fill` when it added to the totals, `alarm` when people must look."""

    order: Order
    is_news: bool = False
    fill: Fill | None = None
    alarm: str = ""


class OrderManager:
    """The orders of one strategy: `open` ones may still fill, `done` ones are over: the newest `keep_done` that left, and as many denied
    ones, are kept in memory."""

    def __init__(self, strategy: str, keep_done: int = 10_000) -> None:
        self.strategy = strategy
        self.open: dict[str, Order] = {}
        self.done: dict[str, Order] = {}
        self.counts: dict[str, int] = {}
        self._keep_done = keep_done
        self._done_names: deque[str] = deque()
        self._denied_names: deque[str] = deque()        # a flood of denials drives nothing out that may yet be heard of

    def __iter__(self) -> Iterator[Order]:
        return iter(tuple(self.open.values()))

    def __len__(self) -> int:
        return len(self.open)

    def get(self, client_order_id: str) -> Order | None:
        """Return the order of that name, open or done; None when it is not ours or long over."""
        return self.open.get(client_order_id) or self.done.get(client_order_id)

    def take_back(self, still_open: Iterable[Order], done: Iterable[Order], counts: Mapping[str, int]) -> None:
        """Take over what a manager of an earlier run held, each in the order it stood there. Only for one that is still empty."""
        self.open = {order.client_order_id: order for order in still_open}
        self.done = {order.client_order_id: order for order in done}
        self._done_names = deque(name for name, order in self.done.items() if order.state is not OrderState.DENIED)
        self._denied_names = deque(name for name, order in self.done.items() if order.state is OrderState.DENIED)
        self.counts = dict(counts)

    def add(self, request: OrderRequest, reference: Decimal, verdict: Verdict = ACCEPTED) -> Order:
        """Take a new order in, decided on the price `reference`: pending, or already DENIED with the reason."""
        order = Order(request, reference=reference)
        if not verdict.is_accepted:
            order.state, order.reason, order.code = OrderState.DENIED, verdict.sentence, verdict.code
            self._close(order, request.created_ns)
        else:
            self.open[request.client_order_id] = order
        return order

    def want_cancel(self, order: Order) -> bool:
        """Remember that `order` shall be canceled; tell whether that is a new wish."""
        if order.is_done or order.cancel is not CancelState.NONE:
            return False
        order.cancel = CancelState.WANTED
        return True

    def apply(self, order: Order, update: OrderUpdate, now_ns: int) -> Change:
        """Apply one answer about `order`, stamped `now_ns`; late, repeated and reordered answers are all welcome."""
        change = Change(order)
        if (update.symbol or update.side or update.quantity) and (stranger := _stranger(order, update)):
            self._quarantine(change, stranger)
            return change
        if update.venue_order_id and not order.venue_order_id:
            order.venue_order_id = update.venue_order_id
            order.acknowledged_ns = now_ns
            change.is_news = True
        if update.answer in _ABOUT_CANCEL:
            self._apply_cancel(change, update)
        else:
            self._apply_state(change, update, now_ns)
        if update.totals is not None:
            self._apply_totals(change, update, update.totals, now_ns)
        return change

    def _apply_cancel(self, change: Change, update: OrderUpdate) -> None:
        order = change.order
        if order.is_done:
            return
        wish = NEXT_CANCEL[order.cancel][update.answer]
        if wish is not order.cancel:
            order.cancel = wish
            change.is_news = True

    def _apply_state(self, change: Change, update: OrderUpdate, now_ns: int) -> None:
        order = change.order
        before = order.state
        after = NEXT[before].get(update.answer)
        if after is None:
            self._quarantine(change, f"the answer {update.answer.name} is not possible for an order that is {before.name}")
            return
        if after is OrderState.OPEN and update.answer is Answer.ACCEPTED and before < OrderState.WAITING and order.request.stop is not None:
            after = OrderState.WAITING
        if after is before:
            return
        change.is_news = True
        order.state = after
        if update.reason:
            order.reason, order.code = update.reason, update.code
        if before >= _OVER:
            self._count(before, -1)
            self._drop(order.client_order_id)
            change.alarm = f"order {order.client_order_id} was {before.name} and is heard of again: {after.name}"
        if after >= _OVER:
            self._close(order, now_ns)
        elif before >= _OVER:
            # Proved absent, and there it is: it lives again, and nobody wants it any more.
            self.open[order.client_order_id] = order
            order.cancel, order.done_ns = CancelState.WANTED, 0
            change.alarm = f"order {order.client_order_id} was {before.name} and has turned up at the venue; it is being canceled"

    def _apply_totals(self, change: Change, update: OrderUpdate, totals: Totals, now_ns: int) -> None:
        order = change.order
        known = order.exact
        quantity = totals.filled_quantity - known.filled_quantity
        asked_ns = update.evidence.asked_ns
        is_said = order.code == "settled"       # by people, who may err: the venue's own word comes later
        if quantity < 0 and is_said and update.answer in _ENDS and asked_ns > order.done_ns > 0:
            self._quarantine(change, f"people said that {known.filled_quantity} of it was filled, the venue says {totals.filled_quantity}")
        if quantity < 0 or (not quantity and asked_ns < order.heard_ns):
            return                      # an older answer may only add
        fees = _difference(totals.fees, known.fees)
        if not quantity and not fees and totals.filled_value == known.filled_value:
            order.heard_ns = max(order.heard_ns, asked_ns)
            return
        if not quantity and totals.filled_value != known.filled_value and not is_said:
            self._quarantine(change, "the value filled changed while the quantity did not")
            return
        request = order.request
        change.is_news = True
        change.fill = Fill(request.client_order_id, request.strategy, request.symbol, request.side, now_ns,
                           FillAmounts(quantity, totals.filled_value - known.filled_value, fees), request.tag)
        order.exact = totals
        order.heard_ns = max(order.heard_ns, asked_ns)
        if order.done_ns and quantity and order.done_ns != now_ns and not change.alarm:
            change.alarm = f"order {request.client_order_id} filled although it was {order.state.name}: {quantity} more, booked late"
        if request.quantity is None:
            return
        if totals.filled_quantity > request.quantity:
            self._quarantine(change, f"filled {totals.filled_quantity} of {request.quantity}: more than was asked for")
        if totals.filled_quantity >= request.quantity and order.state is not OrderState.FILLED:
            if order.state >= _OVER:
                change.alarm = change.alarm or f"order {order.client_order_id} filled although it was {order.state.name}"
                self._count(order.state, -1)
            order.state = OrderState.FILLED
            self._close(order, now_ns)

    def _quarantine(self, change: Change, why: str) -> None:
        order = change.order
        change.alarm = f"order {order.client_order_id} is set apart: {why}"
        if not order.is_quarantined:
            order.is_quarantined = change.is_news = True

    def _close(self, order: Order, now_ns: int) -> None:
        order.cancel = CancelState.NONE
        order.done_ns = now_ns
        name = order.request.client_order_id
        self.open.pop(name, None)
        if name in self.done:               # one that was canceled, or denied, and has filled all the same
            self._drop(name)
        self.done[name] = order
        names = self._denied_names if order.state is OrderState.DENIED else self._done_names
        names.append(name)
        if len(names) > self._keep_done:
            self.done.pop(names.popleft(), None)
        self._count(order.state, 1)

    def _drop(self, name: str) -> None:
        del self.done[name]
        (self._denied_names if name in self._denied_names else self._done_names).remove(name)

    def _count(self, state: OrderState, by: int) -> None:
        name = _NAMES[state]
        self.counts[name] = self.counts.get(name, 0) + by


def _stranger(order: Order, update: OrderUpdate) -> str:
    request = order.request
    if update.symbol and update.symbol != request.symbol:
        return f"the venue holds an order for {update.symbol} under its name, we asked for {request.symbol}"
    if update.side is not None and update.side is not request.side:
        return f"the venue holds a {update.side.name} order under its name, we asked to {request.side.name}"
    if update.quantity is not None and request.quantity is not None and update.quantity != request.quantity:
        return f"the venue holds an order for {update.quantity} under its name, we asked for {request.quantity}"
    return ""


def _difference(new: dict[str, Decimal], known: dict[str, Decimal]) -> dict[str, Decimal]:
    if new == known:
        return {}
    if not known and ZERO not in new.values():
        return new
    return {currency: amount for currency in new.keys() | known.keys() if (amount := new.get(currency, ZERO) - known.get(currency, ZERO))}
