"""Strategies' timers: each on a grid of its own, never piling up."""

from trading_system.engine.timers import Timers

SECOND = 1_000_000_000


def test_a_timer_runs_first_one_period_after_it_was_set_and_then_every_period() -> None:
    timers, ran = Timers(), list[int]()
    timers.set(0, 5 * SECOND, lambda: ran.append(now))
    for now in range(21):
        timers.run_due(now * SECOND)
    assert ran == [5, 10, 15, 20]


def test_a_timer_that_is_late_runs_once_and_stays_on_its_grid() -> None:
    timers, ran = Timers(), list[int]()
    timers.set(0, 5 * SECOND, lambda: ran.append(now))
    for now in (4, 18, 19, 20, 24, 25):
        timers.run_due(now * SECOND)
    assert ran == [18, 20, 25]


def test_timers_run_in_the_order_in_which_they_are_due_and_equal_ones_in_the_order_in_which_they_were_set() -> None:
    timers, ran = Timers(), list[str]()
    timers.set(0, 3 * SECOND, lambda: ran.append("three"))
    timers.set(0, 2 * SECOND, lambda: ran.append("two"))
    timers.set(0, 2 * SECOND, lambda: ran.append("two again"))
    timers.run_due(3 * SECOND)
    assert ran == ["two", "two again", "three"]


def test_a_timer_may_set_another_one_while_it_runs() -> None:
    timers, ran = Timers(), list[str]()
    timers.set(-9 * SECOND, 10 * SECOND, lambda: timers.set(SECOND, SECOND, lambda: ran.append("second")))
    timers.run_due(SECOND)
    assert not ran
    timers.run_due(2 * SECOND)
    assert ran == ["second"]
