"""The private calls that place and cancel orders; called through the table that `api.py` puts together. They read and
check parameters and must leave every decision about the market to `exchange.py`."""

import re
from decimal import Decimal

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.admission import Stop
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market import Market
from brokerage.luno_simulator.order import Side, StopDirection, TimeInForce
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable

_PAIR = re.compile(r"[A-Z]{6,10}", re.ASCII)
_RELATIVE = "RELATIVE_LAST_TRADE"


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
    order = exchange.place_limit(
        market.pair,
        side,
        price,
        volume,
        time_in_force=time_in_force,
        is_post_only=is_post_only,
        client_order_id=parameters.client_order_id(),
        stop=_stop(parameters),
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
    exchange.cancel(parameters.order_id("order_id"))
    return {"success": True}


def _stop(parameters: Parameters) -> Stop | None:
    if not parameters.text("stop_price") and not parameters.text("stop_direction"):
        return None
    price = parameters.decimal("stop_price", "ErrInvalidStopPrice")
    direction = parameters.choice("stop_direction", [*StopDirection, _RELATIVE], "ErrInvalidStopDirection")
    return Stop(price, None if direction == _RELATIVE else StopDirection(direction))


ORDER_ROUTES: RouteTable = {
    ("POST", "/api/1/postorder"): Route(_place_limit, Permission.WRITE_ORDERS),
    ("POST", "/api/1/marketorder"): Route(_place_market, Permission.WRITE_ORDERS),
    ("POST", "/api/1/stoporder"): Route(_cancel, Permission.WRITE_ORDERS),
}
