"""The desk: what a strategy's verbs do, what they refuse, and what is left to do when an order is over."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.engine.small_house import SYMBOL, QuietStrategy, SmallHouse, instrument
from trading_system.core.actions import CancelOrder, PlaceOrder
from trading_system.core.events import NoteEvent, OrderEvent
from trading_system.core.instrument import FeeCurrency
from trading_system.core.order import Order, OrderKind, OrderState, TimeInForce
from trading_system.core.order_update import Answer
from trading_system.core.side import Side
from trading_system.risk.limits import RiskLimits


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse(capital={"ZAR": Decimal(1000), "XBT": Decimal(1)})


def placed(house: SmallHouse) -> list[Any]:
    """Return the requests of all orders that left, oldest first."""
    return [action.request for action in house.actions if type(action) is PlaceOrder]


def order(house: SmallHouse, verb: str, *arguments: Any, **more: Any) -> Order:
    made: list[Order] = []
    house.act(lambda: made.append(getattr(house.strategy, verb)(SYMBOL, *arguments, **more)))
    return made[0]


def test_an_order_is_among_our_orders_and_holds_its_funds_when_buy_returns(house: SmallHouse) -> None:
    house.tick()
    seen: list[Any] = []

    def hook() -> None:
        made = house.strategy.buy(SYMBOL, 0.01, limit=100)
        seen.append((list(house.strategy.orders) == [made], house.strategy.cash("ZAR")))
    house.act(hook)
    assert seen == [(True, 999.0)]


def test_a_market_order_for_a_quantity_leaves_as_a_bounded_order_for_what_can_be_had_at_once(house: SmallHouse) -> None:
    house.tick(99.0, 101.0)
    bought, sold = order(house, "buy", 0.01), order(house, "sell", 0.01)
    assert (bought.request.kind, bought.request.time_in_force) == (OrderKind.LIMIT, TimeInForce.IOC)
    assert bought.request.limit == 103
    assert (sold.request.kind, sold.request.time_in_force) == (OrderKind.LIMIT, TimeInForce.IOC)
    assert sold.request.limit == 97


def test_a_venue_that_takes_market_orders_by_quantity_gets_one() -> None:
    house = SmallHouse(instruments=(instrument(has_market_orders_by_quantity=True),))
    house.tick()
    assert order(house, "buy", 0.01).request.kind is OrderKind.MARKET


def test_a_market_order_by_value_carries_the_value_and_holds_all_of_it(house: SmallHouse) -> None:
    house.tick()
    made = order(house, "buy", value=500)
    assert (made.request.kind, made.request.value, made.request.quantity) == (OrderKind.MARKET, Decimal(500), None)
    assert house.strategy.cash("ZAR") == 500


def test_a_market_order_that_must_be_filled_wholly_or_not_at_all_keeps_saying_so(house: SmallHouse) -> None:
    house.tick()
    assert order(house, "buy", 0.01, time_in_force="FOK").request.time_in_force is TimeInForce.FOK


def test_a_price_is_rounded_so_that_risk_never_grows(house: SmallHouse) -> None:
    house.tick()
    assert order(house, "buy", 0.01, limit=100.7).request.limit == 100
    assert order(house, "sell", 0.01, limit=100.2).request.limit == 101


@pytest.mark.parametrize(("verb", "arguments", "words"), [
    ("buy", {}, "give either a quantity or a value"),
    ("buy", {"quantity": 1, "value": 1}, "give either a quantity or a value"),
    ("sell", {"value": 10}, "an order by value is a market order to buy; give a quantity instead"),
    ("buy", {"value": 10, "limit": 5}, "an order by value is a market order to buy; give a quantity instead"),
    ("buy", {"quantity": 1, "stop": 5}, f"stop orders are not offered on {SYMBOL}"),
    ("buy", {"quantity": 1, "limit": 5, "time_in_force": "DAY"}, "time_in_force is GTC, IOC or FOK, not 'DAY'"),
    ("buy", {"quantity": 1, "post_only": True}, "post_only goes with a limit and GTC"),
    ("buy", {"quantity": 1, "limit": 5, "post_only": True, "time_in_force": "IOC"}, "post_only goes with a limit and GTC"),
    ("buy", {"quantity": float("nan"), "limit": 5}, "nan is not a finite number"),
    ("buy", {"quantity": float("inf"), "limit": 5}, "inf is not a finite number"),
    ("buy", {"quantity": 0, "limit": 5}, f"quantity 0 must be at least one step of 0.0001 on {SYMBOL}"),
    ("buy", {"quantity": -1, "limit": 5}, f"quantity -1 must be at least one step of 0.0001 on {SYMBOL}"),
    ("buy", {"quantity": "many", "limit": 5}, "'many' is not a number"),
    ("buy", {"quantity": True, "limit": 5}, "True is not a number"),
    ("sell", {"quantity": 1, "limit": 0}, f"price 0 must be at least one step of 1 on {SYMBOL}"),
    ("buy", {"value": -5}, f"value -5 must be at least one step of 0.01 on {SYMBOL}"),
])
def test_a_wrong_argument_raises_at_the_callers_line_and_nothing_is_ordered(
    house: SmallHouse, verb: str, arguments: dict[str, Any], words: str,
) -> None:
    house.tick()
    with pytest.raises(ValueError) as raised:
        getattr(house.strategy, verb)(SYMBOL, **arguments)
    assert str(raised.value) == words
    assert not list(house.desk.orders)
    assert not house.desk.orders.done
    assert not house.consequences
    assert house.desk.reservations.count == 0


def test_a_symbol_that_is_not_ours_is_a_wrong_argument(house: SmallHouse) -> None:
    for do in (lambda: house.strategy.buy("ETHZAR.luno", 1, limit=5), lambda: house.strategy.flatten("ETHZAR.luno")):
        with pytest.raises(ValueError, match=rf"'ETHZAR.luno' is not one of our instruments: {SYMBOL}"):
            do()


def test_somebody_elses_order_cannot_be_canceled(house: SmallHouse) -> None:
    other = SmallHouse().buy()
    with pytest.raises(ValueError, match="is not our order"):
        house.strategy.cancel(other)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_timer_needs_a_time_above_zero(house: SmallHouse, seconds: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        house.strategy.every(seconds, lambda: None)


def test_a_timer_takes_anything_that_can_be_called(house: SmallHouse) -> None:
    import functools
    said: list[str] = []
    house.act(lambda: house.strategy.every(1, functools.partial(said.append, "now")))
    house.pass_seconds(1)
    house.beat()
    assert said == ["now"]


def test_a_denied_order_says_why_and_is_over(house: SmallHouse) -> None:
    house.tick()
    made = order(house, "buy", 50, limit=100)
    assert made.state is OrderState.DENIED
    assert made.reason == "it needs 5000 ZAR, 1000 are free"
    assert house.desk.orders.done == {made.client_order_id: made}
    assert not list(house.desk.orders)
    assert house.desk.reservations.count == 0
    assert house.desk.last_decision == f"buy 50 {SYMBOL} at 100: denied, it needs 5000 ZAR, 1000 are free"


def test_before_the_first_price_an_order_is_denied_and_does_not_raise(house: SmallHouse) -> None:
    for more in ({"quantity": 0.01}, {"quantity": 0.01, "limit": 100}, {"value": 10}):
        made = order(house, "buy", **more)
        assert made.reason == f"no price of {SYMBOL} was received yet"


def test_two_orders_cannot_spend_the_same_money(house: SmallHouse) -> None:
    house.tick()
    assert order(house, "buy", 6, limit=100).is_open
    assert order(house, "buy", 6, limit=100).reason == "it needs 600 ZAR, 400 are free"


def test_what_is_filled_is_held_no_longer_and_what_is_open_still_is(house: SmallHouse) -> None:
    made = house.open_order("2", 100)
    house.hear(made, Answer.OPEN, "1.5")
    assert house.desk.reservations.held_by(made.client_order_id) == 50
    assert house.strategy.cash("ZAR") == 800
    house.hear(made, Answer.CANCELED, "1.5")
    assert house.strategy.cash("ZAR") == 850


def test_nothing_can_be_sold_that_is_not_held(house: SmallHouse) -> None:
    house.tick()
    assert order(house, "sell", 2, limit=100).reason == "it needs 2 XBT, 1 are free"
    assert order(house, "sell", 1, limit=100).is_open
    assert order(house, "sell", 1, limit=100).reason == "it needs 1 XBT, 0 are free"


# Flatten.

def test_flatten_without_open_orders_sells_what_is_held_at_once(house: SmallHouse) -> None:
    house.tick(99.0, 101.0)
    house.act(house.strategy.flatten)
    (request,) = placed(house)
    assert (request.side, request.quantity, request.tag) == (Side.SELL, 1, "flatten")


def test_flatten_cancels_first_and_sells_when_nothing_is_open_any_more(house: SmallHouse) -> None:
    house.tick()
    first, second = house.open_order("0.5", 100, "V1"), order(house, "sell", 0.25, limit=200)
    house.hear(second, Answer.ACCEPTED, venue_order_id="V2")
    before = len(placed(house))
    left = house.act(house.strategy.flatten)
    assert left == [CancelOrder(first.request, "V1"), CancelOrder(second.request, "V2")]
    house.hear(first, Answer.CANCELED, "0.2")
    assert len(placed(house)) == before
    house.hear(second, Answer.CANCELED, "0.1")
    sale = placed(house)[-1]
    assert len(placed(house)) == before + 1
    assert (sale.side, sale.quantity) == (Side.SELL, Decimal("1.1"))


def test_flatten_goes_on_when_an_order_was_still_in_our_own_lane(house: SmallHouse) -> None:
    waiting = house.buy("0.5", 100)
    assert house.act(house.strategy.flatten) == [CancelOrder(waiting.request, "")]
    house.hear(waiting, Answer.DENIED, reason="canceled before sending", code="withdrawn")
    assert [(request.side, request.quantity) for request in placed(house)[1:]] == [(Side.SELL, 1)]


def test_flatten_goes_on_when_an_order_that_was_to_be_canceled_was_refused_by_the_venue(house: SmallHouse) -> None:
    waiting = house.buy("0.5", 100)
    house.hear(waiting, Answer.SENT)
    house.act(house.strategy.flatten)
    house.hear(waiting, Answer.REJECTED, reason="not enough ZAR")
    assert [(request.side, request.quantity) for request in placed(house)[1:]] == [(Side.SELL, 1)]


def test_flatten_leaves_room_for_a_fee_that_is_taken_in_base() -> None:
    house = SmallHouse(instruments=(instrument(taker_fee=Decimal("0.01"), fee_currency=FeeCurrency.BASE),), capital={"XBT": Decimal(1)})
    house.tick()
    house.act(house.strategy.flatten)
    (request,) = placed(house)
    assert request.quantity == Decimal("0.9900")
    house.hear(next(iter(house.desk.orders)), Answer.FILLED, "0.99", fees={"XBT": "0.0099"})
    position = house.strategy.positions[SYMBOL]
    assert Decimal(0) <= position.exact.quantity < Decimal("0.0005")
    assert position.is_flat
    assert len(placed(house)) == 1


def test_flatten_sells_what_a_bounded_sale_left_over(house: SmallHouse) -> None:
    house.tick()
    house.act(house.strategy.flatten)
    house.hear(next(iter(house.desk.orders)), Answer.EXPIRED, "0.6")
    assert [request.quantity for request in placed(house)] == [1, Decimal("0.4")]


def test_flatten_does_not_try_for_ever(house: SmallHouse) -> None:
    house.tick()
    house.act(house.strategy.flatten)
    for _ in range(20):
        for one in list(house.desk.orders):
            house.hear(one, Answer.EXPIRED, "0")
    assert 1 < len(placed(house)) <= 6
    assert not list(house.desk.orders)


def test_a_flatten_that_was_denied_does_not_sell_what_is_bought_later(house: SmallHouse) -> None:
    house.tick()
    house.pass_seconds(60)
    house.act(house.strategy.flatten)
    assert not placed(house)
    assert house.bodies(OrderEvent)[-1].verdict.code == "stale_price"
    bought = house.open_order("0.5", 100)
    house.hear(bought, Answer.FILLED, "0.5")
    assert [request.side for request in placed(house)] == [Side.BUY]


def test_flatten_leaves_dust_that_is_below_the_smallest_order() -> None:
    house = SmallHouse(capital={"XBT": Decimal("0.0004")})
    house.tick()
    house.act(house.strategy.flatten)
    assert not placed(house)
    assert house.strategy.positions[SYMBOL].is_flat


def test_flatten_of_one_symbol_leaves_the_others_alone() -> None:
    eth = instrument("ETHZAR.luno")
    house = SmallHouse(instruments=(instrument(), eth), capital={"XBT": Decimal(1), "ETH": Decimal(1)})
    house.tick()
    house.tick(symbol="ETHZAR.luno")
    house.act(lambda: house.strategy.flatten("ETHZAR.luno"))
    assert [request.symbol for request in placed(house)] == ["ETHZAR.luno"]


def test_coins_of_another_strategy_are_never_sold() -> None:
    house = SmallHouse({"one": QuietStrategy(), "two": QuietStrategy()}, capital={"ZAR": Decimal(1000), "XBT": Decimal(1)})
    house.tick()
    made: list[Order] = []
    house.act(lambda: made.append(house.strategy.sell(SYMBOL, 1.5, limit=100)))
    assert made[0].reason == "it needs 1.5 XBT, 1 are free"


# Replace.

def test_replace_cancels_waits_and_places_what_was_left_at_the_new_price(house: SmallHouse) -> None:
    first = house.open_order("1", 100)
    assert house.act(lambda: house.strategy.replace(first, limit=90)) == [CancelOrder(first.request, "V1")]
    assert house.hear(first, Answer.CANCEL_ACCEPTED) != []
    assert len(placed(house)) == 1
    house.hear(first, Answer.CANCELED, "0.3")
    assert [(request.quantity, request.limit) for request in placed(house)] == [(1, 100), (Decimal("0.7"), 90)]


def test_replace_places_nothing_when_the_order_filled_before_its_cancel(house: SmallHouse) -> None:
    first = house.open_order("1", 100)
    house.act(lambda: house.strategy.replace(first, limit=90))
    house.hear(first, Answer.FILLED, "1")
    assert len(placed(house)) == 1


def test_replace_of_an_order_still_in_our_lane_places_it_anew(house: SmallHouse) -> None:
    first = house.buy("1", 100, tag="quote", post_only=True)
    house.act(lambda: house.strategy.replace(first, limit=90))
    house.hear(first, Answer.DENIED, reason="canceled before sending", code="withdrawn")
    again = placed(house)[-1]
    assert (again.quantity, again.limit, again.tag, again.post_only) == (1, 90, "quote", True)


def test_replacing_twice_places_the_last_price_once(house: SmallHouse) -> None:
    first = house.open_order("1", 100)
    house.act(lambda: house.strategy.replace(first, limit=90))
    house.act(lambda: house.strategy.replace(first, limit=80))
    house.hear(first, Answer.CANCELED, "0")
    assert [request.limit for request in placed(house)] == [100, 80]


def test_replace_with_a_wrong_price_raises_and_leaves_the_order_alone(house: SmallHouse) -> None:
    first = house.open_order("1", 100)
    with pytest.raises(ValueError, match="price -1"):
        house.strategy.replace(first, limit=-1)
    assert not first.is_canceling
    house.hear(first, Answer.CANCELED, "0")
    assert len(placed(house)) == 1


def test_a_paused_strategy_does_not_place_the_rest_of_a_replace(house: SmallHouse) -> None:
    first = house.open_order("1", 100)
    house.act(lambda: house.strategy.replace(first, limit=90))
    house.act(lambda: house.engine.pause(house.desk, "a fault"))
    house.hear(first, Answer.CANCELED, "0")
    assert len(placed(house)) == 1


# What else a strategy can say and read.

def test_cancel_all_cancels_every_open_order(house: SmallHouse) -> None:
    first, second = house.open_order("0.1", 100, "V1"), house.open_order("0.1", 100, "V2")
    assert house.act(house.strategy.cancel_all) == [CancelOrder(first.request, "V1"), CancelOrder(second.request, "V2")]


def test_a_note_goes_to_people_and_is_the_last_decision(house: SmallHouse) -> None:
    house.act(lambda: house.strategy.notify("the trend has turned"))
    assert house.said(NoteEvent) == [NoteEvent("the trend has turned", "naive")]
    assert house.desk.last_decision == "the trend has turned"


def test_every_order_of_every_strategy_has_a_name_of_its_own_in_the_houses_form() -> None:
    house = SmallHouse({"one": QuietStrategy(), "two": QuietStrategy()}, limits=RiskLimits(max_open_orders=1000))
    house.tick()
    names = []
    for desk in house.desks.values():
        for _ in range(40):
            house.act(lambda desk=desk: names.append(desk.strategy.buy(SYMBOL, 0.01, limit=100).client_order_id))
    assert len(set(names)) == 80
    parts = [name.split("-") for name in names]
    assert {(part[0], part[1]) for part in parts} == {("abcdef", "one"), ("abcdef", "two")}
    assert all(len(part) == 4 and part[2].isalnum() and part[3].isdigit() for part in parts)
    assert all(len(name) <= 64 for name in names)


def test_a_strategy_reads_its_own_money_positions_and_equity(house: SmallHouse) -> None:
    house.tick(99.0, 101.0)
    made = house.open_order("2", 100)
    house.hear(made, Answer.FILLED, "2", fees={"ZAR": "1"})
    strategy = house.strategy
    assert strategy.positions[SYMBOL].quantity == 3.0
    assert strategy.cash("ZAR") == 799.0
    assert strategy.equity == 799.0 + 3 * 100.0
    assert strategy.name == "naive"
    assert list(strategy.symbols) == [SYMBOL]
