"""`python main.py strategies`: every configured strategy with its file, instruments, capital and params, checked as a start would."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from trading_system.commands.preparation import prepare
from trading_system.core.venues import Venues


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print the list; return the exit code. Raises ConfigError for what a start would refuse."""
    prepared = prepare(arguments, root, venues)
    prepared.problems.raise_if_any()
    settings, enrolled = prepared.settings, {one.name: one for one in prepared.enrolled}
    rows: list[dict[str, Any]] = []
    for name, strategy in settings.global_settings.strategies.items():
        one = enrolled.get(name)
        rows.append({
            "name": name, "active": strategy.active, "file": str(Path(arguments.strategies) / strategy.file),
            "class": one.kind.__name__ if one else None,
            "instruments": strategy.instruments, "capital": {currency: str(amount) for currency, amount in strategy.capital.items()},
            "bars_seconds": strategy.bars, "params": msgspec.to_builtins(one.params) if one else None,
            "about": (one.kind.__doc__ or "").strip().partition("\n")[0] if one else None,
        })
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        capital = ", ".join(f"{amount} {currency}" for currency, amount in row["capital"].items())
        print(f"{row['name']}: {row['about'] or 'not active'}")
        print(f"  {row['file']}, {', '.join(row['instruments'])}, capital {capital}")
        if row["params"]:
            print("  params " + ", ".join(f"{key}={value}" for key, value in row["params"].items()))
    return 0
