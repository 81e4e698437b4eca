"""What is kept of an equity curve while it passes by in chunks: daily closes, drawdowns, spells under water, and a thinned picture.

Fed by the curves of single strategies and by their sums; its memory does not grow with the points (daily closes: 16 bytes a day).
"""

import math

import numpy as np
import numpy.typing as npt

from trading_system.reports.daily_closes import DailyCloses
from trading_system.reports.performance import Array
from trading_system.reports.results import Series
from trading_system.reports.thinned_series import MOST_POINTS, ThinnedSeries

Times = npt.NDArray[np.int64]


class CurveStatistics:
    """The statistics of one curve; `daily` are its closes by UTC day.

    Values are money in one currency, times UTC nanoseconds that never go back, drawdowns shares. A spell under water lasts from the last
    point at the highest value to the first point back there; one that is open counts as long as it has lasted. Drawdown is not defined
    while the highest value is not above zero. Points that are nan are left out and counted in `undefined`.
    """

    def __init__(self, keep_all: bool = False, most_points: int = MOST_POINTS) -> None:
        self.points = self.undefined = 0
        self.first = self.last = self.highest = self.lowest = math.nan
        self.first_ns = self.last_ns = 0
        self.max_drawdown = 0.0
        self.all_times: list[Times] = []
        self.all_values: list[Array] = []
        self._keeps_all = keep_all
        self._curve, self._drawdown = ThinnedSeries(most_points), ThinnedSeries(most_points)
        self.daily = DailyCloses()
        self._high_ns = 0                   # the last point at the highest value
        self._depth = -1.0                  # how deep the open spell is; below 0 there is none
        self._spells, self._depths, self._seconds, self._longest = 0, 0.0, 0.0, 0.0
        self._sum = 0.0
        self._buffer = np.empty(0)

    def add(self, times_ns: Times, values: Array) -> None:
        """Add the next points of the curve, as many values as times."""
        if len(values) and math.isnan(values.min()):
            known = ~np.isnan(values)
            self.undefined += len(values) - int(known.sum())
            times_ns, values = times_ns[known], values[known]
        if not len(values):
            return
        if not self.points:
            self.first, self.first_ns = float(values[0]), int(times_ns[0])
            self.highest = self.lowest = self.first
            self._high_ns = self.first_ns
        self.points += len(values)
        self.last, self.last_ns = float(values[-1]), int(times_ns[-1])
        self._sum += float(values.sum())
        if self._keeps_all:
            self.all_times.append(times_ns.copy())
            self.all_values.append(values.copy())
        self._curve.add(times_ns, values)
        self.daily.add(times_ns, values)
        self._add_drawdowns(times_ns, values)

    @property
    def average(self) -> float:
        """Return the mean of all points; nan without any."""
        return self._sum / self.points if self.points else math.nan

    @property
    def seconds(self) -> float:
        """Return the time from the first to the last point."""
        return (self.last_ns - self.first_ns) / 1e9

    @property
    def average_drawdown(self) -> float:
        """Return the mean depth of all spells under water; nan without one."""
        spells = self._spells + (self._depth >= 0.0)
        return (self._depths + max(self._depth, 0.0)) / spells if spells else math.nan

    @property
    def longest_drawdown_seconds(self) -> float:
        """Return the length of the longest spell under water; nan without one."""
        longest = max(self._longest, self._open_seconds)
        return longest if self._spells or self._depth >= 0.0 else math.nan

    @property
    def average_drawdown_seconds(self) -> float:
        """Return the mean length of all spells under water; nan without one."""
        spells = self._spells + (self._depth >= 0.0)
        return (self._seconds + self._open_seconds) / spells if spells else math.nan

    @property
    def curve(self) -> Series:
        """Return the thinned curve."""
        return self._curve.series()

    @property
    def drawdown(self) -> Series:
        """Return the thinned drawdown, in shares from 0 (at the highest value so far) on."""
        return self._drawdown.series()

    @property
    def _open_seconds(self) -> float:
        return (self.last_ns - self._high_ns) / 1e9 if self._depth >= 0.0 else 0.0

    def _add_drawdowns(self, times_ns: Times, values: Array) -> None:
        if len(self._buffer) < len(values):
            self._buffer = np.empty(len(values))
        below = self._buffer[: len(values)]
        np.maximum.accumulate(values, out=below)
        if self.highest > below[0]:
            np.maximum(below, self.highest, out=below)
        self.highest, self.lowest = float(below[-1]), min(self.lowest, float(values.min()))
        highs = np.flatnonzero(values == below)
        if below[0] <= 0.0:
            below[below <= 0.0] = math.nan
        np.divide(values, below, out=below)
        np.subtract(1.0, below, out=below)
        if math.isnan(below[0]):
            known = ~np.isnan(below)
            times_ns, below = times_ns[known], below[known]
            highs = np.flatnonzero(below == 0.0)
            if not len(below):
                self._high_ns = self.last_ns
                return
        self.max_drawdown = max(self.max_drawdown, float(below.max()))
        self._drawdown.add(times_ns, below)
        self._add_spells(times_ns, below, highs)

    def _add_spells(self, times_ns: Times, below: Array, highs: npt.NDArray[np.int64]) -> None:
        if not len(highs):
            self._depth = max(self._depth, float(below.max()))
            return
        first, last = int(highs[0]), int(highs[-1])
        if first:
            self._depth = max(self._depth, float(below[:first].max()))
        if self._depth >= 0.0:
            self._close(np.array([self._depth]), np.array([(int(times_ns[first]) - self._high_ns) / 1e9]))
        at = np.flatnonzero(np.diff(highs) > 1)
        if len(at):
            starts, ends = highs[at], highs[at + 1]
            # Two cuts per spell, its inner points and what lies between spells; only the inner ones are looked at.
            cuts = np.column_stack((starts + 1, ends)).ravel()
            self._close(np.maximum.reduceat(below[: last + 1], cuts)[::2], (times_ns[ends] - times_ns[starts]) / 1e9)
        self._high_ns = int(times_ns[last])
        self._depth = float(below[last + 1:].max()) if last + 1 < len(below) else -1.0

    def _close(self, depths: Array, seconds: Array) -> None:
        self._spells += len(depths)
        self._depths += float(depths.sum())
        self._seconds += float(seconds.sum())
        self._longest = max(self._longest, float(seconds.max()))
        self._depth = -1.0
