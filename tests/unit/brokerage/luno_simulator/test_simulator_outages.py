"""Faults that last: bans, closed markets, restarts; what every call hears meanwhile, and what is there afterwards."""

import json
from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery, Ending
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_status import MarketStatus

TICKER = ("GET", "/api/1/ticker")


def body(answer: Any) -> Any:
    return json.loads(answer.body)


def test_a_ban_refuses_every_call_for_a_while(faulty: Any) -> None:
    caller = faulty("place:ban=60s:nth=2")
    assert caller.place("a").status == 200
    assert caller.place("b").status == 403
    caller.wait(59.9)
    for answer in (caller.hit("GET", "/api/1/balance"), caller.hit(*TICKER, pair="ETHZAR"), caller.place("c")):
        assert (answer.status, answer.acts) == (403, 0)
    caller.wait(0.2)
    assert caller.deliver("GET", "/api/1/balance").status == 200
    assert caller.names() == ["a"]


def test_a_ban_has_the_status_and_the_body_it_was_given(faulty: Any) -> None:
    caller = faulty("balance:ban=5s:status=418:body=empty")
    assert [(one.status, one.body) for one in (caller.hit("GET", "/api/1/balance"), caller.hit(*TICKER))] == [(418, b"")] * 2


def test_maintenance_refuses_orders_and_cancels_shows_it_and_ends(faulty: Any) -> None:
    caller = faulty("ticker:maintenance=30s:pair=ETHZAR:nth=1")
    resting = caller.limit("BID", 50000, "0.1")
    assert body(caller.deliver(*TICKER, pair="ETHZAR"))["status"] == "UNKNOWN"
    answer = caller.place("a")
    assert (answer.status, body(answer)["error_code"]) == (503, "ErrUnderMaintenance")
    assert caller.cancel(resting).status == 503
    caller.wait(29)
    assert caller.place("a").status == 503
    assert caller.deliver("POST", "/api/1/postorder", pair="XRPZAR", type="BID", price="35", volume="10").status == 200
    caller.wait(1)
    assert caller.place("a").status == 200
    assert body(caller.deliver(*TICKER, pair="ETHZAR"))["status"] == "ACTIVE"


def test_markets_open_at_their_time_though_nobody_calls(faulty: Any) -> None:
    caller = faulty("ticker:maintenance=10s:nth=1:status=halted")
    caller.deliver(*TICKER, pair="ETHZAR")
    before = caller.api.exchange.marks()
    caller.pass_time(120)
    after = caller.api.exchange.marks()
    # The crowd has traded since the markets opened again.
    assert all(after[pair].last_sequence > before[pair].last_sequence for pair in before)


def test_a_market_that_was_closed_before_is_closed_afterwards(faulty: Any) -> None:
    caller = faulty("ticker:maintenance=10s:nth=1:status=halted", "ticker:maintenance=20s:nth=2")
    caller.api.exchange.set_status(MarketStatus.POST_ONLY, "ETHZAR")
    told = []
    for _ in range(2):
        told.append(body(caller.deliver(*TICKER, pair="ETHZAR"))["status"])
        caller.wait(5)
    caller.wait(14)
    told.append(body(caller.deliver(*TICKER, pair="ETHZAR"))["status"])
    caller.wait(2)
    told.append(body(caller.deliver(*TICKER, pair="ETHZAR"))["status"])
    assert told == ["DISABLED", "UNKNOWN", "UNKNOWN", "POSTONLY"]


def picture(caller: Any) -> Any:
    lists = [caller.get("/api/exchange/2/listorders", closed=closed) for closed in ("true", "false")]
    rows = [caller.rows(currency) for currency in ("ZAR", "ETH")]
    return lists, rows, caller.get("/api/1/balance"), caller.get("/api/1/listtrades", pair="ETHZAR")


@pytest.mark.parametrize(("acts", "names"), [("no", ["a", "b"]), ("yes", ["a", "b", "c"])])
def test_a_restart_keeps_what_was_acknowledged_and_forgets_the_rest(faulty: Any, acts: str, names: list[str]) -> None:
    caller = faulty(f"place:restart=20s:acts={acts}:nth=3")
    caller.place("a", price=70000)
    caller.place("b", price=50000)
    first, before = caller.api.exchange, picture(caller)
    delivery = caller.place("c", price=49000)
    assert (delivery.ending, delivery.acts, delivery.offline_seconds) == (Ending.RESET, len(names) - 2, 20.0)
    caller.wait(19)
    assert caller.hit("GET", "/api/1/balance").ending is Ending.REFUSE
    caller.wait(2)
    assert caller.deliver("GET", "/api/1/balance").status == 200
    caller.exchange = caller.api.exchange
    assert caller.exchange is not first
    assert caller.names() == names
    if acts == "no":
        assert picture(caller) == before
    # It is the same venue: names are not free again, ids do not come twice, and everything still works.
    assert caller.place("a").status == 409
    third = body(caller.place("d"))["order_id"]
    assert len({order.order_id for order in caller.exchange.register.newest_first(None)}) == len(names) + 1
    assert caller.cancel(third).status == 200
    assert caller.cancel(caller.exchange.register.find_by_client_order_id("b").order_id).status == 200


def test_no_time_passes_for_the_exchange_while_it_is_off(faulty: Any) -> None:
    caller = faulty("place:restart=300s:nth=1", "ticker:maintenance=400s:nth=1")
    caller.deliver(*TICKER, pair="ETHZAR")
    caller.place("a")
    before = {pair: mark.last_price for pair, mark in caller.api.exchange.marks().items()}
    caller.pass_time(300)
    assert {pair: mark.last_price for pair, mark in caller.api.exchange.marks().items()} == before
    assert caller.api.exchange.now_ns == caller.now_ns
    # A restart opens all markets.
    assert body(caller.deliver(*TICKER, pair="ETHZAR"))["status"] == "ACTIVE"


def test_a_request_that_arrives_while_nobody_listens_is_lost_after_all(faulty: Any) -> None:
    caller = faulty("place:late=10s:nth=1", "balance:restart=20s:nth=1")
    caller.place("a")
    caller.wait(5)
    caller.hit("GET", "/api/1/balance")
    caller.pass_time(60)
    assert caller.names() == []
    assert not isinstance(caller.deliver("GET", "/api/1/balance"), Delivery)


def test_restarts_on_end_conserve_money_and_orders(make_faulty: Any) -> None:
    caller = make_faulty(Exchange(3), "place:restart:acts=yes:every=2", "balance:deposit=10")
    opening = {currency: caller.exchange.accounts.sum_of(currency) for currency in caller.exchange.currencies}
    for number in range(12):
        caller.place(f"n{number}", price=45000 + number * 1500, volume="0.01")
        caller.deliver("GET", "/api/1/balance")
        caller.wait(3)
    exchange = caller.api.exchange
    assert caller.names() == [f"n{number}" for number in range(12)]
    assert {currency: exchange.accounts.sum_of(currency) for currency in exchange.currencies} == opening
    balance = exchange.accounts.total("customer", "ZAR")
    assert exchange.accounts.statement.balances("ZAR")[0] == balance
    assert exchange.accounts.total("outside", "ZAR") == -Decimal(10) * 12
