"""Run inside a copy of the tree with a bug in it: lives seeds until the first one that breaks an invariant, and prints what it was."""

import json
import sys

from tests.simulation.campaign import live
from tests.simulation.draw import draw


def main() -> int:
    """Hunt through so many seeds, the only argument; print a line of JSON."""
    for seed in range(int(sys.argv[1])):
        violation = live(draw(seed))[0].violation
        if violation:
            print(json.dumps({"seeds": seed + 1, "violation": violation}))
            return 0
    print(json.dumps({"seeds": int(sys.argv[1]), "violation": ""}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
