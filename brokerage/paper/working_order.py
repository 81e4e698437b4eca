"""One order at the paper venue, from its arrival to its last answer. Made by the venue, changed by its pit only."""

import math
from decimal import Decimal
from enum import IntEnum

import msgspec

from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import ZERO, Answer, Totals
from trading_system.core.side import Side


class Stage(IntEnum):
    """How far an order has come: on its way, waiting for its stop price, resting at its limit (or working on at the market), over."""

    NEW = 0
    WAITING = 1
    RESTING = 2
    OVER = 3


class WorkingOrder(msgspec.Struct, eq=False):
    """What is asked and what is filled. `sign` is 1 for a buy and -1 for a sale, so that `(a - b) * sign > 0` means that a is worse for
    us than b. `limit` and `stop` are nan where there is none; `ahead` is the quantity that stands before us at our price, infinite when
    nobody knows. `entered` is the number of the event it arrived in, `reach` what that event still holds for it."""

    request: OrderRequest
    sign: int
    arrives_ns: int
    venue_order_id: str
    remaining: Decimal | None
    value_left: Decimal | None = None
    limit: float = math.nan
    stop: float = math.nan
    stage: Stage = Stage.NEW
    answer: Answer | None = None
    code: str = ""
    reason: str = ""
    is_changed: bool = False
    is_follow_up: bool = False
    cancel_ns: int = 0
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fee: Decimal = ZERO
    ahead: float = math.inf
    entered: int = 0
    reach: int = 0

    def totals(self, fee_currency: str) -> Totals:
        """Return all that was filled so far."""
        return Totals(self.filled, self.value, {fee_currency: self.fee} if self.fee else {})


def working_order(request: OrderRequest, arrives_ns: int, venue_order_id: str) -> WorkingOrder:
    """Take an order in; its prices become floats once, here."""
    quantity = request.quantity
    order = WorkingOrder(request, 1 if request.side is Side.BUY else -1, arrives_ns, venue_order_id, quantity)
    if quantity is None:
        order.value_left = request.value
    if request.kind is not OrderKind.MARKET:
        if request.limit is not None:
            order.limit = float(request.limit)
        if request.stop is not None:
            order.stop = float(request.stop)
    return order
