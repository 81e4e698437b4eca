"""Bars from ticks and from shorter bars: aligned to the epoch, whole or not at all, delivered at the first beat or tick after their end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_system.core.market_data import Bar
from trading_system.engine.bar_builder import BarBuilder

SECOND = 1_000_000_000
#: A multiple of five seconds since the epoch.
FIVE = 1_790_000_000 * SECOND
MINUTE = 60 * SECOND
HOUR_NS = FIVE - FIVE % (60 * MINUTE)
QUIET = (100.0, 100.0, 100.0, 100.0)


def builder(first_ns: int = FIVE - 3 * SECOND) -> BarBuilder:
    """Return a builder that saw its first price in the bucket before FIVE."""
    made = BarBuilder("XBTZAR.luno", 5 * SECOND)
    assert made.add(first_ns, 50.0) is None
    return made


def test_a_bar_holds_the_first_highest_lowest_and_last_price_of_its_bucket() -> None:
    bars = builder()
    for second, price in enumerate([100.0, 103.0, 98.0, 101.0]):
        assert bars.add(FIVE + second * SECOND, price) is None
    bar = bars.add(FIVE + 5 * SECOND, 200.0)
    assert bar is not None
    assert (bar.start_ns, bar.time_ns) == (FIVE, FIVE + 5 * SECOND)
    assert (bar.open, bar.high, bar.low, bar.close, bar.count) == (100.0, 103.0, 98.0, 101.0, 4)
    assert math.isnan(bar.volume)


def test_volume_is_the_sum_where_it_is_known() -> None:
    bars = BarBuilder("XBTZAR.luno", 5 * SECOND)
    bars.add(FIVE - SECOND, 1.0, 9.0)
    bars.add(FIVE, 1.0, 0.5)
    bars.add(FIVE + 1, 1.0, 0.25)
    bar = bars.close_due(FIVE + 5 * SECOND)
    assert bar is not None
    assert bar.volume == 0.75


@pytest.mark.parametrize("length", [SECOND, 5 * SECOND, 60 * SECOND, 3600 * SECOND, 86_400 * SECOND])
def test_buckets_begin_at_whole_multiples_of_their_length_since_the_epoch(length: int) -> None:
    bars = BarBuilder("XBTZAR.luno", length)
    begin = FIVE - FIVE % length + length
    bars.add(begin - 1, 1.0)
    bars.add(begin + length // 3, 1.0)
    bar = bars.close_due(begin + length)
    assert bar is not None
    assert bar.start_ns == begin
    assert bar.start_ns % length == 0


def test_the_first_bucket_is_partial_and_never_delivered() -> None:
    bars = BarBuilder("XBTZAR.luno", 5 * SECOND)
    bars.add(FIVE + 1, 1.0)
    assert bars.close_due(FIVE + 60 * SECOND) is None
    bars = BarBuilder("XBTZAR.luno", 5 * SECOND)
    bars.add(FIVE + 1, 1.0)
    assert bars.add(FIVE + 5 * SECOND, 1.0) is None


def test_a_first_price_at_the_very_start_of_a_bucket_makes_it_whole() -> None:
    bars = BarBuilder("XBTZAR.luno", 5 * SECOND)
    bars.add(FIVE, 1.0)
    assert bars.close_due(FIVE + 5 * SECOND) is not None


def test_an_empty_bucket_makes_no_bar() -> None:
    bars = builder()
    bars.add(FIVE, 1.0)
    first = bars.add(FIVE + 17 * SECOND, 2.0)
    second = bars.close_due(FIVE + 20 * SECOND)
    assert first is not None
    assert second is not None
    assert (first.start_ns, second.start_ns) == (FIVE, FIVE + 15 * SECOND)


def test_a_beat_delivers_a_bar_exactly_at_its_end_and_once() -> None:
    bars = builder()
    bars.add(FIVE, 1.0)
    assert bars.close_due(FIVE + 5 * SECOND - 1) is None
    assert bars.close_due(FIVE + 5 * SECOND) is not None
    assert bars.close_due(FIVE + 6 * SECOND) is None


def test_a_price_after_a_bar_was_delivered_at_a_beat_begins_the_next() -> None:
    bars = builder()
    bars.add(FIVE, 1.0)
    bars.close_due(FIVE + 5 * SECOND)
    assert bars.add(FIVE + 6 * SECOND, 7.0) is None
    bar = bars.close_due(FIVE + 10 * SECOND)
    assert bar is not None
    assert (bar.open, bar.close, bar.count) == (7.0, 7.0, 1)


def test_a_clock_that_steps_back_delivers_no_bucket_twice() -> None:
    bars, delivered = builder(), list[int]()
    for now_ns in (FIVE + SECOND, FIVE + 6 * SECOND, FIVE + 2 * SECOND, FIVE + 7 * SECOND, FIVE + 12 * SECOND):
        bar = bars.add(now_ns, 1.0)
        if bar is not None:
            delivered.append(bar.start_ns)
    assert delivered == sorted(set(delivered))


def minute(number: int, opened: float, high: float, low: float, close: float, volume: float = 1.0, count: int = 2) -> Bar:
    """Return the shorter bar that begins so many minutes after a whole hour."""
    begin_ns = HOUR_NS + number * MINUTE
    return Bar("XBTZAR.luno", begin_ns, begin_ns + MINUTE, opened, high, low, close, volume, count)


def test_shorter_bars_make_a_longer_one_with_the_last_of_them() -> None:
    bars = BarBuilder("XBTZAR.luno", 3 * MINUTE)
    assert bars.add_bar(minute(0, 100.0, 104.0, 99.0, 101.0, 0.5, 4)) == ()
    assert bars.add_bar(minute(1, 101.0, 102.0, 95.0, 96.0, 0.25, 3)) == ()
    (bar,) = bars.add_bar(minute(2, 96.0, 97.0, 96.0, 97.0, 1.0, 1))
    assert bar == Bar("XBTZAR.luno", HOUR_NS, HOUR_NS + 3 * MINUTE, 100.0, 104.0, 95.0, 97.0, 1.75, 8)
    assert bars.close_due(HOUR_NS + 60 * MINUTE) is None, "it was delivered already"
    assert bars.end_ns > HOUR_NS + 60 * MINUTE


def test_a_longer_bar_that_began_before_the_first_shorter_one_is_not_delivered() -> None:
    bars = BarBuilder("XBTZAR.luno", 3 * MINUTE)
    assert bars.add_bar(minute(1, *QUIET)) == ()
    assert bars.add_bar(minute(2, *QUIET)) == ()
    assert bars.add_bar(minute(3, *QUIET)) == ()
    bars.add_bar(minute(4, *QUIET))
    (bar,) = bars.add_bar(minute(5, *QUIET))
    assert bar.start_ns == HOUR_NS + 3 * MINUTE


def test_a_shorter_bar_that_is_missing_at_the_end_closes_the_longer_one_when_the_next_comes() -> None:
    bars = BarBuilder("XBTZAR.luno", 3 * MINUTE)
    bars.add_bar(minute(0, 100.0, 104.0, 99.0, 101.0))
    bars.add_bar(minute(1, 101.0, 102.0, 95.0, 96.0))
    (bar,) = bars.add_bar(minute(4, 90.0, 90.0, 90.0, 90.0))
    assert (bar.time_ns, bar.high, bar.low, bar.close, bar.volume) == (HOUR_NS + 3 * MINUTE, 104.0, 95.0, 96.0, 2.0)


def test_after_a_gap_the_old_bar_and_one_that_the_new_ends_come_in_order() -> None:
    bars = BarBuilder("XBTZAR.luno", 3 * MINUTE)
    bars.add_bar(minute(0, *QUIET))
    old, new = bars.add_bar(minute(8, 90.0, 91.0, 89.0, 90.0))
    assert (old.start_ns, new.start_ns) == (HOUR_NS, HOUR_NS + 6 * MINUTE)
    assert (new.open, new.high, new.low, new.close) == (90.0, 91.0, 89.0, 90.0)


def test_buckets_in_which_nothing_came_make_no_bar() -> None:
    bars = BarBuilder("XBTZAR.luno", 3 * MINUTE)
    for number in (0, 1, 2, 30, 31):
        bars.add_bar(minute(number, *QUIET))
    (bar,) = bars.add_bar(minute(32, *QUIET))
    assert bar.start_ns == HOUR_NS + 30 * MINUTE


def test_a_volume_that_is_not_known_of_one_is_not_known_of_the_whole() -> None:
    bars = BarBuilder("XBTZAR.luno", 2 * MINUTE)
    bars.add_bar(minute(0, *QUIET))
    (bar,) = bars.add_bar(minute(1, *QUIET, volume=math.nan))
    assert math.isnan(bar.volume)


@given(st.lists(st.tuples(st.integers(0, 59), *[st.integers(90, 110)] * 4, st.integers(0, 9)), min_size=1, max_size=30, unique_by=lambda row: row[0]),
       st.sampled_from((2, 3, 5, 15)))
def test_a_longer_bar_is_what_its_shorter_ones_say_whatever_is_missing(rows: list[tuple[int, ...]], length: int) -> None:
    shorter = [minute(row[0], row[1], max(row[1:5]), min(row[1:5]), row[4], row[5], row[5]) for row in sorted(rows)]
    builder_ = BarBuilder("XBTZAR.luno", length * MINUTE)
    found = [bar for one in shorter for bar in builder_.add_bar(one)]
    last = builder_.close_due(HOUR_NS + 60 * MINUTE)
    found += [last] if last is not None else []
    buckets: dict[int, list[Bar]] = {}
    for one in shorter:
        buckets.setdefault(one.start_ns - one.start_ns % (length * MINUTE), []).append(one)
    first = min(buckets)
    if shorter[0].start_ns > first:
        del buckets[first]      # we began to look in the middle of it
    assert found == [Bar("XBTZAR.luno", start_ns, start_ns + length * MINUTE, parts[0].open, max(part.high for part in parts),
                         min(part.low for part in parts), parts[-1].close, sum(part.volume for part in parts), sum(part.count for part in parts))
                     for start_ns, parts in buckets.items()]
