"""Calls of a venue's REST interface, one after the other within its rate, and fewer of them while the venue says that they are too many.
Used by the venues' clients; it repeats nothing, understands no body and knows no venue.
"""

from collections.abc import Collection
from urllib.parse import quote

import msgspec

from brokerage.credentials import Credentials
from brokerage.rate_limiter import Purpose, RateLimiter
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpRequest, Transport
from brokerage.venue_clock import VenueClock
from trading_system.core.errors import TryAgain
from trading_system.core.order_update import Evidence
from trading_system.core.ports import Runtime

Parameters = tuple[tuple[str, str], ...]

_TOO_MANY_REQUESTS = 429
#: How long reads stay away after a venue said that calls are too many, at first and at most.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_READS = (Purpose.POLL, Purpose.LOOK_UP)


class RestCall(msgspec.Struct, frozen=True):
    """One call: a GET's parameters go in the query, a POST's in the form body. It waits at most `queue_seconds` for its turn and is over
    `deadline_seconds` after it was asked for, the waiting included. `token` names it for `abort`; `path_id` stands where the path says
    `{id}`."""

    method: str
    path: str
    purpose: Purpose
    queue_seconds: float
    deadline_seconds: float
    parameters: Parameters = ()
    is_private: bool = True
    token: str = ""
    path_id: str = ""

    @property
    def endpoint(self) -> str:
        """Return the method and the path without its id, the name under which the call is counted."""
        return f"{self.method} {self.path}"


class RestReply(msgspec.Struct, frozen=True):
    """What came back, whatever its status, and the evidence of it."""

    body: bytes
    evidence: Evidence


class CallFailed(Exception):
    """No reply came; `was_sent` tells whether the venue may have heard the call."""

    def __init__(self, reason: str, evidence: Evidence, was_sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
        self.was_sent = was_sent


class Pauses:
    """How long reads stay away after a 429: 1 s, doubled at each further one up to 60 s, a little more by chance so that several clients do
    not come back together. The first other answer after a pause ends the doubling."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = runtime.lock()
        self._until_ns = 0
        self._in_a_row = 0
        self.count = 0

    def heard(self, status: int) -> None:
        """Take note of an answer's status."""
        is_too_many, now_ns = status == _TOO_MANY_REQUESTS, self._runtime.monotonic_ns()
        chance = self._runtime.random() if is_too_many else 0.0
        with self._lock:
            self.count += is_too_many
            # An answer during a pause is one to a call from before it, or to an order: it says nothing about reads.
            is_over = now_ns >= self._until_ns
            if is_over and not is_too_many and status < 500:
                self._in_a_row = 0
            elif is_over and is_too_many:
                seconds = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(self._in_a_row, 10) * (1 + chance / 4))
                self._until_ns = now_ns + int(seconds * 1e9)
                self._in_a_row += 1

    def wait(self, until_ns: int) -> bool:
        """Return True when no pause is on any more; False, as soon as that is foreseen, when one lasts beyond monotonic `until_ns`."""
        while True:
            with self._lock:
                over_ns = self._until_ns
            if self._runtime.monotonic_ns() >= over_ns:
                return True
            if over_ns > until_ns:
                return False
            self._runtime.sleep_until(over_ns)


class RestClient:
    """Makes calls of one venue with one key, or with none. Threads may share it.

    Calls for a purpose in `paced_before` have waited for their turn elsewhere: at the last door, which looks once more after the waiting.
    """

    def __init__(
        self, base_url: str, transport: Transport, runtime: Runtime, limiter: RateLimiter, credentials: Credentials | None = None,
        paced_before: Collection[Purpose] = (),
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._transport = transport
        self._runtime = runtime
        self._limiter = limiter
        self._credentials = credentials
        self._paced_before = paced_before
        self._lock = runtime.lock()
        self._calls: dict[str, int] = {}
        self._clock = VenueClock(runtime)
        self._pauses = Pauses(runtime)

    @property
    def has_credentials(self) -> bool:
        """Tell whether private calls can be made."""
        return self._credentials is not None

    @property
    def calls(self) -> dict[str, int]:
        """Return how often each endpoint was called."""
        with self._lock:
            return dict(self._calls)

    @property
    def throttled(self) -> int:
        """Return how often the venue answered 429, too many requests."""
        return self._pauses.count

    @property
    def clock_offset_seconds(self) -> float | None:
        """Return how far the venue's clock is ahead of ours; None before the first dated reply."""
        return self._clock.offset_seconds

    def call(self, call: RestCall) -> RestReply:
        """Make the call once. After a 429 polls are left out and look-ups wait until the pause is over; orders and cancels still go.

        Raises CallFailed when no reply came, and TryAgain when the rate left no room for it: then it was never sent.
        """
        runtime = self._runtime
        begun_ns = runtime.monotonic_ns()
        until_ns = begun_ns + int(call.queue_seconds * 1e9)
        if call.purpose in _READS and not self._pauses.wait(begun_ns if call.purpose is Purpose.POLL else until_ns):
            raise self._not_sent(call, "the venue said that our calls are too many (429), so we pause")
        if call.purpose not in self._paced_before and not self._limiter.acquire(call.purpose, until_ns):
            raise self._not_sent(call, "our own rate limit left no call")
        with self._lock:
            self._calls[call.endpoint] = self._calls.get(call.endpoint, 0) + 1
        is_get = call.method == "GET"
        request = HttpRequest(
            method=call.method,
            base_url=self._base_url,
            path=call.path.replace("{id}", quote(call.path_id, safe="")),
            query=call.parameters if is_get else (),
            form=() if is_get else call.parameters,
            credentials=self._credentials if call.is_private else None,
            token=call.token,
        )
        asked_ns = runtime.now_ns()
        try:
            reply = self._transport.send(request, begun_ns + int(call.deadline_seconds * 1e9))
        except (ConnectionNotMade, ConnectionBroken) as error:
            evidence = Evidence(call.endpoint, asked_ns, runtime.now_ns())
            raise CallFailed(str(error), evidence, isinstance(error, ConnectionBroken)) from None
        answered_ns = runtime.now_ns()
        self._clock.hear(reply.headers, asked_ns, answered_ns)
        self._pauses.heard(reply.status)
        return RestReply(reply.body, Evidence(call.endpoint, asked_ns, answered_ns, reply.status))

    def abort(self, token: str | None = None) -> int:
        """End the calls in flight that carry `token` (all when None) at once; returns how many."""
        return self._transport.abort(token)

    def _not_sent(self, call: RestCall, why: str) -> TryAgain:
        now_ns = self._runtime.now_ns()
        return TryAgain(f"{why}: {call.endpoint} was not sent", Evidence(call.endpoint, now_ns, now_ns))
