"""G10: events flooded from one thread to another and dispatched there, against vnpy's EventEngine."""

import statistics

from benchmarks.bench import Bench
from benchmarks.child import run_module, run_module_with
from benchmarks.figure import Figure, not_measured
from benchmarks.peers.pins import PEERS

_GOAL = "G10 flood"


def measure(bench: Bench) -> list[Figure]:
    """Return our rate as a multiple of vnpy's. Raises ChildFailed."""
    reason = bench.missing("vnpy")
    if reason:
        return [not_measured(_GOAL, reason)]
    count = 50_000 if bench.is_quick else 300_000
    python = PEERS["vnpy"].python(bench.peers)

    def one_round() -> tuple[float, float]:
        own = run_module("benchmarks.live.worker", "flood", "--count", count, folder=bench.folder).told
        peer = run_module_with(python, "benchmarks.peers.vnpy_flood", "--events", count, folder=bench.folder).told
        bench.versions[peer["package"]] = peer["version"]
        return own["events_per_second"], peer["events_per_second"]

    rounds = bench.run(one_round)
    own, peer = (statistics.median(one[place] for one in rounds.kept) for place in (0, 1))
    detail = f"{own / 1e6:.2f} M/s against {peer / 1e6:.2f} M/s; {count} events a round"
    return [Figure(_GOAL, own / peer, detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
