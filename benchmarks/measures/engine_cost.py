"""G5: what the engine costs per bar, against the same feed and averages with no engine at all."""

import statistics

from benchmarks import ours
from benchmarks.bench import Bench
from benchmarks.figure import Figure


def measure(bench: Bench) -> list[Figure]:
    """Return the engine's time as a multiple of the ceiling's. Raises ChildFailed."""
    data = bench.data()
    rounds = bench.run(lambda: ours.loop(data, bench.bars, bench.folder, has_ceiling=True))
    engine_ns = statistics.median(loop.engine_ns for loop in rounds.kept)
    ceiling_ns = statistics.median(loop.ceiling_ns for loop in rounds.kept)
    detail = f"{engine_ns:.0f} ns a bar against {ceiling_ns:.0f}; {bench.bars} bars, {rounds.kept[-1].orders} orders"
    return [Figure("G5 engine cost", engine_ns / ceiling_ns, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
