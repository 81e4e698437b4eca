"""What the venue's list of our own trades says of one order. The lanes ask it when an order is not found, or looks done.

It compares two answers of the same venue; it never asks anything itself.
"""

from collections.abc import Iterable
from decimal import Context, Decimal

import msgspec

from trading_system.core.order import OrderKind, OrderRequest, TimeInForce
from trading_system.core.order_update import ZERO, Answer, OrderUpdate, Totals, VenueTrade

# The ordinary context rounds at 28 digits, silently.
_WIDE = Context(prec=60)


def with_trades(request: OrderRequest, update: OrderUpdate, trades: Iterable[VenueTrade], venue_order_id: str = "") -> OrderUpdate:
    """Return `update` with what `trades` add to it; `venue_order_id` is the venue's name of the order where we know it.

    Totals only ever grow by this: where the trades come to more than the update says, they are what was filled, and an order that was
    not found exists. Fees that the update does not know yet are taken from the trades. A list that lags and has less says nothing.
    """
    names = {update.venue_order_id, venue_order_id} - {""}
    ours = [trade for trade in trades if trade.client_order_id == request.client_order_id or trade.venue_order_id in names]
    update = msgspec.structs.replace(update, has_trades=True)
    if not ours:
        return update
    totals, known = _sums(ours), update.totals or Totals()
    if totals.filled_quantity == known.filled_quantity and not known.fees and totals.fees:
        return msgspec.structs.replace(update, totals=Totals(known.filled_quantity, known.filled_value, totals.fees))
    if totals.filled_quantity <= known.filled_quantity:
        return update
    newest = ours[-1]
    return msgspec.structs.replace(
        update, answer=_answer(request, update.answer, totals.filled_quantity), totals=totals, venue_order_id=newest.venue_order_id,
        symbol=newest.symbol, side=newest.side, reason=update.reason if update.answer is not Answer.NOT_FOUND else "found among our trades")


def _answer(request: OrderRequest, answer: Answer, filled: Decimal) -> Answer:
    if request.quantity is not None and filled >= request.quantity:
        return Answer.FILLED
    if request.kind is OrderKind.MARKET and answer in (Answer.NOT_FOUND, Answer.CANCELED):
        return Answer.FILLED        # it never rests: where it traded at all it did what it could
    if answer is not Answer.NOT_FOUND:
        return answer
    # What cannot rest is over; what can may still stand, and the list of open orders will tell.
    return Answer.OPEN if request.time_in_force is TimeInForce.GTC else Answer.CANCELED


def _sums(trades: Iterable[VenueTrade]) -> Totals:
    quantity, value = ZERO, ZERO
    fees: dict[str, Decimal] = {}
    for trade in trades:
        quantity, value = _WIDE.add(quantity, trade.quantity), _WIDE.add(value, trade.value)
        for currency, fee in trade.fees.items():
            fees[currency] = _WIDE.add(fees.get(currency, ZERO), fee)
    return Totals(quantity, value, {currency: fee for currency, fee in fees.items() if fee})
