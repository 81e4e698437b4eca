"""Refusals, errors, pages of a proxy and broken bodies: what the caller reads, and whether the exchange had acted."""

import json
from typing import Any

import pytest

from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.quirks import Quirks

BALANCE = ("GET", "/api/1/balance")


def test_too_many_requests_in_the_venue_s_own_shape(faulty: Any) -> None:
    caller = faulty("place:too_many:nth=1", "place:too_many=7:nth=2")
    answer = caller.place("a")
    assert (answer.status, json.loads(answer.body)["error_code"]) == (429, "ErrTooManyRequests")
    assert "retry-after" not in answer.headers
    assert caller.place("a").headers["retry-after"] == "7"
    assert caller.names() == []


def test_too_many_requests_as_the_quirks_shape_it(make_faulty: Any) -> None:
    caller = make_faulty(Exchange(7, has_crowd=False, quirks=Quirks(rate_limit_body="empty", retry_after_seconds=3)), "too_many")
    answer = caller.hit(*BALANCE)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b"", "3")


@pytest.mark.parametrize(("body", "starts"), [("empty", b""), ("html", b"<html>")])
def test_a_proxy_s_429_says_nothing_of_the_venue(faulty: Any, body: str, starts: bytes) -> None:
    caller = faulty(f"place:bare_429={body}")
    answer = caller.place("a")
    assert (answer.status, answer.acts, answer.body[:6]) == (429, 0, starts)
    assert caller.names() == []


def test_any_error_code_of_the_venue_with_its_own_status(faulty: Any) -> None:
    caller = faulty("place:error_code=ErrInsufficientBalance", "cancel:error_code=ErrInternal")
    answer = caller.place("a")
    assert (answer.status, json.loads(answer.body)["error_code"]) == (400, "ErrInsufficientBalance")
    order_id = caller.limit("BID", 50000, "0.1")
    assert caller.cancel(order_id).status == 500
    assert caller.order(order_id)["status"] == "PENDING"


@pytest.mark.parametrize("body", ["html", "empty", "json"])
@pytest.mark.parametrize(("kind", "names"), [("error_before", []), ("error_after", ["a"])])
def test_a_server_error_before_and_after_acting_looks_the_same(faulty: Any, kind: str, names: list[str], body: str) -> None:
    caller = faulty(f"place:{kind}=504:body={body}")
    answer = caller.place("a")
    assert (answer.status, answer.is_whole, answer.acts) == (504, True, len(names))
    assert caller.names() == names
    expected = {"html": b"<html>", "empty": b"", "json": b'{"erro'}
    assert answer.body[:6] == expected[body]


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize(("acts", "names"), [("no", []), ("yes", ["a"])])
def test_a_page_of_html_with_any_status(faulty: Any, status: int, acts: str, names: list[str]) -> None:
    caller = faulty(f"place:html={status}:acts={acts}")
    answer = caller.place("a")
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html")
    assert answer.body.startswith(b"<html>")
    assert caller.names() == names


def test_truncated_json_looks_whole(faulty: Any) -> None:
    caller = faulty("place:truncated")
    answer = caller.place("a")
    with pytest.raises(ValueError):
        json.loads(answer.body)
    assert (answer.status, answer.is_whole, caller.names()) == (200, True, ["a"])
    assert f"content-length: {len(answer.body)}\r\n".encode() in answer.head


def test_a_huge_body_is_the_right_answer_and_megabytes_of_nothing(faulty: Any) -> None:
    caller = faulty("place:huge=5")
    answer = caller.place("a")
    assert len(answer.body) == 5_000_000
    assert caller.order(json.loads(answer.body)["order_id"])["client_order_id"] == "a"


def test_numbers_come_as_texts(faulty: Any) -> None:
    caller = faulty("ticker:wrong_types=numbers_as_texts")
    right = caller.get("/api/1/ticker", pair="ETHZAR")
    wrong = json.loads(caller.hit("GET", "/api/1/ticker", pair="ETHZAR").body)
    assert wrong == {**right, "timestamp": str(right["timestamp"])} != right


def test_texts_come_as_numbers(faulty: Any) -> None:
    caller = faulty("balance:wrong_types=texts_as_numbers")
    wrong = json.loads(caller.hit(*BALANCE).body)
    assert {type(row["balance"]) for row in wrong["balance"]} == {float}
    assert {type(row["asset"]) for row in wrong["balance"]} == {str}


def test_a_field_is_null(faulty: Any) -> None:
    caller = faulty("ticker:wrong_types=nulls")
    right = caller.get("/api/1/ticker", pair="ETHZAR")
    wrong = json.loads(caller.hit("GET", "/api/1/ticker", pair="ETHZAR").body)
    (field,) = [name for name in right if wrong[name] is None]
    assert {**wrong, field: right[field]} == right


def test_arrays_come_where_objects_belong(faulty: Any) -> None:
    caller = faulty("balance:wrong_types=arrays", "place:wrong_types=arrays")
    right = caller.get("/api/1/balance")["balance"]
    assert json.loads(caller.hit(*BALANCE).body)["balance"] == [list(row.values()) for row in right]
    assert isinstance(json.loads(caller.place("a").body), list)
    assert caller.names() == ["a"]


def test_words_nobody_has_heard_of(faulty: Any) -> None:
    caller = faulty("order:wrong_types=unknown_words")
    order_id = caller.limit("BID", 50000, "0.1")
    right = caller.order(order_id)
    wrong = json.loads(caller.hit("GET", "/api/exchange/3/order", id=order_id).body)
    assert {name for name in right if wrong[name] != right[name]} == {"side", "status", "time_in_force", "type"}
    assert wrong["status"] == "UNHEARD_OF"


def test_any_manner_is_drawn_from_the_seed(faulty: Any) -> None:
    def bodies(seed: int) -> list[bytes]:
        caller = faulty("order:wrong_types", seed=seed)
        orders = caller.api.exchange.register.open_orders()
        order_id = orders[0].order_id if orders else caller.limit("BID", 50000, "0.1")
        return [caller.hit("GET", "/api/exchange/3/order", id=order_id).body for _ in range(30)]

    first = bodies(1)
    assert first == bodies(1)
    assert first != bodies(2)
    assert len(set(first)) > 4


def test_a_clock_that_is_ahead_is_ahead_everywhere(faulty: Any) -> None:
    caller = faulty("all:clock_offset=3600")
    order_id = caller.limit("BID", 50000, "0.1")
    right = caller.answer("GET", "/api/exchange/3/order", id=order_id)
    wrong = caller.hit("GET", "/api/exchange/3/order", id=order_id)
    rows = json.loads(right.body), json.loads(wrong.body)
    assert rows[1]["creation_timestamp"] == rows[0]["creation_timestamp"] + 3_600_000
    # A zero is no time.
    assert rows[1]["completed_timestamp"] == 0
    hours = [int(headers["date"].split()[4][:2]) for headers in (right.headers, wrong.headers)]
    assert (hours[1] - hours[0]) % 24 == 1
    # The venue's clock decides whether a deadline has passed, and what "since" means.
    now_ms = caller.now_ns // 1_000_000
    assert json.loads(caller.place("a", timestamp=now_ms, ttl=10_000).body)["error_code"] == "ErrDeadlineExceeded"
    assert caller.place("b", timestamp=now_ms + 3_600_000, ttl=10_000).status == 200
    since = {"pair": "ETHZAR", "since": now_ms - 60_000 + 3_600_000}
    trades = json.loads(caller.hit("GET", "/api/1/trades", **since).body)["trades"]
    assert [row["sequence"] for row in trades] == [row["sequence"] for row in caller.get("/api/1/trades", pair="ETHZAR", since=now_ms - 60_000)["trades"]]


def test_a_clock_behind_makes_times_earlier(faulty: Any) -> None:
    caller = faulty("ticker:clock_offset=-5s")
    right = caller.get("/api/1/ticker", pair="ETHZAR")["timestamp"]
    assert json.loads(caller.hit("GET", "/api/1/ticker", pair="ETHZAR").body)["timestamp"] == right - 5000
