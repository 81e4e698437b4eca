"""What a start asks, in which order and how often; and what waits while an answer is missing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.hand_cranked_runtime import SECOND
from tests.unit.engine.small_house import HOUSE, SYMBOL, QuietStrategy, SmallHouse, instrument
from trading_system.core.actions import CancelOrder, LookUpOrders, LookUpTrades
from trading_system.core.events import BalanceEvent, LookUpFailedEvent, OrderUpdateEvent, OwnTradesEvent
from trading_system.core.order import Order, OrderState
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals, VenueTrade
from trading_system.core.records import OrderAdopted
from trading_system.core.side import Side
from trading_system.engine.reconciliation import MARGIN_NS, moments
from trading_system.engine.recovery import Past

LOST_NAME = f"{HOUSE}-naive-abc-7"


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


def begin(house: SmallHouse) -> list[Any]:
    """Start as a run behind another one does; return what is asked first."""
    house.flow.reconciliation.since_ns = {SYMBOL: house.runtime.now_ns() - 100 * SECOND}
    return house.act(lambda: house.engine.act(house.flow.after_replay()))


def trade(name: str, quantity: str, sequence: int = 1, side: Side = Side.BUY, fees: Mapping[str, str] | None = None) -> VenueTrade:
    paid = {currency: Decimal(amount) for currency, amount in (fees or {}).items()}
    return VenueTrade(SYMBOL, sequence, f"V-{name}", name, side, 0, Decimal(quantity), Decimal(quantity) * 100, paid)


def trades(house: SmallHouse, *found: VenueTrade) -> list[Any]:
    return house.tell(OwnTradesEvent("luno", SYMBOL, house.flow.reconciliation.since_ns[SYMBOL], found, house.runtime.now_ns()))


def answer(name: str, state: Answer, filled: str, asked: str = "0.01", **more: Any) -> OrderUpdateEvent:
    totals = Totals(Decimal(filled), Decimal(filled) * 100)
    fields = {"symbol": SYMBOL, "side": Side.BUY, "quantity": Decimal(asked), "limit": Decimal(100), **more}
    return OrderUpdateEvent(OrderUpdate(name, state, Evidence("order", 1, 2), f"V-{name}", totals, **fields))


def held(house: SmallHouse) -> Decimal:
    return house.desk.positions.positions[SYMBOL].exact.quantity


def done_order(house: SmallHouse, filled: str = "0.004") -> Order:
    order = house.open_order()
    house.hear(order, Answer.CANCELED, filled)
    return order


def test_the_list_is_asked_for_first_and_an_order_on_it_is_not_asked_for_by_its_name(house: SmallHouse) -> None:
    listed, missing = house.open_order(venue_order_id="V1"), house.open_order(venue_order_id="V2")
    house.pass_seconds(1)
    assert begin(house) == [LookUpOrders("luno")]
    assert house.act(lambda: house.engine.act(house.flow.ask_again())) == []
    left = house.listing(house.update(listed, Answer.OPEN, "0", venue_order_id="V1"))
    assert left == [LookUpTrades("luno", SYMBOL, house.flow.reconciliation.since_ns[SYMBOL]), LookUpOrders("luno", missing.request, "V2")]
    trades(house)
    assert house.flow.is_reconciling
    house.hear(missing, Answer.CANCELED, "0")
    assert not house.flow.is_reconciling


def test_an_order_in_doubt_is_asked_for_once_behind_the_list_and_then_holds_up_nobody_else(house: SmallHouse) -> None:
    order = house.buy()
    house.hear(order, Answer.SENT)
    assert begin(house) == [LookUpOrders("luno")]
    assert LookUpOrders("luno", order.request, "", True) in house.listing()
    trades(house)
    house.hear(order, Answer.NOT_FOUND)
    assert order.state is OrderState.UNKNOWN
    assert not house.flow.is_reconciling


def test_a_new_state_folder_asks_nobody(house: SmallHouse) -> None:
    assert house.act(lambda: house.engine.act(house.flow.after_replay())) == []
    assert moments(house.books, Past()) == {}


def test_where_the_list_cannot_be_had_orders_are_asked_for_by_name_and_the_list_again(house: SmallHouse) -> None:
    order = house.open_order()
    begin(house)
    house.tell(LookUpFailedEvent("luno", "", "time-out"))
    left = house.act(lambda: house.engine.act(house.flow.ask_again()))
    assert left == [LookUpOrders("luno"), LookUpOrders("luno", order.request, "V1")]
    assert house.flow.is_reconciling


def test_trades_that_cannot_be_had_are_asked_for_again(house: SmallHouse) -> None:
    begin(house)
    asked = house.listing()
    house.tell(LookUpFailedEvent("luno", "", "time-out", SYMBOL))
    assert house.act(lambda: house.engine.act(house.flow.ask_again())) == asked != []
    assert house.flow.is_reconciling


def test_an_order_over_whose_trades_come_to_more_is_looked_up_and_nothing_is_booked_before(house: SmallHouse) -> None:
    order = done_order(house)
    begin(house)
    house.listing()
    assert trades(house, trade(order.client_order_id, "0.004"), trade(order.client_order_id, "0.002", 2)) == [
        LookUpOrders("luno", order.request, "V1")]
    assert held(house) == Decimal("0.004")
    house.hear(order, Answer.CANCELED, "0.006")
    assert held(house) == Decimal("0.006")
    assert not house.flow.is_reconciling


def test_an_order_over_whose_trades_are_all_booked_is_left_alone(house: SmallHouse) -> None:
    order = done_order(house)
    begin(house)
    house.listing()
    assert trades(house, trade(order.client_order_id, "0.004")) == []


def test_an_order_over_whose_fee_was_told_too_late_for_the_run_that_ended_is_looked_up(house: SmallHouse) -> None:
    order = done_order(house)
    begin(house)
    house.listing()
    assert trades(house, trade(order.client_order_id, "0.004", fees={"XBT": "0.00001"})) == [LookUpOrders("luno", order.request, "V1")]


def test_an_order_older_than_the_list_of_trades_is_looked_up_whatever_its_trades_come_to(house: SmallHouse) -> None:
    order = done_order(house)
    house.pass_seconds(101)
    begin(house)
    house.listing()
    assert trades(house, trade(order.client_order_id, "0.004")) != [], "what it traded before may be just as much"


def test_trades_of_strangers_and_of_orders_long_over_are_nobodys_news(house: SmallHouse) -> None:
    house.books.note_number(f"{HOUSE}-naive-abc-9")
    begin(house)
    house.listing()
    assert trades(house, trade("somebody-elses", "1"), trade("", "1"), trade(LOST_NAME, "1")) == []
    assert held(house) == 0


def test_an_unknown_order_among_the_trades_is_looked_up_and_adopted_with_the_totals_it_has(house: SmallHouse) -> None:
    begin(house)
    house.listing()
    left = trades(house, trade(LOST_NAME, "0.003"))
    assert [(action.request.client_order_id, action.venue_order_id) for action in left] == [(LOST_NAME, f"V-{LOST_NAME}")]
    assert house.flow.is_reconciling
    for _ in range(2):
        house.tell(answer(LOST_NAME, Answer.FILLED, "0.01"))
    assert held(house) == Decimal("0.01")
    assert len(house.bodies(OrderAdopted)) == 1
    assert not house.flow.is_reconciling


def test_where_the_venue_has_forgotten_the_order_its_trades_are_what_is_booked(house: SmallHouse) -> None:
    begin(house)
    house.listing()
    trades(house, trade(LOST_NAME, "0.003", fees={"ZAR": "1"}), trade(LOST_NAME, "0.002", 2, fees={"ZAR": "2"}))
    house.tell(OrderUpdateEvent(OrderUpdate(LOST_NAME, Answer.NOT_FOUND, Evidence("order", 1, 2))))
    assert held(house) == Decimal("0.005")
    assert house.desk.positions.fees["ZAR"] == 3
    order = house.desk.orders.get(LOST_NAME)
    assert order is not None
    assert order.state is OrderState.FILLED
    assert not house.flow.is_reconciling


def test_a_look_up_of_an_unknown_order_that_failed_is_repeated(house: SmallHouse) -> None:
    begin(house)
    house.listing()
    asked = trades(house, trade(LOST_NAME, "0.003"))
    house.tell(LookUpFailedEvent("luno", LOST_NAME, "time-out"))
    assert house.act(lambda: house.engine.act(house.flow.ask_again())) == asked


def test_an_order_that_was_adopted_but_never_heard_of_is_asked_for_at_the_next_start(house: SmallHouse) -> None:
    begin(house)
    house.listing(answer(LOST_NAME, Answer.OPEN, "0").update)
    request = house.bodies(OrderAdopted)[0].request
    again = SmallHouse()
    again.books.adopt(request)
    assert again.act(lambda: again.engine.act(again.flow.after_replay())) == [LookUpOrders("luno", request, "", True)]


def test_until_a_broker_has_answered_no_order_leaves_for_it(house: SmallHouse) -> None:
    begin(house)
    order = house.buy()
    assert order.state is OrderState.DENIED
    assert (order.code, order.reason) == ("doubt", "luno was not yet heard of all that an earlier run left there")
    house.listing()
    assert house.buy().state is OrderState.DENIED
    trades(house)
    assert house.buy().state is OrderState.PENDING_NEW


def test_while_an_order_is_in_doubt_its_strategy_orders_nothing_else_on_that_side(house: SmallHouse) -> None:
    house = SmallHouse({"naive": QuietStrategy(), "other": QuietStrategy()}, (instrument(), instrument("ETHZAR.luno")),
                       {"ZAR": Decimal(1_000_000), "XBT": Decimal(1)})
    house.tick()
    house.tick(symbol="ETHZAR.luno")
    doubted = house.buy()
    house.hear(doubted, Answer.SENT)
    assert house.buy().state is OrderState.PENDING_NEW, "an order on its way is in no doubt yet"
    house.hear(doubted, Answer.OUTCOME_UNKNOWN)
    denied = house.buy()
    assert denied.state is OrderState.DENIED
    assert denied.reason == (f"it is not known what became of order {doubted.client_order_id} (buy 0.01 XBTZAR.luno at 100): "
                             "until it is, no other buy of XBTZAR.luno")
    other: list[Order] = []
    house.act(lambda: other.append(house.strategy.sell(SYMBOL, "0.01", limit=100)))
    house.act(lambda: other.append(house.strategy.buy("ETHZAR.luno", "0.01", limit=100)))
    neighbor = house.desks["other"].strategy
    assert neighbor is not None
    house.act(lambda: other.append(neighbor.buy(SYMBOL, "0.01", limit=100)))
    assert [order.state for order in other] == [OrderState.PENDING_NEW] * 3, "only that side of that strategy waits"
    house.pass_seconds(121)
    house.beat()
    assert doubted.state is OrderState.LOST
    assert house.buy().state is OrderState.DENIED
    house.hear(doubted, Answer.CANCELED, "0")
    assert house.buy().state is OrderState.PENDING_NEW


def test_an_order_of_an_earlier_run_that_was_not_heard_of_blocks_its_side_until_it_is(house: SmallHouse) -> None:
    order = house.open_order()
    house.act(lambda: house.engine.act(house.flow.after_replay()))
    assert house.buy().state is OrderState.DENIED
    house.hear(order, Answer.OPEN, "0")
    assert house.buy().state is OrderState.PENDING_NEW


def test_trades_are_asked_for_from_the_last_booked_fill_or_from_where_all_was_known(house: SmallHouse) -> None:
    past = Past(HOUSE, 2, started_ns=9 * SECOND, began_ns=5 * SECOND)
    assert moments(house.books, past) == {SYMBOL: 5 * SECOND - MARGIN_NS}
    done_order(house)
    filled_ns = house.runtime.now_ns()
    house.books.note_account(BalanceEvent("luno", {}, 10 * SECOND, {}, 10 * SECOND))
    assert moments(house.books, past) == {SYMBOL: filled_ns - MARGIN_NS}


def test_an_adopted_order_that_stands_is_canceled_and_reserved_for_until_it_is_over(house: SmallHouse) -> None:
    begin(house)
    left = house.listing(answer(LOST_NAME, Answer.OPEN, "0.004").update)
    order = house.desk.orders.get(LOST_NAME)
    assert order is not None
    assert CancelOrder(order.request, f"V-{LOST_NAME}") in left
    assert held(house) == Decimal("0.004")
    assert house.desk.reservations.held_by(LOST_NAME) == Decimal("0.6")
    house.hear(order, Answer.CANCELED, "0.005")
    assert held(house) == Decimal("0.005")
    assert house.desk.reservations.count == 0
