"""Single prices noted one by one, laid out as the arrays that curves are reckoned from. Pure functions."""

from array import array
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from trading_system.reports.performance import Array

Times = npt.NDArray[np.int64]
Marks = dict[str, tuple[Times, Array]]


def laid_out(prices: Mapping[str, tuple["array[int]", "array[float]"]], more_times: Sequence[Iterable[int]]) -> tuple[Times, Marks]:
    """Return every moment at which anything was noted, each once, and per symbol its own times and prices.

    `prices` holds per symbol UTC nanoseconds that never go back and as many prices, counter per base; `more_times` are further moments.
    """
    marks = {symbol: (np.array(times, dtype=np.int64), np.array(values, dtype=np.float64)) for symbol, (times, values) in prices.items()}
    moments = [np.fromiter(times, dtype=np.int64) for times in more_times]
    return np.unique(np.concatenate([*moments, *(times for times, _ in marks.values())])), marks
