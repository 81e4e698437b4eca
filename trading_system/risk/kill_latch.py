"""The kill latch: a file in the state folder. While it is there, no request that can raise risk leaves the house."""

import os
from pathlib import Path


class KillLatch:
    """Looked at by the last door at the moment of sending; set by whoever kills, with nothing but a file system."""

    def __init__(self, state_directory: Path) -> None:
        self.path = state_directory / "killed"

    def is_set(self) -> bool:
        """Tell whether the house is killed; a latch that cannot be read counts as set."""
        try:
            os.lstat(self.path)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def set(self, by: str, reason: str) -> None:
        """Create the latch and return when it is on disk. Raises OSError."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{by}: {reason}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
