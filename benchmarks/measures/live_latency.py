"""G7: the live path: from a tick laid in the queue to its order handed to the executor, against a bare chain of two queues."""

import statistics
from typing import Any

from benchmarks.bench import Bench
from benchmarks.child import run_module
from benchmarks.figure import Figure
from benchmarks.live.chains import APPENDED_BYTES


def measure(bench: Bench) -> list[Figure]:
    """Return both multiples of the chain's median. Raises ChildFailed."""
    count = 200 if bench.is_quick else 2000

    def one_round() -> tuple[dict[str, Any], dict[str, Any]]:
        without = run_module("benchmarks.live.worker", "latency", "--count", count, folder=bench.folder).told
        return without, run_module("benchmarks.live.worker", "latency", "--count", count, "--journal", folder=bench.folder).told

    rounds = bench.run(one_round)
    figures = []
    for place, (goal, more) in enumerate((("G7 without journal", ""), ("G7 with journal", f", which appends {APPENDED_BYTES} bytes"))):
        told = [one[place] for one in rounds.kept]
        house, chain, lanes = (_median(told, who, "p50_us") for who in ("house", "chain", "lanes"))
        far = _median(told, "lanes", "p99_us")
        detail = (f"p50 {lanes:.0f} us, p99 {far:.0f} (called at the broker: p50 {house:.0f}); "
                  f"chain{more}: p50 {chain:.0f}, p99 {_median(told, 'chain', 'p99_us'):.0f}; "
                  f"{count} ticks a round, 1 ms apart, each orders")
        figures.append(Figure(goal, lanes / chain, detail, rounds=len(rounds.kept), noisy=rounds.noisy))
    return figures


def _median(told: list[dict[str, Any]], who: str, what: str) -> float:
    return float(statistics.median(one[who][what] for one in told))
