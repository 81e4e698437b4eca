"""The customer's orders and fills, findable by every name they have; written by `exchange.py`, read by the routes. It
must never forget a client order id, and it remembers what changed until somebody has kept it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from brokerage.luno_simulator.order import Order, OwnTrade, Status
from brokerage.luno_simulator.rejection import Rejection

# Letters and digits that people do not mix up; 13 of them hold 65 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 13
_SPACE = 32**_LENGTH
_STRIDE = 0x1D3C6EF372FE94F83


def order_id_of(number: int, seed: int) -> str:
    """Return the public id of the order with this number: "BX" and 13 characters that look random.

    An odd stride permutes the whole space, so two numbers never share an id.
    """
    scrambled = (number * _STRIDE + seed * 0x9E3779B97F4A7C15) % _SPACE
    characters = []
    for _ in range(_LENGTH):
        scrambled, digit = divmod(scrambled, 32)
        characters.append(_ALPHABET[digit])
    return "BX" + "".join(reversed(characters))


class OrderRegister:
    """Every order the customer ever placed with success, in the order of placing, and every fill per market."""

    def __init__(self, orders: Iterable[Order] = (), trades: Iterable[OwnTrade] = ()) -> None:
        self._orders: dict[str, Order] = {}
        self._open: dict[str, Order] = {}
        self._by_client_order_id: dict[str, Order] = {}
        self._trades: dict[str, list[OwnTrade]] = {}
        self._trades_by_order: dict[str, list[OwnTrade]] = {}
        for order in orders:
            self._file(order)
        for trade in trades:
            self._file_trade(trade)
        self.changed: dict[str, Order] = {}
        # What the routes have written about an order; thrown away when the order changes.
        self.texts: dict[str, str] = {}
        self.new_trades: list[OwnTrade] = []

    def refuse_used(self, client_order_id: str) -> None:
        """Raise Rejection when a successful creation has used this id before."""
        if client_order_id and client_order_id in self._by_client_order_id:
            raise Rejection("ErrDuplicateClientOrderID", "An order with this client order id exists.")

    def add(self, order: Order) -> None:
        """Enter a new order."""
        self._file(order)
        self.changed[order.order_id] = order

    def note_change(self, order: Order) -> None:
        """Take note that totals or status of an order moved."""
        self.changed[order.order_id] = order
        self.texts.pop(order.order_id, None)
        if order.status is Status.COMPLETE:
            self._open.pop(order.order_id, None)

    def add_trade(self, trade: OwnTrade) -> None:
        """Enter a fill; sequences must not fall within a market."""
        self._file_trade(trade)
        self.new_trades.append(trade)

    def find(self, order_id: str) -> Order | None:
        """Return the order with this id, if there is one."""
        return self._orders.get(order_id)

    def find_by_client_order_id(self, client_order_id: str) -> Order | None:
        """Return the order with this client order id, if there is one."""
        return self._by_client_order_id.get(client_order_id)

    def open_orders(self) -> list[Order]:
        """Return the orders that are not COMPLETE, oldest first."""
        return list(self._open.values())

    def newest_first(self, closed: bool | None) -> Iterator[Order]:
        """Yield the COMPLETE orders, those that are not, or (None) all, most recently placed first."""
        if closed is None:
            return reversed(self._orders.values())
        if not closed:
            return reversed(self._open.values())
        return (order for order in reversed(self._orders.values()) if order.status is Status.COMPLETE)

    def trades(self, pair: str, first_sequence: int) -> list[OwnTrade]:
        """Return the fills of a market from a sequence on, oldest first."""
        trades = self._trades.get(pair, [])
        return trades[bisect_left(trades, first_sequence, key=lambda trade: trade.sequence) :]

    def trades_of(self, order_id: str) -> list[OwnTrade]:
        """Return the fills of an order, oldest first."""
        return self._trades_by_order.get(order_id, [])

    def _file_trade(self, trade: OwnTrade) -> None:
        self._trades.setdefault(trade.pair, []).append(trade)
        self._trades_by_order.setdefault(trade.order_id, []).append(trade)

    def _file(self, order: Order) -> None:
        self._orders[order.order_id] = order
        if order.client_order_id:
            self._by_client_order_id[order.client_order_id] = order
        if order.status is not Status.COMPLETE:
            self._open[order.order_id] = order
