"""The table that never wraps."""

import pytest
from rich.text import Text

from trading_system.console.columns import Column, clip, pair, table

COLUMNS = (Column("name", 0, is_left=True), Column("position", 1, 10), Column("fees", 6, 6), Column("fills", 9, 5))
ROW = {"name": ("moving_average_cross", ""), "position": ("0.5 XBT", ""), "fees": ("12.00", ""), "fills": ("3", "")}


def test_the_least_important_column_goes_first() -> None:
    assert table(COLUMNS, [ROW], 60)[0].plain.split() == ["name", "position", "fees", "fills"]
    assert table(COLUMNS, [ROW], 40)[0].plain.split() == ["name", "position", "fees"]
    assert table(COLUMNS, [ROW], 26)[0].plain.split() == ["name", "position"]


@pytest.mark.parametrize("width", range(1, 70))
def test_no_line_is_wider_than_the_table_and_all_are_equally_wide(width) -> None:
    lines = table(COLUMNS, [ROW, {"name": ("日本" * 20, "")}, {}], width)
    assert len({line.cell_len for line in lines}) == 1
    assert lines[0].cell_len <= width


def test_what_is_cut_off_ends_with_an_ellipsis_also_in_the_middle_of_a_wide_character() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("日本語", 4) == "日…"
    assert clip("abc", 3) == "abc"
    assert clip("abc", 1) in ("a", "…")
    assert clip("abc", 0) == ""


def test_a_pair_cuts_the_left_side_and_keeps_the_right_one() -> None:
    assert pair(Text("left " * 10), Text("right"), 40).plain.endswith("…  right")
    assert pair(Text("left"), Text("right"), 40).cell_len == 40
    assert pair(Text("left"), Text("right"), 12).plain == "left"
