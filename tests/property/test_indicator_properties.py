"""Whatever the prices, indicators are what the plain formula says of the window, a refused number changes nothing, and a million prices do no harm."""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_system import Bar, indicators

#: Prices of one market: any height, up to nine digits of movement, also below zero as futures and spreads have been.
PRICES = st.builds(
    lambda height, steps: [height + step for step in steps],
    st.sampled_from((0.0, 1e-4, 1.0, 25_000.0, -37.5, 1e9)),
    st.lists(st.one_of(st.integers(-1000, 1000).map(lambda cents: cents / 100), st.floats(-1e4, 1e4)), min_size=1, max_size=80))
PERIODS = st.integers(1, 17)

Window = Sequence[float]


def deviation(window: Window, divisor: int) -> float:
    """Return a standard deviation without losing digits to the height of the prices."""
    moved = np.asarray(window) - window[0]
    return math.sqrt(float(np.sum((moved - moved.mean()) ** 2)) / divisor)


OF_A_WINDOW: list[tuple[Callable[[int], Any], Callable[[Window], float]]] = [
    (indicators.SMA, lambda window: float(np.mean(window))),
    (indicators.WMA, lambda window: float(np.average(window, weights=range(1, len(window) + 1)))),
    (indicators.Highest, max),
    (indicators.Lowest, min),
    (indicators.StandardDeviation, lambda window: deviation(window, len(window))),
]


@settings(deadline=None)
@given(PRICES, PERIODS)
@pytest.mark.parametrize(("make", "formula"), OF_A_WINDOW, ids=lambda one: getattr(one, "__name__", "formula"))
def test_a_moving_window_is_what_the_formula_says_of_it(make: Any, formula: Any, prices: list[float], period: int) -> None:
    indicator = make(period)
    for count, price in enumerate(prices, 1):
        value = indicator.update(price)
        assert value is indicator.value
        assert indicator.is_ready == (count >= period)
        if count >= period:
            window = prices[count - period:count]
            reach = max(window) - min(window) if make is indicators.StandardDeviation else max(map(abs, window))
            assert abs(value - formula(window)) <= 1e-12 * reach
        else:
            assert math.isnan(value)


@settings(deadline=None)
@given(PRICES, st.integers(2, 17))
def test_a_sample_deviates_more_than_the_population_by_its_known_factor(prices: list[float], period: int) -> None:
    sample, population = indicators.StandardDeviation(period, sample=True), indicators.StandardDeviation(period)
    for price in prices:
        assert sample.update(price) == pytest.approx(population.update(price) * math.sqrt(period / (period - 1)), rel=1e-12, nan_ok=True)


@settings(deadline=None)
@given(PRICES, PERIODS)
def test_recursive_averages_are_their_recursion_after_a_mean(prices: list[float], period: int) -> None:
    for make, weight in ((indicators.EMA, 2 / (period + 1)), (indicators.RMA, 1 / period)):
        indicator, expected = make(period), math.nan
        for count, price in enumerate(prices, 1):
            if count == period:
                expected = float(np.mean(prices[:period]))
            elif count > period:
                expected = weight * price + (1 - weight) * expected
            assert indicator.update(price) == pytest.approx(expected, rel=1e-12, abs=1e-11 * max(map(abs, prices)), nan_ok=True)


@settings(deadline=None)
@given(PRICES, PERIODS)
def test_rsi_stays_in_its_range_and_mirrors_a_mirrored_market(prices: list[float], period: int) -> None:
    upright, mirrored = indicators.RSI(period), indicators.RSI(period)
    for price in prices:
        value, other = upright.update(price), mirrored.update(-price)
        if upright.is_ready:
            assert 0 <= value <= 100
            assert value + other == pytest.approx(100)


def test_a_wild_price_leaves_no_trace_once_it_has_left_the_window() -> None:
    for make, formula in OF_A_WINDOW:
        indicator = make(5)
        for price in (1.1, 1e15, -3e14, 1.2, 1.3, 1.4, 1.5, 1.6):
            indicator.update(price)
        assert indicator.value == pytest.approx(formula([1.2, 1.3, 1.4, 1.5, 1.6]), rel=1e-12)


def test_after_a_million_prices_far_from_zero_nothing_has_drifted() -> None:
    random, period = Random(7), 20
    price, window = 1e9, []
    mean, spread, bands, weighted = (indicators.SMA(period), indicators.StandardDeviation(period), indicators.Bollinger(period),
                                     indicators.WMA(period))
    for _ in range(1_000_000):
        price = round(price + random.gauss(0, 1), 3)
        window.append(price)
        mean.update(price)
        spread.update(price)
        bands.update(price)
        weighted.update(price)
    last = window[-period:]
    expected = deviation(last, period)
    assert mean.value == pytest.approx(float(np.mean(last)), rel=1e-15)
    assert weighted.value == pytest.approx(float(np.average(last, weights=range(1, period + 1))), rel=1e-15)
    assert spread.value == pytest.approx(expected, rel=1e-12)
    assert spread.value == pytest.approx(float(np.std(last)), rel=1e-9)
    assert bands.upper - bands.middle == pytest.approx(2 * expected, rel=1e-6)    # what is left of them at this height


ALL: dict[str, Callable[[], Any]] = {
    "SMA": lambda: indicators.SMA(3), "EMA": lambda: indicators.EMA(3), "RMA": lambda: indicators.RMA(3), "WMA": lambda: indicators.WMA(3),
    "StandardDeviation": lambda: indicators.StandardDeviation(3), "Bollinger": lambda: indicators.Bollinger(3), "RSI": lambda: indicators.RSI(3),
    "MACD": lambda: indicators.MACD(2, 3, 2), "Momentum": lambda: indicators.Momentum(3), "ROC": lambda: indicators.ROC(3),
    "Highest": lambda: indicators.Highest(3), "Lowest": lambda: indicators.Lowest(3), "TrueRange": indicators.TrueRange,
    "ATR": lambda: indicators.ATR(3), "Keltner": lambda: indicators.Keltner(3, 2, 3), "ADX": lambda: indicators.ADX(3),
    "Donchian": lambda: indicators.Donchian(3), "Stochastic": lambda: indicators.Stochastic(3), "WilliamsR": lambda: indicators.WilliamsR(3),
    "CCI": lambda: indicators.CCI(3), "MFI": lambda: indicators.MFI(3), "VWAP": indicators.VWAP, "VWMA": lambda: indicators.VWMA(3),
    "OBV": indicators.OBV, "AccumulationDistribution": indicators.AccumulationDistribution,
}
LINES = ("value", "upper", "lower", "signal", "d", "plus_di", "minus_di", "mean")
TAKES_A_PRICE = ("SMA", "EMA", "RMA", "WMA", "StandardDeviation", "Bollinger", "RSI", "MACD", "Momentum", "ROC", "Highest", "Lowest")


def test_every_indicator_but_the_cross_is_tried_here() -> None:
    assert {*ALL, "Cross"} == {*indicators.__all__}


def lines(indicator: Any) -> list[float]:
    """Return every line that an indicator has."""
    return [getattr(indicator, name) for name in LINES if hasattr(indicator, name)]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_price_that_is_no_number_is_refused_and_changes_nothing(name: str, wrong: float) -> None:
    random = Random(3)
    disturbed, undisturbed = ALL[name](), ALL[name]()
    for count in range(40):
        close = 100 + random.gauss(0, 5)
        bar = Bar("GOLD.exchange", count, count + 1, close, close + random.random(), close - random.random(), close, 1 + random.random())
        for indicator in (disturbed, undisturbed):
            indicator.update(bar.close if name in TAKES_A_PRICE else bar)
        with pytest.raises(ValueError, match=r"finite prices only, and got .*; it has not changed"):
            disturbed.update(wrong if name in TAKES_A_PRICE else Bar("GOLD.exchange", count, count + 1, close, bar.high, bar.low, wrong, bar.volume))
        assert lines(disturbed) == pytest.approx(lines(undisturbed), nan_ok=True, rel=0, abs=0)
    assert disturbed.is_ready
