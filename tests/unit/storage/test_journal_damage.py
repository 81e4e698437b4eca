"""Every flipped byte and every truncation of a journal: refused, or cut off as its last batch and told. Nothing else is ever accepted."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.hand_cranked_disk import HandCrankedDisk
from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.unit.storage.journal_samples import small
from trading_system.core.records import Record
from trading_system.storage.journal import Journal
from trading_system.storage.journal_format import HEADER_SIZE, JournalDamaged
from trading_system.storage.journal_reader import JournalReader

FOLDER = Path("journal")
SIZES = (1, 4, 2, 7, 1, 5, 3, 9)


class Sample:
    """A journal of `count` small records on a disk in memory, and what of it may be cut: what lies behind `whole` in its last file.

    `snapshot_after` and `compress_after` name the number of records after which the one is written, the other done.
    """

    def __init__(self, count: int, segment_bytes: int, snapshot_after: int = 0, compress_after: int = 0, is_sealed: bool = False) -> None:
        self.disk = HandCrankedDisk()
        journal = Journal(HandCrankedRuntime(disk=self.disk), FOLDER, segment_bytes=segment_bytes)
        self.records: list[Record] = []
        self.snapshot_segment = 1
        turn = 0
        while len(self.records) < count:
            self._note()
            before = len(self.records)
            batch = [small(before + place) for place in range(min(SIZES[turn % len(SIZES)], count - before))]
            journal.append(batch)
            self.records += batch
            turn += 1
            if before < snapshot_after <= len(self.records):
                self._note()
                journal.append_snapshot(b"all of it")
                self.snapshot_count = len(self.records)
                self.snapshot_segment = int(self.last[:6])
            if before < compress_after <= len(self.records):
                while journal.tidy():
                    pass
        if is_sealed:
            self._note()
            journal.seal()
        # A batch that is the first of its segment stands behind the header alone.
        self.whole, self.kept = (self.size, self.count) if self.last_before == self.last else (HEADER_SIZE, self.count)
        self.sound = {FOLDER / name: self.disk.read(FOLDER / name) for name in sorted(self.disk.names(FOLDER))}
        self.reader = JournalReader(FOLDER, self.disk)
        self.end = self.reader.scan()

    @property
    def last(self) -> str:
        return max(self.disk.names(FOLDER))

    @property
    def last_path(self) -> Path:
        return FOLDER / self.last

    def _note(self) -> None:
        # What there is before the batch that will turn out to be the last.
        self.last_before, self.size, self.count = self.last, self.disk.size(self.last_path), len(self.records)

    def flips(self, path: Path, step: int = 1) -> Iterator[int]:
        """Flip each `step`-th byte of a file, one at a time."""
        sound = self.sound[path]
        for position in range(0, len(sound), step):
            self.disk.write(path, sound[:position] + bytes([sound[position] ^ (1 << position % 8 if position % 3 else 0xFF)]) + sound[position + 1:])
            yield position
        self.disk.write(path, sound)

    def truncations(self, path: Path, step: int = 1) -> Iterator[int]:
        """Cut a file to each length, the whole one excepted."""
        for length in range(0, len(self.sound[path]), step):
            self.disk.write(path, self.sound[path][:length])
            yield length
        self.disk.write(path, self.sound[path])

    def must_refuse(self, path: Path, position: int) -> None:
        """Refuse to start on it, naming the file and a byte not behind the damage."""
        with pytest.raises(JournalDamaged, match="Nothing was changed") as caught:
            self.reader.scan()
        assert caught.value.file == str(path)
        assert caught.value.offset <= position or path.suffix == ".gz"

    def must_cut(self, length: int) -> None:
        """Cut exactly the last batch, and say so."""
        end = self.reader.scan()
        assert (end.size, end.cut_bytes) == (self.whole, length - self.whole)
        assert self.last in end.cut_reason


def test_every_flipped_byte_of_two_hundred_records_in_one_segment() -> None:
    sample = Sample(200, 2**20)
    cuts = 0
    for position in sample.flips(sample.last_path):
        if position >= sample.whole:
            sample.must_cut(len(sample.sound[sample.last_path]))
            assert cuts or list(sample.reader.read()) == sample.records[:sample.kept]
            cuts += 1
        else:
            sample.must_refuse(sample.last_path, position)
    assert cuts == len(sample.sound[sample.last_path]) - sample.whole


@pytest.mark.parametrize("is_sealed", [False, True])
def test_every_flipped_byte_of_many_segments_and_their_seals(is_sealed: bool) -> None:
    sample = Sample(70, 1200, is_sealed=is_sealed)
    assert len(sample.sound) > 5
    for path in sample.sound:
        for position in sample.flips(path):
            if path == sample.last_path and position >= sample.whole:
                sample.must_cut(len(sample.sound[path]))
            else:
                sample.must_refuse(path, position)


def test_every_flipped_byte_of_a_journal_with_a_snapshot_and_compressed_segments() -> None:
    sample = Sample(80, 1200, snapshot_after=45, compress_after=65)
    packed = [path for path in sample.sound if path.suffix == ".gz"]
    assert len(packed) > 3
    assert 1 < sample.snapshot_segment < int(sample.last[:6])
    assert sample.reader.verify().is_sound
    for path in sample.sound:
        is_old = int(path.name[:6]) < sample.snapshot_segment
        for position in sample.flips(path, 3 if is_old else 1):
            if is_old:
                # A start does not read it; whoever reads everything is told.
                assert sample.reader.scan() == sample.end
                assert sample.reader.verify().file == str(path)
            elif path == sample.last_path and position >= sample.whole:
                sample.must_cut(len(sample.sound[path]))
            else:
                sample.must_refuse(path, position)


def test_every_flipped_byte_of_a_snapshot_that_is_the_last_thing_written() -> None:
    sample = Sample(60, 1500, snapshot_after=60)
    assert sample.whole == HEADER_SIZE
    for position in sample.flips(sample.last_path):
        if position < HEADER_SIZE:
            sample.must_refuse(sample.last_path, position)
            continue
        sample.must_cut(len(sample.sound[sample.last_path]))
        body, records = sample.reader.read_from_last_snapshot()
        assert body is None
        assert list(records) == sample.records


def test_every_truncation_of_the_last_segment_leaves_whole_batches_and_is_told() -> None:
    sample = Sample(200, 2**20)
    kept, ends = 0, set[int]()
    for length in sample.truncations(sample.last_path):
        end = sample.reader.scan()
        ends.add(end.size)
        assert end.cut_bytes == length - end.size
        assert bool(end.cut_reason) == bool(length == 0 or end.cut_bytes)
        if len(ends) != kept:
            kept = len(ends)
            records = list(sample.reader.read())
            assert records == sample.records[:len(records)]
    assert len(ends) > 50


@pytest.mark.parametrize("is_sealed", [False, True])
def test_every_truncation_of_an_earlier_segment_plain_or_compressed_is_refused(is_sealed: bool) -> None:
    sample = Sample(70, 1200, compress_after=50, is_sealed=is_sealed)
    suffixes = set[str]()
    for path in list(sample.sound)[:-1]:
        for length in sample.truncations(path, 5):
            sample.must_refuse(path, length)
            assert not sample.reader.verify().is_sound
        suffixes.add(path.suffix)
    assert suffixes == {".log", ".gz"}


def test_every_truncation_of_a_segment_that_begins_with_a_snapshot() -> None:
    sample = Sample(60, 2**20, snapshot_after=40)
    first = sample.snapshot_count
    assert list(sample.reader.read_from_last_snapshot()[1]) == sample.records[first:]
    seen = set[int]()
    for length in sample.truncations(sample.last_path):
        body, records = sample.reader.read_from_last_snapshot()
        count = len(list(records))
        seen.add(count if body is None else -count)
        assert list(sample.reader.read()) == sample.records[:count + (0 if body is None else first)]
        assert sample.reader.scan().cut_bytes == length - sample.reader.scan().size
    assert {count for count in seen if count > 0} == {first}
    assert len(seen) > 4


def test_a_thousand_records_with_everything_damaged_anywhere() -> None:
    sample = Sample(1000, 20_000, snapshot_after=600, compress_after=800)
    chance, paths = Random(1), list(sample.sound)
    refused = cut = 0
    for _ in range(400):
        path = chance.choice(paths)
        sound = sample.sound[path]
        position = chance.randrange(len(sound))
        length = chance.choice((1, 1, 1, 4, 100))
        if path == sample.last_path and chance.random() < 0.2:
            position = chance.randrange(sample.whole, len(sound))
        sample.disk.write(path, sound[:position] + chance.randbytes(length) + sound[position + length:])
        try:
            records = list(sample.reader.read())
        except JournalDamaged as error:
            refused += 1
            assert error.file == str(path)
            assert not sample.reader.verify().is_sound
        else:
            if records != sample.records:
                cut += 1
                assert records == sample.records[:sample.kept]
                assert path == sample.last_path
                assert sample.reader.scan().cut_reason
        sample.disk.write(path, sound)
    assert refused > 300
    assert cut
