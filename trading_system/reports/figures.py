"""The named figures of a run, drawn from a curve's statistics and the columns of closed trades; what is not defined is None.

Used for one strategy and for all of a currency together. Shares, not percent; seconds; money in the currency of the curve.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trading_system.reports import benchmark_measures, drawdowns, performance, trade_statistics
from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.performance import Array
from trading_system.reports.results import Figures
from trading_system.reports.round_trips import TradeColumns

Days = npt.NDArray[np.int64]

LEAST_ANNUAL_SECONDS = 30 * 86_400.0
_LEAST_DAYS_OF_TAILS = 20
#: Figures per year, and ratios of them: over a few days they would be extrapolated noise.
ANNUAL = ("annual_return", "cagr", "annual_volatility", "downside_risk", "sharpe", "sortino", "calmar", "alpha", "turnover")


def figures_of(
    curve: CurveStatistics, trades: TradeColumns, capital: float, *, fees: float = math.nan, traded_value: float = math.nan,
    held_seconds: float = math.nan, markets: Sequence[DailyCloses] = (), risk_free: float = 0.0,
) -> Figures:
    """Return all figures by name.

    `capital` is what the run began with and `fees` all it paid, both in the currency of the curve; `traded_value` all bought and sold;
    `held_seconds` the time with a position; `markets` the closes to buy and hold; `risk_free` a rate per year. Annual figures need 30 days,
    tails 20 daily returns.
    """
    returns = daily_returns(curve.daily, capital)
    per_year = days_per_year(curve.daily.days)
    daily_rate = (1.0 + risk_free) ** (1.0 / per_year) - 1.0
    annual = performance.annual_return(returns, per_year)
    figures = {
        "total_return": curve.last / capital - 1.0 if capital > 0.0 else math.nan,
        "annual_return": annual,
        "cagr": performance.cagr(capital, curve.last, curve.seconds),
        "annual_volatility": performance.annual_volatility(returns, per_year),
        "downside_risk": performance.downside_risk(returns, per_year, daily_rate),
        "sharpe": performance.sharpe(returns, per_year, daily_rate),
        "sortino": performance.sortino(returns, per_year, daily_rate),
        "calmar": drawdowns.calmar(annual, curve.max_drawdown),
        "omega": performance.omega(returns, daily_rate),
        "max_drawdown": curve.max_drawdown if curve.points else math.nan,
        "average_drawdown": curve.average_drawdown,
        "longest_drawdown_seconds": curve.longest_drawdown_seconds,
        "average_drawdown_seconds": curve.average_drawdown_seconds,
        "best_day": trade_statistics.best(returns),
        "worst_day": trade_statistics.worst(returns),
        "value_at_risk": performance.value_at_risk(returns) if len(returns) >= _LEAST_DAYS_OF_TAILS else math.nan,
        "expected_shortfall": performance.expected_shortfall(returns) if len(returns) >= _LEAST_DAYS_OF_TAILS else math.nan,
        "exposure": performance.ratio(held_seconds, curve.seconds),
        "turnover": trade_statistics.turnover(traded_value, curve.average, curve.seconds, performance.SECONDS_PER_YEAR),
        "fees": fees,
        **_of_trades(trades),
        **_beside_the_market(curve.daily, capital, returns, markets, per_year, daily_rate),
    }
    is_short = curve.seconds < LEAST_ANNUAL_SECONDS
    return {name: None if (is_short and name in ANNUAL) or not math.isfinite(value) else value for name, value in figures.items()}


def daily_returns(daily: DailyCloses, capital: float) -> Array:
    """Return the return of each day that has a close; the first day's is against the capital."""
    return performance.simple_returns(np.concatenate(([capital], daily.closes)))


def days_per_year(days: Days) -> float:
    """Return 365 for a market that trades at weekends, else 252: at weekends fall 2 of 7 days, and 60 % of that are enough to tell.

    Of less than a week nothing is known, so it is taken for one that never closes.
    """
    # Day 0 of 1970 was a Thursday: three days later began a Sunday.
    is_weekend = np.isin((days + 4) % 7, (0, 6))
    spans_week = len(days) and days[-1] - days[0] >= 6
    return 252.0 if spans_week and float(is_weekend.mean()) <= 2.0 / 7.0 * 0.6 else 365.0


def monthly(daily: DailyCloses, capital: float) -> dict[str, float]:
    """Return the return of each UTC month that has a close, by its name ("2024-01"); the first month's is against the capital.

    A month that began with nothing or less is left out.
    """
    months = daily.days.astype("datetime64[D]").astype("datetime64[M]")
    ends = np.append(np.flatnonzero(months[1:] != months[:-1]), len(months) - 1) if len(months) else np.empty(0, dtype=np.int64)
    returns = performance.simple_returns(np.concatenate(([capital], daily.closes[ends])))
    return {str(month): float(value) for month, value in zip(months[ends], returns, strict=True) if math.isfinite(value)}


def buy_and_hold(markets: Sequence[DailyCloses]) -> tuple[Days, Array]:
    """Return days and values of 1 shared equally among the markets on the first day on which all have a close, and then held.

    On a day without a close of its own a market counts with its last. Empty without markets.
    """
    known = [market for market in markets if len(market.days)]
    if not known:
        return np.empty(0, dtype=np.int64), np.empty(0)
    days = np.unique(np.concatenate([market.days for market in known]))
    days = days[days >= max(int(market.days[0]) for market in known)]
    values = np.zeros(len(days))
    for market in known:
        closes = market.closes[np.searchsorted(market.days, days, side="right") - 1]
        values += closes / closes[0] / len(known)
    return days, values


def _of_trades(trades: TradeColumns) -> dict[str, float]:
    profits, held = trades.profits, trade_statistics.holding_seconds(trades.entries_ns, trades.exits_ns)
    returns = trades.returns[~np.isnan(trades.returns)]
    return {
        "trades": float(len(profits)),
        "win_rate": trade_statistics.win_rate(profits),
        "profit_factor": trade_statistics.profit_factor(profits),
        "expectancy": trade_statistics.expectancy(profits),
        "average_trade_return": trade_statistics.expectancy(returns),
        "best": trade_statistics.best(profits),
        "worst": trade_statistics.worst(profits),
        "average_win": trade_statistics.average_win(profits),
        "average_loss": trade_statistics.average_loss(profits),
        "average_holding_seconds": trade_statistics.expectancy(held),
        "longest_holding_seconds": trade_statistics.best(held),
        "longest_winning_run": float(trade_statistics.longest_winning_run(profits)) if len(profits) else math.nan,
        "longest_losing_run": float(trade_statistics.longest_losing_run(profits)) if len(profits) else math.nan,
        "system_quality_number": trade_statistics.system_quality_number(profits),
        "kelly": trade_statistics.kelly(profits),
    }


def _beside_the_market(
    daily: DailyCloses, capital: float, returns: Array, markets: Sequence[DailyCloses], per_year: float, daily_rate: float,
) -> dict[str, float]:
    # Compared on the days that both have: from the market's first close on.
    days, values = buy_and_hold(markets)
    shared = np.intersect1d(days, daily.days)
    if len(shared) < 2:
        return {"buy_and_hold_return": math.nan, "alpha": math.nan, "beta": math.nan}
    ours = performance.simple_returns(daily.closes[np.searchsorted(daily.days, shared)])
    theirs = performance.simple_returns(values[np.searchsorted(days, shared)])
    return {
        "buy_and_hold_return": float(values[-1]) - 1.0,
        "alpha": benchmark_measures.alpha(ours, theirs, per_year, daily_rate),
        "beta": benchmark_measures.beta(ours, theirs, daily_rate),
    }

