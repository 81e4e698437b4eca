"""The events of the trading-action queue. Market data is its own event (`core/market_data.py`) and lies in the other queue.

Those that are journaled carry a tag, so that the journal knows them again (`core/records.py`).
"""

from decimal import Decimal

import msgspec

from trading_system.core.instrument import Instrument
from trading_system.core.order import Fill, OrderRequest
from trading_system.core.order_update import OrderUpdate, VenueTrade


class HeartbeatEvent(msgspec.Struct, frozen=True):
    """The house's pulse: the beat's number, when it was due and how late the heartbeat thread woke (monotonic nanoseconds)."""

    number: int
    due_ns: int
    late_ns: int


class CheckOrderStatusEvent(msgspec.Struct, frozen=True):
    """Ask `broker` once for all orders that are not done."""

    broker: str


class CommandEvent(msgspec.Struct, frozen=True, tag=True):
    """Somebody wants something of the house: `what` is stop, pause, resume, rearm or settle; `strategy` empty means all.
    Who settles an order says in `update` what became of it. The journal thread says halt when it cannot write, and rearm when it can
    again."""

    what: str
    by: str
    reason: str = ""
    strategy: str = ""
    update: OrderUpdate | None = None


class VerdictNumbers(msgspec.Struct, frozen=True, gc=False):
    """What a verdict was given on: the most the order may take of `currency`, what was free of it, and how many orders were open."""

    currency: str
    needed: Decimal
    free: Decimal
    open_orders: int


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What risk said of an order: accepted, or a code, a sentence people understand and the numbers it was judged by."""

    is_accepted: bool
    code: str = ""
    sentence: str = ""
    numbers: VerdictNumbers | None = None


ACCEPTED = Verdict(True)


class OrderEvent(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A strategy ordered. The price and the time it decided on are kept with the verdict, so that `why` can tell."""

    request: OrderRequest
    verdict: Verdict
    reference_price: Decimal = Decimal(0)
    reference_ns: int = 0


class CancelEvent(msgspec.Struct, frozen=True, tag=True):
    """A strategy (or the house for it) wants an order canceled."""

    client_order_id: str
    strategy: str
    by: str = ""


class FillEvent(msgspec.Struct, frozen=True, gc=False):
    """An update added a fill; laid after the books are written."""

    fill: Fill


class OrderUpdateEvent(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One answer about one order came in."""

    update: OrderUpdate


class OpenOrdersEvent(msgspec.Struct, frozen=True):
    """The broker's list of open orders came in. It says nothing of orders acknowledged after `asked_ns`, and where it `is_complete` not,
    nothing of those that are missing."""

    broker: str
    updates: tuple[OrderUpdate, ...]
    asked_ns: int
    answered_ns: int
    is_complete: bool = True


class OwnTradesEvent(msgspec.Struct, frozen=True):
    """The broker's list of our own trades of `symbol` at or after `since_ns` came in, oldest first. Nothing is ever booked from it."""

    broker: str
    symbol: str
    since_ns: int
    trades: tuple[VenueTrade, ...]
    asked_ns: int


class LookUpFailedEvent(msgspec.Struct, frozen=True):
    """A question got no answer; the order it was about may be asked for again, else the trades of `symbol`, else the list."""

    broker: str
    client_order_id: str
    reason: str
    symbol: str = ""


class Balance(msgspec.Struct, frozen=True):
    """What an account holds of one currency: `total` with what is reserved by open orders."""

    total: Decimal
    reserved: Decimal


class BalanceEvent(msgspec.Struct, frozen=True, tag=True):
    """The broker's balances, per currency. `traded` is what of them the strategies' trading has changed since the first run, where that is
    surely known; all of our trades until `reconciled_ns` are in the books (0: nothing is said of that)."""

    broker: str
    balances: dict[str, Balance]
    asked_ns: int
    traded: dict[str, Decimal] | None = None
    reconciled_ns: int = 0


class InstrumentEvent(msgspec.Struct, frozen=True, tag=True):
    """An instrument is known, or changed its grid or status."""

    instrument: Instrument


class ConnectionEvent(msgspec.Struct, frozen=True, tag=True):
    """A channel to a broker (`market_data`, `orders`) went down or came back. `is_passing`: it may come back without anybody's help."""

    broker: str
    channel: str
    is_up: bool
    reason: str = ""
    is_passing: bool = False


class WarningEvent(msgspec.Struct, frozen=True):
    """Something people should see: what happened and what can be done about it. `strategy` empty means the house."""

    text: str
    strategy: str = ""


class NoteEvent(msgspec.Struct, frozen=True):
    """A strategy tells people what it decided and why, in words."""

    text: str
    strategy: str


ActionEvent = (
    HeartbeatEvent | CheckOrderStatusEvent | CommandEvent | OrderEvent | CancelEvent | FillEvent | OrderUpdateEvent | OpenOrdersEvent
    | OwnTradesEvent | LookUpFailedEvent | BalanceEvent | InstrumentEvent | ConnectionEvent | WarningEvent | NoteEvent
)
