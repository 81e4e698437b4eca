"""Faults over real sockets, as a client sees them that knows nothing but bytes: a server of its own, and what it did."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from brokerage.luno_simulator.launcher import SimulatorProcess

ORDER = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.01"}
AUTHORIZATION = "Basic " + base64.b64encode(b"trader:secret").decode()


class Wire:
    """Speaks HTTP by hand to one server."""

    def __init__(self, url: str) -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port = int(port)
        self._named = 0

    def open(self, seconds: float = 5.0) -> socket.socket:
        return socket.create_connection((self.host, self.port), seconds)

    def request(self, method: str, path: str, body: str = "", content_type: str = "application/x-www-form-urlencoded") -> bytes:
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Authorization: {AUTHORIZATION}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        return ("\r\n".join(head) + "\r\n\r\n" + body).encode()

    def order(self, name: str) -> bytes:
        return self.request("POST", "/api/1/postorder", urlencode({**ORDER, "client_order_id": name}))

    def name(self) -> str:
        self._named += 1
        return f"n{self._named}"

    def whole(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a call whose answer must be whole."""
        with self.open() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def rules(self, *rules: str) -> Any:
        pairs = [("clear", "true"), *(("rule", rule) for rule in rules)]
        status, _, body = self.whole(self.request("POST", "/simulator/faults", urlencode(pairs)))
        assert status == 200, body
        return json.loads(body)["rules"]

    def hits(self) -> list[int]:
        return [row["hits"] for row in json.loads(self.whole(self.request("GET", "/simulator/faults"))[2])["rules"]]

    def is_placed(self, name: str) -> bool:
        self.rules()
        return self.whole(self.request("GET", f"/api/exchange/3/order?client_order_id={name}"))[0] == 200


def read_head(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, f"the connection ended within the headers: {received!r}"
        received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}, rest


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    status, headers, body = read_head(connection)
    while len(body) < int(headers["content-length"]):
        piece = connection.recv(65536)
        assert piece, "the connection ended within the body"
        body += piece
    return status, headers, body


def wait_for(connect: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            connect().close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatorProcess, Path]]:
    folder = tmp_path_factory.mktemp("faulty")
    process = SimulatorProcess.start(folder, 7, None, "trader", "secret", ["--control"])
    yield process, folder
    process.stop()
    # Nothing of all this is a defect of the server, so it has nothing to complain of.
    assert (folder / "simulator.log").read_text() == ""


@pytest.fixture(scope="module")
def wire(process: tuple[SimulatorProcess, Path]) -> Wire:
    return Wire(process[0].url)


@pytest.mark.parametrize(("kind", "is_placed"), [("request_lost", False), ("reply_lost", True)])
def test_silence_lasts_until_the_caller_gives_up(wire: Wire, kind: str, is_placed: bool) -> None:
    wire.rules(f"place:{kind}")
    name = wire.name()
    with wire.open(0.4) as connection:
        connection.sendall(wire.order(name))
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert wire.hits() == [1]
    assert wire.is_placed(name) is is_placed


@pytest.mark.parametrize(("kind", "is_placed"), [("request_lost=close", False), ("reply_lost=close", True)])
def test_a_closed_connection_says_good_bye_without_a_byte(wire: Wire, kind: str, is_placed: bool) -> None:
    wire.rules(f"place:{kind}")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        assert connection.recv(1) == b""
    assert wire.is_placed(name) is is_placed


@pytest.mark.parametrize(("kind", "is_placed"), [("reset", False), ("refused", False), ("request_lost=reset", False), ("reply_lost=reset", True)])
def test_a_reset_is_a_reset(wire: Wire, kind: str, is_placed: bool) -> None:
    wire.rules(f"place:{kind}")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert wire.is_placed(name) is is_placed


def test_a_delayed_answer_comes_late_and_whole_on_a_connection_that_goes_on(wire: Wire) -> None:
    wire.rules("place:delayed=400ms")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(5)
        status, _, body = read_answer(connection)
        assert (status, set(json.loads(body))) == (200, {"order_id"})
        connection.sendall(wire.request("GET", "/api/1/balance"))
        assert read_answer(connection)[0] == 200
    assert wire.is_placed(name)


def test_who_gives_up_on_a_delayed_answer_leaves_no_trace_but_the_order(wire: Wire) -> None:
    wire.rules("place:delayed=1s")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        deadline = time.monotonic() + 5
        while not wire.hits()[0]:
            assert time.monotonic() < deadline
    assert wire.is_placed(name)


def test_a_late_request_acts_after_its_caller_is_gone(wire: Wire) -> None:
    wire.rules("place:late=2s")
    name = wire.name()
    with wire.open(0.3) as connection:
        connection.sendall(wire.order(name))
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert not wire.is_placed(name)
    deadline = time.monotonic() + 10
    while not wire.is_placed(name):
        assert time.monotonic() < deadline


def test_a_cut_body_ends_before_its_length(wire: Wire) -> None:
    wire.rules("place:cut=0.5")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        status, headers, body = read_head(connection)
        while piece := connection.recv(100):
            body += piece
    length = int(headers["content-length"])
    assert (status, len(body)) == (200, length // 2)
    assert wire.is_placed(name)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_dripped_bytes_come_one_by_one_and_are_the_whole_answer(wire: Wire, part: str) -> None:
    wire.rules(f"place:drip_{part}=3ms")
    name = wire.name()
    pieces = []
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        while piece := connection.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert set(json.loads(body)) == {"order_id"}
    dripped = len(head) if part == "headers" else len(body)
    assert dripped / 10 < len(pieces) <= dripped + 10
    assert wire.is_placed(name)


def test_a_caller_that_leaves_in_the_middle_of_a_drip_disturbs_nobody(wire: Wire) -> None:
    wire.rules("place:drip_headers=20ms")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        assert connection.recv(1) == b"H"
    assert wire.is_placed(name)


def test_a_huge_body_comes_whole(wire: Wire) -> None:
    wire.rules("place:huge=8")
    name = wire.name()
    status, headers, body = wire.whole(wire.order(name))
    assert (status, len(body), headers["content-length"]) == (200, 8_000_000, "8000000")
    assert set(json.loads(body)) == {"order_id"}


@pytest.mark.parametrize(("rule", "status", "is_placed"), [("bare_429", 429, False), ("html=200", 200, False), ("html=502:acts=yes", 502, True), ("error_after=500", 500, True), ("truncated", 200, True)])
def test_an_answer_that_only_says_the_wrong_thing_is_an_ordinary_one(wire: Wire, rule: str, status: int, is_placed: bool) -> None:
    wire.rules(f"place:{rule}")
    name = wire.name()
    with wire.open() as connection:
        connection.sendall(wire.order(name))
        given, headers, body = read_answer(connection)
        assert (given, int(headers["content-length"])) == (status, len(body))
        connection.sendall(wire.request("GET", "/api/1/balance"))
        assert read_answer(connection)[0] == 200
    assert wire.is_placed(name) is is_placed


def test_for_a_while_nobody_can_connect(wire: Wire) -> None:
    wire.rules("place:refused=2s:nth=1")
    with wire.open() as open_before, wire.open() as connection:
        connection.sendall(wire.order(wire.name()))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        with pytest.raises(ConnectionRefusedError):
            wire.open()
        open_before.sendall(wire.request("GET", "/api/1/balance"))
        with pytest.raises(ConnectionResetError):
            open_before.recv(1)
    wait_for(wire.open)
    assert wire.whole(wire.request("GET", "/api/1/balance"))[0] == 200


def test_a_restart_reads_everything_from_the_disk_again(wire: Wire) -> None:
    wire.rules()
    first, last = wire.name(), wire.name()
    assert wire.whole(wire.order(first))[0] == 200
    before = wire.whole(wire.request("GET", "/api/exchange/2/listorders"))[2]
    wire.rules("place:restart=2s:acts=yes:nth=1")
    with wire.open() as connection:
        connection.sendall(wire.order(last))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with pytest.raises(ConnectionRefusedError):
        wire.open()
    wait_for(wire.open)
    assert wire.is_placed(first)
    assert wire.is_placed(last)
    rows = json.loads(wire.whole(wire.request("GET", "/api/exchange/2/listorders"))[2])["orders"]
    assert [row for row in rows if row["client_order_id"] != last] == json.loads(before)["orders"]
    assert wire.whole(wire.order(first))[0] == 409


def test_rules_come_as_a_body_of_json(wire: Wire) -> None:
    wire.rules()
    body = json.dumps({"rules": [{"kind": "html", "endpoint": "ticker", "status": 502}]})
    status, _, told = wire.whole(wire.request("POST", "/simulator/faults", body, "application/json"))
    assert (status, [row["kind"] for row in json.loads(told)["rules"]]) == (200, ["html"])
    assert wire.whole(wire.request("GET", "/api/1/ticker?pair=ETHZAR"))[0] == 502
    wire.rules()


def test_rules_of_the_command_line_are_at_work_without_the_call(tmp_path: Path) -> None:
    options = ["--fault", "ticker:html=502:every=2", "--fault", "balance:bare_429"]
    process = SimulatorProcess.start(tmp_path, 7, None, "trader", "secret", options)
    try:
        wire = Wire(process.url)
        ticker = wire.request("GET", "/api/1/ticker?pair=ETHZAR")
        assert [wire.whole(ticker)[0] for _ in range(4)] == [200, 502, 200, 502]
        assert wire.whole(wire.request("GET", "/api/1/balance"))[0] == 429
        assert wire.whole(wire.request("GET", "/simulator/faults"))[0] == 404
    finally:
        process.stop()


def test_a_server_can_be_stopped_while_a_caller_is_kept_waiting(tmp_path: Path) -> None:
    process = SimulatorProcess.start(tmp_path, 7, None, "trader", "secret", ["--fault", "reply_lost"])
    wire = Wire(process.url)
    with wire.open() as connection:
        connection.sendall(wire.order("a"))
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        started = time.monotonic()
        process.stop()
        assert time.monotonic() - started < 6
