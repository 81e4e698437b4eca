"""The private calls about orders and own trades; called through the table that `api.py` puts together. They read and
check parameters and must leave every decision about the market to `exchange.py`."""

import re
from decimal import Decimal
from itertools import islice

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import Order, Side, TimeInForce
from brokerage.luno_simulator.parameters import Parameters, invalid_arguments
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.wire_format import account_id_of, order_row, own_trade_row

_PAIR = re.compile(r"[A-Z]{6,10}", re.ASCII)
_ORDER_ID = re.compile(r"[0-9A-Z]{1,32}", re.ASCII)
_LARGEST = 2**63 - 1


def _place_limit(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    parameters.check_deadline(exchange.now_ms)
    market = _market_to_trade(exchange, parameters)
    side = Side(parameters.choice("type", list(Side), "ErrInvalidOrderSide"))
    volume = parameters.decimal("volume", "ErrInvalidVolume")
    price = parameters.decimal("price", "ErrInvalidPrice")
    time_in_force = TimeInForce(
        parameters.choice("time_in_force", list(TimeInForce), "ErrInvalidArguments", TimeInForce.GTC)
    )
    is_post_only = parameters.boolean("post_only")
    if is_post_only and time_in_force is not TimeInForce.GTC:
        raise Rejection("ErrPostOnlyNotAllowed", "IOC and FOK orders cannot be post-only.")
    if parameters.text("stop_price") or parameters.text("stop_direction"):
        raise Rejection("ErrInvalidStopPrice", "Stop-limit orders are not simulated yet.")
    order = exchange.place_limit(
        market.pair,
        side,
        price,
        volume,
        time_in_force=time_in_force,
        is_post_only=is_post_only,
        client_order_id=parameters.client_order_id(),
    )
    return {"order_id": order.order_id}


def _place_market(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    parameters.check_deadline(exchange.now_ms)
    market = _market_to_trade(exchange, parameters)
    if parameters.choice("type", ["BUY", "SELL"], "ErrInvalidOrderSide") == "BUY":
        side, amount = Side.BID, _only_amount(parameters, "counter_volume", "base_volume", "ErrInvalidCounterVolume")
    else:
        side, amount = Side.ASK, _only_amount(parameters, "base_volume", "counter_volume", "ErrInvalidBaseVolume")
    order = exchange.place_market(market.pair, side, amount, client_order_id=parameters.client_order_id())
    return {"order_id": order.order_id}


def _only_amount(parameters: Parameters, name: str, other: str, code: str) -> Decimal:
    if parameters.text(other):
        raise Rejection(code, f"The parameter {other} does not belong to this side.")
    return parameters.decimal(name, code)


def _market_to_trade(exchange: Exchange, parameters: Parameters) -> Market:
    pair = parameters.text("pair")
    if pair and not _PAIR.fullmatch(pair):
        raise Rejection("ErrInvalidMarketPair", "The market pair is malformed.")
    market = exchange.floor(pair).market
    for name, currency in (("base_account_id", market.base), ("counter_account_id", market.counter)):
        # The customer has one account per currency, so the only ids there are, are the default ones.
        if parameters.integer(name, account_id_of(currency)) != account_id_of(currency):
            raise Rejection("ErrInvalidAccountID", f"The account {name} is not one of this customer in {currency}.")
    return market


def _cancel(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    exchange.cancel(_order_id(parameters, "order_id"))
    return {"success": True}


def _order_by_path(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    return order_row(_found(exchange.register.find(_order_id(parameters, "id"))))


def _order_by_either_id(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    client_order_id = parameters.client_order_id()
    if bool(client_order_id) == bool(parameters.text("id")):
        raise invalid_arguments("exactly one of id and client_order_id")
    if client_order_id:
        return order_row(_found(exchange.register.find_by_client_order_id(client_order_id)))
    return order_row(_found(exchange.register.find(_order_id(parameters, "id"))))


def _order_id(parameters: Parameters, name: str) -> str:
    order_id = parameters.text(name)
    if not _ORDER_ID.fullmatch(order_id):
        raise Rejection("ErrInvalidOrderRef", "The order id is malformed.")
    return order_id


def _found(order: Order | None) -> Order:
    if order is None:
        raise Rejection("ErrOrderNotFound", "Order not found.")
    return order


def _list_orders(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    pair = parameters.text("pair")
    if pair:
        exchange.floor(pair)
    created_before_ms = parameters.integer("created_before", _LARGEST)
    limit = parameters.limit()
    wanted = (
        order
        for order in exchange.register.newest_first(parameters.boolean("closed"))
        if order.created_ms < created_before_ms and (not pair or order.market.pair == pair)
    )
    return {"orders": [order_row(order) for order in islice(wanted, limit)]}


def _list_own_trades(exchange: Exchange, parameters: Parameters) -> dict[str, object]:
    pair = exchange.floor(parameters.text("pair")).market.pair
    since_ms = parameters.integer("since", 0)
    before_ms = parameters.integer("before", _LARGEST)
    before_sequence = parameters.integer("before_seq", _LARGEST)
    trades = [
        trade
        for trade in exchange.register.trades(pair, parameters.integer("after_seq", 0))
        if since_ms <= trade.timestamp_ms < before_ms and trade.sequence < before_sequence
    ]
    # With `before`, the venue lists the newest first, as if it had been asked to.
    if parameters.boolean("sort_desc") or parameters.text("before"):
        trades.reverse()
    return {"trades": [own_trade_row(trade) for trade in trades[: parameters.limit()]]}


ORDER_ROUTES: RouteTable = {
    ("POST", "/api/1/postorder"): Route(_place_limit, Permission.WRITE_ORDERS),
    ("POST", "/api/1/marketorder"): Route(_place_market, Permission.WRITE_ORDERS),
    ("POST", "/api/1/stoporder"): Route(_cancel, Permission.WRITE_ORDERS),
    ("GET", "/api/exchange/3/order"): Route(_order_by_either_id, Permission.READ_ORDERS),
    ("GET", "/api/exchange/2/orders/{id}"): Route(_order_by_path, Permission.READ_ORDERS),
    ("GET", "/api/exchange/2/listorders"): Route(_list_orders, Permission.READ_ORDERS),
    ("GET", "/api/1/listtrades"): Route(_list_own_trades, Permission.READ_ORDERS),
}
