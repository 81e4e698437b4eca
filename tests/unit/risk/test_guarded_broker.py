"""The last door: it keeps the pace, lets nothing stale through, and looks at the latch after the waiting."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.core.errors import HeldBack, OutcomeUnknown, TryAgain
from trading_system.core.order import OrderKind, OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.side import Side
from trading_system.risk.clock_guard import ClockGuard
from trading_system.risk.guarded_broker import GuardedBroker
from trading_system.risk.kill_latch import KillLatch


class Door:
    """A guarded broker, and what got through."""

    name = "luno"

    def __init__(self, tmp_path: Path, rate_seconds: float = 0.0, **settings: Any) -> None:
        self.runtime = HandCrankedRuntime()
        self.latch = KillLatch(tmp_path)
        self.through: list[str] = []
        self.error: Exception | None = None
        self.rate_seconds = rate_seconds
        self.while_waiting: Callable[[], None] = lambda: None
        self.asked_until: list[int] = []
        self.guarded = GuardedBroker(self, self.latch, self.runtime, self.wait, self.wait, self.is_of_this_run, **settings)  # type: ignore[arg-type]

    def wait(self, until_ns: int) -> bool:
        """Stand in for the rate limiter: a place comes free after `rate_seconds`."""
        self.asked_until.append(until_ns)
        self.while_waiting()
        free_ns = self.runtime.monotonic_ns() + int(self.rate_seconds * SECOND)
        self.runtime.sleep_until(min(free_ns, until_ns))
        return free_ns <= until_ns

    def is_of_this_run(self, name: str) -> bool:
        """Stand in for the house: this is run 1."""
        return name.split("-")[2] == "1"

    def place_order(self, request: OrderRequest) -> OrderUpdate:
        self.through.append("order")
        if self.error is not None:
            raise self.error
        return OrderUpdate(request.client_order_id, Answer.ACCEPTED, Evidence("post", 1, 2), "V1")

    def cancel_order(self, request: OrderRequest, venue_order_id: str) -> OrderUpdate:
        self.through.append("cancel")
        return OrderUpdate(request.client_order_id, Answer.CANCEL_ACCEPTED, Evidence("stop", 1, 2))

    def request(self, age_seconds: float = 0.0, run: int = 1) -> OrderRequest:
        created_ns = self.runtime.now_ns() - int(age_seconds * SECOND)
        return OrderRequest(f"abcdef-naive-{run}-1", "naive", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, created_ns, Decimal(1), limit=Decimal(1))


def test_an_order_goes_through_and_its_answer_comes_back(tmp_path: Path) -> None:
    door = Door(tmp_path)
    assert door.guarded.place_order(door.request()).answer is Answer.ACCEPTED
    assert door.through == ["order"]
    assert door.guarded.held_back == 0


def test_an_order_of_another_run_never_leaves_and_its_cancel_does(tmp_path: Path) -> None:
    door = Door(tmp_path)
    with pytest.raises(HeldBack) as raised:
        door.guarded.place_order(door.request(run=2))
    assert raised.value.code == "old_run"
    assert door.asked_until == [], "it takes no place in the rate"
    door.guarded.cancel_order(door.request(run=2), "V1")
    assert door.through == ["cancel"]


def test_an_order_waits_for_its_place_in_the_rate(tmp_path: Path) -> None:
    door = Door(tmp_path, rate_seconds=1.5)
    door.guarded.place_order(door.request())
    assert door.runtime.monotonic_ns() == 1_500_000_000
    assert door.guarded.longest_wait_seconds == 1.5


def test_an_order_that_would_wait_too_long_is_held_back_and_says_why(tmp_path: Path) -> None:
    door = Door(tmp_path, rate_seconds=5)
    with pytest.raises(HeldBack) as raised:
        door.guarded.place_order(door.request())
    assert (raised.value.code, raised.value.reason) == ("stale", "it could not leave within 2 s of its decision: the venue's rate is used up")
    assert not door.through
    assert door.guarded.held_back == 1
    assert door.guarded.longest_wait_seconds == 0.0


def test_the_time_an_order_spent_in_our_own_lanes_counts(tmp_path: Path) -> None:
    door = Door(tmp_path, rate_seconds=1)
    door.runtime.advance(10 * SECOND)
    with pytest.raises(HeldBack):
        door.guarded.place_order(door.request(age_seconds=1.5))
    assert not door.through
    door.guarded.place_order(door.request(age_seconds=0.5))
    assert door.through == ["order"]


def test_an_order_that_is_stale_already_takes_no_place_in_the_rate(tmp_path: Path) -> None:
    door = Door(tmp_path)
    with pytest.raises(HeldBack, match=r"it could not leave within 2 s of its decision: the venue's rate is used up"):
        door.guarded.place_order(door.request(age_seconds=3))
    assert not door.asked_until


def test_a_clock_that_stepped_back_does_not_let_an_order_wait_longer(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.guarded.place_order(door.request(age_seconds=-3600))
    assert door.asked_until == [2 * SECOND]


def test_a_killed_house_lets_no_order_through(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.latch.set("operator", "now")
    with pytest.raises(HeldBack) as raised:
        door.guarded.place_order(door.request())
    assert (raised.value.code, raised.value.reason) == ("killed", "the house is killed")
    assert not door.through


def test_a_latch_set_while_an_order_waits_for_the_rate_still_stops_it(tmp_path: Path) -> None:
    door = Door(tmp_path, rate_seconds=1)
    door.while_waiting = lambda: door.latch.set("operator", "now")
    with pytest.raises(HeldBack, match="killed"):
        door.guarded.place_order(door.request())
    assert not door.through


def test_a_killed_house_still_cancels(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.latch.set("operator", "now")
    assert door.guarded.cancel_order(door.request(), "V1").answer is Answer.CANCEL_ACCEPTED


def test_a_cancel_waits_longer_than_an_order_may_and_then_says_to_try_again(tmp_path: Path) -> None:
    door = Door(tmp_path, rate_seconds=9)
    door.guarded.cancel_order(door.request(), "V1")
    door.rate_seconds = 11
    with pytest.raises(TryAgain, match="no room for the cancel"):
        door.guarded.cancel_order(door.request(), "V1")
    assert door.through == ["cancel"]


def test_nothing_is_repeated_when_the_broker_raises(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.error = OutcomeUnknown("the reply never came")
    with pytest.raises(OutcomeUnknown):
        door.guarded.place_order(door.request())
    assert door.through == ["order"]


def test_no_more_orders_leave_in_a_second_than_the_house_allows_whatever_strategies_want(tmp_path: Path) -> None:
    door = Door(tmp_path, orders_per_second=3)
    sent_at: list[int] = []
    for _ in range(50):
        try:
            door.guarded.place_order(door.request())
            sent_at.append(door.runtime.monotonic_ns())
        except HeldBack as held:
            assert held.code == "rate"
        door.runtime.advance(SECOND // 10)
    assert len(sent_at) == 15
    assert all(later - earlier >= SECOND for earlier, later in zip(sent_at, sent_at[3:], strict=False))


def test_while_the_venues_clock_is_wrong_cancels_leave_and_orders_do_not(tmp_path: Path) -> None:
    offset = [-4.0]
    door = Door(tmp_path, clock=ClockGuard("luno", lambda: offset[0], 2.0))
    with pytest.raises(HeldBack) as raised:
        door.guarded.place_order(door.request())
    assert raised.value.code == "clock"
    assert raised.value.reason.startswith("the clock of luno is 4.0 s behind ours")
    door.guarded.cancel_order(door.request(), "V1")
    offset[0] = 0.0
    door.guarded.place_order(door.request())
    assert door.through == ["cancel", "order"]
