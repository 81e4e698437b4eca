"""What a desk does when an order is over: place what was left of a replaced one, go on selling what shall be flat.

Called by the desk on the engine's thread; it raises nothing for what a venue does.
"""

from typing import TYPE_CHECKING

import msgspec

from trading_system.core.instrument import Number
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import ZERO
from trading_system.core.side import Side

if TYPE_CHECKING:
    from trading_system.strategy_host.desk import Desk

_FLATTEN_TRIES = 5
_ENDS_FLATTEN = (OrderState.REJECTED, OrderState.DENIED, OrderState.NOT_PLACED)
# Only an order that surely stood and surely is over is placed anew: after any doubt the strategy decides afresh.
_ENDS_REPLACED = (OrderState.CANCELED, OrderState.EXPIRED)


class _Flattening(msgspec.Struct):
    tries: int
    sale: str = ""


class FollowUps:
    """The replacements and flattenings of one desk that wait for an order's end."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._flattening: dict[str, _Flattening] = {}
        self._replacing: dict[str, Number] = {}

    def replace(self, order: Order, limit: Number) -> None:
        """Cancel `order` and remember its new price. Raises ValueError for a wrong price."""
        desk = self._desk
        desk.market[order.symbol].instrument.price(limit, order.side)
        if order.is_open:
            self._replacing[order.client_order_id] = limit
            desk.cancel(order)

    def flatten(self, symbol: str) -> None:
        """Cancel the orders of `symbol`, then sell. Raises ValueError for a symbol that is not ours."""
        desk = self._desk
        if symbol not in desk.market:
            raise ValueError(f"{symbol!r} is not one of our instruments: {', '.join(desk.symbols)}")
        self._flattening[symbol] = _Flattening(_FLATTEN_TRIES)
        for order in desk.orders:
            if order.symbol == symbol:
                desk.cancel(order)
        self._continue_flatten(symbol)

    def after(self, order: Order) -> None:
        """Go on with what waited for the end of `order`."""
        if self._replacing:
            limit = self._replacing.pop(order.client_order_id, None)
            is_sure = order.code == "withdrawn" or (order.state in _ENDS_REPLACED and order.code != "settled")
            if limit is not None and not self._desk.is_paused and is_sure:
                self._place_rest(order, limit)
        if self._flattening and order.symbol in self._flattening:
            self._continue_flatten(order.symbol, order)

    def _place_rest(self, order: Order, limit: Number) -> None:
        request = order.request
        left = (request.quantity or ZERO) - order.exact.filled_quantity
        if left >= self._desk.market[request.symbol].instrument.min_quantity:
            self._desk.submit(request.side, request.symbol, left, None, limit, None, request.post_only, request.time_in_force, request.tag)

    def _continue_flatten(self, symbol: str, over: Order | None = None) -> None:
        if any(order.symbol == symbol for order in self._desk.orders):
            return
        flattening = self._flattening.pop(symbol)
        # The rest of a sale that found too few buyers is sold again; a sale that was denied or refused ends it, and the order says why.
        is_refused = over is not None and over.client_order_id == flattening.sale and over.state in _ENDS_FLATTEN
        quantity = self._desk.sellable(symbol)
        if self._desk.is_paused or is_refused or not flattening.tries or quantity < self._desk.market[symbol].instrument.min_quantity:
            return
        sale = self._desk.submit(Side.SELL, symbol, quantity, None, None, None, False, "GTC", "flatten")
        if sale.is_open:
            self._flattening[symbol] = _Flattening(flattening.tries - 1, sale.client_order_id)
