"""The volume-weighted average price since a moment: since it was made, since `reset`, or since the session of the day began."""

import math
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trading_system.core.market_data import Bar
from trading_system.indicators.indicator import VolumeIndicator, need_prices, need_volume

NS = 1_000_000_000


class VWAP(VolumeIndicator):
    """The average of typical prices weighted with volume; nan until something was traded.

    `VWAP()` is anchored where it was made or last `reset`. `VWAP(day_starts="00:00")` begins anew with the first bar of each day, and
    `VWAP(day_starts="17:00", timezone="America/Chicago")` with the first bar that starts at or after five in Chicago, summer and winter.
    """

    __slots__ = ("_day_starts", "_session_ends_ns", "_timezone", "_value", "_volume")

    def __init__(self, day_starts: str | None = None, timezone: str = "UTC") -> None:
        super().__init__()
        self._day_starts = None if day_starts is None else _time_of_day(day_starts)
        self._timezone = _zone(timezone)
        self._session_ends_ns = 0
        self._value = self._volume = 0.0

    def update(self, bar: Bar) -> float:
        if self._day_starts is None:
            return self.update_values(bar.high, bar.low, bar.close, bar.volume)
        need_prices(self, bar.high, bar.low, bar.close)
        need_volume(self, bar.volume)
        if bar.start_ns >= self._session_ends_ns:
            self._session_ends_ns = self._next_start_ns(bar.start_ns, self._day_starts)
            self.reset()
        return self.update_values(bar.high, bar.low, bar.close, bar.volume)

    def update_values(self, high: float, low: float, close: float, volume: float) -> float:
        """Do what `update` does, with the numbers of a bar that is none of ours; a session does not end by it, for it knows no time."""
        need_prices(self, high, low, close)
        need_volume(self, volume)
        self._value += (high + low + close) / 3.0 * volume
        self._volume += volume
        if self._volume:
            self.value = self._value / self._volume
        return self.value

    def reset(self) -> None:
        """Begin anew with the next bar."""
        self.value = math.nan
        self._value = self._volume = 0.0

    def _next_start_ns(self, now_ns: int, starts: time) -> int:
        # On the wall clock of the place, so that a day of 23 or 25 hours is one day.
        now = datetime.fromtimestamp(now_ns // NS, UTC).astimezone(self._timezone)
        day = now.date()
        while True:
            start = datetime.combine(day, starts, self._timezone)
            start_ns = int(start.timestamp()) * NS
            if start_ns > now_ns:
                return start_ns
            day += timedelta(days=1)


def _time_of_day(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()
    except (TypeError, ValueError):
        raise ValueError(f"VWAP needs day_starts as a time of the day such as '17:00', and got {text!r}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError(f"VWAP needs a timezone such as 'UTC' or 'America/Chicago', and got {name!r}") from None
