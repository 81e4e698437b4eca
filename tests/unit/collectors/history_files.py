"""Small files of market data for the tests of `History`, in every format."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from trading_system.collectors.history import History

#: 2024-01-01T00:00:00Z in nanoseconds.
START_NS = 1_704_067_200_000_000_000
MINUTE_NS = 60_000_000_000
HEADER = "timestamp,open,high,low,close,volume"


def bar_lines(count: int, start_ms: int = START_NS // 1_000_000, step_ms: int = 60_000) -> list[str]:
    """Return lines of sound bars, a minute each."""
    return [f"{start_ms + row * step_ms},{100 + row % 7},{101.5 + row % 7},{99.25 + row % 7},{100.5 + row % 7},{row % 3}" for row in range(count)]


def write(folder: Path, *lines: str, name: str = "a.csv") -> Path:
    """Write lines as a CSV file, gzipped where the name ends in .gz."""
    path, data = folder / name, "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def write_bars(folder: Path, lines: list[str], name: str = "bars.csv") -> Path:
    """Write lines of bars below their header."""
    return write(folder, HEADER, *lines, name=name)


def bar_arrays(count: int) -> dict[str, Any]:
    """Return arrays of sound bars, times in milliseconds."""
    close = 100.0 + np.arange(count) % 7
    return {"ts": START_NS // 1_000_000 + np.arange(count) * 60_000, "open": close, "high": close + 1, "low": close - 1, "close": close,
            "volume": np.ones(count)}


def events(history: History, from_ns: int | None = None, to_ns: int | None = None) -> list[Any]:
    """Return every event of a history."""
    return [event for chunk in history.chunks(from_ns, to_ns) for event in chunk.events()]
