"""The last value of each UTC day of a series that passes by in chunks: 16 bytes a day, whatever happens within one."""

from array import array

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array

Times = npt.NDArray[np.int64]

DAY_NS = 86_400 * 10**9


class DailyCloses:
    """Days are numbered since 1970-01-01; a day without points has no close."""

    def __init__(self) -> None:
        self._days, self._closes = array("q"), array("d")

    def add(self, times_ns: Times, values: Array) -> None:
        """Add the next points, at least one, as many values as times; times are UTC nanoseconds that never go back."""
        first, last = int(times_ns[0]) // DAY_NS, int(times_ns[-1]) // DAY_NS
        if last - first <= len(values):
            ends = np.searchsorted(times_ns, np.arange(first + 1, last + 2, dtype=np.int64) * DAY_NS)
            closing = ends[np.diff(ends, prepend=0) > 0] - 1
        else:
            closing = np.append(np.flatnonzero(np.diff(times_ns // DAY_NS)), len(values) - 1)
        days, closes = (times_ns[closing] // DAY_NS).tolist(), values[closing].tolist()
        if self._days and self._days[-1] == days[0]:
            self._closes[-1] = closes[0]
            del days[0], closes[0]
        self._days.extend(days)
        self._closes.extend(closes)

    @property
    def days(self) -> Times:
        """Return the numbers of the days that have a close, ascending."""
        return np.array(self._days, dtype=np.int64)

    @property
    def closes(self) -> Array:
        """Return the last value of each of `days`."""
        return np.array(self._closes, dtype=np.float64)
