"""The proof: journal, exchange and the strategies' own diary told side by side. Whatever one of them has and another lacks has a name.

Lost: accepted (or traded) at the exchange or wanted there by the journal, and missing on the other side. Doubled: booked, or ordered, more
often than meant. Orphaned: at the exchange under our prefix and unknown to the journal. Everything else is a difference.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.recovery.live_exchange import LiveExchange
from tests.recovery.workload import diary
from tests.system.ledger_check import balance_differences, replayed
from trading_system.core.events import OrderUpdateEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.order_words import plain
from trading_system.engine.recovery import Replay
from trading_system.storage.journal_reader import JournalReader

_AT_REST = (OrderState.WAITING, OrderState.OPEN)
_AT_VENUE = (*_AT_REST, OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED)
_UNSETTLED = (OrderState.PENDING_NEW, OrderState.SENT, OrderState.UNKNOWN, OrderState.LOST)

Row = Mapping[str, Any]


@dataclass
class Proof:
    """What was found, a sentence each, and how much there was to compare."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    orders: int = 0
    open_orders: int = 0
    trades: int = 0
    unknowns: int = 0

    @property
    def findings(self) -> list[str]:
        """Return everything that was found."""
        named = (("lost", self.lost), ("doubled", self.doubled), ("orphaned", self.orphaned), ("different", self.differences))
        return [f"{name}: {text}" for name, texts in named for text in texts]


def prove(folder: Path, state: Path, exchange: LiveExchange, shown: Row | None = None) -> Proof:
    """Hold the state folder against the exchange, over everything that ever happened in them; the diary is in `folder`. `shown` is the
    picture that the house draws of itself, where one runs: it must tell the same too."""
    replay = replayed(state, exchange.url)
    known: dict[str, Order] = {}
    for desk in replay.books.desks.values():
        known.update(desk.orders.open)
        known.update(desk.orders.done)
    proof = compare(known, exchange.orders, exchange.trades, replay.books.house, intents(folder))
    proof.differences += balance_differences(exchange, replay)
    if shown is not None:
        proof.differences += _shown_differences(shown.get("strategies", {}), replay)
    proof.unknowns = sum(isinstance(record.body, OrderUpdateEvent) and record.body.update.answer is Answer.OUTCOME_UNKNOWN
                         for record in JournalReader(state / "journal").read())
    return proof


def intents(folder: Path) -> list[str]:
    """Return the tag of every order that a strategy meant to place, as it wrote it down itself."""
    return [line.split()[2] for line in diary(folder).read_text().splitlines() if line.startswith("intent ")]


def compare(known: Mapping[str, Order], rows: Sequence[Row], trades: Iterable[Row], house: str, wanted: Sequence[str]) -> Proof:
    """Compare the orders that the journal knows with the rows and trades of the exchange; `house` begins the name of every order of ours."""
    ours = [row for row in rows if row["client_order_id"].startswith(f"{house}-")]
    by_name = {row["client_order_id"]: row for row in ours}
    proof = Proof(orders=len(known), open_orders=sum(not order.is_done for order in known.values()))
    proof.doubled += [f"{name} stands {count} times at the exchange"
                      for name, count in Counter(row["client_order_id"] for row in ours).items() if count > 1]
    proof.orphaned += [f"{name} ({row['status']}) is at the exchange and not in the journal"
                       for name, row in by_name.items() if name not in known]
    proof.differences += [f"order {row['order_id']} at the exchange is nobody's" for row in rows if row not in ours]
    for name, order in known.items():
        _compare_order(proof, name, order, by_name.get(name))
    _compare_trades(proof, known, trades)
    _compare_intents(proof, known, wanted)
    return proof


def _shown_differences(strategies: Row, replay: Replay) -> list[str]:
    found = []
    for name, desk in replay.books.desks.items():
        ledger, row = desk.positions, strategies.get(name, {})
        holdings = {currency: plain(amount) for currency in sorted(ledger.currencies) if (amount := ledger.holdings(currency))}
        if (row.get("holdings"), row.get("open_orders")) != (holdings, len(desk.orders)):
            found.append(f"{name} shows {row.get('open_orders')} open orders and {row.get('holdings')}, its journal has "
                         f"{len(desk.orders)} and {holdings}")
    return found


def _compare_order(proof: Proof, name: str, order: Order, row: Row | None) -> None:
    state = order.state
    if state in _UNSETTLED or order.is_quarantined:
        proof.differences.append(f"{name} is {'quarantined' if order.is_quarantined else state.name}")
    elif row is None and state in _AT_VENUE:
        proof.lost.append(f"{name} is {state.name} in the journal and the exchange never heard of it")
    elif row is not None and state not in _AT_VENUE:
        proof.lost.append(f"{name} is {state.name} in the journal and {row['status']} at the exchange")
    elif row is not None and (row["status"] == "COMPLETE") is not order.is_done:
        proof.differences.append(f"{name} is {state.name} in the journal and {row['status']} at the exchange")
    if row is not None:
        fees = order.exact.fees
        base, counter = order.symbol[:3], order.symbol[3:6]
        paid = (fees.get(base, Decimal(0)), fees.get(counter, Decimal(0)))
        if state not in _UNSETTLED and paid != (Decimal(row["fee_base"]), Decimal(row["fee_counter"])):
            proof.differences.append(f"{name} paid {paid} in the journal, {row['fee_base']} and {row['fee_counter']} at the exchange")


def _compare_trades(proof: Proof, known: Mapping[str, Order], trades: Iterable[Row]) -> None:
    # The trades are the truth: what is booked of an order is their sum, not less (lost) and not more (doubled).
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for trade in trades:
        proof.trades += 1
        quantity, value = sums.get(trade["client_order_id"], (Decimal(0), Decimal(0)))
        sums[trade["client_order_id"]] = quantity + Decimal(trade["base"]), value + Decimal(trade["counter"])
    for name, order in known.items():
        booked = order.exact.filled_quantity, order.exact.filled_value
        told = sums.get(name, (Decimal(0), Decimal(0)))
        if booked != told:
            kind = proof.doubled if booked[0] > told[0] else proof.lost
            kind.append(f"{name}: {booked[0]} for {booked[1]} are booked, its trades come to {told[0]} for {told[1]}")


def _compare_intents(proof: Proof, known: Mapping[str, Order], wanted: Sequence[str]) -> None:
    meant = set(wanted)
    tags = Counter(order.tag for order in known.values())
    proof.doubled += [f"one intent became {count} orders: {tag}" for tag, count in tags.items() if count > 1]
    proof.orphaned += [f"{name} is an order that no strategy meant: {order.tag!r}" for name, order in known.items() if order.tag not in meant]
