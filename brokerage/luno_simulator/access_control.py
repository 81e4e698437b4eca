"""Who may call and how often: API keys, their permissions and the rate limit; asked by `api.py` before every call. It
must never ask the time."""

import base64
import binascii
import hmac
from collections import deque
from collections.abc import Mapping

from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission

_SECOND_NS = 1_000_000_000


class AccessControl:
    """The accepted keys and, per key, the times of the calls within the window.

    Calls without a known key share one allowance. A call that is refused for its rate does not count against it.
    """

    def __init__(self, keys: Mapping[str, tuple[str, int]], most_calls: int | None, quirks: Quirks) -> None:
        """Accept `keys`: id to (secret, permission bits). `most_calls` in the window; None means no limit."""
        self._keys = dict(keys)
        self._most_calls = most_calls
        self._window_ns = quirks.rate_limit_window_seconds * _SECOND_NS
        self._is_shared = quirks.rate_limit_scope == "all"
        self._known: dict[str, str] = {}
        self._calls: dict[str, deque[int]] = {}

    def admit(self, authorization: str, permission: Permission | None, now_ns: int) -> None:
        """Let a call pass or raise Rejection.

        `authorization` is the text of that header; `permission` is None for a public call.
        """
        key_id = self._known.get(authorization) or self._known_key(authorization)
        self._count("" if self._is_shared else key_id, now_ns)
        if permission is None:
            return
        if not key_id:
            raise Rejection("ErrUnauthorised", "The API key is missing or wrong.")
        if permission & self._keys[key_id][1] != permission:
            raise Rejection("ErrInsufficientPerms", "The API key lacks a permission.")

    def _known_key(self, authorization: str) -> str:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            key_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return ""
        expected = self._keys.get(key_id)
        if expected is None or not hmac.compare_digest(expected[0].encode(), secret.encode()):
            return ""
        # A header that was right once stays right; only those are remembered, so their number is bounded.
        self._known[authorization] = key_id
        return key_id

    def _count(self, key_id: str, now_ns: int) -> None:
        if self._most_calls is None:
            return
        calls = self._calls.setdefault(key_id, deque())
        while calls and calls[0] <= now_ns - self._window_ns:
            calls.popleft()
        if len(calls) >= self._most_calls:
            raise Rejection("ErrTooManyRequests", "You are exceeding the allowed request rate limit.")
        calls.append(now_ns)
