"""G3: a backtest from the command line, start to report, against the better of vnpy and backtesting.py."""

import statistics

from benchmarks import ours
from benchmarks.bench import Bench
from benchmarks.figure import Figure, not_measured
from benchmarks.races import PeerRun, run_peer, split_missing

_GOAL = "G3 whole process"


def measure(bench: Bench) -> list[Figure]:
    """Return our share of the better peer's time. Raises ChildFailed."""
    _, missing = split_missing(bench, {"vnpy": "vnpy", "backtesting": "backtesting"})
    if missing:
        return [not_measured(_GOAL, next(iter(missing.values())))]
    data = bench.data()

    def one_round() -> tuple[ours.Whole, PeerRun, PeerRun]:
        return ours.whole(data, bench.folder), run_peer(bench, "vnpy", data), run_peer(bench, "backtesting", data)

    rounds = bench.run(one_round)
    own = statistics.median(whole.seconds for whole, _, _ in rounds.kept)
    vnpy = statistics.median(run.process_seconds for _, run, _ in rounds.kept)
    backtesting = statistics.median(run.process_seconds for _, _, run in rounds.kept)
    whole, run, _ = rounds.kept[-1]
    detail = (f"{own:.2f} s against vnpy {vnpy:.2f} s and backtesting.py {backtesting:.2f} s; {bench.bars} bars; "
              f"orders {whole.orders} against {run.orders}")
    return [Figure(_GOAL, own / min(vnpy, backtesting), detail, rounds=len(rounds.kept), noisy=rounds.noisy)]
