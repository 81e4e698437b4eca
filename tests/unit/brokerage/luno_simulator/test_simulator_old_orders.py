"""The first version of the order calls: the venue's older words for the same orders."""

from decimal import Decimal
from typing import Any

from brokerage.luno_simulator.order import Side

D = Decimal
FIELDS = {
    *("order_id", "creation_timestamp", "expiration_timestamp", "completed_timestamp", "type", "state", "limit_price"),
    *("limit_volume", "base", "counter", "fee_base", "fee_counter", "pair", "time_in_force"),
}


def ids(api: Any, **parameters: object) -> list[str]:
    return [order["order_id"] for order in api.get("/api/1/listorders", **parameters)["orders"]]


def test_a_limit_order_is_bid_or_ask_and_its_client_order_id_is_not_told(api: Any) -> None:
    for side, price in (("BID", 50000), ("ASK", 70000)):
        old = api.old_order(api.limit(side, price, "0.1", client_order_id=f"mine-{side}"))
        assert set(old) == FIELDS | {"trades"}
        assert (old["type"], old["state"], old["limit_price"], old["trades"]) == (side, "PENDING", f"{price}.00", [])


def test_a_market_order_is_buy_or_sell_with_the_trades_that_filled_it(lonely: Any, quote: Any) -> None:
    quote("ETHZAR", Side.BID, "60000", "1")
    quote("ETHZAR", Side.BID, "59000", "1")
    order_id = lonely.post("/api/1/marketorder", pair="ETHZAR", type="SELL", base_volume="1.5")["order_id"]
    old, new = lonely.old_order(order_id), lonely.order(order_id)
    assert (old["type"], old["state"], old["limit_price"], old["limit_volume"]) == ("SELL", "COMPLETE", "0.00", "1.50")
    assert [(one["price"], one["volume"], one["is_buy"]) for one in old["trades"]] == [
        ("60000.00", "1.00", False),
        ("59000.00", "0.50", False),
    ]
    assert set(old["trades"][0]) == {"is_buy", "price", "sequence", "timestamp", "volume"}
    for name in FIELDS - {"state", "type"}:
        assert old[name] == new[name]
    quote("ETHZAR", Side.ASK, "61000", "1")
    buy_id = lonely.post("/api/1/marketorder", pair="ETHZAR", type="BUY", counter_volume="610")["order_id"]
    assert lonely.old_order(buy_id)["type"] == "BUY"


def test_the_list_has_open_and_closed_orders_unless_a_state_is_asked_for(api: Any) -> None:
    placed = []
    for number in range(6):
        placed.append(api.limit("BID", 40000 + number, "0.1"))
        if number % 2:
            api.post("/api/1/stoporder", order_id=placed[-1])
        api.wait(1)
    newest_first = placed[::-1]
    assert ids(api) == newest_first
    assert ids(api, state="PENDING") == newest_first[1::2]
    assert ids(api, state="COMPLETE") == newest_first[::2]
    assert ids(api, pair="XBTZAR") == []
    assert ids(api, limit=2) == newest_first[:2]
    third = api.old_order(newest_first[2])["creation_timestamp"]
    assert ids(api, created_before=third) == newest_first[3:]
    assert all(set(order) == FIELDS for order in api.get("/api/1/listorders")["orders"])


def test_both_versions_tell_the_same_of_an_order_that_is_partly_filled(lonely: Any, quote: Any) -> None:
    order_id = lonely.limit("BID", 60000, "1")
    quote("ETHZAR", Side.ASK, "60000", "0.25")
    old, new = lonely.old_order(order_id), lonely.order(order_id)
    assert (old["base"], old["counter"], old["fee_base"]) == (new["base"], new["counter"], new["fee_base"])
    assert D(old["base"]) == sum(D(one["volume"]) for one in old["trades"])
