"""Steps at which a test lets the program be killed, named in the environment: `TRADING_FAIL_AT=journal.after_write:17` is the 17th time.

Wraps the runtime's files and the brokers of a run from outside; where the variable is not set nothing is wrapped, and nothing is paid.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from trading_system.core.disk_files import DiskFile, DiskFiles
from trading_system.core.errors import ConfigError
from trading_system.core.events import Balance, OpenOrdersEvent
from trading_system.core.files import AppendFile
from trading_system.core.instrument import Instrument
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import OrderUpdate, VenueTrade
from trading_system.core.ports import Broker
from trading_system.storage.journal_format import SEAL, SNAPSHOT, peek_flags

VARIABLE = "TRADING_FAIL_AT"

_WRITTEN = {
    "journal": "a batch of records", "segment": "the header of a new segment", "seal": "the seal of a segment",
    "snapshot": "a snapshot", "packed": "a piece of a segment that is compressed",
}
_CALLED = {
    "order": "an order's call", "cancel": "a cancel's call", "look_up": "the question about one order",
    "list": "the question for the open orders", "trades": "the question for our own trades", "balances": "the question for the balances",
    "instruments": "the question for the instruments",
}
#: Every name and when it is reached.
POINTS: dict[str, str] = {
    **{f"{name}.before_write": f"before a byte of {what} is written" for name, what in _WRITTEN.items()},
    **{f"{name}.mid_write": f"half the bytes of {what} are written" for name, what in _WRITTEN.items()},
    **{f"{name}.after_write": f"{what} is written and not synced" for name, what in _WRITTEN.items()},
    **{f"{name}.after_sync": f"{what} is on disk, and nothing that waited for it has left" for name, what in _WRITTEN.items()},
    "packed.before_rename": "a compressed segment is whole under its temporary name",
    "packed.after_rename": "both the compressed segment and the plain one are there",
    "packed.after_remove": "the plain segment is gone",
    "cut.before": "a start is about to cut a torn batch off", "cut.after": "the torn batch is cut off and the cut is not synced",
    "replay.read": "a start is about to read a segment of the journal",
    **{f"{name}.before_call": f"{what} has been let go and is not made yet" for name, what in _CALLED.items()},
    **{f"{name}.after_call": f"{what} is answered, and the answer not yet remembered" for name, what in _CALLED.items()},
}
_Answer = TypeVar("_Answer")
_SPELLING = re.compile(r"([a-z_]+\.[a-z_]+)(?::([1-9][0-9]{0,8}))?")
_SIGKILL = 9
_PLAIN, _PACKED, _TEMPORARY = ".log", ".gz", ".tmp"


class FailPoints:
    """Counts how often the one named step is reached, on any thread, and kills the process there without a chance to tidy up.

    `text` is a name of `POINTS`, with `:n` for the n-th time; raises ConfigError for anything else.
    """

    def __init__(self, text: str, kill: Callable[[], None] | None = None) -> None:
        found = _SPELLING.fullmatch(text)
        if found is None or found[1] not in POINTS:
            raise ConfigError(f"{VARIABLE}: {text!r} is no step: write one of {', '.join(POINTS)}, and :17 behind it for the 17th time")
        self._name, self._left = found[1], int(found[2] or 1)
        self._kill = kill or _kill_this_process

    def is_due(self, name: str) -> bool:
        """Count the step `name`; tell whether it is the one to die at."""
        if name != self._name:
            return False
        self._left -= 1
        return self._left == 0

    def reach(self, name: str) -> None:
        """Count the step `name`, and die if it is the one."""
        if self.is_due(name):
            self.die()

    def die(self) -> None:
        """Kill the process."""
        self._kill()

    def files(self) -> "FailingFiles":
        """Return this machine's disk with the steps of the journal in it."""
        return FailingFiles(self)

    def broker(self, broker: Broker) -> Broker:
        """Return `broker` with the steps around its calls in it."""
        return FailingBroker(broker, self)


class FailingFile(DiskFile):
    """An append-only file of the journal. What is written to it is told from its first bytes."""

    def __init__(self, path: Path, points: FailPoints) -> None:
        super().__init__(path)
        self._points = points
        self._is_packed = path.suffix == _TEMPORARY
        self._is_empty = os.stat(path).st_size == 0
        self._written = ""

    def append(self, data: bytes) -> None:
        """Write at the end. Raises OSError."""
        name = self._written = self._kind(data)
        self._is_empty = False
        self._points.reach(f"{name}.before_write")
        if self._points.is_due(f"{name}.mid_write"):
            super().append(data[:len(data) // 2])
            self._points.die()
        super().append(data)
        self._points.reach(f"{name}.after_write")

    def sync(self) -> None:
        """Return when all that was appended is on disk. Raises OSError."""
        super().sync()
        self._points.reach(f"{self._written}.after_sync")

    def _kind(self, data: bytes) -> str:
        if self._is_packed:
            return "packed"
        if self._is_empty:
            return "segment"
        flags = peek_flags(memoryview(data), 0)
        return "seal" if flags & SEAL else "snapshot" if flags & SNAPSHOT else "journal"


class FailingFiles(DiskFiles):
    """This machine's disk; what concerns the segments of a journal can be died at."""

    def __init__(self, points: FailPoints) -> None:
        self._points = points

    def open_append(self, path: Path) -> AppendFile:
        """Open a file for appending, making it, readable by us only, when absent."""
        return FailingFile(path, self._points) if _is_segment(path) else super().open_append(path)

    def read(self, path: Path, start: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from byte `start` on, all of them by default."""
        if size == -1 and _is_segment(path):
            self._points.reach("replay.read")
        return super().read(path, start, size)

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file down to `size` bytes; on disk after its `sync`."""
        self._points.reach("cut.before")
        super().truncate(path, size)
        self._points.reach("cut.after")

    def rename(self, old: Path, new: Path) -> None:
        """Give a file the name `new`, taking it from whatever has it, at once."""
        if new.suffix == _PACKED:
            self._points.reach("packed.before_rename")
        super().rename(old, new)
        if new.suffix == _PACKED:
            self._points.reach("packed.after_rename")

    def remove(self, path: Path) -> None:
        """Remove a file."""
        super().remove(path)
        if path.suffix == _PLAIN:
            self._points.reach("packed.after_remove")


class FailingBroker:
    """Implements `Broker` around another; each call can be died at before it is made and after it is answered."""

    def __init__(self, broker: Broker, points: FailPoints) -> None:
        self._broker = broker
        self._points = points
        self.name = broker.name

    def instruments(self) -> list[Instrument]:
        """Return every market that can be traded."""
        return self._call("instruments", self._broker.instruments)

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        """Place it once."""
        return self._call("order", lambda: self._broker.place_order(request))

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        """Ask to cancel."""
        return self._call("cancel", lambda: self._broker.cancel_order(request, venue_order_id))

    def look_up(self, request: OrderRequest, venue_order_id: str = "") -> OrderUpdate:
        """Return what the venue holds under our name."""
        return self._call("look_up", lambda: self._broker.look_up(request, venue_order_id))

    def open_orders(self) -> OpenOrdersEvent:
        """Return all open orders of the account."""
        return self._call("list", self._broker.open_orders)

    def fills_since(self, symbol: str, since_ns: int) -> list[VenueTrade]:
        """Return our own trades of `symbol` at or after `since_ns`, oldest first."""
        return self._call("trades", lambda: self._broker.fills_since(symbol, since_ns))

    def balances(self) -> dict[str, Balance]:
        """Return what the account holds per currency."""
        return self._call("balances", self._broker.balances)

    def _call(self, name: str, call: Callable[[], _Answer]) -> _Answer:
        self._points.reach(f"{name}.before_call")
        try:
            return call()
        finally:
            # An error is an answer too.
            self._points.reach(f"{name}.after_call")


def _is_segment(path: Path) -> bool:
    return path.name.removesuffix(_TEMPORARY).removesuffix(_PACKED).endswith(_PLAIN)


def _kill_this_process() -> NoReturn:
    os.kill(os.getpid(), _SIGKILL)
    raise AssertionError("nobody outlives SIGKILL")
