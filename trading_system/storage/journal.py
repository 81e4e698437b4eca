"""The memory of the house: records in append-only segment files, chained by hashes. The journal thread alone writes it.

What `append` returned from is on disk; it never writes behind a torn record and never changes one.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from trading_system.core.files import AppendFile
from trading_system.core.ports import Runtime
from trading_system.core.records import Record
from trading_system.storage.journal_format import (
    BATCH_END,
    FORMAT_VERSION,
    FRAME_OVERHEAD,
    HEADER_SIZE,
    SEAL,
    SNAPSHOT,
    frame_hash,
    pack_frame,
    pack_header,
    pack_seal,
)
from trading_system.storage.journal_reader import JournalReader, Verification
from trading_system.storage.segment_files import SegmentFiles


class Journal:
    """The journal of one state folder. Opening it verifies what a start reads and cuts a torn or damaged last batch off.

    `cut_bytes` and `cut_reason` tell what was cut (0 and "" when nothing was). `noted` are the records, from the last snapshot on, in
    whose bytes `note` was found: who needs only these is spared a second reading, which takes seconds in a long journal.

    Raises JournalDamaged when anything a start reads is damaged before the last batch, ConfigError when a newer version wrote it, OSError.
    """

    def __init__(self, runtime: Runtime, directory: Path, *, segment_bytes: int = 64 * 2**20, note: bytes = b"") -> None:
        self._files = runtime.files
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._encode = msgspec.msgpack.Encoder().encode
        self._segments = SegmentFiles(self._files, directory)
        self._reader = JournalReader(directory, self._files)
        self._files.make_folder(directory)
        end = self._reader.scan(note)
        self.noted = end.noted
        self.cut_bytes, self.cut_reason = end.cut_bytes, end.cut_reason
        # Everything below describes what is known to be on disk; it moves only after a sync.
        self._segment, self._size, self._is_sealed, self._version = end.segment, end.size, end.is_sealed, end.version
        self._sequence, self._previous_hash, self._first_sequence = end.sequence, end.previous_hash, end.first_sequence
        self._file: AppendFile | None = None
        self._is_torn = bool(end.cut_reason)
        self._error: OSError | None = None
        self._missing: list[bytes] = []
        self._tidying: Iterator[None] | None = None
        self._tidied = 0
        self._mend()
        if not self._size:
            self._begin_segment(self._segment)

    @property
    def sequence(self) -> int:
        """Return the sequence number the next record will get, from 1; each seal and each snapshot takes one too."""
        return self._sequence

    @property
    def is_broken(self) -> bool:
        """Tell whether nothing can be written until `try_again` succeeds."""
        return self._error is not None

    @property
    def broken_reason(self) -> str:
        """Return why nothing can be written now; "" while it can."""
        return "" if self._error is None else self._error.strerror or repr(self._error)

    @property
    def missing(self) -> int:
        """Return how many records were kept and are not on disk."""
        return len(self._missing)

    def read(self) -> Iterator[Record]:
        """Yield every record of the journal, oldest first, from the first segment on. Raises as opening does."""
        return self._reader.read()

    def read_from_last_snapshot(self) -> tuple[bytes | None, Iterator[Record]]:
        """Return the last snapshot and the records behind it; without one None and all records. Raises as opening does."""
        return self._reader.read_from_last_snapshot()

    def verify(self) -> Verification:
        """Walk along the whole chain, compressed segments too, and tell what was found. Raises OSError."""
        return self._reader.verify()

    def append(self, records: Sequence[Record], releases: Sequence[Record] = ()) -> None:
        """Write a batch and return when it is on disk. The batch is one thing: read back it is there wholly or not at all.

        Raises OSError when it could not be written; the journal is broken then, keeps `records` behind those it kept before, and forgets
        `releases`: what they would have let go has not left. Raises TypeError, with nothing kept or written, for what no journal can hold.
        """
        kept = [self._encode(record) for record in records]
        bodies = kept + [self._encode(record) for record in releases]
        if not bodies:
            return
        try:
            self._refuse_while_broken()
            self._write_batch(bodies)
        except OSError as error:
            self._error = error
            self._missing += kept
            raise

    def append_snapshot(self, body: bytes) -> None:
        """Write what all records so far come to, as the first of a new segment: a start reads it and what follows it, and nothing older.

        Its frame carries its sequence number and the hash of the frame before it, so it belongs to exactly these records. Returns when it
        is on disk; raises OSError as `append` does, with nothing kept.
        """
        try:
            self._refuse_while_broken()
            if self._size > HEADER_SIZE:
                self._write_seal()
                self._begin_segment(self._segment + 1)
            self._write([body], BATCH_END | SNAPSHOT)
        except OSError as error:
            self._error = error
            raise

    def seal(self) -> None:
        """End the segment at an orderly stop; a later `append` begins a new one. Raises OSError as `append` does."""
        try:
            self._refuse_while_broken()
            self._write_seal()
        except OSError as error:
            self._error = error
            raise

    def try_again(self) -> bool:
        """Cut back to what is known to be on disk and write what was kept, in order; tell whether nothing is missing any more.

        After a failed sync the kernel may call pages clean that never reached the disk, and a second sync of them would return without
        doing anything. So nothing of a failed write is trusted: it is cut off, written anew, synced and read back.
        """
        if self._error is None:
            return True
        try:
            self._mend()
            if self._missing:
                self._write_batch(self._missing)
        except OSError as error:
            self._error = error
            return False
        self._error = None
        self._missing = []
        return True

    def tidy(self) -> bool:
        """Compress some of what is in sealed segments, for some milliseconds; tell whether there is more to do.

        A crash at any step leaves the journal as readable as before. Raises OSError; the segment stays as it is then.
        """
        if self._tidying is None:
            if self._tidied == self._segment:
                return False
            self._tidying, self._tidied = self._segments.compress(self._segment), self._segment
        try:
            if next(self._tidying, False) is None:
                return True
        except OSError:
            self._tidying = None
            raise
        self._tidying = None
        return self._tidied != self._segment

    def close(self) -> None:
        """Let go of the file; nothing is written."""
        file, self._file = self._file, None
        if file is not None:
            # What counts was synced before; a disk that fails may refuse even this.
            with suppress(OSError):
                file.close()

    def _refuse_while_broken(self) -> None:
        if self._error is not None:
            raise OSError(self._error.errno, self._error.strerror)

    def _mend(self) -> None:
        # Cuts back to the last record known to be on disk, after a failure and where a crash left a torn batch.
        if self._error is not None:
            self.close()
        if self._is_torn and self._size:
            path = self._segments.path(self._segment)
            if self._files.size(path) < self._size:
                raise OSError(errno.EIO, "the journal is shorter than what was written to it", str(path))
            self._files.truncate(path, self._size)
            self._files.sync(path)
        self._is_torn = False

    def _write_batch(self, bodies: Sequence[bytes]) -> None:
        more_bytes = sum(map(len, bodies)) + len(bodies) * FRAME_OVERHEAD
        if HEADER_SIZE < self._size > self._segment_bytes - more_bytes:
            self._write_seal()
        if self._is_sealed:
            self._begin_segment(self._segment + 1)
        self._write(bodies, BATCH_END)

    def _begin_segment(self, number: int) -> None:
        path = self._segments.path(number)
        self.close()
        with suppress(FileNotFoundError):
            # Only a torn header can be in it: left by a crash, or by an attempt of ours that failed.
            self._files.remove(path)
        header = pack_header(number, self._sequence, self._previous_hash)
        file = self._file = self._files.open_append(path)
        file.append(header)
        file.sync()
        self._files.sync_folder(self._directory)
        self._read_back(path, 0, header)
        self._segment, self._size, self._is_sealed, self._version = number, len(header), False, FORMAT_VERSION
        self._first_sequence = self._sequence

    def _write_seal(self) -> None:
        if not self._is_sealed:
            self._write([pack_seal(self._sequence - self._first_sequence) if self._version > 1 else b""], BATCH_END | SEAL)

    def _write(self, bodies: Sequence[bytes], last_flags: int) -> None:
        sequence, previous_hash = self._sequence, self._previous_hash
        last = len(bodies) - 1
        frames = []
        for place, body in enumerate(bodies):
            frame = pack_frame(last_flags if place == last else 0, place, sequence + place, previous_hash, body)
            previous_hash = frame_hash(frame)
            frames.append(frame)
        data = b"".join(frames)
        path = self._segments.path(self._segment)
        if self._file is None:
            self._file = self._files.open_append(path)
        self._is_torn = True
        self._file.append(data)
        self._file.sync()
        self._read_back(path, self._size, data)
        self._is_torn = False
        self._size += len(data)
        self._sequence, self._previous_hash = sequence + len(bodies), previous_hash
        self._is_sealed = bool(last_flags & SEAL)

    def _read_back(self, path: Path, start: int, data: bytes) -> None:
        # A disk that failed a moment ago is not believed.
        if self._error is not None and self._files.read(path, start) != data:
            raise OSError(errno.EIO, "what was written does not read back as it was", str(path))
