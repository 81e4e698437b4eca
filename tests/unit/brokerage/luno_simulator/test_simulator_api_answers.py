"""What the simulated API says about markets, orders, trades and money when it is asked rightly."""

import json
from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.order import Side

D = Decimal


def test_an_order_answers_with_every_field_of_the_venue(api: Any) -> None:
    order = api.order(api.limit("BID", 50000, "0.1", client_order_id="mine-1"))
    assert set(order) == {
        *("order_id", "client_order_id", "pair", "side", "type", "status", "limit_price", "limit_volume"),
        *("stop_price", "stop_direction", "base", "counter", "fee_base", "fee_counter", "creation_timestamp"),
        *("completed_timestamp", "expiration_timestamp", "base_account_id", "counter_account_id", "time_in_force"),
    }
    assert (order["side"], order["type"], order["status"]) == ("BUY", "LIMIT", "PENDING")
    assert (order["base"], order["completed_timestamp"], order["expiration_timestamp"]) == ("0.00", 0, 0)
    assert order["creation_timestamp"] == api.now_ns // 1_000_000
    assert order["base_account_id"] > 2**53


def test_an_order_is_found_by_each_of_its_names(api: Any) -> None:
    order_id = api.limit("BID", 50000, "0.1", client_order_id="mine-1")
    order = api.order(order_id)
    assert api.get("/api/exchange/3/order", client_order_id="mine-1") == order
    assert api.get(f"/api/exchange/2/orders/{order_id}") == order
    assert api.get(f"/api/exchange/2/orders/{order_id}", id="BXOTHER") == order


def test_the_same_client_order_id_is_a_conflict_even_after_the_order_is_gone(api: Any) -> None:
    order_id = api.limit("BID", 50000, "0.1", client_order_id="mine-1")
    again = {"pair": "ETHZAR", "type": "BID", "price": 50000, "volume": "0.1", "client_order_id": "mine-1"}
    assert api.refusal("POST", "/api/1/postorder", **again) == (409, "ErrDuplicateClientOrderID")
    assert api.post("/api/1/stoporder", order_id=order_id) == {"success": True}
    assert api.refusal("POST", "/api/1/postorder", **again) == (409, "ErrDuplicateClientOrderID")
    buy = {"pair": "ETHZAR", "type": "BUY", "counter_volume": 100, "client_order_id": "mine-1"}
    assert api.refusal("POST", "/api/1/marketorder", **buy) == (409, "ErrDuplicateClientOrderID")
    assert len(api.get("/api/exchange/2/listorders", closed=True)["orders"]) == 1


def test_a_canceled_order_says_when_and_cannot_be_canceled_again(api: Any) -> None:
    order_id = api.limit("BID", 50000, "0.1")
    api.wait(3)
    api.post("/api/1/stoporder", order_id=order_id)
    order = api.order(order_id)
    assert order["status"] == "COMPLETE"
    assert order["expiration_timestamp"] == order["completed_timestamp"] == api.now_ns // 1_000_000
    refused = api.refusal("POST", "/api/1/stoporder", order_id=order_id)
    assert refused == (400, "ErrCannotStopUnknownOrNonPendingOrder")


def test_market_orders_read_back_as_the_venue_writes_them(api: Any) -> None:
    buy_id = api.post("/api/1/marketorder", pair="ETHZAR", type="BUY", counter_volume="1000")["order_id"]
    sell_id = api.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="0.02")["order_id"]
    buy, sell = api.order(buy_id), api.order(sell_id)
    for order, side, volume in ((buy, "BUY", "0.00"), (sell, "SELL", "0.02")):
        assert (order["type"], order["side"], order["status"]) == ("MARKET", side, "COMPLETE")
        assert (order["limit_price"], order["limit_volume"], order["expiration_timestamp"]) == ("0.00", volume, 0)
        assert order["completed_timestamp"] >= order["creation_timestamp"] > 0
    assert D(990) < D(buy["counter"]) <= D(1000)
    assert D(sell["base"]) == D("0.02")
    assert D(sell["fee_base"]) == D("0.02") * D("0.006")


def test_balances_show_totals_and_what_is_reserved(api: Any) -> None:
    api.limit("BID", 50000, "0.1")
    api.limit("ASK", 70000, "1.5")
    balances = api.balances()
    assert list(balances) == ["XBT", "ZAR", "ETH", "XRP", "MYR"]
    assert (balances["ZAR"]["balance"], balances["ZAR"]["reserved"]) == ("1000000.00", "5000.00")
    assert (balances["ETH"]["balance"], balances["ETH"]["reserved"]) == ("20.00", "1.50")
    assert int(balances["ETH"]["account_id"]) == api.order(api.limit("BID", 50000, 1))["base_account_id"]
    answer = api.api.handle(
        *("GET", "/api/1/balance", [("assets", "XBT"), ("assets", "EUR")], []),
        {"authorization": api.authorization},
        api.now_ns,
    )
    assert [row["asset"] for row in json.loads(answer.body)["balance"]] == ["XBT"]


def test_fee_info_speaks_of_the_market(api: Any) -> None:
    fees = api.get("/api/1/fee_info", pair="ETHXBT")
    assert D(fees["maker_fee_buy"]) == D(fees["maker_fee"]) == D("0.0008")
    assert D(fees["taker_fee_sell"]) == D("0.001")
    assert D(api.get("/api/1/fee_info", pair="ETHZAR")["taker_fee"]) == D("0.006")


def test_the_ticker_agrees_with_book_and_trades(api: Any) -> None:
    api.wait(60)
    for pair in ("XBTZAR", "ETHZAR", "XRPZAR", "XBTMYR", "ETHXBT"):
        ticker = api.get("/api/1/ticker", pair=pair)
        top = api.get("/api/1/orderbook_top", pair=pair)
        trades = api.get("/api/1/trades", pair=pair)["trades"]
        assert (ticker["bid"], ticker["ask"]) == (top["bids"][0]["price"], top["asks"][0]["price"])
        assert ticker["last_trade"] == trades[0]["price"]
        assert len(trades) == 100
        assert ticker["timestamp"] == top["timestamp"] <= api.now_ns // 1_000_000
        assert ticker["status"] == "ACTIVE"
        assert D(ticker["rolling_24_hour_volume"]) > sum(D(trade["volume"]) for trade in trades)
        assert [trade["sequence"] for trade in trades] == list(
            range(trades[0]["sequence"], trades[0]["sequence"] - 100, -1)
        )


def test_tickers_leave_unknown_pairs_out(api: Any) -> None:
    assert api.get("/api/1/tickers", pair="NOPE") == {"tickers": []}
    assert len(api.get("/api/1/tickers")["tickers"]) == 5


def test_the_full_book_shows_each_order_and_the_top_adds_them_up(api: Any) -> None:
    for _ in range(3):
        api.limit("BID", 50000, "0.1")
    full = api.get("/api/1/orderbook", pair="ETHZAR")["bids"]
    top = api.get("/api/1/orderbook_top", pair="ETHZAR")["bids"]
    ours = {"price": "50000.00000000", "volume": "0.10000000"}
    assert full[-3:] == [ours] * 3
    assert top[-1] == {**ours, "volume": "0.30000000"}


def test_trades_since_a_time_are_only_those(api: Any) -> None:
    since_ms = api.now_ns // 1_000_000 + 1
    api.wait(20)
    trades = api.get("/api/1/trades", pair="ETHZAR", since=since_ms)["trades"]
    assert 0 < len(trades) < 100
    assert all(trade["timestamp"] >= since_ms for trade in trades)


def test_markets_carry_integers_for_scales_and_texts_for_amounts(api: Any) -> None:
    row = api.get("/api/exchange/1/markets", pair="XRPZAR")["markets"][0]
    assert (row["price_scale"], row["volume_scale"], row["fee_scale"]) == (2, 6, 8)
    assert (row["min_volume"], row["max_volume"], row["trading_status"]) == ("1.00", "1000000.00", "ACTIVE")


@pytest.fixture
def many_orders(api: Any) -> list[str]:
    """Place twelve orders, a second apart; every third is canceled."""
    order_ids = []
    for number in range(12):
        order_ids.append(api.limit("BID", 40000 + number, "0.1", client_order_id=f"n{number}"))
        if number % 3 == 0:
            api.post("/api/1/stoporder", order_id=order_ids[-1])
        api.wait(1)
    return order_ids


def test_lists_hold_open_or_closed_orders_newest_first(api: Any, many_orders: list[str]) -> None:
    open_ids = [order["order_id"] for order in api.get("/api/exchange/2/listorders")["orders"]]
    closed_ids = [order["order_id"] for order in api.get("/api/exchange/2/listorders", closed="True")["orders"]]
    newest_first = list(reversed(many_orders))
    assert closed_ids == [order_id for order_id in newest_first if order_id in set(many_orders[::3])]
    assert open_ids == [order_id for order_id in newest_first if order_id not in set(many_orders[::3])]
    assert api.get("/api/exchange/2/listorders", pair="XBTZAR")["orders"] == []


def test_pages_by_created_before_meet_without_gap_or_overlap(api: Any, many_orders: list[str]) -> None:
    seen: list[str] = []
    more: dict[str, Any] = {}
    while page := api.get("/api/exchange/2/listorders", limit=3, **more)["orders"]:
        assert len(page) <= 3
        seen += [order["order_id"] for order in page]
        more = {"created_before": page[-1]["creation_timestamp"]}
    assert sorted(seen) == sorted(set(many_orders) - set(many_orders[::3]))


def test_own_trades_can_be_followed_by_sequence(api: Any) -> None:
    for number in range(4):
        api.post("/api/1/marketorder", pair="ETHZAR", type="BUY", counter_volume=3000, client_order_id=f"buy{number}")
        api.wait(1)
    sell_id = api.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="0.01")["order_id"]
    trades = api.get("/api/1/listtrades", pair="ETHZAR")["trades"]
    assert len(trades) >= 5
    assert [trade["sequence"] for trade in trades] == sorted(trade["sequence"] for trade in trades)
    first, last = trades[0], trades[-1]
    assert (first["type"], first["is_buy"], first["client_order_id"]) == ("BID", True, "buy0")
    assert (last["type"], last["is_buy"], last["client_order_id"]) == ("ASK", False, "")
    assert (last["order_id"], last["base"], last["volume"]) == (sell_id, "0.01", "0.01")
    assert D(last["counter"]) == D(last["price"]) * D(last["base"])

    def listed(**parameters: object) -> Any:
        return api.get("/api/1/listtrades", pair="ETHZAR", **parameters)["trades"]

    middle = trades[2]
    assert listed(after_seq=middle["sequence"]) == trades[2:]
    assert listed(before_seq=middle["sequence"]) == trades[:2]
    assert listed(limit=2) == trades[:2]
    assert listed(limit=2, sort_desc=True) == [trades[-1], trades[-2]]
    assert listed(since=last["timestamp"]) == [trade for trade in trades if trade["timestamp"] >= last["timestamp"]]
    assert listed(before=last["timestamp"]) == [
        trade for trade in reversed(trades) if trade["timestamp"] < last["timestamp"]
    ]
    assert listed(after_seq=last["sequence"] + 1) == []
    assert api.get("/api/1/listtrades", pair="XBTZAR") == {"trades": []}


def test_lists_say_the_same_as_each_order_s_own_answer_after_every_change(lonely: Any, quote: Any) -> None:
    def agree() -> None:
        for path, one in (("/api/exchange/2/listorders", "/api/exchange/2/orders/"), ("/api/1/listorders", "/api/1/orders/")):
            for more in ({"closed": "true"}, {}) if "2" in path else ({},):
                for order in lonely.get(path, **more)["orders"]:
                    own = lonely.get(one + order["order_id"])
                    own.pop("trades", None)
                    assert order == own

    order_id = lonely.limit("BID", 60000, "1")
    stop_id = lonely.limit("BID", 63000, "1", stop_price=62000, stop_direction="ABOVE")
    agree()
    quote("ETHZAR", Side.ASK, "60000", "0.25")
    agree()
    lonely.wait(1)
    lonely.post("/api/1/stoporder", order_id=order_id)
    agree()
    quote("ETHZAR", Side.ASK, "62000", "0.1")
    quote("ETHZAR", Side.BID, "62000", "0.1")
    assert lonely.order(stop_id)["status"] == "PENDING"
    agree()
    quote("ETHZAR", Side.ASK, "63000", "5")
    assert lonely.order(stop_id)["status"] == "COMPLETE"
    agree()
