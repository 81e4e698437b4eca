"""Keeps every deadline of the house on a thread of its own: hooks that hang are broken off, calls that do not answer are given up.

It owns nothing; when a hook cannot be broken off it calls `give_up`, which does not come back.
"""

from collections.abc import Callable, Sequence

from trading_system.core.ports import Runtime
from trading_system.executors.broker_lanes import BrokerLanes
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard

_STEP_NS = 100_000_000
_SHOTS = 5


class Watchdog:
    """Looks ten times a second. A hook gets a shot every half second after its limit; after five in vain the house gives up."""

    def __init__(self, runtime: Runtime, guard: HookGuard, lanes: Sequence[BrokerLanes], give_up: Callable[[Desk, str], None]) -> None:
        self._runtime = runtime
        self._guard = guard
        self._lanes = lanes
        self._give_up = give_up
        self._is_stopped = False
        self._shots = 0
        self._next_shot_ns = 0

    def start(self) -> None:
        """Begin to watch."""
        self._runtime.spawn("watchdog", self.run)

    def stop(self) -> None:
        """Watch no more."""
        self._is_stopped = True

    def run(self) -> None:
        """Watch until stopped: the body of the watchdog's thread."""
        next_ns = self._runtime.monotonic_ns()
        while not self._is_stopped:
            self.look(self._runtime.monotonic_ns())
            next_ns = max(next_ns + _STEP_NS, self._runtime.monotonic_ns())
            self._runtime.sleep_until(next_ns)

    def look(self, now_ns: int) -> None:
        """Check every deadline once, at monotonic `now_ns`."""
        for lanes in self._lanes:
            lanes.check_deadlines(now_ns)
        hanging = self._guard.hanging(now_ns)
        if hanging is None:
            self._shots, self._next_shot_ns = 0, 0
        elif now_ns >= self._next_shot_ns:
            if self._shots == _SHOTS:
                self._give_up(hanging[0], f"{hanging[1]} of {hanging[0].name} hangs for {hanging[2]:.0f} s and cannot be broken off")
            self._shots += 1
            self._next_shot_ns = now_ns + 5 * _STEP_NS
            self._guard.shoot()
