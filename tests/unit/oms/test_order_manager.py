"""The order manager: totals in, differences out, nothing counted twice, strangers and impossible answers set apart."""

from decimal import Decimal

import pytest

from tests.unit.oms.order_stories import ID, NAME, new_order, request, said, totals
from trading_system.core.events import Verdict
from trading_system.core.order import CancelState, OrderState
from trading_system.core.order_update import Answer, Totals
from trading_system.core.side import Side
from trading_system.oms.order_manager import OrderManager


def test_a_new_order_is_open_and_found_by_its_name() -> None:
    manager, order = new_order()
    assert list(manager) == [order]
    assert len(manager) == 1
    assert manager.get(NAME) is order
    assert order.state is OrderState.PENDING_NEW
    assert order.reference == 100.0


def test_a_denied_order_is_done_at_once_with_its_reason_and_never_open() -> None:
    manager = OrderManager("naive")
    order = manager.add(request(), Decimal(100), Verdict(False, "open_orders", "too many orders are open"))
    assert order.state is OrderState.DENIED
    assert order.reason == "too many orders are open"
    assert not list(manager)
    assert manager.done == {NAME: order}
    assert manager.get(NAME) is order
    assert manager.counts == {"DENIED": 1}


def test_a_fill_is_the_difference_of_two_totals() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, totals("0.4", "40.4", XBT="0.001"), 10), 1)
    change = manager.apply(order, said(Answer.OPEN, totals("0.9", "90.8", XBT="0.003", ZAR="1"), 20), 7)
    fill = change.fill
    assert fill is not None
    assert (fill.exact.quantity, fill.exact.value) == (Decimal("0.5"), Decimal("50.4"))
    assert fill.exact.fees == {"XBT": Decimal("0.002"), "ZAR": Decimal(1)}
    assert (fill.client_order_id, fill.strategy, fill.symbol, fill.side, fill.time_ns, fill.tag) == (
        NAME, "naive", "XBTZAR.luno", Side.BUY, 7, "test")
    assert fill.price == pytest.approx(100.8)
    assert order.remaining == Decimal("0.1")
    assert order.average_price == pytest.approx(90.8 / 0.9)


def test_the_same_answer_twice_changes_nothing_the_second_time() -> None:
    manager, order = new_order()
    update = said(Answer.OPEN, totals("0.4", XBT="0.001"), 10, ID)
    assert manager.apply(order, update, 1).is_news
    change = manager.apply(order, update, 2)
    assert not change.is_news
    assert change.fill is None
    assert not change.alarm


def test_an_older_answer_with_less_takes_nothing_back() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, totals("0.4", XBT="0.002"), 20), 1)
    change = manager.apply(order, said(Answer.OPEN, totals("0.1", XBT="0.001"), 10), 2)
    assert not change.is_news
    assert order.exact == totals("0.4", XBT="0.002")


def test_a_newer_answer_with_less_takes_nothing_back_either() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, "0.4", 10), 1)
    assert not manager.apply(order, said(Answer.OPEN, "0.1", 20), 2).is_news
    assert order.exact.filled_quantity == Decimal("0.4")


def test_an_older_answer_with_more_adds() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, "0.4", 20), 1)
    fill = manager.apply(order, said(Answer.OPEN, "0.6", 10), 2).fill
    assert fill is not None
    assert fill.exact.quantity == Decimal("0.2")


def test_an_older_answer_with_the_same_quantity_does_not_change_the_fees_back() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, totals("0.4", XBT="0.002"), 20), 1)
    assert not manager.apply(order, said(Answer.OPEN, totals("0.4"), 10), 2).is_news
    assert order.exact.fees == {"XBT": Decimal("0.002")}


def test_fees_that_come_later_are_an_adjustment_of_quantity_zero() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.FILLED, "1", 10), 1)
    change = manager.apply(order, said(Answer.FILLED, totals("1", XBT="0.001"), 20), 2)
    fill = change.fill
    assert change.is_news
    assert fill is not None
    assert (fill.exact.quantity, fill.exact.value, fill.exact.fees) == (0, 0, {"XBT": Decimal("0.001")})
    assert order.exact.fees == {"XBT": Decimal("0.001")}
    assert manager.counts["FILLED"] == 1


def test_fees_that_the_venue_gives_back_are_a_negative_adjustment() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, totals("0.4", XBT="0.002"), 10), 1)
    fill = manager.apply(order, said(Answer.OPEN, totals("0.4", XBT="0.0015"), 20), 2).fill
    assert fill is not None
    assert fill.exact.fees == {"XBT": Decimal("-0.0005")}


def test_a_value_that_changes_while_the_quantity_does_not_is_set_apart_and_not_booked() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, totals("0.4", "40"), 10), 1)
    change = manager.apply(order, said(Answer.OPEN, totals("0.4", "41"), 20), 2)
    assert order.is_quarantined
    assert change.fill is None
    assert "value" in change.alarm
    assert order.exact.filled_value == 40


def test_totals_that_reach_what_was_asked_for_fill_the_order_whatever_the_answer_says() -> None:
    manager, order = new_order()
    change = manager.apply(order, said(Answer.OPEN, "1", 10), 1)
    assert order.state is OrderState.FILLED
    assert not change.alarm
    assert manager.done == {NAME: order}
    assert manager.counts == {"FILLED": 1}


def test_more_filled_than_asked_for_is_booked_and_set_apart() -> None:
    manager, order = new_order()
    change = manager.apply(order, said(Answer.FILLED, "1.5", 10), 1)
    assert change.fill is not None
    assert change.fill.exact.quantity == Decimal("1.5")
    assert order.is_quarantined
    assert order.state is OrderState.FILLED
    assert "more than was asked for" in change.alarm
    assert order.remaining == 0


def test_more_filled_after_the_order_was_filled_is_booked_and_set_apart() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.FILLED, "1", 10), 1)
    change = manager.apply(order, said(Answer.FILLED, "1.5", 20), 2)
    assert change.fill is not None
    assert change.fill.exact.quantity == Decimal("0.5")
    assert order.is_quarantined
    assert {state: count for state, count in manager.counts.items() if count} == {"FILLED": 1}


@pytest.mark.parametrize("over", [Answer.CANCELED, Answer.EXPIRED, Answer.REJECTED])
def test_a_late_fill_is_booked_whatever_the_state_and_leaves_it(over: Answer) -> None:
    manager, order = new_order()
    manager.apply(order, said(over, None, 10), 1)
    state = order.state
    change = manager.apply(order, said(over, "0.3", 20), 2)
    assert change.fill is not None
    assert change.fill.exact.quantity == Decimal("0.3")
    assert order.state is state


def test_a_late_fill_that_completes_a_canceled_order_is_booked_and_people_hear_of_it() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.CANCELED, "0.4", 10), 1)
    change = manager.apply(order, said(Answer.CANCELED, "1", 20), 2)
    assert change.fill is not None
    assert change.fill.exact.quantity == Decimal("0.6")
    assert order.state is OrderState.FILLED
    assert "filled although it was CANCELED" in change.alarm
    assert {state: count for state, count in manager.counts.items() if count} == {"FILLED": 1}


def test_an_order_canceled_and_then_told_to_be_filled_is_counted_once() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.CANCELED, "0.4", 10), 1)
    change = manager.apply(order, said(Answer.FILLED, "1", 20), 2)
    assert order.state is OrderState.FILLED
    assert {state: count for state, count in manager.counts.items() if count} == {"FILLED": 1}
    assert "CANCELED" in change.alarm


def test_an_order_proved_absent_that_turns_up_lives_again_shall_be_canceled_and_people_hear_of_it() -> None:
    manager, order = new_order()
    for answer in (Answer.SENT, Answer.OUTCOME_UNKNOWN, Answer.NOT_PLACED):
        manager.apply(order, said(answer), 1)
    assert list(manager.done) == [NAME]
    change = manager.apply(order, said(Answer.OPEN, "0.4", 20, ID), 2)
    assert change.is_news
    assert change.fill is not None
    assert order.state is OrderState.OPEN
    assert order.cancel is CancelState.WANTED
    assert "has turned up at the venue" in change.alarm
    assert list(manager.open) == [NAME]
    assert not manager.done
    assert not any(manager.counts.values())
    assert not order.is_quarantined


@pytest.mark.parametrize("answer", [Answer.FILLED, Answer.CANCELED, Answer.EXPIRED])
def test_an_order_proved_absent_that_turns_out_to_be_over_is_counted_once_and_people_hear_of_it(answer: Answer) -> None:
    manager, order = new_order()
    for before in (Answer.SENT, Answer.OUTCOME_UNKNOWN, Answer.NOT_PLACED):
        manager.apply(order, said(before), 1)
    change = manager.apply(order, said(answer, "1" if answer is Answer.FILLED else "0.4", 20, ID), 2)
    assert change.fill is not None
    assert order.state.name == answer.name
    assert {state: count for state, count in manager.counts.items() if count} == {answer.name: 1}
    assert change.alarm


@pytest.mark.parametrize(("echo", "words"), [
    ({"symbol": "ETHZAR.luno"}, "ETHZAR.luno"), ({"side": Side.SELL}, "SELL"), ({"quantity": Decimal(2)}, "an order for 2"),
])
def test_an_echo_of_another_order_is_a_stranger_that_is_neither_booked_nor_believed(echo: dict[str, object], words: str) -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.SENT), 1)
    change = manager.apply(order, said(Answer.OPEN, "0.4", 10, "STRANGER", **echo), 1)
    assert order.is_quarantined
    assert change.is_news
    assert words in change.alarm
    assert change.fill is None
    assert order.state is OrderState.SENT
    assert order.exact == Totals()


@pytest.mark.parametrize("echo", [{"symbol": "ETHZAR.luno"}, {"side": Side.SELL}, {"quantity": Decimal(2)}])
def test_the_venues_name_of_a_stranger_is_not_taken_for_ours(echo: dict[str, object]) -> None:
    # Else the cancel that follows on a quarantine would cancel somebody else's order.
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, "0", 10, "STRANGER", **echo), 1)
    assert order.venue_order_id == ""


def test_an_echo_of_our_own_order_is_no_stranger() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.OPEN, "0.4", 10, ID, symbol="XBTZAR.luno", side=Side.BUY, quantity=Decimal("1.0")), 1)
    assert not order.is_quarantined
    assert order.state is OrderState.OPEN


def test_an_answer_that_no_table_knows_sets_the_order_apart_once_and_still_books_its_fill() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.REJECTED), 1)
    change = manager.apply(order, said(Answer.OPEN, "0.4", 10), 2)
    assert order.is_quarantined
    assert change.fill is not None
    assert order.exact.filled_quantity == Decimal("0.4")
    again = manager.apply(order, said(Answer.OPEN, "0.4", 10), 3)
    assert not again.is_news


def test_the_venues_name_is_kept_from_the_first_who_tells_it_with_its_time() -> None:
    manager, order = new_order()
    assert manager.apply(order, said(Answer.ACCEPTED, None, 10, ID), 5).is_news
    assert (order.venue_order_id, order.acknowledged_ns) == (ID, 5)
    assert not manager.apply(order, said(Answer.OPEN, "0", 20, ID), 6).is_news
    assert (order.venue_order_id, order.acknowledged_ns) == (ID, 5)


def test_an_order_by_value_is_done_when_the_venue_says_so_and_not_before() -> None:
    manager, order = new_order(None, "1000")
    manager.apply(order, said(Answer.OPEN, "9.9", 10), 1)
    assert order.state is OrderState.OPEN
    manager.apply(order, said(Answer.FILLED, "9.95", 20), 2)
    assert order.state is OrderState.FILLED
    assert order.remaining == 0
    assert not order.is_quarantined


def test_a_wish_to_cancel_is_new_once_and_never_for_an_order_that_is_over() -> None:
    manager, order = new_order()
    assert manager.want_cancel(order)
    assert not manager.want_cancel(order)
    manager.apply(order, said(Answer.CANCELED), 1)
    assert order.cancel is CancelState.NONE
    assert not manager.want_cancel(order)


def test_the_reason_of_the_last_change_is_kept() -> None:
    manager, order = new_order()
    manager.apply(order, said(Answer.REJECTED, reason="not enough ZAR"), 1)
    assert order.reason == "not enough ZAR"


def test_only_the_newest_done_orders_are_kept_but_all_are_counted() -> None:
    manager = OrderManager("naive", keep_done=3)
    for number in range(5):
        manager.add(request(f"abcdef-naive-1-{number}"), Decimal(100), Verdict(False, "no", "no"))
    assert list(manager.done) == ["abcdef-naive-1-2", "abcdef-naive-1-3", "abcdef-naive-1-4"]
    assert manager.counts == {"DENIED": 5}
    assert manager.get("abcdef-naive-1-0") is None


def test_a_flood_of_denials_drives_out_no_order_that_may_yet_be_heard_of() -> None:
    manager = OrderManager("naive", keep_done=2)
    order = manager.add(request("abcdef-naive-1-0"), Decimal(100))
    manager.apply(order, said(Answer.CANCELED), 1)
    for number in range(1, 6):
        manager.add(request(f"abcdef-naive-1-{number}"), Decimal(100), Verdict(False, "no", "no"))
    assert list(manager.done) == ["abcdef-naive-1-0", "abcdef-naive-1-4", "abcdef-naive-1-5"]
    assert manager.apply(order, said(Answer.FILLED, totals("1")), 2).fill is not None


def test_orders_may_be_canceled_while_one_walks_over_them() -> None:
    manager = OrderManager("naive")
    for number in range(3):
        manager.add(request(f"abcdef-naive-1-{number}"), Decimal(100))
    for order in manager:
        update = said(Answer.DENIED)
        manager.apply(order, update, 1)
    assert not list(manager)
    assert len(manager.done) == 3
