"""Which column of a file holds what: recognizes bars, trades and quotes by the names in the header.

Also what every reader of a format hands to `History`: blocks of columns with what is wrong with single rows.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from trading_system.collectors.history_chunk import COLUMNS, OPTIONAL, Array, Kind
from trading_system.collectors.history_times import Faults, FileClock
from trading_system.core.errors import ConfigError

#: The ways out, in the words that people can write.
SKIP = "bad_rows: skip in backtest_config.yaml, or --set backtest.bad_rows=skip"
BAR_SECONDS = "say it with bar_seconds: 1h in backtest_config.yaml, or --set backtest.bar_seconds=1h"
OTHER_FILE = "write it again, or name another with --data SYMBOL=FILE"
#: Rows of a block, about: what one step of reading holds in memory.
BLOCK_ROWS = 65_536
_TIME = re.compile(r"(timestamp|time|date|datetime|ts|open_time)(_(s|ms|us|ns|utc))?")
_ALIASES = {"quantity": ("quantity", "volume", "amount", "size")}
#: A ccxt list of OHLCV without a header.
HEADERLESS = ("timestamp", "open", "high", "low", "close", "volume")
_WANTED = ("bars: timestamp, open, high, low, close, volume; trades: timestamp, price, volume, side; quotes: timestamp, bid, ask")


class Layout(msgspec.Struct, frozen=True):
    """What a file holds, and for each word of ours (`time`, `open`, ...) the index of its column."""

    kind: Kind
    index: dict[str, int]


class Block(msgspec.Struct, eq=False):
    """Rows as they lie in the file. `columns` are float64, but for `time`: int64 UTC nanoseconds, 0 where `faults` says why not.

    `line` is the line or row number of the first row, `lines` of every row where they do not simply count up. `position` is where the
    source can begin again with this block.
    """

    columns: dict[str, Array]
    position: int
    line: int
    faults: Faults
    lines: Array | None = None

    def line_of(self, row: int) -> int:
        """Return the line or row number of a row."""
        return self.line + row if self.lines is None else int(self.lines[row])


class Source(Protocol):
    """One file in one format."""

    layout: Layout
    clock: FileClock

    def blocks(self, position: int = 0) -> Iterator[Block]:
        """Read from a block's `position`, or from the beginning; only then are line numbers those of the file.

        Raises ConfigError for a file that is broken as a whole.
        """

    def place(self, line: int) -> str:
        """Say where a row is."""


def recognize(names: Sequence[str], place: str) -> Layout:
    """Return what columns of these names hold; upper and lower case are the same. Raises ConfigError naming `place`."""
    words = [name.strip().strip('"').strip().lower() for name in names]
    times = [index for index, word in enumerate(words) if _TIME.fullmatch(word)]
    shown = ", ".join(map(repr, (name[:30] for name in names[:12])))
    if not times:
        raise ConfigError(f"{place}: there is no column for the time among {shown}: name it timestamp, time, date, datetime or ts")
    for kind, wanted in COLUMNS.items():
        found = {"time": times[0]}
        for word in wanted:
            at = [index for alias in _ALIASES.get(word, (word,)) for index, name in enumerate(words) if name == alias]
            if len(at) > 1 and words[at[0]] == words[at[1]]:
                raise ConfigError(f"{place}: the column '{words[at[0]]}' stands there twice: rename or remove one")
            if at:
                found[word] = at[0]
        if all(word in found or word in OPTIONAL for word in wanted):
            return Layout(kind, found)
    raise ConfigError(f"{place}: the columns {shown} are neither bars, trades nor quotes; name them ({_WANTED})")
