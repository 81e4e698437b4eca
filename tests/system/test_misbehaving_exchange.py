"""Faults as a user asks for them: in the settings of a run, and on the command line of an exchange of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.system.bot_process import FAST, ROOT, Bot, wait_until
from tests.system.ledger_check import ledger_equals_exchange


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    faults = "faults: [place:reply_lost=reset:p=0.5, cancel:error_after:p=0.3, private_reads:error_before:after=2s:p=0.2], fault_seed: 3"
    bot = Bot(tmp_path, "every_beat: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}}",
              FAST.replace("{rate_limit: off}", f"{{rate_limit: off, {faults}}}"))
    yield bot
    bot.end()


def test_a_run_on_an_exchange_that_its_settings_let_misbehave_ends_in_order(bot: Bot) -> None:
    assert bot.run("--for", "4s") == 0, bot.told
    assert "misbehaves as it was asked to: place:reply_lost=reset:p=0.5, cancel:error_after:p=0.3" in bot.out
    assert len(bot.answers("OUTCOME_UNKNOWN")) >= 2
    assert bot.last_run["orders_in_doubt"] == 0
    ledger_equals_exchange(bot.state)


def test_an_exchange_of_its_own_misbehaves_and_is_told_to_behave(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["simulate", "--port", "0", "--state", str(tmp_path / "state"), "--fault", "tickers:error_before=503", "--fault",
             "order_book:bare_429", "--fault-seed", "4", "--control"]
    with out.open("wb") as file:
        process = subprocess.Popen([sys.executable, str(ROOT / "main.py"), *words], stdout=file, stdin=subprocess.DEVNULL)
    try:
        found = wait_until(lambda: re.search(r'"url": "(http://\S+)"', out.read_text()), 10, "it did not say where it listens")
        url = found[1]
        assert "misbehaves, seed 4: tickers:error_before=503, order_book:bare_429" in out.read_text()
        assert requests.get(f"{url}/api/1/tickers", timeout=5).status_code == 503
        assert requests.get(f"{url}/api/1/orderbook_top?pair=XBTZAR", timeout=5).status_code == 429
        told = requests.get(f"{url}/simulator/faults", timeout=5).json()
        assert (told["seed"], [(row["kind"], row["hits"]) for row in told["rules"]]) == (4, [("error_before", 1), ("bare_429", 1)])
        requests.post(f"{url}/simulator/faults", data={"clear": "true"}, timeout=5)
        assert requests.get(f"{url}/api/1/tickers", timeout=5).status_code == 200
    finally:
        process.terminate()
        process.wait(10)
