"""Many seeds, on several processes: what they came to together, what was never reached, and how a failing seed is made small."""

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from brokerage.luno_simulator.fault_kinds import FAULT_KINDS
from tests.simulation.draw import Drawn, draw
from tests.simulation.invariant_table import INVARIANTS
from tests.simulation.races import RACES
from tests.simulation.world import Outcome, run_world

#: One seed in so many is lived twice, and must come out the same.
TWICE_EVERY = 100
#: With fewer seeds it is no fault when a kind, an invariant or a race had nothing to do.
FEW_SEEDS = 150


class Report(msgspec.Struct):
    """What a campaign came to. `never` names what was not reached."""

    seeds: int = 0
    seconds: float = 0.0
    virtual_seconds: float = 0.0
    steps: int = 0
    orders: int = 0
    fills: int = 0
    unknowns: int = 0
    crashes: int = 0
    sends: int = 0
    overtaken: int = 0
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    invariants: Counter[str] = msgspec.field(default_factory=Counter)
    races: Counter[str] = msgspec.field(default_factory=Counter)
    failures: list[Outcome] = msgspec.field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Take in what one seed came to."""
        self.seeds += 1
        for name in ("virtual_seconds", "steps", "orders", "fills", "unknowns", "crashes", "sends", "overtaken"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        self.kinds.update(outcome.kinds)
        self.invariants.update(outcome.invariants)
        self.races.update(outcome.races)
        if outcome.violation:
            self.failures.append(outcome)

    @property
    def never(self) -> list[str]:
        """Return what had nothing to do in all the seeds."""
        named = (("fault", FAULT_KINDS, self.kinds), ("invariant", INVARIANTS, self.invariants), ("race", RACES, self.races))
        return [f"{what} {name}" for what, names, counts in named for name in names if not counts[name]]

    def lines(self) -> Iterator[str]:
        """Yield the report, a table."""
        yield (f"{self.seeds:,} seeds in {self.seconds:.0f} s ({self.seeds / max(self.seconds, 0.001) * 60:.0f} a minute), "
               f"{self.virtual_seconds / 3600:.2f} virtual hours, {self.steps:,} steps")
        yield (f"{self.orders:,} orders, {self.fills:,} fills, {self.unknowns:,} outcomes unknown, {self.crashes:,} crashes, "
               f"{sum(self.kinds.values()):,} faults; another task acted between send and reply {self.overtaken:,} times of {self.sends:,}")
        for title, names, counts in (("fault", FAULT_KINDS, self.kinds), ("race", RACES, self.races)):
            yield ""
            yield from (f"{counts[name]:11,d}  {title} {name}" for name in names)
        yield ""
        yield from (f"{self.invariants[name]:11,d}  {name} {what}" for name, what in INVARIANTS.items())
        yield ""
        yield f"{len(self.failures)} seeds broke an invariant" + "".join(f"\n  seed {one.seed}: {one.violation}" for one in self.failures[:20])


def live(drawn: Drawn) -> tuple[Outcome, list[str]]:
    """Live one world through; return its outcome and its trace."""
    gc.disable()                # a finalizer must not run in the middle of somebody's step
    try:
        with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
            outcome, world = run_world(drawn, Path(folder))
            return outcome, world.log
    finally:
        gc.enable()
        gc.collect(1)


def outcome_of(seed: int) -> Outcome:
    """Live a seed; one in a hundred twice, which must leave the same trace."""
    outcome, log = live(draw(seed))
    if seed % TWICE_EVERY == 0:
        again, log_again = live(draw(seed))
        outcome.invariants["I18"] = 1
        if again.trace_hash != outcome.trace_hash and not outcome.violation:
            first = next((pair for pair in zip(log, log_again, strict=False) if pair[0] != pair[1]), ("", ""))
            outcome.violation = f"I18 ({INVARIANTS['I18']}) is broken: {first[0]!r:.300} and {first[1]!r:.300}"
    return outcome


def run_seeds(seeds: Sequence[int], jobs: int, heard: Callable[[Outcome], None] = lambda outcome: None) -> Report:
    """Live all seeds; `heard` is told of each outcome, in their order."""
    report, began = Report(), time.perf_counter()
    for outcome in _outcomes(seeds, jobs):
        report.add(outcome)
        heard(outcome)
    report.seconds = time.perf_counter() - began
    return report


def _outcomes(seeds: Sequence[int], jobs: int) -> Iterable[Outcome]:
    if jobs < 2:
        yield from map(outcome_of, seeds)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(outcome_of, seeds, chunksize=max(1, min(10, len(seeds) // jobs // 4)))


def shrink(drawn: Drawn, say: Callable[[str], None]) -> Drawn:
    """Take faults, crashes, happenings and quirks out one by one while the same invariant stays broken; return what is needed."""
    wanted = live(drawn)[0].violation[:3]
    if not wanted:
        return drawn
    for part in ("rules", "crashes", "happenings", "quirks"):
        place = 0
        while place < len(pieces := getattr(drawn, part)):
            smaller = msgspec.structs.replace(drawn, **{part: (*pieces[:place], *pieces[place + 1:])})
            if live(smaller)[0].violation[:3] == wanted:
                say(f"not needed: {pieces[place]}")
                drawn = smaller
            else:
                place += 1
    lines = drawn.strategies.splitlines()
    for line in list(lines):
        fewer = [one for one in lines if one != line]
        smaller = msgspec.structs.replace(drawn, strategies="\n".join(fewer))
        if fewer and live(smaller)[0].violation[:3] == wanted:
            say(f"not needed: {line.split(':')[0]}")
            drawn, lines = smaller, fewer
    return drawn
