"""`python main.py status`: what a house is doing, or how its last run ended, read from the state folder alone."""

import argparse
import json
from pathlib import Path
from typing import Any

from trading_system.commands.past_state import state_of
from trading_system.commands.state_folder import holder_of
from trading_system.console.strategy_rows import strategy_cells
from trading_system.core.errors import ConfigError
from trading_system.core.venues import Venues

_ENDED = "stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--json", action="store_true", help="print the whole picture as JSON")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print the picture; return the exit code. Raises ConfigError when there is none."""
    state = state_of(arguments, root)
    picture = _picture(state)
    # A house that was killed could not write that it had ended.
    picture["is_broken_off"] = picture["phase"] != _ENDED and not holder_of(state)
    if arguments.json:
        print(json.dumps(picture, indent=2))
        return 0
    if picture["is_broken_off"]:
        print(f"broken off: nothing runs there; this is the last picture, of {picture['end']}, of the run "
              f"in mode {picture['mode']} that began {picture['start']}; the next start asks for the orders it left")
    elif picture["phase"] == _ENDED:
        print(f"stopped in mode {picture['mode']}: it ran from {picture['start']} to {picture['end']}")
    else:
        print(f"{picture['phase']} in mode {picture['mode']} since {picture['start']}, as of {picture['end']}")
    print(f"{picture['beats']} beats ({picture['late_beats']} late, worst {picture['worst_lateness_ms']} ms), {picture['ticks']} ticks, "
          f"{picture['errors']} errors, {picture['warnings']} warnings, {picture['rss_mb']} MB")
    if picture.get("halted"):
        print(f"HALTED: {picture['halted']}; {picture['records_not_on_disk']} records are only in memory; it goes on by itself")
    for name, venue in picture["venues"].items():
        if venue.get("no_orders_because"):
            print(f"  ! no new orders to {name}: {venue['no_orders_because']}")
    for symbol, market in picture["market"].items():
        age = "no price yet" if market["age_seconds"] is None else f"{market['age_seconds']:.1f} s old"
        print(f"  {symbol:<14} bid {market['bid']}  ask {market['ask']}  ({age})")
    for name, row in picture["strategies"].items():
        position, opened, orders, fills, profit, said = strategy_cells(row, picture["market"])
        print(f"  {name:<22} {position}; profit {profit} (open {opened}); {fills} fills; {orders} orders open; {said}")
    for kind, texts in (("error", picture["error_texts"]), ("warning", picture["warning_texts"])):
        for text in texts:
            print(f"  ! {kind} of this run: {text}")
    return 0


def _picture(state: Path) -> dict[str, Any]:
    path = state / "status.json"
    try:
        picture = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{path}: no run has left a status there; start one, or name its folder with --state") from None
    except ValueError:
        raise ConfigError(f"{path}: this is not a status file") from None
    return dict(picture)
