"""The sum of several equity curves of one currency, with its own statistics: the drawdown of a sum is not the sum of drawdowns."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trading_system.reports.curve_statistics import CurveStatistics
from trading_system.reports.performance import Array

Times = npt.NDArray[np.int64]


class CurvesTogether:
    """Adds curves chunk by chunk, exact at every point; `capitals` is what each is worth before its first point, in the same order.

    A curve that is silent or not defined (nan) at a point counts with its value before.
    """

    def __init__(self, currency: str, capitals: Sequence[float], keep_all: bool = False) -> None:
        self.currency = currency
        self.statistics = CurveStatistics(keep_all)
        self._last = list(capitals)

    def add_chunk(self, parts: Sequence[tuple[Times, Array]]) -> Array:
        """Add the next chunk of each curve, times and values, in the order of the capitals; return the sum at every time of any of them.

        Curves that share one array of times are added up as they are; others are joined at the union of their times. Raises ValueError
        for a number of parts that is not that of the curves.
        """
        if len(parts) != len(self._last):
            raise ValueError(f"{len(parts)} curves are not the {len(self._last)} that were begun")
        if not parts:
            return np.empty(0)
        times = parts[0][0]
        if any(other is not times for other, _ in parts):
            times = np.unique(np.concatenate([part_times for part_times, _ in parts]))
        total = np.zeros(len(times))
        for number, (part_times, values) in enumerate(parts):
            if len(values) and math.isnan(values.min()):
                known = ~np.isnan(values)
                part_times, values = part_times[known], values[known]
            if part_times is times:
                total += values
            else:
                # The last of several values at one time counts.
                before = np.searchsorted(times, part_times)
                levels = np.concatenate(([self._last[number]], values))
                total += np.repeat(levels, np.diff(before, prepend=0, append=len(times)))
            if len(values):
                self._last[number] = float(values[-1])
        self.statistics.add(times, total)
        return total
