"""The lines on the screen: one per noteworthy event, in words, and on a terminal a small live table under them.

Notices on the engine's thread and hands over; prints on a thread of its own.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from trading_system.core.actions import Action
from trading_system.core.ports import Runtime
from trading_system.watchers.words import NOTEWORTHY, in_words

_FRAME_NS = 500_000_000


class PlainConsole:
    """Prints who and what, with the local time. `picture` is read for the table, at most twice a second and only on a terminal."""

    kinds: tuple[type, ...] = NOTEWORTHY

    def __init__(self, runtime: Runtime, picture: Callable[[], dict[str, Any]], has_table: bool) -> None:
        self._runtime = runtime
        self._picture = picture
        self._lines = runtime.mailbox()
        self._table = _LiveTable() if has_table else None

    def start(self) -> None:
        """Begin to print."""
        self._task = self._runtime.spawn("console", self.run)

    def stop(self) -> None:
        """Print what was handed over and end; waits at most two seconds."""
        self._lines.put(None)
        self._task.join(self._runtime.monotonic_ns() + 2_000_000_000)

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Hand a line over, if the event is worth one."""
        words = in_words(event)
        if words is not None:
            self._lines.put((self._runtime.now_ns(), *words))

    def say(self, who: str, text: str) -> None:
        """Hand over a line of our own."""
        self._lines.put((self._runtime.now_ns(), who, text))

    def run(self) -> None:
        """Print until stopped: the body of the console's thread."""
        if self._table is None:
            while (line := self._lines.take()) is not None:
                print_line(_format(*line))
            return
        with self._table:
            next_ns = self._runtime.monotonic_ns()
            while True:
                line = self._lines.take(next_ns)
                if line is None and self._runtime.monotonic_ns() < next_ns:
                    return
                if line is not None:
                    self._table.print(_format(*line))
                if self._runtime.monotonic_ns() >= next_ns:
                    next_ns = self._runtime.monotonic_ns() + _FRAME_NS
                    self._table.draw(self._picture())


class _LiveTable:
    """One row a strategy, redrawn in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> "_LiveTable":
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def print(self, line: str) -> None:
        self._console.print(line, markup=False)

    def draw(self, picture: dict[str, Any]) -> None:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
        table.add_column("strategy", no_wrap=True)
        for name in ("position", "open", "orders", "fills", "profit"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("last decision", no_wrap=True, overflow="ellipsis", ratio=1)
        for name, row in picture.get("strategies", {}).items():
            table.add_row(name, *strategy_cells(row))
        self._live.update(table, refresh=True)


def strategy_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a strategy's part of the picture as short texts: position, open profit, orders, fills, profit after fees, what it did last."""
    positions = " ".join(f"{held['quantity']} {symbol.partition('.')[0]}" for symbol, held in row["positions"].items()) or "flat"
    currency = row["currency"]
    opened = row["open"].get(currency) or 0.0
    profit = float(row["realized"].get(currency, 0)) - float(row["fees"].get(currency, 0)) + opened
    said = row["last_decision"] if row["state"] == "running" else row["state"]
    return positions, f"{opened:+.2f}", str(row["open_orders"]), str(row["fills"]), f"{profit:+.2f} {currency}", said


def _format(now_ns: int, who: str, text: str) -> str:
    # Control characters from outside must not move the cursor or fake a line.
    clean = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return f"{datetime.fromtimestamp(now_ns / 1e9):%H:%M:%S}  {who:<21} {clean}"


def print_line(text: str = "") -> None:
    """Print a line for people; when nobody reads any more (a pipe was closed) it is lost, and the house trades on."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal() -> bool:
    """Tell whether people look at us on a terminal that can move its cursor."""
    return sys.stdout.isatty()
