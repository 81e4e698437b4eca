"""The ordered way out of the engine: what waits is written in one synced batch, and only then do its actions leave.

Nothing passes before its record is on disk. The engine only lays things here and never waits for a disk.
"""

from collections.abc import Callable, Sequence

from trading_system.core.actions import Action, PlaceOrder
from trading_system.core.events import CommandEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.ports import LayAction, RecordKeeper, Runtime
from trading_system.core.records import OrderSent, Record

Entry = tuple[Sequence[Record], Sequence[Action]]


class Outbox:
    """Read by the journal thread. While the journal cannot write, orders are denied; cancels and look-ups still leave, and what is
    missing in the journal is written first as soon as it can."""

    def __init__(self, runtime: Runtime, journal: RecordKeeper, execute: Callable[[Action], None], lay: LayAction,
                 command: Callable[[CommandEvent], None]) -> None:
        self._runtime = runtime
        self._journal = journal
        self._execute = execute
        self._lay = lay
        self._command = command
        self._entries = runtime.mailbox()
        self._owed: list[Record] = []
        self.batches = 0
        self.is_failing = False

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Lay what must be remembered and what may leave after it."""
        self._entries.put((records, actions))

    def close(self) -> None:
        """Let `run` end after everything laid before is written and handed over."""
        self._entries.put(None)

    def run(self) -> None:
        """Write and hand over until `close`: the body of the journal thread."""
        while (entry := self._entries.take()) is not None:
            entries: list[Entry] = [entry]
            is_last = False
            while not self._entries.empty():
                following = self._entries.take()
                if following is None:
                    is_last = True
                    break
                entries.append(following)
            self.flush(entries)
            if is_last:
                return

    def flush(self, entries: Sequence[Entry]) -> None:
        """Write everything in `entries` with one sync, then hand its actions over in order."""
        records = self._owed
        self._owed = []
        for remembered, _ in entries:
            records.extend(remembered)
        orders = [action for _, actions in entries for action in actions if type(action) is PlaceOrder]
        now_ns = self._runtime.now_ns()
        batch = [*records, *(Record(now_ns, OrderSent(order.request.client_order_id)) for order in orders)]
        try:
            if batch:
                self._journal.append(batch)
                self.batches += 1
        except Exception as error:
            # A full disk, or a record that cannot be written: either way no order leaves, and cancels and look-ups still do.
            self._owed = records if isinstance(error, OSError) else []
            self._refuse(orders, error)
        else:
            if self.is_failing:
                self.is_failing = False
                self._lay(WarningEvent("the journal can write again; resume when you are ready"))
        for _, actions in entries:
            for action in actions:
                if type(action) is not PlaceOrder or not self.is_failing:
                    self._execute(action)

    def _refuse(self, orders: Sequence[PlaceOrder], error: Exception) -> None:
        why = getattr(error, "strerror", None) or repr(error)
        now_ns = self._runtime.now_ns()
        for order in orders:
            self._lay(OrderUpdateEvent(OrderUpdate(
                order.request.client_order_id, Answer.DENIED, Evidence("journal", now_ns, now_ns),
                reason=f"the journal cannot write: {why}")))
        if not self.is_failing:
            self.is_failing = True
            self._command(CommandEvent("pause", "journal", f"the journal cannot write ({why}): make room, then resume"))
