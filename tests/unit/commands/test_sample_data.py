"""`sample-data`: a day of made-up quotes that a backtest can be tried with, the same for the same seed, never over something else."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import main
from brokerage import registry
from trading_system.collectors.history import History
from trading_system.commands.sample_data import START_MS, file_name, quotes
from trading_system.core.instrument import Instrument
from trading_system.settings.load import read_settings
from trading_system.settings.problems import Problems

DAY_NS = 86_400_000_000_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/global_strategy_config.yaml").write_text(
        "strategies:\n  one: {instruments: [XBTZAR.luno, ETHXBT.luno], capital: {ZAR: 1000}, currency: ZAR}\n"
        "  two: {instruments: [XBTZAR.luno], capital: {ZAR: 1000}}\n"
        "  idle: {instruments: [XRPZAR.luno], capital: {ZAR: 1000}, active: no}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sample_data(*words: str) -> int:
    return main.main(["sample-data", "--config", "configs", "--out", "made", *words])


def test_it_writes_a_day_of_each_market_that_is_traded_and_says_what_comes_next(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sample_data() == 0
    assert capsys.readouterr().out.splitlines() == [
        "made/XBTZAR_quotes.csv.gz: 17,280 made-up quotes of XBTZAR.luno, 1 day from 2024-01-01T00:00:00Z",
        "made/ETHXBT_quotes.csv.gz: 17,280 made-up quotes of ETHXBT.luno, 1 day from 2024-01-01T00:00:00Z",
        f"the files are in {project}/made; backtest_config.yaml does not name them yet: write data: {{XBTZAR.luno: made/XBTZAR_quotes.csv.gz, "
        "ETHXBT.luno: made/ETHXBT_quotes.csv.gz} there",
        "next: python main.py backtest --config configs"]
    assert sorted(path.name for path in (project / "made").iterdir()) == ["ETHXBT_quotes.csv.gz", "XBTZAR_quotes.csv.gz"]


def test_without_a_folder_it_writes_where_the_backtest_of_the_same_configuration_looks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = project / "deep" / "settings of mine"
    elsewhere.parent.mkdir()
    (project / "configs").rename(elsewhere)
    (elsewhere / "backtest_config.yaml").write_text("data: {XBTZAR.luno: data/XBTZAR_quotes.csv.gz, ETHXBT.luno: data/ETHXBT_quotes.csv.gz}\n")
    assert main.main(["sample-data", "--config", str(elsewhere)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"the files are in {project}/deep/data", f"next: python main.py backtest --config '{elsewhere}'"]
    settings = read_settings(elsewhere, (), Problems(), adapters=registry.ADAPTERS)
    assert [(elsewhere.parent / str(file)).is_file() for file in settings.backtest.data.values()] == [True, True]


def test_the_data_is_sound_on_the_grid_plausible_and_trends_both_ways(project: Path) -> None:
    sample_data("--days", "2")
    nodes = read_settings(project / "configs", (), Problems(), adapters=registry.ADAPTERS).system.brokers
    for instrument in registry.simulated_instruments("luno", nodes["luno"]):
        path = project / "made" / file_name(instrument.symbol)
        if not path.exists():
            continue
        history = History.open(instrument.symbol, path)
        assert (history.kind, history.rows, history.report.gaps) == ("quotes", 34_560, 0)
        assert START_MS * 1_000_000 <= history.report.first_ns < history.report.last_ns < START_MS * 1_000_000 + 2 * DAY_NS
        columns = {name: np.concatenate([chunk.columns[name] for chunk in history.chunks()]) for name in ("bid", "ask", "last")}
        for values in columns.values():
            assert all(Decimal(repr(value)) % instrument.price_step == 0 for value in np.unique(values).tolist())
        mid = (columns["bid"] + columns["ask"]) / 2
        spread = (columns["ask"] - columns["bid"]) / mid
        assert 0.0004 < np.median(spread) < 0.02
        assert 0.01 < mid.max() / mid.min() - 1 < 0.4
        hourly = np.diff(mid[::720])
        assert (hourly > 0).any()
        assert (hourly < 0).any()
        assert np.isin(columns["last"][1:], np.concatenate([columns["bid"], columns["ask"]])).all()


def test_the_same_seed_is_the_same_bytes_and_another_is_not(project: Path) -> None:
    first = {}
    for words in (["--seed", "7"], ["--seed", "7", "--force"], ["--seed", "8", "--force"]):
        assert sample_data(*words) == 0
        first[" ".join(words)] = (project / "made/XBTZAR_quotes.csv.gz").read_bytes()
    same, again, other = first.values()
    assert same == again
    assert same != other


def test_what_is_there_is_left_as_it_is_unless_forced(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "made").mkdir()
    (project / "made/ETHXBT_quotes.csv.gz").write_text("mine")
    assert sample_data() == 2
    assert capsys.readouterr().err == ("sample-data: made/ETHXBT_quotes.csv.gz: there already, and left as it is; write over it with --force, or "
                                       "elsewhere with --out DIR\n")
    assert [path.name for path in (project / "made").iterdir()] == ["ETHXBT_quotes.csv.gz"]
    assert (project / "made/ETHXBT_quotes.csv.gz").read_text() == "mine"
    assert sample_data("--force") == 0
    assert (project / "made/ETHXBT_quotes.csv.gz").read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize(("words", "error"), [
    (["--days", "0"], "sample-data: --days 0: it must be 1 to 366"),
    (["--days", "367"], "sample-data: --days 367: it must be 1 to 366"),
    (["--out", "configs/global_strategy_config.yaml"], "sample-data: configs/global_strategy_config.yaml: it cannot be written (File exists): choose "
                                                       "another folder with --out DIR"),
    (["--set", "strategies.one.instruments=[XBTZARR.luno]"], "--set: strategies.one.instruments: 'XBTZARR.luno' is not traded at any broker of ours, "
                                                             "did you mean XBTZAR.luno?"),
    (["--set", "strategies.one.active=no", "--set", "strategies.two.active=no"],
     "sample-data: no strategy in configs is active: there is nothing to write data for"),
])
def test_what_cannot_be_done_is_one_clear_error(project: Path, capsys: pytest.CaptureFixture[str], words: list[str], error: str) -> None:
    assert sample_data(*words) == 2
    assert capsys.readouterr().err.splitlines() == [error]
    assert not (project / "made").exists()


def test_a_market_nobody_knows_begins_in_the_middle_of_its_bounds() -> None:
    unknown = Instrument("AAABBB.x", "AAA", "BBB", Decimal("0.5"), Decimal(1), Decimal(1), Decimal(100), Decimal(1), Decimal(10_000))
    lines = list(quotes(unknown, 1, 1))
    assert lines[0] == "timestamp,bid,ask,last\n"
    assert 98 < float(lines[1].split(",")[1]) < 102
