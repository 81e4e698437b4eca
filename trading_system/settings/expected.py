"""What a setting must be: a type annotation taken apart into its kind and its bounds, and said in people's words.

Used by `convert` and by `overrides`. This is the one place that understands `Annotated`, `Optional`, `Literal` and `msgspec.Meta`.
"""

import re
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from trading_system.core.instrument import Number, exact
from trading_system.settings.located import LocatedMapping, LocatedScalar, LocatedSequence
from trading_system.settings.scalars import DURATION_WORDS, NUMBER_WORDS, TRUTH_WORDS, WHOLE_NUMBER_WORDS

# A duration in seconds, written `5`, `5s`, `500ms`, `2m`, `1h` or `1d`.
Seconds = Annotated[float, msgspec.Meta(ge=0, extra={"unit": "seconds"})]

LOCATED_KINDS = (LocatedScalar, LocatedSequence, LocatedMapping)
# The order in which the members of a union are tried: from those that accept little to text, which accepts everything.
_TRIED = (Literal, bool, int, Decimal, float, str)
_WORDS = {bool: TRUTH_WORDS, int: WHOLE_NUMBER_WORDS, float: NUMBER_WORDS, Decimal: NUMBER_WORDS, str: "a text"}


class Expected(msgspec.Struct, frozen=True):
    """One annotation: `kind` is the bare type, `arguments` its parameters, `metas` the bounds, outermost last.

    `Meta.extra` may hold `words` (what to call the value), `mend` (how to write it), `unit: seconds`, `is_unique` for lists,
    `is_key` for a field that is not written because it holds the key under which its struct stands, and `default_from_key`,
    a default made from that key ("{}_strategy.py").
    """

    kind: Any
    arguments: tuple[Any, ...] = ()
    metas: tuple[msgspec.Meta, ...] = ()

    @classmethod
    def of(cls, annotation: Any, outer: tuple[msgspec.Meta, ...] = ()) -> "Expected":
        """Take an annotation apart; bounds given around a union hold for each of its members."""
        metas = outer
        while get_origin(annotation) is Annotated:
            annotation, *extras = get_args(annotation)
            metas = (*(extra for extra in extras if isinstance(extra, msgspec.Meta)), *metas)
        origin = get_origin(annotation)
        kind = Union if origin is UnionType else origin or annotation
        return cls(kind, get_args(annotation), metas)

    @property
    def members(self) -> list["Expected"]:
        """Return the members of a union but None, most specific first; a type that is no union is its own only member."""
        if self.kind is not Union:
            return [self]
        members = [Expected.of(argument, self.metas) for argument in self.arguments if argument is not NoneType]
        return sorted(members, key=lambda member: _TRIED.index(member.kind) if member.kind in _TRIED else 0)

    @property
    def is_optional(self) -> bool:
        """Tell whether nothing is an answer too."""
        return self.kind is NoneType or (self.kind is Union and NoneType in self.arguments)

    @property
    def is_struct(self) -> bool:
        """Tell whether the kind is a struct of settings, not a node that is kept as it was written."""
        return isinstance(self.kind, type) and issubclass(self.kind, msgspec.Struct) and self.kind not in LOCATED_KINDS

    @property
    def is_leaf(self) -> bool:
        """Tell whether the value is written as one text."""
        return self.kind in _TRIED or self.is_enum

    @property
    def is_enum(self) -> bool:
        """Tell whether the kind is an enumeration, written by its values."""
        return isinstance(self.kind, type) and issubclass(self.kind, Enum)

    @property
    def is_seconds(self) -> bool:
        """Tell whether the value is a duration."""
        return bool(self.extra("unit") == "seconds")

    @property
    def choices(self) -> dict[str, Any]:
        """Return the values of a Literal or an enumeration by the text that means them."""
        if self.is_enum:
            return {str(member.value): member for member in self.kind}
        return {str(value): value for value in self.arguments} if self.kind is Literal else {}

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """Return the fields of a struct that can be written, by key."""
        named = {field.encode_name: field for field in msgspec.structs.fields(self.kind)} if self.is_struct else {}
        return {key: field for key, field in named.items() if not Expected.of(field.type).extra("is_key")}

    @property
    def example(self) -> str:
        """Return the first example that the annotation gives, empty where it gives none."""
        examples = self._bound("examples")
        return str(examples[0]) if examples else ""

    @property
    def description(self) -> str:
        """Return what the annotation says of the setting, empty where it says nothing."""
        return str(self._bound("description") or "")

    def extra(self, name: str) -> Any:
        """Return an entry of `Meta.extra`, None where nobody gave it."""
        return next((meta.extra[name] for meta in reversed(self.metas) if meta.extra and name in meta.extra), None)

    def accepts(self, value: Any) -> bool:
        """Tell whether a value of the right type lies within the bounds."""
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return self._accepts_number(exact(value))
        if isinstance(value, (str, list, tuple, dict)) and not isinstance(value, Enum):
            least, most = self._bound("min_length"), self._bound("max_length")
            has_size = (least is None or len(value) >= least) and (most is None or len(value) <= most)
            pattern = self._bound("pattern")
            return has_size and (pattern is None or not isinstance(value, str) or bool(re.search(pattern, value)))
        return True

    def words(self) -> str:
        """Say what is expected, bounds included: "a number (above 0, at most 1)"."""
        if self.kind is Union:
            return " or ".join(dict.fromkeys(member.words() for member in self.members))
        named = self.extra("words")
        limits = ", ".join(self._limits())
        return str(named) if named else self._kind_words() + (f" ({limits})" if limits else "")

    def _kind_words(self) -> str:
        if self.choices:
            *others, last = self.choices
            return f"{', '.join(others)} or {last}" if others else f"'{last}'"
        if self.is_seconds:
            return DURATION_WORDS
        if self.kind is LocatedSequence or (self.kind in (list, tuple) and self.arguments):
            return "a list, written [first, second]"
        if self.is_struct or self.kind is LocatedMapping or (self.kind is dict and self.arguments):
            return "settings written as 'key: value'"
        unknown = f"the type {getattr(self.kind, '__name__', self.kind)}, which cannot be written in settings (change it in the code)"
        return _WORDS.get(self.kind, unknown)

    def _limits(self) -> list[str]:
        limits = []
        if self.kind in (int, float, Decimal):
            for name, words in (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most"), ("multiple_of", "in steps of")):
                bound = self._bound(name)
                # A duration of at least 0 goes without saying.
                if bound is not None and not (self.is_seconds and name == "ge" and bound == 0):
                    limits.append(f"{words} {_duration(exact(bound)) if self.is_seconds else _figure(exact(bound))}")
        elif self.kind in (str, list, tuple, dict):
            what = {str: "character", dict: "entry"}.get(self.kind, "item")
            for name, words in (("min_length", "at least"), ("max_length", "at most")):
                bound = self._bound(name)
                if bound is not None:
                    limits.append(f"{words} {bound} {what if bound == 1 else _plural(what)}")
            if self.kind is str and self._bound("pattern"):
                limits.append(f"such as {self.example}" if self.example else f"of the form {self._bound('pattern')}")
        return limits

    def _accepts_number(self, number: Decimal) -> bool:
        def bound(name: str) -> Decimal | None:
            given: Number | None = self._bound(name)
            return None if given is None else exact(given)

        above, least, below, most, step = (bound(name) for name in ("gt", "ge", "lt", "le", "multiple_of"))
        return (
            (above is None or number > above)
            and (least is None or number >= least)
            and (below is None or number < below)
            and (most is None or number <= most)
            and (step is None or Fraction(number) % Fraction(step) == 0)
        )

    def _bound(self, name: str) -> Any:
        return next((getattr(meta, name) for meta in reversed(self.metas) if getattr(meta, name) is not None), None)


def _duration(seconds: Decimal) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size:f}{unit}"
    return f"{seconds:f}s" if seconds else "0"


def _figure(number: Decimal) -> str:
    # Nobody counts the zeros of 1000000000000000.
    is_power = number >= 10**9 and number == Decimal(1).scaleb(number.adjusted())
    return f"1e{number.adjusted()}" if is_power else format(number.normalize(), "f")


def _plural(what: str) -> str:
    return what[:-1] + "ies" if what.endswith("y") else what + "s"
