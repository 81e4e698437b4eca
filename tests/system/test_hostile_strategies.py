"""What one strategy does wrong, the others and the account do not feel."""

from collections.abc import Iterator

import pytest

from tests.system.bot_process import FAST, WATCHER, Bot, ExchangeOf
from tests.system.ledger_check import ledger_equals_exchange

_SYSTEM = FAST.replace("heartbeat_seconds: 0.25", "heartbeat_seconds: 0.5") + "hook_limit_seconds: 1\n"
_DEEDS = ("loop", "sleep", "raise_error", "flood")


def hostile(deed: str) -> str:
    return f"{deed}: {{file: hostile_strategy.py, instruments: [XRPZAR.luno], capital: {{ZAR: 20000}}, params: {{deed: {deed}}}}}"


_ALL = "\n".join((WATCHER, *map(hostile, _DEEDS)))
_AGAIN = WATCHER + "\nagain: {instruments: [ETHZAR.luno], capital: {ZAR: 10}}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bot]]:
    """Start all the houses of this file side by side; a test waits for its own."""
    houses = {"all": (_ALL, "8s"), "again": (_AGAIN, "4s")}
    for deed in ("raise_cancelled", "order_forever", "swallow"):
        houses[deed] = (f"{WATCHER}\n{hostile(deed)}", "5s")
    bots = {name: Bot(tmp_path_factory.mktemp(name), lines, _SYSTEM).start("--for", seconds) for name, (lines, seconds) in houses.items()}
    yield bots
    for bot in bots.values():
        bot.end()


def test_each_bad_strategy_is_paused_with_its_reason_and_its_orders_are_canceled(runs: dict[str, Bot]) -> None:
    bot = runs["all"]
    assert bot.finish() == 1, bot.told
    rows = bot.last_run["strategies"]
    assert rows["loop"]["state"] == rows["sleep"]["state"] == "paused: on_tick ran longer than 1 s and was broken off"
    assert rows["raise_error"]["state"].startswith("paused: on_tick raised ZeroDivisionError: one by nothing (hostile_strategy.py:")
    for deed in ("loop", "sleep", "raise_error"):
        assert rows[deed]["orders"] == {"CANCELED": 2}
    assert len(bot.last_run["error_texts"]) == 4
    assert bot.out.splitlines()[-1].startswith("something was wrong: ")
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
    ledger_equals_exchange(bot.state)


def test_the_good_strategy_keeps_getting_its_ticks(runs: dict[str, Bot]) -> None:
    bot = runs["all"]
    bot.finish()
    row = bot.last_run["strategies"]["watcher"]
    assert row["state"] == "running"
    # Two hooks were broken off after a second each; nothing else was missed.
    assert row["hook_times"]["on_tick"]["calls"] >= 16 - 6
    assert row["hook_times"]["on_heartbeat"]["calls"] >= 16 - 6
    assert row["hook_times"]["on_tick"]["calls"] >= bot.last_run["beats"] - 3


def test_a_flood_of_orders_is_held_to_what_one_strategy_may_have(runs: dict[str, Bot]) -> None:
    bot = runs["all"]
    bot.finish()
    orders = bot.last_run["strategies"]["flood"]["orders"]
    assert bot.last_run["strategies"]["flood"]["state"] == "paused: it ordered more than 100 times in answer to one event"
    assert sum(orders.values()) == 500
    assert orders["DENIED"] >= 450
    assert orders.get("CANCELED", 0) <= 50          # most are withdrawn from our own lane before they leave
    assert "FILLED" not in orders


def test_what_is_raised_and_is_no_exception_pauses_its_strategy_too(runs: dict[str, Bot]) -> None:
    bot = runs["raise_cancelled"]
    assert bot.finish() == 1, bot.told
    assert "Traceback" not in bot.err
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
    rows = bot.last_run["strategies"]
    assert rows["raise_cancelled"]["state"].startswith("paused: on_tick raised CancelledError")
    assert rows["watcher"]["hook_times"]["on_heartbeat"]["calls"] >= 9


def test_a_strategy_that_answers_each_denial_with_an_order_does_not_keep_the_house_from_beating(runs: dict[str, Bot]) -> None:
    bot = runs["again"]
    bot.finish(12)
    assert bot.last_run["strategies"]["watcher"]["hook_times"]["on_heartbeat"]["calls"] >= 6


def test_a_hook_that_orders_without_end_is_paused_and_leaves_nothing_behind(runs: dict[str, Bot]) -> None:
    bot = runs["order_forever"]
    assert bot.finish(20) == 1, bot.told[-2000:]
    rows = bot.last_run["strategies"]
    assert rows["order_forever"]["state"] == "paused: it ordered more than 100 times in answer to one event"
    assert rows["order_forever"]["open_orders"] == 0
    assert rows["watcher"]["hook_times"]["on_heartbeat"]["calls"] >= 3
    ledger_equals_exchange(bot.state)


def test_a_hook_that_cannot_be_broken_off_ends_the_program_with_code_3_and_no_order_stands(runs: dict[str, Bot]) -> None:
    bot = runs["swallow"]
    assert bot.finish(30) == 3, bot.told
    assert "cannot be broken off" in bot.err
    with ExchangeOf(bot.state) as account:
        assert len(account.orders) == 2
        assert account.open_orders == []
