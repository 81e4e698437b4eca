"""Turns a located mapping into a typed struct; called by every room for its own part of the settings, a strategy's params included.

Collects all that is wrong instead of stopping at the first; never reads files and never guesses.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import FieldInfo

from trading_system.settings.expected import LOCATED_KINDS, Expected
from trading_system.settings.located import DEFAULT, Located, LocatedMapping, LocatedScalar, LocatedSequence, place_of
from trading_system.settings.problems import Problems, nearest, shown
from trading_system.settings.scalars import UnreadableText, read_number, read_seconds, read_truth, read_whole_number

T = TypeVar("T", bound=msgspec.Struct)


class Source(msgspec.Struct, frozen=True):
    """One effective value and where it came from; `file` is "default" for what nobody wrote and "--set" for the command line. A list of
    plain values is one source, which knows the line of each of them."""

    path: str
    value: Any
    file: str
    line: int
    item_lines: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Return `file:line`, or "default", or "--set"."""
        return place_of(self.file, self.line)


def convert(node: Located, struct_type: type[T], problems: Problems, sources: list[Source] | None = None) -> T | None:
    """Read `node` as a `struct_type`; return None where anything is wrong with it, said in `problems`.

    Understands nested structs, dict, list, tuple, Optional and other unions, Literal, enumerations, bool, int, float, Decimal, str,
    durations (`Seconds`), `Annotated` with `msgspec.Meta` bounds, and fields that keep their located node. A ValueError, TypeError or
    ArithmeticError of the struct's `__post_init__` is a problem of the mapping. Effective values are added to `sources`, per mapping
    the written ones before the defaults.
    """
    found: list[Source] = []
    value = _Converter(problems, found).value(node, Expected.of(struct_type))
    if sources is not None:
        sources.extend(found)
    return None if value is _FAILED else cast(T, value)


def convert_what_fits(node: LocatedMapping, struct_type: type[T], otherwise: Mapping[str, Any]) -> T:
    """Return a struct of the entries of `node` that can be read, with `otherwise` or the default in place of the others.

    For looking further after `convert` has complained: what it returns must never be acted on.
    """
    expected = Expected.of(struct_type)
    values = dict(otherwise)
    for key, field in expected.fields.items():
        wanted = Expected.of(field.type)
        value = _Converter(Problems(), []).value(node.entries[key], wanted) if key in node.entries else _FAILED
        if value is not _FAILED:
            values[field.name] = value
        elif wanted.kind is LocatedMapping:
            values[field.name] = node.empty_child(key)
        elif wanted.extra("default_from_key"):
            values[field.name] = wanted.extra("default_from_key").format(_own_key(node))
    for field in msgspec.structs.fields(struct_type):
        if field.encode_name not in expected.fields:
            values[field.name] = _own_key(node)
    return struct_type(**values)


_FAILED = object()


class _Converter:
    def __init__(self, problems: Problems, sources: list[Source]) -> None:
        self._problems = problems
        self._sources = sources

    def value(self, node: Located, expected: Expected) -> Any:
        if isinstance(node, LocatedScalar):
            if node.is_reported:
                return _FAILED
            if node.is_empty and expected.is_optional:
                return self._record(node, None)
        members = expected.members
        fitting = [member for member in members if _has_shape(node, member)]
        if len(fitting) == 1 and (len(members) == 1 or not isinstance(node, LocatedScalar)):
            return self._single(node, fitting[0])
        for member in fitting:
            unheard = Problems()
            found: list[Source] = []
            value = _Converter(unheard, found).value(node, member)
            if not unheard:
                self._sources.extend(found)
                return value
        return self._refuse(node, expected)

    def _single(self, node: Located, expected: Expected) -> Any:
        if isinstance(node, LocatedScalar) and not expected.is_leaf and expected.kind is not LocatedScalar:
            # 'params:' with every line below it commented out is an empty mapping, and likewise for lists.
            node = _emptied(node, expected)
        if expected.kind in LOCATED_KINDS:
            return node
        if isinstance(node, LocatedScalar):
            return self._leaf(node, expected)
        if isinstance(node, LocatedSequence):
            value = self._sequence(node, expected)
        elif expected.is_struct:
            value = self._struct(node, expected)
        else:
            value = self._dict(node, expected)
        return value if value is _FAILED or expected.accepts(value) else self._refuse(node, expected)

    def _struct(self, node: LocatedMapping, expected: Expected) -> Any:
        fields = expected.fields
        values: dict[str, Any] = {}
        unknown: set[str | None] = set()
        for key, entry in node.entries.items():
            if key in fields:
                values[fields[key].name] = self.value(entry, Expected.of(fields[key].type))
            else:
                guess = nearest(key, fields)
                unknown.add(guess)
                self._problems.add(entry, f"unknown key {shown(key)}{_instead(guess, fields)}")
        missing = {key: field for key, field in fields.items() if key not in node.entries}
        for key, field in missing.items():
            # A key that was only misspelled is told once, as unknown.
            value = self._unwritten(node, key, field, is_misspelled=key in unknown)
            values[field.name] = value
        if unknown or any(value is _FAILED for value in values.values()):
            return _FAILED
        for field in msgspec.structs.fields(expected.kind):
            if field.encode_name not in fields:
                values[field.name] = _own_key(node)
        try:
            return expected.kind(**values)
        except (ValueError, TypeError, ArithmeticError) as error:
            self._problems.add(node, str(error))
            return _FAILED

    def _unwritten(self, node: LocatedMapping, key: str, field: FieldInfo, is_misspelled: bool) -> Any:
        wanted = Expected.of(field.type)
        if wanted.kind is LocatedMapping:
            return node.empty_child(key)
        template = wanted.extra("default_from_key")
        if template or not field.required:
            default = template.format(_own_key(node)) if template else default_of(field)
            self._record_default(node.path_of(key), default)
            return default
        if not is_misspelled:
            example = f", for example '{key}: {wanted.example}'" if wanted.example else ""
            self._problems.add(node, f"the key '{key}' is missing: write {wanted.words()}{example}")
        return _FAILED

    def _dict(self, node: LocatedMapping, expected: Expected) -> Any:
        key_type, value_type = (Expected.of(argument) for argument in expected.arguments)
        # A key is read like a value that stands in its entry's place; it is no setting of its own, so its source is dropped.
        keys = _Converter(self._problems, [])
        pairs = [
            (keys.value(LocatedScalar(text, entry.file, entry.line, entry.path, is_quoted=True), key_type), self.value(entry, value_type))
            for text, entry in node.entries.items()
        ]
        if any(key is _FAILED or value is _FAILED for key, value in pairs):
            return _FAILED
        return dict(pairs) if pairs else self._record(node, {})

    def _sequence(self, node: LocatedSequence, expected: Expected) -> Any:
        arguments = expected.arguments
        if expected.kind is tuple and arguments[-1] is not Ellipsis:
            if len(node.items) != len(arguments):
                self._problems.add(node, f"expected a list of {len(arguments)} items, found {len(node.items)}")
                return _FAILED
            kinds = [Expected.of(argument) for argument in arguments]
        else:
            kinds = [Expected.of(arguments[0])] * len(node.items)
        # A list of plain values is one setting to people, so it is one source.
        is_plain = all(kind.is_leaf for kind in kinds)
        items = _Converter(self._problems, []) if is_plain else self
        values = [items.value(item, kind) for item, kind in zip(node.items, kinds, strict=True)]
        if any(value is _FAILED for value in values):
            return _FAILED
        if expected.extra("is_unique"):
            twice = [(item, value) for number, (item, value) in enumerate(zip(node.items, values, strict=True)) if value in values[:number]]
            for item, value in twice:
                self._problems.add(item, f"{shown(str(value))} is listed twice: keep one of them")
            if twice:
                return _FAILED
        value = tuple(values) if expected.kind is tuple else values
        if is_plain:
            self._sources.append(Source(node.path, value, node.file, node.line, tuple(item.line for item in node.items)))
        return value

    def _leaf(self, node: LocatedScalar, expected: Expected) -> Any:
        text = node.value.strip()
        if node.is_empty and not text:
            return self._refuse(node, expected)
        try:
            value = _read(text, expected)
        except UnreadableText as error:
            return self._refuse(node, expected, error.mend)
        if value is None or not expected.accepts(value):
            return self._refuse(node, expected)
        return self._record(node, value)

    def _refuse(self, node: Located, expected: Expected, mend: str = "") -> Any:
        if not mend and isinstance(node, LocatedScalar):
            choices = {choice for member in expected.members for choice in member.choices}
            guess = nearest(node.value, choices)
            mend = f"did you mean '{guess}'?" if guess else ""
            if expected.kind in (list, tuple) and expected.arguments and not node.is_empty:
                mend = f"write [{node.value.strip()[:60]}]"
        mend = mend or expected.extra("mend") or ""
        self._problems.add(node, f"expected {expected.words()}, found {_found(node)}" + (f": {mend}" if mend else ""))
        return _FAILED

    def _record(self, node: Located, value: Any) -> Any:
        self._sources.append(Source(node.path, value, node.file, node.line))
        return value

    def _record_default(self, path: str, value: Any) -> None:
        if isinstance(value, LOCATED_KINDS):
            return
        if isinstance(value, msgspec.Struct):
            for field in msgspec.structs.fields(value):
                self._record_default(f"{path}.{field.encode_name}", getattr(value, field.name))
        elif isinstance(value, dict) and value:
            for key, item in value.items():
                self._record_default(f"{path}.{key}", item)
        else:
            self._sources.append(Source(path, value, DEFAULT, 0))


def _has_shape(node: Located, expected: Expected) -> bool:
    if expected.kind in LOCATED_KINDS:
        return isinstance(node, expected.kind) or (isinstance(node, LocatedScalar) and node.is_empty)
    if isinstance(node, LocatedMapping):
        return expected.is_struct or (expected.kind is dict and len(expected.arguments) == 2)
    if isinstance(node, LocatedSequence):
        return expected.kind in (list, tuple) and bool(expected.arguments)
    return expected.is_leaf or node.is_empty


def default_of(field: FieldInfo) -> Any:
    """Return what a field holds when nobody writes it; it must not be required."""
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _own_key(node: LocatedMapping) -> str:
    return node.path.rpartition(".")[2]


def _emptied(node: LocatedScalar, expected: Expected) -> Located:
    if expected.kind in (list, tuple, LocatedSequence):
        return LocatedSequence((), node.file, node.line, node.path)
    return LocatedMapping({}, node.file, node.line, node.path)


def _read(text: str, expected: Expected) -> Any:
    if expected.choices:
        return expected.choices.get(text)
    if expected.kind is bool:
        return read_truth(text)
    if expected.kind is int:
        return read_whole_number(text)
    if expected.is_seconds:
        return read_seconds(text)
    if expected.kind in (float, Decimal):
        return expected.kind(read_number(text))
    return text


def _found(node: Located) -> str:
    if isinstance(node, LocatedScalar):
        return "nothing" if not node.value.strip() else shown(node.value.strip())
    if isinstance(node, LocatedSequence):
        return "a list" if node.items else "nothing"
    return "settings written as 'key: value'" if node.entries else "nothing"


def _instead(guess: str | None, known: dict[str, Any]) -> str:
    if guess:
        return f", did you mean '{guess}'?"
    return f"; known here: {', '.join(known) or 'nothing'}"
