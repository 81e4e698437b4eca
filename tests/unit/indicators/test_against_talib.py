"""TA-Lib's lines on 5,760 bars of ETH/BTC and 8,198 bars of the ES future: the same digits, or the reason why not."""

import math

import pytest

from tests.unit.indicators.published_tables import ANSWERS, DATA, Table, Tally, line, needs_shared_data, with_blanks_of
from trading_system import indicators

FILES = {"crypto_binance_ETHBTC_5m": "crypto/binance_ETHBTC_5m", "futures_ESZ3_1m_201310": "futures/ESZ3_1m_201310"}


def macd_of_talib(close: list[float]) -> tuple[list[float], list[float]]:
    """Return MACD and signal put together of our EMAs, the fast one begun late enough to have its first value together with the slow one."""
    fast, slow, smooth = indicators.EMA(12), indicators.EMA(26), indicators.EMA(9)
    values, signals = [], []
    for count, price in enumerate(close):
        if count >= 26 - 12:
            fast.update(price)
        slow.update(price)
        value = fast.value - slow.value
        signals.append(smooth.update(value) if value == value else math.nan)
        values.append(value)
    return values, signals


def adx_of_talib(bars: list[tuple[float, float, float]]) -> list[float]:
    """Return ADX with sums that begin with 13 changes: the first bar given twice adds a change of nothing, which makes them 14."""
    index, average, values = indicators.ADX(14), indicators.RMA(14), []
    index.update_values(*bars[0])
    for count, bar in enumerate(bars):
        index.update_values(*bar)
        both = index.plus_di + index.minus_di
        if count >= 14:
            average.update(100 * abs(index.plus_di - index.minus_di) / both)
        values.append(average.value)
    return values


@pytest.mark.shared_data
@needs_shared_data
@pytest.mark.parametrize(("answers", "source"), FILES.items())
def test_our_lines_are_those_of_talib(answers: str, source: str) -> None:
    bars, theirs = Table.read(DATA / f"bars/{source}.csv.gz"), Table.read(ANSWERS / f"talib/{answers}.csv.gz")
    close = bars("close")
    hlc = list(zip(bars("high"), bars("low"), close, strict=True))
    # The tables hold twelve significant digits; lines around zero are differences of numbers as large as the price.
    scale = max(close)
    tally = Tally(f"TA-Lib {answers}", lambda expected: 1e-11 * abs(expected) + 1e-12 * scale)
    plain = {
        "sma_20": (indicators.SMA(20), close, "value"), "ema_20": (indicators.EMA(20), close, "value"),
        "wma_20": (indicators.WMA(20), close, "value"), "rsi_14": (indicators.RSI(14), close, "value"),
        "atr_14": (indicators.ATR(14), hlc, "value"), "bb_upper_20_2": (indicators.Bollinger(20, 2), close, "upper"),
        "bb_mid_20": (indicators.Bollinger(20, 2), close, "middle"), "bb_lower_20_2": (indicators.Bollinger(20, 2), close, "lower"),
        "stoch_d_3": (indicators.Stochastic(14, 3, 3), hlc, "d"), "roc_10": (indicators.ROC(10), close, "value"),
        "donchian_high_20": (indicators.Donchian(20), hlc, "upper"), "donchian_low_20": (indicators.Donchian(20), hlc, "lower"),
        "stddev_20": (indicators.StandardDeviation(20), close, "value"), "willr_14": (indicators.WilliamsR(14), hlc, "value"),
    }
    for name, (indicator, feed, attribute) in plain.items():
        tally.compare(name, line(indicator, feed, attribute), theirs(name))
    # The mean deviation of prices that hardly move has few digits left, in either program.
    tally.compare("cci_20", line(indicators.CCI(20), hlc), theirs("cci_20"), tolerance=1e-8)

    macd, (their_macd, their_signal) = indicators.MACD(12, 26, 9), macd_of_talib(close)
    ours = line(macd, close)
    sentence = "the fast average begins as late as the slow one, and no line is shown before the signal"
    tally.explain("macd", sentence, ours, with_blanks_of(theirs("macd"), their_macd), theirs("macd"))
    tally.explain("macd_signal", sentence, line(indicators.MACD(), close, "signal"), their_signal, theirs("macd_signal"))
    tally.explain("macd_hist", sentence, line(indicators.MACD(), close, "histogram"),
                  [value - signal for value, signal in zip(their_macd, their_signal, strict=True)], theirs("macd_hist"))
    tally.explain("adx_14", "its sums begin with 13 changes, not with 14 as in Wilder's book", line(indicators.ADX(14), hlc), adx_of_talib(hlc),
                  theirs("adx_14"), tolerance=1e-9)
    k = line(indicators.Stochastic(14, 3, 3), hlc)
    tally.explain("stoch_k_14_3", "k is not shown before d", k, with_blanks_of(theirs("stoch_k_14_3"), k), theirs("stoch_k_14_3"),
                  tolerance=1e-10)
    volume = bars("volume")
    obv = line(indicators.OBV(), zip(close, volume, strict=True))
    tally.explain("obv", "it begins with the first bar's volume, ours with 0", obv, [value + volume[0] for value in obv], theirs("obv"),
                  tolerance=1e-11 * max(abs(value) for value in theirs("obv")))
    tally.not_ours = sorted(theirs.columns.keys() - {"timestamp_ms", *tally.agreeing, *tally.explained})
    tally.finish(agreeing=15, explained=6, not_ours=1)
