"""Reads rows one by one and counts those that make no sense, so that one bad row never hides the others. Used by `broker.py` and `feed.py`.
"""

from collections.abc import Callable
from typing import TypeVar

from trading_system.core.ports import Runtime

_T = TypeVar("_T")


class RowReader:
    """Keeps the count of refused rows by reason: the name of the field that was wrong, or what was wrong with the row."""

    def __init__(self, runtime: Runtime) -> None:
        self._lock = runtime.lock()
        self._refused: dict[str, int] = {}

    @property
    def refused(self) -> dict[str, int]:
        """Return how many rows were refused, by reason."""
        with self._lock:
            return dict(self._refused)

    def read(self, mapping: Callable[..., _T], *arguments: object) -> _T | None:
        """Return what `mapping` makes of its arguments; None, counted, when it raises ValueError."""
        try:
            return mapping(*arguments)
        except ValueError as error:
            # The mappings say "field is value, ..."; counted by value the table would grow without end.
            self.count(str(error).partition(" is ")[0])
            return None

    def count(self, reason: str) -> None:
        """Count something that was left out."""
        with self._lock:
            self._refused[reason] = self._refused.get(reason, 0) + 1
