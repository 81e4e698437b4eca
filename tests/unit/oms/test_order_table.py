"""Every cell of an order's life: what is known, what is wanted, what is heard, and what must be known then.

The table below is written from the design's section on an order's life, not from the code: `.` changes nothing, `!` sets the order apart.
"""

import itertools
from decimal import Decimal

import msgspec
import pytest

from tests.unit.oms.order_stories import ID, new_order, request, said, totals
from trading_system.core.order import CancelState, OrderState
from trading_system.core.order_update import Answer, OrderUpdate, Totals
from trading_system.oms.order_manager import Change, OrderManager

# Before it is done, whatever the venue itself shows is believed. Only what left may be doubted, refused, proved absent or lost; only what
# did not reach the venue may be denied, and our own lane may say so after its deadline. What is in the book does not go back to waiting, and "not found" is evidence, never a state.
# What is over stays over, except for a fill that came late and for an order that was proved absent and turns up.
TABLE = """
             SENT DENIED ACCEPTED WAITING OPEN FILLED CANCELED EXPIRED REJECTED OUTCOME_UNKNOWN NOT_FOUND NOT_PLACED LOST
PENDING_NEW  SENT DENIED OPEN     WAITING OPEN FILLED CANCELED EXPIRED REJECTED UNKNOWN         .         !          !
SENT         .    DENIED OPEN     WAITING OPEN FILLED CANCELED EXPIRED REJECTED UNKNOWN         .         NOT_PLACED LOST
UNKNOWN      .    DENIED OPEN     WAITING OPEN FILLED CANCELED EXPIRED REJECTED .               .         NOT_PLACED LOST
LOST         .    DENIED OPEN     WAITING OPEN FILLED CANCELED EXPIRED REJECTED .               .         NOT_PLACED .
WAITING      .    !      .        .       OPEN FILLED CANCELED EXPIRED !        .               .         !          !
OPEN         .    !      .        .       .    FILLED CANCELED EXPIRED !        .               .         !          !
FILLED       .    !      .        .       .    .      .        .       !        .               .         !          !
CANCELED     .    !      .        .       .    FILLED .        .       !        .               .         !          !
EXPIRED      .    !      .        .       .    FILLED .        .       !        .               .         !          !
REJECTED     .    !      !        !       !    !      !        !       .        .               .         !          !
DENIED       .    .      !        !       !    !      !        !       !        .               .         !          !
NOT_PLACED   .    !      OPEN     WAITING OPEN FILLED CANCELED EXPIRED .        .               .         .          !
"""

WAY_TO = {
    "PENDING_NEW": [], "SENT": ["SENT"], "UNKNOWN": ["SENT", "OUTCOME_UNKNOWN"], "LOST": ["SENT", "OUTCOME_UNKNOWN", "LOST"],
    "WAITING": ["SENT", "WAITING"], "OPEN": ["SENT", "ACCEPTED"], "FILLED": ["SENT", "OPEN", "FILLED"], "CANCELED": ["SENT", "OPEN", "CANCELED"],
    "EXPIRED": ["SENT", "EXPIRED"], "REJECTED": ["SENT", "REJECTED"], "DENIED": ["DENIED"],
    "NOT_PLACED": ["SENT", "OUTCOME_UNKNOWN", "NOT_PLACED"],
}

# The wish to cancel, once there is one, is never forgotten before the order is over: an accepted cancel is under way until the order itself
# is heard of; one that was refused or got no answer proves nothing, so the order is asked for and the cancel may have to be sent again.
WISHES = {
    (wish, answer): "NONE" if wish == "NONE" else "SENT" if answer == "CANCEL_ACCEPTED" else "UNKNOWN"
    for wish in ("NONE", "WANTED", "SENT", "UNKNOWN") for answer in ("CANCEL_ACCEPTED", "CANCEL_REFUSED", "CANCEL_UNKNOWN")
}


def cells() -> list[tuple[str, str, str]]:
    header, *rows = TABLE.strip("\n").splitlines()
    return [(row.split()[0], answer, cell) for row in rows for answer, cell in zip(header.split(), row.split()[1:], strict=True)]


def at(state: str, wish: str = "NONE") -> tuple[OrderManager, object]:
    """Return an order that came to `state` by true answers, with that wish to cancel (a done order wants nothing)."""
    manager, order = new_order()
    *before, last = [*WAY_TO[state]] or [""]
    for answer in before:
        manager.apply(order, said(Answer[answer]), 1)
    if wish != "NONE":
        assert manager.want_cancel(order)
    if wish in ("SENT", "UNKNOWN"):
        manager.apply(order, said(Answer.CANCEL_ACCEPTED), 1)
    if wish == "UNKNOWN":
        manager.apply(order, said(Answer.CANCEL_UNKNOWN), 1)
    if last:
        manager.apply(order, said(Answer[last]), 1)
    assert order.state.name == state
    assert order.cancel.name == ("NONE" if order.is_done else wish)
    assert not order.is_quarantined
    return manager, order


def test_the_table_above_has_a_cell_for_every_state_and_every_answer_about_the_order() -> None:
    about_orders = [answer.name for answer in Answer if not answer.name.startswith("CANCEL_")]
    assert {(state, answer) for state, answer, _ in cells()} == set(itertools.product((state.name for state in OrderState), about_orders))
    assert set(WISHES) == set(itertools.product((wish.name for wish in CancelState), (a.name for a in Answer if a.name.startswith("CANCEL_"))))


@pytest.mark.parametrize("wish", [wish.name for wish in CancelState])
@pytest.mark.parametrize(("state", "answer", "cell"), cells())
def test_what_is_heard_of_an_order_leads_where_the_design_says(state: str, wish: str, answer: str, cell: str) -> None:
    manager, order = at(state, wish)
    wish = order.cancel.name
    change = manager.apply(order, said(Answer[answer]), 2)
    expected = state if cell in ".!" else cell
    assert order.state.name == expected
    assert order.is_quarantined is (cell == "!")
    if (state, cell) not in (("CANCELED", "FILLED"), ("EXPIRED", "FILLED")):          # a late fill may be told to people
        assert bool(change.alarm) is (cell == "!" or (state == "NOT_PLACED" and cell in ("OPEN", "WAITING", "FILLED", "CANCELED", "EXPIRED")))
    assert change.is_news is (cell != ".")
    assert change.fill is None
    assert (order.client_order_id in manager.open) is (not OrderState[expected].is_done)
    assert (order.client_order_id in manager.done) is OrderState[expected].is_done
    if OrderState[expected].is_done:
        assert order.cancel is CancelState.NONE
    elif state == "NOT_PLACED":
        assert order.cancel is CancelState.WANTED
    else:
        assert order.cancel.name == wish


@pytest.mark.parametrize(("wish", "answer"), list(WISHES))
@pytest.mark.parametrize("state", list(WAY_TO))
def test_an_answer_to_a_cancel_changes_the_wish_and_never_the_order(state: str, wish: str, answer: str) -> None:
    manager, order = at(state, wish)
    before = order.cancel.name
    change = manager.apply(order, said(Answer[answer]), 2)
    assert order.state.name == state
    assert order.cancel.name == (before if order.is_done else WISHES[before, answer])
    assert change.is_news is (order.cancel.name != before)
    assert not order.is_quarantined
    assert not change.alarm


@pytest.mark.parametrize("story", [("SENT", "OUTCOME_UNKNOWN", "DENIED"), ("SENT", "DENIED", "OUTCOME_UNKNOWN")])
def test_an_order_that_the_last_door_held_back_after_its_deadline_is_denied_and_not_set_apart(story: tuple[str, ...]) -> None:
    # The lane's deadline passes (a suspended machine is enough), then the guard finds the order stale and never sends it: proof from our own lane.
    manager, order = new_order()
    for answer in story:
        manager.apply(order, said(Answer[answer]), 1)
    assert not order.is_quarantined
    assert order.state is OrderState.DENIED


@pytest.mark.parametrize("over", [Answer.CANCELED, Answer.EXPIRED])
def test_an_order_that_was_over_and_turns_out_to_be_filled_wholly_may_be_heard_of_twice(over: Answer) -> None:
    manager, order = new_order()
    manager.apply(order, said(over, "0.4", 10), 1)
    late = said(over, "1", 20)
    manager.apply(order, late, 2)
    assert order.state is OrderState.FILLED
    change = manager.apply(order, late, 3)
    assert change == Change(order), "the same answer twice changes nothing the second time"
    assert not order.is_quarantined


# Histories that a venue may truthfully tell, each answer with the moment it was asked.

STORIES: dict[str, list[OrderUpdate]] = {
    "a resting order that fills in parts": [
        said(Answer.ACCEPTED, None, 10, ID), said(Answer.OPEN, "0", 20, ID), said(Answer.OPEN, totals("0.4", XBT="0.001"), 30, ID),
        said(Answer.OPEN, totals("0.7", XBT="0.002"), 40, ID), said(Answer.FILLED, totals("1", XBT="0.003"), 50, ID)],
    "a partly filled order that is canceled": [
        said(Answer.ACCEPTED, None, 10, ID), said(Answer.OPEN, "0.3", 20, ID), said(Answer.CANCEL_ACCEPTED, None, 30),
        said(Answer.OPEN, "0.5", 40, ID), said(Answer.CANCELED, "0.5", 50, ID)],
    "a lost reply, found by asking, its fees told late": [
        said(Answer.OUTCOME_UNKNOWN, None, 10), said(Answer.NOT_FOUND, None, 20), said(Answer.OPEN, "0.2", 30, ID),
        said(Answer.CANCELED, "0.2", 40, ID), said(Answer.CANCELED, totals("0.2", XBT="0.0001"), 50, ID)],
    "an order for what can be had at once": [said(Answer.ACCEPTED, None, 10, ID), said(Answer.EXPIRED, totals("0.7", ZAR="7"), 20, ID)],
    "a stop order that is touched": [
        said(Answer.WAITING, "0", 10, ID), said(Answer.WAITING, "0", 20, ID), said(Answer.OPEN, "0.1", 30, ID), said(Answer.FILLED, "1", 40, ID)],
    "a fill that is told after the cancel": [
        said(Answer.OPEN, "0.2", 10, ID), said(Answer.CANCELED, "0.2", 20, ID), said(Answer.CANCELED, "0.6", 30, ID)],
    "a fill after the cancel that completes it": [
        said(Answer.OPEN, "0.2", 10, ID), said(Answer.CANCELED, "0.2", 20, ID), said(Answer.FILLED, "1", 30, ID)],
    "a refusal that comes after the deadline": [said(Answer.OUTCOME_UNKNOWN, None, 10), said(Answer.REJECTED, None, 11)],
    "an order that stays open": [
        said(Answer.ACCEPTED, None, 10, ID), said(Answer.OPEN, "0", 20, ID), said(Answer.OPEN, "0.3", 30, ID), said(Answer.NOT_FOUND, None, 40)],
}


def tell(history: tuple[OrderUpdate, ...], is_wanted: bool) -> tuple[object, ...]:
    """Return how an order ends when this is heard of it, and what its fills add up to."""
    manager, order = new_order()
    if is_wanted:
        manager.want_cancel(order)
    booked = Totals()
    for now_ns, update in enumerate(history):
        before = order.exact
        change = manager.apply(order, update, now_ns)
        assert order.exact.filled_quantity >= before.filled_quantity, "filled totals never go back"
        if change.fill is not None:
            fees = {name: booked.fees.get(name, 0) + change.fill.exact.fees.get(name, 0) for name in booked.fees.keys() | change.fill.exact.fees}
            booked = Totals(booked.filled_quantity + change.fill.exact.quantity, booked.filled_value + change.fill.exact.value, fees)
    assert booked == order.exact, "what was booked adds up to what the venue told"
    counts = {state: count for state, count in manager.counts.items() if count}
    return order.state.name, order.exact, order.venue_order_id, order.is_quarantined, counts, list(manager.open), list(manager.done)


@pytest.mark.parametrize("title", list(STORIES))
def test_in_whatever_order_and_however_often_a_true_history_is_told_it_ends_the_same(title: str) -> None:
    story = STORIES[title]
    is_wanted = any(update.answer is Answer.CANCEL_ACCEPTED for update in story)
    expected = tell(tuple(story), is_wanted)
    assert not expected[3]
    last = max(story, key=lambda update: update.evidence.asked_ns)
    if last.totals is not None:
        assert expected[1] == last.totals
    for repeated in [[], *([update] for update in story)]:
        for history in itertools.permutations([*story, *repeated]):
            assert tell(history, is_wanted) == expected, [(update.answer.name, update.evidence.asked_ns) for update in history]


def test_a_stop_order_that_was_accepted_first_is_known_to_wait() -> None:
    # ACCEPTED says that the venue took it and nothing more; which of the two is heard first must not matter.
    story = (said(Answer.ACCEPTED, None, 10, ID), said(Answer.WAITING, "0", 20, ID))
    for answers in (story, story[::-1]):
        manager = OrderManager("naive")
        order = manager.add(msgspec.structs.replace(request(), stop=Decimal(101)), Decimal(100))
        for answer in answers:
            manager.apply(order, answer, 1)
        assert order.state is OrderState.WAITING
