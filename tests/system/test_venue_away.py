"""A venue that is down when we start, and one that goes away and comes back: the house waits, says so, and bases no order on old prices."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, ROOT, Bot, wait_until


class Exchange:
    """The simulated exchange by itself, on one port and one state folder, to be started and stopped at will."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "main.py"), "simulate", "--port", str(self.port), "--state", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(self.is_listening, 15, "the exchange did not start")

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path / "exchange")
    yield made
    made.stop()


def test_a_start_waits_for_the_venue_and_a_venue_that_comes_back_is_traded_on_again(tmp_path: Path, exchange: Exchange) -> None:
    system = FAST.replace("simulator: {rate_limit: off}", f"simulator: {{rate_limit: off, url: 'http://127.0.0.1:{exchange.port}'}}")
    bot = Bot(tmp_path / "bot", "every_beat: {instruments: [XBTZAR.luno], capital: {ZAR: 100000}}", system + "stale_price_seconds: 1\n")
    bot.start()
    bot.wait(lambda: "the venue does not answer" in bot.out, 15)
    assert not bot.log("OrderEvent")

    exchange.start()
    bot.wait(lambda: len(bot.answers("ACCEPTED")) >= 8, 20, "no orders were placed when the venue came")

    exchange.stop()
    bot.wait(lambda: any(not row["is_up"] for row in bot.log("ConnectionEvent")), 10, "nobody noticed that the venue is gone")
    exchange.start()
    bot.wait(lambda: bot.log("ConnectionEvent")[-1]["is_up"], 20, "nobody noticed that the venue is back")

    bot.interrupt()
    assert bot.finish(40) == 0, bot.told
    row = bot.last_run["strategies"]["every_beat"]
    assert row["open_orders"] == 0
    assert not {"UNKNOWN", "LOST"} & row["orders"].keys()
