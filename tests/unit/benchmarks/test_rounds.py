"""Noise is noticed: a round beside other work is run again, and when that does not help it is kept and counted."""

from collections.abc import Callable, Iterable
from itertools import count

from benchmarks.rounds import Gauge, calibrate


def gauge(moments: Iterable[float]) -> Gauge:
    """Return a gauge that sees these moments: one when it is made, then two a round."""
    return Gauge(iter(moments).__next__)


def numbered() -> Callable[[], int]:
    return count(1).__next__


def test_quiet_rounds_are_all_kept() -> None:
    rounds = gauge([20.0, 20.0, 21.0, 22.0, 20.0]).run(2, numbered(), spare=2)
    assert (rounds.kept, rounds.noisy, rounds.repeated) == ([1, 2], 0, 0)


def test_a_round_that_ends_noisy_is_run_again() -> None:
    rounds = gauge([20.0, 20.0, 30.0, 20.0, 20.0]).run(1, numbered(), spare=1)
    assert (rounds.kept, rounds.noisy, rounds.repeated) == ([2], 0, 1)


def test_a_round_that_begins_noisy_is_run_again() -> None:
    rounds = gauge([20.0, 30.0, 20.0, 20.0, 20.0]).run(1, numbered(), spare=1)
    assert (rounds.kept, rounds.noisy, rounds.repeated) == ([2], 0, 1)


def test_what_stays_noisy_is_kept_and_counted() -> None:
    rounds = gauge([20.0, *[30.0] * 8]).run(2, numbered(), spare=2)
    assert (rounds.kept, rounds.noisy, rounds.repeated) == ([3, 4], 2, 2)


def test_a_gauge_that_was_made_in_a_noisy_moment_learns_what_quiet_is() -> None:
    slow = gauge([30.0, 30.0, 30.0, 20.0, 20.0, 30.0, 30.0])
    assert slow.run(1, numbered(), spare=0).noisy == 0
    assert slow.run(1, numbered(), spare=0).noisy == 0
    assert slow.run(1, numbered(), spare=0).noisy == 1
    assert (slow.lowest, slow.highest) == (20.0, 30.0)


def test_the_calibration_loop_takes_time() -> None:
    assert calibrate() > 0
