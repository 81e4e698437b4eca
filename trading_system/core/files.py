"""Files as the house sees them: the seam on which a real disk and one that a test lets fail differ.

Nothing is on disk before its `sync`, and no name (made, renamed or removed) before the `sync_folder` of its folder.
"""

from pathlib import Path
from typing import Protocol


class AppendFile(Protocol):
    """A file that only grows."""

    def append(self, data: bytes) -> None:
        """Write at the end. Raises OSError; a part of `data` may be in the file then."""

    def sync(self) -> None:
        """Return when all that was appended is on disk. Raises OSError; what was not on disk before may never be, even if a later call
        returns: cut it off and write it again."""

    def close(self) -> None:
        """Close it; nothing is synced."""


class Files(Protocol):
    """What a runtime offers of a disk. Every call raises OSError, FileNotFoundError where there is nothing of that name."""

    def open_append(self, path: Path) -> AppendFile:
        """Open a file for appending, making it, readable by us only, when absent."""

    def read(self, path: Path, start: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from byte `start` on, all of them by default."""

    def size(self, path: Path) -> int:
        """Return how many bytes a file has."""

    def exists(self, path: Path) -> bool:
        """Tell whether there is a file, a folder or a link of that name."""

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder, in no order."""

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it where they are absent, and return when their names are on disk."""

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file down to `size` bytes; on disk after its `sync`."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file the name `new`, taking it from whatever has it, at once."""

    def remove(self, path: Path) -> None:
        """Remove a file."""

    def sync(self, path: Path) -> None:
        """Return when the content of a file is on disk."""

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on disk."""
