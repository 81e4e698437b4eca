"""Judges every order inside `buy()` and `sell()`, on the engine's thread: accepted, or denied with a code and a sentence.

It looks at what it is given and changes nothing; reservations are made by the desk when it says yes.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from trading_system.core.events import ACCEPTED, Verdict, VerdictNumbers
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import ZERO
from trading_system.core.order_words import plain
from trading_system.risk.limits import RiskLimits


class Situation(msgspec.Struct, frozen=True, gc=False):
    """What an order is judged against: `reference` in counter per base (0: no price is known), amounts in the currency it would take,
    `doubt` what must be known first of another order (empty: nothing)."""

    instrument: Instrument
    limits: RiskLimits
    closed_reason: str
    reference: Decimal
    price_age_seconds: float
    open_orders: int
    orders_in_a_row: int
    currency: str
    needed: Decimal
    free: Decimal
    doubt: str = ""


#: The code of a verdict that pauses its strategy.
FLOOD = "flood"

Control = Callable[[OrderRequest, Situation], Verdict | None]


def entries_are_open(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny while the strategy or the house takes no orders."""
    return _denied("closed", at.closed_reason) if at.closed_reason else None


def orders_come_in_measure(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny a flood: a strategy that answers one event with order after order, or each denial with a new order, has lost its way."""
    if at.orders_in_a_row > at.limits.max_orders_per_event:
        return _denied(FLOOD, f"it ordered more than {at.limits.max_orders_per_event} times in answer to one event")
    return None


def nothing_is_in_doubt(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny while an order on the same side may stand or may have filled without our knowing: a strategy must not do the same twice."""
    return _denied("doubt", at.doubt) if at.doubt else None


def market_is_open(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny where the venue takes no such order now."""
    status = at.instrument.status
    if status is MarketStatus.HALTED or (status is MarketStatus.POST_ONLY and not request.post_only):
        return _denied("market_closed", f"{at.instrument.symbol} is {status.value} at the venue")
    return None


def price_is_fresh(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny without a price, or on one received too long ago."""
    if not at.reference:
        return _denied("no_price", f"no price of {request.symbol} was received yet")
    if at.price_age_seconds > at.limits.stale_price_seconds:
        return _denied("stale_price", f"the last price of {request.symbol} is {at.price_age_seconds:.1f} s old, "
                                      f"{at.limits.stale_price_seconds:g} s are allowed")
    return None


def size_is_allowed(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny what is smaller or larger than the venue takes."""
    instrument, quantity = at.instrument, request.quantity
    if quantity is None:
        quantity = (request.value or ZERO) / at.reference
    if quantity < instrument.min_quantity:
        smallest = plain(instrument.min_quantity)
        return _denied("too_small", f"{plain(quantity)} {instrument.base} is less than the smallest order, {smallest}")
    if quantity > instrument.max_quantity:
        return _denied("too_large", f"{plain(quantity)} {instrument.base} is more than the largest order, {plain(instrument.max_quantity)}")
    return None


def price_is_allowed(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny a price that the venue does not take."""
    low, high, limit = at.instrument.min_price, at.instrument.max_price, request.limit
    if limit is not None and not low <= limit <= high:
        return _denied("price_out_of_range", f"a price of {plain(limit)} is outside {plain(low)} to {plain(high)}")
    return None


def open_orders_are_few(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny when too many orders are open already."""
    if at.open_orders >= at.limits.max_open_orders:
        return _denied("open_orders", f"{at.open_orders} orders are open already, {at.limits.max_open_orders} are allowed")
    return None


def funds_are_there(request: OrderRequest, at: Situation) -> Verdict | None:
    """Deny what the strategy's own free funds do not cover; nothing is ever lent by another strategy."""
    if at.instrument.is_spot and at.needed > at.free:
        fee = " with its fee" if at.currency == at.instrument.base and at.instrument.taker_fee > 0 else ""
        return _denied("funds", f"it needs {plain(at.needed)} {at.currency}{fee}, {plain(at.free)} are free")
    return None


CONTROLS: tuple[Control, ...] = (
    entries_are_open, orders_come_in_measure, nothing_is_in_doubt, market_is_open, price_is_fresh, size_is_allowed, price_is_allowed,
    open_orders_are_few, funds_are_there,
)


class RiskManager:
    """Runs the controls in their order; the first that objects decides."""

    def __init__(self, controls: tuple[Control, ...] = CONTROLS) -> None:
        self._controls = controls
        self.denied: dict[str, int] = {}

    def judge(self, request: OrderRequest, at: Situation) -> Verdict:
        """Return the verdict on `request`, with the numbers it was judged by."""
        for control in self._controls:
            verdict = control(request, at)
            if verdict is not None:
                self.denied[verdict.code] = self.denied.get(verdict.code, 0) + 1
                break
        else:
            verdict = ACCEPTED
        numbers = VerdictNumbers(at.currency, at.needed, at.free, at.open_orders)
        return Verdict(verdict.is_accepted, verdict.code, verdict.sentence, numbers)


def _denied(code: str, sentence: str) -> Verdict:
    return Verdict(False, code, sentence)

