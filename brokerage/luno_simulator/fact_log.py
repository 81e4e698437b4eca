"""An append-only file of facts, one JSON line with a checksum each; used by `ledger.py`. It must never change or drop
a line that was written whole."""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Fact = dict[str, Any]


class DamagedLogError(Exception):
    """A fact before the last one cannot be read, so nothing after it can be trusted."""


class FactLog:
    """A file in which each fact is durable when `append`, or the `sync` after its `write`, returns.

    A crash can only tear the last line, and a torn line was never acknowledged to anybody: it is cut off when the
    file is opened. Damage anywhere else is not repaired but refused.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; call `read` before the first `append`."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.has_unsynced = False

    def read(self) -> Iterator[Fact]:
        """Yield all facts, oldest first, and cut a torn last line.

        Raise DamagedLogError, naming file and offset, when any other line is damaged.
        """
        content = self._path.read_bytes()
        offset = 0
        while offset < len(content):
            end = content.find(b"\n", offset)
            line = content[offset:end] if end >= 0 else b""
            if end < 0 or _value_of(line[:8]) != zlib.crc32(line[9:]):
                if end >= 0 and end + 1 < len(content):
                    raise DamagedLogError(
                        f"{self._path} is damaged at byte {offset}; restore it or move its folder aside."
                    )
                os.ftruncate(self._descriptor, offset)
                os.fsync(self._descriptor)
                return
            yield json.loads(line[9:])
            offset = end + 1

    def append(self, fact: Fact) -> None:
        """Write one fact and wait until the disk has it. OSError leaves it open whether it is there: then stop."""
        self.write(fact)
        self.sync()

    def write(self, fact: Fact) -> None:
        """Write one fact; it is durable, with all before it, after the next `sync`."""
        body = json.dumps(fact, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        self.has_unsynced = True
        while line:
            line = line[os.write(self._descriptor, line) :]

    def sync(self) -> None:
        """Wait until the disk has everything that was written."""
        if self.has_unsynced:
            os.fdatasync(self._descriptor)
            self.has_unsynced = False

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _value_of(text: bytes) -> int:
    """Return the value of eight hexadecimal digits, or -1."""
    try:
        return int(text, 16)
    except ValueError:
        return -1
