"""Bars out of public trades and out of shorter candles: pure functions, used by `feed.py`. Bars start at multiples of their length since
the epoch, as those the house builds itself do.
"""

from collections.abc import Iterable, Sequence

from brokerage.luno.market_client import CANDLE_SECONDS
from trading_system.core.market_data import Bar, Trade

_SECOND = 1_000_000_000
#: Whether Luno's candles of three days and of a week start where ours do is not told: those bars are put together from days.
_LONGEST_SECONDS = 86_400


def candle_seconds(bar_ns: int) -> int:
    """Return the length of the longest candles that bars of `bar_ns` can be put together from; 0 where there are none."""
    fitting = [seconds for seconds in CANDLE_SECONDS if seconds <= _LONGEST_SECONDS and bar_ns % (seconds * _SECOND) == 0]
    return max(fitting, default=0)


def bars_of_trades(symbol: str, bar_ns: int, trades: Iterable[Trade]) -> list[Bar]:
    """Return the bars of `trades`, which come oldest first; a length of time without a trade has no bar."""
    groups: dict[int, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(trade.time_ns // bar_ns * bar_ns, []).append(trade)
    bars = []
    for start_ns, group in groups.items():
        prices = [trade.price for trade in group]
        volume = sum(trade.quantity for trade in group)
        bars.append(Bar(symbol, start_ns, start_ns + bar_ns, prices[0], max(prices), min(prices), prices[-1], volume, len(group)))
    return bars


def bars_of_candles(symbol: str, bar_ns: int, candles: Sequence[Bar]) -> list[Bar]:
    """Return the bars that `candles`, oldest first and of one length, make up wholly; a bar that lacks one of them is left out."""
    if not candles:
        return []
    whole = bar_ns // (candles[0].time_ns - candles[0].start_ns)
    groups: dict[int, list[Bar]] = {}
    for candle in candles:
        groups.setdefault(candle.start_ns // bar_ns * bar_ns, []).append(candle)
    return [_joined(symbol, start_ns, bar_ns, group) for start_ns, group in groups.items() if len(group) == whole]


def _joined(symbol: str, start_ns: int, bar_ns: int, group: Sequence[Bar]) -> Bar:
    return Bar(
        symbol, start_ns, start_ns + bar_ns, group[0].open, max(one.high for one in group), min(one.low for one in group), group[-1].close,
        sum(one.volume for one in group),
    )
