"""What people read of a run from its journal alone: while it trades, after it was killed, and after it ended as it should."""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.system.bot_process import FAST, ROOT, WATCHER, Bot, run_command

_TRADING = f"""{WATCHER}
far_orders: {{instruments: [XBTZAR.luno], capital: {{ZAR: 20000}}, params: {{count: 4, buys_first: yes}}}}
market_making: {{instruments: [XRPZAR.luno], capital: {{ZAR: 20000, XRP: 500}}, params: {{refresh_seconds: 1}}}}
"""


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    made = Bot(tmp_path, _TRADING, FAST)
    yield made
    made.end()


def told(bot: Bot, *words: str) -> dict[str, Any]:
    """Return what a command says as JSON, in a folder without a configuration."""
    ended = run_command([sys.executable, str(ROOT / "main.py"), *words, "--state", str(bot.state)], bot.folder.parent)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


def test_a_running_house_can_be_read_and_a_killed_one_too(bot: Bot) -> None:
    bot.start()
    bot.wait(lambda: len(bot.answers("ACCEPTED")) >= 6 and bot.log("FillEvent"), 20, "it did not trade")
    running = told(bot, "ledger", "orders", "--json")
    assert running["is_running"] is True
    assert running["adds_up"] is True
    assert len(running["tables"]["orders"]) >= 6
    assert told(bot, "ledger", "--verify", "--json")["is_sound"] is True
    bot.kill()

    killed = told(bot, "ledger", "fills", "--json")
    assert killed["is_running"] is False
    assert killed["runs"][-1]["ended"] is None
    assert killed["records"] >= running["records"]
    assert len(killed["tables"]["fills"]) >= 1
    assert told(bot, "ledger", "--verify", "--json")["is_sound"] is True


def test_after_an_orderly_end_it_says_what_the_house_said_of_itself(bot: Bot) -> None:
    assert bot.run("--for", "4s") == 0, bot.told
    profit = {(row["strategy"], row["currency"]): row for row in told(bot, "ledger", "profit", "--json")["tables"]["profit"]}
    for name, row in bot.last_run["strategies"].items():
        for column in ("cash", "capital", "realized", "fees"):
            for currency, amount in row[column].items():
                assert Decimal(profit[name, currency][column]) == Decimal(amount), (name, column)
    results = told(bot, "report", "--json", "-")
    assert {one["name"]: one["fills"] for one in results["strategies"]} == {name: row["fills"] for name, row in bot.last_run["strategies"].items()}
    assert all("luno" in one["symbol"] for one in results["instruments"])
    assert told(bot, "ledger", "balances", "--json")["tables"]["balances"]
    assert told(bot, "ledger", "--json")["guessed_instruments"] == []
