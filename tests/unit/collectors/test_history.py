"""A file of market data becomes chunks of columns and events: every format, every unit of time, every boundary."""

import math
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.unit.collectors.history_files import HEADER, MINUTE_NS, START_NS, bar_arrays, bar_lines, events, write, write_bars
from trading_system.collectors.history import History
from trading_system.collectors.history_times import FileClock, length, moment
from trading_system.core.errors import ConfigError
from trading_system.core.market_data import Bar, Tick, Trade


def opened(path: Path, **options: int) -> History:
    return History.open("XBTZAR.luno", path, "refuse", **options)


def test_bars_become_known_at_their_end_and_carry_plain_python_numbers(tmp_path: Path) -> None:
    history = opened(write_bars(tmp_path, bar_lines(3)))
    first = events(history)[0]
    assert first == Bar("XBTZAR.luno", START_NS, START_NS + MINUTE_NS, 100.0, 101.5, 99.25, 100.5, 0.0)
    assert [type(value) for value in (first.start_ns, first.time_ns, first.open, first.volume)] == [int, int, float, float]
    assert (history.kind, history.bar_ns, history.rows) == ("bars", MINUTE_NS, 3)
    assert (history.report.first_ns, history.report.last_ns) == (START_NS + MINUTE_NS, START_NS + 3 * MINUTE_NS)
    assert history.sentences == ["3 bars of 1m", "times are milliseconds"]
    assert [chunk.marks.tolist() for chunk in history.chunks()] == [[100.5, 101.5, 102.5]]


def test_trades_say_who_took_and_without_a_side_count_as_buys_which_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Price,Amount,SIDE", "1704067200000,10.5,2,buy", "1704067200000,10.25,1,Sell", "1704067200001,10,0.5,")
    history = opened(path)
    assert events(history) == [Trade("XBTZAR.luno", START_NS, 10.5, 2.0, True), Trade("XBTZAR.luno", START_NS, 10.25, 1.0, False),
                               Trade("XBTZAR.luno", START_NS + 1_000_000, 10.0, 0.5, True)]
    assert [type(event.is_buy) for event in events(history)] == [bool] * 3
    assert history.sentences[-1] == "trades that do not say who was the taker: 1; they count as buys"
    without = opened(write(tmp_path, "ts,price,size", "1704067200000,10.5,2"))
    assert without.sentences[-1] == "trades that do not say who was the taker: 1; they count as buys"


def test_quotes_know_the_last_trade_only_where_the_file_does(tmp_path: Path) -> None:
    lines = ["1704067200000,10,11,3,10.5", "1704067200000,10.5,10.5,3,"]
    ticks = events(opened(write(tmp_path, "time,bid,ask,bid_size,last", *lines)))
    assert ticks[0] == Tick("XBTZAR.luno", START_NS, 10.0, 11.0, 10.5)
    assert (ticks[1].bid, ticks[1].ask, math.isnan(ticks[1].last)) == (10.5, 10.5, True)
    plain = opened(write(tmp_path, "time,bid,ask,bid_size,ask_size", "1704067200000,10,11,3,4"))
    assert math.isnan(events(plain)[0].last)
    assert [chunk.marks.tolist() for chunk in plain.chunks()] == [[10.5]]


def test_six_columns_without_a_header_are_bars(tmp_path: Path) -> None:
    assert events(opened(write(tmp_path, *bar_lines(3)))) == events(opened(write_bars(tmp_path, bar_lines(3))))


UNITS: dict[str, tuple[Callable[[int], str], str]] = {
    "seconds": (lambda time_ns: str(time_ns // 10**9), "times are seconds"),
    "float seconds": (lambda time_ns: f"{time_ns / 1e9:.6f}", "times are seconds, with a decimal point: exact to the microsecond"),
    "milliseconds": (lambda time_ns: str(time_ns // 10**6), "times are milliseconds"),
    "float milliseconds": (lambda time_ns: f"{time_ns / 1e6:.1f}", "times are milliseconds, with a decimal point: exact to the microsecond"),
    "microseconds": (lambda time_ns: str(time_ns // 1000), "times are microseconds"),
    "nanoseconds": (str, "times are nanoseconds"),
    "ISO with Z": (lambda time_ns: moment(time_ns), "times are written with their zone"),
    "ISO with an offset": (lambda time_ns: moment(time_ns + 2 * 3600 * 10**9).replace("Z", "+02:00"), "times are written with their zone"),
    "as pandas writes": (lambda time_ns: moment(time_ns).replace("T", " ").replace("Z", "+00:00"), "times are written with their zone"),
    "ISO without seconds": (lambda time_ns: datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%MZ"), "times are written with their zone"),
}


@pytest.mark.parametrize("unit", UNITS)
def test_times_are_understood_in_every_unit_and_the_unit_is_told(tmp_path: Path, unit: str) -> None:
    written, sentence = UNITS[unit]
    starts = [START_NS + row * MINUTE_NS for row in range(200)]
    history = opened(write_bars(tmp_path, [f"{written(start)},2,3,1,2,5" for start in starts]))
    assert [bar.start_ns for bar in events(history)] == starts
    assert sentence in history.sentences


def test_floats_are_exact_to_the_microsecond(tmp_path: Path) -> None:
    times = [START_NS + 123_456_000, START_NS + 999_999_000, START_NS + 1_000_001_000]
    for lines in ([f"{time_ns / 1e9:.6f},10,1,buy" for time_ns in times], [f"{time_ns // 10**6}.{time_ns // 1000 % 1000:03d},10,1,buy" for time_ns in times]):
        assert [trade.time_ns for trade in events(opened(write(tmp_path, "ts,price,volume,side", *lines)))] == times


def test_a_time_in_no_unit_becomes_zero_and_a_fault() -> None:
    clock, faults = FileClock("a.csv"), dict[int, tuple[str, str]]()
    times = clock.from_numbers(np.array([1.7e12, np.nan, 5.0, np.inf, 9e18, -1.0]), faults)
    assert times.tolist() == [1_700_000_000_000_000_000, 0, 0, 0, 0, 0]
    assert list(faults) == [1, 2, 3, 4, 5]


def test_nanoseconds_keep_every_digit(tmp_path: Path) -> None:
    times = [START_NS + 1, START_NS + 123_456_789, START_NS + 999_999_999]
    for written in (times, [moment(time_ns) for time_ns in times]):
        lines = [f"{time},10,1,buy" for time in written]
        assert [trade.time_ns for trade in events(opened(write(tmp_path, "ts,price,volume,side", *lines)))] == times
        # The same with one odd line in between, which is read by the slow way.
        odd = [lines[0], "", *lines[1:]]
        assert [trade.time_ns for trade in events(opened(write(tmp_path, "ts,price,volume,side", *odd)))] == times


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz", "bars.npz", "bars.parquet"])
@pytest.mark.parametrize("count", [2, 65_536, 65_537, 140_001])
def test_every_format_gives_back_every_row_whatever_the_chunks(tmp_path: Path, name: str, count: int) -> None:
    arrays, path = bar_arrays(count), tmp_path / name
    if name.endswith(".npz"):
        np.savez(path, **arrays)
    elif name.endswith(".parquet"):
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table(arrays), path, row_group_size=50_000)
    else:
        rows = zip(*(values.tolist() for values in arrays.values()), strict=True)
        write(tmp_path, ",".join(arrays), *(",".join(map(repr, row)) for row in rows), name=name)
    history = opened(path)
    chunks = list(history.chunks())
    assert history.rows == count
    assert all(0 < len(chunk) <= 65_536 for chunk in chunks)
    for column in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(np.concatenate([chunk.columns[column] for chunk in chunks]), arrays[column])
    assert np.array_equal(np.concatenate([chunk.times_ns for chunk in chunks]), arrays["ts"] * 1_000_000 + MINUTE_NS)
    middle = START_NS + (count // 2) * MINUTE_NS
    assert [bar.time_ns for bar in events(history, middle, middle + 2 * MINUTE_NS)][:2] == [middle, middle + MINUTE_NS][:count - count // 2 + 1]


def test_trades_and_quotes_of_npz_and_parquet_are_those_of_csv(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    times = np.array([START_NS, START_NS, START_NS + 5])
    expected = events(opened(write(tmp_path, "ts,price,amount,side", *(f"{time},{price},2,{side}" for time, price, side in zip(
        times.tolist(), (1.5, 1.25, 1.75), ("buy", "sell", ""), strict=True)))))
    prices, amounts = np.array([1.5, 1.25, 1.75], ">f4"), np.full(3, 2)
    for number, side in enumerate((np.array(["buy", "sell", ""]), np.array([b"b", b"s", b""]), np.array([1, 0, -1]), np.array([True, False, True]))):
        np.savez_compressed(tmp_path / f"{number}.npz", ts=times.view("M8[ns]"), price=prices, amount=amounts, side=side)
        assert events(opened(tmp_path / f"{number}.npz")) == expected
    table = pyarrow.table({"side": pyarrow.array(["buy", "sell", None]).dictionary_encode(), "price": pyarrow.array([1.5, 1.25, 1.75]),
                           "amount": amounts, "time": pyarrow.array(times, pyarrow.timestamp("ns", "UTC")), "note": ["x", "y", None]})
    parquet.write_table(table, tmp_path / "trades.parquet")
    assert events(opened(tmp_path / "trades.parquet")) == expected


def test_columns_of_text_are_passed_over_wherever_they_stand(tmp_path: Path) -> None:
    lines = [f"BTC/USD,{line},fine {row}" for row, line in enumerate(bar_lines(5))]
    names = f"symbol,{HEADER},note"
    assert events(opened(write(tmp_path, names, *lines))) == events(opened(write_bars(tmp_path, bar_lines(5))))


def test_windows_lines_a_byte_order_mark_blanks_quotes_and_a_missing_last_newline_change_nothing(tmp_path: Path) -> None:
    expected = events(opened(write_bars(tmp_path, bar_lines(5))))
    text = (tmp_path / "bars.csv").read_text()
    for other in (text.replace("\n", "\r\n"), "\ufeff" + text, text + "\n\n", text.rstrip("\n"), text.replace(",", " , "),
                  text.replace(",100.5,", ',"100.5",'), text.replace("\n1704067260000", "\n\n1704067260000"), text.replace(",99.25,", ",+99.250,")):
        (tmp_path / "bars.csv").write_text(other, newline="")
        assert events(opened(tmp_path / "bars.csv")) == expected


def test_a_volume_that_is_missing_is_not_known(tmp_path: Path) -> None:
    for line in ("1704067200000,2,3,1,2,", "1704067200000,2,3,1,2,nan", "1704067200000,2,3,1,2,null"):
        assert math.isnan(events(opened(write_bars(tmp_path, [line]), bar_ns=MINUTE_NS))[0].volume)
    without = write(tmp_path, "ts,open,high,low,close", "1704067200000,2,3,1,2")
    assert math.isnan(events(opened(without, bar_ns=MINUTE_NS))[0].volume)


def test_from_is_in_and_to_is_out_and_calls_side_by_side_give_each_row_once(tmp_path: Path) -> None:
    history = opened(write_bars(tmp_path, bar_lines(10)))
    ends = [bar.time_ns for bar in events(history)]
    assert [bar.time_ns for bar in events(history, ends[3], ends[6])] == ends[3:6]
    assert [bar.time_ns for bar in events(history, ends[3] + 1, ends[6] + 1)] == ends[4:7]
    for cut in range(ends[0] - 1, ends[-1] + 2, MINUTE_NS // 2):
        assert [bar.time_ns for bar in events(history, None, cut)] + [bar.time_ns for bar in events(history, cut)] == ends
    assert events(history, ends[-1] + 1) == []
    assert events(history, ends[5], ends[5]) == []


def test_the_most_common_step_is_the_length_of_a_bar_and_gaps_are_told_not_refused(tmp_path: Path) -> None:
    lines = bar_lines(600)
    del lines[100:103], lines[400]
    history = opened(write_bars(tmp_path, lines))
    assert history.bar_ns == MINUTE_NS
    assert history.report.gaps == 2
    assert history.sentences[2] == ("4 bars are missing in 2 gaps; the largest step is 4m after 2024-01-01T01:39:00Z; the first after "
                                    "2024-01-01T01:39:00Z (4m), 2024-01-01T06:42:00Z (2m)")


def test_months_are_bars_though_they_differ_in_length(tmp_path: Path) -> None:
    lines = [f"{datetime(2023 + month // 12, month % 12 + 1, 1, tzinfo=UTC).isoformat()},2,3,1,2,1" for month in range(24)]
    history = opened(write_bars(tmp_path, lines))
    assert (history.sentences[0], history.report.gaps) == ("24 bars of 31d", 0)


def test_a_silence_of_trades_is_told_across_blocks(tmp_path: Path) -> None:
    times = START_NS // 1_000_000 + np.arange(70_000) * 10
    times[65_536:] += 3_600_000               # where the second block begins
    np.savez(tmp_path / "trades.npz", ts=times, price=np.full(70_000, 2.0), volume=np.ones(70_000), side=np.ones(70_000))
    history = opened(tmp_path / "trades.npz")
    assert history.sentences[2:] == ["1 silence of more than 10m; the largest step is 1h after 2024-01-01T00:10:55.350Z; the first after "
                                     "2024-01-01T00:10:55.350Z (1h)"]


def test_a_file_that_was_changed_after_it_was_opened_is_not_traded_on(tmp_path: Path) -> None:
    path = write_bars(tmp_path, bar_lines(5))
    history = opened(path)
    write_bars(tmp_path, bar_lines(6))
    with pytest.raises(ConfigError, match="the file was changed since it was opened: start again"):
        events(history)


def test_what_is_read_in_part_does_not_touch_the_report(tmp_path: Path) -> None:
    history = opened(write_bars(tmp_path, bar_lines(200_000), name="bars.csv.gz"))
    before = (history.rows, list(history.sentences))
    last = history.report.last_ns
    assert [bar.time_ns for bar in events(history, last - MINUTE_NS)] == [last - MINUTE_NS, last]
    assert (history.rows, history.sentences) == before


@pytest.mark.parametrize("name", ["bars.npz", "bars.csv"])
def test_a_long_file_needs_no_more_memory_than_a_short_one(tmp_path: Path, name: str) -> None:
    peaks = []
    for count in (200_000, 1_000_000 if name == "bars.npz" else 400_000):
        arrays = bar_arrays(count)
        if name == "bars.npz":
            np.savez(tmp_path / name, **arrays)
        else:
            write_bars(tmp_path, bar_lines(count), name=name)
        del arrays
        tracemalloc.start()
        assert sum(len(chunk) for chunk in opened(tmp_path / name).chunks()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000
    assert peaks[1] < 40_000_000


@pytest.mark.parametrize(("duration_ns", "words"), [(1_000_000, "1ms"), (10**9, "1s"), (MINUTE_NS, "1m"), (433 * MINUTE_NS, "7h 13m"),
                                                    (31 * 1440 * MINUTE_NS, "31d"), (86_401 * 10**9, "1d")])
def test_durations_are_told_in_their_two_largest_units(duration_ns: int, words: str) -> None:
    assert length(duration_ns) == words
