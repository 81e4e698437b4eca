"""What every peer's script shares: its command line, the data file, and the one JSON line it prints. Standard library and numpy only."""

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

#: The columns of the data file; a bar's timestamp is its start, and it lasts a minute.
NAMES = ("timestamp_ns", "open", "high", "low", "close", "volume")


def arguments() -> argparse.Namespace:
    """Read `--data FILE --bars N`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bars", type=int, required=True)
    return parser.parse_args()


def columns(options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Return the first `--bars` rows of the data file's columns: times in nanoseconds, prices as floats."""
    with np.load(options.data) as file:
        return {name: file[name][:options.bars] for name in NAMES}


def tell(package: str, bars: int, loop_seconds: float, orders: int, fills: int) -> None:
    """Print what was measured; the process must have nothing left to do but end.

    `loop_seconds` is the process's own processor time, as in `benchmarks/engine_loop.py`: other work on the machine is not in it.
    """
    print(json.dumps({"package": package, "version": version(package), "bars": bars, "loop_seconds": loop_seconds, "orders": orders,
                      "fills": fills, "process_seconds": round(_age_seconds(), 3), "peak_mb": round(_peak_mb(), 1)}), flush=True)


def _age_seconds() -> float:
    # Field 22 of /proc/self/stat: when the process started, in clock ticks since boot.
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def _peak_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6
