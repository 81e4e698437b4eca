"""The two long runs of the suite: they start with the first test and go on beside the others; whoever looks at them comes last."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import ROOT, Bot

_LONG_RUNS = ("many_run", "first_run")
_MANY_SYMBOLS = ("XBTZAR", "ETHZAR", "XRPZAR", "XBTMYR", "ETHXBT")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the tests that look at a long run behind all others."""
    items.sort(key=lambda item: max((_LONG_RUNS.index(name) + 1 for name in getattr(item, "fixturenames", ()) if name in _LONG_RUNS),
                                    default=0))


@pytest.fixture(scope="session", autouse=True)
def long_runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bot]]:
    """Start the long runs that some test of this run wants."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    bots: dict[str, Bot] = {}
    if "first_run" in wanted:
        bots["first_run"] = _first_run(tmp_path_factory.mktemp("first"))
    if "many_run" in wanted:
        bots["many_run"] = _many_run(tmp_path_factory.mktemp("many"))
    yield bots
    for bot in bots.values():
        bot.end()


@pytest.fixture(scope="session")
def first_run(long_runs: dict[str, Bot]) -> Bot:
    """Return what a newcomer sees: the configuration as it is delivered, 22 seconds, at its end."""
    bot = long_runs["first_run"]
    bot.finish()
    return bot


@pytest.fixture(scope="session")
def many_run(long_runs: dict[str, Bot]) -> Bot:
    """Return twenty strategies on five instruments, after eight seconds, at their end."""
    bot = long_runs["many_run"]
    bot.finish()
    return bot


def _first_run(folder: Path) -> Bot:
    bot = Bot(folder, "unused: {}")
    bot.config, bot.strategies = ROOT / "configs", ROOT / "strategies"
    return bot.start("--for", "22s")


def _many_run(folder: Path) -> Bot:
    lines = [
        "far_orders: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}, params: {count: 3, buys_first: yes}}",
        "market_making: {instruments: [XRPZAR.luno], capital: {ZAR: 20000, XRP: 500}, params: {refresh_seconds: 3}}",
        "naive_test: {instruments: [ETHZAR.luno], capital: {ZAR: 50000}}",
    ]
    for number in range(17):
        symbol = _MANY_SYMBOLS[number % 5]
        lines.append(f"watcher_{number}: {{file: watcher_strategy.py, instruments: [{symbol}.luno], capital: {{{symbol[3:]}: 0.01}}}}")
    return Bot(folder, "\n".join(lines)).start("--for", "8s")
