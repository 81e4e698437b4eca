"""The lanes to one broker: three workers for orders, one for cancels, two for questions; every deadline is kept here, not in a socket.

The journal thread hands actions in, answers go back as events. A lane never sends anything twice.
"""


from collections.abc import Callable

import msgspec

from trading_system.core.actions import Action, CancelOrder, LookUpOrders, LookUpTrades, PlaceOrder
from trading_system.core.errors import AccessDenied, BrokerError, HeldBack, OrderRefused, OutcomeUnknown, TryAgain
from trading_system.core.events import (
    ActionEvent,
    ConnectionEvent,
    LookUpFailedEvent,
    OrderUpdateEvent,
    OwnTradesEvent,
    WarningEvent,
)
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.ports import Broker, LayAction, Mailbox, Runtime
from trading_system.executors.trade_search import with_trades


class LaneSettings(msgspec.Struct, frozen=True):
    """How many workers each lane has and how long a call may take, in seconds, before its outcome counts as unknown."""

    order_workers: int = 3
    cancel_workers: int = 1
    look_up_workers: int = 2
    order_deadline_seconds: float = 15.0
    read_deadline_seconds: float = 12.0


class _Call(msgspec.Struct, eq=False):
    action: Action
    lane: Mailbox
    deadline_ns: int
    is_abandoned: bool = False


class BrokerLanes:
    """Carries out orders, cancels and look-ups at one broker, each kind on its own workers. `abort` breaks calls about an order off.

    That an order is on its way goes to `lay_quietly`: whoever hears of it can wait, and must not be woken while it leaves.
    """

    def __init__(self, broker: Broker, lay: LayAction, lay_quietly: LayAction, runtime: Runtime, abort: Callable[[str], int],
                 settings: LaneSettings | None = None) -> None:
        self.broker = broker
        self._lay = lay
        self._lay_quietly = lay_quietly
        self._runtime = runtime
        self._abort = abort
        self._settings = settings or LaneSettings()
        self._orders, self._cancels, self._look_ups = runtime.mailbox(), runtime.mailbox(), runtime.mailbox()
        self._waiting: dict[str, PlaceOrder] = {}
        self._questions: set[Action] = set()        # that wait: while a venue is slow the same is asked again and again
        self._calls: dict[int, _Call] = {}
        self._next_worker = 0
        self.replaced_workers = 0

    def start(self) -> None:
        """Start the workers."""
        settings = self._settings
        for lane, count in ((self._orders, settings.order_workers), (self._cancels, settings.cancel_workers),
                            (self._look_ups, settings.look_up_workers)):
            for _ in range(count):
                self._hire(lane)

    def execute(self, action: Action) -> None:
        """Take the action over; the answer comes as an event."""
        if type(action) is PlaceOrder:
            self._waiting[action.request.client_order_id] = action
            self._orders.put(action)
        elif type(action) is CancelOrder:
            if action.venue_order_id:
                self._cancels.put(action)
            else:
                self._withdraw(action.request)
        elif action not in self._questions:
            self._questions.add(action)
            self._look_ups.put(action)

    def check_deadlines(self, now_ns: int) -> None:
        """Give up on calls whose deadline (monotonic nanoseconds) has passed: their outcome is unknown, a fresh worker takes the place."""
        for number, call in tuple(self._calls.items()):
            if now_ns >= call.deadline_ns and not call.is_abandoned:
                call.is_abandoned = True
                self._calls.pop(number, None)
                self.replaced_workers += 1
                self._lay(self._no_answer(call.action))
                self._hire(call.lane)
                if isinstance(call.action, (PlaceOrder, CancelOrder)):
                    self._abort(call.action.request.client_order_id)

    @property
    def depth(self) -> int:
        """Return how many orders wait to be sent."""
        return len(self._waiting)

    def _hire(self, lane: Mailbox) -> None:
        number = self._next_worker
        self._next_worker += 1
        self._runtime.spawn(f"{self.broker.name}-lane-{number}", lambda: self._work(lane, number))

    def _work(self, lane: Mailbox, number: int) -> None:
        while True:
            action = lane.take()
            if type(action) is PlaceOrder and self._waiting.pop(action.request.client_order_id, None) is None:
                continue                                        # withdrawn while it waited
            is_question = isinstance(action, (LookUpOrders, LookUpTrades))
            if is_question:
                self._questions.discard(action)
            seconds = self._settings.read_deadline_seconds if is_question else self._settings.order_deadline_seconds
            call = _Call(action, lane, self._runtime.monotonic_ns() + int(seconds * 1e9))
            self._calls[number] = call
            self.perform(action)
            self._calls.pop(number, None)
            if call.is_abandoned:
                return                                          # a late answer was still laid, as evidence; the place is taken

    def _withdraw(self, request: OrderRequest) -> None:
        if self._waiting.pop(request.client_order_id, None) is not None:
            self._lay(self._update(request, Answer.DENIED, "lane", "canceled before sending", "withdrawn"))

    def perform(self, action: Action) -> None:
        """Carry one action out and lay its answer; never raises. Called by a worker."""
        try:
            if type(action) is PlaceOrder:
                self._place(action.request)
            elif type(action) is CancelOrder:
                self._cancel(action.request, action.venue_order_id)
            elif type(action) is LookUpOrders:
                self._look_up(action)
            elif type(action) is LookUpTrades:
                self._look_up_trades(action)
        except Exception as error:
            # A fault of the adapter itself: nothing is known of what it did.
            self._lay(self._no_answer(action))
            self._lay(WarningEvent(f"{self.broker.name}: {type(error).__name__}: {error} (a fault of the adapter; please report it)"))

    def _place(self, request: OrderRequest) -> None:
        self._lay_quietly(self._update(request, Answer.SENT, "lane", ""))
        try:
            self._lay(OrderUpdateEvent(self.broker.place_order(request)))
        except HeldBack as error:
            self._lay(self._told(request, Answer.DENIED, error, error.code))
        except OrderRefused as error:
            self._lay(self._told(request, Answer.REJECTED, error, error.refusal.value))
        except TryAgain as error:
            self._lay(self._told(request, Answer.REJECTED, error, "not_sent"))
        except AccessDenied as error:
            # Refused in the venue's own words it does not exist; a page of somebody in between may hide that it does.
            is_proved = error.evidence is not None and bool(error.evidence.code)
            self._lay(self._told(request, Answer.REJECTED if is_proved else Answer.OUTCOME_UNKNOWN, error))
            self._lay(ConnectionEvent(self.broker.name, "orders", False, error.reason, not is_proved))
        except OutcomeUnknown as error:
            self._lay(self._told(request, Answer.OUTCOME_UNKNOWN, error))

    def _cancel(self, request: OrderRequest, venue_order_id: str) -> None:
        try:
            self._lay(OrderUpdateEvent(self.broker.cancel_order(request, venue_order_id)))
        except BrokerError as error:
            self._lay(self._told(request, Answer.CANCEL_UNKNOWN, error))

    def _look_up(self, action: LookUpOrders) -> None:
        request = action.request
        try:
            if request is None:
                self._lay(self.broker.open_orders())
            else:
                self._look_up_one(action, request)
        except BrokerError as error:
            self._lay(LookUpFailedEvent(self.broker.name, request.client_order_id if request else "", error.reason))

    def _look_up_one(self, action: LookUpOrders, request: OrderRequest) -> None:
        update = self.broker.look_up(request, action.venue_order_id)
        is_found = update.answer is not Answer.NOT_FOUND
        if action.trades_since_ns and not (is_found and action.is_doubtful):
            try:
                trades = self.broker.fills_since(request.symbol, action.trades_since_ns)
            except BrokerError:
                # Half of the answer: what was found counts, "not found" without the trades does not.
                if is_found:
                    self._lay(OrderUpdateEvent(update))
                raise
            update = with_trades(request, update, trades, action.venue_order_id)
        self._lay(OrderUpdateEvent(update))

    def _look_up_trades(self, action: LookUpTrades) -> None:
        asked_ns = self._runtime.now_ns()
        try:
            trades = tuple(self.broker.fills_since(action.symbol, action.since_ns))
        except BrokerError as error:
            self._lay(LookUpFailedEvent(self.broker.name, "", error.reason, action.symbol))
            return
        self._lay(OwnTradesEvent(self.broker.name, action.symbol, action.since_ns, trades, asked_ns))

    def _no_answer(self, action: Action) -> ActionEvent:
        reason = "no answer within the deadline"
        if type(action) is PlaceOrder:
            return self._update(action.request, Answer.OUTCOME_UNKNOWN, "lane", reason)
        if type(action) is CancelOrder:
            return self._update(action.request, Answer.CANCEL_UNKNOWN, "lane", reason)
        if type(action) is LookUpTrades:
            return LookUpFailedEvent(self.broker.name, "", reason, action.symbol)
        request = action.request if type(action) is LookUpOrders else None
        return LookUpFailedEvent(self.broker.name, request.client_order_id if request else "", reason)

    def _told(self, request: OrderRequest, answer: Answer, error: BrokerError, code: str = "") -> OrderUpdateEvent:
        if error.evidence is None:
            return self._update(request, answer, "lane", error.reason, code)
        return OrderUpdateEvent(OrderUpdate(request.client_order_id, answer, error.evidence, reason=error.reason, code=code))

    def _update(self, request: OrderRequest, answer: Answer, endpoint: str, reason: str, code: str = "") -> OrderUpdateEvent:
        now_ns = self._runtime.now_ns()
        return OrderUpdateEvent(OrderUpdate(request.client_order_id, answer, Evidence(endpoint, now_ns, now_ns), reason=reason, code=code))


