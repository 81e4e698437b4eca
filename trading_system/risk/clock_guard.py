"""Watches how far a venue's clock is from ours: too far, and no new order may leave, because its deadline would mean another moment there.

Asked by the verdict inside every order and by the last door; cancels and look-ups never ask it.
"""

from collections.abc import Callable

#: An offset that wavers about the limit must not open and close the house at every beat: it opens again at this share of the limit.
_OPENS_AT = 0.75


class ClockGuard:
    """`offset_seconds` tells by how much the clock of the venue called `name` is ahead of ours, None while nobody knows."""

    def __init__(self, name: str, offset_seconds: Callable[[], float | None], most_seconds: float) -> None:
        self.name = name
        self.offset_seconds = offset_seconds
        self._most_seconds = most_seconds
        self._is_closed = False
        self._was_closed = False

    def trouble(self) -> str:
        """Return why no order may leave, with the offset and what to do; empty when the clocks agree, or the venue's is not known."""
        offset = self.offset_seconds()
        if offset is None:
            return ""
        self._is_closed = abs(offset) > self._most_seconds * (_OPENS_AT if self._is_closed else 1)
        if not self._is_closed:
            return ""
        return (f"the clock of {self.name} is {_words(offset)} ours, {self._most_seconds:g} s are allowed: set this machine's clock "
                f"(NTP); orders leave again by themselves when it is right")

    def news(self) -> str:
        """Return what people should be told, once when orders are closed and once when they are open again; empty most of the time."""
        trouble = self.trouble()
        if self._was_closed is bool(trouble):
            return ""
        self._was_closed = bool(trouble)
        if trouble:
            return f"no new orders: {trouble}; cancels and look-ups go on"
        return f"the clock of {self.name} is right again ({_words(self.offset_seconds() or 0.0)} ours): orders may leave"


def _words(offset: float) -> str:
    return f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'}"
