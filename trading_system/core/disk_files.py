"""The real files: thin over the operating system. Given out by the real runtime, and used alone by what runs without one."""

import os
from pathlib import Path

from trading_system.core.files import AppendFile


class DiskFile:
    """An append-only file; `sync` is fdatasync."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, data: bytes) -> None:
        """Write at the end. Raises OSError."""
        while data:
            data = data[os.write(self._handle, data):]

    def sync(self) -> None:
        """Return when all that was appended is on disk. Raises OSError."""
        os.fdatasync(self._handle)

    def close(self) -> None:
        """Close it."""
        os.close(self._handle)


class DiskFiles:
    """Implements `Files` on this machine's disks."""

    def open_append(self, path: Path) -> AppendFile:
        """Open a file for appending, making it, readable by us only, when absent."""
        return DiskFile(path)

    def read(self, path: Path, start: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from byte `start` on, all of them by default."""
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size)

    def size(self, path: Path) -> int:
        """Return how many bytes a file has."""
        return os.stat(path).st_size

    def exists(self, path: Path) -> bool:
        """Tell whether there is a file, a folder or a link of that name."""
        try:
            os.lstat(path)
        except FileNotFoundError:
            return False
        return True

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder, in no order."""
        return os.listdir(folder)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it where they are absent, and return when their names are on disk."""
        if not path.is_dir():
            self.make_folder(path.parent)
            path.mkdir(exist_ok=True)
            self.sync_folder(path.parent)

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file down to `size` bytes; on disk after its `sync`."""
        os.truncate(path, size)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file the name `new`, taking it from whatever has it, at once."""
        os.replace(old, new)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def sync(self, path: Path) -> None:
        """Return when the content of a file is on disk."""
        self._sync(path, os.O_WRONLY)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on disk."""
        self._sync(folder, os.O_RDONLY)

    def _sync(self, path: Path, flags: int) -> None:
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


DISK = DiskFiles()
