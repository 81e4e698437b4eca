"""What the paper venue refuses at its door, as a venue would: too small, off the range of prices, incomplete. Pure."""

from decimal import Context

from trading_system.core.errors import RefusalReason
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.order import OrderKind, OrderRequest, TimeInForce

_NEEDS_LIMIT = frozenset((OrderKind.LIMIT, OrderKind.STOP_LIMIT))
_NEEDS_STOP = frozenset((OrderKind.STOP, OrderKind.STOP_LIMIT))
_remainder = Context(prec=60).remainder
_ACTIVE = MarketStatus.ACTIVE


def refusal(request: OrderRequest, instrument: Instrument) -> tuple[RefusalReason, str] | None:
    """Return why an order is refused, as a word and a sentence, or None."""
    quantity, kind = request.quantity, request.kind
    if instrument.status is not _ACTIVE and not (instrument.status is MarketStatus.POST_ONLY and request.post_only):
        return RefusalReason.MARKET_CLOSED, f"{instrument.symbol} is {instrument.status}"
    if quantity is not None:
        if quantity < instrument.min_quantity:
            return RefusalReason.TOO_SMALL, f"{quantity} is less than the smallest order of {instrument.min_quantity}"
        if quantity > instrument.max_quantity:
            return RefusalReason.OTHER, f"{quantity} is more than the largest order of {instrument.max_quantity}"
        if _remainder(quantity, instrument.quantity_step):
            return RefusalReason.OTHER, f"{quantity} is not on the grid of {instrument.quantity_step}"
    elif request.value is None or request.value <= 0:
        return RefusalReason.OTHER, "an order needs a quantity or a value"
    return None if kind is OrderKind.MARKET else _price_refusal(request, instrument)


def _price_refusal(request: OrderRequest, instrument: Instrument) -> tuple[RefusalReason, str] | None:
    kind = request.kind
    if (request.limit is None) is (kind in _NEEDS_LIMIT) or (request.stop is None) is (kind in _NEEDS_STOP):
        return RefusalReason.OTHER, f"a {kind} order's prices do not fit its kind"
    if request.post_only and (kind is not OrderKind.LIMIT or request.time_in_force is not TimeInForce.GTC):
        return RefusalReason.OTHER, "post-only goes with a limit that stands"
    for price in (request.limit, request.stop):
        if price is None:
            continue
        if not instrument.min_price <= price <= instrument.max_price:
            return RefusalReason.PRICE_OUT_OF_RANGE, f"{price} is not between {instrument.min_price} and {instrument.max_price}"
        if _remainder(price, instrument.price_step):
            return RefusalReason.OTHER, f"{price} is not on the grid of {instrument.price_step}"
    return None
