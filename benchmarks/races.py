"""One round of a race on the average cross: our loop and the loops of some peers, one process after another."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import ours
from benchmarks.bench import Bench
from benchmarks.child import run_module_with
from benchmarks.figure import Figure
from benchmarks.peers.pins import PEERS


class PeerRun(msgspec.Struct, frozen=True):
    """One run of the average cross in a peer: what its script prints, and the process as seen from outside."""

    loop_seconds: float
    process_seconds: float
    peak_mb: float
    orders: int
    fills: int


def run_peer(bench: Bench, name: str, data: Path) -> PeerRun:
    """Run the cross in a peer. Raises ChildFailed."""
    peer = PEERS[name]
    child = run_module_with(peer.python(bench.peers), peer.script, "--data", data, "--bars", bench.bars, folder=bench.folder)
    told: dict[str, Any] = child.told
    bench.versions[told["package"]] = told["version"]
    return PeerRun(told["loop_seconds"], child.seconds, child.peak_mb, told["orders"], told["fills"])


def race_loops(bench: Bench, goals: dict[str, str]) -> list[Figure]:
    """Race our loop against peers, `goals` being peer by goal; a figure is how many times as fast ours is. Raises ChildFailed."""
    data = bench.data()

    def one_round() -> tuple[ours.Loop, dict[str, PeerRun]]:
        return ours.loop(data, bench.bars, bench.folder), {name: run_peer(bench, name, data) for name in goals.values()}

    rounds = bench.run(one_round)
    engine_ns = statistics.median(loop.engine_ns for loop, _ in rounds.kept)
    loop = rounds.kept[-1][0]
    figures = []
    for goal, name in goals.items():
        runs = [runs[name] for _, runs in rounds.kept]
        peer_ns = statistics.median(run.loop_seconds for run in runs) / bench.bars * 1e9
        detail = (f"{engine_ns:.0f} ns a bar against {peer_ns:.0f}; {bench.bars} bars; "
                  f"orders {loop.orders} against {runs[-1].orders}, fills {loop.fills} against {runs[-1].fills}")
        figures.append(Figure(goal, peer_ns / engine_ns, detail, rounds=len(rounds.kept), noisy=rounds.noisy))
    return figures


def split_missing(bench: Bench, goals: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Split goals by whether their peer can run here: those that can, and the reason for each that cannot."""
    reasons = {goal: bench.missing(name) for goal, name in goals.items()}
    present: Sequence[str] = [goal for goal, reason in reasons.items() if not reason]
    return {goal: goals[goal] for goal in present}, {goal: reason for goal, reason in reasons.items() if reason}
