"""What other people, and the customer's own hand, do at the worst moment: what the caller sees, and that money is conserved."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from brokerage.luno_simulator.exchange import GENESIS_NS, Exchange
from brokerage.luno_simulator.order import Side
from brokerage.luno_simulator.quirks import Quirks

SECOND_NS = 1_000_000_000


def body(answer: Any) -> Any:
    return json.loads(answer.body)


@pytest.fixture(autouse=True)
def _money_is_conserved(exchange: Exchange, empty_exchange: Exchange) -> Iterator[None]:
    both = [(one, {currency: one.accounts.sum_of(currency) for currency in one.currencies}) for one in (exchange, empty_exchange)]
    yield
    for one, opening in both:
        assert {currency: one.accounts.sum_of(currency) for currency in one.currencies} == opening
        for floor in one.floors.values():
            bid, ask = floor.book.best_price(Side.BID), floor.book.best_price(Side.ASK)
            assert not bid or not ask or bid < ask


@pytest.mark.parametrize("distance", [-5000, -20, 0, 20, 300])
@pytest.mark.parametrize("side", ["BID", "ASK"])
def test_an_order_is_filled_in_part_wherever_it_lies(faulty: Any, side: str, distance: int) -> None:
    caller = faulty("place:partial_fill=0.5")
    bid, ask = caller.best()
    price = ask + distance if side == "BID" else bid - distance
    order_id = body(caller.place("a", side=side, price=price, volume="3"))["order_id"]
    order = caller.order(order_id)
    assert order["status"] == "PENDING"
    assert 0 < Decimal(order["base"]) <= Decimal("1.5")
    assert Decimal(order["base"]) == sum(Decimal(row["volume"]) for row in caller.get("/api/1/listtrades", pair="ETHZAR")["trades"])
    assert caller.faults.rules[0].hits == 1


def test_an_immediate_order_is_filled_in_part_and_ends(faulty: Any) -> None:
    caller = faulty("place:partial_fill=0.25")
    _, ask = caller.best()
    order = caller.order(body(caller.place("a", price=ask + 100, volume="2", time_in_force="IOC"))["order_id"])
    assert (order["status"], Decimal(order["base"])) == ("COMPLETE", Decimal("0.5"))


def test_a_refused_order_is_no_partial_fill(faulty: Any) -> None:
    caller = faulty("place:partial_fill")
    assert caller.place("a", price="1").status == 400
    assert caller.place("b", volume="100000").status == 400
    assert caller.faults.rules[0].hits == 0


def test_a_forced_fill_is_at_the_order_s_own_price_and_leaves_the_crowd_in_its_place(faulty: Any) -> None:
    caller = faulty("place:partial_fill=0.5")
    before = caller.get("/api/1/orderbook", pair="ETHZAR")
    caller.place("a", price=50000, volume="1")
    (trade,) = caller.get("/api/1/listtrades", pair="ETHZAR")["trades"]
    assert (Decimal(trade["price"]), Decimal(trade["volume"]), trade["is_buy"]) == (50000, Decimal("0.5"), False)
    after = caller.get("/api/1/orderbook", pair="ETHZAR")
    assert [row for row in after["bids"] if Decimal(row["price"]) != 50000] == before["bids"]
    assert after["asks"] == before["asks"]


def test_a_cancel_that_comes_just_after_the_fill(faulty: Any) -> None:
    caller = faulty("cancel:cancel_race")
    order_id = caller.limit("BID", 50000, "0.1")
    answer = caller.cancel(order_id)
    assert (answer.status, body(answer)["error_code"]) == (400, "ErrCannotStopUnknownOrNonPendingOrder")
    order = caller.order(order_id)
    assert (order["status"], order["base"], order["expiration_timestamp"]) == ("COMPLETE", "0.10", 0)


def test_a_cancel_that_comes_just_after_a_part(faulty: Any) -> None:
    caller = faulty("cancel:cancel_race=0.3")
    order_id = caller.limit("BID", 50000, "0.1")
    assert body(caller.cancel(order_id)) == {"success": True}
    order = caller.order(order_id)
    assert (order["status"], order["base"]) == ("COMPLETE", "0.03")
    assert order["expiration_timestamp"] > 0


def test_a_cancel_of_nothing_is_no_race(faulty: Any) -> None:
    caller = faulty("cancel:cancel_race")
    assert caller.cancel("BXNOTHING").status == 400
    assert caller.faults.rules[0].hits == 0


def test_a_post_only_order_meets_a_quote_that_is_gone_again(faulty: Any) -> None:
    caller = faulty("place:post_only_refused:nth=1")
    before = caller.get("/api/1/orderbook", pair="ETHZAR")
    assert caller.place("plain").status == 200
    answer = caller.place("a", post_only="true")
    assert (answer.status, body(answer)["error_code"]) == (400, "ErrOrderCanceled")
    assert caller.names() == ["plain"]
    assert caller.get("/api/1/orderbook", pair="ETHZAR")["asks"] == before["asks"]
    assert caller.place("a", post_only="true").status == 200


def test_a_post_only_order_ends_at_its_birth_where_the_quirk_says_so(make_faulty: Any) -> None:
    caller = make_faulty(Exchange(7, has_crowd=False, quirks=Quirks(post_only_cross="complete")), "place:post_only_refused")
    order = caller.order(body(caller.place("a", post_only="true"))["order_id"])
    assert (order["status"], order["base"]) == ("COMPLETE", "0.00")


def test_an_order_trades_with_the_account_s_own_hand(faulty: Any) -> None:
    caller = faulty("place:trade_with_self")
    first = body(caller.place("a"))["order_id"]
    assert caller.order(first)["status"] == "COMPLETE"
    trades = caller.get("/api/1/listtrades", pair="ETHZAR")["trades"]
    assert sorted((row["client_order_id"], row["type"], row["price"]) for row in trades) == [("", "ASK", "50000.00"), ("a", "BID", "50000.00")]
    assert len({row["sequence"] for row in trades}) == 1


@pytest.mark.parametrize(("quirk", "states"), [("cancel_taker", ["PENDING", "COMPLETE"]), ("cancel_maker", ["COMPLETE", "COMPLETE"])])
def test_what_becomes_of_it_is_the_quirk_s_business(make_faulty: Any, quirk: str, states: list[str]) -> None:
    exchange = Exchange(7, quirks=Quirks(self_trade=quirk))
    exchange.advance(GENESIS_NS + SECOND_NS)
    caller = make_faulty(exchange, "place:trade_with_self")
    caller.place("a")
    orders = list(exchange.register.newest_first(None))[::-1]
    assert [order.status.value for order in orders] == states
    assert caller.get("/api/1/listtrades", pair="ETHZAR")["trades"] == []


def test_somebody_orders_by_hand(faulty: Any) -> None:
    caller = faulty("balance:stranger_order:nth=2", "balance:stranger_order:pair=XRPZAR:nth=3")
    first, second = caller.deliver("GET", "/api/1/balance"), caller.deliver("GET", "/api/1/balance")
    assert caller.deliver("GET", "/api/1/balance").status == 200
    rows = caller.get("/api/exchange/2/listorders")["orders"]
    assert [(row["client_order_id"], row["pair"], row["status"]) for row in rows] == [("", "XRPZAR", "PENDING"), ("", "XBTZAR", "PENDING")]
    # The call that it came with shows it.
    assert first.body != second.body


def test_somebody_trades_by_hand(faulty: Any) -> None:
    caller = faulty("ticker:stranger_trade")
    before = caller.balances()
    caller.deliver("GET", "/api/1/ticker", pair="ETHZAR")
    trades = caller.get("/api/1/listtrades", pair="ETHZAR")["trades"]
    assert {row["client_order_id"] for row in trades} == {""}
    assert caller.balances()["ETH"] != before["ETH"]


@pytest.mark.parametrize(("kind", "sign"), [("deposit", 1), ("withdrawal", -1)])
def test_money_comes_and_goes(faulty: Any, kind: str, sign: int) -> None:
    caller = faulty(f"balance:{kind}=2.5:currency=ETH")
    before = Decimal(caller.balances()["ETH"]["balance"])
    rows = {row["asset"]: row for row in body(caller.hit("GET", "/api/1/balance"))["balance"]}
    assert Decimal(rows["ETH"]["balance"]) == before + sign * Decimal("2.5")
    newest = caller.rows("ETH")[-1]
    assert (newest["kind"], newest["balance_delta"], newest["available_delta"]) == ("TRANSFER", sign * 2.5, sign * 2.5)


def test_only_free_money_can_go(faulty: Any) -> None:
    caller = faulty("balance:withdrawal=15:currency=ETH", "balance:deposit=1:currency=DOGE")
    caller.limit("ASK", 70000, "10")
    caller.deliver("GET", "/api/1/balance")
    assert caller.balances()["ETH"]["balance"] == "20.00"
    assert list(caller.faults.hits().values()) == [0, 0]


def test_a_stop_order_that_a_forced_trade_sets_off_does_not_lie_across_from_the_crowd(faulty: Any) -> None:
    caller = faulty("cancel:cancel_race")
    bid, _ = caller.best()
    resting = caller.limit("BID", 50000, "0.1")
    # The forced trade is at 50000, which sets this one off; every quote of the crowd is a better price than it asks for.
    stop = caller.limit("ASK", 51000, "0.1", stop_price=50500, stop_direction="BELOW")
    caller.cancel(resting)
    order = caller.order(stop)
    assert (order["status"], Decimal(order["base"])) == ("COMPLETE", Decimal("0.1"))
    assert 51000 < caller.best()[0] <= bid


@pytest.mark.parametrize("rule", ["place:partial_fill", "place:trade_with_self", "place:stranger_trade", "place:deposit=5"])
def test_what_others_do_is_handed_to_the_memory_with_the_call(faulty: Any, rule: str) -> None:
    caller = faulty(rule)
    caller.place("a")
    assert caller.faults.rules[0].hits == 1
    assert caller.api.exchange.take_changes() is None
