"""Who may call the simulated API, how often, and what an answer looks like from outside."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from brokerage.luno_simulator.exchange import Exchange

PRIVATE = [
    ("GET", "/api/1/balance"),
    ("GET", "/api/1/fee_info"),
    ("POST", "/api/1/postorder"),
    ("POST", "/api/1/marketorder"),
    ("POST", "/api/1/stoporder"),
    ("GET", "/api/exchange/3/order"),
    ("GET", "/api/exchange/2/orders/BX1"),
    ("GET", "/api/exchange/2/listorders"),
    ("GET", "/api/1/listtrades"),
    ("GET", "/api/1/listorders"),
    ("GET", "/api/1/orders/BX1"),
    ("GET", "/api/exchange/1/candles"),
    ("GET", "/api/1/accounts/1/transactions"),
    ("GET", "/api/1/accounts/1/pending"),
    ("POST", "/api/1/accounts"),
    ("GET", "/api/1/send/networks"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_private_calls_without_a_right_key_are_unauthorized(
    api: Any, make_authorization: Any, method: str, path: str
) -> None:
    wrong = [
        "",
        make_authorization("trader", "guess"),
        make_authorization("nobody", "secret"),
        make_authorization("", ""),
        "Basic",
        "Basic !!!!",
        "Basic /////w==",
        "Bearer secret",
        "Basic żółw",
    ]
    for authorization in wrong:
        api.authorization = authorization
        assert api.refusal(method, path) == (401, "ErrUnauthorised")


def test_market_data_needs_no_key(api: Any) -> None:
    api.authorization = ""
    for path in ("ticker", "tickers", "orderbook_top", "orderbook", "trades"):
        api.get(f"/api/1/{path}", pair="XBTZAR")
    assert len(api.get("/api/exchange/1/markets")["markets"]) == 5


def test_a_key_can_do_only_what_its_permissions_say(api: Any, make_authorization: Any) -> None:
    assert api.refusal("POST", "/api/1/accounts", currency="XBT", name="more") == (403, "ErrInsufficientPerms")
    api.authorization = make_authorization("reader", "secret")
    assert api.get("/api/exchange/2/listorders") == {"orders": []}
    for path in ("/api/1/balance", "/api/1/accounts/1/transactions", "/api/1/accounts/1/pending"):
        assert api.refusal("GET", path) == (403, "ErrInsufficientPerms")
    assert api.refusal("POST", "/api/1/postorder") == (403, "ErrInsufficientPerms")


def test_candles_and_networks_need_a_key_but_no_permission(exchange: Exchange, make_authorization: Any) -> None:
    from brokerage.luno_simulator.api import LunoApi

    api = LunoApi(exchange, keys={"nobody": ("secret", 0)}, rate_limit=None)
    headers = {"authorization": make_authorization("nobody", "secret")}
    query = [("pair", "ETHZAR"), ("duration", "60"), ("since", str(exchange.now_ms - 60_000))]
    for path in ("/api/1/send/networks", "/api/exchange/1/candles"):
        assert api.handle("GET", path, query, [], headers, exchange.now_ns).status == 200
        assert api.handle("GET", path, query, [], {}, exchange.now_ns).status == 401
    assert json.loads(api.handle("GET", "/api/1/send/networks", [], [], headers, exchange.now_ns).body) == {"networks": []}


def test_market_data_may_be_kept_for_a_second_and_private_answers_may_not(api: Any) -> None:
    assert api.answer("GET", "/api/1/ticker", pair="ETHZAR").headers["cache-control"] == "public, max-age=1"
    for path in ("/api/1/balance", "/api/exchange/1/candles"):
        assert "cache-control" not in api.answer("GET", path, pair="ETHZAR", duration=60, since=0).headers


def test_answers_and_plain_refusals_carry_the_rate_headers_of_the_venue(api: Any) -> None:
    for pair in ("ETHZAR", "NOPE"):
        headers = api.answer("GET", "/api/1/ticker", pair=pair).headers
        assert headers["x-ratelimit-limit"] == "5000, 5000;w=1"
    assert "x-ratelimit-limit" not in api.answer("GET", "/nowhere").headers


@pytest.mark.parametrize("path", ["/", "/api/1/time", "/api/1/postorder/x", "//", "/api/exchange/2/orders/"])
def test_an_unknown_path_is_404_with_an_empty_body(api: Any, path: str) -> None:
    answer = api.answer("GET", path)
    assert (answer.status, answer.body) == (404, b"")


def test_too_many_calls_in_a_minute_are_429_until_the_window_has_moved_on(exchange: Exchange, make_api: Any) -> None:
    api = make_api(exchange, rate_limit=3)
    for _ in range(3):
        api.get("/api/1/ticker", pair="XBTZAR")
        api.wait(10)
    assert api.refusal("GET", "/api/1/ticker", pair="XBTZAR") == (429, "ErrTooManyRequests")
    api.authorization = ""
    api.get("/api/1/ticker", pair="XBTZAR")
    api.authorization = "Basic dHJhZGVyOnNlY3JldA=="
    api.wait(29)
    assert api.refusal("GET", "/api/1/ticker", pair="XBTZAR") == (429, "ErrTooManyRequests")
    api.wait(1)
    api.get("/api/1/ticker", pair="XBTZAR")


def test_an_order_refused_for_its_rate_was_not_placed(exchange: Exchange, make_api: Any) -> None:
    api = make_api(exchange, rate_limit=1)
    api.get("/api/1/balance")
    refused = api.refusal(
        "POST", "/api/1/postorder", pair="ETHZAR", type="BID", price=50000, volume="0.1", client_order_id="a"
    )
    assert refused == (429, "ErrTooManyRequests")
    assert exchange.register.find_by_client_order_id("a") is None


def test_every_answer_says_the_time_of_the_exchange(api: Any) -> None:
    for path in ("/api/1/ticker", "/nowhere"):
        date = parsedate_to_datetime(api.answer("GET", path).headers["date"])
        assert date.timestamp() == api.now_ns // 1_000_000_000


def test_query_and_form_are_the_same_thing(exchange: Exchange, make_api: Any) -> None:
    order = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.1", "post_only": "True"}
    api = make_api(exchange)
    by_query = json.loads(api.answer("POST", "/api/1/postorder", **order).body)["order_id"]
    by_form = json.loads(api.answer("POST", "/api/1/postorder", form=True, **order).body)["order_id"]
    first, second = api.order(by_query), api.order(by_form)
    assert {**first, "order_id": ""} == {**second, "order_id": ""}
    assert api.answer("POST", "/api/1/postorder", form=True, pair="NOPE").body == (
        api.answer("POST", "/api/1/postorder", pair="NOPE").body
    )


def test_private_changes_are_kept_before_the_answer_leaves(exchange: Exchange, make_authorization: Any) -> None:
    from brokerage.luno_simulator.api import LunoApi

    kept: list[Any] = []
    api = LunoApi(exchange, keys={"k": ("s", 127)}, rate_limit=None, keep=kept.append)
    headers = {"Authorization": make_authorization("k", "s")}
    form = [("pair", "ETHZAR"), ("type", "BID"), ("price", "50000"), ("volume", "0.1")]
    api.handle("GET", "/api/1/balance", [], [], headers, exchange.now_ns)
    assert len(kept) == 1, "the opening balances"
    api.handle("GET", "/api/1/balance", [], [], headers, exchange.now_ns)
    assert len(kept) == 1
    answer = api.handle("POST", "/api/1/postorder", [], form, headers, exchange.now_ns)
    assert [order.order_id for order in kept[1].orders] == [json.loads(answer.body)["order_id"]]

    def fail(changes: object) -> None:
        raise OSError("disk full")

    broken = LunoApi(exchange, keys={"k": ("s", 127)}, rate_limit=None, keep=fail)
    with pytest.raises(OSError, match="disk full"):
        broken.handle("POST", "/api/1/postorder", [], form, headers, exchange.now_ns)
