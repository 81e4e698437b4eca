"""Reads a journal and proves it sound: for the journal before it appends, and for commands that only look. Never changes a file."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from trading_system.core.errors import ConfigError
from trading_system.core.records import Record
from trading_system.storage.journal_format import (
    BATCH_END,
    FORMAT_VERSION,
    HEADER_SIZE,
    NO_HASH,
    SEAL,
    Frame,
    JournalDamaged,
    frame_hash,
    has_later_batch,
    unpack_frame,
    unpack_header,
)

_ADVICE = (
    "Nothing was changed. Look for a copy of the state folder, or start with a new one (--fresh) "
    "and compare orders and balances with the venue first"
)


class JournalEnd(msgspec.Struct):
    """Where a sound journal ends, and so where the next frame goes: in `segment`, behind `size` bytes (0: even its header is missing).

    `cut_bytes` behind that belong to a last batch that is torn or damaged, for `cut_reason`.
    """

    segment: int = 1
    size: int = 0
    sequence: int = 1
    previous_hash: bytes = NO_HASH
    is_sealed: bool = False
    cut_bytes: int = 0
    cut_reason: str = ""


def segment_path(directory: Path, number: int) -> Path:
    """Return the file of a segment; the first has number 1."""
    return directory / f"{number:06}.log"


class JournalReader:
    """The records of a journal folder, oldest first. Safe beside a run that appends: a batch half written is left out."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._decode = msgspec.msgpack.Decoder(Record).decode

    def read(self) -> Iterator[Record]:
        """Yield all records of whole batches.

        Raises JournalDamaged where they cannot be trusted, ConfigError where a newer version wrote them, OSError.
        """
        end = JournalEnd()
        for number in self._numbers():
            for frame in self._scan_segment(number, end):
                if not frame.flags & SEAL:
                    yield self._record(number, frame)

    def scan(self) -> JournalEnd:
        """Verify every byte and return where the journal ends. Raises as `read` does."""
        end = JournalEnd()
        for number in self._numbers():
            for _ in self._scan_segment(number, end):
                pass
        return end

    def _numbers(self) -> range:
        found = {int(path.stem) for path in self._directory.glob("*.log") if path.stem.isdecimal()}
        self._last = max(found, default=0)
        for number in range(1, self._last + 1):
            if number not in found:
                raise JournalDamaged(str(segment_path(self._directory, number)), 0, "this segment is missing", _ADVICE)
        return range(1, self._last + 1)

    def _scan_segment(self, number: int, end: JournalEnd) -> Iterator[Frame]:
        # Yields the frames of whole batches and moves `end` behind them.
        path = segment_path(self._directory, number)
        data = path.read_bytes()
        view = memoryview(data)
        header = unpack_header(view)
        end.segment, end.size, end.is_sealed = number, 0, False
        if header is None:
            self._cut(path, data, 0, end, "its header is torn or damaged")
            return
        if header.version != FORMAT_VERSION:
            raise ConfigError(f"{path}: written in journal format {header.version}, and this version reads format {FORMAT_VERSION}: "
                              f"use the version that wrote it, or another state folder (--state)")
        if (header.number, header.first_sequence, header.previous_hash) != (number, end.sequence, end.previous_hash):
            raise JournalDamaged(str(path), 0, "this segment does not follow on the one before it", _ADVICE)
        offset = end.size = HEADER_SIZE
        batch: list[Frame] = []
        sequence, previous_hash = end.sequence, end.previous_hash
        while offset < len(data) and not end.is_sealed:
            frame = unpack_frame(view, offset)
            if frame is None:
                self._cut(path, data, offset, end, "a record is torn or damaged", sequence)
                return
            # A sound checksum around a wrong place in the chain is no torn write: somebody changed or mixed files.
            if (frame.sequence, frame.previous_hash, frame.batch) != (sequence, previous_hash, end.sequence):
                raise JournalDamaged(str(path), offset, f"record {frame.sequence} does not follow on record {sequence - 1}", _ADVICE)
            batch.append(frame)
            offset, sequence, previous_hash = frame.end, sequence + 1, frame_hash(view[frame.start:frame.end])
            if frame.flags & BATCH_END:
                end.size, end.sequence, end.previous_hash = offset, sequence, previous_hash
                end.is_sealed = bool(frame.flags & SEAL)
                yield from batch
                batch.clear()
        if offset < len(data):
            self._cut(path, data, offset, end, "there is something behind the seal", sequence - 1)
        elif batch:
            self._cut(path, data, offset, end, "the last batch is not whole", sequence)
        elif number < self._last and not end.is_sealed:
            raise JournalDamaged(str(path), offset, "the segment ends without a seal, and another follows", _ADVICE)

    def _cut(self, path: Path, data: bytes, offset: int, end: JournalEnd, reason: str, sequence: int = 0) -> None:
        # Only the end of the last segment may be torn; before it every byte was synced long before the next was written.
        if end.segment < self._last or has_later_batch(data, offset, sequence):
            raise JournalDamaged(str(path), offset, reason, _ADVICE)
        end.cut_bytes = len(data) - end.size
        end.cut_reason = (
            f"{path}: {reason} at byte {offset}; {end.cut_bytes} bytes from byte {end.size} on are left out. "
            f"What they told must be asked of the venue again"
        )

    def _record(self, number: int, frame: Frame) -> Record:
        try:
            return self._decode(frame.body)
        except msgspec.MsgspecError as error:
            path = segment_path(self._directory, number)
            raise ConfigError(f"{path}: record {frame.sequence} at byte {frame.start} is not known to this version ({error}): "
                              f"use the version that wrote it, or another state folder (--state)") from error
