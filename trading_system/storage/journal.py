"""The memory of the house: records in append-only segment files, chained by hashes. The journal thread alone writes it.

What `append` returned from is on disk; it never writes behind a torn record and never changes one.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from trading_system.core.ports import AppendFile, Runtime
from trading_system.core.records import Record
from trading_system.storage.journal_format import BATCH_END, FRAME_OVERHEAD, HEADER_SIZE, SEAL, frame_hash, pack_frame, pack_header
from trading_system.storage.journal_reader import JournalReader, segment_path


class Journal:
    """The journal of one state folder. Opening it verifies every byte and cuts a torn or damaged last batch off.

    `cut_bytes` and `cut_reason` tell what was cut (0 and "" when nothing was). Raises JournalDamaged when anything before the last batch is
    damaged, ConfigError when a newer version wrote it, OSError.
    """

    def __init__(self, runtime: Runtime, directory: Path, *, segment_bytes: int = 64 * 2**20) -> None:
        self._runtime = runtime
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._encode = msgspec.msgpack.Encoder().encode
        self._reader = JournalReader(directory)
        if not directory.exists():
            directory.mkdir(parents=True)
            _sync_directory(directory.parent)
        end = self._reader.scan()
        self.cut_bytes, self.cut_reason = end.cut_bytes, end.cut_reason
        # Everything below describes what is known to be on disk; it moves only after a sync.
        self._segment, self._size, self._is_sealed = end.segment, end.size, end.is_sealed
        self._sequence, self._previous_hash = end.sequence, end.previous_hash
        self._file: AppendFile | None = None
        self._is_torn = bool(end.cut_reason)
        self._make_ready(0)

    @property
    def sequence(self) -> int:
        """Return the sequence number the next record will get, from 1; each seal takes one too."""
        return self._sequence

    def read(self) -> Iterator[Record]:
        """Yield every record of the journal, oldest first. Raises as opening does."""
        return self._reader.read()

    def append(self, records: Sequence[Record]) -> None:
        """Write a batch and return when it is on disk. The batch is one thing: read back it is there wholly or not at all.

        Raises OSError when it could not be written. Nothing of it counts then; the next call first cuts off what is left of it, and raises
        OSError again as long as it cannot.
        """
        if not records:
            return
        encode = self._encode
        bodies = [encode(record) for record in records]
        self._write(self._make_ready(sum(map(len, bodies)) + len(bodies) * FRAME_OVERHEAD), bodies, BATCH_END)

    def seal(self) -> None:
        """End the segment at an orderly stop; a later `append` begins a new one. Raises OSError as `append` does."""
        file = self._make_ready(0)
        if not self._is_sealed:
            self._write(file, [b""], BATCH_END | SEAL)

    def close(self) -> None:
        """Let go of the file; nothing is written."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _make_ready(self, more_bytes: int) -> AppendFile:
        # Returns a file that ends behind the last record known to be on disk and may take `more_bytes`.
        if self._is_torn:
            self.close()
            if self._size:
                _truncate(segment_path(self._directory, self._segment), self._size)
            self._is_torn = False
        if not self._size:
            return self._begin_segment(self._segment)
        if self._file is None:
            self._file = self._runtime.open_append(str(segment_path(self._directory, self._segment)))
        if more_bytes and not self._is_sealed and HEADER_SIZE < self._size > self._segment_bytes - more_bytes:
            self._write(self._file, [b""], BATCH_END | SEAL)
        if more_bytes and self._is_sealed:
            return self._begin_segment(self._segment + 1)
        return self._file

    def _begin_segment(self, number: int) -> AppendFile:
        path = segment_path(self._directory, number)
        self.close()
        if path.exists():
            # Only a torn header can be in it: left by a crash, or by an attempt of ours that failed.
            _truncate(path, 0)
        header = pack_header(number, self._sequence, self._previous_hash)
        file = self._file = self._runtime.open_append(str(path))
        file.append(header)
        file.sync()
        _sync_directory(self._directory)
        self._segment, self._size, self._is_sealed = number, len(header), False
        return file

    def _write(self, file: AppendFile, bodies: Sequence[bytes], last_flags: int) -> None:
        sequence, previous_hash = self._sequence, self._previous_hash
        last = len(bodies) - 1
        frames = []
        for place, body in enumerate(bodies):
            frame = pack_frame(last_flags if place == last else 0, place, sequence + place, previous_hash, body)
            previous_hash = frame_hash(frame)
            frames.append(frame)
        data = b"".join(frames)
        self._is_torn = True
        file.append(data)
        file.sync()
        self._is_torn = False
        self._size += len(data)
        self._sequence, self._previous_hash = sequence + len(bodies), previous_hash
        self._is_sealed = bool(last_flags & SEAL)


def _truncate(path: Path, size: int) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, size)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_directory(directory: Path) -> None:
    # A new file's name is on disk only when its directory is.
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
