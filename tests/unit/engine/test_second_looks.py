"""The watch list of orders that look done: when each is looked at again, how many at a time, and when it is left alone."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.oms.order_stories import request
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.engine.second_looks import SecondLooks

SECOND = 1_000_000_000


def done(number: int = 1, state: OrderState = OrderState.FILLED) -> Order:
    return Order(request(f"abcdef-naive-1-{number}"), state)


def answer(order: Order, has_trades: bool = False) -> OrderUpdate:
    return OrderUpdate(order.client_order_id, Answer.FILLED, Evidence("test", 1, 2), has_trades=has_trades)


def watching(*orders: Order, **more: Any) -> SecondLooks:
    looks = SecondLooks(6.0, **more)
    for order in orders:
        looks.heard(order, answer(order), 0)
    return looks


def test_an_order_that_looks_done_is_due_after_the_settle_time_and_once() -> None:
    order = done()
    looks = watching(order)
    assert looks.due("luno", 6 * SECOND - 1) == []
    assert looks.due("luno", 6 * SECOND) == [order.client_order_id]
    assert looks.due("luno", 7 * SECOND) == []
    assert looks.due("kraken", 7 * SECOND) == []


def test_a_look_that_adds_nothing_settles_the_order_and_ends_the_watch() -> None:
    order = done()
    looks = watching(order)
    looks.due("luno", 6 * SECOND)
    looks.asked(order)
    looks.heard(order, answer(order), 7 * SECOND)
    assert not order.is_settled, "an answer that has no trades with it is not the look's own"
    looks.heard(order, answer(order, True), 7 * SECOND)
    assert order.is_settled
    assert len(looks) == 0
    looks.heard(order, answer(order), 8 * SECOND)
    assert len(looks) == 0


def test_a_look_that_adds_something_is_followed_by_another() -> None:
    order = done()
    looks = watching(order)
    looks.due("luno", 6 * SECOND)
    looks.asked(order)
    order.exact = Totals(Decimal(1), Decimal(100))
    looks.heard(order, answer(order, True), 7 * SECOND)
    assert not order.is_settled
    assert looks.due("luno", 13 * SECOND) == [order.client_order_id]


def test_no_more_looks_are_under_way_than_allowed_and_the_oldest_go_first() -> None:
    orders = [done(number) for number in range(5)]
    looks = watching(*orders, room=lambda broker: 2)
    names = [order.client_order_id for order in orders]
    assert looks.due("luno", 60 * SECOND) == names[:2]
    for order in orders[:2]:
        looks.asked(order)
    assert looks.due("luno", 61 * SECOND) == []
    looks.heard(orders[0], answer(orders[0], True), 61 * SECOND)
    assert looks.due("luno", 62 * SECOND) == names[2:3]


def test_nothing_is_looked_at_while_the_rate_is_needed_for_something_else() -> None:
    order, room = done(), [0]
    looks = watching(order, room=lambda broker: room[0])
    assert looks.due("luno", 60 * SECOND) == []
    room[0] = 1
    assert looks.due("luno", 61 * SECOND) == [order.client_order_id]


def test_a_look_that_failed_is_made_again_later() -> None:
    order = done()
    looks = watching(order)
    looks.due("luno", 6 * SECOND)
    looks.asked(order)
    looks.failed("luno", order.client_order_id, 7 * SECOND)
    assert looks.due("luno", 13 * SECOND - 1) == []
    assert looks.due("luno", 13 * SECOND) == [order.client_order_id]


@pytest.mark.parametrize("state", [OrderState.DENIED, OrderState.REJECTED, OrderState.NOT_PLACED, OrderState.OPEN])
def test_what_was_never_in_the_venues_book_or_still_is_is_not_watched(state: OrderState) -> None:
    assert len(watching(done(1, state))) == 0
