"""The Luno feed: one call for all ticks, nonsense left out and counted, bars built from whole buckets only."""

import pytest

from brokerage.luno.feed import LunoFeed
from brokerage.transport import HttpReply, HttpRequest
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import luno_client, ticker_row, trade_row
from trading_system.core.errors import TryAgain
from trading_system.core.market_data import Bar

SYMBOL = "XBTZAR.luno"
MINUTE = 60 * 10**9
TICKERS, TRADES, BOOK = "/api/1/tickers", "/api/1/trades", "/api/1/orderbook_top"
#: START_NS is twenty seconds past a full minute.
FULL_MINUTE = START_NS - START_NS % MINUTE


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def feed(transport: FakeTransport) -> LunoFeed:
    runtime = FakeRuntime()
    return LunoFeed("luno", luno_client(transport, runtime, has_key=False), runtime)


def test_all_symbols_are_asked_in_one_call(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(TICKERS, replying({"tickers": [ticker_row(), ticker_row(pair="ETHZAR"), ticker_row(pair="XRPZAR")]}))
    ticks = feed.poll([SYMBOL, "ETHZAR.luno", "NOPEZAR.luno"])
    assert [tick.symbol for tick in ticks] == [SYMBOL, "ETHZAR.luno"]
    (sent,) = transport.requests
    assert sent.query == (("pair", "XBTZAR"), ("pair", "ETHZAR"), ("pair", "NOPEZAR"))
    assert sent.credentials is None
    assert feed.poll([]) == []
    assert len(transport.requests) == 1


def test_a_book_that_makes_no_sense_is_asked_again(feed: LunoFeed, transport: FakeTransport) -> None:
    good = {"timestamp": 5, "bids": [{"price": "1", "volume": "2"}], "asks": []}
    transport.on(BOOK, replying(good), replying({**good, "timestamp": None}), replying({**good, "bids": [7]}))
    assert feed.book(SYMBOL).bids == ((1.0, 2.0),)
    for _ in range(2):
        with pytest.raises(TryAgain, match=SYMBOL):
            feed.book(SYMBOL)


def test_trades_come_oldest_first_from_the_moment_asked_for(feed: LunoFeed, transport: FakeTransport) -> None:
    start_ms = START_NS // 10**6
    rows = [trade_row(sequence=number, timestamp=start_ms + number // 2) for number in (9, 8, 7, 6)]
    transport.on(TRADES, replying({"trades": [*rows, trade_row(price="-1"), None]}))
    trades = feed.trades(SYMBOL, START_NS + 3_000_001)
    assert [trade.venue_sequence for trade in trades] == [8, 9]
    assert feed.refused == {"price": 1, "row": 1}
    assert dict(transport.requests[0].query)["since"] == str(start_ms + 4)


def test_nobody_asks_luno_for_more_than_it_keeps(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(TRADES, replying({"trades": []}))
    feed.trades(SYMBOL, 0)
    feed.history(SYMBOL, MINUTE, 10**6)
    since = [int(dict(sent.query)["since"]) * 10**6 for sent in transport.requests]
    day_ago = START_NS - 24 * 3600 * 10**9
    assert all(day_ago < one < day_ago + 3 * MINUTE for one in since)


def at(offset_ns: int, price: float, volume: float = 1.0) -> dict[str, object]:
    return trade_row(sequence=10**9 + offset_ns // 10**6, timestamp=(FULL_MINUTE + offset_ns) // 10**6, price=str(price), volume=str(volume))


def test_history_has_finished_bars_only_and_leaves_out_empty_ones(feed: LunoFeed, transport: FakeTransport) -> None:
    rows = [at(5 * 10**9, 99), at(-1 * 10**6, 13, 0.5), at(-20 * 10**9, 15, 2), at(-MINUTE, 10, 1), at(-3 * MINUTE, 20, 4)]
    transport.on(TRADES, replying({"trades": rows}))
    bars = feed.history(SYMBOL, MINUTE, 5)
    assert bars == [
        Bar(SYMBOL, FULL_MINUTE - 3 * MINUTE, FULL_MINUTE - 2 * MINUTE, 20, 20, 20, 20, 4, 1),
        Bar(SYMBOL, FULL_MINUTE - MINUTE, FULL_MINUTE, 10, 15, 10, 13, 3.5, 3),
    ]
    assert int(dict(transport.requests[0].query)["since"]) * 10**6 == FULL_MINUTE - 5 * MINUTE


def test_the_oldest_bar_of_a_full_page_is_not_believed(feed: LunoFeed, transport: FakeTransport) -> None:
    rows = [at(-1 * 10**9 * number, 10) for number in range(1, 120)]

    def answer(sent: HttpRequest) -> HttpReply:
        return replying({"trades": rows[:100]})
    transport.on(TRADES, answer)
    bars = feed.history(SYMBOL, MINUTE, 5)
    assert [(bar.start_ns, bar.count) for bar in bars] == [(FULL_MINUTE - MINUTE, 60)]


def test_bars_longer_than_luno_s_memory_are_not_made_up(feed: LunoFeed, transport: FakeTransport) -> None:
    assert feed.history(SYMBOL, 48 * 3600 * 10**9, 5) == []
    assert transport.requests == []
