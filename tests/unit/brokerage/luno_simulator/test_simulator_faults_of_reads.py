"""Reads that lag, lists from before an acknowledgement, histories that are gone; and that the truth is untouched by them."""

import json
from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.delivery import Delivery
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.order import Side
from brokerage.luno_simulator.quirks import Quirks

SECOND_NS = 1_000_000_000
LISTS = "/api/exchange/2/listorders"


def body(answer: Any) -> Any:
    return json.loads(answer.body)


def open_ids(caller: Any) -> list[str]:
    return [row["order_id"] for row in body(caller.deliver("GET", LISTS))["orders"] or []]


def test_a_new_order_is_missing_for_as_long_as_the_reads_lag(faulty: Any) -> None:
    caller = faulty("private_reads:lag=3s")
    order_id = body(caller.place("a"))["order_id"]
    for _ in range(3):
        assert open_ids(caller) == []
        assert caller.hit("GET", "/api/exchange/3/order", client_order_id="a").status == 404
        assert caller.hit("GET", f"/api/1/orders/{order_id}").status == 404
        caller.wait(0.99)
    assert caller.order(order_id)["status"] == "PENDING"
    caller.wait(0.1)
    assert open_ids(caller) == [order_id]


def test_a_canceled_order_is_still_open_and_its_money_still_reserved(faulty: Any) -> None:
    caller = faulty("private_reads:lag=3s")
    order_id = body(caller.place("a"))["order_id"]
    caller.wait(10)
    before = body(caller.hit("GET", "/api/1/balance"))
    caller.cancel(order_id)
    caller.wait(1)
    assert open_ids(caller) == [order_id]
    row = body(caller.hit("GET", "/api/exchange/3/order", id=order_id))
    assert (row["status"], row["completed_timestamp"], row["expiration_timestamp"]) == ("PENDING", 0, 0)
    assert body(caller.hit("GET", "/api/1/balance")) == before != caller.get("/api/1/balance")
    caller.wait(3)
    assert body(caller.hit("GET", "/api/1/balance")) == caller.get("/api/1/balance")
    assert open_ids(caller) == []


def private_picture(get: Any, ids: list[str]) -> list[Any]:
    calls = [(LISTS, {}), (LISTS, {"closed": "true"}), ("/api/1/listorders", {}), ("/api/1/balance", {})]
    calls += [("/api/1/listtrades", {"pair": pair}) for pair in ("ETHZAR", "XRPZAR")]
    calls += [("/api/exchange/3/order", {"id": one}) for one in ids] + [(f"/api/1/orders/{one}", {}) for one in ids]
    return [get(path, **parameters) for path, parameters in calls]


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(fee_currency="counter", reserves_fees=True, stop_reserves=False, balance_meaning="available")])
def test_a_lagging_picture_is_exactly_the_one_that_was_true_then(make_faulty: Any, quirks: Quirks) -> None:
    exchange = Exchange(7, quirks=quirks)
    exchange.advance(GENESIS_NS + 2 * SECOND_NS)
    caller = make_faulty(exchange, "private_reads:lag=20s")
    bid, ask = caller.best()
    for number, distance in enumerate((1, 2, 3, 5, 8, 13, 200, 400)):
        caller.limit("BID", bid - distance, "0.4", client_order_id=f"bid-{number}")
        caller.limit("ASK", ask + distance, "0.4", client_order_id=f"ask-{number}")
    caller.limit("BID", ask + 200, "0.4", stop_price=ask + 15, stop_direction="ABOVE")
    caller.limit("ASK", bid - 200, "0.4", stop_price=bid - 15, stop_direction="BELOW")
    ids = [order.order_id for order in caller.api.exchange.register.newest_first(None)]
    told: list[list[Any]] = []
    lagging: list[list[Any]] = []
    for step in range(60):
        if step == 10:
            caller.post("/api/1/stoporder", order_id=next(one.order_id for one in caller.api.exchange.register.open_orders()))
        if step == 15:
            caller.post("/api/1/marketorder", pair="XRPZAR", type="BUY", counter_volume="500")
        told.append(private_picture(caller.get, ids))
        lagging.append(private_picture(lambda path, **parameters: body(caller.hit("GET", path, **parameters)), ids) if step >= 20 else [])
        caller.wait(1)
    assert all(lagging[step] == told[step - 20] for step in range(20, 60))
    assert len({json.dumps(picture) for picture in told}) > 10


def test_lagging_market_data_is_what_was_shown_then(faulty: Any) -> None:
    caller = faulty("market_data:lag=2s")
    calls = [("/api/1/ticker", {"pair": "ETHZAR"}), ("/api/1/orderbook", {"pair": "ETHZAR"}), ("/api/1/orderbook_top", {"pair": "XRPZAR"}), ("/api/1/tickers", {})]
    told, lagging = [], []
    for step in range(40):
        caller.pass_time(0.25)
        told.append([caller.get(path, **parameters) for path, parameters in calls])
        lagging.append([body(caller.hit("GET", path, **parameters)) for path, parameters in calls] if step > 10 else [])
    for step in range(11, 40):
        assert lagging[step] == told[step - 8]
    assert len({json.dumps(picture[0]) for picture in told}) > 3
    trades = body(caller.hit("GET", "/api/1/trades", pair="ETHZAR"))["trades"]
    assert all(row["timestamp"] <= caller.now_ns // 1_000_000 - 2000 for row in trades)


def test_a_market_s_lag_does_not_need_calls_in_between(faulty: Any) -> None:
    caller = faulty("ticker:lag=2s")
    caller.pass_time(1)
    caller.pass_time(30)
    at_28 = body(caller.hit("GET", "/api/1/ticker", pair="XBTZAR"))
    other = Exchange(7)
    other.advance(GENESIS_NS + 2 * SECOND_NS)
    other.advance(caller.now_ns - 2 * SECOND_NS)
    book = other.floors["XBTZAR"].book
    assert [Decimal(at_28["bid"]), Decimal(at_28["ask"])] == [book.best_price(Side.BID), book.best_price(Side.ASK)]


def test_a_list_from_before_the_acknowledgement(faulty: Any) -> None:
    caller = faulty("open_orders:before_ack=5s")
    first = body(caller.place("a"))["order_id"]
    assert open_ids(caller) == []
    caller.wait(2)
    second = body(caller.place("b"))["order_id"]
    assert open_ids(caller) == [first]
    caller.wait(1)
    assert caller.cancel(first).status == 200
    assert open_ids(caller) == [second, first]
    caller.wait(5.1)
    assert open_ids(caller) == [second]
    assert caller.faults.rules[0].hits == 3


def test_an_acknowledgement_nobody_heard_is_none(faulty: Any) -> None:
    caller = faulty("open_orders:before_ack=5s", "place:reply_lost")
    caller.place("a")
    assert len(open_ids(caller)) == 1
    assert caller.faults.rules[0].hits == 0


def test_what_ended_long_ago_is_gone_from_lists_and_look_ups_and_still_counts(faulty: Any) -> None:
    caller = faulty("private_reads:pruned=60s")
    resting = body(caller.place("resting", price=45000))["order_id"]
    canceled = body(caller.place("canceled"))["order_id"]
    caller.cancel(canceled)
    traded = body(caller.place("traded", price=70000))["order_id"]
    assert caller.order(traded)["status"] == "COMPLETE"
    caller.wait(59)
    assert len(body(caller.hit("GET", LISTS, closed="true"))["orders"]) == 2
    assert body(caller.hit("GET", "/api/1/listtrades", pair="ETHZAR"))["trades"]
    caller.wait(2)
    assert body(caller.hit("GET", LISTS, closed="true"))["orders"] == []
    assert body(caller.hit("GET", "/api/1/listtrades", pair="ETHZAR"))["trades"] == []
    for order_id in (canceled, traded):
        assert caller.hit("GET", "/api/exchange/3/order", id=order_id).status == 404
    assert caller.hit("GET", "/api/exchange/3/order", client_order_id="traded").status == 404
    # What is open stays, however old; money and names are as ever.
    assert open_ids(caller) == [resting]
    assert body(caller.hit("GET", "/api/1/balance")) == caller.get("/api/1/balance")
    assert caller.place("traded").status == 409
    assert len(caller.get(LISTS, closed="true")["orders"]) == 2


def test_orders_are_never_read_late_for_being_placed(faulty: Any) -> None:
    caller = faulty("all:lag=3s", "all:pruned=1s", "all:before_ack")
    assert not isinstance(caller.place("a"), Delivery)
    assert caller.place("a").status == 409
