"""Lives of a small house for property tests: any orders, answers, cancels, deposits and saved states, as a list of steps.

`Life` plays them on an engine and keeps what the journal would hold; `replayed` reads that back into a fresh house.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from tests.unit.engine.small_house import HOUSE, QuietStrategy, SmallHouse, instrument
from trading_system.core.actions import PlaceOrder
from trading_system.core.events import Balance, BalanceEvent
from trading_system.core.instrument import FeeCurrency
from trading_system.core.order import Order, OrderKind, OrderRequest, OrderState
from trading_system.core.order_update import Answer
from trading_system.core.records import OrderAdopted, OrderSent, Record, RunStarted, StateSaved, StrategyStarted
from trading_system.core.side import Side
from trading_system.engine.operator import Outcome, Wish, command_of
from trading_system.engine.recovery import Past, Replay
from trading_system.engine.snapshot import HouseSnapshot, take_back
from trading_system.oms.order_manager import OrderManager
from trading_system.strategy_host.desk import Desk

NAMES = ("naive", "other")
INSTRUMENTS = (instrument(taker_fee=Decimal("0.001")), instrument("ETHZAR.luno", fee_currency=FeeCurrency.BASE, taker_fee=Decimal("0.001")))
CAPITAL = {"ZAR": Decimal("1000000"), "ETH": Decimal("2.5")}
_KEPT = 3
_FEES = ("ZAR", "XBT", "ETH", "BNB")

STEPS = st.lists(st.tuples(
    st.sampled_from(("buy", "buy", "hear", "hear", "hear", "hear", "cancel", "save", "deposit", "tick",
                     "balance", "adopt", "settle")),
    st.integers(0, 7), st.sampled_from(tuple(Answer)), st.integers(0, 11), st.sampled_from(_FEES), st.integers(0, 20)), max_size=40)


def small_house() -> SmallHouse:
    """Return a house with two strategies on two symbols, whose managers keep few of the orders that are over."""
    house = SmallHouse({name: QuietStrategy() for name in NAMES}, INSTRUMENTS, {})
    for desk in house.desks.values():
        desk.orders = OrderManager(desk.name, _KEPT)
    return house


class Life:
    """What a house lived through: its `records`, with an OrderSent behind each order that left."""

    def __init__(self) -> None:
        self.house = small_house()
        self.past = Past()
        self.replay = Replay(self.house.books)
        self.orders: list[Order] = []
        self.run(CAPITAL)

    def run(self, capital: dict[str, Decimal]) -> None:
        """Let a run begin, with this capital for each strategy."""
        epoch = self.past.epoch + 1
        run = RunStarted(epoch, epoch, HOUSE, "simulate", "0", "hash", {
            name: StrategyStarted(tuple(one.symbol for one in INSTRUMENTS), capital, "ZAR") for name in NAMES})
        self.past.see(run)
        self.replay.fund(run)
        self.house.act(lambda: (self.house.engine.remember(run), self.house.engine.flush()))
        for desk in self.house.desks.values():
            self.house.engine.join(desk)

    @property
    def records(self) -> list[Record]:
        """Return what the journal would hold."""
        left = {action.request.client_order_id for action in self.house.actions if isinstance(action, PlaceOrder)}
        records = []
        for record in self.house.records:
            records.append(record)
            name = record.body.request.client_order_id if hasattr(record.body, "request") else ""
            if name in left:
                records.append(Record(record.taken_ns, OrderSent(name)))
        return records

    def live(self, steps: Iterable[tuple[str, int, Answer, int, str, int]]) -> None:
        """Take one step after the other, a second each."""
        for step in steps:
            self.house.pass_seconds(1)
            self._take(*step)
            for desk in self.house.desks.values():
                desk.is_paused = False

    def _take(self, what: str, which: int, answer: Answer, amount: int, fee: str, age: int) -> None:
        house, desk = self.house, self.house.desks[NAMES[which % 2]]
        symbol = INSTRUMENTS[which // 2 % 2].symbol
        if what == "tick":
            house.tick(symbol=symbol)
        elif what == "buy":
            house.tick(symbol=symbol)
            house.act(lambda: self.orders.append(desk.strategy.buy(symbol, Decimal(1 + amount) / 1000, limit=100 if age % 2 else None)))
        elif what == "cancel" and self.orders:
            order = self.orders[which % len(self.orders)]
            house.act(lambda: house.books.desk(order.request.strategy).cancel(order) if house.books.find(order.client_order_id) else None)
        elif what == "save":
            state = bytes((which, amount))
            house.engine.states[desk.name] = state
            house.act(lambda: (house.engine.remember(StateSaved(desk.name, state)), house.engine.flush()))
        elif what == "balance":
            money = {"ZAR": Balance(Decimal(amount), Decimal(0))}
            house.tell(BalanceEvent("luno", money, house.runtime.now_ns(), {"ZAR": Decimal(which)} if which % 2 else None, age))
        elif what == "adopt":
            request = OrderRequest(f"{HOUSE}-{desk.name}-early{len(self.orders)}x{house.runtime.now_ns() // 10**9}-{1 + which}", desk.name, symbol,
                                   Side.BUY, OrderKind.LIMIT, house.runtime.now_ns(), Decimal(1 + amount) / 1000, limit=Decimal(100))
            house.act(lambda: (house.engine.remember(OrderAdopted(request)), self.orders.append(house.books.adopt(request)),
                               house.engine.flush()))
        elif what == "settle" and self.orders:
            order = self.orders[which % len(self.orders)]
            outcome: Outcome = ("filled", "canceled", "not-placed")[age % 3]
            filled = str(Decimal(amount) / 1000) if amount else ""
            wish = Wish("settle", "ann", "seen", order=order.client_order_id, outcome=outcome, filled=filled,
                        value=str(Decimal(amount) / 10) if filled else "", fees=(f"0.0{age} {fee}",) if filled and age else ())
            with suppress(ValueError):
                house.tell(command_of(wish, house.books, house.runtime.now_ns()))
        elif what == "deposit":
            self.run({**CAPITAL, "ZAR": Decimal(1_000_000 + 1000 * amount), "ETH": Decimal(which)})
        elif what == "hear" and self.orders:
            # Also of those long over: a late fill, an order that was proved absent and turns up, an answer nobody understands.
            order = self.orders[-1 - which % len(self.orders)]
            if order.state is OrderState.PENDING_NEW and answer is not Answer.DENIED:
                house.hear(order, Answer.SENT)      # our own lane says this first, and knows no more
            if answer is Answer.SENT:
                return
            filled = str(Decimal(amount) / 1000) if age % 3 else None
            house.hear(order, answer, filled, asked_ns=house.runtime.now_ns() - age * 10**9, venue_order_id=f"V{which}" if amount % 2 else "",
                       fees={fee: str(Decimal(amount) / 100_000)})


def replayed(records: Sequence[Record], snapshot: HouseSnapshot | None = None, is_finished: bool = True) -> tuple[SmallHouse, Replay]:
    """Return a fresh house that was brought to where the records end, from the start or from a snapshot."""
    house = small_house()
    replay = Replay(house.books)
    if snapshot is not None:
        take_back(snapshot, replay)
    for record in records:
        replay.apply(record)
    if is_finished:
        replay.finish()
    return house, replay


def everything(house: SmallHouse, replay: Replay) -> dict[str, Any]:
    """Return every field of the books, and what else a start takes from the journal."""
    return {"capital": replay.capital, "states": replay.states, "numbers": house.books.numbers, "accounts": house.books.accounts, "desks": {name: _desk(desk) for name, desk in house.desks.items()}}


def _desk(desk: Desk) -> dict[str, Any]:
    reservations = desk.reservations
    return {
        "open": [msgspec.structs.asdict(order) for order in desk.orders], "done": [msgspec.structs.asdict(o) for o in desk.orders.done.values()],
        "names of the done": [*desk.orders._done_names, *desk.orders._denied_names], "counts": desk.orders.counts, "fills": desk.fills,
        "ledger": desk.positions.kept, "positions": {symbol: position.quantity for symbol, position in desk.positions.positions.items()},
        "held": {order.client_order_id: reservations.held_by(order.client_order_id) for order in desk.orders},
        "reserved": {currency: reservations.reserved(currency) for currency in ("ZAR", "XBT", "ETH")},
    }
