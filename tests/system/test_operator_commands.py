"""People talk to a house that runs: pause, resume, and what they are told where it cannot be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.bot_process import FAST, WATCHER, Bot, run_command


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path, WATCHER, FAST)
    yield bot
    bot.end()


def state_of(bot: Bot) -> str:
    return str(bot.status.get("strategies", {}).get("watcher", {}).get("state", ""))


def nobody(bot: Bot) -> str:
    return f"{bot.state}: nothing runs there: start it with 'python main.py', or name another state folder with --state\n"


def test_a_strategy_is_paused_and_resumed_and_the_next_run_has_no_old_door(bot: Bot) -> None:
    bot.start()
    bot.wait(lambda: state_of(bot) == "running", 20)
    told = run_command(bot.command("pause", "watcher", "--by", "ann", "--reason", "lunch"), bot.folder)
    assert (told.returncode, told.stdout) == (0, "watcher: paused\n")
    bot.wait(lambda: state_of(bot) == "paused: lunch", 5)
    told = run_command(bot.command("resume", "--by", "ann"), bot.folder)
    assert (told.returncode, told.stdout) == (0, "watcher: running\n")
    bot.wait(lambda: state_of(bot) == "running", 5)
    wrong = run_command(bot.command("pause", "wacther", "--by", "ann"), bot.folder)
    assert (wrong.returncode, wrong.stderr) == (2, "there is no strategy 'wacther'; there are watcher\n")
    bot.interrupt()
    assert bot.finish() == 0, bot.told
    assert "State in state. Ctrl-C" in bot.out, bot.told
    assert bot.out.endswith("figures in state/last_run.json\n"), bot.told
    assert not (bot.state / "run.json").exists()
    left = run_command(bot.command("status"), bot.folder)
    assert left.stdout.startswith("stopped in mode simulate: it ran from "), left.stdout
    assert "warning of this run: watcher is paused: lunch" in left.stdout
    over = run_command(bot.command("resume", "--by", "ann"), bot.folder)
    assert (over.returncode, over.stderr) == (2, nobody(bot))


def test_a_killed_run_leaves_a_door_that_nobody_takes_for_an_open_one(bot: Bot) -> None:
    bot.start()
    bot.wait(lambda: state_of(bot) == "running", 20)
    bot.kill()
    left = run_command(bot.command("status"), bot.folder)
    assert left.stdout.startswith("broken off: nothing runs there; this is the last picture, of "), left.stdout
    dead = run_command(bot.command("pause", "--by", "ann"), bot.folder)
    assert (dead.returncode, dead.stderr) == (2, nobody(bot))
    (bot.state / "status.json").unlink()
    bot.start()
    bot.wait(lambda: state_of(bot) == "running", 20)
    assert run_command(bot.command("pause", "--by", "ann"), bot.folder).returncode == 0
