"""`python -m tests.recovery --kills 300`: kills the real bot at every step of the journal and at random, and proves after every restart
that no order was lost, doubled or orphaned. Exit code 1 when one was."""

import argparse
import signal
import sys
from pathlib import Path

from tests.recovery.campaign import Campaign
from tests.recovery.report import figures, table
from tests.system.bot_process import ROOT
from trading_system.fail_points import POINTS, VARIABLE


def main() -> int:
    """Run the campaign; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed plans the same kills (default 1)")
    parser.add_argument("--state", type=Path, default=ROOT / "var" / "recovery", help="folder of the progress file (default var/recovery)")
    parser.add_argument("--resume", action="store_true", help="go on where the progress file ends")
    parser.add_argument("--table", action="store_true", help="only show the table of the progress file")
    parser.add_argument("--points", action="store_true", help=f"only show the steps that {VARIABLE} knows")
    given = parser.parse_args()
    if given.points:
        print("\n".join(f"{name:24} {what}" for name, what in POINTS.items()))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))        # no bot and no exchange may outlive us
    campaign = Campaign(given.state, given.seed, lambda line: print(line, flush=True))
    rows = campaign.rows() if given.table else campaign.run(given.kills, given.resume)
    print(f"\n{table(rows)}")
    told = figures(rows)
    return 1 if told["findings"] or not told["proofs"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
