"""The feed poller: one call for all symbols at each ring, never two at once, and a venue that fails is told of once."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.hand_cranked_runtime import SECOND, HandCrankedRuntime
from trading_system.collectors.feed_poller import FeedPoller
from trading_system.core.errors import AccessDenied, TryAgain
from trading_system.core.events import ConnectionEvent, InstrumentEvent
from trading_system.core.instrument import Instrument, MarketStatus
from trading_system.core.market_data import Bar, Book, Tick, Trade


class SlowFeed:
    """Answers after `seconds`, or raises what is in `error`."""

    name = "luno"

    def __init__(self, runtime: HandCrankedRuntime) -> None:
        self.runtime = runtime
        self.seconds = 0.0
        self.error: Exception | None = None
        self.calls: list[tuple[str, object]] = []
        self.tape: list[int] = []
        self.states: dict[str, MarketStatus] = {}

    def _answer(self, call: str, about: object) -> None:
        self.calls.append((call, about))
        if self.seconds:
            self.runtime.sleep_until(self.runtime.monotonic_ns() + int(self.seconds * SECOND))
        if self.error is not None:
            raise self.error

    def poll(self, symbols: Sequence[str]) -> list[Tick]:
        self._answer("poll", tuple(symbols))
        return [Tick(symbol, len(self.calls), 1.0, 2.0) for symbol in symbols]

    def statuses(self) -> dict[str, MarketStatus]:
        return self.states

    def book(self, symbol: str) -> Book:
        self._answer("book", symbol)
        return Book(symbol, len(self.calls), ((1.0, 1.0),), ((2.0, 1.0),))

    def trades(self, symbol: str, since_ns: int) -> list[Trade]:
        self._answer("trades", symbol)
        return [Trade(symbol, number, 1.0, 1.0, True, number) for number in self.tape]

    def history(self, symbol: str, bar_ns: int, count: int) -> list[Bar]:
        raise AssertionError("a poller needs no history")


def market(symbol: str, status: MarketStatus = MarketStatus.ACTIVE) -> Instrument:
    one = Decimal(1)
    return Instrument(symbol, "XBT", "ZAR", one, one, one, one * 9, one, one * 9, status=status)


class Polled:
    """A poller at work, and what it laid."""

    def __init__(self, books: Sequence[str] = (), trades: Sequence[str] = ()) -> None:
        self.runtime = HandCrankedRuntime()
        self.feed = SlowFeed(self.runtime)
        self.market: list[object] = []
        self.answers: list[object] = []
        self.laid: list[object] = []
        self.poller = FeedPoller(self.feed, ["A.luno", "B.luno"], self.runtime, self.lay_market, self.lay, books, trades,
                                 [market("A.luno"), market("B.luno")])
        self.poller.start()
        self.runtime.run_until_idle()

    def lay_market(self, item: object) -> None:
        self.market.append(item)
        self.laid.append(item)

    def lay(self, item: object) -> None:
        self.answers.append(item)
        self.laid.append(item)

    def ring(self) -> None:
        self.poller.ring()
        self.runtime.run_until_idle()


def test_one_ring_is_one_call_for_all_symbols() -> None:
    polled = Polled()
    polled.ring()
    assert polled.feed.calls == [("poll", ("A.luno", "B.luno"))]
    assert [tick.symbol for tick in polled.market if isinstance(tick, Tick)] == ["A.luno", "B.luno"]
    assert not polled.answers


def test_nothing_is_polled_without_a_ring() -> None:
    polled = Polled()
    polled.runtime.run_until(60 * SECOND)
    assert not polled.feed.calls


def test_a_ring_while_a_poll_is_under_way_is_skipped_and_counted() -> None:
    polled = Polled()
    polled.feed.seconds = 2.5
    for _ in range(4):
        polled.ring()
        polled.runtime.run_until(polled.runtime.monotonic_ns() + SECOND)
    assert polled.poller.skipped == 2
    assert len(polled.feed.calls) == 2


@pytest.mark.parametrize("error", [TryAgain("no answer"), AccessDenied("no answer")])
def test_a_feed_that_fails_is_told_of_once_when_it_goes_and_once_when_it_comes_back(error: Exception) -> None:
    polled = Polled()
    polled.ring()
    polled.feed.error = error
    for _ in range(3):
        polled.ring()
    assert polled.answers == [ConnectionEvent("luno", "market_data", False, "no answer")]
    assert polled.poller.failures == 3
    polled.feed.error = None
    for _ in range(3):
        polled.ring()
    assert polled.answers[1:] == [ConnectionEvent("luno", "market_data", True)]


def test_a_poll_after_a_failure_is_made_at_the_next_ring() -> None:
    polled = Polled()
    polled.feed.error = TryAgain("no answer")
    polled.ring()
    polled.feed.error = None
    polled.ring()
    assert len(polled.market) == 2
    assert polled.poller.skipped == 0


def test_books_and_trades_cost_one_call_more_per_ring_and_take_turns() -> None:
    polled = Polled(books=["A.luno", "B.luno"], trades=["A.luno"])
    for _ in range(4):
        polled.ring()
    assert [call for call in polled.feed.calls if call[0] != "poll"] == [
        ("book", "A.luno"), ("book", "B.luno"), ("trades", "A.luno"), ("book", "A.luno")]


def test_a_public_trade_is_laid_once_however_often_the_venue_lists_it() -> None:
    polled = Polled(trades=["A.luno"])
    for tape in ([1, 2], [1, 2, 3], [2, 3], [3, 4, 5]):
        polled.feed.tape = tape
        polled.ring()
    assert [trade.venue_sequence for trade in polled.market if isinstance(trade, Trade)] == [1, 2, 3, 4, 5]


def test_a_stopped_poller_polls_no_more_and_ends() -> None:
    polled = Polled()
    polled.poller.stop()
    polled.runtime.run_until_idle()
    polled.ring()
    assert not polled.feed.calls


def test_a_poller_stopped_while_a_poll_is_under_way_ends_after_it() -> None:
    polled = Polled()
    polled.feed.seconds = 1
    polled.poller.ring()
    polled.runtime.run_until_idle()
    polled.poller.stop()
    polled.runtime.run_until(10 * SECOND)
    assert len(polled.feed.calls) == 1


def test_a_market_that_changes_its_state_is_told_of_once_and_before_its_tick() -> None:
    polled = Polled()
    for status in (MarketStatus.ACTIVE, MarketStatus.POST_ONLY, MarketStatus.POST_ONLY, MarketStatus.HALTED, MarketStatus.ACTIVE):
        polled.feed.states = {"A.luno": status, "B.luno": MarketStatus.ACTIVE}
        polled.ring()
    changes = (MarketStatus.POST_ONLY, MarketStatus.HALTED, MarketStatus.ACTIVE)
    assert polled.answers == [InstrumentEvent(market("A.luno", status)) for status in changes]
    first = polled.laid.index(polled.answers[0])
    assert [getattr(one, "symbol", None) for one in polled.laid[:first]] == ["A.luno", "B.luno"]
    assert isinstance(polled.laid[first + 1], Tick)


def test_a_market_that_nothing_is_said_of_stays_as_it_was_and_a_strange_one_is_not_told_of() -> None:
    polled = Polled()
    polled.feed.states = {"C.luno": MarketStatus.HALTED}
    polled.ring()
    assert polled.answers == []
