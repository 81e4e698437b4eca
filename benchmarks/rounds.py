"""Rounds, and whether the machine was quiet meanwhile: a fixed loop is timed before and after each, and a noisy round is run again."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
_STEPS = 100_000
_TRIES = 5


class Rounds(msgspec.Struct, Generic[T]):
    """What each kept round returned, how many of these were noisy, and how many noisy ones were run again."""

    kept: list[T]
    noisy: int = 0
    repeated: int = 0


class _Counter:
    def __init__(self) -> None:
        self.sum = 0

    def add(self, number: int) -> None:
        self.sum += number


def calibrate() -> float:
    """Return nanoseconds per step of a loop that calls a method, the best of a few tries: the unit of this machine at this moment."""
    add, steps, best = _Counter().add, range(_STEPS), float("inf")
    for _ in range(_TRIES):
        began = time.perf_counter_ns()
        for number in steps:
            add(number)
        best = min(best, (time.perf_counter_ns() - began) / _STEPS)
    return best


class Gauge:
    """Knows the machine's quietest moment so far. A moment is noisy when the loop takes more than `tolerance` times as long."""

    def __init__(self, calibrate: Callable[[], float] = calibrate, tolerance: float = 1.15) -> None:
        self._calibrate = calibrate
        self._tolerance = tolerance
        self.lowest = self.highest = calibrate()

    def is_quiet(self) -> bool:
        """Run the loop once more and tell whether nobody else was using the machine."""
        now = self._calibrate()
        self.lowest, self.highest = min(self.lowest, now), max(self.highest, now)
        return now <= self.lowest * self._tolerance

    def run(self, count: int, one_round: Callable[[], T], spare: int) -> Rounds[T]:
        """Run `count` rounds. A noisy one is thrown away and run again, `spare` times in all; after that it is kept and counted."""
        rounds = Rounds[T]([])
        while len(rounds.kept) < count:
            was_quiet = self.is_quiet()
            result = one_round()
            if not (self.is_quiet() and was_quiet):
                if rounds.repeated < spare:
                    rounds.repeated += 1
                    continue
                rounds.noisy += 1
            rounds.kept.append(result)
        return rounds
