"""Numbers, times and foreign text as the tear sheet shows them to people. Pure functions; what is not defined is a dash, never an error."""

import html
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

NOTHING = "\u2013"
DAY_NS = 86_400 * 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The figures whose name does not tell people what they are or how to read them; the others are judged by how their name ends.
_KNOWN: dict[str, tuple[str, str]] = {
    "total_return": ("Return", "percent"), "annual_return": ("Return a year", "percent"), "cagr": ("Growth a year", "percent"),
    "max_drawdown": ("Largest drawdown", "percent"), "annual_volatility": ("Volatility a year", "percent"),
    "sharpe": ("Sharpe ratio", "number"), "adjusted_sharpe": ("Adjusted Sharpe ratio", "number"), "sortino": ("Sortino ratio", "number"),
    "calmar": ("Calmar ratio", "number"), "omega": ("Omega ratio", "number"), "win_rate": ("Trades won", "percent"),
    "downside_risk": ("Downside risk a year", "percent"), "upside_risk": ("Upside risk a year", "percent"),
    "value_at_risk": ("Value at risk, 5 % worst", "percent"), "expected_shortfall": ("Expected shortfall, 5 % worst", "percent"),
    "frequency_above": ("Periods that gained", "percent"), "frequency_below": ("Periods that lost", "percent"),
    "average_drawdown_seconds": ("Average time under water", "seconds"),
    "longest_drawdown_seconds": ("Longest time under water", "seconds"), "buy_and_hold_return": ("Return of buying and holding", "percent"),
    "pain_index": ("Mean drawdown", "percent"), "ulcer_index": ("Ulcer index", "percent"),
    "expectancy": ("Profit of an average trade", "money"), "best": ("Best trade", "money"), "worst": ("Worst trade", "money"),
    "average_win": ("Average gain", "money"), "kelly": ("Kelly share", "percent"), "exposure": ("Time in the market", "percent"),
    "alpha": ("Alpha a year", "percent"), "jensen_alpha": ("Jensen's alpha", "percent"), "turnover": ("Turnover a year", "number"),
    "specific_risk": ("Specific risk a year", "percent"), "systematic_risk": ("Systematic risk a year", "percent"),
    "total_risk": ("Total risk a year", "percent"), "capture": ("Capture", "percent"),
}
#: Which unit a name's ending tells.
_BY_ENDING: tuple[tuple[tuple[str, ...], str], ...] = (
    (("_ns",), "nanoseconds"), (("_seconds",), "seconds"), (("_hours",), "hours"), (("_days",), "days"),
    (("_return", "_drawdown", "_rate", "_share", "_percent", "_capture", "_volatility", "_month", "_day", "_year"), "percent"),
    (("profit", "_loss", "fees", "_win", "_trade", "_value", "capital", "equity", "_cost"), "money"),
)


class Unit(msgspec.Struct, frozen=True):
    """How one figure is shown: its label, and percent, money, number, nanoseconds, seconds, hours or days."""

    label: str
    kind: str


def unit_of(name: str) -> Unit:
    """Return how the figure `name` of `reports/performance.py` is shown."""
    if name in _KNOWN:
        return Unit(*_KNOWN[name])
    words = name.removesuffix("_ns").removesuffix("_seconds").replace("_", " ")
    kind = next((kind for endings, kind in _BY_ENDING if name.endswith(endings)), "number")
    return Unit(words[:1].upper() + words[1:], kind)


def figure(name: str, value: float | None, currency: str, digits: int) -> str:
    """Return one figure with its unit; `digits` are the decimals of money in `currency`."""
    if value is None or not math.isfinite(value):
        return NOTHING
    kind = unit_of(name).kind
    if kind == "percent":
        return percent(value, is_signed="return" in name)
    if kind == "money":
        return f"{money(value, digits)} {currency}"
    if kind == "number":
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return duration(value * {"nanoseconds": 1e-9, "seconds": 1, "hours": 3600, "days": 86_400}[kind])


def escaped(text: object) -> str:
    """Return text of unknown origin for HTML, inside elements and attributes; characters nobody sees are spelled out."""
    words = str(text)
    if not words.isprintable():
        words = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in words)
    return html.escape(words)


def label_text(text: object) -> str:
    """Return text of unknown origin for a picture's labels, which read a few HTML tags and entities."""
    return escaped(text).replace("&quot;", '"').replace("&#x27;", "'")


def money_digits(amounts: Iterable[float]) -> int:
    """Return how many decimals a currency is shown with: 2, or up to 8 where all amounts are small, as they are in coins."""
    return 2 if max((abs(amount) for amount in amounts if math.isfinite(amount)), default=0.0) >= 50 else 8


def money(value: float | None, digits: int = 2, is_signed: bool = False) -> str:
    """Return an amount with thousands separators and 2 to `digits` decimals."""
    if value is None or not math.isfinite(value):
        return NOTHING
    words = f"{value:{'+' if is_signed else ''},.{digits}f}"
    if digits > 2:
        whole, decimals = words.split(".")
        words = f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    # A loss that rounds to nothing is no loss, and a gain no gain.
    return words.lstrip("+-") if not any(digit in words for digit in "123456789") else words


def percent(value: float | None, is_signed: bool = False) -> str:
    """Return a fraction as a percentage with 2 decimals."""
    if value is None or not math.isfinite(value):
        return NOTHING
    words = f"{value:{'+' if is_signed else ''},.2%}"
    return words.lstrip("+-") if words.strip("+-") == "0.00%" else words


def plain_number(value: float, digits: int = 8) -> str:
    """Return a price or a quantity with at most `digits` significant digits, never with an exponent."""
    if not math.isfinite(value):
        return NOTHING
    whole_digits = len(str(int(abs(value))))
    words = f"{Decimal(f'{value:.{max(digits, whole_digits)}g}'):,f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def exact(text: str) -> str:
    """Return an exact amount with thousands separators and every digit it has."""
    amount = Decimal(text)
    words = f"{amount:,f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def iso(time_ns: int, has_milliseconds: bool = False) -> str:
    """Return UTC nanoseconds as ISO-8601, to the second or to the millisecond; a dash where no calendar reaches."""
    try:
        moment = _EPOCH + timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return NOTHING
    return moment.isoformat(timespec="milliseconds" if has_milliseconds else "seconds").replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: 3 d 4 h, 5 min 12 s, 0.42 s."""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds < 60:
        return f"{seconds:.2f} s"
    for unit, part, size, share in (("d", "h", 86_400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole:,} {unit} {rest // share} {part}" if rest // share else f"{whole:,} {unit}"
    return NOTHING


def count(number: int, word: str) -> str:
    """Return a count with its noun: 1 trade, 2,000 trades."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
