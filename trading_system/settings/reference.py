"""Writes the reference of all settings from the structs that read them, so that what people read is what the program does.

Called by the command `reference`, which hands the structs of the other rooms in; knows no room itself.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from trading_system.settings.convert import default_of
from trading_system.settings.expected import Expected
from trading_system.settings.located import LocatedMapping

_HEAD = """# Configuration

Three files, all in `configs/` (`--config DIR` names another folder). What is written wrongly is told at the start, all of it at once,
each with file, line and mend; nothing is started then. `python main.py check` shows every effective value and where it came from.

This page is made from the program: `python main.py reference > docs/configuration.md`.
"""


class Section(msgspec.Struct):
    """One part of the page: its `title`, the struct that reads the settings, where they stand (`path`, as `--set` takes it), words for
    the defaults where they do not stand in the struct, and what `--set` takes where that is not path, key and value."""

    title: str
    struct: type[msgspec.Struct]
    path: str
    about: str = ""
    default: str = ""
    set_as: str = ""


def reference(sections: Iterable[Section], tail: str) -> str:
    """Return the page in Markdown: each section with a table of its keys, then `tail`."""
    return "\n".join([_HEAD, *("\n".join(_section(section)) for section in sections), tail.strip(), ""])


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}\n"
    about = section.about or inspect.cleandoc(section.struct.__doc__ or "")
    yield f"{about}\n"
    yield f"With `--set`: `{section.set_as or f'{section.path}KEY=VALUE'}`.\n"
    yield "| key | write | default | what it is |"
    yield "|---|---|---|---|"
    for key, field in Expected.of(section.struct).fields.items():
        expected = Expected.of(field.type)
        words = " or ".join(_words(member) for member in expected.members)
        cells = (f"`{key}`", words + _example(expected), section.default or _default(field, expected), _meaning(expected))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _meaning(expected: Expected) -> str:
    # `Named | None`: the meaning is told where the named type is.
    return expected.description or next((member.description for member in expected.members if member.description), "")


def _words(expected: Expected) -> str:
    words = expected.words()
    if expected.kind is dict and expected.arguments:
        item = Expected.of(expected.arguments[1])
        return f"{words}, each {item.words()}" if item.is_leaf else words
    return words


def _example(expected: Expected) -> str:
    return f"; such as `{expected.example}`" if expected.example and "such as" not in expected.words() else ""


def _default(field: FieldInfo, expected: Expected) -> str:
    template = expected.extra("default_from_key")
    if template:
        return f"`{template.format('NAME')}`"
    if expected.kind is LocatedMapping:
        return "none"
    if field.required:
        return "**must be written**"
    return _shown(default_of(field))


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    if isinstance(value, msgspec.Struct) and not isinstance(value, LocatedMapping):
        return "see below"
    if isinstance(value, dict):
        return "`{" + ", ".join(f"{key}: {_flow(node)}" for key, node in value.items()) + "}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _flow(node: Any) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in node.plain().items()) + "}" if isinstance(node, LocatedMapping) else str(node)
