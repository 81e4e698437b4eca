"""No new order leaves while the venue's clock is too far from ours, and people are told once."""

import pytest

from trading_system.risk.clock_guard import ClockGuard


class Offset:
    """An offset that a test sets."""

    seconds: float | None = None

    def __call__(self) -> float | None:
        return self.seconds


@pytest.fixture
def offset() -> Offset:
    return Offset()


@pytest.fixture
def guard(offset: Offset) -> ClockGuard:
    return ClockGuard("somewhere", offset, 2.0)


@pytest.mark.parametrize("seconds", [None, 0.0, 2.0, -2.0])
def test_a_clock_that_is_near_enough_or_not_known_stops_nothing(guard: ClockGuard, offset: Offset, seconds: float | None) -> None:
    offset.seconds = seconds
    assert (guard.trouble(), guard.news()) == ("", "")


@pytest.mark.parametrize(("seconds", "words"), [(3.21, "3.2 s ahead of ours"), (-2.06, "2.1 s behind ours")])
def test_the_words_name_the_offset_the_limit_and_what_to_do(guard: ClockGuard, offset: Offset, seconds: float, words: str) -> None:
    offset.seconds = seconds
    assert guard.trouble() == (f"the clock of somewhere is {words}, 2 s are allowed: set this machine's clock (NTP); "
                               "orders leave again by themselves when it is right")


def test_it_is_said_once_when_it_begins_and_once_when_it_is_over(guard: ClockGuard, offset: Offset) -> None:
    said = []
    for offset.seconds in (0.0, 2.5, 2.6, 2.5, 2.1, 1.9, 2.1, 1.6, 1.4, 1.9, 2.0, -2.2):
        said.append(guard.news())
    assert [bool(text) for text in said] == [False, True, *[False] * 6, True, False, False, True]
    assert said[1].startswith("no new orders: the clock of somewhere is 2.5 s ahead of ours")
    assert said[1].endswith("cancels and look-ups go on")
    assert said[8] == "the clock of somewhere is right again (1.4 s ahead of ours): orders may leave"
