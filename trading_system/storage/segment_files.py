"""The files of a journal's folder: `000001.log`, and `000001.log.gz` where a sealed one was compressed. Used by the journal and its reader.

While a segment is compressed both may lie there; then the plain one counts, and the other is made again.
"""

import errno
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from trading_system.core.files import Files
from trading_system.storage.journal_format import JournalDamaged

ADVICE = (
    "Nothing was changed. Look for a copy of the state folder, or start with a new one (--fresh) "
    "and compare orders and balances with the venue first"
)
_PLAIN, _PACKED, _TEMPORARY = ".log", ".log.gz", ".tmp"
#: One fixed header (no name, no time), so that a flipped byte in it is seen: gzip itself has no check on it.
_GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
_TRAILER = struct.Struct("<II")
#: What is compressed between two looks at the mailbox: some milliseconds of work.
_STEP = 256 * 1024
_LEVEL = 6


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
        """Return up to `size` bytes from a segment's start; fewer when it is damaged. Raises as `read` does."""
        try:
            return self._files.read(self.path(number), 0, size)
        except FileNotFoundError:
            try:
                return next(self._unpack(number, self._packed(number)), b"")[:size]
            except JournalDamaged:
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
        files, target = self._files, self.packed_path(number)
        temporary = target.with_name(target.name + _TEMPORARY)
        data = files.read(self.path(number))
        yield
        deflate, check = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS), 0
        file = files.open_append(temporary)
        try:
            file.append(_GZIP_HEADER)
            for start in range(0, len(data), _STEP):
                piece = data[start:start + _STEP]
                check = zlib.crc32(piece, check)
                file.append(deflate.compress(piece))
                yield
            file.append(deflate.flush() + _TRAILER.pack(check, len(data) & 0xFFFFFFFF))
            file.sync()
        except OSError:
            # Whoever has no room for it has none for what it left either.
            files.remove(temporary)
            raise
        finally:
            file.close()
        yield
        start = 0
        for unpacked in self._unpack(number, files.read(temporary)):
            if data[start:start + len(unpacked)] != unpacked:
                break
            start += len(unpacked)
            yield
        if start != len(data):
            files.remove(temporary)
            raise OSError(errno.EIO, "a compressed segment does not read back as it was", str(target))
        files.rename(temporary, target)
        files.sync_folder(self.directory)
        files.remove(self.path(number))
        files.sync_folder(self.directory)

    def _packed(self, number: int) -> bytes:
        try:
            return self._files.read(self.packed_path(number))
        except FileNotFoundError:
            raise JournalDamaged(str(self.path(number)), 0, "this segment is missing", ADVICE) from None

    def _unpack(self, number: int, packed: bytes) -> Iterator[bytes]:
        # Yields what is packed, piece by piece.
        path, begin = str(self.packed_path(number)), len(_GZIP_HEADER)
        if not packed.startswith(_GZIP_HEADER):
            raise JournalDamaged(path, 0, "this is not how a compressed segment begins", ADVICE)
        inflate, check, length = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
        offset = begin
        while not inflate.eof and offset < len(packed):
            try:
                piece = inflate.decompress(packed[offset:offset + _STEP])
            except zlib.error as error:
                raise JournalDamaged(path, offset, f"it does not unpack ({error})", ADVICE) from None
            offset += _STEP
            check, length = zlib.crc32(piece, check), length + len(piece)
            if piece:
                yield piece
        end = min(offset, len(packed)) - len(inflate.unused_data)
        if not inflate.eof or packed[end:] != _TRAILER.pack(check, length & 0xFFFFFFFF):
            raise JournalDamaged(path, end, "it is cut short, or its checksum is wrong", ADVICE)

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
