"""Reads CSV, plain or gzipped: whole pieces of text at once with a JSON decoder, and row by row only where a piece has something odd.

The decoder took 0.3 us a row of six numbers where `numpy.loadtxt` took 1.0. Never holds more than a block.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from trading_system.collectors.history_chunk import Array
from trading_system.collectors.history_csv_rows import is_number, is_time, read_rows
from trading_system.collectors.history_layout import BLOCK_ROWS, HEADERLESS, OTHER_FILE, Block, recognize
from trading_system.collectors.history_times import Faults, FileClock, written_times_ns
from trading_system.core.errors import ConfigError

_PIECE_BYTES = 1 << 18
_LONGEST_LINE = 1 << 16
_COMMA, _NEWLINE, _SPACE = 44, 10, 32
_SIDES = {b"": -1.0, b"b": 1.0, b"s": 0.0, b"buy": 1.0, b"sell": 0.0}
_DECODER = msgspec.json.Decoder(list[int | float | None])


class CsvSource:
    """One CSV file. Opening reads its first lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._is_gzip = file.read(2) == b"\x1f\x8b"
        first, second = self._first_lines()
        names = first.split(",")
        self._has_header = not _is_row(names)
        self._width = len(names)
        self.clock = FileClock(str(path))
        if self._has_header:
            self.layout = recognize(names, f"{path}:1")
            if not second:
                raise ConfigError(f"{path}: there is a header and not a single row: {OTHER_FILE}")
        elif self._width == len(HEADERLESS):
            self.layout = recognize(HEADERLESS, f"{path}:1")
        else:
            raise ConfigError(f"{path}:1: there is no header, and the row has {self._width} columns; only bars of six columns "
                              f"({', '.join(HEADERLESS)}) need none: put a line with the columns' names on top")
        row = second.split(",") if self._has_header else names
        self._has_text_times = is_time(row[self.layout.index["time"]]) if self.layout.index["time"] < len(row) else False

    def place(self, line: int) -> str:
        """Say where a line is."""
        return f"{self.path}:{line}"

    def blocks(self, position: int = 0) -> Iterator[Block]:
        """Read blocks of whole lines; a position counts the bytes of the text, unpacked."""
        group: list[Block] = []
        rows, line = 0, 1
        for at, text in self._pieces(position):
            piece_line = line
            line += text.count(b"\n")
            if at == 0:
                text = text.removeprefix(b"\xef\xbb\xbf")
                if self._has_header:
                    text = text[text.index(b"\n") + 1:]
                    piece_line += 1
            if not text:
                continue
            block = self._read(text, at, piece_line)
            if group and rows + len(block.columns["time"]) > BLOCK_ROWS:
                yield _joined(group)
                group, rows = [], 0
            group.append(block)
            rows += len(block.columns["time"])
        if group:
            yield _joined(group)

    def _first_lines(self) -> tuple[str, str]:
        # The header, and the first line below it that is not empty.
        lines = (line.strip() for _, text in self._pieces(0) for line in text.split(b"\n"))
        raw = next(lines, None)
        if raw is None:
            raise ConfigError(f"{self.path}: the file is empty: {OTHER_FILE}")
        try:
            first = raw.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError:
            raise ConfigError(f"{self.path}:1: this is not UTF-8 text: save the file as CSV in UTF-8") from None
        if "\0" in first:
            raise ConfigError(f"{self.path}:1: this is not text: only CSV, CSV.gz, .npz and .parquet can be read")
        if not first:
            raise ConfigError(f"{self.path}:1: the first line is empty: it must name the columns")
        return first, next((line.decode(errors="replace") for line in lines if line), "")

    def _pieces(self, position: int) -> Iterator[tuple[int, bytes]]:
        # Pieces of whole lines, each with its place in the text; the last line may lack its end.
        rest = b""
        at = position
        try:
            with self._open() as stream:
                stream.seek(position)
                while data := stream.read(_PIECE_BYTES):
                    data = rest + data
                    end = data.rfind(b"\n") + 1
                    rest = data[end:]
                    if len(rest) > _LONGEST_LINE:
                        raise ConfigError(f"{self.path}: a line is longer than {_LONGEST_LINE:,} bytes: this is not CSV: {OTHER_FILE}")
                    if end:
                        yield at, data[:end]
                        at += end
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigError(f"{self.path}: the gzip data is broken ({error}): fetch or pack the file again") from None
        if rest:
            yield at, rest + b"\n"

    def _open(self) -> gzip.GzipFile | BinaryIO:
        return gzip.GzipFile(self.path, "rb") if self._is_gzip else self.path.open("rb")

    def _read(self, text: bytes, position: int, line: int) -> Block:
        columns = self._read_at_once(text)
        faults: Faults = {}
        if columns is not None:
            times = columns["time"]
            columns["time"] = self.clock.from_nanoseconds(times, faults) if self._has_text_times else self.clock.from_numbers(times, faults)
            return Block(columns, position, line, faults)
        rows = read_rows(text, line, self.layout, self._width, self._has_text_times, str(self.path))
        bad_times = [row for row in rows.faults if not rows.columns["time"][row]]
        times = rows.columns["time"]
        if self._has_text_times:
            rows.columns["time"] = self.clock.from_nanoseconds(times, rows.faults)
        elif len(bad_times) < len(times) or self.clock.unit:
            rows.columns["time"] = self.clock.from_numbers(times, rows.faults)
        else:
            rows.columns["time"] = np.zeros(len(times), np.int64)
        return Block(rows.columns, position, line, rows.faults, rows.lines)

    def _read_at_once(self, text: bytes) -> dict[str, Array] | None:
        # None: something is odd, read row by row. Every way out of here that is not None has read each field exactly.
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        letters = np.frombuffer(text, np.uint8)
        separators = np.flatnonzero((letters == _COMMA) | (letters == _NEWLINE))
        rows = text.count(b"\n")
        if len(separators) != rows * self._width:
            return None
        ends = separators.reshape(rows, self._width)
        if (letters[ends[:, -1]] != _NEWLINE).any():
            return None
        columns: dict[str, Array] = {}
        apart = {index for index in range(self._width) if index not in self.layout.index.values()}
        if self._has_text_times:
            index = self.layout.index["time"]
            times_ns = written_times_ns(letters, _starts(ends, index), ends[:, index])
            if times_ns is None:
                return None
            columns["time"] = times_ns
            apart.add(index)
        if "side" in self.layout.index:
            index = self.layout.index["side"]
            sides = _sides(letters, _starts(ends, index), ends[:, index])
            if sides is None:
                return None
            columns["side"] = sides
            apart.add(index)
        numbers = _numbers(_without(letters, ends, apart) if apart else text)
        if numbers is None:
            return None
        order = [index for index in range(self._width) if index not in apart]
        try:
            for word, index in self.layout.index.items():
                if word not in columns:
                    values = numbers[order.index(index)::len(order)]
                    columns[word] = np.array(values) if word == "time" else np.array(values, np.float64)
        except OverflowError:
            return None
        return columns if columns["time"].dtype.kind in "if" else None


def _is_row(fields: list[str]) -> bool:
    return all(not field.strip() or is_number(field) or is_time(field) for field in fields)


def _starts(ends: Array, index: int) -> Array:
    return np.asarray(ends[:, index - 1] + 1 if index else np.concatenate([[0], ends[:-1, -1] + 1]))


def _sides(letters: Array, starts: Array, ends: Array) -> Array | None:
    widths = ends - starts
    sides = np.full(len(starts), -1.0)
    for width in np.unique(widths).tolist():
        if width > 4:
            return None
        rows = np.flatnonzero(widths == width)
        if width:
            words = np.ascontiguousarray(letters[starts[rows][:, None] + np.arange(width)] | 0x20).view(f"S{width}").ravel()
            values = np.full(len(rows), np.nan)
            for word, value in _SIDES.items():
                values[words == word] = value
            if np.isnan(values).any():
                return None
            sides[rows] = values
    return sides


def _without(letters: Array, ends: Array, apart: set[int]) -> bytes:
    # Blanks the columns out that are no numbers, each with one comma, so that the rest reads as plain numbers.
    width = ends.shape[1]
    edges = np.zeros(len(letters) + 1, np.int8)
    last_kept = max((index for index in range(width) if index not in apart), default=-1)
    for index in apart:
        behind = index > last_kept
        edges[_starts(ends, index) - behind] += 1
        edges[ends[:, index] + (not behind)] -= 1
    return np.where(np.cumsum(edges[:-1], dtype=np.int8) > 0, np.uint8(_SPACE), letters).tobytes()


def _numbers(text: bytes) -> list[int | float | None] | None:
    while b",," in text:
        text = text.replace(b",,", b",null,")
    if b",\n" in text:
        text = text.replace(b",\n", b",null\n")
    try:
        return _DECODER.decode(b"[" + text[:-1].replace(b"\n", b",") + b"]")
    except msgspec.DecodeError:
        return None


def _joined(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    first, faults, rows = blocks[0], dict[int, tuple[str, str]](), 0
    lines = []
    for block in blocks:
        faults.update({rows + row: fault for row, fault in block.faults.items()})
        count = len(block.columns["time"])
        lines.append(np.arange(block.line, block.line + count) if block.lines is None else block.lines)
        rows += count
    columns = {word: np.concatenate([block.columns[word] for block in blocks]) for word in first.columns}
    return Block(columns, first.position, first.line, faults, np.concatenate(lines))
