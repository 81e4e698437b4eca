"""`python main.py simulate`: the simulated exchange by itself, well-behaved or not, so that bots, clients and people can attach to it."""

import argparse
import socket
from pathlib import Path

from trading_system.commands.misbehavior import check_faults, misbehavior_of
from trading_system.commands.state_folder import check_state_folder
from trading_system.core.venues import Venues
from trading_system.settings.load import read_settings
from trading_system.settings.problems import Problems, shown
from trading_system.settings.scalars import UnreadableText, read_whole_number

_PORT = 8765


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--port", default=str(_PORT), help=f"the port on 127.0.0.1 (default {_PORT}; 0 takes a free one)")
    parser.add_argument("--fault", action="append", metavar="RULE",
                        help="misbehave, such as place:reply_lost:p=0.1; may be repeated and comes on top of the settings")
    parser.add_argument("--fault-seed", metavar="N", help="other chances for the faults (default 0)")
    parser.add_argument("--control", action="store_true", help="open /simulator/..., by which faults are made and markets halted")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Become the exchange: does not come back; Ctrl-C ends it. Raises ConfigError."""
    problems = Problems()
    settings = read_settings(Path(arguments.config), arguments.set or (), problems, adapters=venues.ADAPTERS)
    simulator = settings.system.simulator
    state = Path(arguments.state) if arguments.state else root / "var" / "exchange"
    check_state_folder(state, problems)
    port = _free_port(arguments.port, problems)
    check_faults(settings, venues, problems, arguments.fault or ())
    misbehavior = misbehavior_of(simulator, arguments.fault or (), _fault_seed(arguments.fault_seed, problems), arguments.control)
    problems.raise_if_any()
    limit = None if simulator.rate_limit == "off" else simulator.rate_limit
    print(f"The simulated exchange keeps its memory in {state}; Ctrl-C ends it.\n"
          f"A bot attaches with: python main.py --set system.simulator.url=http://127.0.0.1:{port or 'PORT'}", flush=True)
    if misbehavior.faults:
        print(f"It misbehaves, seed {misbehavior.seed}: {', '.join(misbehavior.faults)}", flush=True)
    venues.serve(str(state), simulator.seed, limit, port, misbehavior)
    return 0


def _fault_seed(text: str | None, problems: Problems) -> int | None:
    if text is None:
        return None
    try:
        seed = read_whole_number(text)
    except UnreadableText as error:
        problems.add_at("--fault-seed", 0, "", str(error))
        return None
    if not 0 <= seed < 2**63:
        problems.add_at("--fault-seed", 0, "", f"expected a whole number from 0 on, found {shown(text)}")
        return None
    return seed


def _free_port(text: str, problems: Problems) -> int:
    try:
        port = read_whole_number(text)
    except UnreadableText as error:
        problems.add_at("--port", 0, "", str(error))
        return 0
    if not 0 <= port <= 65535:
        problems.add_at("--port", 0, "", f"expected a port from 0 to 65535, found {shown(text)}")
        return 0
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                problems.add_at("--port", 0, "", f"port {port} of this machine cannot be had ({error.strerror}): "
                                "stop what listens there, or choose another, such as 0 for any free one")
    return port
