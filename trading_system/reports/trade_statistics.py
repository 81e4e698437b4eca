"""Measures of closed trades: how often, how much, how long. Pure functions over numpy arrays, one value per trade.

Profits are money in one currency after fees (or returns as shares, where both make sense); what is not defined is nan.
"""

import math

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array, ratio, spread

Times = npt.NDArray[np.int64]


def win_rate(profits: Array) -> float:
    """Return the share of trades with a profit above zero; nan without trades."""
    return float(np.mean(profits > 0.0)) if len(profits) else math.nan


def profit_factor(profits: Array) -> float:
    """Return the sum of the gains over the sum of the losses; nan without a loss, however large the gains."""
    return ratio(float(profits[profits > 0.0].sum()), -float(profits[profits < 0.0].sum()))


def expectancy(profits: Array) -> float:
    """Return the mean profit of a trade; nan without trades."""
    return float(np.mean(profits)) if len(profits) else math.nan


def best(profits: Array) -> float:
    """Return the largest profit; nan without trades."""
    return float(np.max(profits)) if len(profits) else math.nan


def worst(profits: Array) -> float:
    """Return the smallest profit, normally a loss; nan without trades."""
    return float(np.min(profits)) if len(profits) else math.nan


def average_win(profits: Array) -> float:
    """Return the mean of the profits above zero; nan without one."""
    return expectancy(profits[profits > 0.0])


def average_loss(profits: Array) -> float:
    """Return the mean of the losses as a positive number; nan without one."""
    return -expectancy(profits[profits < 0.0])


def system_quality_number(profits: Array) -> float:
    """Return sqrt(trades) * mean / standard deviation of the profits; nan when they do not vary.

    Source: Tharp, The Definitive Guide to Position Sizing.
    """
    return ratio(math.sqrt(len(profits)) * expectancy(profits), spread(profits)) if len(profits) > 1 else math.nan


def kelly(profits: Array) -> float:
    """Return the share of capital that maximizes growth for such bets: W - (1 - W) / (mean gain / mean loss).

    W is the win rate; a negative share says: do not. nan without a gain or without a loss. Source: Kelly 1956, A New Interpretation of
    Information Rate, for bets of two outcomes.
    """
    wins = win_rate(profits)
    return wins - (1.0 - wins) * ratio(average_loss(profits), average_win(profits))


def longest_losing_run(profits: Array) -> int:
    """Return how many trades in a row lost at most; a trade of exactly 0 ends a run."""
    return _longest_run(profits < 0.0)


def longest_winning_run(profits: Array) -> int:
    """Return how many trades in a row gained at most; a trade of exactly 0 ends a run."""
    return _longest_run(profits > 0.0)


def holding_seconds(entries_ns: Times, exits_ns: Times) -> Array:
    """Return how long each trade was held, in seconds."""
    return np.asarray((exits_ns - entries_ns) / 1e9)


def exposure(entries: Times, exits: Times, first: int, last: int, step: int = 0) -> float:
    """Return the share of the time from `first` to `last` in which at least one trade was held; trades may overlap. nan without time.

    For times in nanoseconds `step` is 0. For numbers of bars it is 1: a trade holds its last bar to the end, and the last bar counts.
    """
    whole = last - first + step
    if whole <= 0:
        return math.nan
    order = np.argsort(entries, kind="stable")
    starts = np.clip(entries[order], first, last + step)
    ends = np.maximum.accumulate(np.clip(exits[order] + step, first, last + step))
    held_before = np.concatenate(([first], ends[:-1])) if len(ends) else ends
    return float(np.maximum(ends - np.maximum(starts, held_before), 0).sum() / whole)


def turnover(traded_value: float, average_equity: float, seconds: float, seconds_per_year: float) -> float:
    """Return how often a year the average equity was traded, buys and sells both counted; nan without time or equity."""
    return ratio(traded_value, average_equity) * seconds_per_year / seconds if seconds > 0.0 and average_equity > 0.0 else math.nan


def _longest_run(hits: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hits, [False])).astype(np.int8)))
    return int(np.max(edges[1::2] - edges[::2])) if len(edges) else 0
