"""How fast the engine drives one strategy over bars, against the ceiling: the same bars and averages with no engine at all.

Run `python -m benchmarks.engine_loop`. The workload is an average cross 20/100 over a seeded random walk of 1,000,000 one-minute bars;
market orders fill at the next bar's open. Both ways run in turn in one process; quote the ratio, not the times.
"""

import argparse
import gc
import json
import statistics
import time
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import repeat
from typing import NamedTuple

import numpy as np

from benchmarks.peers.averages import Averages
from trading_system.collectors.history_layout import BLOCK_ROWS
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
from trading_system.reports.equity_curve import EquityCurve
from trading_system.risk.limits import RiskLimits
from trading_system.risk.risk_manager import RiskManager
from trading_system.strategy_host.desk import Desk
from trading_system.strategy_host.hook_guard import HookGuard
from trading_system.strategy_host.market_view import MarketView
from trading_system.strategy_host.strategy_base import StrategyBase
from trading_system.watchers.run_recorder import RunRecorder

SYMBOL = "TEST.bench"
MINUTE_NS = 60_000_000_000
INSTRUMENT = Instrument(SYMBOL, "TEST", "USD", Decimal("0.01"), Decimal("0.0001"), Decimal("0.0001"), Decimal(10**6), Decimal("0.01"),
                        Decimal(10**6), Decimal("0.001"), Decimal("0.001"), has_market_orders_by_quantity=True)


class Cross(StrategyBase):
    """Holds one unit while the fast average is above the slow one."""

    def on_start(self) -> None:
        self.averages = Averages()
        self.is_long = False

    def on_bar(self, bar: Bar) -> None:
        cross = self.averages.update(bar.close)
        if cross > 0 and not self.is_long:
            self.is_long = True
            self.buy(bar.symbol, 1.0)
        elif cross < 0 and self.is_long:
            self.is_long = False
            self.sell(bar.symbol, 1.0)


class NextOpen:
    """The whole paper venue: what was ordered fills at the next bar's open, for a fee of 0.1 % of its value."""

    def __init__(self) -> None:
        self.is_busy = self.goes_on = False
        self.waiting: list[OrderRequest] = []

    def put(self, records: Sequence[Record], actions: Sequence[Action]) -> None:
        """Take orders in."""
        self.waiting.extend(action.request for action in actions if type(action) is PlaceOrder)
        self.is_busy = True

    def hear(self, event: MarketData) -> Sequence[OrderUpdateEvent]:
        """Return an answer for each waiting order."""
        waiting, self.waiting, self.is_busy = self.waiting, [], False
        assert isinstance(event, Bar)
        evidence = Evidence("paper", event.start_ns, event.start_ns)
        price = INSTRUMENT.nearest_price(event.open)
        answers = []
        for request in waiting:
            quantity = request.quantity or Decimal(0)
            value = quantity * price
            totals = Totals(quantity, value, {"USD": value / 1000})
            answers.append(OrderUpdateEvent(OrderUpdate(request.client_order_id, Answer.FILLED, evidence, "venue", totals)))
        return answers

    def hear_again(self) -> Sequence[OrderUpdateEvent]:
        """Return nothing: an event is met at once."""
        return ()

    def assumptions(self) -> Sequence[str]:
        """Return nothing: it is its own description."""
        return ()


class Table(NamedTuple):
    """Some rows of the columns as one batch."""

    columns: Sequence[np.ndarray]
    kinds = ((SYMBOL, Bar),)

    def events(self) -> Iterator[Bar]:
        """Return the bars."""
        return bars(self.columns)

    def __len__(self) -> int:
        return len(self.columns[0])


def columns(count: int) -> list[np.ndarray]:
    """Return start, end, open, high, low, close, volume of a seeded, mean-reverting walk around 200."""
    random = np.random.default_rng(20240607)
    steps = random.normal(0.0, 0.05, count).tolist()
    walk, at = [], 0.0
    for step in steps:
        at = at * (1 - 2e-5) + step
        walk.append(at)
    close = np.round(200.0 + np.array(walk), 2)
    opened = np.concatenate([[200.0], close[:-1]])
    high = np.round(np.maximum(opened, close) + np.abs(random.normal(0, 0.03, count)), 2)
    low = np.round(np.minimum(opened, close) - np.abs(random.normal(0, 0.03, count)), 2)
    start = 1_577_836_800_000_000_000 + np.arange(count, dtype=np.int64) * MINUTE_NS
    return [start, start + MINUTE_NS, opened, high, low, close, random.integers(1, 500, count).astype(np.float64)]


def bars(table: Sequence[np.ndarray]) -> Iterator[Bar]:
    """Build one Bar at a time, in C, from the columns."""
    return map(Bar, repeat(SYMBOL), *map(memoryview, table))


def ceiling(table: Sequence[np.ndarray]) -> float:
    """Return nanoseconds per bar of the bars and the averages alone."""
    update = Averages().update
    began = time.process_time_ns()
    for bar in bars(table):
        update(bar.close)
    return (time.process_time_ns() - began) / len(table[0])


def engine_loop(table: Sequence[np.ndarray]) -> tuple[float, dict[str, object]]:
    """Return nanoseconds per bar of the whole engine, and what it did."""
    clock, consequences, venue = Clock(), deque[ActionEvent](), NextOpen()
    view = MarketView(INSTRUMENT, clock)
    service = DeskService(clock, "bench", 1_700_000_000_000_000_000, RiskManager(), {"cross": RiskLimits()}, consequences.append,
                          lambda *_: None)
    ledger = PositionManager("cross", {SYMBOL: INSTRUMENT}, {"USD": Decimal(1_000_000)}, "USD")
    desk = Desk("cross", Cross(), (SYMBOL,), OrderManager("cross"), ledger, {SYMBOL: view}, service)
    route = Route(view, clock, lambda bar, bar_ns: None)
    recorder, curve = RunRecorder(), EquityCurve("USD", ledger.instruments, {"USD": 1_000_000.0})
    recorder.on_fill = curve.add_fill
    engine = Engine(clock, Books("bench", {"cross": desk}), {SYMBOL: route}, service, Doubts(), venue, (recorder,), consequences.append)
    engine.forget_records()         # as a backtest does: history can be run again
    guard = HookGuard(ThreadRuntime(), engine.fail)
    service.stand_behind(guard)
    desk.hooks = {hook: guard.contain(desk, getattr(desk.strategy, hook)) for hook in ("on_start", "on_bar")}
    engine.join(desk)

    def reckon(batch: Table) -> None:
        ends, closes = batch.columns[1], batch.columns[5]
        curve.add_chunk(ends, {SYMBOL: (ends, closes)})
    backtester = Backtester(engine, venue, consequences, reckon)
    began = time.process_time_ns()
    backtester.run(Table([column[start:start + BLOCK_ROWS] for column in table]) for start in range(0, len(table[0]), BLOCK_ROWS))
    took = time.process_time_ns() - began
    assert not desk.is_paused, desk.pause_reason
    assert abs(curve.statistics.last - desk.equity) < 1e-6
    position = ledger.positions[SYMBOL].exact
    assert ledger.capital["USD"] + ledger.realized["USD"] - ledger.fees["USD"] == ledger.cash["USD"] + position.cost
    return took / len(table[0]), {"orders": sum(desk.orders.counts.values()), "fills": desk.fills, "realized": str(ledger.realized["USD"])}


def main() -> None:
    """Run both in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = columns(options.bars)
    gc.collect()
    gc.freeze()
    plain, full, did = [], [], {}
    for _ in range(options.rounds):
        plain.append(ceiling(table))
        took, did = engine_loop(table)
        full.append(took)
    lowest, engine = statistics.median(plain), statistics.median(full)
    print(json.dumps({"bars": options.bars, "ceiling_ns_per_bar": round(lowest, 1), "engine_ns_per_bar": round(engine, 1),
                      "engine_vs_ceiling": round(engine / lowest, 2), **did}))


if __name__ == "__main__":
    main()
