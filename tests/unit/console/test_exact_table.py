"""Exact numbers in three formats: nothing is rounded, nothing is dropped, and a line is never wider than asked."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_system.console.exact_table import Column, ExactTable, Kind, csv_text, exact_text, json_rows, table_lines, time_text

DAY_NS = 86_400 * 10**9
NOON_NS = 20_000 * DAY_NS + DAY_NS // 2
COLUMNS = (
    Column("time", "time", Kind.TIME), Column("name", "name"), Column("amount", "amount", Kind.AMOUNT, "unit"),
    Column("fees", "fees", Kind.AMOUNTS), Column("is_odd", "odd", Kind.FLAG), Column("unit", "unit", is_shown=False),
)


def row(amount: Any = "1.5", unit: str = "ZAR", **changes: Any) -> dict[str, Any]:
    return {"time": NOON_NS, "name": "one", "amount": None if amount is None else Decimal(amount), "unit": unit, "fees": {}, "is_odd": False,
            **changes}


def lines(*rows: dict[str, Any], width: int = 100, totals: tuple[dict[str, Any], ...] = ()) -> list[str]:
    return table_lines(ExactTable("Things", COLUMNS, rows, "none", totals), width)


@pytest.mark.parametrize(("number", "text"), [
    ("1E+3", "1000"), ("1.500", "1.5"), ("0E-8", "0"), ("-0", "0"), ("1E-8", "0.00000001"), ("100", "100"), ("-2.50", "-2.5"),
    ("12345678901234567890123456789012345.678900", "12345678901234567890123456789012345.6789")])
def test_a_number_has_every_digit_and_no_more(number: str, text: str) -> None:
    assert exact_text(Decimal(number)) == text


def test_numbers_stand_under_each_other_by_their_points() -> None:
    assert lines(row("1.5"), row("-20"), row("300.25")) == [
        "Things, on 2024-10-04; times are UTC",
        "time      name  amount, ZAR",
        "12:00:00  one          1.5",
        "12:00:00  one        -20",
        "12:00:00  one        300.25"]


def test_a_unit_is_in_the_heading_where_it_is_the_same_for_all_else_behind_each_number() -> None:
    assert [line[16:] for line in lines(row("1.5", "XBT"), row("20", "ETHER"), row(None, "ZAR"))[1:]] == [
        "    amount", " 1.5 XBT", "20   ETHER", " \u2013"]


def test_a_day_that_all_share_is_said_once_and_days_that_differ_are_said_each_time() -> None:
    assert lines(row(), row(time=NOON_NS + DAY_NS))[1:3] == [
        "time                 name  amount, ZAR", "2024-10-04 12:00:00  one           1.5"]


def test_what_does_not_fit_side_by_side_follows_below_and_nothing_is_dropped() -> None:
    assert lines(row(fees={"ZAR": Decimal(1), "XBT": Decimal("0.1")}, is_odd=True), row(name="a much longer name of it"), width=48) == [
        "Things, on 2024-10-04; times are UTC",
        "time      name                      amount, ZAR",
        "12:00:00  one                               1.5",
        "    fees 0.1 XBT + 1 ZAR, odd",
        "12:00:00  a much longer name of it          1.5"]


def test_columns_in_which_nobody_has_anything_are_left_out_but_zero_is_something() -> None:
    assert lines(row("0", time=None, name=""))[1:] == ["amount, ZAR", "          0"]


def test_an_empty_table_says_so_in_one_line() -> None:
    assert lines() == ["Things: none"]


def test_totals_stand_below_and_are_in_neither_rows_nor_csv() -> None:
    table = ExactTable("Things", COLUMNS, [row()], "none", [row("7", name="together", time=None)])
    assert table_lines(table, 100)[-1] == "          together          7"
    assert len(csv_text(table).splitlines()) == 2


def test_programs_get_text_of_every_digit_and_nanoseconds() -> None:
    assert time_text(NOON_NS + 7) == "2024-10-04T12:00:00.000000007Z"
    assert json_rows(COLUMNS, [row("1.50", fees={"ZAR": Decimal("0.10")}), row(None, time=None)]) == [
        {"time": time_text(NOON_NS), "name": "one", "amount": "1.5", "fees": {"ZAR": "0.1"}, "is_odd": False, "unit": "ZAR"},
        {"time": None, "name": "one", "amount": None, "fees": {}, "is_odd": False, "unit": "ZAR"}]
    written = csv_text(ExactTable("Things", COLUMNS, [row(name='a "b", c', fees={"ZAR": Decimal(1), "XBT": Decimal(2)}, is_odd=True)], "none"))
    assert list(csv.DictReader(io.StringIO(written))) == [
        {"time": time_text(NOON_NS), "name": 'a "b", c', "amount": "1.5", "fees": "2 XBT; 1 ZAR", "is_odd": "yes", "unit": "ZAR"}]


@given(st.lists(st.builds(row, st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-10**12, max_value=10**12),
                          st.sampled_from(["ZAR", "XBT"]), name=st.text("abc \x1b\n", max_size=30),
                          fees=st.dictionaries(st.sampled_from(["ZAR", "XBT"]), st.decimals(0, 9, places=3))), max_size=5),
       st.integers(0, 160))
def test_no_line_is_wider_than_asked_or_breaks_and_every_number_is_there(rows: list[dict[str, Any]], width: int) -> None:
    found = lines(*rows, width=width)
    assert all(len(line) <= max(width, 40) and line.isprintable() for line in found)
    text = " ".join(" ".join(found).split())
    for one in rows:
        assert one["amount"] is None or width < 60 or exact_text(one["amount"]) in text
