"""How the simulated venue writes amounts and orders on the wire; used by the routes. It must never round."""

from collections.abc import Mapping
from decimal import Decimal

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.order import Kind, Order, OwnTrade, Side, Status
from brokerage.luno_simulator.quirks import STANDARD, Quirks

_NO_STOP: Mapping[str, Mapping[str, object]] = {
    "zero": {"stop_price": "0.00", "stop_direction": ""},
    "empty": {"stop_price": "", "stop_direction": ""},
    "null": {"stop_price": None, "stop_direction": None},
    "absent": {},
}

def amount_text(amount: Decimal) -> str:
    """Write an amount of an order or account: no exponent, at least two decimals, no further trailing zeros."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def market_text(amount: Decimal) -> str:
    """Write a price or volume of the market data: at least eight decimals, as the venue's ticker does."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(8, '0')}"


def listed(rows: list[dict[str, object]], quirks: Quirks) -> list[dict[str, object]] | None:
    """Return what a list call says for these rows."""
    return None if quirks.empty_lists_are_null and not rows else rows


def order_row(order: Order, quirks: Quirks = STANDARD) -> dict[str, object]:
    """Write an order as the v2 and v3 calls do."""
    market = order.market
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "pair": market.pair,
        "side": "BUY" if order.side is Side.BID else "SELL",
        "type": order.kind.value,
        "status": order.status.value,
        "limit_price": amount_text(order.limit_price),
        "limit_volume": amount_text(_shown_volume(order, quirks)),
        **_stop_fields(order, quirks),
        "base": amount_text(order.base),
        "counter": amount_text(order.counter),
        "fee_base": amount_text(order.fee_base),
        "fee_counter": amount_text(order.fee_counter),
        "creation_timestamp": order.created_ms,
        "completed_timestamp": order.completed_ms,
        "expiration_timestamp": order.canceled_ms,
        "base_account_id": account_id_of(market.base),
        "counter_account_id": account_id_of(market.counter),
        "time_in_force": order.time_in_force.value,
    }


def old_order_row(order: Order, quirks: Quirks = STANDARD) -> dict[str, object]:
    """Write an order as the v1 calls do: market orders are BUY or SELL, and the client order id is not told."""
    is_market = order.kind is Kind.MARKET
    return {
        "order_id": order.order_id,
        "creation_timestamp": order.created_ms,
        "expiration_timestamp": order.canceled_ms,
        "completed_timestamp": order.completed_ms,
        "type": ("BUY" if order.side.is_buy else "SELL") if is_market else order.side.value,
        "state": old_state(order, quirks),
        "limit_price": amount_text(order.limit_price),
        "limit_volume": amount_text(_shown_volume(order, quirks)),
        "base": amount_text(order.base),
        "counter": amount_text(order.counter),
        "fee_base": amount_text(order.fee_base),
        "fee_counter": amount_text(order.fee_counter),
        "pair": order.market.pair,
        "time_in_force": order.time_in_force.value,
    }


def old_state(order: Order, quirks: Quirks) -> str:
    """Return the state of an order in the words of the v1 calls."""
    return quirks.awaiting_in_v1 if order.status is Status.AWAITING else order.status.value


def _shown_volume(order: Order, quirks: Quirks) -> Decimal:
    if order.is_market_buy and quirks.market_buy_limit_volume == "base":
        return order.base
    return order.limit_volume


def _stop_fields(order: Order, quirks: Quirks) -> Mapping[str, object]:
    if order.stop_direction is None:
        return _NO_STOP[quirks.stop_fields_on_plain_orders]
    return {"stop_price": amount_text(order.stop_price), "stop_direction": order.stop_direction.value}


def own_trade_row(trade: OwnTrade) -> dict[str, object]:
    """Write one of the customer's fills as the list of own trades does."""
    return {
        "pair": trade.pair,
        "sequence": trade.sequence,
        "order_id": trade.order_id,
        "type": trade.side.value,
        "timestamp": trade.timestamp_ms,
        "price": amount_text(trade.price),
        "volume": amount_text(trade.base),
        "base": amount_text(trade.base),
        "counter": amount_text(trade.counter),
        "fee_base": amount_text(trade.fee_base),
        "fee_counter": amount_text(trade.fee_counter),
        "is_buy": trade.is_buy,
        "client_order_id": trade.client_order_id,
    }


def old_trade_row(trade: OwnTrade) -> dict[str, object]:
    """Write one of the customer's fills as the v1 order does, in an array that the venue never documented."""
    return {
        "is_buy": trade.is_buy,
        "price": amount_text(trade.price),
        "sequence": trade.sequence,
        "timestamp": trade.timestamp_ms,
        "volume": amount_text(trade.base),
    }
