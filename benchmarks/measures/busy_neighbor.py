"""G13: the live path beside a thread that computes without end, with the screen on."""

import statistics

from benchmarks.bench import Bench
from benchmarks.child import run_module
from benchmarks.figure import Figure


def measure(bench: Bench) -> list[Figure]:
    """Return milliseconds. Raises ChildFailed."""
    count = 200 if bench.is_quick else 2000
    words = ("neighbor", "--count", count, "--gap", 0.002)
    rounds = bench.run(lambda: run_module("benchmarks.live.worker", *words, folder=bench.folder).told)
    p50, p99, broker, chain = (statistics.median(told[who][what] for told in rounds.kept) / 1e3
                               for who, what in (("lanes", "p50_us"), ("lanes", "p99_us"), ("house", "p99_us"), ("chain", "p99_us")))
    detail = (f"p50 {p50:.2f} ms; called at the broker p99 {broker:.2f} ms; two bare queues beside the same thread p99 {chain:.2f} ms; "
              f"{count} ticks a round, 2 ms apart, each orders; {rounds.kept[-1]['frames']} frames drawn")
    return [Figure("G13 busy neighbor", p99, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
