"""A start finds out what happened while nobody looked: lost journal tails, restored folders, orders and money of other people."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerage.luno_simulator.order import Side as VenueSide
from brokerage.luno_simulator.strangers import trade_with
from tests.system.restarting_house import World
from tests.system.test_hand_cranked_house import SECOND
from trading_system.core.errors import TryAgain
from trading_system.core.events import ACCEPTED, BalanceEvent, CommandEvent, OpenOrdersEvent, OrderEvent
from trading_system.core.order import OrderKind, OrderRequest, OrderState
from trading_system.core.records import OrderAdopted, OrderSent, Record, RunEnded, RunStarted
from trading_system.core.side import Side
from trading_system.storage.journal import Journal

FAR = "far_orders: {instruments: [XBTZAR.luno], capital: {ZAR: 20000}, params: {count: 4, buys_first: yes}}"
WATCH = "far_orders: {file: watcher_strategy.py, instruments: [XBTZAR.luno], capital: {ZAR: 20000}}"
GIVEN = {"ZAR": 20000}
LIST, TRADES, ORDER = "GET /api/exchange/2/listorders", "GET /api/1/listtrades", "GET /api/exchange/3/order"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def lose_the_tail(world: World) -> set[str]:
    """Let a run order and fill, kill it, and put the state folder back as it was before the first order; return what stands."""
    run = world.build(FAR)
    run.start()
    run.trade(0.002)
    restore = world.keep()
    run.trade(6)
    assert run.books.desks["far_orders"].fills == 1
    run.kill()
    restore()
    assert not any(isinstance(body, OrderEvent) for body in world.records()), "there was something in the journal already"
    left = world.open_names()
    assert len(left) == 4
    return left


def held(run: Any) -> Decimal:
    quantity = run.books.desks["far_orders"].positions.positions["XBTZAR.luno"].exact.quantity
    assert isinstance(quantity, Decimal)
    return quantity


def test_orders_and_fills_of_a_lost_journal_tail_are_adopted_booked_and_canceled(world: World) -> None:
    left = lose_the_tail(world)
    run = world.build(WATCH)
    run.start()
    run.trade(3)
    adopted = {body.request.client_order_id for body in world.records() if isinstance(body, OrderAdopted)}
    assert left < adopted
    assert len(adopted) == 5
    assert world.open_names() == set(), "what nobody remembers still stands"
    assert held(run) > 0, "the fill of the lost tail is not in the ledger"
    assert world.differences(run.books, GIVEN) == {}
    assert sum("not in the journal" in text for text in run.warnings) == 5
    run.stop()
    assert run.books.desks["far_orders"].reservations.count == 0


def test_what_was_adopted_is_known_to_every_later_start(world: World) -> None:
    lose_the_tail(world)
    first = world.build(WATCH)
    first.start()
    first.kill()
    second = world.build(WATCH)
    second.start()
    second.trade(3)
    assert sum(isinstance(body, OrderAdopted) for body in world.records()) == 5
    assert world.open_names() == set()
    assert held(second) == held(first)
    assert world.differences(second.books, GIVEN) == {}
    second.stop()


def test_a_run_after_a_lost_tail_repeats_no_name(world: World) -> None:
    lose_the_tail(world)
    before = {order.client_order_id for order in world.exchange.register.newest_first(None)}
    run = world.build(FAR)
    run.start()
    run.trade(5)
    run.stop()
    orders = [order.client_order_id for order in world.exchange.register.newest_first(None)]
    assert len(set(orders)) == len(orders) == len(before) + 5


def test_an_idle_restart_adds_nothing_but_its_own_beginning_and_end(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.stop()
    traded = run.books.desks["far_orders"].positions.snapshot()
    for _ in range(2):
        before = len(world.records())
        again = world.idle_run(WATCH)
        assert [type(body) for body in world.records()[before:]] == [RunStarted, BalanceEvent, CommandEvent, RunEnded]
        assert again.books.desks["far_orders"].positions.snapshot() == traded
        assert again.books.desks["far_orders"].fills == 1
        assert again.warnings == []
        assert not [line for line in again.said if "WARNING" in line]


def test_after_a_kill_the_second_restart_finds_nothing_more_to_do(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.kill()
    pictures = []
    for _ in range(3):
        world.idle_run(WATCH)
        again = world.build(WATCH)
        desk = again.books.desks["far_orders"]
        pictures.append((desk.positions.snapshot(), {state: count for state, count in desk.orders.counts.items() if count}))
        again.kill()
    assert pictures[0] == pictures[1] == pictures[2]


def test_a_start_asks_for_a_list_and_not_for_every_order_on_it(world: World) -> None:
    run = world.build(FAR.replace("count: 4", "count: 12").replace("20000", "200000"))
    run.start()
    run.trade(10)
    run.kill()
    assert len(world.open_names()) == 12
    again = world.build(WATCH.replace("20000", "200000"))
    calls = again.recover()
    assert calls[LIST] == 1
    assert ORDER not in calls, "orders on the list were asked for one by one"
    assert calls[TRADES] == 1
    again.kill()


def test_a_long_list_costs_one_call_a_thousand_orders_and_one_more(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.kill()
    for number in range(1001):
        world.exchange.skip_to(world.exchange.now_ns + 1_000_000)
        world.exchange.place_limit("XRPZAR", VenueSide.BID, Decimal(1), Decimal(1 + number % 7))
    again = world.build(WATCH)
    calls = again.recover()
    assert calls[LIST] <= 3
    assert ORDER not in calls
    assert again.warnings == ["1001 open orders are at luno not ours and left alone: 1001 of XRPZAR.luno"]
    again.kill()
    assert len(world.open_names() - {""}) == 4
    assert sum(order.client_order_id == "" for order in world.exchange.register.open_orders()) == 1001


def test_an_order_filled_while_nobody_looked_is_looked_up_and_booked_once(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.kill()
    name = sorted(world.open_names())[0]
    order = next(order for order in world.exchange.register.open_orders() if order.client_order_id == name)
    assert trade_with(world.exchange, order, order.remaining)
    for _ in range(2):
        again = world.build(WATCH)
        calls = again.start()
        assert calls.get(ORDER, 0) <= 1
        assert again.books.desks["far_orders"].fills == 2
        assert world.differences(again.books, GIVEN) == {}
        again.stop()


def test_money_that_others_moved_is_shown_and_changes_no_ledger(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.stop()
    quiet = world.idle_run(WATCH)
    world.exchange.place_market("XBTZAR", VenueSide.ASK, Decimal("0.01"))
    again = world.idle_run(WATCH)
    told = [line for line in again.said if "WARNING luno" in line]
    assert [line.split()[3] for line in told] == ["XBT:", "ZAR:"]
    assert "there is 0.01006 less than" in told[0]
    assert again.books.desks["far_orders"].positions.snapshot() == quiet.books.desks["far_orders"].positions.snapshot()
    assert not [line for line in world.idle_run(WATCH).said if "WARNING luno" in line], "the same move is told twice"


def test_an_order_of_ours_that_fits_no_strategy_is_set_apart_and_buying_waits(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(1)
    house = run.books.house
    run.stop()
    ghost = world.exchange.place_limit("XBTZAR", VenueSide.BID, Decimal(900_000), Decimal("0.001"), client_order_id=f"{house}-ghost-abc-1")
    again = world.build(FAR)
    again.start()
    again.trade(4)
    desk = again.books.desks["far_orders"]
    assert any("no strategy ghost was ever run here" in text and "Cancel it at luno" in text for text in again.warnings)
    denied = [order for order in desk.orders.done.values() if order.state is OrderState.DENIED]
    assert denied
    assert all(f"{house}-ghost-abc-1" in order.reason for order in denied)
    assert ghost.remaining, "it was touched"
    world.exchange.cancel(ghost.order_id)
    again.trade(4)
    assert any("stands at luno no longer" in text for text in again.warnings)
    assert not again.system.engine.flow.adoption.set_apart
    again.stop()


def test_an_order_that_may_never_have_arrived_holds_up_its_own_side_and_not_the_start(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(0.002)
    name = run.system.engine.service.name_order("far_orders")
    run.kill()
    journal = Journal(run.runtime, world.state / "journal")
    request = OrderRequest(name, "far_orders", "XBTZAR.luno", Side.BUY, OrderKind.LIMIT, run.runtime.now_ns(), Decimal("0.001"),
                           limit=Decimal(500_000))
    journal.append([Record(run.runtime.now_ns(), OrderEvent(request, ACCEPTED))], [Record(run.runtime.now_ns(), OrderSent(name))])
    journal.close()
    again = world.build(FAR)
    again.start()
    assert again.runtime.monotonic_ns() < 2 * SECOND, "the start waited for proof of absence"
    desk = again.books.desks["far_orders"]
    order = desk.orders.get(name)
    assert order is not None
    assert order.state is OrderState.UNKNOWN
    again.trade(2)
    reasons = {one.reason for one in desk.orders.done.values() if one.state is OrderState.DENIED}
    assert reasons
    assert all(name in reason and "no other buy of XBTZAR.luno" in reason for reason in reasons)
    again.trade(15)
    assert order.state is OrderState.NOT_PLACED
    assert desk.reservations.count == len(desk.orders)
    again.stop()


def test_money_that_open_orders_may_have_moved_this_very_moment_is_no_difference_and_no_measure_for_later(world: World) -> None:
    run = world.build(FAR)
    run.start()
    run.trade(6)
    run.stop()
    world.idle_run(WATCH)
    run = world.build(FAR.replace("buys_first: yes", "buys_first: no"))
    run.start()
    run.trade(4)
    run.kill()
    order = world.exchange.register.open_orders()[0]
    again = world.build(WATCH)
    again.recover()
    assert trade_with(world.exchange, order, order.remaining), "it fills between the list and the balances"
    again.system.parts.check_account()
    assert not [line for line in again.said if "WARNING luno" in line]
    again.system.start_strategies()
    again.trade(3)
    again.stop()
    assert world.differences(again.books, GIVEN) == {}
    last = world.idle_run(WATCH)
    assert not [line for line in last.said if "WARNING luno" in line], "a measure was taken while an order could fill"


def test_a_house_that_owns_all_of_the_account_starts_although_an_order_fills_between_the_list_and_the_balances(world: World) -> None:
    everything = FAR.replace("20000", "1000000").replace("buys_first: yes", "buys_first: no")
    run = world.build(everything)
    run.start()
    run.trade(4)
    run.kill()
    again = world.build(everything)
    again.recover()
    order = world.exchange.register.open_orders()[0]
    assert trade_with(world.exchange, order, order.remaining)
    again.system.parts.check_account()
    again.kill()


@pytest.mark.parametrize("milliseconds", [1, 20, 40, 60, 80, 100, 130, 160, 200, 300])
def test_killed_while_it_reconciles_the_next_start_goes_on_from_there(world: World, milliseconds: int) -> None:
    lose_the_tail(world)
    run = world.build(WATCH)
    run.recover_for(milliseconds / 1000)
    run.kill()
    again = world.build(WATCH)
    again.start()
    again.trade(3)
    assert sum(isinstance(body, OrderAdopted) for body in world.records()) == 5
    assert world.open_names() == set()
    assert again.books.desks["far_orders"].fills == 1
    assert world.differences(again.books, GIVEN) == {}
    again.stop()


def test_a_clock_set_back_to_the_second_of_a_lost_run_repeats_no_name(world: World) -> None:
    world.idle_run(WATCH)
    restore = world.keep()
    start_ns = world.exchange.now_ns + SECOND
    lost = world.build(FAR.replace("count: 4", "count: 1"), start_ns)
    lost.start()
    lost.trade(2)
    run_name = lost.system.engine.service.name_order("far_orders").split("-")[2]
    lost.kill()
    names = {order.client_order_id for order in world.exchange.register.newest_first(None)}
    assert len(names) == 2
    restore()
    again = world.build(FAR.replace("count: 4", "count: 1"), start_ns)
    again.start()
    assert {name.split("-")[2] for name in names} == {run_name}
    mine = again.system.engine.service.name_order("far_orders")
    assert mine.split("-")[2] != run_name
    again.trade(3)
    again.stop()
    assert world.differences(again.books, GIVEN) == {}
    assert again.books.desks["far_orders"].fills == 2
    assert len({order.client_order_id for order in world.exchange.register.newest_first(None)}) == 4


def test_while_a_venue_does_not_answer_the_strategies_start_and_none_of_their_orders_leaves(world: World) -> None:
    lose_the_tail(world)
    run = world.build(FAR)
    broker = run.venue.broker

    def away() -> OpenOrdersEvent:
        raise TryAgain("nobody answers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(broker, "open_orders", away)
        run.start()
        assert any("not all was answered within 30 s" in line for line in run.said)
        run.trade(3)
        desk = run.books.desks["far_orders"]
        assert len(desk.orders) == 0
        denied = [order.reason for order in desk.orders.done.values()]
        assert denied
        assert set(denied) == {"luno was not yet heard of all that an earlier run left there"}
    run.trade(6)
    assert desk.fills >= 1
    assert sum(isinstance(body, OrderAdopted) for body in world.records()) == 5
    assert not [event for event in world.records() if isinstance(event, BalanceEvent) and event.reconciled_ns > event.asked_ns]
    run.stop()
    assert world.differences(run.books, GIVEN) == {}
