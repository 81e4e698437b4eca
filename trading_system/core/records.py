"""What the journal holds: the journaled events and a few facts that are nobody's event. Read again, in order, they rebuild the house."""

from decimal import Decimal

import msgspec

from trading_system.core.events import (
    BalanceEvent,
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    InstrumentEvent,
    OrderEvent,
    OrderUpdateEvent,
)
from trading_system.core.instrument import Instrument
from trading_system.core.order import OrderRequest


class StrategyStarted(msgspec.Struct, frozen=True):
    """One strategy as a run began: its symbols, its capital per currency the currency of its ledger, and whose ledger it took
    over."""

    symbols: tuple[str, ...]
    capital: dict[str, Decimal]
    currency: str
    adopts: str = ""


class RunStarted(msgspec.Struct, frozen=True, tag=True):
    """A run began. `epoch` counts the runs of this state folder; `house` is in the name of every order it ever sends.

    `instruments` are those of all its desks as they were then, by symbol, so that the books can be rebuilt from the journal alone; journals
    of before there were any here have none.
    """

    epoch: int
    started_ns: int
    house: str
    mode: str
    build: str
    config_hash: str
    strategies: dict[str, StrategyStarted]
    instruments: dict[str, Instrument] = {}


class OrderSent(msgspec.Struct, frozen=True, tag=True):
    """Written with the batch that releases the order: an order without it was never sent."""

    client_order_id: str


class OrderAdopted(msgspec.Struct, frozen=True, tag=True):
    """The venue has an order under a name of ours that the journal does not know: from here on it is one of its strategy's.

    `request` is rebuilt from what the venue told; what became of the order is in the OrderUpdateEvents behind it.
    """

    request: OrderRequest


class CapitalBooked(msgspec.Struct, frozen=True, tag=True):
    """Base currency given as capital was valued at the first mid and is from now on a position with a cost."""

    strategy: str
    symbol: str
    quantity: Decimal
    price: Decimal


class StateSaved(msgspec.Struct, frozen=True, tag=True):
    """A strategy's own state, msgpack of its State struct."""

    strategy: str
    state: bytes


class RunEnded(msgspec.Struct, frozen=True, tag=True):
    """The run was stopped in order."""

    reason: str


RecordBody = (
    RunStarted | OrderEvent | CancelEvent | OrderUpdateEvent | OrderSent | OrderAdopted | CapitalBooked | StateSaved | CommandEvent
    | BalanceEvent | InstrumentEvent | ConnectionEvent | RunEnded
)


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One line of the journal: when the engine took it (UTC nanoseconds), and what it was."""

    taken_ns: int
    body: RecordBody
