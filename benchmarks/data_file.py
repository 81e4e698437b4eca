"""The workload as a file, so that every program reads the same bars: seven columns in one uncompressed .npz."""

from pathlib import Path

import numpy as np

from benchmarks.engine_loop import columns
from benchmarks.peers.told import NAMES


def write_data(folder: Path, bars: int) -> Path:
    """Write `bars` seeded one-minute bars into `folder`, where they are not there yet, and return the file."""
    path = folder / f"bars_{bars}.npz"
    if not path.exists():
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **dict(zip(NAMES, columns(bars), strict=True)))
        unfinished.rename(path)
    return path


def read_data(path: Path, bars: int | None = None) -> list[np.ndarray]:
    """Return the columns in the order in which `Bar` takes them, the first `bars` rows of each."""
    with np.load(path) as file:
        return [file[name][:bars] for name in NAMES]
