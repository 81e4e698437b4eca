"""Lays `--set path=value` onto a located tree before it is converted, so that an override is checked like a written line.

Called by `load_settings`. Walks the types along with the tree: a setting need not be written to be set, but it must exist.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from trading_system.settings.expected import Expected
from trading_system.settings.located import Located, LocatedMapping, LocatedScalar
from trading_system.settings.problems import Problems, nearest, shown
from trading_system.settings.read_yaml import is_printable, read_yaml_text

COMMAND_LINE = "--set"
SYSTEM_ROOT = "system"
BACKTEST_ROOT = "backtest"


class Override(msgspec.Struct, frozen=True):
    """One `--set`, taken apart: the dotted `path` and the `text` to lay there."""

    path: str
    text: str


def read_overrides(written: Iterable[str], problems: Problems) -> list[Override]:
    """Take `path=value` texts apart; those that are not of that form are problems."""
    overrides = []
    for text in written:
        path, equals, value = text.partition("=")
        if equals and path.strip() and is_printable(text):
            overrides.append(Override(path.strip(), value.strip()))
        else:
            problems.add_at(COMMAND_LINE, 0, "", f"expected path=value such as strategies.naive_test.active=no, found {shown(text)}")
    return overrides


def apply_override(tree: LocatedMapping, tree_type: type[msgspec.Struct], override: Override, problems: Problems) -> LocatedMapping:
    """Return `tree` with the override in it, or as it was where the path leads nowhere (then a problem).

    A value that begins with `[` or `{` is read as YAML, everything else as one text.
    """
    below = override.path.removeprefix(f"{tree.path}.") if tree.path else override.path
    try:
        return _laid(tree, Expected.of(tree_type), below.split("."), _node(override, problems))
    except _NoSuchPath as error:
        problems.add_at(COMMAND_LINE, 0, override.path, str(error))
        return tree


class _NoSuchPath(Exception):
    """The path leads nowhere; says what to do."""


def _node(override: Override, problems: Problems) -> Located:
    if override.text.startswith(("[", "{")):
        mistakes = Problems()
        node = read_yaml_text(override.text, COMMAND_LINE, mistakes, override.path)
        if node is not None and not mistakes:
            return _without_lines(node)
        problems.add_at(COMMAND_LINE, 0, override.path, f"{shown(override.text)} cannot be read: check its brackets, quotes and keys")
        return LocatedScalar("", COMMAND_LINE, 0, override.path, is_reported=True)
    return LocatedScalar(override.text, COMMAND_LINE, 0, override.path)


def _laid(mapping: LocatedMapping, expected: Expected, keys: list[str], value: Located) -> LocatedMapping:
    key, *rest = keys
    child_type = _child_type(mapping, expected, key, rest)
    if not rest:
        return mapping.with_entry(key, value)
    child = mapping.entries.get(key) or _unwritten(mapping, expected, key)
    if isinstance(child, LocatedScalar) and child.is_empty:
        child = mapping.empty_child(key)
    if not isinstance(child, LocatedMapping):
        what = "a single value" if isinstance(child, LocatedScalar) else "a list"
        raise _NoSuchPath(f"{mapping.path_of(key)} is {what}: set it as a whole")
    return mapping.with_entry(key, _laid(child, child_type, rest, value))


def _child_type(mapping: LocatedMapping, expected: Expected, key: str, rest: list[str]) -> Expected:
    for member in expected.members:
        if member.is_struct:
            fields = member.fields
            if key not in fields:
                raise _unknown(mapping, key, rest, fields)
            return Expected.of(fields[key].type)
        if member.kind is LocatedMapping:
            return member
        if member.kind is dict and len(member.arguments) == 2:
            item = Expected.of(member.arguments[1])
            # A new amount of capital can be set, a new strategy or broker cannot: it has more than one setting.
            if key not in mapping.entries and (rest or not item.is_leaf):
                raise _unknown(mapping, key, rest, mapping.entries)
            return item
    raise _NoSuchPath(f"{mapping.path} is a single value: set it as a whole")


def _unwritten(mapping: LocatedMapping, expected: Expected, key: str) -> Located:
    empty = mapping.empty_child(key)
    field = expected.fields.get(key)
    if field is None or field.default_factory is msgspec.NODEFAULT:
        return empty
    default: Any = field.default_factory()
    # The brokers that stand there when nobody writes any are nodes already.
    if isinstance(default, dict) and all(isinstance(node, LocatedMapping) for node in default.values()):
        return LocatedMapping(default, empty.file, empty.line, empty.path)
    return empty


def _unknown(mapping: LocatedMapping, key: str, rest: list[str], known: Iterable[str]) -> _NoSuchPath:
    names = [*known] if mapping.path else [*known, SYSTEM_ROOT, BACKTEST_ROOT]
    guess = nearest(key, names)
    if guess:
        return _NoSuchPath(f"there is no such setting, did you mean '{'.'.join([mapping.path_of(guess), *rest])}'?")
    return _NoSuchPath(f"there is no such setting; known in {mapping.path or 'the settings'}: {', '.join(names) or 'nothing'}")


def _without_lines(node: Located) -> Located:
    # On the command line there is no line to name.
    if isinstance(node, LocatedScalar):
        return msgspec.structs.replace(node, line=0)
    if isinstance(node, LocatedMapping):
        return LocatedMapping({key: _without_lines(child) for key, child in node.entries.items()}, node.file, 0, node.path)
    return msgspec.structs.replace(node, line=0, items=tuple(_without_lines(item) for item in node.items))
