"""Reads lines of a CSV file one by one: slow, and it can say of each line what is wrong with it.

Only pieces of a file with something odd in them come here.
"""

import re
from typing import NamedTuple

import numpy as np

from trading_system.collectors.history_chunk import Array
from trading_system.collectors.history_layout import Layout
from trading_system.collectors.history_times import Faults, NaiveTime, written_time_ns
from trading_system.core.errors import ConfigError

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_WRITTEN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
_MISSING = ("", "null")
_SIDES = {"": -1.0, "b": 1.0, "s": 0.0, "buy": 1.0, "sell": 0.0}


_END_OF_TIME = 2**63        # nanoseconds of written times, and numbers of any unit, are kept in 64 bits


class Rows(NamedTuple):
    """The columns of lines, what is wrong with some, and the number of each line."""

    columns: dict[str, Array]
    faults: Faults
    lines: Array


def is_number(field: str) -> bool:
    """Tell whether a field is a plain number, or one of the ways to write that there is none."""
    return _NUMBER.fullmatch(_plain(field)) is not None or _plain(field).lower() in ("nan", "inf", "-inf")


def is_time(field: str) -> bool:
    """Tell whether a field looks like a written date or time."""
    return _WRITTEN_TIME.fullmatch(_plain(field)) is not None


def read_rows(text: bytes, first_line: int, layout: Layout, width: int, has_text_times: bool, file: str) -> Rows:
    """Read whole lines, empty ones left out. Times are as written: numbers, or nanoseconds where `has_text_times`; 0 is a fault.

    Raises ConfigError for a time without zone: it is not one row's mistake but the file's.
    """
    columns: dict[str, list[float]] = {word: [] for word in layout.index if word != "time"}
    times: list[int | float] = []
    lines: list[int] = []
    faults: Faults = {}
    for number, raw in enumerate(text.split(b"\n")[:-1], first_line):
        if not raw.strip():
            continue
        row = len(lines)
        lines.append(number)
        fields, fault = _fields(raw, width)
        time: int | float = 0
        if fault is None:
            try:
                time = _time(fields[layout.index["time"]], has_text_times)
                if abs(time) >= _END_OF_TIME:
                    raise ValueError
            except NaiveTime as error:
                raise ConfigError(f"{file}:{number}: the time {_shown(fields[layout.index['time']])} {error}") from None
            except (ValueError, OverflowError):
                time = 0
                fault = ("time", f"the time is {_shown(fields[layout.index['time']])}, not {_expected(has_text_times)}")
        times.append(time)
        for word, values in columns.items():
            value = float("nan")
            if fault is None:
                value, fault = _value(word, fields[layout.index[word]])
            values.append(value)
        if fault is not None:
            faults[row] = fault
    as_arrays = {word: np.array(values, np.float64) for word, values in columns.items()}
    as_arrays["time"] = np.array(times, np.int64 if has_text_times or all(type(time) is int for time in times) else np.float64)
    return Rows(as_arrays, faults, np.array(lines, np.int64))


def _fields(raw: bytes, width: int) -> tuple[list[str], tuple[str, str] | None]:
    try:
        fields = [_plain(field) for field in raw.decode().split(",")]
    except UnicodeDecodeError:
        return [], ("not text", "the line is not UTF-8 text")
    if len(fields) != width:
        hint = ": the columns must be parted by commas" if len(fields) == 1 else ""
        return [], ("columns", f"the line has {len(fields)} column{'s' * (len(fields) != 1)}, the first one {width}{hint}")
    return fields, None


def _time(field: str, is_written: bool) -> int | float:
    if is_written:
        return written_time_ns(field)
    if _INTEGER.fullmatch(field) or (_NUMBER.fullmatch(field) and field.isdigit()):
        time: int | float = int(field)
    elif _NUMBER.fullmatch(field):
        time = float(field)
    else:
        raise ValueError
    if abs(time) > 9e18:
        raise OverflowError
    return time


def _value(word: str, field: str) -> tuple[float, tuple[str, str] | None]:
    if word == "side":
        side = _SIDES.get(field.lower())
        return (0.0, ("side", f"the side is {_shown(field)}, not buy, sell or empty")) if side is None else (side, None)
    if _NUMBER.fullmatch(field):
        return float(field), None
    if field.lower() in _MISSING or field.lower() == "nan":
        # What may be missing and what may not is the same for all formats: the checks decide.
        return float("nan"), None
    if field.lower() in ("inf", "+inf", "-inf", "infinity"):
        return float("inf"), None
    return float("nan"), ("not a number", f"{word} is {_shown(field)}, not a number")


def _expected(is_written: bool) -> str:
    return "a time such as 2024-01-31T23:59:59Z" if is_written else "a number"


def _plain(field: str) -> str:
    return field.strip().strip('"').strip()


def _shown(field: str) -> str:
    return ascii(field if len(field) <= 40 else field[:40] + "...")
