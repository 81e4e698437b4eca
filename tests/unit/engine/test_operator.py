"""People say what became of an order that nobody else can know of: only while it is in doubt, only what adds up, journaled with their name."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.engine.small_house import SYMBOL, SmallHouse
from tests.unit.engine.test_recovery import journal_of, picture, replayed
from trading_system.core.events import CommandEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import Record
from trading_system.engine.operator import Operator, Wish, command_of


class Doubtful:
    """A house with one order whose outcome is unknown."""

    def __init__(self) -> None:
        self.house = SmallHouse()
        self.order: Order = self.house.buy("0.01", 100)
        self.house.hear(self.order, Answer.SENT)
        self.house.hear(self.order, Answer.OUTCOME_UNKNOWN)

    def settle(self, outcome: str, **more: Any) -> None:
        """Let an operator settle it, wholly as beside a running house."""
        wish = Wish("settle", "ann", "the venue's page", order=self.order.client_order_id, **{"outcome": outcome, **more})
        self.house.tell(command_of(wish, self.house.books, self.house.clock.now_ns))


@pytest.fixture
def doubtful() -> Doubtful:
    return Doubtful()


def test_an_order_that_was_not_placed_gives_its_funds_back(doubtful: Doubtful) -> None:
    desk = doubtful.house.desk
    assert desk.reservations.reserved("ZAR") == 1
    doubtful.settle("not-placed")
    assert doubtful.order.state is OrderState.NOT_PLACED
    assert doubtful.order.reason == "settled by ann: the venue's page"
    assert desk.reservations.reserved("ZAR") == 0
    assert not len(doubtful.house.doubts)


def test_a_fill_is_booked_with_its_fees(doubtful: Doubtful) -> None:
    doubtful.settle("filled", filled="0.01", value="0.99", fees=["0.00001 XBT"])
    assert doubtful.order.state is OrderState.FILLED
    position = doubtful.house.desk.positions.positions[SYMBOL]
    assert position.exact.quantity == Decimal("0.00999")
    assert doubtful.house.desk.reservations.reserved("ZAR") == 0


def test_a_canceled_order_keeps_what_was_filled_of_it(doubtful: Doubtful) -> None:
    doubtful.settle("canceled", filled="0.004", value="0.4")
    assert (doubtful.order.state, doubtful.order.exact.filled_quantity) == (OrderState.CANCELED, Decimal("0.004"))


def test_the_journal_keeps_who_settled_it_and_a_start_comes_to_the_same(doubtful: Doubtful) -> None:
    doubtful.settle("filled", filled="0.01", value="0.99")
    command = next(record.body for record in doubtful.house.records if isinstance(record.body, CommandEvent))
    assert (command.what, command.by, command.reason, command.strategy) == ("settle", "ann", "the venue's page", "naive")
    again, _ = replayed(journal_of(doubtful.house))
    assert picture(again) == picture(doubtful.house)


def test_a_quarantined_order_is_settled_and_stays_so_after_a_restart() -> None:
    house = SmallHouse()
    order = house.buy("0.01", 100)
    house.hear(order, Answer.SENT)
    house.hear(order, Answer.OPEN, "0.02")
    assert order.is_quarantined
    house.tell(command_of(Wish("settle", "ann", "seen", order=order.client_order_id, outcome="canceled"), house.books, 1))
    assert not order.is_quarantined
    again, _ = replayed(journal_of(house))
    assert not next(iter(again.desk.orders.done.values())).is_quarantined


def test_an_order_that_was_heard_of_meanwhile_is_left_as_it_is(doubtful: Doubtful) -> None:
    wish = Wish("settle", "ann", "seen", order=doubtful.order.client_order_id, outcome="not-placed")
    command = command_of(wish, doubtful.house.books, 1)
    doubtful.house.hear(doubtful.order, Answer.OPEN)
    doubtful.house.tell(command)
    assert doubtful.order.state is OrderState.OPEN
    assert not doubtful.order.is_quarantined


@pytest.mark.parametrize(("wish", "sentence"), [
    ({"by": " "}, "say who wants it"),
    ({"reason": ""}, "say how you know"),
    ({"order": "abcdef-naive-1-99"}, "there is no order"),
    ({"outcome": "filled"}, "say what was filled"),
    ({"outcome": "filled", "filled": "0.005", "value": "0.5"}, "its outcome is 'canceled'"),
    ({"outcome": "filled", "filled": "0.02", "value": "2"}, "more than that"),
    ({"outcome": "filled", "filled": "0.01"}, "--value '' is not a number"),
    ({"outcome": "filled", "filled": "0.01", "value": "0"}, "both above zero"),
    ({"outcome": "filled", "filled": "-1", "value": "1"}, "is not an amount"),
    ({"outcome": "filled", "filled": "NaN", "value": "1"}, "is not an amount"),
    ({"outcome": "filled", "filled": "0.01", "value": "1", "fees": ["5"]}, "write an amount and a currency"),
    ({"outcome": "canceled", "fees": ["5 ZAR"]}, "goes with --filled"),
    ({"outcome": "not-placed", "filled": "0.01", "value": "1"}, "has no fills"),
])
def test_what_does_not_add_up_is_refused_with_a_sentence_and_nothing_is_changed(doubtful: Doubtful, wish: dict[str, Any], sentence: str) -> None:
    fields = {"what": "settle", "by": "ann", "reason": "seen", "order": doubtful.order.client_order_id, **wish}
    with pytest.raises(ValueError, match=sentence):
        command_of(Wish(**fields), doubtful.house.books, 1)
    assert doubtful.order.state is OrderState.UNKNOWN


def test_an_order_on_its_way_is_asked_for_first() -> None:
    house = SmallHouse()
    order = house.buy("0.01", 100)
    house.hear(order, Answer.SENT)
    with pytest.raises(ValueError, match="is SENT: a house that runs, or starts, asks the venue about it"):
        command_of(Wish("settle", "ann", "seen", order=order.client_order_id), house.books, 1)


def test_an_order_that_is_known_cannot_be_settled() -> None:
    house = SmallHouse()
    order = house.buy("0.01", 100)
    house.hear(order, Answer.OPEN)
    with pytest.raises(ValueError, match="is OPEN: nothing about it is in doubt"):
        command_of(Wish("settle", "ann", "seen", order=order.client_order_id), house.books, 1)


@pytest.mark.parametrize(("what", "is_paused", "said"), [("pause", True, "naive: paused"), ("resume", False, "naive: running")])
def test_a_wish_is_laid_and_what_came_of_it_is_said(what: str, is_paused: bool, said: str) -> None:
    house = SmallHouse()
    laid: list[Any] = []

    def lay(command: CommandEvent) -> None:
        laid.append(command)
        house.tell(command)
    house.desk.is_paused = not is_paused
    assert Operator(house.runtime, house.books, lay).obey(Wish(what, "ann", "lunch", "naive")) == said      # type: ignore[arg-type]
    assert house.desk.is_paused is is_paused
    assert laid == [CommandEvent(what, "ann", "lunch", "naive")]
    assert Record(house.clock.now_ns, laid[0]) in house.records


def test_a_house_that_does_not_react_is_not_waited_for_without_end() -> None:
    house = SmallHouse()
    assert "has not answered yet" in Operator(house.runtime, house.books, lambda command: None).obey(Wish("pause", "ann"))


def test_a_strategy_that_is_not_there_is_named() -> None:
    house = SmallHouse()
    with pytest.raises(ValueError, match="there is no strategy 'other'; there are naive"):
        command_of(Wish("pause", "ann", strategy="other"), house.books, 1)
