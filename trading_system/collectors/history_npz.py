"""Reads .npz files of one array per column, all arrays side by side as streams: no array is ever whole in memory.

Written with `numpy.savez(path, ts=..., open=..., ...)`; compressed ones are read too, only slower.
"""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from trading_system.collectors.history_chunk import Array
from trading_system.collectors.history_layout import BLOCK_ROWS, OTHER_FILE, Block, recognize
from trading_system.collectors.history_times import Faults, FileClock
from trading_system.core.errors import ConfigError

#: What the readers of zip and of array headers raise over bytes that are neither.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, SyntaxError, LookupError, TypeError, RuntimeError, OSError, MemoryError,
           OverflowError)


class NpzSource:
    """One .npz file. Opening reads the headers of its arrays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FileClock(str(path))
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(".npy")]
                headers = [_header(archive.open(name)) for name in names]
        except _BROKEN as error:
            raise self._broken(error) from None
        self.layout = recognize([name.removesuffix(".npy") for name in names], str(path))
        self._members = {word: names[index] for word, index in self.layout.index.items()}
        self._types: dict[str, np.dtype[Any]] = {}
        lengths: dict[str, int] = {}
        for word, index in self.layout.index.items():
            shape, kind = headers[index]
            name = names[index].removesuffix(".npy")
            wanted = "iufM" if word == "time" else "biufUS" if word == "side" else "iuf"
            if len(shape) != 1 or kind.kind not in wanted:
                raise ConfigError(f"{path}: the array '{name}' is {_in_words(shape, kind)}: it must be one row of numbers")
            lengths[name], self._types[word] = shape[0], kind
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {count:,}" for name, count in lengths.items())
            raise ConfigError(f"{path}: the arrays differ in length ({told}): write them anew")
        self._rows = next(iter(lengths.values()))
        if not self._rows:
            raise ConfigError(f"{path}: the arrays are empty: {OTHER_FILE}")

    def place(self, line: int) -> str:
        """Say where a row is; the first is row 1."""
        return f"{self.path}: row {line}"

    def blocks(self, position: int = 0) -> Iterator[Block]:
        """Read blocks of rows; a position is a row, counted from 0."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                streams = {word: archive.open(name) for word, name in self._members.items()}
                for word, stream in streams.items():
                    _header(stream)
                    if position:
                        stream.seek(position * self._types[word].itemsize, 1)
                for first in range(position, self._rows, BLOCK_ROWS):
                    count = min(BLOCK_ROWS, self._rows - first)
                    raw = {word: _read(stream, self._types[word], count) for word, stream in streams.items()}
                    yield self._block(raw, first)
        except _BROKEN as error:
            raise self._broken(error) from None

    def _block(self, raw: dict[str, Array], first: int) -> Block:
        faults: Faults = {}
        columns = {word: values.astype(np.float64, copy=False) for word, values in raw.items() if word not in ("time", "side")}
        if "side" in raw:
            columns["side"] = sides_of(raw["side"], faults)
        times = raw["time"]
        columns["time"] = (self.clock.from_nanoseconds(nanoseconds_of(times), faults) if times.dtype.kind == "M"
                           else self.clock.from_numbers(times, faults))
        return Block(columns, first, first + 1, faults)

    def _broken(self, error: BaseException) -> ConfigError:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return ConfigError(f"{self.path}: this is no sound .npz file of numbers ({reason[:200]}): write it anew with numpy.savez")


def nanoseconds_of(times: Array) -> Array:
    """Return numpy's date times (read as UTC) as nanoseconds, int64; 0 for those that are missing or out of range."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    is_time = (seconds > 0) & (seconds < 1 << 33)
    return np.asarray(np.where(is_time, times, np.datetime64(0, "s").astype(times.dtype)).astype("datetime64[ns]").astype(np.int64))


def sides_of(values: Array, faults: Faults) -> Array:
    """Return 1 for buys, 0 for sells, -1 where it is not known, from flags, numbers or words; anything else becomes a fault."""
    if values.dtype.kind in "US":
        words = np.char.lower(values.astype("U8"))
        sides = np.select([np.isin(words, ("buy", "b")), np.isin(words, ("sell", "s")), words == ""], [1.0, 0.0, -1.0], np.nan)
    else:
        sides = values.astype(np.float64)
        sides = np.where(np.isin(sides, (1.0, 0.0, -1.0)), sides, np.nan)
    for row in np.flatnonzero(np.isnan(sides)).tolist():
        faults.setdefault(row, ("side", f"the side is {values[row].item()!r}, not buy, sell or empty (as numbers 1, 0 or -1)"))
    return sides


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, kind = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"arrays of version {version} are not known")
    return shape, kind


def _read(stream: IO[bytes], kind: "np.dtype[Any]", count: int) -> Array:
    data = stream.read(count * kind.itemsize)
    if len(data) < count * kind.itemsize:
        raise EOFError("an array ends early")
    values = np.frombuffer(data, kind)
    return values if kind.isnative else values.astype(kind.newbyteorder("="))


def _in_words(shape: tuple[int, ...], kind: "np.dtype[Any]") -> str:
    return f"{' x '.join(map(str, shape)) or 'a single'} {kind.name}"
