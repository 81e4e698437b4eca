"""What one HTTP exchange is: the request, the reply, and the two ways it fails. `rest_client.py` speaks through a `Transport`; the
simulation puts its own in place. Nothing here opens a socket.
"""

from typing import Protocol

import msgspec

from brokerage.credentials import Credentials


class HttpRequest(msgspec.Struct, frozen=True):
    """One request. `form` goes in the body of a POST; `token` names the call for `abort`; the key stays wrapped until the wire."""

    method: str
    base_url: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    credentials: Credentials | None = None
    token: str = ""


class HttpReply(msgspec.Struct, frozen=True):
    """A whole reply; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class ConnectionNotMade(Exception):
    """The exchange failed before the first byte of the request was handed over: nothing was sent."""


class ConnectionBroken(Exception):
    """The exchange failed after that: the request may have arrived."""


class Transport(Protocol):
    """Carries one request to a venue and brings its reply."""

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        """Return the whole reply before monotonic `deadline_ns`. Raises ConnectionNotMade or ConnectionBroken, and nothing else."""

    def abort(self, token: str | None = None) -> int:
        """End the calls in flight that carry `token` (all when None) at once; returns how many. May be called from any thread."""
