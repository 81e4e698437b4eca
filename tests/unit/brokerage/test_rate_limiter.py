"""The rate limiter: never more than the venue allows, never a starved poll, the urgent first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.rate_limiter import Purpose, RateLimiter
from tests.unit.brokerage.fake_runtime import FakeRuntime

SECOND = 10**9
FOREVER = 10**6 * SECOND


def leave(runtime: FakeRuntime, limiter: RateLimiter, asks: list[tuple[int, Purpose]]) -> list[tuple[int, Purpose]]:
    """Return when each ask got its turn, in the order in which they did."""
    left: list[tuple[int, Purpose]] = []
    for at_ns, purpose in asks:
        def body(purpose: Purpose = purpose) -> None:
            if limiter.acquire(purpose, FOREVER):
                left.append((runtime.monotonic_ns(), purpose))
        runtime.spawn(str(purpose), body, at_ns)
    runtime.run()
    return left


def test_a_burst_leaves_at_once_and_the_rest_at_the_rate() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    left = leave(runtime, limiter, [(0, Purpose.ORDER)] * 10)
    # The reserves are full, so that the whole rate of four a second is the orders'.
    assert [round(at_ns / SECOND, 6) for at_ns, _ in left] == [0, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
    assert limiter.longest_wait_seconds == 2.0


@settings(max_examples=100, deadline=None)
@given(
    asks=st.lists(st.tuples(st.integers(0, 8 * SECOND), st.sampled_from(Purpose)), max_size=60),
    per_second=st.floats(1.0, 20.0),
    burst=st.integers(3, 12),
    poll=st.floats(0.1, 0.5),
    cancel=st.floats(0.05, 0.3),
)
def test_no_window_ever_holds_more_than_burst_plus_rate(
    asks: list[tuple[int, Purpose]], per_second: float, burst: int, poll: float, cancel: float
) -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime, per_second, burst, per_second * poll, per_second * cancel)
    times = sorted(at_ns for at_ns, _ in leave(runtime, limiter, asks))
    assert len(times) == len(asks)
    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = burst + per_second * (times[last] - times[first]) / SECOND
            assert last - first + 1 <= allowed + 1e-9


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5 * SECOND), st.sampled_from([Purpose.CANCEL, Purpose.LOOK_UP, Purpose.ORDER])), max_size=80))
def test_a_poll_every_half_second_never_waits_whatever_else_is_asked(others: list[tuple[int, Purpose]]) -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    polls = [(number * SECOND // 2, Purpose.POLL) for number in range(20)]
    left = leave(runtime, limiter, polls + others)
    assert [at_ns for at_ns, purpose in left if purpose is Purpose.POLL] == [at_ns for at_ns, _ in polls]


def test_a_cancel_passes_a_crowd_of_orders() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    left = leave(runtime, limiter, [(0, Purpose.ORDER)] * 20 + [(SECOND, Purpose.CANCEL)])
    assert (SECOND, Purpose.CANCEL) in left


def test_of_the_shared_calls_cancels_go_first_then_look_ups_then_orders() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    drain = [(0, Purpose.ORDER), (0, Purpose.ORDER), (0, Purpose.CANCEL)]
    wanted = [Purpose.ORDER, Purpose.ORDER, Purpose.LOOK_UP, Purpose.CANCEL, Purpose.LOOK_UP, Purpose.CANCEL]
    left = leave(runtime, limiter, drain + [(1, purpose) for purpose in wanted])
    assert [purpose for _, purpose in left][3:] == sorted(wanted)


def test_what_polls_do_not_use_flows_to_orders_and_comes_back_when_they_return() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    left = leave(runtime, limiter, [(0, Purpose.ORDER)] * 30 + [(3 * SECOND, Purpose.POLL)] * 2)
    assert [at_ns for at_ns, purpose in left if purpose is Purpose.POLL] == [3 * SECOND] * 2
    assert sum(at_ns <= 3 * SECOND for at_ns, purpose in left if purpose is Purpose.ORDER) == 2 + 12


def test_who_would_come_too_late_is_told_at_once_and_takes_nothing() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    assert limiter.acquire(Purpose.ORDER, 0)
    assert limiter.acquire(Purpose.ORDER, 0)
    before = limiter.left()
    assert not limiter.acquire(Purpose.ORDER, SECOND // 5)
    assert runtime.monotonic_ns() == 0
    assert limiter.left() == before
    assert before.shared == 0
    assert before.poll == 2
    assert before.waiting == 0


def test_who_was_overtaken_past_its_deadline_takes_nothing() -> None:
    runtime = FakeRuntime()
    limiter = RateLimiter(runtime)
    refused: list[int] = []
    for _ in range(2):
        assert limiter.acquire(Purpose.ORDER, 0)

    def order() -> None:
        if not limiter.acquire(Purpose.ORDER, SECOND // 4):
            refused.append(runtime.monotonic_ns())

    runtime.spawn("order", order)
    runtime.spawn("look-up", lambda: limiter.acquire(Purpose.LOOK_UP, FOREVER) or None, at_ns=SECOND // 8)
    runtime.run()
    assert refused == [SECOND // 4]
    assert limiter.left().waiting == 0


@pytest.mark.parametrize(("per_second", "burst", "poll", "cancel"), [(2.0, 5, 1.5, 0.5), (4.0, 2, 2.0, 0.5), (4.0, 5, 0.0, 0.5)])
def test_shares_that_leave_somebody_nothing_are_refused(per_second: float, burst: int, poll: float, cancel: float) -> None:
    with pytest.raises(ValueError, match=r"rest|burst"):
        RateLimiter(FakeRuntime(), per_second, burst, poll, cancel)
