"""The house's log: one JSON line per event, name and fields, in `log/YYYY-MM-DD.jsonl`. Written on a thread of its own.

The engine only hands over; a disk that is full costs log lines, never a beat.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trading_system.core.actions import Action
from trading_system.core.batches import take_waiting
from trading_system.core.events import (
    BalanceEvent,
    CancelEvent,
    CommandEvent,
    ConnectionEvent,
    FillEvent,
    NoteEvent,
    OrderEvent,
    OrderUpdateEvent,
    WarningEvent,
)
from trading_system.core.market_data import Bar
from trading_system.core.ports import Runtime

_LINGER_NS = 50_000_000


class EventLog:
    """Notices what is worth keeping, bars included, and writes it as data."""

    kinds: tuple[type, ...] = (OrderEvent, OrderUpdateEvent, CancelEvent, FillEvent, CommandEvent, ConnectionEvent, WarningEvent,
                               NoteEvent, BalanceEvent, Bar)

    def __init__(self, runtime: Runtime, directory: Path) -> None:
        self._runtime = runtime
        self._directory = directory
        self._lines = runtime.mailbox()
        self._encode = msgspec.json.Encoder().encode
        self.failures = 0

    def start(self) -> None:
        """Begin to write."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._task = self._runtime.spawn("event-log", self.run)

    def stop(self, until_ns: int) -> None:
        """Write what was handed over, at most until monotonic `until_ns`."""
        self._lines.put(None)
        self._task.join(until_ns)

    def notice(self, event: Any, actions: Sequence[Action]) -> None:
        """Hand an event over."""
        self._lines.put((self._runtime.now_ns(), type(event).__name__, event))

    def line(self, strategy: str, level: str, text: str, fields: Mapping[str, Any]) -> None:
        """Hand over a line of a strategy's own log."""
        self._lines.put((self._runtime.now_ns(), "StrategyLog", {"strategy": strategy, "level": level, "text": text, **fields}))

    def run(self) -> None:
        """Write until stopped: the body of the log thread."""
        is_last = False
        while not is_last:
            line = self._lines.take()
            if line is not None:
                # The first line of a burst comes just as an order is on its way: stand aside, then write all there is.
                self._runtime.sleep_until(self._runtime.monotonic_ns() + _LINGER_NS)
            batch, is_last = take_waiting(self._lines, line, None)
            self._write(batch)

    def _write(self, batch: Sequence[tuple[int, str, Any]]) -> None:
        by_day: dict[str, list[bytes]] = {}
        for now_ns, name, body in batch:
            moment = datetime.fromtimestamp(now_ns / 1e9, UTC)
            line = {"time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "event": name, "fields": body}
            try:
                encoded = self._encode(line)
            except (TypeError, ValueError) as error:
                encoded = self._encode({**line, "fields": f"could not be written: {error}"})
            by_day.setdefault(f"{moment:%Y-%m-%d}", []).append(encoded + b"\n")
        for day, lines in by_day.items():
            try:
                with open(self._directory / f"{day}.jsonl", "ab") as file:
                    file.write(b"".join(lines))
            except OSError:
                self.failures += len(lines)
