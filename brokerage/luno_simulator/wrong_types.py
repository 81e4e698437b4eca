"""Bodies that are valid JSON and still wrong: other types, unknown words, another time; used by `answer_faults.py`. It must never
change a value that was handed in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

_WORDS = ("status", "state", "side", "type", "kind", "trading_status", "time_in_force", "stop_direction")
_TIMES = ("timestamp", "creation_timestamp", "completed_timestamp", "expiration_timestamp")
_TIMES_ASKED = ("timestamp", "since", "before", "created_before")


def mistype(value: Any, what: str, random: Random) -> Any:
    """Return a JSON value with one manner of wrong types; "any" draws one of those that change something."""
    manners = [MANNERS[what]] if what != "any" else random.sample(list(MANNERS.values()), len(MANNERS))
    for manner in manners:
        wrong = manner(value, random)
        if wrong != value:
            return wrong
    return value


def shift_clock(value: Any, offset_ms: int) -> Any:
    """Return a JSON value with every timestamp moved; a zero means "never" and stays."""
    return _mapped(value, lambda name, one: one + offset_ms if name in _TIMES and isinstance(one, int) and one else one)


def shifted_parameters(pairs: Sequence[tuple[str, str]], offset_ms: int) -> list[tuple[str, str]]:
    """Return query or form parameters with every time moved."""
    return [
        (name, str(int(text) + offset_ms)) if name in _TIMES_ASKED and text.isascii() and text.isdigit() else (name, text)
        for name, text in pairs
    ]


def _numbers_as_texts(value: Any, random: Random) -> Any:
    return _mapped(value, lambda name, one: str(one) if isinstance(one, int | float) and not isinstance(one, bool) else one)


def _texts_as_numbers(value: Any, random: Random) -> Any:
    return _mapped(value, lambda name, one: float(one) if isinstance(one, str) and _is_number(one) else one)


def _a_null_field(value: Any, random: Random) -> Any:
    names = sorted(set(_names(value)))
    missing = random.choice(names) if names else ""
    return _nulled(value, missing)


def _arrays_for_objects(value: Any, random: Random) -> Any:
    # The innermost objects, so that a list stays a list of rows, each of them in the wrong form.
    if isinstance(value, list):
        return [_arrays_for_objects(one, random) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _arrays_for_objects(one, random) for name, one in value.items()}
    return inner if inner != value else list(value.values())


def _unknown_words(value: Any, random: Random) -> Any:
    return _mapped(value, lambda name, one: "UNHEARD_OF" if name in _WORDS and isinstance(one, str) and one else one)


def _mapped(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _mapped(one, change, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change, name) for one in value]
    return change(name, value)


def _nulled(value: Any, missing: str) -> Any:
    if isinstance(value, dict):
        return {key: None if key == missing else _nulled(one, missing) for key, one in value.items()}
    return [_nulled(one, missing) for one in value] if isinstance(value, list) else value


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _names(one)
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


MANNERS: Mapping[str, Callable[[Any, Random], Any]] = {
    "numbers_as_texts": _numbers_as_texts,
    "texts_as_numbers": _texts_as_numbers,
    "nulls": _a_null_field,
    "arrays": _arrays_for_objects,
    "unknown_words": _unknown_words,
}
