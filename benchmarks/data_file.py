"""The workload as a file, so that every program reads the same bars: six columns in an uncompressed .npz, as `backtest --data` takes it."""

from pathlib import Path

import numpy as np

from benchmarks.engine_loop import MINUTE_NS, columns
from benchmarks.peers.told import NAMES


def write_data(folder: Path, bars: int) -> Path:
    """Write `bars` seeded one-minute bars into `folder`, where they are not there yet, and return the file."""
    path = folder / f"bars_{bars}.npz"
    if not path.exists():
        start_ns, _, *values = columns(bars)
        unfinished = path.with_suffix(".part.npz")
        with unfinished.open("wb") as file:
            np.savez(file, **dict(zip(NAMES, (start_ns, *values), strict=True)))
        unfinished.rename(path)
    return path


def read_data(path: Path, bars: int | None = None) -> list[np.ndarray]:
    """Return the first `bars` rows in the order in which `Bar` takes them: start, end, open, high, low, close, volume."""
    with np.load(path) as file:
        start_ns, *values = (file[name][:bars] for name in NAMES)
    return [start_ns, start_ns + MINUTE_NS, *values]
