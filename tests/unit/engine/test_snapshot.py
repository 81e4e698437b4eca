"""A start from the last snapshot: what it holds, when it is written, and what a machine that stops in the middle of it leaves."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.hand_cranked_disk import HandCrankedDisk, PowerCut
from tests.hand_cranked_runtime import HandCrankedRuntime
from tests.property.house_lives import NAMES, Life, everything, replayed, small_house
from trading_system.core.errors import ConfigError
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import Record, RunStarted, StateSaved, StrategyStarted
from trading_system.engine import snapshot
from trading_system.engine.books import Books
from trading_system.engine.recovery import Past, Replay
from trading_system.engine.snapshot import NOTED, RECORDS_BETWEEN, Snapshots, read_memory, take_back, unpack
from trading_system.executors.outbox import Outbox
from trading_system.storage.journal import Journal

FOLDER = Path("journal")
BUY, HEAR = "buy", "hear"
STEPS: list[Any] = [
    (BUY, 0, Answer.SENT, 9, "ZAR", 1), (HEAR, 0, Answer.ACCEPTED, 1, "ZAR", 0), (HEAR, 0, Answer.OPEN, 5, "ZAR", 1),
    ("cancel", 0, Answer.SENT, 0, "ZAR", 0), (BUY, 1, Answer.SENT, 3, "ZAR", 1), (HEAR, 0, Answer.FILLED, 4, "XBT", 1),
    ("save", 1, Answer.SENT, 7, "ZAR", 0), (BUY, 2, Answer.SENT, 2, "ZAR", 1), (HEAR, 0, Answer.OUTCOME_UNKNOWN, 0, "ZAR", 0),
]
LATER: list[Any] = [(HEAR, 1, Answer.FILLED, 9, "ZAR", 1), (BUY, 1, Answer.SENT, 1, "ZAR", 1), ("save", 0, Answer.SENT, 1, "ZAR", 0),
                    ("deposit", 3, Answer.SENT, 2, "ZAR", 0)]


class Paper:
    """A house that lived, and an outbox that writes what it lived through to a journal on a disk in memory."""

    def __init__(self, disk: HandCrankedDisk | None = None) -> None:
        self.disk = disk or HandCrankedDisk()
        self.runtime = HandCrankedRuntime(disk=self.disk)
        self.journal = Journal(self.runtime, FOLDER)
        self.said: list[Any] = []
        self.outbox = Outbox(self.runtime, self.journal, lambda action: None, self.said.append, self.said.append)
        self.life = Life()
        house = self.life.house
        self.snapshots = Snapshots(self.outbox, house.books, self.life.past, self.life.replay.capital, house.engine.states,
                                   house.service.numbers)
        self.written = 0

    def live(self, steps: list[Any]) -> None:
        """Live on and write it down."""
        self.life.live(steps)
        records = self.life.records
        self.outbox.put(records[self.written:], [])
        self.written = len(records)

    def write(self) -> None:
        """Let the journal thread write all that was laid, and end."""
        self.outbox.close()
        self.outbox.run()


def start(disk: HandCrankedDisk) -> tuple[dict[str, Any], Past, bool]:
    """Return what a start finds on a disk, and whether a snapshot was there."""
    memory = read_memory(Journal(HandCrankedRuntime(disk=disk), FOLDER, note=NOTED))
    house = small_house()
    replay = memory.restore(house.books)
    return everything(house, replay), memory.past, memory.snapshot is not None


def whole(disk: HandCrankedDisk) -> tuple[dict[str, Any], Past]:
    """Return what all records on a disk come to."""
    records = list(Journal(HandCrankedRuntime(disk=disk), FOLDER).read())
    return everything(*replayed(records)), Past.of(records)


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Tell whether two books are the same, but for what a living house hears and does not write down."""
    for picture in (found, expected):
        for desk in picture["desks"].values():
            for order in (*desk["open"], *desk["done"]):
                order.pop("heard_ns", None)
                order.pop("is_settled", None)
    return found == expected


def test_a_start_reads_the_snapshot_and_only_what_follows_it() -> None:
    paper = Paper()
    paper.live(STEPS)
    paper.snapshots.lay()
    paper.live(LATER)
    paper.write()
    books, past, has_snapshot = start(paper.disk)
    expected, expected_past = whole(paper.disk)
    assert has_snapshot
    assert same(books, expected)
    assert past == expected_past
    journal = Journal(HandCrankedRuntime(disk=paper.disk), FOLDER)
    assert len(list(read_memory(journal).records())) < len(list(journal.read())) / 2
    states = {order["state"] for desk in books["desks"].values() for order in (*desk["open"], *desk["done"])}
    assert {OrderState.FILLED, OrderState.UNKNOWN} <= states, "the life above should be a rich one"


def test_a_journal_without_a_snapshot_is_replayed_from_its_beginning() -> None:
    paper = Paper()
    paper.live([*STEPS, *LATER])
    paper.write()
    books, past, has_snapshot = start(paper.disk)
    assert not has_snapshot
    assert (books, past) == whole(paper.disk)
    assert past.house == "abcdef"


def test_an_empty_journal_is_a_new_house() -> None:
    books, past, has_snapshot = start(HandCrankedDisk())
    assert not has_snapshot
    assert past == Past()
    assert books["desks"][NAMES[0]]["open"] == []


def test_a_machine_that_stops_at_any_operation_or_byte_of_a_snapshot_loses_nothing() -> None:
    paper = Paper()
    paper.live(STEPS)
    paper.write()
    before, body, count = deepcopy(paper.disk), paper.snapshots.take()(), paper.written
    paper.live(LATER)
    records = paper.life.records

    def write(disk: HandCrankedDisk) -> None:
        journal = Journal(HandCrankedRuntime(disk=disk), FOLDER)
        journal.append_snapshot(body)
        journal.append(records[count:])

    disk = deepcopy(before)
    write(disk)
    ends = set()
    for number, operation in enumerate(disk.log[len(before.log):]):
        # Before its sync every byte of what was appended may or may not be there.
        for kept in range(len(body) + 200) if operation.startswith("sync journal") else (0, 10**6):
            disk = deepcopy(before)
            disk.stop_at = len(disk.log) + number
            with pytest.raises(PowerCut):
                write(disk)
            pending = max(len(disk.read(path)) - len(safe) for path, safe in disk.synced.items())
            disk.cut_power(kept)
            journal = Journal(HandCrankedRuntime(disk=disk), FOLDER)
            there = list(journal.read())
            assert there in (records[:count], records), f"at {operation} with {kept} bytes"
            memory = read_memory(journal)
            end = (memory.snapshot is not None, len(there))
            if end not in ends:
                ends.add(end)
                books, past, _ = start(disk)
                assert same(books, everything(*replayed(there))), f"at {operation} with {kept} bytes"
                assert past == Past.of(there)
            assert memory.snapshot is None or memory.snapshot == unpack(body)
            if kept > pending:
                break
    assert ends == {(False, count), (True, count), (True, len(records))}


def test_a_snapshot_that_finds_no_room_loses_nothing_and_the_journal_goes_on() -> None:
    for room in range(0, 3000, 37):
        paper = Paper()
        paper.live(STEPS)
        paper.outbox.flush([paper.outbox._entries.take()])
        paper.disk.room = room
        paper.snapshots.lay()
        task = paper.runtime.spawn("journal", paper.outbox.run)
        paper.runtime.run_until_idle()
        paper.disk.room = None
        paper.live(LATER)
        paper.outbox.close()
        paper.runtime.run_until_idle()
        assert not task.is_alive()
        paper.disk.cut_power()
        books, _, has_snapshot = start(paper.disk)
        assert same(books, everything(*replayed(paper.life.records)))
        assert has_snapshot == (not paper.said)
        paper.runtime.close()


def test_what_an_older_version_made_of_the_records_is_left_aside_and_a_newer_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper()
    paper.live(STEPS)
    paper.snapshots.lay()
    paper.write()
    monkeypatch.setattr(snapshot, "SNAPSHOT_VERSION", 2)
    books, past, has_snapshot = start(paper.disk)
    assert not has_snapshot
    assert (books, past) == whole(paper.disk)
    monkeypatch.setattr(snapshot, "SNAPSHOT_VERSION", 0)
    with pytest.raises(ConfigError, match="last snapshot has format 1, and this version reads up to 0: use the version that wrote it"):
        start(paper.disk)


def test_a_snapshot_that_nobody_knows_is_refused() -> None:
    for body in (b"", b"\xc1", msgspec.msgpack.encode({"version": 1, "past": 3})):
        with pytest.raises(ConfigError, match="last snapshot is not known to this version"):
            unpack(body)


def test_a_strategy_that_is_renamed_after_the_snapshot_takes_over_what_is_in_it() -> None:
    paper = Paper()
    paper.live(STEPS)
    taken = unpack(paper.snapshots.take()())
    assert taken is not None
    house = small_house()
    house.books = Books("abcdef", {"heir": house.desks["naive"], "other": house.desks["other"]}, {"naive": "heir"})
    house.desks["naive"].name = "heir"
    replay = Replay(house.books)
    take_back(taken, replay)
    run = RunStarted(2, 2, "abcdef", "simulate", "0", "hash", {"heir": StrategyStarted(
        ("XBTZAR.luno", "ETHZAR.luno"), {"ZAR": Decimal(1_000_000), "ETH": Decimal("2.5")}, "ZAR", "naive")})
    replay.apply(Record(2, run))
    ledger = paper.life.house.desks["naive"].positions
    assert house.desks["naive"].positions.kept == ledger.kept, "the same capital under a new name is no deposit"
    order = paper.life.orders[0]
    assert house.books.find(order.client_order_id) is not None


def test_the_state_of_a_strategy_that_did_not_save_again_is_kept() -> None:
    paper = Paper()
    paper.life.house.engine.states["naive"] = b"of an earlier run"
    taken = unpack(paper.snapshots.take()())
    house = small_house()
    replay = Replay(house.books)
    assert taken is not None
    take_back(taken, replay)
    assert replay.states == {"naive": b"of an earlier run"}
    replay.apply(Record(9, StateSaved("naive", b"new")))
    assert replay.states == {"naive": b"new"}


def test_a_snapshot_is_due_after_many_records_and_not_while_the_journal_cannot_write(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper()
    one = paper.life.records[:1]
    paper.outbox.put(one * (RECORDS_BETWEEN - 1), [])
    paper.snapshots.lay_when_due()
    assert paper.outbox.laid == RECORDS_BETWEEN - 1
    paper.outbox.put(one, [])
    paper.outbox.is_failing = True
    paper.snapshots.lay_when_due()
    assert paper.outbox.laid == RECORDS_BETWEEN
    paper.outbox.is_failing = False
    paper.snapshots.lay_when_due()
    assert paper.outbox.laid == 0


def test_a_house_with_very_many_orders_waits_longer_so_that_snapshots_stay_the_smaller_part() -> None:
    paper = Paper()
    order = paper.life.house.buy()
    desk = paper.life.house.desks["naive"]
    desk.orders.done = {str(number): order for number in range(RECORDS_BETWEEN)}
    paper.outbox.put(paper.life.records[:1] * (2 * RECORDS_BETWEEN), [])
    paper.snapshots.lay_when_due()
    assert paper.outbox.laid == 2 * RECORDS_BETWEEN
    paper.outbox.put(paper.life.records[:1] * 10, [])
    paper.snapshots.lay_when_due()
    assert paper.outbox.laid == 0
