"""A runtime for tests whose clock moves only when somebody sleeps, with several callers at once as greenlets."""

import contextlib
import heapq
from collections.abc import Callable
from typing import Any

import greenlet

START_NS = 1_790_000_000_000_000_000


class FakeRuntime:
    """Time stands still but for sleeping; a body given to `spawn` runs when `run` is called, interleaved at its sleeps."""

    def __init__(self) -> None:
        self.time_ns = 0
        self._hub = greenlet.getcurrent()
        self._due: list[tuple[int, int, Any]] = []
        self._count = 0

    def now_ns(self) -> int:
        return START_NS + self.time_ns

    def monotonic_ns(self) -> int:
        return self.time_ns

    def sleep_until(self, monotonic_ns: int) -> None:
        current = greenlet.getcurrent()
        if current is self._hub:
            self.time_ns = max(self.time_ns, monotonic_ns)
        else:
            self._later(monotonic_ns, current)
            self._hub.switch()

    def spawn(self, name: str, body: Callable[[], None], at_ns: int = 0) -> None:
        self._later(at_ns, greenlet.greenlet(body, self._hub))

    def run(self) -> None:
        while self._due:
            due_ns, _, body = heapq.heappop(self._due)
            self.time_ns = max(self.time_ns, due_ns)
            body.switch()

    def random(self) -> float:
        return 0.5

    def lock(self) -> Any:
        return contextlib.nullcontext()

    def _later(self, due_ns: int, body: Any) -> None:
        self._count += 1
        heapq.heappush(self._due, (due_ns, self._count, body))
