"""Our own side of the races: the only file that knows how our backtest is started and what it prints.

The loop comes from `engine_loop.py` as a library; the whole process is `main.py backtest` over a configuration written here.
"""

import inspect
import json
import sys
from pathlib import Path

import msgspec

from benchmarks.child import ROOT, run_child, run_module
from benchmarks.peers.averages import FAST, SLOW, Averages

SYMBOL = "TEST.bench"
_STRATEGY = f'''"""The average cross of the benchmarks: long or flat, one unit at the market."""

from collections import deque

from trading_system import Bar, StrategyBase

FAST, SLOW = {FAST}, {SLOW}


{inspect.getsource(Averages)}

class BenchCrossStrategy(StrategyBase):
    """Holds one unit while the fast average is above the slow one; keeps running sums of its own, as the peers' strategies do."""

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
'''
_CONFIG = f"""mode: backtest
strategies:
  bench_cross: {{instruments: [{SYMBOL}], capital: {{USD: 1000000}}, bars: 1m}}
"""
_BACKTEST_CONFIG = f"""instruments:
  {SYMBOL}: {{base: TEST, counter: USD, price_step: 0.01, quantity_step: 0.0001, taker_fee: 0.001, maker_fee: 0.001}}
"""


class Loop(msgspec.Struct, frozen=True):
    """One run of the engine's loop, and of the ceiling where it was asked for; nanoseconds per bar."""

    engine_ns: float
    ceiling_ns: float
    orders: int
    fills: int


class Whole(msgspec.Struct, frozen=True):
    """One whole process of a backtest from the command line."""

    seconds: float
    peak_mb: float
    orders: int


def loop(data: Path, bars: int, folder: Path, has_ceiling: bool = False) -> Loop:
    """Run the engine's loop in a process of its own. Raises ChildFailed."""
    words = ("--data", data, "--bars", bars, *(("--ceiling",) if has_ceiling else ()))
    told = run_module("benchmarks.our_loop", *words, folder=folder).told
    return Loop(told["engine_ns"], told["ceiling_ns"], told["orders"], told["fills"])


def whole(data: Path, folder: Path) -> Whole:
    """Run a backtest as a user does. Raises ChildFailed."""
    config, strategies, results = folder / "configs", folder / "strategies", folder / "results.json"
    config.mkdir(exist_ok=True)
    strategies.mkdir(exist_ok=True)
    (config / "global_strategy_config.yaml").write_text(_CONFIG)
    (config / "backtest_config.yaml").write_text(_BACKTEST_CONFIG)
    (strategies / "bench_cross_strategy.py").write_text(_STRATEGY)
    results.unlink(missing_ok=True)
    child = run_child([sys.executable, ROOT / "main.py", "backtest", "--config", config, "--strategies", strategies,
                       "--data", f"{SYMBOL}={data}", "--json", results], folder)
    orders = sum(sum(row["orders"].values()) for row in json.loads(results.read_text())["strategies"])
    return Whole(child.seconds, child.peak_mb, orders)
