"""What is wrong with a file is said with its line and its mend; what cannot be used is left out only where people asked for it."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.collectors.history_files import HEADER, MINUTE_NS, START_NS, bar_arrays, bar_lines, events, write, write_bars
from trading_system.collectors.history import History
from trading_system.core.errors import ConfigError

GOOD = bar_lines(20)
TIME = START_NS // 1_000_000
REFUSED = ("@: {} cannot be used: mend them, or have such rows left out and counted: bad_rows: skip in backtest_config.yaml, or --set "
           "backtest.bad_rows=skip")
OTHER_FILE = "write it again, or name another with --data SYMBOL=FILE"
BAR_SECONDS = "say it with bar_seconds: 1h in backtest_config.yaml, or --set backtest.bar_seconds=1h"


def problems(path: Path, policy: str = "refuse") -> list[str]:
    """Return what is said about a file that cannot be opened, its folder written as @."""
    with pytest.raises(ConfigError) as caught:
        History.open("XBTZAR.luno", path, policy)  # type: ignore[arg-type]
    return [problem.replace(str(path), "@") for problem in caught.value.problems]


def in_row(number: int, line: str) -> list[str]:
    """Return good bars with this line instead of the one of that number, as a file with a header counts."""
    return [*GOOD[:number - 2], line, *GOOD[number - 1:]]


ROWS = {
    "abc": (f"{TIME + 180_000},2,3,1,abc,1", "close is 'abc', not a number", "not a number"),
    "nan": (f"{TIME + 180_000},2,nan,1,2,1", "high is missing or not a number", "not a number"),
    "inf": (f"{TIME + 180_000},2,inf,1,2,1", "high is infinite", "not a number"),
    "minus inf": (f"{TIME + 180_000},2,3,-inf,2,1", "low is infinite", "not a number"),
    "beyond floats": (f"{TIME + 180_000},2,1e999,1,2,1", "high is infinite", "not a number"),
    "missing": (f"{TIME + 180_000},2,3,1,,1", "close is missing or not a number", "not a number"),
    "zero": (f"{TIME + 180_000},2,3,0,2,1", "low is 0: a price must be above zero", "zero or negative price"),
    "negative": (f"{TIME + 180_000},2,3,-1,2,1", "low is -1: a price must be above zero", "zero or negative price"),
    "high below low": (f"{TIME + 180_000},2,1,3,2,1", "the high 1 is below the low 3", "high below low"),
    "open outside": (f"{TIME + 180_000},4,3,1,2,1", "the open 4 is outside 1 to 3, its low and high", "outside high and low"),
    "close outside": (f"{TIME + 180_000},2,3,1,0.5,1", "the close 0.5 is outside 1 to 3, its low and high", "outside high and low"),
    "volume": (f"{TIME + 180_000},2,3,1,2,-5", "volume is -5: it cannot be negative", "negative volume"),
    "volume inf": (f"{TIME + 180_000},2,3,1,2,inf", "volume is infinite", "not a number"),
    "too few": (f"{TIME + 180_000},2,3,1", "the line has 4 columns, the first one 6", "columns"),
    "too many": (f"{TIME + 180_000},2,3,1,2,5,7", "the line has 7 columns, the first one 6", "columns"),
    "semicolons": (f"{TIME + 180_000};2;3;1;2;5", "the line has 1 column, the first one 6: the columns must be parted by commas", "columns"),
    "underscores": (f"{TIME + 180_000},2,3,1,1_0,5", "close is '1_0', not a number", "not a number"),
    "a list": (f"{TIME + 180_000},2,3,[1,2],5", "low is '[1', not a number", "not a number"),
    "true": (f"{TIME + 180_000},2,3,1,true,5", "close is 'true', not a number", "not a number"),
    "time": ("yesterday,2,3,1,2,5", "the time is 'yesterday', not a number", "time"),
    "no time": (",2,3,1,2,5", "the time is '', not a number", "time"),
    "written time": ("2024-01-01T00:03:00Z,2,3,1,2,5", "the time is '2024-01-01T00:03:00Z', not a number", "time"),
    "another unit": ("1704067380,2,3,1,2,5", "the time 1704067380 is not between 1973 and 2200, if times are milliseconds as in the rows before", "time"),
    "huge time": (f"{10**30},2,3,1,2,5", f"the time is '{10**30}', not a number", "time"),
    "twice": (GOOD[2], "the bar of 2024-01-01T00:02:00Z stands there twice", "duplicate"),
    "late": (GOOD[0], "2024-01-01T00:00:00Z comes after 2024-01-01T00:02:00Z: rows must be in order of time", "out of order"),
    "overlapping": (f"{TIME + 150_000},2,3,1,2,1", "the bar begins 30s after the one before it, which lasts 1m", "overlapping"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_that_cannot_be_used_is_named_with_its_line_or_left_out_and_counted(tmp_path: Path, what: str) -> None:
    line, words, label = ROWS[what]
    path = write_bars(tmp_path, in_row(5, line))
    assert problems(path) == [f"@:5: {words}", REFUSED.format(f"1 row (1 {label})")]
    history = History.open("XBTZAR.luno", path, "skip")
    expected = [bar for bar in events(History.open("XBTZAR.luno", write_bars(tmp_path, GOOD, name="good.csv"))) if bar.start_ns != (TIME + 180_000) * 10**6]
    assert events(history) == expected
    assert (history.rows, history.report.left_out) == (19, 1)
    assert history.sentences[-1] == f"1 row (1 {label}) left out; the first: {path}:5: {words}"


def test_a_short_line_and_a_long_one_do_not_make_two_right_ones(tmp_path: Path) -> None:
    lines = in_row(5, f"{TIME + 180_000},2,3,1,2")
    lines[4] = f"{TIME + 240_000},2,3,1,2,5,7"
    assert problems(write_bars(tmp_path, lines)) == ["@:5: the line has 5 columns, the first one 6", "@:6: the line has 7 columns, the first one 6",
                                                     REFUSED.format("2 rows (2 columns)")]


def test_what_was_left_out_at_the_edge_of_a_block_stays_out_when_reading_begins_there(tmp_path: Path) -> None:
    arrays = bar_arrays(70_000)
    arrays["ts"][65_536] -= 30_000                   # the first row of the second block begins in the middle of the bar before
    np.savez(tmp_path / "bars.npz", **arrays)
    history = History.open("XBTZAR.luno", tmp_path / "bars.npz", "skip")
    assert history.report.left_out == 1
    edge_ns = START_NS + 65_536 * MINUTE_NS
    assert events(history, edge_ns + 1)[0].time_ns == edge_ns + 2 * MINUTE_NS


def test_a_line_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = write_bars(tmp_path, GOOD)
    path.write_bytes(path.read_bytes().replace(b"\n1704067380000,103", b"\n1704067380000,\xff\xfe"))
    assert problems(path) == ["@:5: the line is not UTF-8 text", REFUSED.format("1 row (1 not text)")]


@pytest.mark.parametrize(("header", "line", "words", "label"), [
    ("ts,bid,ask", "11,10", "the bid 11 is above the ask 10", "crossed"),
    ("ts,bid,ask", "0,10", "bid is 0: a price must be above zero", "zero or negative price"),
    ("ts,bid,ask", ",10", "bid is missing or not a number", "not a number"),
    ("ts,bid,ask", "9,inf", "ask is infinite", "not a number"),
    ("ts,bid,ask,last", "9,10,-1", "last is -1: a price must be above zero", "zero or negative price"),
    ("ts,price,volume", "9,", "quantity is missing or not a number", "not a number"),
    ("ts,price,volume", "9,-1", "quantity is -1: it cannot be negative", "negative volume"),
    ("ts,price,volume", "-9,1", "price is -9: a price must be above zero", "zero or negative price"),
    ("ts,price,volume,side", "9,1,long", "the side is 'long', not buy, sell or empty", "side"),
    ("ts,price,volume,side", "9,1,what", "the side is 'what', not buy, sell or empty", "side"),
])
def test_rows_of_quotes_and_trades_are_held_against_the_same_law(tmp_path: Path, header: str, line: str, words: str, label: str) -> None:
    good = {"ts,bid,ask": "9,10", "ts,bid,ask,last": "9,10,", "ts,price,volume": "9,1", "ts,price,volume,side": "9,1,buy"}[header]
    path = write(tmp_path, header, f"{TIME},{good}", f"{TIME + 1},{line}", f"{TIME + 2},{good}")
    assert problems(path) == [f"@:3: {words}", REFUSED.format(f"1 row (1 {label})")]
    assert [event.time_ns for event in events(History.open("XBTZAR.luno", path, "skip"))] == [START_NS, START_NS + 2_000_000]


def test_late_trades_are_left_out_equal_times_are_not(tmp_path: Path) -> None:
    path = write(tmp_path, "ts,price,volume,side", *(f"{TIME + step},{10 + row},1,buy" for row, step in enumerate((5, 5, 3, 5, 4, 6, 6))))
    assert problems(path)[-1] == REFUSED.format("2 rows (2 out of order)")
    assert [trade.price for trade in events(History.open("XBTZAR.luno", path, "skip"))] == [10, 11, 13, 15, 16]


def test_a_row_that_is_late_by_a_whole_block_is_left_out_also_when_reading_begins_in_the_middle(tmp_path: Path) -> None:
    times = TIME + np.arange(140_000) * 10
    times[65_536] = times[10]                        # the first row of the second block
    np.savez(tmp_path / "trades.npz", ts=times, price=np.full(140_000, 2.0), volume=np.ones(140_000), side=np.ones(140_000))
    assert problems(tmp_path / "trades.npz")[0] == ("@: row 65537: 2024-01-01T00:00:00.100Z comes after 2024-01-01T00:10:55.350Z: rows must be in "
                                                    "order of time")
    history = History.open("XBTZAR.luno", tmp_path / "trades.npz", "skip")
    assert history.rows == 139_999
    from_ns = int(times[65_537]) * 1_000_000
    assert [trade.time_ns for trade in events(history, from_ns)] == (times[65_537:] * 1_000_000).tolist()


@pytest.mark.parametrize(("content", "words"), [
    (b"", [f"@: the file is empty: {OTHER_FILE}"]),
    (b"timestamp,open,high,low,close,volume\n", [f"@: there is a header and not a single row: {OTHER_FILE}"]),
    (b"timestamp,open,high,low,close,volume\n\n\n", [f"@: there is a header and not a single row: {OTHER_FILE}"]),
    (b"\n1704067200000,1,1,1,1,1\n", ["@:1: the first line is empty: it must name the columns"]),
    (b"a,b,c\n1,2,3\n", ["@:1: there is no column for the time among 'a', 'b', 'c': name it timestamp, time, date, datetime or ts"]),
    (b"ts,open,close\n1,2,3\n", ["@:1: the columns 'ts', 'open', 'close' are neither bars, trades nor quotes; name them (bars: timestamp, open, "
                                 "high, low, close, volume; trades: timestamp, price, volume, side; quotes: timestamp, bid, ask)"]),
    (b"ts,bid,ask,bid\n1,2,3,2\n", ["@:1: the column 'bid' stands there twice: rename or remove one"]),
    (b"1704067200000,10,11\n", ["@:1: there is no header, and the row has 3 columns; only bars of six columns (timestamp, open, high, low, close, "
                                "volume) need none: put a line with the columns' names on top"]),
    (b"ts,bid,ask\n12,10,11\n", ["@: the times, such as 12, are neither seconds, milliseconds, microseconds nor nanoseconds since 1970 (between "
                                 "1973 and 2200): is the time in another column?"]),
    (b"ts,bid,ask\n2024-01-01 00:00:00,10,11\n", ["@:2: the time '2024-01-01 00:00:00' does not say its zone: end it with Z for UTC or with an "
                                                  "offset such as +02:00, or write milliseconds since 1970"]),
    (b"\x89\xff\x00\x01garbage" * 50, ["@:1: this is not UTF-8 text: save the file as CSV in UTF-8"]),
    (b"\0\0\0\0" * 50, ["@:1: this is not text: only CSV, CSV.gz, .npz and .parquet can be read"]),
    (b"x" * 600_000, [f"@: a line is longer than 65,536 bytes: this is not CSV: {OTHER_FILE}"]),
    (b"PK\x03\x04garbage", ["@: this is no sound .npz file of numbers (BadZipFile: File is not a zip file): write it anew with numpy.savez"]),
    (b"\x1f\x8bgarbage, not packed", ["@: the gzip data is broken (Unknown compression method): fetch or pack the file again"]),
    (b"timestamp,open,high,low,close,volume\n1704067200000,2,3,1,2,1\n", [f"@: there is only one bar, so its length cannot be seen: {BAR_SECONDS}"]),
])
def test_a_file_that_is_wrong_as_a_whole_is_refused_whatever_the_policy(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert problems(path) == words
    assert problems(path, "skip") == words


def test_gzip_that_ends_early_or_is_none_is_told(tmp_path: Path) -> None:
    path = write_bars(tmp_path, bar_lines(5_000), name="bars.csv.gz")
    path.write_bytes(path.read_bytes()[:-4_000])
    assert problems(path) == ["@: the gzip data is broken (Compressed file ended before the end-of-stream marker was reached): fetch or pack the "
                              "file again"]
    path.write_bytes(b"ts,bid,ask\n")
    assert problems(path) == ["@: its name ends in .gz, but it is not gzip data: fetch or pack the file again"]


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.csv") == ["@: the file cannot be read (No such file or directory): is the path right?"]
    assert problems(tmp_path)[0].startswith("@: the file cannot be read (Is a directory)")


def test_only_the_first_bad_rows_are_named_and_all_are_counted(tmp_path: Path) -> None:
    lines = [line if row % 3 else line.replace(",99.", ",-99.").replace(",10", ",-10") for row, line in enumerate(bar_lines(300))]
    told = problems(write_bars(tmp_path, lines))
    assert len(told) == 6
    assert told[-1].startswith("@: 100 rows (")


def test_reading_stops_where_enough_is_wrong(tmp_path: Path) -> None:
    told = problems(write_bars(tmp_path, ["x"] * 100_000))
    assert told[-1] == REFUSED.format("more than 1,000 rows")


def test_skipping_more_than_half_of_a_file_is_no_skipping(tmp_path: Path) -> None:
    told = problems(write_bars(tmp_path, [*GOOD[:5], *["x,2,3,1,2,1"] * 6]), "skip")
    assert told[0] == "@:7: the time is 'x', not a number"
    assert told[-1] == "@: 6 rows (6 time) cannot be used: that is more than half of them: mend the file, it is not read as it was meant"


def test_bars_whose_steps_disagree_are_refused(tmp_path: Path) -> None:
    steps = np.cumsum([60, 60, 90, 75, 100, 60, 222, 137, 60, 99, 85] * 5)
    told = problems(write_bars(tmp_path, [f"{TIME // 1000 + step},2,3,1,2,1" for step in steps.tolist()]))
    assert told == ["@: 35 of 54 steps between bars are not whole bars of 1m, the most common step: bars of one file must have one length; "
                    f"where that is another, {BAR_SECONDS}"]


def test_a_length_that_is_named_counts_against_what_the_file_looks_like(tmp_path: Path) -> None:
    path = write_bars(tmp_path, bar_lines(10))
    with pytest.raises(ConfigError, match="the bar begins 1m after the one before it, which lasts 5m"):
        History.open("XBTZAR.luno", path, bar_ns=5 * MINUTE_NS)
    sparse = History.open("XBTZAR.luno", write_bars(tmp_path, bar_lines(10, step_ms=300_000)), bar_ns=MINUTE_NS)
    assert (sparse.bar_ns, sparse.report.gaps) == (MINUTE_NS, 9)


@pytest.mark.parametrize(("change", "words"), [
    ({"open": np.zeros((2, 2))}, "@: the array 'open' is 2 x 2 float64: it must be one row of numbers"),
    ({"open": np.array(["a"] * 100)}, "@: the array 'open' is 100 str32: it must be one row of numbers"),
    ({"open": np.ones(99)}, "@: the arrays differ in length (ts 100, open 99, high 100, low 100, close 100, volume 100): write them anew"),
    ({"open": np.array([object()] * 100)}, "@: the array 'open' is 100 object: it must be one row of numbers"),
])
def test_arrays_that_are_no_columns_are_told(tmp_path: Path, change: dict[str, np.ndarray], words: str) -> None:
    np.savez(tmp_path / "bars.npz", **{**bar_arrays(100), **change})
    assert problems(tmp_path / "bars.npz") == [words]


def test_a_damaged_npz_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "bars.npz"
    np.savez(path, **bar_arrays(1000))
    data = bytearray(path.read_bytes())
    place = data.index(np.full(8, 1.0).tobytes())                # the volumes
    data[place + 100] ^= 1
    path.write_bytes(data)
    assert problems(path)[0].startswith("@: this is no sound .npz file of numbers (BadZipFile: Bad CRC-32 for file 'volume.npy')")
    path.write_bytes(bytes(data[:20_000]))
    assert problems(path)[0].startswith("@: this is no sound .npz file of numbers (BadZipFile: File is not a zip file)")


def test_rows_of_npz_and_parquet_are_counted_from_one(tmp_path: Path) -> None:
    arrays = bar_arrays(100)
    arrays["low"][41] = -1
    np.savez(tmp_path / "bars.npz", **arrays)
    assert problems(tmp_path / "bars.npz")[0] == "@: row 42: low is -1: a price must be above zero"
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(arrays), tmp_path / "bars.parquet")
    assert problems(tmp_path / "bars.parquet")[0] == "@: row 42: low is -1: a price must be above zero"
    naive = pyarrow.table({**arrays, "ts": pyarrow.array(arrays["ts"], pyarrow.timestamp("ms"))})
    parquet.write_table(naive, tmp_path / "naive.parquet")
    assert problems(tmp_path / "naive.parquet") == ["@: the times in 'ts' do not say their zone: give them one (UTC), or write milliseconds since 1970"]
    (tmp_path / "bad.parquet").write_bytes((tmp_path / "bars.parquet").read_bytes()[:-30])
    assert problems(tmp_path / "bad.parquet")[0].startswith("@: this is no sound Parquet file (")


def test_without_pyarrow_parquet_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pyarrow", "pyarrow.parquet", "pyarrow.types"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    assert problems(tmp_path / "a.parquet") == ["@: Parquet needs the extra 'data': pip install -e '.[data]', or save the file as CSV or .npz"]


FIELDS = st.sampled_from(["1704067200000", "1704067260000", "1", "2", "-1", "0", "", "nan", "1e9", "1e400", "buy", "x", "2024-01-01T00:00:00Z", "2024-01-01",
                          "9" * 25, '"1"', "[1", "1]", "null", "true", " 2", "2024-01-01T00:00:00+00:00", "9999-01-01T00:00:00Z", "\u0663"])
TEXTS = st.builds(
    lambda header, rows, end: "\n".join([header, *(",".join(row) for row in rows)]).encode() + end,
    st.sampled_from([HEADER, "ts,bid,ask", "date,price,size,side", "1704067200000,1,1,1,1,1", "ts,ts,bid,ask"]),
    st.lists(st.lists(FIELDS, min_size=1, max_size=7), max_size=8), st.sampled_from([b"", b"\n", b"\r\n\r", b"\xff"]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), TEXTS, TEXTS.map(gzip.compress), st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail)),
       policy=st.sampled_from(["refuse", "skip"]))
def test_any_bytes_are_a_history_or_a_config_error(tmp_path: Path, content: bytes, policy: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        history = History.open("XBTZAR.luno", path, policy)  # type: ignore[arg-type]
    except ConfigError as error:
        assert all(problem.startswith(str(path)) for problem in error.problems)
    else:
        made = events(history)
        assert len(made) == history.rows > 0
        assert [event.time_ns for event in made] == sorted(event.time_ns for event in made)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 3000), bit=st.integers(0, 7), is_cut=st.booleans())
def test_an_npz_with_any_bit_turned_or_its_end_cut_off_is_a_history_or_a_config_error(tmp_path: Path, cut: int, bit: int, is_cut: bool) -> None:
    path = tmp_path / "any.npz"
    np.savez(path, **bar_arrays(30))
    data = bytearray(path.read_bytes())
    cut %= len(data)
    data[cut] ^= 1 << bit
    path.write_bytes(bytes(data[:cut] if is_cut else data))
    try:
        assert len(events(History.open("XBTZAR.luno", path))) == 30
    except ConfigError:
        pass
