"""Rows of exact numbers for people, for programs and for spreadsheets: the same values as a table, as JSON and as CSV. Pure functions.

No number is rounded here. In the table numbers stand under each other by their decimal points, units are in the headings where all rows
share them, and what does not fit into a line follows on the next one, so that nothing is dropped.
"""

import csv
import io
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from trading_system.console.figures import NOTHING, clean

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GAP = "  "
_LEAST_WIDTH = 40
_INDENT = "    "
Row = Mapping[str, Any]


class Kind(StrEnum):
    """What the values of a column are: text, an exact Decimal, Decimals per currency, UTC nanoseconds, or yes and no. None is nothing."""

    TEXT = "text"
    AMOUNT = "amount"
    AMOUNTS = "amounts"
    TIME = "time"
    FLAG = "flag"


class Column(msgspec.Struct, frozen=True):
    """One column. `unit` names the key of a row under which the unit of its amount stands; what is not `is_shown` is for programs only."""

    key: str
    heading: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    is_shown: bool = True


class ExactTable(msgspec.Struct):
    """A table with its `title`; `totals` are rows below the others, `empty` is said where there are no rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str
    totals: Sequence[Row] = ()


def exact_text(number: Decimal) -> str:
    """Return every digit of a number, without an exponent and without zeros that say nothing."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


def time_text(time_ns: int) -> str:
    """Return UTC nanoseconds as ISO-8601 with nine decimals."""
    return f"{_seconds_text(time_ns, 'T')}.{time_ns % 10**9:09}Z"


def json_rows(columns: Sequence[Column], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows as plain data: amounts as text with every digit, times as ISO-8601, amounts per currency as an object."""
    return [{column.key: _plain(column, row.get(column.key)) for column in columns} for row in rows]


def csv_text(table: ExactTable) -> str:
    """Return the rows, without totals, as CSV with a heading of keys; amounts per currency are written as `0.1 XBT; 2 ZAR`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    for row in json_rows(table.columns, table.rows):
        writer.writerow([_csv_cell(value) for value in row.values()])
    return out.getvalue()


def table_lines(table: ExactTable, width: int) -> list[str]:
    """Return the title, the headings and the rows as lines of at most `width` columns; a width below 40 is read as 40."""
    width = max(width, _LEAST_WIDTH)
    rows = [*table.rows, *table.totals]
    if not table.rows:
        return textwrap.wrap(f"{table.title}: {table.empty}", width)
    columns = [column for column in table.columns if column.is_shown and any(_says(column, row.get(column.key)) for row in rows)]
    day = _shared_day(columns, rows)
    cells = {column.key: _cells(column, rows, day) for column in columns}
    headings = {column.key: _heading(column, rows) for column in columns}
    widths = {key: max(len(headings[key]), *map(len, column)) for key, column in cells.items()}
    taken, folded = _share_out(columns, widths, width)
    title = f"{table.title}, on {day}" if day else table.title
    lines = textwrap.wrap(f"{title}{'; times are UTC' if _has_times(columns) else ''}", width)
    lines.append(_joined(headings, taken, widths)[:width])
    for number in range(len(rows)):
        lines.append(_joined({column.key: cells[column.key][number] for column in taken}, taken, widths)[:width])
        more = [_told(column, headings, " ".join(cells[column.key][number].split())) for column in folded]
        lines += textwrap.wrap(", ".join(part for part in more if part), width, initial_indent=_INDENT, subsequent_indent=_INDENT,
                               break_on_hyphens=False)
    return lines


def _plain(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind is Kind.AMOUNT:
        return exact_text(value)
    if column.kind is Kind.AMOUNTS:
        return {currency: exact_text(amount) for currency, amount in sorted(value.items())}
    return time_text(value) if column.kind is Kind.TIME else value


def _csv_cell(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{amount} {currency}" for currency, amount in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _seconds_text(time_ns: int, between: str) -> str:
    return f"{_EPOCH + timedelta(seconds=time_ns // 10**9):%Y-%m-%d{between}%H:%M:%S}"


def _says(column: Column, value: Any) -> bool:
    # A zero says something, an empty text does not.
    return value is not None if column.kind is Kind.AMOUNT else bool(value)


def _has_times(columns: Sequence[Column]) -> bool:
    return any(column.kind is Kind.TIME for column in columns)


def _shared_day(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    # A date that all times share is said once.
    days = {_seconds_text(row[column.key], " ")[:10] for column in columns if column.kind is Kind.TIME
            for row in rows if row.get(column.key) is not None}
    return days.pop() if len(days) == 1 else ""


def _units(column: Column, rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row[column.unit] for row in rows if row.get(column.key) is not None)) if column.unit else []


def _heading(column: Column, rows: Sequence[Row]) -> str:
    units = _units(column, rows)
    return f"{column.heading}, {units[0]}" if len(units) == 1 else column.heading


def _cells(column: Column, rows: Sequence[Row], day: str) -> list[str]:
    values = [row.get(column.key) for row in rows]
    if column.kind is Kind.AMOUNT:
        has_units = len(_units(column, rows)) > 1
        return _aligned(values, [row.get(column.unit, "") if has_units and row.get(column.key) is not None else "" for row in rows])
    return [_word(column, value, day) for value in values]


def _word(column: Column, value: Any, day: str) -> str:
    if value is None:
        return ""
    if column.kind is Kind.TIME:
        return _seconds_text(value, " ")[11 if day else 0:]
    if column.kind is Kind.AMOUNTS:
        return " + ".join(f"{exact_text(amount)} {currency}" for currency, amount in sorted(value.items()))
    if column.kind is Kind.FLAG:
        return "yes" if value else "no"
    return clean(value)


def _aligned(values: Sequence[Decimal | None], units: Sequence[str]) -> list[str]:
    parts = [(NOTHING if value is None else exact_text(value)).partition(".") for value in values]
    whole, fraction = max(len(part[0]) for part in parts), max(len(part[1] + part[2]) for part in parts)
    longest = max(map(len, units))
    behind = [f" {unit:<{longest}}" if longest else "" for unit in units]
    return [f"{part[0]:>{whole}}{part[1] + part[2]:<{fraction}}{unit}" for part, unit in zip(parts, behind, strict=True)]


def _share_out(columns: Sequence[Column], widths: Mapping[str, int], width: int) -> tuple[list[Column], list[Column]]:
    # The first columns go side by side for as long as there is room; the others are told below.
    used, count = 0, 0
    for column in columns:
        used += widths[column.key] + (len(_GAP) if count else 0)
        if used > width and count:
            break
        count += 1
    return list(columns[:count]), list(columns[count:])


def _joined(cells: Mapping[str, str], columns: Sequence[Column], widths: Mapping[str, int]) -> str:
    words = [cells[column.key].rjust(widths[column.key]) if column.kind is Kind.AMOUNT else cells[column.key].ljust(widths[column.key])
             for column in columns]
    return _GAP.join(words).rstrip()


def _told(column: Column, headings: Mapping[str, str], cell: str) -> str:
    if cell in ("", NOTHING) or (column.kind is Kind.FLAG and cell == "no"):
        return ""
    heading, _, unit = headings[column.key].partition(", ")
    return heading if column.kind is Kind.FLAG else f"{heading} {cell}{' ' + unit if unit else ''}"
