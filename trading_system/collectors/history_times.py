"""The times of market-data files: which unit they are in, seen from their size, and the way to UTC nanoseconds and to words.

All readers of files convert through one `FileClock` per file, so that a row in another unit than the rest is found.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from trading_system.core.errors import ConfigError

Array = np.ndarray[Any, np.dtype[Any]]
#: Labels and sentences of rows that cannot be used, by their index in a block.
Faults = dict[int, tuple[str, str]]

SECOND_NS = 1_000_000_000
MINUTE_NS, HOUR_NS, DAY_NS = 60 * SECOND_NS, 3600 * SECOND_NS, 86_400 * SECOND_NS
#: 1973-03-03 and 2200-01-01: inside, a number tells its unit by its size, and no sum of times leaves 64 bits.
EARLIEST_NS, LATEST_NS = 100_000_000 * SECOND_NS, 7_258_118_400 * SECOND_NS
_UNITS = {"seconds": SECOND_NS, "milliseconds": 1_000_000, "microseconds": 1_000, "nanoseconds": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NAIVE = "does not say its zone: end it with Z for UTC or with an offset such as +02:00, or write milliseconds since 1970"


class NaiveTime(ValueError):
    """A written time has no zone: it could be any of 24 moments."""


class FileClock:
    """Converts the times of one file. `unit` is empty until the first times were seen."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.unit = ""
        self._is_float = False

    def from_numbers(self, raw: Array, faults: Faults) -> Array:
        """Return UTC nanoseconds for integers or floats in one unit; rows in no such unit become 0 and a fault.

        Floats are read to the microsecond. Raises ConfigError where the first times fit no unit.
        """
        if not self.unit:
            self.unit = self._unit_of(raw)
        if self.unit == "text":
            faults.update({row: self._in_another_unit(raw[row]) for row in range(len(raw)) if row not in faults})
            return np.zeros(len(raw), np.int64)
        nanoseconds = _UNITS[self.unit]
        is_time = (raw >= EARLIEST_NS // nanoseconds) & (raw < LATEST_NS // nanoseconds)
        if not is_time.all():
            for row in np.flatnonzero(~is_time).tolist():
                faults.setdefault(row, self._in_another_unit(raw[row]))
            raw = np.where(is_time, raw, raw.dtype.type(0))
        if raw.dtype.kind == "f":
            self._is_float = True
            # A float of seconds is exact to a quarter of a microsecond only.
            return np.rint(raw * (nanoseconds / 1_000)).astype(np.int64) * 1_000 if nanoseconds > 1 else raw.astype(np.int64)
        return np.asarray(raw.astype(np.int64) * nanoseconds)

    def from_nanoseconds(self, times_ns: Array, faults: Faults) -> Array:
        """Take times that are UTC nanoseconds already, such as written ones; those out of range become 0 and a fault."""
        if not self.unit:
            self.unit = "text"
        is_time = (times_ns >= EARLIEST_NS) & (times_ns < LATEST_NS)
        if is_time.all():
            return times_ns
        for row in np.flatnonzero(~is_time).tolist():
            faults.setdefault(row, ("time", "the time is missing or not between 1973 and 2200"))
        return np.where(is_time, times_ns, np.int64(0))

    def sentence(self) -> str:
        """Say in words what the times are."""
        if self.unit == "text":
            return "times are written with their zone"
        if self._is_float:
            exact = "256 ns" if self.unit == "nanoseconds" else "the microsecond"
            return f"times are {self.unit}, with a decimal point: exact to {exact}"
        return f"times are {self.unit}"

    def _unit_of(self, raw: Array) -> str:
        # The most common unit counts: one wrong row at the beginning must not condemn all others.
        fits = {name: int(((raw >= EARLIEST_NS // unit) & (raw < LATEST_NS // unit)).sum()) for name, unit in _UNITS.items()}
        name = max(fits, key=fits.__getitem__)
        if not fits[name]:
            some = raw[(raw != 0) & (raw == raw)]
            example = f", such as {float(some[0]):.15g}," if len(some) else ""
            raise ConfigError(f"{self._file}: the times{example} are neither seconds, milliseconds, microseconds nor nanoseconds since "
                              "1970 (between 1973 and 2200): is the time in another column?")
        return name

    def _in_another_unit(self, value: Any) -> tuple[str, str]:
        unit = "written with their zone" if self.unit == "text" else self.unit
        return "time", f"the time {float(value):.15g} is not between 1973 and 2200, if times are {unit} as in the rows before"


def written_time_ns(text: str) -> int:
    """Read an ISO-8601 time with its zone to the nanosecond. Raises ValueError, NaiveTime where the zone is missing."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise NaiveTime(_NAIVE)
    micro_ns = (moment - _EPOCH) // _MICROSECOND * 1_000
    fraction = text.partition(".")[2][6:9]
    digits = "".join(character for index, character in enumerate(fraction) if fraction[:index + 1].isdigit())
    return micro_ns + (int(digits.ljust(3, "0")) if digits else 0)


def written_times_ns(text: Array, starts: Array, ends: Array) -> Array | None:
    """Read the written times at these places of `text` (bytes) at once; None where one is not in the plain form, to be read singly.

    The plain form is 2024-01-31T23:59:59, with up to nine decimals, then Z, +00:00 or another offset.
    """
    times_ns = np.zeros(len(starts), np.int64)
    widths = ends - starts
    for width in np.unique(widths).tolist():
        if not 20 <= width <= 35:
            return None
        rows = np.flatnonzero(widths == width)
        field = text[starts[rows][:, None] + np.arange(width)]
        if (field[:, -1] == ord("Z")).all():
            zone, offset_ns = 1, np.zeros(len(rows), np.int64)
        elif (field[:, -3] == ord(":")).all() and np.isin(field[:, -6], (ord("+"), ord("-"))).all():
            digits = field[:, [-5, -4, -2, -1]].astype(np.int64) - ord("0")
            if ((digits < 0) | (digits > 9)).any():
                return None
            minutes = digits[:, 0] * 600 + digits[:, 1] * 60 + digits[:, 2] * 10 + digits[:, 3]
            zone, offset_ns = 6, np.where(field[:, -6] == ord("+"), minutes, -minutes) * MINUTE_NS
        else:
            return None
        local = np.ascontiguousarray(field[:, :width - zone])
        if width - zone < 19 or not _is_plain(local):
            return None
        try:
            read = local.view(f"S{width - zone}").ravel().astype("datetime64[ns]").astype(np.int64)
        except ValueError:
            return None
        times_ns[rows] = read - offset_ns
    return times_ns


def _is_plain(local: Array) -> bool:
    signs = all(bool((local[:, place] == ord(sign)).all()) for place, sign in ((4, "-"), (7, "-"), (13, ":"), (16, ":")))
    year = local[:, :4].astype(np.int64) @ np.array([1000, 100, 10, 1]) - ord("0") * 1111
    return signs and bool(np.isin(local[:, 10], (ord("T"), ord(" "))).all()) and bool(((year >= 1973) & (year < 2200)).all())


def moment(time_ns: int) -> str:
    """Write a time for people: ISO-8601, UTC, with as many decimals as it needs, in threes."""
    text = (_EPOCH + timedelta(seconds=time_ns // SECOND_NS)).isoformat().removesuffix("+00:00")
    fraction = f"{time_ns % SECOND_NS:09d}"
    while fraction.endswith("000"):
        fraction = fraction[:-3]
    return f"{text}{'.' if fraction else ''}{fraction}Z"


def length(duration_ns: int) -> str:
    """Write a duration in its two largest units, such as 1m, 7h 13m or 31d, what is less left out; below a second in milliseconds."""
    if duration_ns < SECOND_NS:
        return f"{duration_ns / 1e6:g}ms"
    parts = [(duration_ns // DAY_NS, "d"), (duration_ns // HOUR_NS % 24, "h"), (duration_ns // MINUTE_NS % 60, "m"),
             (duration_ns // SECOND_NS % 60, "s")]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count}{unit}" for count, unit in parts[first:first + 2] if count)
