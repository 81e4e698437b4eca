"""The engine's loop over the data file, as a program: started by `ours.py`, prints one JSON line."""

import argparse
import gc
import json
from pathlib import Path

from benchmarks.data_file import read_data
from benchmarks.engine_loop import ceiling, engine_loop


def main() -> None:
    """Load, run the ceiling first where it is asked for, then the engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bars", type=int, required=True)
    parser.add_argument("--ceiling", action="store_true")
    options = parser.parse_args()
    table = read_data(options.data, options.bars)
    gc.collect()
    gc.freeze()
    lowest = ceiling(table) if options.ceiling else 0.0
    took, did = engine_loop(table)
    print(json.dumps({"engine_ns": took, "ceiling_ns": lowest, "orders": did["orders"], "fills": did["fills"]}))


if __name__ == "__main__":
    main()
