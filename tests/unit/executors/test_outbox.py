"""The outbox: nothing leaves before it is on disk, what waits is one batch, and a full disk stops orders and nothing else."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.hand_cranked_runtime import HandCrankedRuntime
from trading_system.core.actions import Action, CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.events import CommandEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderSent, Record, StateSaved
from trading_system.core.side import Side
from trading_system.executors.outbox import Outbox

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
        self.said: list[Any] = []
        self.commands: list[CommandEvent] = []
        self.outbox = Outbox(self.runtime, self, self.leave, self.said.append, self.commands.append)

    def append(self, records: Sequence[Record]) -> None:
        """Stand in for the journal."""
        if self.error is not None:
            raise self.error
        self.happened.append(("written", [body.state.decode() if isinstance(body, StateSaved) else body for body in (r.body for r in records)]))

    def leave(self, action: Action) -> None:
        """Stand in for the lanes."""
        self.happened.append(("left", action))

    @property
    def left(self) -> list[Action]:
        return [what for how, what in self.happened if how == "left"]

    @property
    def written(self) -> list[Any]:
        return [what for how, what in self.happened if how == "written"]

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
    desk.error = NO_SPACE
    desk.outbox.flush([([record("a")], [place(1), CancelOrder(request(9), "V9"), LookUpOrders("luno")])])
    return desk


def test_while_the_journal_cannot_write_orders_are_denied_and_cancels_and_look_ups_leave() -> None:
    desk = failing()
    assert desk.left == [CancelOrder(request(9), "V9"), LookUpOrders("luno")]
    (event,) = desk.said
    assert isinstance(event, OrderUpdateEvent)
    assert event.update.client_order_id == request(1).client_order_id
    assert event.update.answer is Answer.DENIED
    assert event.update.reason == "the journal cannot write: No space left on device"


def test_the_house_is_paused_once_with_what_to_do_about_it() -> None:
    desk = failing()
    desk.outbox.flush([([record("b")], [place(2)])])
    assert desk.commands == [
        CommandEvent("pause", "journal", "the journal cannot write (No space left on device): make room, then resume")]
    assert desk.outbox.is_failing


def test_what_could_not_be_written_is_written_first_and_once_as_soon_as_it_can() -> None:
    desk = failing()
    desk.outbox.flush([([record("b")], [])])
    desk.error = None
    desk.outbox.flush([([record("c")], [place(3)])])
    desk.outbox.flush([([record("d")], [])])
    assert desk.written == [["a", "b", "c", sent(3)], ["d"]]
    assert desk.left[-1] == place(3)
    assert WarningEvent("the journal can write again; resume when you are ready") in desk.said
    assert not desk.outbox.is_failing


def test_an_order_that_was_denied_for_the_disk_is_never_released_later() -> None:
    desk = failing()
    desk.error = None
    desk.outbox.flush([([record("b")], [])])
    assert sent(1) not in [body for batch in desk.written for body in batch]
    assert place(1) not in desk.left


@pytest.mark.parametrize("records", [[], [record("x")]])
def test_an_order_never_leaves_while_anything_is_owed_to_the_journal(records: list[Record]) -> None:
    desk = failing()
    desk.outbox.flush([(records, [LookUpOrders("luno"), place(2)])])
    assert place(2) not in desk.left
    assert desk.outbox.is_failing
