"""Closed trades and what is open add up to the exact ledger, whatever a venue fills and charges."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.fill_lists import INSTRUMENTS, SECOND, SYMBOLS, fill_lists
from trading_system.core.order import Fill, FillAmounts
from trading_system.core.side import Side
from trading_system.oms.position_manager import PositionManager
from trading_system.reports import trade_statistics
from trading_system.reports.round_trips import RoundTrips

D = Decimal
CAPITAL = {"ZAR": D(10**6), "XBT": D(100)}


@settings(max_examples=80, deadline=None)
@given(fill_lists(30), st.data())
def test_profits_open_costs_and_fees_are_the_ledgers_cash_after_every_fill(fills: list[Fill], data: st.DataObject) -> None:
    trips, ledger = RoundTrips(INSTRUMENTS), PositionManager("one", INSTRUMENTS, CAPITAL, "ZAR")
    for fill in fills:
        trips.add_fill(fill)
        ledger.apply(fill)
        if data.draw(st.integers(0, 3)) == 0:
            late = Fill(fill.client_order_id, "one", fill.symbol, fill.side, fill.time_ns,
                        FillAmounts(D(0), D(0), {data.draw(st.sampled_from(("ZAR", "XBT", "ETH"))): data.draw(st.sampled_from((D("0.01"), D("-0.002"))))}))
            price = fill.exact.value / fill.exact.quantity
            trips.add_fill(late, price)
            ledger.apply(late, price)
        for symbol in SYMBOLS:
            # Quantities are matched exactly.
            assert trips.open_amounts("one", symbol)[0] == ledger.positions[symbol].exact.quantity
        for counter in CAPITAL:
            assert cash_of(trips, counter) == pytest.approx(float(ledger.cash[counter] - CAPITAL[counter]), rel=1e-9, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(fill_lists(30))
def test_when_everything_is_closed_profits_are_realized_less_fees(fills: list[Fill]) -> None:
    trips, ledger = RoundTrips(INSTRUMENTS), PositionManager("one", INSTRUMENTS, CAPITAL, "ZAR")
    for fill in [*fills, *closing(fills)]:
        trips.add_fill(fill)
        ledger.apply(fill)
    for symbol in SYMBOLS:
        assert trips.open_amounts("one", symbol)[0] == 0
    for counter in CAPITAL:
        columns = trips.columns(["one"], counter)
        unshared = trips.unshared_fees("one").get(counter, 0.0)
        expected = float(ledger.realized[counter] - ledger.fees[counter])
        assert columns.profits.sum() - unshared == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert columns.fees.sum() + unshared == pytest.approx(float(ledger.fees[counter]), rel=1e-9, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(fill_lists(40))
def test_lots_are_matched_as_one_would_match_single_units(fills: list[Fill]) -> None:
    # Written another way: every thousandth of a unit is a coin of its own in a queue, without fees.
    bare = [Fill(fill.client_order_id, "one", fill.symbol, fill.side, fill.time_ns, FillAmounts(fill.exact.quantity, fill.exact.value, {}))
            for fill in fills]
    trips = RoundTrips(INSTRUMENTS)
    queues: dict[str, list[tuple[int, Fraction, int]]] = defaultdict(list)
    profits: dict[tuple[str, int, int], Fraction] = defaultdict(Fraction)
    for fill in bare:
        trips.add_fill(fill)
        sign, queue = (1 if fill.side is Side.BUY else -1), queues[fill.symbol]
        price = Fraction(fill.exact.value) / Fraction(fill.exact.quantity)
        for _ in range(int(fill.exact.quantity * 10)):
            if queue and queue[0][0] != sign:
                entry_sign, entry_price, entry_ns = queue.pop(0)
                points = entry_sign * (price - entry_price) * Fraction(INSTRUMENTS[fill.symbol].multiplier) / 10
                profits[fill.symbol, entry_ns, fill.time_ns] += points
            else:
                queue.append((sign, price, fill.time_ns))
    found: dict[tuple[str, int, int], float] = defaultdict(float)
    for trade in trips.trades:
        found[trade.symbol, trade.entry_ns, trade.exit_ns] += trade.profit
        assert trade.quantity > 0.0
        assert trade.entry_ns <= trade.exit_ns
    assert set(found) == set(profits)
    for key, profit in profits.items():
        assert found[key] == pytest.approx(float(profit), rel=1e-9, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 30)), max_size=30))
def test_exposure_is_the_share_of_moments_in_which_something_is_held(spans: list[tuple[int, int]]) -> None:
    entries, exits = (np.array(column, dtype=np.int64) for column in ([at for at, _ in spans], [at + length for at, length in spans]))
    held = np.zeros(150, dtype=bool)
    for at, length in spans:
        held[at:at + length + 1] = True
    assert trade_statistics.exposure(entries, exits, 0, 149, step=1) == pytest.approx(held.mean())


def cash_of(trips: RoundTrips, counter: str) -> float:
    opened = [trips.open_amounts("one", symbol)[1:] for symbol in SYMBOLS if INSTRUMENTS[symbol].counter == counter]
    # Fees that are in no trade are paid all the same.
    return float(trips.columns(["one"], counter).profits.sum()) - sum(map(sum, opened)) - trips.unshared_fees("one").get(counter, 0.0)


def closing(fills: list[Fill]) -> list[Fill]:
    ledger = PositionManager("one", INSTRUMENTS, CAPITAL, "ZAR")
    for fill in fills:
        ledger.apply(fill)
    last = [(symbol, position.exact.quantity) for symbol, position in ledger.positions.items() if position.exact.quantity]
    return [Fill(f"c{symbol}", "one", symbol, Side.SELL if held > 0 else Side.BUY, 5 * 86_400 * SECOND, FillAmounts(abs(held), abs(held) * 7, {}))
            for symbol, held in last]
