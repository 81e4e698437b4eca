"""How the simulated venue writes amounts and orders on the wire; used by the routes. It must never round."""

from decimal import Decimal

from brokerage.luno_simulator.market import decimals_of
from brokerage.luno_simulator.order import Order, OwnTrade, Side

# The venue's account ids do not fit a float; a client that loses their last digits should find out here.
_FIRST_ACCOUNT_ID = 8_203_463_422_864_003_665


def amount_text(amount: Decimal) -> str:
    """Write an amount of an order or account: no exponent, at least two decimals, no further trailing zeros."""
    return f"{amount:.{max(decimals_of(amount), 2)}f}"


def market_text(amount: Decimal) -> str:
    """Write a price or volume of the market data: eight decimals, as the venue's ticker does."""
    return f"{amount:.{max(decimals_of(amount), 8)}f}"


def account_id_of(currency: str) -> int:
    """Return the id of the customer's only account in a currency."""
    return _FIRST_ACCOUNT_ID + int.from_bytes(currency.encode("ascii"), "big")


def order_row(order: Order) -> dict[str, object]:
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
        "limit_volume": amount_text(order.limit_volume),
        "stop_price": "0.00",
        "stop_direction": "",
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
