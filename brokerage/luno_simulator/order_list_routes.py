"""The private calls that read orders and own trades, in all their versions; called through the table that `api.py` puts
together. They must never change anything."""

import json
from collections.abc import Callable, Iterable
from itertools import islice

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.order import Order
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.wire_format import (
    listed,
    old_order_row,
    old_state,
    old_trade_row,
    order_row,
    own_trade_row,
)

_LARGEST = 2**63 - 1


def _order_by_path(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return order_row(_found(exchange, exchange.register.find(parameters.order_id("id"))), exchange.quirks)


def _order_by_either_id(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    client_order_id = parameters.client_order_id()
    if bool(client_order_id) == bool(parameters.text("id")):
        raise Rejection(exchange.quirks.both_ids_code, "Give exactly one of id and client_order_id.", "id")
    if client_order_id:
        order = exchange.register.find_by_client_order_id(client_order_id)
    else:
        order = exchange.register.find(parameters.order_id("id"))
    return order_row(_found(exchange, order), exchange.quirks)


def _old_order_by_path(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    order = _found(exchange, exchange.register.find(parameters.order_id("id")))
    trades = [old_trade_row(trade) for trade in exchange.register.trades_of(order.order_id)]
    return old_order_row(order, exchange.quirks) | {"trades": trades}


def _found(exchange: Exchange, order: Order | None) -> Order:
    if order is None or not _is_visible(exchange, order):
        raise Rejection("ErrOrderNotFound", "Order not found.")
    return order


def _is_visible(exchange: Exchange, order: Order) -> bool:
    return order.created_ms + exchange.quirks.order_visible_after_ms <= exchange.now_ms


def _list_orders(exchange: Exchange, parameters: Parameters) -> str:
    orders = exchange.register.newest_first(parameters.boolean("closed"))
    rows = [_row_text(exchange, order) for order in _page(exchange, parameters, orders, lambda order: True)]
    if not rows:
        return json.dumps({"orders": listed([], exchange.quirks)})
    return f'{{"orders": [{", ".join(rows)}]}}'


def _row_text(exchange: Exchange, order: Order) -> str:
    # A bot asks for this list every second and hardly a row has changed: each is written once.
    texts = exchange.register.texts
    text = texts.get(order.order_id)
    if text is None:
        text = texts[order.order_id] = json.dumps(order_row(order, exchange.quirks))
    return text


def _list_old_orders(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    state, quirks = parameters.text("state"), exchange.quirks
    if state:
        parameters.choice("state", ["PENDING", "COMPLETE"], "ErrInvalidArguments")
    orders = exchange.register.newest_first(state == "COMPLETE" if state else None)
    wanted = _page(exchange, parameters, orders, lambda order: not state or old_state(order, quirks) == state)
    return {"orders": listed([old_order_row(order, quirks) for order in wanted], quirks)}


def _page(
    exchange: Exchange, parameters: Parameters, orders: Iterable[Order], is_wanted: Callable[[Order], bool]
) -> Iterable[Order]:
    pair = parameters.text("pair")
    if pair:
        exchange.floor(pair)
    created_before_ms = parameters.integer("created_before", _LARGEST)
    limit = parameters.limit()
    wanted = (
        order
        for order in orders
        if order.created_ms < created_before_ms
        and (not pair or order.market.pair == pair)
        and _is_visible(exchange, order)
        and is_wanted(order)
    )
    return islice(wanted, limit)


def _list_own_trades(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    pair = exchange.floor(parameters.text("pair")).market.pair
    since_ms = parameters.integer("since", 0)
    before_ms = parameters.integer("before", _LARGEST)
    known_ms = exchange.now_ms - exchange.quirks.trades_lag_ms
    before_sequence = parameters.integer("before_seq", _LARGEST)
    trades = [
        trade
        for trade in exchange.register.trades(pair, parameters.integer("after_seq", 0))
        if since_ms <= trade.timestamp_ms < before_ms
        and trade.timestamp_ms <= known_ms
        and trade.sequence < before_sequence
    ]
    # With `before`, the venue lists the newest first, as if it had been asked to.
    if parameters.boolean("sort_desc") or parameters.text("before"):
        trades.reverse()
    return {"trades": listed([own_trade_row(trade) for trade in trades[: parameters.limit()]], exchange.quirks)}


ORDER_LIST_ROUTES: RouteTable = {
    ("GET", "/api/exchange/3/order"): Route(_order_by_either_id, Permission.READ_ORDERS),
    ("GET", "/api/exchange/2/orders/{id}"): Route(_order_by_path, Permission.READ_ORDERS),
    ("GET", "/api/exchange/2/listorders"): Route(_list_orders, Permission.READ_ORDERS),
    ("GET", "/api/1/orders/{id}"): Route(_old_order_by_path, Permission.READ_ORDERS),
    ("GET", "/api/1/listorders"): Route(_list_old_orders, Permission.READ_ORDERS),
    ("GET", "/api/1/listtrades"): Route(_list_own_trades, Permission.READ_ORDERS),
}
