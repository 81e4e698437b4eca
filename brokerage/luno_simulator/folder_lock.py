"""A lock on a state folder that dies with its process; taken by `ledger.py`. It must never be left behind as a file
that means something."""

import fcntl
import os
import time
from pathlib import Path


class FolderInUseError(Exception):
    """Another process has the folder and did not let go of it in time."""


class FolderLock:
    """An exclusive lock on a folder, held until `release` or the end of the process, however that comes."""

    def __init__(self, folder: Path, wait_seconds: float) -> None:
        """Take the lock, waiting a while for a dying owner; raise FolderInUseError when it lives on."""
        self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + wait_seconds
        while not self._is_taken():
            if time.monotonic() > deadline:
                os.close(self._descriptor)
                raise FolderInUseError(f"Another simulator is using {folder}; stop it or choose another state folder.")
            time.sleep(0.02)

    def release(self) -> None:
        """Let go of the lock."""
        os.close(self._descriptor)

    def _is_taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
