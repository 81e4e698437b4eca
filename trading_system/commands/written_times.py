"""Reads the times that people write behind options: a day, a moment with its zone, or how long ago."""

from datetime import UTC, datetime

from trading_system.core.errors import ConfigError
from trading_system.settings.problems import Problems, shown
from trading_system.settings.scalars import UnreadableText, read_seconds

_NANOSECONDS = 1_000_000_000


def read_time_ns(option: str, text: str | None, problems: Problems) -> int | None:
    """Return a day (UTC) or a moment with its zone in UTC nanoseconds; None without a text, and where it cannot be read, which `problems`
    tells."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        problems.add_at(option, 0, "", f"expected a day such as 2024-01-31 or a time such as 2024-01-31T12:00:00Z, found {shown(text)}")
        return None
    if moment.tzinfo is None:
        if len(text) > len("2024-01-31"):
            problems.add_at(option, 0, "", f"{shown(text)} does not say its time zone: write {text}Z for UTC")
            return None
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _NANOSECONDS + since.microseconds * 1_000


def read_since_ns(option: str, text: str | None, now_ns: int) -> int | None:
    """Return a moment as `read_time_ns` does, or `30m`, `2h` or `1d` before `now_ns`; None without a text. Raises ConfigError."""
    if text is None:
        return None
    if text.strip()[-1:] in ("s", "m", "h", "d"):
        try:
            seconds = read_seconds(text)
        except UnreadableText as error:
            raise ConfigError(f"{option}: {error}") from None
        if seconds < 0:
            raise ConfigError(f"{option}: expected how long ago, such as 30m, found {shown(text)}")
        return now_ns - int(seconds * _NANOSECONDS)
    problems = Problems()
    found = read_time_ns(option, text, problems)
    if found is None:
        raise ConfigError(*(f"{problem}; or how long ago, such as 30m, 2h or 1d" for problem in problems))
    return found
