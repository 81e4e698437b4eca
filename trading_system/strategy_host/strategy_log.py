"""What a strategy writes as `self.log`: lines of its own in the house's log file. It knows no file."""

from collections.abc import Callable, Mapping
from typing import Any


class StrategyLog:
    """A strategy's own log: event text and fields, one line each in the house's log file."""

    def __init__(self, strategy: str, write: Callable[[str, str, str, Mapping[str, Any]], None]) -> None:
        self._strategy = strategy
        self._write = write

    def info(self, text: str, **fields: Any) -> None:
        """Write a line."""
        self._write(self._strategy, "info", text, fields)

    def warning(self, text: str, **fields: Any) -> None:
        """Write a line that somebody should read."""
        self._write(self._strategy, "warning", text, fields)
