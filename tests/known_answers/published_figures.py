"""The statistics that backtesting.py prints, reckoned by our own functions from a run of ours.

That engine states everything per bar at the bar's beginning, takes trades' returns where ours take money, and compounds what is annual.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trading_system.reports import benchmark_measures, drawdowns, performance, trade_statistics
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.figures import days_per_year
from trading_system.reports.performance import Array
from trading_system.reports.results import ClosedTrade

DAY = 86_400.0


class Bars(NamedTuple):
    """When bars begin, in nanoseconds, how long they are, and their closes; `warm_up` is the first at which all indicators are known."""

    starts_ns: np.ndarray
    bar_ns: int
    closes: Array
    warm_up: int


def published_figures(bars: Bars, curve: Array, trades: Sequence[ClosedTrade]) -> dict[str, float]:
    """Return the figures by the names that they are published under: percents, and seconds for durations."""
    daily = DailyCloses()
    daily.add(bars.starts_ns + bars.bar_ns, curve)
    returns = performance.simple_returns(daily.closes)
    per_year = days_per_year(daily.days)
    seconds = (bars.starts_ns[-1] - bars.starts_ns[0]) / 1e9
    annual = performance.annual_return(returns, per_year)
    deepest = drawdowns.max_drawdown(curve)
    spells = drawdowns.spells(bars.starts_ns, curve)
    total = curve[-1] / curve[0] - 1.0
    held = performance.simple_returns(bars.closes[[bars.warm_up, -1]])[0]
    beta = benchmark_measures.beta(performance.log_returns(curve), performance.log_returns(bars.closes))
    shares = {
        "Return": total,
        "Buy & Hold Return": held,
        "Return (Ann.)": annual,
        "Volatility (Ann.)": performance.annual_volatility(returns, per_year, geometric=True),
        "CAGR": performance.cagr(float(curve[0]), float(curve[-1]), seconds),
        "Max. Drawdown": -deepest,
        "Avg. Drawdown": -float(spells.depths.mean()),
        "Alpha": benchmark_measures.jensen_alpha(total, held, beta),
        **_of_trades(bars, trades),
    }
    entries, exits = _times(trades)
    lengths = trade_statistics.holding_seconds(entries, exits)
    profits = np.array([trade.profit for trade in trades])
    gains = _returns(trades)
    return {
        **{f"{name} [%]": 100.0 * share for name, share in shares.items()},
        "# Trades": len(trades),
        "Equity Final [$]": float(curve[-1]),
        "Equity Peak [$]": float(curve.max()),
        "Commissions [$]": sum(trade.fees for trade in trades),
        "Sharpe Ratio": performance.sharpe(returns, per_year, geometric=True),
        "Sortino Ratio": performance.sortino(returns, per_year, geometric=True),
        "Calmar Ratio": drawdowns.calmar(annual, deepest),
        "Beta": beta,
        "Profit Factor": trade_statistics.profit_factor(gains),
        "SQN": trade_statistics.system_quality_number(profits),
        "Kelly Criterion": trade_statistics.kelly(profits),
        "Max. Drawdown Duration": float(spells.seconds.max()),
        "Avg. Drawdown Duration": _up(float(spells.seconds.mean()), bars),
        "Max. Trade Duration": float(lengths.max()),
        "Avg. Trade Duration": _up(float(lengths.mean()), bars),
        "Duration": seconds,
        "Start": bars.starts_ns[0] / 1e9,
        "End": bars.starts_ns[-1] / 1e9,
    }


def _of_trades(bars: Bars, trades: Sequence[ClosedTrade]) -> dict[str, float]:
    gains = _returns(trades)
    entries, exits = (np.searchsorted(bars.starts_ns, times - bars.bar_ns) for times in _times(trades))
    return {
        "Exposure Time": trade_statistics.exposure(entries, exits, 0, len(bars.closes) - 1, step=1),
        "Win Rate": trade_statistics.win_rate(gains),
        "Best Trade": trade_statistics.best(gains),
        "Worst Trade": trade_statistics.worst(gains),
        "Avg. Trade": performance.geometric_mean(gains),
        "Expectancy": trade_statistics.expectancy(gains),
    }


def _returns(trades: Sequence[ClosedTrade]) -> Array:
    return np.array([trade.profit / (trade.quantity * trade.entry_price) for trade in trades])


def _times(trades: Sequence[ClosedTrade]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([trade.entry_ns for trade in trades]), np.array([trade.exit_ns for trade in trades])


def _up(seconds: float, bars: Bars) -> float:
    # Mean durations are published rounded up to whole bars.
    return math.ceil(seconds * 1e9 / bars.bar_ns) * bars.bar_ns / 1e9
