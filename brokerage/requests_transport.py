"""The real transport: `requests` over sockets that keep a total deadline and can be shut from another thread. Built by assembly, called by
`rest_client.py`. It follows no redirect, repeats nothing, keeps no cookie, asks no proxy and reads nothing from the environment.
"""

import contextlib
import socket
import ssl
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply, HttpRequest
from trading_system.core.ports import Runtime

BODY_LIMIT = 8 * 2**20
_CHUNK = 2**16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RequestsTransport:
    """Carries requests over kept-alive connections, one per call in flight. The certificate of an https server is always verified, against
    the PEM file `authorities` instead of the bundled list when it is given.
    """

    def __init__(self, runtime: Runtime, authorities: str = "") -> None:
        self._runtime = runtime
        self._verify: bool | str = authorities or True
        self._lock = runtime.lock()
        self._idle: list[_Line] = []
        self._busy: list[_Line] = []

    def send(self, request: HttpRequest, deadline_ns: int) -> HttpReply:
        """Return the whole reply (at most 8 MiB) before monotonic `deadline_ns`.

        Raises ConnectionNotMade when not a byte was handed over, else ConnectionBroken; ValueError when a key would leave in clear text.
        """
        url = urlsplit(request.base_url)
        if request.credentials is not None and url.scheme != "https" and url.hostname not in _LOOPBACK:
            raise ValueError(f"{request.base_url} is not https: a key is not sent there in clear text")
        with self._lock:
            line = self._idle.pop() if self._idle else _Line(self._runtime)
            line.begin(request.token, deadline_ns)
            self._busy.append(line)
        try:
            return self._exchange(line, request)
        finally:
            with self._lock:
                self._busy.remove(line)
                self._idle.append(line)

    def abort(self, token: str | None = None) -> int:
        """Shut the connections of the calls in flight that carry `token` (all when None); a blocked read returns at once."""
        with self._lock:
            lines = [line for line in self._busy if token is None or line.token == token]
            for line in lines:
                line.abort()
            return len(lines)

    def close(self) -> None:
        """Close the connections that wait for their next call."""
        with self._lock:
            lines, self._idle = self._idle, []
        for line in lines:
            line.adapter.close()

    def _exchange(self, line: "_Line", request: HttpRequest) -> HttpReply:
        headers = {"Accept": "application/json", "User-Agent": "trading-system"}
        if request.credentials is not None:
            headers["Authorization"] = request.credentials.authorization()
        response = None
        try:
            prepared = requests.Request(
                request.method, request.base_url + request.path, params=list(request.query), data=list(request.form), headers=headers
            ).prepare()
            seconds = line.remaining_seconds()
            # The adapter without a session around it: no redirects, cookies, proxies or .netrc by construction.
            response = line.adapter.send(prepared, stream=True, timeout=(seconds, seconds), verify=self._verify, proxies={})
            body = b"".join(_chunks(response))
            if line.is_aborted:
                # A reply that ends with its connection looks whole when we shut it ourselves.
                raise OSError("aborted")
            return HttpReply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)
        except Exception as error:
            # Whatever went wrong in there: what matters is whether a byte had been handed over.
            words = "aborted" if line.is_aborted else _root_cause(error)
            failure = ConnectionBroken(words) if line.is_handed_over else ConnectionNotMade(words)
        finally:
            if response is not None:
                response.close()
        raise failure


def _chunks(response: requests.Response) -> Any:
    size = 0
    for chunk in response.iter_content(_CHUNK):
        size += len(chunk)
        if size > BODY_LIMIT:
            raise OSError(f"the reply is larger than {BODY_LIMIT} bytes")
        yield chunk


def _root_cause(error: BaseException) -> str:
    # requests wraps urllib3 wraps http.client wraps the socket: the innermost says it best, and names no request.
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"[:200]


class _Line:
    # One connection at most, used by one call at a time; what its sockets need to know of that call.

    def __init__(self, runtime: Runtime) -> None:
        self._monotonic_ns = runtime.monotonic_ns
        self._deadline_ns = 0
        self._handle: socket.socket | None = None
        self.token = ""
        self.is_handed_over = False
        self.is_aborted = False
        self.adapter = _Adapter(self)

    def begin(self, token: str, deadline_ns: int) -> None:
        self.token = token
        self._deadline_ns = deadline_ns
        self.is_handed_over = self.is_aborted = False

    def remaining_seconds(self) -> float:
        if self.is_aborted:
            raise OSError("aborted")
        remaining_ns = self._deadline_ns - self._monotonic_ns()
        if remaining_ns <= 0:
            raise TimeoutError("the deadline has passed")
        return remaining_ns / 1e9

    def keep(self, connection: socket.socket) -> None:
        # A duplicate of our own, so that another thread never shuts a descriptor that was closed and given to somebody else meanwhile.
        handle, self._handle = self._handle, connection.dup()
        if handle is not None:
            handle.close()

    def abort(self) -> None:
        self.is_aborted = True
        if self._handle is not None:
            with contextlib.suppress(OSError):  # it may be closed already
                self._handle.shutdown(socket.SHUT_RDWR)


class _DeadlineSocket(socket.socket):
    # A time-out of a socket is per read, so that a reply that drips would last for ever: every read waits only for what the call has left.
    line: _Line

    def recv_into(self, *args: Any, **named: Any) -> int:
        self.settimeout(self.line.remaining_seconds())
        return super().recv_into(*args, **named)


class _DeadlineTlsSocket(ssl.SSLSocket):
    line: _Line

    def recv_into(self, *args: Any, **named: Any) -> int:
        self.settimeout(self.line.remaining_seconds())
        return super().recv_into(*args, **named)


def _connected(line: _Line, host: str, port: int, options: Any) -> socket.socket:
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError(f"{host} has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = _DeadlineSocket(family, kind, protocol)
        connection.line = line
        try:
            for option in options or ():
                connection.setsockopt(*option)
            line.keep(connection)
            # A dead address must not eat the time of those after it.
            connection.settimeout(line.remaining_seconds() / (len(addresses) - tried))
            connection.connect(address)
            connection.settimeout(line.remaining_seconds())
            return connection
        except OSError as error:
            failure = error
            connection.close()
    raise failure


class _PlainConnection(HTTPConnection):
    line: _Line

    def _new_conn(self) -> socket.socket:
        return _connected(self.line, self.host, self.port or 80, self.socket_options)

    def send(self, data: Any) -> None:
        _hand_over(self, self.line)
        super().send(data)


class _TlsConnection(HTTPSConnection):
    line: _Line

    def _new_conn(self) -> socket.socket:
        return _connected(self.line, self.host, self.port or 443, self.socket_options)

    def connect(self) -> None:
        super().connect()
        cast(_DeadlineTlsSocket, self.sock).line = self.line

    def send(self, data: Any) -> None:
        _hand_over(self, self.line)
        super().send(data)


def _hand_over(connection: HTTPConnection, line: _Line) -> None:
    if connection.sock is None:
        connection.connect()
    if connection.sock is not None:
        connection.sock.settimeout(line.remaining_seconds())
    line.is_handed_over = True


class _Adapter(HTTPAdapter):
    # Makes its connections of our own classes, each bound to its line.

    def __init__(self, line: _Line) -> None:
        self._line = line
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = _DeadlineTlsSocket
        super().init_poolmanager(*args, **named, ssl_context=context)
        bound = {"line": self._line}
        plain = type("_LinePlainConnection", (_PlainConnection,), bound)
        tls = type("_LineTlsConnection", (_TlsConnection,), bound)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_LinePlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_LineTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
