"""G1: the backtest loop against vnpy's."""

from benchmarks.bench import Bench
from benchmarks.figure import Figure, not_measured
from benchmarks.races import race_loops, split_missing


def measure(bench: Bench) -> list[Figure]:
    """Return how many times as fast our loop is. Raises ChildFailed."""
    present, missing = split_missing(bench, {"G1 vnpy": "vnpy"})
    return [*(race_loops(bench, present) if present else ()), *(not_measured(goal, reason) for goal, reason in missing.items())]
