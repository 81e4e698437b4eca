"""An order's way through the engine: wanted, sent, heard of, filled, canceled, looked up. Called by the engine only, on its thread.

Every method returns the actions that follow; records and further events go out through the two callables it is given.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from trading_system.core.actions import Action, CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.clock import Clock
from trading_system.core.events import (
    ActionEvent,
    CancelEvent,
    CheckOrderStatusEvent,
    FillEvent,
    LookUpFailedEvent,
    OpenOrdersEvent,
    OrderEvent,
    OrderUpdateEvent,
    OwnTradesEvent,
    WarningEvent,
)
from trading_system.core.order import CancelState, Order, OrderRequest, OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.order_words import order_words
from trading_system.core.records import RecordBody
from trading_system.engine.adoption import Adoption
from trading_system.engine.books import Books
from trading_system.engine.doubts import Doubts
from trading_system.engine.leftovers import Leftovers
from trading_system.engine.missing_orders import MissingOrders
from trading_system.engine.reconciliation import Reconciliation
from trading_system.engine.second_looks import SecondLooks
from trading_system.strategy_host.desk import Desk

_ABOUT_CANCEL = (Answer.CANCEL_ACCEPTED, Answer.CANCEL_REFUSED, Answer.CANCEL_UNKNOWN)
_READS = (Answer.OPEN, Answer.WAITING, Answer.FILLED, Answer.CANCELED, Answer.EXPIRED, Answer.NOT_FOUND)
_OVER = OrderState.FILLED            # from here on an order is done
_IN_DOUBT = (OrderState.UNKNOWN, OrderState.LOST)
_NOT_HEARD = (OrderState.SENT, *_IN_DOUBT)
_KEPT_DELAYS = 1000
_AGAIN_NS = 10_000_000_000          # ask or cancel once more when nothing was heard for so long
_TRADES_MARGIN_NS = 60_000_000_000  # an order's trades are searched from so long before it was made: the venue's clock is another


class OrderFlow:
    """`pause(desk, reason)` is called when an order of the desk must be looked at by people first. `second_looks` is None where the
    venue's answers are final."""

    def __init__(self, clock: Clock, books: Books, doubts: Doubts, lay: Callable[[ActionEvent], None],
                 remember: Callable[[RecordBody], None], pause: Callable[[Desk, str], None]) -> None:
        self.books = books
        self.doubts = doubts
        self.adoption = Adoption(clock, books, lay, remember)
        self.reconciliation = Reconciliation(clock, books, self.adoption)
        self.second_looks: SecondLooks | None = None
        self.list_from_ns = 0               # no list before this: a house that stops needs its calls for cancels and what became of them
        self.send_delays_ns: deque[int] = deque(maxlen=_KEPT_DELAYS)
        self._clock = clock
        self._lay = lay
        self._remember = remember
        self._pause = pause
        self._asked_ns: dict[str, int] = {}
        self._listing_ns: dict[str, int] = {}
        self._cancel_sent_ns: dict[str, int] = {}
        self.missing = MissingOrders(lay)
        self._leftovers = Leftovers(lay)
        self._unheard: set[str] = set()     # orders of an earlier run that the venue has not been heard of yet

    def order(self, event: OrderEvent) -> Sequence[Action]:
        """A strategy ordered: remember the order with its verdict, and let it leave if risk said yes."""
        self._remember(event)
        if event.verdict.is_accepted:
            return (PlaceOrder(event.request),)
        self._tell(event.request.client_order_id)
        return ()

    def cancel(self, event: CancelEvent) -> Sequence[Action]:
        """An order shall be canceled: at once where the venue's name of it is known, else when it becomes known."""
        found = self.books.find(event.client_order_id)
        if found is None or found[1].is_done:
            return ()
        self._remember(event)
        order = found[1]
        if order.state is OrderState.PENDING_NEW and not order.venue_order_id:
            return (CancelOrder(order.request, ""),)            # perhaps it can still be withdrawn from our own lane
        return self._send_cancel(order)

    def update(self, event: OrderUpdateEvent) -> Sequence[Action]:
        """An answer about one order came in."""
        update = event.update
        if update.answer in _READS:
            self._asked_ns.pop(update.client_order_id, None)
            self._unheard.discard(update.client_order_id)
            if self.reconciliation.unknown:
                found = self.reconciliation.found(update)
                return self._hear(found, event if found is update else None)
        return self._hear(update, event)

    def settle(self, update: OrderUpdate) -> Sequence[Action]:
        """People say what became of an order that nobody else can know of; an order that was heard of meanwhile is left as it is."""
        found = self.books.find(update.client_order_id)
        if found is None or not (found[1].state in _IN_DOUBT or found[1].is_quarantined or self.missing.is_gone(found[1])):
            return ()
        found[1].is_quarantined = False
        self._lay(WarningEvent(f"order {update.client_order_id} is {update.answer.name}: {update.reason}", found[0].name))
        return self._hear(update)

    def open_orders(self, event: OpenOrdersEvent) -> Sequence[Action]:
        """The list came in: hear each row, then ask for those that should be there and are not."""
        self._listing_ns.pop(event.broker, None)
        actions = list(self.reconciliation.listed(event.broker))
        listed = set()
        for update in event.updates:
            listed.add(update.client_order_id)
            self._unheard.discard(update.client_order_id)
            actions.extend(self._hear(update, broker=event.broker))
        self.adoption.listed(event)
        if event.is_complete:
            missing = [order for _, order in self.books.open_orders(event.broker)
                       if order.venue_order_id and order.acknowledged_ns < event.asked_ns and order.state not in _IN_DOUBT
                       and order.client_order_id not in listed]
            actions.extend(self.missing.listed(event.broker, missing, self._look_up))
        actions.extend(self._ask_for_unheard())
        return actions

    def own_trades(self, event: OwnTradesEvent) -> Sequence[Action]:
        """The list of our own trades came in: ask for the orders that may have filled more than is booked, and for those nobody knows."""
        self._unheard.update(self.reconciliation.traded(event))
        return [*self._ask_for_unheard(), *self.reconciliation.ask_again()]

    def look_up_failed(self, event: LookUpFailedEvent) -> Sequence[Action]:
        """A question got no answer: it may be asked again."""
        self.reconciliation.failed(event)
        if event.client_order_id:
            self._asked_ns.pop(event.client_order_id, None)
            self.missing.failed(event.broker, event.client_order_id)
            if self.second_looks is not None:
                self.second_looks.failed(event.broker, event.client_order_id, self._clock.now_ns)
        elif not event.symbol:
            self._listing_ns.pop(event.broker, None)
        return ()

    def check(self, event: CheckOrderStatusEvent) -> Sequence[Action]:
        """Ask one broker for its open orders once, and one by one for those in doubt."""
        now_ns = self._clock.now_ns
        actions: list[Action] = []
        has_open = self.adoption.set_apart or any(order.venue_order_id for _, order in self.books.open_orders(event.broker))
        if has_open and now_ns >= self.list_from_ns and now_ns - self._listing_ns.get(event.broker, 0) > _AGAIN_NS:
            self._listing_ns[event.broker] = now_ns
            actions.append(LookUpOrders(event.broker))
        actions.extend(self.ask_again())
        if self.second_looks is not None:
            actions.extend(self.second_looks.look(event.broker, now_ns, self._order, self._look_up))
        return actions

    @property
    def is_asking(self) -> bool:
        """Tell whether an order is in doubt, or an answer about one is awaited."""
        return bool(self.is_reconciling or self._asked_ns or self._listing_ns or len(self.doubts))

    @property
    def is_reconciling(self) -> bool:
        """Tell whether a venue has still to be heard of anything that an earlier run left: each order once, the list, our trades."""
        return bool(self._unheard or self.reconciliation.is_waiting)

    def doubt_about(self, desk: Desk, request: OrderRequest) -> str:
        """Say what must be known before an order of `desk` may leave, so that nothing is done twice; empty when all is known."""
        if not (self.doubts.names or self._unheard or self.adoption.set_apart or self.reconciliation.is_waiting):
            return ""
        broker = request.symbol.rpartition(".")[2]
        if self.reconciliation.waits_for(broker):
            return f"{broker} was not yet heard of all that an earlier run left there"
        for order in desk.orders:
            asked = order.request
            if asked.symbol == request.symbol and asked.side is request.side and (
                    order.state in _IN_DOUBT or order.client_order_id in self._unheard):
                return (f"it is not known what became of order {order.client_order_id} ({order_words(asked)}): until it is, "
                        f"no other {asked.side.name.lower()} of {asked.symbol}")
        return self.adoption.waits_for(desk, request)

    def ask_again(self) -> Sequence[Action]:
        """Ask, one by one, for the orders in doubt that are due and for those of an earlier run that were not heard of yet."""
        now_ns = self._clock.now_ns
        for name in self.doubts.lost(now_ns):
            self._conclude(name, Answer.LOST, "not resolved in time; its funds stay reserved and asking goes on")
        again = self.reconciliation.ask_again() if self.reconciliation.is_waiting else ()
        doubtful = [action for order in self._orders(self.doubts.due(now_ns))
                    for action in self._look_up(order, self.doubts.wants_search(order.client_order_id, now_ns), True)]
        return [*again, *doubtful, *self._ask_for_unheard()]

    def after_replay(self) -> Sequence[Action]:
        """Settle what a crash left behind: what was never sent is over, what was on its way is in doubt, and all that is not over is asked
        for. Where reconciliation begins with a list, that comes first: only what is not on it is asked for by its name."""
        for _, order in tuple(self.books.open_orders()):
            name = order.client_order_id
            if order.state is OrderState.PENDING_NEW:
                self._conclude(name, Answer.DENIED, "the program ended before it was sent")
                continue
            self._unheard.add(name)
            if order.state is OrderState.SENT:
                self._conclude(name, Answer.OUTCOME_UNKNOWN, "the program ended while it was on its way")
            elif order.state in _IN_DOUBT:
                self.doubts.begin(name, self._clock.now_ns)
        return [*self.reconciliation.begin(), *self._ask_for_unheard()]

    def _hear(self, update: OrderUpdate, event: OrderUpdateEvent | None = None, broker: str = "") -> Sequence[Action]:
        found = self.books.find(update.client_order_id)
        if found is None:
            found = self.adoption.adopt(broker or update.symbol.rpartition(".")[2], update)
            if found is None:
                return ()
        desk, order = found
        change = self.books.apply(desk, order, update, self._clock.now_ns)
        if update.answer is Answer.SENT:
            self.send_delays_ns.append(update.evidence.asked_ns - order.request.created_ns)
        elif change.is_news:
            self._remember(event or OrderUpdateEvent(update))
        if self.doubts.names or order.state in _IN_DOUBT:
            self._keep_doubts(order, update)
        if change.is_news:
            desk.settle(order)
            if change.alarm:
                self._lay(WarningEvent(change.alarm, desk.name))
                if order.is_quarantined:
                    self._pause(desk, change.alarm)
        if change.fill is not None:
            self._lay(FillEvent(change.fill))
        elif change.is_news and update.answer is not Answer.SENT:
            self._tell(order.client_order_id)
        return self._follow_up(order, update)

    def _follow_up(self, order: Order, update: OrderUpdate) -> Sequence[Action]:
        if order.state >= _OVER:
            self._cancel_sent_ns.pop(update.client_order_id, None)
            if self.second_looks is not None:
                self.second_looks.heard(order, update, self._clock.now_ns)
            return self._leftovers.heard(order, update)
        if update.answer in _ABOUT_CANCEL:
            return self._look_up(order)
        if order.cancel in (CancelState.SENT, CancelState.UNKNOWN) and update.answer in _READS:
            # The venue still shows it, asked well after the cancel left: the cancel is lost, and canceling twice does no harm.
            sent_ns = self._cancel_sent_ns.get(order.client_order_id, 0)
            if order.cancel is CancelState.UNKNOWN or update.evidence.asked_ns - sent_ns > _AGAIN_NS:
                order.cancel = CancelState.WANTED
        return self._send_cancel(order) if order.cancel is CancelState.WANTED else ()

    def _send_cancel(self, order: Order) -> Sequence[Action]:
        if not order.venue_order_id or order.cancel is not CancelState.WANTED:
            return ()
        order.cancel = CancelState.SENT
        self._cancel_sent_ns[order.client_order_id] = self._clock.now_ns
        return (CancelOrder(order.request, order.venue_order_id),)

    def _look_up(self, order: Order, has_trades: bool = False, is_doubtful: bool = False) -> Sequence[Action]:
        name, now_ns = order.client_order_id, self._clock.now_ns
        if now_ns - self._asked_ns.get(name, 0) < _AGAIN_NS or self.reconciliation.holds_back(broker_of(order)):
            return ()
        self._asked_ns[name] = now_ns
        since_ns = max(1, order.request.created_ns - _TRADES_MARGIN_NS) if has_trades else 0
        return (LookUpOrders(broker_of(order), order.request, order.venue_order_id, is_doubtful, since_ns),)

    def _keep_doubts(self, order: Order, update: OrderUpdate) -> None:
        name = order.client_order_id
        if order.state not in _IN_DOUBT:
            self.doubts.end(name)
        elif update.answer is Answer.NOT_FOUND:
            if self.doubts.not_found(name, update.evidence, update.has_trades):
                self._conclude(name, Answer.NOT_PLACED, "the venue was asked often enough, never heard of it and lists no trade of it")
        else:
            self.doubts.begin(name, self._clock.now_ns)

    def _conclude(self, name: str, answer: Answer, reason: str) -> None:
        now_ns = self._clock.now_ns
        self._lay(OrderUpdateEvent(OrderUpdate(name, answer, Evidence("house", now_ns, now_ns), reason=reason)))
        if answer is Answer.LOST:
            self._lay(WarningEvent(f"order {name} is lost: {reason}", name.split("-")[1]))

    def _ask_for_unheard(self) -> list[Action]:
        if not self._unheard:
            return []
        orders = self._orders(sorted(self._unheard))
        self._unheard = {order.client_order_id for order in orders}         # what is long over is no longer kept
        return [action for order in orders for action in self._look_up(order, False, order.state in _NOT_HEARD)]

    def _order(self, name: str) -> Order | None:
        found = self.books.find(name)
        return found[1] if found is not None else None

    def _orders(self, names: Iterable[str]) -> list[Order]:
        return [found[1] for name in names if (found := self.books.find(name)) is not None]

    def _tell(self, client_order_id: str) -> None:
        if (found := self.books.find(client_order_id)) is not None:
            found[0].call("on_order", found[1])


def broker_of(order: Order) -> str:
    """Return the name of the broker an order is at."""
    return order.symbol.rpartition(".")[2]
