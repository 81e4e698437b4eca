"""The engine as its strategies and its watchers notice it: pauses, resumes, commands, capital, state, and what is remembered."""

from decimal import Decimal
from typing import Any

import msgspec

from tests.hand_cranked_runtime import SECOND
from tests.unit.engine.small_house import SYMBOL, QuietStrategy, SmallHouse, instrument
from trading_system.core.actions import CancelOrder
from trading_system.core.events import CommandEvent, ConnectionEvent, HeartbeatEvent, InstrumentEvent, WarningEvent
from trading_system.core.instrument import MarketStatus
from trading_system.core.market_data import Tick
from trading_system.core.order import OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import CapitalBooked, StateSaved
from trading_system.engine.bar_builder import BarBuilder
from trading_system.engine.queues import Queues
from trading_system.strategy_host.strategy_base import StrategyBase


class Raising(QuietStrategy):
    def on_tick(self, tick: Tick) -> None:
        raise RuntimeError("a fault of its own")


class Counting(StrategyBase):
    class State(msgspec.Struct):
        ticks: int = 0

    def __init__(self) -> None:
        self.state = self.State()
        self.beats = 0
        self.connections: list[tuple[str, bool]] = []

    def on_tick(self, tick: Tick) -> None:
        self.state.ticks += 1

    def on_heartbeat(self) -> None:
        self.beats += 1

    def on_connection(self, broker: str, is_up: bool) -> None:
        self.connections.append((broker, is_up))


def test_a_strategy_that_raises_is_paused_with_its_reason_and_the_others_trade_on() -> None:
    house = SmallHouse({"raising": Raising(), "counting": Counting()})
    house.tick()
    house.tick()
    assert house.desks["raising"].pause_reason == "paused: on_tick raised RuntimeError: a fault of its own"
    assert house.desks["counting"].strategy.state.ticks == 2
    assert [event.text for event in house.said(WarningEvent)] == ["raising is paused: on_tick raised RuntimeError: a fault of its own"]
    assert house.errors == ["raising: on_tick raised RuntimeError: a fault of its own"]


def test_pausing_cancels_the_orders_when_that_is_the_policy_and_keeps_them_when_it_is_not() -> None:
    for policy, canceled in (("cancel", True), ("keep", False)):
        house = SmallHouse(on_stop=policy)
        order = house.open_order()
        left = house.tell(CommandEvent("pause", "operator"))
        assert (left == [CancelOrder(order.request, "V1")]) is canceled


def test_a_paused_strategy_gets_no_orders_through_and_its_answers_are_still_booked() -> None:
    house = SmallHouse(on_stop="keep")
    order = house.open_order()
    house.tell(CommandEvent("pause", "operator", "lunch"))
    heard = len(house.strategy.heard)
    denied = house.buy()
    assert denied.state is OrderState.DENIED
    assert denied.reason == "paused: lunch"
    house.hear(order, Answer.FILLED, "0.01")
    assert house.desk.positions.positions[SYMBOL].exact.quantity == Decimal("0.01")
    assert len(house.strategy.heard) == heard


def test_a_resumed_strategy_trades_again() -> None:
    house = SmallHouse()
    house.tell(CommandEvent("pause", "operator"))
    house.tell(CommandEvent("resume", "operator"))
    assert house.buy().state is OrderState.PENDING_NEW
    assert not house.desk.pause_reason


def test_a_command_for_one_strategy_leaves_the_others_alone() -> None:
    house = SmallHouse({"one": QuietStrategy(), "two": QuietStrategy()})
    house.tell(CommandEvent("pause", "operator", "", "two"))
    assert [desk.is_paused for desk in house.desks.values()] == [False, True]


def test_a_stop_is_remembered_with_its_reason_and_beats_no_longer_reach_the_strategies() -> None:
    house = SmallHouse({"counting": Counting()})
    house.tell(HeartbeatEvent(1, 0, 0))
    house.tell(CommandEvent("stop", "operator", "enough"))
    house.tell(HeartbeatEvent(2, 0, 0))
    assert house.engine.is_stopping
    assert house.engine.stop_reason == "enough"
    assert house.strategy.beats == 1
    assert [command.what for command in house.bodies(CommandEvent)] == ["stop"]


def test_a_strategys_own_state_is_remembered_when_it_changed_and_only_then() -> None:
    house = SmallHouse({"counting": Counting()})
    for number in range(3):
        house.tell(HeartbeatEvent(number, 0, 0))
    assert len(house.bodies(StateSaved)) == 1
    house.tick()
    for number in range(3):
        house.tell(HeartbeatEvent(number, 0, 0))
    saved = house.bodies(StateSaved)
    assert len(saved) == 2
    assert msgspec.msgpack.decode(saved[-1].state, type=Counting.State).ticks == 1


def test_capital_in_base_is_booked_at_the_first_mid_once_and_remembered() -> None:
    house = SmallHouse(capital={"ZAR": Decimal(1000), "XBT": Decimal(2)})
    house.tick(99.0, 101.0)
    house.tick(199.0, 201.0)
    assert house.bodies(CapitalBooked) == [CapitalBooked("naive", SYMBOL, Decimal(2), Decimal("100.0"))]
    assert house.desk.positions.positions[SYMBOL].exact.quantity == 2
    assert house.desk.positions.capital["ZAR"] == 1200


def test_a_broker_that_refuses_us_gets_no_orders_until_its_orders_work_again() -> None:
    house = SmallHouse()
    house.tell(ConnectionEvent("luno", "orders", False, "the key is not valid"))
    denied = house.buy()
    assert denied.reason.startswith("luno refuses us: the key is not valid")
    house.tell(ConnectionEvent("luno", "orders", True))
    assert house.buy().state is OrderState.PENDING_NEW


def test_market_data_that_comes_back_does_not_open_a_broker_that_refuses_our_orders() -> None:
    house = SmallHouse()
    house.tell(ConnectionEvent("luno", "orders", False, "the key is not valid"))
    house.tell(ConnectionEvent("luno", "market_data", True))
    assert house.buy().state is OrderState.DENIED


def test_only_those_who_trade_there_hear_of_a_connection() -> None:
    house = SmallHouse({"counting": Counting()})
    house.tell(ConnectionEvent("luno", "market_data", False, "no answer"))
    house.tell(ConnectionEvent("kraken", "market_data", False, "no answer"))
    assert house.strategy.connections == [("luno", False)]


def test_an_instrument_that_changed_is_judged_anew_and_remembered_and_one_that_did_not_is_not() -> None:
    house = SmallHouse()
    house.tell(InstrumentEvent(instrument()))
    assert not house.bodies(InstrumentEvent)
    house.tell(InstrumentEvent(instrument(status=MarketStatus.HALTED)))
    assert house.buy().reason == f"{SYMBOL} is halted at the venue"
    assert len(house.bodies(InstrumentEvent)) == 1


def test_a_tick_of_a_symbol_that_nobody_trades_is_passed_over() -> None:
    house = SmallHouse()
    assert house.tick(symbol="ETHZAR.luno") == []


class Eager(StrategyBase):
    """Orders on every tick."""

    def on_tick(self, tick: Tick) -> None:
        self.buy(SYMBOL, "0.01", limit=100)


def test_what_leaves_was_remembered_in_the_same_breath() -> None:
    house = SmallHouse({"eager": Eager()})
    batches: list[tuple[Any, Any]] = []
    house.put = lambda records, actions: batches.append((list(records), list(actions)))  # type: ignore[method-assign]
    house.tick()
    ((records, actions),) = batches
    assert [record.body.request for record in records] == [action.request for action in actions]


def test_ticks_that_were_conflated_away_are_in_the_bars_all_the_same_and_do_not_pile_up() -> None:
    house = SmallHouse(bar_ns=5 * SECOND)
    route = house.engine.routes[SYMBOL]
    route.builders.append(BarBuilder(SYMBOL, 5 * SECOND))
    queues = Queues(house.runtime.mailbox())
    queues.keep_for_bars(SYMBOL)
    for price in (100.0, 150.0, 90.0, 101.0):
        queues.lay_market(Tick(SYMBOL, house.runtime.now_ns(), price, price))
    queues.drain(house.tell, lambda: False)
    house.pass_seconds(5)
    house.beat()
    bar = route.view.bar
    assert bar is not None
    assert (bar.open, bar.high, bar.low, bar.close, bar.count) == (100.0, 150.0, 90.0, 101.0, 4)
    assert not queues.skipped[SYMBOL]
