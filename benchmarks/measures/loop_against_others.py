"""G2: the backtest loop against backtesting.py, nautilus_trader on bars, and backtrader."""

from benchmarks.bench import Bench
from benchmarks.figure import Figure, not_measured
from benchmarks.races import race_loops, split_missing


def measure(bench: Bench) -> list[Figure]:
    """Return how many times as fast our loop is as each. Raises ChildFailed."""
    goals = {f"G2 {name}": name for name in ("backtesting", "nautilus_trader", "backtrader")}
    present, missing = split_missing(bench, goals)
    return [*(race_loops(bench, present) if present else ()), *(not_measured(goal, reason) for goal, reason in missing.items())]
