"""Stop-limit orders: outside the book until a trade reaches their price, then ordinary limit orders."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.admission import Stop
from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.ledger import Ledger
from brokerage.luno_simulator.order import CUSTOMER, Side, Status, StopDirection

D = Decimal


def stop(api: Any, side: str, price: int, stop_price: int, direction: str, volume: str = "1", **more: object) -> str:
    return str(api.limit(side, price, volume, stop_price=stop_price, stop_direction=direction, **more))


def trade_at(quote: Any, price: str, volume: str = "0.01") -> None:
    """Let others trade with each other at a price."""
    quote("ETHZAR", Side.ASK, price, volume)
    quote("ETHZAR", Side.BID, price, volume)


def test_a_waiting_order_is_reserved_listed_and_not_in_the_book(lonely: Any) -> None:
    order_id = stop(lonely, "BID", 63000, 62000, "ABOVE")
    order = lonely.order(order_id)
    assert (order["type"], order["status"], order["side"]) == ("STOP_LIMIT", "AWAITING", "BUY")
    assert (order["stop_price"], order["stop_direction"], order["limit_price"]) == ("62000.00", "ABOVE", "63000.00")
    assert order["completed_timestamp"] == 0
    assert lonely.balances()["ZAR"]["reserved"] == "63000.00"
    assert lonely.get("/api/1/orderbook", pair="ETHZAR")["bids"] == []
    assert [one["order_id"] for one in lonely.get("/api/exchange/2/listorders")["orders"]] == [order_id]
    old = lonely.old_order(order_id)
    assert (old["type"], old["state"]) == ("BID", "PENDING")


@pytest.mark.parametrize(
    ("side", "direction", "stop_price", "misses", "hits"),
    [
        ("BID", "ABOVE", 62000, "61999", "62000"),
        ("ASK", "BELOW", 58000, "58001", "58000"),
        # The direction is free: a buyer may wait for a fall.
        ("BID", "BELOW", 58000, "58001", "57999"),
        ("ASK", "ABOVE", 62000, "61999", "62001"),
    ],
)
def test_a_trade_at_the_stop_price_sets_it_off(lonely: Any, quote: Any, side: str, direction: str, stop_price: int, misses: str, hits: str) -> None:
    limit = 55000 if side == "BID" else 65000
    order_id = stop(lonely, side, limit, stop_price, direction)
    trade_at(quote, misses)
    assert lonely.order(order_id)["status"] == "AWAITING"
    trade_at(quote, hits)
    assert lonely.order(order_id)["status"] == "PENDING"
    book = lonely.get("/api/1/orderbook", pair="ETHZAR")
    assert [D(row["price"]) for row in book["bids" if side == "BID" else "asks"]] == [limit]


def test_only_trades_set_it_off_and_never_quotes(lonely: Any, quote: Any) -> None:
    order_id = stop(lonely, "BID", 63000, 62000, "ABOVE")
    quote("ETHZAR", Side.BID, "62500", "1")
    quote("ETHZAR", Side.ASK, "64000", "1")
    assert lonely.order(order_id)["status"] == "AWAITING"


def test_set_off_it_trades_with_what_rests_within_its_limit(lonely: Any, quote: Any) -> None:
    order_id = stop(lonely, "BID", 62500, 62000, "ABOVE")
    for price in ("62000", "62400", "62600"):
        quote("ETHZAR", Side.ASK, price, "0.3")
    quote("ETHZAR", Side.BID, "62000", "0.1")
    order = lonely.order(order_id)
    assert (order["status"], order["base"]) == ("PENDING", "0.50")
    assert D(order["counter"]) == D("0.2") * 62000 + D("0.3") * 62400
    assert lonely.balances()["ZAR"]["reserved"] == "31250.00"
    assert lonely.get("/api/1/orderbook", pair="ETHZAR")["bids"][0]["volume"] == "0.50000000"


def test_one_that_is_set_off_can_set_off_the_next(lonely: Any, quote: Any) -> None:
    first = stop(lonely, "BID", 62000, 61000, "ABOVE", "0.5")
    second = stop(lonely, "BID", 62000, 62000, "ABOVE", "0.2")
    quote("ETHZAR", Side.ASK, "61000", "0.1")
    quote("ETHZAR", Side.ASK, "62000", "0.6")
    quote("ETHZAR", Side.BID, "61000", "0.1")
    assert [lonely.order(order_id)["base"] for order_id in (first, second)] == ["0.50", "0.10"]


def test_a_trade_of_a_sweep_that_is_not_its_last_sets_it_off_too(lonely: Any, quote: Any) -> None:
    order_id = stop(lonely, "ASK", 70000, 59000, "BELOW", "0.5")
    quote("ETHZAR", Side.BID, "58000", "0.1")
    quote("ETHZAR", Side.ASK, "58000", "0.1")
    assert lonely.order(order_id)["status"] == "PENDING"


def test_a_waiting_order_can_be_canceled_and_gives_back_its_reserve(lonely: Any, quote: Any) -> None:
    order_id = stop(lonely, "ASK", 57000, 58000, "BELOW")
    assert lonely.balances()["ETH"]["reserved"] == "1.00"
    lonely.wait(2)
    assert lonely.post("/api/1/stoporder", order_id=order_id) == {"success": True}
    order = lonely.order(order_id)
    assert (order["status"], order["base"], order["expiration_timestamp"]) == ("COMPLETE", "0.00", lonely.now_ns // 1_000_000)
    assert lonely.balances()["ETH"]["reserved"] == "0.00"
    trade_at(quote, "57500")
    assert lonely.order(order_id) == order
    assert lonely.refusal("POST", "/api/1/stoporder", order_id=order_id)[1] == "ErrCannotStopUnknownOrNonPendingOrder"


def test_the_direction_can_be_left_to_the_last_trade(lonely: Any) -> None:
    # The last trade was at 60000.
    for stop_price, direction in ((60001, "ABOVE"), (59999, "BELOW")):
        order_id = stop(lonely, "BID", 55000, stop_price, "RELATIVE_LAST_TRADE", "0.1")
        order = lonely.order(order_id)
        assert (order["stop_direction"], order["status"]) == (direction, "AWAITING")


def test_without_trades_no_direction_can_be_inferred(lonely: Any) -> None:
    lonely.wait(2 * 86_400)
    lonely.get("/api/1/ticker", pair="ETHZAR")
    order = {"pair": "ETHZAR", "type": "BID", "price": 63000, "volume": 1, "stop_price": 62000}
    refused = lonely.refusal("POST", "/api/1/postorder", **order, stop_direction="RELATIVE_LAST_TRADE")
    assert refused == (400, "ErrNoTradesToInferStopDirection")
    assert lonely.post("/api/1/postorder", **order, stop_direction="ABOVE")["order_id"]


@pytest.mark.parametrize("condition", [{"post_only": "true"}, {"time_in_force": "FOK"}, {"time_in_force": "IOC"}])
def test_its_own_conditions_hold_when_it_is_set_off(lonely: Any, quote: Any, condition: dict[str, str]) -> None:
    order_id = stop(lonely, "BID", 62500, 62000, "ABOVE", **condition)
    quote("ETHZAR", Side.ASK, "62000", "0.4")
    quote("ETHZAR", Side.BID, "62000", "0.1")
    order = lonely.order(order_id)
    filled = "0.30" if condition.get("time_in_force") == "IOC" else "0.00"
    assert (order["status"], order["base"], order["expiration_timestamp"]) == ("COMPLETE", filled, 0)
    assert lonely.balances()["ZAR"]["reserved"] == "0.00"


def test_a_waiting_order_waits_on_after_a_crash_with_its_reserve(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    exchange = ledger.open_exchange(7, GENESIS_NS)
    waiting = exchange.place_limit(
        "ETHZAR", Side.BID, D(80_000), D(1), is_post_only=True, stop=Stop(D(75_000), StopDirection.ABOVE)
    )
    changes = exchange.take_changes()
    assert changes is not None
    ledger.keep(changes)
    ledger.close()
    again = Ledger(tmp_path).open_exchange(7, GENESIS_NS)
    found = again.register.find(waiting.order_id)
    assert found is not None
    assert (found.status, found.stop_price, found.stop_direction) == (Status.AWAITING, 75_000, StopDirection.ABOVE)
    assert found.is_post_only
    assert again.accounts.reserved(CUSTOMER, "ZAR") == 80_000
    again.cancel(waiting.order_id)
    assert again.accounts.reserved(CUSTOMER, "ZAR") == 0


def test_the_crowd_sets_off_stops_too() -> None:
    exchange = Exchange(9)
    last = exchange.floor("ETHZAR").tape.last_price
    orders = [
        exchange.place_limit("ETHZAR", Side.BID, D(50_000), D("0.01"), stop=Stop(last + step, None)) for step in (1, -1)
    ]
    exchange.advance(GENESIS_NS + 120 * 1_000_000_000)
    assert [order.status for order in orders] == [Status.PENDING, Status.PENDING]
