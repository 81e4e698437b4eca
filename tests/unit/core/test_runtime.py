"""The real runtime: threads, signals and files behave as the ports promise."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading_system.core.runtime import ThreadRuntime

SECOND = 1_000_000_000
runtime = ThreadRuntime()


@pytest.fixture
def _handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR2)
    yield
    signal.signal(signal.SIGUSR2, before)


def soon() -> int:
    """Return a deadline that only a failing test ever reaches."""
    return runtime.monotonic_ns() + 20 * SECOND


def test_a_sleep_ends_when_it_was_asked_to_and_one_that_has_passed_at_once() -> None:
    until_ns = runtime.monotonic_ns() + SECOND // 20
    runtime.sleep_until(until_ns)
    assert runtime.monotonic_ns() >= until_ns
    runtime.sleep_until(0)


def test_a_mailbox_gives_its_items_in_order_and_none_when_the_deadline_passes() -> None:
    box = runtime.mailbox()
    assert box.empty()
    for item in "abc":
        box.put(item)
    assert [box.take(), box.take(soon()), box.take(0)] == ["a", "b", "c"]
    until_ns = runtime.monotonic_ns() + SECOND // 50
    assert box.take(until_ns) is None
    assert runtime.monotonic_ns() >= until_ns
    assert box.take(0) is None


def test_a_taker_is_woken_by_another_thread() -> None:
    ours, theirs = runtime.mailbox(), runtime.mailbox()
    runtime.spawn("echo", lambda: theirs.put(ours.take()))
    ours.put("paper")
    assert theirs.take(soon()) == "paper"


def test_a_spawned_task_bears_its_name_lives_until_its_end_and_can_be_joined() -> None:
    box, names = runtime.mailbox(), list[str]()

    def body() -> None:
        names.append(threading.current_thread().name)
        box.take()
    task = runtime.spawn("reader", body)
    task.join(runtime.monotonic_ns() + SECOND // 50)
    assert task.is_alive()
    box.put(None)
    task.join(soon())
    assert not task.is_alive()
    assert names == ["reader"]


@pytest.mark.parametrize("error", [ValueError("a fault"), SystemExit(1)])
def test_a_thread_that_dies_is_told_of(error: BaseException) -> None:
    told = list[tuple[str, BaseException]]()
    loud = ThreadRuntime(lambda name, error: told.append((name, error)))

    def body() -> None:
        raise error
    loud.spawn("poller", body).join(soon())
    assert told == [("poller", error)]


@pytest.mark.usefixtures("_handlers")
def test_an_interrupt_breaks_the_main_thread_out_of_a_wait() -> None:
    class Landed(BaseException):
        pass

    def land() -> None:
        raise Landed
    runtime.on_interrupt(land)
    ready = runtime.mailbox()

    def shoot() -> None:
        ready.take()
        time.sleep(0.2)
        runtime.interrupt()
    runtime.spawn("shooter", shoot)
    ready.put(None)
    with pytest.raises(Landed):
        runtime.mailbox().take(soon())


def test_ids_are_lower_case_letters_and_do_not_repeat() -> None:
    ids = {runtime.new_id(6) for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) == 6 and one.isalpha() and one.islower() and one.isascii() for one in ids)
    assert all(0 <= runtime.random() < 1 for _ in range(100))


def test_a_file_grows_at_its_end_whoever_opens_it_and_only_we_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for data in (b"one", b"two"):
        file = runtime.files.open_append(path)
        file.append(data)
        file.sync()
        file.close()
    assert path.read_bytes() == b"onetwo"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        runtime.files.open_append(tmp_path / "nowhere" / "journal")


def test_a_large_append_is_written_wholly(tmp_path: Path) -> None:
    data = os.urandom(5_000_000)
    file = runtime.files.open_append(tmp_path / "journal")
    file.append(data)
    file.close()
    assert (tmp_path / "journal").read_bytes() == data
