"""The outbox: nothing leaves before it is on disk, what waits is one batch, and a full disk stops orders and nothing else."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.core.actions import Action, CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.events import CommandEvent, OrderUpdateEvent
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderSent, Record, StateSaved
from trading_system.core.side import Side
from trading_system.executors.outbox import Outbox
from trading_system.storage.journal import Journal

NO_SPACE = OSError(28, "No space left on device")


def request(number: int = 1) -> OrderRequest:
    return OrderRequest(f"abcdef-naive-1-{number}", "naive", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, 1, Decimal(1), limit=Decimal(1))


def place(number: int = 1) -> PlaceOrder:
    return PlaceOrder(request(number))


def record(text: str) -> Record:
    return Record(1, StateSaved("naive", text.encode()))


class Desk:
    """An outbox whose journal and lanes write down, in one list, what happened when."""

    def __init__(self, seed: int | None = None, preemption: float = 0.0) -> None:
        self.runtime = HandCrankedRuntime(seed, preemption=preemption)
        self.happened: list[tuple[str, Any]] = []
        self.error: OSError | None = None
        self.snapshot_error: OSError | None = None
        self.missing: list[Record] = []
        self.is_broken = False
        self.attempts: list[float] = []
        self.pieces = 0
        self.said: list[Any] = []
        self.commands: list[CommandEvent] = []
        self.outbox = Outbox(self.runtime, self, self.leave, self.said.append, self.commands.append)

    def append(self, records: Sequence[Record], releases: Sequence[Record] = ()) -> None:
        """Stand in for the journal."""
        if any(isinstance(record.body, str) for record in records):
            raise TypeError("nothing can encode this")
        if self.error is not None or self.is_broken:
            self.is_broken = True
            self.missing += records
            raise self.error or NO_SPACE
        self.write([*records, *releases])

    def write(self, records: Sequence[Record]) -> None:
        """Note what is on the stand-in's disk."""
        self.happened.append(("written", [body.state.decode() if isinstance(body, StateSaved) else body for body in (r.body for r in records)]))

    def append_snapshot(self, body: bytes) -> None:
        """Stand in for the journal."""
        if self.snapshot_error is not None or self.is_broken:
            self.is_broken = True
            raise self.snapshot_error or NO_SPACE
        self.happened.append(("snapshot", body))

    def try_again(self) -> bool:
        """Stand in for the journal."""
        self.attempts.append(self.runtime.monotonic_ns() / 1e9)
        if self.error is None:
            self.is_broken = False
            if self.missing:
                self.write(self.missing)
            self.missing = []
        return not self.is_broken

    def tidy(self) -> bool:
        """Stand in for the journal: `pieces` of work."""
        if self.pieces:
            self.pieces -= 1
            self.happened.append(("tidied", self.runtime.monotonic_ns() / 1e9))
            if self.error is not None:
                raise self.error
        return self.pieces > 0

    def leave(self, action: Action) -> None:
        """Stand in for the lanes."""
        self.happened.append(("left", action))

    @property
    def left(self) -> list[Action]:
        return [what for how, what in self.happened if how == "left"]

    @property
    def written(self) -> list[Any]:
        return [what for how, what in self.happened if how == "written"]

    def start(self) -> None:
        """Let the journal thread run for itself."""
        self.runtime.spawn("journal", self.outbox.run)
        self.runtime.run_until_idle()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.runtime.run_until(self.runtime.monotonic_ns() + int(seconds * SECOND))

    def run(self) -> None:
        """Let the journal thread do everything that waits, and end."""
        self.outbox.close()
        self.runtime.spawn("journal", self.outbox.run)
        self.runtime.run_until_idle()


def sent(number: int = 1) -> OrderSent:
    return OrderSent(f"abcdef-naive-1-{number}")


def test_a_record_and_the_release_of_its_order_are_written_before_the_order_leaves() -> None:
    desk = Desk()
    desk.outbox.put([record("order")], [place()])
    desk.run()
    assert desk.happened == [("written", ["order", sent()]), ("left", place())]


def test_everything_that_waits_is_written_in_one_batch_and_leaves_in_order() -> None:
    desk = Desk()
    cancel, ask = CancelOrder(request(1), "V1"), LookUpOrders("luno")
    desk.outbox.put([record("a")], [place(1), cancel])
    desk.outbox.put([record("b"), record("c")], [])
    desk.outbox.put([], [ask])
    desk.outbox.put([record("d")], [place(2)])
    desk.run()
    assert desk.written == [["a", "b", "c", "d", sent(1), sent(2)]]
    assert desk.left == [place(1), cancel, ask, place(2)]
    assert desk.outbox.batches == 1


def test_no_action_ever_leaves_before_its_record_in_any_of_many_schedules() -> None:
    for seed in range(60):
        desk = Desk(seed, 0.5)
        desk.runtime.spawn("journal", desk.outbox.run)
        for number in range(8):
            desk.outbox.put([record(str(number))], [place(number)])
        desk.outbox.close()
        desk.runtime.run_until_idle()
        known: list[Any] = []
        for how, what in desk.happened:
            if how == "written":
                known.extend(what)
            else:
                number = what.request.client_order_id.rpartition("-")[2]
                assert number in known
                assert sent(int(number)) in known
        assert desk.left == [place(number) for number in range(8)]


def test_an_action_with_nothing_to_remember_leaves_without_a_write() -> None:
    desk = Desk()
    desk.outbox.put([], [LookUpOrders("luno")])
    desk.run()
    assert desk.happened == [("left", LookUpOrders("luno"))]
    assert desk.outbox.batches == 0


def test_closing_ends_the_thread_after_everything_laid_before() -> None:
    desk = Desk()
    task = desk.runtime.spawn("journal", desk.outbox.run)
    desk.runtime.run_until_idle()
    desk.outbox.put([record("last")], [])
    desk.outbox.close()
    desk.runtime.run_until_idle()
    assert desk.written == [["last"]]
    assert not task.is_alive()


def failing() -> Desk:
    desk = Desk()
    desk.start()
    desk.error = NO_SPACE
    desk.outbox.put([record("a")], [place(1), CancelOrder(request(9), "V9"), LookUpOrders("luno")])
    desk.runtime.run_until_idle()
    return desk


def test_while_the_journal_cannot_write_orders_are_denied_and_cancels_and_look_ups_leave() -> None:
    desk = failing()
    assert desk.left == [CancelOrder(request(9), "V9"), LookUpOrders("luno")]
    (event,) = desk.said
    assert isinstance(event, OrderUpdateEvent)
    assert event.update.client_order_id == request(1).client_order_id
    assert event.update.answer is Answer.DENIED
    assert event.update.code == "journal"
    assert event.update.reason == "the journal cannot write: No space left on device"


def test_the_house_is_halted_once_with_the_reason() -> None:
    desk = failing()
    for number in range(5):
        desk.outbox.put([record("b")], [place(number)])
        desk.pass_seconds(3)
    assert desk.commands == [CommandEvent("halt", "journal", "the journal cannot write (No space left on device)")]
    assert desk.outbox.is_failing


def test_it_is_tried_again_every_second_whether_anything_comes_or_not() -> None:
    desk = failing()
    desk.pass_seconds(2.5)
    for number in range(20):
        desk.outbox.put([record(str(number))], [])
        desk.pass_seconds(0.1)
    assert desk.attempts == pytest.approx([1, 2, 3, 4], abs=0.11)
    assert desk.outbox.owed == 21


def test_what_could_not_be_written_is_written_first_in_order_and_once_and_the_house_is_told() -> None:
    desk = failing()
    for text in "bcd":
        desk.outbox.put([record(text)], [place(2)])
        desk.runtime.run_until_idle()
    assert desk.outbox.owed == 4
    desk.error = None
    desk.pass_seconds(1)
    desk.outbox.put([record("e")], [place(3)])
    desk.run()
    assert desk.written == [["a", "b", "c", "d"], ["e", sent(3)]]
    assert desk.left[-1] == place(3)
    assert desk.commands[1:] == [
        CommandEvent("rearm", "journal", "the journal can write again, and what waited is on disk (4 records)")]
    assert not desk.outbox.is_failing
    assert desk.outbox.owed == 0


def test_nothing_passes_what_waits_although_the_disk_could_write_again() -> None:
    desk = failing()
    desk.error = None
    desk.outbox.put([record("b")], [place(2)])
    desk.runtime.run_until_idle()
    assert desk.written == []
    assert place(2) not in desk.left
    desk.pass_seconds(1)
    assert desk.written == [["a", "b"]]


def test_a_second_failure_is_told_again() -> None:
    desk = failing()
    desk.error = None
    desk.pass_seconds(1)
    desk.error = NO_SPACE
    desk.outbox.put([record("b")], [])
    desk.runtime.run_until_idle()
    assert [command.what for command in desk.commands] == ["halt", "rearm", "halt"]


def test_an_order_that_was_denied_for_the_disk_is_never_released_later() -> None:
    desk = failing()
    desk.error = None
    desk.pass_seconds(1)
    desk.outbox.put([record("b")], [])
    desk.run()
    assert desk.written == [["a"], ["b"]]
    assert place(1) not in desk.left


@pytest.mark.parametrize("records", [[], [record("x")]])
def test_an_order_never_leaves_while_anything_is_owed_to_the_journal(records: list[Record]) -> None:
    desk = failing()
    desk.outbox.put(records, [LookUpOrders("luno"), place(2)])
    desk.runtime.run_until_idle()
    assert place(2) not in desk.left
    assert desk.left[-1] == LookUpOrders("luno")
    assert desk.outbox.is_failing


def test_the_last_thing_at_a_stop_is_to_try_again() -> None:
    desk = failing()
    desk.error = None
    desk.run()
    assert desk.written == [["a"]]


def test_a_stop_does_not_wait_for_a_disk_that_stays_full_and_says_what_is_not_on_it() -> None:
    desk = failing()
    assert desk.outbox.owed == 1
    desk.outbox.close()
    desk.runtime.run_until_idle()
    assert desk.outbox.owed == 1
    assert desk.written == []
    (sentence,) = desk.outbox.shortfalls()
    assert sentence.startswith("1 record could not be written to the journal (No space left on device): the next start")
    assert Desk().outbox.shortfalls() == []


def test_a_record_that_nothing_can_encode_takes_no_other_with_it() -> None:
    desk = Desk()
    desk.outbox.put([record("a")], [])
    desk.outbox.put([Record(1, "a defect")], [place(1), LookUpOrders("luno")])  # type: ignore[arg-type]
    desk.outbox.put([record("c")], [])
    desk.run()
    assert desk.written == [["a"], ["c"]]
    assert desk.left == [LookUpOrders("luno")]
    assert desk.outbox.lost == 1
    assert desk.outbox.shortfalls() == ["1 record could not be encoded: compare orders and balances with the venue"]
    (command,) = desk.commands
    assert (command.what, command.by) == ("pause", "journal")
    assert "nothing can encode this" in command.reason
    assert [event.update.code for event in desk.said] == ["journal"]


def test_a_snapshot_is_written_behind_all_records_before_it_and_before_all_behind_it() -> None:
    desk = Desk()
    desk.outbox.put([record("a")], [place(1)])
    desk.outbox.put([record("b")], [])
    assert desk.outbox.laid == 2
    desk.outbox.put_snapshot(lambda: b"all of it")
    assert desk.outbox.laid == 0
    desk.outbox.put([record("c")], [place(2)])
    desk.run()
    assert desk.happened == [("written", ["a", "b", sent(1)]), ("left", place(1)), ("snapshot", b"all of it"),
                             ("written", ["c", sent(2)]), ("left", place(2))]


def test_a_snapshot_that_cannot_be_written_or_made_halts_nothing_and_loses_nothing() -> None:
    def broken() -> bytes:
        raise TypeError("what is this")
    for pack, error, words in ((lambda: b"", NO_SPACE, "no snapshot could be written (No space left on device)"),
                               (broken, None, "no snapshot could be made (TypeError('what is this'))")):
        desk = Desk()
        desk.snapshot_error = error
        desk.outbox.put([record("a")], [])
        desk.outbox.put_snapshot(pack)
        desk.outbox.put([record("b")], [place(1)])
        desk.run()
        assert desk.happened == [("written", ["a"]), ("written", ["b", sent(1)]), ("left", place(1))]
        assert desk.commands == []
        assert [event.text.partition(":")[0] for event in desk.said] == [words]


def test_a_snapshot_whose_failure_breaks_the_journal_halts_the_house_until_it_can_write() -> None:
    desk = Desk()
    desk.start()
    desk.error = desk.snapshot_error = NO_SPACE
    desk.outbox.put_snapshot(lambda: b"")
    desk.outbox.put([record("b")], [place(1)])
    desk.pass_seconds(5)
    assert desk.left == []
    desk.error = desk.snapshot_error = None
    desk.pass_seconds(1)
    assert desk.written == [["b"]]
    assert [command.what for command in desk.commands] == ["halt", "rearm"]


def test_no_snapshot_is_written_while_records_wait() -> None:
    desk = failing()
    desk.outbox.put_snapshot(lambda: b"of records that are not on disk")
    desk.pass_seconds(5)
    desk.error = None
    desk.pass_seconds(1)
    assert desk.happened[-1] == ("written", ["a"])
    assert all(how != "snapshot" for how, _ in desk.happened)


def test_tidying_waits_for_a_pause_and_goes_on_until_something_comes() -> None:
    desk = Desk()
    desk.pieces = 3
    desk.start()
    for text in "abcdefgh":
        desk.outbox.put([record(text)], [])
        desk.pass_seconds(0.15)
    assert desk.pieces == 3
    desk.pass_seconds(0.1)
    assert desk.pieces == 0
    desk.pieces = 1
    desk.pass_seconds(5)
    assert desk.pieces == 1
    desk.outbox.put([record("i")], [])
    desk.pass_seconds(0.3)
    assert desk.pieces == 0


def test_a_record_is_never_kept_waiting_by_more_than_one_piece_of_tidying() -> None:
    desk = Desk()
    desk.pieces = 50
    tidy, desk.tidy = desk.tidy, lambda: desk.outbox.put([record(str(desk.pieces))], []) or tidy()  # type: ignore[method-assign]
    desk.start()
    desk.pass_seconds(1)
    kinds = [how for how, _ in desk.happened]
    assert kinds[:4] == ["tidied", "written", "tidied", "written"]


def test_an_old_part_that_cannot_be_compressed_is_told_once_and_stops_nothing() -> None:
    desk = Desk()
    desk.pieces, desk.error = 9, NO_SPACE
    desk.start()
    desk.pass_seconds(10)
    desk.error = None
    desk.outbox.put([record("a")], [place(1)])
    desk.runtime.run_until_idle()
    assert len(desk.said) == 1
    assert "could not be compressed (No space left on device)" in desk.said[0].text
    assert desk.left == [place(1)]
    assert not desk.outbox.is_failing


def test_with_the_real_journal_a_disk_that_fills_up_loses_no_record_and_releases_no_order_twice() -> None:
    for room in range(0, 2500, 45):
        desk = Desk()
        journal = Journal(desk.runtime, Path("journal"), segment_bytes=1000)
        outbox = Outbox(desk.runtime, journal, desk.leave, desk.said.append, desk.commands.append)
        desk.runtime.spawn("journal", outbox.run)
        desk.runtime.disk.room = room
        for number in range(12):
            outbox.put([record(f"order {number}")], [place(number), LookUpOrders("luno")])
            desk.pass_seconds(0.4)
        desk.runtime.disk.room = None
        desk.pass_seconds(1)
        outbox.put([record("last")], [place(99)])
        outbox.close()
        desk.runtime.run_until_idle()
        desk.runtime.disk.cut_power()
        bodies = [one.body for one in Journal(desk.runtime, Path("journal")).read()]
        assert [body.state for body in bodies if isinstance(body, StateSaved)] == [*(f"order {n}".encode() for n in range(12)), b"last"]
        released = [body.client_order_id for body in bodies if isinstance(body, OrderSent)]
        left = [action.request.client_order_id for action in desk.left if isinstance(action, PlaceOrder)]
        denied = [event.update.client_order_id for event in desk.said if isinstance(event, OrderUpdateEvent)]
        assert released == left
        assert sorted(left + denied) == sorted(request(number).client_order_id for number in (*range(12), 99))
        assert left[-1] == request(99).client_order_id
        assert desk.left.count(LookUpOrders("luno")) == 12
        assert [command.what for command in desk.commands] == (["halt", "rearm"] if denied else [])
        journal.close()
        desk.runtime.close()
