"""How many prices or bars each line needs for its first value, as docs/indicators.md says, and that one bar fewer gives nan."""

import math
from typing import Any

import pytest

from trading_system import Bar, indicators

BARS = [Bar("GOLD.exchange", count, count + 1, 10.0, 12.0 + count % 3, 8.0 - count % 4, 9.0 + count % 5, 100.0) for count in range(60)]


@pytest.mark.parametrize(("indicator", "attribute", "needed"), [
    (indicators.SMA(5), "value", 5), (indicators.EMA(5), "value", 5), (indicators.RMA(5), "value", 5), (indicators.WMA(5), "value", 5),
    (indicators.StandardDeviation(5), "value", 5), (indicators.StandardDeviation(5), "mean", 5), (indicators.Bollinger(5), "upper", 5),
    (indicators.RSI(5), "value", 6), (indicators.MACD(12, 26, 9), "value", 26), (indicators.MACD(12, 26, 9), "signal", 34),
    (indicators.Momentum(5), "value", 6), (indicators.ROC(5), "value", 6), (indicators.Highest(5), "value", 5), (indicators.Lowest(5), "value", 5),
])
def test_a_line_of_prices_begins_where_the_page_says(indicator: Any, attribute: str, needed: int) -> None:
    assert first_value(indicator, [bar.close for bar in BARS], attribute) == needed


@pytest.mark.parametrize(("indicator", "attribute", "needed"), [
    (indicators.TrueRange(), "value", 2), (indicators.ATR(5), "value", 6), (indicators.Keltner(5, 2, 10), "value", 5),
    (indicators.Keltner(5, 2, 10), "upper", 11), (indicators.Keltner(20, 2, 10), "lower", 20), (indicators.ADX(5), "value", 10),
    (indicators.ADX(5), "plus_di", 6), (indicators.Donchian(5), "lower", 5), (indicators.Stochastic(5, 3, 4), "k", 7),
    (indicators.Stochastic(5, 3, 4), "d", 10), (indicators.WilliamsR(5), "value", 5), (indicators.CCI(5), "value", 5),
    (indicators.VWAP(), "value", 1), (indicators.VWAP(day_starts="00:00"), "value", 1), (indicators.VWMA(5), "value", 5),
    (indicators.OBV(), "value", 1), (indicators.MFI(5), "value", 6), (indicators.AccumulationDistribution(), "value", 1),
])
def test_a_line_of_bars_begins_where_the_page_says(indicator: Any, attribute: str, needed: int) -> None:
    assert first_value(indicator, BARS, attribute) == needed


def first_value(indicator: Any, feed: list[Any], attribute: str) -> int:
    """Return the count of the first update that gave the line a value; being ready is having all of them."""
    for count, each in enumerate(feed, 1):
        indicator.update(each)
        if not math.isnan(getattr(indicator, attribute)):
            return count
        assert not indicator.is_ready or attribute != "value"
    raise AssertionError("never")
