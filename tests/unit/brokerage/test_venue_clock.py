"""The venue's clock, read from headers that are cut to the second, over ways of unknown length."""

from email.utils import formatdate
from random import Random

import pytest

from brokerage.venue_clock import VenueClock
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime

SECOND = 1_000_000_000


class Venue:
    """A venue whose clock is `ahead` seconds ahead; a call takes a while there and a while back."""

    def __init__(self, ahead: float = 0.0, seed: int = 1) -> None:
        self.runtime = FakeRuntime()
        self.clock = VenueClock(self.runtime)
        self.ahead = ahead
        self._random = Random(seed)

    def reply(self, there: float = 0.03, back: float = 0.03, **headers: str) -> float:
        asked_ns = self.runtime.now_ns()
        self.runtime.time_ns += int(there * SECOND)
        date = formatdate(int(self.runtime.now_ns() / 1e9 + self.ahead), usegmt=True)
        self.runtime.time_ns += int(back * SECOND)
        self.clock.hear({"date": date, **headers}, asked_ns, self.runtime.now_ns())
        offset = self.clock.offset_seconds
        assert offset is not None
        return offset

    def replies(self, count: int = 40) -> list[float]:
        offsets = []
        for _ in range(count):
            self.runtime.time_ns += self._random.randrange(SECOND)
            offsets.append(self.reply(self._random.random() / 4, self._random.random() / 4))
        return offsets


def test_nothing_is_known_before_the_first_dated_reply() -> None:
    venue = Venue()
    assert venue.clock.offset_seconds is None
    for headers in ({}, {"date": "yesterday"}, {"date": ""}):
        venue.clock.hear(headers, START_NS, START_NS + 1)
    assert venue.clock.offset_seconds is None


@pytest.mark.parametrize("ahead", [-3600.0, -2.3, -0.4, 0.0, 0.9, 1.99, 30.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_first_reply_tells_to_three_quarters_of_a_second_and_all_together_to_a_fifth(ahead: float, seed: int) -> None:
    venue = Venue(ahead, seed)
    offsets = venue.replies()
    assert abs(offsets[0] - ahead) < 0.75
    assert all(abs(offset - ahead) < 0.2 for offset in offsets[20:])


def test_a_slow_way_on_one_side_only_is_no_offset() -> None:
    venue = Venue(0.0)
    assert abs(venue.reply(there=0.0, back=9.0)) < 5
    venue.replies()
    before = venue.clock.offset_seconds
    assert before is not None
    assert venue.reply(there=0.0, back=9.0) == pytest.approx(before, abs=0.02)


def test_a_clock_that_was_set_is_believed_at_the_third_reply_and_one_stray_page_never() -> None:
    venue = Venue(0.0)
    venue.replies()
    venue.ahead = 500.0
    assert abs(venue.reply()) < 0.2
    venue.ahead = 0.0
    assert abs(venue.reply()) < 0.2
    venue.ahead = -500.0
    assert abs(venue.reply()) < 0.2, "a page from the past came after one from the future"
    venue.ahead = 7.0
    offsets = [venue.reply() for _ in range(4)]
    assert [abs(offset) < 0.2 for offset in offsets[:2]] == [True, True]
    assert abs(offsets[2] - 7) < 0.75
    assert all(abs(offset - 7) < 0.2 for offset in venue.replies()[20:])


def test_our_own_clock_being_set_is_seen_like_the_venues() -> None:
    venue = Venue(0.0)
    venue.replies()
    real, venue.runtime.now_ns = venue.runtime.now_ns, lambda: real() - 5 * SECOND        # type: ignore[method-assign]
    venue.ahead = 5.0
    assert abs(venue.replies()[-1] - 5) < 0.2


def test_a_clock_that_drifts_slowly_is_followed() -> None:
    venue = Venue(0.0)
    for _ in range(600):
        venue.runtime.time_ns += SECOND + 137_000_000
        venue.ahead += 0.0004
        offset = venue.reply()
    assert abs(offset - venue.ahead) < 0.3


def test_a_reply_out_of_a_cache_says_nothing() -> None:
    venue = Venue(0.0)
    venue.replies()
    for _ in range(10):
        venue.ahead = -400.0
        assert abs(venue.reply(age="400")) < 0.2
