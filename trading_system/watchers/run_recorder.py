"""Keeps what the results of a run are drawn from: each fill goes to whoever adds them up, warnings and denials are counted.

Notices on the engine's thread. Nothing here decides.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from trading_system.core.actions import Action
from trading_system.core.events import FillEvent, WarningEvent
from trading_system.core.order import Fill

_MOST_WARNINGS = 50


class RunRecorder:
    """`on_fill(fill)` and `on_capital(strategy, symbol, quantity, price)` are set by whoever reckons; `warnings` are the first few."""

    kinds: tuple[type, ...] = (FillEvent, WarningEvent)

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.on_fill: Callable[[Fill], None] = lambda fill: None
        self.on_capital: Callable[[str, str, Decimal, Decimal], None] = lambda strategy, symbol, quantity, price: None

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Take note of an event."""
        if type(event) is FillEvent:
            self.on_fill(event.fill)
        elif len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(event.text)

    def see_capital(self, strategy: str, symbol: str, quantity: Decimal, price: Decimal) -> None:
        """Take note of base currency given as capital that was valued at `price`."""
        self.on_capital(strategy, symbol, quantity, price)
