"""Seals, snapshots, compressed segments and formats: what a start reads, what stays, and what a walk along the whole chain tells."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks import journal as benchmark
from tests.unit.storage.journal_samples import RICH, RUNTIME, batches, flat, read, small, write
from trading_system.core.disk_files import DiskFiles
from trading_system.core.errors import ConfigError
from trading_system.core.runtime import ThreadRuntime
from trading_system.storage.journal import Journal
from trading_system.storage.journal_format import (
    HEADER_SIZE,
    NO_HASH,
    JournalDamaged,
    frame_hash,
    pack_frame,
    pack_header,
    pack_seal,
)
from trading_system.storage.journal_reader import JournalReader


class WatchedFiles(DiskFiles):
    """Notes which files are read whole."""

    def __init__(self) -> None:
        self.whole: list[str] = []

    def read(self, path: Path, start: int = 0, size: int = -1) -> bytes:
        if size < 0:
            self.whole.append(path.name)
        return super().read(path, start, size)


def tidy(journal: Journal) -> None:
    while journal.tidy():
        pass


def test_a_start_reads_the_last_snapshot_and_what_follows_it_and_nothing_older(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path, segment_bytes=1500)
    for number, batch in enumerate(batches()):
        journal.append(batch)
        if number in (3, 7):
            journal.append_snapshot(f"after {number}".encode())
    journal.close()
    files, runtime = WatchedFiles(), ThreadRuntime()
    runtime.files = files
    again = Journal(runtime, tmp_path, segment_bytes=1500)
    body, behind = again.read_from_last_snapshot()
    assert body == b"after 7"
    assert list(behind) == flat(batches()[8:])
    first = min(files.whole)
    assert first > "000003.log"
    older = {path.name for path in tmp_path.iterdir() if path.name < first}
    assert len(older) > 3
    assert list(again.read()) == flat(batches())
    assert older < set(files.whole)


def test_without_a_snapshot_everything_is_read(tmp_path: Path) -> None:
    write(tmp_path, batches(), segment_bytes=1500)
    body, records = Journal(RUNTIME, tmp_path).read_from_last_snapshot()
    assert body is None
    assert list(records) == flat(batches())
    body, records = JournalReader(tmp_path / "nothing").read_from_last_snapshot()
    assert body is None
    assert list(records) == []


def test_a_snapshot_may_be_the_first_thing_in_a_journal_and_may_be_empty(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    journal.append_snapshot(b"")
    journal.append([small(1)])
    body, records = Journal(RUNTIME, tmp_path).read_from_last_snapshot()
    assert body == b""
    assert list(records) == [small(1)]
    assert [path.name for path in tmp_path.iterdir()] == ["000001.log"]


def test_behind_a_torn_snapshot_the_one_before_it_is_read_and_proved(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    for number in (1, 2, 3):
        journal.append([small(number)])
        journal.append_snapshot(f"after {number}".encode())
    journal.close()
    torn = tmp_path / "000004.log"
    torn.write_bytes(torn.read_bytes()[:-1])
    body, behind = JournalReader(tmp_path).read_from_last_snapshot()
    assert body == b"after 2"
    assert list(behind) == [small(3)]
    before = tmp_path / "000003.log"
    data = bytearray(before.read_bytes())
    data[-100] ^= 1
    before.write_bytes(data)
    with pytest.raises(JournalDamaged, match=r"000003\.log"):
        Journal(RUNTIME, tmp_path)


def test_a_snapshot_belongs_to_the_records_before_it(tmp_path: Path) -> None:
    journals = []
    for name, number in (("ours", 1), ("other", 2)):
        journal = Journal(RUNTIME, tmp_path / name)
        journal.append([small(number)])
        journal.append_snapshot(b"all of it")
        journal.append([small(3)])
        journals.append(journal)
    (tmp_path / "ours" / "000002.log").write_bytes((tmp_path / "other" / "000002.log").read_bytes())
    found = journals[0].verify()
    assert "does not follow on the one before it" in found.damage


def test_old_segments_that_were_taken_away_do_not_keep_the_house_from_starting_but_are_missed(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    journal.append([small(1)])
    journal.append_snapshot(b"all of it")
    journal.append([small(2)])
    (tmp_path / "000001.log").unlink()
    again = Journal(RUNTIME, tmp_path)
    assert list(again.read_from_last_snapshot()[1]) == [small(2)]
    assert "000001.log" in again.verify().damage
    with pytest.raises(JournalDamaged, match="this segment is missing"):
        list(again.read())


def test_what_is_sealed_is_compressed_and_read_as_before_and_what_is_written_to_is_not(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path, segment_bytes=1500)
    for batch in batches():
        journal.append(batch)
    plain = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    tidy(journal)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{name}.gz" for name in sorted(plain)[:-1]] + [max(plain)]
    assert all(gzip.decompress((tmp_path / f"{name}.gz").read_bytes()) == plain[name] for name in sorted(plain)[:-1])
    assert not journal.tidy()
    assert read(tmp_path) == flat(batches())
    journal.append(RICH)
    journal.close()
    again = Journal(RUNTIME, tmp_path)
    assert list(again.read()) == [*flat(batches()), *RICH]
    found = again.verify()
    assert (found.records, found.segments, found.compressed, found.damage) == (66, len(names) + 1, len(names) - 1, "")


def test_what_an_earlier_run_sealed_is_compressed_when_the_next_has_begun_a_segment_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, batches(), is_sealed=True)
    journal = Journal(RUNTIME, tmp_path)
    tidy(journal)
    assert [path.name for path in tmp_path.iterdir()] == ["000001.log"]
    journal.append([small(60)])
    tidy(journal)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000001.log.gz", "000002.log"]
    assert list(journal.read()) == [*flat(batches()), small(60)]


def test_a_sealed_last_segment_that_somebody_compressed_is_never_shadowed_by_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path, batches(), is_sealed=True)
    journal = Journal(RUNTIME, tmp_path)
    journal.append([small(60)])
    tidy(journal)
    journal.close()
    (tmp_path / "000002.log").unlink()
    again = Journal(RUNTIME, tmp_path)
    again.seal()
    assert again.try_again()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000001.log.gz"]
    again.append([small(61)])
    assert list(again.read()) == [*flat(batches()), small(61)]


def test_of_a_segment_that_lies_there_twice_the_plain_one_counts_and_the_other_is_made_again(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path, segment_bytes=1500)
    for batch in batches():
        journal.append(batch)
    journal.close()
    (tmp_path / "000001.log.gz").write_bytes(b"half of it")
    (tmp_path / "000002.log.gz.tmp").write_bytes(b"half of it")
    again = Journal(RUNTIME, tmp_path, segment_bytes=1500)
    assert list(again.read()) == flat(batches())
    tidy(again)
    assert again.verify().is_sound
    assert not list(tmp_path.glob("*.tmp"))
    assert not (tmp_path / "000001.log").exists()


def test_compressing_goes_in_small_steps_with_room_for_appends_between_them(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path, segment_bytes=2**19)
    big = [small(number) for number in range(12_000)]
    journal.append(big)
    journal.append([small(1)])
    steps, more = 0, list(range(100, 200))
    while journal.tidy():
        journal.append([small(more[steps])])
        steps += 1
    assert steps > 4
    assert list(journal.read()) == [*big, small(1), *(small(number) for number in more[:steps])]
    assert (tmp_path / "000001.log.gz").exists()


def test_a_seal_that_stands_for_another_number_of_records_is_refused(tmp_path: Path) -> None:
    frame = pack_frame(1, 0, 1, NO_HASH, msgspec.msgpack.encode(small(1)))
    for count, is_right in ((1, True), (2, False)):
        seal = pack_frame(3, 0, 2, frame_hash(frame), pack_seal(count))
        (tmp_path / "000001.log").write_bytes(pack_header(1, 1, NO_HASH) + frame + seal)
        assert JournalReader(tmp_path).verify().is_sound == is_right
    with pytest.raises(JournalDamaged, match="the seal does not stand for what is before it"):
        Journal(RUNTIME, tmp_path)


def test_a_journal_of_format_1_is_read_and_goes_on(tmp_path: Path) -> None:
    def write_old(number: int, sequence: int, previous: bytes, is_sealed: bool) -> bytes:
        frame = pack_frame(1, 0, sequence, previous, msgspec.msgpack.encode(small(number)))
        seal = pack_frame(3, 0, sequence + 1, frame_hash(frame), b"") if is_sealed else b""
        (tmp_path / f"{number:06}.log").write_bytes(pack_header(number, sequence, previous, version=1) + frame + seal)
        return frame_hash(seal or frame)
    write_old(2, 3, write_old(1, 1, NO_HASH, True), False)
    journal = Journal(RUNTIME, tmp_path)
    assert list(journal.read()) == [small(1), small(2)]
    journal.append([small(3)])
    journal.seal()
    journal.append([small(4)])
    tidy(journal)
    again = Journal(RUNTIME, tmp_path)
    assert list(again.read()) == [small(1), small(2), small(3), small(4)]
    assert again.verify().is_sound


def test_a_newer_format_behind_older_segments_is_refused_politely_and_told_by_a_walk(tmp_path: Path) -> None:
    write(tmp_path, batches(), is_sealed=True)
    end = JournalReader(tmp_path).scan()
    (tmp_path / "000002.log").write_bytes(pack_header(2, end.sequence, end.previous_hash, version=9))
    with pytest.raises(ConfigError, match=r"000002\.log: written in journal format 9.*use the version that wrote it"):
        Journal(RUNTIME, tmp_path)
    found = JournalReader(tmp_path).verify()
    assert "journal format 9" in found.damage
    assert found.records == 60


def test_a_walk_tells_records_segments_snapshots_and_a_torn_end(tmp_path: Path) -> None:
    journal = Journal(RUNTIME, tmp_path)
    journal.append([small(1), small(2)])
    journal.append_snapshot(b"all of it")
    journal.append([small(3)])
    journal.close()
    with (tmp_path / "000002.log").open("ab") as file:
        file.write(b"torn")
    found = JournalReader(tmp_path).verify()
    assert (found.records, found.snapshots, found.segments, found.compressed, found.is_sound, found.cut_bytes) == (3, 1, 2, 0, True, 4)
    assert "000002.log" in found.cut_reason


def test_a_walk_names_the_first_damage(tmp_path: Path) -> None:
    write(tmp_path, batches(), segment_bytes=1500)
    for name in ("000002.log", "000003.log"):
        data = bytearray((tmp_path / name).read_bytes())
        data[HEADER_SIZE + 3] ^= 1
        (tmp_path / name).write_bytes(data)
    found = JournalReader(tmp_path).verify()
    assert (found.file, found.offset) == (str(tmp_path / "000002.log"), HEADER_SIZE)
    assert not found.is_sound
    assert 0 < found.records < 60


def test_the_benchmark_measures_what_it_says(tmp_path: Path) -> None:
    figures = benchmark.measure(tmp_path / "journal", 4000)
    assert 200 < figures["bytes a record"] < 500
    assert figures["bytes a record, compressed"] < figures["bytes a record"] / 3
    assert figures["kB per 1,000 orders"] == pytest.approx(figures["bytes a record"] * 4)
    done = subprocess.run([sys.executable, "-m", "benchmarks.journal", "--records", "400", "--json", "--folder", str(tmp_path)],
                          capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True)
    assert json.loads(done.stdout)["read and decoded"] > 0
