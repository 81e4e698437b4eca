"""Reads YAML into located nodes: scalars stay text, and what surprises people (aliases, tags, duplicate keys) is a problem.

Called by `load.py` and by whoever has a settings file of its own; never decides what a key means.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from trading_system.settings.located import Located, LocatedMapping, LocatedScalar, LocatedSequence
from trading_system.settings.problems import Problems, shown

DEEPEST_NESTING = 32
LARGEST_FILE_BYTES = 1024 * 1024


class _Unreadable(Exception):
    """The rest of the text cannot be read; the problem was noted."""


def read_yaml(path: Path, problems: Problems, root: str = "", is_required: bool = True) -> LocatedMapping | None:
    """Read the file at `path`, whose settings are addressed below `root`. Return None where it cannot be used; the problems say why.

    A file that is not required may be absent or empty: it then is an empty mapping.
    """
    text = _text_of(path, problems, is_required)
    node = None if text is None else read_yaml_text(text, str(path), problems, root)
    if isinstance(node, LocatedMapping):
        return node
    if node is None or (isinstance(node, LocatedScalar) and node.is_reported):
        return None
    if isinstance(node, LocatedScalar) and node.is_empty:
        if not is_required:
            return LocatedMapping({}, str(path), 1, root)
        problems.add_at(str(path), 1, "", "the file is empty: write settings as 'key: value'")
    else:
        found = "a list" if isinstance(node, LocatedSequence) else shown(node.value)
        problems.add_at(node.file, node.line, "", f"expected settings written as 'key: value', found {found}")
    return None


def read_yaml_text(text: str, file: str, problems: Problems, root: str = "") -> Located | None:
    """Read YAML `text` that came from `file`. Return None where it breaks off; an empty text is an empty scalar."""
    try:
        return _Reader(text, file, problems).document(root)
    except _Unreadable:
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.add_at(file, line, "", f"the character {shown(chr(_code_of(error)))} cannot stand in a text file: remove it")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add_at(file, mark.line + 1 if mark else 1, "", _syntax(error))
    except (ValueError, OverflowError):
        # PyYAML lets int() and chr() raise on escapes and directives that are out of range, such as "\UFFFFFFFF".
        problems.add_at(file, 0, "", "this is not YAML: a '\\U' escape or a '%YAML' line has a number that is out of range; remove it")
    return None


def is_printable(text: str) -> bool:
    """Tell whether `text` holds only characters that can be shown, line ends and tabs included."""
    return all(character.isprintable() or character in "\n\t" for character in text)


def _text_of(path: Path, problems: Problems, is_required: bool) -> str | None:
    def refuse(what: str) -> None:
        problems.add_at(str(path), 0, "", what)

    try:
        if not path.exists():
            if not is_required:
                return ""
            refuse("there is no such file: create it, or name the right folder with --config")
            return None
        if not path.is_file():
            refuse("this is not a file: a settings file is expected here")
            return None
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        refuse(f"the file cannot be read: {error.strerror}")
        return None
    if len(content) > LARGEST_FILE_BYTES:
        refuse("the file is over 1 MiB, which no settings file should be: is it the right one?")
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add_at(str(path), line, "", "the file is not UTF-8 text: save it as UTF-8")
        return None


def _code_of(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it breaks off"
    if "'\\t'" in problem:
        return "a tab stands where YAML wants spaces: indent with spaces"
    began = ""
    if error.context and error.context_mark:
        began = f" ({error.context} that begins on line {error.context_mark.line + 1})"
    mend = "check the indentation, brackets and quotes here and on the line before"
    if problem.startswith("mapping values"):
        mend = "a text that holds ': ' needs quotes; otherwise check the indentation"
    return f"this is not YAML: {problem}{began}; {mend}"


class _Reader:
    # Works on events rather than composed nodes: the nesting is bounded before Python's own stack is, and aliases are never followed.

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=yaml.BaseLoader))
        self._file = file
        self._problems = problems

    def document(self, root: str) -> Located:
        next(self._events)
        if isinstance(next(self._events), StreamEndEvent):
            return LocatedScalar("", self._file, 1, root)
        first = next(self._events)
        node = self._node(first, root, _line(first), depth=0)
        next(self._events)
        after = next(self._events)
        if isinstance(after, DocumentStartEvent):
            self._complain(_line(after), "", "a second document begins here: keep one, and remove the line '---'")
        return node

    def _node(self, event: yaml.Event, path: str, line: int, depth: int) -> Located:
        if isinstance(event, AliasEvent):
            self._complain(line, path, f"aliases such as '*{event.anchor}' are not accepted: write the value out here")
            return LocatedScalar("", self._file, line, path, is_reported=True)
        self._check_marks(event, path, line)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path, line)
        if depth >= DEEPEST_NESTING:
            self._complain(line, "", f"settings are nested more than {DEEPEST_NESTING} deep here: is a bracket missing?")
            raise _Unreadable
        if isinstance(event, SequenceStartEvent):
            return LocatedSequence(tuple(self._items(path, depth + 1)), self._file, line, path)
        return LocatedMapping(dict(self._entries(path, depth + 1)), self._file, line, path)

    def _scalar(self, event: ScalarEvent, path: str, line: int) -> LocatedScalar:
        if is_printable(event.value):
            return LocatedScalar(event.value, self._file, line, path, is_quoted=event.style is not None)
        self._complain(line, path, f"{shown(event.value)} holds a character that cannot be shown: remove it")
        return LocatedScalar("", self._file, line, path, is_reported=True)

    def _items(self, path: str, depth: int) -> Iterator[Located]:
        number = 0
        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._node(event, f"{path}.{number}" if path else str(number), _line(event), depth)
            number += 1

    def _entries(self, path: str, depth: int) -> Iterator[tuple[str, Located]]:
        first_lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            line = _line(event)
            key = self._key(event, path, line, first_lines)
            value = next(self._events)
            if key is None:
                self._skip(value)
                continue
            first_lines[key] = line
            node = self._node(value, f"{path}.{key}" if path else key, line, depth)
            before, colon, after = key.partition(":")
            if colon and after and isinstance(node, LocatedScalar) and node.is_empty:
                # In {ZAR:50000} YAML takes the whole for a key without a value.
                self._complain(line, path, f"a space is missing after the colon of {shown(key)}: write {shown(f'{before}: {after}')}")
                key, node = before, LocatedScalar(after, self._file, line, f"{path}.{before}" if path else before)
            yield key, node

    def _key(self, event: yaml.Event, path: str, line: int, first_lines: dict[str, int]) -> str | None:
        if not isinstance(event, ScalarEvent):
            self._complain(line, path, "a key must be plain text: write 'key: value'")
            self._skip(event)
            return None
        self._check_marks(event, path, line)
        key = event.value.strip()
        if not is_printable(key) or "\n" in key:
            self._complain(line, path, f"the key {shown(key)} holds a character that cannot be shown: remove it")
        elif key == "<<" and event.style is None:
            self._complain(line, path, "merge keys ('<<') are not accepted: write the settings out here")
        elif key in first_lines:
            self._complain(line, path, f"the key {shown(key)} is written twice, first on line {first_lines[key]}: keep one of them")
        else:
            return key
        return None

    def _check_marks(self, event: yaml.Event, path: str, line: int) -> None:
        assert isinstance(event, NodeEvent)
        if event.anchor:
            self._complain(line, path, f"anchors are not accepted: remove '&{event.anchor}'")
        tag = getattr(event, "tag", None)
        if tag:
            written = shown(str(tag).replace("tag:yaml.org,2002:", "!!"))
            self._complain(line, path, f"tags are not accepted: remove {written}")

    def _skip(self, event: yaml.Event) -> None:
        depth = 0
        while True:
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if not depth:
                return
            event = next(self._events)

    def _complain(self, line: int, path: str, what: str) -> None:
        self._problems.add_at(self._file, line, path, what)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
