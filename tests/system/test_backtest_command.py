"""`sample-data` and `backtest` as people call them: what is printed and left behind, and every mistake as one clear error with exit code 2.

Most cases run `main.main` in this process; that the two commands work as processes is shown once.
"""

import gc
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import main
from trading_system.core.errors import InvariantBroken

ROOT = Path(__file__).resolve().parents[2]
BUYER = """from trading_system import StrategyBase, Tick


class BuyerStrategy(StrategyBase):
    def on_tick(self, tick: Tick) -> None:
        if not len(self.orders) and self.positions[tick.symbol].is_flat:
            self.buy(tick.symbol, 0.001)
"""
RAISING = """from trading_system import StrategyBase, Tick


class RaisingStrategy(StrategyBase):
    def on_tick(self, tick: Tick) -> None:
        if tick.bid > 0:
            raise ZeroDivisionError("by design")
"""
STRATEGIES = """strategies:
  buyer: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}
  raising: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}, active: no}
"""
START_MS = 1_704_067_200_000
HEADER = "timestamp,bid,ask,last\n"


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Put the garbage collector back as it was: a backtest tunes it for the process that is its own."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a configuration, two strategies and two minutes of quotes, one a second."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "global_strategy_config.yaml").write_text(STRATEGIES)
    (tmp_path / "configs" / "backtest_config.yaml").write_text("data: {XBTZAR.luno: quotes.csv}\n")
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "buyer_strategy.py").write_text(BUYER)
    (tmp_path / "strategies" / "raising_strategy.py").write_text(RAISING)
    write(tmp_path / "quotes.csv", range(120))
    return tmp_path


def write(path: Path, seconds: Any) -> None:
    """Write quotes at these seconds after 2024-01-01."""
    path.write_text(HEADER + "".join(f"{START_MS + second * 1000},{1_000_000 + second},{1_000_100 + second},{1_000_050 + second}\n"
                                     for second in seconds))


def called(folder: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run `main.py backtest` with our folders; return the code, what was printed, and the complaints, with @ for the folder."""
    code = main.main(["backtest", *(word.replace("@", str(folder)) for word in words), "--config", str(folder / "configs"),
                      "--strategies", str(folder / "strategies"), "--state", str(folder / "state")])
    told = capsys.readouterr()
    return code, told.out.replace(str(folder), "@"), told.err.replace(str(folder), "@")


def complaint(folder: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a backtest that must be refused with nothing printed and nothing made; return the complaints."""
    code, out, err = called(folder, *words, capsys=capsys)
    assert (code, out) == (2, ""), err
    assert "Traceback" not in err
    assert not (folder / "state").exists()
    return err.splitlines()


def last(folder: Path) -> dict[str, Any]:
    """Return what the last backtest left behind."""
    found: dict[str, Any] = json.loads((folder / "state" / "last_backtest.json").read_text())
    return found


def test_a_newcomer_writes_sample_data_and_backtests_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    folders = ["--config", "configs"]
    first = subprocess.run([sys.executable, str(ROOT / "main.py"), "sample-data", *folders], cwd=tmp_path, capture_output=True, text=True,
                           timeout=60)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-2:] == [f"the files are in {tmp_path}/data", "next: python main.py backtest --config configs"]
    words = ["backtest", *folders, "--state", "state", "--to", "2024-01-01T02:00:00Z"]
    second = subprocess.run([sys.executable, str(ROOT / "main.py"), *words],
                            cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stderr
    assert "Traceback" not in second.stderr
    for word in ("Backtest from 2024-01-01 00:00", "strategy", "capital", "max drawdown", "naive_test", "moving_average_cross",
                 "market_making", "together ZAR", "Assumptions", "Data"):
        assert word in second.stdout
    strategies = last(tmp_path)["strategies"]
    assert {one["name"] for one in strategies} == {"naive_test", "moving_average_cross", "market_making"}
    assert all(one["equity"] > 0.95 * one["capital"] for one in strategies), "what people see first must not burn its money in fees"


def test_the_table_and_the_file_tell_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(folder, capsys=capsys)
    assert code == 0, err
    results = last(folder)
    (buyer,) = results["strategies"]
    assert (buyer["name"], buyer["fills"], buyer["orders"], buyer["trouble"]) == ("buyer", 1, {"FILLED": 1}, "")
    assert f"{buyer['equity']:,.2f}" in out
    assert f"{results['events']} events" in out
    assert "too old" not in out     # ticks come often enough for the limit of live trading
    assert results["events"] == 120
    # The first quote decides, the first one after the latency fills: its ask and a step more.
    (fill,) = results["fills"]
    assert fill["time_ns"] == (START_MS + 1000) * 1_000_000
    assert fill["price"] == 1_000_102


def test_json_on_the_standard_output_is_all_that_is_there(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code = main.main(["backtest", "--json", "-", "--config", str(folder / "configs"), "--strategies", str(folder / "strategies"),
                      "--state", str(folder / "state")])
    told = capsysbinary.readouterr()
    assert code == 0
    assert json.loads(told.out) == last(folder)


def test_json_goes_to_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(folder, "--json", "@/results.json", capsys=capsys)
    assert code == 0
    assert "buyer" in out
    assert json.loads((folder / "results.json").read_text()) == last(folder)


def test_from_and_to_bound_what_is_traded_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(folder, "--from", "2024-01-01T00:00:30Z", "--to", "2024-01-01T00:01:00Z", capsys=capsys)
    assert code == 0, err
    results = last(folder)
    assert results["events"] == 30
    assert results["from_ns"] == (START_MS + 30_000) * 1_000_000
    assert results["to_ns"] == (START_MS + 59_000) * 1_000_000
    assert [fill["time_ns"] for fill in results["fills"]] == [(START_MS + 31_000) * 1_000_000]


def test_the_same_call_gives_the_same_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for _ in range(2):
        assert called(folder, capsys=capsys)[0] == 0
        found.append({**last(folder), "run_seconds": 0})
    assert found[0] == found[1]


def test_all_assumptions_in_one_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(folder, "--band", capsys=capsys)
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("  buyer: "))
    assert all(name in line for name in ("optimistic", "base", "pessimistic"))


def test_the_fills_of_another_engine_are_chosen_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "configs" / "backtest_config.yaml"
    config.write_text("data: {XBTZAR.luno: quotes.csv}\nassumptions: freqtrade\n")
    code, out, err = called(folder, capsys=capsys)
    assert code == 0, err
    assert "There is no slippage." in out
    assert "meets the rest of the same bar" in out
    assert called(folder, "--assumptions", "backtesting_py", capsys=capsys)[0] == 0
    shutil.rmtree(folder / "state")
    config.write_text("data: {XBTZAR.luno: quotes.csv}\nassumptions: freqtrade\nfills: {execution: this_close}\n")
    (told,) = complaint(folder, capsys=capsys)
    assert told.startswith("@/configs/backtest_config.yaml:3: backtest.fills: same_bar_follow_ups does not go with execution: this_close")


def test_a_strategy_that_raises_ends_with_code_1_and_the_others_are_told_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(folder, "--strategy", "buyer", "--strategy", "raising", capsys=capsys)
    assert code == 1
    assert "Traceback" not in out + err
    trouble = next(line for line in out.splitlines() if line.startswith("something was wrong"))
    assert "raising" in trouble
    assert "ZeroDivisionError: by design" in trouble
    assert {one["name"]: one["fills"] for one in last(folder)["strategies"]} == {"buyer": 1, "raising": 0}


# The words of the command line, and what is said: one line each.
WORDS: dict[str, tuple[list[str], str]] = {
    "strategy misspelt": (["--strategy", "buyr"], "--strategy: there is no strategy 'buyr', did you mean buyer?"),
    "instrument misspelt": (["--data", "XBTZRA.luno=@/quotes.csv"], "--data: no strategy trades 'XBTZRA.luno', did you mean XBTZAR.luno?"),
    "data without a file": (["--data", "XBTZAR.luno"], "--data: expected an instrument, an equals sign and a file such as "
                            "XBTZAR.luno=bars.csv, found 'XBTZAR.luno'"),
    "data file missing": (["--data", "XBTZAR.luno=@/nothing.csv"], "@/nothing.csv: the file cannot be read (No such file or directory): "
                          "is the path right?"),
    "from after to": (["--from", "2024-01-02", "--to", "2024-01-01"], "--to: it must be later than --from"),
    "from without a zone": (["--from", "2024-01-01T01:00:00"], "--from: '2024-01-01T01:00:00' does not say its time zone: write "
                            "2024-01-01T01:00:00Z for UTC"),
    "from in words": (["--from", "yesterday"], "--from: expected a day such as 2024-01-31 or a time such as 2024-01-31T12:00:00Z, "
                      "found 'yesterday'"),
    "nothing between": (["--from", "2025-01-01"], "there is no market data between --from and --to: nothing was traded"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_mistake_on_the_command_line_is_told_in_these_words(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, expected = WORDS[name]
    assert complaint(folder, *words, capsys=capsys) == [expected]


ROW = f"{START_MS},1000000,1000100,1000050\n"
# What is in the file, and what is said first; Q is the file.
FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "Q: the file is empty"),
    "only a header": (HEADER.encode(), "Q: there is a header and not a single row"),
    "not text": (b"\x00\x01\x02\xff" * 50, "Q:1: this is not"),
    "a word for a price": ((HEADER + ROW + f"{START_MS + 1000},cheap,1000100,1000050\n").encode(), "Q:3: bid is 'cheap', not a number"),
    "a negative price": ((HEADER + ROW + f"{START_MS + 1000},-5,1000100,1000050\n").encode(), "Q:3: bid is -5: a price must be above zero"),
    "an infinite price": ((HEADER + ROW + f"{START_MS + 1000},1000000,inf,1000050\n").encode(), "Q:3: ask is infinite"),
    "out of order": ((HEADER + ROW + f"{START_MS - 1000},1000000,1000100,1000050\n").encode(),
                     "Q:3: 2023-12-31T23:59:59Z comes after 2024-01-01T00:00:00Z: rows must be in order of time"),
    "nonsense for a time": ((HEADER + "noon,1000000,1000100,1000050\n").encode(), "Q:2: the time is 'noon', not a number"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_told_with_its_line(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, expected = FILES[name]
    (folder / "quotes.csv").write_bytes(content)
    complaints = complaint(folder, capsys=capsys)
    assert complaints[0].replace("@/quotes.csv", "Q").startswith(expected), complaints


def test_broken_gzip_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "quotes.csv.gz").write_bytes(gzip.compress((HEADER + ROW * 1000).encode())[:-20])
    (only,) = complaint(folder, "--data", "XBTZAR.luno=@/quotes.csv.gz", capsys=capsys)
    assert only.startswith("@/quotes.csv.gz: the gzip data is broken")
    (folder / "quotes.csv.gz").write_text(HEADER + ROW)
    (only,) = complaint(folder, "--data", "XBTZAR.luno=@/quotes.csv.gz", capsys=capsys)
    assert only == "@/quotes.csv.gz: its name ends in .gz, but it is not gzip data: fetch or pack the file again"


def test_bad_rows_are_left_out_and_counted_where_that_was_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "quotes.csv"
    file.write_text(file.read_text() + f"{START_MS + 120_000},cheap,1000100,1000050\n")
    (folder / "configs" / "backtest_config.yaml").write_text("data: {XBTZAR.luno: quotes.csv}\nbad_rows: skip\n")
    code, out, err = called(folder, capsys=capsys)
    assert code == 0, err
    assert last(folder)["events"] == 120
    assert "1 row (1 not a number) left out" in " ".join(out.split())


def test_a_file_of_the_configuration_that_is_missing_is_told_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "quotes.csv").unlink()
    assert complaint(folder, capsys=capsys) == [
        "@/configs/backtest_config.yaml:1: backtest.data.XBTZAR.luno: there is no file @/quotes.csv: python main.py sample-data writes a "
        "made-up day of every instrument to try with"]


def test_an_instrument_without_data_is_told_with_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "configs" / "backtest_config.yaml").write_text("data: {}\n")
    complaints = complaint(folder, capsys=capsys)
    assert any("there is no data for XBTZAR.luno: name a file with --data XBTZAR.luno=FILE" in line for line in complaints)


def test_bars_that_cannot_be_made_of_the_files_bars_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "strategies" / "buyer_strategy.py").write_text(
        "from trading_system import Bar, StrategyBase\n\n\nclass BuyerStrategy(StrategyBase):\n"
        "    def on_bar(self, bar: Bar) -> None:\n        pass\n")
    (folder / "bars.csv").write_text("timestamp,open,high,low,close,volume\n" + "".join(
        f"{START_MS + minute * 60_000},1,2,1,2,5\n" for minute in range(10)))
    complaints = complaint(folder, "--data", "XBTZAR.luno=@/bars.csv", "--set", "strategies.buyer.bars=90s", capsys=capsys)
    assert len(complaints) == 1
    assert "bars of 90 s cannot be made of the file's bars of 60 s: ask for a multiple" in complaints[0]


def test_books_that_do_not_add_up_end_a_backtest_with_code_1_and_words_of_their_own(
        folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(desk: object) -> None:
        raise InvariantBroken("buyer: 3 ZAR are missing")

    monkeypatch.setattr("trading_system.reckoning.check_conservation", broken)
    code, out, err = called(folder, capsys=capsys)
    assert (code, out) == (1, "")
    assert err.startswith("the backtest has no result, because its books do not add up: buyer: 3 ZAR are missing. This is a fault of the program")
    assert not (folder / "state").exists()
