"""The bare chain that no house can beat: three threads with a queue between each two, and nothing to do."""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from trading_system.core.disk_files import DiskFile

#: About what the journal writes for one order: the order's event, its verdict and the note that it leaves.
APPENDED_BYTES = 600
_WARM_UP = 20


def bare_chain(count: int, gap_seconds: float) -> list[int]:
    """Return nanoseconds from laying an item in the first queue to its arrival behind the second."""
    return _chain(count, gap_seconds, lambda: None)


def chain_with_append(count: int, gap_seconds: float, folder: Path) -> list[int]:
    """Return the same where the thread in the middle appends a record's worth of bytes to a file and syncs it."""
    file, data = DiskFile(folder / "chain"), bytes(APPENDED_BYTES)

    def write() -> None:
        file.append(data)
        file.sync()
    try:
        return _chain(count, gap_seconds, write)
    finally:
        file.close()


def _chain(count: int, gap_seconds: float, work: Callable[[], None]) -> list[int]:
    first: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    second: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    waited = []

    def middle() -> None:
        while (laid_ns := first.get()) is not None:
            work()
            second.put(laid_ns)
        second.put(None)

    def end() -> None:
        while (laid_ns := second.get()) is not None:
            waited.append(time.monotonic_ns() - laid_ns)

    threads = [threading.Thread(target=body) for body in (middle, end)]
    for thread in threads:
        thread.start()
    for _ in range(count + _WARM_UP):
        first.put(time.monotonic_ns())
        time.sleep(gap_seconds)
    first.put(None)
    for thread in threads:
        thread.join()
    return waited[_WARM_UP:]
