"""A table that never wraps: the columns that fit by their importance, each as wide as its widest cell, the last one taking what is left."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.text import Text

GAP = 2
_NARROW_NAME = 14
_WORTH_A_GAP = 8            # up to this importance a column is rather kept than the wide gaps
_WORTH_A_NAME = 6           # up to this importance a column is rather kept than the first column's last letters


class Column(msgspec.Struct, frozen=True):
    """A column: 0 is the most important one and is always shown, cut where it must be; `least` keeps it from jumping."""

    name: str
    importance: int
    least: int = 0
    is_left: bool = False


Row = Mapping[str, tuple[str, str]]


def clip(text: str, width: int) -> str:
    """Return text that is at most `width` cells wide, with an ellipsis where something was cut off."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 1 else set_cell_size(text, max(0, width))


def table(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Text]:
    """Return the heading and one line per row, each at most `width` cells wide."""
    widths = {column.name: max(column.least, cell_len(column.name), *(cell_len(row.get(column.name, ("", ""))[0]) for row in rows))
              for column in columns}
    shown, first = list(columns), columns[0].name
    while len(shown) > 1:
        least = max(shown, key=lambda column: column.importance)
        spare = _total(shown, widths, 1 if least.importance <= _WORTH_A_GAP else GAP) - width
        if spare <= 0:
            break
        if least.importance <= _WORTH_A_NAME and widths[first] - spare >= _NARROW_NAME:
            widths[first] -= spare
        else:
            shown.remove(least)
    widths[first] = min(widths[first], width)
    gap = GAP if _total(shown, widths, GAP) <= width else 1
    heading = {column.name: (column.name, "dim") for column in shown}
    return [_line(shown, widths, gap, row) for row in (heading, *rows)]


def pair(left: Text, right: Text, width: int) -> Text:
    """Return one line with `left` and `right` at its two ends; `left` is cut where both do not fit, `right` dropped where that is silly."""
    space = width - right.cell_len - GAP
    if space < 20:
        space, right = width, Text()
    line = Text(no_wrap=True)
    line.append_text(cut(left, space))
    if right.plain:
        line.append(" " * (width - line.cell_len - right.cell_len))
        line.append_text(right)
    return line


def cut(line: Text, width: int) -> Text:
    """Return a line that is at most `width` cells wide."""
    if line.cell_len <= width:
        return line
    shorter = line.copy()
    shorter.truncate(max(0, width), overflow="ellipsis")
    return shorter


def _total(columns: Sequence[Column], widths: Mapping[str, int], gap: int) -> int:
    return sum(widths[column.name] for column in columns) + gap * (len(columns) - 1)


def _line(columns: Sequence[Column], widths: Mapping[str, int], gap: int, row: Row) -> Text:
    line = Text(no_wrap=True)
    for index, column in enumerate(columns):
        text, style = row.get(column.name, ("", ""))
        text = clip(text, widths[column.name])
        padding = " " * (widths[column.name] - cell_len(text))
        if index:
            line.append(" " * gap)
        if not column.is_left:
            line.append(padding)
        line.append(text, style)
        if column.is_left:
            line.append(padding)
    return line
