"""What a backtest does first: read the configuration, choose the strategies, know the instruments, open the files of market data.

Collects what is wrong with the configuration, so that people hear of it at once; starts nothing and writes nothing.
"""

import argparse
from pathlib import Path

import msgspec

from trading_system.collectors.history import History
from trading_system.commands.written_times import read_time_ns
from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.venues import Venues
from trading_system.enrollment import Enrolled, read_strategies
from trading_system.inventory import check_instruments, nearest_symbol
from trading_system.settings.load import Settings, read_settings
from trading_system.settings.problems import Problems, nearest, shown

_NANOSECONDS = 10**9


class Prepared(msgspec.Struct):
    """All that a backtest is run with. Times are UTC nanoseconds, None where there is no bound."""

    settings: Settings
    enrolled: list[Enrolled]
    instruments: dict[str, Instrument]
    histories: list[History]
    assumptions: str
    state: Path
    from_ns: int | None
    to_ns: int | None


def prepare(arguments: argparse.Namespace, root: Path, venues: Venues) -> Prepared:
    """Read and check everything. Raises ConfigError."""
    problems = Problems()
    settings = read_settings(Path(arguments.config), arguments.set or (), problems, adapters=venues.ADAPTERS)
    settings = _chosen(settings, arguments.strategy, problems)
    enrolled = read_strategies(settings, Path(arguments.strategies), problems)
    instruments = _instruments(settings, venues, problems)
    active = {name: one for name, one in settings.global_settings.strategies.items() if one.active}
    check_instruments(instruments, settings, active, problems)
    written = settings.backtest
    from_ns = read_time_ns("--from", arguments.from_time or written.from_time, problems)
    to_ns = read_time_ns("--to", arguments.to_time or written.to_time, problems)
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        problems.add_at("--to", 0, "", "it must be later than --from")
    symbols = sorted({symbol for one in enrolled for symbol in one.settings.instruments})
    files = _files(arguments, settings, symbols, problems)
    problems.raise_if_any()
    bar_ns = int((written.bar_seconds or 0) * _NANOSECONDS)
    histories = [History.open(symbol, path, written.bad_rows, bar_ns) for symbol, path in files]
    state = Path(arguments.state) if arguments.state else root / "var" / "backtest"
    return Prepared(settings, enrolled, instruments, histories, arguments.assumptions or written.assumptions, state, from_ns, to_ns)


def _chosen(settings: Settings, names: list[str] | None, problems: Problems) -> Settings:
    if not names:
        return settings
    there = settings.global_settings.strategies
    for name in names:
        if name not in there:
            guess = nearest(name, there)
            problems.add_at("--strategy", 0, "", f"there is no strategy {shown(name)}"
                            + (f", did you mean {guess}?" if guess else f"; there are {', '.join(there)}"))
    chosen = {name: msgspec.structs.replace(one, active=True) for name, one in there.items() if name in names}
    return msgspec.structs.replace(settings, global_settings=msgspec.structs.replace(settings.global_settings, strategies=chosen))


def _instruments(settings: Settings, venues: Venues, problems: Problems) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for name, node in settings.system.brokers.items():
        try:
            found.update({one.symbol: one for one in venues.simulated_instruments(name, node)})
        except ConfigError as error:
            for sentence in error.problems:
                problems.add_sentence(sentence)
    for symbol, written in settings.backtest.instruments.items():
        try:
            found[symbol] = written.applied(symbol, found.get(symbol))
        except ValueError as error:
            path = f"backtest.instruments.{symbol}"
            problems.add_at(*settings.file_and_line(path), path, str(error))
    return found


def _files(arguments: argparse.Namespace, settings: Settings, symbols: list[str], problems: Problems) -> list[tuple[str, Path]]:
    # What the command line names stands in the place of what the configuration does, symbol by symbol.
    named: dict[str, list[Path]] = {}
    for text in arguments.data or ():
        symbol, is_there, file = text.partition("=")
        if not is_there or not file:
            problems.add_at("--data", 0, "", "expected an instrument, an equals sign and a file such as "
                            f"{symbols[0] if symbols else 'SYMBOL'}=bars.csv, found {shown(text)}")
        elif symbol not in symbols:
            guess = nearest_symbol(symbol, symbols)
            problems.add_at("--data", 0, "", f"no strategy trades {shown(symbol)}" + (f", did you mean {guess}?" if guess else ""))
        else:
            named.setdefault(symbol, []).append(Path(file))
    for symbol, written in settings.backtest.data.items():
        if symbol in symbols and symbol not in named:
            path = f"backtest.data.{symbol}"
            folder = Path(arguments.config).resolve().parent
            named[symbol] = [folder / file for file in ([written] if isinstance(written, str) else written)]
            for file in named[symbol]:
                if not file.is_file():
                    problems.add_at(*settings.file_and_line(path), path, f"there is no file {file}: python main.py sample-data writes a "
                                    "made-up day of every instrument to try with")
    return [(symbol, path) for symbol in symbols for path in named.get(symbol, ())]
