"""`python -m tests.simulation --seeds 0:200`: lives the whole bot through seeded worlds of faults and crashes and holds it against the truth.

Exit code 1 when an invariant was broken, or when a fault, an invariant or a race was never reached in many seeds.
"""

import argparse
import sys
from pathlib import Path

from tests.simulation.campaign import FEW_SEEDS, Outcome, live, run_seeds, shrink
from tests.simulation.draw import Drawn, draw

_NEWS_EVERY = 50


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:200", help="first and behind the last, such as 0:200 (default)")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes (default 1)")
    parser.add_argument("--report", type=Path, help="write the report to this file, too")
    parser.add_argument("--seed", type=int, help="live this one seed only")
    parser.add_argument("--trace", action="store_true", help="show what the seed drew and everything that happened")
    parser.add_argument("--shrink", action="store_true", help="take faults and crashes out of the failing seed until only the needed ones are left")
    given = parser.parse_args()
    if given.seed is not None:
        return _one(draw(given.seed), given.trace, given.shrink)
    first, _, end = given.seeds.partition(":")
    seeds = range(int(first), int(end or int(first) + 1))

    def heard(outcome: Outcome) -> None:
        done = outcome.seed - seeds.start + 1
        if outcome.violation:
            print(f"seed {outcome.seed}: {outcome.violation}", flush=True)
        elif done % _NEWS_EVERY == 0:
            print(f"{done:,} of {len(seeds):,} seeds", flush=True)
    report = run_seeds(seeds, given.jobs, heard)
    lines = list(report.lines())
    never = report.never if len(seeds) >= FEW_SEEDS else []
    lines += [f"never reached: {name}" for name in never]
    print("\n".join(lines))
    if given.report is not None:
        given.report.write_text("\n".join(lines) + "\n")
    if given.shrink and report.failures:
        return _one(draw(report.failures[0].seed), given.trace, True)
    return 1 if report.failures or never else 0


def _one(drawn: Drawn, has_trace: bool, shrinks: bool) -> int:
    if shrinks:
        drawn = shrink(drawn, lambda line: print(line, flush=True))
    outcome, log = live(drawn)
    if has_trace:
        print("\n".join(log))
    for name in drawn.__struct_fields__:
        print(f"{name}: {getattr(drawn, name)}")
    print(f"seed {drawn.seed}: trace {outcome.trace_hash}, {outcome.virtual_seconds:.1f} virtual s, {outcome.orders} orders, {outcome.fills} fills, "
          f"{outcome.crashes} crashes: {outcome.violation or 'all held'}")
    return 1 if outcome.violation else 0


if __name__ == "__main__":
    sys.exit(main())
