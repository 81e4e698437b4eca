"""Reads the strategies a user configured: their files, typed params, limits. Called by the commands before anything starts.

Collects everything that is wrong and raises one ConfigError; starts nothing.
"""

from pathlib import Path

import msgspec

from trading_system.core.errors import ConfigError
from trading_system.risk.limits import RiskLimits
from trading_system.settings.convert import convert
from trading_system.settings.house_settings import StrategySettings
from trading_system.settings.load import Settings
from trading_system.settings.problems import Problems
from trading_system.settings.scalars import UnreadableText, read_seconds
from trading_system.strategy_host.discovery import load_strategy
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
    problems, sentences = Problems(), list[str]()
    house = RiskLimits(max_open_orders=settings.system.max_open_orders, stale_price_seconds=settings.system.stale_price_seconds)
    enrolled = []
    for name, strategy in settings.global_settings.strategies.items():
        if not strategy.active:
            continue
        kind = load_strategy(strategies_directory / strategy.file, sentences)
        limits = convert(strategy.risk, RiskLimits, problems, settings.sources)
        params = convert(strategy.params, kind.Params, problems, settings.sources) if kind is not None else None
        bar_ns = _bar_ns(strategy, kind, settings.place(f"strategies.{name}"), sentences) if kind is not None else 0
        if kind is not None and limits is not None and params is not None:
            written = {key: getattr(limits, key) for key in strategy.risk.entries}
            enrolled.append(Enrolled(name, strategy, kind, params, msgspec.structs.replace(house, **written), bar_ns))
    told = [*problems, *sentences]
    if told:
        raise ConfigError(*told)
    if not enrolled:
        raise ConfigError("no strategy is active: add one to global_strategy_config.yaml")
    return enrolled


def _bar_ns(strategy: StrategySettings, kind: type[StrategyBase], place: str, sentences: list[str]) -> int:
    # What the configuration says comes before what the class asks for.
    seconds = strategy.bars or 0.0
    if not seconds and kind.timeframe:
        try:
            seconds = read_seconds(kind.timeframe)
        except UnreadableText as error:
            sentences.append(f"{kind.__module__}: timeframe of {kind.__name__}: {error}")
    if not seconds and kind.on_bar is not StrategyBase.on_bar:
        sentences.append(f"{place}: strategies.{strategy.name}: it works on bars; say how long they are, such as bars: 1m")
    return int(seconds * 1e9)
