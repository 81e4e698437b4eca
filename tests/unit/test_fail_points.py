"""The steps at which a run can be killed: what is on disk and at the venue when it dies there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trading_system.core.disk_files import DISK
from trading_system.core.errors import ConfigError, TryAgain
from trading_system.core.records import Record, RunEnded
from trading_system.core.runtime import ThreadRuntime
from trading_system.fail_points import POINTS, FailPoints
from trading_system.storage.journal import Journal
from trading_system.storage.journal_reader import JournalReader


class Killed(BaseException):
    """Stands for SIGKILL."""


def kill() -> None:
    raise Killed


def runtime(text: str) -> ThreadRuntime:
    made = ThreadRuntime()
    made.files = FailPoints(text, kill).files()
    return made


def record(text: str) -> Record:
    return Record(1, RunEnded(text))


def dies(step: Callable[[], Any]) -> bool:
    try:
        step()
    except Killed:
        return True
    return False


def live_on(folder: Path, text: str) -> bool:
    """Walk through everything a journal does; tell whether it died on the way."""
    def live() -> None:
        journal = Journal(runtime(text), folder)
        journal.append([record("a"), record("b")])
        journal.append_snapshot(b"all so far")
        journal.append([record("c")])
        journal.seal()
        journal.append([record("d")])
        while journal.tidy():
            pass
    return dies(live)


_OF_THE_DISK = [name for name in POINTS if name.split(".")[0] in ("journal", "segment", "seal", "snapshot", "packed")]


@pytest.mark.parametrize("name", _OF_THE_DISK)
def test_a_journal_that_died_at_any_step_can_be_gone_on_with(tmp_path: Path, name: str) -> None:
    assert live_on(tmp_path, name), f"{name} was not reached"
    journal = Journal(ThreadRuntime(), tmp_path)
    journal.append([record("behind")])
    assert list(JournalReader(tmp_path).read())[-1] == record("behind")
    assert JournalReader(tmp_path).verify().is_sound


def test_nothing_half_and_all_of_a_batch_are_in_the_file_at_its_steps(tmp_path: Path) -> None:
    sizes = {}
    for step in ("before_write", "mid_write", "after_write", "after_sync"):
        folder = tmp_path / step
        journal = Journal(runtime(f"journal.{step}:2"), folder)
        journal.append([record("first")])
        before = (folder / "000001.log").stat().st_size
        assert dies(lambda journal=journal: journal.append([record("second")]))
        sizes[step] = (folder / "000001.log").stat().st_size - before
    whole = sizes["after_sync"]
    assert sizes == {"before_write": 0, "mid_write": whole // 2, "after_write": whole, "after_sync": whole}


@pytest.mark.parametrize("name", ["cut.before", "cut.after", "replay.read"])
def test_a_start_that_died_while_it_recovered_can_be_made_again(tmp_path: Path, name: str) -> None:
    journal = Journal(runtime("journal.mid_write:2"), tmp_path)
    journal.append([record("first")])
    assert dies(lambda: journal.append([record("second")]))
    assert dies(lambda: Journal(runtime(name), tmp_path))
    assert list(Journal(ThreadRuntime(), tmp_path).read()) == [record("first")]


class _Broker:
    name = "somewhere"

    def __init__(self) -> None:
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *words: self.made.append(name)


_CALLS = {"order": ("place_order", 1), "cancel": ("cancel_order", 2), "look_up": ("look_up", 2), "list": ("open_orders", 0),
          "trades": ("fills_since", 2), "balances": ("balances", 0), "instruments": ("instruments", 0)}


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize(("step", "made"), [("before_call", 1), ("after_call", 2)])
def test_a_call_has_been_made_or_not_when_it_dies_around_it_for_the_second_time(call: str, step: str, made: int) -> None:
    inner: Any = _Broker()
    method, words = _CALLS[call]
    broker = FailPoints(f"{call}.{step}:2", kill).broker(inner)
    getattr(broker, method)(*[None] * words)
    assert dies(lambda: getattr(broker, method)(*[None] * words))
    assert inner.made == [method] * made
    assert {name for name in POINTS if name.endswith("_call")} == {f"{name}.{one}" for name in _CALLS for one in ("before_call", "after_call")}


def test_an_error_is_an_answer_too() -> None:
    class _Away(_Broker):
        def balances(self) -> None:
            raise TryAgain("away")
    inner: Any = _Away()
    assert dies(FailPoints("balances.after_call", kill).broker(inner).balances)


@pytest.mark.parametrize("text", ["", "journal", "journal.never", "journal.after_sync:0", "journal.after_sync:x", "journal.after_sync:1:2"])
def test_what_is_no_step_is_refused_with_the_steps_that_are(text: str) -> None:
    with pytest.raises(ConfigError, match=r"TRADING_FAIL_AT: .* is no step: write one of journal\.before_write"):
        FailPoints(text)


def test_nothing_is_wrapped_where_nobody_asked() -> None:
    assert ThreadRuntime().files is DISK
