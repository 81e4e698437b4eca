"""What was written in a settings file, with the place where it stands: the nodes that `read_yaml` builds and `convert` reads.

Every scalar is text; nothing here decides what a text means.
"""

from typing import Union

import msgspec

DEFAULT = "default"
Located = Union["LocatedScalar", "LocatedSequence", "LocatedMapping"]
Plain = str | list["Plain"] | dict[str, "Plain"]


def place_of(file: str, line: int) -> str:
    """Return `file:line`, or the file alone where there are no lines (`--set`, `default`)."""
    return f"{file}:{line}" if line else file


class LocatedScalar(msgspec.Struct, frozen=True):
    """One value as text. `path` is dotted, as `--set` takes it; `is_reported` means that it was complained about already."""

    value: str
    file: str
    line: int
    path: str
    is_quoted: bool = False
    is_reported: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was written here: an empty place, `~` or `null`, without quotes."""
        return not self.is_quoted and self.value.strip().lower() in ("", "~", "null")

    def plain(self) -> str:
        """Return the text alone."""
        return self.value


class LocatedSequence(msgspec.Struct, frozen=True):
    """A list of nodes."""

    items: tuple[Located, ...]
    file: str
    line: int
    path: str

    def plain(self) -> list[Plain]:
        """Return the texts alone, as a nested list."""
        return [item.plain() for item in self.items]


class LocatedMapping(msgspec.Struct, frozen=True):
    """Nodes by key, in file order. The line of an entry is the line of its key."""

    entries: dict[str, Located]
    file: str
    line: int
    path: str

    def path_of(self, key: str) -> str:
        """Return the dotted path of the entry `key`, whether it is written or not."""
        return f"{self.path}.{key}" if self.path else key

    def text(self, key: str) -> str | None:
        """Return the text of the entry `key`, None where it is absent or not a single value."""
        entry = self.entries.get(key)
        return entry.value.strip() if isinstance(entry, LocatedScalar) else None

    def empty_child(self, key: str) -> "LocatedMapping":
        """Return an empty mapping that stands where the entry `key` would, for settings nobody wrote."""
        return LocatedMapping({}, self.file, self.line, self.path_of(key))

    def with_entry(self, key: str, node: Located) -> "LocatedMapping":
        """Return a copy in which `node` stands under `key`."""
        return LocatedMapping({**self.entries, key: node}, self.file, self.line, self.path)

    def without(self, key: str) -> "LocatedMapping":
        """Return a copy that lacks `key`."""
        return LocatedMapping({name: node for name, node in self.entries.items() if name != key}, self.file, self.line, self.path)

    def plain(self) -> dict[str, Plain]:
        """Return the texts alone, as a nested dict."""
        return {key: node.plain() for key, node in self.entries.items()}


def default_mapping(path: str, texts: dict[str, str]) -> LocatedMapping:
    """Build the mapping that stands at `path` when nobody wrote one."""
    entries: dict[str, Located] = {key: LocatedScalar(text, DEFAULT, 0, f"{path}.{key}") for key, text in texts.items()}
    return LocatedMapping(entries, DEFAULT, 0, path)
