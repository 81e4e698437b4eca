"""What strategies asked to be called every so many seconds. The engine runs what is due at each beat."""

import heapq
from collections.abc import Callable

NEVER_NS = 2**63 - 1


class Timers:
    """A heap of due times; a timer that is late runs once and goes on from its own grid, it never piles up.

    `on_set` is called when a timer was set.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Callable[[], None]]] = []
        self._made = 0
        self.on_set: Callable[[], None] = lambda: None

    @property
    def next_ns(self) -> int:
        """Return when the next timer is due; far beyond all history when there is none."""
        return self._heap[0][0] if self._heap else NEVER_NS

    def set(self, now_ns: int, every_ns: int, hook: Callable[[], None]) -> None:
        """Call `hook` every `every_ns` nanoseconds, first one period from now."""
        self._made += 1
        heapq.heappush(self._heap, (now_ns + every_ns, self._made, every_ns, hook))
        self.on_set()

    def run_due(self, now_ns: int) -> None:
        """Run every hook that is due at `now_ns`, the longest due first."""
        heap = self._heap
        while heap and heap[0][0] <= now_ns:
            due_ns, number, every_ns, hook = heap[0]
            heapq.heapreplace(heap, (due_ns + every_ns * ((now_ns - due_ns) // every_ns + 1), number, every_ns, hook))
            hook()
