"""The engine's loop with several strategies on several instruments, as a program: `python -m benchmarks.crowded_loop` prints one JSON line.

Every strategy is an average cross on every instrument; the data file's bars are dealt out to the instruments in turn, so that the number of
events is the number of bars. Orders fill at the next bar of their instrument.
"""

import argparse
import gc
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks.data_file import read_data
from benchmarks.engine_loop import INSTRUMENT
from benchmarks.peers.averages import Holder
from trading_system.core.actions import Action, PlaceOrder
from trading_system.core.clock import Clock
from trading_system.core.events import ActionEvent, OrderUpdateEvent
from trading_system.core.instrument import Instrument
from trading_system.core.market_data import Bar, MarketData
from trading_system.core.order import OrderRequest
from trading_system.core.order_update import Answer, Evidence, OrderUpdate, Totals
from trading_system.core.records import Record
from trading_system.core.runtime import ThreadRuntime
from trading_system.engine.backtester import Backtester
from trading_system.engine.books import Books
from trading_system.engine.desk_service import DeskService
from trading_system.engine.doubts import Doubts
from trading_system.engine.engine import Engine
from trading_system.engine.route import Route
from trading_system.oms.order_manager import OrderManager
from trading_system.oms.position_manager import PositionManager
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import StrategyBase


class CrossEach(StrategyBase):
    """An average cross 20/100 on each of its symbols, one unit long or flat."""

    def on_start(self) -> None:
        self.wishes = {symbol: Holder().wish for symbol in self.symbols}

    def on_bar(self, bar: Bar) -> None:
        wish = self.wishes[bar.symbol](bar.close)
        if wish > 0:
            self.buy(bar.symbol, 1.0)
        elif wish < 0:
            self.sell(bar.symbol, 1.0)


class NextBar:
    """Fills what was ordered at the open of the next bar of its symbol, for a fee of 0.1 % of its value."""

    def __init__(self) -> None:
        self.is_busy = False
        self._waiting: dict[str, list[OrderRequest]] = {}

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Take orders in."""
        for action in actions:
            if type(action) is PlaceOrder:
                self._waiting.setdefault(action.request.symbol, []).append(action.request)
                self.is_busy = True

    goes_on = False

    def hear_again(self) -> Sequence[OrderUpdateEvent]:
        """Return nothing: an event is met at once."""
        return ()

    def hear(self, event: MarketData) -> Sequence[OrderUpdateEvent]:
        """Return an answer for each order that waits for this bar."""
        requests = self._waiting.pop(event.symbol, None)
        self.is_busy = bool(self._waiting)
        if requests is None or type(event) is not Bar:
            return ()
        evidence = Evidence("bench", event.start_ns, event.start_ns)
        price = INSTRUMENT.nearest_price(event.open)
        answers = []
        for request in requests:
            quantity = request.quantity or Decimal(0)
            value = quantity * price
            totals = Totals(quantity, value, {"USD": value / 1000})
            answers.append(OrderUpdateEvent(OrderUpdate(request.client_order_id, Answer.FILLED, evidence, "venue", totals)))
        return answers

    def assumptions(self) -> Sequence[str]:
        """Return what fills are assumed to be like."""
        return ("every order fills whole at the next bar's open",)


class Dealt(NamedTuple):
    """All columns as one batch, row by row to the symbols in turn."""

    columns: Sequence[np.ndarray]
    symbols: Sequence[str]

    @property
    def kinds(self) -> Sequence[tuple[str, type[MarketData]]]:
        """Return every symbol: there are only bars."""
        return [(symbol, Bar) for symbol in self.symbols]

    def events(self) -> Iterator[Bar]:
        """Build one bar at a time from the columns."""
        return map(Bar, cycle(self.symbols), *map(memoryview, self.columns))

    def __len__(self) -> int:
        return len(self.columns[0])


class Crowd:
    """One engine with `strategies` desks, each on all of `count` instruments."""

    def __init__(self, strategies: int, count: int) -> None:
        self.symbols = [f"T{number:03d}USD.bench" for number in range(count)]
        instruments: dict[str, Instrument] = {
            symbol: msgspec.structs.replace(INSTRUMENT, symbol=symbol, base=symbol[:4]) for symbol in self.symbols}
        self.clock, self.venue, self.consequences = Clock(), NextBar(), deque[ActionEvent]()
        views = {symbol: MarketView(instrument, self.clock) for symbol, instrument in instruments.items()}
        names = [f"cross_{number}" for number in range(strategies)]
        limits = dict.fromkeys(names, RiskLimits())
        lay = self.consequences.append
        service = DeskService(self.clock, "bench", 1_700_000_000_000_000_000, RiskManager(), limits, lay, lambda *_: None)
        self.desks = {
            name: Desk(name, CrossEach(), self.symbols, OrderManager(name),
                       PositionManager(name, instruments, {"USD": Decimal(1_000_000)}, "USD"), views, service)
            for name in names}
        routes = {symbol: Route(view, self.clock, lambda bar, bar_ns: None) for symbol, view in views.items()}
        self.engine = Engine(self.clock, Books("bench", self.desks), routes, service, Doubts(), self.venue, (), lay)
        guard = HookGuard(ThreadRuntime(), self.engine.fail)
        for desk in self.desks.values():
            desk.hooks = {hook: guard.contain(desk, getattr(desk.strategy, hook)) for hook in ("on_start", "on_bar")}
            self.engine.join(desk)

    def run(self, table: Sequence[np.ndarray]) -> float:
        """Return nanoseconds of processor time per event. Raises RuntimeError when a strategy was paused or a ledger does not balance."""
        backtester = Backtester(self.engine, self.venue, self.consequences, lambda batch: None)
        began = time.process_time_ns()
        backtester.run([Dealt(table, self.symbols)])
        took = time.process_time_ns() - began
        self._check()
        return took / len(table[0])

    @property
    def orders(self) -> int:
        """Return how many orders there were."""
        return sum(sum(desk.orders.counts.values()) for desk in self.desks.values())

    @property
    def fills(self) -> int:
        """Return how many fills there were."""
        return sum(desk.fills for desk in self.desks.values())

    def _check(self) -> None:
        for desk in self.desks.values():
            ledger = desk.positions
            cost = sum((position.exact.cost for position in ledger.positions.values()), Decimal(0))
            if desk.is_paused or ledger.capital["USD"] + ledger.realized["USD"] - ledger.fees["USD"] != ledger.cash["USD"] + cost:
                raise RuntimeError(f"{desk.name}: {desk.pause_reason or 'its ledger does not balance'}")


def main() -> None:
    """Run each of the numbers of strategies in turn, all in this process, and print nanoseconds per event of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bars", type=int, required=True)
    parser.add_argument("--strategies", type=int, nargs="+", default=[1])
    parser.add_argument("--instruments", type=int, default=1)
    options = parser.parse_args()
    table = read_data(options.data, options.bars)
    rows = []
    for strategies in options.strategies:
        crowd = Crowd(strategies, options.instruments)
        gc.collect()
        gc.freeze()
        took = crowd.run(table)
        rows.append({"strategies": strategies, "ns_per_event": took, "orders": crowd.orders, "fills": crowd.fills})
    print(json.dumps({"runs": rows}))


if __name__ == "__main__":
    main()
