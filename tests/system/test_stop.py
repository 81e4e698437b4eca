"""Every way to end a run, with orders in the market."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, WATCHER, Bot, ExchangeOf, is_running, wait_until
from tests.system.ledger_check import ledger_equals_exchange

_FAR = WATCHER + "\nfar_orders: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}}"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bot]]:
    """Three houses with ten far orders each; they are started together, for each takes its time."""
    systems = {"interrupt": "", "terminate": FAST, "twice": ""}
    bots = {name: Bot(tmp_path_factory.mktemp(name), _FAR, system).start() for name, system in systems.items()}
    yield bots
    for bot in bots.values():
        bot.end()


def ready(bot: Bot) -> Bot:
    bot.wait(lambda: len(bot.answers("ACCEPTED")) == 10, 25, "ten orders did not stand")
    return bot


def test_ctrl_c_cancels_ten_orders_and_is_out_within_five_seconds(standing: dict[str, Bot], capsys: pytest.CaptureFixture[str]) -> None:
    bot = ready(standing["interrupt"])
    pressed = time.monotonic()
    bot.interrupt()
    code = bot.finish(20)
    took = time.monotonic() - pressed
    with capsys.disabled():
        print(f"\nCtrl-C with 10 open orders: out after {took:.1f} s (5 are promised)")
    assert code == 0, bot.told
    assert took < 8         # five are promised; a loaded machine gets a margin
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
        assert len(account.orders) == 10
    assert bot.last_run["strategies"]["far_orders"]["orders"] == {"CANCELED": 10}
    ledger_equals_exchange(bot.state)


def test_sigterm_ends_as_ctrl_c_does(standing: dict[str, Bot]) -> None:
    bot = ready(standing["terminate"])
    bot.send(signal.SIGTERM)
    assert bot.finish(10) == 0, bot.told
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
    ledger_equals_exchange(bot.state)


def test_a_second_ctrl_c_leaves_at_once_with_code_1_and_the_next_start_clears_up(standing: dict[str, Bot]) -> None:
    bot = ready(standing["twice"])
    bot.interrupt()
    bot.wait(lambda: "stopping" in bot.out, 5)
    bot.interrupt()
    assert bot.finish(2) == 1, bot.told
    assert "orders may still be open" in bot.err
    bot.configure(_FAR, FAST)
    assert bot.run("--for", "1s", "--set", "strategies.far_orders.params.count=0") == 0, bot.told
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
    ledger_equals_exchange(bot.state)


@pytest.mark.parametrize("moment", ["before the first line", "while it trades"])
def test_a_reader_that_goes_away_does_not_stop_the_trading(tmp_path: Path, moment: str) -> None:
    bot = Bot(tmp_path, _FAR, FAST)
    reading, writing = os.pipe()
    bot.start("--for", "2s", stdout=writing)
    os.close(writing)
    try:
        if moment == "while it trades":
            bot.wait(lambda: bot.answers("ACCEPTED"), 10)
    finally:
        os.close(reading)
    code = bot.finish(20)
    assert bot.last_run["strategies"]["far_orders"]["orders"] == {"CANCELED": 10}, bot.told
    assert bot.last_run["beats"] >= 8
    assert code == 0
    assert bot.err == ""
    ledger_equals_exchange(bot.state)


def test_ctrl_c_while_the_house_is_starting_leaves_without_a_traceback(tmp_path: Path) -> None:
    bot = Bot(tmp_path, _FAR)
    bot.start()
    bot.wait(lambda: bot.children, 10)
    exchange = bot.children
    bot.interrupt()
    bot.finish(10)
    assert "Traceback" not in bot.err, bot.err
    wait_until(lambda: not any(map(is_running, exchange)), 3.0, "the exchange outlived the bot")
