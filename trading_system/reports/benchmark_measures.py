"""Measures of returns beside those of a benchmark, such as buying and holding. Pure functions over arrays of equal length.

Returns are shares per period; a period in which either is nan is left out of what needs both. What is not defined is nan.
"""

import math

import numpy as np

from trading_system.reports.performance import Array, Rate, annual_return, ratio, spread


def beta(returns: Array, benchmark: Array, risk_free: Rate = 0.0) -> float:
    """Return how much the returns move with the benchmark's: covariance over the benchmark's variance; nan when that does not vary."""
    ours, theirs = _pairs(returns - risk_free, benchmark - risk_free)
    if len(ours) < 2 or not spread(theirs):
        return math.nan
    away = theirs - theirs.mean()
    return float(np.mean(away * ours) / np.mean(away**2))


def alpha(returns: Array, benchmark: Array, periods_per_year: float, risk_free: Rate = 0.0) -> float:
    """Return the annual rate of the mean return that `beta` does not explain, compounded: (1 + mean) ** periods - 1.

    `risk_free` is per period. Source: Jensen 1968, The Performance of Mutual Funds, per period and then compounded.
    """
    ours, theirs = _pairs(returns - risk_free, benchmark - risk_free)
    if len(ours) < 2:
        return math.nan
    left = float(np.mean(ours - beta(returns, benchmark, risk_free) * theirs))
    return (1.0 + left) ** periods_per_year - 1.0 if left > -1.0 else math.nan


def jensen_alpha(total: float, benchmark_total: float, beta: float, risk_free: float = 0.0) -> float:
    """Return the return over a whole time that beta does not explain: total - rate - beta * (benchmark's total - rate).

    All three over the same time: totals, or annual rates. Source: Jensen 1968; also Fama's selectivity.
    """
    return total - risk_free - beta * (benchmark_total - risk_free)


def information_ratio(returns: Array, benchmark: Array) -> float:
    """Return the mean return above the benchmark's over its standard deviation, per period; nan when it does not vary."""
    ours, theirs = _pairs(returns, benchmark)
    return ratio(float(np.mean(ours - theirs)), spread(ours - theirs)) if len(ours) > 1 else math.nan


def up_market(returns: Array, benchmark: Array) -> tuple[Array, Array]:
    """Return both series in the periods in which the benchmark did not fall."""
    return returns[benchmark >= 0.0], benchmark[benchmark >= 0.0]


def down_market(returns: Array, benchmark: Array) -> tuple[Array, Array]:
    """Return both series in the periods in which the benchmark fell."""
    return returns[benchmark < 0.0], benchmark[benchmark < 0.0]


def capture(returns: Array, benchmark: Array, periods_per_year: float) -> float:
    """Return the annual return as a share of the benchmark's; with `up_market` or `down_market` it is the up or down capture."""
    return ratio(annual_return(returns, periods_per_year), annual_return(benchmark, periods_per_year))


def systematic_risk(returns: Array, benchmark: Array, periods_per_year: float) -> float:
    """Return the annual risk that comes with the benchmark: |beta| times its deviation (of all, not of a sample). Source: Bacon."""
    _, theirs = _pairs(returns, benchmark)
    return abs(beta(returns, benchmark)) * float(np.std(theirs)) * math.sqrt(periods_per_year) if len(theirs) > 1 else math.nan


def specific_risk(returns: Array, benchmark: Array, periods_per_year: float) -> float:
    """Return the annual risk that is left: the deviation of what beta does not explain. Source: Bacon."""
    ours, theirs = _pairs(returns, benchmark)
    return float(np.std(ours - beta(returns, benchmark) * theirs)) * math.sqrt(periods_per_year) if len(ours) > 1 else math.nan


def total_risk(returns: Array, benchmark: Array, periods_per_year: float) -> float:
    """Return systematic and specific risk together, the root of the sum of their squares. Source: Bacon."""
    return math.hypot(systematic_risk(returns, benchmark, periods_per_year), specific_risk(returns, benchmark, periods_per_year))


def _pairs(returns: Array, benchmark: Array) -> tuple[Array, Array]:
    both = ~(np.isnan(returns) | np.isnan(benchmark))
    return returns[both], benchmark[both]
