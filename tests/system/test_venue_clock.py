"""The venue's clock goes wrong while the house trades: no new order leaves, cancels and look-ups do, people are told once, and it goes on by
itself when the clock is right."""

from pathlib import Path
from typing import Any

import pytest

from tests.faulty_house import SECOND, TEST_STRATEGIES, WITHOUT_LIMITS, FaultyHouse
from trading_system.core.events import OrderEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order_update import Answer

_STRATEGY = "intents: {instruments: [XBTZAR.luno], capital: {ZAR: 900000, XBT: 1.5}, params: {intents: 100000, at_once: 4}}"
_FAR = "far_orders: {instruments: [ETHZAR.luno], capital: {ZAR: 50000}, params: {count: 3, cancels_every: 14}}"
#: The fault begins so long after the first call, and ends.
_FROM, _UNTIL = 8, 20


class Sampled:
    """A house on a venue whose clock is `offset` ahead for a while; its picture is looked at ten times a second."""

    def __init__(self, folder: Path, offset: str, system: str = WITHOUT_LIMITS) -> None:
        self.house = FaultyHouse(folder, 1, f"{_STRATEGY}\n{_FAR}", system, [f"clock_offset={offset}:after={_FROM}s:until={_UNTIL}s"], TEST_STRATEGIES)
        self.begin_ns = self.house.runtime.now_ns()
        self.pictures: list[tuple[float, dict[str, Any]]] = []
        self.calls: list[tuple[float, dict[str, int]]] = []
        self.house.runtime.spawn("sampler", self._sample)
        self.house.run(32)

    def _sample(self) -> None:
        runtime = self.house.runtime
        while True:
            age = (runtime.now_ns() - self.begin_ns) / SECOND
            self.pictures.append((age, self.house.system.picture()["venues"]["luno"]))
            self.calls.append((age, dict(self.house.venue.calls())))
            runtime.sleep_until(runtime.monotonic_ns() + SECOND // 10)

    def called(self, endpoint: str, begin: float, end: float) -> int:
        """Return how often an endpoint was called between two moments."""
        counts = [calls.get(endpoint, 0) for age, calls in self.calls if begin <= age <= end]
        return counts[-1] - counts[0]


@pytest.mark.parametrize(("offset", "words"), [("5s", "s ahead of ours"), ("-40s", "s behind ours")])
def test_orders_wait_for_a_clock_that_is_right(tmp_path: Path, offset: str, words: str) -> None:
    sampled = Sampled(tmp_path, offset)
    house, wrong_from, wrong_until = sampled.house, _FROM + 1.5, float(_UNTIL)
    assert sampled.called("POST /api/1/postorder", 3, _FROM) > 10
    assert sampled.called("POST /api/1/postorder", wrong_from, wrong_until) == 0
    assert sampled.called("POST /api/1/postorder", wrong_until + 2, 32) > 10
    # What stood open is still asked for, and what was to be canceled is.
    assert sampled.called("GET /api/exchange/2/listorders", wrong_from, 13) > 10
    assert sampled.called("POST /api/1/stoporder", wrong_from, wrong_until) == 3
    assert sampled.called("GET /api/exchange/3/order", wrong_from, wrong_until) >= 3
    denied = [event.verdict.sentence for at_ns, event in house.trace.events
              if type(event) is OrderEvent and wrong_from < (at_ns - sampled.begin_ns) / SECOND < wrong_until]
    assert denied
    assert all(words in sentence and "set this machine's clock (NTP)" in sentence for sentence in denied)
    shown = [venue for age, venue in sampled.pictures if wrong_from < age < wrong_until]
    assert all(abs(venue["clock_offset_seconds"] - float(offset[:-1])) < 1.1 and words in venue["no_orders_because"] for venue in shown)
    after = [venue for age, venue in sampled.pictures if age > wrong_until + 2]
    assert all(abs(venue["clock_offset_seconds"]) < 1.1 and not venue["no_orders_because"] for venue in after)
    said = [event.text for event in house.trace.of(WarningEvent) if "clock" in event.text]
    assert [text.partition(":")[0] for text in said][:1] == ["no new orders"]
    assert len(said) == 2
    assert "is right again" in said[1]
    assert house.differences() == {}
    assert house.system.unconfirmed == []
    assert not [event for event in house.trace.of(OrderUpdateEvent) if event.update.answer is Answer.LOST]


def test_an_offset_that_is_allowed_stops_nothing(tmp_path: Path) -> None:
    sampled = Sampled(tmp_path, "3s", WITHOUT_LIMITS.replace("ttl_seconds: 0.5", "ttl_seconds: 5") + "max_clock_offset_seconds: 10\n")
    assert sampled.called("POST /api/1/postorder", _FROM + 1.5, _UNTIL) > 10
    assert not [event for event in sampled.house.trace.of(WarningEvent) if "clock" in event.text]
    assert sampled.house.differences() == {}
