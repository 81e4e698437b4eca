"""The real runtime: wall clock, threads, chance and files. The only file of the house that asks the time, sleeps, spawns or draws."""

import queue
import random
import signal
import string
import threading
import time
from collections.abc import Callable
from typing import Any

from trading_system.core.disk_files import DISK
from trading_system.core.files import Files
from trading_system.core.ports import Lock, Mailbox, Task

_INTERRUPT = signal.SIGUSR2


class ThreadMailbox:
    """A `SimpleQueue`: 25 ns for a put and a get, and it never loses a wake-up."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.put = self._items.put
        self.empty = self._items.empty

    def take(self, until_ns: int | None = None) -> Any:
        """Return the oldest item, waiting for one; None when monotonic `until_ns` passes first."""
        if until_ns is None:
            return self._items.get()
        try:
            return self._items.get(timeout=max(0.0, (until_ns - time.monotonic_ns()) / 1e9))
        except queue.Empty:
            return None


class ThreadTask:
    """A daemon thread, so that nothing that hangs can keep the program from ending."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self.is_alive = thread.is_alive

    def join(self, until_ns: int | None = None) -> None:
        """Wait for its end, at most until monotonic `until_ns`."""
        self._thread.join(None if until_ns is None else max(0.0, (until_ns - time.monotonic_ns()) / 1e9))


class ThreadRuntime:
    """Threads and the machine's own clocks. `on_failure(name, error)` hears of a thread that died."""

    def __init__(self, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self.on_failure = on_failure
        self.files: Files = DISK
        self._random = random.SystemRandom()
        self.now_ns = time.time_ns
        self.monotonic_ns = time.monotonic_ns
        self.random = self._random.random

    def sleep_until(self, monotonic_ns: int) -> None:
        """Wait until then; returns at once when it has passed."""
        wait = monotonic_ns - time.monotonic_ns()
        if wait > 0:
            time.sleep(wait / 1e9)

    def spawn(self, name: str, body: Callable[[], None]) -> Task:
        """Run `body` in a thread of its own."""
        def run() -> None:
            try:
                body()
            except BaseException as error:  # a thread that dies silently is the classic trap: somebody must hear of it
                if self.on_failure is None:
                    raise
                self.on_failure(name, error)
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return ThreadTask(thread)

    def mailbox(self) -> Mailbox:
        """Return a new mailbox."""
        return ThreadMailbox()

    def lock(self) -> Lock:
        """Return a new lock."""
        return threading.Lock()

    def on_interrupt(self, handler: Callable[[], None]) -> None:
        """Name what runs on the main thread when somebody calls `interrupt`. Must be called on the main thread."""
        signal.signal(_INTERRUPT, lambda *_: handler())

    def interrupt(self) -> None:
        """Send the main thread a signal: Python runs the handler there, and sleeps, reads and lock waits end if it raises."""
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, _INTERRUPT)

    def new_id(self, length: int) -> str:
        """Return `length` random lower-case letters."""
        return "".join(self._random.choice(string.ascii_lowercase) for _ in range(length))
