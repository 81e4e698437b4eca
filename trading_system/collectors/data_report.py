"""What a file of market data held, in figures and in sentences: rows, gaps, what was left out and why.

Filled while a file is read through; told before a backtest begins.
"""

from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np

from trading_system.collectors.history_chunk import Array
from trading_system.collectors.history_times import MINUTE_NS, length, moment

#: Trades and quotes have no beat of their own: a silence longer than this is told as a gap.
SILENCE_NS = 10 * MINUTE_NS
#: By how much a step between two bars may differ from whole bars: months have 28 to 31 days, clocks are changed.
TOLERANCE = 0.1
_FIRST_PLACES = 3
_FIRST_FAULTS = 5


class DataReport(msgspec.Struct, frozen=True):
    """One file read to its end. `rows` are those that can be used, from `first_ns` to `last_ns`, the moments they became known.

    `gaps` counts places where bars are missing (or silences of trades and quotes), `left_out` rows that cannot be used.
    """

    symbol: str
    file: str
    kind: str
    rows: int
    first_ns: int
    last_ns: int
    gaps: int
    left_out: int
    sentences: list[str] = []


class Tally:
    """The figures of one file, counted while it is read. `bar_ns` is 0 for trades and quotes."""

    def __init__(self, bar_ns: int) -> None:
        self.bar_ns = bar_ns
        self.rows = 0
        self.first_ns = self.last_ns = 0
        self.gaps = self.missing_bars = self.irregular = self.without_side = 0
        self.largest_gap_ns = 0
        self.gap_places: list[tuple[int, int]] = []
        self.left_out: Counter[str] = Counter()
        self.first_faults: list[str] = []
        self._largest_at_ns = 0

    def keep(self, times_ns: Array, last_ns: int) -> None:
        """Count rows at `times_ns` (as they stand in the file: bars' starts) after the row at `last_ns`, 0 where they are the first."""
        if not len(times_ns):
            return
        self.rows += len(times_ns)
        self.first_ns = self.first_ns or int(times_ns[0])
        self.last_ns = int(times_ns[-1])
        steps = np.diff(times_ns, prepend=last_ns or times_ns[0])
        longest_ns = int(self.bar_ns * (1 + TOLERANCE)) if self.bar_ns else SILENCE_NS
        if not last_ns:
            steps[0] = self.bar_ns          # the first row of all: no step
        if self.bar_ns:
            odd = steps[steps != self.bar_ns]
            if len(odd):
                bars = odd / self.bar_ns
                self.irregular += int((np.abs(bars - np.rint(bars)) > TOLERANCE).sum())
        at = np.flatnonzero(steps > longest_ns)
        if not len(at):
            return
        gaps = steps[at]
        self.gaps += len(at)
        if self.bar_ns:
            self.missing_bars += int(np.rint(gaps / self.bar_ns).sum()) - len(at)
        for row, gap in zip(at[:_FIRST_PLACES].tolist(), gaps[:_FIRST_PLACES].tolist(), strict=True):
            if len(self.gap_places) < _FIRST_PLACES:
                self.gap_places.append((int(times_ns[row]) - gap, gap))
        largest = int(gaps.argmax())
        if gaps[largest] > self.largest_gap_ns:
            self.largest_gap_ns = int(gaps[largest])
            self._largest_at_ns = int(times_ns[at[largest]]) - self.largest_gap_ns

    def leave_out(self, label: str, sentence: Callable[[], str]) -> None:
        """Count a row that cannot be used; only the first few sentences are built and kept."""
        self.left_out[label] += 1
        if len(self.first_faults) < _FIRST_FAULTS:
            self.first_faults.append(sentence())

    @property
    def bad_rows(self) -> int:
        """Return how many rows cannot be used."""
        return self.left_out.total()

    def bad_words(self) -> str:
        """Return how many rows cannot be used, by reason, as words: 3 rows (2 duplicate, 1 not a number)."""
        reasons = ", ".join(f"{count:,} {label}" for label, count in self.left_out.most_common())
        return f"{self.bad_rows:,} row{'s' * (self.bad_rows != 1)} ({reasons})"

    def sentences(self) -> list[str]:
        """Say what people should know of the rows: gaps, what was left out, sides that are not known."""
        said = []
        if self.gaps:
            what = f"{self.missing_bars:,} bars are missing in {self.gaps:,} gap{'s' * (self.gaps != 1)}" if self.bar_ns else \
                f"{self.gaps:,} silence{'s' * (self.gaps != 1)} of more than {length(SILENCE_NS)}"
            places = ", ".join(f"{moment(at_ns)} ({length(gap)})" for at_ns, gap in self.gap_places)
            said.append(f"{what}; the largest step is {length(self.largest_gap_ns)} after {moment(self._largest_at_ns)}; "
                        f"the first after {places}")
        if self.bad_rows:
            said.append(f"{self.bad_words()} left out; the first: {self.first_faults[0]}")
        if self.without_side:
            said.append(f"trades that do not say who was the taker: {self.without_side:,}; they count as buys")
        return said
