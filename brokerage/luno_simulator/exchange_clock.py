"""The time of a running exchange: the wall clock, but never backwards; read by `server.py`. It must never be used by
anything that a test wants to repeat."""

import time


class ExchangeClock:
    """The wall clock, moved forward so far that it never falls behind what the exchange has already seen."""

    def __init__(self, not_before_ns: int) -> None:
        """Start at the wall clock's time, or at `not_before_ns` when that is later."""
        self._last_ns = not_before_ns
        self._ahead_ns = 0

    def now_ns(self) -> int:
        """Return the time in nanoseconds since the epoch."""
        now_ns = time.time_ns() + self._ahead_ns
        if now_ns < self._last_ns:
            # Somebody set the clock back. Time on the exchange goes on from where it was instead of standing still.
            self._ahead_ns += self._last_ns - now_ns
            now_ns = self._last_ns
        self._last_ns = now_ns
        return now_ns
