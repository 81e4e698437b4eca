"""Starting is recovering: the journal read again gives the same books, and what was on its way is asked for first."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.engine.small_house import HOUSE, SYMBOL, QuietStrategy, SmallHouse, instrument
from trading_system.core.actions import CancelOrder, LookUpOrders
from trading_system.core.events import OrderEvent
from trading_system.core.order import CancelState, Order, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderSent, Record, RunStarted, StateSaved, StrategyStarted
from trading_system.engine.recovery import Past, Replay

FEE = instrument(taker_fee=Decimal("0.001"))


def started(capital: str = "1000000", epoch: int = 1, symbols: tuple[str, ...] = (SYMBOL,), **more: str) -> Record:
    money = {"ZAR": Decimal(capital), **{currency: Decimal(amount) for currency, amount in more.items()}}
    return Record(epoch, RunStarted(epoch, epoch, HOUSE, "simulate", "0", "hash", {"naive": StrategyStarted(symbols, money, "ZAR")}))


def journal_of(house: SmallHouse) -> list[Record]:
    """Return what the journal would hold: the records with an OrderSent behind every order that left."""
    left = {action.request.client_order_id for action in house.actions if hasattr(action, "request") and action.request}
    records = [started()]
    for record in house.records:
        records.append(record)
        if isinstance(record.body, OrderEvent) and record.body.request.client_order_id in left:
            records.append(Record(record.taken_ns, OrderSent(record.body.request.client_order_id)))
    return records


def replayed(records: list[Record]) -> tuple[SmallHouse, Replay]:
    """Return a fresh house to which the records were applied."""
    house = SmallHouse(instruments=(FEE,), capital={})
    replay = Replay(house.books)
    for record in records:
        replay.apply(record)
    replay.finish()
    return house, replay


def picture(house: SmallHouse) -> dict[str, Any]:
    """Return all that must be the same after a restart."""
    def one(order: Order) -> tuple[Any, ...]:
        return order.request, order.state, order.exact, order.venue_order_id, order.is_quarantined
    desk = house.desk
    return {
        "open": [one(order) for order in desk.orders], "done": [one(order) for order in desk.orders.done.values()],
        "counts": {state: count for state, count in desk.orders.counts.items() if count},
        "ledger": desk.positions.snapshot(), "fills": desk.fills,
        "held": {order.client_order_id: desk.reservations.held_by(order.client_order_id) for order in desk.orders},
        "reserved": desk.reservations.reserved("ZAR"), "buying": desk.reservations.buying(SYMBOL),
    }


@pytest.fixture
def lived() -> SmallHouse:
    """A house in which about everything happened once."""
    house = SmallHouse(instruments=(FEE,))
    filled = house.open_order("0.02", venue_order_id="V1")
    house.pass_seconds(1)
    house.hear(filled, Answer.OPEN, "0.01", fees={"XBT": "0.00001"})
    house.hear(filled, Answer.FILLED, "0.02", fees={"XBT": "0.00002"})
    partly = house.open_order("0.03", venue_order_id="V2")
    house.hear(partly, Answer.OPEN, "0.01")
    canceled = house.open_order("0.01", venue_order_id="V3")
    house.act(lambda: house.strategy.cancel(canceled))
    house.hear(canceled, Answer.CANCEL_ACCEPTED)
    house.hear(canceled, Answer.CANCELED, "0.004", fees={"ZAR": "1"})
    doubted = house.buy("0.01")
    house.hear(doubted, Answer.SENT)
    house.hear(doubted, Answer.OUTCOME_UNKNOWN)
    house.buy("1000000")
    refused = house.buy("0.01")
    house.hear(refused, Answer.SENT)
    house.hear(refused, Answer.REJECTED, reason="no")
    house.hear(refused, Answer.REJECTED, reason="no")
    return house


def test_the_journal_read_again_gives_the_same_books(lived: SmallHouse) -> None:
    assert picture(replayed(journal_of(lived))[0]) == picture(lived)


def test_read_twice_it_gives_the_same_books_twice(lived: SmallHouse) -> None:
    records = journal_of(lived)
    assert picture(replayed(records)[0]) == picture(replayed(records)[0])


def test_replay_calls_no_hook_and_lets_nothing_leave(lived: SmallHouse) -> None:
    house, _ = replayed(journal_of(lived))
    assert house.strategy.heard == []
    assert house.actions == []
    assert house.records == []
    assert not house.consequences


def test_a_fill_is_booked_once_when_the_venue_tells_it_again_after_the_restart(lived: SmallHouse) -> None:
    house, _ = replayed(journal_of(lived))
    before = picture(house)
    partly = next(order for order in house.desk.orders if order.venue_order_id == "V2")
    house.pass_seconds(100)
    house.hear(partly, Answer.OPEN, "0.01", venue_order_id="V2")
    assert picture(house) == before
    house.hear(partly, Answer.FILLED, "0.03", venue_order_id="V2")
    assert house.desk.fills == lived.desk.fills + 1


def test_an_order_that_was_never_sent_is_denied() -> None:
    lived = SmallHouse(instruments=(FEE,))
    order = lived.buy()
    house, _ = replayed([started(), *lived.records])
    found = house.desk.orders.get(order.client_order_id)
    assert found is not None
    assert found.state is OrderState.PENDING_NEW
    assert house.desk.reservations.count == 1
    assert house.act(lambda: house.engine.act(house.flow.after_replay())) == []
    assert found.state is OrderState.DENIED
    assert found.reason == "the program ended before it was sent"
    assert house.desk.reservations.count == 0
    assert not house.flow.is_asking


def test_an_order_that_was_on_its_way_is_in_doubt_and_asked_for_and_never_sent_again() -> None:
    lived = SmallHouse(instruments=(FEE,))
    order = lived.buy()
    house, _ = replayed(journal_of(lived))
    left = house.act(lambda: house.engine.act(house.flow.after_replay()))
    found = house.desk.orders.get(order.client_order_id)
    assert found is not None
    assert found.state is OrderState.UNKNOWN
    assert house.desk.reservations.count == 1
    assert left == [LookUpOrders("luno", order.request, "", True)]
    assert house.flow.is_reconciling
    house.hear(found, Answer.NOT_FOUND)
    assert not house.flow.is_reconciling, "it was asked about once: the strategies may start"
    assert house.flow.is_asking, "it is in doubt all the same"


def test_an_order_that_was_open_is_looked_up_by_its_venues_name(lived: SmallHouse) -> None:
    house, _ = replayed(journal_of(lived))
    left = house.act(lambda: house.engine.act(house.flow.after_replay()))
    assert [(action.venue_order_id, action.is_doubtful) for action in left if isinstance(action, LookUpOrders)] == [
        ("V2", False), ("", True)]


def test_a_cancel_that_was_wanted_before_the_end_is_sent_when_the_order_is_heard_of() -> None:
    lived = SmallHouse(instruments=(FEE,))
    order = lived.open_order(venue_order_id="V1")
    lived.act(lambda: lived.strategy.cancel(order))
    house, _ = replayed(journal_of(lived))
    (found,) = house.desk.orders
    assert found.cancel is CancelState.WANTED
    house.act(lambda: house.engine.act(house.flow.after_replay()))
    assert house.hear(found, Answer.OPEN, "0", venue_order_id="V1") == [CancelOrder(found.request, "V1")]


def test_the_same_capital_at_the_next_run_is_no_deposit() -> None:
    house, _ = replayed([started("1000", 1), started("1000", 2)])
    assert house.desk.positions.capital["ZAR"] == 1000


@pytest.mark.parametrize("later", ["1500", "400"])
def test_capital_that_was_changed_between_runs_is_a_deposit_or_a_withdrawal(later: str) -> None:
    house, replay = replayed([started("1000", 1), started(later, 2)])
    assert house.desk.positions.capital["ZAR"] == Decimal(later)
    assert house.desk.positions.cash["ZAR"] == Decimal(later)
    assert replay.capital["naive"] == {"ZAR": Decimal(later)}


def test_a_currency_that_is_no_longer_given_is_withdrawn() -> None:
    house, _ = replayed([started("1000", 1, XBT="2"), started("1000", 2)])
    assert house.desk.positions.holdings("XBT") == 0


def test_the_last_state_of_a_strategy_is_given_back() -> None:
    _, replay = replayed([started(), Record(2, StateSaved("naive", b"old")), Record(3, StateSaved("naive", b"new"))])
    assert replay.states == {"naive": b"new"}


def test_a_second_run_never_repeats_an_orders_name() -> None:
    lived = SmallHouse()
    first = lived.buy().client_order_id
    lived.runtime.advance(10**9)
    again = SmallHouse(runtime=lived.runtime)
    second = again.buy().client_order_id
    assert second != first
    assert lived.service.is_of_this_run(first)
    assert again.service.is_of_this_run(second)
    assert not again.service.is_of_this_run(first), "an order of an earlier run may not leave"
    assert not again.service.is_of_this_run("strange-naive-1-1")
    assert not again.service.is_of_this_run("anything")


def test_what_must_be_known_of_earlier_runs_is_that_of_the_last_with_all_strategies_ever() -> None:
    other = Record(5, RunStarted(2, 50, HOUSE, "simulate", "0", "hash", {"other": StrategyStarted((SYMBOL,), {}, "ZAR")}))
    past = Past.of([started(), other])
    assert (past.epoch, past.started_ns, past.house) == (2, 50, HOUSE)
    assert list(past.strategies) == ["naive", "other"]
    assert Past.of([]) == Past()
    assert Past().strategies == {}


def test_a_new_house_is_not_taught_by_another_ones_past() -> None:
    Past.of([started()])
    assert Past.of([]).strategies == {}


def test_a_quiet_strategy_really_hears(lived: SmallHouse) -> None:
    assert isinstance(lived.strategy, QuietStrategy)
    assert lived.strategy.heard


def test_the_last_number_of_each_run_is_known_again(lived: SmallHouse) -> None:
    house, _ = replayed(journal_of(lived))
    first = next(iter(lived.desk.orders.done))
    run = first.rpartition("-")[0]
    assert house.books.is_known(first)
    assert house.books.numbers == {run: 6}
    assert not house.books.is_known(f"{run}-7")
    assert not house.books.is_known(f"{HOUSE}-naive-abc-1")
