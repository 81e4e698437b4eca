"""Small files are replaced whole or not at all."""

import os
from pathlib import Path

import pytest

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


def test_a_reader_that_holds_the_old_file_still_reads_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_atomically(path, b"old and long")
    with path.open("rb") as held:
        write_atomically(path, b"new")
        assert held.read() == b"old and long"
