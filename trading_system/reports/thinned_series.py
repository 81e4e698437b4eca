"""A series of any length kept at the size of a picture: the smallest, the largest and the last value of each bucket of points.

Buckets double when there are too many, so memory stays flat and no extreme is ever lost.
"""

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array
from trading_system.reports.results import Series

Times = npt.NDArray[np.int64]

MOST_POINTS = 4_000
_LOW, _HIGH, _LAST = range(3)


class ThinnedSeries:
    """At most `most` points (three per bucket) of all that were added, in the order of their times."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self.per_bucket = 1
        self._capacity = max(most // 3, 2)
        self._filled = 0                # points in the last bucket; 0 is one that is not begun
        self._buckets = 0
        self._times = np.empty((3, self._capacity), dtype=np.int64)
        self._values = np.empty((3, self._capacity), dtype=np.float64)

    def add(self, times_ns: Times, values: Array) -> None:
        """Add points that follow the ones before; as many finite values as times."""
        count = len(values)
        while max(self._buckets - 1, 0) * self.per_bucket + self._filled + count > self._capacity * self.per_bucket:
            self._double()
        first = min((self.per_bucket - self._filled) % self.per_bucket, count) if self._filled else 0
        if first:
            self._extend_last(times_ns[:first], values[:first])
        whole = (count - first) // self.per_bucket
        rest = first + whole * self.per_bucket
        if whole:
            self._append(times_ns[first:rest].reshape(whole, -1), values[first:rest].reshape(whole, -1))
        if rest < count:
            self._append(times_ns[rest:].reshape(1, -1), values[rest:].reshape(1, -1))

    def series(self) -> Series:
        """Return the points kept, each once, oldest first."""
        times, values = self._times[:, :self._buckets].T.ravel(), self._values[:, :self._buckets].T.ravel()
        # Within a bucket the last point is the last by time; low and high are put in order, and what is one point is shown once.
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        is_new = np.ones(len(times), dtype=np.bool_)
        is_new[1:] = (np.diff(times) != 0) | (np.diff(values) != 0.0)
        return Series(times[is_new].tolist(), values[is_new].tolist())

    def _append(self, times: Times, values: Array) -> None:
        rows = np.arange(len(values))
        here = slice(self._buckets, self._buckets + len(values))
        for which, columns in ((_LOW, values.argmin(axis=1)), (_HIGH, values.argmax(axis=1)), (_LAST, np.full(len(values), -1))):
            self._times[which, here] = times[rows, columns]
            self._values[which, here] = values[rows, columns]
        self._buckets += len(values)
        self._filled = values.shape[1]

    def _extend_last(self, times: Times, values: Array) -> None:
        at, low, high = self._buckets - 1, int(values.argmin()), int(values.argmax())
        if values[low] < self._values[_LOW, at]:
            self._times[_LOW, at], self._values[_LOW, at] = times[low], values[low]
        if values[high] > self._values[_HIGH, at]:
            self._times[_HIGH, at], self._values[_HIGH, at] = times[high], values[high]
        self._times[_LAST, at], self._values[_LAST, at] = times[-1], values[-1]
        self._filled += len(values)

    def _double(self) -> None:
        pairs, rest = divmod(self._buckets, 2)
        if not rest and self._buckets:
            self._filled += self.per_bucket
        self.per_bucket *= 2
        if not self._buckets:
            return
        left, right = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
        takes_right = np.stack((
            self._values[_LOW, right] < self._values[_LOW, left], self._values[_HIGH, right] > self._values[_HIGH, left],
            np.ones(pairs, dtype=np.bool_),
        ))
        for table in (self._times, self._values):
            merged = np.where(takes_right, table[:, right], table[:, left])
            table[:, pairs:pairs + rest] = table[:, self._buckets - rest:self._buckets]
            table[:, :pairs] = merged
        self._buckets = pairs + rest
