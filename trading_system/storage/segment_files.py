"""The files of a journal's folder: `000001.log`, and `000001.log.gz` where a sealed one was compressed. Used by the journal and its reader.

While a segment is compressed both may lie there; then the plain one counts, and the other is made again.
"""

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trading_system.core.files import AppendFile, Files
from trading_system.storage.journal_format import JournalDamaged

ADVICE = (
    "Nothing was changed. Look for a copy of the state folder, or start with a new one (--fresh) "
    "and compare orders and balances with the venue first"
)
_PLAIN, _PACKED, _TEMPORARY = ".log", ".log.gz", ".tmp"
_GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
_TRAILER = struct.Struct("<II")
#: gzip checks what it packed, not every bit of the packing. So a second, empty member follows, with the crc32 of all bytes before it in a
#: field of its own; tools that unpack gzip do not mind.
_SUM_BEGIN = bytes.fromhex("1f8b08040000000000ff") + b"\x08\x00TS\x04\x00"
_SUM = struct.Struct("<I")
_SUM_END = bytes.fromhex("03000000000000000000")
_SUM_SIZE = len(_SUM_BEGIN) + _SUM.size + len(_SUM_END)
#: What is compressed between two looks at the mailbox: some milliseconds of work.
_STEP = 256 * 1024
#: A sync of all of it at the end would keep a record waiting for long.
_SYNC_EVERY = 8 * _STEP
_LEVEL = 6
#: Enough of a compressed segment to unpack the first frame's fields.
_HEAD = 4096


class SegmentFiles:
    """Lists, reads and compresses the segments of one folder; the first has number 1."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files = files
        self.directory = directory

    def path(self, number: int) -> Path:
        """Return where a segment that is not compressed lies."""
        return self.directory / f"{number:06}{_PLAIN}"

    def packed_path(self, number: int) -> Path:
        """Return where a compressed segment lies."""
        return self.directory / f"{number:06}{_PACKED}"

    def numbers(self) -> list[int]:
        """Return the numbers of all segments, in order; none where there is no folder. Raises OSError."""
        return sorted(self._plain() | self._numbered(_PACKED))

    def read(self, number: int) -> tuple[Path, bytes]:
        """Return a segment's file and what it holds, unpacked. Raises JournalDamaged where it is missing or does not unpack; OSError."""
        try:
            return self.path(number), self._files.read(self.path(number))
        except FileNotFoundError:
            # Compressed, perhaps a moment ago by a run that we only look at.
            return self.packed_path(number), b"".join(self._unpack(number, self._packed(number)))

    def head(self, number: int, size: int) -> bytes:
        """Return up to `size` bytes from a segment's start; fewer when it is missing or damaged; nothing is proved. Raises OSError."""
        try:
            return self._files.read(self.path(number), 0, size)
        except FileNotFoundError:
            with suppress(FileNotFoundError, zlib.error):
                packed = self._files.read(self.packed_path(number), len(_GZIP_HEADER), _HEAD)
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)
            return b""

    def compress(self, before: int) -> Iterator[None]:
        """Compress all sealed segments with a number below `before`, in small steps; a broken off one is begun again the next time.

        The plain file goes only when the compressed one was read back and both it and its name are on disk. Raises OSError.
        """
        for name in self._names():
            if name.endswith(_PACKED + _TEMPORARY):
                self._files.remove(self.directory / name)
        for number in sorted(self._plain()):
            if number < before:
                yield from self._compress(number)

    def _compress(self, number: int) -> Iterator[None]:
        files, source, target = self._files, self.path(number), self.packed_path(number)
        temporary = target.with_name(target.name + _TEMPORARY)
        size, check = files.size(source), 0
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        file = files.open_append(temporary)
        try:
            packed_sum = self._append(file, _GZIP_HEADER, 0)
            for start in range(0, size, _STEP):
                piece = files.read(source, start, _STEP)
                check = zlib.crc32(piece, check)
                packed_sum = self._append(file, deflate.compress(piece), packed_sum)
                if start % _SYNC_EVERY == 0:
                    file.sync()
                yield
            packed_sum = self._append(file, deflate.flush() + _TRAILER.pack(check, size & 0xFFFFFFFF), packed_sum)
            file.append(_SUM_BEGIN + _SUM.pack(packed_sum) + _SUM_END)
            file.sync()
        except OSError:
            # Whoever has no room for it has none for what it left either.
            files.remove(temporary)
            raise
        finally:
            file.close()
        yield
        start = 0
        with suppress(JournalDamaged):
            for unpacked in self._unpack(number, files.read(temporary)):
                if files.read(source, start, len(unpacked)) != unpacked:
                    break
                start += len(unpacked)
                yield
        if start != size:
            files.remove(temporary)
            raise OSError(errno.EIO, "a compressed segment does not read back as it was", str(target))
        files.rename(temporary, target)
        files.sync_folder(self.directory)
        files.remove(source)
        files.sync_folder(self.directory)

    def _packed(self, number: int) -> bytes:
        try:
            return self._files.read(self.packed_path(number))
        except FileNotFoundError:
            raise JournalDamaged(str(self.path(number)), 0, "this segment is missing", ADVICE) from None

    def _append(self, file: AppendFile, data: bytes, check: int) -> int:
        file.append(data)
        return zlib.crc32(data, check)

    def _unpack(self, number: int, packed: bytes) -> Iterator[bytes]:
        # Yields what is packed, piece by piece.
        path, end = str(self.packed_path(number)), max(0, len(packed) - _SUM_SIZE)
        if packed[end:] != _SUM_BEGIN + _SUM.pack(zlib.crc32(packed[:end])) + _SUM_END:
            raise JournalDamaged(path, 0, "it is cut short, or its checksum is wrong", ADVICE)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for offset in range(len(_GZIP_HEADER), end, _STEP):
                piece = inflate.decompress(packed[offset:min(end, offset + _STEP)])
                if piece:
                    yield piece
        except zlib.error as error:
            raise JournalDamaged(path, offset, f"it does not unpack ({error})", ADVICE) from None
        if not inflate.eof:
            raise JournalDamaged(path, end, "it does not unpack to its end", ADVICE)

    def _plain(self) -> set[int]:
        return self._numbered(_PLAIN)

    def _numbered(self, ending: str) -> set[int]:
        stems = (name.removesuffix(ending) for name in self._names() if name.endswith(ending))
        return {int(stem) for stem in stems if stem.isdecimal()}

    def _names(self) -> list[str]:
        try:
            return self._files.names(self.directory)
        except FileNotFoundError:
            return []
