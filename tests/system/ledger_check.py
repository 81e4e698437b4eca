"""Holds the journal against the exchange: every fill booked exactly once, every order known, every cent accounted for.

The journal is read and replayed as a start does it; the other side is asked over HTTP.
"""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from brokerage import registry
from brokerage.luno_simulator.exchange import OPENING_BALANCES
from tests.system.bot_process import ExchangeAccount, ExchangeOf
from trading_system.core.clock import Clock
from trading_system.core.instrument import Instrument
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Totals
from trading_system.core.runtime import ThreadRuntime
from trading_system.engine.books import Books
from trading_system.engine.recovery import Past, Replay
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.settings.located import default_mapping
from trading_system.storage.journal_reader import JournalReader
from trading_system.strategy_host.desk import Desk

_AT_REST = (OrderState.WAITING, OrderState.OPEN)
_AT_VENUE = (*_AT_REST, OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED)


class _House(msgspec.Struct):
    # All that a desk needs to be replayed: a clock, and a log that nobody reads.
    clock: Clock

    def log_line(self, *words: Any) -> None:
        """Write nothing."""


@cache
def _instruments(url: str) -> dict[str, Instrument]:
    # Asked for once per exchange: whoever asks keeps its connections, and a campaign proves a thousand times.
    node = default_mapping("brokers.luno", {"adapter": "luno", "calls_per_second": "100", "burst": "100"})
    broker = registry.open("luno", node, (), ThreadRuntime(), url).broker
    return {one.symbol: one for one in broker.instruments()}


def replayed(state: Path, url: str) -> Replay:
    """Return the books as a start would find them in the journal, before it asks anybody."""
    instruments = _instruments(url)
    records = list(JournalReader(state / "journal").read())
    past = Past.of(records)
    house: Any = _House(Clock(0))
    # A strategy knows its own symbols only: a currency that is a base there may be a counter elsewhere.
    ledgers = {name: PositionManager(name, {symbol: instruments[symbol] for symbol in started.symbols}, {}, started.currency)
               for name, started in past.strategies.items()}
    desks = {name: Desk(name, None, (), OrderManager(name), ledger, {}, house) for name, ledger in ledgers.items()}
    replay = Replay(Books(past.house, desks))
    for record in records:
        replay.apply(record)
    replay.finish()
    return replay


def differences(state: Path, account: ExchangeAccount, url: str) -> list[str]:
    """Return every difference between the journal and the exchange, in words; empty when they tell the same story."""
    replay = replayed(state, url)
    found: list[str] = []
    known: dict[str, Order] = {}
    for desk in replay.books.desks.values():
        known.update(desk.orders.open)
        known.update(desk.orders.done)
    rows = {row["client_order_id"]: row for row in account.orders}
    found += [f"the exchange has an order nobody knows: {name}" for name in rows.keys() - known.keys()]
    for name, order in known.items():
        row = rows.get(name)
        if order.state in (OrderState.UNKNOWN, OrderState.LOST, OrderState.SENT, OrderState.PENDING_NEW):
            found.append(f"{name} is {order.state.name}")
        elif row is None and order.state in _AT_VENUE:
            found.append(f"{name} is {order.state.name} in the journal and the exchange never heard of it")
        elif row is not None and order.state not in _AT_VENUE:
            found.append(f"{name} is {order.state.name} in the journal and stands at the exchange: {row['status']}")
        elif row is not None:
            found += _order_differences(order, row)
    found += _trade_differences(account, known)
    found += balance_differences(account, replay)
    return found


def ledger_equals_exchange(state: Path) -> None:
    """Fail unless the journal of a state folder and the exchange in it tell the same story, to the last digit."""
    with ExchangeOf(state) as account:
        found = differences(state, account, account._url)
    assert not found, "\n".join(found)


def _order_differences(order: Order, row: Any) -> list[str]:
    is_over = row["status"] == "COMPLETE"
    booked, told = order.exact, _totals(row, *_currencies(order))
    found = []
    if is_over is not order.is_done:
        found.append(f"{order.client_order_id} is {order.state.name} in the journal and {row['status']} at the exchange")
    if (booked.filled_quantity, booked.filled_value, _paid(booked)) != (told.filled_quantity, told.filled_value, _paid(told)):
        found.append(f"{order.client_order_id}: booked {booked}, the exchange says {told}")
    return found


def _trade_differences(account: ExchangeAccount, known: dict[str, Order]) -> list[str]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for market in account.get("/api/exchange/1/markets")["markets"]:
        for trade in account.get("/api/1/listtrades", pair=market["market_id"], limit="1000")["trades"]:
            quantity, value = sums.get(trade["client_order_id"], (Decimal(0), Decimal(0)))
            sums[trade["client_order_id"]] = quantity + Decimal(trade["base"]), value + Decimal(trade["counter"])
    booked = {name: (order.exact.filled_quantity, order.exact.filled_value) for name, order in known.items() if order.exact.filled_quantity}
    return [f"{name}: booked {booked.get(name)}, its trades say {sums.get(name)}"
            for name in sums.keys() | booked.keys() if sums.get(name) != booked.get(name)]


def balance_differences(account: ExchangeAccount, replay: Replay) -> list[str]:
    """Return every currency of which the account does not hold what it opened with and the strategies' changes to it."""
    found = []
    for row in account.get("/api/1/balance")["balance"]:
        currency, total = row["asset"], Decimal(row["balance"])
        changes = sum((desk.positions.holdings(currency) - replay.capital[name].get(currency, Decimal(0))
                       for name, desk in replay.books.desks.items()), Decimal(0))
        expected = OPENING_BALANCES[currency] + changes
        if total != expected:
            found.append(f"{currency}: {OPENING_BALANCES[currency]} and the strategies' {changes} make {expected}, the account holds {total}")
    return found


def _totals(row: Any, base: str, counter: str) -> Totals:
    fees = {base: Decimal(row["fee_base"]), counter: Decimal(row["fee_counter"])}
    return Totals(Decimal(row["base"]), Decimal(row["counter"]), fees)


def _currencies(order: Order) -> tuple[str, str]:
    return order.symbol[:3], order.symbol[3:6]


def _paid(totals: Totals) -> dict[str, Decimal]:
    return {currency: amount for currency, amount in totals.fees.items() if amount}
