"""The kill latch: a file in the state folder. While it is there, no request that can raise risk leaves the house."""

from pathlib import Path

from trading_system.core.disk_files import DISK
from trading_system.core.files import Files


class KillLatch:
    """Looked at by the last door at the moment of sending; set by whoever kills, with nothing but a file system."""

    def __init__(self, state_directory: Path, files: Files = DISK) -> None:
        self.path = state_directory / "killed"
        self._files = files

    def is_set(self) -> bool:
        """Tell whether the house is killed; a latch that cannot be read counts as set."""
        try:
            return self._files.exists(self.path)
        except OSError:
            return True

    def set(self, by: str, reason: str) -> None:
        """Create the latch and return when it is on disk. Raises OSError."""
        file = self._files.open_append(self.path)
        try:
            file.append(f"{by}: {reason}\n".encode())
            file.sync()
        finally:
            file.close()
        self._files.sync_folder(self.path.parent)
