"""The live screen: sees events on the engine's thread, hands them over, and draws on a thread of its own, at most twice a second.

It reads the board's newest picture, which is swapped as one reference: no lock is held anywhere while a frame is made.
"""

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from rich.text import Text

from trading_system.console.equity_history import EquityHistory
from trading_system.console.event_lines import KINDS, EventLines
from trading_system.console.frame import draw
from trading_system.console.plain_lines import PlainLines
from trading_system.console.scene import Scene
from trading_system.console.terminal import Terminal
from trading_system.core.actions import Action
from trading_system.core.events import CommandEvent, HeartbeatEvent
from trading_system.core.ports import Runtime

_FRAME_NS = 500_000_000
_STOP_NS = 2_000_000_000
_MOST_LINES = 200


class LiveScreen:
    """A page of its own on the terminal. `picture` returns the newest one, which is never changed once it is made.

    What strategies print meanwhile becomes a line of the screen. A fault of the screen itself ends the screen, never the trading.
    """

    kinds: tuple[type, ...] = (*KINDS, HeartbeatEvent)

    def __init__(self, runtime: Runtime, picture: Callable[[], dict[str, Any]], has_color: bool, stop_limit_seconds: float,
                 stream: TextIO | None = None) -> None:
        self.frame_ns: list[int] = []
        self._runtime = runtime
        self._picture = picture
        self._stop_limit_seconds = stop_limit_seconds
        self._items = runtime.mailbox()
        self._lines = EventLines()
        self._equity = EquityHistory()
        self._stopping_ns = 0
        self._late_ms: float | None = None
        self._is_over = False
        self._has_failed = False
        self._plain = PlainLines(runtime)
        self._streams = (sys.stdout, sys.stderr)
        self._terminal = Terminal(stream or sys.stdout, has_color)

    def start(self) -> None:
        """Take the terminal's page and begin to draw."""
        self._streams = (sys.stdout, sys.stderr)
        self._terminal.enter()
        sys.stdout = sys.stderr = PrintedLines(lambda text: self.say("printed", text), self._streams[0])
        self._task = self._runtime.spawn("screen", self.run)

    def stop(self) -> None:
        """Draw no more, give the terminal back with the last frame on it; waits at most two seconds."""
        self._is_over = True
        self._items.put(None)
        self._task.join(self._runtime.monotonic_ns() + _STOP_NS)
        self.leave()
        if not self._has_failed and not self._task.is_alive():
            self._print_last()

    def leave(self) -> None:
        """Give the terminal back at once; may be called inside a signal handler."""
        self._is_over = True
        self._terminal.leave()
        sys.stdout, sys.stderr = self._streams

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Hand an event over."""
        self._items.put((self._runtime.now_ns(), event))

    def say(self, who: str, text: str) -> None:
        """Hand over a line of our own."""
        self._items.put((self._runtime.now_ns(), (who, text)))

    def run(self) -> None:
        """Draw until stopped: the body of the screen's thread."""
        next_ns = self._runtime.monotonic_ns()
        while not self._is_over:
            item = self._items.take(next_ns)
            if item is not None:
                self._guard(self._take, *item)
                if self._runtime.monotonic_ns() < next_ns:
                    continue
            if self._runtime.monotonic_ns() >= next_ns and not self._is_over:
                next_ns = self._runtime.monotonic_ns() + _FRAME_NS
                self._guard(self._show)
        while not self._items.empty():
            if (item := self._items.take()) is not None:
                self._guard(self._take, *item)

    def scene(self) -> Scene:
        """Return what a frame would be drawn from now. Screen's thread only, or after its end."""
        picture = self._picture()
        self._equity.add(picture)
        return Scene(self._runtime.now_ns(), picture, self._lines.newest(_MOST_LINES), self._equity.strategies, self._equity.totals,
                     self._stopping_ns, self._stop_limit_seconds, self._late_ms)

    def _take(self, now_ns: int, event: Any) -> None:
        if type(event) is HeartbeatEvent:
            self._late_ms = round(event.late_ns / 1e6, 3)
            return
        if self._has_failed:
            self._plain.show(now_ns, event)
            return
        if type(event) is CommandEvent and event.what == "stop" and not self._stopping_ns:
            self._stopping_ns = now_ns
        self._lines.add(now_ns, event)

    def _show(self) -> None:
        if self._has_failed:
            return
        began_ns = self._runtime.monotonic_ns()
        self._terminal.paint(draw(self.scene(), *self._terminal.size))
        self.frame_ns = [*self.frame_ns[-99:], self._runtime.monotonic_ns() - began_ns]

    def _guard(self, step: Callable[..., None], *arguments: Any) -> None:
        try:
            step(*arguments)
        except Exception as error:
            # People lose the picture, not their orders: plain lines from here on.
            self._has_failed = True
            self._terminal.leave()
            sys.stdout, sys.stderr = self._streams
            why = f"{type(error).__name__}: {error}"
            self._plain.show(self._runtime.now_ns(), ("house", f"the screen has ended ({why}); the trading goes on"))

    def _print_last(self) -> None:
        scene = self.scene()
        width, height = self._terminal.size
        lines = draw(scene, width, height - 1)
        while lines and not lines[-1].plain.strip():
            lines.pop()
        with contextlib.suppress(OSError):          # the terminal is gone; the figures are in the state folder
            self._terminal.print([lines[0], *lines[2:], Text()])


class PrintedLines:
    """Stands in for standard output while the screen is shown: what a strategy prints is handed over line by line."""

    def __init__(self, say: Callable[[str], None], stream: TextIO) -> None:
        self._say = say
        self._stream = stream
        self._rest = ""

    def write(self, text: str) -> int:
        """Hand over the lines that are whole."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._say(line)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        # Everything else (encoding, fileno, isatty) is the terminal's.
        return getattr(self._stream, name)

