"""What a backtest does first: read the configuration, choose the strategies, know the instruments, open the files of market data.

Collects what is wrong with the configuration, so that people hear of it at once; starts nothing and writes nothing.
"""

import argparse
from pathlib import Path

import msgspec

from trading_system.collectors.history import History
from trading_system.collectors.history_times import length
from trading_system.commands.written_times import read_time_ns
from trading_system.core.errors import ConfigError
from trading_system.core.instrument import Instrument
from trading_system.core.venues import Venues
from trading_system.enrollment import Enrolled, read_strategies
from trading_system.inventory import check_instruments, nearest_symbol
from trading_system.settings.load import BACKTEST_FILE, GLOBAL_FILE, Settings, read_settings
from trading_system.settings.located import LocatedMapping
from trading_system.settings.overrides import COMMAND_LINE
from trading_system.settings.problems import Problems, nearest, shown

_NANOSECONDS = 10**9


class Prepared(msgspec.Struct):
    """All that a backtest is run with. Times are UTC nanoseconds, None where there is no bound; `notes` belong under its table."""

    settings: Settings
    enrolled: list[Enrolled]
    instruments: dict[str, Instrument]
    histories: list[History]
    assumptions: str
    state: Path
    from_ns: int | None
    to_ns: int | None
    notes: list[str]


def prepare(arguments: argparse.Namespace, root: Path, venues: Venues) -> Prepared:
    """Read and check everything. Raises ConfigError."""
    problems = Problems()
    settings = read_settings(Path(arguments.config), arguments.set or (), problems, adapters=venues.ADAPTERS)
    settings, notes = _as_backtested(settings, problems)
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
    return Prepared(settings, enrolled, instruments, histories, arguments.assumptions or written.assumptions, state, from_ns, to_ns,
                    [notes[one.name] for one in enrolled if one.name in notes])


def _as_backtested(settings: Settings, problems: Problems) -> tuple[Settings, dict[str, str]]:
    # Lays what backtest_config.yaml changes about strategies over them; what the command line says of a strategy stays. With sentences.
    strategies, notes = dict(settings.global_settings.strategies), dict[str, str]()
    for name, changes in settings.backtest.strategies.items():
        path = f"backtest.strategies.{name}"
        if name not in strategies:
            guess = nearest(name, strategies)
            problems.add_at(*settings.file_and_line(path), path, f"there is no strategy {shown(name)}"
                            + (f", did you mean {guess}?" if guess else f"; there are {', '.join(strategies)}"))
            continue
        one, told = strategies[name], list[str]()
        if changes.bars is not None and settings.file_and_line(f"strategies.{name}.bars")[0] != COMMAND_LINE:
            one = msgspec.structs.replace(one, bars=changes.bars)
            told.append(f"bars of {length(int(changes.bars * _NANOSECONDS))}")
        own = one.params.entries
        laid = {key: node for key, node in changes.params.entries.items() if key not in own or own[key].file != COMMAND_LINE}
        told += [f"{key} {node.plain()}" for key, node in laid.items()]
        params = LocatedMapping({**own, **laid}, one.params.file, one.params.line, one.params.path)
        strategies[name] = msgspec.structs.replace(one, params=params)
        if told:
            notes[name] = f"{name} ran with {', '.join(told)}, as {BACKTEST_FILE} says; it trades with what {GLOBAL_FILE} says."
    changed = msgspec.structs.replace(settings.global_settings, strategies=strategies)
    return msgspec.structs.replace(settings, global_settings=changed), notes


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
