"""`python -m benchmarks`: measures the goals, prints them, and writes docs/benchmarks.md when all were measured.

`--only G1,G5` measures some and writes nothing; `--readme` also renews the summary in README.md.
"""

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.child import ROOT, ChildFailed
from benchmarks.figure import Figure, not_measured
from benchmarks.goals import GOALS, NOT_MEASURED
from benchmarks.machine import describe_machine
from benchmarks.measures import (
    busy_neighbor,
    engine_cost,
    growth,
    heartbeat_pulse,
    live_latency,
    loop_against_others,
    loop_against_vnpy,
    order_burst,
    peak_memory,
    queue_flood,
    start_up,
    strategies_on_one_feed,
    whole_process,
)
from benchmarks.measures.growth import Cell
from benchmarks.peers.pins import DEFAULT_FOLDER
from benchmarks.report import Conditions, page, put_between_markers, summary, table
from benchmarks.rounds import Gauge

MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "G1": loop_against_vnpy.measure, "G2": loop_against_others.measure, "G3": whole_process.measure, "G4": peak_memory.measure,
    "G5": engine_cost.measure, "G6": strategies_on_one_feed.measure, "G7": live_latency.measure, "G8": order_burst.measure,
    "G10": queue_flood.measure, "G11": start_up.measure, "G12": heartbeat_pulse.measure, "G13": busy_neighbor.measure,
}
_GROWTH = "growth"
_PAGE = ROOT / "docs" / "benchmarks.md"
_OURS = ("msgspec", "numpy")


def main(words: list[str]) -> int:
    """Measure; return 1 when a goal was not reached or a measurement broke, 2 for wrong usage."""
    options = _parse(words)
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        bench = Bench(Gauge(), Path(folder), options.rounds or (1 if options.quick else 3), options.quick, options.peers.resolve())
        bench.versions.update({name: version(name) for name in _OURS})
        figures, cells, is_broken = _measure_all(bench, options.only)
    conditions = Conditions(
        shlex.join(["python", "-m", "benchmarks", *words]), describe_machine(), f"{datetime.now(UTC):%Y-%m-%d}", bench.rounds,
        bench.is_quick, bench.gauge.highest / bench.gauge.lowest, os.getloadavg()[0], bench.versions)
    out = options.out or (None if options.only else _PAGE)
    if out is not None:
        out.write_text(page(figures, cells, conditions))
        print(f"\nwritten: {out}")
    if options.readme:
        readme = ROOT / "README.md"
        try:
            readme.write_text(put_between_markers(readme.read_text(), summary(figures, conditions)))
        except ValueError as error:
            print(f"{readme}: {error}", file=sys.stderr)
            return 2
        print(f"renewed: {readme}")
    return 1 if is_broken or any("failed" in GOALS[figure.goal].verdict(figure) for figure in figures) else 0


def _measure_all(bench: Bench, only: list[str]) -> tuple[list[Figure], list[Cell], bool]:
    figures: list[Figure] = []
    cells: list[Cell] = []
    is_broken = False
    for name in only or [*MEASURES, _GROWTH]:
        try:
            if name == _GROWTH:
                print("growth ...", flush=True)
                cells = growth.measure(bench)
                continue
            measured = MEASURES[name](bench)
        except ChildFailed as error:
            is_broken = True
            measured = [not_measured(goal, f"the measurement broke: {error}") for goal in GOALS if goal.split()[0] == name]
            if not measured:
                print(f"{name}: {NOT_MEASURED}: {error}", file=sys.stderr)
        print(table(measured), flush=True)
        figures += measured
    return figures, cells, is_broken


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the project's goals, as ratios within this run.")
    parser.add_argument("--only", type=_names, default=[], metavar="G1,G5", help=f"of {', '.join(MEASURES)}, {_GROWTH}; writes no page")
    parser.add_argument("--rounds", type=int, metavar="N", help="interleaved rounds of each goal (3, or 1 when quick)")
    parser.add_argument("--quick", action="store_true", help="little data, one round: proves that everything works, says little of speed")
    parser.add_argument("--peers", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help=f"the peers' environments ({DEFAULT_FOLDER})")
    parser.add_argument("--scratch", type=Path, default=None, metavar="DIR", help="where data and journals go: on the disk to be measured")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the page there (docs/benchmarks.md unless --only is given)")
    parser.add_argument("--readme", action="store_true", help="renew the summary between the markers in README.md")
    options = parser.parse_args(words)
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.scratch is None:
        options.scratch = ROOT / "var"
        options.scratch.mkdir(exist_ok=True)
    return options


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    strangers = [name for name in names if name not in MEASURES and name != _GROWTH]
    if strangers or not names:
        raise argparse.ArgumentTypeError(f"there is no goal {(strangers or [text])[0]!r}; there are {', '.join(MEASURES)}, {_GROWTH}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
