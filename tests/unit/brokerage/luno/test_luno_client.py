"""What Luno's verbs put on the wire, through the real transport up to the socket."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from brokerage.credentials import Credentials
from brokerage.luno.caller import LunoReply
from brokerage.luno.client import LunoClient
from brokerage.luno.order_client import StopDirection
from brokerage.luno.settings import LunoSettings
from brokerage.rate_limiter import Purpose, RateLimiter
from brokerage.requests_transport import RequestsTransport
from brokerage.rest_client import RestClient
from tests.unit.brokerage.fake_runtime import FakeRuntime
from tests.unit.brokerage.fake_transport import FakeTransport, replying
from tests.unit.brokerage.luno.luno_rows import luno_client
from trading_system.core.errors import TryAgain

URL = "https://api.luno.com"


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> LunoClient:
    runtime = FakeRuntime()
    rest = RestClient(URL, RequestsTransport(runtime), runtime, RateLimiter(runtime), Credentials("id", "secret"))
    return LunoClient(rest, LunoSettings())


Sent = Callable[[LunoClient], LunoReply]
ORDER = {"client_order_id": "ours-1", "timestamp_ms": 1790000000000, "ttl_ms": 5000}
STAMP = [("client_order_id", "ours-1"), ("timestamp", "1790000000000"), ("ttl", "5000")]
READS: list[tuple[Sent, str, list[tuple[str, str]], str, bool]] = [
    (lambda c: c.tickers(["XBTZAR", "ETHZAR"]), "/api/1/tickers", [("pair", "XBTZAR"), ("pair", "ETHZAR")], '{"tickers":[]}', False),
    (lambda c: c.tickers(), "/api/1/tickers", [], '{"tickers":[]}', False),
    (lambda c: c.ticker("XBTZAR"), "/api/1/ticker", [("pair", "XBTZAR")], "{}", False),
    (lambda c: c.orderbook_top("XBTZAR"), "/api/1/orderbook_top", [("pair", "XBTZAR")], '{"bids":[],"asks":[]}', False),
    (lambda c: c.orderbook("XBTZAR"), "/api/1/orderbook", [("pair", "XBTZAR")], '{"bids":null,"asks":[]}', False),
    (lambda c: c.trades("XBTZAR"), "/api/1/trades", [("pair", "XBTZAR")], '{"trades":[]}', False),
    (lambda c: c.trades("XBTZAR", 7), "/api/1/trades", [("pair", "XBTZAR"), ("since", "7")], '{"trades":null}', False),
    (lambda c: c.markets(), "/api/exchange/1/markets", [], '{"markets":[]}', False),
    (lambda c: c.markets(["XBTZAR", "ETHZAR"]), "/api/exchange/1/markets", [("pair", "XBTZAR"), ("pair", "ETHZAR")], '{"markets":[]}',
     False),
    (lambda c: c.candles("XBTZAR", 60000, 60), "/api/exchange/1/candles", [("pair", "XBTZAR"), ("since", "60000"), ("duration", "60")],
     '{"candles":null}', True),
    (lambda c: c.balance(), "/api/1/balance", [], '{"balance":[]}', True),
    (lambda c: c.balance(["XBT", "ZAR"]), "/api/1/balance", [("assets", "XBT"), ("assets", "ZAR")], '{"balance":[]}', True),
    (lambda c: c.transactions(8203463422864003664, -100, 0), "/api/1/accounts/{id}/transactions", [("min_row", "-100"), ("max_row", "0")],
     '{"transactions":[]}', True),
    (lambda c: c.pending(8203463422864003664), "/api/1/accounts/{id}/pending", [], '{"pending":[],"transactions":null}', True),
    (lambda c: c.fee_info("XBTZAR"), "/api/1/fee_info", [("pair", "XBTZAR")], "{}", True),
    (lambda c: c.listorders(), "/api/exchange/2/listorders", [("closed", "false"), ("limit", "1000")], '{"orders":null}', True),
    (lambda c: c.listorders(9, True, 10), "/api/exchange/2/listorders", [("closed", "true"), ("limit", "10"), ("created_before", "9")],
     '{"orders":[]}', True),
    (lambda c: c.listorders(pair="XBTZAR"), "/api/exchange/2/listorders", [("pair", "XBTZAR"), ("closed", "false"), ("limit", "1000")],
     '{"orders":[]}', True),
    (lambda c: c.listorders_v1(), "/api/1/listorders", [("limit", "1000")], '{"orders":null}', True),
    (lambda c: c.listorders_v1("PENDING", "XBTZAR", 9, 10), "/api/1/listorders",
     [("state", "PENDING"), ("pair", "XBTZAR"), ("created_before", "9"), ("limit", "10")], '{"orders":[]}', True),
    (lambda c: c.order_v1("BX1"), "/api/1/orders/{id}", [], '{"order_id":"BX1"}', True),
    (lambda c: c.order_v2("BX1"), "/api/exchange/2/orders/{id}", [], '{"order_id":"BX1"}', True),
    (lambda c: c.order("ours-1"), "/api/exchange/3/order", [("client_order_id", "ours-1")], '{"order_id":"BX1"}', True),
    (lambda c: c.order(order_id="BX1"), "/api/exchange/3/order", [("id", "BX1")], '{"order_id":"BX1"}', True),
    (lambda c: c.listtrades("XBTZAR", 5), "/api/1/listtrades", [("pair", "XBTZAR"), ("limit", "1000"), ("since", "5")],
     '{"trades":[]}', True),
    (lambda c: c.listtrades("XBTZAR", 0, 9), "/api/1/listtrades", [("pair", "XBTZAR"), ("limit", "1000"), ("after_seq", "9")],
     '{"trades":[]}', True),
    (lambda c: c.listtrades("XBTZAR", 5, 9, before_ms=7, before_sequence=12, newest_first=True, limit=3), "/api/1/listtrades",
     [("pair", "XBTZAR"), ("limit", "3"), ("since", "5"), ("before", "7"), ("after_seq", "9"), ("before_seq", "12"),
      ("sort_desc", "true")], '{"trades":[]}', True),
]


@pytest.mark.parametrize(("call", "path", "query", "body", "is_private"), READS)
def test_a_read_is_a_get_with_its_parameters_in_the_query(
    wire: responses.RequestsMock, client: LunoClient, call: Sent, path: str, query: list[tuple[str, str]], body: str, is_private: bool
) -> None:
    sent_to = URL + path.replace("{id}", "BX1" if "orders" in path else "8203463422864003664")
    wire.get(sent_to, body=body)
    reply = call(client)
    assert (wire.calls[0].request.url or "").partition("?")[0] == sent_to
    assert all(rows == [] for key, rows in reply.body.items() if key != "order_id")
    sent = wire.calls[0].request
    assert parse_qsl(urlsplit(sent.url or "").query) == query
    assert sent.body is None
    assert ("Authorization" in sent.headers) is is_private
    assert reply.evidence.endpoint == f"GET {path}"


WRITES: list[tuple[Sent, str, list[tuple[str, str]], str]] = [
    (lambda c: c.postorder(pair="XBTZAR", is_buy=True, volume=Decimal("1E-5"), price=Decimal("1200000"), **ORDER), "/api/1/postorder",
     [("pair", "XBTZAR"), ("type", "BID"), ("volume", "0.00001"), ("price", "1200000"), ("time_in_force", "GTC"), ("post_only", "false"),
      *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.postorder(pair="XBTZAR", is_buy=False, volume=Decimal(1), price=Decimal("1.2E+6"), post_only=True, **ORDER),
     "/api/1/postorder",
     [("pair", "XBTZAR"), ("type", "ASK"), ("volume", "1"), ("price", "1200000"), ("time_in_force", "GTC"), ("post_only", "true"), *STAMP],
     '{"order_id":"BX1"}'),
    (lambda c: c.postorder(pair="XBTZAR", is_buy=False, volume=Decimal(1), price=Decimal(2), time_in_force="IOC", stop_price=Decimal(3),
                           stop_direction=StopDirection.BELOW, **ORDER), "/api/1/postorder",
     [("pair", "XBTZAR"), ("type", "ASK"), ("volume", "1"), ("price", "2"), ("time_in_force", "IOC"), ("post_only", "false"),
      ("stop_price", "3"), ("stop_direction", "BELOW"), *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.postorder(pair="XBTZAR", is_buy=True, volume=Decimal(1), price=Decimal(2), stop_price=Decimal("3E+1"),
                           stop_direction=StopDirection.RELATIVE_LAST_TRADE, base_account_id=8203463422864003664, counter_account_id=7,
                           **ORDER), "/api/1/postorder",
     [("pair", "XBTZAR"), ("type", "BID"), ("volume", "1"), ("price", "2"), ("time_in_force", "GTC"), ("post_only", "false"),
      ("stop_price", "30"), ("stop_direction", "RELATIVE_LAST_TRADE"), ("base_account_id", "8203463422864003664"),
      ("counter_account_id", "7"), *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.marketorder(pair="XBTZAR", base_volume=Decimal(1), base_account_id=3, counter_account_id=7, **ORDER),
     "/api/1/marketorder", [("pair", "XBTZAR"), ("type", "SELL"), ("base_volume", "1"), ("base_account_id", "3"),
                            ("counter_account_id", "7"), *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.marketorder(pair="XBTZAR", counter_volume=Decimal("100.50"), **ORDER), "/api/1/marketorder",
     [("pair", "XBTZAR"), ("type", "BUY"), ("counter_volume", "100.50"), *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.marketorder(pair="XBTZAR", base_volume=Decimal("0.1"), **ORDER), "/api/1/marketorder",
     [("pair", "XBTZAR"), ("type", "SELL"), ("base_volume", "0.1"), *STAMP], '{"order_id":"BX1"}'),
    (lambda c: c.stoporder("BX1"), "/api/1/stoporder", [("order_id", "BX1")], '{"success":true}'),
]


@pytest.mark.parametrize(("call", "path", "form", "body"), WRITES)
def test_a_write_is_a_post_with_its_parameters_in_the_form(
    wire: responses.RequestsMock, client: LunoClient, call: Sent, path: str, form: list[tuple[str, str]], body: str
) -> None:
    wire.post(URL + path, body=body)
    call(client)
    sent = wire.calls[0].request
    assert sent.url == URL + path
    assert parse_qsl(sent.body if isinstance(sent.body, str) else "") == form
    assert sent.headers["Authorization"] == "Basic aWQ6c2VjcmV0"


@pytest.mark.parametrize("amounts", [{}, {"counter_volume": Decimal(1), "base_volume": Decimal(1)}])
def test_a_market_order_has_exactly_one_amount(client: LunoClient, amounts: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="counter volume or"):
        client.marketorder(pair="XBTZAR", **ORDER, **amounts)


@pytest.mark.parametrize(
    ("call", "path"),
    [(lambda c: c.tickers(["A"]), "/api/1/tickers"), (lambda c: c.orderbook_top("A"), "/api/1/orderbook_top"),
     (lambda c: c.balance(), "/api/1/balance"), (lambda c: c.order("a"), "/api/exchange/3/order")],
)
@pytest.mark.parametrize("body", [{"some_other_key": "value"}, {"tickers": {}, "bids": 1, "asks": 1, "balance": "1", "order_id": 1}])
def test_a_reply_of_the_wrong_shape_is_asked_again(call: Sent, path: str, body: dict[str, object]) -> None:
    transport = FakeTransport()
    transport.on(path, replying(body))
    with pytest.raises(TryAgain):
        call(luno_client(transport, FakeRuntime()))


def test_json_numbers_are_read_with_their_digits() -> None:
    transport = FakeTransport()
    transport.on("/api/1/balance", replying(b'{"balance":[{"account_id":8203463422864003664,"balance":0.10}]}'))
    (row,) = luno_client(transport, FakeRuntime()).balance().body["balance"]
    assert row == {"account_id": 8203463422864003664, "balance": Decimal("0.10")}
    assert isinstance(row["balance"], Decimal)


def test_each_call_stands_in_the_queue_of_its_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Purpose] = []
    monkeypatch.setattr(RateLimiter, "acquire", lambda self, purpose, until_ns: asked.append(purpose) or True)
    transport = FakeTransport()
    client = luno_client(transport, FakeRuntime())
    for call, path, *_, body, _ in READS:
        transport.on_any(replying(body.encode()))
        asked.clear()
        call(client)
        # What the house asks at every beat.
        is_poll = path in ("/api/1/tickers", "/api/exchange/2/listorders")
        assert asked == [Purpose.POLL if is_poll else Purpose.LOOK_UP], path
    for call, path, *_, body in WRITES:
        transport.on_any(replying(body.encode()))
        asked.clear()
        call(client)
        assert asked == [Purpose.CANCEL if path == "/api/1/stoporder" else Purpose.ORDER], path


def test_calls_about_many_orders_are_counted_under_one_name() -> None:
    transport = FakeTransport()
    transport.on_any(replying({"order_id": "BX1"}))
    client = luno_client(transport, FakeRuntime())
    for number in range(5):
        client.order_v2(f"BX{number}")
    assert client.rest.calls == {"GET /api/exchange/2/orders/{id}": 5}
    assert [sent.path for sent in transport.requests[:2]] == ["/api/exchange/2/orders/BX0", "/api/exchange/2/orders/BX1"]


def test_an_id_cannot_lead_to_another_call() -> None:
    transport = FakeTransport()
    transport.on_any(replying({"order_id": "BX1"}))
    client = luno_client(transport, FakeRuntime())
    client.order_v2("../../1/balance?x=")
    assert transport.requests[0].path == "/api/exchange/2/orders/..%2F..%2F1%2Fbalance%3Fx%3D"
    for read in (client.order_v1, client.order_v2):
        with pytest.raises(ValueError, match="id"):
            read("")
    assert len(transport.requests) == 1


@pytest.mark.parametrize("names", [{}, {"client_order_id": "ours-1", "order_id": "BX1"}])
def test_an_order_is_looked_up_by_exactly_one_of_its_names(client: LunoClient, names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="by our name"):
        client.order(**names)


@pytest.mark.parametrize("seconds", [0, 59, 61, 120, 604801])
def test_candles_have_the_lengths_that_luno_has(client: LunoClient, seconds: int) -> None:
    with pytest.raises(ValueError, match=f"{seconds} seconds"):
        client.candles("XBTZAR", 0, seconds)


@pytest.mark.parametrize(("first", "end"), [(1, 1), (5, 1), (1, 1002), (-1001, 0)])
def test_at_most_a_thousand_rows_of_an_account_are_asked_for(client: LunoClient, first: int, end: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000 rows"):
        client.transactions(1, first, end)


@pytest.mark.parametrize("stop", [{"stop_price": Decimal(9)}, {"stop_direction": StopDirection.ABOVE}])
def test_a_stop_has_a_price_and_a_direction(client: LunoClient, stop: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="direction"):
        client.postorder(pair="XBTZAR", is_buy=True, volume=Decimal(1), price=Decimal(1), **ORDER, **stop)


def test_an_amount_of_zero_and_a_refusal_to_be_post_only_are_said_and_not_left_out() -> None:
    transport = FakeTransport()
    transport.on_any(replying({"order_id": "BX1"}))
    luno_client(transport, FakeRuntime()).postorder(pair="XBTZAR", is_buy=True, volume=Decimal("0.00"), price=Decimal(1), **ORDER)
    form = dict(transport.requests[0].form)
    assert (form["volume"], form["post_only"]) == ("0.00", "false")
