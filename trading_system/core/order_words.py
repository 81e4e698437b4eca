"""Orders and numbers in a trader's words. Pure functions, for whoever tells people something."""

from decimal import Decimal

from trading_system.core.order import OrderRequest


def order_words(request: OrderRequest) -> str:
    """Return an order as a trader would say it."""
    amount = plain(request.quantity) if request.quantity is not None else f"for {plain(request.value)}"
    price = f" at {plain(request.limit)}" if request.limit is not None else " at the market"
    more = "" if request.time_in_force == "GTC" else f" {request.time_in_force}"
    more += " post-only" if request.post_only else ""
    return f"{request.side.name.lower()} {amount} {request.symbol}{price}{more}" + (f" ({request.tag})" if request.tag else "")


def short(client_order_id: str) -> str:
    """Return the strategy's own number of an order: what tells orders of one run apart."""
    return "#" + client_order_id.rpartition("-")[2]


def plain(number: Decimal | None) -> str:
    """Return a Decimal without an exponent and without trailing zeros."""
    return f"{number.normalize():f}" if number else "0"
