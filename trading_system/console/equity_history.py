"""The equity so far, a point per beat: for the little curves. Bounded: when it is full, every other point is dropped and fewer come in."""

from collections.abc import Mapping
from typing import Any

from trading_system.console.figures import number


class EquityHistory:
    """`strategies` and `totals` (per currency) are lists of equal length, oldest first; None where the equity was not known."""

    def __init__(self, capacity: int = 512) -> None:
        self.strategies: dict[str, list[float | None]] = {}
        self.totals: dict[str, list[float | None]] = {}
        self._capacity = capacity
        self._every = 1
        self._beat = 0

    def add(self, picture: Mapping[str, Any]) -> None:
        """Take a point from the picture, if it is one of a new beat."""
        beat = int(picture.get("beats") or 0)
        if beat < self._beat + self._every:
            return
        self._beat = beat
        totals: dict[str, float | None] = {}
        for name, row in picture.get("strategies", {}).items():
            # Capital that waits for its first price is not in the equity yet: a curve that began there would only show it come in.
            amount = None if row.get("pending_capital") else number(row.get("equity"))
            currency = str(row.get("currency", ""))
            self.strategies.setdefault(name, []).append(None if amount is None else float(amount))
            before = totals.get(currency, 0.0)
            totals[currency] = None if amount is None or before is None else before + float(amount)
        for currency, total in totals.items():
            self.totals.setdefault(currency, []).append(total)
        series = [*self.strategies.values(), *self.totals.values()]
        if any(len(points) >= self._capacity for points in series):
            self._every *= 2
            for points in series:
                del points[::2]
