"""The kill latch: once it is set nothing opens it but a person, and what cannot be read counts as set."""

from pathlib import Path
from random import Random

import pytest

from tests.hand_cranked_disk import HandCrankedDisk
from trading_system.risk.kill_latch import KillLatch


def test_a_new_state_folder_is_not_killed(tmp_path: Path) -> None:
    assert not KillLatch(tmp_path).is_set()


def test_a_set_latch_is_seen_by_everybody_who_looks_and_survives_the_program(tmp_path: Path) -> None:
    KillLatch(tmp_path).set("operator", "prices are nonsense")
    assert KillLatch(tmp_path).is_set()
    assert (tmp_path / "killed").read_text() == "operator: prices are nonsense\n"


def test_whoever_kills_twice_is_written_down_twice(tmp_path: Path) -> None:
    latch = KillLatch(tmp_path)
    latch.set("operator", "one")
    latch.set("watchdog", "two")
    assert latch.path.read_text() == "operator: one\nwatchdog: two\n"


def test_a_latch_made_by_hand_counts(tmp_path: Path) -> None:
    (tmp_path / "killed").touch()
    assert KillLatch(tmp_path).is_set()


def test_a_latch_that_cannot_be_read_counts_as_set(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert KillLatch(tmp_path / "state").is_set()


def test_a_latch_that_points_nowhere_does_not_count_as_open_when_its_folder_is_a_loop(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert KillLatch(tmp_path / "loop").is_set()


def test_a_latch_that_cannot_be_set_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        KillLatch(tmp_path / "nowhere").set("operator", "now")


def test_a_set_latch_survives_a_power_cut() -> None:
    disk = HandCrankedDisk()
    disk.make_folder(Path("state"))
    KillLatch(Path("state"), disk).set("operator", "now")
    disk.cut_power(chance=Random(1))
    assert KillLatch(Path("state"), disk).is_set()
    assert disk.read("state/killed") == b"operator: now\n"
