"""A curve rebuilt with numpy says at every event what the exact ledger says, however the events are cut into chunks."""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.fill_lists import INSTRUMENTS, SECOND, SYMBOLS, fill_lists
from trading_system.core.order import Fill
from trading_system.oms.position_manager import PositionManager
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.drawdowns import drawdown, spells
from trading_system.reports.equity_curve import EquityCurve
from trading_system.reports.thinned_series import ThinnedSeries

D = Decimal


@dataclass(frozen=True)
class Story:
    """Marks of several symbols in one order of time, no two at one time, and fills between them; capital in base at one point."""

    times: list[int]
    symbols: list[str]
    marks: list[float]
    fills: list[Fill]
    capital_ns: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    count = draw(st.integers(1, 40))
    times = sorted(draw(st.sets(st.integers(0, 4 * 86_400), min_size=count, max_size=count)))
    symbols = [draw(st.sampled_from(SYMBOLS)) for _ in times]
    marks = [draw(st.floats(0.5, 2.0)) * (0.05 if symbol.startswith("ETHXBT") else 100.0) for symbol in symbols]
    fills = draw(fill_lists(25))
    return Story([second * SECOND for second in times], symbols, marks, fills, draw(st.integers(0, 4 * 86_400)) * SECOND)


def curve_of(story: Story, sizes: list[int], is_ahead: bool = False) -> tuple[EquityCurve, np.ndarray]:
    curve = EquityCurve("ZAR", INSTRUMENTS, {"ZAR": 100_000.0, "XBT": 3.0, "USD": 5.0}, keep_all=True)
    waiting = list(story.fills)
    has_capital, start, values = False, 0, []
    times, marks = np.array(story.times, dtype=np.int64), np.array(story.marks)
    while start < len(times):
        end = min(start + sizes[len(values) % len(sizes)], len(times))
        until = times[-1] if is_ahead else times[end - 1]
        # In the order of booking: capital that is due before a fill is booked before it.
        while waiting and waiting[0].time_ns <= until:
            if not has_capital and story.capital_ns <= waiting[0].time_ns:
                curve.add_capital("ETHZAR.exchange", 2.0, 90.0, story.capital_ns)
                has_capital = True
            curve.add_fill(waiting.pop(0))
        if not has_capital and story.capital_ns <= until:
            curve.add_capital("ETHZAR.exchange", 2.0, 90.0, story.capital_ns)
            has_capital = True
        here = times[start:end]
        by_symbol = {}
        for symbol in SYMBOLS:
            ours = np.array([name == symbol for name in story.symbols[start:end]])
            if ours.any():
                by_symbol[symbol] = (here, marks[start:end]) if ours.all() and len(sizes) > 1 else (here[ours], marks[start:end][ours])
        values.append(curve.add_chunk(here, by_symbol).copy())
        start = end
    return curve, np.concatenate(values)


@settings(max_examples=80, deadline=None)
@given(stories())
def test_the_curve_is_the_ledgers_equity_at_every_event(story: Story) -> None:
    _, rebuilt = curve_of(story, [len(story.times)])
    # The cash in XBT is capital in base; it joins both sides as money of a currency that is also paid with.
    ledger = PositionManager("one", INSTRUMENTS, {"ZAR": D(100_000), "XBT": D(3)}, "ZAR")
    ledger.deposit("ETH", D(2))
    marks: dict[str, float] = {}
    waiting, is_booked = list(story.fills), False
    for at, (time_ns, symbol, mark) in enumerate(zip(story.times, story.symbols, story.marks, strict=True)):
        while True:
            fill_ns = waiting[0].time_ns if waiting else math.inf
            if not is_booked and story.capital_ns <= min(time_ns, fill_ns):
                ledger.book_capital("ETHZAR.exchange", D(2), D(90))
                is_booked = True
            elif fill_ns <= time_ns:
                ledger.apply(waiting.pop(0))
            else:
                break
        marks[symbol] = mark
        assert rebuilt[at] == pytest.approx(ledger.equity(marks), rel=1e-9, abs=1e-7, nan_ok=True)


@settings(max_examples=80, deadline=None)
@given(stories(), st.lists(st.integers(1, 9), min_size=2, max_size=5), st.booleans())
def test_chunks_of_any_size_make_the_same_curve(story: Story, sizes: list[int], is_ahead: bool) -> None:
    whole, one = curve_of(story, [len(story.times)])
    parts, many = curve_of(story, sizes, is_ahead)
    np.testing.assert_allclose(many, one, rtol=1e-12, atol=1e-9)
    ours, theirs = parts.statistics, whole.statistics
    assert (ours.points, ours.undefined, ours.first_ns, ours.last_ns) == (theirs.points, theirs.undefined, theirs.first_ns, theirs.last_ns)
    for name in ("last", "highest", "lowest", "max_drawdown", "average"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=1e-9, nan_ok=True), name
    assert ours.daily.days.tolist() == theirs.daily.days.tolist()
    np.testing.assert_allclose(ours.daily.closes, theirs.daily.closes)


values_of_curves = st.lists(st.one_of(st.floats(0.1, 1000.0), st.sampled_from((1.0, 2.0, 3.0))), min_size=1, max_size=200)


@settings(max_examples=80, deadline=None)
@given(values_of_curves, st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_statistics_carried_along_are_those_of_the_whole_curve(values: list[float], sizes: list[int]) -> None:
    curve, times = np.array(values), np.cumsum(np.arange(len(values)) % 7 + 1).astype(np.int64) * 3_600 * SECOND
    kept, start, turn = CurveStatistics(), 0, 0
    while start < len(curve):
        end = start + sizes[turn % len(sizes)]
        kept.add(times[start:end], curve[start:end])
        start, turn = end, turn + 1
    below, depths = drawdown(curve), spells(times, curve)
    assert kept.max_drawdown == below.max()
    assert 0.0 <= below.min() <= below.max() <= 1.0
    if len(depths.depths):
        assert kept.average_drawdown == pytest.approx(depths.depths.mean(), rel=1e-12)
        assert kept.average_drawdown_seconds == pytest.approx(depths.seconds.mean(), rel=1e-12)
        assert kept.longest_drawdown_seconds == depths.seconds.max()
    else:
        assert math.isnan(kept.average_drawdown)
        assert math.isnan(kept.longest_drawdown_seconds)
    days = times // (86_400 * SECOND)
    assert dict(zip(kept.daily.days.tolist(), kept.daily.closes.tolist(), strict=True)) == dict(zip(days.tolist(), values, strict=True))


@settings(max_examples=80, deadline=None)
@given(values_of_curves, st.integers(6, 60), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_a_thinned_series_keeps_its_extremes_its_end_and_its_size(values: list[float], most: int, sizes: list[int]) -> None:
    series, curve, times = ThinnedSeries(most), np.array(values), np.arange(len(values), dtype=np.int64)
    start, turn = 0, 0
    while start < len(curve):
        end = start + sizes[turn % len(sizes)]
        series.add(times[start:end], curve[start:end])
        start, turn = end, turn + 1
    kept = series.series()
    assert len(kept.times_ns) == len(kept.values) <= most
    assert kept.times_ns == sorted(kept.times_ns)
    assert (min(kept.values), max(kept.values)) == (min(values), max(values))
    assert (kept.times_ns[-1], kept.values[-1]) == (len(values) - 1, values[-1])
    assert all(values[time_ns] == value for time_ns, value in zip(kept.times_ns, kept.values, strict=True))
    # Every bucket keeps its own extremes, not only the whole: each stretch of that many points shows its lowest and highest value.
    for begin in range(0, len(values), series.per_bucket):
        bucket = values[begin:begin + series.per_bucket]
        shown = [value for time_ns, value in zip(kept.times_ns, kept.values, strict=True) if begin <= time_ns < begin + series.per_bucket]
        assert (min(shown), max(shown), shown[-1]) == (min(bucket), max(bucket), bucket[-1])
