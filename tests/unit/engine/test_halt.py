"""While the journal cannot write no strategy is called; what was paused by that alone goes on by itself, everything else stays."""

from typing import Any

import pytest

from tests.unit.engine.small_house import QuietStrategy, SmallHouse
from trading_system.core.actions import CancelOrder
from trading_system.core.events import CommandEvent, ConnectionEvent, FillEvent, WarningEvent
from trading_system.core.order_update import Answer

WHY = "the journal cannot write (No space left on device)"
HALT, REARM = CommandEvent("halt", "journal", WHY), CommandEvent("rearm", "journal", "it can again")


class Ticks(QuietStrategy):
    """Counts ticks, and hears of connections."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0

    def on_tick(self, tick: Any) -> None:
        self.ticks += 1

    def on_connection(self, broker: str, is_up: bool) -> None:
        self.heard.append(("connection", is_up))


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse({"naive": Ticks(), "other": Ticks()})


def heard(house: SmallHouse) -> list[tuple[str, Any]]:
    assert isinstance(house.strategy, Ticks)
    return house.strategy.heard


def test_a_halted_house_calls_no_strategy_and_says_afterwards_how_long_it_was(house: SmallHouse) -> None:
    house.tell(HALT)
    house.tick()
    assert isinstance(house.strategy, Ticks)
    assert house.strategy.ticks == 0
    assert [desk.pause_reason for desk in house.desks.values()] == [f"halted: {WHY}"] * 2
    house.pass_seconds(12)
    house.tell(REARM)
    (warning,) = house.said(WarningEvent)
    assert warning.text == f"the house was halted for 12 s because {WHY}; nothing was lost"
    house.tick()
    assert house.strategy.ticks == 1
    assert [(desk.is_paused, desk.pause_reason) for desk in house.desks.values()] == [(False, "")] * 2


def test_answers_are_booked_meanwhile_and_the_strategy_hears_of_them_afterwards_in_order(house: SmallHouse) -> None:
    house.desk.on_stop = "keep"
    order = house.open_order("0.02")
    before = len(heard(house))
    house.tell(HALT)
    house.hear(order, Answer.OPEN, "0.01")
    house.tell(ConnectionEvent("luno", "market_data", False))
    house.hear(order, Answer.FILLED, "0.02")
    assert order.exact.filled_quantity
    assert house.desk.fills == 2
    assert len(house.said(FillEvent)) == 2
    assert heard(house)[before:] == []
    house.tell(REARM)
    assert [what for what, _ in heard(house)[before:]] == ["fill", "order", "connection", "fill", "order"]
    house.tell(HALT)
    house.tell(REARM)
    assert len(heard(house)) == before + 5, "nothing is heard twice"


@pytest.mark.parametrize(("policy", "count"), [("cancel", 1), ("keep", 0)])
def test_orders_are_canceled_where_that_is_the_policy(house: SmallHouse, policy: str, count: int) -> None:
    house.desk.on_stop = policy
    house.open_order()
    left = house.tell(HALT)
    assert sum(isinstance(action, CancelOrder) for action in left) == count


def test_who_was_paused_before_stays_paused(house: SmallHouse) -> None:
    house.tell(CommandEvent("pause", "operator", "lunch", "naive"))
    house.tell(HALT)
    house.tell(REARM)
    assert house.desk.pause_reason == "paused: lunch"
    assert not house.desks["other"].is_paused


def test_who_is_paused_by_somebody_during_the_halt_stays_paused_and_hears_nothing_late(house: SmallHouse) -> None:
    order = house.open_order()
    house.tell(HALT)
    house.hear(order, Answer.FILLED, "0.01")
    before = len(heard(house))
    house.tell(CommandEvent("pause", "operator", "dinner", "naive"))
    assert house.desk.pause_reason == "paused: dinner"
    house.tell(REARM)
    assert house.desk.is_paused
    assert len(heard(house)) == before
    assert house.desk.missed == []


def test_a_fault_that_shows_during_the_halt_pauses_for_good(house: SmallHouse) -> None:
    order = house.open_order("0.01")
    house.tell(HALT)
    house.hear(order, Answer.FILLED, "0.05")
    house.tell(REARM)
    assert house.desk.is_paused
    assert "more than was asked for" in house.desk.pause_reason
    assert len(house.errors) == 1


def test_who_is_resumed_during_the_halt_goes_on_when_it_ends(house: SmallHouse) -> None:
    house.tell(CommandEvent("pause", "operator", "lunch", "naive"))
    house.tell(HALT)
    house.tell(CommandEvent("resume", "operator", "", "naive"))
    assert house.desk.pause_reason == f"halted: {WHY}"
    house.tell(REARM)
    assert not house.desk.is_paused


def test_a_strategy_that_breaks_over_what_it_missed_is_paused_and_the_others_go_on(house: SmallHouse) -> None:
    order = house.open_order()
    house.tell(HALT)
    house.hear(order, Answer.FILLED, "0.01")

    def broken(*arguments: Any) -> None:
        raise ValueError("what fill")
    house.desk.hooks["on_fill"] = house.guard.wrap(house.desk, broken)
    house.tell(REARM)
    assert "what fill" in house.desk.pause_reason
    assert not house.desks["other"].is_paused
