"""The house while its journal cannot write: answers are applied, cancels and questions leave, no strategy is called.

The engine asks it whose pause is whose: what was paused by the halt alone goes on by itself, everything else stays as it is.
"""

from collections.abc import Callable, Mapping

from trading_system.core.clock import Clock
from trading_system.core.events import WarningEvent
from trading_system.strategy_host.desk import Desk


class Halt:
    """`reason` says why the house is halted, "" while it is not. `cancel_all` is called for desks whose policy that is."""

    def __init__(self, clock: Clock, desks: Mapping[str, Desk], lay: Callable[[WarningEvent], None],
                 cancel_all: Callable[[Desk, str], None]) -> None:
        self.reason = ""
        self._clock = clock
        self._began_ns = 0
        self._desks = desks
        self._lay = lay
        self._cancel_all = cancel_all
        self._held: set[str] = set()

    def begin(self, reason: str) -> None:
        """Hold every strategy that runs; what it would have heard of its orders is kept for it."""
        self.reason, self._began_ns = reason, self._clock.now_ns
        for desk in self._desks.values():
            if not desk.is_paused:
                self.hold(desk)
                if desk.on_stop == "cancel":
                    self._cancel_all(desk, "halt")

    def end(self) -> None:
        """Let go of those that were held, and tell them what they missed."""
        seconds = (self._clock.now_ns - self._began_ns) / 1e9
        self._lay(WarningEvent(f"the house was halted for {seconds:.0f} s because {self.reason}; nothing was lost"))
        self.reason = ""
        for name in sorted(self._held):
            desk = self._desks[name]
            missed = desk.missed
            self.let_go(desk)
            desk.resume()
            for hook, arguments in missed:
                desk.call(hook, *arguments)

    def hold(self, desk: Desk) -> None:
        """Pause a strategy until the halt ends."""
        self._held.add(desk.name)
        desk.is_paused, desk.pause_reason, desk.is_held = True, f"halted: {self.reason}", True

    def holds(self, desk: Desk) -> bool:
        """Tell whether a strategy is paused by the halt alone."""
        return desk.name in self._held

    def let_go(self, desk: Desk) -> bool:
        """Leave a strategy's pause to somebody else; tell whether it was ours until now."""
        was_held = self.holds(desk)
        self._held.discard(desk.name)
        desk.is_held, desk.missed = False, []
        return was_held
