"""`python main.py pause [STRATEGY]`: call a strategy of a running house no more; its orders are canceled if that is its policy."""

import argparse
from pathlib import Path

from trading_system.commands.wishes import add_wish_arguments, carry_or_refuse
from trading_system.core.venues import Venues
from trading_system.engine.operator import Wish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("strategy", nargs="?", default="", metavar="STRATEGY", help="only this one; all without it")
    add_wish_arguments(parser)


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Carry the wish to the house that runs; return the exit code. Raises ConfigError when none runs or it cannot be done."""
    return carry_or_refuse(Wish("pause", arguments.by, arguments.reason, arguments.strategy), arguments, root)
