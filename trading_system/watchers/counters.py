"""Counts what happens, for the status file and the last run's figures. Notices on the engine's thread, so nothing here may be slow."""

from collections.abc import Sequence
from typing import Any

from trading_system.core.actions import Action
from trading_system.core.events import FillEvent, OrderEvent, WarningEvent


class Counters:
    """How many warnings, denials and fills there were; `warnings` keeps the newest few in words."""

    kinds: tuple[type, ...] = (WarningEvent, OrderEvent, FillEvent)

    def __init__(self, keep: int = 50) -> None:
        self.warning_count = 0
        self.warnings: list[str] = []
        self.denied = 0
        self.fills = 0
        self.first_fill_ns = 0
        self._keep = keep

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Count an event."""
        if type(event) is WarningEvent:
            self.warning_count += 1
            self.warnings.append(event.text)
            del self.warnings[:-self._keep]
        elif type(event) is FillEvent:
            if event.fill.exact.quantity:       # a correction of fees is no fill
                self.fills += 1
                self.first_fill_ns = self.first_fill_ns or event.fill.time_ns
        elif not event.verdict.is_accepted:
            self.denied += 1
