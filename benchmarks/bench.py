"""What every measure is given: how much to run, where the files lie, and the gauge that tells quiet rounds from noisy ones."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.data_file import write_data
from benchmarks.peers.pins import DEFAULT_FOLDER, PEERS
from benchmarks.rounds import Gauge, Rounds

T = TypeVar("T")


class Bench(msgspec.Struct):
    """One run of the benchmarks. `folder` holds data and scratch files; `versions` grows with every peer that was run."""

    gauge: Gauge
    folder: Path
    rounds: int = 3
    is_quick: bool = False
    peers: Path = DEFAULT_FOLDER
    versions: dict[str, str] = {}

    @property
    def bars(self) -> int:
        """Return how many bars the backtests run over."""
        return 20_000 if self.is_quick else 1_000_000

    def data(self, bars: int | None = None) -> Path:
        """Return the file of the workload."""
        return write_data(self.folder, bars or self.bars)

    def run(self, one_round: Callable[[], T]) -> Rounds[T]:
        """Run the rounds; as many noisy ones as there are rounds may be run again, none when it must be quick."""
        return self.gauge.run(self.rounds, one_round, 0 if self.is_quick else self.rounds)

    def missing(self, peer: str) -> str:
        """Return why a peer cannot be measured here, "" when it can."""
        return PEERS[peer].missing(self.peers)
