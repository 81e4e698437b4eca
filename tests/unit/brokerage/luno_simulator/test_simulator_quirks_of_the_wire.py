"""Each unverified point of the interface does what its switch says; the points of trading are in the file beside this one."""

import json
from typing import Any

import pytest

from brokerage.luno_simulator.account_list import account_id_of
from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus
from brokerage.luno_simulator.order import Side
from brokerage.luno_simulator.quirks import Quirks

LIMIT = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.1"}


@pytest.fixture
def with_quirks(make_api: Any) -> Any:
    """Return a function that opens an API with some quirks and nobody else on it."""

    def build(rate_limit: int | None = None, has_crowd: bool = False, **quirks: Any) -> Any:
        return make_api(Exchange(7, has_crowd=has_crowd, quirks=Quirks(**quirks)), rate_limit)

    return build


def test_quirk_business_error_status(with_quirks: Any) -> None:
    too_small = {**LIMIT, "volume": "0"}
    assert with_quirks().refusal("POST", "/api/1/postorder", **too_small) == (400, "ErrVolumeTooLow")
    api = with_quirks(business_error_status=422)
    assert api.refusal("POST", "/api/1/postorder", **too_small) == (422, "ErrVolumeTooLow")
    # This one was seen on the wire.
    assert api.refusal("GET", "/api/1/ticker", pair="NOPE") == (400, "ErrMarketUnavailable")


def test_quirk_order_not_found_status(with_quirks: Any) -> None:
    assert with_quirks().refusal("GET", "/api/1/orders/BX1") == (404, "ErrOrderNotFound")
    assert with_quirks(order_not_found_status=400).refusal("GET", "/api/1/orders/BX1") == (400, "ErrOrderNotFound")


def test_quirk_permission_status(with_quirks: Any) -> None:
    new = {"currency": "XBT", "name": "more"}
    assert with_quirks().refusal("POST", "/api/1/accounts", **new) == (403, "ErrInsufficientPerms")
    assert with_quirks(permission_status=401).refusal("POST", "/api/1/accounts", **new) == (401, "ErrInsufficientPerms")


def test_quirk_maintenance_status(with_quirks: Any) -> None:
    for quirks, status in (({}, 503), ({"maintenance_status": 500}, 500)):
        api = with_quirks(**quirks)
        api.exchange.set_status(MarketStatus.MAINTENANCE)
        assert api.refusal("POST", "/api/1/postorder", **LIMIT) == (status, "ErrUnderMaintenance")


def test_quirk_unauthorized_body(with_quirks: Any) -> None:
    bodies = {}
    for form in ("json", "text", "empty"):
        api = with_quirks(unauthorized_body=form)
        api.authorization = ""
        answer = api.answer("GET", "/api/1/balance")
        assert answer.status == 401
        bodies[form] = answer.body
    assert json.loads(bodies["json"])["error_code"] == "ErrUnauthorised"
    assert b"{" not in bodies["text"]
    assert bodies["text"]
    assert bodies["empty"] == b""


def test_quirk_networks_permission(with_quirks: Any) -> None:
    assert with_quirks().get("/api/1/send/networks") == {"networks": []}
    assert with_quirks(networks_permission=4).refusal("GET", "/api/1/send/networks") == (403, "ErrInsufficientPerms")


def test_quirk_rate_limit_body(with_quirks: Any) -> None:
    bodies = {}
    for form in ("json", "text", "empty"):
        api = with_quirks(rate_limit=1, rate_limit_body=form)
        api.get("/api/1/balance")
        answer = api.answer("GET", "/api/1/balance")
        assert answer.status == 429
        bodies[form] = answer.body
    assert json.loads(bodies["json"])["error_code"] == "ErrTooManyRequests"
    assert b"{" not in bodies["text"]
    assert bodies["empty"] == b""


def test_quirk_rate_limit_scope(with_quirks: Any) -> None:
    for scope, status in (("key", 200), ("all", 429)):
        api = with_quirks(rate_limit=1, rate_limit_scope=scope)
        api.get("/api/1/balance")
        api.authorization = ""
        assert api.answer("GET", "/api/1/ticker", pair="ETHZAR").status == status


def test_quirk_rate_limit_window_seconds(with_quirks: Any) -> None:
    for quirks, status in (({}, 429), ({"rate_limit_window_seconds": 1}, 200)):
        api = with_quirks(rate_limit=1, **quirks)
        api.get("/api/1/balance")
        api.wait(1)
        assert api.answer("GET", "/api/1/balance").status == status


def test_quirk_retry_after_seconds(with_quirks: Any) -> None:
    for quirks, header in (({}, None), ({"retry_after_seconds": 7}, "7")):
        api = with_quirks(rate_limit=1, **quirks)
        assert "retry-after" not in api.answer("GET", "/api/1/balance").headers
        assert api.answer("GET", "/api/1/balance").headers.get("retry-after") == header


def test_quirk_error_action(with_quirks: Any) -> None:
    api = with_quirks(error_action=True)
    assert json.loads(api.answer("GET", "/api/1/orders/BX1").body)["error_action"] == {}
    assert "error_action" not in json.loads(api.answer("GET", "/api/1/ticker").body)
    assert "error_action" not in json.loads(with_quirks().answer("GET", "/api/1/orders/BX1").body)


def test_quirk_lists_invalid_fields(with_quirks: Any) -> None:
    answer = with_quirks(lists_invalid_fields=True).answer("GET", "/api/1/listtrades", pair="ETHZAR", since="x")
    assert json.loads(answer.body)["fields"] == ["since"]
    assert "fields" not in json.loads(with_quirks().answer("GET", "/api/1/listtrades", pair="ETHZAR", since="x").body)


def test_quirk_empty_lists_are_null(with_quirks: Any) -> None:
    lists = {"/api/1/listorders": "orders", "/api/exchange/2/listorders": "orders", "/api/1/listtrades": "trades"}
    for quirks, empty in (({}, []), ({"empty_lists_are_null": True}, None)):
        api = with_quirks(**quirks)
        for path, name in lists.items():
            assert api.get(path, pair="ETHZAR") == {name: empty}
        api.limit("BID", 50000, 1)
        assert len(api.get("/api/1/listorders")["orders"]) == 1


def test_quirk_old_since_code(with_quirks: Any) -> None:
    old = {"pair": "ETHZAR", "since": 1}
    assert with_quirks().refusal("GET", "/api/1/trades", **old) == (400, "ErrInvalidArguments")
    api = with_quirks(old_since_code="ErrInvalidParameters")
    assert api.refusal("GET", "/api/1/trades", **old) == (400, "ErrInvalidParameters")


def test_quirk_both_ids_code(with_quirks: Any) -> None:
    for quirks, code in (({}, "ErrInvalidArguments"), ({"both_ids_code": "ErrInvalidParameters"}, "ErrInvalidParameters")):
        api = with_quirks(**quirks)
        for names in ({}, {"id": "BX1", "client_order_id": "a"}):
            assert api.refusal("GET", "/api/exchange/3/order", **names) == (400, code)


def test_quirk_shows_unfinished_candle(with_quirks: Any) -> None:
    ends = {}
    for shown in (True, False):
        api = with_quirks(shows_unfinished_candle=shown)
        api.wait(90)
        body = api.get("/api/exchange/1/candles", pair="ETHZAR", duration=60, since=api.exchange.genesis_ns // 10**6 - 120_000)
        ends[shown] = (body["candles"][-1]["timestamp"] + 60_000) - api.now_ns // 10**6
    assert ends == {True: 30_000, False: -30_000}


def test_quirk_trades_lag_ms(with_quirks: Any) -> None:
    api = with_quirks(trades_lag_ms=800, has_crowd=True)
    api.wait(2)
    order_id = api.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="0.01")["order_id"]
    newest = api.exchange.floor("ETHZAR").tape.last_sequence
    for waited, is_known in ((0.0, False), (0.7, False), (0.1, True)):
        api.wait(waited)
        assert api.order(order_id)["status"] == "COMPLETE"
        assert bool(api.get("/api/1/listtrades", pair="ETHZAR")["trades"]) is is_known
        assert (api.get("/api/1/trades", pair="ETHZAR")["trades"][0]["sequence"] >= newest) is is_known


def test_quirk_extra_decimals(with_quirks: Any) -> None:
    (row,) = with_quirks(extra_decimals=2).get("/api/exchange/1/markets", pair="ETHZAR")["markets"]
    assert (row["price_scale"], row["volume_scale"]) == (2, 8)
    finer = {**LIMIT, "price": "50000.25", "volume": "0.00100001"}
    assert with_quirks(extra_decimals=2, has_crowd=True).post("/api/1/postorder", **finer)["order_id"]
    assert with_quirks().refusal("POST", "/api/1/postorder", **finer) == (400, "ErrPriceDenominationNotAllowed")


def test_quirk_balance_meaning(with_quirks: Any) -> None:
    for meaning, shown in (("total", "1000000.00"), ("available", "995000.00")):
        api = with_quirks(balance_meaning=meaning)
        api.limit("BID", 50000, "0.1")
        assert (api.balances()["ZAR"]["balance"], api.balances()["ZAR"]["reserved"]) == (shown, "5000.00")


def test_quirk_transactions_newest_first(with_quirks: Any) -> None:
    for newest_first, numbers in ((True, [2, 1]), (False, [1, 2])):
        api = with_quirks(transactions_newest_first=newest_first)
        api.limit("ASK", 90000, 1)
        body = api.get(f"/api/1/accounts/{account_id_of('ETH')}/transactions", min_row=1, max_row=3)
        assert [row["row_index"] for row in body["transactions"]] == numbers


def test_quirk_order_visible_after_ms(with_quirks: Any) -> None:
    api = with_quirks(order_visible_after_ms=500)
    order_id = api.limit("BID", 50000, 1, client_order_id="mine")
    reads = [
        ("/api/exchange/3/order", {"client_order_id": "mine"}),
        ("/api/exchange/3/order", {"id": order_id}),
        (f"/api/exchange/2/orders/{order_id}", {}),
        (f"/api/1/orders/{order_id}", {}),
    ]
    lists = ["/api/1/listorders", "/api/exchange/2/listorders"]
    for path, names in reads:
        assert api.refusal("GET", path, **names) == (404, "ErrOrderNotFound")
    assert [api.get(path) for path in lists] == [{"orders": []}] * 2
    assert api.refusal("POST", "/api/1/postorder", **LIMIT, client_order_id="mine") == (409, "ErrDuplicateClientOrderID")
    api.wait(0.5)
    for path, names in reads:
        assert api.get(path, **names)["order_id"] == order_id
    assert [len(api.get(path)["orders"]) for path in lists] == [1, 1]


def test_quirk_stop_fields_on_plain_orders(with_quirks: Any) -> None:
    shown = {}
    for form in ("zero", "empty", "null", "absent"):
        api = with_quirks(stop_fields_on_plain_orders=form)
        order = api.order(api.limit("BID", 50000, 1))
        shown[form] = [order.get(name, "absent") for name in ("stop_price", "stop_direction")]
    assert shown == {"zero": ["0.00", ""], "empty": ["", ""], "null": [None, None], "absent": ["absent", "absent"]}


def test_quirk_market_buy_limit_volume(with_quirks: Any) -> None:
    shown = {}
    for form in ("zero", "base"):
        api = with_quirks(market_buy_limit_volume=form, has_crowd=True)
        order_id = api.post("/api/1/marketorder", pair="ETHZAR", type="BUY", counter_volume="1000")["order_id"]
        for order in (api.order(order_id), api.old_order(order_id)):
            shown[form] = order["limit_volume"] if form == "zero" else order["limit_volume"] == order["base"]
    assert shown == {"zero": "0.00", "base": True}


def test_quirk_awaiting_in_v1(with_quirks: Any) -> None:
    for word, listed in (("PENDING", 1), ("AWAITING", 0)):
        api = with_quirks(awaiting_in_v1=word)
        order_id = api.limit("BID", 63000, 1, stop_price=62000, stop_direction="ABOVE")
        assert api.old_order(order_id)["state"] == word
        assert len(api.get("/api/1/listorders", state="PENDING")["orders"]) == listed
        assert len(api.get("/api/1/listorders")["orders"]) == 1


def test_an_api_needs_nothing_but_an_exchange_to_have_its_quirks() -> None:
    exchange = Exchange(1, has_crowd=False, quirks=Quirks(business_error_status=418))
    api = LunoApi(exchange, keys={})
    exchange.set_status(MarketStatus.ACTIVE)
    assert exchange.floor("ETHZAR").book.best_price(Side.BID) == 0
    assert api.handle("GET", "/api/1/trades", [("pair", "ETHZAR"), ("since", "x")], [], {}, exchange.now_ns).status == 418
