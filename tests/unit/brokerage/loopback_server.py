"""A server of one behavior on the loopback interface, for tests of what happens on the wire."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable


class LoopbackServer:
    """Accepts connections and hands each, in a thread of its own, to `behavior`; `requests` are the raw requests that were read."""

    def __init__(self, behavior: Callable[["LoopbackServer", socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self._behavior = behavior
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self.stopped = threading.Event()
        self.heard = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def read_request(self, connection: socket.socket) -> bytes:
        """Return one whole request; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        self.heard.set()
        return self.requests[-1]

    def stop(self) -> None:
        self.stopped.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._behavior(self, connection)
        self.closed += 1


def answering(status: str = "200 OK", body: bytes = b"{}", headers: str = "") -> Callable[[LoopbackServer, socket.socket], None]:
    """Return a behavior that answers every request on a connection alike."""
    def behave(server: LoopbackServer, connection: socket.socket) -> None:
        while server.read_request(connection):
            connection.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return behave


def silent(server: LoopbackServer, connection: socket.socket) -> None:
    """Read the request and say nothing."""
    server.read_request(connection)
    server.stopped.wait(30)


def closing(server: LoopbackServer, connection: socket.socket) -> None:
    """Read the request and close."""
    server.read_request(connection)


def dripping(start: bytes) -> Callable[[LoopbackServer, socket.socket], None]:
    """Return a behavior that sends `start` and then a byte every 20 ms, for ever."""
    def behave(server: LoopbackServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopped.wait(0.02):
            connection.sendall(b"x")
    return behave
