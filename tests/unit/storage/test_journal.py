"""The journal: what was acknowledged is read back, in order, or the house says that it is not. Nothing in between."""

import os
import stat
import struct
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from trading_system.core.errors import ConfigError, InvariantBroken
from trading_system.core.events import CommandEvent, OrderEvent, OrderUpdateEvent, Verdict, VerdictNumbers
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.ports import AppendFile
from trading_system.core.records import OrderSent, Record, RunEnded, RunStarted, StateSaved, StrategyStarted
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.side import Side
from trading_system.storage.journal import Journal
from trading_system.storage.journal_format import (
    FRAME_OVERHEAD,
    HEADER_SIZE,
    NO_HASH,
    JournalDamaged,
    frame_hash,
    pack_frame,
    pack_header,
)
from trading_system.storage.journal_reader import JournalReader

RUNTIME = ThreadRuntime()
BATCH_SIZES = (1, 7, 2, 11, 1, 16, 3, 9, 6, 4)
RICH = (
    Record(1, RunStarted(1, 1, "abcdef", "simulate", "build", "hash", {
        "naive": StrategyStarted(("A.luno",), {"ZAR": Decimal("1.50")}, "ZAR")})),
    Record(2, OrderEvent(OrderRequest("abcdef-naive-1-1", "naive", "A.luno", Side.BUY, OrderKind.LIMIT, 2, Decimal("0.10"), None,
                                      Decimal("1E+6")), Verdict(True, numbers=VerdictNumbers("ZAR", Decimal(1), Decimal(2), 3)), 1000000.5, 1)),
    Record(3, OrderUpdateEvent(OrderUpdate("abcdef-naive-1-1", Answer.OPEN, Evidence("list", 1, 2, 200), "BX1",
                                           Totals(Decimal("0.05"), Decimal("50000.00"), {"A": Decimal("0.0001")}), side=Side.BUY))),
    Record(4, StateSaved("naive", b"\xa5\x5a\x00")),
    Record(5, CommandEvent("stop", "operator", "näht")),
    Record(6, RunEnded("stopped")),
)


def small(number: int) -> Record:
    return Record(number, OrderSent(f"h-s-r-{number}"))


def batches() -> list[list[Record]]:
    starts = [0, *accumulate(BATCH_SIZES)]
    return [[small(number) for number in range(start, start + size)] for start, size in zip(starts, BATCH_SIZES, strict=False)]


def write(
    directory: Path, content: Sequence[Sequence[Record]], segment_bytes: int = 2**20, is_sealed: bool = False,
) -> list[tuple[str, int]]:
    """Write batches and return for each where it ends: the file's name and its size."""
    journal = Journal(RUNTIME, directory, segment_bytes=segment_bytes)
    ends = []
    for batch in content:
        journal.append(batch)
        last = max(directory.iterdir())
        ends.append((last.name, last.stat().st_size))
    if is_sealed:
        journal.seal()
    journal.close()
    return ends


def read(directory: Path) -> list[Record]:
    return list(JournalReader(directory).read())


def flat(content: Sequence[Sequence[Record]]) -> list[Record]:
    return [record for batch in content for record in batch]


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
    assert all((tmp_path / name).stat().st_size <= 1500 + FRAME_OVERHEAD for name in names)


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


@pytest.mark.parametrize("segment_bytes", [2**20, 1500], ids=["one segment", "several segments"])
def test_no_flipped_byte_is_ever_accepted_but_as_a_cut_last_batch(tmp_path: Path, segment_bytes: int) -> None:
    content = batches()
    ends = write(tmp_path, content, segment_bytes)
    last_name, last_start = ends[-2] if ends[-2][0] == ends[-1][0] else (ends[-1][0], HEADER_SIZE)
    cuts = 0
    for path in sorted(tmp_path.iterdir()):
        sound = path.read_bytes()
        for position in range(len(sound)):
            damaged = bytearray(sound)
            damaged[position] ^= 0xFF if segment_bytes == 1500 else 1 << position % 8
            path.write_bytes(damaged)
            if path.name == last_name and position >= last_start:
                reader = JournalReader(tmp_path)
                assert list(reader.read()) == flat(content[:-1])
                end = reader.scan()
                assert (end.size, end.cut_bytes) == (last_start, len(sound) - last_start)
                assert last_name in end.cut_reason
                cuts += 1
            else:
                with pytest.raises(JournalDamaged, match=path.name) as caught:
                    Journal(RUNTIME, tmp_path)
                assert caught.value.file == str(path)
                assert caught.value.offset <= position
                assert path.read_bytes() == damaged
        path.write_bytes(sound)
    assert cuts == ends[-1][1] - last_start
    assert read(tmp_path) == flat(content)


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
    second.write_bytes(sound[:-FRAME_OVERHEAD])
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
    path.write_bytes(sealed + pack_frame(1, 0, 3, frame_hash(sealed[-FRAME_OVERHEAD:]), msgspec.msgpack.encode(small(2))))
    with pytest.raises(JournalDamaged, match="behind the seal"):
        Journal(RUNTIME, tmp_path)


def test_a_journal_of_a_newer_version_is_refused_politely(tmp_path: Path) -> None:
    (tmp_path / "000001.log").write_bytes(pack_header(1, 1, NO_HASH, version=2) + b"whatever comes")
    with pytest.raises(ConfigError, match="journal format 2, and this version reads format 1"):
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
    runtime = FailingRuntime("none", 0)
    journal = Journal(runtime, tmp_path)
    runtime.seen.clear()
    journal.append(RICH)
    assert runtime.seen == ["append", "sync"]


def test_the_name_of_a_new_segment_is_on_disk_before_anything_is_written_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = FailingRuntime("none", 0)
    fsync = os.fsync

    def note(handle: int) -> None:
        runtime.seen.append("sync directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file")
        fsync(handle)
    monkeypatch.setattr(os, "fsync", note)
    journal = Journal(runtime, tmp_path / "journal", segment_bytes=1)
    journal.append([small(1)])
    runtime.seen.clear()
    journal.append([small(2)])
    assert runtime.seen == ["append", "sync", "open", "append", "sync", "sync directory", "append", "sync"]


class FailingFile:
    """Passes on to a real file until the plan says otherwise."""

    def __init__(self, file: AppendFile, runtime: "FailingRuntime") -> None:
        self._file = file
        self._runtime = runtime

    def append(self, data: bytes) -> None:
        if self._runtime.is_due("append"):
            self._file.append(data[:int(len(data) * self._runtime.share)])
            raise OSError(28, "No space left on device")
        self._file.append(data)

    def sync(self) -> None:
        if self._runtime.is_due("sync"):
            raise OSError(5, "Input/output error")
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class FailingRuntime(ThreadRuntime):
    """Fails `times` calls of one kind from the `call`-th on; a failing append writes `share` of the data first."""

    def __init__(self, kind: str, call: int, share: float = 0.0, times: int = 1) -> None:
        super().__init__()
        self.kind, self.call, self.share, self.times = kind, call, share, times
        self.calls = 0
        self.seen: list[str] = []

    def is_due(self, kind: str) -> bool:
        self.seen.append(kind)
        if kind != self.kind:
            return False
        self.calls += 1
        return self.call <= self.calls < self.call + self.times

    def open_append(self, path: str) -> AppendFile:
        if self.is_due("open"):
            raise OSError(13, "Permission denied")
        return FailingFile(super().open_append(path), self)


FAULTS = [("open", 0.0), ("append", 0.0), ("append", 0.3), ("append", 0.999), ("append", 1.0), ("sync", 0.0)]


def for_every_call(kind: str, run: Callable[[int], FailingRuntime | None]) -> None:
    """Call `run` with 1, 2, 3 … as the call that fails, until there are no more such calls."""
    call = 1
    while (runtime := run(call)) is None or runtime.calls >= call:
        call += 1
    assert call > 3, f"{kind} was hardly called"


@pytest.mark.parametrize(("kind", "share"), FAULTS)
@pytest.mark.parametrize("times", [1, 3])
def test_a_failed_append_is_never_read_back_and_the_next_goes_on(tmp_path: Path, kind: str, share: float, times: int) -> None:
    def run(call: int) -> FailingRuntime | None:
        directory = tmp_path / str(call)
        runtime = FailingRuntime(kind, call, share, times)
        try:
            journal = Journal(runtime, directory, segment_bytes=1500)
        except OSError:
            return None
        accepted: list[Record] = []
        for batch in batches():
            try:
                journal.append(batch)
            except OSError:
                assert read(directory)[:len(accepted)] == accepted
            else:
                accepted += batch
            assert len(read(directory)) - len(accepted) in (0, len(batch))
        runtime.times = 0
        journal.append(RICH)
        journal.close()
        again = Journal(RUNTIME, directory)
        assert list(again.read()) == [*accepted, *RICH]
        assert again.cut_reason == ""
        again.close()
        return runtime
    for_every_call(kind, run)


@pytest.mark.parametrize(("kind", "share"), FAULTS)
def test_a_run_that_ends_after_a_failed_append_leaves_nothing_torn(tmp_path: Path, kind: str, share: float) -> None:
    def run(call: int) -> FailingRuntime | None:
        directory = tmp_path / str(call)
        runtime = FailingRuntime(kind, call, share)
        accepted: list[Record] = []
        failed: list[Record] = []
        try:
            journal = Journal(runtime, directory, segment_bytes=1500)
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
        return None if failed else runtime
    for_every_call(kind, run)


def test_a_journal_that_cannot_be_mended_refuses_until_it_can(tmp_path: Path) -> None:
    journal = Journal(FailingRuntime("append", 3, 0.5), tmp_path)
    journal.append([small(1)])
    with pytest.raises(OSError, match="No space left"):
        journal.append([small(2)])
    path = tmp_path / "000001.log"
    torn = path.read_bytes()
    path.rename(tmp_path / "hidden")
    with pytest.raises(FileNotFoundError):
        journal.append([small(3)])
    (tmp_path / "hidden").rename(path)
    assert path.read_bytes() == torn
    journal.append([small(4)])
    assert read(tmp_path) == [small(1), small(4)]


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
