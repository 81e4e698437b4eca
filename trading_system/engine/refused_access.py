"""Brokers that refused an order of ours because of who we are: none leaves for them until there is reason to think that it is taken.

Stands around the order flow's questions: a venue that nobody asks anything would never be seen to answer again.
"""

from collections.abc import Callable, Sequence

from trading_system.core.actions import Action, LookUpOrders
from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, CheckOrderStatusEvent, ConnectionEvent, OpenOrdersEvent
from trading_system.engine.order_flow import OrderFlow

_SECOND = 1_000_000_000
_LEAST_NS, _MOST_NS = 30 * _SECOND, 3600 * _SECOND
_AGAIN_NS = 10 * _SECOND


class RefusedAccess:
    """`closed` holds, per broker, the sentence why no order may leave; it is read by whoever judges orders.

    What a venue refuses in its own words (a key, a permission) stays refused until people say `resume`. A page without such words, as
    somebody in between shows, may pass: orders leave again when a list of open orders comes that was asked for 30 s later, or more. Where
    the next order is refused again as soon as that, the time doubles, up to an hour.
    """

    def __init__(self, clock: Clock, closed: dict[str, str], flow: OrderFlow, lay: Callable[[ActionEvent], None]) -> None:
        self._clock = clock
        self._closed = closed
        self._flow = flow
        self._lay = lay
        self._passing: dict[str, int] = {}      # from when on a list that comes opens the broker again
        self._waits_ns: dict[str, int] = {}
        self._opened_ns: dict[str, int] = {}
        self._asked_ns: dict[str, int] = {}

    def connection(self, event: ConnectionEvent) -> None:
        """A broker takes orders no more, or again."""
        if event.channel != "orders":
            return
        broker = event.broker
        now_ns = self._clock.now_ns
        if event.is_up:
            self._closed.pop(broker, None)
            self._opened_ns[broker] = now_ns
        elif not event.is_passing:
            self._passing.pop(broker, None)
            self._closed[broker] = f"{broker} refuses us: {event.reason}; mend that at the venue, then 'resume'"
        elif broker not in self._closed:
            before_ns = self._waits_ns.get(broker, 0)
            is_same = broker in self._opened_ns and now_ns - self._opened_ns[broker] < before_ns
            wait_ns = self._waits_ns[broker] = min(2 * before_ns, _MOST_NS) if is_same else _LEAST_NS
            self._passing[broker] = now_ns + wait_ns
            self._closed[broker] = (f"{broker} refuses us: {event.reason}; orders leave again by themselves when it answers questions in "
                                    f"{wait_ns // _SECOND} s or later")

    def check(self, event: CheckOrderStatusEvent) -> Sequence[Action]:
        """Ask what the order flow asks, and for the list that may open a broker again."""
        actions, now_ns = self._flow.check(event), self._clock.now_ns
        from_ns = self._passing.get(event.broker)
        if from_ns is None or now_ns < max(from_ns, self._asked_ns.get(event.broker, 0) + _AGAIN_NS):
            return actions
        self._asked_ns[event.broker] = now_ns
        asking = LookUpOrders(event.broker)
        return actions if asking in actions else [*actions, asking]

    def open_orders(self, event: OpenOrdersEvent) -> Sequence[Action]:
        """A list came in: it opens a broker whose refusal has passed."""
        from_ns = self._passing.get(event.broker)
        if from_ns is not None and event.asked_ns >= from_ns:
            self._open(event.broker)
        return self._flow.open_orders(event)

    def resume(self) -> None:
        """People say that it is mended: the next order tells."""
        self._waits_ns.clear()
        for broker in tuple(self._closed):
            self._open(broker)

    def _open(self, broker: str) -> None:
        self._passing.pop(broker, None)         # told once
        self._lay(ConnectionEvent(broker, "orders", True))
