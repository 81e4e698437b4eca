"""G4: the peak memory of a backtest from the command line."""

import statistics

from benchmarks import ours
from benchmarks.bench import Bench
from benchmarks.figure import Figure

_GOAL = "G4 peak memory"


def measure(bench: Bench) -> list[Figure]:
    """Return the highest resident set in MB (10^6 bytes). Raises ChildFailed."""
    data = bench.data()
    rounds = bench.run(lambda: ours.whole(data, bench.folder))
    peak_mb = statistics.median(whole.peak_mb for whole in rounds.kept)
    orders = rounds.kept[-1].orders
    detail = f"{bench.bars} bars; orders {orders}"
    return [Figure(_GOAL, peak_mb, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
