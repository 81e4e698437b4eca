"""Numbers, times and foreign text as people read them. Pure functions; what is missing or no number is a dash, never an error."""

import unicodedata
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

NOTHING = "\u2013"
_BARS = "▁▂▃▄▅▆▇█"
_LARGE, _HUGE = Decimal(10_000_000), Decimal(10) ** 12


def clean(text: object) -> str:
    """Return text that can neither move the cursor nor fake a line: control, invisible and combining characters are spelled out."""
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(character if _is_plain(character) else character.encode("unicode_escape").decode() for character in words)


def number(value: object) -> Decimal | None:
    """Read a number of the picture, text or not; None for anything that is none, NaN and infinity included."""
    if value is None or isinstance(value, bool):
        return None
    try:
        read = Decimal(str(value))
    except ArithmeticError:
        return None
    return read if read.is_finite() else None


def money(value: object, digits: int = 2, is_signed: bool = False) -> str:
    """Return an amount of money with its currency's digits; `is_signed` shows a plus. A loss that rounds to nothing is no loss."""
    amount = number(value)
    if amount is None:
        return NOTHING
    size = abs(amount)
    if size >= _HUGE:
        return f"{amount:{'+' if is_signed else ''}.3g}"
    rounded = _rounded(amount, 0 if size >= _LARGE else digits, ROUND_HALF_EVEN)
    return f"{rounded:{'+' if is_signed and rounded else ''},f}"


def quantity(value: object, step: object) -> str:
    """Return a base amount with at most the digits of the instrument's `step`, rounded towards zero; less than one step is dust."""
    amount = number(value)
    if amount is None:
        return NOTHING
    rounded = _rounded(amount, digits_of(step, 8), ROUND_DOWN)
    words = f"{rounded:,f}"
    return "dust" if amount and not rounded else words.rstrip("0").rstrip(".") if "." in words else words


def price(value: object, step: object) -> str:
    """Return a price with the digits of the instrument's `step`."""
    amount = number(value)
    return NOTHING if amount is None else f"{_rounded(amount, digits_of(step, 8), ROUND_HALF_EVEN):,f}"


def digits_of(step: object, unknown: int) -> int:
    """Return how many decimals a grid of `step` has, at most 10; `unknown` where the step is not known."""
    grid = number(step)
    if grid is None or grid <= 0:
        return unknown
    exponent = grid.normalize().as_tuple().exponent
    return min(10, max(0, -exponent)) if isinstance(exponent, int) else unknown


def uptime(seconds: float) -> str:
    """Return a duration as 0:01:23, with days in front when there are any."""
    whole = max(0, int(seconds))
    days, whole = divmod(whole, 86_400)
    clock = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{days} d {clock}" if days else clock


def age(seconds: float | None) -> str:
    """Return how old something is, short: 0.4 s, 12 s, 3 min, 2 h."""
    if seconds is None:
        return "no price yet"
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def sparkline(points: list[float | None], width: int) -> str:
    """Draw `points` from left to right in at most `width` characters; each stands for 1, 2, 4, ... points, so that it does not shimmer."""
    share = 1
    while len(points) > share * width:
        share *= 2
    cells: list[float | None] = []
    for first in range(0, len(points), share):
        known = [point for point in points[first:first + share] if point is not None]
        cells.append(sum(known) / len(known) if known else None)
    known = [cell for cell in cells if cell is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    # Below a millionth of the amount it is rounding, not profit: that is a flat line.
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return "".join(" " if cell is None else _BARS[0] for cell in cells)
    return "".join(" " if cell is None else _BARS[round((cell - low) / (high - low) * 7)] for cell in cells)


def _is_plain(character: str) -> bool:
    return character.isprintable() and not unicodedata.category(character).startswith("M")


def _rounded(amount: Decimal, digits: int, rounding: str) -> Decimal:
    try:
        rounded = amount.quantize(Decimal(1).scaleb(-digits), rounding)
    except ArithmeticError:
        return amount               # more digits than a person reads; shown as it is
    return rounded if rounded else abs(rounded)
