"""Settling, halting and restarting while something else is under way: each mends one thing and must not undo another."""

from typing import Any

import pytest

from tests.unit.engine.small_house import HOUSE, SYMBOL, SmallHouse
from trading_system.core.actions import CancelOrder, LookUpOrders
from trading_system.core.events import BalanceEvent, WarningEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.engine.operator import Wish, command_of
from trading_system.engine.reconciliation import MARGIN_NS, moments
from trading_system.engine.recovery import Past
from trading_system.engine.second_looks import SecondLooks


@pytest.fixture
def house() -> SmallHouse:
    house = SmallHouse()
    house.flow.second_looks = SecondLooks()
    return house


def in_doubt(house: SmallHouse) -> Order:
    order = house.buy("0.01", 100)
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.OUTCOME_UNKNOWN)
    return order


def settle(house: SmallHouse, order: Order, outcome: str, **more: Any) -> list[Any]:
    wish = Wish("settle", "ann", "the venue's page", order=order.client_order_id, **{"outcome": outcome, **more})
    return house.tell(command_of(wish, house.books, house.runtime.now_ns()))


# From when on a start asks for trades.


def test_what_people_say_of_a_fill_does_not_say_that_all_trades_until_then_are_booked(house: SmallHouse) -> None:
    began_ns = house.runtime.now_ns()
    house.books.note_account(BalanceEvent("luno", {}, began_ns, {}, began_ns))
    order = in_doubt(house)
    house.pass_seconds(3600)
    settle(house, order, "filled", filled="0.01", value="1")
    past = Past(HOUSE, 1, began_ns, began_ns=began_ns)
    assert moments(house.books, past)[SYMBOL] <= order.request.created_ns - MARGIN_NS


def test_a_fill_heard_of_in_a_run_that_never_reconciled_does_not_say_that_the_trades_before_are_booked(house: SmallHouse) -> None:
    reconciled_ns = house.runtime.now_ns()
    house.books.note_account(BalanceEvent("luno", {}, reconciled_ns, {}, reconciled_ns))
    order = house.open_order()
    house.pass_seconds(3600)
    second_run_ns = house.runtime.now_ns()
    house.pass_seconds(1)
    house.hear(order, Answer.OPEN, "0.004")
    past = Past(HOUSE, 2, second_run_ns, began_ns=reconciled_ns)
    assert moments(house.books, past) == {SYMBOL: reconciled_ns - MARGIN_NS}


# Settled, and the venue says otherwise.


def test_an_order_that_people_settled_and_the_venue_still_shows_is_canceled_there(house: SmallHouse) -> None:
    order = in_doubt(house)
    settle(house, order, "canceled")
    cancels = []
    for _ in range(30):
        house.pass_seconds(1)
        for action in house.beat():
            if isinstance(action, LookUpOrders) and action.request is not None:
                left = house.hear(order, Answer.OPEN, "0", venue_order_id="V1", has_trades=True)
                if left:
                    house.hear(order, Answer.CANCEL_ACCEPTED)
                cancels += left
    assert CancelOrder(order.request, "V1") in cancels
    assert 1 <= len(cancels) <= 3
    assert "\n".join(event.text for event in house.said(WarningEvent)).count("stands at the venue") == 1
    assert not order.is_settled
    house.pass_seconds(10)
    house.beat()
    house.hear(order, Answer.CANCELED, "0", has_trades=True)
    assert order.is_settled


def test_a_row_of_a_lagging_list_cancels_nothing_that_is_over(house: SmallHouse) -> None:
    order = house.open_order()
    house.pass_seconds(1)
    asked_ns = house.runtime.now_ns()
    house.hear(order, Answer.CANCELED, "0")
    assert house.listing(house.update(order, Answer.OPEN, "0", asked_ns=asked_ns), asked_ns=asked_ns) == []
    house.pass_seconds(2)
    assert house.listing(house.update(order, Answer.OPEN, "0")) == []


def test_a_replaced_order_that_people_settled_is_not_placed_anew_at_its_old_price(house: SmallHouse) -> None:
    order = in_doubt(house)
    house.act(lambda: house.strategy.replace(order, limit=99))
    house.pass_seconds(7200)
    settle(house, order, "canceled")
    assert order.state is OrderState.CANCELED
    assert len(house.desk.orders) == 0
