"""Plain lines, one per noteworthy event, in words: where the output is piped or the terminal cannot move its cursor.

Notices on the engine's thread and hands over; prints on a thread of its own.
"""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trading_system.console.figures import clean
from trading_system.core.actions import Action
from trading_system.core.ports import Runtime
from trading_system.watchers.words import NOTEWORTHY, in_words


class PlainLines:
    """Prints who and what, with the local time."""

    kinds: tuple[type, ...] = NOTEWORTHY

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lines = runtime.mailbox()

    def start(self) -> None:
        """Begin to print."""
        self._task = self._runtime.spawn("console", self.run)

    def stop(self) -> None:
        """Print what was handed over and end; waits at most two seconds."""
        self._lines.put(None)
        self._task.join(self._runtime.monotonic_ns() + 2_000_000_000)

    def leave(self) -> None:
        """Nothing was taken from the terminal, so there is nothing to give back."""

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Hand a line over, if the event is worth one."""
        self._lines.put((self._runtime.now_ns(), event))

    def say(self, who: str, text: str) -> None:
        """Hand over a line of our own."""
        self._lines.put((self._runtime.now_ns(), (who, text)))

    def run(self) -> None:
        """Print until stopped: the body of the console's thread."""
        while (item := self._lines.take()) is not None:
            self.show(*item)

    def show(self, now_ns: int, event: Any) -> None:
        """Print one event, or a (who, text), if it is worth a line."""
        words = event if type(event) is tuple else in_words(event)
        if words is not None:
            print_line(line_words(now_ns, *words))


def print_line(text: str = "") -> None:
    """Print a line for people; when nobody reads any more (a pipe was closed) it is lost, and the house trades on."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line_words(now_ns: int, who: str, text: str) -> str:
    """Return one line: the local time, who it is about, what happened."""
    return f"{datetime.fromtimestamp(now_ns / 1e9):%H:%M:%S}  {clean(who):<21} {clean(text)}"
