"""One run per state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trading_system.core.errors import ConfigError
from trading_system.storage.run_lock import RunLock

STARTED_NS = 1_767_225_600_000_000_000
HOLDER = """
import sys
from pathlib import Path
from trading_system.storage.run_lock import RunLock
lock = RunLock(Path(sys.argv[1]), int(sys.argv[2]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def hold_in_another_process(state: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state), str(STARTED_NS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[3])
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_run_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    holder = hold_in_another_process(tmp_path)
    try:
        with pytest.raises(ConfigError, match=rf"{tmp_path} is in use by process {holder.pid}, started 2026-01-01T00:00:00\+00:00"):
            RunLock(tmp_path, 0).acquire()
        with pytest.raises(ConfigError):
            RunLock(tmp_path, 0).acquire()
    finally:
        holder.kill()
        holder.communicate()


def test_the_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    holder = hold_in_another_process(tmp_path)
    holder.kill()
    holder.communicate()
    lock = RunLock(tmp_path, STARTED_NS)
    lock.acquire()
    assert lock.taken_over == f"process {holder.pid}, started 2026-01-01T00:00:00+00:00"
    assert f"process {os.getpid()}," in (tmp_path / "run.lock").read_text()
    lock.release()
    lock.acquire()
    assert lock.taken_over == ""
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    state = tmp_path / "var" / "paper"
    with RunLock(state, STARTED_NS), pytest.raises(ConfigError, match="stop that run"):
        RunLock(state, STARTED_NS).acquire()
    with RunLock(state, STARTED_NS):
        assert "2026-01-01" in (state / "run.lock").read_text()
    assert (state / "run.lock").read_text() == ""


def test_releasing_what_is_not_held_does_nothing(tmp_path: Path) -> None:
    with RunLock(tmp_path, STARTED_NS):
        RunLock(tmp_path, STARTED_NS).release()
        with pytest.raises(ConfigError):
            RunLock(tmp_path, STARTED_NS).acquire()
