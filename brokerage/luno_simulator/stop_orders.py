"""The stop-limit orders of one market that wait outside its book; asked by `trading_floor.py` about every trade. It must
never touch the book."""

from decimal import Decimal

from brokerage.luno_simulator.order import Order, StopDirection


class StopOrders:
    """The waiting orders, in the order of their placing."""

    def __init__(self, triggers_at_equality: bool) -> None:
        self._triggers_at_equality = triggers_at_equality
        self._waiting: dict[str, Order] = {}

    def add(self, order: Order) -> None:
        """Let an order wait."""
        self._waiting[order.order_id] = order

    def remove(self, order: Order) -> bool:
        """Take an order out; tell whether it was waiting here."""
        return self._waiting.pop(order.order_id, None) is not None

    def is_set_off(self, order: Order, price: Decimal) -> bool:
        """Tell whether a trade at this price sets an order off."""
        if price == order.stop_price:
            return self._triggers_at_equality
        return (price > order.stop_price) is (order.stop_direction is StopDirection.ABOVE)

    def take_set_off(self, price: Decimal) -> list[Order]:
        """Take out and return the orders that a trade at this price sets off, oldest first."""
        if not self._waiting:
            return []
        set_off = [order for order in self._waiting.values() if self.is_set_off(order, price)]
        for order in set_off:
            del self._waiting[order.order_id]
        return set_off
