"""The crowd's door to one market of the exchange; made by `exchange.py`, used by `crowd.py`. It must never touch an order
of the customer."""

from collections.abc import Callable
from decimal import Decimal

from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import Order, Side, TimeInForce
from brokerage.luno_simulator.trading_floor import TradingFloor

MakeOrder = Callable[[Market, Side, Decimal, Decimal, TimeInForce], Order]


class FloorDesk:
    """Makes out the crowd's orders and brings them to one trading floor, at the exchange's time."""

    def __init__(self, floor: TradingFloor, make_order: MakeOrder, now_ms: Callable[[], int]) -> None:
        self._floor = floor
        self._make_order = make_order
        self._now_ms = now_ms

    def quote(self, side: Side, price: Decimal, volume: Decimal) -> Order:
        """Place a limit order that may rest."""
        order = self._make_order(self._floor.market, side, price, volume, TimeInForce.GTC)
        self._floor.execute(order, self._now_ms())
        return order

    def withdraw(self, order: Order) -> None:
        """Cancel an order of the crowd's own that rests."""
        self._floor.withdraw(order, self._now_ms())

    def take(self, side: Side, price: Decimal, volume: Decimal) -> None:
        """Trade at once up to a price; the rest is dropped."""
        order = self._make_order(self._floor.market, side, price, volume, TimeInForce.IOC)
        self._floor.execute(order, self._now_ms())
