"""Small files are replaced whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.hand_cranked_disk import HandCrankedDisk, PowerCut
from trading_system.storage.atomic_file import write_atomically


@pytest.mark.parametrize("is_synced", [False, True])
def test_a_file_is_made_and_replaced_whole(tmp_path: Path, is_synced: bool) -> None:
    path = tmp_path / "status.json"
    write_atomically(path, b"a long first version", is_synced=is_synced)
    write_atomically(path, b"second", is_synced=is_synced)
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]


@pytest.mark.parametrize("step", ["replace", "fdatasync"])
def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(5, "Input/output error")
    path = tmp_path / "status.json"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="Input/output"):
        write_atomically(path, b"new", is_synced=True)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]


def test_what_is_synced_survives_a_power_cut_at_any_operation_as_the_old_or_the_new_file() -> None:
    def replace(disk: HandCrankedDisk) -> None:
        write_atomically(Path("state/last.json"), b"new", is_synced=True, files=disk)
    seen = set[bytes]()
    for luck in range(30):
        for step in range(8):
            disk = HandCrankedDisk()
            disk.make_folder(Path("state"))
            write_atomically(Path("state/last.json"), b"old", is_synced=True, files=disk)
            disk.stop_at = len(disk.log) + step
            with suppress(PowerCut):
                replace(disk)
                seen.add(b"done")
            is_done = b"done" in seen
            seen.discard(b"done")
            disk.cut_power(chance=Random(luck))
            left = disk.read("state/last.json")
            assert left == b"new" if is_done else left in (b"old", b"new")
            seen.add(left)
    assert seen == {b"old", b"new"}


def test_a_reader_that_holds_the_old_file_still_reads_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_atomically(path, b"old and long")
    with path.open("rb") as held:
        write_atomically(path, b"new")
        assert held.read() == b"old and long"
