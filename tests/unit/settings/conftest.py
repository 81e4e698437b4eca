"""The desk on which these tests write their settings files."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from trading_system.core.errors import ConfigError
from trading_system.settings.load import Settings, load_settings


class Desk:
    """Writes the two files and loads them; complaints come back with the bare file names `global` and `system`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, strategies: str | bytes | None, system: str | None = None) -> None:
        for name, text in (("global_strategy_config.yaml", strategies), ("system_config.yaml", system)):
            if text is not None:
                (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def load(self, strategies: str, system: str | None = None, overrides: Sequence[str] = ()) -> Settings:
        self.write(strategies, system)
        return load_settings(self.folder, overrides, environment={})

    def complaints(self, strategies: str | bytes | None, system: str | None = None, overrides: Sequence[str] = ()) -> list[str]:
        self.write(strategies, system)
        with pytest.raises(ConfigError) as caught:
            load_settings(self.folder, overrides, environment={})
        named = ((f"{self.folder}/global_strategy_config.yaml", "global"), (f"{self.folder}/system_config.yaml", "system"))
        return [problem.replace(*named[0]).replace(*named[1]) for problem in caught.value.problems]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
