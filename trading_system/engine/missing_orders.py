"""Orders that a broker's list should have and does not: what is asked about them, and when people are told. Called by the order flow.

It never says that an order is over: only an answer about the order itself does.
"""

from collections.abc import Callable, Sequence

from trading_system.core.actions import Action
from trading_system.core.events import WarningEvent
from trading_system.core.order import Order

_GONE_AFTER = 3


class MissingOrders:
    """Per broker, how often in a row each missing order was asked for by its name."""

    def __init__(self, lay: Callable[[WarningEvent], None]) -> None:
        self._lay = lay
        self._asked: dict[str, dict[str, int]] = {}

    def listed(self, broker: str, missing: Sequence[Order], look_up: Callable[[Order, bool], Sequence[Action]]) -> list[Action]:
        """Ask for each order that a complete list did not have; `look_up(order, has_trades)` makes the question.

        It will be over, and the answer says how. Where the venue has forgotten its name too, from the second time on our own trades are
        searched for it; what they tell is booked.
        """
        before, now = self._asked.get(broker, {}), dict[str, int]()
        actions: list[Action] = []
        for order in missing:
            asked = before.get(order.client_order_id, 0)
            left = look_up(order, asked > 0)
            actions.extend(left)
            now[order.client_order_id] = asked + bool(left)
            if left and asked == _GONE_AFTER:
                self._lay(WarningEvent(
                    f"order {order.client_order_id} is neither open nor found at the venue; what its trades tell is booked, "
                    f"its funds stay reserved until somebody settles it", order.request.strategy))
        self._asked[broker] = now
        return actions

    def is_gone(self, order: Order) -> bool:
        """Tell whether people were told that nobody finds an order any more. May be called on any thread."""
        return self._asked.get(order.symbol.rpartition(".")[2], {}).get(order.client_order_id, 0) > _GONE_AFTER

    def failed(self, broker: str, client_order_id: str) -> None:
        """Take note that a question got no answer: it was not asked."""
        asked = self._asked.get(broker, {})
        if client_order_id in asked:
            asked[client_order_id] -= 1
