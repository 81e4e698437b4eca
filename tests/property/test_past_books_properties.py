"""Whatever was filled: the books rebuilt from the records add up, and the curve reckoned from them ends where the ledger does."""

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.fill_lists import INSTRUMENTS, fill_lists
from trading_system.core.events import OrderEvent, OrderUpdateEvent, Verdict
from trading_system.core.order import Fill, OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import CapitalBooked, OrderSent, Record, RunStarted, StrategyStarted
from trading_system.engine.past_books import PastBooks
from trading_system.engine.past_instruments import PastInstruments
from trading_system.engine.recovery import Past
from trading_system.journal_results import journal_results
from trading_system.oms.conservation import both_sides
from trading_system.oms.position_manager import PositionManager

CAPITAL = {"ZAR": Decimal(100_000), "XBT": Decimal(50), "ETH": Decimal(3)}


def records_of(fills: list[Fill], corrected: set[int]) -> list[Record]:
    """Return a journal of these fills, each of an order of its own; the fees of those `corrected` are told wrong at first."""
    began = RunStarted(1, 1, "abcdef", "simulate", "0", "hash", {"one": StrategyStarted(tuple(INSTRUMENTS), CAPITAL, "ZAR")}, INSTRUMENTS)
    records = [Record(1, began), Record(2, CapitalBooked("one", "ETHZAR.exchange", Decimal(3), Decimal(75)))]
    for number, fill in enumerate(fills):
        name, now_ns, amounts = f"abcdef-one-run-{number}", fill.time_ns + 3, fill.exact
        request = OrderRequest(name, "one", fill.symbol, fill.side, OrderKind.LIMIT, now_ns, amounts.quantity, limit=Decimal(100))
        evidence = Evidence("test", now_ns, now_ns)
        told = [{currency: fee * 3 for currency, fee in amounts.fees.items()}, amounts.fees] if number in corrected else [amounts.fees]
        records += [Record(now_ns, OrderEvent(request, Verdict(True), Decimal(100), now_ns)), Record(now_ns, OrderSent(name))]
        records += [Record(now_ns, OrderUpdateEvent(OrderUpdate(name, Answer.FILLED, evidence, f"V{number}",
                                                                Totals(amounts.quantity, amounts.value, fees)))) for fees in told]
    return records


@settings(max_examples=150, deadline=None)
@given(fill_lists(12), st.sets(st.integers(0, 11)))
def test_books_of_random_fills_add_up_and_the_curve_ends_at_the_ledger(fills: list[Fill], corrected: set[int]) -> None:
    records = records_of(fills, corrected)
    found = PastInstruments()
    books = PastBooks(Past.of(found.over(records)), found.of(dict.fromkeys(INSTRUMENTS, "ZAR"))[0], ())
    for record in records:
        books.add(record)
    ledger = books.desk("one").positions
    assert all(left == right for left, right in both_sides(ledger).values())
    # A ledger of its own, told each fill once: what a correction leaves in fees is what it would have been told.
    other = PositionManager("one", INSTRUMENTS, CAPITAL, "ZAR")
    other.book_capital("ETHZAR.exchange", Decimal(3), Decimal(75))
    for fill in fills:
        other.apply(fill)
    assert {symbol: one.exact.quantity for symbol, one in ledger.positions.items()} == {
        symbol: one.exact.quantity for symbol, one in other.positions.items()}
    if not corrected:
        assert ledger.snapshot() == other.snapshot()
    # It raises when the curve and the ledger do not agree.
    results = journal_results(books, "the journal")
    assert results.strategies[0].fills == len(fills)
    equity = ledger.equity({symbol: float(seen.last) for symbol, seen in books.prices.items()})
    # Before a price leads from every currency to the ledger's there is no equity.
    assert math.isnan(equity) or results.strategies[0].equity == pytest.approx(equity)
