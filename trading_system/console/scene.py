"""What one frame is drawn from, as plain data: it can be written to a file, read back and drawn again, to the last character."""

from datetime import UTC, datetime
from typing import Any

import msgspec


class Line(msgspec.Struct, frozen=True):
    """Something that happened: when, about whom, what, and for an order the state it is in now.

    Text is as it came: the frame makes it harmless. `tone` is good, bad, warn, fill, quiet or empty.
    """

    time_ns: int
    who: str
    text: str
    state: str = ""
    tone: str = ""


class Scene(msgspec.Struct):
    """The newest picture, the last lines (oldest first), the equity so far per strategy and in total per currency.

    `stopping_ns` is when the stop was asked for, 0 before; stopping may take `stop_limit_seconds`. `late_ms` is
    how late the last beat was. `is_utc` shows lines in UTC instead of
    local time.
    """

    now_ns: int
    picture: dict[str, Any] = {}
    lines: list[Line] = []
    equity: dict[str, list[float | None]] = {}
    totals: dict[str, list[float | None]] = {}
    stopping_ns: int = 0
    stop_limit_seconds: float = 30.0
    late_ms: float | None = None
    is_utc: bool = False

    @property
    def strategies(self) -> dict[str, dict[str, Any]]:
        """Return the strategies' rows of the picture."""
        return dict(self.picture.get("strategies") or {})

    @property
    def market(self) -> dict[str, dict[str, Any]]:
        """Return the symbols' rows of the picture."""
        return dict(self.picture.get("market") or {})

    @property
    def picture_age(self) -> float:
        """Return how old the picture is, in seconds; 0 while there is none."""
        return max(0.0, self.seconds_since(self.picture.get("end")))

    @property
    def uptime(self) -> float:
        """Return how long the house runs, in seconds; 0 while that is not known."""
        return max(0.0, self.seconds_since(self.picture.get("start")))

    def seconds_since(self, text: object) -> float:
        """Return the seconds since an ISO-8601 time; 0 when it is none."""
        try:
            return self.now_ns / 1e9 - datetime.fromisoformat(str(text)).timestamp()
        except ValueError:
            return 0.0

    def shortened(self, text: str) -> str:
        """Return text without the venue's name behind our symbols: with one venue it says nothing."""
        venues = list(self.picture.get("venues") or {})
        if len(venues) == 1:
            for symbol in self.market:
                text = text.replace(symbol, symbol.removesuffix(f".{venues[0]}"))
        return text

    def clock(self, time_ns: int) -> str:
        """Return the time of day of UTC nanoseconds."""
        return f"{datetime.fromtimestamp(time_ns / 1e9, UTC if self.is_utc else None):%H:%M:%S}"

    def to_be_canceled(self) -> int:
        """Return how many open orders a stop waits for."""
        return sum(int(row.get("open_orders") or 0) for row in self.strategies.values() if row.get("on_stop") != "keep")
