"""The real transport over loopback sockets: a total deadline, no second try, no redirect, no environment, and a call that can be ended."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerage.credentials import Credentials
from brokerage.requests_transport import BODY_LIMIT, RequestsTransport
from brokerage.transport import ConnectionBroken, ConnectionNotMade, HttpReply, HttpRequest
from tests.unit.brokerage.loopback_server import LoopbackServer, answering, closing, dripping, silent
from trading_system.core.runtime import ThreadRuntime

Serve = Callable[..., LoopbackServer]
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[LoopbackServer] = []

    def start(behavior: Callable[[LoopbackServer, socket.socket], None], tls: ssl.SSLContext | None = None) -> LoopbackServer:
        servers.append(LoopbackServer(behavior, tls))
        return servers[-1]
    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    made = RequestsTransport(ThreadRuntime())
    yield made
    made.close()


def send(transport: RequestsTransport, url: str, method: str = "GET", seconds: float = 5.0, token: str = "", **named: object) -> HttpReply:
    request = HttpRequest(method, url, "/api/1/thing", token=token, **named)  # type: ignore[arg-type]
    return transport.send(request, time.monotonic_ns() + int(seconds * 1e9))


def test_a_get_asks_in_the_query_and_a_post_in_the_form(transport: RequestsTransport, serve: Serve) -> None:
    server = serve(answering(body=b'{"a":1}', headers="X-Thing: 7\r\n"))
    reply = send(transport, server.url, query=(("pair", "A&B"), ("pair", "C")))
    assert (reply.status, reply.body, reply.headers["x-thing"]) == (200, b'{"a":1}', "7")
    send(transport, server.url, "POST", form=(("pair", "A&B"), ("volume", "0.1")), credentials=Credentials("id", "sécret"))
    get, post = server.requests
    assert get.startswith(b"GET /api/1/thing?pair=A%26B&pair=C HTTP/1.1\r\n")
    assert b"uthorization" not in get
    assert post.startswith(b"POST /api/1/thing HTTP/1.1\r\n")
    assert post.endswith(b"\r\n\r\npair=A%26B&volume=0.1")
    assert b"Authorization: Basic aWQ6c8OpY3JldA==" in post


def test_calls_one_after_the_other_share_a_connection(transport: RequestsTransport, serve: Serve) -> None:
    server = serve(answering())
    for _ in range(5):
        send(transport, server.url)
    assert server.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(transport: RequestsTransport, serve: Serve) -> None:
    def once(server: LoopbackServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
    server = serve(once)
    for number in range(3):
        assert send(transport, server.url).body == b"{}"
        wait_until(lambda number=number: server.closed == number + 1)
    assert server.connections == 3


def test_nothing_listening_means_not_made(transport: RequestsTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionNotMade, match="refused"):
        send(transport, f"http://127.0.0.1:{port}", "POST")


def test_an_unknown_name_means_not_made(transport: RequestsTransport) -> None:
    with pytest.raises(ConnectionNotMade):
        send(transport, "http://name.invalid", "POST")


@pytest.mark.parametrize(
    "error", [socket.gaierror(-3, "Temporary failure in name resolution"), socket.gaierror(-2, "Name or service not known"),
              UnicodeError("label too long"), OSError(24, "Too many open files")])
def test_whatever_fails_while_a_name_is_looked_up_means_not_made(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise error
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectionNotMade, match=type(error).__name__):
        send(transport, "http://venue.example", "POST")


def test_a_deadline_that_has_passed_sends_nothing(transport: RequestsTransport, serve: Serve) -> None:
    server = serve(answering())
    with pytest.raises(ConnectionNotMade, match="deadline"):
        send(transport, server.url, "POST", seconds=-1)
    assert server.requests == []


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_request_that_got_no_reply_is_broken_and_never_repeated(transport: RequestsTransport, serve: Serve, method: str) -> None:
    server = serve(closing)
    with pytest.raises(ConnectionBroken):
        send(transport, server.url, method)
    assert len(server.requests) == server.connections == 1


@pytest.mark.parametrize(
    "behavior",
    [
        silent,
        dripping(b""),
        dripping(HEAD + b"X-Drip: "),
        dripping(HEAD + b"Content-Length: 100000\r\n\r\n"),
        dripping(HEAD + b"Connection: close\r\n\r\n"),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n"),
    ],
    ids=["silent", "status", "headers", "body", "body-until-close", "chunk"],
)
def test_the_deadline_holds_however_the_server_drips(
    transport: RequestsTransport, serve: Serve, behavior: Callable[[LoopbackServer, socket.socket], None]
) -> None:
    server = serve(behavior)
    begun = time.monotonic()
    with pytest.raises(ConnectionBroken):
        send(transport, server.url, "POST", seconds=0.3)
    assert time.monotonic() - begun < 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("head", [b"Content-Length: 99999999\r\n\r\n", b"Connection: close\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_above_the_cap_is_refused_while_it_streams(transport: RequestsTransport, serve: Serve, head: bytes) -> None:
    chunk = b"x" * 2**20
    framed = b"100000\r\n" + chunk + b"\r\n" if b"chunked" in head else chunk

    def behave(server: LoopbackServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(HEAD + head)
        while not server.stopped.is_set():
            connection.sendall(framed)
    with pytest.raises(ConnectionBroken, match=str(BODY_LIMIT)):
        send(transport, serve(behave).url)


def test_a_body_that_ends_too_early_is_broken(transport: RequestsTransport, serve: Serve) -> None:
    def behave(server: LoopbackServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{}")
    with pytest.raises(ConnectionBroken):
        send(transport, serve(behave).url, "POST")


def test_a_redirect_is_handed_back_and_not_followed(transport: RequestsTransport, serve: Serve) -> None:
    elsewhere = serve(answering())
    server = serve(answering("302 Found", headers=f"Location: {elsewhere.url}/stolen\r\n"))
    reply = send(transport, server.url, credentials=Credentials("id", "secret"))
    assert reply.status == 302
    assert elsewhere.connections == 0


def test_proxies_and_netrc_of_the_environment_are_not_read(
    transport: RequestsTransport, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, server = serve(answering(body=b'"proxy"')), serve(answering())
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert send(transport, server.url).body == b"{}"
    assert proxy.connections == 0
    assert b"uthorization" not in server.requests[0]


def test_a_cookie_is_not_kept(transport: RequestsTransport, serve: Serve) -> None:
    server = serve(answering(headers="Set-Cookie: who=we\r\n"))
    send(transport, server.url)
    send(transport, server.url)
    assert b"ookie" not in server.requests[1]


def silent_after_headers(server: LoopbackServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(HEAD + b"Connection: close\r\n\r\n")
    server.stopped.wait(30)


@pytest.mark.parametrize("behavior", [silent, silent_after_headers, dripping(HEAD + b"Connection: close\r\n\r\n")])
def test_abort_ends_a_blocked_call_at_once(
    transport: RequestsTransport, serve: Serve, behavior: Callable[[LoopbackServer, socket.socket], None]
) -> None:
    server = serve(behavior)
    heard: list[BaseException] = []

    def call() -> None:
        try:
            send(transport, server.url, "POST", seconds=25, token="mine")
        except ConnectionBroken as error:
            heard.append(error)
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert server.heard.wait(5)
    assert transport.abort("somebody else's") == 0
    assert transport.abort("mine") == 1
    thread.join(5)
    assert not thread.is_alive()
    assert str(heard[0]) == "aborted"
    assert transport.abort() == 0


def test_a_line_works_again_after_an_abort(transport: RequestsTransport, serve: Serve) -> None:
    test_abort_ends_a_blocked_call_at_once(transport, serve, silent)
    assert send(transport, serve(answering()).url).status == 200


def test_a_key_never_leaves_in_clear_text(transport: RequestsTransport) -> None:
    with pytest.raises(ValueError, match="clear text"):
        send(transport, "http://api.example.com", credentials=Credentials("id", "hidden"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return str(folder / "cert.pem"), context


def test_a_certificate_nobody_vouches_for_is_not_spoken_to(
    transport: RequestsTransport, serve: Serve, certificate: tuple[str, ssl.SSLContext]
) -> None:
    server = serve(answering(), certificate[1])
    with pytest.raises(ConnectionNotMade, match="CERTIFICATE_VERIFY_FAILED"):
        send(transport, server.url, "POST")
    assert server.requests == []


def test_over_tls_calls_work_drips_end_and_connections_are_kept(serve: Serve, certificate: tuple[str, ssl.SSLContext]) -> None:
    transport = RequestsTransport(ThreadRuntime(), certificate[0])
    server = serve(answering(body=b"[1]"), certificate[1])
    assert [send(transport, server.url).body for _ in range(3)] == [b"[1]"] * 3
    assert server.connections == 1
    begun = time.monotonic()
    with pytest.raises(ConnectionBroken):
        send(transport, serve(dripping(HEAD + b"X: "), certificate[1]).url, seconds=0.5)
    assert time.monotonic() - begun < 3
    test_abort_ends_a_blocked_call_at_once(transport, lambda behavior: serve(behavior, certificate[1]), silent)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
