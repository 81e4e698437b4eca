"""Tables of indicators that others computed, read from the recorded data beside the checkout, and the tally of how ours compare with them.

A difference counts as explained only where ours, fed or put together the way a sentence says the other does it, gives the other's digits.
"""

import csv
import gzip
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
ANSWERS = DATA / "known_answers"

needs_shared_data = pytest.mark.skipif(not ANSWERS.is_dir(), reason=f"the recorded data is not at {DATA}")


class Table(NamedTuple):
    """Columns of a CSV file by name, as they are written."""

    columns: dict[str, list[str]]

    @classmethod
    def read(cls, path: Path) -> "Table":
        """Read a CSV file, packed or not."""
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            rows = list(csv.DictReader(file))
        return cls({name: [row[name] for row in rows] for name in rows[0]})

    def __call__(self, name: str) -> list[float]:
        """Return a column as numbers, nan where it is empty."""
        return [float(text) if text else math.nan for text in self.columns[name]]

    def places(self, name: str) -> int:
        """Return the most decimal places that a column is written with."""
        return max(len(text.partition(".")[2]) for text in self.columns[name])


def line(indicator: Any, feed: Iterable[Any], attribute: str = "value") -> list[float]:
    """Return an attribute after each update; a tuple of the feed is the numbers of a bar, anything else a price."""
    found = []
    for numbers in feed:
        if not isinstance(numbers, tuple):
            indicator.update(numbers)
        elif hasattr(indicator, "update_values"):
            indicator.update_values(*numbers)
        else:
            indicator.update(*numbers)
        found.append(getattr(indicator, attribute))
    return found


def smoothed(values: Iterable[float], weight: float, value: float = math.nan) -> list[float]:
    """Return `value += weight * (next - value)`, begun with the first value: the way of those who take no mean to begin with."""
    found = []
    for each in values:
        value = value + weight * (each - value) if value == value else each
        found.append(value)
    return found


class Tally:
    """Counts columns that agree, columns whose difference is explained, and what is not ours."""

    def __init__(self, source: str, tolerance: Callable[[float], float] = lambda expected: 1e-9) -> None:
        self.source = source
        self.tolerance = tolerance
        self.cells = 0
        self.agreeing: list[str] = []
        self.explained: dict[str, str] = {}
        self.unexplained: list[str] = []
        self.not_ours: list[str] = []

    def compare(self, name: str, ours: Sequence[float], theirs: Sequence[float], tolerance: float | None = None) -> None:
        """Hold a line of ours against theirs, cell by cell; a value where they have none, or none where they have one, is a difference."""
        wrong = self._wrong(ours, theirs, tolerance)
        if wrong:
            self.unexplained.append(f"{name}: {len(wrong)} of {len(theirs)} differ, first {wrong[0]}")
        else:
            self.cells += len(theirs)
            self.agreeing.append(name)

    def explain(self, name: str, sentence: str, plain: Sequence[float], their_way: Sequence[float], theirs: Sequence[float],
                tolerance: float | None = None, plain_tolerance: float | None = None) -> None:
        """Hold theirs against ours done their way; that the plain line differs is asserted too, or there would be nothing to explain."""
        assert self._wrong(plain, theirs, plain_tolerance or tolerance), f"{name} agrees without being explained"
        wrong = self._wrong(their_way, theirs, tolerance)
        if wrong:
            self.unexplained.append(f"{name}: {len(wrong)} of {len(theirs)} differ, first {wrong[0]}, though {sentence}")
        else:
            self.cells += len(theirs)
            self.explained[name] = sentence

    def finish(self, agreeing: int, explained: int, not_ours: int) -> None:
        """Print the counts and assert them."""
        print(f"\n{self.source}: {len(self.agreeing)} columns agree, {len(self.explained)} differ and are explained, "
              f"{len(self.not_ours)} not ours ({', '.join(self.not_ours) or 'none'}), unexplained {len(self.unexplained)}; {self.cells} cells")
        for name, sentence in self.explained.items():
            print(f"  {name}: {sentence}")
        assert not self.unexplained, f"unexplained: {'; '.join(self.unexplained)}"
        counts = (len(self.agreeing), len(self.explained), len(self.not_ours))
        assert counts == (agreeing, explained, not_ours), f"agreeing, explained and not ours are {counts}"

    def _wrong(self, ours: Sequence[float], theirs: Sequence[float], tolerance: float | None) -> list[tuple[int, float, float]]:
        assert len(ours) == len(theirs) > 0
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [(row, mine, expected) for row, (mine, expected) in pairs if not self._is_same(mine, expected, tolerance)]

    def _is_same(self, mine: float, expected: float, tolerance: float | None) -> bool:
        if math.isnan(mine) or math.isnan(expected):
            return math.isnan(mine) and math.isnan(expected)
        return abs(mine - expected) <= (self.tolerance(expected) if tolerance is None else tolerance)


def with_blanks_of(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return ours, blank where theirs is blank: for columns that begin later or leave cells out."""
    return [mine if expected == expected else math.nan for mine, expected in zip(ours, theirs, strict=True)]


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a JSON file."""
    found: list[dict[str, Any]] = json.loads((ANSWERS / name).read_text())["cases"]
    return found
