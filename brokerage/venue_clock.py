"""How far a venue's clock is ahead of ours, from the `Date` headers of its replies. Fed by `rest_client.py`; it never asks the venue
anything and never sets a clock.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from trading_system.core.ports import Runtime

#: What was learned widens by so much a second of age: clocks drift apart, and one that is being corrected moves by 0.5 ms a second.
_DRIFT = 0.001
#: So many replies in a row must agree with each other against what was known before a clock is taken to have been set.
_WITNESSES = 3

Bounds = tuple[float, float]


class VenueClock:
    """The offset that all replies allow. Threads may share it.

    A reply's date was cut to the second somewhere between asking and hearing, so each one bounds the offset from below and from above:
    date - answered <= offset <= date + 1 - asked, as Cristian's algorithm has it (Probabilistic clock synchronization, 1989). The bounds
    of all replies together come to be much narrower than a second. A reply that contradicts them is a page of somebody in between, or
    the first one after a clock was set: it counts only when others bear it out.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = runtime.lock()
        self._known: Bounds | None = None
        self._known_ns = 0
        self._doubted: Bounds | None = None
        self._witnesses = 0

    @property
    def offset_seconds(self) -> float | None:
        """Return by how many seconds the venue is ahead of us, the middle of what is possible; None before the first dated reply."""
        known = self._known
        return None if known is None else (known[0] + known[1]) / 2

    def hear(self, headers: Mapping[str, str], asked_ns: int, answered_ns: int) -> None:
        """Learn from one reply's headers (names in lower case), asked and answered at these times of our wall clock."""
        try:
            date = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        # A reply out of a cache carries the date of the day it was made, and an age.
        if headers.get("age", "0").strip() != "0" or answered_ns < asked_ns:
            return
        self._learn((date - answered_ns / 1e9, date + 1 - asked_ns / 1e9), self._runtime.monotonic_ns())

    def _learn(self, bounds: Bounds, now_ns: int) -> None:
        with self._lock:
            faded = (now_ns - self._known_ns) / 1e9 * _DRIFT
            known = None if self._known is None else (self._known[0] - faded, self._known[1] + faded)
            both = bounds if known is None else _both(known, bounds)
            if both is None:
                together = _both(self._doubted, bounds) if self._doubted is not None else None
                self._witnesses = 1 if together is None else self._witnesses + 1
                self._doubted = together or bounds
                if self._witnesses < _WITNESSES:
                    return
                both = self._doubted
            self._known, self._known_ns, self._doubted, self._witnesses = both, now_ns, None, 0


def _both(one: Bounds, other: Bounds) -> Bounds | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
