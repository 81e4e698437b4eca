"""Indicators of one price, worked by hand: averages, deviations, bands, speed, extremes, crossings."""

import math
from pathlib import Path
from typing import Any

import pytest

from trading_system import indicators


def values(indicator: Any, *prices: float) -> list[float]:
    """Return what each update returned."""
    return [indicator.update(price) for price in prices]


def same(found: list[float], *expected: float) -> bool:
    """Tell whether the numbers are the expected ones, nan included."""
    return found == pytest.approx(list(expected), nan_ok=True, rel=1e-12)


NAN = math.nan


def test_a_simple_average_moves_with_its_window() -> None:
    assert same(values(indicators.SMA(3), 1, 2, 6, 4, 5, 12), NAN, NAN, 3, 4, 5, 7)
    assert same(values(indicators.SMA(1), 5, 7), 5, 7)


def test_an_exponential_average_begins_with_a_mean_and_then_follows_by_its_weight() -> None:
    assert same(values(indicators.EMA(3), 1, 2, 6, 4, 6), NAN, NAN, 3, 3.5, 4.75)
    assert same(values(indicators.RMA(4), 1, 2, 3, 6, 7), NAN, NAN, NAN, 3, 4)


def test_a_weighted_average_gives_the_newest_price_the_most_weight() -> None:
    assert same(values(indicators.WMA(3), 1, 2, 6, 3, 9), NAN, NAN, (1 + 4 + 18) / 6, (2 + 12 + 9) / 6, (6 + 6 + 27) / 6)


def test_the_deviation_is_of_the_population_or_of_a_sample() -> None:
    assert same(values(indicators.StandardDeviation(4), 2, 4, 4, 6, 8), NAN, NAN, NAN, math.sqrt(2), math.sqrt(2.75))
    assert same(values(indicators.StandardDeviation(4, sample=True), 2, 4, 4, 6), NAN, NAN, NAN, math.sqrt(8 / 3))
    deviation = indicators.StandardDeviation(2)
    values(deviation, 1, 3)
    assert deviation.mean == 2


def test_prices_that_stand_still_have_no_deviation_at_all() -> None:
    assert values(indicators.StandardDeviation(5), *[0.1] * 50)[4:] == [0.0] * 46


def test_bands_stand_as_many_deviations_away_as_asked() -> None:
    bands = indicators.Bollinger(4, 3)
    assert same(values(bands, 2, 4, 4, 6), NAN, NAN, NAN, 4)
    away = 3 * math.sqrt(2)
    assert same([bands.lower, bands.middle, bands.upper], 4 - away, 4, 4 + away)
    assert same([bands.width, bands.percent_b], 2 * away / 4, (6 - 4 + away) / (2 * away))


def test_bands_that_are_one_have_no_place_between_them() -> None:
    bands = indicators.Bollinger(2)
    values(bands, 5, 5)
    assert (bands.upper, bands.lower, bands.width) == (5, 5, 0)
    assert math.isnan(bands.percent_b)


def test_rsi_is_the_share_of_gains() -> None:
    # Changes 2, -1, 3: the first two make the means 1 and 0.5, then (1 + 3) / 2 and 0.5 / 2.
    assert same(values(indicators.RSI(2), 10, 12, 11, 14), NAN, NAN, 100 / 1.5, 100 * 2 / 2.25)


def test_rsi_of_a_market_that_never_moved_is_neutral_and_of_one_that_only_rose_a_hundred() -> None:
    assert values(indicators.RSI(2), 5, 5, 5)[-1] == 50
    assert values(indicators.RSI(2), 5, 6, 7)[-1] == 100


def test_macd_is_the_difference_of_its_averages_and_ready_with_its_signal() -> None:
    macd, fast, slow = indicators.MACD(2, 3, 2), indicators.EMA(2), indicators.EMA(3)
    prices = [1, 4, 2, 7, 3]
    found = values(macd, *prices[:3])
    assert same(found, NAN, NAN, values(fast, *prices[:3])[-1] - values(slow, *prices[:3])[-1])
    assert not macd.is_ready
    later = macd.update(7)
    assert later == pytest.approx(fast.update(7) - slow.update(7))
    assert macd.is_ready
    assert macd.signal == pytest.approx((found[2] + later) / 2)
    assert macd.histogram == pytest.approx(later - macd.signal)


def test_speed_is_measured_from_so_many_prices_ago() -> None:
    assert same(values(indicators.Momentum(2), 10, 11, 15, 5), NAN, NAN, 5, -6)
    assert same(values(indicators.ROC(2), 10, 8, 15, 6), NAN, NAN, 50, -25)
    assert math.isnan(values(indicators.ROC(1), 0, 5)[-1])


def test_extremes_leave_with_the_window() -> None:
    assert same(values(indicators.Highest(3), 5, 1, 2, 3, -4, -6), NAN, NAN, 5, 3, 3, 3)
    assert same(values(indicators.Lowest(3), 5, 1, 2, 3, -4, -6), NAN, NAN, 1, 1, -4, -6)


def test_a_cross_is_told_once_and_equal_is_no_side() -> None:
    cross = indicators.Cross()
    assert math.isnan(cross.value)
    assert [cross.update(line, 5) for line in (NAN, 4, 4, 5, 6, 7, 5, 6, 3)] == [0, 0, 0, 0, 1, 0, 0, 0, -1]
    assert cross.value == -1


@pytest.mark.parametrize(("make", "words"), [
    (lambda: indicators.SMA(0), "SMA needs a period that is a whole number of at least 1, and got 0"),
    (lambda: indicators.EMA(2.5), "EMA needs a period that is a whole number of at least 1, and got 2.5"),
    (lambda: indicators.RMA("3"), "RMA needs a period .* got '3'"),
    (lambda: indicators.WMA(True), "WMA needs a period .* got True"),
    (lambda: indicators.RSI(-14), "RSI needs a period .* got -14"),
    (lambda: indicators.StandardDeviation(1, sample=True), "StandardDeviation needs a period that is a whole number of at least 2, and got 1"),
    (lambda: indicators.Bollinger(20, 0), "Bollinger needs a number of deviations above 0, and got 0"),
    (lambda: indicators.Bollinger(20, NAN), "Bollinger needs a number of deviations above 0, and got nan"),
    (lambda: indicators.MACD(26, 12), "MACD needs a fast period below the slow one, and got 26 and 12"),
    (lambda: indicators.MACD(12, 26, 0), "MACD needs a signal period .* got 0"),
    (lambda: indicators.Donchian(0), "Donchian needs a period"),
    (lambda: indicators.Keltner(20, 2, 0), "Keltner needs an ATR period that is a whole number of at least 1, and got 0"),
    (lambda: indicators.Stochastic(14, 0), "Stochastic needs a smoothing"),
    (lambda: indicators.VWAP(day_starts="5pm"), "VWAP needs day_starts as a time of the day such as '17:00', and got '5pm'"),
    (lambda: indicators.VWAP(day_starts="00:00", timezone="Chicago"), "VWAP needs a timezone .* got 'Chicago'"),
])
def test_a_wrong_setting_is_refused_in_plain_words(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_every_name_on_the_shelf_is_told_of_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "indicators.md").read_text()
    assert [name for name in indicators.__all__ if f"`{name}(" not in text] == []
