"""Reads Parquet files in batches, where the extra `data` (pyarrow) is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trading_system.collectors.history_chunk import Array
from trading_system.collectors.history_layout import BLOCK_ROWS, OTHER_FILE, Block, recognize
from trading_system.collectors.history_npz import nanoseconds_of, sides_of
from trading_system.collectors.history_times import Faults, FileClock
from trading_system.core.errors import ConfigError


class ParquetSource:
    """One Parquet file. Opening reads its schema. Raises ConfigError where pyarrow is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FileClock(str(path))
        self._parquet, self._types = _pyarrow(path)
        try:
            with self._parquet.ParquetFile(path) as file:
                schema, self._rows = file.schema_arrow, int(file.metadata.num_rows)
        except Exception as error:      # over bytes that are not Parquet the library raises what it likes
            raise self._broken(error) from None
        names = [str(name) for name in schema.names]
        self.layout = recognize(names, str(path))
        self._names = {word: names[index] for word, index in self.layout.index.items()}
        for word, name in self._names.items():
            self._check(word, name, schema.field(self.layout.index[word]).type)
        if not self._rows:
            raise ConfigError(f"{path}: the file holds not a single row: {OTHER_FILE}")

    def place(self, line: int) -> str:
        """Say where a row is; the first is row 1."""
        return f"{self.path}: row {line}"

    def blocks(self, position: int = 0) -> Iterator[Block]:
        """Read blocks of rows; a position is a row, counted from 0."""
        first = 0
        names = list(self._names.values())
        try:
            with self._parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=BLOCK_ROWS, columns=names):
                    if first >= position:
                        yield self._block(batch, first)
                    first += batch.num_rows
        except ConfigError:
            raise
        except Exception as error:
            raise self._broken(error) from None

    def _check(self, word: str, name: str, kind: Any) -> None:
        types = self._types
        is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        if word == "time" and types.is_timestamp(kind):
            if kind.tz is None:
                raise ConfigError(f"{self.path}: the times in '{name}' do not say their zone: give them one (UTC), or write milliseconds "
                                  "since 1970")
        elif word == "side" and not (is_number or types.is_boolean(kind) or _is_words(types, kind)):
            raise ConfigError(f"{self.path}: the column '{name}' is {kind}: it must be buy, sell or empty")
        elif word != "side" and not is_number:
            raise ConfigError(f"{self.path}: the column '{name}' is {kind}: it must hold numbers"
                              + (", or times with their zone" if word == "time" else ""))

    def _block(self, batch: Any, first: int) -> Block:
        faults: Faults = {}
        columns: dict[str, Array] = {}
        for word, name in self._names.items():
            column = batch.column(name)
            kind = column.type
            if word == "side":
                columns[word] = sides_of(np.array([_side(value) for value in column.to_pylist()]), faults)
            elif self._types.is_timestamp(kind):
                times = np.array(column.cast("int64").fill_null(0)).view(f"datetime64[{kind.unit}]")
                columns[word] = self.clock.from_nanoseconds(nanoseconds_of(times), faults)
            elif word == "time":
                numbers = column.fill_null(0) if self._types.is_integer(kind) else column.cast("float64")
                columns[word] = self.clock.from_numbers(numbers.to_numpy(zero_copy_only=False), faults)
            else:
                columns[word] = np.array(column.cast("float64").to_numpy(zero_copy_only=False), np.float64)
        return Block(columns, first, first + 1, faults)

    def _broken(self, error: Exception) -> ConfigError:
        return ConfigError(f"{self.path}: this is no sound Parquet file ({' '.join(str(error).split())[:200]}): write it anew")


def _side(value: Any) -> str:
    return "" if value is None else {True: "buy", False: "sell", -1: ""}.get(value, str(value))


def _is_words(types: Any, kind: Any) -> bool:
    words = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(words) or types.is_large_string(words))


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-untyped,import-not-found,unused-ignore]
        import pyarrow.types as types  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise ConfigError(f"{path}: Parquet needs the extra 'data': pip install -e '.[data]', or save the file as CSV or .npz") from None
    return parquet, types
