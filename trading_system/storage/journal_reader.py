"""Reads a journal and proves it sound: for the journal before it appends, and for commands that only look. Never changes a file.

Damage is only ever accepted in the last batch, which is cut off and told. There a byte that was flipped later cannot be told from a write
that a power cut tore: both leave a frame whose checksum is wrong and nothing sound behind it, and nobody can know whether the batch was
acknowledged. So both are cut, and what they told is asked of the venue again. Wherever a sound frame of a later batch (a seal counts)
follows, or the place in the chain is wrong though the checksum is right, it was no torn write: the house does not start on it.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from trading_system.core.disk_files import DISK
from trading_system.core.errors import ConfigError
from trading_system.core.files import Files
from trading_system.core.records import Record
from trading_system.storage.journal_format import (
    BATCH_END,
    FORMAT_VERSION,
    FRAME_OVERHEAD,
    HEADER_SIZE,
    NO_HASH,
    OLDEST_VERSION,
    SEAL,
    SNAPSHOT,
    Frame,
    JournalDamaged,
    frame_hash,
    has_later_batch,
    is_seal_right,
    peek_flags,
    unpack_frame,
    unpack_header,
)
from trading_system.storage.segment_files import ADVICE, SegmentFiles

Batch = tuple[Path, Sequence[Frame]]


class JournalEnd(msgspec.Struct):
    """Where a sound journal ends, and so where the next frame goes: in `segment`, behind `size` bytes (0: even its header is missing).

    `cut_bytes` behind that belong to a last batch that is torn or damaged, for `cut_reason`.
    """

    segment: int = 1
    size: int = 0
    sequence: int = 1
    previous_hash: bytes = NO_HASH
    is_sealed: bool = False
    version: int = FORMAT_VERSION
    first_sequence: int = 1
    cut_bytes: int = 0
    cut_reason: str = ""
    noted: list[Record] = []


class Verification(msgspec.Struct, frozen=True):
    """What a walk along the whole chain found. `damage` is the first that cannot be trusted and what to do, "" when all is sound; the
    counts are of what was read before it. A torn last batch is no damage: `cut_reason` tells of it."""

    records: int
    snapshots: int
    segments: int
    compressed: int
    damage: str
    file: str
    offset: int
    cut_bytes: int
    cut_reason: str

    @property
    def is_sound(self) -> bool:
        """Tell whether everything but a torn last batch can be trusted."""
        return not self.damage


class JournalReader:
    """The records of a journal folder, oldest first. Safe beside a run that appends: a batch half written is left out."""

    def __init__(self, directory: Path, files: Files = DISK) -> None:
        self._segments = SegmentFiles(files, directory)
        self._decode = msgspec.msgpack.Decoder(Record).decode

    def read(self) -> Iterator[Record]:
        """Yield all records of whole batches, from the first segment on.

        Raises JournalDamaged where they cannot be trusted, ConfigError where a newer version wrote them, OSError.
        """
        return self._records(self._walk(self._segments.numbers(), 1, JournalEnd()))

    def read_from_last_snapshot(self) -> tuple[bytes | None, Iterator[Record]]:
        """Return the body of the last whole snapshot and the records behind it; without one None and all records. Raises as `read` does."""
        numbers = self._segments.numbers()
        for start, end in self._starts(numbers):
            batches = self._walk(numbers, start, end)
            first = next(batches, None)
            if first is not None and first[1][0].flags & SNAPSHOT:
                return bytes(first[1][0].body), self._records(batches)
            if start == 1:
                return None, self._records(chain(() if first is None else (first,), batches))
        raise AssertionError("every journal can be read from its first segment on")

    def scan(self, note: bytes = b"") -> JournalEnd:
        """Verify every byte a start needs, from the last whole snapshot on, and return where the journal ends, with the records in whose
        bytes `note` is found (by default none). Raises as `read` does."""
        numbers = self._segments.numbers()
        for start, end in self._starts(numbers):
            for batch in self._walk(numbers, start, end):
                noted = [frame for frame in batch[1] if note in bytes(frame.body)] if note else ()
                end.noted.extend(self._records(iter([(batch[0], noted)])) if noted else ())
            if start == 1 or end.segment > start or end.size > HEADER_SIZE:
                return end
        raise AssertionError("every journal can be read from its first segment on")

    def verify(self) -> Verification:
        """Walk along the whole chain, compressed segments too, and tell what was found. Raises OSError."""
        records = snapshots = offset = 0
        seen, damage, file = set[Path](), "", ""
        end = JournalEnd()
        try:
            for path, batch in self._walk(self._segments.numbers(), 1, end):
                seen.add(path)
                if not batch[0].flags & (SEAL | SNAPSHOT):
                    records += len(batch)
                elif batch[0].flags & SNAPSHOT:
                    snapshots += 1
        except JournalDamaged as error:
            damage, file, offset = str(error), error.file, error.offset
        except ConfigError as error:
            damage = str(error)
        return Verification(records, snapshots, len(seen), sum(path.suffix == ".gz" for path in seen), damage, file, offset,
                            end.cut_bytes, end.cut_reason)

    def _starts(self, numbers: Sequence[int]) -> Iterator[tuple[int, JournalEnd]]:
        # Where reading may begin, newest first. What a damaged head hides is found by whoever then reads on from an older one.
        for number in reversed(numbers):
            head = memoryview(self._segments.head(number, HEADER_SIZE + FRAME_OVERHEAD))
            header = unpack_header(head)
            if number > 1 and header is not None and peek_flags(head, HEADER_SIZE) & SNAPSHOT:
                yield number, JournalEnd(sequence=header.first_sequence, previous_hash=header.previous_hash)
        yield 1, JournalEnd()

    def _walk(self, numbers: Sequence[int], start: int, end: JournalEnd) -> Iterator[Batch]:
        # Yields the whole batches from segment `start` on and moves `end` behind them.
        last = max(numbers, default=0)
        for number in range(start, last + 1):
            path, data = self._segments.read(number)
            for batch in self._scan_segment(path, number, data, end, number == last):
                yield path, batch

    def _scan_segment(self, path: Path, number: int, data: bytes, end: JournalEnd, is_last: bool) -> Iterator[Sequence[Frame]]:
        view = memoryview(data)
        header = unpack_header(view)
        end.segment, end.size, end.is_sealed, end.version, end.first_sequence = number, 0, False, FORMAT_VERSION, end.sequence
        if header is None:
            _cut(path, data, 0, end, is_last, "its header is torn or damaged")
            return
        if not OLDEST_VERSION <= header.version <= FORMAT_VERSION:
            raise ConfigError(f"{path}: written in journal format {header.version}, and this version reads formats {OLDEST_VERSION} to "
                              f"{FORMAT_VERSION}: use the version that wrote it, or another state folder (--state)")
        if (header.number, header.first_sequence, header.previous_hash) != (number, end.sequence, end.previous_hash):
            raise JournalDamaged(str(path), 0, "this segment does not follow on the one before it", ADVICE)
        offset = end.size = HEADER_SIZE
        end.version = header.version
        batch: list[Frame] = []
        sequence, previous_hash, length = end.sequence, end.previous_hash, len(data)
        while offset < length and not end.is_sealed:
            frame = unpack_frame(view, offset)
            if frame is None:
                _cut(path, data, offset, end, is_last, "a record is torn or damaged", sequence)
                return
            # A sound checksum around a wrong place in the chain is no torn write: somebody changed or mixed files.
            if frame.sequence != sequence or frame.previous_hash != previous_hash or frame.batch != end.sequence:
                raise JournalDamaged(str(path), offset, f"record {frame.sequence} does not follow on record {sequence - 1}", ADVICE)
            batch.append(frame)
            offset, sequence, previous_hash = frame.end, sequence + 1, frame_hash(view[offset:frame.end])
            if frame.flags & BATCH_END:
                if frame.flags & SEAL:
                    if not is_seal_right(frame, header.version, frame.sequence - end.first_sequence):
                        raise JournalDamaged(str(path), frame.start, "the seal does not stand for what is before it", ADVICE)
                    end.is_sealed = True
                end.size, end.sequence, end.previous_hash = offset, sequence, previous_hash
                yield batch
                batch = []
        if offset < length:
            _cut(path, data, offset, end, is_last, "there is something behind the seal", sequence - 1)
        elif batch:
            _cut(path, data, offset, end, is_last, "the last batch is not whole", sequence)
        elif not is_last and not end.is_sealed:
            raise JournalDamaged(str(path), offset, "the segment ends without a seal, and another follows", ADVICE)

    def _records(self, batches: Iterator[Batch]) -> Iterator[Record]:
        decode = self._decode
        for path, batch in batches:
            if batch[0].flags & (SEAL | SNAPSHOT):
                continue
            for frame in batch:
                try:
                    yield decode(frame.body)
                except msgspec.MsgspecError as error:
                    raise ConfigError(f"{path}: record {frame.sequence} at byte {frame.start} is not known to this version ({error}): "
                                      f"use the version that wrote it, or another state folder (--state)") from error


def _cut(path: Path, data: bytes, offset: int, end: JournalEnd, is_last: bool, reason: str, sequence: int = 0) -> None:
    # Only the end of the last segment may be torn; before it every byte was synced long before the next was written.
    if not is_last or has_later_batch(data, offset, sequence):
        raise JournalDamaged(str(path), offset, reason, ADVICE)
    end.cut_bytes = len(data) - end.size
    end.cut_reason = (
        f"{path}: {reason} at byte {offset}; {end.cut_bytes} bytes from byte {end.size} on are left out. "
        f"What they told must be asked of the venue again"
    )
