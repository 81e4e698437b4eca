"""The real disk and the one in memory do the same as long as nothing fails: what holds on the one was not learned from the other."""

import stat
from pathlib import Path

import pytest

from tests.hand_cranked_disk import HandCrankedDisk
from trading_system.core.disk_files import DiskFiles
from trading_system.core.files import Files


@pytest.fixture(params=["real", "in memory"])
def files(request: pytest.FixtureRequest) -> Files:
    return DiskFiles() if request.param == "real" else HandCrankedDisk()


@pytest.fixture
def folder(files: Files, tmp_path: Path) -> Path:
    path = tmp_path / "state" / "journal"
    files.make_folder(path)
    return path


def put(files: Files, path: Path, *pieces: bytes) -> None:
    file = files.open_append(path)
    for piece in pieces:
        file.append(piece)
    file.sync()
    file.close()


def test_a_file_grows_at_its_end_whoever_opens_it(files: Files, folder: Path) -> None:
    put(files, folder / "a", b"one", b"two")
    put(files, folder / "a", b"three")
    assert files.read(folder / "a") == b"onetwothree"
    assert files.size(folder / "a") == 11


def test_a_part_is_read_and_what_is_not_there_is_not(files: Files, folder: Path) -> None:
    put(files, folder / "a", b"0123456789")
    assert files.read(folder / "a", 3) == b"3456789"
    assert files.read(folder / "a", 3, 4) == b"3456"
    assert files.read(folder / "a", 8, 4) == b"89"
    assert files.read(folder / "a", 12, 4) == b""


def test_a_folder_is_made_with_those_above_it_and_once(files: Files, folder: Path) -> None:
    files.make_folder(folder)
    assert files.exists(folder)
    assert files.names(folder) == []
    put(files, folder / "a", b"")
    assert files.names(folder) == ["a"]


def test_a_file_is_cut_down_and_grows_again(files: Files, folder: Path) -> None:
    put(files, folder / "a", b"0123456789")
    files.truncate(folder / "a", 4)
    files.sync(folder / "a")
    put(files, folder / "a", b"new")
    assert files.read(folder / "a") == b"0123new"


def test_a_new_name_takes_the_place_of_the_old_file(files: Files, folder: Path) -> None:
    put(files, folder / "a", b"new")
    put(files, folder / "b", b"old")
    files.rename(folder / "a", folder / "b")
    files.sync_folder(folder)
    assert files.names(folder) == ["b"]
    assert files.read(folder / "b") == b"new"
    files.remove(folder / "b")
    assert not files.exists(folder / "b")


def test_what_is_not_there_is_said(files: Files, folder: Path) -> None:
    missing = folder / "missing"
    for attempt in (lambda: files.read(missing), lambda: files.size(missing), lambda: files.truncate(missing, 0), lambda: files.remove(missing),
                    lambda: files.rename(missing, folder / "b"), lambda: files.sync(missing), lambda: files.names(missing)):
        with pytest.raises(FileNotFoundError):
            attempt()
    assert not files.exists(missing)


def test_only_we_may_read_what_the_real_disk_keeps(tmp_path: Path) -> None:
    put(DiskFiles(), tmp_path / "a", b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
