"""Reads the settings of a run: the two files, the overrides of the command line and the environment. Called once by each command.

Raises one ConfigError with all that is wrong, before anything was started.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trading_system.settings.convert import Source, convert
from trading_system.settings.environment import Environment, read_environment
from trading_system.settings.house_settings import GlobalSettings, SystemSettings
from trading_system.settings.located import DEFAULT, LocatedMapping, LocatedScalar, LocatedSequence
from trading_system.settings.overrides import SYSTEM_ROOT, Override, apply_override, read_overrides
from trading_system.settings.problems import Problems
from trading_system.settings.read_yaml import read_yaml

GLOBAL_FILE = "global_strategy_config.yaml"
SYSTEM_FILE = "system_config.yaml"

T = TypeVar("T", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True):
    """All that one run was told. `sources` grows when a room converts its own part with it (`params`, `risk`, a broker)."""

    global_settings: GlobalSettings
    system: SystemSettings
    sources: list[Source]
    environment: Environment

    def place(self, path: str) -> str:
        """Return where the setting at `path`, or the nearest around it, was written: "configs/global_strategy_config.yaml:7"."""
        while path:
            for source in self.sources:
                if source.path == path or source.path.startswith(f"{path}."):
                    return source.place
            path = path.rpartition(".")[0]
        return DEFAULT


def load_settings(config_directory: Path, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Settings:
    """Read `config_directory` and lay `overrides` (`path=value`; the system's settings are below `system.`) over it.

    The strategies' file must exist, the system's need not. With `environment` given, neither the process's own nor `.env` is read;
    otherwise the first `.env` of the working directory and of the folder above the configuration counts. Raises ConfigError.
    """
    problems = Problems()
    sources: list[Source] = []
    laid = read_overrides(overrides, problems)
    for_system = [override for override in laid if override.path.split(".")[0] == SYSTEM_ROOT]
    for_strategies = [override for override in laid if override not in for_system]

    tree = read_yaml(config_directory / GLOBAL_FILE, problems)
    global_settings = _converted(tree, GlobalSettings, for_strategies, problems, sources)
    tree = read_yaml(config_directory / SYSTEM_FILE, problems, SYSTEM_ROOT, is_required=False)
    system = _converted(tree, SystemSettings, for_system, problems, sources)
    if environment is None:
        values = read_environment((Path.cwd(), config_directory.resolve().parent), problems)
    else:
        values = Environment(environment)

    problems.raise_if_any()
    assert global_settings is not None
    assert system is not None
    return Settings(global_settings, system, sources, values)


def config_hash(settings: Settings) -> str:
    """Return 16 hexadecimal digits that are equal for equal effective settings, however they were written, and tell nothing of secrets."""
    effective = _plain([settings.global_settings, settings.system])
    return hashlib.sha256(msgspec.json.encode(effective, order="deterministic")).hexdigest()[:16]


def _converted(
    tree: LocatedMapping | None, struct_type: type[T], overrides: list[Override], problems: Problems, sources: list[Source]
) -> T | None:
    if tree is None:
        return None
    for override in overrides:
        tree = apply_override(tree, struct_type, override, problems)
    return convert(tree, struct_type, problems, sources)


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
