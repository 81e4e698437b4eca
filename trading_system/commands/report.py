"""`python main.py report`: what the runs of a state folder came to, as the table and the tear sheet that a backtest has.

Made from the journal alone, beside a running house or after it: no venue, configuration or strategy is asked, and nothing is changed.
"""

import argparse
import shutil
import sys
from pathlib import Path

import msgspec

from trading_system.commands.past_state import open_journal, read_books, state_of
from trading_system.console.plain_lines import print_line
from trading_system.core.errors import InvariantBroken
from trading_system.core.venues import Venues
from trading_system.journal_results import journal_results
from trading_system.reports.result_table import table_lines
from trading_system.storage.atomic_file import write_atomically

_WIDEST = 140
_EXIT_WRONG = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - is the standard output")
    parser.add_argument("--report", metavar="FILE.html", help="write the tear sheet, one page with pictures (needs the extra plot)")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Print the table, write what was asked for; return the exit code, 1 when the journal or a ledger is broken. Raises ConfigError."""
    if arguments.report:
        from trading_system.reports.tear_sheet import write_tear_sheet
    state = state_of(arguments, root)
    try:
        results = journal_results(read_books(open_journal(state), state), str(state / "journal"))
    except InvariantBroken as error:
        print(f"the journal cannot be trusted: {error}", file=sys.stderr)
        return _EXIT_WRONG
    encoded = msgspec.json.encode(results)
    if arguments.json == "-":
        print_line(encoded.decode())
    else:
        for line in table_lines(results, min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)):
            print_line(line)
    if arguments.json and arguments.json != "-":
        write_atomically(Path(arguments.json), encoded)
    if arguments.report:
        write_tear_sheet(results, Path(arguments.report))
        if arguments.json != "-":
            print_line(f"the tear sheet is in {arguments.report}")
    return 0
