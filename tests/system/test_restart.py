"""Killed at any line, started again: nothing is lost, nothing is doubled, nothing is left standing that nobody wants."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.bot_process import FAST, WATCHER, Bot, ExchangeAccount, ExchangeOf
from tests.system.ledger_check import ledger_equals_exchange
from trading_system.core.records import OrderSent
from trading_system.storage.journal_reader import JournalReader

_TRADING = f"""{WATCHER}
far_orders: {{instruments: [XBTZAR.luno], capital: {{ZAR: 20000}}, params: {{count: 4, buys_first: yes}}}}
market_making: {{instruments: [XRPZAR.luno], capital: {{ZAR: 20000, XRP: 500}}, params: {{refresh_seconds: 1}}}}
"""
_LEDGER = ("cash", "capital", "pending_capital", "realized", "fees", "positions", "holdings", "fills", "orders")


@pytest.fixture
def bots(tmp_path: Path) -> Iterator[Any]:
    made: list[Bot] = []

    def make(strategies: str, system: str = FAST) -> Bot:
        made.append(Bot(tmp_path / str(len(made)), strategies, system))
        return made[-1]
    yield make
    for bot in made:
        bot.end()


def start_and_stand(bot: Bot, orders: int) -> None:
    """Start a run and wait until it has a fill and so many open orders of the far kind."""
    before = len(bot.answers("ACCEPTED"))
    bot.start()
    bot.wait(lambda: len(bot.answers("ACCEPTED")) >= before + orders and bot.log("FillEvent"), 20, "no orders stood in the market")


def ledgers(bot: Bot) -> dict[str, dict[str, Any]]:
    return {name: {key: row[key] for key in _LEDGER} for name, row in bot.last_run["strategies"].items()}


def test_killed_with_open_orders_and_killed_again_while_recovering_the_ledger_equals_the_exchange(bots: Any) -> None:
    bot = bots(_TRADING)
    assert bot.run("--for", "2s") == 0, bot.told
    ledger_equals_exchange(bot.state)

    start_and_stand(bot, 6)
    bot.kill()
    with ExchangeOf(bot.state) as account:
        left = [row["client_order_id"] for row in account.open_orders if "far_orders" in row["client_order_id"]]
    assert len(left) >= 3

    bot.configure(_TRADING)         # at the ordinary rate asking for them takes seconds
    bot.start()
    bot.wait(lambda: "orders of an earlier run" in bot.out, 10, "it asked for no order of the earlier run")
    bot.kill()
    assert not bot.log("NoteEvent", text=f"found {len(left)} orders"), "the kill came too late, it had recovered already"

    bot.configure(_TRADING, FAST)
    bot.start()
    bot.wait(lambda: bot.status.get("phase") == "running" and len(bot.log("NoteEvent", text=f"found {len(left)} orders")), 15,
             f"the strategy did not find its {len(left)} orders again")
    bot.wait(lambda: not {row["client_order_id"] for row in ExchangeAccount(bot.url).open_orders} & set(left), 10,
             "the strategy canceled what was left and it still stands")
    bot.interrupt()
    assert bot.finish() == 0, bot.told
    assert "did not stop in order: the journal tells what it knew" in bot.out
    assert JournalReader(bot.state / "journal").verify().snapshots == 2, "one for each orderly end"
    assert {row["state"] for row in bot.last_run["strategies"].values()} == {"running"}
    ledger_equals_exchange(bot.state)
    with ExchangeOf(bot.state) as account:
        assert account.open_orders == []


def test_a_start_that_changes_nothing_leaves_every_ledger_as_it_was(bots: Any) -> None:
    bot = bots(_TRADING)
    assert bot.run("--for", "2s") == 0, bot.told
    traded = ledgers(bot)
    assert traded["far_orders"]["fills"] == 1
    bot.configure(WATCHER, FAST)
    for _ in range(2):
        assert bot.run("--for", "0.5s") == 0, bot.told
        assert ledgers(bot) == traded
    ledger_equals_exchange(bot.state)


def test_a_fill_that_was_never_heard_of_is_booked_once_by_the_next_start(bots: Any) -> None:
    bot = bots("kills_itself: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}")
    assert bot.run() == -signal.SIGKILL
    for _ in range(2):
        assert bot.run("--for", "0.5s", "--set", "strategies.kills_itself.params.kills=no") == 0, bot.told
        assert bot.last_run["strategies"]["kills_itself"]["fills"] == 1
        ledger_equals_exchange(bot.state)


def test_a_crash_never_keeps_a_house_from_starting_that_has_all_of_the_account(bots: Any) -> None:
    bot = bots("kills_itself: {instruments: [XBTZAR.luno], capital: {ZAR: 1000000}}")
    assert bot.run() == -signal.SIGKILL
    assert bot.run("--for", "0.5s", "--set", "strategies.kills_itself.params.kills=no") == 0, bot.told
    ledger_equals_exchange(bot.state)


def test_an_order_that_never_reached_the_exchange_is_proved_absent(bots: Any) -> None:
    short = FAST.replace("{adapter: luno,", "{adapter: luno, ttl_seconds: 0.5,")
    bot = bots("every_beat: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}}", short)
    bot.start()
    bot.wait(lambda: bot.answers("ACCEPTED"), 10)
    (exchange,) = bot.children
    os.kill(exchange, signal.SIGSTOP)
    known = len(bot.answers("ACCEPTED"))

    def sent() -> int:
        return sum(isinstance(record.body, OrderSent) for record in JournalReader(bot.state / "journal").read())
    bot.wait(lambda: sent() > known + 1, 10, "no order was sent into the silence")
    assert bot.process is not None
    bot.process.kill()
    os.kill(exchange, signal.SIGKILL)
    bot.process.wait()

    bot.configure(WATCHER + "\nevery_beat: {file: watcher_strategy.py, instruments: [XBTZAR.luno], capital: {ZAR: 20000}}", short)
    assert bot.run("--for", "0.5s") == 0, bot.told
    assert bot.last_run["strategies"]["every_beat"]["orders"]["NOT_PLACED"] >= 1
    ledger_equals_exchange(bot.state)


def test_orders_of_a_strategy_that_is_gone_are_canceled_at_the_start(bots: Any) -> None:
    bot = bots(_TRADING)
    start_and_stand(bot, 6)
    bot.kill()
    bot.configure(WATCHER, FAST)
    bot.start()
    bot.wait(lambda: bot.url and bot.status.get("phase") == "running" and not ExchangeAccount(bot.url).open_orders, 8,
             "orders of strategies that nobody runs any more still stand")
    bot.interrupt()
    assert bot.finish() == 0, bot.told
    ledger_equals_exchange(bot.state)


def test_an_instrument_that_was_dropped_long_ago_does_not_keep_the_house_from_starting(bots: Any) -> None:
    naive = "naive_test: {{instruments: [{symbol}.luno], capital: {{ZAR: 50000}}, params: {{every_ticks: 1}}}}"
    bot = bots(naive.format(symbol="XBTZAR"))
    bot.start()
    bot.wait(lambda: "script finished" in bot.out, 20)
    bot.interrupt()
    assert bot.finish() == 0, bot.told
    bot.configure(naive.format(symbol="ETHZAR"), FAST)
    for _ in range(2):
        assert bot.run("--for", "0.5s") == 0, bot.told
    ledger_equals_exchange(bot.state)
