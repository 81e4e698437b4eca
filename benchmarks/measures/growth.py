"""How the engine's cost per event and its memory grow with the bars, the strategies and the instruments; each in its own process."""

import msgspec

from benchmarks.bench import Bench
from benchmarks.child import run_module


class Cell(msgspec.Struct, frozen=True):
    """One run: so many bars dealt out to so many instruments, every strategy on each of them."""

    bars: int
    strategies: int
    instruments: int
    ns_per_event: float
    peak_mb: float
    orders: int
    is_noisy: bool


def measure(bench: Bench) -> list[Cell]:
    """Return the table's cells, each measured once, again where the round was noisy. Raises ChildFailed."""
    small = 10_000 if bench.is_quick else 100_000
    lengths = (10_000, 20_000) if bench.is_quick else (10_000, 100_000, 1_000_000, 10_000_000)
    sizes = [*((bars, 1, 1) for bars in lengths), *((small, strategies, 1) for strategies in (10, 50)),
             *((small, 1, instruments) for instruments in (5, 20)), (small, 10, 20)]
    return [_cell(bench, *size) for size in sizes]


def _cell(bench: Bench, bars: int, strategies: int, instruments: int) -> Cell:
    data = bench.data(bars)
    words = ("--data", data, "--bars", bars, "--strategies", strategies, "--instruments", instruments)
    rounds = bench.gauge.run(1, lambda: run_module("benchmarks.crowded_loop", *words, folder=bench.folder), 0 if bench.is_quick else 1)
    child = rounds.kept[0]
    run = child.told["runs"][0]
    return Cell(bars, strategies, instruments, run["ns_per_event"], child.peak_mb, run["orders"], bool(rounds.noisy))
