"""Measures of how far and how long a curve was below its best. Pure functions over numpy arrays.

A drawdown is a share of the highest value so far: 0 at a new high, 1 when everything is lost. Times are UTC nanoseconds, lengths seconds.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array, ratio


class Spells(NamedTuple):
    """The times under water, oldest first: how deep each was (a share) and how long in seconds, from high to the next high or the end."""

    depths: Array
    seconds: Array


def drawdown(values: Array) -> Array:
    """Return at each point the share lost since the highest value so far; nan while that is not above zero."""
    peaks = np.maximum.accumulate(values)
    return np.asarray(1.0 - values / np.where(peaks > 0.0, peaks, math.nan))


def max_drawdown(values: Array) -> float:
    """Return the largest drawdown, 0 for a curve that never fell; nan without values."""
    below = drawdown(values)
    return float(np.nanmax(below)) if len(below) and not np.isnan(below).all() else math.nan


def spells(times_ns: npt.NDArray[np.int64], values: Array) -> Spells:
    """Return the spells below a high: each starts at the last high before it and ends at the first point back there, or at the end.

    The last spell may be open still; it counts as long as it has lasted.
    """
    below = drawdown(values)
    highs = np.unique(np.append(np.flatnonzero(below == 0.0), len(below) - 1))
    at = np.flatnonzero((np.diff(highs) > 1) | (below[highs[1:]] > 0.0))
    starts, ends = highs[at], highs[at + 1]
    depths = np.array([below[start:end + 1].max() for start, end in zip(starts, ends, strict=True)], dtype=np.float64)
    return Spells(depths, (times_ns[ends] - times_ns[starts]) / 1e9)


def pain_index(values: Array) -> float:
    """Return the mean drawdown over all points. Source: Becker 2006, as in Bacon."""
    return float(np.mean(drawdown(values))) if len(values) else math.nan


def ulcer_index(values: Array) -> float:
    """Return the root of the mean squared drawdown over all points. Source: Martin and McCann 1987."""
    return float(np.sqrt(np.mean(drawdown(values) ** 2))) if len(values) else math.nan


def calmar(annual_return: float, max_drawdown: float) -> float:
    """Return the annual return over the largest drawdown; nan without a drawdown. Source: Young 1991, Calmar Ratio."""
    return ratio(annual_return, max_drawdown)


def pain_ratio(annual_return: float, pain_index: float) -> float:
    """Return the annual return over the mean drawdown; nan without one."""
    return ratio(annual_return, pain_index)


def martin_ratio(annual_return: float, ulcer_index: float) -> float:
    """Return the annual return over the ulcer index; nan without a drawdown."""
    return ratio(annual_return, ulcer_index)


def burke_ratio(annual_return: float, depths: Array, periods: int = 1) -> float:
    """Return the annual return over the root of the sum of the squared depths of all spells; `periods` gives the modified ratio.

    The modified one divides the sum by the number of periods. nan without a spell. Source: Burke 1994, as in Bacon.
    """
    return ratio(annual_return, math.sqrt(float(np.sum(depths**2)) / periods))
