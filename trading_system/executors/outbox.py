"""The ordered way out of the engine: what waits is written in one synced batch, and only then do its actions leave.

Nothing passes before its record is on disk. The engine only lays things here and never waits for a disk.
"""

from collections.abc import Callable, Sequence

from trading_system.core.actions import Action, PlaceOrder
from trading_system.core.batches import take_waiting
from trading_system.core.events import CommandEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.ports import LayAction, RecordKeeper, Runtime
from trading_system.core.records import OrderSent, Record

Entry = tuple[Sequence[Record], Sequence[Action]]
#: Encodes what was copied on the engine's thread.
Pack = Callable[[], bytes]

_TRY_AGAIN_NS = 1_000_000_000
_IDLE_NS = 200_000_000          # nobody has laid anything for so long: time to tidy
_CLOSE = object()


class Outbox:
    """Read by the journal thread. While the journal cannot write, orders are denied, cancels and look-ups still leave, and what could not
    be written waits in order, however much it is; every second it is tried again.

    `owed` counts the records that wait, `lost` those that no journal can hold (a defect of ours), `laid` those laid since the last
    snapshot was.
    """

    def __init__(self, runtime: Runtime, journal: RecordKeeper, execute: Callable[[Action], None], lay: LayAction,
                 command: Callable[[CommandEvent], None]) -> None:
        self._runtime = runtime
        self._journal = journal
        self._execute = execute
        self._lay = lay
        self._command = command
        self._entries = runtime.mailbox()
        self._try_again_at_ns = 0
        self._is_untidy = True
        self._why = ""
        self.batches = 0
        self.owed = 0
        self.lost = 0
        self.laid = 0
        self.is_failing = False

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Lay what must be remembered and what may leave after it."""
        self.laid += len(records)
        self._entries.put((records, actions))

    def put_snapshot(self, pack: Pack) -> None:
        """Lay a snapshot of what all records laid so far come to: it is written behind them and before what is laid later."""
        self.laid = 0
        self._entries.put(pack)

    def close(self) -> None:
        """Let `run` end after everything laid before is written and handed over."""
        self._entries.put(_CLOSE)

    def shortfalls(self) -> list[str]:
        """Return, a sentence each, what is not in the journal and will not be: for people, when the journal thread has ended."""
        found = []
        if self.owed:
            found.append(f"{self.owed} record{'s' * (self.owed > 1)} could not be written to the journal ({self._why}): the next start "
                         "does not know of them and asks the venue")
        if self.lost:
            found.append(f"{self.lost} record{'s' * (self.lost > 1)} could not be encoded: compare orders and balances with the venue")
        return found

    def run(self) -> None:
        """Write and hand over until `close`: the body of the journal thread."""
        is_last = False
        while not is_last:
            entry = self._entries.take(self._until_ns())
            self._try_again()
            if entry is None:
                self._tidy()
                continue
            items, is_last = take_waiting(self._entries, entry, _CLOSE)
            entries: list[Entry] = []
            for item in items:
                if callable(item):
                    self.flush(entries)
                    entries = []
                    self._write_snapshot(item)
                else:
                    entries.append(item)
            self.flush(entries)
        self._try_again(is_last=True)

    def flush(self, entries: Sequence[Entry]) -> None:
        """Write everything in `entries` with one sync, then hand its actions over in order."""
        records = [record for remembered, _ in entries for record in remembered]
        orders = [action for _, actions in entries for action in actions if type(action) is PlaceOrder]
        now_ns = self._runtime.now_ns()
        releases = [Record(now_ns, OrderSent(order.request.client_order_id)) for order in orders]
        is_written = True
        if records or releases:
            is_written = self._write(records, releases)
            if not is_written:
                self._refuse(orders)
        for _, actions in entries:
            for action in actions:
                if is_written or type(action) is not PlaceOrder:
                    self._execute(action)

    def _write(self, records: Sequence[Record], releases: Sequence[Record]) -> bool:
        # Tells whether all of it is on disk; of what is not, the records wait in the journal and the releases are void.
        try:
            self._journal.append(records, releases)
        except OSError as error:
            self.owed += len(records)
            self._fail(error)
            return False
        except Exception as error:
            # A record that nothing can encode is a defect of ours: the others of its batch are written without it.
            if len(records) + len(releases) > 1:
                for record in records:
                    self._write([record], ())
            else:
                self.lost += len(records)
                self._command(CommandEvent(
                    "pause", "journal", f"a record cannot be written and is lost ({error!r}): this is a defect of the program; "
                                        f"compare orders and balances with the venue, then resume"))
            self._why = repr(error)
            return False
        self.batches += 1
        self._is_untidy = True
        return True

    def _write_snapshot(self, pack: Pack) -> None:
        if self.is_failing:
            return                              # the next start reads more instead
        try:
            self._journal.append_snapshot(pack())
        except OSError as error:
            # A disk may have room for records and none for this: nothing is halted for it as long as records can be written.
            if not self._journal.try_again():
                self._fail(error)
            self._lay(WarningEvent(f"no snapshot could be written ({_why(error)}): nothing is lost, the next start reads more records"))
        except Exception as error:
            self._lay(WarningEvent(f"no snapshot could be made ({error!r}): nothing is lost, the next start reads more records; this is a "
                                   f"defect of the program"))
        self._is_untidy = True

    def _fail(self, error: OSError) -> None:
        self._why = _why(error)
        if not self.is_failing:
            self.is_failing = True
            self._try_again_at_ns = self._runtime.monotonic_ns() + _TRY_AGAIN_NS
            self._command(CommandEvent("halt", "journal", f"the journal cannot write ({self._why})"))

    def _refuse(self, orders: Sequence[PlaceOrder]) -> None:
        now_ns = self._runtime.now_ns()
        for order in orders:
            self._lay(OrderUpdateEvent(OrderUpdate(
                order.request.client_order_id, Answer.DENIED, Evidence("journal", now_ns, now_ns),
                reason=f"the journal cannot write: {self._why}", code="journal")))

    def _try_again(self, is_last: bool = False) -> None:
        if not self.is_failing or (not is_last and self._runtime.monotonic_ns() < self._try_again_at_ns):
            return
        if not self._journal.try_again():
            self._try_again_at_ns = self._runtime.monotonic_ns() + _TRY_AGAIN_NS
            return
        text = f"the journal can write again, and what waited is on disk ({self.owed} record{'s' * (self.owed != 1)})"
        self.is_failing, self.owed, self._is_untidy = False, 0, True
        self._command(CommandEvent("rearm", "journal", text))

    def _tidy(self) -> None:
        # One small piece, then a look into the mailbox, until something comes.
        try:
            while self._is_untidy and not self.is_failing and self._entries.empty():
                self._is_untidy = self._journal.tidy()
        except OSError as error:
            self._is_untidy = False
            self._lay(WarningEvent(f"an old part of the journal could not be compressed ({_why(error)}): it stays as it is"))

    def _until_ns(self) -> int | None:
        if self.is_failing:
            return self._try_again_at_ns
        return self._runtime.monotonic_ns() + _IDLE_NS if self._is_untidy else None


def _why(error: OSError) -> str:
    return error.strerror or repr(error)
