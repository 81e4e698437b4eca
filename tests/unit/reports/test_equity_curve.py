"""The curve of a strategy at every event, worked out by hand."""

import math

import numpy as np
import pytest

from tests.unit.reports.fills import DAY, ETHXBT, ETHZAR, GOLD, INSTRUMENTS, XBTZAR, buy, sell
from trading_system.core.errors import InvariantBroken
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.curves_together import CurvesTogether
from trading_system.reports.equity_curve import EquityCurve


def times(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def marks(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def curve(*symbols: str, cash: object = 1_000.0, currency: str = "ZAR") -> EquityCurve:
    return EquityCurve(currency, {symbol: INSTRUMENTS[symbol] for symbol in symbols}, cash)  # type: ignore[arg-type]


def test_a_fill_counts_from_the_first_event_at_its_time_on() -> None:
    one = curve(XBTZAR)
    one.add_fill(buy("2", "100", 20, ZAR="1"))
    at = times(10, 20, 20, 30)
    assert one.add_chunk(at, {XBTZAR: (at, marks(100, 101, 102, 103))}).tolist() == [1000.0, 1001.0, 1003.0, 1005.0]


def test_fills_and_positions_are_carried_over_the_edge_of_a_chunk() -> None:
    one = curve(XBTZAR)
    one.add_fill(buy("2", "100", 15))
    one.add_fill(sell("2", "110", 35))
    first, second = times(10, 20), times(30, 40)
    assert one.add_chunk(first, {XBTZAR: (first, marks(100, 101))}).tolist() == [1000.0, 1002.0]
    assert one.add_chunk(second, {XBTZAR: (second, marks(105, 200))}).tolist() == [1010.0, 1020.0]


def test_a_fill_from_before_the_chunk_counts_from_its_first_event() -> None:
    one = curve(XBTZAR)
    one.add_chunk(times(10), {XBTZAR: (times(10), marks(100))})
    one.add_fill(buy("1", "100", 5, ZAR="7"))
    assert one.add_chunk(times(20), {}).tolist() == [993.0]


def test_the_last_mark_of_each_symbol_is_carried_forward() -> None:
    one = curve(XBTZAR, ETHZAR)
    one.add_fill(buy("1", "100", 1))
    one.add_fill(buy("10", "10", 1, ETHZAR))
    values = one.add_chunk(times(10, 20, 30, 40), {XBTZAR: (times(10, 30), marks(100, 120)), ETHZAR: (times(20, 40), marks(11, 9))})
    # ETH counts at its cost of 100 until it has a mark.
    assert values.tolist() == [1000.0, 1010.0, 1030.0, 1010.0]


def test_before_its_first_mark_a_position_counts_at_its_cost_after_partial_sales() -> None:
    one = curve(XBTZAR, ETHZAR)
    one.add_fill(buy("10", "10", 1, ETHZAR))
    one.add_fill(sell("5", "14", 2, ETHZAR))
    assert one.add_chunk(times(10), {XBTZAR: (times(10), marks(100))}).tolist() == [1020.0]


def test_a_mark_that_is_no_number_is_no_mark() -> None:
    one = curve(XBTZAR)
    one.add_fill(buy("1", "100", 1))
    at = times(10, 20, 30)
    assert one.add_chunk(at, {XBTZAR: (at, marks(math.nan, 110, math.nan))}).tolist() == [1000.0, 1010.0, 1010.0]


def test_a_contract_counts_its_points_and_a_fee_in_base_takes_quantity() -> None:
    one = curve(XBTZAR, GOLD)
    one.add_fill(buy("2", "100", 1, GOLD))
    one.add_fill(buy("1", "100", 1, XBT="0.1"))
    at = times(10)
    assert one.add_chunk(at, {GOLD: (at, marks(103)), XBTZAR: (at, marks(100))}).tolist() == [pytest.approx(1000 + 2 * 5 * 3 - 10)]


def test_another_currency_is_changed_at_the_strategys_own_marks() -> None:
    one = curve(XBTZAR, ETHXBT, cash={"ZAR": 1_000.0, "XBT": 2.0})
    one.add_fill(buy("10", "0.1", 5, ETHXBT))
    values = one.add_chunk(times(10, 20, 30), {XBTZAR: (times(10, 30), marks(100, 110)), ETHXBT: (times(20,), marks(0.2))})
    assert values.tolist() == pytest.approx([1200.0, 1000 + 3 * 100, 1000 + 3 * 110])


def test_while_a_rate_is_missing_the_point_is_not_defined_and_left_out_of_the_statistics() -> None:
    one = curve(XBTZAR, ETHXBT, cash={"ZAR": 1_000.0, "XBT": 2.0})
    values = one.add_chunk(times(10, 20), {XBTZAR: (times(20), marks(100))})
    assert math.isnan(values[0])
    assert values[1] == 1200.0
    assert (one.statistics.points, one.statistics.undefined, one.statistics.first) == (1, 1, 1200.0)


def test_money_no_market_of_ours_knows_is_left_out() -> None:
    one = curve(XBTZAR, cash={"ZAR": 1_000.0, "BNB": 3.0})
    one.add_fill(buy("1", "100", 1, BNB="1"))
    one.add_cash("BNB", 5.0, 2)
    assert one.add_chunk(times(10), {XBTZAR: (times(10), marks(100))}).tolist() == [1000.0]


def test_capital_in_base_joins_at_its_time_and_deposits_too() -> None:
    one = curve(XBTZAR)
    one.add_capital(XBTZAR, 2.0, 100.0, 20)
    one.add_cash("ZAR", -300.0, 30)
    at = times(10, 20, 30)
    assert one.add_chunk(at, {XBTZAR: (at, marks(100, 110, 120))}).tolist() == [1000.0, 1220.0, 940.0]


def test_nothing_to_add_changes_nothing_and_a_strange_symbol_is_refused() -> None:
    one = curve(XBTZAR)
    assert len(one.add_chunk(times(), {})) == 0
    assert math.isnan(one.statistics.average)
    with pytest.raises(InvariantBroken, match="none of its symbols"):
        one.add_fill(buy("1", "1", 1, ETHZAR))


def test_its_memory_does_not_grow_with_the_points() -> None:
    one = curve(XBTZAR)
    for start in range(0, 200_000, 10_000):
        at = np.arange(start, start + 10_000, dtype=np.int64) * 10**9
        one.add_fill(buy("1", "100", int(at[5])))
        one.add_chunk(at, {XBTZAR: (at, 100.0 + np.sin(at / 1e12))})
    assert len(one.statistics.curve.values) <= 4_000
    assert len(one.statistics.drawdown.values) <= 4_000
    assert one.statistics.daily.days.tolist() == [0, 1, 2]
    assert one.statistics.all_values == []
    assert len(one._buffer) == 10_000
    assert all(len(holding.times) + len(holding.costs) == 0 for holding in one._holdings.values())


def test_a_spell_under_water_goes_on_over_chunks_and_ends_at_the_next_high() -> None:
    kept = CurveStatistics()
    for at, value in ((0, 100.0), (10, 90.0), (20, 80.0), (30, 100.0), (40, 99.0), (45, 120.0), (50, 60.0), (60, 90.0)):
        kept.add(times(at * 10**9), marks(value))
    assert kept.max_drawdown == 0.5
    assert kept.longest_drawdown_seconds == 30.0
    # Depths 20 %, 1 % and the open one of 50 %; 30 s, 15 s and so far 15 s.
    assert kept.average_drawdown == pytest.approx((0.2 + 0.01 + 0.5) / 3)
    assert kept.average_drawdown_seconds == 20.0
    chunked = CurveStatistics()
    chunked.add(times(0, 10), marks(100, 90))
    chunked.add(times(20, 30), marks(80, 100))
    assert chunked.average_drawdown == pytest.approx(0.2)


def test_drawdown_is_not_defined_before_there_was_anything_to_lose() -> None:
    kept = CurveStatistics()
    kept.add(times(0, 1, 2, 3), marks(-5, 0, 10, 5))
    assert kept.max_drawdown == 0.5
    assert kept.drawdown.times_ns == [2, 3]


def test_several_curves_are_added_at_every_time_of_any_of_them() -> None:
    both = CurvesTogether("ZAR", [100.0, 50.0], keep_all=True)
    shared = times(1, 2)
    assert both.add_chunk([(shared, marks(101, 102)), (shared, marks(50, 40))]).tolist() == [151.0, 142.0]
    assert both.add_chunk([(times(3, 5), marks(103, 90)), (times(4, 5), marks(45, 46))]).tolist() == [143.0, 148.0, 136.0]
    assert both.statistics.max_drawdown == pytest.approx(1 - 136 / 151)
    late = CurvesTogether("ZAR", [100.0, 50.0])
    assert late.add_chunk([(times(1, 2), marks(math.nan, 110)), (times(2), marks(60))]).tolist() == [150.0, 170.0]
    with pytest.raises(ValueError, match="1 curves are not the 2"):
        late.add_chunk([(shared, marks(1, 2))])


def test_the_closes_of_the_markets_are_those_in_the_own_currency() -> None:
    one = curve(XBTZAR, ETHXBT, ETHZAR)
    at = times(1, DAY, DAY + 1)
    one.add_chunk(at, {XBTZAR: (at, marks(1, 2, 3)), ETHXBT: (at, marks(4, 5, 6))})
    assert [(market.days.tolist(), market.closes.tolist()) for market in one.market_closes] == [([0, 1], [2.0, 3.0])]
