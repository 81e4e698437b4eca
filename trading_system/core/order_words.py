"""Orders and numbers in a trader's words. Pure functions, for whoever tells people something."""

from decimal import Decimal

from trading_system.core.order import OrderRequest, TimeInForce
from trading_system.core.side import Side


def order_words(request: OrderRequest) -> str:
    """Return an order as a trader would say it."""
    amount = plain(request.quantity) if request.quantity is not None else f"for {plain(request.value)}"
    if request.limit is None:
        price = "at the market"
    elif request.time_in_force is TimeInForce.GTC:
        price = f"at {plain(request.limit)}" + (" post-only" if request.post_only else "")
    else:
        bound = "at most" if request.side is Side.BUY else "at least"
        price = f"now, {bound} {plain(request.limit)}" + (" or not at all" if request.time_in_force is TimeInForce.FOK else "")
    if request.stop is not None:
        price += f", once the price is {plain(request.stop)}"
    return f"{request.side.name.lower()} {amount} {request.symbol} {price}" + (f" ({request.tag})" if request.tag else "")


def short(client_order_id: str) -> str:
    """Return the strategy's own number of an order: what tells orders of one run apart."""
    return "#" + client_order_id.rpartition("-")[2]


def plain(number: Decimal | None) -> str:
    """Return a Decimal without an exponent and without trailing zeros."""
    return f"{number.normalize():f}" if number else "0"
