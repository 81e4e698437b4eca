"""One file of market data of one symbol: opened, read through once to prove it, then given in chunks of columns as often as wanted.

The backtester's driver reads it; nothing here ever holds more than a few chunks.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from trading_system.collectors.data_report import TOLERANCE, DataReport
from trading_system.collectors.history_checks import Checker, sound
from trading_system.collectors.history_chunk import Array, Chunk, Kind
from trading_system.collectors.history_csv import CsvSource
from trading_system.collectors.history_layout import BAR_SECONDS, OTHER_FILE, SKIP, Block, Source
from trading_system.collectors.history_npz import NpzSource
from trading_system.collectors.history_parquet import ParquetSource
from trading_system.collectors.history_times import length
from trading_system.core.errors import ConfigError

Policy = Literal["refuse", "skip"]
#: So many rows that cannot be used say enough: reading on would only take time.
_ENOUGH_BAD_ROWS = 1_000


class _Mark(NamedTuple):
    """Where a block begins in the file, the time of the last row kept before it, and the moment of its own last (0: it has none)."""

    position: int
    before_ns: int
    last_ns: int


class History:
    """A file that was read to its end and can be traded on. Made by `open`; `rows` counts those that can be used.

    `bar_ns` is the length of its bars, 0 for trades and quotes; `sentences` is what people should know of it.
    """

    def __init__(self, symbol: str, path: Path, source: Source, policy: Policy, bar_ns: int) -> None:
        self.symbol = symbol
        self.path = path
        self.kind: Kind = source.layout.kind
        self.policy = policy
        self._source = source
        self._print = _fingerprint(path)
        self._marks: list[_Mark] = []
        self.bar_ns = (bar_ns or self._most_common_step()) if self.kind == "bars" else 0
        self.report = self._read_through()

    @classmethod
    def open(cls, symbol: str, path: str | Path, policy: Policy = "refuse", bar_ns: int = 0) -> "History":
        """Open CSV (plain or gzipped), .npz or Parquet with bars, trades or quotes, and read it through once.

        `policy` says what becomes of rows that cannot be used: `refuse` the file, or `skip` them and count; gaps are only told. `bar_ns`
        is the length of the bars in nanoseconds, 0: the most common step between them. Raises ConfigError for what must be mended.
        """
        path = Path(path)
        try:
            return cls(symbol, path, _source(path), policy, bar_ns)
        except OSError as error:
            raise ConfigError(f"{path}: the file cannot be read ({error.strerror or error}): is the path right?") from None

    @property
    def rows(self) -> int:
        """Return how many rows can be used."""
        return self.report.rows

    @property
    def sentences(self) -> list[str]:
        """Return what people should know of the file, a sentence each."""
        return self.report.sentences

    def chunks(self, from_ns: int | None = None, to_ns: int | None = None) -> Iterator[Chunk]:
        """Read the rows with `from_ns` <= moment < `to_ns` in order, None meaning no bound; the moment of a bar is its end.

        A bar that ends exactly at `to_ns` is therefore not among them, one that ends exactly at `from_ns` is: what one call leaves
        out at its end the next one begins with. Raises ConfigError if the file was changed since it was opened.
        """
        wanted = [mark for mark in self._marks if mark.last_ns and (from_ns is None or mark.last_ns >= from_ns)]
        if not wanted:
            return
        if _fingerprint(self.path) != self._print:
            raise ConfigError(f"{self.path}: the file was changed since it was opened: start again")
        first = wanted[0]
        checker = Checker(self._source, self.bar_ns, first.before_ns)
        for block in self._source.blocks(first.position):
            chunk = self._chunk(checker.check(block))
            if not len(chunk):
                continue
            if to_ns is not None and chunk.times_ns[0] >= to_ns:
                return
            chunk = chunk.slice(from_ns, to_ns)
            if len(chunk):
                yield chunk

    def _chunk(self, columns: dict[str, Array]) -> Chunk:
        times = np.ascontiguousarray(columns["time"])
        own = {word: np.ascontiguousarray(values) for word, values in columns.items() if word not in ("time", "side")}
        if self.kind == "bars":
            if "volume" not in own:
                own["volume"] = np.full(len(times), np.nan)
            own["start_ns"], times = times, times + self.bar_ns
        elif self.kind == "trades":
            # A taker that is not known counts as a buyer; the report says how many.
            own["is_buy"] = columns["side"] != 0 if "side" in columns else np.ones(len(times), bool)
        return Chunk(self.symbol, self.kind, times, own)

    def _read_through(self) -> DataReport:
        checker = Checker(self._source, self.bar_ns)
        for block in self._source.blocks():
            self._mark(checker, block)
            if checker.tally.bad_rows > _ENOUGH_BAD_ROWS and (self.policy == "refuse" or not checker.tally.rows):
                break
        tally, file = checker.tally, str(self.path)
        if tally.bad_rows and (self.policy == "refuse" or tally.bad_rows > tally.rows):
            count = tally.bad_words() if tally.bad_rows <= _ENOUGH_BAD_ROWS else f"more than {_ENOUGH_BAD_ROWS:,} rows"
            mend = f"mend them, or have such rows left out and counted: {SKIP}" if self.policy == "refuse" else \
                "that is more than half of them: mend the file, it is not read as it was meant"
            raise ConfigError(*tally.first_faults, f"{file}: {count} cannot be used: {mend}")
        if not tally.rows:
            raise ConfigError(f"{file}: there is not a single row under the names of the columns: {OTHER_FILE}")
        if tally.irregular > TOLERANCE * tally.rows:
            raise ConfigError(f"{file}: {tally.irregular:,} of {tally.rows - 1:,} steps between bars are not whole bars of "
                              f"{length(self.bar_ns)}, the most common step: bars of one file must have one length; where that is another, "
                              f"{BAR_SECONDS}")
        said = [f"{tally.rows:,} {self.kind}" + (f" of {length(self.bar_ns)}" if self.bar_ns else ""), self._source.clock.sentence()]
        return DataReport(self.symbol, file, self.kind, tally.rows, tally.first_ns + self.bar_ns, tally.last_ns + self.bar_ns, tally.gaps,
                          tally.bad_rows, said + tally.sentences())

    def _mark(self, checker: Checker, block: Block) -> None:
        before_ns = checker.last_ns
        times = checker.check(block)["time"]
        self._marks.append(_Mark(block.position, before_ns, int(times[-1]) + self.bar_ns if len(times) else 0))

    def _most_common_step(self) -> int:
        # The first block says it: a file whose later bars are of another length fails the checks.
        block = next(self._source.blocks(), None)
        if block is None:
            raise ConfigError(f"{self.path}: there is not a single row under the names of the columns: {OTHER_FILE}")
        times = block.columns["time"]
        is_good = sound(self.kind, block.columns) & (times > 0)
        steps, counts = np.unique(np.diff(times[is_good]), return_counts=True)
        counts = counts[steps > 0]
        steps = steps[steps > 0]
        # Without two bars to compare, the checks speak first where rows are bad; else the length must be named.
        if not len(steps):
            if is_good.all() and not block.faults and len(times) == 1:
                raise ConfigError(f"{self.path}: there is only one bar, so its length cannot be seen: {BAR_SECONDS}")
            return 1
        return int(steps[counts.argmax()])


def _source(path: Path) -> Source:
    with path.open("rb") as file:
        begin = file.read(4)
    suffix = path.suffix.lower()
    if not begin:
        raise ConfigError(f"{path}: the file is empty: {OTHER_FILE}")
    if suffix == ".npz" or begin == b"PK\x03\x04":
        return NpzSource(path)
    if suffix == ".parquet" or begin == b"PAR1":
        return ParquetSource(path)
    if suffix == ".gz" and begin[:2] != b"\x1f\x8b":
        raise ConfigError(f"{path}: its name ends in .gz, but it is not gzip data: fetch or pack the file again")
    return CsvSource(path)


def _fingerprint(path: Path) -> tuple[int, int, int]:
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns
