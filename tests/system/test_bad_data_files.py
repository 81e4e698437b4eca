"""A CSV bad in ten ways, each through `main.py backtest`: a clear error with file, line and way out, or, where asked for, a counted skip."""

import gc
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import main

HEADER = "timestamp,open,high,low,close,volume"
START_MS, HOUR_MS, BARS = 1_704_067_200_000, 3_600_000, 24
WATCHER = """from trading_system import Bar, StrategyBase


class WatcherStrategy(StrategyBase):
    timeframe = "1h"

    def on_bar(self, bar: Bar) -> None:
        if not len(self.orders) and self.positions[bar.symbol].is_flat:
            self.buy(bar.symbol, 0.001)
"""
SKIP = "mend them, or have such rows left out and counted: bad_rows: skip in backtest_config.yaml, or --set backtest.bad_rows=skip"
OTHER_FILE = "write it again, or name another with --data SYMBOL=FILE"


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Put the garbage collector back as it was: a backtest tunes it for the process that is its own."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def bars(**changed: str) -> list[str]:
    """Return a header and a day of bars; `line_5="..."` is what stands in line 5 of the file instead."""
    lines = [HEADER, *(row(hour) for hour in range(BARS))]
    for name, text in changed.items():
        lines[int(name.removeprefix("line_")) - 1] = text
    return lines


def row(hour: float, opened: object = 1_000_000, high: object = 1_010_000, low: object = 990_000) -> str:
    return f"{START_MS + round(hour * HOUR_MS)},{opened},{high},{low},1000000,5"


class Bad(NamedTuple):
    """A file, the first thing said of it, the way out; `skipped` is how the rows left out are counted, empty where skipping is no way."""

    lines: Sequence[str]
    said: str
    way_out: str
    skipped: str = ""


FILES = {
    "a word for a price": Bad(bars(line_5=row(3, "cheap")), ":5: open is 'cheap', not a number", SKIP, "1 not a number"),
    "a price below zero": Bad(bars(line_7=row(5, low=-990_000)), ":7: low is -990000: a price must be above zero", SKIP, "1 zero or negative price"),
    "high and low exchanged": Bad(bars(line_9=row(7, high=990_000, low=1_010_000)), ":9: the high 990000 is below the low 1010000", SKIP, "1 high below low"),
    "a bar twice": Bad(bars(line_11=row(8)), ":11: the bar of 2024-01-01T08:00:00Z stands there twice", SKIP, "1 duplicate"),
    "rows out of order": Bad(bars(line_12=row(2)), ":12: 2024-01-01T02:00:00Z comes after 2024-01-01T09:00:00Z: rows must be in order of time",
                             SKIP, "1 out of order"),
    "a line cut off": Bad(bars(line_25=row(23)[:20]), ":25: the line has 2 columns, the first one 6", SKIP, "1 columns"),
    "a time in words": Bad(bars(line_6="noon" + row(4)[13:]), ":6: the time is 'noon', not a number", SKIP, "1 time"),
    "no names of columns that anybody knows": Bad(bars(line_1="when,a,b,c,d,e"), ":1: there is no column for the time among 'when', 'a', 'b', 'c', 'd', 'e'",
                                                  "name it timestamp, time, date, datetime or ts"),
    "bars of all lengths": Bad([HEADER, *(row(hour * (hour + 7) / 10) for hour in range(BARS))], ": 17 of 23 steps between bars are not whole bars",
                               "say it with bar_seconds: 1h in backtest_config.yaml, or --set backtest.bar_seconds=1h"),
    "a header and nothing else": Bad([HEADER], ": there is a header and not a single row", OTHER_FILE),
}


def backtest(folder: Path, lines: Sequence[str], *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run `main.py backtest` over a file of these lines; return the code, what was printed, and the complaints, with F for the file."""
    (folder / "configs").mkdir()
    (folder / "configs" / "global_strategy_config.yaml").write_text(
        "strategies:\n  watcher: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}\n")
    (folder / "configs" / "backtest_config.yaml").write_text("data: {XBTZAR.luno: bars.csv}\n")
    (folder / "strategies").mkdir()
    (folder / "strategies" / "watcher_strategy.py").write_text(WATCHER)
    (folder / "bars.csv").write_text("\n".join((*lines, "")))
    code = main.main(["backtest", *words, "--config", str(folder / "configs"), "--strategies", str(folder / "strategies"),
                      "--state", str(folder / "state")])
    told = capsys.readouterr()
    return code, told.out, told.err.replace(str(folder / "bars.csv"), "F")


def test_there_are_ten_ways_and_the_good_file_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(FILES) == 10
    code, out, err = backtest(tmp_path, bars(), capsys=capsys)
    assert code == 0, err
    assert "left out" not in out
    assert "No price is too old for watcher" in out


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_its_line_and_the_way_out(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = FILES[name]
    code, out, err = backtest(tmp_path, bad.lines, capsys=capsys)
    complaints = err.splitlines()
    assert (code, out) == (2, ""), err
    assert complaints[0].startswith(f"F{bad.said}"), err
    assert complaints[-1].startswith("F:")
    assert complaints[-1].endswith(bad.way_out), err
    assert len(complaints) <= 2
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", [name for name, bad in FILES.items() if bad.skipped])
def test_the_way_out_works_and_what_is_left_out_is_counted(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = FILES[name]
    code, out, err = backtest(tmp_path, bad.lines, "--set", "backtest.bad_rows=skip", capsys=capsys)
    assert code == 0, err
    assert f"1 row ({bad.skipped}) left out" in " ".join(out.split())
    assert json.loads((tmp_path / "state" / "last_backtest.json").read_text())["events"] == BARS - 1


@pytest.mark.parametrize("name", [name for name, bad in FILES.items() if not bad.skipped])
def test_a_file_that_is_wrong_as_a_whole_is_refused_even_where_bad_rows_are_skipped(
        name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = backtest(tmp_path, FILES[name].lines, "--set", "backtest.bad_rows=skip", capsys=capsys)
    assert code == 2
    assert err.splitlines()[0].startswith(f"F{FILES[name].said}")
