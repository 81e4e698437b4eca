"""The fifty cases of Tulip Indicators: worked examples of Achelis' book, corner cases, and what that library puts out."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.indicators.published_tables import Tally, cases, line, needs_shared_data, smoothed
from trading_system import indicators

#: Per name: how ours is made of the options, the number of inputs, the lines in the order of that library.
OURS: dict[str, tuple[Callable[..., Any], int, tuple[str, ...]]] = {
    "ad": (indicators.AccumulationDistribution, 4, ("value",)), "adx": (indicators.ADX, 2, ("value",)),
    "atr": (indicators.ATR, 3, ("value",)), "bbands": (lambda period, k: indicators.Bollinger(period, k), 1, ("lower", "middle", "upper")),
    "cci": (indicators.CCI, 3, ("value",)), "crossany": (indicators.Cross, 2, ("value",)), "crossover": (indicators.Cross, 2, ("value",)),
    "ema": (indicators.EMA, 1, ("value",)), "macd": (indicators.MACD, 1, ("value", "signal", "histogram")),
    "max": (indicators.Highest, 1, ("value",)), "min": (indicators.Lowest, 1, ("value",)), "mom": (indicators.Momentum, 1, ("value",)),
    "obv": (indicators.OBV, 2, ("value",)), "roc": (indicators.ROC, 1, ("value",)), "rsi": (indicators.RSI, 1, ("value",)),
    "sma": (indicators.SMA, 1, ("value",)), "stddev": (indicators.StandardDeviation, 1, ("value",)),
    "stoch": (indicators.Stochastic, 3, ("k", "d")), "tr": (indicators.TrueRange, 3, ("value",)), "vwma": (indicators.VWMA, 2, ("value",)),
    "wma": (indicators.WMA, 1, ("value",)),
}
#: The unit that others count in.
IN_THEIR_UNIT: dict[str, Callable[[float], float]] = {
    "roc": lambda percent: percent / 100, "crossany": abs, "crossover": lambda crossed: float(crossed > 0)}


def macd_of_tulip(prices: list[float], fast: int, slow: int, signal: int) -> dict[str, list[float]]:
    """Return its three lines: averages that begin with the first price, and for 12 and 26 the old weights 0.15 and 0.075."""
    weights = (0.15, 0.075) if (fast, slow) == (12, 26) else (2 / (fast + 1), 2 / (slow + 1))
    quick, calm = smoothed(prices, weights[0]), smoothed(prices, weights[1])
    value = [a - b for a, b in zip(quick, calm, strict=True)][slow - 1:]
    signals = smoothed(value, 2 / (signal + 1))
    return {"value": value, "signal": signals, "histogram": [a - b for a, b in zip(value, signals, strict=True)]}


def explanation(name: str, options: list[Any], feed: list[Any], attribute: str, ours: list[float]) -> tuple[str, list[float]] | None:
    """Return why that library differs, with ours done its way."""
    if name == "ema":
        first, period = feed[0], options[0]
        return "it begins with the first price: ours with the first price given so often", line(indicators.EMA(period), [first] * (period - 1) + feed)
    if name == "macd":
        return "averages begin with the first price, 12 and 26 weigh 0.15 and 0.075", macd_of_tulip(feed, *options)[attribute]
    if name in ("atr", "tr"):
        # A bar before the first that is nothing but its close leaves the first bar's range as it is.
        before = (feed[0][2],) * 3
        return "the first bar has a true range, from high to low", line(OURS[name][0](*options), [before, *feed])
    if name == "adx":
        return "its sums begin with one change less than in Wilder's book", line(indicators.ADX(*options), [feed[0], *feed])
    if name == "ad":
        return "the book adds numbers that it has rounded: the last place is off by one at most", ours
    return None


@pytest.mark.shared_data
@needs_shared_data
def test_our_lines_are_those_of_tulip() -> None:
    tally = Tally("Tulip")
    every = cases("tulip_expected.json")
    assert len(every) == 50
    for number, case in enumerate(every):
        name, arrays = case["indicator"], case["arrays"]
        if name not in OURS:
            tally.not_ours.append(f"{name} {case['file']}")
            continue
        make, inputs, attributes = OURS[name]
        options = [int(option) if option == int(option) else option for option in case["options"]]
        feed = arrays[0] if inputs == 1 else list(zip(*arrays[:inputs], strict=True))
        if name == "adx":
            feed = [(high, low, (high + low) / 2) for high, low in feed]        # the close has no part in it: ranges cancel out
        for attribute, theirs in zip(attributes, arrays[inputs:], strict=True):
            in_unit = IN_THEIR_UNIT.get(name, float)
            ours = [in_unit(value) for value in line(make(*options), feed, attribute)][-len(theirs):]
            label = f"{number} {name}.{attribute} {case['file']}"
            # Written with so many places, but with ten significant digits at most.
            unit = max(10.0 ** -max(len(repr(value).partition(".")[2]) for value in theirs), 1e-9 * max(map(abs, theirs)))
            reason = explanation(name, options, feed, attribute, ours)
            if reason is None or (name, case["file"]) == ("ad", "untest"):
                tally.compare(label, ours, theirs, 0.5001 * unit)
            else:
                sentence, their_way = reason
                # What was worked by hand has gathered the rounding of its steps.
                is_by_hand = case["file"] == "atoz" and name in ("ad", "adx")
                tally.explain(label, sentence, ours, their_way[-len(theirs):], theirs, (1.0 if is_by_hand else 0.5001) * unit, 0.5001 * unit)
    tally.finish(agreeing=42, explained=16, not_ours=2)
