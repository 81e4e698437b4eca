"""The tear sheet's pictures as plain plotly figures: equity with drawdown, price with fills, returns of trades.

Colors are written as names of the page's theme (`theme:ink`); the page's script puts the light or the dark ones in. No plotly is needed.
"""

import bisect
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from trading_system.reports.results import ClosedTrade, CurrencyResult, FillPoint, InstrumentResult, Results, Series, StrategyResult
from trading_system.reports.tear_sheet_text import count, label_text, percent, plain_number

#: Points of all lines together, fills of one picture and of all: what a browser draws without a pause.
POINTS = 100_000
FILLS = 2_000
ALL_FILLS = 20_000
COLORS = 8
_DASHES = ("solid", "dash", "dot")
_BUCKETS = 40
_TIME = "%{x|%Y-%m-%dT%H:%M:%SZ}"


class Variant(msgspec.Struct, frozen=True):
    """A way to look at the same lines: in money, or as a share of each line's capital."""

    label: str
    is_share: bool
    tickformat: str


class Picture(msgspec.Struct, frozen=True):
    """One figure with its sentence. `capitals` are what the lines of `variants` are divided by, None for lines that are never changed."""

    identity: str
    heading: str
    sentence: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    capitals: list[float | None] = []
    variants: list[Variant] = []


def equity_pictures(results: Results) -> list[Picture]:
    """Return one picture of equity and drawdown per currency, without those in which no line has two points."""
    colors = {strategy.name: index for index, strategy in enumerate(results.strategies)}
    currencies = list(dict.fromkeys([one.currency for one in results.together] + [one.currency for one in results.strategies]))
    drawn = [_equity(results, currency, number, colors) for number, currency in enumerate(currencies)]
    return [picture for picture in drawn if picture is not None]


def price_picture(results: Results, instrument: InstrumentResult, number: int) -> Picture:
    """Return the price of one instrument with the fills on it: triangles up are buys, down are sells."""
    fills = [fill for fill in results.fills if fill.symbol == instrument.symbol]
    most = max(200, min(FILLS, ALL_FILLS // max(1, len(results.instruments))))
    shown = fills if len(fills) <= most else [fills[index * len(fills) // most] for index in range(most)]
    line = _thinned(instrument.price, POINTS // max(1, 2 * len(results.instruments)))
    data: list[dict[str, Any]] = []
    if line.times_ns:
        data.append(_line(line, f"price in {label_text(instrument.counter)}", {"color": "theme:muted", "width": 1.3}) | {
            "hovertemplate": f"price %{{y:,.8~g}} {label_text(instrument.counter)}<extra></extra>"})
    names = list(dict.fromkeys(fill.strategy for fill in shown))
    for name in names:
        for is_buy in (True, False):
            marks = [fill for fill in shown if fill.strategy == name and fill.is_buy is is_buy]
            if marks:
                data.append(_markers(name, is_buy, marks, instrument.counter, has_name=len(names) > 1))
    sentence = f"{count(len(fills), 'fill')}." if fills else "No fills."
    if len(shown) < len(fills):
        sentence = f"{len(shown):,} of {len(fills):,} fills are drawn, spread evenly over time."
    if not line.times_ns:
        sentence += " No price was kept for this picture."
    layout = _layout(430) | {"xaxis": _time_axis(results), "yaxis": _axis(), "hovermode": "closest"}
    return Picture(f"picture-price-{number}", instrument.symbol, sentence, data, layout)


def returns_picture(trades: Sequence[ClosedTrade]) -> Picture | None:
    """Return how the returns of closed trades are spread, gains and losses apart; None with fewer than two.

    What lies outside the 1st and 99th percentile is counted in the outermost bars.
    """
    returns = sorted(value for trade in trades if (value := trade_return(trade)) is not None)
    if len(returns) < 2:
        return None
    low, high = min(0.0, _percentile(returns, 0.01)), max(0.0, _percentile(returns, 0.99))
    step = _round_step((high - low) / _BUCKETS) if high > low else 0.001
    first, last = math.floor(low / step), max(math.floor(low / step) + 1, math.ceil(high / step))
    # Edges are multiples of the step, so no bar holds gains and losses; a trade that came to nothing is no gain, and belongs left of zero.
    edges = [number * step for number in range(first, last + 1)]
    counts = [0] * (len(edges) - 1)
    for value in returns:
        counts[min(len(counts) - 1, max(0, bisect.bisect_left(edges, value) - 1))] += 1
    words = [f"{percent(left, True)} to {percent(left + step, True)}" for left in edges[:-1]]
    words[0], words[-1] = f"{percent(edges[1], True)} or less", f"more than {percent(edges[-2], True)}"
    bars = {
        "type": "bar", "x": [_short(left + step / 2) for left in edges[:-1]], "y": counts, "width": step * 0.92, "customdata": words,
        "marker": {"color": ["theme:gain" if left > -step / 2 else "theme:loss" for left in edges[:-1]], "line": {"width": 0}},
        "hovertemplate": "%{customdata}<br>%{y:,} trades<extra></extra>",
    }
    won = sum(value > 0 for value in returns)
    sentence = (f"{count(len(returns), 'trade')}, {won:,} of them won. Median {percent(_percentile(returns, 0.5), True)}, "
                f"best {percent(returns[-1], True)}, worst {percent(returns[0], True)} of the value at entry, after fees.")
    layout = _layout(300) | {
        "xaxis": _axis() | {"tickformat": ".2~%", "zeroline": True, "zerolinecolor": "theme:ink"}, "showlegend": False,
        "yaxis": _axis() | {"rangemode": "tozero", "tickformat": ",d"} | ({"dtick": 1} if max(counts) < 6 else {}),
        "hovermode": "closest", "bargap": 0,
    }
    return Picture("picture-returns", "Returns of trades", sentence, [bars], layout)


def trade_return(trade: ClosedTrade) -> float | None:
    """Return a trade's profit as a fraction of quantity x entry price; None where that is 0 or no number."""
    paid = abs(trade.quantity * trade.entry_price)
    value = trade.profit / paid if paid and math.isfinite(paid) else math.nan
    return value if math.isfinite(value) else None


def _equity(results: Results, currency: str, number: int, colors: dict[str, int]) -> Picture | None:
    strategies = [one for one in results.strategies if one.currency == currency]
    together = [one for one in results.together if one.currency == currency]
    # One strategy alone is all there is: no second line on top of it.
    lines: list[StrategyResult | CurrencyResult] = [*strategies, *(together if len(strategies) != 1 else [])]
    lines = [one for one in lines if len(one.curve.times_ns) > 1]
    if not lines:
        return None
    most = POINTS // max(1, 4 * (len(results.strategies) + len(results.together)))
    data: list[dict[str, Any]] = []
    capitals: list[float | None] = []
    for one in lines:
        is_strategy = isinstance(one, StrategyResult)
        name = label_text(one.name) if isinstance(one, StrategyResult) else "together"
        stroke = _stroke(colors[one.name]) if isinstance(one, StrategyResult) else {"color": "theme:ink", "width": 2.6}
        equity = _line(_thinned(one.curve, most), name, stroke)
        drawdown = _line(_thinned(one.drawdown, most), name, stroke | {"width": 1.2 if is_strategy else 2})
        # Whichever sign the drawdown has, it hangs below zero.
        drawdown["y"] = [None if value is None else -abs(value) for value in drawdown["y"]]
        data.append(equity | {"legendgroup": name, "hovertemplate": "%{y:,.2f}"})
        data.append(drawdown | {"legendgroup": name, "showlegend": False, "yaxis": "y2", "hovertemplate": "%{y:.2%}"})
        capitals += [one.capital if math.isfinite(one.capital) and one.capital > 0 else None, None]
    layout = _layout(520) | {
        "xaxis": _time_axis(results) | {"anchor": "y2"}, "hovermode": "x unified",
        "yaxis": _axis() | {"domain": [0.36, 1]},
        "yaxis2": _axis() | {"domain": [0, 0.28], "tickformat": ".2~%", "rangemode": "tozero", "nticks": 5},
        "annotations": [{"text": "drawdown", "xref": "paper", "yref": "paper", "x": 0, "y": 0.285, "xanchor": "left", "yanchor": "bottom",
                         "showarrow": False, "font": {"color": "theme:muted"}}],
    }
    variants = [Variant(f"in {currency}", False, ""), Variant("return on capital", True, ".2~%")]
    if all(capital is None for capital in capitals[::2]):
        variants = []
    elif len(lines) > 1:
        variants.reverse()      # lines of different capital meet at zero
    sentence = "The upper lines are equity, the lower ones how far each lies below its highest point so far."
    return Picture(f"picture-equity-{number}", currency, sentence, data, layout, capitals, variants)


def _stroke(number: int) -> dict[str, Any]:
    # More strategies than colors: the next round is dashed, the one after it dotted.
    return {"color": f"theme:series{number % COLORS}", "width": 1.6, "dash": _DASHES[number // COLORS % len(_DASHES)]}


def _markers(name: str, is_buy: bool, fills: Sequence[FillPoint], counter: str, has_name: bool) -> dict[str, Any]:
    word = "buys" if is_buy else "sells"
    tags = [f"<br>tag {_wrapped(fill.tag)}" if fill.tag else "" for fill in fills]
    return {
        "type": "scatter", "mode": "markers", "name": f"{label_text(name)} {word}" if has_name else word, "legendgroup": label_text(name),
        "x": [fill.time_ns // 10**6 for fill in fills], "y": [_short(fill.price) for fill in fills],
        "customdata": [[plain_number(fill.quantity), plain_number(fill.price), tag] for fill, tag in zip(fills, tags, strict=True)],
        "meta": [label_text(name), "bought" if is_buy else "sold", label_text(counter)],
        "marker": {"symbol": "triangle-up" if is_buy else "triangle-down", "color": "theme:buy" if is_buy else "theme:sell",
                   "size": 10 if len(fills) <= 100 else 8, "line": {"width": 0.8, "color": "theme:paper"}},
        "hovertemplate": f"<b>%{{meta[0]}}</b> %{{meta[1]}}<br>%{{customdata[0]}} at %{{customdata[1]}} %{{meta[2]}}<br>{_TIME}"
                         "%{customdata[2]}<extra></extra>",
    }


def _wrapped(text: str, width: int = 48, lines: int = 4) -> str:
    # A tag is any text; a label that is wider than the screen cannot be read.
    parts = [text[start:start + width] for start in range(0, len(text), width)]
    return "<br>".join(label_text(part) for part in parts[:lines]) + (" ..." if len(parts) > lines else "")


def _line(series: Series, name: str, stroke: dict[str, Any]) -> dict[str, Any]:
    points = list(zip(series.times_ns, series.values, strict=False))
    return {"type": "scatter", "mode": "lines", "name": name, "x": [time_ns // 10**6 for time_ns, _ in points],
            "y": [_short(value) for _, value in points], "line": stroke}


def _thinned(series: Series, most: int) -> Series:
    # Each bucket keeps its lowest and highest point, so no peak and no trough is lost.
    size = min(len(series.times_ns), len(series.values))
    if size <= max(most, 4):
        return series
    width = math.ceil(2 * size / most)
    kept = {0, size - 1}
    for start in range(0, size, width):
        bucket = range(start, min(size, start + width))
        kept |= {min(bucket, key=lambda index: series.values[index]), max(bucket, key=lambda index: series.values[index])}
    chosen = sorted(kept)
    return Series([series.times_ns[index] for index in chosen], [series.values[index] for index in chosen])


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height, "margin": {"l": 8, "r": 12, "t": 8, "b": 8}, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "theme:ink"}, "showlegend": True, "separators": ".,",
        "legend": {"orientation": "h", "x": 0, "y": 1.03, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)",
                   "traceorder": "normal"},
        "hoverlabel": {"bgcolor": "theme:paper", "bordercolor": "theme:line", "font": {"color": "theme:ink"}, "align": "left",
                       "namelength": 24},
    }


def _axis() -> dict[str, Any]:
    return {"gridcolor": "theme:line", "linecolor": "theme:line", "zeroline": False, "automargin": True, "exponentformat": "none",
            "separatethousands": True, "fixedrange": False}


def _time_axis(results: Results) -> dict[str, Any]:
    # All pictures of time cover the same time, so that they can be compared by eye.
    first, last = results.from_ns // 10**6, results.to_ns // 10**6
    covered = {"range": [first - (last - first) // 100, last + (last - first) // 100]} if last > first else {}
    return _axis() | {"type": "date", "hoverformat": "%Y-%m-%dT%H:%M:%SZ", "nticks": 9} | covered


def _short(value: float) -> float | None:
    # Nine digits are more than a screen shows; JSON has no nan.
    return float(f"{value:.9g}") if math.isfinite(value) else None


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]


def _round_step(width: float) -> float:
    size: float = 10.0 ** math.floor(math.log10(width))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= width * 0.999)
