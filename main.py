"""The roof: reads the command line and calls one command, imported only then.

Start here: `python main.py` trades on a simulated exchange.
"""

import argparse
import importlib
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn  # importing it would cost a tenth of the time that --help takes

ROOT = Path(__file__).resolve().parent
COMMANDS = {
    "run": "trade (what happens without a command)",
    "backtest": "run the strategies over history and tell what they came to",
    "check": "say what a start would find: configuration, strategies, keys, state folder, venue",
    "new-strategy": "write a strategy to begin with, and its test",
    "strategies": "list the strategies: files, instruments, params",
    "why": "tell the story of an order, or why nobody has traded lately",
    "pause": "call a strategy of a running house no more",
    "resume": "let a paused strategy go on",
    "settle": "say what became of an order that nobody else can know of",
    "status": "show what a running or finished house is doing",
    "ledger": "tell orders, fills, positions and profit from the journal, while a house runs or not",
    "report": "tell what the runs of a state folder came to: the table and the page of a backtest, from the journal",
    "reference": "print every setting with its default and its bounds, as Markdown",
    "sample-data": "write made-up market data, so that a backtest can be tried at once",
    "simulate": "run the simulated exchange by itself, for bots and clients to attach to",
}


class _WrongUsage(Exception):
    """The command line cannot be understood; says what to write."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> "NoReturn":
        raise _WrongUsage(f"{self.prog}: {message}; '{self.prog} --help' tells what there is")


def main(words: list[str]) -> int:
    """Run one command; return the exit code: 0 fine, 1 it ran and something is wrong, 2 wrong usage or configuration."""
    try:
        arguments = parse(words)
    except _WrongUsage as error:
        print(error, file=sys.stderr)
        return 2
    module = importlib.import_module(_module(arguments.command))
    from brokerage import registry
    from trading_system.core.errors import ConfigError, InvariantBroken

    try:
        return int(module.run(arguments, ROOT, registry))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except InvariantBroken as error:
        is_start = arguments.command == "run"           # whatever else meets one was reading a journal
        print(f"{'refused to start' if is_start else 'the journal cannot be trusted'}: {error}", file=sys.stderr)
        return 2 if is_start else 1
    except OSError as error:
        # Its own words begin with a number of the system's, which tells a trader nothing.
        print(f"{error.filename}: {error.strerror}" if error.filename is not None and error.strerror else error, file=sys.stderr)
        return 1
    except RuntimeError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("left before anything was started", file=sys.stderr)
        return 1


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line; `--help` ends the program. Raises what `main` tells people about wrong usage."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words = ["run", *words]
    parser = _Parser(prog="main.py", description="A trading bot that runs several strategies on one account.", allow_abbrev=False,
                     epilog="Without a command it trades. `main.py COMMAND --help` tells the options of a command.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        own = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name == words[0]:
            _add_common(own)
            importlib.import_module(_module(name)).add_arguments(own)
    if words[0] not in (*COMMANDS, "-h", "--help"):
        raise _WrongUsage(f"main.py: there is no command '{words[0]}'{_nearest(words[0], COMMANDS)}")
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        known = commands.choices[words[0]]
        options = [option for action in known._actions for option in action.option_strings]
        word = unknown[0].partition("=")[0]
        if not word.startswith("-"):
            where = "; the command comes first" if word in COMMANDS else ""
            raise _WrongUsage(f"{known.prog}: '{word}' is one word too many{where}")
        raise _WrongUsage(f"{known.prog}: there is no option '{word}'{_nearest(word, options)}")
    return arguments


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default=str(ROOT / "configs"), metavar="DIR", help="the folder of the configuration files")
    parser.add_argument("--strategies", default=str(ROOT / "strategies"), metavar="DIR", help="the folder of the strategy files")
    parser.add_argument("--state", metavar="DIR", help="the state folder (default var/<mode>)")
    parser.add_argument("--set", action="append", metavar="PATH=VALUE",
                        help="override a setting, such as strategies.naive_test.params.quantity=0.002")


def _module(command: str) -> str:
    return f"trading_system.commands.{command.replace('-', '_')}"


def _nearest(word: str, known: "list[str] | dict[str, str]") -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1, 0.5)
    return f", did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
