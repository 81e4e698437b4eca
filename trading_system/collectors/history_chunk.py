"""Some rows of one file of market data as numpy columns, and the events they stand for, built one at a time in C.

Read from files by `History`, merged by `merged`; the columns are never changed.
"""

from collections.abc import Iterator
from itertools import repeat
from typing import Any, Literal

import msgspec
import numpy as np

from trading_system.core.market_data import Bar, MarketData, Tick, Trade

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["bars", "trades", "quotes"]
#: The columns of a kind after its time, in the order in which its event takes them; those that may be missing stand in OPTIONAL.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "close", "volume"), "trades": ("price", "quantity", "side"), "quotes": ("bid", "ask", "last")}
OPTIONAL = ("volume", "side", "last")
#: What a row of each kind is as an event.
EVENTS: dict[Kind, type[MarketData]] = {"bars": Bar, "trades": Trade, "quotes": Tick}


class Chunk(msgspec.Struct, frozen=True, eq=False):
    """Rows of one symbol in order of time. `times_ns` (int64) are the moments the rows became known: of bars the end of each.

    `columns` are float64 by name: bars also have `start_ns` (int64), trades `is_buy` (bool).
    """

    symbol: str
    kind: Kind
    times_ns: Array
    columns: dict[str, Array]

    def __len__(self) -> int:
        return len(self.times_ns)

    @property
    def marks(self) -> Array:
        """Return the price a position is valued at after each row, float64: close, price, or the middle of bid and ask."""
        if self.kind == "quotes":
            return np.asarray((self.columns["bid"] + self.columns["ask"]) * 0.5)
        return self.columns["close" if self.kind == "bars" else "price"]

    def events(self) -> Iterator[MarketData]:
        """Build one event per row, each when it is asked for."""
        column = {name: _python_values(values) for name, values in self.columns.items()}
        times, symbols = _python_values(self.times_ns), repeat(self.symbol)
        if self.kind == "bars":
            prices = column["open"], column["high"], column["low"], column["close"]
            return map(Bar, symbols, column["start_ns"], times, *prices, column["volume"])
        if self.kind == "trades":
            return map(Trade, symbols, times, column["price"], column["quantity"], column["is_buy"])
        if "last" in column:
            return map(Tick, symbols, times, column["bid"], column["ask"], column["last"])
        return map(Tick, symbols, times, column["bid"], column["ask"])

    def rows(self, first: int, end: int) -> "Chunk":
        """Return the rows from `first` up to, not including, `end`; the columns are views, nothing is copied."""
        if first <= 0 and end >= len(self):
            return self
        part = {name: values[first:end] for name, values in self.columns.items()}
        return Chunk(self.symbol, self.kind, self.times_ns[first:end], part)

    def slice(self, from_ns: int | None = None, to_ns: int | None = None) -> "Chunk":
        """Return the rows with `from_ns` <= `times_ns` < `to_ns`; None means no bound."""
        first = 0 if from_ns is None else int(np.searchsorted(self.times_ns, from_ns, "left"))
        end = len(self) if to_ns is None else int(np.searchsorted(self.times_ns, to_ns, "left"))
        return self.rows(first, max(first, end))


def _python_values(values: Array) -> Any:
    # A memoryview gives Python's own numbers one by one: no list of them all, and no numpy scalars in events.
    return memoryview(values)  # type: ignore[arg-type]
