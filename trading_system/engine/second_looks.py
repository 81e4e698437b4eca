"""Orders that look done and are asked for once more: a venue may say that an order is over before its totals are whole.

The order flow tells it of orders that are over and asks it, at a beat, which of them are due. A backtest has none: its venue's answers are
final.
"""

from collections.abc import Callable, Sequence

import msgspec

from trading_system.core.actions import Action
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer, OrderUpdate, Totals

_SECOND = 1_000_000_000
_WAS_THERE = frozenset((OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED))
_STANDS = (Answer.OPEN, Answer.WAITING)


class _Watch(msgspec.Struct):
    due: dict[str, int] = {}
    asked: dict[str, Totals] = {}


class SecondLooks:
    """The watch list, per broker. An order is due `after_seconds` after it looked done, and settled when the look adds nothing and does
    not show it standing; else it is looked at again.

    At a broker no more looks are under way at any time than `room(broker)` says its rate can spare, nor leave in one beat.
    """

    def __init__(self, after_seconds: float = 6.0, room: Callable[[str], int] = lambda broker: 1) -> None:
        self._after_ns = int(after_seconds * _SECOND)
        self._room = room
        self._watches: dict[str, _Watch] = {}

    def __len__(self) -> int:
        return sum(len(watch.due) + len(watch.asked) for watch in self._watches.values())

    def heard(self, order: Order, update: OrderUpdate, now_ns: int) -> None:
        """Take note of an answer about an order that is over; a look's own answer is the one that has the trades."""
        if order.is_settled or order.state not in _WAS_THERE:
            return
        watch, name = self._watch(order), order.client_order_id
        if name in watch.asked:
            if not update.has_trades:
                return
            order.is_settled = watch.asked.pop(name) == order.exact and update.answer not in _STANDS
        if not order.is_settled:
            watch.due.setdefault(name, now_ns + self._after_ns)

    def look(self, broker: str, now_ns: int, find: Callable[[str], Order | None],
             look_up: Callable[[Order, bool], Sequence[Action]]) -> list[Action]:
        """Return the questions about the orders that are due; `look_up(order, has_trades)` makes one, or none when one is under way."""
        actions: list[Action] = []
        if (watch := self._watches.get(broker)) is not None:
            watch.asked = {name: known for name, known in watch.asked.items() if find(name) is not None}
        for name in self.due(broker, now_ns):
            order = find(name)
            if order is None:
                continue                        # over for so long that nobody keeps it any more
            self.asked(order)
            left = look_up(order, True)
            if not left:
                self.failed(broker, name, now_ns)
            actions.extend(left)
        return actions

    def due(self, broker: str, now_ns: int) -> list[str]:
        """Take the orders to look at now off the list of those that wait, oldest first."""
        watch = self._watches.get(broker)
        if watch is None or not watch.due:
            return []
        room = self._room(broker) - len(watch.asked)
        names: list[str] = []
        for name, due_ns in watch.due.items():
            if due_ns > now_ns or len(names) >= room:
                break
            names.append(name)
        for name in names:
            del watch.due[name]
        return names

    def asked(self, order: Order) -> None:
        """Take note that the look has left, and of what was known then."""
        self._watch(order).asked[order.client_order_id] = order.exact

    def failed(self, broker: str, client_order_id: str, now_ns: int) -> None:
        """Take note that a question about an order got no answer: where it was a look, that is due again later."""
        watch = self._watches.get(broker)
        if watch is not None and watch.asked.pop(client_order_id, None) is not None:
            watch.due[client_order_id] = now_ns + self._after_ns

    def _watch(self, order: Order) -> _Watch:
        broker = order.symbol.rpartition(".")[2]
        watch = self._watches.get(broker)
        if watch is None:
            watch = self._watches[broker] = _Watch()
        return watch
