"""`python -m tests.simulation.mutants`: plants each known bug in a copy of the tree, lives seeds until the first is caught, and writes the
table to docs/proofs.md. Exit code 1 when one was not caught.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from statistics import median

import msgspec

from tests.simulation.mutants.patches import ROOT, Patch, patches

_LIMIT = 1000
_BEGIN, _END = "<!-- mutants -->", "<!-- end of mutants -->"


class Catch(msgspec.Struct, frozen=True):
    """How a bug fared: caught by `violation` in the last of so many `seeds`, or not at all."""

    patch: Patch
    seeds: int
    violation: str

    @property
    def caught_by(self) -> str:
        """Return the number of the invariant."""
        return self.violation[:3]


def hunt(patch: Patch, limit: int) -> Catch:
    """Plant a bug and live seeds until it is caught."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        patch.plant(Path(folder))
        done = subprocess.run([sys.executable, "-m", "tests.simulation.mutants.hunt", str(limit)], cwd=folder, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        # It does not even run: the bug shows by itself, but no invariant caught it.
        return Catch(patch, 0, f"??? {done.stderr.strip()[-300:]}")
    return Catch(patch, told["seeds"], told["violation"])


def table(catches: Sequence[Catch]) -> str:
    """Return the table of the bugs, the hardest to find first."""
    rows = [f"| {one.patch.name} | {one.seeds if one.violation else f'not in {one.seeds:,}'} | {one.caught_by or 'none'} |"
            for one in sorted(catches, key=lambda one: (bool(one.violation), -one.seeds, one.patch.name))]
    caught = [one.seeds for one in catches if one.violation]
    head = f"{len(caught)} of {len(catches)} caught, median after {median(caught):g} seeds." if caught else "None was caught."
    return "\n".join([head, "", "| planted bug | seeds | invariant |", "|---|---|---|", *rows])


def write(text: str, path: Path = ROOT / "docs" / "proofs.md") -> None:
    """Put a text between the marks of the document. Raises ValueError where the marks are not there."""
    before, begin, rest = path.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} has no {_BEGIN} and {_END}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> int:
    """Hunt what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--only", help="only the bugs with this in their name; the document is left alone")
    parser.add_argument("--limit", type=int, default=_LIMIT, help=f"seeds to live at most (default {_LIMIT})")
    parser.add_argument("--jobs", type=int, default=2, help="so many bugs at a time (default 2)")
    given = parser.parse_args()
    chosen = [patch for patch in patches() if given.only is None or given.only in patch.name]
    catches = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for hunted in as_completed([pool.submit(hunt, patch, given.limit) for patch in chosen]):
            catch = hunted.result()
            catches.append(catch)
            print(f"{catch.patch.name}: {catch.seeds} seeds, {catch.violation[:300] or 'not caught'}", flush=True)
    text = table(catches)
    print(f"\n{text}")
    if given.only is None:
        write(text)
    return 0 if chosen and all(one.violation and not one.violation.startswith("???") for one in catches) else 1


if __name__ == "__main__":
    sys.exit(main())
