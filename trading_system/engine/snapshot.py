"""What all records so far come to, in one piece: a start takes the last snapshot back and replays only what was written behind it.

Taken on the engine's thread between two events, encoded and written by the journal thread. It holds what replay would rebuild: a record
that rebuilds something new needs a place here, and a higher `SNAPSHOT_VERSION`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from decimal import Decimal

import msgspec

from trading_system.core.errors import ConfigError
from trading_system.core.events import BalanceEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.records import Record, RunStarted
from trading_system.engine.books import Books
from trading_system.engine.recovery import Past, Replay
from trading_system.executors.outbox import Outbox
from trading_system.oms.position_manager import LedgerKept
from trading_system.storage.journal import Journal

#: Of an older version nothing is taken: the journal still has every record, and all of them are replayed instead.
SNAPSHOT_VERSION = 1
#: A start reads at most about so many records behind the last snapshot, in about a second. With many orders in memory it is more: a
#: snapshot holds them all, and shall not cost more disk than the records between two of them.
RECORDS_BETWEEN = 100_000
#: How many orders are encoded at once: the engine waits for the interpreter that long, some hundred microseconds.
_PIECE = 200
#: What the journal shall note when it is opened: the runs' beginnings must be known before anything can be replayed.
NOTED = RunStarted.__name__.encode()

Pieces = tuple[msgspec.Raw, ...]


class DeskKept(msgspec.Struct, frozen=True):
    """One strategy's orders, those that are over as far as they were kept, and its ledger. Orders are in pieces, each encoded by itself."""

    open: Pieces
    done: Pieces
    counts: dict[str, int]
    fills: int
    ledger: LedgerKept


class HouseSnapshot(msgspec.Struct, frozen=True):
    """All a start needs of the records before it: earlier runs, every desk, the capital each strategy was given and its saved state, the
    last number of its orders in each run, and what was last known of each account."""

    past: Past
    desks: dict[str, DeskKept]
    capital: dict[str, dict[str, Decimal]]
    states: dict[str, bytes]
    numbers: dict[str, int]
    accounts: dict[str, BalanceEvent]
    version: int = SNAPSHOT_VERSION


class _Versioned(msgspec.Struct):
    version: int


class Memory(msgspec.Struct):
    """What a start reads of a journal: the last snapshot, if there is one, and what follows it, as often as it is asked for."""

    past: Past
    snapshot: HouseSnapshot | None
    records: Callable[[], Iterator[Record]]

    def restore(self, books: Books) -> Replay:
        """Bring the books to where the journal ends. Raises what the journal's reader raises."""
        replay = Replay(books)
        if self.snapshot is not None:
            take_back(self.snapshot, replay)
        for record in self.records():
            replay.apply(record)
        replay.finish()
        return replay


class Snapshots:
    """Takes snapshots of one run. `past` has its own start in it; `capital` and `states` are those the run keeps up to date, and
    `numbers` tells the last numbers of its orders."""

    def __init__(self, outbox: Outbox, books: Books, past: Past, capital: Mapping[str, Mapping[str, Decimal]], states: Mapping[str, bytes],
                 numbers: Callable[[], Mapping[str, int]]) -> None:
        self._outbox = outbox
        self._books = books
        self._past = past
        self._capital = capital
        self._states = states
        self._numbers = numbers

    def lay(self) -> None:
        """Lay a snapshot in the outbox, behind every record so far. The same thread and moment as `take`."""
        self._outbox.put_snapshot(self.take())

    def lay_when_due(self) -> None:
        """Lay a snapshot when there are enough records behind the last one."""
        laid = self._outbox.laid
        if laid >= RECORDS_BETWEEN and laid >= 2 * self._orders() and not self._outbox.is_failing:
            self.lay()

    def take(self) -> Callable[[], bytes]:
        """Copy everything, and return what encodes the copy, on any thread. Engine's thread only, while no consequence waits: an order
        that is laid and not handled has no record yet."""
        desks = {name: ([_as_replayed(order) for order in desk.orders], [copy(order) for order in desk.orders.done.values()],
                        dict(desk.orders.counts), desk.fills, desk.positions.kept)
                 for name, desk in self._books.desks.items()}
        past = msgspec.structs.replace(self._past, strategies=dict(self._past.strategies), adopted=dict(self._past.adopted))
        capital = {name: dict(given) for name, given in self._capital.items()}
        states, accounts = dict(self._states), dict(self._books.accounts)
        numbers = {**self._books.numbers, **self._numbers()}

        def pack() -> bytes:
            encode = msgspec.msgpack.Encoder().encode
            kept = {name: DeskKept(_pieces(encode, still_open), _pieces(encode, done), counts, fills, ledger)
                    for name, (still_open, done, counts, fills, ledger) in desks.items()}
            return encode(HouseSnapshot(past, kept, capital, states, numbers, accounts))
        return pack

    def _orders(self) -> int:
        return sum(len(desk.orders) + len(desk.orders.done) for desk in self._books.desks.values())


def read_memory(journal: Journal) -> Memory:
    """Return what a start reads of a journal that was opened with `note=NOTED`: from the last snapshot on, or everything where there is
    none that this version knows.

    Raises ConfigError where a newer version wrote the snapshot, and what the journal's reader raises.
    """
    body = journal.read_from_last_snapshot()[0]
    snapshot = None if body is None else unpack(body)
    if snapshot is None:
        return Memory(Past.of(journal.noted if body is None else journal.read()), None, journal.read)
    past = msgspec.structs.replace(snapshot.past, strategies=dict(snapshot.past.strategies), adopted=dict(snapshot.past.adopted))
    return Memory(past.and_of(journal.noted), snapshot, lambda: journal.read_from_last_snapshot()[1])


def unpack(body: bytes) -> HouseSnapshot | None:
    """Return the snapshot in `body`; None when an older version wrote it. Raises ConfigError when a newer one did, or nobody of us."""
    try:
        version = msgspec.msgpack.decode(body, type=_Versioned).version
        if version > SNAPSHOT_VERSION:
            raise ConfigError(f"the journal's last snapshot has format {version}, and this version reads up to {SNAPSHOT_VERSION}: use the "
                              "version that wrote it, or another state folder (--state)")
        return msgspec.msgpack.decode(body, type=HouseSnapshot) if version == SNAPSHOT_VERSION else None
    except msgspec.MsgspecError as error:
        raise ConfigError(f"the journal's last snapshot is not known to this version ({error}): use the version that wrote it, or another "
                          "state folder (--state)") from None


def take_back(snapshot: HouseSnapshot, replay: Replay) -> None:
    """Bring empty books to where they were when the snapshot was taken, as if every record before it had been replayed."""
    decode = msgspec.msgpack.Decoder(list[Order]).decode
    for name, kept in snapshot.desks.items():
        desk = replay.books.desk(name)
        desk.orders.take_back(_orders(decode, kept.open), _orders(decode, kept.done), kept.counts)
        desk.positions.take_back(kept.ledger)
        desk.fills = kept.fills
    # By the name it was given to: a strategy that is taken over by this start finds its capital under the former one.
    replay.capital.update(snapshot.capital)
    replay.books.numbers.update(snapshot.numbers)
    replay.books.accounts.update(snapshot.accounts)
    replay.states.update({replay.books.desk(name).name: state for name, state in snapshot.states.items()})


def _as_replayed(order: Order) -> Order:
    kept = copy(order)
    if kept.state is OrderState.PENDING_NEW:
        # Its record and its release are in front of the snapshot, written with one sync; only the lane's own word of it may be missing.
        kept.state = OrderState.SENT
    return kept


def _pieces(encode: Callable[[list[Order]], bytes], orders: list[Order]) -> Pieces:
    return tuple(msgspec.Raw(encode(orders[start:start + _PIECE])) for start in range(0, len(orders), _PIECE))


def _orders(decode: Callable[[msgspec.Raw], list[Order]], pieces: Pieces) -> Iterable[Order]:
    return (order for piece in pieces for order in decode(piece))
