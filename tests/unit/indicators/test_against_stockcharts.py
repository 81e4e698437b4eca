"""Fifteen spreadsheets of StockCharts' ChartSchool: every column of an indicator of ours, to the digits they are written with."""

import math

import pytest

from tests.unit.indicators.published_tables import ANSWERS, Table, Tally, line, needs_shared_data, smoothed, with_blanks_of
from trading_system import indicators

FOLDER = ANSWERS / "ta_stockcharts"


def sheet(name: str) -> Table:
    """Return a spreadsheet."""
    return Table.read(FOLDER / f"cs-{name}.csv")


def bars_of(table: Table, *names: str) -> list[tuple[float, ...]]:
    """Return columns side by side."""
    return list(zip(*map(table, names or ("High", "Low", "Close")), strict=True))


def tolerance(table: Table, column: str) -> float:
    """Return half a unit of the last place that a column is written with, nine places at most."""
    return 0.5001 * 10.0 ** -min(table.places(column), 9)


def blank_to_zero(values: list[float]) -> list[float]:
    """Return 0 where there is no value: these sheets leave no cell empty."""
    return [value if value == value else 0.0 for value in values]


@pytest.mark.shared_data
@needs_shared_data
def test_columns_that_agree_as_they_are() -> None:
    tally = Tally("StockCharts, as they are")
    accum, adx, bands, channel, flow = sheet("accum"), sheet("adx"), sheet("bbands"), sheet("dc"), sheet("mfi")
    change, obv = sheet("roc"), sheet("obv")
    hlcv = ("High", "Low", "Close", "Volume")
    lines = [
        (accum, "ADLine", indicators.AccumulationDistribution(), bars_of(accum, *hlcv), "value"),
        *((adx, column, indicators.ADX(14), bars_of(adx), attribute)
          for column, attribute in (("+DI14", "plus_di"), ("-DI14", "minus_di"), ("ADX", "value"))),
        (adx, "TR", indicators.TrueRange(), bars_of(adx), "value"),
        *((bands, column, indicators.Bollinger(20, 2), bands("Close"), attribute) for column, attribute in (
            ("MiddleBand", "middle"), ("HighBand", "upper"), ("LowBand", "lower"), ("PercentageBand", "percent_b"))),
        (bands, "20-day Standard Deviation", indicators.StandardDeviation(20), bands("Close"), "value"),
        *((channel, column, indicators.Donchian(20), bars_of(channel, "high", "low", "close"), attribute) for column, attribute in (
            ("upper_band", "upper"), ("middle_band", "middle"), ("lower_band", "lower"))),
        (channel, "average", indicators.SMA(20), channel("close"), "value"),
        (flow, "MFI", indicators.MFI(14), bars_of(flow, *hlcv), "value"),
        (change, "ROC", indicators.ROC(12), change("Close"), "value"),
    ]
    for table, column, indicator, feed, attribute in lines:
        tally.compare(column, line(indicator, feed, attribute), table(column), tolerance(table, column))
    # The first row has neither a volume nor a line.
    volume = [0.0, *obv("Volume")[1:]]
    tally.compare("OBV", with_blanks_of(obv("OBV"), line(indicators.OBV(), zip(obv("Close"), volume, strict=True))), obv("OBV"))
    tally.finish(agreeing=17, explained=0, not_ours=0)


@pytest.mark.shared_data
@needs_shared_data
def test_columns_that_begin_another_way() -> None:
    tally = Tally("StockCharts, begun another way")
    for name, period in (("atr", 14), ("atr2", 10)):
        table = sheet(name)
        bars = bars_of(table)
        before = (bars[0][2],) * 3          # nothing but a close: it leaves the first bar's range as it is
        first_has_one = "the first bar has a true range, from high to low; cells without a value hold 0"
        tally.explain(f"{name} TR", first_has_one, line(indicators.TrueRange(), bars), line(indicators.TrueRange(), [before, *bars])[1:], table("TR"))
        tally.explain(f"{name} ATR", first_has_one, line(indicators.ATR(period), bars),
                      blank_to_zero(line(indicators.ATR(period), [before, *bars])[1:]), table("ATR"))

    keltner = sheet("kc")
    bars = bars_of(keltner)
    flat = [(bars[0][2],) * 3]
    atr = line(indicators.ATR(10), [*flat, *bars])[1:]
    middle = line(indicators.EMA(20), [bars[0][2]] * 19 + keltner("Close"))[19:]
    sentence = "the average begins with the first close, the ATR with the first bar's range"
    tally.explain("kc atr", sentence, line(indicators.ATR(10), bars), blank_to_zero(atr), keltner("atr"))
    for column, attribute, side in (("upper_band", "upper", 2), ("middle_band", "middle", 0), ("lower_band", "lower", -2)):
        theirs = [center + side * width if side else center for center, width in zip(middle, atr, strict=True)]
        tally.explain(f"kc {column}", sentence, line(indicators.Keltner(20, 2, 10), bars, attribute), theirs, keltner(column))

    macd = sheet("macd")
    close, theirs = macd("Close"), macd("MACD_line")
    sentence = "the averages begin with the first close"
    averages = [line(indicators.EMA(period), [close[0]] * (period - 1) + close)[period - 1:] for period in (12, 26)]
    for column, period, average in (("short_ema", 12, averages[0]), ("long_ema", 26, averages[1])):
        tally.explain(f"macd {column}", sentence, line(indicators.EMA(period), close), average, macd(column), 1e-8)
    difference = [fast - slow for fast, slow in zip(*averages, strict=True)]
    tally.explain("macd MACD_line", sentence, line(indicators.MACD(), close), with_blanks_of(theirs, difference), theirs, 1e-8)
    signal = macd("MACD_signal")
    signals = [math.nan, math.nan, *smoothed(difference[3:], 0.2, signal[2])]
    signals.insert(2, signal[2])
    sentence = "its first value comes from rows that the sheet does not show; from there on the weights are ours"
    tally.explain("macd MACD_signal", sentence, line(indicators.MACD(), close, "signal"), signals, signal, 1e-8)
    tally.explain("macd MACD_diff", sentence, line(indicators.MACD(), close, "histogram"),
                  [value - smooth for value, smooth in zip(difference, signals, strict=True)], macd("MACD_diff"), 1e-8)

    strength = sheet("rsi")
    close = strength("Close")
    their_way = line(indicators.RSI(14), [close[0]] * 14 + close)[14:]
    tally.explain("rsi", "gain and loss begin with 0, as if the price had stood still for 14 rows", line(indicators.RSI(14), close),
                  with_blanks_of(strength("RSI"), their_way), strength("RSI"), 0.5001e-6)

    stochastic = sheet("soo")
    # Closes are given from the fourteenth row only, the first that they matter in.
    bars = [(high, low, close if close == close else low) for high, low, close in bars_of(stochastic)]
    tally.compare("soo SO", line(indicators.Stochastic(14, 1, 3), bars), stochastic("SO"), tolerance(stochastic, "SO"))
    d = line(indicators.Stochastic(14, 1, 3), bars, "d")
    tally.explain("soo SO_SIG", "the first cell that has three values is left empty; some digits are cut off, not rounded", d,
                  with_blanks_of(stochastic("SO_SIG"), d), stochastic("SO_SIG"), 1e-6)

    bands = sheet("bbands")
    width = line(indicators.Bollinger(20, 2), bands("Close"), "width")
    tally.explain("bbands WidthBand", "it is in percent", width, [100 * value for value in width], bands("WidthBand"), 0.5001e-6)

    weighted = sheet("wma")
    ours = line(indicators.WMA(9), weighted("Close"))
    tally.explain("wma", "the first eight values come from rows that the sheet does not show", ours, weighted("WMA")[:8] + ours[8:],
                  weighted("WMA"), tolerance(weighted, "WMA"))

    vwap = sheet("vwap")
    bars = bars_of(vwap, "High", "Low", "Close", "Volume")
    window = [((high + low + close) / 3, volume) for high, low, close, volume in bars]
    running = line(indicators.VWAP(), bars)
    moving = running[:13] + line(indicators.VWMA(14), window)[13:]
    tally.explain("vwap", "it is no VWAP after 14 rows but a moving average of 14 rows, our VWMA of the typical price", running, moving, vwap("vwap"))
    tally.finish(agreeing=1, explained=18, not_ours=0)


@pytest.mark.shared_data
@needs_shared_data
def test_every_spreadsheet_is_looked_at() -> None:
    names = {path.stem.removeprefix("cs-") for path in FOLDER.glob("cs-*.csv")}
    assert names == {"accum", "adx", "atr", "atr2", "bbands", "dc", "kc", "macd", "mfi", "obv", "roc", "rsi", "soo", "vwap", "wma"}
