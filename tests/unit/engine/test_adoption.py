"""Orders the books do not know: whose they are, what is done about them, and what people are told."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.engine.small_house import HOUSE, SYMBOL, SmallHouse
from trading_system.core.actions import CancelOrder
from trading_system.core.events import WarningEvent
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import OrderAdopted
from trading_system.core.side import Side
from trading_system.engine.recovery import Replay


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


def row(name: str = f"{HOUSE}-naive-abc-1", answer: Answer = Answer.OPEN, filled: str = "0", **changes: Any) -> OrderUpdate:
    """Return a row of the list: a buy of 0.01 at 100."""
    fields: dict[str, Any] = {"symbol": SYMBOL, "side": Side.BUY, "quantity": Decimal("0.01"), "limit": Decimal(100), **changes}
    return OrderUpdate(name, answer, Evidence("list", 1, 2), f"V{name[-1:]}", Totals(Decimal(filled), Decimal(filled) * 100), **fields)


def told(house: SmallHouse) -> list[str]:
    return [event.text for event in house.said(WarningEvent)]


def test_an_order_that_turns_up_on_a_later_list_is_adopted_canceled_and_told_once(house: SmallHouse) -> None:
    house.open_order(venue_order_id="V9")
    left = house.listing(row(filled="0.004"))
    house.listing(row(filled="0.004"))
    assert [type(action) for action in left if type(action) is CancelOrder] == [CancelOrder]
    assert len(house.bodies(OrderAdopted)) == 1
    assert told(house) == [
        f"order {HOUSE}-naive-abc-1 (buy 0.01 XBTZAR.luno at 100 (adopted)) is at the venue and not in the journal, whose end must have been "
        "lost: it belongs to naive again, the 0.004 it has filled are booked, it is being canceled, as nobody remembers why it was placed"]
    assert house.strategy.heard[-2:] == [("fill", Decimal("0.004")), ("order", "OPEN")], "its position changed: it should know"


def test_the_journal_read_again_gives_the_adopted_order_back(house: SmallHouse) -> None:
    house.listing(row(filled="0.004"))
    again = SmallHouse()
    replay = Replay(again.books)
    for record in house.records:
        replay.apply(record)
    replay.finish()
    before, after = (one.desk.orders.get(f"{HOUSE}-naive-abc-1") for one in (house, again))
    assert before is not None
    assert after is not None
    assert (before.request, before.state, before.exact) == (after.request, after.state, after.exact)
    assert after.is_canceling
    assert again.desk.positions.snapshot() == house.desk.positions.snapshot()
    assert again.desk.reservations.held_by(after.client_order_id) == house.desk.reservations.held_by(after.client_order_id)


@pytest.mark.parametrize(("changes", "why"), [
    ({"symbol": "ETHZAR.luno"}, "ETHZAR.luno is nothing that naive trades"),
    ({"symbol": ""}, "its market is nothing that naive trades"),
    ({"side": None}, "its side is not told"),
    ({"quantity": None}, "its quantity is not told"),
    ({"quantity": Decimal("0.00005")}, "its quantity 0.00005 is none that can be ordered"),
    ({"quantity": Decimal("-1")}, "its quantity -1 is none that can be ordered"),
    ({"limit": Decimal("99.5")}, "its price 99.5 is none that can be ordered at"),
    ({"name": f"{HOUSE}-ghost-abc-1"}, "no strategy ghost was ever run here"),
    ({"name": f"{HOUSE}-naive-abc"}, "its name has our prefix and is not one that we give"),
    ({"name": f"{HOUSE}-naive-abc-007"}, "its name has our prefix and is not one that we give"),
])
def test_an_order_of_a_wrong_shape_is_set_apart_untouched_and_buying_waits_until_it_is_gone(
        house: SmallHouse, changes: dict[str, Any], why: str) -> None:
    for _ in range(2):
        assert house.listing(row(**changes)) == []
    assert len(told(house)) == 1
    assert why in told(house)[0]
    assert "Cancel it at luno" in told(house)[0]
    assert not house.bodies(OrderAdopted)
    if changes.get("symbol") != "ETHZAR.luno":
        assert house.buy().state is OrderState.DENIED
    house.listing(is_complete=False)
    assert house.flow.adoption.set_apart, "a list that is not whole says nothing of what is missing"
    house.listing()
    assert "stands at luno no longer" in told(house)[1]
    assert house.buy().state is OrderState.PENDING_NEW


def test_what_is_held_can_be_sold_while_an_order_is_set_apart() -> None:
    house = SmallHouse(capital={"ZAR": Decimal(1000), "XBT": Decimal(1)})
    house.listing(row(f"{HOUSE}-ghost-abc-1"))
    house.tick()
    sold: list[Any] = []
    house.act(lambda: sold.append(house.strategy.sell(SYMBOL, "0.01", limit=100)))
    assert sold[0].state is OrderState.PENDING_NEW


def test_while_an_order_is_set_apart_the_list_is_asked_for_at_every_beat(house: SmallHouse) -> None:
    assert house.beat() == []
    house.listing(row(f"{HOUSE}-ghost-abc-1"))
    assert house.beat(2) != []


def test_an_order_that_the_journal_knows_and_nobody_keeps_any_more_is_not_taken_in_again(house: SmallHouse) -> None:
    house.books.note_number(f"{HOUSE}-naive-abc-3")
    house.listing(row(f"{HOUSE}-naive-abc-2", filled="0.004"), row(f"{HOUSE}-naive-abc-4"))
    assert [body.request.client_order_id for body in house.bodies(OrderAdopted)] == [f"{HOUSE}-naive-abc-4"]


def test_an_order_of_this_run_that_nobody_keeps_any_more_is_not_taken_in_again(house: SmallHouse) -> None:
    order = house.open_order()
    house.hear(order, Answer.FILLED, "0.01")
    house.desk.orders.done.clear()
    house.listing(row(order.client_order_id, filled="0.01"))
    assert not house.bodies(OrderAdopted)
    assert house.desk.fills == 1


def test_names_seen_at_the_venue_are_never_given_again(house: SmallHouse) -> None:
    run = house.service.name_order("naive").split("-")[2]
    house.listing(row(f"{HOUSE}-naive-{run}-5"), row(f"{HOUSE}-naive-{run}-6"))
    assert len(house.bodies(OrderAdopted)) == 2
    later = house.buy().client_order_id.split("-")
    assert int(later[2], 36) == int(run, 36) + 1
    assert house.service.has_named(f"{HOUSE}-naive-{run}-1")
    assert not house.service.has_named(f"{HOUSE}-naive-{run}-5")


def test_an_unknown_order_that_is_over_and_filled_nothing_changes_nothing(house: SmallHouse) -> None:
    house.listing(row(answer=Answer.CANCELED))
    assert not house.bodies(OrderAdopted)
    assert told(house) == []


def test_strangers_orders_are_counted_by_market_told_once_and_left_alone(house: SmallHouse) -> None:
    def theirs(number: int, symbol: str) -> OrderUpdate:
        return OrderUpdate("", Answer.OPEN, Evidence("list", 1, 2), f"S{number}", symbol=symbol)
    rows = [theirs(1, SYMBOL), theirs(2, SYMBOL), theirs(3, "ETHZAR.luno")]
    assert house.listing(*rows) == []
    assert house.listing(*rows) == []
    house.listing(*rows, theirs(4, SYMBOL))
    assert told(house) == ["3 open orders are at luno not ours and left alone: 1 of ETHZAR.luno, 2 of XBTZAR.luno",
                           "one open order is at luno not ours and left alone: 1 of XBTZAR.luno"]
