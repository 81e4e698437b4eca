"""The complaints about what a user wrote: collected by everyone who reads settings, told all at once in a ConfigError.

Also the two turns of phrase that complaints share: how a text is shown and which spelling was meant.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from trading_system.core.errors import ConfigError
from trading_system.settings.located import Located, place_of

_LONGEST_SHOWN = 60


def shown(text: str) -> str:
    """Return `text` in quotes, unprintable characters escaped, long ones cut."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return ascii(cut) if any(0xD800 <= ord(character) < 0xE000 for character in cut) else repr(cut)


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Return the known spelling that `text` most likely meant, None where nothing is near."""
    if len(text) > _LONGEST_SHOWN:
        return None
    spellings = {name.lower(): name for name in known}
    found = get_close_matches(text.lower(), spellings, n=1, cutoff=0.6)
    return spellings[found[0]] if found else None


class Problems:
    """All that is wrong, each once; told per file in the order the files were first complained about, by line within a file."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, int]] = {}

    def add(self, node: Located, what: str) -> None:
        """Complain about `node`: `what` says what is wrong and what to do."""
        self.add_at(node.file, node.line, node.path, what)

    def add_at(self, file: str, line: int, path: str, what: str) -> None:
        """Complain about a place; `line` 0 means that the place has no lines, an empty `path` the file as a whole."""
        subject = f"{path}: " if path else ""
        self._files.setdefault(file, {}).setdefault(f"{place_of(file, line)}: {subject}{what}", line)

    def __iter__(self) -> Iterator[str]:
        for sentences in self._files.values():
            yield from sorted(sentences, key=sentences.__getitem__)

    def __len__(self) -> int:
        return sum(len(sentences) for sentences in self._files.values())

    def add_sentence(self, sentence: str) -> None:
        """Complain with a finished sentence that begins with its place, such as "strategies/a_strategy.py:7: ..."."""
        file, line, what = re.match(r"(.*?)(?::([0-9]+))?: (.*)", sentence, re.DOTALL).groups()  # type: ignore[union-attr]
        self.add_at(file, int(line or 0), "", what)

    def raise_if_any(self) -> None:
        """Raise one ConfigError that holds every complaint; do nothing where there is none."""
        if self._files:
            raise ConfigError(*self)
