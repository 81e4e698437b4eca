"""`python main.py simulate`: the simulated exchange by itself, so that bots, clients and people can attach to it."""

import argparse
from pathlib import Path

from trading_system.core.ports import Venues
from trading_system.settings.load import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--port", type=int, default=8765, help="the port on 127.0.0.1 (default 8765; 0 takes a free one)")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Become the exchange: does not come back; Ctrl-C ends it. Raises ConfigError."""
    simulator = load_settings(Path(arguments.config), arguments.set or ()).system.simulator
    state = Path(arguments.state) if arguments.state else root / "var" / "exchange"
    limit = None if simulator.rate_limit == "off" else simulator.rate_limit
    print(f"The simulated exchange keeps its memory in {state}; Ctrl-C ends it.\n"
          f"A bot attaches with: python main.py --set system.simulator.url=http://127.0.0.1:{arguments.port}", flush=True)
    venues.serve(str(state), simulator.seed, limit, arguments.port)
    return 0
