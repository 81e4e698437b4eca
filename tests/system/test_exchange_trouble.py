"""The exchange falls silent, and the bot dies over its head."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, WATCHER, Bot, ExchangeOf, is_running, wait_until
from tests.system.ledger_check import ledger_equals_exchange


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path, WATCHER + "\nevery_beat: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}}", FAST)
    yield bot
    bot.end()


def test_orders_sent_into_three_seconds_of_silence_are_all_accounted_for(bot: Bot) -> None:
    bot.start()
    bot.wait(lambda: bot.answers("ACCEPTED"), 10)
    (exchange,) = bot.children
    os.kill(exchange, signal.SIGSTOP)
    before = len(bot.log("OrderEvent"))
    heard = len(bot.answers("ACCEPTED"))
    beats = bot.status["beats"]
    try:
        bot.wait(lambda: bot.status["beats"] >= beats + 12, 10, "the house stopped beating because the exchange is silent")
        assert len(bot.log("OrderEvent")) > before
        assert len(bot.answers("ACCEPTED")) == heard
    finally:
        os.kill(exchange, signal.SIGCONT)
    ticks = bot.status["ticks"]
    bot.wait(lambda: len(bot.answers("ACCEPTED")) > heard and bot.status["ticks"] > ticks + 4, 10, "the house did not come back")
    bot.interrupt()
    assert bot.finish(15) == 0, bot.told
    assert bot.last_run["orders_in_doubt"] == 0
    assert bot.last_run["strategies"]["every_beat"]["open_orders"] == 0
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []
    ledger_equals_exchange(bot.state)


def test_the_exchange_ends_within_two_seconds_of_a_bot_that_was_killed(bot: Bot) -> None:
    bot.start()
    bot.wait(lambda: bot.status.get("beats"), 10)
    (exchange,) = bot.children
    assert is_running(exchange)
    assert bot.process is not None
    bot.process.kill()
    wait_until(lambda: not is_running(exchange), 2.0, "the exchange outlived the bot")
    bot.process.wait()
