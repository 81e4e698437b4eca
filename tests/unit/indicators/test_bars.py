"""Indicators of bars, worked by hand: ranges, channels, direction, oscillators, and the days of a VWAP."""

import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trading_system import Bar, indicators

NAN = math.nan


def bar(high: float, low: float, close: float, volume: float = NAN, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> Bar:
    """Return a bar of a minute."""
    start_ns = int(start.timestamp()) * 10**9
    return Bar("GOLD.exchange", start_ns, start_ns + 60 * 10**9, close, high, low, close, volume)


def values(indicator: Any, *bars: tuple[float, ...]) -> list[float]:
    """Return what each update returned."""
    return [indicator.update(bar(*numbers)) for numbers in bars]


def same(found: list[float], *expected: float) -> bool:
    """Tell whether the numbers are the expected ones, nan included."""
    return found == pytest.approx(list(expected), nan_ok=True, rel=1e-12)


def test_the_true_range_reaches_to_the_close_before() -> None:
    assert same(values(indicators.TrueRange(), (10, 8, 9), (10, 9, 9.5), (13, 12, 12), (11, 10, 10)), NAN, 1, 3.5, 2)


def test_the_average_true_range_begins_with_a_mean_and_leaves_the_first_bar_out() -> None:
    assert same(values(indicators.ATR(2), (10, 8, 9), (10, 9, 9.5), (13, 12, 12), (11, 10, 10)), NAN, NAN, 2.25, 2.125)


def test_the_keltner_channel_stands_ranges_away_and_is_ready_with_both() -> None:
    channel = indicators.Keltner(2, 1.5, atr_period=2)
    values(channel, (10, 8, 9), (10, 9, 9.5))
    assert not channel.is_ready
    middle = 9.25 + 2 / 3 * (12 - 9.25)
    assert channel.update(bar(13, 12, 12)) == pytest.approx(middle)
    assert channel.is_ready
    assert same([channel.lower, channel.middle, channel.upper], middle - 1.5 * 2.25, middle, middle + 1.5 * 2.25)


def test_the_channel_holds_the_newest_bar() -> None:
    channel = indicators.Donchian(2)
    assert same(values(channel, (10, 8, 9), (9, 7, 8), (8, 6, 7)), NAN, 8.5, 7.5)
    assert (channel.upper, channel.middle, channel.lower, channel.period) == (9, 7.5, 6, 2)


def test_direction_is_the_share_of_the_stronger_side() -> None:
    # Up 2 and 1, down 0 and 0: all movement is upward; the true ranges are 3 and 2.
    index = indicators.ADX(2)
    found = values(index, (10, 8, 9), (12, 9, 11), (13, 11, 12))
    assert same([index.plus_di, index.minus_di], 100 * 1.5 / 2.5, 0)
    assert same(found, NAN, NAN, NAN)
    # Down 3: plus 0.75, minus 1.5, so the index is 100 / 3 after 100.
    assert index.update(bar(12, 8, 9)) == pytest.approx((100 + 100 / 3) / 2)


def test_oscillators_tell_where_the_close_stands() -> None:
    bars = ((10, 8, 9), (12, 9, 11), (11, 8, 8))
    fast = indicators.Stochastic(2, 1, 2)
    assert same(values(fast, *bars), NAN, 75, 0)
    assert (fast.k, fast.d, fast.is_ready) == (0, 37.5, True)
    slow = indicators.Stochastic(2, 2, 1)
    assert same(values(slow, *bars), NAN, NAN, 37.5)
    assert same(values(indicators.WilliamsR(2), *bars), NAN, -25, -100)


def test_a_market_that_stands_still_is_neither_high_nor_low() -> None:
    still = [(5.1, 5.1, 5.1, 3.0)] * 30
    assert values(indicators.Stochastic(3, 2, 2), *still)[-1] == 50
    assert values(indicators.WilliamsR(3), *still)[-1] == -50
    assert values(indicators.CCI(3), *still)[-1] == 0
    assert values(indicators.MFI(3), *still)[-1] == 50
    assert values(indicators.ADX(3), *still)[-1] == 0


def test_cci_counts_mean_deviations() -> None:
    # Typical prices 3, 6, 12: mean 7, mean deviation (4 + 1 + 5) / 3.
    assert same(values(indicators.CCI(3), (3, 3, 3), (6, 6, 6), (13, 11, 12)), NAN, NAN, 5 / (0.015 * 10 / 3))


def test_money_flow_is_the_share_of_what_rose() -> None:
    assert same(values(indicators.MFI(2), (3, 3, 3, 1), (4, 4, 4, 5), (2, 2, 2, 10)), NAN, NAN, 50)
    assert same(values(indicators.MFI(1), (3, 3, 3, 1), (4, 4, 4, 5), (2, 2, 2, 10)), NAN, 100, 0)


def test_totals_of_volume_go_with_the_close() -> None:
    assert values(indicators.OBV(), (9, 1, 5, 10), (9, 1, 6, 4), (9, 1, 6, 7), (9, 1, 2, 1)) == [0, 4, 4, 3]
    assert values(indicators.AccumulationDistribution(), (9, 1, 9, 10), (9, 1, 3, 8), (5, 5, 5, 8)) == [10, 6, 6]


def test_averages_by_volume() -> None:
    assert same(values(indicators.VWAP(), (4, 2, 3, 0), (4, 2, 3, 1), (8, 4, 6, 2)), NAN, 3, 5)
    assert same(values(indicators.VWMA(2), (9, 1, 4, 0), (9, 1, 6, 0), (9, 1, 6, 1), (9, 1, 3, 2)), NAN, NAN, 6, 4)


def test_a_vwap_that_is_reset_forgets() -> None:
    vwap = indicators.VWAP()
    values(vwap, (4, 2, 3, 1))
    vwap.reset()
    assert not vwap.is_ready
    assert values(vwap, (8, 4, 6, 2)) == [6]


def test_a_vwap_of_the_day_begins_with_the_first_bar_of_each_day() -> None:
    vwap = indicators.VWAP(day_starts="00:00")
    times = (datetime(2024, 1, 1, 23, 58, tzinfo=UTC), datetime(2024, 1, 1, 23, 59, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC),
             datetime(2024, 1, 5, 12, tzinfo=UTC))
    assert [vwap.update(bar(price, price, price, 1, start)) for price, start in zip((10, 20, 30, 40), times, strict=True)] == [10, 15, 30, 40]


@pytest.mark.parametrize("day", [8, 9, 10, 11])      # on 10 March 2024 clocks in Chicago went forward
def test_a_session_begins_at_its_hour_of_the_place_in_summer_and_in_winter(day: int) -> None:
    vwap = indicators.VWAP(day_starts="17:00", timezone="America/Chicago")
    place = ZoneInfo("America/Chicago")
    times = (datetime(2024, 3, day, 16, 58, tzinfo=place), datetime(2024, 3, day, 16, 59, tzinfo=place), datetime(2024, 3, day, 17, tzinfo=place),
             datetime(2024, 3, day + 1, 16, 59, tzinfo=place), datetime(2024, 3, day + 1, 17, tzinfo=place))
    found = [vwap.update(bar(price, price, price, 1, start)) for price, start in zip((10, 20, 30, 40, 50), times, strict=True)]
    assert found == [10, 15, 30, 35, 50]


@pytest.mark.parametrize("make", [indicators.VWAP, indicators.OBV, indicators.MFI, indicators.AccumulationDistribution, lambda: indicators.VWMA(2),
                                  lambda: indicators.VWAP(day_starts="00:00")])
@pytest.mark.parametrize("volume", [NAN, math.inf, -1.0])
def test_a_volume_that_is_not_known_is_refused(make: Any, volume: float) -> None:
    with pytest.raises(ValueError, match="needs a volume of 0 or more"):
        make().update(bar(3, 1, 2, volume))
