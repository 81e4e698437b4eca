"""A simulator for clients that nobody here wrote, with a relay before it that writes down every request as it arrives.

The relay is the simulator's own interface over a plain HTTP server in this process, so that a row of the table can look at
the request line, the answer and the ledger at one moment.
"""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from brokerage.luno_simulator.api import LunoApi
from brokerage.luno_simulator.exchange import Exchange
from brokerage.luno_simulator.order import CUSTOMER
from brokerage.luno_simulator.quirks import STANDARD, Quirks

KEY, SECRET = "keyid", "secret"
SECOND_NS = 1_000_000_000
ALL_BITS = 1 | 2 | 4 | 16 | 32 | 64


class Seen(NamedTuple):
    """One request as the server saw it, and what it answered."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: bytes
    headers: Mapping[str, str]
    status: int
    answer: Any


class ThirdPartyDesk:
    """The exchange, its interface over HTTP on 127.0.0.1, and everything that came in."""

    def __init__(self, quirks: Quirks = STANDARD, rate_limit: int | None = None, permissions: int = ALL_BITS) -> None:
        self.exchange = Exchange(7, quirks=quirks)
        self.exchange.advance(self.exchange.now_ns + 2 * SECOND_NS)
        self.api = LunoApi(self.exchange, keys={KEY: (SECRET, permissions)}, rate_limit=rate_limit)
        self.seen: list[Seen] = []
        self._lock = threading.Lock()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body leave in one piece; apart, each answer would wait 40 ms for an acknowledgment.
            wbufsize = -1

            def log_message(self, *words: object) -> None:
                pass

            def do_GET(self) -> None:
                desk.relay(self)

            do_POST = do_GET  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def relay(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request and write it down."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        address = urlsplit(request.path)
        query = parse_qsl(address.query, keep_blank_values=True)
        form = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
        with self._lock:
            headers = dict(request.headers)
            # The clock stands still but for a millisecond a call, so that the crowd does nothing unexpected.
            now_ns = self.exchange.now_ns + 1_000_000
            answer = self.api.handle(request.command, address.path, query, form, headers, now_ns)
            told = json.loads(answer.body) if answer.body.startswith(b"{") else answer.body
            self.seen.append(Seen(request.command, address.path, query, body, headers, answer.status, told))
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            if name != "date":
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.body)))
        request.end_headers()
        request.wfile.write(answer.body)

    def ledger(self) -> dict[str, Any]:
        """Return what the customer has: totals and reservations per currency, and the open orders."""
        accounts = self.exchange.accounts
        return {
            "totals": {code: accounts.total(CUSTOMER, code) for code in self.exchange.currencies},
            "reserved": {code: accounts.reserved(CUSTOMER, code) for code in self.exchange.currencies},
            "open": [order.order_id for order in self.exchange.register.open_orders()],
        }

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def opened(quirks: Quirks = STANDARD, rate_limit: int | None = None, permissions: int = ALL_BITS) -> Iterator[ThirdPartyDesk]:
    """Open a desk and close it."""
    desk = ThirdPartyDesk(quirks, rate_limit, permissions)
    try:
        yield desk
    finally:
        desk.close()


def luno_python(desk: ThirdPartyDesk) -> Any:
    """Return Luno's own Python client, pointed at the desk; the test is skipped where it is not installed."""
    client = pytest.importorskip("luno_python.client").Client(base_url=desk.url, timeout=5, api_key_id=KEY, api_key_secret=SECRET)
    client.session.trust_env = False
    # An empty address would mean the real exchange.
    assert client.base_url == desk.url
    return client


def ccxt_luno(desk: ThirdPartyDesk) -> Any:
    """Return ccxt's Luno, pointed at the desk with all four of its addresses; skipped where it is not installed."""
    names = {"public": "/api", "private": "/api", "exchange": "/api/exchange", "exchangePrivate": "/api/exchange"}
    urls = {"api": {name: desk.url + path for name, path in names.items()}}
    options = {"apiKey": KEY, "secret": SECRET, "enableRateLimit": False, "urls": urls}
    client = pytest.importorskip("ccxt").luno(options)
    # A missing one would silently stay the real exchange.
    assert set(client.urls["api"]) >= set(names)
    assert all(str(url).startswith("http://127.0.0.1:") for url in client.urls["api"].values()), client.urls["api"]
    return client


CLIENTS = {"luno_python": luno_python, "ccxt": ccxt_luno}


def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no socket of this process reach, or look up, anything but 127.0.0.1."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a client went to {address}"
        connect(self, address)

    def guarded_look_up(host: Any, *more: Any, **options: Any) -> Any:
        assert host == "127.0.0.1", f"a client looked up {host}"
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_that_would_go_elsewhere_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)
    with opened() as desk:
        client = CLIENTS[name](desk)
        elsewhere = desk.url.replace("127.0.0.1", "127.0.0.2")
        if name == "ccxt":
            client.urls["api"]["public"] = elsewhere + "/api"
            with pytest.raises(AssertionError, match=r"127\.0\.0\.2"):
                client.public_get_ticker({"pair": "ETHZAR"})
        else:
            client.set_base_url(elsewhere)
            with pytest.raises(AssertionError, match=r"127\.0\.0\.2"):
                client.get_ticker("ETHZAR")
        assert desk.seen == []
