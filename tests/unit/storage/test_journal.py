"""The journal: what was acknowledged is read back, in order, or the house says that it is not. Nothing in between."""

import os
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.unit.storage.journal_samples import RICH, RUNTIME, batches, flat, read, small, write
from trading_system.core.disk_files import DiskFiles
from trading_system.core.errors import ConfigError, InvariantBroken
from trading_system.core.events import OrderEvent
from trading_system.core.files import AppendFile, Files
from trading_system.core.records import Record
from trading_system.core.runtime import ThreadRuntime
from trading_system.storage.journal import Journal
from trading_system.storage.journal_format import (
    FORMAT_VERSION,
    FRAME_OVERHEAD,
    HEADER_SIZE,
    NO_HASH,
    JournalDamaged,
    frame_hash,
    pack_frame,
    pack_header,
    pack_seal,
)
from trading_system.storage.journal_reader import JournalReader

SEAL_SIZE = FRAME_OVERHEAD + len(pack_seal(0))


def test_what_is_appended_is_read_back_by_the_next_run(tmp_path: Path) -> None:
    write(tmp_path / "journal", [RICH[:2], RICH[2:]])
    journal = Journal(RUNTIME, tmp_path / "journal")
    assert list(journal.read()) == list(RICH)
    assert (journal.cut_bytes, journal.cut_reason, journal.sequence) == (0, "", len(RICH) + 1)
    journal.append(RICH)
    assert list(journal.read()) == [*RICH, *RICH]


def test_a_decimal_keeps_every_digit_it_was_written_with(tmp_path: Path) -> None:
    write(tmp_path, [RICH])
    body = read(tmp_path)[1].body
    assert isinstance(body, OrderEvent)
    assert (str(body.request.quantity), str(body.request.limit)) == ("0.10", "1E+6")


def test_an_empty_folder_is_a_new_journal(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path / "state" / "journal")
    assert list(journal.read()) == []
    assert [path.name for path in (tmp_path / "state" / "journal").iterdir()] == ["000001.log"]


def test_an_empty_batch_writes_nothing(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    journal.append([])
    assert (tmp_path / "000001.log").stat().st_size == HEADER_SIZE


def test_a_record_that_cannot_be_encoded_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    with pytest.raises(TypeError):
        journal.append([small(1), Record(2, object())])  # type: ignore[arg-type]
    journal.append([small(3)])
    assert list(journal.read()) == [small(3)]


def test_segments_are_sealed_when_full_and_chain_on(tmp_path: Path) -> None:
    content = batches()
    write(tmp_path, content, segment_bytes=1500)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{number:06}.log" for number in range(1, len(names) + 1)]
    assert len(names) > 3
    assert read(tmp_path) == flat(content)
    assert all((tmp_path / name).stat().st_size <= 1500 + SEAL_SIZE for name in names)


def test_a_batch_longer_than_a_segment_is_not_split(tmp_path: Path) -> None:
    content = batches()
    write(tmp_path, content, segment_bytes=1)
    assert len(list(tmp_path.iterdir())) == len(content)
    assert read(tmp_path) == flat(content)


def test_after_an_orderly_stop_the_next_run_begins_a_segment(tmp_path: Path) -> None:
    write(tmp_path, [[small(1)]], is_sealed=True)
    journal = Journal(RUNTIME, tmp_path)
    journal.seal()
    assert len(list(tmp_path.iterdir())) == 1
    journal.append([small(2)])
    assert len(list(tmp_path.iterdir())) == 2
    assert list(journal.read()) == [small(1), small(2)]


def test_every_truncation_leaves_whole_batches_and_is_told(tmp_path: Path) -> None:
    content = batches()
    ends = [HEADER_SIZE, *(size for _, size in write(tmp_path, content))]
    path = tmp_path / "000001.log"
    sound = path.read_bytes()
    for length in range(len(sound) + 1):
        path.write_bytes(sound[:length])
        whole = [end for end in ends if end <= length]
        reader = JournalReader(tmp_path)
        assert list(reader.read()) == flat(content[:len(whole) - 1] if whole else [])
        end = reader.scan()
        assert end.cut_bytes == length - (whole[-1] if whole else 0)
        assert bool(end.cut_reason) == (length not in ends)


def test_a_truncated_journal_goes_on_behind_the_cut(tmp_path: Path) -> None:
    content = batches()
    ends = [HEADER_SIZE, *(size for _, size in write(tmp_path, content))]
    path = tmp_path / "000001.log"
    sound = path.read_bytes()
    for length in (*range(0, len(sound), 97), *range(HEADER_SIZE + 2), *range(ends[-2], ends[-1] + 1, 11)):
        path.write_bytes(sound[:length])
        kept = flat(content[:max(0, sum(end <= length for end in ends) - 1)])
        journal = Journal(RUNTIME, tmp_path)
        assert bool(journal.cut_reason) == (length not in ends)
        journal.append(RICH)
        journal.close()
        again = Journal(RUNTIME, tmp_path)
        assert list(again.read()) == [*kept, *RICH]
        assert (again.cut_bytes, again.cut_reason) == (0, "")
        again.close()


def test_zeros_behind_the_end_are_cut(tmp_path: Path) -> None:
    # What a file system may leave of a write that a power cut interrupted.
    content = batches()
    write(tmp_path, content)
    with (tmp_path / "000001.log").open("ab") as file:
        file.write(bytes(5000))
    journal = Journal(RUNTIME, tmp_path)
    assert journal.cut_bytes == 5000
    assert list(journal.read()) == flat(content)


def test_a_segment_that_was_only_begun_is_begun_again(tmp_path: Path) -> None:
    write(tmp_path, [[small(1)]], is_sealed=True)
    for torn in (b"", b"TSJ", bytes(HEADER_SIZE)):
        (tmp_path / "000002.log").write_bytes(torn)
        journal = Journal(RUNTIME, tmp_path)
        assert "000002.log" in journal.cut_reason
        assert list(journal.read()) == [small(1)]
        journal.append([small(2)])
        assert read(tmp_path) == [small(1), small(2)]


def test_a_damaged_seal_at_the_end_is_cut_and_loses_no_record(tmp_path: Path) -> None:
    content = batches()
    size = write(tmp_path, content, is_sealed=True)[-1][1]
    path = tmp_path / "000001.log"
    sound = path.read_bytes()
    for position in range(size, len(sound)):
        path.write_bytes(sound[:position] + bytes([sound[position] ^ 0x10]) + sound[position + 1:])
        end = JournalReader(tmp_path).scan()
        assert end.cut_bytes == len(sound) - size
        assert read(tmp_path) == flat(content)


def test_damage_before_a_seal_is_refused(tmp_path: Path) -> None:
    size = write(tmp_path, batches(), is_sealed=True)[-1][1]
    path = tmp_path / "000001.log"
    damaged = bytearray(path.read_bytes())
    damaged[size - 1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(JournalDamaged, match="Nothing was changed"):
        Journal(RUNTIME, tmp_path)


def test_damage_is_an_invariant_broken_that_names_file_and_byte(tmp_path: Path) -> None:
    write(tmp_path, batches())
    path = tmp_path / "000001.log"
    damaged = bytearray(path.read_bytes())
    damaged[HEADER_SIZE + 3] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(InvariantBroken, match=rf"{path}: damaged at byte {HEADER_SIZE}: .*venue first"):
        Journal(RUNTIME, tmp_path)


def test_a_record_changed_with_its_checksum_breaks_the_chain(tmp_path: Path) -> None:
    write(tmp_path, [[small(1)], [small(2)]])
    path = tmp_path / "000001.log"
    data = bytearray(path.read_bytes())
    length = struct.unpack_from("<I", data, HEADER_SIZE + 2)[0]
    body = slice(HEADER_SIZE + 10, HEADER_SIZE + 10 + length)
    data[body.stop - 1] ^= 1
    struct.pack_into("<I", data, HEADER_SIZE + 6, crc32(data[body]))
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match="record 2 does not follow on record 1"):
        Journal(RUNTIME, tmp_path)


def test_a_missing_or_foreign_segment_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "ours", batches(), segment_bytes=1500)
    write(tmp_path / "other", [RICH, *batches()], segment_bytes=1500)
    second = tmp_path / "ours" / "000002.log"
    sound = second.read_bytes()
    second.unlink()
    with pytest.raises(JournalDamaged, match=r"000002\.log.*this segment is missing"):
        Journal(RUNTIME, tmp_path / "ours")
    second.write_bytes((tmp_path / "other" / "000002.log").read_bytes())
    with pytest.raises(JournalDamaged, match=r"000002\.log.*does not follow on"):
        Journal(RUNTIME, tmp_path / "ours")
    second.write_bytes(pack_header(2, 999, NO_HASH))
    with pytest.raises(JournalDamaged, match=r"000002\.log.*does not follow on"):
        Journal(RUNTIME, tmp_path / "ours")
    second.write_bytes(sound[:-SEAL_SIZE])
    with pytest.raises(JournalDamaged, match=r"000002\.log.*ends without a seal"):
        Journal(RUNTIME, tmp_path / "ours")


def test_an_empty_segment_of_another_journal_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [[small(1)]], is_sealed=True)
    (tmp_path / "000002.log").write_bytes(pack_header(2, 2, NO_HASH))
    with pytest.raises(JournalDamaged, match=r"000002\.log.*does not follow on"):
        Journal(RUNTIME, tmp_path)


def test_a_sound_record_behind_a_seal_is_refused_and_not_cut(tmp_path: Path) -> None:
    write(tmp_path, [[small(1)]], is_sealed=True)
    path = tmp_path / "000001.log"
    sealed = path.read_bytes()
    path.write_bytes(sealed + pack_frame(1, 0, 3, frame_hash(sealed[-SEAL_SIZE:]), msgspec.msgpack.encode(small(2))))
    with pytest.raises(JournalDamaged, match="behind the seal"):
        Journal(RUNTIME, tmp_path)


def test_a_journal_of_a_newer_version_is_refused_politely(tmp_path: Path) -> None:
    (tmp_path / "000001.log").write_bytes(pack_header(1, 1, NO_HASH, version=FORMAT_VERSION + 1) + b"whatever comes")
    with pytest.raises(ConfigError, match=r"000001\.log: written in journal format 3, and this version reads formats 1 to 2: use the version"):
        Journal(RUNTIME, tmp_path)


def test_a_record_of_a_newer_version_is_refused_politely(tmp_path: Path) -> None:
    frame = pack_frame(1, 0, 1, NO_HASH, msgspec.msgpack.encode([1, {"type": "SomethingNew"}]))
    (tmp_path / "000001.log").write_bytes(pack_header(1, 1, NO_HASH) + frame)
    journal = Journal(RUNTIME, tmp_path)
    with pytest.raises(ConfigError, match=f"record 1 at byte {HEADER_SIZE} is not known to this version"):
        list(journal.read())


def test_a_reader_beside_a_run_leaves_a_half_written_batch_out_and_alone(tmp_path: Path) -> None:
    content = batches()
    write(tmp_path, content)
    path = tmp_path / "000001.log"
    path.write_bytes(half := path.read_bytes()[:-5])
    assert read(tmp_path) == flat(content[:-1])
    assert path.read_bytes() == half


def test_a_batch_is_written_at_once_and_synced_once_before_append_returns(tmp_path: Path) -> None:
    files = FailingFiles("none", 0)
    journal = Journal(on(files), tmp_path)
    files.seen.clear()
    journal.append(RICH)
    assert files.seen == ["open", "append", "sync"] or files.seen == ["append", "sync"]


def test_the_name_of_a_new_segment_is_on_disk_before_anything_is_written_to_it(tmp_path: Path) -> None:
    files = FailingFiles("none", 0)
    journal = Journal(on(files), tmp_path / "journal", segment_bytes=1)
    journal.append([small(1)])
    files.seen.clear()
    journal.append([small(2)])
    assert files.seen == ["append", "sync", "open", "append", "sync", "sync_folder", "append", "sync"]


class FailingFile:
    """Passes on to a real file until the plan says otherwise."""

    def __init__(self, file: AppendFile, files: "FailingFiles") -> None:
        self._file = file
        self._files = files

    def append(self, data: bytes) -> None:
        if self._files.is_due("append"):
            self._file.append(data[:int(len(data) * self._files.share)])
            raise OSError(28, "No space left on device")
        self._file.append(data)

    def sync(self) -> None:
        if self._files.is_due("sync"):
            raise OSError(5, "Input/output error")
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class FailingFiles(DiskFiles):
    """Fails `times` calls of one kind from the `call`-th on; a failing append writes `share` of the data first."""

    def __init__(self, kind: str, call: int, share: float = 0.0, times: int = 1) -> None:
        self.kind, self.call, self.share, self.times = kind, call, share, times
        self.calls = 0
        self.seen: list[str] = []

    def is_due(self, kind: str) -> bool:
        self.seen.append(kind)
        if kind != self.kind:
            return False
        self.calls += 1
        return self.call <= self.calls < self.call + self.times

    def open_append(self, path: Path) -> AppendFile:
        if self.is_due("open"):
            raise OSError(13, "Permission denied")
        return FailingFile(super().open_append(path), self)

    def sync(self, path: Path) -> None:
        if self.is_due("sync"):
            raise OSError(5, "Input/output error")
        super().sync(path)

    def sync_folder(self, folder: Path) -> None:
        if self.is_due("sync_folder"):
            raise OSError(5, "Input/output error")
        super().sync_folder(folder)


def on(files: Files) -> ThreadRuntime:
    """Return a runtime with these files."""
    runtime = ThreadRuntime()
    runtime.files = files
    return runtime


FAULTS = [("open", 0.0), ("append", 0.0), ("append", 0.3), ("append", 0.999), ("append", 1.0), ("sync", 0.0), ("sync_folder", 0.0)]


def for_every_call(kind: str, run: Callable[[int], FailingFiles | None]) -> None:
    """Call `run` with 1, 2, 3 … as the call that fails, until there are no more such calls."""
    call = 1
    while (files := run(call)) is None or files.calls >= call:
        call += 1
    assert call > 3, f"{kind} was hardly called"


@pytest.mark.parametrize(("kind", "share"), FAULTS)
@pytest.mark.parametrize("times", [1, 3])
def test_a_failed_append_is_kept_and_written_in_order_before_anything_else(tmp_path: Path, kind: str, share: float, times: int) -> None:
    def run(call: int) -> FailingFiles | None:
        directory = tmp_path / str(call)
        files = FailingFiles(kind, call, share, times)
        try:
            journal = Journal(on(files), directory, segment_bytes=1500)
        except OSError:
            return None
        accepted: list[Record] = []
        for number, batch in enumerate(batches()):
            try:
                journal.append(batch)
            except OSError as error:
                assert journal.is_broken
                assert journal.broken_reason == error.strerror
                assert read(directory)[:len(accepted)] == accepted
                with pytest.raises(OSError, match=str(error.strerror)):
                    journal.append([small(number + 1000)])
                assert journal.missing == len(batch) + 1
                for _ in range(times - 1):
                    journal.try_again()
                assert journal.try_again()
                accepted += [*batch, small(number + 1000)]
            else:
                accepted += batch
            assert (journal.is_broken, journal.broken_reason, journal.missing) == (False, "", 0)
            assert read(directory) == accepted
        files.times = 0
        journal.append(RICH)
        journal.close()
        again = Journal(RUNTIME, directory)
        assert list(again.read()) == [*accepted, *RICH]
        assert again.cut_reason == ""
        assert again.verify().is_sound
        again.close()
        return files
    for_every_call(kind, run)


@pytest.mark.parametrize(("kind", "share"), FAULTS)
def test_a_run_that_ends_after_a_failed_append_leaves_nothing_torn(tmp_path: Path, kind: str, share: float) -> None:
    def run(call: int) -> FailingFiles | None:
        directory = tmp_path / str(call)
        files = FailingFiles(kind, call, share)
        accepted: list[Record] = []
        failed: list[Record] = []
        try:
            journal = Journal(on(files), directory, segment_bytes=1500)
            for batch in batches():
                failed = batch
                journal.append(batch)
                accepted += batch
            failed = []
        except OSError:
            pass
        # A batch that is whole on disk though nobody was told so may be read back: its actions never left, and asking settles that.
        again = Journal(RUNTIME, directory)
        assert list(again.read()) in (accepted, accepted + failed)
        kept = list(again.read())
        again.append(RICH)
        again.close()
        assert read(directory) == [*kept, *RICH]
        return None if failed else files
    for_every_call(kind, run)


def test_what_a_failed_batch_would_have_released_is_not_written_later(tmp_path: Path) -> None:
    journal = Journal(on(FailingFiles("append", 2, 0.5)), tmp_path)
    with pytest.raises(OSError, match="No space left"):
        journal.append([small(1), small(2)], [small(100)])
    with pytest.raises(OSError, match="No space left"):
        journal.append([], [small(101)])
    assert journal.try_again()
    journal.append([small(3)], [small(102)])
    assert read(tmp_path) == [small(1), small(2), small(3), small(102)]


def test_a_journal_that_cannot_be_mended_waits_until_it_can(tmp_path: Path) -> None:
    journal = Journal(on(FailingFiles("append", 3, 0.5)), tmp_path)
    journal.append([small(1)])
    with pytest.raises(OSError, match="No space left"):
        journal.append([small(2)])
    path = tmp_path / "000001.log"
    torn = path.read_bytes()
    path.rename(tmp_path / "hidden")
    assert not journal.try_again()
    assert journal.broken_reason == "No such file or directory"
    with pytest.raises(OSError, match="No such file"):
        journal.append([small(3)])
    (tmp_path / "hidden").rename(path)
    assert path.read_bytes() == torn
    assert journal.try_again()
    journal.append([small(4)])
    assert read(tmp_path) == [small(1), small(2), small(3), small(4)]


def test_a_journal_that_was_shortened_meanwhile_is_not_filled_with_zeros(tmp_path: Path) -> None:
    journal = Journal(on(FailingFiles("append", 3, 0.0)), tmp_path)
    journal.append([small(1)])
    with pytest.raises(OSError, match="No space left"):
        journal.append([small(2)])
    os.truncate(tmp_path / "000001.log", HEADER_SIZE)
    assert not journal.try_again()
    assert "shorter than what was written" in journal.broken_reason


def test_a_disk_that_failed_is_believed_only_when_what_was_written_reads_back(tmp_path: Path) -> None:
    class LyingFiles(FailingFiles):
        is_lying = False

        def read(self, path: Path, start: int = 0, size: int = -1) -> bytes:
            data = super().read(path, start, size)
            return data[:-1] + bytes([data[-1] ^ 1]) if self.is_lying else data

    files = LyingFiles("sync", 2)
    journal = Journal(on(files), tmp_path)
    with pytest.raises(OSError, match="Input/output"):
        journal.append([small(1)])
    files.is_lying = True
    assert not journal.try_again()
    assert journal.broken_reason == "what was written does not read back as it was"
    files.is_lying = False
    assert journal.try_again()
    assert read(tmp_path) == [small(1)]


def test_a_sync_that_failed_is_not_trusted_when_it_is_repeated() -> None:
    runtime = HandCrankedRuntime()
    journal = Journal(runtime, Path("journal"))
    journal.append([small(1)])
    runtime.disk.failing_syncs = 1
    with pytest.raises(OSError, match="Input/output"):
        journal.append([small(2)])
    assert journal.try_again()
    runtime.disk.cut_power()
    assert list(Journal(runtime, Path("journal")).read()) == [small(1), small(2)]


@pytest.mark.parametrize("what", ["seal", "snapshot"])
def test_a_seal_or_a_snapshot_that_could_not_be_written_breaks_the_journal_until_it_is_mended(what: str) -> None:
    runtime = HandCrankedRuntime()
    journal = Journal(runtime, Path("journal"))
    journal.append([small(1)])
    runtime.disk.room = 10
    with pytest.raises(OSError, match="No space left"):
        journal.seal() if what == "seal" else journal.append_snapshot(b"all of it")
    assert journal.is_broken
    with pytest.raises(OSError, match="No space left"):
        journal.append([small(2)], [small(3)])
    with pytest.raises(OSError, match="No space left"):
        journal.seal() if what == "seal" else journal.append_snapshot(b"all of it")
    assert not journal.try_again()
    runtime.disk.room = None
    assert journal.try_again()
    journal.seal() if what == "seal" else journal.append_snapshot(b"all of it")
    journal.append([small(4)])
    assert list(journal.read()) == [small(1), small(2), small(4)]
    assert journal.verify().is_sound


def test_a_real_full_disk_keeps_what_it_acknowledged_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        (tmp_path / "ballast").write_bytes(bytes(20_000))
        journal = Journal(RUNTIME, tmp_path / "journal", segment_bytes=10_000)
        written: list[Record] = []
        batch = [small(number) for number in range(7)]
        with suppress(OSError):
            while True:
                journal.append(batch)
                written += batch
        assert journal.broken_reason == "No space left on device"
        assert len(written) > 200
        assert read(tmp_path / "journal") == written
        assert not journal.try_again()
        assert read(tmp_path / "journal") == written
        (tmp_path / "ballast").unlink()
        assert journal.try_again()
        journal.append(RICH)
        assert read(tmp_path / "journal") == [*written, *batch, *RICH]
        journal.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_hundred_thousand_records_are_read_back(tmp_path: Path) -> None:
    count = 100_000
    content = [[RICH[number % len(RICH)] for number in range(start, start + 5000)] for start in range(0, count, 5000)]
    began = time.perf_counter()
    write(tmp_path, content, segment_bytes=8 * 2**20)
    written = time.perf_counter()
    journal = Journal(RUNTIME, tmp_path)
    opened = time.perf_counter()
    assert sum(1 for _ in journal.read()) == count
    done = time.perf_counter()
    rates = [f"{what} {count / seconds:,.0f}/s" for what, seconds in (
        ("written", written - began), ("verified", opened - written), ("read", done - opened))]
    print("\n" + ", ".join(rates))
