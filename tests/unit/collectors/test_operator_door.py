"""The operator's door: one line in, one line out; strangers, silence, floods and long paths do no harm."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading_system.collectors.operator_door import OperatorDoor, ask_house
from trading_system.core.runtime import ThreadRuntime


class Opened:
    """A door that answers each question backwards."""

    def __init__(self, state: Path) -> None:
        self.asked: list[bytes] = []
        self.door = OperatorDoor(ThreadRuntime(), state, self.answer)
        self.door.start()

    def answer(self, question: bytes) -> bytes:
        self.asked.append(question)
        return question[::-1]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(tmp_path)
    yield opened
    opened.door.stop()


def test_a_question_is_answered_again_and_again(opened: Opened) -> None:
    assert [ask_house(opened.door.path, text) for text in (b"abc", b"x" * 5000)] == [b"cba", b"x" * 5000]


def test_only_its_owner_may_come_near(opened: Opened) -> None:
    assert opened.door.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("rude", [b"", b"no end of line", b"x" * 70_000])
def test_a_guest_that_says_nothing_whole_does_not_keep_the_door_from_the_next(opened: Opened, rude: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as guest:
        guest.connect(os.fspath(opened.door.path))
        guest.sendall(rude)
        guest.shutdown(socket.SHUT_WR)
        assert ask_house(opened.door.path, b"abc") == b"cba"
    assert b"no end of line" not in opened.asked


def test_a_closed_door_is_gone_and_says_so(opened: Opened) -> None:
    opened.door.stop()
    assert not opened.door.path.exists()
    with pytest.raises(OSError):
        ask_house(opened.door.path, b"abc")


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(os.fspath(tmp_path / "operator.sock"))
    left.close()
    opened = Opened(tmp_path)
    assert ask_house(opened.door.path, b"abc") == b"cba"
    opened.door.stop()


def test_a_state_folder_with_a_long_path_has_a_door_elsewhere(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    state.mkdir()
    opened = Opened(state)
    assert not opened.door.path.is_relative_to(state)
    assert ask_house(opened.door.path, b"abc") == b"cba"
    opened.door.stop()
    assert not opened.door.path.parent.exists()


def test_closing_ends_the_doors_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    opened = Opened(tmp_path)
    (thread,) = set(threading.enumerate()) - before
    opened.door.stop()
    thread.join(2)
    assert not thread.is_alive()
