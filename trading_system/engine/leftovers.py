"""Orders that are over in our books and that their venue shows as standing: people settled them wrongly, or a proof was none.

Called by the order flow. It changes no order: what such an order fills is booked late, as any other answer is.
"""

from collections.abc import Callable, Sequence

from trading_system.core.actions import Action, CancelOrder
from trading_system.core.events import WarningEvent
from trading_system.core.order import Order
from trading_system.core.order_update import Answer, OrderUpdate

#: What a venue shows lags behind what it did, and a cancel takes a while too.
_AGAIN_NS = 10_000_000_000


class Leftovers:
    """Cancels them at the venue: nothing is reserved for them and nobody here wants them any more."""

    def __init__(self, lay: Callable[[WarningEvent], None]) -> None:
        self._lay = lay
        self._canceled_ns: dict[str, int] = {}

    def heard(self, order: Order, update: OrderUpdate) -> Sequence[Action]:
        """Hear an answer about an order that is over; `asked_ns` well behind its end makes it one that stands."""
        name, asked_ns = order.client_order_id, update.evidence.asked_ns
        if update.answer in (Answer.FILLED, Answer.CANCELED, Answer.EXPIRED):
            self._canceled_ns.pop(name, None)
        if update.answer not in (Answer.OPEN, Answer.WAITING) or not order.venue_order_id:
            return ()
        if asked_ns < max(order.done_ns, self._canceled_ns.get(name, 0)) + _AGAIN_NS:
            return ()
        if name not in self._canceled_ns:
            self._lay(WarningEvent(f"order {name} is {order.state.name} in our books and stands at the venue: it is being canceled there; "
                                   "what it fills until then is booked", order.request.strategy))
        self._canceled_ns[name] = asked_ns
        return (CancelOrder(order.request, order.venue_order_id),)
