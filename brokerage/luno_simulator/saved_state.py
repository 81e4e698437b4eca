"""What passes between the exchange and whoever keeps its private state: the changes since the last call, and the
whole state at a restart. Plain data; it must never know how it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from brokerage.luno_simulator.account_list import Account
from brokerage.luno_simulator.order import Order, OwnTrade
from brokerage.luno_simulator.statement import Movement


@dataclass(frozen=True, slots=True)
class MarketMark:
    """Where a market stood at `seen_ns`: the price and the sequence of its last trade."""

    last_price: Decimal
    last_sequence: int
    seen_ns: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The private facts that came about since they were last asked for.

    Totals and orders are whole values, not differences.
    """

    now_ns: int
    next_number: int
    orders: Sequence[Order]
    trades: Sequence[OwnTrade]
    totals: Mapping[tuple[str, str], Decimal]
    fees_collected: Mapping[str, Decimal]
    marks: Mapping[str, MarketMark]
    movements: Sequence[Movement]
    extra_accounts: Sequence[Account]


@dataclass(frozen=True, slots=True)
class SavedState:
    """Everything private at the moment the exchange stopped, from which it goes on.

    `runs` counts the starts so far; `id_seed` is the seed of the first; `marks` may be a little old.
    """

    genesis_ns: int
    id_seed: int
    runs: int
    now_ns: int
    next_number: int
    orders: Sequence[Order]
    trades: Sequence[OwnTrade]
    totals: Mapping[tuple[str, str], Decimal]
    fees_collected: Mapping[str, Decimal]
    marks: Mapping[str, MarketMark]
    movements: Sequence[Movement]
    extra_accounts: Sequence[Account]
