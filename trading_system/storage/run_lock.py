"""One run per state folder: a lock the kernel takes back when its holder ends, however it ends. Commands take it before the journal."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from trading_system.core.errors import ConfigError


class RunLock:
    """The lock `run.lock` of a state folder; its text names who holds it and since when, for people and for the refused.

    `taken_over` names the holder that ended without giving it back, killed or with the machine; "" when there was none.
    """

    def __init__(self, state_directory: Path, started_ns: int) -> None:
        self._path = state_directory / "run.lock"
        self._started_ns = started_ns
        self._handle = -1
        self.taken_over = ""

    def __enter__(self) -> "RunLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock, making the state folder where it is absent. Raises ConfigError, naming the other run, when it is held; OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.taken_over = _holder(handle)
            started = datetime.fromtimestamp(self._started_ns / 1e9, tz=UTC).isoformat(timespec="seconds")
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()}, started {started}\n".encode())
        except BlockingIOError:
            other = _holder(handle) or "a run that has just begun"
            os.close(handle)
            raise ConfigError(f"{self._path.parent} is in use by {other}: stop that run, or choose another folder with --state") from None
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; without having it this does nothing."""
        # The file stays: to unlink it would let two runs hold two files of one name.
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def _holder(handle: int) -> str:
    return os.pread(handle, 200, 0).decode(errors="replace").strip()
