"""The REST interface of the simulated venue as a pure function from a request to an answer; called by `server.py`
over HTTP and by test harnesses directly. It must never ask the time or open a socket."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate

from brokerage.luno_simulator.access_control import AccessControl
from brokerage.luno_simulator.account_routes import ACCOUNT_ROUTES
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.market_routes import MARKET_ROUTES
from brokerage.luno_simulator.order_routes import ORDER_ROUTES
from brokerage.luno_simulator.parameters import Parameters
from brokerage.luno_simulator.rejection import Rejection
from brokerage.luno_simulator.route import Route, RouteTable
from brokerage.luno_simulator.saved_state import Changes

_ROUTES: RouteTable = MARKET_ROUTES | ACCOUNT_ROUTES | ORDER_ROUTES

# Only 401, 404, 409 and 429 are established for the real venue; the others are an assumption, and 400 is the rest.
_STATUSES = {
    "ErrUnauthorised": 401,
    "ErrApiKeyRevoked": 401,
    "ErrInsufficientPerms": 403,
    "ErrMarketNotAllowed": 403,
    "ErrOrderNotFound": 404,
    "ErrDuplicateClientOrderID": 409,
    "ErrTooManyRequests": 429,
    "ErrInternal": 500,
    "ErrUnderMaintenance": 503,
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
    could still be forgotten; when `keep` raises, there is no answer.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        keys: Mapping[str, tuple[str, int]],
        rate_limit: int | None = 300,
        keep: Callable[[Changes], None] | None = None,
    ) -> None:
        """Answer for `exchange`.

        `keys` maps key id to (secret, permission bits); `rate_limit` is calls a minute per key, None for no limit.
        """
        self.exchange = exchange
        self._access = AccessControl(keys, rate_limit)
        self._keep = keep

    def handle(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        form: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        now_ns: int,
    ) -> Answer:
        """Answer one request at `now_ns` (nanoseconds since the epoch).

        `path` is percent-decoded. Rejections become answers; only `keep` and defects raise.
        """
        self.advance(now_ns)
        answer_headers = {"date": formatdate(self.exchange.now_ns / 1e9, usegmt=True)}
        found = _find_route(method, path)
        if found is None:
            return Answer(404, answer_headers, b"")
        route, path_id = found
        try:
            self._access.admit(_header(headers, "authorization"), route.permission, now_ns)
            body = route.answer(self.exchange, Parameters(query, form, path_id))
            status = 200
        except Rejection as rejection:
            body = {"error": rejection.text, "error_code": rejection.code}
            status = _STATUSES.get(rejection.code, 400)
        self._keep_changes()
        answer_headers["content-type"] = "application/json"
        return Answer(status, answer_headers, json.dumps(body).encode())

    def advance(self, now_ns: int) -> None:
        """Let the crowd live until `now_ns`, between calls too, and keep what that did to the customer's orders."""
        self.exchange.advance(now_ns)
        self._keep_changes()

    def _keep_changes(self) -> None:
        changes = self.exchange.take_changes()
        if changes is not None and self._keep is not None:
            self._keep(changes)


def _find_route(method: str, path: str) -> tuple[Route, str] | None:
    route = _ROUTES.get((method, path))
    if route is not None:
        return route, ""
    # A path with an id: at most one part of it is free, so each part is tried in its place.
    parts = path.split("/")
    for position, part in enumerate(parts):
        if part:
            template = "/".join([*parts[:position], "{id}", *parts[position + 1 :]])
            route = _ROUTES.get((method, template))
            if route is not None:
                return route, part
    return None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for given, value in headers.items() if given.lower() == name), "")
