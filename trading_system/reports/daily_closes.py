"""The last value of each UTC day of a series that passes by in chunks: 16 bytes a day, whatever happens within one.

Midnight ends a day: a value stamped exactly then (a daily bar is, at its end) is the close of the day before it, not the first of the next.
"""

from array import array

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array

Times = npt.NDArray[np.int64]

DAY_NS = 86_400 * 10**9


class DailyCloses:
    """Days are numbered since 1970-01-01; a day without points has no close.

    A series that begins at midnight and goes on within the day begins with that day: its first value closes nothing.
    """

    def __init__(self) -> None:
        self._days, self._closes = array("q"), array("d")
        self._first_ns: int | None = None
        self._second_ns: int | None = None

    def add(self, times_ns: Times, values: Array) -> None:
        """Add the next points, at least one, as many values as times; times are UTC nanoseconds that never go back."""
        if self._second_ns is None:
            self._see_begin(times_ns)
        first, last = (int(times_ns[0]) - 1) // DAY_NS, (int(times_ns[-1]) - 1) // DAY_NS
        if last - first <= len(values):
            ends = np.searchsorted(times_ns, np.arange(first + 1, last + 2, dtype=np.int64) * DAY_NS, side="right")
            closing = ends[np.diff(ends, prepend=0) > 0] - 1
        else:
            closing = np.append(np.flatnonzero(np.diff((times_ns - 1) // DAY_NS)), len(values) - 1)
        days, closes = ((times_ns[closing] - 1) // DAY_NS).tolist(), values[closing].tolist()
        if self._days and self._days[-1] == days[0]:
            self._closes[-1] = closes[0]
            del days[0], closes[0]
        self._days.extend(days)
        self._closes.extend(closes)

    @property
    def days(self) -> Times:
        """Return the numbers of the days that have a close, ascending."""
        return np.array(self._days[self._opening:], dtype=np.int64)

    @property
    def closes(self) -> Array:
        """Return the last value of each of `days`."""
        return np.array(self._closes[self._opening:], dtype=np.float64)

    def _see_begin(self, times_ns: Times) -> None:
        if self._first_ns is None:
            self._first_ns = int(times_ns[0])
        later = int(np.searchsorted(times_ns, self._first_ns, side="right"))
        if later < len(times_ns):
            self._second_ns = int(times_ns[later])

    @property
    def _opening(self) -> int:
        # 1 where the first day holds nothing but the opening value of the next.
        begins, goes_on = self._first_ns, self._second_ns
        return int(begins is not None and goes_on is not None and begins % DAY_NS == 0 and goes_on - begins < DAY_NS)
