"""The environment and the `.env` file, read once at the start; the only place of the house that looks at either.

Nothing is ever written back to the environment, so no child process inherits what stands in `.env`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from trading_system.core.errors import ConfigError
from trading_system.core.secret import Secret
from trading_system.settings.problems import Problems


class Environment:
    """Names and their values; shows the names only."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return a value that is no secret (`NO_COLOR`), `default` where it is not set or empty."""
        return self._values.get(name) or default

    def has(self, name: str) -> bool:
        """Tell whether `name` is set and not empty."""
        return bool(self._values.get(name))

    def secret(self, name: str) -> Secret:
        """Return a key. Raises ConfigError, saying where to write it, when it is not set or empty."""
        text = self._values.get(name, "").strip()
        if not text:
            raise ConfigError(f".env: {name} is not set: write '{name}=...' into the file .env, or set it in the environment")
        return Secret(text)

    def __repr__(self) -> str:
        return f"Environment({len(self._values)} names)"


def read_environment(folders: Iterable[Path], problems: Problems) -> Environment:
    """Read the process's environment and the first `.env` in `folders`; what is set in the environment wins."""
    written: dict[str, str] = {}
    file = next((folder / ".env" for folder in folders if (folder / ".env").exists()), None)
    if file is not None:
        try:
            with file.open(encoding="utf-8") as stream:
                for binding in parse_stream(stream):
                    if binding.error:
                        # The line itself is not shown: it may hold a key.
                        problems.add_at(str(file), binding.original.line, "", "expected NAME=value, a comment or nothing: mend this line")
                    elif binding.key and binding.value:
                        # Keys are taken as they stand: "$" is an ordinary character in a secret.
                        written[binding.key] = binding.value
        except OSError as error:
            problems.add_at(str(file), 0, "", f"the file cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            problems.add_at(str(file), 0, "", "the file is not UTF-8 text: save it as UTF-8")
    return Environment({**written, **os.environ})
