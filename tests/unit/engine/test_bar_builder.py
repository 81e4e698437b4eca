"""Bars from ticks: aligned to the epoch, whole or not at all, delivered at the first beat or tick after their end."""

import math

import pytest

from trading_system.engine.bar_builder import BarBuilder

SECOND = 1_000_000_000
#: A multiple of five seconds since the epoch.
FIVE = 1_790_000_000 * SECOND


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
