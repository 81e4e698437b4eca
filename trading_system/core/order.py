"""An order's life: what was asked, what is known of it, and the only table that says how one becomes the other.

Order managers apply the table; nobody else changes an order's state.
"""

from decimal import Decimal
from enum import IntEnum, StrEnum

import msgspec

from trading_system.core.order_update import ZERO, Answer, Totals
from trading_system.core.side import Side


class OrderKind(StrEnum):
    """How an order takes its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LIMIT = "stop_limit"
    STOP = "stop"


class TimeInForce(StrEnum):
    """How long an order stands: until canceled, for what can be had at once, or wholly at once or not at all."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderState(IntEnum):
    """What we know of an order at the venue. From FILLED on it is done."""

    PENDING_NEW = 0     #: journaled, not yet sent
    SENT = 1            #: on its way
    UNKNOWN = 2         #: it may have arrived: we ask
    LOST = 3            #: not resolved in time: its risk stays reserved, asking goes on
    WAITING = 4         #: accepted, not in the book
    OPEN = 5            #: accepted; partly filled is OPEN with filled > 0
    FILLED = 6
    CANCELED = 7
    EXPIRED = 8
    REJECTED = 9
    DENIED = 10         #: our own house said no; it never left
    NOT_PLACED = 11     #: proved never to have arrived

    __hash__ = int.__hash__         # an Enum's own is Python code, and states are keys

    @property
    def is_done(self) -> bool:
        """Tell whether nothing more is expected of the order."""
        return self >= OrderState.FILLED


class CancelState(IntEnum):
    """What we want of an order: nothing, that it be canceled, and how far that wish has come."""

    NONE = 0
    WANTED = 1
    SENT = 2
    UNKNOWN = 3

    __hash__ = int.__hash__


class OrderRequest(msgspec.Struct, frozen=True, gc=False):
    """What was asked for; never changes and crosses threads. `quantity` is in base units, `value` (counter units) stands in its place
    for a market order by value. `created_ns` is the stamp of the event that caused it."""

    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    kind: OrderKind
    created_ns: int
    quantity: Decimal | None = None
    value: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    tag: str = ""


class Order(msgspec.Struct, eq=False, gc=False):
    """One order of a strategy: `request` is what was asked, the rest what is known. Numbers read here are floats; the Decimals are in
    `request` (asked) and `exact` (filled). `reference` is the price it was decided on; `reason` and `code` say why it ended. `is_settled`
    once the venue, asked again after it was over, had nothing to add."""

    request: OrderRequest
    state: OrderState = OrderState.PENDING_NEW
    cancel: CancelState = CancelState.NONE
    exact: Totals = Totals()
    venue_order_id: str = ""
    reason: str = ""
    code: str = ""
    is_quarantined: bool = False
    acknowledged_ns: int = 0
    heard_ns: int = 0
    reference: Decimal = ZERO
    done_ns: int = 0
    is_settled: bool = False

    @property
    def client_order_id(self) -> str:
        """Return our own name of the order."""
        return self.request.client_order_id

    @property
    def symbol(self) -> str:
        """Return the symbol it is for."""
        return self.request.symbol

    @property
    def side(self) -> Side:
        """Return its direction."""
        return self.request.side

    @property
    def tag(self) -> str:
        """Return the strategy's own word for why it ordered."""
        return self.request.tag

    @property
    def is_done(self) -> bool:
        """Tell whether the order is over."""
        return self.state >= OrderState.FILLED

    @property
    def is_open(self) -> bool:
        """Tell whether the order may still fill."""
        return self.state < OrderState.FILLED

    @property
    def is_canceling(self) -> bool:
        """Tell whether its cancel is under way."""
        return self.cancel is not CancelState.NONE

    @property
    def quantity(self) -> float:
        """Return the base quantity asked for; nan for an order by value."""
        return float(self.request.quantity) if self.request.quantity is not None else float("nan")

    @property
    def limit(self) -> float:
        """Return the limit price; nan where there is none."""
        return float(self.request.limit) if self.request.limit is not None else float("nan")

    @property
    def filled_quantity(self) -> float:
        """Return the base quantity filled so far."""
        return float(self.exact.filled_quantity)

    @property
    def average_price(self) -> float:
        """Return value divided by quantity of what is filled; nan before the first fill."""
        if not self.exact.filled_quantity:
            return float("nan")
        return float(self.exact.filled_value / self.exact.filled_quantity)

    @property
    def remaining(self) -> Decimal:
        """Return what may still fill, in base units; zero for an order by value or when it is done."""
        if self.is_done or self.request.quantity is None:
            return ZERO
        return max(self.request.quantity - self.exact.filled_quantity, ZERO)


class FillAmounts(msgspec.Struct, frozen=True, gc=False):
    """The exact amounts of one fill: base quantity, counter value, fees per currency."""

    quantity: Decimal
    value: Decimal
    fees: dict[str, Decimal]


class Fill(msgspec.Struct, frozen=True, gc=False):
    """What an update added to an order: the difference of two totals. The numbers are floats, the Decimals are under `exact`.

    A fill with quantity 0 is a fee adjustment: the venue corrected or completed the fees of what was already booked.
    """

    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    time_ns: int
    exact: FillAmounts
    tag: str = ""

    @property
    def quantity(self) -> float:
        """Return the base quantity."""
        return float(self.exact.quantity)

    @property
    def price(self) -> float:
        """Return the average price of this fill; nan for a fee adjustment."""
        return float(self.exact.value / self.exact.quantity) if self.exact.quantity else float("nan")

    @property
    def value(self) -> float:
        """Return the counter value."""
        return float(self.exact.value)


_S = OrderState
_A = Answer

# What a venue may truthfully say of an order that left the house, whatever we believed of it.
_HEARD = {
    _A.ACCEPTED: _S.OPEN, _A.WAITING: _S.WAITING, _A.OPEN: _S.OPEN, _A.FILLED: _S.FILLED, _A.CANCELED: _S.CANCELED,
    _A.EXPIRED: _S.EXPIRED,
}
_DOUBT = {**_HEARD, _A.REJECTED: _S.REJECTED, _A.NOT_PLACED: _S.NOT_PLACED, _A.LOST: _S.LOST}


def _stays(state: OrderState, *answers: Answer) -> dict[Answer, OrderState]:
    return dict.fromkeys(answers, state)


def _over(state: OrderState) -> dict[Answer, OrderState]:
    # Replicas lag and replies come late: an order that is over may still be heard of in every earlier shape.
    return _stays(state, _A.SENT, _A.ACCEPTED, _A.WAITING, _A.OPEN, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND, state_answer(state))


def state_answer(state: OrderState) -> Answer:
    """Return the answer that says an order is in `state`, a done one."""
    return {_S.FILLED: _A.FILLED, _S.CANCELED: _A.CANCELED, _S.EXPIRED: _A.EXPIRED, _S.REJECTED: _A.REJECTED,
            _S.DENIED: _A.DENIED, _S.NOT_PLACED: _A.NOT_PLACED}[state]


#: NEXT[state][answer] is the next state; an answer that is not there is not legal and quarantines the order.
NEXT: dict[OrderState, dict[Answer, OrderState]] = {
    _S.PENDING_NEW: {**_HEARD, _A.SENT: _S.SENT, _A.DENIED: _S.DENIED, _A.REJECTED: _S.REJECTED, _A.OUTCOME_UNKNOWN: _S.UNKNOWN,
                     _A.NOT_FOUND: _S.PENDING_NEW},
    _S.SENT: {**_DOUBT, _A.SENT: _S.SENT, _A.DENIED: _S.DENIED, _A.OUTCOME_UNKNOWN: _S.UNKNOWN, _A.NOT_FOUND: _S.SENT},
    # DENIED comes from our own lane: proof that it never left, even when it is heard after the deadline.
    _S.UNKNOWN: {**_DOUBT, _A.DENIED: _S.DENIED, **_stays(_S.UNKNOWN, _A.SENT, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND)},
    _S.LOST: {**_DOUBT, _A.DENIED: _S.DENIED, **_stays(_S.LOST, _A.SENT, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND)},
    _S.WAITING: {**_HEARD, **_stays(_S.WAITING, _A.SENT, _A.ACCEPTED, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND)},
    _S.OPEN: {**_HEARD, **_stays(_S.OPEN, _A.SENT, _A.WAITING, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND)},
    _S.FILLED: {**_over(_S.FILLED), **_stays(_S.FILLED, _A.CANCELED, _A.EXPIRED)},
    _S.CANCELED: {**_over(_S.CANCELED), _A.FILLED: _S.FILLED, _A.EXPIRED: _S.CANCELED},
    _S.EXPIRED: {**_over(_S.EXPIRED), _A.FILLED: _S.FILLED, _A.CANCELED: _S.EXPIRED},
    _S.REJECTED: _stays(_S.REJECTED, _A.SENT, _A.REJECTED, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND),
    _S.DENIED: _stays(_S.DENIED, _A.SENT, _A.DENIED, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND),
    # It was proved absent and shows up all the same: it lives again, is canceled at once and people are told.
    _S.NOT_PLACED: {**_HEARD, **_stays(_S.NOT_PLACED, _A.SENT, _A.REJECTED, _A.OUTCOME_UNKNOWN, _A.NOT_FOUND, _A.NOT_PLACED)},
}

_C = CancelState

#: The answers that are about our wish to cancel, and what becomes of the wish while the order is not done. A refusal proves nothing:
#: the order is looked up, and if it still stands the cancel is sent again.
NEXT_CANCEL: dict[CancelState, dict[Answer, CancelState]] = {
    _C.NONE: {_A.CANCEL_ACCEPTED: _C.NONE, _A.CANCEL_REFUSED: _C.NONE, _A.CANCEL_UNKNOWN: _C.NONE},
    _C.WANTED: {_A.CANCEL_ACCEPTED: _C.SENT, _A.CANCEL_REFUSED: _C.UNKNOWN, _A.CANCEL_UNKNOWN: _C.UNKNOWN},
    _C.SENT: {_A.CANCEL_ACCEPTED: _C.SENT, _A.CANCEL_REFUSED: _C.UNKNOWN, _A.CANCEL_UNKNOWN: _C.UNKNOWN},
    _C.UNKNOWN: {_A.CANCEL_ACCEPTED: _C.SENT, _A.CANCEL_REFUSED: _C.UNKNOWN, _A.CANCEL_UNKNOWN: _C.UNKNOWN},
}
