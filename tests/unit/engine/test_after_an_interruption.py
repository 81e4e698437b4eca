"""Settling, halting and restarting while something else is under way: each mends one thing and must not undo another."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.engine.small_house import HOUSE, SYMBOL, QuietStrategy, SmallHouse
from tests.unit.engine.test_recovery import journal_of, replayed
from trading_system.core.actions import CancelOrder, LookUpOrders
from trading_system.core.events import BalanceEvent, CommandEvent, WarningEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.engine.operator import Operator, Wish, command_of
from trading_system.engine.reconciliation import MARGIN_NS, moments
from trading_system.engine.recovery import Past
from trading_system.engine.second_looks import SecondLooks
from trading_system.oms.order_manager import OrderManager


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
    return house.tell(command_of(wish, house.books, house.runtime.now_ns(), house.flow.missing.is_gone))


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


# What can be settled at all.


def missing(house: SmallHouse) -> Order:
    order = house.open_order()
    for _ in range(8):
        house.pass_seconds(1)
        asked = [action for action in house.listing() if isinstance(action, LookUpOrders)]
        house.hear(order, Answer.NOT_FOUND, has_trades=asked[-1].trades_since_ns > 0)
    assert order.state is OrderState.OPEN
    return order


def test_an_order_that_the_venue_has_forgotten_can_be_settled_as_people_were_told(house: SmallHouse) -> None:
    order = missing(house)
    wish = Wish("settle", "ann", "the venue's page", order=order.client_order_id)
    said = Operator(house.runtime, house.books, lambda command: house.tell(command) and None, house.flow.missing.is_gone).obey(wish)
    assert said == f"order {order.client_order_id} is CANCELED now"
    assert house.desk.reservations.count == 0


def test_a_total_value_below_what_is_booked_already_is_refused(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.OPEN, "0.004")
    order.is_quarantined = True
    with pytest.raises(ValueError, match="cannot be less"):
        settle(house, order, "filled", filled="0.01", value="0.3")
    with pytest.raises(ValueError, match="nor more"):
        settle(house, order, "canceled", filled="0.004", value="0.5")
    settle(house, order, "canceled", filled="0.004", value="0.4", fees=["0.01 ZAR"])
    assert not order.is_quarantined


def test_the_venues_own_value_corrects_what_people_said_and_sets_nothing_apart(house: SmallHouse) -> None:
    order = in_doubt(house)
    settle(house, order, "filled", filled="0.01", value="0.99")
    house.pass_seconds(7)
    house.hear(order, Answer.FILLED, "0.01", fees={"ZAR": "0.02"}, has_trades=True)
    assert not order.is_quarantined
    ledger = house.desk.positions
    assert (ledger.cash["ZAR"], ledger.positions[SYMBOL].exact.cost) == (Decimal("999998.98"), Decimal(1))
    again, _ = replayed(journal_of(house))
    assert again.desk.positions.kept == ledger.kept


def test_a_fill_that_people_said_and_the_venue_does_not_know_is_told(house: SmallHouse) -> None:
    order = in_doubt(house)
    settle(house, order, "filled", filled="0.01", value="1")
    house.pass_seconds(7)
    house.hear(order, Answer.CANCELED, "0.004", has_trades=True)
    assert order.is_quarantined
    assert "people said that 0.01 of it was filled, the venue says 0.004" in house.desk.pause_reason


def test_an_order_that_stood_at_the_venue_was_placed(house: SmallHouse) -> None:
    order = house.open_order()
    order.is_quarantined = True
    with pytest.raises(ValueError, match="was placed"):
        settle(house, order, "not-placed")
    assert order.state is OrderState.OPEN


def test_an_order_that_was_placed_and_refused_at_once_can_be_settled_although_it_filled(house: SmallHouse) -> None:
    order = house.buy("0.01", 100)
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.REJECTED)
    house.hear(order, Answer.OPEN, "0.004")
    assert order.is_quarantined
    settle(house, order, "canceled")
    assert order.state is OrderState.REJECTED
    assert not order.is_quarantined


def test_an_order_that_nobody_keeps_any_more_takes_no_place_among_the_second_looks(house: SmallHouse) -> None:
    house.desk.orders = OrderManager("naive", keep_done=2)
    house.hear(house.open_order(), Answer.CANCELED, "0")
    house.pass_seconds(7)
    assert len(house.beat()) == 1
    for number in range(3):
        order = house.open_order(venue_order_id=f"W{number}")
        house.hear(order, Answer.CANCELED, "0")
    house.pass_seconds(7)
    assert [action for _ in range(3) for action in house.beat()]



# Paused before it began.


class Beginner(QuietStrategy):
    """Notes that it began."""

    def on_start(self) -> None:
        self.heard.append(("start", None))


@pytest.mark.parametrize("how", ["resume", "rearm"])
def test_a_strategy_that_could_not_begin_begins_when_it_may(how: str) -> None:
    strategy = Beginner()
    house = SmallHouse({"naive": strategy})
    house.desk.is_started = False
    house.tell(CommandEvent("pause", "ann", "first look") if how == "resume" else CommandEvent("halt", "journal", "disk full"))
    house.act(house.desk.start)
    assert strategy.heard == []
    house.tell(CommandEvent(how, "ann"))
    house.open_order()
    assert strategy.heard[0] == ("start", None)
    house.tell(CommandEvent("pause", "ann"))
    house.tell(CommandEvent("resume", "ann"))
    assert strategy.heard.count(("start", None)) == 1


def test_a_start_leaves_a_strategy_paused_whose_order_is_still_set_apart(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.OPEN, "0.02")
    assert house.desk.is_paused
    again, _ = replayed(journal_of(house))
    again.act(again.engine.pause_what_is_set_apart)
    assert again.desk.is_paused
    assert order.client_order_id in again.desk.pause_reason
    assert Decimal("0.02") == again.desk.positions.positions[SYMBOL].exact.quantity
