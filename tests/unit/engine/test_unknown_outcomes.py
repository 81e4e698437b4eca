"""Outcomes nobody knows: through the engine, what each late, missing or impossible answer does to the order, the ledger and the funds."""

from decimal import Decimal

import pytest

from tests.unit.engine.small_house import SYMBOL, SmallHouse
from trading_system.core.actions import CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.events import FillEvent, LookUpFailedEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order import CancelState, Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.side import Side
from trading_system.engine.doubts import Doubts
from trading_system.engine.second_looks import SecondLooks

D = Decimal
MINUTE_NS = 60_000_000_000


@pytest.fixture
def house() -> SmallHouse:
    house = SmallHouse()
    house.flow.second_looks = SecondLooks()
    return house


def in_doubt(house: SmallHouse, quantity: str = "0.01") -> Order:
    order = house.buy(quantity)
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.OUTCOME_UNKNOWN)
    return order


def lost(house: SmallHouse) -> Order:
    order = in_doubt(house)
    house.pass_seconds(121)
    house.beat()
    assert order.state is OrderState.LOST
    return order


def questions(house: SmallHouse) -> list[LookUpOrders]:
    """Let a second pass and a beat in; return what is asked about single orders."""
    house.pass_seconds(1)
    return [action for action in house.beat() if type(action) is LookUpOrders and action.request is not None]


def not_placed(house: SmallHouse) -> Order:
    order = in_doubt(house)
    while order.state is OrderState.UNKNOWN:
        for question in questions(house):
            house.hear(order, Answer.NOT_FOUND, has_trades=question.trades_since_ns > 0)
    assert order.state is OrderState.NOT_PLACED
    return order


def held(house: SmallHouse, order: Order) -> Decimal:
    return house.desk.reservations.held_by(order.client_order_id)


def position(house: SmallHouse) -> Decimal:
    return house.desk.positions.positions[SYMBOL].exact.quantity


def warnings(house: SmallHouse) -> str:
    return "\n".join(event.text for event in house.said(WarningEvent))


# The proof that an order never arrived.


def test_the_search_of_the_trades_begins_a_margin_before_the_order_was_made(house: SmallHouse) -> None:
    order = in_doubt(house)
    asked = []
    while not (asked and asked[-1].trades_since_ns):
        asked.extend(questions(house))
        house.hear(order, Answer.NOT_FOUND)
    assert asked[-1].trades_since_ns == order.request.created_ns - MINUTE_NS
    assert asked[-1].is_doubtful


def test_a_search_that_could_not_be_made_leaves_the_order_in_doubt_with_its_funds(house: SmallHouse) -> None:
    order = in_doubt(house)
    for _ in range(100):
        for question in questions(house):
            house.hear(order, Answer.NOT_FOUND) if not question.trades_since_ns else house.tell(
                LookUpFailedEvent("luno", order.client_order_id, "the list of trades could not be had"))
    assert order.state is OrderState.UNKNOWN
    assert held(house, order) > 0


def test_an_order_found_among_the_trades_was_placed_and_its_cancel_leaves_with_the_name_it_has_there(house: SmallHouse) -> None:
    order = in_doubt(house)
    house.act(lambda: house.strategy.cancel(order))
    left = house.hear(order, Answer.OPEN, "0.004", venue_order_id="V1", side=Side.BUY, has_trades=True)
    assert order.state is OrderState.OPEN
    assert position(house) == D("0.004")
    assert left == [CancelOrder(order.request, "V1")]


def test_a_clock_that_is_off_puts_the_proof_off(house: SmallHouse) -> None:
    house.flow.doubts = Doubts(clock_offset_seconds=lambda: -30.0)
    order = in_doubt(house)
    for _ in range(35):
        for _ in questions(house):
            house.hear(order, Answer.NOT_FOUND, has_trades=True)
    assert order.state is OrderState.UNKNOWN
    for _ in range(5):
        for _ in questions(house):
            house.hear(order, Answer.NOT_FOUND, has_trades=True)
    assert order.state is OrderState.NOT_PLACED


# LOST.


@pytest.mark.parametrize(("answer", "filled", "state"), [
    (Answer.OPEN, "0", OrderState.OPEN), (Answer.OPEN, "0.004", OrderState.OPEN), (Answer.FILLED, "0.01", OrderState.FILLED),
    (Answer.CANCELED, "0.003", OrderState.CANCELED), (Answer.EXPIRED, "0", OrderState.EXPIRED), (Answer.REJECTED, None, OrderState.REJECTED),
])
def test_a_lost_order_becomes_whatever_the_venue_says_of_it_and_its_funds_follow(
        house: SmallHouse, answer: Answer, filled: str | None, state: OrderState) -> None:
    order = lost(house)
    assert held(house, order) == D("1")
    house.hear(order, answer, filled)
    assert order.state is state
    assert position(house) == D(filled or 0)
    assert held(house, order) == (0 if state.is_done else D("1") - D(filled or 0) * 100)
    assert len(house.doubts) == 0


def test_a_lost_order_that_is_proved_absent_after_all_gives_its_funds_back(house: SmallHouse) -> None:
    order = lost(house)
    for _ in range(40):
        for question in questions(house):
            house.hear(order, Answer.NOT_FOUND, has_trades=question.trades_since_ns > 0)
    assert order.state is OrderState.NOT_PLACED
    assert house.desk.reservations.count == 0


def test_a_cancel_wanted_of_a_lost_order_is_kept_and_leaves_when_the_venues_name_is_heard(house: SmallHouse) -> None:
    order = lost(house)
    assert not [action for action in house.act(lambda: house.strategy.cancel(order)) if type(action) is CancelOrder]
    assert order.cancel is CancelState.WANTED
    assert house.hear(order, Answer.OPEN, "0", venue_order_id="V1") == [CancelOrder(order.request, "V1")]


def test_nothing_is_ever_sent_twice_whatever_becomes_of_it(house: SmallHouse) -> None:
    order = lost(house)
    for _ in range(200):
        questions(house)
    house.hear(order, Answer.OPEN, "0", venue_order_id="V1")
    assert [action.request for action in house.actions if type(action) is PlaceOrder] == [order.request]


# Fills that come late, and races with a cancel.


@pytest.mark.parametrize(("over", "late", "state"), [
    (Answer.CANCELED, Answer.CANCELED, "CANCELED"), (Answer.EXPIRED, Answer.EXPIRED, "EXPIRED"), (Answer.CANCELED, Answer.OPEN, "CANCELED"),
])
def test_a_fill_heard_of_after_the_end_is_booked_told_and_changes_no_state(
        house: SmallHouse, over: Answer, late: Answer, state: str) -> None:
    order = house.open_order()
    house.hear(order, over, "0.003")
    assert not house.said(WarningEvent)
    house.pass_seconds(1)
    house.hear(order, late, "0.005")
    assert order.state.name == state
    assert position(house) == D("0.005")
    assert f"filled although it was {state}: 0.002 more" in warnings(house)
    assert house.desk.reservations.count == 0


def test_a_fill_of_an_order_that_was_refused_is_booked_and_sets_it_apart(house: SmallHouse) -> None:
    order = house.buy()
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.REJECTED)
    house.pass_seconds(1)
    house.hear(order, Answer.OPEN, "0.003", venue_order_id="V1")
    assert position(house) == D("0.003")
    assert order.is_quarantined
    assert house.desk.is_paused


def test_an_order_filled_while_its_cancel_was_under_way_is_filled_and_not_canceled(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    assert house.hear(order, Answer.CANCEL_REFUSED) == [LookUpOrders("luno", order.request, "V1")]
    assert order.state is OrderState.OPEN, "that there is nothing to cancel proves nothing"
    assert held(house, order) == D("1")
    house.hear(order, Answer.FILLED, "0.01")
    assert order.state is OrderState.FILLED
    assert position(house) == D("0.01")


def test_an_order_filled_in_part_before_its_cancel_keeps_the_part(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    house.hear(order, Answer.CANCEL_ACCEPTED)
    assert not order.is_done, "that a cancel was taken is no answer about the order"
    house.hear(order, Answer.CANCELED, "0.006")
    assert order.state is OrderState.CANCELED
    assert position(house) == D("0.006")
    assert house.desk.reservations.count == 0


def test_more_filled_than_asked_for_is_booked_whole_told_and_pauses_the_strategy(house: SmallHouse) -> None:
    order = house.open_order()
    other = house.open_order(venue_order_id="V2")
    left = house.hear(order, Answer.FILLED, "0.015")
    assert position(house) == D("0.015")
    assert order.state is OrderState.FILLED
    assert order.is_quarantined
    assert house.desk.is_paused
    assert "more than was asked for" in warnings(house)
    assert CancelOrder(other.request, "V2") in left


def test_an_order_set_apart_is_still_looked_up_and_booked(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.REJECTED)
    assert order.is_quarantined
    house.pass_seconds(1)
    assert LookUpOrders("luno") in house.beat()
    house.hear(order, Answer.OPEN, "0.002")
    assert position(house) == D("0.002")


# An order proved absent that is heard of again.


@pytest.mark.parametrize(("answer", "filled"), [(Answer.FILLED, "0.01"), (Answer.CANCELED, "0.004"), (Answer.EXPIRED, "0.004")])
def test_an_order_that_was_proved_absent_and_is_over_is_booked_and_told(house: SmallHouse, answer: Answer, filled: str) -> None:
    order = not_placed(house)
    house.hear(order, answer, filled, venue_order_id="V1")
    assert order.state.name == answer.name
    assert position(house) == D(filled)
    assert "was NOT_PLACED and is heard of again" in warnings(house)
    assert house.desk.reservations.count == 0


def test_an_order_that_turns_up_after_its_absence_was_proved_holds_funds_for_the_rest_and_is_canceled_until_it_is_over(
        house: SmallHouse) -> None:
    order = not_placed(house)
    assert house.hear(order, Answer.OPEN, "0.004", venue_order_id="V1") == [CancelOrder(order.request, "V1")]
    assert held(house, order) == D("0.6")
    assert position(house) == D("0.004")
    assert "has turned up at the venue" in warnings(house)
    house.hear(order, Answer.CANCEL_ACCEPTED)
    assert held(house, order) == D("0.6")
    house.hear(order, Answer.CANCELED, "0.004")
    assert house.desk.reservations.count == 0
    assert not order.is_quarantined


def test_an_order_that_turned_up_may_fill_late_once_more(house: SmallHouse) -> None:
    order = not_placed(house)
    house.hear(order, Answer.OPEN, "0.004", venue_order_id="V1")
    house.pass_seconds(1)
    house.hear(order, Answer.OPEN, "0.005")
    assert "booked late" not in warnings(house), "it lives: this is no late fill"
    house.hear(order, Answer.CANCELED, "0.005")
    house.pass_seconds(1)
    house.hear(order, Answer.CANCELED, "0.006")
    assert "filled although it was CANCELED" in warnings(house)


# Funds are given back by proof only.


def test_what_is_reserved_is_the_worst_case_of_all_orders_that_are_not_done(house: SmallHouse) -> None:
    _, sent, unknown, lost, is_open, waiting, over = orders = [house.buy(f"0.0{number}") for number in range(1, 8)]
    house.hear(lost, Answer.OUTCOME_UNKNOWN)
    house.pass_seconds(121)
    house.beat()
    house.hear(sent, Answer.SENT)
    house.hear(unknown, Answer.OUTCOME_UNKNOWN)
    house.hear(waiting, Answer.WAITING, "0")
    house.hear(is_open, Answer.ACCEPTED, venue_order_id="V1")
    house.act(lambda: house.strategy.cancel(is_open))
    house.hear(is_open, Answer.CANCEL_ACCEPTED)
    house.hear(over, Answer.CANCELED, "0")
    orders.remove(over)
    assert [order.state.name for order in orders] == ["PENDING_NEW", "SENT", "UNKNOWN", "LOST", "OPEN", "WAITING"]
    assert house.desk.reservations.reserved("ZAR") == sum(order.request.quantity for order in orders) * 100
    assert house.desk.reservations.buying(SYMBOL) == sum(order.request.quantity for order in orders)
    assert house.desk.reservations.count == len(orders) == len(house.desk.orders)
    house.hear(is_open, Answer.OPEN, "0.01")
    assert house.desk.reservations.buying(SYMBOL) == sum(order.remaining for order in orders)


@pytest.mark.parametrize("answer", [Answer.SENT, Answer.OUTCOME_UNKNOWN, Answer.NOT_FOUND, Answer.CANCEL_ACCEPTED, Answer.CANCEL_REFUSED,
                                    Answer.CANCEL_UNKNOWN, Answer.LOST])
@pytest.mark.parametrize("make", [in_doubt, lost, SmallHouse.open_order])
def test_no_answer_but_a_proof_gives_funds_back(house: SmallHouse, make: object, answer: Answer) -> None:
    order = make(house)  # type: ignore[operator]
    before = held(house, order)
    house.hear(order, answer, has_trades=answer is not Answer.NOT_FOUND)
    house.tell(LookUpFailedEvent("luno", order.client_order_id, "time-out"))
    assert held(house, order) == before > 0


# The second look.


def test_an_order_that_looks_done_is_asked_for_once_more_with_its_trades_and_then_left_alone(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    asked = [questions(house) for _ in range(6)]
    assert asked[:5] == [[]] * 5
    assert asked[5] == [LookUpOrders("luno", order.request, "V1", False, order.request.created_ns - MINUTE_NS)]
    house.hear(order, Answer.FILLED, "0.01", has_trades=True)
    assert order.is_settled
    assert not any(questions(house) for _ in range(30))


def test_what_a_second_look_finds_more_is_booked_as_a_late_fill_and_told_and_looked_at_again(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.CANCELED, "0.004")         # complete, says the venue, and its totals lag
    for _ in range(6):
        asked = questions(house)
    house.hear(order, Answer.FILLED, "0.01", has_trades=True)
    assert asked
    assert order.state is OrderState.FILLED
    assert [event.fill.exact.quantity for event in house.said(FillEvent)] == [D("0.004"), D("0.006")]
    assert position(house) == D("0.01")
    assert "was CANCELED and is heard of again: FILLED" in warnings(house)
    assert not order.is_settled
    assert any(questions(house) for _ in range(7))
    house.hear(order, Answer.FILLED, "0.01", has_trades=True)
    assert order.is_settled


def test_a_second_look_that_shows_less_takes_nothing_back(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    for _ in range(6):
        questions(house)
    records = len(house.records)
    house.hear(order, Answer.OPEN, "0.002", has_trades=True)
    assert order.state is OrderState.FILLED
    assert position(house) == D("0.01")
    assert len(house.records) == records


def test_fees_that_a_second_look_finds_are_booked(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    for _ in range(6):
        questions(house)
    house.hear(order, Answer.FILLED, "0.01", fees={"ZAR": "0.5"}, has_trades=True)
    assert house.desk.positions.fees["ZAR"] == D("0.5")
    assert not house.said(WarningEvent), "a fee that comes with the settlement is nothing to be alarmed by"


def test_a_second_look_that_failed_is_made_again(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    for _ in range(6):
        questions(house)
    house.tell(LookUpFailedEvent("luno", order.client_order_id, "time-out"))
    assert sum(len(questions(house)) for _ in range(7)) == 1


def test_of_many_orders_that_look_done_one_is_looked_at_in_a_beat(house: SmallHouse) -> None:
    orders = [house.open_order("0.001", venue_order_id=f"V{number}") for number in range(5)]
    for order in orders:
        house.hear(order, Answer.FILLED, "0.001")
    seen = []
    for _ in range(5):
        questions(house)
    for _ in range(10):
        asked = questions(house)
        assert len(asked) <= 1
        seen.extend(asked)
        for question in asked:
            order, = (one for one in orders if one.request is question.request)
            house.hear(order, Answer.FILLED, "0.001", has_trades=True)
    assert [question.request for question in seen] == [order.request for order in orders]
    assert all(order.is_settled for order in orders)


def test_where_the_venues_answers_are_final_nothing_is_looked_at_twice() -> None:
    house = SmallHouse()
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    assert not any(questions(house) for _ in range(30))


# An order that the venue has forgotten.


def test_an_order_neither_on_the_list_nor_found_has_its_trades_searched_and_is_told_once(house: SmallHouse) -> None:
    order = house.open_order()
    asked = []
    for _ in range(8):
        house.pass_seconds(1)
        asked.extend(house.listing())
        house.hear(order, Answer.NOT_FOUND, has_trades=asked[-1].trades_since_ns > 0)
    assert [question.trades_since_ns > 0 for question in asked] == [False] + [True] * 7
    assert order.state is OrderState.OPEN
    assert held(house, order) == D("1")
    assert warnings(house).count("neither open nor found") == 1
    house.hear(order, Answer.FILLED, "0.01", has_trades=True)
    assert order.state is OrderState.FILLED


def test_an_order_back_on_the_list_begins_anew(house: SmallHouse) -> None:
    order = house.open_order()
    house.pass_seconds(1)
    house.listing()
    house.hear(order, Answer.NOT_FOUND)
    house.pass_seconds(1)
    house.listing(house.update(order, Answer.OPEN, "0"))
    house.pass_seconds(1)
    assert [question.trades_since_ns for question in house.listing()] == [0]


def test_only_what_is_news_is_remembered_of_a_question(house: SmallHouse) -> None:
    order = in_doubt(house)
    before = len(house.bodies(OrderUpdateEvent))
    for question in questions(house):
        house.hear(order, Answer.NOT_FOUND, has_trades=question.trades_since_ns > 0)
    assert len(house.bodies(OrderUpdateEvent)) == before
