"""A disk that fills up under a real run, on a small file system of its own: nothing is lost, people are told, and it goes on by itself."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recovery.live_exchange import LiveExchange
from tests.recovery.proof import prove
from tests.recovery.workload import STRATEGIES, diary, gate, system_lines
from tests.system.bot_process import Bot, wait_until

_CHURN = ("churn_limits: {{file: churn_strategy.py, instruments: [XRPZAR.luno], capital: {{ZAR: 100000, XRP: 8000}}, "
          "params: {{size: 100, count: 8, pace: 2, gate: {gate}, diary: {diary}}}}}")
_CANNOT_WRITE = "the journal cannot write (No space left on device)"
_CAN_WRITE = "the journal can write again, and what waited is on disk"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small_disk"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no mount on this machine: a disk of its own cannot be made")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no right to mount a file system: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[LiveExchange]:
    exchange = LiveExchange(tmp_path / "exchange", 3)
    yield exchange
    exchange.stop()


@pytest.fixture
def bot(tmp_path: Path, small_disk: Path, exchange: LiveExchange) -> Iterator[Bot]:
    bot = Bot(tmp_path, _CHURN.format(gate=gate(tmp_path), diary=diary(tmp_path)), system_lines(exchange.url))
    for file in STRATEGIES.glob("*_strategy.py"):
        shutil.copy(file, bot.strategies)
    bot.state = small_disk / "state"
    yield bot
    bot.end()


def fill(disk: Path) -> Path:
    """Write until there is no room for another byte."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return ballast


def open_gate(bot: Bot) -> None:
    gate(bot.folder).touch()


def told_apart(bot: Bot, exchange: LiveExchange) -> list[str]:
    """Return what journal and exchange do not agree about when nobody trades any more."""
    gate(bot.folder).unlink(missing_ok=True)
    exchange.halt()
    found: list[str] = []

    def agree() -> bool:
        found[:] = prove(bot.folder, bot.state, exchange).findings
        return not found
    try:
        wait_until(agree, 10)
    except AssertionError:
        return found
    finally:
        exchange.trade()
    return []


def test_a_full_disk_halts_the_house_in_words_loses_nothing_and_lets_it_go_on_when_there_is_room(
        bot: Bot, small_disk: Path, exchange: LiveExchange) -> None:
    bot.start()
    open_gate(bot)
    bot.wait(lambda: len(exchange.orders) >= 6, 20, "no orders reached the exchange")

    ballast = fill(small_disk)
    bot.wait(lambda: _CANNOT_WRITE in bot.out, 15, "nobody was told that the disk is full")
    assert "make room" in bot.out
    # What is on its way may still arrive; then nothing new leaves, and what stood is canceled: that needs no record first.
    bot.wait(lambda: not exchange.open_orders, 10, "what stood at the exchange was not canceled")
    held = len(exchange.orders)
    beats = bot.out.count("\n")
    with pytest.raises(AssertionError):
        wait_until(lambda: len(exchange.orders) > held, 2)
    assert bot.process is not None
    assert bot.process.poll() is None, f"it ended over a full disk\n{bot.told}"
    assert _CAN_WRITE not in bot.out[beats:]

    ballast.unlink()
    bot.wait(lambda: _CAN_WRITE in bot.out, 10, "nobody was told that the journal can write again")
    bot.wait(lambda: len(exchange.orders) >= held + 4, 20, "it did not go on trading when there was room")
    assert told_apart(bot, exchange) == []
    bot.interrupt()
    bot.finish(20)
    assert told_apart(bot, exchange) == []


def test_a_run_killed_on_a_full_disk_has_lost_nothing_when_it_is_started_again(bot: Bot, small_disk: Path, exchange: LiveExchange) -> None:
    bot.start()
    open_gate(bot)
    bot.wait(lambda: len(exchange.orders) >= 6, 20, "no orders reached the exchange")
    ballast = fill(small_disk)
    bot.wait(lambda: _CANNOT_WRITE in bot.out, 15, "nobody was told that the disk is full")
    bot.kill()

    gate(bot.folder).unlink()
    assert bot.run("--for", "0.3s") != 0, "it traded with a journal that cannot write"
    assert "No space left on device" in bot.told
    os.unlink(ballast)
    bot.start()
    bot.wait(lambda: bot.status.get("phase") == "running", 20, "it did not start again when there was room")
    assert told_apart(bot, exchange) == []
    open_gate(bot)
    held = len(exchange.orders)
    bot.wait(lambda: len(exchange.orders) > held, 15, "it did not trade again")
