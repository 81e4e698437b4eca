"""G11: how long `main.py --help` takes against a bare Python, and the import of everything that trades live."""

import statistics
import sys

from benchmarks.bench import Bench
from benchmarks.child import ROOT, run_child
from benchmarks.figure import Figure

_IMPORT = ("import time; began = time.perf_counter(); import trading_system.assembly, trading_system.commands.run, brokerage.registry; "
           "print('{\"seconds\": %f}' % (time.perf_counter() - began))")


def measure(bench: Bench) -> list[Figure]:
    """Return the multiple and milliseconds. Raises ChildFailed."""
    turns = 3 if bench.is_quick else 15

    def one_round() -> tuple[float, float, float]:
        bare, helped, imported = [], [], []
        for _ in range(turns):
            bare.append(run_child([sys.executable, "-c", "pass"], bench.folder).seconds)
            helped.append(run_child([sys.executable, ROOT / "main.py", "--help"], bench.folder).seconds)
            imported.append(float(run_child([sys.executable, "-c", _IMPORT], bench.folder).told["seconds"]))
        return statistics.median(bare), statistics.median(helped), statistics.median(imported)

    rounds = bench.run(one_round)
    bare, helped, imported = (statistics.median(one[place] for one in rounds.kept) * 1e3 for place in range(3))
    detail = f"{helped:.1f} ms against {bare:.1f}; {turns} of each a round"
    return [Figure("G11 help", helped / bare, detail, rounds=len(rounds.kept), noisy=rounds.noisy),
            Figure("G11 import", imported, f"{turns} fresh processes a round, files compiled", rounds=len(rounds.kept), noisy=rounds.noisy)]
