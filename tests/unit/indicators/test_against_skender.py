"""Seventeen tables of the Skender Stock.Indicators project on 502 daily bars of SPY: every column of an indicator of ours, to ten digits."""

import pytest

from tests.unit.indicators.published_tables import ANSWERS, DATA, Table, Tally, line, needs_shared_data
from trading_system import indicators

#: Columns that are neither ours nor made of ours: other readings of the same indicator.
NOT_OURS = {"adx.dx", "adx.adxr", "atr.atrp", "bb.zScore", "donchian.width", "stdev.zScore", "stoch.percentJ", "stoch.j"}


@pytest.mark.shared_data
@needs_shared_data
def test_our_lines_are_those_of_skender() -> None:
    bars = Table.read(DATA / "bars/daily/SPY_1d_2017_2018.csv.gz")
    close, volume = bars("close"), bars("volume")
    hlc = list(zip(bars("high"), bars("low"), close, strict=True))
    hlcv = [(*prices, traded) for prices, traded in zip(hlc, volume, strict=True)]
    tally = Tally("Skender", lambda expected: 1e-10 * max(1.0, abs(expected)))
    files = {
        "adx": (lambda: indicators.ADX(14), hlc, {"pdi": "plus_di", "mdi": "minus_di", "adx": "value"}),
        "atr": (lambda: indicators.ATR(14), hlc, {"atr": "value"}),
        "bb": (lambda: indicators.Bollinger(20, 2), close,
               {"sma": "middle", "upperBand": "upper", "lowerBand": "lower", "percentB": "percent_b", "width": "width"}),
        "ema": (lambda: indicators.EMA(20), close, {"ema": "value"}),
        "macd": (indicators.MACD, close, {"macd": "value", "signal": "signal", "histogram": "histogram"}),
        "obv": (indicators.OBV, list(zip(close, volume, strict=True)), {"obv": "value"}),
        "roc": (lambda: indicators.ROC(14), close, {"roc": "value"}),
        "rsi": (lambda: indicators.RSI(14), close, {"rsi": "value"}),
        "sma": (lambda: indicators.SMA(20), close, {"sma": "value"}),
        "stdev": (lambda: indicators.StandardDeviation(14), close, {"stdDev": "value", "mean": "mean"}),
        "stoch": (indicators.Stochastic, hlc, {"oscillator": "k", "signal": "d", "k": "k", "d": "d"}),
        "tr": (indicators.TrueRange, hlc, {"tr": "value"}),
        "vwap": (indicators.VWAP, hlcv, {"vwap": "value"}),
        "wma": (lambda: indicators.WMA(14), close, {"wma": "value"}),
    }
    tables = {path.name.split(".")[0]: Table.read(path) for path in sorted((ANSWERS / "indicators_skender").glob("*.csv.gz"))}
    assert len(tables) == 17
    for name, (make, feed, columns) in files.items():
        for column, attribute in columns.items():
            tally.compare(f"{name}.{column}", line(make(), feed, attribute), tables[name](column))
    tally.compare("roc.momentum", line(indicators.Momentum(14), close), tables["roc"]("momentum"))
    tally.compare("atr.tr", line(indicators.TrueRange(), hlc), tables["atr"]("tr"))
    for name, period in (("fastEma", 12), ("slowEma", 26)):
        tally.compare(f"macd.{name}", line(indicators.EMA(period), close), tables["macd"](name))

    nan = float("nan")
    for column, attribute in (("upperBand", "upper"), ("centerline", "middle"), ("lowerBand", "lower")):
        ours = line(indicators.Donchian(20), hlc, attribute)
        tally.explain(f"donchian.{column}", "its channel leaves the newest bar out: it is ours before the update", ours, [nan, *ours[:-1]],
                      tables["donchian"](column))

    told = {*tally.agreeing, *tally.explained}
    every = {f"{name}.{column}" for name, table in tables.items() for column in table.columns if column != "timestamp_ms"}
    tally.not_ours = sorted(every - told)
    assert {one for one in tally.not_ours if not one.startswith("pivot")} == NOT_OURS
    tally.finish(agreeing=30, explained=3, not_ours=8 + 9 + 6)
