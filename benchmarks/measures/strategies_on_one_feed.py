"""G6: ten strategies on one feed: the time per strategy and bar, against one strategy's time per bar."""

import statistics

from benchmarks.bench import Bench
from benchmarks.child import run_module
from benchmarks.figure import Figure

_MANY = 10


def measure(bench: Bench) -> list[Figure]:
    """Return the share. Raises ChildFailed."""
    bars = bench.bars if bench.is_quick else bench.bars // 4
    data = bench.data()

    def one_round() -> list[dict[str, float]]:
        words = ("--data", data, "--bars", bars, "--strategies", 1, _MANY)
        runs: list[dict[str, float]] = run_module("benchmarks.crowded_loop", *words, folder=bench.folder).told["runs"]
        return runs

    rounds = bench.run(one_round)
    alone = statistics.median(one["ns_per_event"] for one, _ in rounds.kept)
    together = statistics.median(many["ns_per_event"] for _, many in rounds.kept) / _MANY
    one, many = rounds.kept[-1]
    detail = (f"{together:.0f} ns per strategy and bar against {alone:.0f}; {bars} bars; "
              f"orders {many['orders']} of {_MANY} strategies against {one['orders']}")
    return [Figure("G6 ten strategies", together / alone, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
