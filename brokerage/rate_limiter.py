"""The calls a venue allows us, shared by everything that uses one key. Asked by `rest_client.py` before each call; it never sends anything
and never holds its lock while it waits.

Three buckets: one only for polls, one first for cancels, one for the rest. What a full reserve cannot hold flows into the rest, so that the
whole rate can be used by whoever needs it, while the reserves stay full for the moment they are wanted.
"""

from enum import IntEnum

import msgspec

from trading_system.core.ports import Runtime

#: Amounts are whole 10^-15 tokens and rates whole 10^-6 tokens a second, so that rate times nanoseconds is exact.
_TOKEN = 10**15
_MICRO = 10**6
_POLL, _CANCEL, _SHARED = range(3)


class Purpose(IntEnum):
    """What a call is for; of the shared calls the smaller number goes first."""

    POLL = 0
    CANCEL = 1
    LOOK_UP = 2
    ORDER = 3


_BUCKETS = {Purpose.POLL: (_POLL,), Purpose.CANCEL: (_CANCEL, _SHARED), Purpose.LOOK_UP: (_SHARED,), Purpose.ORDER: (_SHARED,)}


class CallsLeft(msgspec.Struct, frozen=True):
    """How many calls could leave at once right now, per bucket, and how many wait."""

    poll: float
    cancel: float
    shared: float
    waiting: int


class RateLimiter:
    """Lets at most `burst + per_second * t` calls leave in any `t` seconds; `poll_share` and `cancel_share` of them a second are reserved.

    Raises ValueError when a reserve or the rest would be empty, or when `burst` is below 3 (one call for each bucket).
    """

    def __init__(
        self, runtime: Runtime, per_second: float = 4.0, burst: int = 5, poll_share: float = 2.0, cancel_share: float = 0.5
    ) -> None:
        rest = per_second - poll_share - cancel_share
        if min(rest, poll_share, cancel_share) * _MICRO < 1:
            raise ValueError(f"{poll_share} polls and {cancel_share} cancels of {per_second} calls a second leave nothing for the rest")
        if burst < 3:
            raise ValueError(f"a burst of {burst} is too small: polls, cancels and the rest need one call each")
        polls = max(1, min(burst - 2, int(burst * poll_share / per_second)))
        self._runtime = runtime
        self._lock = runtime.lock()
        self._rates = [int(rate * _MICRO) for rate in (poll_share, cancel_share, rest)]
        self._sizes = [size * _TOKEN for size in (polls, 1, burst - polls - 1)]
        self._levels = list(self._sizes)
        self._levels_ns = runtime.monotonic_ns()
        self._buckets = dict(_BUCKETS)
        self._waiting: list[tuple[Purpose, int]] = []
        self._tickets = 0
        self._longest_wait_ns = 0

    @property
    def longest_wait_seconds(self) -> float:
        """Return the longest time a call has waited for its turn."""
        return self._longest_wait_ns / 1e9

    def left(self) -> CallsLeft:
        """Return what could leave right now."""
        with self._lock:
            self._refill(self._runtime.monotonic_ns())
            poll, cancel, shared = (level / _TOKEN for level in self._levels)
            return CallsLeft(poll, cancel, shared, len(self._waiting))

    def end_polls(self) -> None:
        """Give the polls' share to everybody, for good: whoever still polls takes from what is shared."""
        with self._lock:
            self._refill(self._runtime.monotonic_ns())
            for table in (self._rates, self._sizes, self._levels):
                table[_SHARED] += table[_POLL]
                table[_POLL] = 0
            self._buckets = {**_BUCKETS, Purpose.POLL: (_SHARED,)}

    def acquire(self, purpose: Purpose, until_ns: int) -> bool:
        """Wait for the right to make one call; False, as soon as that is foreseen, when none comes by monotonic `until_ns`."""
        asked_ns = self._runtime.monotonic_ns()
        with self._lock:
            self._tickets += 1
            me = (purpose, self._tickets)
            self._waiting.append(me)
            self._waiting.sort()
        try:
            while True:
                with self._lock:
                    now_ns = self._runtime.monotonic_ns()
                    self._refill(now_ns)
                    turn_ns, bucket = self._turn(me, now_ns)
                    self._longest_wait_ns = max(self._longest_wait_ns, now_ns - asked_ns)
                    if turn_ns > until_ns:
                        return False
                    if turn_ns <= now_ns:
                        self._levels[bucket] -= _TOKEN
                        return True
                self._runtime.sleep_until(turn_ns)
        finally:
            with self._lock:
                self._waiting.remove(me)

    def _turn(self, me: tuple[Purpose, int], now_ns: int) -> tuple[int, int]:
        # Play the future forward: hand the tokens to those that wait, the first first, until it is our turn.
        levels, waiting = list(self._levels), list(self._waiting)
        while True:
            for one in list(waiting):
                bucket = next((bucket for bucket in self._buckets[one[0]] if levels[bucket] >= _TOKEN), None)
                if bucket is None:
                    continue
                if one == me:
                    return now_ns, bucket
                levels[bucket] -= _TOKEN
                waiting.remove(one)
            now_ns += self._flow(levels, None)

    def _refill(self, now_ns: int) -> None:
        while self._levels_ns < now_ns:
            self._levels_ns += self._flow(self._levels, now_ns - self._levels_ns)

    def _flow(self, levels: list[int], limit_ns: int | None) -> int:
        # Let time pass until a bucket holds a whole token or is full, at most `limit_ns`; returns how much passed. Up to that moment every
        # bucket fills at one rate; a full reserve passes its rate on.
        rates = list(self._rates)
        for reserve in (_POLL, _CANCEL):
            if levels[reserve] >= self._sizes[reserve]:
                rates[_SHARED] += rates[reserve]
        ends = [
            -(-(goal - level) // rate)
            for level, size, rate in zip(levels, self._sizes, rates, strict=True)
            for goal in (_TOKEN, size)
            if rate and level < goal
        ]
        if limit_ns is not None:
            ends.append(limit_ns)
        passed_ns = min(ends)
        for bucket, rate in enumerate(rates):
            levels[bucket] = min(self._sizes[bucket], levels[bucket] + rate * passed_ns)
        return passed_ns
