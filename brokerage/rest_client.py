"""Calls of a venue's REST interface, one after the other within its rate. Used by the venues' clients; it repeats nothing, understands no
body and knows no venue.
"""

from collections.abc import Collection
from email.utils import parsedate_to_datetime

import msgspec

from brokerage.credentials import Credentials
from brokerage.rate_limiter import Purpose, RateLimiter
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply, HttpRequest, Transport
from trading_system.core.errors import TryAgain
from trading_system.core.order_update import Evidence
from trading_system.core.ports import Runtime

Parameters = tuple[tuple[str, str], ...]


class RestCall(msgspec.Struct, frozen=True):
    """One call: a GET's parameters go in the query, a POST's in the form body. It waits at most `queue_seconds` for its turn and is over
    `deadline_seconds` after it was asked for, the waiting included. `token` names it for `abort`."""

    method: str
    path: str
    purpose: Purpose
    queue_seconds: float
    deadline_seconds: float
    parameters: Parameters = ()
    is_private: bool = True
    token: str = ""

    @property
    def endpoint(self) -> str:
        """Return the method and the path, the name under which the call is counted."""
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
        self._clock_offset_seconds: float | None = None

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
    def clock_offset_seconds(self) -> float | None:
        """Return how far the venue's clock is ahead of ours, good to about a second; None before the first dated reply."""
        return self._clock_offset_seconds

    def call(self, call: RestCall) -> RestReply:
        """Make the call once.

        Raises CallFailed when no reply came, and TryAgain when the rate left no room for it: then it was never sent.
        """
        runtime = self._runtime
        begun_ns = runtime.monotonic_ns()
        is_paced = call.purpose in self._paced_before
        if not is_paced and not self._limiter.acquire(call.purpose, begun_ns + int(call.queue_seconds * 1e9)):
            asked_ns = runtime.now_ns()
            raise TryAgain(f"our own rate limit left no call for {call.endpoint}", Evidence(call.endpoint, asked_ns, asked_ns))
        with self._lock:
            self._calls[call.endpoint] = self._calls.get(call.endpoint, 0) + 1
        is_get = call.method == "GET"
        request = HttpRequest(
            method=call.method,
            base_url=self._base_url,
            path=call.path,
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
        self._read_clock(reply, asked_ns, answered_ns)
        return RestReply(reply.body, Evidence(call.endpoint, asked_ns, answered_ns, reply.status))

    def abort(self, token: str | None = None) -> int:
        """End the calls in flight that carry `token` (all when None) at once; returns how many."""
        return self._transport.abort(token)

    def _read_clock(self, reply: HttpReply, asked_ns: int, answered_ns: int) -> None:
        try:
            venue_seconds = parsedate_to_datetime(reply.headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        # The header is cut to whole seconds: half a second more is its middle, as the middle of the call is its moment.
        self._clock_offset_seconds = venue_seconds + 0.5 - (asked_ns + answered_ns) / 2e9
