"""What Luno, or something on the way, may send while we trade: the bad record is left out and counted, the rest of the poll goes on, and
nothing is raised but TryAgain and AccessDenied."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.luno.broker import LunoBroker
from brokerage.luno.feed import LunoFeed
from brokerage.luno.settings import LunoSettings
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply
from tests.unit.brokerage.fake_runtime import START_NS, FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import ERROR, luno_client, market_row, order_row, request, ticker_row, trade_row
from trading_system.core.errors import AccessDenied, TryAgain
from trading_system.core.instrument import MarketStatus
from trading_system.core.order_update import Answer

BITCOIN, ETHER = "XBTZAR.luno", "ETHZAR.luno"
TICKERS, TRADES, BOOK, MARKETS = "/api/1/tickers", "/api/1/trades", "/api/1/orderbook_top", "/api/exchange/1/markets"
START_MS = START_NS // 10**6
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def feed(transport: FakeTransport, runtime: FakeRuntime) -> LunoFeed:
    return LunoFeed("luno", luno_client(transport, runtime, has_key=False), runtime)


@pytest.fixture
def broker(transport: FakeTransport, runtime: FakeRuntime) -> LunoBroker:
    transport.on(MARKETS, replying({"markets": [market_row()]}))
    return LunoBroker("luno", luno_client(transport, runtime), LunoSettings(), runtime)


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in ticker_row().items() if name != field}


BAD_TICKERS = [
    (ticker_row(bid="0.00"), "empty side"), (ticker_row(ask="0.00"), "empty side"), (ticker_row(bid="0.00", ask="0.00"), "empty side"),
    (ticker_row(bid="1200301"), "crossed book"), (ticker_row(bid="NaN"), "bid"), (ticker_row(ask="Infinity"), "ask"),
    (ticker_row(bid="-1"), "bid"), (ticker_row(bid="1e6"), "bid"), (ticker_row(bid=None), "bid"), (ticker_row(ask=True), "ask"),
    (ticker_row(last_trade="?"), "last_trade"), (without("bid"), "bid"), (without("last_trade"), "last_trade"),
    (without("timestamp"), "timestamp"), (without("pair"), "pair"), (without("status"), "status"), (ticker_row(status="OPEN"), "status"),
    (ticker_row(status=None), "status"), (ticker_row(pair="NOPEZAR"), "unknown pair"), (ticker_row(pair=7), "pair"),
    (ticker_row(timestamp="yesterday"), "timestamp"), (ticker_row(timestamp=-5), "timestamp"), (ticker_row(timestamp=0), "timestamp"),
    (ticker_row(timestamp=START_MS + 61_000), "time ahead of the clock"), (ticker_row(timestamp=10**18), "time ahead of the clock"),
    ({}, "pair"), (None, "row"), (7, "row"), ([], "row"), ("XBTZAR", "row"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_TICKERS)
def test_a_bad_ticker_is_left_out_and_counted_and_the_others_are_told(
    feed: LunoFeed, transport: FakeTransport, row: Any, reason: str
) -> None:
    transport.on(TICKERS, replying({"tickers": [row, ticker_row(pair="ETHZAR")]}))
    for polls in (1, 2):
        assert [tick.symbol for tick in feed.poll([BITCOIN, ETHER])] == [ETHER]
        assert feed.refused == {reason: polls}
    assert feed.statuses()[ETHER] is MarketStatus.ACTIVE


def test_a_ticker_whose_time_goes_back_is_not_believed(feed: LunoFeed, transport: FakeTransport) -> None:
    times = (START_MS, START_MS + 5, START_MS + 4, START_MS + 5, START_MS + 6)
    transport.on(TICKERS, *(replying({"tickers": [ticker_row(timestamp=time)]}) for time in times))
    told = [feed.poll([BITCOIN]) for _ in times]
    assert [tick.time_ns // 10**6 for ticks in told for tick in ticks] == [START_MS, START_MS + 5, START_MS + 5, START_MS + 6]
    assert feed.refused == {"time going back": 1}


def test_one_absurd_time_does_not_silence_a_symbol_for_ever(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(TICKERS, *(replying({"tickers": [ticker_row(timestamp=time)]}) for time in (4_000_000_000_000, START_MS)))
    assert feed.poll([BITCOIN]) == []
    assert len(feed.poll([BITCOIN])) == 1


def test_a_clock_of_ours_that_is_behind_silences_nobody(feed: LunoFeed, transport: FakeTransport) -> None:
    # START_NS is 2026-09-21 14:13:20 UTC: Luno says that it is an hour later.
    ahead = replying({"tickers": [ticker_row(timestamp=START_MS + 3_600_000)]})
    transport.on(TICKERS, HttpReply(200, {"date": "Mon, 21 Sep 2026 15:13:20 GMT"}, ahead.body))
    assert len(feed.poll([BITCOIN])) == 1


def test_of_two_rows_for_one_pair_the_first_counts(feed: LunoFeed, transport: FakeTransport) -> None:
    rows = [ticker_row(bid="1200000"), ticker_row(bid="1", status="DISABLED"), ticker_row(pair="ETHZAR")]
    transport.on(TICKERS, replying({"tickers": rows}))
    assert [(tick.symbol, tick.bid) for tick in feed.poll([BITCOIN, ETHER])] == [(BITCOIN, 1_200_000.0), (ETHER, 12e5 + 100)]
    assert feed.refused == {"duplicate row": 1}
    assert feed.statuses() == {BITCOIN: MarketStatus.ACTIVE, ETHER: MarketStatus.ACTIVE}


@pytest.mark.parametrize("word", ["POSTONLY", "DISABLED", "UNKNOWN"])
def test_the_state_of_a_market_is_told_even_where_its_prices_make_no_sense(feed: LunoFeed, transport: FakeTransport, word: str) -> None:
    transport.on(TICKERS, replying({"tickers": [ticker_row(status=word, bid="0.00")]}))
    assert feed.poll([BITCOIN]) == []
    known = {"POSTONLY": MarketStatus.POST_ONLY, "DISABLED": MarketStatus.HALTED, "UNKNOWN": MarketStatus.UNKNOWN}
    assert feed.statuses() == {BITCOIN: known[word]}


def test_a_word_nobody_knows_makes_the_state_unknown_and_its_prices_no_tick(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(TICKERS, replying({"tickers": [ticker_row(status="FROZEN")]}))
    assert feed.poll([BITCOIN]) == []
    assert feed.statuses() == {BITCOIN: MarketStatus.UNKNOWN}


def test_a_poll_that_fails_says_nothing_of_any_market(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(TICKERS, replying({"tickers": [ticker_row(status="DISABLED")]}), replying(HTML, 502))
    feed.poll([BITCOIN])
    with pytest.raises(TryAgain):
        feed.poll([BITCOIN])
    assert feed.statuses() == {}


@pytest.mark.parametrize("reply", [{"tickers": None}, {"tickers": []}])
def test_an_empty_list_is_no_news(feed: LunoFeed, transport: FakeTransport, reply: dict[str, Any]) -> None:
    transport.on(TICKERS, replying(reply))
    assert feed.poll([BITCOIN]) == []
    assert feed.refused == {}


WHOLE_REPLIES = [
    replying(HTML), replying(HTML, 502), replying(b""), replying(b"", 503), replying(b"null"), replying(b"[]"), replying(b'{"tickers":{}}'),
    replying(b'{"tickers":[{"bid":NaN}]}'), replying(b"[" * 100_000), replying(b"\xff\xfe"), replying(b'{"tickers":['), replying({}),
    replying({**ERROR, "error_code": "ErrUnderMaintenance"}, 503), replying({**ERROR, "error_code": "ErrTooManyRequests"}, 429),
    replying(b"", 429), replying(b"", 302), ConnectionNotMade("gaierror: Name or service not known"),
    ConnectionBroken("the reply is larger than 8388608 bytes"),
]


@pytest.mark.parametrize("reply", WHOLE_REPLIES)
def test_a_reply_that_is_bad_as_a_whole_may_be_asked_for_again(
    feed: LunoFeed, broker: LunoBroker, transport: FakeTransport, reply: HttpReply | Exception
) -> None:
    transport.on_any(reply)
    for path in (TICKERS, TRADES, BOOK):
        transport.on(path, reply)
    for read in (lambda: feed.poll([BITCOIN]), lambda: feed.book(BITCOIN), lambda: feed.trades(BITCOIN, 0), broker.open_orders,
                 lambda: feed.history(BITCOIN, 60 * 10**9, 5), broker.balances, lambda: broker.look_up(request()),
                 lambda: broker.fills_since(BITCOIN, 0)):
        with pytest.raises(TryAgain):
            read()


def test_a_refused_key_is_access_denied_everywhere(feed: LunoFeed, broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on_any(replying(HTML, 401))
    for read in (lambda: feed.poll([BITCOIN]), broker.open_orders, broker.balances, lambda: broker.look_up(request())):
        with pytest.raises(AccessDenied):
            read()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8) | st.sampled_from(
        ["XBTZAR", "ACTIVE", "COMPLETE", "BUY", "LIMIT", "0.00", "1e5", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(json_values | st.fixed_dictionaries(dict.fromkeys(ticker_row(), json_values)), max_size=4))
def test_no_list_of_tickers_whatever_is_in_it_breaks_a_poll(rows: list[Any]) -> None:
    transport, runtime = FakeTransport(), FakeRuntime()
    feed = LunoFeed("luno", luno_client(transport, runtime, has_key=False), runtime)
    transport.on(TICKERS, replying({"tickers": [*rows, ticker_row(pair="ETHZAR")]}))
    assert ETHER in [tick.symbol for tick in feed.poll([BITCOIN, ETHER])]


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({field: json_values | st.just(value) for field, value in order_row().items()}))
def test_no_order_whatever_is_in_it_breaks_the_list_of_open_orders(row: dict[str, Any]) -> None:
    transport, runtime = FakeTransport(), FakeRuntime()
    transport.on(MARKETS, replying({"markets": [market_row()]}))
    transport.on("/api/exchange/2/listorders", replying({"orders": [row, order_row(order_id="BX2")]}))
    event = LunoBroker("luno", luno_client(transport, runtime), LunoSettings(), runtime).open_orders()
    assert "BX2" in [update.venue_order_id for update in event.updates]
    assert event.is_complete is (len(event.updates) == 2)


BAD_ORDERS = [
    (order_row(status="DONE"), "status"), (order_row(status=None), "status"), (order_row(side="LONG"), "side"), (order_row(type="STOP"), "type"),
    (order_row(base="NaN"), "base"), (order_row(base="-1"), "base"), (order_row(limit_volume="0.00"), "limit_volume"),
    (order_row(pair="NOPEZAR"), "pair"), (order_row(order_id=""), "order_id"), (order_row(client_order_id=5), "client_order_id"),
    (order_row(fee_base="x"), "fee_base"), (order_row(counter="5.00"), "counter"), (None, "row"), ("BX1", "row"), ({}, "pair"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_ORDERS)
def test_a_bad_order_leaves_the_list_incomplete_and_the_others_told(
    broker: LunoBroker, transport: FakeTransport, row: Any, reason: str
) -> None:
    transport.on("/api/exchange/2/listorders", replying({"orders": [order_row(order_id="BX2"), row]}))
    event = broker.open_orders()
    assert ([update.venue_order_id for update in event.updates], event.is_complete) == (["BX2"], False)
    assert broker.refused == {reason: 1}


def test_an_order_listed_twice_is_told_once(broker: LunoBroker, transport: FakeTransport) -> None:
    transport.on("/api/exchange/2/listorders", replying({"orders": [order_row(), order_row()]}))
    event = broker.open_orders()
    assert (len(event.updates), event.updates[0].answer, event.is_complete) == (1, Answer.OPEN, True)


def test_a_trade_listed_twice_or_from_the_future_is_told_once_or_not_at_all(feed: LunoFeed, transport: FakeTransport) -> None:
    rows = [trade_row(sequence=5), trade_row(sequence=5), trade_row(sequence=6, timestamp=START_MS + 61_000), trade_row(sequence=4)]
    transport.on(TRADES, replying({"trades": rows}))
    assert [trade.venue_sequence for trade in feed.trades(BITCOIN, 0)] == [4, 5]
    assert feed.refused == {"duplicate row": 1, "time ahead of the clock": 1}


LEVEL = {"price": "1200000", "volume": "0.5"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"bids": [7]}, "row"), ({"bids": [{**LEVEL, "price": "NaN"}]}, "price"), ({"asks": [{**LEVEL, "volume": "0.00"}]}, "volume"),
     ({"bids": [LEVEL], "asks": [LEVEL]}, "crossed book"), ({"timestamp": None}, "timestamp")],
)
def test_a_bad_book_is_no_book_and_is_counted(
    feed: LunoFeed, transport: FakeTransport, changes: dict[str, Any], reason: str
) -> None:
    transport.on(BOOK, replying({"timestamp": START_MS, "bids": [], "asks": [], **changes}))
    with pytest.raises(TryAgain, match=BITCOIN):
        feed.book(BITCOIN)
    assert feed.refused == {reason: 1}


def test_a_book_from_the_future_is_no_book(feed: LunoFeed, transport: FakeTransport) -> None:
    transport.on(BOOK, replying({"timestamp": START_MS + 61_000, "bids": [], "asks": []}))
    with pytest.raises(TryAgain):
        feed.book(BITCOIN)
