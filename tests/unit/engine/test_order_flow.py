"""An order's way through the engine: what leaves, what is remembered, who is asked, and how often."""

from decimal import Decimal

import pytest

from tests.hand_cranked_runtime import SECOND
from tests.unit.engine.small_house import SYMBOL, SmallHouse, instrument
from trading_system.core.actions import CancelOrder, LookUpOrders, PlaceOrder
from trading_system.core.events import CancelEvent, LookUpFailedEvent, OrderEvent, OrderUpdateEvent, WarningEvent
from trading_system.core.order import CancelState, Order, OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate
from trading_system.core.side import Side


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


def in_doubt(house: SmallHouse) -> Order:
    order = house.buy()
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.OUTCOME_UNKNOWN)
    return order


def look_in_vain(house: SmallHouse, order: Order) -> bool:
    """Let a second pass and the venue answer the question about `order` with "not found"; tell whether its trades were to be searched."""
    house.pass_seconds(1)
    question, = (action for action in house.beat() if type(action) is LookUpOrders and action.request is order.request)
    house.hear(order, Answer.NOT_FOUND, has_trades=question.trades_since_ns > 0)
    return question.trades_since_ns > 0


def test_an_accepted_order_is_remembered_with_its_verdict_and_leaves_once(house: SmallHouse) -> None:
    order = house.buy()
    assert house.actions == [PlaceOrder(order.request)]
    assert [body.request for body in house.bodies(OrderEvent)] == [order.request]
    assert house.bodies(OrderEvent)[0].verdict.is_accepted


def test_a_denied_order_is_remembered_told_and_does_not_leave(house: SmallHouse) -> None:
    order = house.buy("1000")
    assert order.state is OrderState.DENIED
    assert not house.actions
    assert not house.bodies(OrderEvent)[0].verdict.is_accepted
    assert house.strategy.heard == [("order", "DENIED")]


def test_the_strategy_hears_of_the_fill_first_and_then_of_the_order(house: SmallHouse) -> None:
    order = house.open_order()
    house.strategy.heard.clear()
    house.hear(order, Answer.OPEN, "0.004")
    house.hear(order, Answer.FILLED, "0.01")
    assert house.strategy.heard == [
        ("fill", Decimal("0.004")), ("order", "OPEN"), ("fill", Decimal("0.006")), ("order", "FILLED")]
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.01")
    assert house.desk.reservations.count == 0


def test_an_answer_without_news_is_neither_remembered_nor_told(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.OPEN, "0.004")
    records, heard = len(house.records), len(house.strategy.heard)
    house.hear(order, Answer.OPEN, "0.004")
    assert len(house.records) == records
    assert len(house.strategy.heard) == heard


def test_a_beat_asks_for_the_list_once_while_no_answer_came(house: SmallHouse) -> None:
    house.open_order()
    assert house.beat() == [LookUpOrders("luno")]
    house.pass_seconds(1)
    assert house.beat(2) == []
    house.listing(house.update(next(iter(house.desk.orders)), Answer.OPEN, "0"))
    assert house.beat(3) == [LookUpOrders("luno")]


def test_a_list_that_could_not_be_had_is_asked_for_at_the_next_beat(house: SmallHouse) -> None:
    house.open_order()
    house.beat()
    house.tell(LookUpFailedEvent("luno", "", "time-out"))
    assert house.beat(2) == [LookUpOrders("luno")]


def test_a_list_whose_answer_got_lost_is_asked_for_again_after_a_while(house: SmallHouse) -> None:
    house.open_order()
    house.beat()
    house.pass_seconds(11)
    assert house.beat(2) == [LookUpOrders("luno")]


def test_without_open_orders_a_beat_asks_nothing(house: SmallHouse) -> None:
    assert house.beat() == []


def test_an_order_missing_from_the_list_is_looked_up_exactly_once(house: SmallHouse) -> None:
    order = house.open_order()
    house.pass_seconds(1)
    assert house.listing() == [LookUpOrders("luno", order.request, "V1")]
    house.pass_seconds(1)
    assert house.listing() == []
    house.hear(order, Answer.FILLED, "0.01")
    assert order.state is OrderState.FILLED
    assert house.listing() == []


def test_an_order_missing_from_the_list_is_looked_up_again_when_the_question_failed(house: SmallHouse) -> None:
    order = house.open_order()
    house.pass_seconds(1)
    house.listing()
    house.tell(LookUpFailedEvent("luno", order.client_order_id, "time-out"))
    assert house.listing() == [LookUpOrders("luno", order.request, "V1")]


def test_the_list_says_nothing_about_an_order_acknowledged_after_it_was_asked(house: SmallHouse) -> None:
    asked_ns = house.runtime.now_ns()
    house.pass_seconds(1)
    house.open_order()
    house.pass_seconds(1)
    assert house.listing(asked_ns=asked_ns) == []
    assert house.listing(asked_ns=house.runtime.now_ns()) != []


def test_a_list_that_is_not_complete_says_nothing_about_what_is_missing(house: SmallHouse) -> None:
    house.open_order()
    house.pass_seconds(1)
    assert house.listing(is_complete=False) == []


def test_a_list_says_nothing_about_orders_at_another_broker() -> None:
    house = SmallHouse(instruments=(instrument(), instrument("XBTZAR.kraken")))
    house.open_order()
    house.pass_seconds(1)
    house.tick(symbol="XBTZAR.kraken")
    orders: list[Order] = []
    house.act(lambda: orders.append(house.strategy.buy("XBTZAR.kraken", "0.01", limit=100)))
    house.hear(orders[0], Answer.ACCEPTED, venue_order_id="K1")
    house.pass_seconds(1)
    assert [action.request.symbol for action in house.listing()] == [SYMBOL]


def test_fills_on_the_list_are_booked(house: SmallHouse) -> None:
    order = house.open_order()
    house.listing(house.update(order, Answer.OPEN, "0.004", venue_order_id="V1"))
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.004")
    assert house.desk.reservations.held_by(order.client_order_id) == Decimal("0.6")


def test_an_order_on_the_list_that_nobody_here_sent_is_told_once_and_left_alone(house: SmallHouse) -> None:
    stranger = OrderUpdate("somebody-elses", Answer.OPEN, Evidence("list", 1, 2), "V9")
    for _ in range(3):
        assert house.listing(stranger) == []
    assert [event.text for event in house.said(WarningEvent)] == [
        "one open order is at luno not ours and left alone: 1 of unknown markets"]


def test_an_open_order_is_canceled_by_its_venues_name_at_once(house: SmallHouse) -> None:
    order = house.open_order()
    assert house.act(lambda: house.strategy.cancel(order)) == [CancelOrder(order.request, "V1")]
    assert order.cancel is CancelState.SENT
    assert [body.client_order_id for body in house.bodies(CancelEvent)] == [order.client_order_id]


def test_canceling_twice_sends_one_cancel(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    assert house.act(lambda: house.strategy.cancel(order)) == []


def test_an_order_that_may_still_be_in_our_lane_is_withdrawn(house: SmallHouse) -> None:
    order = house.buy()
    assert house.act(lambda: house.strategy.cancel(order)) == [CancelOrder(order.request, "")]
    house.hear(order, Answer.DENIED, reason="canceled before sending")
    assert order.state is OrderState.DENIED
    assert order.reason == "canceled before sending"


@pytest.mark.parametrize("before", [[], [Answer.SENT], [Answer.SENT, Answer.OUTCOME_UNKNOWN]])
def test_a_cancel_wanted_before_the_venues_name_is_known_is_sent_when_it_comes(house: SmallHouse, before: list[Answer]) -> None:
    order = house.buy()
    for answer in before:
        house.hear(order, answer)
    left = house.act(lambda: house.strategy.cancel(order))
    assert [action for action in left if action.venue_order_id] == []
    house.hear(order, Answer.SENT)
    assert house.hear(order, Answer.ACCEPTED, venue_order_id="V1") == [CancelOrder(order.request, "V1")]


def test_a_cancel_that_the_venue_took_is_followed_by_a_look_up_and_the_order_stays_what_it_was(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    assert house.hear(order, Answer.CANCEL_ACCEPTED) == [LookUpOrders("luno", order.request, "V1")]
    assert order.state is OrderState.OPEN
    house.hear(order, Answer.CANCELED, "0.003")
    assert order.state is OrderState.CANCELED
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.003")
    assert house.desk.reservations.count == 0


@pytest.mark.parametrize("answer", [Answer.CANCEL_REFUSED, Answer.CANCEL_UNKNOWN])
def test_a_cancel_refused_or_without_an_answer_is_followed_by_a_look_up(house: SmallHouse, answer: Answer) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    assert house.hear(order, answer) == [LookUpOrders("luno", order.request, "V1")]
    assert not order.is_done


@pytest.mark.parametrize("answer", [Answer.CANCEL_REFUSED, Answer.CANCEL_UNKNOWN])
def test_a_cancel_that_may_be_lost_is_sent_again_when_the_venue_still_shows_the_order(house: SmallHouse, answer: Answer) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    house.hear(order, answer)
    house.pass_seconds(1)
    assert CancelOrder(order.request, "V1") in house.hear(order, Answer.OPEN, "0")


def test_a_cancel_that_the_venue_took_and_forgot_is_sent_again_after_a_while(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.cancel(order))
    house.hear(order, Answer.CANCEL_ACCEPTED)
    house.pass_seconds(1)
    assert house.hear(order, Answer.OPEN, "0") == []
    house.pass_seconds(11)
    assert house.listing(house.update(order, Answer.OPEN, "0")) == [CancelOrder(order.request, "V1")]
    assert house.listing(house.update(order, Answer.OPEN, "0")) == []


def test_a_cancel_answered_while_a_look_up_is_under_way_does_not_ask_twice(house: SmallHouse) -> None:
    order = house.open_order()
    house.pass_seconds(1)
    house.listing()
    house.act(lambda: house.strategy.cancel(order))
    assert house.hear(order, Answer.CANCEL_ACCEPTED) == []


def test_nothing_is_canceled_that_is_over(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    assert house.act(lambda: house.strategy.cancel(order)) == []
    assert not house.bodies(CancelEvent)


def test_an_order_in_doubt_is_asked_for_at_each_beat_and_never_sent_again(house: SmallHouse) -> None:
    order = in_doubt(house)
    for number in range(5):
        house.pass_seconds(1)
        assert [(action.request, action.is_doubtful) for action in house.beat(number) if type(action) is LookUpOrders] == [(order.request, True)]
        house.pass_seconds(1)
        assert house.beat(number) == []              # the last question has no answer yet: another would only pile up
        house.hear(order, Answer.NOT_FOUND)
    assert [action for action in house.actions if type(action) is PlaceOrder] == [PlaceOrder(order.request)]


def test_an_order_in_doubt_that_is_found_is_doubted_no_more(house: SmallHouse) -> None:
    order = in_doubt(house)
    assert len(house.doubts) == 1
    house.hear(order, Answer.OPEN, "0", venue_order_id="V1")
    assert len(house.doubts) == 0
    assert order.state is OrderState.OPEN


def test_three_not_founds_asked_late_enough_and_a_search_of_the_trades_prove_that_an_order_never_arrived(house: SmallHouse) -> None:
    order = in_doubt(house)
    held = house.desk.reservations.held_by(order.client_order_id)
    searches = [look_in_vain(house, order) for _ in range(7)]
    assert order.state is OrderState.UNKNOWN
    assert house.desk.reservations.held_by(order.client_order_id) == held > 0
    searches.append(look_in_vain(house, order))
    assert searches == [False] * 7 + [True]
    assert order.state is OrderState.NOT_PLACED
    assert house.desk.reservations.count == 0
    assert len(house.doubts) == 0
    assert Answer.NOT_PLACED in [body.update.answer for body in house.bodies(OrderUpdateEvent)]


def test_not_found_is_evidence_and_never_a_state_of_an_order_that_is_not_in_doubt(house: SmallHouse) -> None:
    order = house.open_order()
    for _ in range(20):
        house.pass_seconds(1)
        house.hear(order, Answer.NOT_FOUND)
    assert order.state is OrderState.OPEN


def test_an_order_without_proof_is_lost_in_time_keeps_its_funds_and_is_asked_for_for_ever(house: SmallHouse) -> None:
    order = in_doubt(house)
    held = house.desk.reservations.held_by(order.client_order_id)
    for number in range(121):
        house.pass_seconds(1)
        house.beat(number)
    assert order.state is OrderState.LOST
    assert house.desk.reservations.held_by(order.client_order_id) == held
    assert [event.strategy for event in house.said(WarningEvent)] == ["naive"]
    asked = 0
    for number in range(100):
        house.pass_seconds(1)
        asked += len(house.beat(200 + number))
    assert asked == 10
    house.hear(order, Answer.FILLED, "0.01", venue_order_id="V1")
    assert order.state is OrderState.FILLED


def test_an_order_that_turns_up_after_its_absence_was_proved_is_canceled_told_and_holds_its_funds_again(house: SmallHouse) -> None:
    order = in_doubt(house)
    held = house.desk.reservations.held_by(order.client_order_id)
    for _ in range(8):
        look_in_vain(house, order)
    assert order.state is OrderState.NOT_PLACED
    assert house.hear(order, Answer.OPEN, "0", venue_order_id="V1") == [CancelOrder(order.request, "V1")]
    assert order.state is OrderState.OPEN
    assert any("turned up" in event.text for event in house.said(WarningEvent))
    assert house.desk.reservations.held_by(order.client_order_id) == held


def test_an_impossible_answer_pauses_the_strategy_cancels_its_orders_and_is_told(house: SmallHouse) -> None:
    first = house.open_order(venue_order_id="V1")
    second = house.open_order(venue_order_id="V2")
    left = house.hear(first, Answer.REJECTED)
    assert house.desk.is_paused
    assert first.is_quarantined
    assert CancelOrder(second.request, "V2") in left
    assert any("set apart" in event.text for event in house.said(WarningEvent))


def test_a_stranger_under_our_name_is_never_canceled(house: SmallHouse) -> None:
    order = in_doubt(house)
    left = house.hear(order, Answer.OPEN, "0", venue_order_id="STRANGER", side=Side.SELL)
    assert house.desk.is_paused
    house.pass_seconds(1)
    left += house.hear(order, Answer.OPEN, "0", venue_order_id="STRANGER", side=Side.SELL)
    assert not [action for action in left if type(action) is CancelOrder]


def test_a_late_fill_is_booked_after_the_order_was_canceled(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.CANCELED, "0.003")
    house.pass_seconds(1)
    house.hear(order, Answer.CANCELED, "0.004")
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.004")
    assert order.state is OrderState.CANCELED
    assert house.desk.reservations.count == 0


def test_fees_told_late_are_booked_once(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    house.pass_seconds(1)
    for _ in range(2):
        house.hear(order, Answer.FILLED, "0.01", fees={"ZAR": "0.5"})
    assert house.desk.positions.fees["ZAR"] == Decimal("0.5")
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.01")


def test_a_refused_order_gives_its_funds_back_and_says_why(house: SmallHouse) -> None:
    order = house.buy()
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.REJECTED, reason="not enough ZAR")
    assert order.reason == "not enough ZAR"
    assert house.desk.reservations.count == 0
    assert house.strategy.heard[-1] == ("order", "REJECTED")


def test_the_time_from_the_tick_to_the_sending_is_measured(house: SmallHouse) -> None:
    order = house.buy()
    house.pass_seconds(0.25)
    house.hear(order, Answer.SENT)
    assert list(house.flow.send_delays_ns) == [SECOND // 4]


def test_after_a_restart_an_order_that_is_still_open_is_asked_for_until_it_is_answered(house: SmallHouse) -> None:
    order = house.open_order()
    left: list[object] = []
    house.act(lambda: left.extend(house.flow.after_replay()))
    assert left == [LookUpOrders("luno", order.request, "V1")]
    assert house.flow.is_asking
    house.tell(LookUpFailedEvent("luno", order.client_order_id, "time-out"))
    assert house.flow.is_asking, "recovery would go on to the strategies without having heard of this order"


@pytest.mark.parametrize("tag", [5, None, "\ud800", "x" * 201, "two\nlines"])
def test_a_tag_that_the_journal_could_not_read_again_is_refused_at_the_callers_line(house: SmallHouse, tag: object) -> None:
    house.tick()
    with pytest.raises(ValueError, match="a tag is a printable text"):
        house.strategy.buy(SYMBOL, "0.01", limit=100, tag=tag)  # type: ignore[arg-type]
    assert not list(house.desk.orders)


@pytest.mark.parametrize(("answer", "is_placed_anew"), [(Answer.CANCELED, True), (Answer.EXPIRED, True), (Answer.REJECTED, False)])
def test_what_is_left_of_a_replaced_order_is_placed_only_when_it_surely_stood_and_is_over(
        house: SmallHouse, answer: Answer, is_placed_anew: bool) -> None:
    order = house.buy(limit=100)
    house.act(lambda: house.strategy.replace(order, limit=90))
    house.hear(order, answer)
    assert [str(one.request.limit) for one in house.desk.orders] == (["90"] if is_placed_anew else [])


def test_a_rest_too_small_to_be_placed_ends_a_replacement(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.strategy.replace(order, limit=90))
    house.hear(order, Answer.CANCELED, "0.00995")
    assert not house.errors
    assert not list(house.desk.orders)
