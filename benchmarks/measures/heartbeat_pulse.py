"""G12: how late the house's heartbeat wakes, and whether it drifts."""

import statistics

from benchmarks.bench import Bench
from benchmarks.child import run_module
from benchmarks.figure import Figure

_PERIOD_SECONDS = 0.02


def measure(bench: Bench) -> list[Figure]:
    """Return both in milliseconds. Raises ChildFailed."""
    count = 100 if bench.is_quick else 1000
    words = ("beats", "--count", count, "--gap", _PERIOD_SECONDS)
    rounds = bench.run(lambda: run_module("benchmarks.live.worker", *words, folder=bench.folder).told)
    late_ms = statistics.median(told["house"]["p99_us"] for told in rounds.kept) / 1e3
    drift_ms = max(abs(told["drift_ms"]) for told in rounds.kept)
    skipped = sum(told["skipped"] for told in rounds.kept)
    worst_ms = max(told["house"]["most_us"] for told in rounds.kept) / 1e3
    detail = f"{count} beats a round, every {_PERIOD_SECONDS * 1e3:.0f} ms (the house's own period is 1 s); "
    lateness = Figure("G12 lateness", late_ms, detail + f"latest of all {worst_ms:.2f} ms", rounds=len(rounds.kept), noisy=rounds.noisy)
    # A beat that was skipped is a whole period that the house did not live through.
    lost_ms = skipped * _PERIOD_SECONDS * 1e3
    return [lateness, Figure("G12 drift", drift_ms + lost_ms, detail + f"{skipped} skipped", rounds=len(rounds.kept), noisy=rounds.noisy)]
