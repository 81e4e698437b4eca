"""Whatever a user gets wrong costs one clear line and exit code 2: nothing was started, nothing was lost. And the commands that only read."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, ROOT, WATCHER, Bot, run_command

_MISSPELT = '''from trading_system import StrategyBase, Tick


class MisspeltStrategy(StrategyBase):
    """Means on_tick."""

    def on_tikc(self, tick: Tick) -> None:
        """See a tick."""
'''


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """Return a state folder with a past: nothing that is refused may touch it."""
    bot = Bot(tmp_path_factory.mktemp("used"), WATCHER, FAST)
    (bot.strategies / "misspelt_strategy.py").write_text(_MISSPELT)
    assert bot.run("--for", "0.5s") == 0, bot.told
    return bot


def journal_hash(bot: Bot) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted((bot.state / "journal").glob("*")))).hexdigest()


@pytest.mark.parametrize(("strategies", "system", "mode", "words"), [
    ("watcher: {instruments: [XBTZRA.luno], capital: {ZAR: 10}}", FAST, "simulate",
     ["global_strategy_config.yaml:3", "XBTZRA.luno", "did you mean XBTZAR.luno?"]),
    ("watchre: {instruments: [ETHZAR.luno], capital: {ZAR: 10}}", FAST, "simulate",
     ["watchre_strategy.py", "no such file", "did you mean watcher_strategy.py?"]),
    ("misspelt: {instruments: [ETHZAR.luno], capital: {ZAR: 10}}", FAST, "simulate",
     ["misspelt_strategy.py:7", "on_tikc", "did you mean on_tick?"]),
    ("watcher: {instruments: [ETHZAR.luno], capitol: {ZAR: 10}, capital: {ZAR: 10}}", FAST, "simulate",
     ["global_strategy_config.yaml:3", "capitol", "did you mean 'capital'?"]),
    (WATCHER, "heartbeat_secnds: 1\n", "simulate", ["system_config.yaml:1", "heartbeat_secnds", "did you mean 'heartbeat_seconds'?"]),
    ("far_orders: {instruments: [ETHZAR.luno], capital: {ZAR: 10}, params: {cuont: 3}}", FAST, "simulate",
     ["global_strategy_config.yaml:3", "cuont", "did you mean 'count'?"]),
    (WATCHER, FAST, "live", ["global_strategy_config.yaml:1", "live", "mode: simulate"]),
    (WATCHER, FAST, "paper", ["global_strategy_config.yaml:1", "paper", "mode: simulate"]),
], ids=["instrument", "file", "hook", "key", "system key", "param", "live", "paper"])
def test_a_mistake_costs_one_clear_line_and_nothing_else(used: Bot, strategies: str, system: str, mode: str, words: list[str]) -> None:
    before = journal_hash(used)
    used.configure(strategies, system, mode)
    assert used.run("--for", "1s", seconds=15) == 2, used.told
    assert len(used.err.strip().splitlines()) == 1, used.err
    for word in words:
        assert word in used.err
    assert "Traceback" not in used.err
    assert used.out == ""
    assert journal_hash(used) == before


def test_more_capital_than_the_account_holds_is_refused_once_the_venue_was_asked_and_nothing_is_traded(used: Bot) -> None:
    used.configure("watcher: {instruments: [ETHZAR.luno], capital: {ZAR: 2000000}}", FAST)
    assert used.run("--for", "1s", seconds=15) == 2, used.told
    assert len(used.err.strip().splitlines()) == 1, used.err
    for word in ("global_strategy_config.yaml", "2000000 ZAR", "1000000", "lower a capital"):
        assert word in used.err
    assert used.out.splitlines()[-1] == "Strategies: watcher"
    assert not used.log("OrderEvent")


def test_after_all_those_mistakes_the_house_starts_as_ever(used: Bot) -> None:
    used.configure(WATCHER, FAST)
    assert used.run("--for", "0.5s") == 0, used.told


def test_a_damaged_journal_is_refused_by_name_and_place_and_left_as_it_is(used: Bot) -> None:
    used.configure(WATCHER, FAST)
    file = max((used.state / "journal").glob("*.log"))         # a start reads the last snapshot, and this is it
    sound = file.read_bytes()
    damaged = bytearray(sound)
    damaged[80] ^= 1
    file.write_bytes(damaged)
    try:
        assert used.run("--for", "0.5s", seconds=15) == 2, used.told
        assert len(used.err.strip().splitlines()) == 1, used.err
        assert f"{file}: damaged at byte" in used.err
        assert file.read_bytes() == bytes(damaged)
    finally:
        file.write_bytes(sound)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path, WATCHER, FAST).start()
    bot.wait(lambda: bot.status.get("beats"), 10)
    yield bot
    bot.end()


@pytest.mark.parametrize("options", [[], ["--fresh"]], ids=["plain", "fresh"])
def test_a_second_run_on_the_same_folder_is_refused_and_names_the_first(running: Bot, options: list[str]) -> None:
    assert running.process is not None
    second = run_command(running.command("run", "--for", "1s", *options), running.folder)
    assert second.returncode == 2
    assert f"process {running.process.pid}" in second.stderr
    assert "--state" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    beats = running.status["beats"]
    running.wait(lambda: running.status["beats"] > beats + 1, 5, "the first run was disturbed")


def test_help_names_every_command(tmp_path: Path) -> None:
    done = run_command([*Bot(tmp_path, WATCHER).command()[:2], "--help"], tmp_path)
    assert done.returncode == 0
    for word in ("run", "simulate", "status", "strategies", "--help"):
        assert word in done.stdout


@pytest.mark.parametrize("command", ["run", "simulate", "status", "strategies"])
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    done = run_command([*Bot(tmp_path, WATCHER).command()[:2], command, "--help"], tmp_path)
    assert done.returncode == 0
    assert "--config" in done.stdout


def test_status_without_a_run_says_what_to_do(tmp_path: Path) -> None:
    done = run_command(Bot(tmp_path, WATCHER).command("status"), tmp_path)
    assert done.returncode == 2
    assert "start one" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_status_of_a_running_house_speaks_words_and_json(running: Bot) -> None:
    words = run_command(running.command("status"), running.folder)
    assert words.returncode == 0
    assert "running in mode simulate" in words.stdout
    assert "watcher" in words.stdout
    told = run_command(running.command("status", "--json"), running.folder)
    assert told.returncode == 0
    assert json.loads(told.stdout)["strategies"]["watcher"]["state"] == "running"


def test_the_strategies_as_delivered_are_listed_in_words_and_json(tmp_path: Path) -> None:
    words = run_command([*Bot(tmp_path, WATCHER).command()[:2], "strategies"], ROOT)
    assert words.returncode == 0
    told = run_command([*Bot(tmp_path, WATCHER).command()[:2], "strategies", "--json"], ROOT)
    assert told.returncode == 0
    rows = json.loads(told.stdout)
    assert {row["name"] for row in rows} >= {"naive_test", "moving_average_cross", "market_making"}
    for row in rows:
        assert row["name"] in words.stdout
        assert row["instruments"]
