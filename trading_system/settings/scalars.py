"""Turns one written text into a number, a duration or yes/no, as people mean it. Called by `convert` and for command line options.

Never guesses: what could be read in two ways is refused, with the way to write it.
"""

import re
from decimal import Decimal

from trading_system.settings.problems import shown

DURATION_WORDS = "a duration such as 5s, 500ms, 2m, 1h or 1d"
NUMBER_WORDS = "a number"
WHOLE_NUMBER_WORDS = "a whole number"
TRUTH_WORDS = "yes or no (also true/false, on/off)"

_LONGEST_NUMBER = 100
_LARGEST_EXPONENT = 300
_NUMBER = re.compile(r"[+-]?([0-9]+(_[0-9]+)*(\.([0-9]+(_[0-9]+)*)?)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?\.?(inf|infinity|nan)", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([, ][0-9]{3})+(\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_PERCENT = re.compile(r"([+-]?[0-9]{1,20}(\.[0-9]{1,20})?) ?%")
_DURATION = re.compile(r"([^a-zA-Z]*?([eE][+-]?[0-9]+)?) ?(ms|s|m|h|d)?")
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class UnreadableText(ValueError):
    """A text is not what was expected; `mend`, where not empty, is the way to write it."""

    def __init__(self, expected: str, text: str, mend: str = "") -> None:
        super().__init__(f"expected {expected}, found {shown(text)}" + (f": {mend}" if mend else ""))
        self.mend = mend


def read_number(text: str) -> Decimal:
    """Read a finite number: `1e3`, `0.5`, `012` (twelve) and `50_000` are understood. Raises UnreadableText."""
    written = text.strip()
    if len(written) > _LONGEST_NUMBER or not _NUMBER.fullmatch(written):
        raise UnreadableText(NUMBER_WORDS, text, _number_mend(written))
    number = Decimal(written.replace("_", ""))
    if number.is_zero():
        return Decimal(0)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise UnreadableText(NUMBER_WORDS, text, f"it is too {'large' if number.adjusted() > 0 else 'small'}")
    return Decimal(format(number, "f"))


def read_whole_number(text: str) -> int:
    """Read a whole number; `1e3` and `5.0` are whole. Raises UnreadableText."""
    try:
        number = read_number(text)
    except UnreadableText as error:
        raise UnreadableText(WHOLE_NUMBER_WORDS, text, error.mend) from None
    if number != number.to_integral_value():
        raise UnreadableText(WHOLE_NUMBER_WORDS, text)
    return int(number)


def read_truth(text: str) -> bool:
    """Read yes/no, true/false or on/off in any case. Raises UnreadableText."""
    truth = _TRUTH.get(text.strip().lower())
    if truth is None:
        raise UnreadableText(TRUTH_WORDS, text)
    return truth


def read_seconds(text: str) -> float:
    """Read a duration such as `5`, `5s`, `500ms`, `2m`, `1h` or `1d` and return seconds. Raises UnreadableText."""
    stripped = text.strip()
    written = _DURATION.fullmatch(stripped) if len(stripped) <= _LONGEST_NUMBER else None
    if written is None or not written[1]:
        raise UnreadableText(DURATION_WORDS, text, _number_mend(stripped))
    try:
        return float(read_number(written[1]) * _SECONDS[written[3] or "s"])
    except UnreadableText as error:
        raise UnreadableText(DURATION_WORDS, text, error.mend) from None


def _number_mend(written: str) -> str:
    if _NOT_FINITE.fullmatch(written):
        return "it must be finite"
    if _THOUSANDS.fullmatch(written):
        return f"write {written.replace(',', '').replace(' ', '')}"
    if _DECIMAL_COMMA.fullmatch(written):
        return f"write {written.replace(',', '.')}"
    percent = _PERCENT.fullmatch(written)
    return f"write {(Decimal(percent[1]) / 100).normalize():f}" if percent else ""
