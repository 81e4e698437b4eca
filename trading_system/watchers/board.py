"""The board: the newest picture of the house, written to `status.json` on a thread of its own, atomically, at most twice a second.

The engine's thread makes the picture (only it may read the books) and swaps one reference; everybody else reads that.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trading_system.core.actions import Action
from trading_system.core.events import FillEvent, HeartbeatEvent, OrderUpdateEvent
from trading_system.core.ports import Runtime

_HALF_A_SECOND = 500_000_000


class Board:
    """`picture` is the newest one; `draw` makes it, on the engine's thread; `write` puts bytes in the status file."""

    kinds: tuple[type, ...] = (HeartbeatEvent, FillEvent, OrderUpdateEvent)

    def __init__(self, runtime: Runtime, draw: Callable[[], dict[str, Any]], write: Callable[[Path, bytes], None], path: Path) -> None:
        self.picture: dict[str, Any] = {}
        self.failures = 0
        self._runtime = runtime
        self._draw = draw
        self._write = write
        self._path = path
        self._drawn_ns = 0
        self._pictures = runtime.mailbox()
        self._encode = msgspec.json.Encoder().encode

    def start(self) -> None:
        """Begin to write."""
        self._task = self._runtime.spawn("board", self.run)

    def stop(self, until_ns: int) -> None:
        """Write the last picture, at most until monotonic `until_ns`."""
        self._pictures.put(None)
        self._task.join(until_ns)

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Draw a new picture when the last one is half a second old."""
        now_ns = self._runtime.monotonic_ns()
        if now_ns - self._drawn_ns >= _HALF_A_SECOND:
            self._drawn_ns = now_ns
            self.redraw()

    def redraw(self) -> None:
        """Draw a new picture now. Engine's thread only."""
        self.picture = self._draw()
        self._pictures.put(self.picture)

    def run(self) -> None:
        """Write until stopped: the body of the board's thread."""
        while (picture := self._pictures.take()) is not None:
            try:
                self._write(self._path, self._encode(picture))
            except OSError:
                self.failures += 1
