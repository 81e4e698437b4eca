"""History: from candles where there is a key, page after page, and from public trades where there is none or a bar is too short."""

from typing import Any

import pytest

from brokerage.luno.bars import candle_seconds
from brokerage.luno.feed import LunoFeed
from brokerage.transport import HttpReply, HttpRequest
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import ERROR, luno_client, trade_row
from trading_system.core.errors import AccessDenied, TryAgain
from trading_system.core.market_data import Bar

SYMBOL = "XBTZAR.luno"
CANDLES, TRADES = "/api/exchange/1/candles", "/api/1/trades"
SECOND = 10**9
MINUTE = 60 * SECOND
#: START_NS is twenty seconds past a full minute.
FULL_MINUTE = START_NS // MINUTE * MINUTE


class Candles:
    """A market that traded at a price of its own in every minute; answers as Luno does: the 1000 earliest, the unfinished one too."""

    def __init__(self, transport: FakeTransport) -> None:
        self.transport = transport
        self.changes: dict[int, dict[str, Any]] = {}
        self.page = 1000
        transport.on(CANDLES, self.answer)

    def answer(self, sent: HttpRequest) -> HttpReply:
        query = dict(sent.query)
        seconds = int(query["duration"])
        first = -(-int(query["since"]) // (seconds * 1000))
        last = START_NS // SECOND // seconds
        rows = [self.row(number, seconds) for number in range(first, min(first + self.page, last + 1))]
        return replying({"candles": rows, "duration": seconds, "pair": query["pair"]})

    def row(self, number: int, seconds: int) -> dict[str, Any]:
        price = 100 + number % 50
        row = {"timestamp": number * seconds * 1000, "open": f"{price}", "high": f"{price + 5}.50", "low": f"{price - 5}", "close": f"{price + 1}",
               "volume": "2.00"}
        return {**row, **self.changes.get(number, {})}

    @property
    def asked(self) -> list[tuple[int, int]]:
        """Return the start and the duration, in seconds, of each call."""
        queries = [dict(sent.query) for sent in self.transport.requests if sent.path == CANDLES]
        return [(int(query["since"]) // 1000, int(query["duration"])) for query in queries]


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def candles(transport: FakeTransport) -> Candles:
    return Candles(transport)


@pytest.fixture
def feed(transport: FakeTransport) -> LunoFeed:
    runtime = FakeRuntime()
    return LunoFeed("luno", luno_client(transport, runtime), runtime)


def test_bars_of_minutes_are_luno_s_candles_without_the_unfinished_one(feed: LunoFeed, candles: Candles) -> None:
    bars = feed.history(SYMBOL, MINUTE, 3)
    assert [(bar.start_ns, bar.time_ns) for bar in bars] == [
        (FULL_MINUTE - back * MINUTE, FULL_MINUTE - (back - 1) * MINUTE) for back in (3, 2, 1)]
    price = 100 + (FULL_MINUTE // MINUTE - 1) % 50
    assert bars[-1] == Bar(SYMBOL, FULL_MINUTE - MINUTE, FULL_MINUTE, price, price + 5.5, price - 5, price + 1, 2.0, 0)
    assert candles.asked == [((FULL_MINUTE - 3 * MINUTE) // SECOND, 60)]


@pytest.mark.parametrize("count", [999, 1000, 1001, 2500])
def test_more_bars_than_a_page_holds_are_asked_for_page_by_page(feed: LunoFeed, candles: Candles, count: int) -> None:
    bars = feed.history(SYMBOL, MINUTE, count)
    assert [bar.start_ns for bar in bars] == [FULL_MINUTE - back * MINUTE for back in range(count, 0, -1)]
    assert len(candles.asked) == -(-count // 1000)
    assert len(set(candles.asked)) == len(candles.asked)


def test_a_server_that_gives_the_same_page_again_is_asked_once_more_and_not_for_ever(
    feed: LunoFeed, transport: FakeTransport, candles: Candles
) -> None:
    first = candles.answer
    page: list[HttpReply] = []

    def stuck(sent: HttpRequest) -> HttpReply:
        page.append(page[0] if page else first(sent))
        return page[-1]
    transport.on(CANDLES, stuck)
    assert len(feed.history(SYMBOL, MINUTE, 2500)) == 1000
    assert len(page) == 2


@pytest.mark.parametrize(
    ("bar_seconds", "duration"),
    [(60, 60), (120, 60), (300, 300), (420, 60), (900, 900), (1800, 1800), (3600, 3600), (7200, 3600), (10800, 10800), (14400, 14400),
     (28800, 28800), (43200, 14400), (86400, 86400), (172800, 86400), (259200, 86400), (604800, 86400)],
)
def test_a_bar_is_put_together_from_the_longest_candles_that_fit(
    feed: LunoFeed, candles: Candles, bar_seconds: int, duration: int
) -> None:
    bars = feed.history(SYMBOL, bar_seconds * SECOND, 4)
    assert {asked for _, asked in candles.asked} == {duration}
    assert len(bars) == 4
    for bar in bars:
        assert bar.start_ns % (bar_seconds * SECOND) == 0
        assert bar.time_ns == bar.start_ns + bar_seconds * SECOND <= START_NS
        assert bar.volume == 2.0 * bar_seconds / duration
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_a_bar_of_five_minutes_has_the_first_open_the_last_close_and_the_extremes(feed: LunoFeed, candles: Candles) -> None:
    bar_ns = 7 * MINUTE
    end = START_NS // bar_ns * 7
    candles.changes = {end - 4: {"high": "900"}, end - 6: {"low": "1"}}
    (bar,) = feed.history(SYMBOL, bar_ns, 1)
    assert (bar.open, bar.high, bar.low, bar.close) == (100 + (end - 7) % 50, 900, 1, 101 + (end - 1) % 50)


def test_a_candle_that_makes_no_sense_leaves_a_hole_and_no_bar_of_less(feed: LunoFeed, candles: Candles) -> None:
    last = FULL_MINUTE // MINUTE - 1
    candles.changes = {last - 1: {"open": "NaN"}, last - 2: {"high": "0.01"}}
    assert [bar.start_ns for bar in feed.history(SYMBOL, MINUTE, 4)] == [FULL_MINUTE - 4 * MINUTE, FULL_MINUTE - MINUTE]
    assert feed.refused == {"open": 1, "high and low do not span the candle": 1}
    bar_ns = 4 * MINUTE
    whole = [bar.start_ns for bar in feed.history(SYMBOL, bar_ns, 3)]
    hole = {number * MINUTE // bar_ns * bar_ns for number in (last - 1, last - 2)}
    assert whole
    assert not hole & set(whole)


def test_an_empty_minute_is_a_flat_bar(feed: LunoFeed, candles: Candles) -> None:
    candles.changes = {FULL_MINUTE // MINUTE - 1: {"open": "7", "high": "7", "low": "7", "close": "7", "volume": "0.00"}}
    bar = feed.history(SYMBOL, MINUTE, 1)[0]
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (7, 7, 7, 7, 0)


@pytest.mark.parametrize(("bar_ns", "has_key"), [(5 * SECOND, True), (90 * SECOND, True), (59 * SECOND, True), (MINUTE, False)])
def test_short_bars_and_all_bars_without_a_key_come_from_the_trades(transport: FakeTransport, bar_ns: int, has_key: bool) -> None:
    runtime = FakeRuntime()
    feed = LunoFeed("luno", luno_client(transport, runtime, has_key), runtime)
    start_ns = START_NS // bar_ns * bar_ns - bar_ns
    transport.on(TRADES, replying({"trades": [trade_row(timestamp=start_ns // 10**6 + 1)]}))
    assert [bar.start_ns for bar in feed.history(SYMBOL, bar_ns, 10)] == [start_ns]
    assert [sent.path for sent in transport.requests] == [TRADES]


def test_where_candles_cannot_be_had_the_trades_are_asked_and_that_is_counted(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(CANDLES, replying(b"", 404))
    transport.on(TRADES, replying({"trades": [trade_row(timestamp=(FULL_MINUTE - SECOND) // 10**6)]}))
    assert len(feed.history(SYMBOL, MINUTE, 10)) == 1
    assert feed.refused == {"no candles": 1}


def test_a_key_that_may_not_see_candles_is_told_of(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(CANDLES, replying({**ERROR, "error_code": "ErrInsufficientPerms"}, 403))
    with pytest.raises(AccessDenied):
        feed.history(SYMBOL, MINUTE, 10)


def test_no_candles_and_no_trades_is_to_be_tried_again(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on_any(replying(b"", 503))
    with pytest.raises(TryAgain):
        feed.history(SYMBOL, MINUTE, 10)


def test_before_the_first_candle_there_is_nothing(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(CANDLES, replying({"candles": None}))
    assert feed.history(SYMBOL, MINUTE, 10) == []


def test_lengths_that_no_candle_fits_have_none() -> None:
    assert [candle_seconds(seconds * SECOND) for seconds in (1, 59, 61, 90)] == [0, 0, 0, 0]
