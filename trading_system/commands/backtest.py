"""`python main.py backtest`: the configured strategies over history, with the table of what they came to.

Exit code 1 when a strategy failed on the way or the books do not add up; nothing is journaled, the last results are in
`last_backtest.json` of the state folder.
"""

import argparse
import gc
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trading_system.backtest_assembly import BacktestPlan, build_backtest
from trading_system.backtest_results import Reckoning
from trading_system.collectors.history import History
from trading_system.collectors.merged_history import Batch
from trading_system.commands.backtest_preparation import Prepared, prepare
from trading_system.console.plain_lines import print_line
from trading_system.console.progress import ProgressBar
from trading_system.core.errors import ConfigError, InvariantBroken
from trading_system.core.runtime import ThreadRuntime
from trading_system.core.venues import Venues
from trading_system.reports.result_table import table_lines
from trading_system.reports.results import Results
from trading_system.storage.atomic_file import write_atomically

BAND = ("optimistic", "base", "pessimistic")
_ENGINES = ("backtesting_py", "freqtrade")
_WIDEST = 140


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--strategy", action="append", metavar="NAME", help="only this one; may be repeated (default: all active)")
    parser.add_argument("--data", action="append", metavar="SYMBOL=FILE", help="market data of an instrument; may be repeated")
    parser.add_argument("--from", dest="from_time", metavar="TIME", help="trade from here on, such as 2024-01-31; before it is history")
    parser.add_argument("--to", dest="to_time", metavar="TIME", help="trade until before this")
    parser.add_argument("--assumptions", choices=(*BAND, *_ENGINES),
                        help="how kindly orders are filled (default pessimistic); the last two fill as those engines do")
    parser.add_argument("--band", action="store_true", help=f"run under {', '.join(BAND)} and tell the range")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - is the standard output")
    parser.add_argument("--report", metavar="FILE.html", help="write the tear sheet, one page with pictures (needs the extra plot)")


def run(arguments: argparse.Namespace, root: Path, venues: Venues) -> int:
    """Run the backtest, print the table, write what was asked for; return the exit code. Raises ConfigError."""
    prepared = prepare(arguments, root, venues)
    if arguments.report:
        from trading_system.reports.tear_sheet import write_tear_sheet
    runtime = ThreadRuntime()
    names: Sequence[str] = BAND if arguments.band else (prepared.assumptions,)
    try:
        found = {name: _trade(prepared, venues, name, runtime) for name in names}
    except InvariantBroken as error:
        print(f"the backtest has no result, because its books do not add up: {error}. This is a fault of the program, not of your files; "
              "nothing was written", file=sys.stderr)
        return 1
    results = found[prepared.assumptions if prepared.assumptions in found else names[-1]]
    encoded = msgspec.json.encode(results)
    if arguments.json == "-":
        sys.stdout.buffer.write(encoded + b"\n")
    else:
        for line in table_lines(results, min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)):
            print_line(line)
        for line in _band_lines(found) if arguments.band else ():
            print_line(line)
    prepared.state.mkdir(parents=True, exist_ok=True)
    write_atomically(prepared.state / "last_backtest.json", encoded)
    if arguments.json and arguments.json != "-":
        write_atomically(Path(arguments.json), encoded)
    if arguments.report:
        write_tear_sheet(results, Path(arguments.report))
        print_line(f"the tear sheet is in {arguments.report}")
    troubled = [f"{one.name}: {one.trouble}" for one in results.strategies if one.trouble]
    if troubled:
        print_line(f"something was wrong: {'; '.join(troubled)}")
    return 1 if troubled else 0


def _trade(prepared: Prepared, venues: Venues, assumptions: str, runtime: ThreadRuntime) -> Results:
    settings = prepared.settings
    venue = venues.paper(list(prepared.instruments.values()), assumptions, settings.backtest.fills)
    backtest = build_backtest(BacktestPlan(
        settings, prepared.enrolled, prepared.instruments, venue, prepared.histories, prepared.from_ns, prepared.to_ns))
    reckoning = Reckoning(backtest)
    gc.collect()
    gc.freeze()                 # what was built so far lives as long as the run: the collector need not look at it again
    gc.set_threshold(50_000, 20, 50)
    began_ns = runtime.monotonic_ns()
    is_colored = not prepared.settings.environment.has("NO_COLOR")
    with ProgressBar("backtest", _rows(prepared.histories), runtime.monotonic_ns, is_colored) as progress:

        def after(batch: Batch) -> None:
            reckoning.add(batch)
            progress.add(len(batch))

        events = backtest.run(after)
    if not events:
        raise ConfigError("there is no market data between --from and --to: nothing was traded")
    return reckoning.results((runtime.monotonic_ns() - began_ns) / 1e9, prepared.notes)


def _rows(histories: Sequence[History]) -> int:
    return sum(history.rows for history in histories)


def _band_lines(found: dict[str, Results]) -> list[str]:
    lines = ["", "Under all assumptions, equity at the end:"]
    for number, one in enumerate(found[BAND[0]].strategies):
        ends = [found[name].strategies[number].equity for name in BAND]
        spoken = ", ".join(f"{name} {end:,.2f}" for name, end in zip(BAND, ends, strict=True))
        lines.append(f"  {one.name}: {min(ends):,.2f} to {max(ends):,.2f} {one.currency} ({spoken})")
    return lines
