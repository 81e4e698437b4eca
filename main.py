"""The roof: reads the command line and calls one command, imported only then.

Start here: `python main.py` trades on a simulated exchange.
"""

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
COMMANDS = {
    "run": "trade (what happens without a command)",
    "simulate": "run the simulated exchange by itself, for bots and clients to attach to",
    "status": "show what a running or finished house is doing",
    "strategies": "list the strategies: files, instruments, params",
}


def main(words: list[str]) -> int:
    """Run one command; return the exit code: 0 fine, 1 it ran and something is wrong, 2 wrong usage or configuration."""
    parser = argparse.ArgumentParser(prog="main.py", description="A trading bot that runs several strategies on one account.",
                                     epilog="Without a command it trades. `main.py COMMAND --help` tells the options of a command.")
    wanted = next((word for word in words if word in COMMANDS), "run")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        own = commands.add_parser(name, help=text, description=text)
        _add_common(own)
        if name == wanted and not _is_only_help(words):
            importlib.import_module(f"trading_system.commands.{name}").add_arguments(own)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words = ["run", *words]
    arguments = parser.parse_args(words)
    module = importlib.import_module(f"trading_system.commands.{arguments.command}")
    from brokerage import registry
    from trading_system.core.errors import ConfigError, InvariantBroken

    try:
        return int(module.run(arguments, ROOT, registry))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except InvariantBroken as error:
        print(f"refused to start: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default=str(ROOT / "configs"), metavar="DIR", help="the folder of the configuration files")
    parser.add_argument("--strategies", default=str(ROOT / "strategies"), metavar="DIR", help="the folder of the strategy files")
    parser.add_argument("--state", metavar="DIR", help="the state folder (default var/<mode>)")
    parser.add_argument("--set", action="append", metavar="PATH=VALUE",
                        help="override a setting, such as strategies.naive_test.params.quantity=0.002")


def _is_only_help(words: list[str]) -> bool:
    return bool(words) and words[0] in ("-h", "--help")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
