"""Where the recorded known answers lie, and how they are read: beside the checkout, not ours to copy."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data"
NEEDS_FOLDER = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recorded data at {FOLDER}"),
]


def read_json(name: str) -> Any:
    path = FOLDER / "known_answers" / name
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def read_columns(name: str) -> dict[str, np.ndarray]:
    """Return the columns of a packed CSV file by name; an empty cell is nan."""
    with gzip.open(FOLDER / name, "rt") as lines:
        rows = list(csv.DictReader(lines))
    return {column: np.array([float(row[column] or "nan") for row in rows]) for column in rows[0]}


def digits_of(text: str) -> int:
    """Return how many decimals a printed number shows."""
    return len(text.partition(".")[2])
