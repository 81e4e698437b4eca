"""G8: a burst of 200 ticks that all order, with the journal on: until the last order is handed to the executor."""

import statistics

from benchmarks.bench import Bench
from benchmarks.child import run_module
from benchmarks.figure import Figure


def measure(bench: Bench) -> list[Figure]:
    """Return milliseconds. Raises ChildFailed."""
    count = 5 if bench.is_quick else 30
    rounds = bench.run(lambda: run_module("benchmarks.live.worker", "burst", "--count", count, folder=bench.folder).told)
    took_ms = statistics.median(told["house"]["p50_us"] for told in rounds.kept) / 1e3
    last = rounds.kept[-1]
    detail = (f"slowest burst of the last round {last['house']['most_us'] / 1e3:.1f} ms; {count} bursts a round, "
              f"{last['orders']} orders with the warm-up; {last['syncs_per_burst']} syncs a burst, answers included")
    return [Figure("G8 burst", took_ms, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
