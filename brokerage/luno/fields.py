"""The fields of a row of Luno's JSON, read by kind: whatever is missing, not finite or of another kind is refused with a ValueError that
names the field. Pure functions, used by `mapping.py`; nothing is guessed.
"""

import re
from decimal import Decimal
from typing import Any

from trading_system.core.order_update import ZERO

Row = dict[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,40})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_MILLISECOND = 1_000_000
#: What a Decimal computes with; a number with more digits would be rounded silently.
_MOST_DIGITS = 28


def signed(row: Row, field: str) -> Decimal:
    """Return a decimal field, written as text or as a JSON number, of either sign."""
    value = _field(row, field)
    if isinstance(value, Decimal):
        # A JSON number such as 1e-05; an exponent out of all proportion is refused before it is written out.
        text = format(value, "f") if value.is_finite() and abs(value.adjusted()) < 40 else "?"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        text = value if isinstance(value, str) else "?"
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{field} is {value!r:.60}, not a decimal number")
    if "." in text:
        # Luno pads some numbers to 18 decimals.
        text = text.rstrip("0").rstrip(".")
    number = Decimal(text)
    if len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"{field} is {value!r:.60}, more digits than can be computed with")
    return number if number else ZERO


def amount(row: Row, field: str) -> Decimal:
    """Return a decimal field that is zero or more."""
    number = signed(row, field)
    if number < 0:
        raise ValueError(f"{field} is {number}, less than zero")
    return number


def whole(row: Row, field: str) -> int:
    """Return a whole number of zero or more, written as a JSON number or as text."""
    value = _field(row, field)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError(f"{field} is {value!r:.60}, not a whole number")


def text(row: Row, field: str) -> str:
    """Return a text field that is not empty."""
    value = _field(row, field)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{field} is {value!r:.60}, not a text")
    return value


def positive(row: Row, field: str) -> Decimal:
    """Return a decimal field that is more than zero."""
    number = amount(row, field)
    if not number:
        raise ValueError(f"{field} is zero")
    return number


def flag(row: Row, field: str) -> bool:
    """Return a field that is true or false."""
    value = _field(row, field)
    if not isinstance(value, bool):
        raise ValueError(f"{field} is {value!r:.60}, neither true nor false")
    return value


def time_ns(row: Row, field: str) -> int:
    """Return a moment in milliseconds as nanoseconds."""
    milliseconds = whole(row, field)
    if not milliseconds:
        raise ValueError(f"{field} is zero")
    return milliseconds * _MILLISECOND


def _field(row: Row, field: str) -> Any:
    if not isinstance(row, dict):
        raise ValueError(f"row is {row!r:.60}, not an object")
    return row.get(field)
