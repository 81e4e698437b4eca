"""The bytes of a journal: a header per segment and a frame per record. Used by the journal and its reader; opens no file.

Header: magic, format version, segment number, first sequence, hash of the last frame before it, crc32. Its layout never changes.
Frame: marker, length of all that follows the crc, crc32 of it, flags, place in its batch, sequence, hash of the frame before it, body.
A seal's body is the count of frames before it in its segment; together with the hash every frame carries it stands for all of them.
"""

import struct
from hashlib import blake2b
from zlib import crc32

import msgspec

from trading_system.core.errors import InvariantBroken

#: 2 brought snapshots and the count in a seal; 1 is still read.
FORMAT_VERSION = 2
OLDEST_VERSION = 1
NO_HASH = bytes(16)
#: This frame is the last of its batch.
BATCH_END = 1
#: Nothing follows in this segment; the frame is a batch of its own.
SEAL = 2
#: The body is all that the records before it came to; the frame is a batch of its own and the first of its segment.
SNAPSHOT = 4

_MAGIC = b"TSJOURNL"
_HEADER = struct.Struct("<8sHIQ16s")
_CHECK = struct.Struct("<I")
_MARKER = b"\xa5\x5a"
_PREFIX = struct.Struct("<2sII")
_FIELDS = struct.Struct("<BIQ16s")
_FRAME = struct.Struct("<2sIIBIQ16s")
_COUNT = struct.Struct("<Q")
HEADER_SIZE = _HEADER.size + _CHECK.size
#: What a frame is longer than its body.
FRAME_OVERHEAD = _PREFIX.size + _FIELDS.size
_PREFIX_SIZE, _FIELDS_SIZE, _unpack = _PREFIX.size, _FIELDS.size, _FRAME.unpack_from


class JournalDamaged(InvariantBroken):
    """The journal cannot be trusted from `offset` of `file` on, and not only in its last batch: the house does not start on it."""

    def __init__(self, file: str, offset: int, what: str, advice: str) -> None:
        super().__init__(f"{file}: damaged at byte {offset}: {what}. {advice}")
        self.file = file
        self.offset = offset


class Header(msgspec.Struct, frozen=True):
    """The first bytes of a segment: what it must begin with to follow on the one before it."""

    version: int
    number: int
    first_sequence: int
    previous_hash: bytes


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One record as it lies between `start` and `end` of a segment. `batch` is the sequence of the first frame of its batch."""

    start: int
    end: int
    flags: int
    sequence: int
    batch: int
    previous_hash: bytes
    body: memoryview


def pack_header(number: int, first_sequence: int, previous_hash: bytes, version: int = FORMAT_VERSION) -> bytes:
    """Return the bytes a segment begins with."""
    fields = _HEADER.pack(_MAGIC, version, number, first_sequence, previous_hash)
    return fields + _CHECK.pack(crc32(fields))


def unpack_header(data: memoryview) -> Header | None:
    """Return the header at the start of `data`; None when it is torn or damaged."""
    if len(data) < HEADER_SIZE:
        return None
    magic, version, number, first_sequence, previous_hash = _HEADER.unpack_from(data)
    if magic != _MAGIC or _CHECK.unpack_from(data, _HEADER.size)[0] != crc32(data[:_HEADER.size]):
        return None
    return Header(version, number, first_sequence, previous_hash)


def pack_frame(flags: int, place: int, sequence: int, previous_hash: bytes, body: bytes) -> bytes:
    """Return the bytes of one record; `place` counts from 0 in its batch."""
    rest = _FIELDS.pack(flags, place, sequence, previous_hash) + body
    return _PREFIX.pack(_MARKER, len(rest), crc32(rest)) + rest


def unpack_frame(data: memoryview, start: int) -> Frame | None:
    """Return the frame at `start`; None when it is torn or damaged."""
    if len(data) - start < FRAME_OVERHEAD:
        return None
    # Called a million times at the start of a house without a snapshot: sizes are looked up once.
    marker, length, check, flags, place, sequence, previous_hash = _unpack(data, start)
    checked = start + _PREFIX_SIZE
    end = checked + length
    if marker != _MARKER or length < _FIELDS_SIZE or end > len(data) or crc32(data[checked:end]) != check:
        return None
    return Frame(start, end, flags, sequence, sequence - place, previous_hash, data[start + FRAME_OVERHEAD:end])


def peek_flags(data: memoryview, start: int) -> int:
    """Return the flags that a frame at `start` claims, unproved; 0 where it does not even begin."""
    if len(data) - start < FRAME_OVERHEAD:
        return 0
    flags: int = _FIELDS.unpack_from(data, start + _PREFIX.size)[0]
    return flags


def pack_seal(count: int) -> bytes:
    """Return the body of a seal behind `count` frames."""
    return _COUNT.pack(count)


def is_seal_right(frame: Frame, version: int, count: int) -> bool:
    """Tell whether a seal stands for `count` frames; format 1 did not say."""
    return bytes(frame.body) == (b"" if version < 2 else _COUNT.pack(count))


def frame_hash(frame: bytes | memoryview) -> bytes:
    """Return the hash by which the next frame, or the next segment, names this one."""
    return blake2b(frame, digest_size=16).digest()


def has_later_batch(data: bytes, start: int, sequence: int) -> bool:
    """Tell whether a sound frame of a batch that began after `sequence` lies from `start` on: damage there is not in the last one."""
    view = memoryview(data)
    while (start := data.find(_MARKER, start)) >= 0:
        frame = unpack_frame(view, start)
        if frame is not None and frame.batch > sequence:
            return True
        start += 1
    return False
