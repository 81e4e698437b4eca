"""Reads the strategies a user configured: their files, typed params, limits. Called by the commands before anything starts.

Collects everything that is wrong; starts nothing.
"""

from pathlib import Path

import msgspec

from trading_system.risk.limits import RiskLimits
from trading_system.settings.convert import convert
from trading_system.settings.house_settings import StrategySettings
from trading_system.settings.load import Settings
from trading_system.settings.located import DEFAULT
from trading_system.settings.problems import Problems
from trading_system.settings.scalars import UnreadableText, read_seconds
from trading_system.strategy_host.discovery import load_strategy, nearest_file
from trading_system.strategy_host.strategy_base import StrategyBase


class Enrolled(msgspec.Struct):
    """One strategy, ready to be given a desk."""

    name: str
    settings: StrategySettings
    kind: type[StrategyBase]
    params: StrategyBase.Params
    limits: RiskLimits
    bar_ns: int


def enroll(settings: Settings, strategies_directory: Path) -> list[Enrolled]:
    """Return every active strategy. Raises ConfigError with all that is wrong in files, params and limits."""
    problems = Problems()
    enrolled = read_strategies(settings, strategies_directory, problems)
    problems.raise_if_any()
    return enrolled


def read_strategies(settings: Settings, strategies_directory: Path, problems: Problems) -> list[Enrolled]:
    """Return the active strategies that are sound, with all that is wrong with the others in `problems`."""
    house = RiskLimits(max_open_orders=settings.system.max_open_orders, stale_price_seconds=settings.system.stale_price_seconds)
    enrolled = []
    strategies = settings.global_settings.strategies
    if strategies and not any(strategy.active for strategy in strategies.values()):
        problems.add_at(*settings.file_and_line("strategies"), "strategies", "none of them is active: take an 'active: no' away")
    elif not strategies and not problems:
        file, line = settings.file_and_line("strategies")
        problems.add_at(file, line, "strategies", "there is none: add one, such as "
                        "'naive_test: {instruments: [XBTZAR.luno], capital: {ZAR: 50000}}'")
    for name, strategy in strategies.items():
        if not strategy.active:
            continue
        limits = convert(strategy.risk, RiskLimits, problems, settings.sources)
        kind = _kind(name, strategy, settings, strategies_directory, problems)
        if kind is None:
            continue
        params = convert(strategy.params, kind.Params, problems, settings.sources)
        bar_ns = _bar_ns(name, strategy, kind, settings, strategies_directory, problems)
        if limits is not None and params is not None:
            written = {key: getattr(limits, key) for key in strategy.risk.entries}
            enrolled.append(Enrolled(name, strategy, kind, params, msgspec.structs.replace(house, **written), bar_ns))
    return enrolled


def _kind(name: str, strategy: StrategySettings, settings: Settings, directory: Path, problems: Problems) -> type[StrategyBase] | None:
    path = directory / strategy.file
    if not path.is_file():
        where = f"strategies.{name}.file"
        file, line = settings.file_and_line(where)
        if file == DEFAULT:
            # The name alone says the file: the name is what is misspelled.
            where = f"strategies.{name}"
            file, line = _written(settings, where)
        mend = nearest_file(path) or f": write it, python main.py new-strategy {name} begins it for you"
        problems.add_at(file, line, where, f"there is no such file as {path}{mend}")
        return None
    sentences: list[str] = []
    kind = load_strategy(path, sentences)
    for sentence in sentences:
        problems.add_sentence(sentence)
    return kind


def _bar_ns(name: str, strategy: StrategySettings, kind: type[StrategyBase], settings: Settings, directory: Path,
            problems: Problems) -> int:
    # What the configuration says comes before what the class asks for.
    seconds = strategy.bars or 0.0
    if not seconds and kind.timeframe:
        try:
            seconds = read_seconds(kind.timeframe)
        except (UnreadableText, AttributeError) as error:
            problems.add_at(str(directory / strategy.file), 0, "", f"timeframe of {kind.__name__}: {error}")
            return 0
    if not seconds and kind.on_bar is not StrategyBase.on_bar:
        where = f"strategies.{name}"
        problems.add_at(*_written(settings, where), where, "it works on bars: say how long they are, such as 'bars: 1m'")
    return int(seconds * 1e9)


def _written(settings: Settings, path: str) -> tuple[str, int]:
    # The place of a mapping that people wrote; what was left out in it has no place of its own.
    for source in settings.sources:
        if source.path.startswith(f"{path}.") and source.file != DEFAULT:
            return source.file, source.line
    return settings.file_and_line(path)
