"""Every request of Luno's own client and of ccxt that the notes list, one row each: what the server sees, what it answers,
and what became of the ledger."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.order import CUSTOMER, Side
from tests.contract.test_third_party_desk import CLIENTS, Seen, ThirdPartyDesk, loopback_only, opened

D = Decimal
XBT, ZAR = str(account_id_of("XBT")), str(account_id_of("ZAR"))
POST = "POST"


class Given(NamedTuple):
    """What is there before a row: a resting bid named `given`, and a sale that was filled."""

    order_id: str
    since: int
    now: int


class Row(NamedTuple):
    """One line of the table.

    `requests` are (path, parameters) pairs, a POST where the path is in `POSTS`; `body` must hold for the last answer;
    `reserves` is what the call sets aside per currency, `opens` how many open orders it adds, and `trades` says that own
    trades, and they alone, moved the totals. `fails` is the client's error and `status` the answer's.
    """

    client: str
    name: str
    call: Callable[[Any, Given], Any]
    requests: Callable[[Given], list[tuple[str, dict[str, Any]]]]
    body: Callable[[Any], bool]
    reserves: Mapping[str, Decimal] = {}
    opens: int = 0
    trades: bool = False
    fails: str = ""
    status: int = 200


PAIR = {"pair": "XBTZAR"}
ORDER = {**PAIR, "price": "1300000", "type": "BID", "volume": "0.001"}
POSTS = {"/api/1/postorder", "/api/1/marketorder", "/api/1/stoporder"}
PUBLIC = {"/api/1/ticker", "/api/1/tickers", "/api/1/orderbook_top", "/api/1/orderbook", "/api/1/trades", "/api/exchange/1/markets"}


def has(*names: str) -> Callable[[Any], bool]:
    return lambda body: set(names) <= set(body)


def listing(name: str, *fields: str) -> Callable[[Any], bool]:
    return lambda body: len(body[name]) > 0 and set(fields) <= set(body[name][0])


PLACED = has("order_id")
L, C = "luno_python", "ccxt"
TICKER = ("pair", "bid", "ask", "last_trade", "timestamp", "rolling_24_hour_volume", "status")
V1 = ("order_id", "state", "type", "limit_price", "limit_volume", "creation_timestamp", "expiration_timestamp", "completed_timestamp")
V2 = ("order_id", "client_order_id", "status", "side", "type", "base", "counter", "fee_base", "fee_counter", "base_account_id")
CANDLE = ("timestamp", "open", "close", "high", "low", "volume")
TRADE = ("sequence", "timestamp", "price", "volume", "is_buy")
ENTRY = ("row_index", "timestamp", "balance", "available", "balance_delta", "available_delta", "description", "kind")

ROWS = [
    Row(L, "get_ticker", lambda c, g: c.get_ticker("XBTZAR"), lambda g: [("/api/1/ticker", PAIR)], has(*TICKER)),
    Row(L, "get_tickers", lambda c, g: (c.get_tickers(), c.get_tickers(pair=["XBTZAR", "ETHXBT"]))[1],
        lambda g: [("/api/1/tickers", {}), ("/api/1/tickers", {"pair": ["XBTZAR", "ETHXBT"]})],
        lambda body: [one["pair"] for one in body["tickers"]] == ["XBTZAR", "ETHXBT"]),
    Row(L, "get_order_book", lambda c, g: c.get_order_book("XBTZAR"), lambda g: [("/api/1/orderbook_top", PAIR)], listing("bids", "price", "volume")),
    Row(L, "get_order_book_full", lambda c, g: c.get_order_book_full("XBTZAR"), lambda g: [("/api/1/orderbook", PAIR)], listing("asks", "price", "volume")),
    Row(L, "list_trades", lambda c, g: c.list_trades("XBTZAR", g.since), lambda g: [("/api/1/trades", {**PAIR, "since": g.since})], listing("trades", *TRADE)),
    Row(L, "markets", lambda c, g: (c.markets(), c.markets(pair=["XBTZAR"]))[1],
        lambda g: [("/api/exchange/1/markets", {}), ("/api/exchange/1/markets", PAIR)],
        lambda body: [one["market_id"] for one in body["markets"]] == ["XBTZAR"]),
    Row(L, "get_candles", lambda c, g: c.get_candles(60, "XBTZAR", g.since),
        lambda g: [("/api/exchange/1/candles", {**PAIR, "duration": 60, "since": g.since})], listing("candles", *CANDLE)),
    Row(L, "get_balances", lambda c, g: (c.get_balances(), c.get_balances(assets=["XBT", "ZAR"]))[1],
        lambda g: [("/api/1/balance", {}), ("/api/1/balance", {"assets": ["XBT", "ZAR"]})],
        lambda body: [one["asset"] for one in body["balance"]] == ["XBT", "ZAR"]),
    Row(L, "get_balances of an account", lambda c, g: c.get_balances(account_id=XBT), lambda g: [("/api/1/balance", {})],
        listing("balance", "account_id", "asset", "balance", "reserved", "unconfirmed")),
    Row(L, "get_fee_info", lambda c, g: c.get_fee_info("XBTZAR"), lambda g: [("/api/1/fee_info", PAIR)], has("maker_fee", "taker_fee_buy", "thirty_day_volume")),
    Row(L, "list_transactions", lambda c, g: c.list_transactions(XBT, 0, -100),
        lambda g: [(f"/api/1/accounts/{XBT}/transactions", {"id": XBT, "max_row": 0, "min_row": -100})], listing("transactions", *ENTRY)),
    Row(L, "list_pending_transactions", lambda c, g: c.list_pending_transactions(XBT),
        lambda g: [(f"/api/1/accounts/{XBT}/pending", {"id": XBT})], lambda body: body["pending"] == []),
    Row(L, "post_limit_order", lambda c, g: c.post_limit_order("XBTZAR", "1300000", "BID", "0.001"),
        lambda g: [("/api/1/postorder", ORDER)], PLACED, {"ZAR": D(1300)}, 1),
    Row(L, "post_limit_order, all options",
        lambda c, g: c.post_limit_order("XBTZAR", "1300000", "BID", "0.001", client_order_id="cid-1", post_only=True, time_in_force="GTC", timestamp=g.now, ttl=5000),
        lambda g: [("/api/1/postorder", {**ORDER, "client_order_id": "cid-1", "post_only": "True", "time_in_force": "GTC", "timestamp": g.now, "ttl": 5000})],
        PLACED, {"ZAR": D(1300)}, 1),
    Row(L, "post_limit_order, stop-limit",
        lambda c, g: c.post_limit_order("XBTZAR", "1300000", "ASK", "0.001", base_account_id=int(XBT), counter_account_id=int(ZAR), post_only=False, stop_direction="BELOW", stop_price="1310000"),
        lambda g: [("/api/1/postorder", {**ORDER, "type": "ASK", "base_account_id": XBT, "counter_account_id": ZAR, "post_only": "False", "stop_direction": "BELOW", "stop_price": "1310000"})],
        PLACED, {"XBT": D("0.001")}, 1),
    Row(L, "post_market_order BUY", lambda c, g: c.post_market_order("XBTZAR", "BUY", client_order_id="mkt-1", counter_volume="500.50"),
        lambda g: [("/api/1/marketorder", {**PAIR, "type": "BUY", "client_order_id": "mkt-1", "counter_volume": "500.50"})], PLACED, trades=True),
    Row(L, "post_market_order SELL", lambda c, g: c.post_market_order("XBTZAR", "SELL", base_volume="0.001"),
        lambda g: [("/api/1/marketorder", {**PAIR, "type": "SELL", "base_volume": "0.001"})], PLACED, trades=True),
    Row(L, "stop_order", lambda c, g: c.stop_order(g.order_id), lambda g: [("/api/1/stoporder", {"order_id": g.order_id})],
        lambda body: body == {"success": True}, {"ZAR": D(-1200)}, -1),
    Row(L, "get_order, get_order_v2", lambda c, g: (c.get_order(g.order_id), c.get_order_v2(g.order_id))[1],
        lambda g: [(f"/api/1/orders/{g.order_id}", {"id": g.order_id}), (f"/api/exchange/2/orders/{g.order_id}", {"id": g.order_id})], has(*V2)),
    Row(L, "get_order_v3", lambda c, g: (c.get_order_v3(id=g.order_id), c.get_order_v3(client_order_id="given"))[1],
        lambda g: [("/api/exchange/3/order", {"id": g.order_id}), ("/api/exchange/3/order", {"client_order_id": "given"})], has(*V2)),
    Row(L, "list_orders", lambda c, g: c.list_orders(state="PENDING", pair="XBTZAR", limit=10, created_before=g.now + 60_000),
        lambda g: [("/api/1/listorders", {**PAIR, "created_before": g.now + 60_000, "limit": 10, "state": "PENDING"})], listing("orders", *V1)),
    Row(L, "list_orders_v2", lambda c, g: c.list_orders_v2(closed=True, pair="XBTZAR", limit=5),
        lambda g: [("/api/exchange/2/listorders", {**PAIR, "closed": "True", "limit": 5})], listing("orders", *V2)),
    Row(L, "list_user_trades", lambda c, g: c.list_user_trades("XBTZAR", since=1_700_000_000_000, limit=10, sort_desc=True),
        lambda g: [("/api/1/listtrades", {**PAIR, "limit": 10, "since": 1_700_000_000_000, "sort_desc": "True"})], listing("trades", "order_id", "type", "fee_base", *TRADE)),
    Row(C, "load_markets", lambda c, g: c.load_markets(True), lambda g: [("/api/1/send/networks", {}), ("/api/exchange/1/markets", {})], listing("markets", "market_id")),
    Row(C, "fetch_ticker", lambda c, g: c.fetch_ticker("BTC/ZAR"), lambda g: [("/api/1/ticker", PAIR)], has(*TICKER)),
    Row(C, "fetch_tickers", lambda c, g: (c.fetch_tickers(["BTC/ZAR"]), c.fetch_tickers(None, {"pair": ["XBTZAR"]}))[0],
        lambda g: [("/api/1/tickers", {}), ("/api/1/tickers", {"pair": "['XBTZAR']"})], lambda body: body == {"tickers": []}),
    Row(C, "fetch_order_book", lambda c, g: (c.fetch_order_book("BTC/ZAR"), c.fetch_order_book("BTC/ZAR", 100)),
        lambda g: [("/api/1/orderbook", PAIR), ("/api/1/orderbook_top", PAIR)], listing("bids", "price", "volume")),
    Row(C, "fetch_trades", lambda c, g: c.fetch_trades("BTC/ZAR", g.since), lambda g: [("/api/1/trades", {**PAIR, "since": g.since})], listing("trades", *TRADE)),
    Row(C, "fetch_ohlcv", lambda c, g: c.fetch_ohlcv("BTC/ZAR", "1m", g.since),
        lambda g: [("/api/exchange/1/candles", {**PAIR, "duration": 60, "since": g.since})], listing("candles", *CANDLE)),
    Row(C, "fetch_balance, fetch_accounts", lambda c, g: (c.fetch_balance(), c.fetch_accounts()), lambda g: [("/api/1/balance", {})] * 2, listing("balance", "account_id")),
    Row(C, "fetch_trading_fee", lambda c, g: c.fetch_trading_fee("BTC/ZAR"), lambda g: [("/api/1/fee_info", PAIR)], has("maker_fee", "taker_fee")),
    Row(C, "create_order limit", lambda c, g: c.create_order("BTC/ZAR", "limit", "buy", 0.0012345678, 1300000.7),
        lambda g: [("/api/1/postorder", {**PAIR, "volume": "0.001234", "price": "1300001", "type": "BID"})], PLACED, {"ZAR": D(1300001) * D("0.001234")}, 1),
    Row(C, "create_order, the venue's own names",
        lambda c, g: c.create_order("BTC/ZAR", "limit", "sell", 0.001, 2300000, {"post_only": True, "client_order_id": "cid-2", "time_in_force": "IOC"}),
        lambda g: [("/api/1/postorder", {**PAIR, "volume": "0.001", "price": "2300000", "type": "ASK", "post_only": "true", "client_order_id": "cid-2", "time_in_force": "IOC"})],
        lambda body: body["error_code"] == "ErrPostOnlyNotAllowed", fails="InvalidOrder", status=400),
    Row(C, "create_order, unified names are sent as they are and mean nothing",
        lambda c, g: c.create_order("BTC/ZAR", "limit", "sell", 0.001, 2300000, {"postOnly": True, "clientOrderId": "cid-3", "timeInForce": "IOC"}),
        lambda g: [("/api/1/postorder", {**PAIR, "volume": "0.001", "price": "2300000", "type": "ASK", "postOnly": "true", "clientOrderId": "cid-3", "timeInForce": "IOC"})],
        PLACED, {"XBT": D("0.001")}, 1),
    Row(C, "create_order market buy", lambda c, g: c.create_order("BTC/ZAR", "market", "buy", 500.5),
        lambda g: [("/api/1/marketorder", {**PAIR, "type": "BUY", "counter_volume": "500.5"})], PLACED, trades=True),
    Row(C, "create_order market sell", lambda c, g: c.create_order("BTC/ZAR", "market", "sell", 0.001),
        lambda g: [("/api/1/marketorder", {**PAIR, "type": "SELL", "base_volume": "0.001"})], PLACED, trades=True),
    Row(C, "fetch_order", lambda c, g: c.fetch_order(g.order_id), lambda g: [(f"/api/1/orders/{g.order_id}", {})], has("trades", *V1)),
    Row(C, "fetch_orders, open and closed",
        lambda c, g: (c.fetch_orders("BTC/ZAR"), c.fetch_open_orders(), c.fetch_open_orders("BTC/ZAR"), c.fetch_closed_orders("BTC/ZAR", None, 1)),
        lambda g: [("/api/1/listorders", PAIR), ("/api/1/listorders", {"state": "PENDING"}), ("/api/1/listorders", {**PAIR, "state": "PENDING"}), ("/api/1/listorders", {**PAIR, "state": "COMPLETE"})],
        listing("orders", *V1)),
    Row(C, "fetch_my_trades", lambda c, g: c.fetch_my_trades("BTC/ZAR", 1_700_000_000_000, 10),
        lambda g: [("/api/1/listtrades", {**PAIR, "since": 1_700_000_000_000, "limit": 10})], listing("trades", "order_id", "fee_base", *TRADE)),
    Row(C, "cancel_order", lambda c, g: c.cancel_order(g.order_id), lambda g: [("/api/1/stoporder", {"order_id": g.order_id})],
        lambda body: body == {"success": True}, {"ZAR": D(-1200)}, -1),
    Row(C, "fetch_ledger", lambda c, g: c.fetch_ledger("BTC", None, 10, {"id": XBT}),
        # It looks for the accounts once, even when it is told which one.
        lambda g: [("/api/1/balance", {}), (f"/api/1/accounts/{XBT}/transactions", {"min_row": -10, "max_row": 0})], listing("transactions", *ENTRY)),
    Row(C, "raw access", lambda c, g: (c.private_get_orders_id({"id": g.order_id}), c.private_post_stoporder({"order_id": g.order_id})),
        lambda g: [(f"/api/1/orders/{g.order_id}", {}), ("/api/1/stoporder", {"order_id": g.order_id})],
        lambda body: body == {"success": True}, {"ZAR": D(-1200)}, -1),
]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThirdPartyDesk]:
    loopback_only(monkeypatch)
    with opened() as desk:
        yield desk


@pytest.fixture
def given(desk: ThirdPartyDesk) -> Given:
    resting = desk.exchange.place_limit("XBTZAR", Side.BID, D(1_200_000), D("0.001"), client_order_id="given")
    desk.exchange.place_market("XBTZAR", Side.ASK, D("0.002"))
    now_ms = desk.exchange.now_ms
    return Given(resting.order_id, now_ms - 120_000, now_ms)


def own_trades(desk: ThirdPartyDesk) -> list[Any]:
    return desk.exchange.register.trades("XBTZAR", 0)


def assert_seen(seen: Seen, path: str, parameters: Mapping[str, Any]) -> None:
    wanted = [(name, str(one)) for name, value in parameters.items() for one in (value if isinstance(value, list) else [value])]
    assert (seen.method, seen.path) == ("POST" if path in POSTS else "GET", path)
    # Neither of the two sends a form: everything is in the query, and a POST has an empty body.
    assert (sorted(seen.query), seen.body) == (sorted(wanted), b"")
    assert ("Authorization" in seen.headers) is (path not in PUBLIC)
    assert seen.headers.get("Authorization", "Basic a2V5aWQ6c2VjcmV0") == "Basic a2V5aWQ6c2VjcmV0"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.client} {row.name}")
def test_a_request_is_seen_answered_and_booked_as_the_notes_say(desk: ThirdPartyDesk, given: Given, row: Row) -> None:
    client = CLIENTS[row.client](desk)
    if row.client == "ccxt":
        client.load_markets()
    desk.seen.clear()
    before, trades_before = desk.ledger(), own_trades(desk)
    failure = ""
    try:
        returned = row.call(client, given)
    except Exception as error:
        failure, returned = type(error).__name__, None
    assert failure == row.fails
    requests = row.requests(given)
    assert [seen.path for seen in desk.seen] == [path for path, _ in requests]
    for seen, (path, parameters) in zip(desk.seen, requests, strict=True):
        assert_seen(seen, path, parameters)
        assert seen.status == (row.status if seen is desk.seen[-1] else 200)
    answer = desk.seen[-1].answer
    assert row.body(answer), answer
    if row.client == "luno_python" and "account" not in row.name:
        assert returned == answer
    assert_ledger(desk, before, own_trades(desk)[len(trades_before):], row)


def assert_ledger(desk: ThirdPartyDesk, before: Mapping[str, Any], trades: list[Any], row: Row) -> None:
    after = desk.ledger()
    assert bool(trades) is row.trades
    moved = dict.fromkeys(before["totals"], D(0))
    for trade in trades:
        sign = 1 if trade.side is Side.BID else -1
        moved["XBT"] += sign * trade.base - trade.fee_base
        moved["ZAR"] -= sign * trade.counter + trade.fee_counter
    for currency in before["totals"]:
        assert after["totals"][currency] - before["totals"][currency] == moved[currency]
        reserved = row.reserves.get(currency, D(0))
        assert after["reserved"][currency] - before["reserved"][currency] == reserved
        statement = desk.exchange.accounts.statement.balances(currency)
        assert statement == (after["totals"][currency], desk.exchange.accounts.available(CUSTOMER, currency))
    assert len(after["open"]) - len(before["open"]) == row.opens


def test_the_table_has_a_row_for_each_line_of_the_notes() -> None:
    counts = {name: sum(row.client == name for row in ROWS) for name in CLIENTS}
    assert counts == {"luno_python": 23, "ccxt": 19}
    assert len({(row.client, row.name) for row in ROWS}) == len(ROWS) == 42
