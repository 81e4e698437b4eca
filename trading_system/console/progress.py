"""How far long work has come: a bar with rate and time left on a terminal, a line every few seconds where the output is piped."""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_LINE_EVERY_NS = 5_000_000_000


class ProgressBar:
    """Shows work of `total` steps on the standard error output. Use it as a context; `monotonic_ns` is the clock."""

    def __init__(self, what: str, total: int, monotonic_ns: Callable[[], int], is_colored: bool = True) -> None:
        self._what = what
        self._total = max(total, 1)
        self._done = 0
        self._monotonic_ns = monotonic_ns
        self._began_ns = self._said_ns = monotonic_ns()
        self._progress: Progress | None = None
        if sys.stderr.isatty():
            console = Console(file=sys.stderr, no_color=not is_colored)
            self._progress = Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
                                      TimeRemainingColumn(), console=console, transient=True)

    def __enter__(self) -> "ProgressBar":
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task(self._what, total=self._total, rate="")
        return self

    def __exit__(self, *error: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def add(self, steps: int) -> None:
        """Note that so many steps more are done."""
        self._done += steps
        now_ns = self._monotonic_ns()
        rate = self._done / max((now_ns - self._began_ns) / 1e9, 1e-9)
        if self._progress is not None:
            self._progress.update(self._task, completed=self._done, rate=f"{rate:,.0f}/s")
        elif now_ns - self._said_ns >= _LINE_EVERY_NS:
            self._said_ns = now_ns
            left = (self._total - self._done) / rate
            print(f"{self._what}: {self._done:,} of {self._total:,} ({self._done / self._total:.0%}), {rate:,.0f} a second, "
                  f"{left:.0f} s left", file=sys.stderr, flush=True)
