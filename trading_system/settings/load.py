"""Reads the settings of a run: the two files, the overrides of the command line and the environment. Called once by each command.

Whatever is wrong is collected, so that it can be told at once, before anything was started.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trading_system.settings.backtest_settings import BacktestSettings
from trading_system.settings.convert import Source, convert, convert_what_fits
from trading_system.settings.environment import Environment, read_environment
from trading_system.settings.expected import Expected
from trading_system.settings.house_settings import GlobalSettings, StrategyName, StrategySettings, SystemSettings
from trading_system.settings.located import DEFAULT, LocatedMapping, LocatedScalar, LocatedSequence, default_mapping, place_of
from trading_system.settings.overrides import BACKTEST_ROOT, SYSTEM_ROOT, Override, apply_override, read_overrides
from trading_system.settings.problems import Problems
from trading_system.settings.read_yaml import read_yaml

GLOBAL_FILE = "global_strategy_config.yaml"
SYSTEM_FILE = "system_config.yaml"
BACKTEST_FILE = "backtest_config.yaml"

T = TypeVar("T", bound=msgspec.Struct)
_NO_BACKTEST = BacktestSettings(fills=default_mapping(f"{BACKTEST_ROOT}.fills", {}))


class Settings(msgspec.Struct, frozen=True):
    """All that one run was told. `sources` grows when a room converts its own part with it (`params`, `risk`, a broker)."""

    global_settings: GlobalSettings
    system: SystemSettings
    backtest: BacktestSettings
    sources: list[Source]
    environment: Environment

    def place(self, path: str) -> str:
        """Return where the setting at `path`, or the nearest around it, was written: "configs/global_strategy_config.yaml:7"."""
        return place_of(*self.file_and_line(path))

    def file_and_line(self, path: str) -> tuple[str, int]:
        """Return the same as a file and a line; "default" and 0 where nobody wrote anything."""
        while path:
            for source in self.sources:
                if source.path == path or source.path.startswith(f"{path}."):
                    return source.file, source.line
            path, _, last = path.rpartition(".")
            for source in self.sources:
                if source.path == path and last.isdecimal() and int(last) < len(source.item_lines):
                    return source.file, source.item_lines[int(last)]
        return DEFAULT, 0


def load_settings(config_directory: Path, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Settings:
    """Read `config_directory` and lay `overrides` (`path=value`; the system's settings are below `system.`) over it.

    The strategies' file must exist, the system's need not. With `environment` given, neither the process's own nor `.env` is read;
    otherwise the first `.env` of the working directory and of the folder above the configuration counts. Raises ConfigError.
    """
    problems = Problems()
    settings = read_settings(config_directory, overrides, problems, environment)
    problems.raise_if_any()
    return settings


def read_settings(
    config_directory: Path, overrides: Sequence[str], problems: Problems, environment: Mapping[str, str] | None = None,
    adapters: Sequence[str] = (),
) -> Settings:
    """Read as `load_settings` does, with all that is wrong in `problems`. Where no broker is written there is one for each of `adapters`.

    If there is anything, what could be read comes back, for looking further for problems and for nothing else.
    """
    sources: list[Source] = []
    laid = read_overrides(overrides, problems)
    for_system = [override for override in laid if override.path.split(".")[0] == SYSTEM_ROOT]
    for_backtest = [override for override in laid if override.path.split(".")[0] == BACKTEST_ROOT]
    for_strategies = [override for override in laid if override not in for_system and override not in for_backtest]
    global_settings, system, backtest = GlobalSettings(strategies={}), SystemSettings(), _NO_BACKTEST
    if not config_directory.is_dir():
        is_file = config_directory.exists()
        problems.add_at(str(config_directory), 0, "", "this is not a folder: name the folder of the configuration files with --config"
                        if is_file else "there is no such folder: name the folder of the configuration files with --config")
    else:
        tree = _tree(config_directory / GLOBAL_FILE, GlobalSettings, for_strategies, problems)
        if tree is not None:
            global_settings = convert(tree, GlobalSettings, problems, sources) or _what_fits(tree)
        tree = _tree(config_directory / SYSTEM_FILE, SystemSettings, for_system, problems, SYSTEM_ROOT)
        if tree is not None:
            system = convert(tree, SystemSettings, problems, sources) or convert_what_fits(tree, SystemSettings, {})
        tree = _tree(config_directory / BACKTEST_FILE, BacktestSettings, for_backtest, problems, BACKTEST_ROOT)
        if tree is not None:
            backtest = convert(tree, BacktestSettings, problems, sources) or backtest
    if not system.brokers:
        brokers = {name: default_mapping(f"{SYSTEM_ROOT}.brokers.{name}", {"adapter": name}) for name in adapters}
        system = msgspec.structs.replace(system, brokers=brokers)
    if environment is None:
        values = read_environment((Path.cwd(), config_directory.resolve().parent), problems)
    else:
        values = Environment(environment)
    return Settings(global_settings, system, backtest, sources, values)


def config_hash(settings: Settings) -> str:
    """Return 16 hexadecimal digits that are equal for equal effective settings, however they were written, and tell nothing of secrets."""
    effective = _plain([settings.global_settings, settings.system])
    return hashlib.sha256(msgspec.json.encode(effective, order="deterministic")).hexdigest()[:16]


def _tree(path: Path, struct_type: type[T], overrides: list[Override], problems: Problems, root: str = "") -> LocatedMapping | None:
    tree = read_yaml(path, problems, root, is_required=not root)
    if tree is not None:
        for override in overrides:
            tree = apply_override(tree, struct_type, override, problems)
    return tree


def _what_fits(tree: LocatedMapping) -> GlobalSettings:
    # A strategy with one mistake may hold another in its params, which its author wants to hear of now and not at the next start.
    nodes = tree.entries.get("strategies")
    written = nodes.entries if isinstance(nodes, LocatedMapping) else {}
    strategies = {
        name: convert_what_fits(node, StrategySettings, {"instruments": [], "capital": {}})
        for name, node in written.items() if isinstance(node, LocatedMapping) and Expected.of(StrategyName).accepts(name)
    }
    return msgspec.structs.replace(convert_what_fits(tree, GlobalSettings, {"strategies": {}}), strategies=strategies)


def _plain(value: Any) -> Any:
    if isinstance(value, (LocatedScalar, LocatedSequence, LocatedMapping)):
        return value.plain()
    if isinstance(value, msgspec.Struct):
        return {field: _plain(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return value
