"""The REST interface of the simulated venue as a pure function from a request to an answer; called by `server.py`
over HTTP and by test harnesses directly. It must never ask the time or open a socket."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate

from brokerage.luno_simulator.access_control import AccessControl
from brokerage.luno_simulator.account_routes import ACCOUNT_ROUTES
from brokerage.luno_simulator.control_routes import CONTROL_ROUTES
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_routes import MARKET_ROUTES
from brokerage.luno_simulator.order_list_routes import ORDER_LIST_ROUTES
from brokerage.luno_simulator.order_routes import ORDER_ROUTES
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.quirks import Quirks
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Permission, Route, RouteTable
from brokerage.luno_simulator.saved_state import Changes

_ROUTES: RouteTable = MARKET_ROUTES | ACCOUNT_ROUTES | ORDER_ROUTES | ORDER_LIST_ROUTES
_NETWORKS = ("GET", "/api/1/send/networks")

# The venue lets market data be kept for a second, and wrote these on every reply that was seen.
_CACHEABLE = {"cache-control": "public, max-age=1"}
_RATE_HEADERS = {
    "x-ratelimit-limit": "5000, 5000;w=1",
    "x-ratelimit-remaining": "4999",
    "x-ratelimit-reset": "1",
}


def _statuses(quirks: Quirks) -> dict[str, int]:
    # Only 401, 409 and 429 are established for the real venue.
    return {
        "ErrUnauthorised": 401,
        "ErrApiKeyRevoked": 401,
        "ErrInsufficientPerms": quirks.permission_status,
        "ErrMarketNotAllowed": quirks.permission_status,
        "ErrOrderNotFound": quirks.order_not_found_status,
        "ErrDuplicateClientOrderID": 409,
        "ErrTooManyRequests": 429,
        "ErrInternal": 500,
        "ErrUnderMaintenance": quirks.maintenance_status,
        # Seen on the wire, unlike the other refusals.
        "ErrMarketUnavailable": 400,
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LunoApi:
    """One exchange behind the venue's paths, keys, limits and error codes.

    Whatever private came about is given to `keep` before the answer is returned, so nobody is told of an order that
    could still be forgotten; when `keep` raises, there is no answer. A `keep` that only notes it leaves the waiting for
    the disk to whoever sends the answer.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        keys: Mapping[str, tuple[str, int]],
        rate_limit: int | None = 300,
        keep: Callable[[Changes], None] | None = None,
        has_control: bool = False,
    ) -> None:
        """Answer for `exchange`, with its quirks.

        `keys` maps key id to (secret, permission bits); `rate_limit` is calls a minute per key, None for no limit.
        With `has_control` the simulator's own paths (`control_routes.py`) are there too.
        """
        self.exchange = exchange
        self._quirks = exchange.quirks
        self._access = AccessControl(keys, rate_limit, self._quirks)
        self._keep = keep
        self._routes = _ROUTES | (CONTROL_ROUTES if has_control else {})
        self._routes[_NETWORKS] = replace(_ROUTES[_NETWORKS], permission=Permission(self._quirks.networks_permission))
        self._statuses = _statuses(self._quirks)
        self._date = (0, "")

    def handle(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        form: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        now_ns: int,
        *,
        shown: Exchange | None = None,
        refusal: Rejection | None = None,
    ) -> Answer:
        """Answer one request at `now_ns` (nanoseconds since the epoch).

        `path` is percent-decoded. `shown` is what a read sees instead of the exchange, `refusal` is what an admitted call
        hears instead of being carried out. Rejections become answers; only `keep` and defects raise.
        """
        self.advance(now_ns)
        answer_headers = {"date": self._date_text()}
        found = self._find_route(method, path)
        if found is None:
            return Answer(404, answer_headers, b"")
        route, path_id = found
        answer_headers["content-type"] = "application/json"
        try:
            if not path.startswith("/simulator/"):
                self._access.admit(_header(headers, "authorization"), route.permission, now_ns)
            if refusal is not None:
                raise refusal
            told = route.answer(shown or self.exchange, Parameters(query, form, path_id))
            body = (told if isinstance(told, str) else json.dumps(told)).encode()
            status = 200
            if route.permission is None:
                answer_headers |= _CACHEABLE
        except Rejection as rejection:
            status = self._statuses.get(rejection.code, self._quirks.business_error_status)
            body = self._refusal(rejection, status, route, answer_headers)
        if status in (200, 400):
            answer_headers |= _RATE_HEADERS
        self._keep_changes()
        return Answer(status, answer_headers, body)

    def advance(self, now_ns: int) -> None:
        """Let the crowd live until `now_ns`, between calls too, and keep what that did to the customer's orders."""
        self.exchange.advance(now_ns)
        self._keep_changes()

    def _keep_changes(self) -> None:
        changes = self.exchange.take_changes()
        if changes is not None and self._keep is not None:
            self._keep(changes)

    def _refusal(self, rejection: Rejection, status: int, route: Route, headers: dict[str, str]) -> bytes:
        quirks = self._quirks
        if status == 429 and quirks.retry_after_seconds:
            headers["retry-after"] = str(quirks.retry_after_seconds)
        form = {401: quirks.unauthorized_body, 429: quirks.rate_limit_body}.get(status, "json")
        if form != "json":
            headers["content-type"] = "text/plain"
            return rejection.text.encode() if form == "text" else b""
        body: dict[str, object] = {"error": rejection.text, "error_code": rejection.code}
        if quirks.error_action and route.permission is not None:
            body["error_action"] = {}
        if quirks.lists_invalid_fields and rejection.field:
            body["fields"] = [rejection.field]
        return json.dumps(body).encode()

    def _date_text(self) -> str:
        second = self.exchange.now_ns // 1_000_000_000
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    def _find_route(self, method: str, path: str) -> tuple[Route, str] | None:
        route = self._routes.get((method, path))
        if route is not None:
            return route, ""
        # A path with an id: at most one part of it is free, so each part is tried in its place.
        parts = path.split("/")
        for position, part in enumerate(parts):
            if part:
                template = "/".join([*parts[:position], "{id}", *parts[position + 1 :]])
                route = self._routes.get((method, template))
                if route is not None:
                    return route, part
        return None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for given, value in headers.items() if given.lower() == name), "")
