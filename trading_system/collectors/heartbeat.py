"""The pulse of the house: once a period, on absolute deadlines, it lays a beat, asks for order states and rings the pollers.

Late beats are skipped, not queued; it does nothing else, so that nothing can make it late.
"""

from collections.abc import Callable, Sequence

from trading_system.core.events import CheckOrderStatusEvent, HeartbeatEvent
from trading_system.core.ports import LayAction, Runtime

_LATE_NS = 50_000_000


class Heartbeat:
    """Beats every `period_seconds`. `last_taken` tells the last beat the engine took: a beat that still waits is not laid twice."""

    def __init__(self, runtime: Runtime, lay: LayAction, brokers: Sequence[str], rings: Sequence[Callable[[], None]],
                 last_taken: Callable[[], int], period_seconds: float = 1.0) -> None:
        self._runtime = runtime
        self._lay = lay
        self._brokers = brokers
        self._rings = rings
        self._last_taken = last_taken
        self._period_ns = int(period_seconds * 1e9)
        self._laid = 0
        self._is_stopped = False
        self.skipped = 0
        self.late = 0
        self.worst_lateness_ns = 0

    def start(self) -> None:
        """Begin to beat; the first beat is laid at once."""
        self._runtime.spawn("heartbeat", self.run)

    def stop(self) -> None:
        """Beat no more."""
        self._is_stopped = True

    def run(self) -> None:
        """Beat until stopped: the body of the heartbeat thread."""
        due_ns = self._runtime.monotonic_ns()
        while not self._is_stopped:
            self.beat(due_ns, self._runtime.monotonic_ns())
            now_ns = self._runtime.monotonic_ns()
            due_ns += self._period_ns * max(1, -((due_ns - now_ns) // self._period_ns))
            self._runtime.sleep_until(due_ns)

    def beat(self, due_ns: int, now_ns: int) -> None:
        """Lay one beat that was due at `due_ns` (monotonic nanoseconds)."""
        lateness_ns = now_ns - due_ns
        self.late += lateness_ns > _LATE_NS
        self.worst_lateness_ns = max(self.worst_lateness_ns, lateness_ns)
        if self._laid > self._last_taken():
            self.skipped += 1
            return
        self._laid += 1
        self._lay(HeartbeatEvent(self._laid, due_ns, lateness_ns))
        for broker in self._brokers:
            self._lay(CheckOrderStatusEvent(broker))
        for ring in self._rings:
            ring()
