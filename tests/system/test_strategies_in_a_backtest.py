"""What `backtest_config.yaml` changes about a strategy: it holds in a backtest only, is told under the table, and yields to the command line."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import main

TELLER = """from trading_system import Bar, StrategyBase


class TellerStrategy(StrategyBase):
    class Params(StrategyBase.Params):
        size: float = 1.0
        other: float = 1.0

    params: Params

    def on_bar(self, bar: Bar) -> None:
        self.buy(bar.symbol, self.params.size * self.params.other)
"""
GLOBAL = "strategies:\n  teller: {instruments: [XBTZAR.luno], capital: {ZAR: 50000000}, bars: 10s, params: {size: 0.25, other: 2}}\n"
BACKTEST = "data: {XBTZAR.luno: quotes.csv}\nstrategies:\n  teller: {bars: 60s, params: {size: 0.5}}\n"
START_MS = 1_704_067_200_000


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Put the garbage collector back as it was: a backtest tunes it for the process that is its own."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("configs", "strategies"):
        (tmp_path / name).mkdir()
    (tmp_path / "configs" / "global_strategy_config.yaml").write_text(GLOBAL)
    (tmp_path / "configs" / "backtest_config.yaml").write_text(BACKTEST)
    (tmp_path / "strategies" / "teller_strategy.py").write_text(TELLER)
    (tmp_path / "quotes.csv").write_text("timestamp,bid,ask\n" + "".join(f"{START_MS + second * 1000},1000000,1000100\n" for second in range(245)))
    return tmp_path


def backtest(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, list[dict[str, Any]]]:
    """Run a backtest; return what was printed, on one line, and the fills."""
    code = main.main(["backtest", *words, "--config", str(folder / "configs"), "--strategies", str(folder / "strategies"),
                      "--state", str(folder / "state")])
    told = capsys.readouterr()
    assert code == 0, told.err
    return " ".join(told.out.split()), json.loads((folder / "state" / "last_backtest.json").read_text())["fills"]


def test_bars_and_params_are_those_of_the_backtest_and_the_table_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, fills = backtest(folder, capsys)
    assert [fill["quantity"] for fill in fills] == [1.0] * 4
    assert "teller ran with bars of 1m, size 0.5, as backtest_config.yaml says; it trades with what global_strategy_config.yaml says." in out


def test_without_changes_it_runs_as_it_trades_and_there_is_nothing_to_tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "configs" / "backtest_config.yaml").write_text("data: {XBTZAR.luno: quotes.csv}\n")
    out, fills = backtest(folder, capsys)
    assert [fill["quantity"] for fill in fills] == [0.5] * 24
    assert "ran with" not in out


def test_what_the_command_line_says_of_the_strategy_wins(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, fills = backtest(folder, capsys, "--set", "strategies.teller.params.size=0.75", "--set", "strategies.teller.bars=30s")
    assert [fill["quantity"] for fill in fills] == [1.5] * 8
    assert "ran with" not in out


@pytest.mark.parametrize(("written", "expected"), [
    ("strategies: {tellr: {bars: 60s}}", "@:2: backtest.strategies.tellr: there is no strategy 'tellr', did you mean teller?"),
    ("strategies: {teller: {params: {sise: 1}}}", "@:2: backtest.strategies.teller.params.sise: unknown key 'sise', did you mean 'size'?"),
    ("strategies: {teller: {params: {size: big}}}", "@:2: backtest.strategies.teller.params.size: expected a number, found 'big'"),
    ("strategies: {teller: {capital: {ZAR: 1}}}", "@:2: backtest.strategies.teller.capital: unknown key 'capital'; known here: params, bars"),
])
def test_a_mistake_is_told_with_its_line(written: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "configs" / "backtest_config.yaml"
    file.write_text(f"data: {{XBTZAR.luno: quotes.csv}}\n{written}\n")
    assert main.main(["backtest", "--config", str(folder / "configs"), "--strategies", str(folder / "strategies"), "--state", str(folder / "state")]) == 2
    assert capsys.readouterr().err.replace(str(file), "@").splitlines() == [expected]
