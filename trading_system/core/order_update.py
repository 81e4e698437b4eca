"""What a venue says about an order: an answer, the totals so far, the evidence; and its list of our trades."""

from decimal import Decimal
from enum import IntEnum

import msgspec

from trading_system.core.side import Side

ZERO = Decimal(0)


class Totals(msgspec.Struct, frozen=True, gc=False):
    """All that was ever filled of one order: quantity in base, value in counter, fees per currency. A price is divided out."""

    filled_quantity: Decimal = ZERO
    filled_value: Decimal = ZERO
    fees: dict[str, Decimal] = {}


class Answer(IntEnum):
    """What was heard about an order; the columns of the table in `core/order.py`."""

    SENT = 0                #: the lane begins to send it
    DENIED = 1              #: withdrawn or held back in our own lane: it never left
    ACCEPTED = 2            #: the venue took it and named it; nothing is known of fills
    WAITING = 3             #: at the venue, not in the book (stop orders)
    OPEN = 4                #: in the book, perhaps partly filled
    FILLED = 5
    CANCELED = 6
    EXPIRED = 7
    REJECTED = 8            #: proved refusal
    OUTCOME_UNKNOWN = 9     #: the request to create it may or may not have arrived
    NOT_FOUND = 10          #: evidence, never a state
    NOT_PLACED = 11         #: its absence is proved
    LOST = 12               #: not resolved in time
    CANCEL_ACCEPTED = 13    #: the request to cancel was taken; look the order up
    CANCEL_REFUSED = 14     #: the venue says there is nothing to cancel; look the order up
    CANCEL_UNKNOWN = 15     #: the request to cancel may or may not have arrived

    __hash__ = int.__hash__         # an Enum's own is Python code, and answers are keys


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Where an answer comes from. `asked_ns` is when the question left, `answered_ns` when the answer was read, both UTC nanoseconds."""

    endpoint: str
    asked_ns: int
    answered_ns: int
    status: int = 0
    code: str = ""


class OrderUpdate(msgspec.Struct, frozen=True, gc=False):
    """One answer about one order. `symbol`, `side`, `quantity` and `limit` echo what the venue holds under our name, where it says so;
    `code` is the reason as one word of ours, `reason` the sentence; `has_trades` says that the list of our own trades was searched too."""

    client_order_id: str
    answer: Answer
    evidence: Evidence
    venue_order_id: str = ""
    totals: Totals | None = None
    reason: str = ""
    code: str = ""
    symbol: str = ""
    side: Side | None = None
    quantity: Decimal | None = None
    limit: Decimal | None = None
    has_trades: bool = False


class VenueTrade(msgspec.Struct, frozen=True):
    """One of our own trades as the venue lists it; `sequence` is unique per symbol and order."""

    symbol: str
    sequence: int
    venue_order_id: str
    client_order_id: str
    side: Side
    time_ns: int
    quantity: Decimal
    value: Decimal
    fees: dict[str, Decimal]
